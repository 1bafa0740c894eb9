"""Every row of the structure table, and every block, against the dense Jacobian of the one equation by JAX."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.ad_checkpoint import checkpoint_name

from difflab.core.blocks import numbers, terms
from difflab.core.capture import graph
from difflab.core.contraction import Block, to_array
from difflab.core.graph import Literal
from difflab.core.inline import inline
from difflab.core.partials import ELEMENTWISE, IDENTITY, RULES, UNIT, ZERO

TOLERANCE = 1e-12
"""Float64; both sides use JAX's rules, in another order of operations."""

X = np.array([0.7, -1.3, 0.4, 2.1, -0.6, 1.8])
P = np.array([0.2, 0.9, 0.4, 0.75, 0.6, 0.3])
A = np.arange(1.0, 13.0).reshape(3, 4) ** 1.5 / 10
INDEX = np.array([[2], [0], [2]])


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


@jax.custom_jvp
def ramp(x):
    return jnp.maximum(x, 0.0)


ramp.defjvps(lambda t, out, x: jnp.where(x > 0, t, 0.1 * t))


@jax.custom_jvp
def swapping(x):
    return x**2


swapping.defjvps(lambda t, out, x: 2 * x * t[::-1])


@jax.custom_vjp
def clipping(x):
    return x**2


clipping.defvjp(lambda x: (x**2, x), lambda x, bar: (jnp.clip(2 * x * bar, -1, 1),))


def scattering(kind: Callable) -> Callable:
    numbers = lax.ScatterDimensionNumbers((1,), (0,), (0,))
    return lambda a, u: kind(a, INDEX[:2], u, numbers, unique_indices=True)


