"""Values that a graph knows without its inputs: constant index arrays, and what is computed from them alone.

JAX writes `x[index]` with a fixed index array as several equations (wrapping of negative numbers, a new axis, the
gather itself). Those on integers alone are run here, so that the gather is seen as the fixed selection that it is.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# (JAX's own signatures are only partly typed.)

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from difflab.core.graph import Equation, Graph, Literal, Operand

_LARGEST = 1 << 24
"""Arrays of more entries are left to run time."""


def _iota(params: Mapping[str, Any]) -> Any:
    shape, axis = params["shape"], params["dimension"]
    along = np.arange(shape[axis]).reshape([-1 if k == axis else 1 for k in range(len(shape))])
    return np.broadcast_to(along.astype(params["dtype"]), shape)


def _broadcast(x: Any, params: Mapping[str, Any]) -> Any:
    places = dict(zip(params["broadcast_dimensions"], x.shape, strict=True))
    return np.broadcast_to(x.reshape([places.get(k, 1) for k in range(len(params["shape"]))]), params["shape"])


IN_NUMPY: Mapping[str, Callable[..., Any]] = {
    "add": lambda p, x, y: x + y,
    "and": lambda p, x, y: x & y,
    "broadcast_in_dim": lambda p, x: _broadcast(x, p),
    "concatenate": lambda p, *xs: np.concatenate(xs, p["dimension"]),
    "convert_element_type": lambda p, x: x.astype(p["new_dtype"]),
    "eq": lambda p, x, y: x == y,
    "ge": lambda p, x, y: x >= y,
    "gt": lambda p, x, y: x > y,
    "iota": lambda p: _iota(p),
    "le": lambda p, x, y: x <= y,
    "lt": lambda p, x, y: x < y,
    "max": lambda p, x, y: np.maximum(x, y),
    "min": lambda p, x, y: np.minimum(x, y),
    "mul": lambda p, x, y: x * y,
    "ne": lambda p, x, y: x != y,
    "or": lambda p, x, y: x | y,
    "reshape": lambda p, x: x.reshape(p["new_sizes"]),
    "squeeze": lambda p, x: x.squeeze(tuple(p["dimensions"])),
    "sub": lambda p, x, y: x - y,
    "transpose": lambda p, x: x.transpose(p["permutation"]),
}
"""What NumPy does on integers exactly as JAX does, without a compilation; checked against JAX in the tests."""


class Constants:
    """Looks integer operands of a graph up; each equation is run at most once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.known: dict[int, Any] = {v: _concrete(value) for v, value in graph.values.items()}
        self.fixed = {v for v, value in self.known.items() if value is not None}
        for equation in graph.equations:
            sizes = [graph.vertices[r].size for r in equation.results]
            dynamic = any(isinstance(o, int) and o not in self.fixed for o in equation.operands)
            if not dynamic and max(sizes, default=0) <= _LARGEST and "callback" not in equation.primitive:
                self.fixed.update(equation.results)

    def literal(self, operand: Operand) -> Literal | None:
        """An integer operand as a literal, if it is known; None for any other."""
        if isinstance(operand, Literal):
            return operand
        vertex = self.graph.vertices[operand]
        if operand not in self.fixed or not vertex.dtype.startswith(("int", "uint", "bool")):
            return None
        try:
            return Literal(self._value(operand), vertex.shape, vertex.dtype)
        except (TypeError, ValueError, NotImplementedError, jax.errors.JAXTypeError):
            self.fixed.discard(operand)
            return None

    def _value(self, vertex: int) -> Any:
        waiting = [vertex]
        while waiting:
            equation = self.graph.vertices[waiting[-1]].equation
            if waiting[-1] in self.known or equation is None:
                waiting.pop()
                continue
            operands = self.graph.equations[equation].operands
            missing = [o for o in operands if isinstance(o, int) and o not in self.known]
            waiting.extend(missing)
            if not missing:
                self._run(equation)
        return np.asarray(self.known[vertex])

    def _run(self, number: int) -> None:
        equation = self.graph.equations[number]
        values = [np.asarray(o.value, o.dtype) if isinstance(o, Literal) else self.known[o] for o in equation.operands]
        if equation.primitive in IN_NUMPY and _whole(equation, values, self.graph):
            result = self.graph.vertices[equation.results[0]]
            with np.errstate(all="ignore"):
                found = np.asarray(IN_NUMPY[equation.primitive](equation.params, *values))
            self.known[equation.results[0]] = found.astype(result.dtype)
            return
        with jax.ensure_compile_time_eval():
            self.known.update(zip(equation.results, equation.bind(*values), strict=True))


def _whole(equation: Equation, values: list[Any], graph: Graph) -> bool:
    """Whether an equation is on integers and booleans alone."""
    kinds = [np.asarray(value).dtype.kind for value in values]
    return set(kinds) <= set("iub") and graph.vertices[equation.results[0]].dtype.startswith(("int", "uint", "bool"))


def _concrete(value: Any) -> Any:
    """The value itself, None if it is traced."""
    try:
        return np.asarray(value) if np.size(value) <= _LARGEST else None
    except (TypeError, ValueError, jax.errors.TracerArrayConversionError):
        return None
