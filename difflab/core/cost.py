"""What an equation costs: arithmetic operations, and bytes read and written, counted from shapes alone.

*Operations.* One for each entry that an elementwise primitive makes, be it a sum, a sine or a comparison, real or
complex, integer or boolean: XLA's convention, which keeps "transcendentals" apart; here they are in the one number.
Moving, choosing and converting entries costs none (XLA has one for choosing and converting). Matrix products take
2·b·m·n·k, convolutions 2 for each pair of kernel and image entry that meet (padding is not multiplied), reductions
entries in − entries out. Powers are by repeated squaring. What has no single exact count is an estimate, and is marked:
sorting n log₂ n, Fourier transforms 5 n log₂ n (Van Loan, "Computational Frameworks for the FFT", 1992), factorisations
by the leading terms of Golub & Van Loan, "Matrix Computations" (4th ed., 2013). A `while` counts for one trip, which is
a lower bound, a `cond` as its costliest branch.

*Bytes.* Each operand once and each result once, as if the equation ran alone: fusion saves most of it. What only
renames memory (a reshape) moves none; slicing and gathering reads what it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from typing import Any
from weakref import WeakKeyDictionary

import jax

from difflab.core.abstract import abstract, run
from difflab.core.call import Call
from difflab.core.counts import ESTIMATES, EXACT, Shapes
from difflab.core.graph import Equation, Graph, Literal, Vertex
from difflab.core.widths import storage


@dataclass(frozen=True, slots=True)
class Cost:
    """`flops` operations and `bytes` read and written.

    `exact` unless something in it is estimated; `least` if something in it could not be counted (a primitive without a
    rule, the trips of a `while`), so that the truth is this or more.
    """

    flops: int = 0
    bytes: int = 0
    exact: bool = True
    least: bool = False

    def __add__(self, other: Cost) -> Cost:
        exact, least = self.exact and other.exact, self.least or other.least
        return Cost(self.flops + other.flops, self.bytes + other.bytes, exact, least)

    def times(self, count: int) -> Cost:
        """The same thing done `count` times."""
        return Cost(self.flops * count, self.bytes * count, self.exact, self.least)

    @property
    def mark(self) -> str:
        """`"≥"` for a lower bound, `"≈"` for an estimate, `""` for an exact count."""
        return "≥" if self.least else "" if self.exact else "≈"


class Tally:
    """The costs of all equations of one graph, bodies included, and their sums. Use `tally`, which remembers it."""

    def __init__(self, graph: Graph) -> None:
        self.each: tuple[Cost, ...] = tuple(_cost(graph, equation) for equation in graph.equations)
        self.total: Cost = self._sum(self.each)
        self._flops = list(accumulate((c.flops for c in self.each), initial=0))
        self._bytes = list(accumulate((c.bytes for c in self.each), initial=0))
        self._rough = list(accumulate((not c.exact for c in self.each), initial=0))
        self._least = list(accumulate((c.least for c in self.each), initial=0))

    def of(self, equations: Iterable[int]) -> Cost:
        """The cost of some equations together; of a `range` in constant time."""
        if isinstance(equations, range) and equations.step == 1:
            a, b = equations.start, max(equations.start, equations.stop)
            rough, least = self._rough[b] - self._rough[a], self._least[b] - self._least[a]
            return Cost(self._flops[b] - self._flops[a], self._bytes[b] - self._bytes[a], not rough, bool(least))
        return self._sum([self.each[k] for k in equations])

    @staticmethod
    def _sum(costs: Sequence[Cost]) -> Cost:
        return Cost(
            sum(c.flops for c in costs), sum(c.bytes for c in costs),
            all(c.exact for c in costs), any(c.least for c in costs),
        )  # fmt: skip


_TALLIES: WeakKeyDictionary[Graph, Tally] = WeakKeyDictionary()


def tally(graph: Graph) -> Tally:
    """The costs of a graph's equations, found once a graph.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> tally(graph(lambda a, b: jnp.sin(a @ b), jnp.ones((4, 5)), jnp.ones((5, 3)))).total
    Cost(flops=132, bytes=284, exact=True, least=False)
    """
    if graph not in _TALLIES:
        _TALLIES[graph] = Tally(graph)
    return _TALLIES[graph]


def flops(graph: Graph, equation: Equation) -> int | None:
    """Operations of one equation, bodies included; None for a primitive without a rule."""
    found = tally(graph).each[equation.id]
    return None if found.least and not found.flops and not equation.bodies else found.flops


def moved(graph: Graph, equation: Equation) -> int:
    """Bytes that one equation reads and writes, bodies included."""
    return tally(graph).each[equation.id].bytes


def xla(of: Call | Graph) -> dict[str, float]:
    """XLA's own analysis of a whole function, lowered and not executed: `flops`, `transcendentals`, `bytes accessed`.

    It is made before fusion, and counts the body of a loop once; `tally` counts all trips of a loop that has a fixed
    number of them, so that the two differ where there are loops. A call's arguments may be shapes.

    >>> import jax, jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> loop = graph(lambda x: jax.lax.scan(lambda c, _: (c * 2.0, None), x, None, length=9)[0], jnp.ones(100))
    >>> tally(loop).total.flops, xla(loop)["flops"] < 200
    (900, True)
    """
    if isinstance(of, Call):
        lowered: Any = jax.jit(lambda *leaves: of.flat(*leaves)).lower(*of.leaves)  # pyright: ignore
    else:
        given = [abstract(of.vertices[v]) for v in of.inputs]
        lowered = jax.jit(lambda *values: run(of, values)).lower(*given)  # pyright: ignore
    found: Any = lowered.cost_analysis() or {}
    return {str(key): float(value) for key, value in sorted(found.items()) if "{" not in key}


def _cost(graph: Graph, equation: Equation) -> Cost:
    if equation.bodies and equation.primitive not in EXACT:
        return _nested(equation)
    operands = [graph.vertices[o] if isinstance(o, int) else o for o in equation.operands]
    results = [graph.vertices[r] for r in equation.results]
    at = Shapes(equation.params, [o.shape for o in operands], [r.shape for r in results])
    traffic = _traffic(equation, operands, results)
    exact = EXACT.get(equation.primitive)
    if exact is not None:
        return Cost(exact(at), traffic)
    estimate = ESTIMATES.get(equation.primitive)
    return Cost(0, traffic, least=True) if estimate is None else Cost(max(0, round(estimate(at))), traffic, False)


def _nested(equation: Equation) -> Cost:
    bodies = [tally(body.graph).total.times(body.count or 1) for body in equation.bodies]
    match equation.kind, equation.primitive:
        case "cond", _:
            same = len({(b.flops, b.bytes) for b in bodies}) == 1
            highest = max(b.flops for b in bodies), max(b.bytes for b in bodies)
            return Cost(*highest, same and all(b.exact for b in bodies), any(b.least for b in bodies))
        case "while", _:
            both = reduce(Cost.__add__, bodies)
            return Cost(both.flops, both.bytes, both.exact, True)
        case _, "custom_linear_solve":
            return next(b for b, body in zip(bodies, equation.bodies, strict=True) if body.label == "solve")
        case _, "linear_call":
            return bodies[0]
        case "call", name if name not in _CALLED:
            both = reduce(Cost.__add__, bodies)
            return Cost(both.flops, both.bytes, False, True)
        case _:
            return reduce(Cost.__add__, bodies)


_CALLED = frozenset("closed_call core_call call composite custom_vmap_call custom_vjp_call run_state".split())
"""Primitives that run their bodies just once."""

_RENAMES = frozenset(
    "reshape squeeze expand_dims stop_gradient name optimization_barrier random_wrap random_unwrap pvary".split()
)
_TAKES = frozenset("slice dynamic_slice gather".split())


def _traffic(equation: Equation, operands: Sequence[Vertex | Literal], results: Sequence[Vertex]) -> int:
    if equation.primitive in _RENAMES:
        return 0
    total = 0
    for result in results:
        total += storage(result.shape, result.dtype)
    if equation.primitive in _TAKES:
        return 2 * total + sum(storage(o.shape, o.dtype) for o in operands[1:] if isinstance(o, Vertex))
    seen: set[int] = set()
    for operand in operands:
        if isinstance(operand, Vertex) and operand.id not in seen:
            seen.add(operand.id)
            total += storage(operand.shape, operand.dtype)
    return total
