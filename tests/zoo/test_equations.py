"""Roots that are published or known in closed form, and the equations in other arithmetic."""

import math

import jax.numpy as jnp
import numpy as np

from difflab.zoo import equations


def test_the_fact_holds(verify):
    verify()


def root(problem, fact, measure):
    residual = measure.value(problem, *map(jnp.asarray, fact))
    assert np.max(np.abs(residual)) < (1e-6 if measure.double else 1e-5)  # nine printed digits, y1**3 = 65


def root_by_prony(problem, fact, measure):
    m = np.array(equations.MOMENTS).reshape(4, 2) @ [1, 1j]
    low, high = np.linalg.solve([[m[0], m[1]], [m[1], m[2]]], -m[2:])
    positions = np.roots([1, high, low])
    dipoles = np.linalg.solve([[1, 1], positions], m[:2])
    root = [*dipoles.real, *dipoles.imag, *positions.real, *positions.imag]
    np.testing.assert_allclose(root, problem.facts["root"], atol=1e-9)
    assert np.max(np.abs(measure.value(problem, *map(jnp.asarray, root)))) < (1e-13 if measure.double else 1e-5)
    p1x, p2x, p1y, p2y, x1, x2, y1, y2 = unknowns = np.random.RandomState(0).normal(size=8)
    moments = [(p1x + 1j * p1y) * (x1 + 1j * y1) ** n + (p2x + 1j * p2y) * (x2 + 1j * y2) ** n for n in range(4)]
    expected = np.array([[(a - b).real, (a - b).imag] for a, b in zip(moments, m, strict=True)]).ravel()
    measure.close(measure.value(problem, *map(jnp.asarray, unknowns)), expected)


def published_reduced_root(problem, fact, measure):
    """With y5 = 1 / total: y1 = co y5, y2 = co2 / co, y3^2 = h2 y5 / k, y4^2 = n2 y5; equilibria give the rest."""
    y1, y2, y3, y4, y5 = fact
    k, total = equations.EQUILIBRIA, 1 / y5
    co, co2, h2, n2 = y1 * total, y1 * y2 * total, k["h2"] * y3**2 * total, y4**2 * total
    scale = equations.PRESSURE / total
    h2o = co2 * h2 / (k["h2"] * co)
    moles = {
        "co2": co2,
        "h2o": h2o,
        "n2": n2,
        "co": co,
        "h2": h2,
        "h": k["h"] * math.sqrt(h2o * co / (co2 * scale)),
        "oh": k["oh"] * math.sqrt(co2 * h2o / (co * scale)),
        "o": k["o"] * co2 / (co * scale),
        "no": k["no"] * co2 * math.sqrt(n2 / scale) / co,
        "o2": k["o2"] * co2**2 / (co**2 * scale),
        "total": total,
    }
    residual = measure.value(problem, *map(jnp.asarray, moles.values()))
    assert np.max(np.abs(residual)) < 3e-5  # the published root has seven digits, nitrogen is forty moles of atoms


CHECKS = {
    "root": root,
    "root_by_prony": root_by_prony,
    "published_reduced_root": published_reduced_root,
}
