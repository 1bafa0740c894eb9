"""Formulas of Jacobians and Hessians: against JAX's numbers, and what is said around them."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from jax.scipy import special

from difflab.core.call import call
from difflab.core.errors import DifflabError, UnsupportedError
from difflab.labs.check.formulas import hessian_sympy, jacobian_sympy
from difflab.labs.check.listing import listing
from difflab.labs.check.notation import name_latex
from difflab.labs.check.problem import problem
from difflab.labs.check.symbols import TooLargeError

from .problems import PROBLEMS

SMALL = ("network by inputs", "kepler 1", "black scholes", "layer norm", "propane", "cross entropy", "solve")
LIBRARIES = ("jax", "numpy")


def flat_jacobian(f, args):
    """JAX's Jacobian by all arguments as one matrix."""
    blocks = jax.jacfwd(lambda *a: [jnp.ravel(y) for y in jax.tree.leaves(f(*a))], tuple(range(len(args))))(*args)
    rows = [jnp.concatenate([b.reshape(b.shape[0], -1) for b in row], axis=1) for row in blocks]
    return np.concatenate(rows)


def net(x, w):
    u = w @ x
    h = jnp.tanh(u)
    return jnp.sum(h**2), h[0] * x[0]


X, W = np.array([0.3, 0.5]), np.array([[1.0, 2.0], [0.5, -3.0]])


@pytest.mark.parametrize("engine", ["sympy", "symengine"])
@pytest.mark.parametrize("name", SMALL)
def test_the_formula_has_the_numbers_of_jax(name: str, engine: str):
    f, args = PROBLEMS[name]
    with jax.enable_x64(True):
        args = tuple(map(jnp.asarray, args))
        found = jacobian_sympy(f, *args, engine=engine)
        expected = flat_jacobian(f, args)
        for library in LIBRARIES if name == "kepler 1" else ("numpy",):
            made = found.function(library)(*args)
            np.testing.assert_allclose(made, expected, rtol=1e-10, atol=1e-12)


def test_engines_agree():
    slow, fast = (jacobian_sympy(net, X, W, argnums=0, engine=engine).matrix for engine in ("sympy", "symengine"))
    assert sympy.simplify(slow - fast) == sympy.zeros(2, 2)


def test_an_engine_that_is_unknown_is_named():
    with pytest.raises(ValueError, match="engine is 'maple'"):
        jacobian_sympy(jnp.sin, 1.0, engine="maple")


def test_hessians_are_those_of_jax():
    def f(x):
        return jnp.exp(x[0]) * jnp.sin(x[1]) + x[0] ** 3

    with jax.enable_x64(True):
        x = jnp.array([0.3, 0.7])
        found = hessian_sympy(f, x)
        np.testing.assert_allclose(found.function()(x), jax.hessian(f)(x), rtol=1e-12)
        assert found.rows == found.columns == ("x[0]", "x[1]")
    with pytest.raises(ValueError, match="2 real outputs"):
        hessian_sympy(lambda x: 2 * x, X)


def test_complex_numbers_are_two_coordinates():
    with jax.enable_x64(True):
        z = jnp.asarray(0.4 + 0.3j)
        found = jacobian_sympy(lambda z: z**2 * jnp.conj(z), z)
        assert found.columns == ("Re z", "Im z")
        a, b = (jax.jvp(lambda z: z**2 * jnp.conj(z), (z,), (t,))[1] for t in (jnp.asarray(1.0 + 0j), jnp.asarray(1j)))
        np.testing.assert_allclose(found.function()(z), [[a.real, b.real], [a.imag, b.imag]], rtol=1e-12)


def test_common_subexpressions_have_the_users_names():
    found = jacobian_sympy(net, X, W, argnums=0)
    assignments, reduced = found.cse()
    names = [str(symbol) for symbol, _ in assignments]
    assert {"h[0]", "h[1]"} <= set(names)
    assert all(re.fullmatch(r"h\[\d\]|u\[\d\]|t\d+", name) for name in names)
    for symbol, part in reversed(assignments):
        reduced = reduced.xreplace({symbol: part})
    assert reduced == found.matrix


