"""Jacobians in every order, against `jax.jacfwd` and `jax.jacrev`, in float64."""

import random
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from difflab.core.errors import UnsupportedError
from difflab.labs.elimination import eliminate, jacobian

TOLERANCE = 1e-12
"""Relative to the largest entry: a few hundred roundings of float64; orders differ only in the order of sums."""

X = np.array([0.7, -1.3, 0.4, 2.1, -0.6, 1.8])
A = np.array([[1.2, -0.3, 0.5], [0.1, 2.0, -0.7], [0.4, 0.6, 1.5]])


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


@jax.custom_jvp
def squashed(x):
    return x / (1 + jnp.abs(x))


@squashed.defjvp
def _(primals, tangents):
    (x,), (t,) = primals, tangents
    return squashed(x), 3.0 * t / (1 + jnp.abs(x)) ** 2


@jax.custom_jvp
def mixed(x):
    return jnp.sin(x)


@mixed.defjvp
def _(primals, tangents):
    (x,), (t,) = primals, tangents
    return mixed(x), jnp.cos(x) * t[::-1]


@jax.custom_vjp
def clipped(x):
    return x * 2.0


clipped.defvjp(lambda x: (x * 2.0, x), lambda x, bar: (bar * jnp.clip(x, -1.0, 1.0),))


@jax.custom_vjp
def summed(x, y):
    return jnp.sum(x) * y


summed.defvjp(lambda x, y: (jnp.sum(x) * y, (x, y)), lambda saved, bar: (saved[0] * jnp.sum(bar), bar * 5.0))


def newton(x):
    return lax.while_loop(lambda s: s[1] < 4, lambda s: (s[0] - (s[0] ** 2 - x) / (2 * s[0]), s[1] + 1), (x, 0))[0]


def rk4(x):
    def slope(y):
        return jnp.stack([10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]])

    for _ in range(2):
        a = slope(x)
        b = slope(x + 0.005 * a)
        x = x + 0.01 * b
    return x


def attention(x):
    q, k, v = x @ A, x @ A.T, x
    return jax.nn.softmax(q @ k.T / 2.0) @ v


