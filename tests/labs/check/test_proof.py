"""The pieces of a check: one random comparison, entries located, signs of roots, bounds, blame."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.call import call
from difflab.labs.check.check import check
from difflab.labs.check.evaluation import truth_at
from difflab.labs.check.localise import localise
from difflab.labs.check.modes import Part, Shown, bound
from difflab.labs.check.problem import Problem, problem, program
from difflab.labs.check.proof import Proof, degree, prove, same_signs
from tests.labs.check.planting import V, forward, reverse


def at(f: Any, *args: Any) -> Problem:
    return problem(call(f, *args))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2), st.integers(0, 2), st.sampled_from([1e-7, -2.0]))
def test_the_wrong_entries_of_a_matrix_are_located(i: int, j: int, off: float):
    weights = np.ones((3, 3), np.float32)
    weights[i, j] += np.float32(1e-6 if abs(off) < 1e-6 else off)
    rule = forward(lambda x: jnp.ones((3, 3)) @ x, lambda p, t: (jnp.ones((3, 3)) @ p[0], jnp.asarray(weights) @ t[0]))
    checked = at(rule, V)
    made = program(checked, "jvp")
    proof = prove(checked, made, checked.at.leaves, 3)
    assert proof.differs
    assert proof.failed == (i,)
    truth = truth_at(checked, checked.at.leaves, *proof.key)
    found = localise(checked, made, checked.at.leaves, truth, rows=proof.failed)
    assert found.entries == ((i, j),)
    assert found.complete


def test_entries_of_a_reverse_program_are_located_by_rows():
    rule = reverse(lambda x: jnp.sin(x), lambda r, c: (c * jnp.cos(r[0]) * jnp.array([1.0, 1.0, 2.0]),))
    checked = at(rule, V)
    made = program(checked, "vjp")
    proof = prove(checked, made, checked.at.leaves)
    truth = truth_at(checked, checked.at.leaves, *proof.key)
    assert localise(checked, made, checked.at.leaves, truth).entries == ((2, 2),)


def test_a_larger_prime_is_a_smaller_bound():
    checked = at(lambda x: x**5, V)
    made = program(checked, "jvp")
    small, large = (prove(checked, made, checked.at.leaves, bits=b).log2_bound for b in (127, 521))
    assert large == pytest.approx(small - 394)
    assert degree(checked, made, checked.at.leaves) >= np.log2(4)


def test_a_sign_of_a_root_is_seen_in_real_numbers_alone():
    right = at(jnp.linalg.norm, V)
    assert same_signs(right, program(right, "jvp"), right.at.leaves, 50)
    wrong = forward(lambda x: jnp.sqrt(x * x), lambda p, t: (jnp.sqrt(p[0] ** 2), t[0]))
    checked = at(wrong, -np.abs(V))
    assert not same_signs(checked, program(checked, "jvp"), checked.at.leaves, 50)
    assert check(wrong, V, budget=240.0).verdict == "refuted"


def test_bounds_of_programs_and_branches_add_up():
    checked = at(jnp.sin, V)
    shown = [Shown(program(checked, m), Part(checked, (0, 1, 2))) for m in ("jvp", "vjp")]
    for one in shown:
        one.proofs.append((0, Proof(one.program.mode, True, log2_bound=-100.0)))
    assert bound(shown) == pytest.approx(-99)
    shown[0].proofs.append((1, Proof("jvp", True, log2_bound=-100.0, roots=1)))
    assert bound(shown) == pytest.approx(-2, abs=1e-6)
    shown[0].proofs.append((2, Proof("jvp", True, log2_bound=-100.0, roots=1, signs=True)))
    shown[0].identical.add(())
    assert bound(shown) == pytest.approx(-100)


def test_a_rule_wrong_elsewhere_is_a_warning_and_one_called_directly_an_error():
    wrong = forward(lambda x: x**2, lambda p, t: (p[0] ** 2, jnp.where(p[0] < -0.01, 3 * p[0], 2 * p[0]) * t[0]))
    through = check(lambda x: wrong(jnp.exp(x)), np.float32(0.3), budget=240.0)
    assert through.ok, str(through)
    (warning,) = [f for f in through.findings if f.rule]
    assert (warning.severity, warning.kind) == ("warning", "branch")
    assert "itself is right" in warning.message
    assert check(wrong, np.float32(0.3), budget=240.0).verdict == "refuted"


def test_one_fault_is_one_finding_and_errors_come_first():
    wrong = forward(jnp.sin, lambda p, t: (jnp.sin(p[0]), -jnp.cos(p[0]) * t[0]))
    report = check(lambda x, k: wrong(jnp.tanh(x)) * k, V, 3, budget=240.0, points=1)
    assert report.findings[0].severity == "error"
    (fault,) = report.faults
    assert fault.details["programs"] == ("jvp", "vjp", "linearize")
    assert fault.witness is not None


def test_a_program_that_is_not_linear_is_refuted_though_unit_seeds_agree():
    rule = forward(jnp.sin, lambda p, t: (jnp.sin(p[0]), jnp.cos(p[0]) * t[0] * jnp.abs(t[0])))
    report = check(rule, V, budget=240.0, points=1)
    assert {e.verdict for e in report.entries if e.i == e.j} == {"refuted"}


def test_a_wrong_derivative_of_jax_is_named_as_such():
    z, h = np.complex64(0.3 - 0.4j), 1e-3
    if abs(jax.jvp(jnp.sign, (z,), (z / z,))[1] - (np.sign(z + h) - np.sign(z - h)) / (2 * h)) < 1e-3:
        pytest.skip("this JAX has the derivative of a complex sign right")
    report = check(lambda z: jnp.sign(z) * 2, z, budget=240.0, points=1)
    (fault,) = report.faults
    assert fault.rule == "sign (JAX)"
    assert fault.witness is not None


@pytest.mark.parametrize(
    ("method", "verdict"),
    [
        ("auto", "proved"),
        ("symbolic", "proved"),
        ("field", "proved with high probability"),
        ("balls", "agrees"),
        ("big floats", "agrees"),
    ],
)
def test_a_method_says_what_it_can_know(method: str, verdict: str):
    report = check(lambda x: jnp.exp(x) * x, V, method=method, points=1, budget=240.0)
    assert report.verdict == verdict
    assert len(report.points) == 2
