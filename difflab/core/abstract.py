"""A graph handed back to JAX: values as shapes without numbers, and the whole program run equation by equation."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax

from difflab.core.graph import Graph, Literal, Operand, Vertex

_KEYS = {"key<fry>": "threefry2x32", "key<rbg>": "rbg", "key<urbg>": "unsafe_rbg"}


def abstract(of: Vertex | Literal) -> jax.ShapeDtypeStruct:
    """Shape and dtype of a value, as JAX takes them in place of an array; PRNG keys included."""
    if of.dtype in _KEYS:
        key = jax.eval_shape(lambda: jax.random.key(0, impl=_KEYS[of.dtype]))
        return jax.ShapeDtypeStruct(of.shape, key.dtype)
    return jax.ShapeDtypeStruct(of.shape, jax.numpy.dtype(of.dtype))


def run(graph: Graph, inputs: Sequence[Any]) -> list[Any]:
    """Execute a graph with JAX; it may be traced, lowered and differentiated.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> [float(v) for v in run(graph(lambda x: x * 3.0 + 1.0, 2.0), [2.0])]
    [7.0]
    """
    values: dict[int, Any] = {**dict(zip(graph.inputs, inputs, strict=True)), **graph.values}

    def read(operand: Operand) -> Any:
        return operand.value if isinstance(operand, Literal) else values[operand]

    for equation in graph.equations:
        made = equation.bind(*map(read, equation.operands))
        values.update(zip(equation.results, made, strict=True))
    return [read(output) for output in graph.outputs]
