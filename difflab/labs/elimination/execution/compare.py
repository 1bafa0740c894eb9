"""All ways to one Jacobian side by side: what is forecast, what is measured, and which to take.

Times are paired: every strategy is compiled once, then all run in turns, A B … B A, in one process; the median of each
is set against that of the better of `jax.jacfwd` and `jax.jacrev`, measured in the same turns. That mode runs a second
time under another name: the ratio of the two is what the machine's noise looks like. Fewer multiplications need not
mean less time, since XLA fuses and recomputes; therefore both are shown.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import escape
from statistics import median
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp

from difflab.core.call import Call
from difflab.core.linear import LinearGraph
from difflab.labs.elimination.execution.choose import REFUSED, Choice, clear, forecasts, program, remember
from difflab.labs.elimination.execution.compressed import by_both, by_columns, by_rows
from difflab.labs.elimination.execution.cut import minimum_cut
from difflab.labs.elimination.execution.forecast import Forecast
from difflab.labs.elimination.execution.linearity import nonlinear_rule
from difflab.labs.elimination.execution.result import require_memory
from difflab.labs.elimination.execution.strategies import STRATEGIES, best_greedy, taken_apart
from difflab.labs.elimination.execution.task import Task, Traced, floating_arguments, task

__all__ = ["Comparison", "Row", "clear", "compare"]

NULL = "again"
_ENOUGH = 0.002
_ROUNDS = (25, 400)


@dataclass(frozen=True)
class Row:
    """One strategy: its forecast, seconds a call, seconds to compile, and a line on what it does or why it cannot.

    `ratio` is time over that of the better mode of JAX: below 1 is faster. None where it was not measured.
    """

    strategy: str
    reason: str
    forecast: Forecast | None = None
    seconds: float | None = None
    ratio: float | None = None
    compile_seconds: float | None = None


@dataclass(frozen=True, repr=False)
class Comparison:
    """The rows, fastest first; `null` is the ratio of one program to itself, `best` the strategy to take, and why."""

    name: str
    shape: tuple[int, int]
    rows: tuple[Row, ...]
    best: str
    reason: str
    null: float | None = None
    batch: int | None = None
    device: str = field(default_factory=jax.default_backend)

    @property
    def verdict(self) -> str:
        """One sentence."""
        return f"{self.best}: {self.reason}"

    def __str__(self) -> str:
        """A table, one strategy a line."""
        return "\n".join(_text(self))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(title)}</th>" for title in _TITLES)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(row)) + "</tr>" for row in self.rows
        )
        return f"<p>{escape(_headline(self))}</p><table><tr>{head}</tr>{body}</table><p>{escape(_ending(self))}</p>"


def compare(
    f: Callable[..., Any],
    *args: Any,
    strategies: str | Sequence[str] = "all",
    sparse: bool | str = False,
    measure: bool = True,
    batch: int | None = None,
    seconds: float | int = 5.0,
    **options: Any,
) -> Comparison:
    """Forecast and measure the ways to the Jacobian of `f` at `args`; `order="auto"` then takes the best of them.

    `strategies` is `"all"` or a list of names of `difflab.jacobian`'s strategies; forward and reverse mode are always
    among them. `batch` measures `vmap` of the Jacobian over so many copies of the arguments; `seconds` is the time for
    measuring, without compiling. Options are those of `difflab.eliminate`; other keyword arguments go to `f`.

    >>> import jax.numpy as jnp
    >>> table = compare(lambda x, y: (jnp.sin(x) * y, x * y), 1.0, 2.0, measure=False)
    >>> table.best
    'elimination'
    """
    has_aux = bool(options.pop("has_aux", False))
    argnums = options.pop("argnums", None)
    static = {key: options[key] for key in ("static_argnums", "static_argnames") if key in options}
    chosen = floating_arguments(f, args, static) if argnums is None else argnums
    at = task(Traced(f, has_aux), args, chosen, options)
    if not sparse:
        require_memory(at.linear)
    names = _names(at, strategies, sparse)
    found = forecasts(at, sparse, names)
    rows = [_forecast_row(at, name, found[name]) for name in names]
    if not measure:
        return _judged(at, rows, None, batch, sparse)
    timed, null = _measured(at, [row for row in rows if row.forecast], sparse, batch, seconds)
    rows = [timed.get(row.strategy, row) for row in rows]
    return _judged(at, rows, null, batch, sparse)


def _names(at: Task, strategies: str | Sequence[str], sparse: bool | str) -> list[str]:
    able = [name for name, strategy in STRATEGIES.items() if not sparse or sparse in strategy.sparse]
    if strategies == "all":
        return able
    wanted = [strategies] if isinstance(strategies, str) else list(strategies)
    unknown = [name for name in wanted if name not in STRATEGIES]
    if unknown:
        raise ValueError(f"there is no strategy named {unknown[0]!r}; choose from {', '.join(STRATEGIES)}")
    modes = () if sparse else ("jacfwd", "jacrev")
    return [name for name in able if name in wanted or name in modes]


def _forecast_row(at: Task, name: str, found: Forecast | str) -> Row:
    if name != "jacrev" and nonlinear_rule(at.linear):
        return Row(name, nonlinear_rule(at.linear))
    if isinstance(found, str):
        return Row(name, found)
    return Row(name, _reason(at.linear, name, at.rows, at.columns), found)


@lru_cache(maxsize=256)
def _reason(linear: LinearGraph, name: str, rows: int, columns: int) -> str:
    """One line on what the strategy does here."""
    match name:
        case "jacfwd":
            return f"{columns} tangents at once"
        case "jacrev":
            return f"{rows} cotangents at once"
        case "column":
            return f"{by_columns(linear).columns.count} tangents instead of {columns}"
        case "row":
            return f"{by_rows(linear).rows.count} cotangents instead of {rows}"
        case "bicolour":
            plan = by_both(linear)
            return f"{plan.columns.count} tangents and {plan.rows.count} cotangents"
        case "cut":
            cut = minimum_cut(linear)
            if not cut.vertices:
                return "no interface is narrower than inputs and outputs"
            return f"through {cut.width} entries between {columns} and {rows}"
    best = best_greedy(taken_apart(linear) or linear if name == "exploded" else linear)
    return f"{best.method} order, {best.cost:,.0f} structured multiplications"


def _measured(
    at: Task, rows: Sequence[Row], sparse: bool | str, batch: int | None, seconds: float | int
) -> tuple[dict[str, Row], float | None]:
    """The rows with their times, and the ratio of the reference to itself."""
    leaves = [jnp.asarray(leaf) for leaf in at.at.leaves]
    if batch is not None:
        leaves = [jnp.tile(leaf, (batch, *[1] * leaf.ndim)) for leaf in leaves]
    compiled: dict[str, Any] = {}
    found: dict[str, Row] = {}
    for row in rows:
        start = perf_counter()
        try:
            compiled[row.strategy] = _compiled(at, row.strategy, sparse, batch, leaves)
        except REFUSED as error:
            found[row.strategy] = replace(row, forecast=None, reason=str(error).strip().split("\n")[0])
            continue
        found[row.strategy] = replace(row, compile_seconds=perf_counter() - start)
    modes = [name for name in ("jacfwd", "jacrev") if name in compiled] or list(compiled)[:1]
    if not modes:
        return found, None
    _, first = paired_times({name: compiled[name] for name in modes}, leaves, 0.1 * seconds)
    reference = min(modes, key=first.__getitem__)
    _, times = paired_times({**compiled, NULL: compiled[reference]}, leaves, seconds)
    best = min(times[name] for name in modes)
    done = {name: replace(found[name], seconds=times[name], ratio=times[name] / best) for name in compiled}
    return {**found, **done}, times[NULL] / times[reference]


def _compiled(at: Task, name: str, sparse: bool | str, batch: int | None, leaves: Sequence[Any]) -> Any:
    run = program(name, sparse)

    def emitted(*values: Any) -> Any:
        moved = Task(replace(at.at, leaves=tuple(values)), at.linear, at.count)
        return [leaf for leaf in jax.tree.leaves(run(moved)[1]) if hasattr(leaf, "shape")]

    return jax.jit(emitted if batch is None else jax.vmap(emitted)).lower(*leaves).compile()


def run_times(functions: Mapping[str, Callable[..., Any]], at: Call, seconds: float | int) -> dict[str, float]:
    """Median seconds a call of some functions at the same arguments, compiled, in turns, measured for some seconds."""
    leaves = [jnp.asarray(leaf) for leaf in at.leaves]

    def flat(one: Callable[..., Any]) -> Callable[..., Any]:
        def call(*values: Any) -> Any:
            args, kwargs = at.rebuild(values)
            return one(*args, **kwargs)

        return call

    compiled = {name: jax.jit(flat(one)).lower(*leaves).compile() for name, one in functions.items()}
    return paired_times(compiled, leaves, seconds)[1]


def paired_times(
    programs: dict[str, Any], leaves: Sequence[Any], seconds: float | int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Seconds a call of compiled programs, all in turns and back: every reading, and the medians."""
    repeats: dict[str, int] = {}
    for name, one in programs.items():
        jax.block_until_ready(one(*leaves))
        start = perf_counter()
        jax.block_until_ready(one(*leaves))
        repeats[name] = max(1, int(_ENOUGH / max(perf_counter() - start, 1e-7)))
    found: dict[str, list[float]] = {name: [] for name in programs}
    names, begun = list(programs), perf_counter()
    for turn in range(_ROUNDS[1]):
        if turn >= _ROUNDS[0] and perf_counter() - begun > seconds:
            break
        for name in names if turn % 2 else reversed(names):
            start = perf_counter()
            for _ in range(repeats[name]):
                result = programs[name](*leaves)
            jax.block_until_ready(result)
            found[name].append((perf_counter() - start) / repeats[name])
    return found, {name: median(values) for name, values in found.items()}


