"""The checker at kinks, where something is not finite, and where a mode or a primitive is missing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.primitives import RULES
from difflab.labs.check import check
from difflab.labs.check.report import GOOD
from tests.labs.check.test_check_wrong import with_vjp

V = np.array([0.3, -0.7, 1.9], np.float32)
A = np.array([[0.3, -0.7, 1.9], [0.25, 1.1, -0.4]], np.float32)
PATIENT = {"budget": 240.0}
QUICK = {"budget": 240.0, "points": 2}


KINKS = {
    "relu": (jax.nn.relu, 0.0, "left derivative 0, right derivative 1; jacfwd gives 0, jacrev gives 0"),
    "max(x, 0)": (lambda x: jnp.maximum(x, 0.0), 0.0, "jacfwd gives 0.5"),
    "abs": (jnp.abs, 0.0, "left derivative -1, right derivative 1"),
    "clip": (lambda x: jnp.clip(x, 0.0, 1.0), 1.0, "left derivative 1, right derivative 0"),
    "floor": (lambda x: x + jnp.floor(x), 2.0, "jumps"),
    "step": (lambda x: jnp.where(x > 1, 2.0, 0.0) + x, 1.0, "jumps"),
}


@pytest.mark.parametrize("name", KINKS)
def test_kinks_are_said_to_be_kinks(name: str):
    f, x, note = KINKS[name]
    (entry,) = check(f, x, **QUICK).entries
    assert entry.verdict == "not differentiable here"
    assert note in entry.note


def test_a_tie_of_max_is_a_kink_of_the_tied_entries_alone():
    report = check(jnp.max, np.array([1.0, 1.0, 0.0], np.float32), budget=60.0)
    assert [e.verdict for e in report.entries[:2]] == ["not differentiable here"] * 2
    assert report.entries[2].verdict in GOOD


NOT_FINITE = {
    "where sqrt": (
        lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0),
        0.0,
        "right derivative inf; jacfwd gives 0, jacrev gives nan",
    ),
    "sinc": (lambda x: jnp.where(x == 0, 1.0, jnp.sin(x) / x), 0.0, "jacrev gives nan; the true derivative is 0"),
    "square of a norm": (lambda x: jnp.linalg.norm(x) ** 2, np.zeros(2, np.float32), "the true derivative is 0"),
    "sqrt": (jnp.sqrt, 0.0, "left derivative undefined, right derivative inf"),
    "overflow": (lambda x: jnp.log(jnp.exp(x)), 1000.0, "jacrev gives nan; the true derivative is 1"),
    "NaN input": (jnp.sin, np.nan, "the function itself is nan"),
    "log of a negative number": (jnp.log, -1.0, "the function itself is nan"),
}


@pytest.mark.parametrize("name", NOT_FINITE)
def test_what_is_not_finite_is_said_with_the_truth(name: str):
    f, x, note = NOT_FINITE[name]
    entry = check(f, x, **QUICK).entries[0]
    assert entry.verdict == "not finite", entry
    assert note in entry.note


def test_a_derivative_of_the_wrong_branch_is_refuted_at_the_boundary():
    (entry,) = check(lambda x: jnp.where(x == 0, 0.0, x), 0.0).entries
    assert (entry.verdict, entry.truth, entry.jacrev) == ("refuted", 1.0, 0.0)


def test_the_other_outputs_are_checked_where_one_is_unsupported(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(RULES, "bessel_i0e")
    report = check(lambda x: (jnp.sin(x), jax.lax.bessel_i0e(x)), 0.5, budget=60.0)
    assert [e.verdict in GOOD for e in report.entries] == [True, False]
    assert report.verdict == "unsupported"
    primitive, node, source = report.unsupported[0]
    assert (primitive, node) == ("bessel_i0e", "1")
    assert source is not None
    assert source.startswith("test_check_edges.py:")
    assert "unsupported: bessel_i0e at node 1, test_check_edges.py" in str(report)


def test_a_missing_mode_is_explained_and_the_other_compared():
    forward = check(lambda x: jax.lax.while_loop(lambda c: c < 10, lambda c: c * c + 1, x), 1.3)
    assert forward.ok
    assert list(forward.missing) == ["vjp"]
    assert forward.entries[0].jacrev is None
    reverse = check(with_vjp(jnp.sin, lambda p, c: (jnp.cos(p[0]) * c,)), 1.3)
    assert reverse.ok
    assert list(reverse.missing) == ["jvp", "linearize"]
