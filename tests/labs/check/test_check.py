"""The checker: no false alarm on what is right, no pass for what is wrong, and honest words for the rest."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.errors import CaptureError, DifflabError
from difflab.labs.check import CheckFailed, Report, check

A = np.array([[0.3, -0.7, 1.9], [0.25, 1.1, -0.4]], np.float32)
V = np.array([0.3, -0.7, 1.9], np.float32)
PATIENT = {"budget": 240.0}


def lorenz(s: Any) -> Any:
    x, y, z = s
    return jnp.stack([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z])


def rk4(s: Any, h: float = 0.01) -> Any:
    k1 = lorenz(s)
    k2 = lorenz(s + h / 2 * k1)
    k3 = lorenz(s + h / 2 * k2)
    return s + h / 6 * (k1 + 2 * k2 + 2 * k3 + lorenz(s + h * k3))


def mlp(parameters: Any, x: Any) -> Any:
    for layer in parameters:
        x = jnp.tanh(layer["w"] @ x + layer["b"])
    return x


WEIGHTS = [{"w": A, "b": V[:2]}, {"w": A[:, :2], "b": V[1:]}]

RIGHT: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "product": (lambda x: jnp.sin(x) * x, (1.3,)),
    "float constants": (lambda x: 0.1 * jnp.exp(-0.3 * x) / 0.7, (1.3,)),
    "mlp": (mlp, (WEIGHTS, V)),
    "softmax": (jax.nn.softmax, (V,)),
    "logsumexp": (jax.nn.logsumexp, (V,)),
    "log softmax": (jax.nn.log_softmax, (V,)),
    "gelu": (jax.nn.gelu, (V,)),
    "silu": (jax.nn.silu, (V,)),
    "erf": (jax.scipy.special.erf, (V,)),
    "layer norm": (lambda x: (x - x.mean()) / jnp.sqrt(x.var() + 1e-5), (V,)),
    "lorenz": (rk4, (V,)),
    "matrix product": (lambda a, b: a @ b.T, (A, A + 1)),
    "einsum": (lambda a, b: jnp.einsum("ij,kj->ki", a, b), (A, A)),
    "where away from its boundary": (lambda x: jnp.where(x > 0, x**2, jnp.sin(x)), (V,)),
    "abs away from zero": (jnp.abs, (V,)),
    "max without a tie": (jnp.max, (V,)),
    "relu off its kink": (jax.nn.relu, (V,)),
    "cumsum": (jnp.cumsum, (V,)),
    "cumprod": (jnp.cumprod, (V,)),
    "sort": (jnp.sort, (V,)),
    "gather and slices": (lambda a: (a[:, ::-1], a[jnp.array([1, 0, 1]), jnp.array([2, 0, 0])], a[1:, :2]), (A,)),
    "scatter": (lambda x: jnp.zeros(5).at[jnp.array([0, 3, 0])].add(x).at[1].set(x[0]), (V,)),
    "scan": (lambda x: jax.lax.scan(lambda c, v: (jnp.sin(c) * v, c), 1.0, x), (V,)),
    "cond": (lambda x: jax.lax.cond(x[0] > 0, jnp.sin, jnp.cos, x), (V,)),
    "while": (lambda x: jax.lax.while_loop(lambda c: c < 10, lambda c: c * c + 1, x), (1.3,)),
    "convolution": (jnp.convolve, (V, V[:2])),
    "norm": (jnp.linalg.norm, (V,)),
    "power": (lambda x, y: x**y, (1.3, 2.7)),
    "tight cancellation": (lambda x: (1 - jnp.cos(x)) / x**2, (1e-3,)),
    "saturated": (jnp.tanh, (12.0,)),
    "stiff": (lambda x: jnp.sin(1000 * x), (1.0,)),
    "large": (jnp.exp, (20.0,)),
    "remat": (jax.checkpoint(lambda x: jnp.sin(jnp.sin(x))), (V,)),
    "right custom rule": (lambda x: jax.nn.relu(x) * jax.nn.softplus(x), (V,)),
    "straight through": (lambda x: x + jax.lax.stop_gradient(jnp.round(x) - x), (V,)),
    "repeated outputs, inputs, literals": (lambda x: (x, x, 3.0, jnp.zeros(2)), (V,)),
    "pytrees": (lambda d: {"b": d["a"] * d["c"][0], "a": (d["a"],)}, ({"a": 1.5, "c": [2.5, 3]},)),
    "half precision": (lambda x: x * x, (jnp.array([0.5, 1.5], jnp.bfloat16),)),
    "equal inputs": (jax.nn.softmax, (np.ones(3, np.float32),)),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_right_derivatives_raise_no_false_alarm(name: str):
    f, arguments = RIGHT[name]
    report = check(f, *arguments, **PATIENT)
    assert report.ok, str(report)
    assert report.raise_for_status() is report
    with jax.enable_x64(True):
        at64 = [
            jax.tree.map(lambda x: jnp.asarray(x, float) if np.asarray(x).dtype.kind == "f" else x, a)
            for a in arguments
        ]
        for entry in report.entries[::7]:
            assert entry.truth is not None
        wide = check(f, *at64, **PATIENT)
        assert wide.ok, str(wide)


def test_truth_and_formula_agree_with_a_closed_form():
    report = check(lambda x, y: jnp.exp(x * y) / y, 0.5, 2.0)
    x, y = sympy.symbols("x y", real=True)
    expected = [sympy.diff(sympy.exp(x * y) / y, v) for v in (x, y)]
    assert [sympy.simplify(e.symbolic - t) for e, t in zip(report.entries, expected, strict=True)] == [0, 0]
    assert [e.truth for e in report.entries] == [
        pytest.approx(float(t.subs({x: 0.5, y: 2})), rel=1e-15) for t in expected
    ]


def test_constants_print_short_and_count_exactly():
    report = check(lambda x: 0.1 * x, 3.0)
    (entry,) = report.entries
    assert str(entry.symbolic) == "0.1"
    assert sympy.Rational(entry.symbolic.evalf(40)) == pytest.approx(float(np.float32(0.1)), rel=1e-17)
    assert entry.truth == float(np.float32(0.1))


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
    "factor 2": (with_jvp(jnp.sin, lambda p, t: 2 * jnp.cos(p[0]) * t[0]), (1.3,), "factor 2"),
    "factor ½": (with_vjp(jnp.sin, lambda p, c: (0.5 * jnp.cos(p[0]) * c,)), (1.3,), "factor ½"),
    "missing term": (
        with_jvp(lambda x: jax.nn.softmax(x), lambda p, t: jax.nn.softmax(p[0]) * t[0]), (V,), "0",
    ),
    "missing argument": (with_vjp(lambda x, y: x * y, lambda p, c: (p[1] * c, 0 * c)), (1.3, 2.1), "missing"),
    "transpose": (
        with_vjp(lambda a, b: a @ b, lambda p, c: (c @ p[1], p[0].T @ c)), (A[:, :2], A[:, 1:]), "transposed or swapped"
    ),
    "swapped arguments": (
        with_vjp(lambda x, y: x * y**2, lambda p, c: (2 * p[0] * p[1] * c, p[1] ** 2 * c)), (1.3, 2.1), "swapped"
    ),
    "relative error of 1e-5": (with_jvp(jnp.sin, lambda p, t: (1 + 1e-5) * jnp.cos(p[0]) * t[0]), (1.3,), "slip"),
    "typo in a constant": (
        with_jvp(jax.scipy.special.erf, lambda p, t: 1.1284 * jnp.exp(-(p[0] ** 2)) * t[0]), (0.4,), "slip",
    ),
    "one entry of nine": (
        with_jvp(lambda m: m @ jnp.ones(3), lambda p, t: (t[0] * jnp.ones((3, 3)).at[1, 2].set(1.01)) @ jnp.ones(3)),
        (np.eye(3, dtype=np.float32),), "1.01",
    ),
    "only where x < 0": (with_jvp(lambda x: x**3, lambda p, t: 3 * jnp.abs(p[0]) * p[0] * t[0]), (V,), "wrong sign"),
    "inside a scan": (
        lambda x: jax.lax.scan(lambda c, v: (wrong_sine(c * v), None), 1.0, x)[0],
        (V,), "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_rules_are_refuted_and_the_reason_is_read(name: str, wide: bool):
    f, arguments, word = WRONG[name]
    with jax.enable_x64(wide):
        report = check(f, *arguments, **PATIENT)
    assert report.verdict == "differs", str(report)
    assert not report
    notes = " ".join(e.note for e in report.entries if e.verdict == "differs")
    assert word in notes
    with pytest.raises(CheckFailed, match="differs"):
        report.raise_for_status()


def test_a_wrong_entry_is_found_alone():
    report = check(WRONG["one entry of nine"][0], np.eye(3, dtype=np.float32))
    assert [(e.row, e.column) for e in report.entries if e.verdict == "differs"] == [("out[1]", "m[1,2]")]


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
    (entry,) = check(f, x).entries
    assert entry.verdict == "not differentiable here"
    assert note in entry.note


def test_a_tie_of_max_is_a_kink_of_the_tied_entries_alone():
    report = check(jnp.max, np.array([1.0, 1.0, 0.0], np.float32))
    assert [e.verdict for e in report.entries] == ["not differentiable here"] * 2 + ["agrees"]


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
    entry = check(f, x).entries[0]
    assert entry.verdict == "not finite", entry
    assert note in entry.note


def test_a_derivative_of_the_wrong_branch_is_refuted_at_the_boundary():
    (entry,) = check(lambda x: jnp.where(x == 0, 0.0, x), 0.0).entries
    assert (entry.verdict, entry.truth, entry.jacrev) == ("differs", 1.0, 0.0)


def test_the_other_outputs_are_checked_where_one_is_unsupported():
    report = check(lambda x: (jnp.sin(x), jax.lax.bessel_i0e(x)), 0.5)
    assert [e.verdict for e in report.entries] == ["agrees", "unsupported"]
    assert report.verdict == "unsupported"
    ((primitive, node, source),) = report.unsupported
    assert (primitive, node) == ("bessel_i0e", "1")
    assert source is not None
    assert source.startswith("test_check.py:")
    assert "unsupported: bessel_i0e at node 1, test_check.py" in str(report)


def test_a_missing_mode_is_explained_and_the_other_compared():
    forward = check(lambda x: jax.lax.while_loop(lambda c: c < 10, lambda c: c * c + 1, x), 1.3)
    assert forward.ok
    assert list(forward.missing) == ["jacrev"]
    assert forward.entries[0].jacrev is None
    reverse = check(with_vjp(jnp.sin, lambda p, c: (jnp.cos(p[0]) * c,)), 1.3)
    assert reverse.ok
    assert list(reverse.missing) == ["jacfwd"]


def test_stop_gradient_is_a_constant_and_is_reported():
    report = check(lambda x: jax.lax.stop_gradient(x) * x, 3.0)
    assert report.ok
    assert str(report.entries[0].symbolic) == "stopped_1"
    assert report.entries[0].truth == 3.0
    assert "stop_gradient holds a value constant" in report.path


def test_formulas_that_explode_are_replaced_by_big_floats():
    report = check(lambda s: jax.lax.scan(lambda c, _: (rk4(c), None), s, None, length=4)[0], V, **PATIENT)
    assert report.ok, str(report)
    assert all(e.symbolic is None for e in report.entries)
    assert "no formulas: a formula has grown past" in str(report)
    with pytest.raises(DifflabError, match="has no formula"):
        report.jacobian()


def test_many_entries_are_thinned_out_evenly():
    report = check(
        lambda a: jnp.tanh(a @ a), np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8), max_entries=20, **PATIENT
    )
    assert report.ok, str(report)
    assert 0 < len(report.entries) <= 20
    assert report.left_out == 64 * 64 - len(report.entries)
    assert f"{report.left_out} entries were left out" in str(report)


def test_the_budget_is_kept_and_the_rest_is_undecided():
    f = jax.jit(lambda x: jax.lax.fori_loop(0, 10_000, lambda k, v: jnp.sin(v) * 1.1, x))
    report = check(f, V, budget=3.0)
    assert report.verdict == "undecided"
    assert "time budget is spent" in str(report)


@pytest.mark.parametrize(
    ("f", "arguments", "verdict"),
    [
        (lambda x: x * 2, (np.zeros(0, np.float32),), "agrees"),
        (lambda x: jnp.argmax(x), (V,), "agrees"),
        (lambda z: z * z, (np.complex64(1 + 2j),), "unsupported"),
        (lambda x: x * 1j, (1.5,), "unsupported"),
        (lambda x, z: x * 2, (1.5, np.complex64(2j)), "unsupported"),
    ],
)
def test_nothing_to_compare_is_said(f: Any, arguments: Any, verdict: str):
    report = check(f, *arguments)
    assert report.verdict == verdict
    assert report.notes


def test_options_are_those_of_jax():
    def f(x: Any, n: int, *, scale: Any, flag: bool) -> Any:
        return (x**n * scale if flag else x), "aux"

    report = check(f, 1.5, 3, scale=2.0, flag=True, static_argnums=1, static_argnames="flag", has_aux=True)
    assert report.ok
    assert report.columns == ("x", "scale")
    assert check(lambda x, y: x * y, 1.0, 2.0, argnums=1).columns == ("y",)
    assert check(lambda x, k: x * k, 1.0, 3).columns == ("x",)


def test_bad_input_is_refused_with_advice():
    with pytest.raises(TypeError, match="nothing to differentiate"):
        check(lambda: 1.0)
    with pytest.raises(TypeError, match=r"no argument of .* floating dtype"):
        check(lambda k: k + 1, 3)
    with pytest.raises(CaptureError, match="Python branches on a traced value"):
        check(lambda x: x if x > 0 else -x, 1.0)
    with pytest.raises(ValueError, match="digits is 5"):
        check(jnp.sin, 1.0, digits=5)
    with pytest.raises(IndexError, match="no entry"):
        check(jnp.sin, 1.0).entry(3, 0)


def test_the_report_reads_well():
    report = check(WRONG["sign"][0], 1.3)
    lines = str(report).splitlines()
    assert lines[0].endswith(": differs (1 entry)")
    assert lines[1] == "  at x = 1.3" or lines[1].endswith("= 1.3")
    assert lines[2].split() == ["entry", "verdict", "true", "jacfwd", "jacrev", "error", "formula"]
    assert "0x" not in str(report)
    assert str(check(WRONG["sign"][0], 1.3)) == str(report)
    assert isinstance(report, Report)


def test_matrix_latex_and_errors():
    report = check(lambda x: jnp.stack([x[0] * x[1], jnp.sqrt(x[0])]), np.array([4.0, 2.0], np.float32))
    assert report.jacobian().shape == (2, 2)
    assert str(report.jacobian()[0, 1]) == "x[0]"
    assert r"\sqrt" in report.latex(1, 0)
    assert report.errors().shape == (2, 2)
    assert np.nanmax(report.errors()) < 1e-6
    assert (report.rows, report.columns) == (("out[0]", "out[1]"), ("x[0]", "x[1]"))


def test_sympy_is_not_imported_by_the_core():
    code = "import sys, difflab.core.interpret, difflab.core.capture; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


OUTER = [jnp.sin, jnp.tanh, jnp.exp, jnp.abs, lambda v: 1 / (1 + v * v), lambda v: jnp.where(v > 0.1, v * v, -v)]


@settings(max_examples=12, deadline=None)
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

    (entry,) = check(f, round(x, 4), **PATIENT).entries
    assert entry.verdict == ("agrees" if factor == 1 or entry.truth == 0 else "differs"), entry
