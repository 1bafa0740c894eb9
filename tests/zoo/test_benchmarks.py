"""The scalar tasks: the graphs that are counted, and the mathematics behind them where it is not departed from."""

import jax.numpy as jnp
import numpy as np
import pytest

from difflab import zoo
from difflab.zoo import benchmarks


def test_the_fact_holds(verify):
    verify()


def same_greeks(problem, fact, measure):
    measure.close(measure.value(problem), measure.value(zoo.load("black_scholes_greeks"), *problem.arguments()))


def moments(problem, fact, measure):
    a, b, c, d, t, u, v, w = (complex(float(one)) for one in problem.arguments())
    residuals = [(a + 1j * c) * (t + 1j * v) ** n + (b + 1j * d) * (u + 1j * w) ** n - (1 + 1j) for n in range(4)]
    expected = np.array([[one.real, one.imag] for one in residuals]).ravel()
    actual = measure.value(problem)
    kept = [0, 1, 2, 3, 4, 6, 7]
    measure.close(actual[kept], expected[kept])
    assert abs(actual[5] - expected[5]) > 0.1


def balances(problem, fact, measure):
    rows = measure.jacobian(problem)[[0, 1, 2, 3, 10]]
    expected = np.zeros((5, 11))
    expected[0, [0, 3]] = 1
    expected[1, :10] = [2, 1, 0, 1, 0, 0, 1, 1, 1, 2]
    expected[2, [1, 4, 5, 6]] = 2, 2, 1, 1
    expected[3, [2, 8]] = 2, 1
    expected[4] = [-1] * 10 + [1]
    np.testing.assert_array_equal(rows, expected)


def periodic(problem, fact, measure):
    angles = np.array([float(one) for one in problem.arguments()])
    for turn in np.eye(6) * 2 * np.pi:
        measure.close(measure.value(problem, *map(jnp.asarray, angles + turn)), measure.value(problem))


def unit_axis(problem, fact, measure):
    _, (shoulder, elbow, forearm, wrist) = 0, (float(one) for one in problem.arguments()[1:5])
    arm = shoulder + elbow
    along_z = np.sin(arm) * np.cos(forearm) * np.sin(wrist) - np.cos(arm) * np.cos(wrist)
    second = measure.value(problem)[4]
    measure.close([np.cos(second), np.sin(second) ** 2 + along_z**2], [along_z, fact[1]])


def consistency(problem, fact, measure):
    density, momentum, energy = state = (1.2, 0.7, 2.5)
    pressure = (benchmarks.HEAT_RATIO - 1) * (energy - momentum**2 / density / 2)
    flux = [momentum, momentum**2 / density + pressure, momentum / density * (energy + pressure)]
    measure.close(measure.value(problem, *map(jnp.asarray, state + state)), flux)


CHECKS = {
    "same_greeks": same_greeks,
    "moments": moments,
    "balances": balances,
    "periodic": periodic,
    "unit_axis": unit_axis,
    "consistency": consistency,
}


@pytest.mark.parametrize("name", [name for name in zoo.names() if zoo.load(name).sample])
def test_samples_are_finite_and_the_same_for_a_seed(name, measure):
    problem = zoo.load(name)
    first, again, other = problem.sample(3, 1), problem.sample(3, 1), problem.sample(3, 2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    axes = problem.in_axes if isinstance(problem.in_axes, tuple) else (problem.in_axes,) * len(first)
    for axis, one, example in zip(axes, first, problem.arguments(), strict=True):
        assert one.shape == (example.shape if axis is None else (3, *example.shape))
        assert one.dtype == measure.dtype
    members = [tuple(x if axis is None else x[k] for axis, x in zip(axes, first, strict=True)) for k in range(3)]
    assert all(np.isfinite(measure.value(problem, *member)).all() for member in members)
