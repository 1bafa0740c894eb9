"""Witnesses: right programs are never refuted, wrong ones are, and the snippet shows it again."""

import contextlib
import io

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.call import call
from difflab.labs.check import precise, witness
from difflab.labs.check.problem import FIRST, SECOND, problem, program
from difflab.labs.check.witness import confirm, confirm_many


def wrong(factor: float, where: str = "jvp"):
    """sin(x)·y with a derivative by x that is off by a factor."""

    @jax.custom_jvp
    def f(x, y):
        return jnp.sin(x) * y

    @f.defjvp
    def _(primals, tangents):
        (x, y), (dx, dy) = primals, tangents
        return f(x, y), factor * jnp.cos(x) * y * dx + jnp.sin(x) * dy

    return f


@jax.custom_vjp
def no_conjugate(z):
    return z * z * jnp.conj(z)


no_conjugate.defvjp(lambda z: (no_conjugate(z), z), lambda z, c: (c * 2 * z * jnp.conj(z) + c * z * z,))

RIGHT = {
    "erf": (lambda x: jax.scipy.special.erf(x), jnp.array([0.5, -2.0])),
    "exp2": (lambda x: jnp.exp2(x) * jnp.log2(1 + x * x), 0.75),
    "gelu": (lambda x: jax.nn.gelu(x), jnp.array([0.3, -1.2])),
    "gamma": (lambda x: jax.scipy.special.gammaln(x), 2.5),
    "norm": (lambda x: jnp.linalg.norm(x), jnp.array([3.0, 4.0])),
    "softmax": (lambda x: jax.nn.log_softmax(x), jnp.array([100.0, 1.0])),
    "cancels": (lambda x: (1 - jnp.cos(x)) / x**2, jnp.float32(1e-4)),
    "solve": (lambda a: jnp.linalg.solve(a, jnp.ones(2)), jnp.array([[2.0, 1.0], [1.0, 3.0]])),
    "complex": (lambda z: jnp.abs(z) * jnp.exp(z * jnp.conj(z)), jnp.array(0.5 - 0.25j)),
    "max": (lambda x: jnp.max(x) * jnp.sort(x)[1], jnp.array([1.0, 5.0, 2.0])),
}


@pytest.mark.parametrize("mode", FIRST)
@pytest.mark.parametrize("name", sorted(RIGHT))
def test_a_right_derivative_is_never_refuted(name, mode):
    f, x = RIGHT[name]
    checked = problem(call(f, x))
    entries = [(r, c) for r in range(len(checked.rows)) for c in range(len(checked.columns))]
    found = confirm_many(checked, program(checked, mode), checked.at.leaves, entries)
    assert {c.verdict for c in found.values()} == {"agrees"}


@pytest.mark.parametrize("mode", SECOND)
def test_second_derivatives_are_confirmed_in_all_three_compositions(mode):
    checked = problem(call(lambda x, y: jnp.sin(x * y) * jnp.exp(x), 0.5, 1.5))
    traced = program(checked, mode)
    for pair in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        assert confirm(checked, traced, checked.at.leaves, 0, pair).verdict == "agrees"


@given(st.floats(-7, -1).map(lambda e: 10**e), st.sampled_from(FIRST), st.floats(-3, 3), st.floats(0.5, 3))
@settings(deadline=None, max_examples=6)
def test_a_wrong_factor_is_refuted_however_small(size, mode, x, y):
    with jax.enable_x64(True):
        checked = problem(call(wrong(1 + size), x, y))
        found = confirm(checked, program(checked, mode), checked.at.leaves, 0, 0)
        other = confirm(checked, program(checked, mode), checked.at.leaves, 0, 1)
    assert found.verdict == "refuted" and other.verdict == "agrees"
    assert found.witness is not None
    assert abs(found.witness.ratio - (1 + size)) < 1e-12
    with mpmath.workdps(60):
        exact = mpmath.cos(mpmath.mpf(float(x))) * mpmath.mpf(float(y))
        assert abs(mpmath.mpf(found.true) - exact) <= abs(exact) * mpmath.mpf(10) ** -40


