"""Structured blocks with their numbers: products by one contraction, sums, and the dense array at the end.

Everything is plain JAX, so it runs under `jit`, `vmap` and further differentiation. Contractions ask for the highest
precision: most of them stand for elementwise products, which JAX never rounds. A relation's entries are fetched by
slices where they lie side by side (a stencil), else by one gather.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# (JAX's own signatures are only partly typed.)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Shaped

from difflab.core.algebra import Fit, join, plain, product
from difflab.core.factors import Spread, densified
from difflab.core.opaque import LinearMap
from difflab.core.structure import Structure
from difflab.core.taking import taken

Values = Shaped[Array, "..."]

_SHORT = 8
"""Sums of so few products are written out, so that XLA fuses them; longer ones are contractions."""


@dataclass(frozen=True, eq=False)
class Block:
    """A structure and its value: an array, None where the structure has none, a linear map where it is opaque."""

    structure: Structure
    value: Values | LinearMap | None = None

    @property
    def array(self) -> Values | None:
        """The value array of a block that is not opaque."""
        assert not isinstance(self.value, LinearMap), "an opaque block has no array; please report this"
        return self.value


def multiply(left: Block, right: Block, dtype: str) -> Block:
    """`left @ right`; `dtype` is that of constants which must become arrays."""
    plan = product(left.structure, right.structure)
    if plan.applied in ("push", "pull"):
        return Block(plan.structure, _applied(left, right, plan.applied, dtype))
    left, right = materialised(left), materialised(right)
    if plan.left_labels is None and plan.right_labels is None:
        return Block(plan.structure)
    a = _prepared(left, plan.left, dtype) if plan.left_labels is not None else None
    b = _prepared(right, plan.right, dtype) if plan.right_labels is not None else None
    if a is None or b is None:
        value, labels = (a, plan.left_labels) if b is None else (b, plan.right_labels)
        assert value is not None and labels is not None, "one factor has an array; please report this"
        found = _scaled(_contract(value, labels, plan.labels), plan.scale)
    else:
        assert plan.left_labels is not None and plan.right_labels is not None, "both have labels; please report this"
        if a.size <= b.size:
            a = _scaled(a, plan.scale)
        else:
            b = _scaled(b, plan.scale)
        found = _multiply(a, plan.left_labels, b, plan.right_labels, plan.labels)
    return Block(plan.structure, found if plan.after is None else _spread(found, plan.after))


def add(left: Block, right: Block, dtype: str) -> Block:
    """`left + right`, in the least structure that holds both."""
    left, right = materialised(left), materialised(right)
    plan = join(left.structure, right.structure)
    if plan.structure.carried is None:
        return Block(plan.structure)
    return Block(plan.structure, _spreads(left, plan.left, dtype) + _spreads(right, plan.right, dtype))


def materialised(block: Block) -> Block:
    """The block itself, or an opaque block with its array: one application a column or a row."""
    if not isinstance(block.value, LinearMap):
        return block
    return Block(plain(block.structure), block.value.array().reshape(block.structure.value_shape))


def to_array(block: Block, dtype: str) -> Values:
    """The dense block, of shape output shape + input shape."""
    block = materialised(block)
    _, spread = densified(block.structure)
    shape = (*block.structure.out_shape, *block.structure.inp_shape)
    return jnp.asarray(_spreads(block, (spread,), dtype), dtype).reshape(shape)


def _applied(left: Block, right: Block, how: str, dtype: str) -> Values:
    """An opaque factor applied to the columns or the rows of the other."""
    opaque, other = (left, right) if how == "push" else (right, left)
    assert isinstance(opaque.value, LinearMap), "an opaque block has a linear map; please report this"
    full, shapes = to_array(other, dtype), (left.structure.out_shape, right.structure.inp_shape)
    if how == "push":
        columns = jnp.moveaxis(full.reshape(-1, prod(shapes[1])), -1, 0)
        found = opaque.value.push(columns.reshape(-1, *left.structure.inp_shape))
        found = jnp.moveaxis(found, 0, -1)
    else:
        found = opaque.value.pull(full.reshape(-1, *right.structure.out_shape))
    return found.reshape([n for shape in shapes for n in shape if n != 1])


def _prepared(block: Block, fit: Fit, dtype: str) -> Values:
    value = _spreads(block, fit.spreads, dtype).reshape(fit.shape)
    labels = list(fit.have)
    for take in fit.takes:
        value, labels = taken(value, labels, take)
    return value


def _spreads(block: Block, spreads: Sequence[Spread], dtype: str) -> Values:
    value = jnp.asarray(block.structure.scale, dtype) if block.array is None else block.array
    for spread in spreads:
        value = _spread(value, spread)
    return value


def _spread(value: Values, how: Spread) -> Values:
    value, labels = value.reshape(how.shape), list(how.have)
    for take in how.takes:
        value, labels = taken(value, labels, take)
    axes = {label: axis for axis, label in enumerate(labels)}
    order = [label for label in how.want if label in axes]
    order += [label for label in labels if label not in order]
    value = _transposed(value, [axes[label] for label in order])
    value = value.reshape([how.sizes[label] if label in axes else 1 for label in how.want])
    full = tuple(how.sizes[label] for label in how.want)
    for row, column in how.deltas:
        on_diagonal = _diagonal(full, how.want.index(row), how.want.index(column))
        value = jnp.where(on_diagonal, value, jnp.zeros((), value.dtype))
    value = jnp.broadcast_to(value, full)
    if how.finish is not None:
        value = _transposed(value.reshape(how.finish), how.order)
    return value.reshape(how.final)


def _transposed(value: Values, order: Sequence[int]) -> Values:
    return value if list(order) == sorted(order) else jnp.transpose(value, order)


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
    return _transposed(value, [left.index(label) for label in wanted])


def _multiply(a: Values, on_a: Sequence[int], b: Values, on_b: Sequence[int], wanted: Sequence[int]) -> Values:
    """One contraction; a plain broadcast product where nothing, or very little, is summed."""
    sizes: dict[Any, int] = dict(zip(on_a, a.shape, strict=True)) | dict(zip(on_b, b.shape, strict=True))
    summed = [label for label in sizes if label not in wanted]
    every = [*wanted, *summed]
    if summed:
        work = prod(sizes.values())
        few = prod(sizes[label] for label in summed) <= _SHORT and work <= _SHORT * max(a.size, b.size)
        if not few or set(on_a) ^ set(on_b) & set(summed):
            return jnp.einsum(a, list(on_a), b, list(on_b), list(wanted), precision=jax.lax.Precision.HIGHEST)
    found = _aligned(a, on_a, every) * _aligned(b, on_b, every)
    return jnp.sum(found, tuple(range(len(wanted), len(every)))) if summed else found


def _aligned(value: Values, labels: Sequence[int], wanted: Sequence[int]) -> Values:
    value = _transposed(value, [labels.index(label) for label in wanted if label in labels])
    missing = [axis for axis, label in enumerate(wanted) if label not in labels]
    return jnp.expand_dims(value, missing) if missing else value