FUNCTIONS: dict[str, tuple[Callable, tuple]] = {
    "identity": (lambda x: x, (X,)),
    "constant": (lambda x: jnp.ones(3), (X,)),
    "input and constant": (lambda x: (x, 2.0, jnp.sin(x), x), (X,)),
    "same operand twice": (lambda x: (x * x, x / x, x + x, x - x), (X,)),
    "square of a matrix": (lambda a: a @ a, (A,)),
    "outer product": (lambda x: jnp.outer(x, x), (X,)),
    "output read on": (lambda x: (y := jnp.sin(x), jnp.cos(y), y), (X,)),
    "repeated output": (lambda x: [jnp.exp(x)] * 2 + [jnp.sin(x)], (X,)),
    "unused argument": (lambda x, y: jnp.tanh(y), (X, X[:2])),
    "unary": (lambda x: jnp.arcsinh(x) + jnp.log1p(x**2) + jnp.cbrt(x) * jax.nn.gelu(x), (X,)),
    "scalars": (lambda x, y: jnp.sin(x) * y + jnp.exp(x * y), (0.3, 1.4)),
    "scalar with vector": (lambda s, x: s * x + x / s - s, (1.7, X)),
    "maximum of both": (lambda x: jnp.maximum(x, x[::-1]) * jnp.minimum(x, 0.5), (X,)),
    "powers": (lambda x: x**3 + jnp.abs(x) ** 1.5 + 2.0**x + jnp.abs(x) ** x, (X,)),
    "clip": (lambda x: jnp.clip(x, -1.0, 1.0) + lax.clamp(x - 1, x * 2, x[3:4] + 0 * x), (X,)),
    "where": (lambda x: jnp.where(x > 0, jnp.log(jnp.abs(x)), x**2), (X,)),
    "where on scalar": (lambda x: jnp.where(x[0] > 0, x, x[::-1]), (X,)),
    "relu and softplus": (lambda x: jax.nn.relu(x) + jax.nn.softplus(x) + jax.nn.silu(x), (X,)),
    "logsumexp": (lambda x: jax.nn.logsumexp(x.reshape(2, 3), axis=1), (X,)),
    "softmax": (lambda x: jax.nn.softmax(x.reshape(3, 2), axis=0), (X,)),
    "layer norm": (lambda x: (x - x.mean()) / jnp.sqrt(x.var() + 1e-3), (X,)),
    "stop gradient": (lambda x: x * lax.stop_gradient(x) + jnp.floor(x) * x + jnp.sign(x), (X,)),
    "reshapes": (lambda x: jnp.sin(x.reshape(2, 3)).reshape(3, 2).T.ravel() * x.reshape(6, 1)[:, 0], (X,)),
    "clashing reshapes": (lambda x: (jnp.tile(x, 2).reshape(4, 3).T.reshape(2, 6) @ x) * x[:2], (X,)),
    "reshape of a matrix": (lambda a: (a @ a).reshape(9)[::2] @ jnp.arange(15.0).reshape(5, 3), (A,)),
    "transpositions": (lambda x: jnp.moveaxis(x.reshape(1, 2, 3), 0, 2) * jnp.sin(x.reshape(2, 3, 1)), (X,)),
    "broadcasts": (lambda x: jnp.broadcast_to(x[:3], (2, 3)) * x.reshape(2, 3) + x[3], (X,)),
    "sum of a broadcast": (lambda x: jnp.sum(jnp.broadcast_to(x, (4, 6)) * 2.0, axis=0) + jnp.sum(x), (X,)),
    "reductions": (
        lambda x: (x.sum(), x.max(), x.min(), x.prod(), x.reshape(2, 3).max(0), x.reshape(2, 3).prod(1)),
        (X,),
    ),
    "norms": (lambda x: (jnp.linalg.norm(x), jnp.std(x), jnp.median(x)), (X,)),
    "batched product": (lambda x: jnp.einsum("bij,bjk->bik", x.reshape(2, 3, 1), jnp.sin(x).reshape(2, 1, 3)), (X,)),
    "contraction of two axes": (lambda a, x: jnp.einsum("ij,kij->k", a, jnp.stack([a, jnp.sin(a)])) * x[:2], (A, X)),
    "matrix and vector": (lambda a, x: a @ jnp.tanh(a @ x), (A, X[:3])),
    "bilinear form": (lambda x: x[:3] @ A @ x[3:], (X,)),
    "trace and determinant": (lambda a: (jnp.trace(a), jnp.linalg.det(a), jnp.linalg.slogdet(a)[1]), (A,)),
    "solve": (lambda a, x: jnp.linalg.solve(a, x), (A, X[:3])),
    "inverse": (lambda a: jnp.linalg.inv(a), (A,)),
    "cholesky": (lambda a: jnp.linalg.cholesky(a @ a.T), (A,)),
    "eigenvalues": (lambda a: jnp.linalg.eigh(a @ a.T)[0], (A,)),
    "qr": (lambda a: jnp.linalg.qr(a), (A,)),
    "fft": (lambda x: jnp.abs(jnp.fft.fft(x)) ** 2, (X,)),
    "real fft": (lambda x: jnp.fft.irfft(jnp.fft.rfft(x) * jnp.exp(0.3j)), (X,)),
    "complex arithmetic": (lambda x: jnp.real((x + 1j * x[::-1]) ** 2 / (2 - 1j * x)), (X,)),
    "slices": (lambda x: x[1:4] * x[::2] + x[-1], (X,)),
    "slice of one axis": (lambda a: a[:, 1:] * a[:2].T, (A,)),
    "gather": (lambda x: x[jnp.array([0, 3, 3, 5])] * x[jnp.array([1, 1, 2, 2])], (X,)),
    "gather rows": (lambda a: jnp.sin(a)[jnp.array([2, 0, 2])], (A,)),
    "gather past the end": (lambda a: a.at[jnp.array([1, 7])].get(mode="fill", fill_value=0.0) * a[:2], (A,)),
    "take along axis": (lambda a: jnp.take_along_axis(a, jnp.argsort(a, axis=1), axis=1), (A,)),
    "scatter": (lambda x: x.at[jnp.array([1, 4])].set(x[2] ** 2).at[0].add(x[5]).at[3].mul(x[1]), (X,)),
    "dynamic slices": (
        lambda x: lax.dynamic_update_slice(x, lax.dynamic_slice(x, (jnp.int32(2),), (3,)) ** 2, (jnp.int32(1),)),
        (X,),
    ),
    "sort": (lambda x: jnp.sort(x) * x, (X,)),
    "sort of pairs": (lambda x: lax.sort((x, jnp.sin(x)), num_keys=1), (X,)),
    "top": (lambda x: lax.top_k(x, 3)[0] ** 2, (X,)),
    "concatenate and pad": (lambda x: jnp.pad(jnp.concatenate([x, x**2, x[:1]]), (1, 2), constant_values=x[0]), (X,)),
    "pad inside": (lambda x: lax.pad(x, x[2], [(-1, 2, 1)]), (X,)),
    "roll and flip": (lambda a: jnp.roll(a, 1, axis=0) * jnp.flip(a, 1), (A,)),
    "cumulative": (lambda x: (jnp.cumsum(x), jnp.cumprod(x), lax.cummax(x), lax.cumlogsumexp(x, reverse=True)), (X,)),
    "cumulative along axis": (lambda a: jnp.cumsum(a, axis=1) + jnp.cumprod(a, axis=0), (A,)),
    "convolution": (lambda x: jnp.convolve(x, x[:3]), (X,)),
    "split": (lambda x: jnp.split(x, [2, 3]), (X,)),
    "stack": (lambda x: jnp.stack([x, jnp.sin(x)], axis=1), (X,)),
    "scan": (lambda x: lax.scan(lambda c, a: (c * a + 1, jnp.sin(c)), x[0], x), (X,)),
    "while": (lambda x: newton(jnp.abs(x) + 1), (X,)),
    "fori": (lambda x: lax.fori_loop(0, 3, lambda k, y: y * x + k, x), (X,)),
    "cond": (lambda x: lax.cond(x[0] > 0, jnp.sin, lambda y: y[::-1] ** 2, x), (X,)),
    "switch": (lambda x: lax.switch(1, [jnp.sin, jnp.cos], x) * x, (X,)),
    "map": (lambda x: lax.map(lambda y: jnp.sin(y) * x[0], x), (X,)),
    "remat": (lambda x: jax.checkpoint(lambda y: jnp.sin(y) ** 2)(x) * x, (X,)),
    "jit in jit": (lambda x: jax.jit(lambda y: jax.jit(jnp.sin)(y) * y)(x), (X,)),
    "custom jvp, elementwise": (lambda x: squashed(x) * x, (X,)),
    "custom jvp, not elementwise": (lambda x: mixed(x) * x, (X,)),
    "custom vjp, elementwise": (lambda x: clipped(x) * x, (X,)),
    "custom vjp, not elementwise": (lambda x: summed(x, x[0]) * x, (X,)),
    "custom rule in a scan": (lambda x: lax.scan(lambda c, a: (c + clipped(a), c), 0.0, x), (X,)),
    "gradient inside": (lambda x: jax.grad(lambda y: jnp.sum(jnp.sin(y) ** 3))(x), (X,)),
    "tree": (lambda p: {"a": p["w"] @ p["b"], "n": (p["b"] * 2, p["w"].sum())}, ({"w": A, "b": X[:3]},)),
    "integers beside": (lambda k, x: x * k + x[k], (2, X)),
    "zero size": (lambda x, z: (jnp.concatenate([x, z]), z * 2, z.sum() + x.sum()), (X, np.zeros(0))),
    "zero size axis": (lambda z: (z.sum(0), z.T @ jnp.ones((0, 2))), (np.zeros((0, 3)),)),
    "size one axes": (lambda x: (x.reshape(1, 6, 1) * x.reshape(6, 1, 1)[:1]).sum((0, 2), keepdims=True), (X,)),
    "lorenz": (rk4, (X[:3],)),
    "attention": (attention, (np.stack([X[:3], X[3:]]),)),
    "mlp": (lambda w, x: jnp.tanh(jax.nn.relu(x.reshape(2, 3) @ w) @ w.T).mean(0), (A, X)),
    "erf and friends": (lambda x: lax.erf(x) + lax.lgamma(jnp.abs(x)) * lax.digamma(x**2) + jnp.arctan2(x, x[0]), (X,)),
    "single precision inside": (lambda x: (x.astype(jnp.float32) * 2).astype(jnp.float64) * x, (X,)),
    "large constants": (lambda x: (x * 1e200) * 1e-200 + jnp.sum(jnp.broadcast_to(x, (3, 6))), (X,)),
}


