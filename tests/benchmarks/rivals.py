"""What one uses to check a derivative without difflab: JAX's own test, and difference quotients with a lucky step.

`check_grads` runs with its defaults. The difference quotient gets for each entry the best step of eleven: the one whose
result is nearest to what it is to be compared with, which no one can know beforehand. Both use check_grads' own
tolerances, 2e-3 in single and 1e-5 in double precision.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
from jax.test_util import check_grads

STEPS = [10.0**-k for k in range(1, 12)]


def check_grads_passes(f: Callable[..., Any], arguments: tuple[Any, ...], order: int = 1) -> bool | None:
    """Whether check_grads with its defaults lets the function pass; None where it cannot run."""
    function, inexact = _of_inexact(f, arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check_grads(function, inexact, order)
    except AssertionError:
        return False
    except Exception:  # a mode that JAX does not have, or a dtype that it does not difference
        return None
    return True


def best_difference_passes(f: Callable[..., Any], arguments: tuple[Any, ...]) -> bool | None:
    """Whether central differences, each entry at its luckiest step, confirm the Jacobian; None where they cannot."""
    function, inexact = _of_inexact(f, arguments)
    flat, unflatten = jax.flatten_util.ravel_pytree(inexact)
    if jnp.issubdtype(flat.dtype, jnp.complexfloating):
        return None

    def vector(x: Any) -> Any:
        leaves = [
            jnp.ravel(y) for y in jax.tree.leaves(function(*unflatten(x))) if jnp.issubdtype(y.dtype, jnp.floating)
        ]
        return jnp.concatenate(leaves) if leaves else jnp.zeros(0)

    try:
        claimed = np.asarray(_jacobian(vector)(flat))
    except Exception:  # complex results, or no derivative of either mode
        return None
    tolerance = 2e-3 if flat.dtype == jnp.float32 else 1e-5
    run = jax.jit(jax.vmap(vector))
    for j in range(min(len(flat), 200)):
        steps = np.asarray(STEPS, flat.dtype)
        beside = np.repeat(np.asarray(flat)[None], 2 * len(steps), axis=0)
        beside[:, j] += np.concatenate([steps, -steps])
        values = np.asarray(run(beside))
        width = (beside[: len(steps), j] - beside[len(steps) :, j])[:, None]
        with np.errstate(all="ignore"):
            quotient = (values[: len(steps)] - values[len(steps) :]) / width
            off = np.abs(quotient - claimed[None, :, j]) / (1 + np.abs(claimed[None, :, j]))
        if not (np.nanmin(off, axis=0, initial=np.inf) <= tolerance).all():
            return False
    return True


def _jacobian(vector: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def found(x: Any) -> Any:
        try:
            return jax.jacrev(vector)(x)
        except ValueError:  # a while loop has no reverse mode
            return jax.jacfwd(vector)(x)

    return found


def _of_inexact(f: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The function of its floating and complex leaves alone, as check_grads needs it."""
    leaves, tree = jax.tree.flatten(arguments)
    leaves = [jnp.asarray(x) if not hasattr(x, "dtype") or x.dtype != jnp.float32 else x for x in leaves]
    chosen = [k for k, x in enumerate(leaves) if jnp.issubdtype(jnp.asarray(x).dtype, jnp.inexact)]

    def function(*given: Any) -> Any:
        full = list(leaves)
        for k, x in zip(chosen, given, strict=True):
            full[k] = x
        return f(*jax.tree.unflatten(tree, full))

    return function, tuple(jnp.asarray(leaves[k]) for k in chosen)
