"""What the systems conserve, and where they rest."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.zoo import dynamics


def test_the_fact_holds(verify):
    verify()


def column_sums(problem, fact, measure):
    cells = problem.facts["outputs"]
    measure.close(measure.jacobian(problem).sum(axis=0), [1.0] * cells + [0.0])


def volume_contraction(problem, fact, measure):
    volume = np.linalg.det(measure.jacobian(problem)[:, :3])
    # Runge-Kutta's own error is of fourth order in the step; in float32 the determinant cancels three digits.
    assert volume == pytest.approx(fact[1], rel=1e-4 if measure.double else 1e-2)
    exact = math.exp(-(10 + 1 + 8 / 3) * dynamics.LORENZ_STEP * dynamics.LORENZ_STEPS)
    assert fact[1] == pytest.approx(exact, rel=1e-6)


def lorenz_equilibrium(problem, fact, measure):
    _, *parameters = problem.arguments()
    # The point is unstable, but half a time unit leaves rounding errors as small as they are.
    measure.close(measure.value(problem, jnp.asarray(fact[1]), *parameters), fact[1], digits=1e-9)


def brusselator_equilibrium(problem, fact, measure):
    activator, inhibitor = (jnp.full(4, level) for level in fact[1])
    measure.close(measure.value(problem, activator, inhibitor), np.zeros(8), scale=1.0)


def area(problem, fact, measure):
    measure.close(np.linalg.det(measure.jacobian(problem)), fact[1])


def reverse_mode_raises(problem, fact, measure):
    with pytest.raises(Exception, match="Reverse-mode differentiation") as caught:
        jax.jacrev(problem)(*problem.arguments())
    assert caught.type.__name__ == fact


CHECKS = {
    "column_sums": column_sums,
    "volume_contraction": volume_contraction,
    ("lorenz_rk4", "equilibrium"): lorenz_equilibrium,
    ("brusselator", "equilibrium"): brusselator_equilibrium,
    "area": area,
    "reverse_mode_raises": reverse_mode_raises,
}
