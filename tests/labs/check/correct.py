"""Functions whose derivative JAX has right, at points where a difference quotient has a hard time.

A checker that refutes one of them raises a false alarm. Large and small values, stiff and flat places, cancellation,
kinks nearby, long sums, ill-conditioned matrices, loops, branches, pytrees, integers, complex numbers.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Case = tuple[Callable[..., Any], tuple[Any, ...]]

V = np.array([0.3, -0.7, 1.9])
W = np.array([[0.3, -0.7, 1.9], [0.25, 1.1, -0.4]])
POSITIVE = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.7], [0.5, -0.7, 2.0]])
BAD = np.array([[1.0, 0.9999, 0.3], [0.9999, 1.0, 0.2], [0.3, 0.2, 1.0]])


def _logistic_map(x: Any) -> Any:
    return lax.fori_loop(0, 12, lambda _, v: 3.7 * v * (1 - v), x)


def _newton(a: Any) -> Any:
    return lax.scan(lambda y, _: (0.5 * (y + a / y), None), 1.0 + 0 * a, None, length=5)[0]


def _attention(q: Any, k: Any, v: Any) -> Any:
    return jax.nn.softmax(q @ k.T / jnp.sqrt(3.0)) @ v


def _lstm(h: Any, x: Any) -> Any:
    return lax.scan(lambda c, u: (jnp.tanh(c * u) + jax.nn.sigmoid(u) * c, c), h, x)


def _huber(x: Any) -> Any:
    return jnp.where(jnp.abs(x) < 1, 0.5 * x**2, jnp.abs(x) - 0.5).sum()


def _safe_norm(x: Any) -> Any:
    square = jnp.sum(x * x)
    return jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1.0)), 0.0)


CORRECT: dict[str, Case] = {
    "exp at 20": (jnp.exp, (20.0,)),
    "exp at −20": (jnp.exp, (-20.0,)),
    "cube at 1,000": (lambda x: x**3, (1e3,)),
    "sin of 1,000 x": (lambda x: jnp.sin(1000 * x), (1.0,)),
    "reciprocal at 0.001": (lambda x: 1 / x, (1e-3,)),
    "root at 1e-5": (jnp.sqrt, (1e-5,)),
    "relu at 1e-5": (jax.nn.relu, (1e-5,)),
    "relu at −1e-5": (jax.nn.relu, (-1e-5,)),
    "distant square": (lambda x: (x - 1e8) ** 2, (1.0,)),
    "long sum of squares": (lambda x: jnp.sum(x * x), (np.linspace(-1, 1, 10_000),)),
    "1 − cos over x²": (lambda x: (1 - jnp.cos(x)) / x**2, (1e-3,)),
    "(eˣ − 1)/x": (lambda x: (jnp.exp(x) - 1) / x, (1e-4,)),
    "√(x² + 1) − x": (lambda x: jnp.sqrt(x * x + 1) - x, (1e3,)),
    "saturated tanh": (jnp.tanh, (9.0,)),
    "saturated sigmoid": (jax.nn.sigmoid, (-30.0,)),
    "tiny gaussian": (lambda x: jnp.exp(-(x**2) / 2e-4), (0.05,)),
    "logistic map": (_logistic_map, (0.31,)),
    "newton root": (_newton, (2.0,)),
    "log near 1": (jnp.log, (1.0 + 1e-4,)),
    "log1p": (jnp.log1p, (1e-6,)),
    "expm1": (jnp.expm1, (1e-6,)),
    "power": (lambda x, y: x**y, (1.3, 2.7)),
    "negative base": (lambda x: x**3, (-2.0,)),
    "arctan2": (jnp.arctan2, (1e-3, -2.0)),
    "hypot": (jnp.hypot, (3.0, 4e-3)),
    "gamma function": (jax.scipy.special.gammaln, (3.3,)),
    "digamma": (jax.scipy.special.digamma, (2.2,)),
    "erf": (jax.scipy.special.erf, (0.4,)),
    "erf inverse": (jax.scipy.special.erfinv, (0.4,)),
    "normal distribution": (jax.scipy.stats.norm.logcdf, (0.7,)),
    "softplus": (jax.nn.softplus, (V,)),
    "gelu": (jax.nn.gelu, (V,)),
    "elu": (jax.nn.elu, (V,)),
    "mish": (jax.nn.mish, (V,)),
    "softmax": (jax.nn.softmax, (V * 10,)),
    "log softmax": (jax.nn.log_softmax, (V * 10,)),
    "logsumexp": (jax.nn.logsumexp, (V * 30,)),
    "logaddexp": (jnp.logaddexp, (3.0, -4.0)),
    "variance": (jnp.var, (V + 100,)),
    "standardize": (jax.nn.standardize, (V,)),
    "huber loss": (_huber, (V,)),
    "safe norm": (_safe_norm, (V,)),
    "distances": (lambda a: jnp.linalg.norm(a[:, None] - a[None] + 1e-3, axis=-1), (W,)),
    "matrix product": (lambda a, b: a @ b.T, (W, W + 1)),
    "trilinear": (lambda a, b, c: jnp.einsum("ij,jk,kl->il", a, b, c), (W, POSITIVE, W.T)),
    "inverse, condition 10,000": (jnp.linalg.inv, (BAD,)),
    "determinant": (jnp.linalg.det, (POSITIVE,)),
    "log determinant": (lambda a: jnp.linalg.slogdet(a)[1], (POSITIVE,)),
    "solve": (jnp.linalg.solve, (POSITIVE, V)),
    "cholesky": (lambda a: jnp.linalg.cholesky(a @ a.T + jnp.eye(3)), (POSITIVE,)),
    "eigenvalues": (lambda a: jnp.linalg.eigvalsh(a + a.T), (POSITIVE,)),
    "singular values": (lambda a: jnp.linalg.svd(a, compute_uv=False), (W,)),
    "qr": (jnp.linalg.qr, (POSITIVE,)),
    "matrix exponential": (jax.scipy.linalg.expm, (0.1 * POSITIVE[:2, :2],)),
    "quadratic form by solve": (lambda a, b: b @ jnp.linalg.solve(a @ a.T + jnp.eye(3), b), (POSITIVE, V)),
    "sort": (jnp.sort, (V,)),
    "top two": (lambda x: lax.top_k(x, 2)[0], (V,)),
    "maximum": (jnp.max, (V,)),
    "median": (jnp.median, (V,)),
    "cumulative product": (jnp.cumprod, (V,)),
    "running maximum": (lax.cummax, (V,)),
    "running logsumexp": (lax.cumlogsumexp, (V,)),
    "interpolation": (lambda x, y: jnp.interp(x, jnp.arange(4.0), y), (1.3, np.array([0.0, 1.0, 4.0, 9.0]))),
    "gather": (lambda x: x[jnp.array([2, 0, 0])] * x, (V,)),
    "scatter": (lambda x: jnp.zeros(4).at[jnp.array([1, 1, 3])].add(x * x), (V,)),
    "scatter by product": (lambda x: jnp.ones(4).at[jnp.array([1, 0, 3])].multiply(x, unique_indices=True), (V,)),
    "convolution": (lambda x, k: jnp.convolve(x, k, mode="same"), (V, V[:2])),
    "window maximum": (lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (2,), (1,), "VALID"), (V,)),
    "recurrent net": (_lstm, (0.4, V)),
    "attention": (_attention, (W, W + 0.3, W - 0.2)),
    "cond": (lambda x: lax.cond(x[0] > 0, jnp.sin, lambda v: v**2, x), (V,)),
    "switch": (lambda x, k: lax.switch(k, [jnp.sin, jnp.cos, jnp.tan], x), (V, 1)),
    "while": (lambda x: lax.while_loop(lambda v: v < 10, lambda v: v * v + 0.5, x), (1.2,)),
    "remat": (jax.checkpoint(lambda x: jnp.sin(jnp.exp(jnp.sin(x)))), (V,)),
    "vmapped rule": (jax.vmap(jax.nn.silu), (V,)),
    "pytree": (lambda d: {"a": d["x"] * d["y"][0], "b": (d["x"] ** 2,)}, ({"x": 1.5, "y": [2.5, 3]},)),
    "integer and mask": (lambda x, k, m: jnp.where(m, x * k, x), (V, 3, np.array([True, False, True]))),
    "random features": (lambda x: jnp.cos(jax.random.normal(jax.random.key(0), (2, 3)) @ x), (V,)),
    "gradient inside": (jax.grad(lambda x: jnp.sum(jnp.tanh(x) ** 2)), (V,)),
    "stop gradient": (lambda x: lax.stop_gradient(x) * x, (V,)),
    "power spectrum": (lambda x: jnp.abs(jnp.fft.fft(x)) ** 2, (np.arange(1.0, 6.0),)),
    "real transform": (lambda x: jnp.fft.irfft(jnp.fft.rfft(x) * 2), (np.arange(1.0, 7.0),)),
    "complex square": (lambda z: z * z, (1 + 2j,)),
    "complex modulus": (jnp.abs, (3 + 4j,)),
    "complex logarithm": (lambda z: jnp.log(z) * jnp.exp(1j * z), (0.4 + 0.3j,)),
    "conjugate product": (lambda z, w: jnp.real(z * jnp.conj(w)), (1 + 2j, 0.5 - 1j)),
    "unitary phase": (lambda t: jnp.exp(1j * t), (0.7,)),
}  # fmt: skip
"""Name → function and arguments in Python and NumPy numbers, to be taken in single or in double precision."""


def at(arguments: tuple[Any, ...], wide: bool) -> tuple[Any, ...]:
    """The arguments in single or double precision; integers, booleans and keys stay."""

    def cast(x: Any) -> Any:
        array = np.asarray(x)
        if array.dtype.kind == "f":
            return jnp.asarray(array, jnp.float64 if wide else jnp.float32)
        if array.dtype.kind == "c":
            return jnp.asarray(array, jnp.complex128 if wide else jnp.complex64)
        return x

    return tuple(jax.tree.map(cast, argument) for argument in arguments)
