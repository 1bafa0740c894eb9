"""Proof that a function with a rule of its own (custom_jvp, custom_vjp) is elementwise: `jax.nn.relu`, `softplus`.

The user's rule may do anything, so the body proves nothing. What is read is the *derivative program*, traced by JAX: if
every step from the arrays to the tangents (or cotangents) is elementwise, then so is the Jacobian.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# (JAX's own signatures are only partly typed.)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax

from difflab.core.capture import capture_flat
from difflab.core.graph import Equation, Graph, Literal, Operand, Vertex
from difflab.core.inline import inline
from difflab.core.partials import ELEMENTWISE, IDENTITY, ZERO

PROVABLE = frozenset({"call", "custom_jvp", "custom_vjp", "jit", "remat"})
"""Kinds of equations whose derivative program is read."""

COMPARISONS = frozenset("and eq ge gt is_finite le lt ne not or xor real imag conj complex".split())
"""Elementwise, without a derivative of interest here."""


def is_pointwise(equation: Equation, operands: Sequence[Vertex | Literal], results: Sequence[Vertex]) -> bool:
    """Whether the derivative of a custom rule, or of a call that is kept closed, provably acts entry by entry."""
    if equation.kind not in PROVABLE:
        return False
    shape = results[0].shape if results else ()
    if not shape or any(vertex.shape != shape for vertex in results):
        return False
    if any(operand.shape not in (shape, ()) for operand in operands):
        return False
    return _proved(_derivative_program(equation, operands, results), shape)


def _derivative_program(
    equation: Equation, operands: Sequence[Vertex | Literal], results: Sequence[Vertex]
) -> Graph | None:
    """The traced tangents or cotangents, as a function of primals and seeds; None where tracing fails."""
    moving = [
        k for k, operand in enumerate(operands) if isinstance(operand, Vertex) and operand.inexact and operand.shape
    ]
    live = [k for k, vertex in enumerate(results) if vertex.inexact]

    def tangents(*values: Any) -> Any:
        primals, seeds = values[: len(operands)], values[len(operands) :]

        def function(*chosen: Any) -> list[Any]:
            full = list(primals)
            for k, value in zip(moving, chosen, strict=True):
                full[k] = value
            found = equation.bind(*full)
            return [found[k] for k in live]

        at = [primals[k] for k in moving]
        return jax.vjp(function, *at)[1](list(seeds)) if reverse else jax.jvp(function, at, list(seeds))[1]

    reverse = equation.kind == "custom_vjp"
    seeded = [results[k] for k in live] if reverse else [operands[k] for k in moving]
    given = [jax.ShapeDtypeStruct(v.shape, jax.numpy.dtype(v.dtype)) for v in (*operands, *seeded)]
    try:
        traced = capture_flat(tangents, given, equation.primitive)
    except (NotImplementedError, TypeError, ValueError):  # no rule in this mode, or the author's refuses
        return None
    return inline(traced).graph


def _proved(graph: Graph | None, shape: tuple[int, ...]) -> bool:
    """Whether entry i of every output depends on entry i alone of each input of this shape (and on scalars)."""
    if graph is None:
        return False
    moving = {v for v in graph.inputs if graph.vertices[v].shape}

    def extent(operand: Operand) -> tuple[int, ...]:
        return graph.vertices[operand].shape if isinstance(operand, int) else operand.shape

    for equation in graph.equations:
        if moving.isdisjoint(operand for operand in equation.operands if isinstance(operand, int)):
            continue
        known = equation.primitive in ELEMENTWISE | COMPARISONS | IDENTITY | ZERO
        if not (known or _elementwise_body(equation, shape)):
            return False
        if any(extent(operand) not in (shape, ()) for operand in (*equation.operands, *equation.results)):
            return False
        moving.update(equation.results)
    return all(extent(output) == shape for output in graph.outputs)


def _elementwise_body(equation: Equation, shape: tuple[int, ...]) -> bool:
    if equation.kind not in ("custom_jvp", "custom_vjp"):
        return False
    return _proved(inline(equation.bodies[0].graph).graph, shape)
