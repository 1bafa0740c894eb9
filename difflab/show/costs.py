"""What each scope of a graph costs, as a table for a terminal: operations, bytes, memory kept for the backward pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile
from typing import Any

from difflab.core.cost import Cost, tally, xla
from difflab.core.graph import Equation, Graph, walk
from difflab.core.residuals import Kept, kept
from difflab.show.quantities import memory, operations
from difflab.show.scopes import Scope, ScopeTree
from difflab.show.wire import shorten

COLUMNS = ("flops", "bytes", "kept", "equations")
"""What a table can be sorted by."""
LONGEST = 60
"""So many rows are printed."""


@dataclass(frozen=True)
class Row:
    """One scope: its figures, its `share` of the column that the table is sorted by, and the rows inside.

    `scope` is the id of a group (`"~3"`) or of the equation that holds the scope (`"12"`). Figures of what is inside a
    loop are of all its trips.
    """

    scope: str
    label: str
    equations: int
    cost: Cost
    kept: int
    share: float
    inside: tuple[Row, ...] = ()

    def measure(self, by: str) -> int:
        """The figure of one column."""
        figures = {"flops": self.cost.flops, "bytes": self.cost.bytes, "kept": self.kept, "equations": self.equations}
        return figures[by]


@dataclass(frozen=True, eq=False)
class Costs:
    """A table of scopes, the costliest first. `rows` are the outermost, each with the rows `inside`; `total` is all.

    A call that is all of the function, such as `jax.jit` around it, makes no row: the table begins inside of it. It
    prints itself. `sorted(by)` gives the same table in another order, `xla()` what XLA's own analysis says.
    """

    graph: Graph
    by: str
    total: Row
    _kept: Kept = field(repr=False)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The outermost scopes."""
        return self.total.inside

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def sorted(self, by: str) -> Costs:
        """The same rows by another column: "flops", "bytes", "kept" or "equations"."""
        return replace(self, by=_column(by), total=_sorted(self.total, by, self.total.measure(by)))

    def xla(self) -> dict[str, float]:
        """XLA's cost analysis of the whole function, lowered and not executed: it counts a loop's body once.

        See `difflab.core.cost.xla`.
        """
        return self._xla

    @cached_property
    def _xla(self) -> dict[str, float]:
        return xla(self.graph)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        """An aligned table, the total last, and what the figures mean."""
        header = ["scope", "id", "equations", "FLOPs", "bytes", "kept", f"share of {self.by}"]
        lines = [_cells(row, depth) for depth, row in _flat(self.rows, 0)]
        left = len(lines) - LONGEST
        lines = [header, *lines[:LONGEST], _cells(self.total, 0)]
        widths = [max(len(line[k]) for line in lines) for k in range(len(header))]
        text = [
            "  ".join(_pad(cell, w, k) for k, (cell, w) in enumerate(zip(line, widths, strict=True))) for line in lines
        ]
        text.insert(-1, "─" * len(text[0]))
        if left > 0:
            text.insert(-2, f"… {left} more rows: read .rows")
        return "\n".join(line.rstrip() for line in [*text, *_remarks(self)])


def costs(shown: Any, depth: int = 1, by: str = "flops") -> Costs:
    """The table of the scopes of a graph, or of a trace's graph, `depth` levels deep, sorted by a column of it.

    >>> import jax, jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> layer = jax.jit(lambda w, x: jnp.tanh(w @ x))
    >>> table = costs(graph(lambda w, x: layer(w, layer(w, x)), jnp.ones((9, 9)), jnp.ones(9)))
    >>> [(row.equations, row.cost.flops, row.share) for row in table]
    [(3, 171, 0.5), (3, 171, 0.5)]
    """
    if depth < 1:
        raise ValueError(f"depth is {depth}; a table shows at least the outermost scopes: pass 1 or more")
    _column(by)
    graph: Graph = shown if isinstance(shown, Graph) else shown.graph
    tree, residuals = ScopeTree(graph), kept(graph)
    *_, start = (tree.root, *takewhile(lambda scope: scope.count is None, tree.lone()))
    rows = _inside(tree, start, depth, 1, residuals)
    total = Row("", graph.name, graph.size, tally(graph).total, residuals.total, 1.0, rows)
    return Costs(graph, by, _sorted(total, by, total.measure(by)), residuals)