def test_an_entry_is_derived_from_its_equations():
    found = jacobian_sympy(net, X, W, argnums=0).derivation(1, 0)
    assert (found.row, found.column, found.count) == ("out[1]", "x[0]", 2)
    by_name = {(link.output, link.input): link for link in found.links}
    tanh = by_name["h[0]", "u[0]"]
    assert str(tanh.partial) == "1 - h[0]**2"
    assert tanh.primitive == "tanh"
    assert tanh.source is not None
    assert "jnp.tanh(u)" in tanh.source.text
    assert "jnp.tanh(u)" in str(found)
    x, h = sympy.Symbol("x[0]", real=True), sympy.Symbol("h[0]", real=True)
    assert sympy.expand(sum(found.factors) - (h + x * (1 - h**2))) == 0


@pytest.mark.parametrize("name", ["kepler 1", "layer norm", "black scholes"])
def test_the_paths_add_up_to_the_entry(name: str):
    f, args = PROBLEMS[name]
    with jax.enable_x64(True):
        found = jacobian_sympy(f, *args, engine="sympy")
        derivation = found.derivation(0, 1)
        values = {x: float(v) for x, v in zip(found.symbols, np.concatenate([np.ravel(a) for a in args]), strict=True)}
        names = {}
        for node in found.program.needed():
            value = found.formulas.value(node).subs(values) if node.operands else None
            names |= {node.name: value} if node.name else {}
        total = sum(derivation.factors)
        free = {s: names.get(s.name, values.get(s)) for s in total.free_symbols}
        if all(v is not None for v in free.values()):
            assert float(total.subs(free).evalf() - found.entry(0, 1).subs(values).evalf()) == pytest.approx(
                0, abs=1e-9
            )


def test_the_path_condition_is_a_relation():
    found = jacobian_sympy(lambda x: jnp.where(x[0] * x[1] > 0.25, x[0] ** 2, jnp.abs(x[1])), np.array([1.0, -2.0]))
    texts = [str(condition) for condition in found.path_condition]
    x0, x1 = found.symbols
    assert {c.relation for c in found.path_condition} >= {x0 * x1 < sympy.Rational(1, 4), x1 < 0}
    assert "x[1] < 0" in texts
    assert str(found).endswith("\n".join(f"  where {text}" for text in texts))
    assert not found.path_condition[0].tight


def test_sparsity_is_that_of_the_formula():
    found = jacobian_sympy(PROBLEMS["bratu"][0], *PROBLEMS["bratu"][1], argnums=0)
    assert (found.sparsity == (np.abs(np.subtract.outer(range(6), range(6))) <= 1)).all()


def test_latex_is_what_notebooks_can_read():
    found = jacobian_sympy(net, X, W, argnums=0)
    text = found._repr_latex_()
    assert text.startswith("$\\displaystyle") and text.count("{") == text.count("}")
    assert "bmatrix" in found.latex()
    assert name_latex("params['w_1'][0,2]") == r"\mathrm{params.w\_1}_{0,2}"
    assert name_latex("Im z[1]") == r"\operatorname{Im} z_{1}"
    wide = jacobian_sympy(PROBLEMS["heart dipole"][0], *PROBLEMS["heart dipole"][1])
    assert "aligned" in wide.latex()
    assert r"\frac{\partial" in wide.latex()


def test_past_the_readable_size_there_is_a_listing():
    f, args = PROBLEMS["inverse"]
    found = jacobian_sympy(f, *args)
    assert found.formulas is None
    text = str(found)
    assert "sweep" in text and "∂" in text
    assert found.latex().count("{") == found.latex().count("}")
    assert "<table>" in found.listing._repr_html_()
    with pytest.raises(TooLargeError, match="listing"):
        found.matrix  # noqa: B018


def test_loops_stay_loops_in_a_listing():
    text = str(listing(problem(call(PROBLEMS["lorenz 100"][0], *PROBLEMS["lorenz 100"][1]))))
    assert "scan body × 100" in text
    assert text.count("\n") < 300


