"""Explanations name the cause: a table of pathologies, each with its kind and with words that the text must hold."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from difflab.labs.adjoint import explain, inspect
from difflab.labs.adjoint.explanation import KINDS


@jax.custom_vjp
def broken_rule(x):
    return x


broken_rule.defvjp(lambda x: (x, x), lambda x, g: (g * jnp.inf,))


def masked_root(x):
    return jnp.sum(jnp.where(x > 0, jnp.sqrt(x), 0.0))


def masked_in_a_loop(x):
    return lax.scan(lambda c, t: (c + jnp.where(t > 0, jnp.log(t), 0.0), None), 0.0, x)[0]


def exploding(x):
    return lax.scan(lambda c, _: (3.9 * c, None), x, None, length=50)[0]


def count_halvings(x):
    return lax.while_loop(lambda c: c[0] > 1, lambda c: (c[0] / 2, c[1] + 1), (x, 0))[1] * 1.0


ONES = np.ones(3)
PATHOLOGIES = [
    ("masked", ["where", "sqrt", "0"], masked_root, np.array([1.0, 0.0, -1.0])),
    ("masked", ["where", "div"], lambda x: jnp.where(x == 0, 1.0, jnp.sin(x) / x), 0.0),
    ("masked", ["where", "log", "scan[1]"], masked_in_a_loop, np.array([2.0, 0.0, 3.0])),
    ("masked", ["maximum", "sqrt"], lambda x: jnp.maximum(jnp.sqrt(x), 0.5), 0.0),
    ("indeterminate", ["sqrt", "integer_pow"], lambda x: jnp.linalg.norm(x) ** 2, np.zeros(3)),
    ("singular", ["√"], lambda x: jnp.sqrt(x), 0.0),
    ("singular", ["power"], lambda x: x**0.5, 0.0),
    ("singular", ["√", "∞·0"], lambda x: jnp.sqrt(x**2), 0.0),
    ("singular", ["arccos"], lambda x: jnp.arccos(x) * 2, 1.0),
    ("singular", ["√"], jnp.linalg.norm, np.zeros(3)),
    ("singular", ["log", "pole"], lambda x: x * jnp.log(x), 0.0),
    ("singular", ["quotient"], lambda x: 1 / x, 0.0),
    ("forward", ["log", "-1", "NaN"], lambda x: x * jnp.log(x), -1.0),
    ("forward", ["sqrt"], lambda x: jnp.sum(jnp.sqrt(x - 2)), ONES),
    ("forward", ["div"], lambda x: (x - x) / (x - 1), 1.0),
    ("overflow", ["exp", "1000"], lambda x: jnp.log(jnp.sum(jnp.exp(x))), np.array([1000.0, 1.0])),
    ("overflow", ["exp", "800", "becomes NaN"], lambda x: jnp.exp(x) / (1 + jnp.exp(x)), 800.0),
    ("overflow", ["mul"], lambda x: (x * 1e200) * 1e200, 1.0),
    ("input", ["argument x"], lambda x: jnp.sum(x**2), np.array([1.0, np.nan])),
    ("degenerate", ["eigh"], lambda a: jnp.sum(jnp.linalg.eigh(a)[1][:, 0]), np.eye(3)),
    ("degenerate", ["custom_linear_solve"], lambda a: jnp.sum(jnp.linalg.inv(a)), np.zeros((2, 2))),
    ("rule", ["broken_rule"], lambda x: broken_rule(x) ** 2, 1.0),
    ("unused", ["y"], lambda x, y: x * 2, 1.0, 1.0),
    ("unused", ["y"], lambda x, y: (jnp.sin(y), x * 2)[1], 1.0, 1.0),
    ("cut", ["floor"], lambda x: jnp.floor(x) * 2, 1.5),
    ("cut", ["round"], lambda x: jnp.round(x) * 2, 1.5),
    ("cut", ["sign"], lambda x: jnp.sign(x) * 2, 1.5),
    ("cut", ["gt"], lambda x: jnp.mean((x > 0.5).astype(float)), ONES),
    ("cut", ["argmax"], lambda x: jnp.arange(3.0)[jnp.argmax(x)], ONES),
    ("cut", ["convert_element_type"], lambda x: x.astype(jnp.int32) * 1.0, 1.5),
    ("cut", ["branch"], lambda x: lax.cond(x > 0, lambda: 1.0, lambda: 2.0), 1.0),
    ("cut", ["lt"], lambda p: jax.random.bernoulli(jax.random.key(0), p) * 1.0, 0.3),
    ("cut", ["while", "gt"], count_halvings, 9.0),
    ("stopped", ["stop_gradient"], lambda x: lax.stop_gradient(x) * 3, 1.5),
    ("flat", ["relu", "-4"], lambda x: jax.nn.relu(x - 5), 1.0),
    ("flat", ["min", "3"], lambda x: jnp.clip(x, 0.0, 1.0), 3.0),
    ("flat", ["multiplies", "0"], lambda x: 0 * jnp.sin(x), 1.0),
    ("flat", ["integer_pow", "slope 0"], lambda x: x**2, 0.0),
    ("flat", ["select_n"], lambda x: jnp.where(x > 0, x, 0.0), -1.0),
    ("unselected", ["branch", "y"], lambda x, y: lax.cond(x > 0, lambda a, b: a, lambda a, b: b, x, y), 1.0, 2.0),
    ("saturated", ["tanh", "float32"], jnp.tanh, np.float32(12.0)),
    ("saturated", ["logistic"], jax.nn.sigmoid, np.float32(200.0)),
    ("cancelled", ["2 contributions"], lambda x: (x + 1) - x, 1.0),
    ("cancelled", ["2 contributions"], lambda x: jax.jit(jnp.sin)(x) - jax.jit(jnp.sin)(x), 1.0),
    ("growth", ["3.9 an iteration", "50 iterations"], exploding, 0.1),
    ("gain", ["div"], lambda x: 1 / x, 1e-5),
    ("healthy", ["x has norm 6"], lambda x: x**2, 3.0),
]


@pytest.mark.parametrize("row", PATHOLOGIES, ids=lambda row: f"{row[0]}: {' '.join(row[1])}")
def test_the_cause_is_named(row):
    kind, words, f, *args = row
    with jax.enable_x64(True):
        explanation = explain(f, *args)
    assert explanation.kind == kind, explanation
    assert [word for word in words if word not in explanation.text] == [], explanation
    assert kind in KINDS
    assert not re.search(r"0x[0-9a-f]{6}", str(explanation))


def test_the_line_and_the_remedy_are_those_of_the_user():
    explanation = explain(masked_root, np.array([1.0, 0.0, -1.0], np.float32))
    assert explanation.source is not None
    assert "jnp.where(x > 0, jnp.sqrt(x), 0.0)" in explanation.source.text
    assert "safe = jnp.where(ok, x, 1.0)" in (explanation.remedy or "")
    assert explanation.node in {frame.node for frame in inspect(masked_root, ONES)}


def test_the_chain_leads_to_the_birth():
    trace = inspect(masked_root, np.array([1.0, 0.0], np.float32))
    step = trace.why_nan().chain[-1]
    assert trace[step].phase == "reverse"
    assert trace[step].flag == "nan"
    assert trace[step].node == trace.why_nan().node
    assert trace.first_nan == step


def test_the_remedy_of_a_masked_root_mends_it():
    def mended(x):
        safe = jnp.where(x > 0, x, 1.0)
        return jnp.sum(jnp.where(x > 0, jnp.sqrt(safe), 0.0))

    assert explain(mended, np.array([1.0, 0.0, -1.0], np.float32)).kind == "healthy"


def test_questions_may_name_an_argument_by_path_or_position():
    trace = inspect(lambda p, y: p["w"] * 2 + jnp.floor(y), {"w": 1.0}, 2.5)
    assert trace.why_zero("y").kind == trace.why_zero(1).kind == "cut"
    assert trace.why_zero("p['w']").kind == "nonzero"
    assert trace.why_nan().kind == "finite"
    assert trace.why_large("p['w']").kind == "gain"
    with pytest.raises(ValueError, match=r"no gradient of 'z'; those taken are p\['w'\], y"):
        trace.why_zero("z")


def test_a_loop_that_shrinks_is_no_growth():
    trace = inspect(lambda x: lax.fori_loop(0, 20, lambda _, c: 0.5 * c, x), 1.0)
    assert trace.why_large().kind == "gain"
    assert trace.explanation.kind == "healthy"


def test_a_zero_cotangent_is_named():
    assert inspect(jnp.sin, 1.0, cotangent=0.0).explanation.kind == "seed"


def test_the_same_function_is_explained_in_the_same_words():
    assert str(explain(masked_root, ONES * 0)) == str(explain(masked_root, ONES * 0))
