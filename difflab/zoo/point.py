"""Say an example point at import, make its arrays when it is asked for."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Scalar = Float[Array, ""]
"""One real number as a JAX array."""


def at(*arguments: Any) -> Callable[[], tuple[Any, ...]]:
    """Return a callable that makes these arguments as JAX arrays of the default float type.

    Each is a pytree of numbers and NumPy arrays; a tuple or a list is a pytree, not a vector.
    """
    return lambda: tuple(jax.tree.map(lambda leaf: jnp.array(leaf, dtype=float), arguments))
