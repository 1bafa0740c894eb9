"""Which results of an equation carry a derivative of which operands: the zeros that JAX knows without computing.

A derivative may be zero by structure (`floor`, `stop_gradient`, the integer result of a sort) or by number (`relu` of a
negative input). Structure decides what the reverse sweep may touch: a structural zero stops a cotangent, a numeric one
passes on 0, and 0·∞ is NaN. The structure is read off JAX's own rule: trace the jvp of the equation and ask which
output tangents can be reached from which input tangents, in the least fixed point where there are loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
from jax.custom_derivatives import SymbolicZero

from difflab.core.capture import capture_flat
from difflab.core.graph import Body, Equation, Graph, Vertex


def dependence(
    equation: Equation, values: Sequence[Any], active: tuple[int, ...], results: Sequence[Vertex]
) -> tuple[tuple[int, ...], ...]:
    """For each result the active operands that its derivative can depend on.

    An equation whose jvp cannot be traced is taken to depend on all; the sweep then raises, if it ever comes there.
    """
    inexact = [j for j, vertex in enumerate(results) if vertex.inexact]
    found: list[tuple[int, ...]] = [()] * len(results)
    if not active or not inexact:
        return tuple(found)

    def tangents(primals: Sequence[Any], chosen: Sequence[Any]) -> list[Any]:
        def restricted(*entries: Any) -> list[Any]:
            full = list(primals)
            for i, entry in zip(active, entries, strict=True):
                full[i] = entry
            outs = equation.bind(*full)
            return [outs[j] for j in inexact]

        return jax.jvp(restricted, [primals[i] for i in active], list(chosen))[1]

    def flat(*leaves: Any) -> list[Any]:
        return tangents(leaves[: len(values)], leaves[len(values) :])

    try:
        graph = capture_flat(flat, [*values, *(values[i] for i in active)], equation.primitive)
    except Exception:
        return tuple(active if j in inexact else () for j in range(len(results)))
    masks = _reach(graph, [0] * len(values) + [1 << k for k in range(len(active))])
    for j, mask in zip(inexact, masks, strict=True):
        found[j] = tuple(i for k, i in enumerate(active) if mask >> k & 1)
    return tuple(found)


def reached(
    equation: Equation, values: Sequence[Any], chosen: tuple[int, ...], live: tuple[int, ...]
) -> tuple[int, ...]:
    """The chosen operands that a custom rule sends something: not those for which its author returned None.

    An identity in front of each operand sees what the rule sends it: a number, or a zero by structure.
    """
    called: set[int] = set()

    def tap(i: int, operand: Any) -> Any:
        @jax.custom_vjp
        def identity(x: Any) -> Any:
            return x

        def backward(_: None, bar: Any) -> tuple[Any]:
            if not isinstance(bar, SymbolicZero):
                called.add(i)
            return (bar,)

        identity.defvjp(lambda x: (x.value, None), backward, symbolic_zeros=True)
        return identity(operand)

    def pull(operands: Sequence[Any]) -> Any:
        def restricted(*entries: Any) -> list[Any]:
            full = list(operands)
            for i, entry in zip(chosen, entries, strict=True):
                full[i] = tap(i, entry)
            outs = equation.bind(*full)
            return [outs[j] for j in live]

        outs, back = jax.vjp(restricted, *(operands[i] for i in chosen))
        return back(outs)

    jax.eval_shape(pull, list(values))
    return tuple(i for i in chosen if i in called)


def _reach(graph: Graph, inputs: Sequence[int]) -> list[int]:
    """Masks of the outputs, given masks of the inputs."""
    masks = [0] * len(graph.vertices)
    for number, mask in zip(graph.inputs, inputs, strict=True):
        masks[number] = mask
    for equation in graph.equations:
        operands = [masks[o] if isinstance(o, int) else 0 for o in equation.operands]
        if any(operands):
            for number, mask in zip(equation.results, _across(equation, operands), strict=True):
                masks[number] = mask
    return [masks[o] if isinstance(o, int) else 0 for o in graph.outputs]


def _across(equation: Equation, operands: Sequence[int]) -> list[int]:
    bodies = equation.bodies
    match equation.kind:
        case "jit" | "remat" | "custom_jvp" | "custom_vjp":
            return _reach(bodies[0].graph, operands)
        case "cond":
            branches = [_reach(body.graph, operands[1:]) for body in bodies]
            return [_union(masks) for masks in zip(*branches, strict=True)]
        case "scan":
            return _fixed_point(bodies[0], operands, equation.params["num_consts"], equation.params["num_carry"])
        case "while":
            skip = equation.params["cond_nconsts"]
            constants = equation.params["body_nconsts"]
            return _fixed_point(bodies[1], operands[skip:], constants, len(operands) - skip - constants)
        case _:
            return [_union(operands)] * len(equation.results)


def _fixed_point(body: Body, operands: Sequence[int], constants: int, carried: int) -> list[int]:
    carry = list(operands[constants : constants + carried])
    while True:
        outputs = _reach(body.graph, [*operands[:constants], *carry, *operands[constants + carried :]])
        grown = [a | b for a, b in zip(carry, outputs, strict=False)]
        if grown == carry:
            return [*carry, *outputs[carried:]]
        carry = grown


def _union(masks: Sequence[int]) -> int:
    total = 0
    for mask in masks:
        total |= mask
    return total