def _judged(at: Task, rows: Sequence[Row], null: float | None, batch: int | None, sparse: bool | str) -> Comparison:
    able = [row for row in rows if row.forecast]
    timed = [row for row in able if row.seconds is not None]
    if timed:
        ordered = sorted(timed, key=lambda row: row.seconds or 0.0)
        best = _safest(ordered, null)
        reason = f"measured at {best.ratio:.2f} of the time of the better mode of JAX; {best.reason}"
        remember(at, sparse, Choice(best.strategy, reason))
    else:
        ordered = sorted(able, key=lambda row: row.forecast.work if row.forecast else 0.0)
        best = ordered[0] if ordered else rows[0]
        reason = f"the least forecast work; {best.reason}"
    others = [row for row in rows if row not in ordered]
    return Comparison(
        at.linear.name, (at.rows, at.columns), (*ordered, *others), best.strategy, reason, null, batch
    )  # fmt: skip


def _safest(rows: Sequence[Row], null: float | None) -> Row:
    """The fastest, if it is faster than the better mode of JAX by more than the noise; else that mode."""
    noise = max(0.02, abs(1 - (null or 1.0)))
    modes = [row for row in rows if row.strategy in ("jacfwd", "jacrev")]
    fastest = rows[0]
    return fastest if not modes or (fastest.ratio or 0.0) < 1 - noise else modes[0]


