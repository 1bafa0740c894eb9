"""Structured blocks with their numbers: products by one contraction, sums, and the dense array at the end.

Everything is plain JAX, so it runs under `jit`, `vmap` and further differentiation. Contractions ask for the highest
precision: most of them stand for elementwise products, which JAX never rounds.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# (JAX's own signatures are only partly typed.)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Shaped

from difflab.core.algebra import Fit, join, product
from difflab.core.structure import Spread, Structure, densified

Values = Shaped[Array, "..."]


@dataclass(frozen=True, eq=False)
class Block:
    """A structure and its value array (None where the structure has none)."""

    structure: Structure
    value: Values | None = None


def multiply(left: Block, right: Block, dtype: str) -> Block:
    """`left @ right`; `dtype` is that of constants which must become arrays."""
    plan = product(left.structure, right.structure)
    if plan.left_labels is None and plan.right_labels is None:
        return Block(plan.structure)
    a = _prepared(left, plan.left, dtype) if plan.left_labels is not None else None
    b = _prepared(right, plan.right, dtype) if plan.right_labels is not None else None
    if a is None or b is None:
        value, labels = (a, plan.left_labels) if b is None else (b, plan.right_labels)
        assert value is not None and labels is not None, "one factor has an array; please report this"
        return Block(plan.structure, _scaled(_contract(value, labels, plan.labels), plan.scale))
    assert plan.left_labels is not None and plan.right_labels is not None, "both have labels; please report this"
    if a.size <= b.size:
        a = _scaled(a, plan.scale)
    else:
        b = _scaled(b, plan.scale)
    return Block(plan.structure, _multiply(a, plan.left_labels, b, plan.right_labels, plan.labels))


def add(left: Block, right: Block, dtype: str) -> Block:
    """`left + right`, in the least structure that holds both."""
    plan = join(left.structure, right.structure)
    if plan.structure.carried is None:
        return Block(plan.structure)
    return Block(plan.structure, _spread(left, plan.left, dtype) + _spread(right, plan.right, dtype))


def to_array(block: Block, dtype: str) -> Values:
    """The dense block, of shape output shape + input shape."""
    _, spread = densified(block.structure)
    shape = (*block.structure.out_shape, *block.structure.inp_shape)
    return jnp.asarray(_spread(block, spread, dtype), dtype).reshape(shape)


def _prepared(block: Block, fit: Fit, dtype: str) -> Values:
    return _spread(block, fit.spread, dtype).reshape(fit.shape)


def _spread(block: Block, how: Spread | None, dtype: str) -> Values:
    value = block.value
    if value is None:
        value = jnp.asarray(block.structure.scale, dtype)
    if how is None:
        return value
    axes = {label: axis for axis, label in enumerate(how.have)}
    order = [label for label in how.want if label in axes]
    value = jnp.transpose(value.reshape(how.shape), [axes[label] for label in order])
    value = value.reshape([how.sizes[label] if label in axes else 1 for label in how.want])
    full = tuple(how.sizes[label] for label in how.want)
    for row, column in how.deltas:
        on_diagonal = _diagonal(full, how.want.index(row), how.want.index(column))
        value = jnp.where(on_diagonal, value, jnp.zeros((), value.dtype))
    return jnp.broadcast_to(value, full).reshape(how.final)


def _diagonal(shape: tuple[int, ...], row: int, column: int) -> Values:
    """Where the indices along two axes are equal; the other axes have size 1."""
    sizes = [size if axis in (row, column) else 1 for axis, size in enumerate(shape)]
    return jax.lax.broadcasted_iota("int32", sizes, row) == jax.lax.broadcasted_iota("int32", sizes, column)


def _scaled(value: Values, scale: int) -> Values:
    if scale == 1:
        return value
    return -value if scale == -1 else value * jnp.asarray(scale, value.dtype)


def _contract(value: Values, labels: Sequence[int], wanted: Sequence[int]) -> Values:
    """Sum over the labels that are not wanted, and put the others in order."""
    gone = tuple(axis for axis, label in enumerate(labels) if label not in wanted)
    value = jnp.sum(value, gone) if gone else value
    left = [label for label in labels if label in wanted]
    return jnp.transpose(value, [left.index(label) for label in wanted])


def _multiply(a: Values, on_a: Sequence[int], b: Values, on_b: Sequence[int], wanted: Sequence[int]) -> Values:
    """One contraction; a plain broadcast product where nothing is summed."""
    if set(wanted) >= {*on_a, *on_b}:
        return _aligned(a, on_a, wanted) * _aligned(b, on_b, wanted)
    return jnp.einsum(a, list(on_a), b, list(on_b), list(wanted), precision=jax.lax.Precision.HIGHEST)


def _aligned(value: Values, labels: Sequence[int], wanted: Sequence[int]) -> Values:
    order = [labels.index(label) for label in wanted if label in labels]
    value = jnp.transpose(value, order) if order != sorted(order) else value
    missing = [axis for axis, label in enumerate(wanted) if label not in labels]
    return jnp.expand_dims(value, missing) if missing else value
