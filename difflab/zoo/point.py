"""Say an example point at import, make its arrays when it is asked for; and many points around it."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

Scalar = Float[Array, ""]
"""One real number as a JAX array."""


def at(*arguments: Any) -> Callable[[], tuple[Any, ...]]:
    """Return a callable that makes these arguments as JAX arrays of the default float type.

    Each is a pytree of numbers and NumPy arrays; a tuple or a list is a pytree, not a vector.
    """
    return lambda: tuple(jax.tree.map(lambda leaf: jnp.array(leaf, dtype=float), arguments))


def around(*arguments: Any, by: float, shared: Sequence[int] = ()) -> Callable[[int, int], tuple[Any, ...]]:
    """Return `sample(batch, seed)`: arguments near these, each entry times 1 ± `by`, with a first axis for the batch.

    Those whose positions are `shared` are as they are.
    """

    def sample(batch: int, seed: int) -> tuple[Any, ...]:
        # RandomState and not jax.random: its stream is frozen, and is the same in float32 and in float64.
        random = np.random.RandomState(seed)
        near = [
            base if k in shared else base * (1 + by * random.uniform(-1, 1, (batch, *base.shape)))
            for k, base in enumerate(map(np.asarray, arguments))
        ]
        return tuple(jnp.array(one, dtype=float) for one in near)

    return sample