def test_a_gap_of_one_rounded_constant_is_no_fault_and_a_typo_is():
    def rule(constant):
        @jax.custom_jvp
        def f(x):
            return jax.lax.erf(x)

        f.defjvps(lambda dx, out, x: constant * jnp.exp(-x * x) * dx)
        return f

    with jax.enable_x64(True):
        right = problem(call(rule(2 / np.sqrt(np.pi)), 0.5))
        typo = problem(call(rule(1.12837916), 0.5))
        assert confirm(right, program(right, "jvp"), right.at.leaves, 0, 0).verdict == "agrees"
        assert "rounded" in confirm(right, program(right, "jvp"), right.at.leaves, 0, 0).note
        assert confirm(typo, program(typo, "jvp"), typo.at.leaves, 0, 0).verdict == "refuted"


def test_amplified_roundings_are_met_with_more_digits():
    def f(x):
        return jax.lax.fori_loop(0, 200, lambda _, x: 3.9 * x * (1 - x), x)

    checked = problem(call(f, 0.3))
    assert confirm(checked, program(checked, "jvp"), checked.at.leaves, 0, 0).digits >= 50


@pytest.mark.parametrize("route", ["balls", "big floats"])
def test_both_routes_find_the_same(route, monkeypatch):
    monkeypatch.setattr(witness, "methods", lambda: (route,))
    checked = problem(call(wrong(1 + 1e-6), 0.7, 2.0))
    traced = program(checked, "vjp")
    assert confirm(checked, traced, checked.at.leaves, 0, 0).verdict == "refuted"
    assert confirm(checked, traced, checked.at.leaves, 0, 1).verdict == "agrees"
    f, x = RIGHT["erf"]
    right = problem(call(f, x))
    assert confirm(right, program(right, "vjp"), right.at.leaves, 0, 0).verdict == "agrees"


def test_a_forgotten_conjugate_is_found_in_real_coordinates():
    checked = problem(call(no_conjugate, jnp.array(1 + 2j)))
    entries = [(r, c) for r in range(2) for c in range(2)]
    found = confirm_many(checked, program(checked, "vjp"), checked.at.leaves, entries)
    assert "refuted" in {c.verdict for c in found.values()}


@pytest.mark.parametrize("mode", [*FIRST, *SECOND])
def test_the_snippet_runs_as_it_stands(mode):
    f = wrong(1.25)

    def g(p, k):
        return {"a": p["x"], "b": f(p["x"], p["y"]) * k}

    checked = problem(call(g, {"x": jnp.array([0.5, 1.0]), "y": jnp.float32(2.0)}, 3))
    row = checked.rows.index("out['b'][1]")
    column = 1 if mode in FIRST else (1, 1)
    found = confirm(checked, program(checked, mode), checked.at.leaves, row, column)
    assert found.verdict == "refuted" and found.witness is not None
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(found.witness.snippet, {"g": g})
    jax_value = float(said.getvalue().split()[1])
    assert jax_value == pytest.approx(float(found.ad), rel=1e-5)
    assert jax_value != pytest.approx(float(found.true), rel=1e-2)


def test_what_cannot_be_decided_is_said():
    kink = problem(call(jnp.abs, 0.0))
    assert "boundary" in confirm(kink, program(kink, "jvp"), kink.at.leaves, 0, 0).note
    forward = problem(call(lambda x: jax.lax.while_loop(lambda c: c < 9, lambda c: c * 2, x), 1.0))
    found = confirm(forward, program(forward, "vjp"), forward.at.leaves, 0, 0)
    assert found.verdict == "unsupported" and "while" in found.note
    late = confirm(forward, program(forward, "jvp"), forward.at.leaves, 0, 0, deadline=0.0)
    assert late.verdict == "undecided" and "time" in late.note


def test_exact_floats_are_the_point_and_no_decimal():
    checked = problem(call(lambda x: x * x, jnp.float32(0.1)))
    assert precise.numbers(checked, checked.at.leaves) == [float(np.float32(0.1))]
    assert float(confirm(checked, program(checked, "jvp"), checked.at.leaves, 0, 0).true) == 2 * float(np.float32(0.1))
