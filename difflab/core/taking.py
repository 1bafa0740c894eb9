"""Entries fetched by fixed indices, in the cheapest way that JAX has: nothing, slices, a gather, or a scatter.

Rows that lie side by side in memory are cut out whole, which XLA fuses with what reads them; a gather it does not.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

# (JAX's own signatures are only partly typed.)

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Shaped

from difflab.core.factors import Take
from difflab.core.relation import Indices

Values = Shaped[Array, "..."]

_RUNS = 8
_SHORTEST_RUN = 32
_MOST_RUNS = 64
"""An index array of few runs, or of more that are long, is cut out in slices."""
_COLUMNS = 8
"""So many terms of a sum are fetched one by one and added."""


def taken(value: Values, labels: Sequence[int], take: Take) -> tuple[Values, list[int]]:
    """Apply one step to an array with labelled axes; the new axes come first."""
    axes = [labels.index(n) for n in take.group]
    rest = [k for k in range(len(labels)) if k not in axes]
    order = [*axes, *rest]
    if order != sorted(order):
        value = jnp.transpose(value, order)
    value = value.reshape((prod(value.shape[: len(axes)]), *value.shape[len(axes) :]))
    if take.index is not None:
        value = _indexed(value, take.index, len(take.made) == 1 or take.parts is not None)
    if take.place is not None:
        empty = jnp.zeros((take.count, *value.shape[1:]), value.dtype)
        value = empty.at[take.place].add(value, mode="promise_in_bounds")
    if take.weights is not None:
        value = _weighted(value, take.weights)
    if take.parts is not None:
        value = value.reshape((*take.parts, *value.shape[1:]))
    return value, [*take.made, *(labels[k] for k in rest)]


def _weighted(value: Values, weights: Indices) -> Values:
    shape = (len(weights), *[1] * (value.ndim - 1))
    masked = jnp.where((weights != 0).reshape(shape), value, jnp.zeros((), value.dtype))
    return masked if weights.max(initial=0) <= 1 else masked * weights.reshape(shape).astype(value.dtype)


def _indexed(value: Values, index: Indices, summed: bool) -> Values:
    width = index.shape[1]
    if summed and width <= _COLUMNS:
        total = fetch(value, index[:, 0])
        for k in range(1, width):
            total = total + fetch(value, index[:, k])
        return total
    if width <= _COLUMNS:
        return jnp.stack([fetch(value, index[:, k]) for k in range(width)], 1)
    found = fetch(value, index.reshape(-1)).reshape(*index.shape, *value.shape[1:])
    return jnp.sum(found, 1) if summed else found


def fetch(value: Values, index: Indices) -> Values:
    """Rows of an array by number, zeros where the number is −1."""
    if np.array_equal(index, np.arange(value.shape[0])):
        return value
    if not len(index):
        return value[:0]
    if (index == index[0]).all() and index[0] >= 0:
        return jnp.broadcast_to(value[int(index[0])], (len(index), *value.shape[1:]))
    starts = _runs(index)
    if len(starts) <= max(_RUNS, min(_MOST_RUNS, len(index) // _SHORTEST_RUN)):
        pieces = [_piece(value, index[a:b]) for a, b in zip(starts, [*starts[1:], len(index)], strict=True)]
        return pieces[0] if len(pieces) == 1 else jnp.concatenate(pieces)
    found = value.at[np.maximum(index, 0)].get(mode="promise_in_bounds")
    return _weighted(found, (index >= 0).astype(np.int64)) if index.min(initial=0) < 0 else found


def _runs(index: Indices) -> list[int]:
    """Where runs of −1, or of numbers that go up by one, start."""
    zero = index < 0
    goes_on = (zero[1:] == zero[:-1]) & (zero[1:] | (np.diff(index) == 1))
    return [0, *(np.flatnonzero(~goes_on) + 1).tolist()]


def _piece(value: Values, index: Indices) -> Values:
    if index[0] < 0:
        return jnp.zeros((len(index), *value.shape[1:]), value.dtype)
    return lax.slice_in_dim(value, int(index[0]), int(index[-1]) + 1)
