"""Linear maps without an array: the derivative of one equation, applied to columns or rows by JAX's own rules.

A loop, a linear solve or a Fourier transform has no structure to write down, but one application costs no more than a
few times the equation itself. Columns are pushed through `jax.jvp`, rows pulled through `jax.vjp`, many at a time by
`vmap`. Where JAX has no rule in one mode, the map is made dense in the other. This is the matrix-free elimination of
Naumann, "Elimination techniques for Jacobian chain products" (arXiv 2406.11862, 2024).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# (JAX's own signatures are only partly typed.)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Shaped

from difflab.core.graph import Equation
from difflab.core.probe import REFUSALS, unsupported

Values = Shaped[Array, "..."]


@dataclass(frozen=True, eq=False)
class LinearMap:
    """The derivative of `function` at `point`; `equation` is what it stands for.

    `push` maps tangents stacked along a first axis to their images, `pull` cotangents.
    """

    function: Callable[[Values], Values] = field(repr=False)
    point: Values
    equation: Equation

    def push(self, columns: Values) -> Values:
        """Tangents along a first axis → their images."""

        def by_rows() -> Values:
            block = self._rows()
            found = _product(columns.reshape(len(columns), -1), block.reshape(-1, self.point.size).T)
            return found.reshape(len(columns), *block.shape[: block.ndim - self.point.ndim])

        return self._either(lambda: self._push(columns), by_rows)

    def pull(self, rows: Values) -> Values:
        """Cotangents along a first axis → their images."""

        def by_columns() -> Values:
            found = _product(rows.reshape(len(rows), -1), self._columns().reshape(-1, self.point.size))
            return found.reshape(len(rows), *self.point.shape)

        return self._either(lambda: self._pull(rows), by_columns)

    def array(self) -> Values:
        """The dense block, output axes before input axes, by the mode that takes fewer applications."""
        few_rows = jax.eval_shape(self.function, self.point).size < self.point.size
        return self._either(self._rows, self._columns) if few_rows else self._either(self._columns, self._rows)

    def _push(self, columns: Values) -> Values:
        return jax.vmap(lambda tangent: jax.jvp(self.function, (self.point,), (tangent,))[1])(columns)

    def _pull(self, rows: Values) -> Values:
        pull = jax.vjp(self.function, self.point)[1]
        return jax.vmap(lambda cotangent: pull(cotangent)[0])(rows)

    def _columns(self) -> Values:
        return jnp.moveaxis(self._push(_units(self.point.shape, self.point.dtype)), 0, -1).reshape(
            *jax.eval_shape(self.function, self.point).shape, *self.point.shape
        )

    def _rows(self) -> Values:
        result = jax.eval_shape(self.function, self.point)
        return self._pull(_units(result.shape, result.dtype)).reshape(*result.shape, *self.point.shape)

    def _either(self, first: Callable[[], Values], second: Callable[[], Values]) -> Values:
        try:
            return first()
        except REFUSALS as refusal:
            try:
                return second()
            except REFUSALS:
                raise unsupported(self.equation, refusal) from refusal


def _units(shape: tuple[int, ...], dtype: Any) -> Values:
    return jnp.eye(prod(shape), dtype=dtype).reshape(prod(shape), *shape)


def _product(a: Values, b: Values) -> Values:
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)
