"""Values that a graph knows without its inputs: constant index arrays, and what is computed from them alone.

JAX writes `x[index]` with a fixed index array as several equations (wrapping of negative numbers, a new axis, the
gather itself). Those on integers alone are run here, so that the gather is seen as the fixed selection that it is.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# (JAX's own signatures are only partly typed.)

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from difflab.core.graph import Equation, Graph, Literal, Operand

WHOLE = ("int", "uint", "bool")
"""How the dtypes begin that NumPy computes with as JAX does."""

_LARGEST = 1 << 24
"""Arrays of more entries are left to run time."""


def _iota(params: Mapping[str, Any]) -> Any:
    shape, axis = params["shape"], params["dimension"]
    along = np.arange(shape[axis]).reshape([-1 if k == axis else 1 for k in range(len(shape))])
    return np.broadcast_to(along.astype(params["dtype"]), shape)


def _broadcast(x: Any, params: Mapping[str, Any]) -> Any:
    places = dict(zip(params["broadcast_dimensions"], x.shape, strict=True))
    return np.broadcast_to(x.reshape([places.get(k, 1) for k in range(len(params["shape"]))]), params["shape"])


def _cut(params: Mapping[str, Any]) -> tuple[slice, ...]:
    steps = params["strides"] or [1] * len(params["start_indices"])
    return tuple(map(slice, params["start_indices"], params["limit_indices"], steps))


def _quotient(x: Any, y: Any) -> Any:
    """Rounded towards zero; by zero it is −1, all bits set."""
    by = np.where(y == 0, 1, y)
    whole = x // by
    return np.where(y == 0, np.array(-1).astype(x.dtype), whole + ((x - whole * by != 0) & ((x < 0) != (by < 0))))


def _remainder(x: Any, y: Any) -> Any:
    """With the sign of x; of a division by zero it is x."""
    return np.where(y == 0, x, np.fmod(x, np.where(y == 0, 1, y)))


def _cumulative(x: Any, params: Mapping[str, Any]) -> Any:
    axis, back = params["axis"], slice(None, None, -1 if params["reverse"] else 1)
    along = (slice(None),) * axis + (back,)
    return np.cumsum(x[along], axis, dtype=x.dtype)[along]


IN_NUMPY: Mapping[str, Callable[..., Any]] = {
    "add": lambda p, x, y: x + y,
    "and": lambda p, x, y: x & y,
    "broadcast_in_dim": lambda p, x: _broadcast(x, p),
    "concatenate": lambda p, *xs: np.concatenate(xs, p["dimension"]),
    "convert_element_type": lambda p, x: x.astype(p["new_dtype"]),
    "cumsum": lambda p, x: _cumulative(x, p),
    "div": lambda p, x, y: _quotient(x, y),
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
    "neg": lambda p, x: -x,
    "not": lambda p, x: ~x,
    "or": lambda p, x, y: x | y,
    "reduce_and": lambda p, x: np.bitwise_and.reduce(x, tuple(p["axes"])),
    "reduce_max": lambda p, x: np.max(x, tuple(p["axes"])),
    "reduce_min": lambda p, x: np.min(x, tuple(p["axes"])),
    "reduce_or": lambda p, x: np.bitwise_or.reduce(x, tuple(p["axes"])),
    "reduce_sum": lambda p, x: np.sum(x, tuple(p["axes"]), dtype=x.dtype),
    "rem": lambda p, x, y: _remainder(x, y),
    "reshape": lambda p, x: x.transpose(p.get("dimensions") or range(x.ndim)).reshape(p["new_sizes"]),
    "rev": lambda p, x: np.flip(x, p["dimensions"]),
    "select_n": lambda p, which, *xs: np.choose(which.astype(np.intp), np.broadcast_arrays(*xs)),
    "sign": lambda p, x: np.sign(x),
    "slice": lambda p, x: x[_cut(p)],
    "squeeze": lambda p, x: x.squeeze(tuple(p["dimensions"])),
    "sub": lambda p, x, y: x - y,
    "transpose": lambda p, x: x.transpose(p["permutation"]),
}
"""What NumPy does on integers exactly as JAX does, without a compilation; checked against JAX in the tests."""


_NOT_OF_NOTHING = frozenset({"reduce_max", "reduce_min"})
"""NumPy gives no value of an empty array."""


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
        if operand not in self.fixed or not vertex.dtype.startswith(WHOLE):
            return None
        try:
            value = self._value(operand)
        except _Refused:
            self.fixed.discard(operand)
            return None
        return Literal(value, vertex.shape, vertex.dtype)

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
        found = in_numpy(equation, values, self.graph.vertices[equation.results[0]].dtype if equation.results else "")
        if found is not None:
            self.known[equation.results[0]] = found
            return
        try:
            with jax.ensure_compile_time_eval():
                found = equation.bind(*values)
        except (NameError, NotImplementedError, TypeError, ValueError) as error:
            raise _Refused(f"{equation.primitive} does not run by itself: {error}") from error
        self.known.update(zip(equation.results, found, strict=True))


class _Refused(Exception):
    """JAX does not run an equation outside of its program: no rule, a value being traced, an axis without a mesh."""


def in_numpy(equation: Equation, values: Sequence[Any], dtype: str) -> np.ndarray | None:
    """The result of an equation on integers and booleans alone, where NumPy knows it."""
    function = IN_NUMPY.get(equation.primitive)
    if (
        function is None
        or not dtype.startswith(WHOLE)
        or not all(str(value.dtype).startswith(WHOLE) for value in values)
        or (equation.primitive in _NOT_OF_NOTHING and any(value.size == 0 for value in values))
    ):
        return None
    with np.errstate(all="ignore"):
        return np.asarray(function(equation.params, *map(np.asarray, values))).astype(dtype)


def _concrete(value: Any) -> Any:
    """The value itself, None if it is traced."""
    try:
        return np.asarray(value) if np.size(value) <= _LARGEST else None
    except (TypeError, ValueError, jax.errors.TracerArrayConversionError):
        return None
