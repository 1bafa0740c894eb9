"""Whether a custom_vjp rule is a Jacobian at all: whether it is linear in its cotangent.

A rule that clips or normalises cotangents is no pullback of any Jacobian, so what elimination makes of it (its answers
to unit cotangents, put together) is not what reverse mode gives. The rule's program is traced and differentiated with
respect to the cotangent: it is linear if that derivative does not depend on the cotangent, and if the cotangent passes
no step whose derivative JAX takes to be zero (sign, round, a comparison). Only dataflow is looked at, no numbers: a
rule that cannot be proved linear counts as one that is not.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp

from difflab.core.capture import capture_flat
from difflab.core.errors import UnsupportedError
from difflab.core.graph import Equation, Graph
from difflab.core.inline import inline
from difflab.core.linear import LinearGraph
from difflab.core.partials import ZERO
from difflab.core.probe import REFUSALS

_CUTS = ZERO | frozenset("and argmax argmin eq ge gt is_finite le lt ne not or sort stop_gradient".split())


def require_linear_rules(linear: LinearGraph) -> None:
    """Raise UnsupportedError if a custom_vjp rule on the way cannot be shown to be linear in its cotangent."""
    found = nonlinear_rule(linear)
    if found:
        raise UnsupportedError(found)


@lru_cache(maxsize=256)
def nonlinear_rule(linear: LinearGraph) -> str:
    """What to say of the first custom_vjp rule that is not linear in its cotangent; empty where all are."""
    assert linear.flat is not None, "a plain graph has no rules; please report this"
    graph = linear.flat.graph
    used = {term.equation for terms in linear.terms.values() for term in terms}
    for equation in graph.equations:
        if equation.id in used and equation.kind == "custom_vjp" and not _is_linear(graph, equation):
            name = equation.bodies[0].label if equation.bodies else equation.primitive
            where = f" ({equation.source}: {equation.source.text})" if equation.source else ""
            return (
                f"the custom_vjp rule of {name}{where} cannot be shown to be linear in its cotangent, so it is no "
                'Jacobian that could be accumulated: use order="jacrev", which calls the rule as it is'
            )
    return ""


def _is_linear(graph: Graph, equation: Equation) -> bool:
    operands = [graph.vertices[o] if isinstance(o, int) else o for o in equation.operands]
    results = [graph.vertices[r] for r in equation.results]
    given = [jax.ShapeDtypeStruct(v.shape, jnp.dtype(v.dtype)) for v in operands]
    seeds = [jax.ShapeDtypeStruct(v.shape, jnp.dtype(v.dtype)) for v in results if v.inexact]
    moving = [k for k, operand in enumerate(operands) if getattr(operand, "inexact", False)]
    live = [k for k, vertex in enumerate(results) if vertex.inexact]

    def pulled(values: Sequence[Any], cotangents: Sequence[Any]) -> Any:
        def function(*chosen: Any) -> list[Any]:
            full = list(values)
            for k, value in zip(moving, chosen, strict=True):
                full[k] = value
            found = equation.bind(*full)
            return [found[k] for k in live]

        return jax.vjp(function, *(values[k] for k in moving))[1](list(cotangents))

    def derivative(*flat: Any) -> Any:
        values, bars, moved = flat[: len(given)], flat[len(given) : len(given) + len(seeds)], flat[-len(seeds) :]
        return jax.linearize(lambda *c: pulled(values, c), *bars)[1](*moved)

    def rule(*flat: Any) -> Any:
        return pulled(flat[: len(given)], flat[len(given) :])

    try:
        first = inline(capture_flat(derivative, [*given, *seeds, *seeds], "derivative")).graph
        second = inline(capture_flat(rule, [*given, *seeds], "rule")).graph
    except REFUSALS:
        return False
    bars = range(len(given), len(given) + len(seeds))
    return not _depends(first, [first.inputs[k] for k in bars]) and not _is_cut(
        second, [second.inputs[k] for k in bars]
    )


def _depends(graph: Graph, start: Sequence[int]) -> bool:
    """Whether some output depends on some of these inputs."""
    reached = set(start)
    for equation in graph.equations:
        if reached.intersection(o for o in equation.operands if isinstance(o, int)):
            reached.update(equation.results)
    return bool(reached.intersection(o for o in graph.outputs if isinstance(o, int)))


def _is_cut(graph: Graph, start: Sequence[int]) -> bool:
    """Whether these inputs reach an output through a step that has no derivative of its own."""
    reached, cut = set(start), set[int]()
    for equation in graph.equations:
        read = {o for o in equation.operands if isinstance(o, int)}
        if read & cut or (read & reached and (equation.primitive in _CUTS or _hides(equation))):
            cut.update(equation.results)
        if read & reached:
            reached.update(equation.results)
    return bool(cut.intersection(o for o in graph.outputs if isinstance(o, int)))


def _hides(equation: Equation) -> bool:
    """Whether a step without a derivative stands in a nested program."""
    return any(
        inner.primitive in _CUTS and inner.primitive not in ("eq", "ge", "gt", "le", "lt", "ne", "and", "not", "or")
        for body in equation.bodies
        for inner in inline(body.graph).graph.equations
    )