_TITLES = ("strategy", "multiplications", "operations", "bytes", "time", "ratio", "compile", "what it does")


def _text(found: Comparison) -> Iterator[str]:
    yield _headline(found)
    table = [_TITLES, *map(_cells, found.rows)]
    widths = [max(len(line[k]) for line in table) for k in range(len(_TITLES) - 1)]
    for line in table:
        cells = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:-1], widths[1:], strict=True)),
        ]
        yield "  ".join([*cells, line[-1]])
    yield _ending(found)


def _headline(found: Comparison) -> str:
    copies = "" if found.batch is None else f", {found.batch} at once"
    return f"Jacobian of {found.name}, {found.shape[0]} × {found.shape[1]}, on {found.device}{copies}"


def _ending(found: Comparison) -> str:
    noise = "" if found.null is None else f" (one program against itself: {found.null:.2f})"
    return f"→ {found.verdict}{noise}"


def _cells(row: Row) -> tuple[str, ...]:
    figures = (
        [f"{value:,.0f}" for value in (row.forecast.multiplications, row.forecast.flops, row.forecast.bytes)]
        if row.forecast
        else ["–"] * 3
    )
    time = "–" if row.seconds is None else f"{row.seconds * 1e3:.3f} ms"
    ratio = "–" if row.ratio is None else f"{row.ratio:.2f}"
    compiling = "–" if row.compile_seconds is None else f"{row.compile_seconds:.2f} s"
    return (row.strategy, *figures, time, ratio, compiling, row.reason)
