"""Every primitive of the table: big floats give what JAX computes in double precision."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.ad_checkpoint import checkpoint_name

from difflab.core.bigfloat import big_floats
from difflab.core.call import call
from difflab.core.capture import capture
from difflab.core.domains import floats
from difflab.core.duals import Dual, Rounded, dual, rounding
from difflab.core.graph import walk
from difflab.core.interpret import interpret
from difflab.core.primitives import RULES
from difflab.core.values import pack

V = np.array([0.3, -0.7, 1.9, 0.25])
P = np.array([0.3, 0.7, 1.9, 0.25])
U = np.array([0.3, -0.7, 0.9, 0.25])
M = np.array([[0.3, -0.7, 1.9], [0.25, 1.1, -0.4]])
G = np.array([1.3, 1.7, 2.9, 1.25])
A = np.arange(12.0) / 7

CASES: dict[str, list[tuple[Callable[..., Any], tuple[Any, ...]]]] = {
    "add": [(lambda x, y: x + y, (V, P)), (lambda x: x + 0.1, (M,))],
    "add_any": [(lambda x: jax.grad(lambda v: jnp.sum(v * jnp.sin(v)))(x), (V,))],
    "sub": [(lambda x, y: x - y, (V, P))],
    "mul": [(lambda x, y: x * y, (V, P)), (lambda x: 3.0 * x, (2.5,))],
    "div": [(lambda x, y: x / y, (V, P)), (lambda x: x / jnp.zeros(4), (V,))],
    "neg": [(lambda x: -x, (V,))],
    "pow": [(lambda x, y: x**y, (P, V)), (lambda x: lax.pow(x, jnp.full(4, 3.0)), (V,)), (lambda x: x**0.5, (P,))],
    "integer_pow": [(lambda x: x**3, (V,)), (lambda x: lax.integer_pow(x, -4), (V,)),
                    (lambda x: lax.integer_pow(x, 0), (V,))],
    "square": [(jnp.square, (V,))],
    "one_minus_square": [(jax.grad(lambda x: jnp.sum(jnp.tanh(x))), (V,))],
    "polynomial": [(jnp.sinc, (V,))],
    "sqrt": [(jnp.sqrt, (P,)), (jnp.sqrt, (V,))],
    "rsqrt": [(lax.rsqrt, (P,))],
    "cbrt": [(jnp.cbrt, (V,))],
    "exp": [(jnp.exp, (V,)), (jnp.exp, (np.array([-np.inf, 0.0]),))],
    "exp2": [(lax.exp2, (V,))],
    "expm1": [(jnp.expm1, (V * 1e-6,))],
    "log": [(jnp.log, (P,)), (jnp.log, (np.array([0.0, -1.0]),))],
    "log1p": [(jnp.log1p, (U * 1e-6,))],
    "sin": [(jnp.sin, (V,))],
    "cos": [(jnp.cos, (V,))],
    "tan": [(jnp.tan, (V,))],
    "asin": [(jnp.arcsin, (U,))],
    "acos": [(jnp.arccos, (U,))],
    "atan": [(jnp.arctan, (V,))],
    "atan2": [(jnp.arctan2, (V, U[::-1].copy()))],
    "sinh": [(jnp.sinh, (V,))],
    "cosh": [(jnp.cosh, (V,))],
    "tanh": [(jnp.tanh, (V,))],
    "asinh": [(jnp.arcsinh, (V,))],
    "acosh": [(jnp.arccosh, (G,))],
    "atanh": [(jnp.arctanh, (U,))],
    "logistic": [(jax.nn.sigmoid, (V,))],
    "erf": [(lax.erf, (V,))],
    "erfc": [(lax.erfc, (V,))],
    "erf_inv": [(lax.erf_inv, (U,))],
    "lgamma": [(lax.lgamma, (P,)), (lax.lgamma, (V,))],
    "digamma": [(lax.digamma, (P,))],
    "abs": [(jnp.abs, (V,))],
    "sign": [(jnp.sign, (V,))],
    "max": [(jnp.maximum, (V, P[::-1].copy()))],
    "min": [(jnp.minimum, (V, P[::-1].copy())), (lambda x: lax.min(x, jnp.nan), (V,))],
    "clamp": [(lambda x: lax.clamp(-0.1, x, 0.28), (V,)),
              (lambda x: lax.clamp(jnp.full(4, -0.1), x, jnp.full(4, 0.28)), (V,))],
    "floor": [(lambda x: jnp.floor(x) * x, (3 * V,))],
    "ceil": [(lambda x: jnp.ceil(x) * x, (3 * V,))],
    "round": [(lambda x: lax.round(x) * x, (3 * V,)), (lambda x: jnp.round(x) * x, (np.array([0.5, 1.5, -2.5]),))],
    "rem": [(lambda x, y: lax.rem(x, y), (5 * V, P))],
    "lt": [(lambda x: jnp.where(x < 0.28, x, 2 * x), (V,))],
    "le": [(lambda x: jnp.where(x <= 0.25, x, 2 * x), (V,))],
    "gt": [(lambda x: jnp.where(x > 0.28, x, 2 * x), (V,))],
    "ge": [(lambda x: jnp.where(x >= 0.25, x, 2 * x), (V,))],
    "eq": [(lambda x: jnp.where(x == 0.25, x, 2 * x), (V,))],
    "ne": [(lambda x: jnp.where(x != x, x, 2 * x), (V,))],
    "select_n": [(lambda x, y: lax.select_n(jnp.array([0, 1, 1, 0]), x, y), (V, P))],
    "lt_to": [(lambda x, y: x[jnp.searchsorted(jnp.sort(y), x) % 4], (V, P))],
    "le_to": [(lambda x, y: x[jnp.searchsorted(jnp.sort(y), x, side="right") % 4], (V, P))],
    "argmax": [(lambda x: x[jnp.argmax(x)], (V,))],
    "argmin": [(lambda x: jnp.argmin(x, axis=1) * 1.0 + x[:, 0], (M,))],
    "reduce_sum": [(lambda x: jnp.sum(x, axis=0), (M,)), (jnp.sum, (M,)), (jnp.sum, (np.zeros((0, 2)),))],
    "reduce_prod": [(lambda x: jnp.prod(x, axis=1), (M,)), (jnp.prod, (np.zeros(0),))],
    "reduce_max": [(lambda x: jnp.max(x, axis=0), (M,)), (jnp.max, (M,)),
                   (lambda x: lax.reduce_max(x, axes=(0,)), (np.zeros((0, 2)),))],
    "reduce_min": [(lambda x: jnp.min(x, axis=1), (M,))],
    "cumsum": [(lambda x: jnp.cumsum(x, axis=1), (M,)), (lambda x: lax.cumsum(x, axis=0, reverse=True), (M,))],
    "cumprod": [(lambda x: jnp.cumprod(x, axis=0), (M,)), (lambda x: lax.cumprod(x, axis=1, reverse=True), (M,))],
    "cummax": [(lambda x: lax.cummax(x, axis=1), (M,)), (lambda x: lax.cummax(x, axis=0, reverse=True), (V,))],
    "cummin": [(lambda x: lax.cummin(x, axis=1), (M,)), (lambda x: lax.cummin(x, axis=0, reverse=True), (V,))],
    "cumlogsumexp": [(lambda x: lax.cumlogsumexp(x, axis=0), (V,)),
                     (lambda x: lax.cumlogsumexp(x, axis=1, reverse=True), (M,))],
    "sort": [(jnp.sort, (M,)), (lambda x: lax.sort((x, 2 * x, jnp.arange(4)), num_keys=1)[:2], (V,)),
             (lambda x: lax.sort(x, dimension=0), (M,))],
    "top_k": [(lambda x: lax.top_k(x, 2)[0], (M,)), (lambda x: x[lax.top_k(x, 2)[1]], (V,))],
    "dot_general": [
        (lambda x, y: x @ y.T, (M, M + 1)),
        (lambda x, y: jnp.einsum("bij,bjk->bik", x, y), (A.reshape(2, 2, 3), A.reshape(2, 3, 2))),
        (lambda x, y: jnp.einsum("ab,cdb->dac", x, y), (M, np.arange(24.0).reshape(2, 4, 3) / 5)),
        (lambda x, y: x @ y, (np.zeros((2, 0)), np.zeros((0, 3)))),
    ],
    "broadcast_in_dim": [(lambda x: jnp.broadcast_to(x[:, None], (4, 2)), (V,))],
    "concatenate": [(lambda x, y: jnp.concatenate([x, y, x]), (V, P))],
    "dynamic_slice": [(lambda x, k: lax.dynamic_slice(x, (k,), (2,)), (V, 3))],
    "dynamic_update_slice": [(lambda x, y, k: lax.dynamic_update_slice(x, y[:2], (k,)), (V, P, 1))],
    "gather": [
        (lambda x: x[jnp.array([3, 0, 0, -1])], (V,)),
        (lambda x: x.at[jnp.array([1, 9])].get(mode="fill", fill_value=0.5), (V,)),
        (lambda x: x.at[jnp.array([1, 9])].get(mode="fill", fill_value=0), (V,)),
        (lambda x: jnp.take(x, jnp.array([1, 9]), mode="fill"), (V,)),
        (lambda x: x.at[jnp.array([1, 9])].get(mode="clip"), (V,)),
        (lambda x: jnp.take_along_axis(x, jnp.array([[0, 2], [1, 1]]), 1), (M,)),
    ],
    "pad": [(lambda x: lax.pad(x, 0.1, [(1, -1, 2)]), (V,))],
    "reshape": [(lambda x: jnp.reshape(x, (3, 2)), (M,))],
    "rev": [(lambda x: x[:, ::-1], (M,))],
    "scatter": [(lambda x, y: x.at[jnp.array([2, 0, 17])].set(y[:3], mode="drop"), (V, P))],
    "scatter-add": [
        (lambda x, y: x.at[jnp.array([2, 0, 2])].add(y[:3]), (V, P)),
        (lambda x: jnp.zeros(3).at[jnp.arange(200) % 3].add(x), (np.linspace(-1, 2, 200),)),
        (lambda x: jax.grad(lambda v: jnp.sum(jnp.sin(v[jnp.array([1, 1, 3])])))(x), (V,)),
    ],
    "slice": [(lambda x: x[1:4:2], (V,))],
    "split": [(lambda x: jnp.split(x, 2), (V,))],
    "squeeze": [(lambda x: jnp.squeeze(x), (M[None],))],
    "transpose": [(lambda x: x.T, (M,))],
    "copy": [(lambda x: jnp.array(x, copy=True), (V,))],
    "copy_p": [(lambda x: jnp.copy(x), (V,))],
    "device_put": [(lambda x: jax.device_put(x), (V,))],
    "name": [(lambda x: checkpoint_name(x, "h"), (V,))],
    "optimization_barrier": [(lambda x, y: lax.optimization_barrier((x, y)), (V, P))],
    "reduce_precision": [(lambda x: lax.reduce_precision(x, 11, 52), (V,))],
    "convert_element_type": [
        (lambda x, k: x * k, (V, np.arange(4))),
        (lambda x: x * (3 * x).astype(int), (V,)),
        (lambda x: x.astype(jnp.float32).astype(x.dtype), (np.array([0.5, 0.25]),)),
    ],
    "stop_gradient": [(lambda x: x * lax.stop_gradient(jnp.sin(x)), (V,))],
    "reduce_window_sum": [(lambda x: lax.reduce_window(x, 0.0, lax.add, (2,), (1,), "SAME"), (V,))],
    "conv_general_dilated": [
        (lambda x, k: jnp.convolve(x, k), (V, np.array([0.3, 0.1]))),
        (
            lambda x, k: lax.conv_general_dilated(x, k, (2, 1), "SAME", rhs_dilation=(1, 2)),
            (np.arange(80.0).reshape(2, 2, 4, 5) / 9, np.arange(36.0).reshape(3, 2, 2, 3) / 7 - 1),
        ),
    ],
    "stack": [(lambda x, y: jnp.stack([x, y], axis=1), (V, P))],
    "unstack": [(lambda x: (lambda a, b: (a * b, b))(*x), (M,))],
    "tile": [(lambda x: jnp.tile(x, (2, 3)), (V,))],
}  # fmt: skip


OTHER_VERSIONS = {
    "copy",
    "copy_p",
    "stack",
    "tile",
    "unstack",
    "one_minus_square",
    "polynomial",
    "lt_to",
    "le_to",
}
"""Names that only some versions of JAX have; their cases run on what JAX makes of them here."""


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def primitives_of(graph: Any) -> set[str]:
    return {equation.primitive for _, _, equation in walk(graph)}


def captured(f: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, Any]:
    at = call(f, *[jnp.asarray(a) if isinstance(a, np.ndarray) else a for a in arguments])
    return at, capture(at)


def elements_of(at: Any, constant: Callable[[Any], Any]) -> dict[int, np.ndarray]:
    leaves = {k: np.asarray(at.leaves[k], float) for k in at.differentiable}
    return {k: pack(leaf.shape, [constant(x) for x in leaf.reshape(-1).tolist()]) for k, leaf in leaves.items()}


def as_floats(elements: np.ndarray, value: Callable[[Any], Any] = lambda e: e) -> np.ndarray:
    return np.array([float(value(e)) for e in elements.reshape(-1)]).reshape(elements.shape)


@pytest.mark.parametrize("decide_here", [False, True])
@pytest.mark.parametrize("primitive", sorted(RULES))
def test_every_primitive_of_the_table_agrees_with_jax(primitive: str, decide_here: bool):
    assert CASES.get(primitive), f"{primitive} is in the table and has no test case"
    met = False
    domain = big_floats(30)
    for f, arguments in CASES[primitive]:
        at, graph = captured(f, arguments)
        met |= primitive in primitives_of(graph)
        outcome = interpret(
            graph, at.leaves, domain, elements=elements_of(at, domain.constant), decide_here=decide_here, strict=True
        )
        for made, true in zip(outcome.outputs, at.flat(*at.leaves), strict=True):
            assert made is not None
            np.testing.assert_allclose(as_floats(made), np.asarray(true), rtol=1e-12, atol=1e-300)
    assert met or primitive in OTHER_VERSIONS, f"no case of {primitive} uses it"


def test_there_is_no_case_for_a_primitive_outside_the_table():
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("primitive", sorted(RULES))
def test_dual_numbers_agree_with_the_jvp_of_jax(primitive: str):
    domain = dual(big_floats(30))
    one = big_floats(30).constant
    for f, arguments in CASES[primitive]:
        at, graph = captured(f, arguments)
        tangents = [
            np.round(16 * np.cos(np.arange(np.size(at.leaves[k])))).reshape(np.shape(at.leaves[k]))
            for k in at.differentiable
        ]
        primals = [jnp.asarray(at.leaves[k], float) for k in at.differentiable]
        _, true = jax.jvp(at.restricted(), primals, [jnp.asarray(t) for t in tangents])
        elements = {
            k: pack(
                np.shape(t),
                [
                    Dual(one(x), one(d))
                    for x, d in zip(np.ravel(at.leaves[k]).tolist(), np.ravel(t).tolist(), strict=True)
                ],
            )
            for k, t in zip(at.differentiable, tangents, strict=True)
        }
        outcome = interpret(graph, at.leaves, domain, elements=elements, strict=True)
        for made, slope in zip(outcome.outputs, true, strict=True):
            assert made is not None
            mine = as_floats(made, lambda e: 0 if e.tangent is None else e.tangent)
            where = np.isfinite(np.asarray(slope)) & np.isfinite(mine)
            np.testing.assert_allclose(mine[where], np.asarray(slope)[where], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("primitive", sorted(RULES))
def test_single_precision_is_within_the_running_error_bound(primitive: str):
    domain = rounding(big_floats(30))
    for f, arguments in CASES[primitive]:
        with jax.enable_x64(False):
            at, graph = captured(f, arguments)
            leaves = [np.asarray(jnp.asarray(leaf)) for leaf in at.leaves]
            value = big_floats(30).constant
            elements = {
                k: pack(leaves[k].shape, [Rounded(value(x)) for x in leaves[k].ravel().tolist()])
                for k in at.differentiable
            }
            outcome = interpret(graph, leaves, domain, elements=elements)
            results = [np.asarray(r, float) for r in at.flat(*map(jnp.asarray, leaves))]
        for made, result in zip(outcome.outputs, results, strict=True):
            assert made is not None
            exact = as_floats(made, lambda e: e.value)
            bound = as_floats(made, lambda e: 16 * 1.2e-7 * e.rounding + 1.2e-38)
            where = np.isfinite(exact) & np.isfinite(result)
            assert (np.abs(exact[where] - result[where]) <= bound[where]).all()


@pytest.mark.parametrize(
    "primitive", ["mul", "exp", "atan2", "sort", "dot_general", "cumprod", "expm1", "logistic", "tan"]
)
def test_python_floats_agree_with_jax_too(primitive: str):
    for f, arguments in CASES[primitive]:
        at, graph = captured(f, arguments)
        outcome = interpret(graph, at.leaves, floats(), elements=elements_of(at, float), strict=True)
        for made, true in zip(outcome.outputs, at.flat(*at.leaves), strict=True):
            assert made is not None
            np.testing.assert_allclose(as_floats(made), np.asarray(true), rtol=1e-9)
