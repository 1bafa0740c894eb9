"""Remarks: what a reader of a verdict should know, and nothing on functions where there is nothing."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.call import call
from difflab.labs.check.findings import REMARKS
from difflab.labs.check.lint import remarks
from difflab.labs.check.problem import problem
from tests.labs.check.planted import V, reverse

RANDOM = np.random.default_rng(0)
KINDS: dict[str, tuple[Callable[..., Any], tuple[Any, ...], list[str]]] = {
    "integer": (lambda x, n: x**n, (2.0, 3), ["integer input"]),
    "stop_gradient": (lambda x: jax.lax.stop_gradient(x) * x, (3.0,), ["by design"]),
    "straight through": (lambda x: x + jax.lax.stop_gradient(jnp.round(x) - x), (V,), ["by design"]),
    "stop_gradient that changes nothing": (jax.nn.logsumexp, (V,), []),
    "key": (lambda x, key: x * jax.random.normal(key, (3,)), (V, jax.random.key(0)), ["randomness"]),
    "print": (lambda x: (jax.debug.print("{}", x), x * 2)[1], (V,), ["side effect"]),
    "Python's randomness": (lambda x: x * RANDOM.normal(), (V,), ["nondeterministic"]),
    "random constants": (lambda x: x * RANDOM.normal(size=3), (V,), ["nondeterministic"]),
    "NaN": (jnp.log, (V,), ["not finite"]),
    "NaN in the derivative": (lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0), (0.0,), ["not finite"]),
    "while": (lambda x: jax.lax.while_loop(lambda c: c < 10, lambda c: c * 2, x), (1.0,), []),
    "reverse only": (reverse(jnp.sin, lambda r, c: (c * jnp.cos(r[0]),)), (V,), ["missing mode"]),
    "complex": (lambda z: z * jnp.conj(z), (np.complex64(1 + 2j),), []),
    "plain": (lambda x: jnp.sin(x) * x, (V,), []),
}


@pytest.mark.parametrize("name", KINDS)
def test_each_function_gets_the_remarks_that_it_deserves(name: str):
    f, args, kinds = KINDS[name]
    found = remarks(problem(call(f, *args)))
    assert [finding.kind for finding in found] == kinds
    assert all(f.kind in REMARKS and f.severity in ("info", "warning") for f in found)


def test_an_impure_callback_is_seen_to_give_other_bits():
    def impure(v: Any) -> Any:
        return np.float32(RANDOM.normal()) * np.ones_like(v)

    def f(x: Any) -> Any:
        return x + jax.pure_callback(impure, jax.ShapeDtypeStruct((3,), jnp.float32), jax.lax.stop_gradient(x))

    kinds = [finding.kind for finding in remarks(problem(call(f, V)))]
    assert kinds[:2] == ["side effect", "nondeterministic"]


def test_effects_are_never_run():
    ran: list[Any] = []

    def f(x: Any) -> Any:
        jax.debug.callback(ran.append, x)
        return jax.lax.stop_gradient(x) * x

    assert [finding.kind for finding in remarks(problem(call(f, V)))] == ["side effect"]
    assert ran == []


def test_the_other_slope_of_a_straight_through_estimator_is_told():
    (finding,) = remarks(problem(call(lambda x: x + jax.lax.stop_gradient(jnp.round(x) - x), 0.3)))
    assert finding.details["value"] == 0
    assert finding.source is not None
