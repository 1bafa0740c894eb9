"""The rows of an array: what a scan reads one at a time and stacks up again. Keys have rows, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .tape import is_key


def stacked(arrays: Sequence[Any], shape: tuple[int, ...], dtype: str) -> Any:
    """Stack rows to an array of this shape and dtype."""
    if not arrays:
        return jnp.zeros(shape, dtype)
    if is_key(arrays[0]):
        data = np.stack([np.asarray(jax.random.key_data(array)) for array in arrays])
        return jax.random.wrap_key_data(jnp.asarray(data), impl=jax.random.key_impl(arrays[0]))
    return jnp.asarray(np.stack([np.asarray(array) for array in arrays]))


@jax.jit
def row(array: Any, t: Any) -> Any:
    """Row `t` of an array of numbers or keys; compiled once a shape, whatever `t`."""
    return array[t]
