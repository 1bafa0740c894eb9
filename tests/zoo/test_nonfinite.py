"""The cause of each NaN, shown by taking it away."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab import zoo


def test_the_fact_holds(verify):
    verify()


def true_value(problem, fact, measure):
    value = measure.value(jax.nn.log_softmax, *problem.arguments())
    measure.close(value, fact)


def where_cause(problem, fact, measure):
    assert np.isposinf(jax.grad(jnp.sqrt)(0.0))
    gradient = measure.jacobian(zoo.load("double_where_sqrt"), *problem.arguments(), mode="reverse").ravel()
    measure.close(gradient, (0.0, 0.5, 0.25))


def sinc_cause(problem, fact, measure):
    def cure(x):
        safe = jnp.where(x == 0, 1.0, x)
        return jnp.where(x == 0, 1.0, jnp.sin(safe) / safe)

    gradient = measure.jacobian(cure, *problem.arguments(), mode="reverse").ravel()
    measure.close(gradient, problem.facts["true_jacobian"])


def power_cause(problem, fact, measure):
    base, exponent = problem.arguments()
    assert np.isnan(jnp.log(base))
    measure.close(jax.grad(lambda base: base**2)(base), problem.facts["reverse"][0])
    assert np.isfinite(measure.jacobian(problem, -base, exponent)).all()


def overflow_cause(problem, fact, measure):
    (logits,) = problem.arguments()
    assert np.isposinf(jnp.exp(logits)[0])
    jacobian = measure.jacobian(jax.nn.log_softmax, *problem.arguments(), mode="reverse").ravel()
    measure.close(jacobian, problem.facts["true_jacobian"])


def growth(problem, fact, measure):
    gains = np.linalg.svd(measure.jacobian(problem, mode="reverse")[:, :2], compute_uv=False)
    measure.close(gains, [fact[1]] * 2, digits=1e-9)
    assert fact[1] == pytest.approx(1.5**40, rel=1e-9)


CHECKS = {
    "true_value": true_value,
    ("where_sqrt", "cause"): where_cause,
    ("masked_sinc", "cause"): sinc_cause,
    ("power_of_negative", "cause"): power_cause,
    ("log_softmax_overflow", "cause"): overflow_cause,
    "growth": growth,
}
