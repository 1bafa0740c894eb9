"""True values: digits that hold against mpmath, trees, and honest notes."""

import jax
import jax.numpy as jnp
import mpmath
import pytest

from difflab.core.errors import UnsupportedError
from difflab.core.run import BudgetError
from difflab.labs.check import precise
from difflab.labs.check import truth as module
from difflab.labs.check.accuracy import accuracy
from difflab.labs.check.truth import truth


@pytest.mark.parametrize("route", ["balls", "big floats"])
def test_digits_agree_with_mpmath_by_either_route(route, monkeypatch):
    monkeypatch.setattr(precise, "methods", lambda: (route,))
    found = truth(lambda x, y: jnp.exp(jnp.sin(x)) / y, jnp.float32(0.75), jnp.float32(3.0), digits=40)
    with mpmath.workdps(60):
        value = mpmath.exp(mpmath.sin(mpmath.mpf("0.75")))
        for entry, exact in ((0, value * mpmath.cos(mpmath.mpf("0.75")) / 3), (1, -value / 9)):
            assert abs(mpmath.mpf(found.entry("out", entry)) - exact) <= abs(exact) * mpmath.mpf(10) ** -39
    assert found.method == route and (found.digits >= 40).all() and (found.radii < 1e-39).all()


def test_lost_digits_are_made_up_for():
    found = truth(lambda x: jax.lax.fori_loop(0, 100, lambda _, x: 4 * x * (1 - x), x), jnp.float32(0.3), digits=20)
    with mpmath.workdps(120):
        x, slope = mpmath.mpf(float(jnp.float32(0.3))), mpmath.mpf(1)
        for _ in range(100):
            x, slope = 4 * x * (1 - x), 4 * (1 - 2 * x) * slope
        assert abs(mpmath.mpf(found.entry(0, 0)) / slope - 1) < mpmath.mpf(10) ** -18


def test_the_jacobian_comes_as_a_tree_too():
    found = truth(lambda p: {"a": p["x"] ** 2, "n": 3, "b": jnp.sum(p["x"]) * p["y"]}, {"x": jnp.ones(2), "y": 2.0})
    tree = found.tree
    assert tree["a"][0].shape == (2, 2) and tree["b"][1].shape == () and tree["n"] is None
    assert tree["a"][0].tolist() == [["2", "0"], ["0", "2"]]
    assert found.entry("out['b']", "p['y']") == "2"
    assert found.floats().shape == (3, 3)


def test_a_point_on_a_boundary_and_a_missing_primitive_are_said():
    assert "boundary" in str(truth(jnp.abs, 0.0))
    callback = jax.ShapeDtypeStruct((), jnp.float32)
    with pytest.raises(UnsupportedError, match="pure_callback"):
        truth(lambda x: jax.pure_callback(lambda y: y, callback, x), 1.0)


def test_infinite_derivatives_are_given_as_such():
    assert truth(jnp.sqrt, 0.0).entry(0, 0) == "+inf"
    assert module.truth is truth


@pytest.mark.parametrize("ask", [truth, accuracy])
@pytest.mark.parametrize(
    ("f", "args", "options", "kind", "said"),
    [
        (lambda: 1.0, (), {}, TypeError, "no array arguments"),
        (lambda n: n, (3,), {}, TypeError, "floating dtype"),
        (lambda x: None, (1.0,), {}, ValueError, "nothing to differentiate"),
        (jnp.argmax, (jnp.ones(2),), {}, ValueError, "nothing to differentiate"),
        (lambda x: 2 * x, (jnp.zeros(0),), {}, ValueError, "nothing to differentiate"),
        (jnp.sum, (jnp.zeros(0),), {}, ValueError, "empty"),
        (jnp.sin, (1.0,), {"digits": 0}, ValueError, "digits is 0"),
        (jnp.sin, (1.0,), {"budget": 0}, ValueError, "budget is 0"),
        (jnp.sin, (1.0,), {"argnums": 7}, ValueError, "argument 7"),
        (jnp.sum, (jnp.ones(100_000),), {"budget": 1}, BudgetError, "larger budget"),
    ],
)  # fmt: skip
def test_what_has_no_derivative_is_refused_with_a_reason(ask, f, args, options, kind, said):
    with pytest.raises(kind, match=said):
        ask(f, *args, **options)


def test_where_the_function_is_undefined_there_is_no_derivative():
    found = truth(jnp.log, -1.0)
    assert found.entry(0, 0) == "nan" and "not finite" in str(found)
    assert truth(lambda x: x * x, float("nan")).entry(0, 0) == "nan"


@pytest.mark.parametrize("ask", [truth, accuracy])
def test_results_show_themselves_as_tables_that_stay_the_same(ask):
    one, two = (ask(lambda x, y: jnp.sin(x) * y, jnp.ones(30), 2.0) for _ in range(2))
    assert one._repr_html_() == two._repr_html_() and repr(one) == repr(two)
    assert " at 0x" not in repr(one) and "more" in one._repr_html_()
    assert one._repr_html_().count("<tr>") < 30
