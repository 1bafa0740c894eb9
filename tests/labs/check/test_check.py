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

from difflab.core.errors import CaptureError, DifflabError
from difflab.labs.check import Report, assert_grads, check
from tests.labs.check.test_check_wrong import WRONG

A = np.array([[0.3, -0.7, 1.9], [0.25, 1.1, -0.4]], np.float32)
V = np.array([0.3, -0.7, 1.9], np.float32)
PATIENT = {"budget": 240.0}
QUICK = {"budget": 240.0, "points": 2}
WIDE = ("product", "float constants", "softmax", "erf", "norm", "half precision", "tight cancellation")


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


ONLY_AGREE = {"erf"} if jax.__version_info__ >= (0, 12) else set[str]()
"""JAX 0.12 writes the derivative of erf with a constant that is rounded twice."""


@pytest.mark.parametrize("name", RIGHT)
def test_right_derivatives_raise_no_false_alarm(name: str):
    f, arguments = RIGHT[name]
    report = check(f, *arguments, **QUICK)
    assert report.ok and (report.verdict != "agrees" or name in ONLY_AGREE), str(report)
    assert report.raise_for_status() is report
    assert not report.faults


@pytest.mark.parametrize("name", WIDE)
def test_right_derivatives_raise_no_false_alarm_in_double_precision(name: str):
    f, arguments = RIGHT[name]
    with jax.enable_x64(True):
        at64 = [
            jax.tree.map(lambda x: jnp.asarray(x, float) if np.asarray(x).dtype.kind == "f" else x, a)
            for a in arguments
        ]
        wide = check(f, *at64, **QUICK)
        assert wide.ok, str(wide)
        for entry in wide.entries[::7]:
            assert entry.truth is not None


def test_truth_and_formula_agree_with_a_closed_form():
    report = check(lambda x, y: jnp.exp(x * y) / y, 0.5, 2.0, **QUICK)
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


def test_the_same_seed_gives_the_same_report():
    first, second = (str(check(jax.nn.softmax, V, seed=3, **QUICK)) for _ in range(2))
    assert first == second
    assert "seed 3" in first


def test_assert_grads_raises_what_one_can_act_on():
    assert_grads(jnp.tanh, 0.5, **QUICK)
    with pytest.raises(AssertionError) as caught:
        assert_grads(WRONG["sign"][0], 1.3, **QUICK)
    text = str(caught.value)
    assert "test_check_wrong.py" in text
    assert "witness" in text
    assert "0x" not in text


def test_a_large_function_is_covered_though_few_entries_are_listed():
    def wide(w: Any, x: Any) -> Any:
        return jnp.tanh(w @ x)

    w = np.linspace(-1, 1, 600, dtype=np.float32).reshape(4, 150)
    report = check(wide, w, w[0], max_entries=40, **QUICK)
    assert report.ok, str(report)
    assert sum(report.totals.values()) == 4 * 750
    assert "all 3,000 entries" in report.summary


def test_stop_gradient_is_a_constant_and_is_reported():
    report = check(lambda x: jax.lax.stop_gradient(x) * x, 3.0)
    assert report.ok
    assert str(report.entries[0].symbolic) == "stopped_1"
    assert report.entries[0].truth == 3.0
    assert "stop_gradient holds a value constant" in report.path


def test_formulas_that_explode_do_not_hinder_a_proof():
    report = check(lambda s: jax.lax.scan(lambda c, _: (rk4(c), None), s, None, length=2)[0], V, budget=240.0, points=0)
    assert report.ok, str(report)
    assert all(e.symbolic is None for e in report.entries)
    with pytest.raises(DifflabError):
        report.jacobian()


def test_many_entries_are_thinned_out_evenly():
    report = check(
        lambda a: jnp.tanh(a @ a), np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8), max_entries=20, **QUICK
    )
    assert report.ok, str(report)
    assert 0 < len(report.entries) <= 20
    assert report.left_out == 64 * 64 - len(report.entries)
    assert f"{report.left_out:,} entries are not listed; they are covered" in str(report)
    assert sum(report.totals.values()) == 64 * 64


def test_the_budget_is_kept_and_what_was_not_shown_is_undecided():
    f = jax.jit(lambda x: jax.lax.fori_loop(0, 10_000, lambda k, v: jnp.sin(v) * 1.1, x))
    report = check(f, V, budget=2.0)
    assert report.verdict == "undecided"
    assert "budget" in {finding.kind for finding in report.findings}
    assert "was spent" in str(report)


@pytest.mark.parametrize(
    ("f", "arguments", "verdict"),
    [
        (lambda x: x * 2, (np.zeros(0, np.float32),), "proved"),
        (lambda x: jnp.argmax(x), (V,), "proved"),
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
    assert lines[0].endswith(": refuted (1 entry)")
    assert lines[1] == "  at x = 1.3" or lines[1].endswith("= 1.3")
    assert any(line.split() == ["entry", "verdict", "true", "jacfwd", "jacrev", "digits", "error"] for line in lines)
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