ROWS: dict[str, tuple[Callable, tuple]] = {
    "abs": (lax.abs, (X,)),
    "acos": (lax.acos, (P,)),
    "acosh": (lax.acosh, (P + 1,)),
    "add": (lax.add, (X, P)),
    "add_any": (lambda x: jax.vjp(lambda y: lax.mul(lax.sin(y), lax.cos(y)), x)[1](jnp.ones(6))[0], (X,)),
    "asin": (lax.asin, (P,)),
    "asinh": (lax.asinh, (X,)),
    "atan": (lax.atan, (X,)),
    "atan2": (lax.atan2, (X, P)),
    "atanh": (lax.atanh, (P,)),
    "bessel_i0e": (lax.bessel_i0e, (X,)),
    "bessel_i1e": (lax.bessel_i1e, (X,)),
    "broadcast_in_dim": (lambda x: lax.broadcast_in_dim(x, (2, 3, 4), (1, 2)), (A[:, :1],)),
    "cbrt": (lax.cbrt, (X,)),
    "ceil": (lambda x: lax.ceil(x) * x, (X,)),
    "clamp": (lambda x, y: lax.clamp(y - 1, x, y + 1), (X, P)),
    "concatenate": (lambda a, b: lax.concatenate([a, b, a], 1), (A, A[:, :2])),
    "convert_element_type": (lambda x: lax.convert_element_type(x, np.float32), (X,)),
    "copy": (lambda x: jnp.array(x, copy=True), (X,)),
    "cos": (lax.cos, (X,)),
    "cosh": (lax.cosh, (X,)),
    "cumlogsumexp": (lambda a: lax.cumlogsumexp(a, 1), (A,)),
    "cummax": (lambda a: lax.cummax(a, 0), (A,)),
    "cummin": (lambda a: lax.cummin(a, 1, reverse=True), (A,)),
    "cumprod": (lambda a: lax.cumprod(a, 1), (A,)),
    "cumsum": (lambda a: lax.cumsum(a, 0, reverse=True), (A,)),
    "device_put": (lambda x: jax.device_put(x) * 2, (X,)),
    "digamma": (lax.digamma, (P,)),
    "div": (lax.div, (X, P)),
    "dot_general": (
        lambda a, b: lax.dot_general(a, b, (([1], [2]), ([0], [1]))),
        (A.reshape(2, 3, 2), A.reshape(3, 2, 2)[:, :, ::-1].repeat(2, 2)[:, :, :3]),
    ),
    "dynamic_slice": (lambda a: lax.dynamic_slice(a, (jnp.int32(1), jnp.int32(2)), (2, 4)), (A,)),
    "dynamic_update_slice": (lambda a, u: lax.dynamic_update_slice(a, u, (jnp.int32(1), jnp.int32(0))), (A, A[:2] + 1)),
    "erf": (lax.erf, (X,)),
    "erf_inv": (lax.erf_inv, (P,)),
    "erfc": (lax.erfc, (X,)),
    "exp": (lax.exp, (X,)),
    "exp2": (lax.exp2, (X,)),
    "expm1": (lax.expm1, (X,)),
    "floor": (lambda x: lax.floor(x) * x, (X,)),
    "gather": (lambda a: a[INDEX[:, 0]], (A,)),
    "igamma": (lambda x: lax.igamma(jnp.full(6, 1.5), x), (P,)),
    "igammac": (lambda x: lax.igammac(jnp.full(6, 1.5), x), (P,)),
    "integer_pow": (lambda x: lax.integer_pow(x, 3), (X,)),
    "lgamma": (lax.lgamma, (P,)),
    "log": (lax.log, (P,)),
    "log1p": (lax.log1p, (P,)),
    "logistic": (lax.logistic, (X,)),
    "max": (lax.max, (X, P)),
    "min": (lax.min, (X, P)),
    "mul": (lax.mul, (X, P)),
    "name": (lambda x: checkpoint_name(x, "here"), (X,)),
    "neg": (lax.neg, (X,)),
    "optimization_barrier": (lambda x, y: lax.optimization_barrier((x, y)), (X, P)),
    "pad": (lambda a, c: lax.pad(a, c, [(1, -1, 2), (0, 0, 0)]), (A, 2.0)),
    "polygamma": (lambda x: lax.polygamma(jnp.ones(6), x), (P,)),
    "pow": (lax.pow, (P, X)),
    "reduce_max": (lambda a: lax.reduce_max(a, [0]), (A,)),
    "reduce_min": (lambda a: lax.reduce_min(a, [1]), (A,)),
    "reduce_precision": (lambda x: lax.reduce_precision(x, 11, 52), (X,)),
    "reduce_prod": (lambda a: lax.reduce_prod(a, [1]), (A,)),
    "reduce_sum": (lambda a: lax.reduce_sum(a, [0]), (A,)),
    "regularized_incomplete_beta": (lambda x: lax.betainc(jnp.ones(6), jnp.full(6, 2.0), x), (P,)),
    "rem": (lax.rem, (X, P)),
    "reshape": (lambda a: lax.reshape(a, (2, 2, 1, 3)), (A.reshape(4, 3),)),
    "rev": (lambda a: lax.rev(a, [1]), (A,)),
    "round": (lambda x: lax.round(x) * x, (X,)),
    "rsqrt": (lax.rsqrt, (P,)),
    "scatter": (scattering(lax.scatter), (A, A[:2] + 1)),
    "scatter-add": (scattering(lax.scatter_add), (A, A[:2] + 1)),
    "scatter-max": (scattering(lax.scatter_max), (A, A[:2] + 1)),
    "scatter-min": (scattering(lax.scatter_min), (A, A[:2] + 1)),
    "scatter-mul": (scattering(lax.scatter_mul), (A, A[:2] + 1)),
    "select_n": (lambda x, y: lax.select_n(X > 0, x, y), (X, P)),
    "sign": (lambda x: lax.sign(x) * x, (X,)),
    "sin": (lax.sin, (X,)),
    "sinh": (lax.sinh, (X,)),
    "slice": (lambda a: lax.slice(a, (0, 1), (3, 4), (1, 2)), (A,)),
    "sort": (lambda a: lax.sort((a, a**2), dimension=0, num_keys=1), (A[::-1],)),
    "split": (lambda a: lax.split(a, (1, 3), 1), (A,)),
    "sqrt": (lax.sqrt, (P,)),
    "square": (lax.square, (X,)),
    "squeeze": (lambda a: lax.squeeze(a, [1]), (A[:, None],)),
    "stop_gradient": (lambda x: lax.stop_gradient(x) * x, (X,)),
    "sub": (lax.sub, (X, P)),
    "tan": (lax.tan, (X,)),
    "tanh": (lax.tanh, (X,)),
    "transpose": (lambda a: lax.transpose(a, (2, 0, 1)), (A.reshape(3, 2, 2),)),
}