def reference(f: Callable, args: tuple, argnums: tuple[int, ...]):
    try:
        return jax.jacrev(f, argnums)(*args)
    except (TypeError, ValueError):
        return jax.jacfwd(f, argnums)(*args)


def floating(args: tuple) -> tuple[int, ...]:
    return tuple(k for k, arg in enumerate(args) if not isinstance(arg, int))


def assert_same(found, expected, tolerance: float = TOLERANCE) -> None:
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        scale = max(1.0, float(jnp.max(jnp.abs(b)))) if b.size else 1.0
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


def shuffled(f: Callable, args: tuple, seed: int) -> list[str]:
    order = list(eliminate(f, *args, argnums=floating(args)).remaining)
    random.Random(seed).shuffle(order)
    return order


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_order_gives_the_jacobian_of_jax(name: str):
    f, args = FUNCTIONS[name]
    argnums = floating(args)
    expected = reference(f, args, argnums)
    orders = ["forward", "reverse", "markowitz_last", shuffled(f, args, 0)]

    @partial(jax.jit, static_argnums=[k for k in range(len(args)) if k not in argnums])
    def in_every_order(*args):
        return [jacobian(f, order=order, argnums=argnums)(*args) for order in orders]

    for found in in_every_order(*args):
        assert_same(found, expected, 1e-6 if name == "single precision inside" else TOLERANCE)


