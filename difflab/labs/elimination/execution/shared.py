"""Straight-line code whose shared values are computed once: what XLA's fusion on CPUs would compute again and again.

XLA for CPUs fuses a chain of elementwise steps into one loop an output, and copies every cheap value into each loop
that reads it; even sines are copied. A Jacobian has many outputs and few distinct intermediates, so most of its work
would be such copies. Here the program is read before XLA sees it, equal steps are merged, and for each value the number
of loops that it would be copied into is counted; where copies cost more than storing, the value is kept.

`jax.lax.optimization_barrier` would say so, but is taken away before fusion on this backend. What stays is a division,
which fusion does not copy: by a one that only the last compiler pass recognises, so nothing is divided at run time.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from difflab.core.capture import capture_flat
from difflab.core.graph import Equation, Graph, Literal, Operand
from difflab.core.inline import inline
from difflab.core.linear import LinearGraph

MEMORY = 20
"""Storing or reading a value costs about as much as so many multiplications."""

_DEAR: Mapping[str, int] = {
    **dict.fromkeys("sin cos tan asin acos atan atan2 lgamma digamma erf_inv pow".split(), 60),
    **dict.fromkeys("exp exp2 expm1 log log1p tanh logistic erf erfc sinh cosh asinh acosh atanh cbrt".split(), 30),
}
_LARGE = 2000
_NEVER_COPIED = frozenset("div sqrt rsqrt rem".split())


def pays(linear: LinearGraph) -> bool:
    """Whether a program on a CPU, where fusion copies, is one of numbers, or of arrays of one size, entry by entry."""
    return jax.default_backend() == "cpu" and len({*linear.sizes} - {1}) <= 1 and len(linear.edges) > 0


def shared(function: Callable[..., Sequence[Any]], leaves: Sequence[Any]) -> list[Any]:
    """What `function(*leaves)` returns, computed by a program in which shared values are kept."""
    shapes = [jax.ShapeDtypeStruct(jnp.shape(leaf), jax.dtypes.result_type(leaf)) for leaf in leaves]
    graph = inline(capture_flat(function, shapes, "shared")).graph
    same = _merged(graph)
    stored = _stored(graph, same)
    known: dict[int, Any] = {**graph.values, **dict(zip(graph.inputs, map(jnp.asarray, leaves), strict=True))}

    ones: dict[Any, Any] = {}

    def read(operand: Operand) -> Any:
        return operand.value if isinstance(operand, Literal) else known[same[operand]]

    for equation in _needed(graph, same):
        for result, value in zip(equation.results, equation.bind(*map(read, equation.operands)), strict=True):
            known[result] = _kept(value, leaves, ones) if result in stored else value
    return [jnp.asarray(read(output)) for output in graph.outputs]


def _kept(value: Any, leaves: Sequence[Any], ones: dict[Any, Any]) -> Any:
    one = _one(leaves, value.dtype, ones)
    return lax.div(value, one if value.shape == () else lax.full_like(value, 1) * one)


def _one(leaves: Sequence[Any], dtype: Any, known: dict[Any, Any]) -> Any:
    """A one whose value XLA's simplifier does not see: 1 if an input equals itself or does not."""
    if dtype not in known:
        x = next(leaf for leaf in map(jnp.asarray, leaves) if leaf.size and jnp.issubdtype(leaf.dtype, jnp.inexact))
        x = x.reshape(-1)[0]
        sure = lax.bitwise_or(lax.eq(x, x), lax.ne(x, x))
        known[dtype] = lax.select(sure, lax.full_like(x, 1, dtype), lax.full_like(x, 2, dtype))
    return known[dtype]


def _merged(graph: Graph) -> list[int]:
    """For each vertex the first one that is computed by the same step from the same operands."""
    same = list(range(len(graph.vertices)))
    seen: dict[Any, tuple[int, ...]] = {}
    for equation in graph.equations:
        if equation.bodies:
            continue
        operands = tuple(same[o] if isinstance(o, int) else (str(o.value), o.dtype, o.shape) for o in equation.operands)
        plain = all(isinstance(o, int) or not o.shape for o in equation.operands)
        key = (equation.primitive, repr(sorted(equation.params.items(), key=str)), operands)
        if plain:
            first = seen.setdefault(key, equation.results)
            for result, other in zip(equation.results, first, strict=True):
                same[result] = other
    return same


def _needed(graph: Graph, same: Sequence[int]) -> list[Equation]:
    wanted = {same[o] for o in graph.outputs if isinstance(o, int)}
    found: list[Equation] = []
    for equation in reversed(graph.equations):
        if wanted.intersection(equation.results):
            wanted.update(same[o] for o in equation.operands if isinstance(o, int))
            found.append(equation)
    return found[::-1]


def _stored(graph: Graph, same: Sequence[int]) -> set[int]:
    """The vertices to keep: those that save most first, until storing costs more than the copies."""
    steps = [_step(graph, same, equation) for equation in _needed(graph, same)]
    outputs = [same[o] for o in graph.outputs if isinstance(o, int)]
    stored = {step.results[0] for step in steps if step.primitive in _NEVER_COPIED}
    free = {r for step in steps if step.single and step.results[0] not in stored for r in step.results}
    while True:
        loops, cost = _loops(steps, outputs, stored), _costs(steps, stored)
        gain = {v: (loops[v] - 1) * cost[v] - MEMORY * (loops[v] + 1) for v in free - stored}
        found = sorted((v for v, value in gain.items() if value > 0), key=lambda v: -gain[v])
        if not found:
            return stored - {step.results[0] for step in steps if step.primitive in _NEVER_COPIED}
        stored.update(found[: max(1, len(found) // 4)])


class _Step(NamedTuple):
    """One equation as the counting sees it: merged operands, results, its own cost; `single` if it can be kept."""

    primitive: str
    operands: tuple[int, ...]
    results: tuple[int, ...]
    weight: int
    single: bool


def _step(graph: Graph, same: Sequence[int], equation: Equation) -> _Step:
    operands = tuple({same[o] for o in equation.operands if isinstance(o, int)})
    first = graph.vertices[equation.results[0]] if equation.results else None
    single = first is not None and len(equation.results) == 1 and first.inexact
    return _Step(equation.primitive, operands, equation.results, _DEAR.get(equation.primitive, 1), single)


def _loops(steps: Sequence[_Step], outputs: Sequence[int], stored: set[int]) -> dict[int, int]:
    """For each vertex the number of loops that compute it, if every output and every stored vertex has a loop."""
    inside: dict[int, int] = {}
    for k, output in enumerate(outputs):
        inside[output] = inside.get(output, 0) | 1 << k
    count = len(outputs)
    found: dict[int, int] = {}
    for step in reversed(steps):
        mine = 0
        for result in step.results:
            mine |= inside.get(result, 0)
        for result in step.results:
            found[result] = mine.bit_count()
        if step.results[0] in stored:
            mine, count = 1 << count, count + 1
        for operand in step.operands:
            if step.primitive == "concatenate":
                mine, count = 1 << count, count + 1
            inside[operand] = inside.get(operand, 0) | mine
    return found


def _costs(steps: Sequence[_Step], stored: set[int]) -> dict[int, int]:
    """What one loop pays for computing each vertex from inputs and stored vertices."""
    cost: dict[int, int] = {}
    for step in steps:
        total = step.weight + sum(cost[o] for o in step.operands if o in cost and o not in stored)
        cost.update(dict.fromkeys(step.results, min(total, _LARGE)))
    return cost
