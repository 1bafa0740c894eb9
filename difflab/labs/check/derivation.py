"""How an entry of a Jacobian comes about: the equations on the paths from its input to its output, and their partials.

The chain rule sums, over all paths from x to y, the products of the local partials on the way (Bauer 1974). Here are
the equations that these paths cross, each with its partials in the names of the values around it.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sympy

from difflab.core.graph import Source
from difflab.core.values import Hole
from difflab.labs.check.notation import aligned, latex, latex_names, name_latex
from difflab.labs.check.scalars import Node, Occurrence, Scalars, apply
from difflab.labs.check.symbols import Derivative, Symbols

MOST_PATHS = 50
"""Paths that are listed one by one."""


@dataclass(frozen=True)
class Link:
    """A local partial: ∂`output`/∂`input` = `partial`, by the equation `equation` of the graph's `node`."""

    output: str
    input: str
    partial: Any
    primitive: str
    equation: str
    node: str
    source: Source | None

    def __str__(self) -> str:
        """`∂h[0]/∂u[0] = 1 - h[0]**2`."""
        return f"∂{self.output}/∂{self.input} = {self.partial}"


@dataclass(frozen=True, eq=False, repr=False)
class Derivation:
    """The derivation of the entry ∂`row`/∂`column`.

    `links` are the local partials on the way, in order of evaluation; `count` is the number of paths, and `paths` lists
    them by the positions of their links, if they are few. The entry is the sum over paths of the products.
    """

    row: str
    column: str
    links: tuple[Link, ...]
    paths: tuple[tuple[int, ...], ...]
    count: int

    @property
    def factors(self) -> tuple[Any, ...]:
        """For each listed path the product of its partials."""
        return tuple(sympy.Mul(*[self.links[k].partial for k in path]) for path in self.paths)

    def __str__(self) -> str:
        """The links, one a line, with their equations; then the sum over paths."""
        size = f"{_counted(self.count, 'path')} through {_counted(len(self.links), 'local partial')}"
        lines = [f"∂{self.row}/∂{self.column}: {size}"]
        width = max((len(str(link)) for link in self.links), default=0)
        for link in self.links:
            where = f"{link.source}: {link.source.text.strip()}" if link.source else ""
            lines.append(f"  {link!s:{min(width, 70)}}   {link.primitive:<12} {where}".rstrip())
        if self.paths:
            lines.append("  = " + _sum(map(str, self.factors)))
        return "\n".join(lines)

    __repr__ = __str__

    def latex(self) -> str:
        """The same in LaTeX."""
        lines = []
        for link in self.links:
            names = latex_names(link.partial.free_symbols)
            left = rf"\frac{{\partial {name_latex(link.output)}}}{{\partial {name_latex(link.input)}}}"
            lines.append(rf"{left} &= {latex(link.partial, names)} && \text{{{link.primitive.replace('_', ' ')}}}")
        entry = rf"\frac{{\partial {name_latex(self.row)}}}{{\partial {name_latex(self.column)}}}"
        if self.paths:
            total = _sum(latex(f, latex_names(f.free_symbols)) for f in self.factors)
            lines.append(rf"{entry} &= {total}")
        return aligned(lines)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


def derive(program: Scalars, i: int, j: int) -> Derivation:
    """Follow the paths from input `j` to output `i`."""
    start, end = program.inputs[j], program.outputs[i]
    row, column = program.problem.rows[i], program.problem.columns[j]
    if isinstance(end, Hole):
        raise end.error()
    nodes = program.between(start, end)
    ends = {start, end, *(o for node in nodes for o in node.operands if o.place is not node.place)} & set(nodes)
    partials = _Partials(ends, _Namer({end: sympy.Symbol(end.name or row, real=True)} if end is not start else {}))
    links: list[Link] = []
    into: dict[Node, list[tuple[Node, int]]] = {}
    for node in nodes:
        if node in ends and node is not start:
            found = partials(node)
            into[node] = [(operand, len(links) + k) for k, (operand, _) in enumerate(found)]
            links += [_link(node, operand, partial, partials.symbol) for operand, partial in found]
    count = _count(into, start, end) if nodes else 0
    paths = _paths(into, start, end) if 0 < count <= MOST_PATHS else []
    return Derivation(row, column, tuple(links), tuple(paths), count)


class _Namer:
    """Symbols of nodes: the user's names, else t1, t2, …"""

    def __init__(self, known: dict[Node, sympy.Symbol]) -> None:
        self.known = known
        self.count = 0

    def __call__(self, node: Node) -> sympy.Symbol:
        """The symbol of a node."""
        if node not in self.known:
            name = node.parameters[0] if node.operation == "input" else node.name
            if not name:
                self.count += 1
                name = f"t{self.count}"
            self.known[node] = sympy.Symbol(name, real=True)
        return self.known[node]


class _Partials:
    """The local partials of a node by the `ends` that its equation reads."""

    def __init__(self, ends: set[Node], symbol: _Namer) -> None:
        self.ends = ends
        self.symbol = symbol
        self.domain = Symbols().domain

    def __call__(self, node: Node) -> list[tuple[Node, Any]]:
        """Each end that is read, with the partial by it."""
        known: dict[Node, Any] = {}
        values = [self._value(o, node.place, known) for o in node.operands]
        reads = [n for n in known if n in self.ends]
        rows = [self.domain.partial(node.operation, k) for k in range(len(values))]
        if all(rows) and all(v.is_Symbol or v.is_number for v in values) and len(set(node.operands)) == len(rows):
            x, y = (*values, None)[:2]
            slopes = {o: row(x, y, self.symbol(node)) for o, row in zip(node.operands, rows, strict=True) if row}
            return [(n, slopes[n]) for n in reads]
        value = apply(self.domain, node, values)
        return [(n, Derivative(known[n])(value)) for n in reads]

    def _value(self, node: Node, place: Occurrence | None, known: dict[Node, Any]) -> Any:
        """The formula of a node in the symbols of what the equation at `place` reads."""
        if node.active and (node in self.ends or node.place is not place or not node.operands):
            known[node] = self.symbol(node)
            return known[node]
        return apply(self.domain, node, [self._value(o, place, known) for o in node.operands])


def _link(node: Node, operand: Node, partial: Any, symbol: _Namer) -> Link:
    place = node.place
    assert place is not None, "an operation belongs to no equation; please report this"
    return Link(
        str(symbol(node)), str(symbol(operand)), partial, place.equation.primitive,
        place.graph.line(place.equation), place.node, place.equation.source,
    )  # fmt: skip


def _count(into: dict[Node, list[tuple[Node, int]]], start: Node, end: Node) -> int:
    ways = {start: 1}
    for node, edges in into.items():
        ways[node] = sum(ways[operand] for operand, _ in edges)
    return ways[end]


def _paths(into: dict[Node, list[tuple[Node, int]]], start: Node, end: Node) -> list[tuple[int, ...]]:
    if end is start:
        return [()]
    return [(*path, link) for operand, link in into[end] for path in _paths(into, start, operand)]


def _sum(terms: Iterable[str]) -> str:
    return " + ".join(terms).replace("+ - ", "- ").replace("+ -", "- ")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