UNARY = [
    jnp.sin,
    jnp.tanh,
    lambda x: x[::-1],
    lambda x: -x,
    jnp.cumsum,
    lambda x: x * 0.5,
    lambda x: x.reshape(2, 3).T.ravel(),
]
BINARY = [
    jnp.add,
    jnp.multiply,
    jnp.subtract,
    lambda x, y: x * jnp.sum(y),
    lambda x, y: jnp.outer(x, y) @ y,
    jnp.maximum,
]
STEPS = st.tuples(st.integers(0, len(UNARY) + len(BINARY) - 1), st.integers(0, 20), st.integers(0, 20))


def program(steps: list[tuple[int, int, int]]) -> Callable:
    """A random straight-line program: each step applies an operation to earlier values."""

    def f(x, y):
        values = [x, y]
        for which, first, second in steps:
            a, b = values[first % len(values)], values[second % len(values)]
            operation = UNARY[which] if which < len(UNARY) else BINARY[which - len(UNARY)]
            values.append(operation(a) if which < len(UNARY) else operation(a, b))
        return values[-1], values[len(values) // 2]

    return f


@given(st.lists(STEPS, min_size=1, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_random_programs_in_random_orders(steps: list, chance: random.Random):
    with jax.enable_x64(True):
        f, args = program(steps), (X / 2, X[::-1] / 3)
        order = list(eliminate(f, *args).remaining)
        chance.shuffle(order)
        assert_same(jacobian(f, order=order, argnums=(0, 1))(*args), jax.jacrev(f, (0, 1))(*args), 1e-10)


def test_it_works_under_jit_vmap_and_further_derivatives():
    f = FUNCTIONS["mlp"][0]
    w, xs = A, np.stack([X, X + 1])
    ours, theirs = jacobian(f, argnums=1), jax.jacrev(f, argnums=1)
    assert_same(jax.jit(ours)(w, xs[0]), theirs(w, xs[0]))
    assert_same(jax.vmap(ours, (None, 0))(w, xs), jax.vmap(theirs, (None, 0))(w, xs))
    hessian = jax.jacfwd(jacobian(lambda x: jnp.sum(f(w, x) ** 2), order="reverse"))
    assert_same(hessian(X), jax.hessian(lambda x: jnp.sum(f(w, x) ** 2))(X), 1e-10)
    total = jax.grad(lambda w: jnp.sum(ours(w, X) ** 2))
    assert_same(total(w), jax.grad(lambda w: jnp.sum(theirs(w, X) ** 2))(w), 1e-10)


def test_a_jacobian_of_a_jacobian_is_a_hessian():
    f = FUNCTIONS["layer norm"][0]
    assert_same(jacobian(jacobian(f, order="forward"), order="reverse")(X), jax.jacrev(jax.jacrev(f))(X), 1e-10)


def test_it_may_close_over_traced_values():
    def loss(w):
        return jnp.sum(jacobian(lambda x: jnp.tanh(w @ x))(X[:3]) ** 2)

    def theirs(w):
        return jnp.sum(jax.jacrev(lambda x: jnp.tanh(w @ x))(X[:3]) ** 2)

    assert_same(jax.jit(jax.grad(loss))(A), jax.grad(theirs)(A))


def test_arguments_are_as_in_jax():
    def f(p, k, x, *, scale, mode):
        y = p["w"] @ x * scale if mode == "linear" else x
        return {"y": y[:k], "p": p["b"]}, (y, "kept" == "kept")

    p = {"w": A, "b": (X[:2], 1.5)}
    options = {"argnums": (2, 0), "has_aux": True}
    ours = jacobian(f, **options, static_argnums=1, static_argnames="mode")
    found, aux = ours(p, 2, X[:3], scale=2.0, mode="linear")
    expected, other = jax.jacrev(lambda p, x: f(p, 2, x, scale=2.0, mode="linear"), (1, 0), has_aux=True)(p, X[:3])
    assert_same(found, expected)
    np.testing.assert_allclose(aux[0], other[0])
    assert aux[1]
    assert isinstance(jacobian(jnp.sin, argnums=(0,))(1.0), tuple)
    assert_same(jacobian(jnp.sin)(1.0), jax.jacrev(jnp.sin)(1.0))


def test_one_function_serves_many_shapes():
    ours = jacobian(lambda x: jnp.sin(x) * x.sum())
    for n in (2, 5, 2):
        assert_same(ours(X[:n]), jax.jacrev(lambda x: jnp.sin(x) * x.sum())(X[:n]))


def test_an_incomplete_order_is_completed():
    f, args = FUNCTIONS["attention"]
    some = eliminate(f, *args).remaining[2:5]
    assert_same(jacobian(f, order=some)(*args), jax.jacrev(f)(*args))


def test_a_game_gives_its_jacobian():
    f, args = FUNCTIONS["contraction of two axes"]
    played = eliminate(f, *args).play("forward").undo().undo()
    assert_same(played.jacobian(*args), jax.jacrev(f, (0, 1))(*args))
    f, args = FUNCTIONS["integers beside"]
    assert_same(eliminate(f, *args).play().jacobian(*args), jax.jacrev(f, 1)(*args))


BAD_ORDERS = [
    ("fastest", "no order named 'fastest'"),
    (["0", "0"], "names vertex '0' again"),
    (["i0"], "is an input; inputs are never eliminated"),
    (["2"], "is an output; outputs are never eliminated"),
    (["99"], "no such vertex; use value ids"),
    ([99], "no such vertex"),
]


@pytest.mark.parametrize(("order", "message"), BAD_ORDERS)
def test_a_wrong_order_is_refused(order, message: str):
    with pytest.raises(ValueError, match=message):
        jacobian(lambda x: jnp.exp(jnp.sin(x) * x), order=order)(X)


def test_what_has_no_derivative_is_refused():
    with pytest.raises(TypeError, match="has dtype int"):
        jacobian(jnp.argmax)(X)
    with pytest.raises(TypeError, match="which has no derivative"):
        jacobian(lambda k: k * 2)(3)
    with pytest.raises(UnsupportedError, match="complex128"):
        jacobian(lambda z: z * 2)(1j * X)
    with pytest.raises(UnsupportedError, match=r"no derivative for the primitive pure_callback .*test_execute.py"):
        jacobian(lambda x: jax.pure_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x))(X)


def test_infinities_stay_where_they_are():
    f = FUNCTIONS["where"][0]
    x = np.array([0.0, 1.0, -1.0])
    found = jacobian(lambda x: jnp.sqrt(x) + x[0], order="forward")(np.abs(x))
    np.testing.assert_array_equal(np.isinf(found), np.isinf(jax.jacfwd(lambda x: jnp.sqrt(x) + x[0])(np.abs(x))))
    assert_same(jacobian(f)(x + 2), jax.jacrev(f)(x + 2))
