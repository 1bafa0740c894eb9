"""Check the Jacobian that JAX computes, entry by entry, against the derivative of the formula.

The function's graph is run over SymPy expressions along the path taken at the point; SymPy differentiates, and the
formula is evaluated in big floats. Independently, dual numbers over big floats give the same number. What JAX gives is
compared with it: the floats of `jax.jacfwd` and `jax.jacrev`, and their programs in exact arithmetic, so that rounding
is told from error (`difflab.labs.check.verdicts`). A custom rule is thus judged by the function it belongs to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy

from difflab.core.bigfloat import big_floats
from difflab.core.call import Call, call, require_differentiable
from difflab.core.capture import capture
from difflab.core.domains import Domain
from difflab.core.duals import Dual, dual, rounding
from difflab.core.errors import DifflabError
from difflab.core.graph import Graph, walk
from difflab.core.interpret import Outcome, interpret
from difflab.core.run import BudgetError
from difflab.core.values import Hole, pack
from difflab.labs.check import truth as true
from difflab.labs.check.programs import Program, run, unit_roundoff
from difflab.labs.check.report import VERDICTS, Entry, Report
from difflab.labs.check.selection import Selection, exact_leaf, select
from difflab.labs.check.symbols import Derivative, Evaluation, Symbols, TooLargeError
from difflab.labs.check.verdicts import Side, Verdict, at_kink, judge, with_mirrors


def check(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    digits: int = 30,
    max_entries: int = 400,
    budget: float = 20.0,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    has_aux: bool = False,
    **kwargs: Any,
) -> Report:
    """Compare `jax.jacfwd` and `jax.jacrev` of `f` at `args` with the derivative of the formula of `f`.

    `digits` is the precision of the truth; at most `max_entries` entries are checked, evenly spread; `budget` is in
    seconds of processor time, so that a busy machine gives the same report (JAX's own compilations come on top); after
    it the rest is "undecided". Other options: see `dl.graph`.
    Raises TypeError if there is nothing to differentiate, `CaptureError` if `f` cannot be traced.

    >>> import jax.numpy as jnp
    >>> report = check(lambda x: jnp.sin(x) * x, 1.0)
    >>> report.verdict, report.entries[0].symbolic
    ('agrees', x*cos(x) + sin(x))
    """
    if digits < 20:
        raise ValueError(f"digits is {digits}; the truth must be finer than floats: pass 20 or more")
    if max_entries < 1:
        raise ValueError(f"max_entries is {max_entries}; pass 1 or more")
    options = {
        "argnums": argnums,
        "static_argnums": static_argnums,
        "static_argnames": static_argnames,
        "has_aux": has_aux,
    }
    return check_call(call(f, *args, **options, **kwargs), digits, max_entries, budget)


def check_call(at: Call, digits: int = 30, max_entries: int = 400, budget: float = 20.0) -> Report:
    """The same for a function whose arguments are flattened already; its graph is captured once."""
    require_differentiable(at)
    graph = capture(at)
    chosen = select(at, graph, max_entries)
    return _Check(chosen, digits, time.thread_time(), budget).report()


@dataclass(eq=False)
class _Check:
    """One check in progress."""

    chosen: Selection
    digits: int
    start: float
    budget: float
    notes: list[str] = field(default_factory=list)
    _derivatives: dict[Any, Derivative] = field(default_factory=dict)

    def report(self) -> Report:
        chosen = self.chosen
        empty = not (len(chosen.rows) and len(chosen.columns))
        symbols, formulas = ([], None) if empty else self.formulas()
        programs = [] if empty else self.programs()
        entries: list[Entry] = []
        outcomes: list[Outcome] = [] if formulas is None else [formulas[1]]
        for position, number in enumerate(chosen.columns):
            entries += self.column(position, int(number), symbols, formulas, programs, outcomes)
        entries = with_mirrors(sorted(entries, key=lambda e: (e.i, e.j)))
        path = outcomes[0].path if outcomes else ()
        verdict = next((v for v in VERDICTS if any(e.verdict == v for e in entries)), "agrees")
        skipped = self._complex()
        if skipped:
            self.notes.append(
                f"not checked, since complex: {', '.join(skipped)}; pass real and imaginary part as two reals"
            )
            verdict = min(verdict, "unsupported", key=VERDICTS.index)
        elif empty:
            self.notes.append("there is nothing to compare: no output of a floating dtype, or no entries")
        return Report(
            chosen.at.name, verdict, tuple(entries), _unsupported(outcomes), tuple(str(d) for d in path),
            _point(chosen.at), chosen.graph, chosen.row_names, chosen.column_names,
            {p.mode: p.why_not for p in programs if p.floats is None}, tuple(self.notes), chosen.left_out,
        )  # fmt: skip

    def formulas(self) -> tuple[list[Any], tuple[Symbols, Outcome] | None]:
        """The inputs as symbols, and the outputs as formulas of them, unless these grow too large."""
        chosen, symbols = self.chosen, Symbols()
        names = [sympy.Symbol(name, real=True) for name in chosen.column_names]
        elements, start = {}, 0
        for k in chosen.inputs:
            shape = jnp.shape(chosen.at.leaves[k])
            size = int(np.prod(shape, dtype=int))
            elements[k] = pack(shape, names[start : start + size])
            start += size
        try:
            outcome = interpret(
                chosen.graph, chosen.at.leaves, symbols.domain, elements=elements, deadline=self.deadline(0.2)
            )
        except (TooLargeError, BudgetError, RecursionError) as error:
            self.notes.append(
                f"no formulas: {_first(error, 'too deep')}; the truth is computed by dual numbers in big floats"
            )
            return names, None
        return names, (symbols, outcome)

    def programs(self) -> list[Program]:
        """JAX's derivative programs in floats and in exact arithmetic."""
        domain = rounding(big_floats(self.digits))
        found = [
            run(mode, self.chosen, domain, self.deadline(part)) for mode, part in (("jacfwd", 0.4), ("jacrev", 0.6))
        ]
        for program in found:
            if program.floats is not None and program.exact is None:
                self.notes.append(f"{program.mode} is compared in floats only: {program.why_not}")
        return found

    def column(
        self,
        position: int,
        number: int,
        symbols: list[Any],
        formulas: Any,
        programs: list[Program],
        outcomes: list[Outcome],
    ) -> list[Entry]:
        """All entries of one column."""
        chosen = self.chosen
        try:
            column = true.column(chosen, number, self.digits + 10, self.deadline())
            outcomes.append(column.outcome)
            slopes = column.elements
            beside = self.beside(number, column)
            bounds = self.bounds(number, programs, position)
        except BudgetError as error:
            late = Verdict("undecided", str(error))
            return [self.entry(k, position, number, late, None, None, programs) for k in range(len(chosen.rows))]
        made: list[Entry] = []
        for k, row in enumerate(chosen.rows):
            symbolic, value = self.symbolic(int(row), symbols[number], symbols, formulas)
            verdict, truth = self.verdict(slopes[k], value, beside[k], bounds[k], self.modes(programs, k, position))
            made.append(self.entry(k, position, number, verdict, symbolic, truth, programs))
        return made

    def verdict(self, element: Any, value: Any, sides: Any, bound: float, modes: list[Side]) -> tuple[Verdict, Any]:
        """Judge one entry: the dual number, the formula's value, the one-sided derivatives if they were needed."""
        if isinstance(element, Hole):
            return Verdict("unsupported", str(element)), None
        if not _finite(element.value):
            return Verdict("not finite", f"the function itself is {float(element.value)} here"), None
        if sides is not None and not sides.agree:
            return at_kink(sides, modes), None
        truth = true.slope(element)
        if sides is not None:
            candidates = [x for x in (value, truth) if x is not None and _finite(x) and _close(x, sides.right, 1e-6)]
            truth = candidates[0] if candidates else sides.right
        elif value is not None and _finite(value) and not _close(value, truth, 10.0 ** (8 - self.digits)):
            note = f"formula and dual numbers give {float(value):.6g} and {float(truth):.6g}; please report this"
            return Verdict("undecided", note), truth
        if not _finite(truth):
            return Verdict("not finite", "the true derivative is not finite here"), truth
        unit, smallest = self._unit, self._smallest
        return judge(truth, bound, modes, unit, self.digits, smallest), truth

    def symbolic(self, row: int, symbol: Any, symbols: list[Any], formulas: Any) -> tuple[Any, Any]:
        """The formula of one entry and its value, or twice None."""
        if formulas is None or time.thread_time() > self.deadline(0.8):
            return None, None
        tools, outcome = formulas
        expression = self._outputs(outcome)[row]
        if isinstance(expression, Hole):
            return None, None
        try:
            derivative = self._derivatives.setdefault(symbol, Derivative(symbol))(expression)
            if tools.size(derivative) > 5 * tools.limit:
                return None, None
            return derivative, self._evaluation(symbols, tools)(derivative)
        except RecursionError:
            return None, None

    def beside(self, number: int, column: true.Column) -> list[Any]:
        """One-sided derivatives where the point may be a kink or a singular place; else None."""
        suspicious = [
            not isinstance(e, Hole) and _finite(e.value) and not _finite(true.slope(e)) for e in column.elements
        ]
        if column.outcome.tight or any(suspicious):
            return list(true.sides(self.chosen, number, self.digits, self.deadline()))
        return [None] * len(column.elements)

    def bounds(self, number: int, programs: list[Program], position: int) -> list[float]:
        """Rounding error of a direct forward evaluation, in units; needed only where a program has no exact run."""
        if all(p.floats is None or _known(p, position) for p in programs):
            return [0.0] * len(self.chosen.rows)
        domain: Domain = rounding(big_floats(self.digits))
        elements, start = {}, 0
        for k in self.chosen.inputs:
            leaf = exact_leaf(self.chosen.at.leaves[k])
            kind = dual(domain)
            items = [kind.constant(x) for x in leaf.reshape(-1).tolist()]
            items = [Dual(type(i.value)(i.value.value)) for i in items]
            if start <= number < start + leaf.size:
                items[number - start] = Dual(items[number - start].value, domain.constant(1))
            elements[k] = pack(leaf.shape, items)
            start += leaf.size
        outcome = interpret(
            self.chosen.graph, self.chosen.at.leaves, dual(domain), elements=elements, deadline=self.deadline()
        )
        rows = true.rows_of(self.chosen, outcome)
        return [0.0 if isinstance(e, Hole) or e.tangent is None else float(e.tangent.rounding) for e in rows]

    def modes(self, programs: list[Program], k: int, position: int) -> list[Side]:
        """Both modes of JAX in one entry."""
        return [
            Side(
                p.mode,
                None if p.floats is None else float(p.floats[k, position]),
                None if p.exact is None else p.exact[k, position],
            )
            for p in programs
        ]

    def entry(
        self, k: int, position: int, number: int, verdict: Verdict, symbolic: Any, truth: Any, programs: list[Program]
    ) -> Entry:
        """The entry of the report."""
        row = int(self.chosen.rows[k])
        values = {side.mode: side.value for side in self.modes(programs, k, position)}
        return Entry(
            self.chosen.row_names[row], self.chosen.column_names[number], row, number, verdict.text, symbolic,
            values.get("jacfwd"), values.get("jacrev"), None if truth is None else float(truth),
            verdict.error, verdict.note,
        )  # fmt: skip

    def deadline(self, part: float = 1.0) -> float:
        """The end of a part of the budget."""
        return self.start + part * self.budget

    def _outputs(self, outcome: Outcome) -> list[Any]:
        found: list[Any] = []
        for k in self.chosen.outputs:
            elements = outcome.outputs[k]
            count = int(np.prod(self.chosen.output_shape(k), dtype=int))
            found += [Hole("complex", "")] * count if elements is None else list(elements.reshape(-1))
        return found

    def _evaluation(self, symbols: list[Any], tools: Symbols) -> Evaluation:
        if not hasattr(self, "_evaluator"):
            base = big_floats(self.digits + 20)
            leaves = [exact_leaf(self.chosen.at.leaves[k]).reshape(-1) for k in self.chosen.inputs]
            numbers = [x for leaf in leaves for x in leaf.tolist()]
            values = {symbol: base.constant(x) for symbol, x in zip(symbols, numbers, strict=True)}
            self._evaluator = Evaluation(base, values, tools.frozen)
        return self._evaluator

    @cached_property
    def _unit(self) -> float:
        return unit_roundoff(self.chosen, _graphs(self.chosen.graph))

    @property
    def _smallest(self) -> float:
        return float(jnp.finfo(jnp.float32).tiny) if self._unit > 1e-10 else float(jnp.finfo(jnp.float64).tiny)

    def _complex(self) -> list[str]:
        """Names of the complex inputs and outputs, which are left out."""
        chosen, signature = self.chosen, self.chosen.graph.signature
        assert signature is not None
        inputs = [chosen.at.paths[k] for k in chosen.at.differentiable if k not in chosen.inputs]
        dtypes = [chosen.graph.vertices[o].dtype if isinstance(o, int) else o.dtype for o in chosen.graph.outputs]
        return inputs + [
            name for name, dtype in zip(signature.outputs, dtypes, strict=True) if dtype.startswith("complex")
        ]


def _graphs(graph: Graph) -> list[Graph]:
    return [graph, *(body.graph for _, _, equation in walk(graph) for body in equation.bodies)]


def _unsupported(outcomes: Sequence[Outcome]) -> tuple[tuple[str, str, str | None], ...]:
    holes = {hole.node: hole for outcome in outcomes for hole in outcome.holes}
    return tuple((h.primitive, h.node, str(h.source) if h.source else None) for h in holes.values())


def _point(at: Call) -> tuple[tuple[str, str], ...]:
    return tuple((path, _text(leaf)) for path, leaf in zip(at.paths, at.leaves, strict=True))


def _text(leaf: Any) -> str:
    shape = jnp.shape(leaf)
    if jnp.issubdtype(jax.dtypes.result_type(leaf), jax.dtypes.extended) or np.prod(shape, dtype=int) > 6:
        return f"{jax.dtypes.result_type(leaf)}{list(shape)}"
    return np.array2string(np.asarray(leaf), precision=6, separator=", ").replace("\n", "")


def _first(error: Exception, otherwise: str) -> str:
    return str(error) if isinstance(error, DifflabError) else otherwise


def _finite(value: Any) -> bool:
    return value == value and abs(value) != float("inf")


def _close(a: Any, b: Any, tolerance: float) -> bool:
    return abs(a - b) <= tolerance * max(1, abs(a), abs(b))


def _known(program: Program, position: int) -> bool:
    return program.exact is not None and not any(isinstance(e, Hole) for e in program.exact[:, position])
