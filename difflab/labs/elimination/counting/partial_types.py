"""Which sparsity type AlphaGrad gives the local partial of an equation: its rules, one family of primitives a function.

A number counts as 1 × 1, a vector as n × 1, a matrix as n × m; there is nothing above. Where the rules do not describe
the Jacobian (an operand of one row or column that is broadcast, a matrix times a number), they are kept: the
figures of the literature hold for them.

Source: Lohoff & Neftci 2024, arXiv:2406.05027; the rules of its public program, `vertexgame/interpreter`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from difflab.core.errors import UnsupportedError
from difflab.core.graph import Equation
from difflab.labs.elimination.counting.sparsity import COPY, MOVE

Shape = tuple[int, ...]
Pair = tuple[int, int]

NUMBER: Pair = (1, 1)


class Partial(NamedTuple):
    """An edge as AlphaGrad sees it: sparsity type, two output axes, two input axes."""

    kind: int
    o1: int
    o2: int
    p1: int
    p2: int


class Reading(NamedTuple):
    """One operand of an equation: its place, the shapes of all operands and of the result, and the parameters."""

    place: int
    shapes: Sequence[Shape]
    result: Shape
    params: Mapping[str, object]

    @property
    def here(self) -> Pair:
        """The two axes of this operand."""
        return sides(self.shapes[self.place])

    @property
    def out(self) -> Pair:
        """The two axes of the result."""
        return sides(self.result)


def label(equation: Equation, shapes: Sequence[Shape], result: Shape, place: int) -> Partial:
    """The edge from operand `place` of an equation to its result.

    Raises `UnsupportedError` for a primitive that AlphaGrad does not know and for arrays of more than two axes.
    """
    rule = RULES.get(equation.primitive)
    if rule is None:
        raise UnsupportedError(
            f"AlphaGrad's model has no rule for the primitive {equation.primitive!r}{_where(equation)}; "
            "count with 'all_edges', 'nontrivial' or 'flops', which know every primitive"
        )
    if deep := [shape for shape in (*shapes, result) if len(shape) > 2]:
        raise UnsupportedError(
            f"AlphaGrad's model knows numbers, vectors and matrices; {equation.primitive!r}{_where(equation)} has an "
            f"array of shape {deep[0]}: count with 'all_edges', 'nontrivial' or 'flops'"
        )
    reading = Reading(place, shapes, result, equation.params)
    first = sides(shapes[0]) if equation.primitive == "concatenate" else reading.here
    return Partial(rule(reading), *reading.out, *first)


def sides(shape: Shape) -> Pair:
    """A shape as two axes: vectors are columns, a single entry is a number."""
    if len(shape) == 1:
        return (shape[0], 1)
    return NUMBER if all(size == 1 for size in shape) else (shape[0], shape[1])


def _axes(shape: Shape) -> Pair:
    """The same with 0 for an axis that is not there."""
    if len(shape) == 1:
        return (shape[0], 0)
    return (0, 0) if all(size == 1 for size in shape) else (shape[0], shape[1])


def _elementwise(reading: Reading) -> int:
    return 1 if reading.here == NUMBER else 6


def _binary(reading: Reading) -> int:
    rows, columns = reading.here
    other = sides(reading.shapes[1 - reading.place])
    if reading.here == NUMBER:
        return 1
    if columns == 1:
        return -2 if reading.out[1] == 1 and other == NUMBER else 2
    if rows == 1:
        return -3 if reading.out[0] == 1 and other == NUMBER else 3
    if other[1] == 1:
        return -8
    return 8 if other[0] == 1 else 6


_MATRIX_TIMES_MATRIX = {(1, 0): (-2, -3), (1, 1): (-2, -5), (0, 0): (-4, -3), (0, 1): (-4, -5)}
_VECTOR_TIMES_ROW = {(0, 1): (-3, -2), (1, 0): (-2, -3)}


def _matmul(reading: Reading) -> int:
    contracted: tuple[tuple[Sequence[int], Sequence[int]], object] = reading.params["dimension_numbers"]  # type: ignore[assignment]
    (left, right), _ = contracted
    if not left:
        raise UnsupportedError("AlphaGrad's model has no rule for an outer product by dot_general; write it as x * y")
    over = left[0], right[0]
    a, b = map(_axes, reading.shapes)
    types = (1, 1)
    if a[0] > 0 and a[1] == 0:
        if b[1] > 0:
            types = _VECTOR_TIMES_ROW.get(over, (1, 1)) if b[0] == 1 else (-4, -3)
        elif b[0] == 0:
            types = (-4, -3)
    elif b[0] > 0:
        types = (-2, 1) if b[1] == 0 else _MATRIX_TIMES_MATRIX.get(over, (1, 1))
    return types[reading.place]


def _sum(reading: Reading) -> int:
    axes: Sequence[int] = reading.params["axes"]  # type: ignore[assignment]
    columns_left = -4 if axes and axes[0] == 0 else -2
    return _reduction(reading, columns_left, -3)


def _extremum(reading: Reading) -> int:
    return _reduction(reading, 2, 3)


def _reduction(reading: Reading, column: int, row: int) -> int:
    here, out = _axes(reading.shapes[reading.place]), _axes(reading.result)
    if min(here) == 0 or out == (0, 0):
        return 1
    if out[1] == 0:
        return column
    return row if out[0] == 1 else 1


def _transposition(reading: Reading) -> int:
    rows, columns = reading.here
    if reading.here == NUMBER:
        return 1
    return -4 if columns == 1 else -5 if rows == 1 else -7


def _broadcast(reading: Reading) -> int:
    return -6 if reading.here == reading.out else -7


def _move(reading: Reading) -> int:
    return MOVE


def _copy(reading: Reading) -> int:
    return COPY


def _where(equation: Equation) -> str:
    return f" ({equation.source})" if equation.source else ""


_FAMILIES: Mapping[Callable[[Reading], int], str] = {
    _elementwise: "neg abs exp log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh integer_pow sqrt "
    "square rsqrt logistic erf custom_jvp_call",
    _binary: "add sub mul div atan2 add_any eq pow max min",
    _matmul: "dot_general",
    _sum: "reduce_sum",
    _extremum: "reduce_max reduce_min",
    _transposition: "transpose",
    _broadcast: "broadcast_in_dim squeeze",
    _move: "reshape slice dynamic_slice dynamic_update_slice concatenate",
    _copy: "convert_element_type",
}

RULES: Mapping[str, Callable[[Reading], int]] = {
    primitive: rule for rule, primitives in _FAMILIES.items() for primitive in primitives.split()
}
"""Primitive → the rule for its type."""
