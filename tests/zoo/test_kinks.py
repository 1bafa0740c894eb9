"""What JAX chose at each kink or cut, and the cause, shown by taking it away."""

import jax
import jax.numpy as jnp
import numpy as np


def test_the_fact_holds(verify):
    verify()


def norm_cause(problem, fact, measure):
    direction = np.array([0.48, 0.6, -0.64])
    measure.close(measure.jacobian(problem, jnp.asarray(direction * 1e-3)), [direction])
    measure.close(measure.jacobian(problem, jnp.asarray(direction * -1e-3)), [-direction])


def norm_squared_cause(problem, fact, measure):
    gradient = measure.jacobian(lambda x: jnp.sum(x**2), *problem.arguments(), mode="reverse").ravel()
    measure.close(gradient, problem.facts["true_jacobian"])


def dead_units(problem, fact, measure):
    inputs, weight, bias = problem.arguments()
    _, weight_bar, bias_bar = jax.grad(problem, argnums=(0, 1, 2))(inputs, weight, bias)
    dead = [unit for unit in range(len(bias)) if not np.any(weight_bar[unit]) and bias_bar[unit] == 0]
    assert tuple(dead) == problem.facts["dead_units"]
    assert tuple(np.flatnonzero(np.asarray(weight @ inputs + bias) < 0)) == problem.facts["dead_units"]


def argmax_cause(problem, fact, measure):
    scores, _ = problem.arguments()
    assert jnp.issubdtype(jnp.argmax(scores).dtype, jnp.integer)
    gradient = measure.jacobian(lambda s, v: jax.nn.softmax(s) @ v, *problem.arguments(), mode="reverse").ravel()
    assert np.all(np.abs(gradient[: len(scores)]) > 0.01)


def straight_through_cause(problem, fact, measure):
    jacobian = measure.jacobian(lambda x: x + (jnp.round(x) - x), *problem.arguments(), mode="reverse").ravel()
    measure.close(jacobian, problem.facts["true_jacobian"])


def stopped_cause(problem, fact, measure):
    gradient = measure.jacobian(lambda x: x * x, *problem.arguments(), mode="reverse").ravel()
    measure.close(gradient, problem.facts["true_jacobian"])


CHECKS = {
    ("norm_at_zero", "cause"): norm_cause,
    ("norm_squared_at_zero", "cause"): norm_squared_cause,
    ("dead_relu", "dead_units"): dead_units,
    ("dead_relu", "cause"): dead_units,
    ("argmax_cut", "cause"): argmax_cause,
    ("straight_through", "cause"): straight_through_cause,
    ("stopped_square", "cause"): stopped_cause,
}
