"""Accuracy: digits counted against mpmath, and the equations that lose them named."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from difflab.labs.check.accuracy import accuracy
from difflab.labs.check.losses import ADVICE


@pytest.mark.parametrize(
    ("f", "x", "advice"),
    [
        (lambda x: (1 - jnp.cos(x)) / x**2, 1e-3, "sin(x/2)**2"),
        (lambda x: (jnp.exp(x) - 1) / x, 1e-5, "expm1"),
        (lambda x: jnp.sqrt(x**2 + 1) - x, 1e3, "sqrt(x**2 + a) + x"),
        (lambda x: jnp.log(1 + x) / x, 1e-5, "log1p"),
        (lambda x: 1 / (1 - jax.scipy.special.erf(x)), 3.5, "erfc"),
    ],
)
def test_the_equation_that_cancels_is_named_with_its_stable_form(f, x, advice):
    found = accuracy(f, jnp.float32(x))
    assert found.worst > 100
    losses = [loss for some in found.losses.values() for loss in some]
    assert any(advice in loss.advice for loss in losses)
    assert all(loss.source and loss.source.text for loss in losses)
    assert all(loss.after > 16 * loss.before for loss in losses)
    assert "lost" in str(found)


@pytest.mark.parametrize("f", [jnp.sin, lambda x: jnp.expm1(x) / x, lambda x: jnp.var(jnp.stack([x, 2 * x, 5.0]))])
def test_a_stable_program_keeps_its_digits(f):
    found = accuracy(f, jnp.float32(0.7))
    assert found.worst < 16 and not found.losses
    assert (found.digits > 5.5).all() and found.full == pytest.approx(7.2, abs=0.1)


def test_errors_are_those_that_mpmath_finds():
    x = jnp.float32(1e-3)
    found = accuracy(lambda x: (1 - jnp.cos(x)) / x**2, x)
    with mpmath.workdps(60):
        exact = mpmath.diff(lambda x: (1 - mpmath.cos(x)) / x**2, mpmath.mpf(float(x)))
    forward = found.modes["jacfwd"]
    assert forward.values[0, 0] == float(jax.jacfwd(lambda x: (1 - jnp.cos(x)) / x**2)(x))
    assert forward.relative[0, 0] == pytest.approx(float(abs(forward.values[0, 0] - exact) / abs(exact)), rel=1e-6)
    ulp = float(np.spacing(np.float32(abs(float(exact)))))
    assert forward.ulps[0, 0] == pytest.approx(float(abs(forward.values[0, 0] - exact)) / ulp, rel=1e-6)


def test_complex_derivatives_are_measured_in_real_coordinates():
    found = accuracy(lambda z: z * jnp.abs(z), jnp.array(3 + 4j))
    assert found.modes["jacfwd"].values.shape == (2, 2) and found.worst < 8
    assert np.allclose(found.modes["jacfwd"].values, found.modes["jacrev"].values)


def test_an_ill_conditioned_derivative_is_called_that():
    found = accuracy(lambda x: jax.lax.fori_loop(0, 50, lambda _, x: 3.9 * x * (1 - x), x), jnp.float32(0.3))
    assert "half a unit in the last place of x" in str(found)


def test_a_mode_that_jax_lacks_is_left_out():
    found = accuracy(lambda x: jax.lax.while_loop(lambda c: c < 9, lambda c: c * 2, x), 1.0)
    assert set(found.modes) == {"jacfwd"} and "jacrev" in found.missing


def test_every_advice_is_a_sentence():
    assert all(text.split()[0] in ("write", "use", "subtract") for text in ADVICE.values())