MORE: dict[str, tuple[Callable, tuple, str]] = {
    "mul by a scalar": (lambda x, s: lax.mul(x, lax.broadcast(s, ())) if x.ndim == 0 else x * s, (X, 1.3), "mul"),
    "div by a literal": (lambda x: x / 3.0, (X,), "div"),
    "reshape that clashes": (lambda a: lax.reshape(a, (4, 3)), (A,), "reshape"),
    "matrix and vector": (lambda a, x: a @ x, (A, X[:4]), "dot_general"),
    "product in float32": (
        lambda a, x: lax.dot(a, x, preferred_element_type=np.float64),
        (A.astype(np.float32), X[:4].astype(np.float32)),
        "dot_general",
    ),
    "whole dynamic slice": (
        lambda a: lax.dynamic_slice(a, (jnp.int32(1), jnp.int32(3)), (3, 2)),
        (A,),
        "dynamic_slice",
    ),
    "gather of a window": (
        lambda a: jax.vmap(lambda k: lax.dynamic_slice(a, (k, 0), (2, 4)))(INDEX[:, 0]),
        (A,),
        "gather",
    ),
    "batched gather": (lambda a: jax.vmap(lambda row, k: row[k])(A * a, INDEX[:, 0]), (A,), "gather"),
    "take along axis": (lambda a: jnp.take_along_axis(a, INDEX, 0), (A,), "gather"),
    "gather filling": (lambda a: a.at[jnp.array([1, 9, -9])].get(mode="fill", fill_value=7.0), (A,), "gather"),
    "convolution": (lambda x: jnp.convolve(x, P), (X,), "conv_general_dilated"),
    "cholesky": (lambda a: lax.linalg.cholesky(a @ a.T + 9 * jnp.eye(3)), (A,), "cholesky"),
    "scan": (lambda x: lax.scan(lambda c, a: (c * a, c + a), x[0], x), (X,), "scan"),
    "while": (lambda x: lax.while_loop(lambda y: y[0] < 9, lambda y: y * 2 + x, x), (P,), "while"),
    "cond": (lambda x: lax.cond(x[0] > 0, jnp.sin, lambda y: y[::-1], x), (X,), "cond"),
    "fft": (lambda x: jnp.fft.fft(x).real, (X,), "fft"),
    "complex": (lambda x: jnp.abs(jnp.exp(x * 1j) + x), (X,), "mul"),
    "custom jvp": (ramp, (X,), "custom_jvp_call"),
    "swapping custom jvp": (swapping, (X,), "custom_jvp_call"),
    "custom vjp": (clipping, (X,), "custom_vjp_call"),
    "softplus": (jax.nn.softplus, (X,), "custom_jvp_call"),
    "top k": (lambda x: lax.top_k(x, 3)[0], (X,), "top_k"),
    "reduce window": (lambda x: lax.reduce_window(x, 0.0, lax.add, (3,), (1,), "SAME"), (X,), "reduce_window_sum"),
}


def blocks(f: Callable, args: tuple):
    """Every block of every equation of the flat program at a point: (equation, term, ours, the dense one by JAX)."""
    flat = inline(graph(f, *args)).graph
    known = {**flat.values, **dict(zip(flat.inputs, map(jnp.asarray, args), strict=True))}
    active = set(flat.inputs)
    for equation in flat.equations:
        values = [o.value if isinstance(o, Literal) else known[o] for o in equation.operands]
        operands = [o if isinstance(o, Literal) else flat.vertices[o] for o in equation.operands]
        results = [flat.vertices[r] for r in equation.results]
        moving = [isinstance(o, int) and o in active and flat.vertices[o].inexact for o in equation.operands]
        found = terms(equation, operands, results, moving)
        arrays = numbers(equation, operands, values, found)
        for term, array in zip(found, arrays, strict=True):
            dtype = "float64" if results[term.result].dtype.startswith("complex") else results[term.result].dtype
            yield equation, term, to_array(Block(term.structure, array), dtype), dense_by_jax(equation, values, term)
        for missing in absent(operands, results, moving, found):
            assert not np.any(dense_by_jax(equation, values, missing)), f"{equation.primitive}: a block is left out"
        active.update(equation.results if any(moving) else ())
        known.update(zip(equation.results, equation.bind(*values), strict=True))


