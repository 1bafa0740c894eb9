"""Faults of JAX's own derivatives, which NumPy's difference quotients confirm, are named by primitive and line.

Where a newer JAX has a derivative right, the check says so, too.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.labs.check import check


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def test_a_sign_on_one_side_of_a_cut_is_jax_s():
    z, h = -1 + 2j, 1e-6
    true = (np.arccosh(z + h) - np.arccosh(z - h)) / (2 * h)
    report = check(lambda z: jnp.arccosh(z) * 2, z, budget=120.0)
    if abs(complex(jax.grad(jnp.arccosh, holomorphic=True)(z)) - true) < 1e-8:
        assert report.ok
        return
    (fault,) = report.faults
    assert (report.verdict, fault.kind, fault.rule) == ("refuted", "branch", "acosh (JAX)")
    assert fault.source is not None and "arccosh" in fault.source.text


def lower(matrix):
    return np.linalg.cholesky(np.tril(matrix) + np.tril(matrix, -1).T)


def test_one_triangle_of_a_symmetric_matrix_is_told_apart():
    matrix = np.array([[4.0, 1.0], [1.0, 3.0]])
    move = np.array([[0.0, 0.0], [1e-6, 0.0]])
    true = (lower(matrix + move) - lower(matrix - move)) / 2e-6

    def factor(m):
        return jax.lax.linalg.cholesky(m, symmetrize_input=False)

    report = check(factor, matrix, budget=120.0)
    if abs(jax.jacfwd(factor)(matrix)[..., 1, 0] - true).max() < 1e-8:
        assert report.ok
        return
    assert [fault.kind for fault in report.faults] == ["symmetric"]
    assert "(A + A.T) / 2" in str(report)
    assert check(lambda m: factor((m + m.T) / 2), matrix, budget=120.0).ok


def test_a_library_function_that_is_an_approximation_agrees_and_a_rule_beside_it_does_not():
    (entry,) = check(jax.scipy.special.log_ndtr, -23.0, budget=120.0).entries
    assert (entry.verdict, "log_ndtr of JAX is an approximation" in entry.note) == ("agrees", True)

    @jax.custom_jvp
    def cube(x):
        return x**3

    cube.defjvp(lambda p, t: (cube(*p), (3 + 3e-9) * p[0] ** 2 * t[0]))
    report = check(lambda x: cube(x) + jax.scipy.special.log_ndtr(x), -23.0, budget=120.0)
    assert report.verdict == "refuted"
    assert [fault.rule for fault in report.faults] == ["λ"]
