"""Minimum, Hessian, density and solution, each in closed form."""

import jax
import jax.numpy as jnp
import numpy as np


def test_the_fact_holds(verify):
    verify()


def minimum(problem, fact, measure):
    for dimensions in (2, 4, 7):
        ones = jnp.ones(dimensions)
        assert measure.value(problem, ones)[0] == fact[1]
        assert np.all(measure.jacobian(problem, ones) == 0)


def hessian(problem, fact, measure):
    x = np.asarray(*problem.arguments(), float)
    interior = 1200 * x**2 - 400 * np.append(x[1:], 0) + 2
    diagonal = np.append(interior[:-1], 0) + np.append(0, np.full(len(x) - 1, 200.0))
    expected = np.diag(diagonal) + np.diag(-400 * x[:-1], 1) + np.diag(-400 * x[:-1], -1)
    measure.close(measure.jacobian(jax.grad(problem.function), *problem.arguments()), expected)


def translation(problem, fact, measure):
    locations, *rest = problem.arguments()
    measure.close(measure.value(problem, locations + 3.0, *rest), measure.value(problem))
    measure.close(measure.jacobian(problem)[0, : len(locations)].sum(), 0.0, scale=1.0)


def numpy_density(problem, fact, measure):
    x, y, length, amplitude, noise = (np.asarray(a, float) for a in problem.arguments())
    covariance = amplitude**2 * np.exp(-(np.subtract.outer(x, x) ** 2) / (2 * length**2)) + noise**2 * np.eye(len(x))
    density = np.exp(-y @ np.linalg.inv(covariance) @ y / 2) / np.sqrt(np.linalg.det(2 * np.pi * covariance))
    measure.close(measure.value(problem), [np.log(density)])


def solves(problem, fact, measure):
    matrix, right_side = problem.arguments()
    measure.close(np.asarray(matrix, float) @ measure.value(problem), right_side)


CHECKS = {
    "minimum": minimum,
    "hessian": hessian,
    "translation": translation,
    "numpy_density": numpy_density,
    "solves": solves,
}