def test_what_cannot_be_interpreted_is_named():
    def f(x):
        return jax.pure_callback(np.sin, jax.ShapeDtypeStruct((), jnp.float32), x) * x

    found = jacobian_sympy(f, 1.0)
    with pytest.raises(DifflabError, match="pure_callback"):
        found.entry(0, 0)
    with pytest.raises(DifflabError, match="pure_callback"):
        _ = found.matrix
    assert "pure_callback" in str(found)


def test_nothing_to_differentiate_is_said():
    with pytest.raises(TypeError, match="floats"):
        jacobian_sympy(lambda n: n + 1, 1)
    with pytest.raises(ValueError, match="budget is 0"):
        jacobian_sympy(jnp.sin, 1.0, budget=0)


SPECIAL = {
    "fourier": (lambda x: jnp.abs(jnp.fft.fft(x)) ** 2, jnp.array([0.3, 0.7, 1.2])),
    "real fourier": (lambda x: jnp.fft.irfft(jnp.fft.rfft(x) ** 2, 3), jnp.array([0.3, 0.7, 1.2])),
    "polygamma": (lambda x: special.polygamma(2, x) + special.digamma(x), 1.5),
    "bessel": (lambda x: special.i0e(x) * special.i1(x), -1.5),
    "gamma": (lambda x: special.gammainc(2.5, x) * special.gammaincc(1.7, x), 0.7),
    "beta": (lambda x: special.betainc(2.5, 1.5, x), 0.7),
    "zeta": (lambda x: special.zeta(2.5, x), 0.7),
    "complex": (lambda x: jnp.abs(jnp.tanh((x + 2j) ** 2) / jnp.sqrt(x - 1j)), 0.7),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_special_functions_and_complex_numbers_have_formulas(name: str):
    f, x = SPECIAL[name]
    with jax.enable_x64(True):
        x = jnp.asarray(x, jnp.float64)
        expected = np.ravel(jax.jacfwd(f)(x))
        found = jacobian_sympy(f, x)
        for library in LIBRARIES:
            np.testing.assert_allclose(np.ravel(found.function(library)(x)), expected, rtol=1e-6)
        fast = jacobian_sympy(f, x, engine="symengine")
        if fast.formulas is not None:
            np.testing.assert_allclose(np.ravel(fast.function("numpy")(x)), expected, rtol=1e-6)
    assert found.latex().count("{") == found.latex().count("}") and found.latex().isascii()


def test_a_function_that_an_engine_lacks_is_named_and_a_listing_comes_instead():
    found = jacobian_sympy(lambda x: special.i0e(x), 1.5, engine="symengine")
    assert "bessel_i0e" in found.too_large and "sweep" in str(found)
    with pytest.raises(UnsupportedError, match="bessel_i0e"):
        _ = found.matrix
    by_order = jacobian_sympy(lambda a: special.gammainc(a, 0.5), 1.5)
    with pytest.raises(UnsupportedError, match="Meijer"):
        by_order.function()


def test_formulas_show_themselves_as_text_without_addresses():
    for shown in (jacobian_sympy(net, X, W, argnums=0), hessian_sympy(lambda x: x**3, 2.0)):
        assert repr(shown) == str(shown) and " at 0x" not in repr(shown)
        assert repr(shown.listing) == str(shown.listing)
    assert "0x" not in repr(jacobian_sympy(net, X, W, argnums=0).derivation(0, 0))


def test_empty_arrays_have_empty_jacobians():
    found = jacobian_sympy(lambda x: 2 * x, jnp.zeros(0))
    assert found.matrix.shape == (0, 0) and found.function()(jnp.zeros(0)).shape == (0, 0)
    with pytest.raises(ValueError, match="empty"):
        hessian_sympy(jnp.sum, jnp.zeros(0))


def test_a_function_of_the_matrix_wants_all_arguments():
    with pytest.raises(TypeError, match="all of them"):
        jacobian_sympy(net, X, W).function()(X)