class Absent:
    """A block that is left out, because it is zero."""

    def __init__(self, position: int, result: int) -> None:
        self.position, self.result = position, result


def absent(operands, results, moving, found):
    present = {(term.position, term.result) for term in found}
    for p, r in np.ndindex(len(operands), len(results)):
        if moving[p] and results[r].inexact and (p, r) not in present:
            yield Absent(int(p), int(r))


def dense_by_jax(equation, values, term) -> np.ndarray:
    point = jnp.asarray(values[term.position])
    pair = jnp.iscomplexobj(point)

    def function(moved):
        moved = lax.complex(moved[0], moved[1]) if pair else moved
        found = equation.bind(*[moved if k == term.position else value for k, value in enumerate(values)])[term.result]
        return jnp.stack([found.real, found.imag]) if jnp.iscomplexobj(found) else found

    start = jnp.stack([point.real, point.imag]) if pair else point
    jacobian = jax.jacrev if equation.kind == "custom_vjp" else jax.jacfwd
    return np.asarray(jacobian(function)(start))


@pytest.mark.parametrize("name", ROWS)
def test_every_row_has_the_structure_that_it_says(name: str):
    f, args = ROWS[name]
    seen = False
    for equation, term, ours, expected in blocks(f, args):
        seen |= equation.primitive == name
        np.testing.assert_allclose(ours, expected, rtol=TOLERANCE, atol=TOLERANCE)
        if equation.primitive == name and name in ELEMENTWISE | IDENTITY:
            assert term.structure.kind in ("diagonal", "identity", "−identity", "scaled identity")
    assert seen or name in ZERO


@pytest.mark.parametrize("name", MORE)
def test_every_other_block_is_that_of_jax(name: str):
    f, args, primitive = MORE[name]
    seen = {equation.primitive for equation, *_ in checked(f, args)}
    assert primitive in seen


def checked(f: Callable, args: tuple) -> list:
    found = list(blocks(f, args))
    for _, _, ours, expected in found:
        np.testing.assert_allclose(ours, expected, rtol=TOLERANCE, atol=TOLERANCE)
    return found


def test_the_rows_are_all_tried():
    assert set(RULES) | ELEMENTWISE | IDENTITY | ZERO | set(UNIT) <= {*ROWS, "copy_p"}


KINDS = {
    "relu": (jax.nn.relu, "diagonal"),
    "softplus": (jax.nn.softplus, "diagonal"),
    "leaky custom jvp": (ramp, "diagonal"),
    "swapping custom jvp": (swapping, "dense"),
    "custom vjp": (clipping, "diagonal"),
    "times a constant": (lambda x: x * 3.0, "scaled identity"),
    "minus": (lambda x: -x, "−identity"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_custom_rule_is_elementwise_only_if_its_derivative_is(name: str):
    f, kind = KINDS[name]
    found = [term.structure.kind for equation, term, *_ in blocks(f, (X,))]
    assert found == [kind]


def test_an_embedding_keeps_the_axis_that_is_taken_whole():
    found = [term.structure for equation, term, *_ in blocks(*ROWS["gather"]) if equation.primitive == "gather"]
    assert [block.stored for block in found] == [3 * 3]


def test_a_matrix_product_keeps_only_the_other_factor():
    blocks_of = blocks(lambda a, b: a @ b, (A, A.T))
    assert [term.structure.stored for _, term, *_ in blocks_of] == [12, 12]
