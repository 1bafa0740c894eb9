"""What a strategy will cost, read from the program that it emits: multiplications, operations, bytes, and one figure.

The strategy is traced at shapes alone. `work` weighs operations by what they cost on processors of today, in units of
one elementwise multiplication: a matrix product is cheaper by the entry, a logarithm or a scattered access dearer. It
ranks programs; it does not tell seconds.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.capture import capture_flat
from difflab.core.graph import Equation, Graph
from difflab.core.inline import inline
from difflab.labs.elimination.execution.task import Task

FREE = frozenset(
    "broadcast_in_dim copy copy_p iota reshape squeeze stop_gradient optimization_barrier convert_element_type".split()
)
"""What costs nothing once XLA has fused it."""

MOVES = frozenset("concatenate pad rev select_n slice dynamic_slice split stack tile transpose unstack".split())
SCATTERED = frozenset(
    "gather scatter scatter-add scatter-mul scatter-min scatter-max dynamic_update_slice sort".split()
)
DEAR: Mapping[str, int] = {
    **dict.fromkeys("div sqrt rsqrt cbrt rem".split(), 4),
    **dict.fromkeys(
        """acos acosh asin asinh atan atan2 atanh cos cosh digamma erf erf_inv erfc exp exp2 expm1 lgamma log log1p
        logistic pow sin sinh tan tanh""".split(),
        8,
    ),
}
"""Elementwise operations that cost more than one multiplication."""

_MATRIX = 0.1
_SCATTER = 4
_MOVE = 0.5
_UNKNOWN = 16
_TRIPS = 10


@dataclass(frozen=True)
class Forecast:
    """Multiplications, operations, bytes written, and the weighted `work`."""

    multiplications: float | int = 0
    flops: float | int = 0
    bytes: float | int = 0
    work: float | int = 0

    def __add__(self, other: Forecast) -> Forecast:
        return Forecast(
            self.multiplications + other.multiplications, self.flops + other.flops,
            self.bytes + other.bytes, self.work + other.work,
        )  # fmt: skip

    def times(self, count: float | int) -> Forecast:
        """The same a number of times."""
        return Forecast(self.multiplications * count, self.flops * count, self.bytes * count, self.work * count)


def forecast(task: Task, program: Callable[[Task], Any]) -> Forecast:
    """The cost of what `program` does with a task, on shapes alone. Raises what tracing it raises."""

    def emitted(*leaves: Any) -> Any:
        moved = Task(replace(task.at, leaves=tuple(leaves)), task.linear, task.count)
        return [leaf for leaf in jax.tree.leaves(program(moved)) if hasattr(leaf, "shape")]

    shapes = [jax.ShapeDtypeStruct(jnp.shape(leaf), jax.dtypes.result_type(leaf)) for leaf in task.at.leaves]
    return _of(inline(capture_flat(emitted, shapes, task.at.name)).graph)


def _of(graph: Graph) -> Forecast:
    """The sum over what some output needs."""
    needed = {o for o in graph.outputs if isinstance(o, int)}
    total = Forecast()
    for equation in reversed(graph.equations):
        if needed.isdisjoint(equation.results):
            continue
        needed.update(o for o in equation.operands if isinstance(o, int))
        total += _one(graph, equation)
    return total


def _one(graph: Graph, equation: Equation) -> Forecast:
    operands = [graph.vertices[o] if isinstance(o, int) else o for o in equation.operands]
    results = [graph.vertices[r] for r in equation.results]
    if equation.bodies:
        return _nested(equation)
    name, size = equation.primitive, sum(vertex.size for vertex in results)
    written = sum(vertex.size * _width(vertex.dtype) for vertex in results)
    if name in FREE:
        return Forecast()
    if name in MOVES:
        return Forecast(bytes=written, work=_MOVE * size)
    if name in SCATTERED:
        return Forecast(bytes=written, work=_SCATTER * size)
    if name == "dot_general":
        (axes, _), _ = equation.params["dimension_numbers"]
        return _products(size * prod(operands[0].shape[axis] for axis in axes), written, size)
    if name == "conv_general_dilated":
        return _products(size * max(prod(operands[1].shape) // max(operands[1].shape), 1), written, size)
    if name.startswith(("reduce", "cum", "arg")):
        read = sum(prod(operand.shape) for operand in operands)
        return Forecast(flops=read, bytes=written, work=read)
    weight = DEAR.get(name, 1 if size == max((prod(o.shape) for o in operands), default=0) else _UNKNOWN)
    return Forecast(size if name in ("mul", "div") else 0, size, written, weight * size)


def _products(count: int, written: int, size: int) -> Forecast:
    return Forecast(count, 2 * count, written, max(_MATRIX * count, size))


def _nested(equation: Equation) -> Forecast:
    inner = [_of(inline(body.graph).graph) for body in equation.bodies]
    if equation.kind == "scan":
        return inner[0].times(equation.bodies[0].count or _TRIPS)
    if equation.kind == "while":
        return sum(inner[1:], inner[0]).times(_TRIPS)
    if equation.kind == "cond":
        return max(inner, key=lambda one: one.work)
    return inner[0]


def _width(dtype: str) -> int:
    try:
        return np.dtype(dtype).itemsize
    except TypeError:
        return 2 if dtype.startswith("bfloat") else 4
