"""The checker on wrong derivatives: refuted, with a witness, a reading and the line of the rule."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.labs.check import CheckFailed, check
from difflab.labs.check.report import GOOD
from tests.labs.check.planted import PLANTED

V = np.array([0.3, -0.7, 1.9], np.float32)
A = np.array([[0.3, -0.7, 1.9], [0.25, 1.1, -0.4]], np.float32)
PATIENT = {"budget": 240.0}
QUICK = {"budget": 240.0, "points": 2}


def with_jvp(f: Callable[..., Any], rule: Callable[..., Any]) -> Callable[..., Any]:
    wrapped = jax.custom_jvp(f)
    wrapped.defjvp(lambda primals, tangents: (f(*primals), rule(primals, tangents)))
    return wrapped


def with_vjp(f: Callable[..., Any], rule: Callable[..., Any]) -> Callable[..., Any]:
    wrapped = jax.custom_vjp(f)
    wrapped.defvjp(lambda *primals: (f(*primals), primals), rule)
    return wrapped


wrong_sine = with_jvp(jnp.sin, lambda p, t: -jnp.cos(p[0]) * t[0])
WRONG: dict[str, tuple[Callable[..., Any], tuple[Any, ...], str]] = {
    "sign": (with_jvp(jnp.sin, lambda p, t: -jnp.cos(p[0]) * t[0]), (1.3,), "wrong sign"),
    "factor 2": (with_jvp(jnp.sin, lambda p, t: 2 * jnp.cos(p[0]) * t[0]), (1.3,), "factor"),
    "factor ½": (with_vjp(jnp.sin, lambda p, c: (0.5 * jnp.cos(p[0]) * c,)), (1.3,), "factor"),
    "missing term": (
        with_jvp(lambda x: jax.nn.softmax(x), lambda p, t: jax.nn.softmax(p[0]) * t[0]), (V,), "forgotten sum",
    ),
    "missing argument": (with_vjp(lambda x, y: x * y, lambda p, c: (p[1] * c, 0 * c)), (1.3, 2.1), "missing argument"),
    "transpose": (
        with_vjp(lambda a, b: a @ b, lambda p, c: (c @ p[1], p[0].T @ c)), (A[:, :2], A[:, 1:]), "transpose"
    ),
    "swapped arguments": (
        with_vjp(lambda x, y: x * y**2, lambda p, c: (2 * p[0] * p[1] * c, p[1] ** 2 * c)), (1.3, 2.1), "transpose"
    ),
    "relative error of 1e-5": (with_jvp(jnp.sin, lambda p, t: (1 + 1e-5) * jnp.cos(p[0]) * t[0]), (1.3,), "constant"),
    "typo in a constant": (
        with_jvp(jax.scipy.special.erf, lambda p, t: 1.1284 * jnp.exp(-(p[0] ** 2)) * t[0]), (0.4,), "constant",
    ),
    "one entry of nine": (
        with_jvp(lambda m: m @ jnp.ones(3), lambda p, t: (t[0] * jnp.ones((3, 3)).at[1, 2].set(1.01)) @ jnp.ones(3)),
        (np.eye(3, dtype=np.float32),), "constant",
    ),
    "only where x < 0": (with_jvp(lambda x: x**3, lambda p, t: 3 * jnp.abs(p[0]) * p[0] * t[0]), (V,), "branch"),
    "inside a scan": (
        lambda x: jax.lax.scan(lambda c, v: (wrong_sine(c * v), None), 1.0, x)[0],
        (V,), "wrong sign",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rules_are_refuted_and_the_reason_is_read(name: str):
    f, arguments, kind = WRONG[name]
    report = check(f, *arguments, **QUICK)
    assert report.verdict == "refuted", str(report)
    assert not report
    faults = report.faults
    assert kind in {fault.kind for fault in faults}, str(report)
    assert any(fault.source and fault.source.file.endswith("test_check_wrong.py") for fault in faults), str(report)
    witness = next(fault.witness for fault in faults if fault.witness)
    assert witness.ad != witness.true
    with pytest.raises(CheckFailed, match="refuted"):
        report.raise_for_status()


def test_wrong_rules_are_refuted_in_double_precision():
    with jax.enable_x64(True):
        report = check(WRONG["relative error of 1e-5"][0], 1.3, **QUICK)
    assert report.verdict == "refuted"


def test_a_wrong_entry_is_found_alone():
    report = check(WRONG["one entry of nine"][0], np.eye(3, dtype=np.float32), **QUICK)
    assert [(e.row, e.column) for e in report.entries if e.verdict == "refuted"] == [("out[1]", "m[1,2]")]
    assert report.entry(1, 5).modes == dict.fromkeys(("jvp", "vjp", "linearize"), "refuted")


SECOND = {
    "right": (jax.nn.softmax, (V,), "proved"),
    "stop_gradient in the rule": (
        with_jvp(jnp.sin, lambda p, t: jax.lax.stop_gradient(jnp.cos(p[0])) * t[0]), (V,), "refuted",
    ),
    "wrong at first order, too": (wrong_sine, (1.3,), "refuted"),
}  # fmt: skip


@pytest.mark.parametrize("name", SECOND)
def test_second_derivatives_are_checked_in_three_compositions(name: str):
    f, arguments, verdict = SECOND[name]
    report = check(f, *arguments, order=2, budget=240.0, points=1)
    assert report.verdict == verdict, str(report)
    assert report.order == 2
    assert {"jvp∘jvp", "jvp∘vjp", "vjp∘vjp"} <= set(report.entries[0].modes)
    if name == "stop_gradient in the rule":
        assert {fault.kind for fault in report.faults} == {"second order"}
        assert check(f, *arguments, **QUICK).ok
        assert {(e.i, e.j) for e in report.entries if e.verdict == "refuted"} == {(0, 0), (1, 1), (2, 2)}


COMPLEX = {
    "holomorphic": (lambda z: z**2 * jnp.exp(z), True),
    "modulus": (lambda z: (z * z.conj()).real, True),
    "conjugate": (lambda z: jnp.conj(z) * (1 + 2j), True),
    "a conjugate too many": (
        with_vjp(lambda z: z * z, lambda p, c: (jnp.conj(2 * p[0]) * c,)), False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_numbers_are_two_real_coordinates(name: str):
    f, right = COMPLEX[name]
    report = check(f, np.complex64(0.7 - 1.3j), **QUICK)
    assert report.ok is right, str(report)
    assert report.columns == ("Re z", "Im z")
    assert right or "conjugate" in {fault.kind for fault in report.faults}


def test_a_mode_that_is_asked_for_is_the_only_one():
    f = with_vjp(lambda x: x**2, lambda p, c: (p[0] * c,))
    assert check(f, 1.5, modes=("vjp",), **QUICK).verdict == "refuted"
    only = check(jnp.sin, 1.5, modes=("jvp",), **QUICK)
    assert only.ok
    assert list(only.entries[0].modes) == ["jvp"]


def test_a_branch_that_the_given_point_does_not_reach_is_found():
    f = with_jvp(lambda x: jnp.tanh(x), lambda p, t: jnp.where(p[0] < 0, 1.001, 1.0) * (1 - jnp.tanh(p[0]) ** 2) * t[0])
    alone = check(f, 0.4, points=0)
    assert alone.entries[0].verdict in GOOD
    assert [fault.kind for fault in alone.faults] == [fault.kind for fault in check(f, -0.4, points=0).faults]
    report = check(f, 0.4, **PATIENT)
    assert report.verdict == "refuted"
    assert report.points[0].outcome == "proved with high probability"
    assert any(point.outcome == "refuted" for point in report.points)


def test_a_value_that_the_rule_changes_is_a_fault():
    f = jax.custom_jvp(jnp.sin)
    f.defjvp(lambda p, t: (1.001 * jnp.sin(p[0]), jnp.cos(p[0]) * t[0]))
    report = check(f, 0.8, **QUICK)
    assert report.verdict == "refuted"
    assert "primal" in {fault.kind for fault in report.faults}


OUTER = [jnp.sin, jnp.tanh, jnp.exp, jnp.abs, lambda v: 1 / (1 + v * v), lambda v: jnp.where(v > 0.1, v * v, -v)]


@settings(max_examples=6, deadline=None)
@given(
    st.lists(st.integers(0, len(OUTER) - 1), min_size=1, max_size=4),
    st.floats(0.2, 1.7),
    st.sampled_from([1.0, -1.0, 2.0, 0.999]),
)
def test_random_chains_agree_and_a_factor_in_one_rule_is_found(chain: list[int], x: float, factor: float):
    def link(f: Any) -> Any:
        return with_jvp(f, lambda p, t: factor * jax.jvp(f, p, t)[1])

    def f(v: Any) -> Any:
        v = link(jnp.cosh)(v)
        for k in chain:
            v = OUTER[k](0.3 * v + 0.2)
        return v

    (entry,) = check(f, round(x, 4), budget=240.0, points=0).entries
    if factor == 1 or entry.truth == 0:
        assert entry.verdict in GOOD, entry
    else:
        assert entry.verdict == "refuted", entry


def test_a_wrong_side_that_no_sample_meets_is_searched_and_one_that_nothing_reaches_is_said():
    def narrow(x: Any) -> Any:
        inside = (x > 3.0) & (x < 3.001)
        return jnp.where(inside, 5.0 * (x - 3.0), 0.0)

    f = with_jvp(narrow, lambda p, t: jnp.where((p[0] > 3.0) & (p[0] < 3.001), 5.5, 0.0) * t[0])
    assert check(lambda x: f(2 * x) + x, 0.4, **PATIENT).verdict == "refuted"
    never = check(lambda x: jnp.where(x * x < -1, jnp.exp(x), x), 1.0, **PATIENT)
    assert never.ok
    (remark,) = [f for f in never.findings if f.kind == "unreached branch"]
    assert "x" in remark.message and "< -1" in remark.message


@pytest.mark.parametrize("name", ["transposed solve", "solve that does not solve"])
def test_a_solve_that_does_not_solve_is_a_fault_though_its_function_is_proved(name: str):
    planted = PLANTED[name]
    report = check(planted.f, *planted.args, **PATIENT)
    assert report.verdict == "refuted"
    assert planted.kind in {fault.kind for fault in report.faults}
