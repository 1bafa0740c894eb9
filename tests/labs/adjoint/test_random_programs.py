"""Programs that nobody chose: random straight-line code with calls, loops and branches, against `jax.vjp`."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from difflab.labs.adjoint import inspect

UNARY = [jnp.sin, jnp.tanh, jnp.exp, jnp.sqrt, jnp.log, jnp.abs, jnp.floor, lax.stop_gradient, jax.nn.relu, jnp.square]
BINARY = [jnp.add, jnp.subtract, jnp.multiply, jnp.divide, jnp.maximum, lambda a, b: jnp.where(a > b, a, b * 2)]
SHAPED = [jnp.cumsum, jnp.sort, lambda a: a[::-1], lambda a: a / jnp.sum(a), lambda a: a.at[0].set(a[1])]


def looped(a, b):
    return lax.scan(lambda c, t: (jnp.sin(c) * t, c + t), a, jnp.stack([b, a, b]))[0]


def branched(a, b):
    return lax.cond(a[0] > b[0], lambda u, v: u * v, lambda u, v: u - jnp.sin(v), a, b)


NESTED = [looped, branched, jax.jit(lambda a, b: a * jnp.cos(b) + a), jax.checkpoint(lambda a, b: jnp.sin(a * b))]
STEP = st.tuples(st.integers(0, 3), st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))


def program(steps, x, y):
    values = [x, y]
    for kind, which, i, j in steps:
        a, b = values[i % len(values)], values[j % len(values)]
        match kind:
            case 0:
                values.append(UNARY[which % len(UNARY)](a))
            case 1:
                values.append(BINARY[which % len(BINARY)](a, b))
            case 2:
                values.append(SHAPED[which % len(SHAPED)](a))
            case _:
                values.append(NESTED[which % len(NESTED)](a, b))
    return values[-1], values[len(values) // 2]


POINTS = st.lists(st.sampled_from([-2.0, -0.5, 0.0, 0.3, 1.0, 4.0]), min_size=3, max_size=3)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(STEP, min_size=1, max_size=9), POINTS, POINTS)
def test_a_random_program_has_the_gradient_of_vjp(steps, x, y):
    def f(x, y):
        return program(steps, x, y)

    with jax.enable_x64(True):
        x, y = np.array(x), np.array(y)
        trace = inspect(f, x, y)
        outs, back = jax.vjp(f, x, y)
        with jax.disable_jit():
            _, plain = jax.vjp(f, x, y)
            unjitted = plain(
                [jnp.ones_like(out) for out in outs] if isinstance(outs, list) else jax.tree.map(jnp.ones_like, outs)
            )
        theirs = back(jax.tree.map(jnp.ones_like, outs))
    for mine, jitted, eager in zip(trace.gradient, theirs, unjitted, strict=True):
        np.testing.assert_array_equal(np.isnan(mine), np.isnan(jitted))
        scale = np.nanmax(np.abs(np.where(np.isfinite(eager), eager, 0.0)), initial=0.0)
        close = [np.allclose(mine, other, rtol=1e-13, atol=1e-15 * scale, equal_nan=True) for other in (jitted, eager)]
        assert any(close), (mine, jitted, eager)