def _inside(tree: ScopeTree, scope: Scope, depth: int, times: int, residuals: Kept) -> tuple[Row, ...]:
    """A row for each inner scope, and one for all equations that are in none."""
    if not depth:
        return ()
    rows: list[Row] = []
    single: list[int] = []
    for member in scope.members:
        if isinstance(member, Scope):
            deeper = _inside(tree, member, depth - 1, times, residuals)
            label = member.label if member.count is None else f"{member.label} × {member.count}"
            rows.append(_row(scope, member.id, label, list(member.equations()), times, residuals, deeper))
        elif scope.graph.equations[member].bodies:
            rows.append(_called(tree, scope, scope.graph.equations[member], depth, times, residuals))
        else:
            single.append(member)
    if single and rows:
        rows.append(_row(scope, scope.id, "equations in no inner scope", single, times, residuals, ()))
    elif single:
        rows.extend(_row(scope, f"{scope.prefix}{k}", _line(scope.graph, k), [k], times, residuals, ()) for k in single)
    return tuple(rows)


def _called(
    tree: ScopeTree, scope: Scope, equation: Equation, depth: int, times: int, residuals: Kept
) -> Row:  # fmt: skip
    bodies = tree.bodies(scope, equation)
    deeper: list[Row] = []
    for body in bodies:
        deeper.extend(_inside(tree, body, depth - 1, times * (body.count or 1), residuals))
    trips = next((f" × {b.count}" for b in bodies if b.count is not None), "")
    kind = "" if equation.kind in ("jit", "call") else f"{equation.kind} "
    label = f"{kind}{bodies[0].label}{trips}" if len(bodies) == 1 else f"{equation.kind or equation.primitive}{trips}"
    return _row(scope, f"{scope.prefix}{equation.id}", label, [equation.id], times, residuals, tuple(deeper))


def _row(
    scope: Scope, name: str, label: str, numbers: list[int], times: int, residuals: Kept, inside: tuple[Row, ...]
) -> Row:  # fmt: skip
    graph = scope.graph
    equations = sum(_size(graph.equations[k]) for k in numbers)
    cost = tally(graph).of(numbers).times(times)
    return Row(name, label, equations, cost, residuals.of(scope.prefix, numbers), 0.0, inside)


def _size(equation: Equation) -> int:
    return 1 + sum(body.graph.size for body in equation.bodies)


def _line(graph: Graph, number: int) -> str:
    return graph.line(graph.equations[number])


def _sorted(row: Row, by: str, total: int) -> Row:
    inside = sorted(row.inside, key=lambda r: -r.measure(by))
    share = row.measure(by) / total if total else 0.0
    return replace(row, share=share, inside=tuple(_sorted(r, by, total) for r in inside))


def _flat(rows: tuple[Row, ...], depth: int) -> Iterator[tuple[int, Row]]:
    for row in rows:
        yield depth, row
        yield from _flat(row.inside, depth + 1)


def _cells(row: Row, depth: int) -> list[str]:
    return [
        shorten("  " * depth + row.label, 48), row.scope, f"{row.equations:,}",
        row.cost.mark + operations(row.cost.flops), memory(row.cost.bytes), memory(row.kept), f"{row.share:.1%}",
    ]  # fmt: skip


def _pad(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column < 2 else cell.rjust(width)


def _remarks(table: Costs) -> Iterator[str]:
    how = "by JAX's derivative rules" if table._kept.traced else "read off the reverse sweep in this graph"
    yield f"FLOPs from shapes; bytes as if each equation ran alone; kept for the backward pass, {how}."
    if any(body.count is not None for _, _, equation in walk(table.graph) for body in equation.bodies):
        yield "Loops count for all their trips; in .xla(), XLA's own analysis, a loop's body counts once."
    if table.total.cost.least:
        yield "≥: a while counts for one trip, a primitive without a rule for nothing."
    elif not table.total.cost.exact:
        yield "≈: sorts, transforms, factorisations and random numbers are estimates."
    if table._kept.unknown:
        yield f"{len(table._kept.unknown)} equations have no reverse rule in JAX and keep nothing here."


def _column(by: str) -> str:
    if by not in COLUMNS:
        raise ValueError(f"by is {by!r}; a table is sorted by one of {', '.join(COLUMNS)}")
    return by
