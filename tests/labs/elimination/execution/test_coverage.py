"""The Jacobian of many small functions, one or more for each primitive that JAX can differentiate, in a random order.

Each is compared with `jax.jvp` along a direction without symmetry. Among them are those that are easily got wrong in
silence: the same operand twice, an output that is an input, repeated and dead
values, reductions along each axis, permutations of three axes.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.ad_checkpoint import checkpoint_name

from difflab.core.capture import graph
from difflab.core.inline import inline
from difflab.core.linear import linearise
from difflab.labs.elimination.execution.accumulate import accumulate

TOLERANCE = 1e-10
"""Float64; both sides use JAX's rules, in another order of operations."""

PLAINLY = {"xla_backend_optimization_level": "0", "xla_llvm_disable_expensive_passes": True}
"""These programs run once: what counts is how long they take to compile."""

X = np.array([0.7, -1.3, 0.4, 2.1, -0.6, 1.8])
P = np.array([0.2, 0.9, 0.4, 0.75, 0.6, 0.3])
A = np.array([[1.2, 0.3, -0.5], [0.1, 0.9, 0.7], [-0.4, 0.2, 1.5]])
S = A @ A.T + 2 * np.eye(3)
T3 = np.arange(24.0).reshape(2, 3, 4) / 10 - 1
K = np.array([3, 0, 5, 0])


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


FUNCTIONS: dict[str, tuple[Callable, tuple]] = {
    "x*x": (lambda x: x * x, (X,)),
    "x/x": (lambda x: x / x, (X,)),
    "x+x": (lambda x: x + x, (X,)),
    "x-x": (lambda x: x - x, (X,)),
    "A@A": (lambda a: a @ a, (A,)),
    "dot(x,x)": (lambda x: jnp.dot(x, x), (X,)),
    "x**x": (lambda x: x**x, (P,)),
    "max(x,x)": (lambda x: jnp.maximum(x, x) * 1.0, (X,)),
    "atan2(x,x)": (lambda x: jnp.arctan2(x, x), (X,)),
    "asinh": (jnp.arcsinh, (X,)),
    "acosh": (lambda x: jnp.arccosh(1 + x), (P,)),
    "atanh": (jnp.arctanh, (P,)),
    "reduce_max 0": (lambda a: a.max(0), (A,)),
    "reduce_max 1": (lambda a: a.max(1), (A,)),
    "reduce_max all": (lambda a: a.max(), (A,)),
    "reduce_min 0": (lambda a: a.min(0), (A,)),
    "reduce_min 1": (lambda a: a.min(1), (A,)),
    "reduce_min 3d": (lambda a: a.min((0, 2)), (T3,)),
    "reduce max ties": (lambda x: jnp.max(jnp.stack([x, x]), 0), (X,)),
    "select": (lambda x: jnp.where(x > 0, x, -(x**2)), (X,)),
    "scalar select": (lambda x: jnp.where(x[0] > 0, x[0], x[1]), (X,)),
    "select three": (lambda x: lax.select_n(jnp.array([0, 1, 2, 0, 1, 2], "int32"), x, x**2, jnp.sin(x)), (X,)),
    "output is input": (lambda x, y: (x, y * 2, x), (X, P)),
    "all outputs inputs": (lambda x, y: (y, x), (X, P)),
    "output also intermediate": (lambda x: (y := jnp.sin(x), y * y, jnp.cos(y)), (X,)),
    "repeated outputs": (lambda x: (y := jnp.exp(x), y, y), (X,)),
    "aliased": (lambda x, y: x * y + x, (X, X)),
    "dead": (lambda x: (jnp.exp(x), jnp.sin(x))[1], (X,)),
    "constants": (lambda x: (jnp.ones(3), x * 2, 3.0), (X,)),
    "stop": (lambda x: lax.stop_gradient(jnp.sin(x)) * x, (X,)),
    "stop all": (lambda x: lax.stop_gradient(x), (X,)),
    "moveaxis3": (lambda a: jnp.moveaxis(a, 0, 2) * 2, (T3,)),
    "moveaxis3b": (lambda a: jnp.moveaxis(jnp.sin(a), (0, 1), (1, 2)), (T3,)),
    "transpose3": (lambda a: a.transpose(2, 0, 1)[1:] * a.transpose(2, 0, 1)[:-1], (T3,)),
    "swapaxes": (lambda a: jnp.swapaxes(a, 1, 2) @ a, (T3,)),
    "broadcast_to": (lambda x: jnp.broadcast_to(x, (2, 6)) * jnp.arange(12.0).reshape(2, 6), (X,)),
    "broadcast scalar": (lambda x: jnp.broadcast_to(x[2], (3, 4)) * 2, (X,)),
    "sin(a).T*a": (lambda a: jnp.sin(a).T * a, (A,)),
    "cumsum": (jnp.cumsum, (X,)),
    "cumprod": (jnp.cumprod, (X,)),
    "cummax": (lambda x: lax.cummax(x), (X,)),
    "cummin": (lambda a: lax.cummin(a, 1), (A,)),
    "cumsum rev axis": (lambda a: lax.cumsum(a, 0, reverse=True) * a, (A,)),
    "cumlogsumexp": (lambda x: lax.cumlogsumexp(x), (X,)),
    "sort": (jnp.sort, (X,)),
    "sort axis": (lambda a: jnp.sort(a, 0) * a, (A,)),
    "sort descending": (lambda x: -jnp.sort(-x), (X,)),
    "argsort gather": (lambda x: x[jnp.argsort(x)] ** 2, (X,)),
    "top_k": (lambda x: lax.top_k(x, 2)[0] * x[:2], (X,)),
    "median": (lambda x: jnp.median(x), (X,)),
    "quantile": (lambda x: jnp.quantile(x, 0.3), (X,)),
    "percentile axis": (lambda a: jnp.percentile(a, 25, axis=0), (A,)),
    "conv": (lambda x: jnp.convolve(x, x[:3], "same"), (X,)),
    "conv2d": (lambda a: lax.conv_general_dilated(a[None, None], a[None, None, :2, :2], (1, 1), "SAME")[0, 0], (A,)),
    "fft": (lambda x: jnp.abs(jnp.fft.fft(x)), (X,)),
    "rfft irfft": (lambda x: jnp.fft.irfft(jnp.fft.rfft(x) * 2), (X,)),
    "fft2": (lambda a: jnp.fft.fft2(a).imag, (A,)),
    "scan": (lambda x: lax.scan(lambda c, a: (c * a + jnp.sin(c), c), x[0], x), (X,)),
    "scan matrix": (lambda a, x: lax.scan(lambda c, _: (jnp.tanh(a @ c), c), x[:3], None, length=3)[0], (A, X)),
    "while": (lambda x: lax.while_loop(lambda s: s[1] < 3, lambda s: (s[0] * x, s[1] + 1), (x, 0))[0], (X,)),
    "fori": (lambda x: lax.fori_loop(0, 3, lambda i, y: y * x + x[i], x), (X,)),
    "cond": (lambda x: lax.cond(x[0] > 0, lambda y: y * y, jnp.sin, x), (X,)),
    "switch": (lambda x: lax.switch(2, [jnp.sin, jnp.cos, jnp.exp], x), (X,)),
    "map": (lambda x: lax.map(lambda t: t * x[0], x), (X,)),
    "associative scan": (lambda x: lax.associative_scan(jnp.multiply, x), (X,)),
    "relu": (jax.nn.relu, (X,)),
    "gelu": (jax.nn.gelu, (X,)),
    "softmax": (jax.nn.softmax, (X,)),
    "logsumexp": (jax.nn.logsumexp, (X,)),
    "silu": (jax.nn.silu, (X,)),
    "elu": (jax.nn.elu, (X,)),
    "softplus": (jax.nn.softplus, (X,)),
    "log_softmax": (jax.nn.log_softmax, (A,)),
    "leaky": (jax.nn.leaky_relu, (X,)),
    "sinc": (jnp.sinc, (X,)),
    "glu": (jax.nn.glu, (X,)),
    "qr": (lambda a: jnp.linalg.qr(a), (A,)),
    "svd": (lambda a: jnp.linalg.svd(a, compute_uv=False), (A,)),
    "svd full": (lambda a: jnp.linalg.svd(a)[0] ** 2, (A,)),
    "eigh": (lambda a: jnp.linalg.eigh(a @ a.T)[0], (A,)),
    "lu": (lambda a: jax.scipy.linalg.lu(a)[1:], (A,)),
    "cholesky": (lambda a: jnp.linalg.cholesky(a), (S,)),
    "solve": (lambda a, x: jnp.linalg.solve(a, x[:3]), (A, X)),
    "solve mat": (lambda a: jnp.linalg.solve(a, a.T), (A,)),
    "inv": (jnp.linalg.inv, (A,)),
    "det": (jnp.linalg.det, (A,)),
    "slogdet": (lambda a: jnp.linalg.slogdet(a)[1], (A,)),
    "triangular": (lambda a, x: jax.scipy.linalg.solve_triangular(a, x[:3], lower=True), (A, X)),
    "expm": (lambda a: jax.scipy.linalg.expm(a), (A,)),
    "matrix_power": (lambda a: jnp.linalg.matrix_power(a, 3), (A,)),
    "pinv": (jnp.linalg.pinv, (A,)),
    "lstsq": (lambda a, x: jnp.linalg.lstsq(a, x[:3])[0], (A, X)),
    "eigvals": (lambda a: jnp.linalg.eigvals(a).real.sum(), (A,)),
    "cho_solve": (lambda a, x: jax.scipy.linalg.cho_solve((jnp.linalg.cholesky(a), True), x[:3]), (S, X)),
    "tridiagonal": (
        lambda x: lax.linalg.tridiagonal_solve(
            jnp.concatenate([jnp.zeros(1), x[1:]]), x + 4, jnp.concatenate([x[:-1], jnp.zeros(1)]), (x**2)[:, None]
        )[:, 0],
        (X,),
    ),
    "split": (lambda x: jnp.split(x, 3), (X,)),
    "array_split": (lambda x: jnp.array_split(x, 4), (X,)),
    "stack": (lambda x: jnp.stack([x, x * 2, x], 1), (X,)),
    "concat self": (lambda x: jnp.concatenate([x, x]), (X,)),
    "hstack": (lambda a: jnp.hstack([a, a.T]), (A,)),
    "tile": (lambda x: jnp.tile(x, 3) * 2, (X,)),
    "repeat": (lambda x: jnp.repeat(x, 2) ** 2, (X,)),
    "roll": (lambda x: jnp.roll(x, 2) * x, (X,)),
    "roll 2d": (lambda a: jnp.roll(a, (1, -1), (0, 1)) * a, (A,)),
    "flip": (lambda a: jnp.flip(a, 0) @ a, (A,)),
    "rot90": (lambda a: jnp.rot90(a) * a, (A,)),
    "pad const": (lambda x: jnp.pad(x, 2) * 2, (X,)),
    "pad edge": (lambda x: jnp.pad(x, 1, mode="edge") ** 2, (X,)),
    "pad reflect": (lambda x: jnp.pad(x, 2, mode="reflect") ** 2, (X,)),
    "pad wrap": (lambda x: jnp.pad(x, 2, mode="wrap") ** 2, (X,)),
    "pad negative": (lambda x: lax.pad(x, x[1], [(-1, -2, 0)]) * 2, (X,)),
    "pad interior": (lambda x: lax.pad(x, x[0], [(2, -1, 1)]) * 2, (X,)),
    "pad 2d": (lambda a: lax.pad(a, a[0, 0], [(1, 0, 0), (0, 1, 1)]) * 3, (A,)),
    "slice stride": (lambda x: x[::2] * x[1::2], (X,)),
    "slice negative": (lambda x: x[::-2] * 2, (X,)),
    "slice 2d": (lambda a: a[1:, :2] * a[:2, 1:], (A,)),
    "diff": (lambda x: jnp.diff(x) ** 2, (X,)),
    "diff2": (lambda x: jnp.diff(x, 2), (X,)),
    "gradient": (lambda x: jnp.gradient(x), (X,)),
    "laplace": (lambda x: x[2:] - 2 * x[1:-1] + x[:-2], (X,)),
    "ellipsis": (lambda a: a[..., None, 1] * 2, (T3,)),
    "gather": (lambda x: x[K] * x[K[::-1]], (X,)),
    "gather jnp": (lambda x: x[jnp.asarray(K)] ** 2, (X,)),
    "gather rows": (lambda a: a[np.array([2, 2, 0])] @ a, (A,)),
    "gather cols": (lambda a: a[:, np.array([2, 0])] * 2, (A,)),
    "gather pairs": (lambda a: a[np.array([0, 1, 2]), np.array([1, 1, 0])] ** 2, (A,)),
    "gather 3d": (lambda a: a[:, np.array([0, 2]), :][:, :, np.array([1, 1])], (T3,)),
    "gather mixed": (lambda a: a[np.array([0, 1]), :, np.array([3, 2])] ** 2, (T3,)),
    "gather bool": (lambda x: x[np.array([True, False, True, True, False, False])] ** 2, (X,)),
    "gather out of bounds": (lambda x: x.at[np.array([1, 7, -9])].get(mode="fill", fill_value=2.5) ** 2, (X,)),
    "gather clip": (lambda x: x.at[np.array([1, 7])].get(mode="clip") ** 2, (X,)),
    "gather dynamic": (lambda x: x[(x > 0).astype(int)] * 2, (X,)),
    "take": (lambda a: jnp.take(a, np.array([0, 2]), axis=1) ** 2, (A,)),
    "take_along": (lambda a: jnp.take_along_axis(a, np.array([[0], [2], [1]]), 1) * a, (A,)),
    "diagonal": (lambda a: jnp.diagonal(a) ** 2, (A,)),
    "trace": (jnp.trace, (A,)),
    "diag": (lambda x: jnp.diag(x) * 2, (X,)),
    "tril": (lambda a: jnp.tril(a) @ a, (A,)),
    "triu indices": (lambda a: a[jnp.triu_indices(3)] ** 2, (A,)),
    "scatter set": (lambda x: x.at[K[:3]].set(x[:3] ** 2), (X,)),
    "scatter dup": (lambda x: x.at[K].set(x[:4] ** 2), (X,)),
    "scatter add dup": (lambda x: x.at[K].add(x[:4] ** 2), (X,)),
    "scatter mul": (lambda x: x.at[K[:3]].mul(x[:3], unique_indices=True), (X,)),
    "scatter max": (lambda x: x.at[K[:3]].max(x[:3]), (X,)),
    "scatter row": (lambda a: a.at[1].set(a[0] * 2), (A,)),
    "scatter col add": (lambda a: a.at[:, 1].add(a[0] ** 2), (A,)),
    "scatter block": (lambda a: a.at[1:, 1:].set(a[:2, :2] ** 2), (A,)),
    "scatter dynamic": (lambda x: x.at[jnp.argmax(x)].set(x[0] * 2), (X,)),
    "segment_sum": (lambda x: jax.ops.segment_sum(x**2, np.array([0, 1, 0, 2, 1, 2]), 3), (X,)),
    "scatter drop": (lambda x: x.at[np.array([1, 9])].add(x[:2], mode="drop") * 2, (X,)),
    "dynamic slice": (lambda x: lax.dynamic_slice(x, (jnp.int32(4),), (3,)) ** 2, (X,)),
    "dynamic slice traced": (lambda x: lax.dynamic_slice(x, ((x[0] > 0).astype(int),), (3,)) ** 2, (X,)),
    "dynamic update": (lambda x: lax.dynamic_update_slice(x, x[:2] ** 2, (jnp.int32(3),)), (X,)),
    "dynamic update 2d": (lambda a: lax.dynamic_update_slice(a, a[:2, :1] ** 2, (1, 1)), (A,)),
    "dynamic update traced": (lambda x: lax.dynamic_update_slice(x, x[:2] ** 2, ((x[0] > 0).astype(int),)), (X,)),
    "custom_jvp": (lambda x: jax.numpy.linalg.norm(x), (X,)),
    "norm matrix": (lambda a: jnp.linalg.norm(a), (A,)),
    "std": (jnp.std, (X,)),
    "var axis": (lambda a: a.var(0), (A,)),
    "cov": (jnp.cov, (A,)),
    "corrcoef": (jnp.corrcoef, (A,)),
    "remat": (lambda x: jax.checkpoint(lambda y: jnp.sin(y) * y)(x), (X,)),
    "jit": (lambda x: jax.jit(lambda y: jnp.sin(y) * y)(x) * x, (X,)),
    "vmap": (lambda a: jax.vmap(lambda r: jnp.outer(r, r))(a), (A,)),
    "grad inside": (jax.grad(lambda x: jnp.sum(jnp.sin(x) ** 2)), (X,)),
    "jacfwd inside": (jax.jacfwd(lambda x: jnp.sin(x) * x[::-1]), (X,)),
    "hvp": (lambda x: jax.jvp(jax.grad(lambda y: jnp.sum(y**3)), (x,), (x,))[1], (X,)),
    "einsum": (lambda a: jnp.einsum("ij,kj,ik->j", a, a, a), (A,)),
    "einsum diag": (lambda a: jnp.einsum("ii->i", a) ** 2, (A,)),
    "einsum batch": (lambda t: jnp.einsum("bij,bkj->bik", t, t), (T3,)),
    "tensordot": (lambda t, a: jnp.tensordot(t, a, ((1,), (0,))), (T3, A)),
    "kron": (lambda a: jnp.kron(a, a[:1]), (A,)),
    "outer": (lambda x: jnp.outer(x, jnp.sin(x)), (X,)),
    "cross": (lambda x: jnp.cross(x[:3], x[3:]), (X,)),
    "vander": (lambda x: jnp.vander(x, 3), (X,)),
    "polyval": (lambda x: jnp.polyval(x[:3], x), (X,)),
    "interp": (lambda x: jnp.interp(x, jnp.linspace(-2, 3, 5), jnp.arange(5.0) ** 2), (X,)),
    "reshape clash": (lambda a: (a.reshape(9)[:8].reshape(2, 4).T.reshape(2, 4) * 2).reshape(4, 2), (A,)),
    "reshape clash 2": (lambda t: jnp.sin(t.reshape(6, 4).reshape(4, 6))[1:] ** 2, (T3,)),
    "ravel order F": (lambda a: a.ravel(order="F")[1:-1] * 2, (A,)),
    "squeeze expand": (
        lambda x: (
            (
                x[:, None]
                * x[
                    None,
                    :,
                ]
            )
            .reshape(6, 1, 6)
            .squeeze(1)
        ),
        (X,),
    ),
    "int paths": (lambda x, k: x * k + jnp.round(x).astype(int) * x, (X, 2)),
    "bool paths": (lambda x: (x > 0) * x + jnp.logical_and(x > 0, x < 1).astype(float), (X,)),
    "sign floor": (lambda x: jnp.sign(x) + jnp.floor(x) * x + jnp.ceil(x) + jnp.trunc(x) * x, (X,)),
    "mod": (lambda x: jnp.mod(x, 0.7) + jnp.fmod(x, 0.4), (X,)),
    "clip": (lambda x: jnp.clip(x, -1, 1), (X,)),
    "clamp arr": (lambda x: lax.clamp(-P, x, P), (X,)),
    "nan_to_num": (lambda x: jnp.nan_to_num(x) * 2, (X,)),
    "isfinite": (lambda x: jnp.where(jnp.isfinite(x), x, 0), (X,)),
    "argmax gather": (lambda x: x[jnp.argmax(x)] * x, (X,)),
    "one_hot": (lambda x: jax.nn.one_hot(jnp.array([1, 0]), 3) * x[:2, None], (X,)),
    "complex": (lambda x: jnp.abs(x + 1j * x**2) + jnp.angle(x + 2j), (X,)),
    "complex mul": (lambda x: ((x + 1j) * (x - 2j)).real, (X,)),
    "conj": (lambda x: jnp.conj(jnp.exp(1j * x)).imag, (X,)),
    "erf etc": (lambda x: lax.erf(x) + lax.erfc(x) * lax.erf_inv(x / 2) + lax.lgamma(x) + lax.digamma(x), (P,)),
    "bessel": (lambda x: lax.bessel_i0e(x) + lax.bessel_i1e(x), (P,)),
    "igamma": (lambda x: lax.igamma(1.5 + 0 * x, x) + lax.igammac(1.5 + 0 * x, x), (P,)),
    "betainc": (lambda x: lax.betainc(jnp.ones(6), 2 * jnp.ones(6), x), (P,)),
    "polygamma": (lambda x: lax.polygamma(1 + 0 * P, x), (P,)),
    "logaddexp": (lambda x: jnp.logaddexp(x, x[::-1]), (X,)),
    "hypot": (lambda x: jnp.hypot(x, x[::-1]), (X,)),
    "cbrt exp2": (lambda x: jnp.cbrt(x) + jnp.exp2(x) + jnp.log1p(x) + jnp.expm1(x) + jnp.log2(x) + jnp.log10(x), (P,)),
    "trig": (lambda x: jnp.sin(x) + jnp.cos(x) * jnp.tan(x) + jnp.arcsin(x) + jnp.arccos(x) + jnp.arctan(x), (P,)),
    "hyper": (lambda x: jnp.sinh(x) + jnp.cosh(x) * jnp.tanh(x), (P,)),
    "rsqrt": (lambda x: lax.rsqrt(x) + jnp.sqrt(x) + jnp.square(x) + jnp.reciprocal(x), (P,)),
    "prod": (lambda a: a.prod(0) + a.prod(), (A,)),
    "mean": (lambda a: a.mean(1, keepdims=True) * a, (A,)),
    "all any": (lambda x: jnp.where(jnp.all(x > -9), x, 0) * 1.0, (X,)),
    "reduce_window": (lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (2,), (1,), "VALID"), (X,)),
    "avg pool": (lambda x: lax.reduce_window(x, 0.0, lax.add, (2,), (2,), "VALID"), (X,)),
    "random const": (lambda x: x * jax.random.normal(jax.random.key(0), (6,)), (X,)),
    "dropout": (lambda x: jnp.where(jax.random.bernoulli(jax.random.key(1), 0.5, (6,)), x / 0.5, 0), (X,)),
    "nextafter": (lambda x: x * 2 + 0 * jnp.nextafter(lax.stop_gradient(x), 1.0), (X,)),
    "zero size": (lambda x: (x[:0], x[:0].sum() + x.sum()), (X,)),
    "scalar chain": (lambda s: jnp.sin(s) * s + s**3, (0.7,)),
    "f32 mixed": (lambda x: x.astype("float64") ** 2, (X.astype("float32"),)),
    "unused": (lambda x, y: x * 2, (X, P)),
    "floor divide": (lambda x: x * np.arange(6) // 1, (X,)),
    "ldexp": (lambda x: jnp.ldexp(x, 2), (X,)),
    "select by int": (lambda x: jnp.choose(np.array([0, 1, 0, 1, 0, 1]), [x, x**2], mode="clip"), (X,)),
    "lexsort": (lambda x: x[jnp.lexsort((x,))] * 2, (X,)),
    "unwrap": (lambda x: jnp.unwrap(x), (X,)),
    "sort of pairs": (lambda x: lax.sort((x, jnp.sin(x)), num_keys=1), (X,)),
    "unstack": (lambda a: [r * 2 for r in jnp.unstack(a, axis=1)], (A,)),
    "tile 2d": (lambda a: jnp.tile(a, (2, 3)) ** 2, (A,)),
    "reduce_and": (lambda x: x * jnp.all(x[:, None] > -9, 1), (X,)),
    "xor": (lambda x: x * jnp.logical_xor(x > 0, x < 1), (X,)),
    "shift": (lambda x: x * (jnp.arange(6) << 1) + x * (jnp.arange(6) >> 1), (X,)),
    "bits": (lambda x: x * lax.population_count(jnp.arange(6)) + x * lax.clz(jnp.arange(6)), (X,)),
    "argmin": (lambda x: x[jnp.argmin(x)] * x, (X,)),
    "householder": (lambda a: jnp.linalg.qr(a)[0] @ a, (A,)),
    "random gamma": (lambda x: jax.random.gamma(jax.random.key(0), 1 + x), (P,)),
    "named": (lambda x: checkpoint_name(jnp.sin(x), "y") * x, (X,)),
    "device put": (lambda x: jax.device_put(x) * 2, (X,)),
    "copy": (lambda x: jnp.array(x, copy=True) * 2, (X,)),
    "add any": (lambda x: jax.vjp(lambda y: lax.sin(y) * lax.cos(y), x)[1](x)[0], (X,)),
    "approx max": (lambda x: lax.approx_max_k(x, 2)[0] * 2, (X,)),
    "reduce xor": (lambda x: x * lax.reduce_xor(jnp.arange(6), (0,)), (X,)),
    "schur free svd": (lambda a: jnp.linalg.matrix_rank(a) * a, (A,)),
    "select and gather": (
        lambda x: jax.grad(lambda y: jnp.sum(lax.reduce_window(y, -jnp.inf, lax.max, (2,), (1,), "VALID") ** 2))(x),
        (X,),
    ),
    "cumulative grads": (jax.grad(lambda x: jnp.sum(jnp.cumprod(x) ** 2)), (X,)),
    "not": (lambda x: jnp.where(~(x > 0), x, 2 * x), (X,)),
    "complex real imag": (lambda x: lax.real(lax.complex(x, x**2)) + lax.imag(lax.complex(x, x**2)), (X,)),
    "uint": (lambda x: x * jnp.arange(6, dtype="uint8"), (X,)),
    "lgamma grad": (jax.grad(lambda x: jnp.sum(lax.lgamma(x) * lax.erf(x))), (P,)),
    "min of two": (lambda x: jnp.minimum(x, x[::-1]) * 2, (X,)),
    "split axis": (lambda a: [b * 2 for b in jnp.split(a, [1], axis=1)], (A,)),
    "histogram weights": (lambda x: jnp.bincount(jnp.array([0, 1, 1, 2, 0, 2]), weights=x, length=3), (X,)),
    "searchsorted": (lambda x: x * jnp.searchsorted(jnp.arange(3.0), x), (X,)),
    "convolve full": (lambda x: jnp.convolve(x, jnp.array([1.0, 2.0])), (X,)),
    "trapezoid": (lambda x: jnp.trapezoid(x**2), (X,)),
    "fewer bits": (lambda x: lax.reduce_precision(x, 11, 40) * 2, (X,)),
    "barrier": (lambda x: lax.optimization_barrier((x, x * 2)), (X,)),
    "closure call": (lambda x: jax.named_call(lambda y: y * y, name="sq")(x), (X,)),
    "fft complex chain": (lambda x: jnp.real(jnp.fft.ifft(jnp.fft.fft(x) * jnp.fft.fft(x[::-1]))), (X,)),
    "dct": (lambda x: jax.scipy.fft.dct(x), (X,)),
    "gammaln": (
        lambda x: jax.scipy.special.gammaln(1 + x) + jax.scipy.special.logit(x) + jax.scipy.special.entr(x),
        (P,),
    ),
    "norm cdf": (lambda x: jax.scipy.stats.norm.cdf(x) + jax.scipy.stats.norm.logpdf(x), (X,)),
    "map_coordinates": (
        lambda a: jax.scipy.ndimage.map_coordinates(a, [np.array([0.5, 1.2]), np.array([0.3, 1.9])], 1),
        (A,),
    ),
    "resize": (lambda a: jax.image.resize(a, (4, 5), "linear"), (A,)),
}


def primitives(f: Callable, args: tuple) -> set[str]:
    return {equation.primitive for equation in inline(graph(f, *args)).graph.equations}


def direction(value) -> np.ndarray:
    return np.asarray(np.cos(np.arange(np.size(value)) + 0.5).reshape(np.shape(value)), np.asarray(value).dtype)


def contracted(rows: list, directions: list) -> list:
    """The rows of blocks applied to a direction in the inputs."""
    return [sum(jnp.tensordot(block, v, np.ndim(v)) for block, v in zip(row, directions, strict=True)) for row in rows]


def both(f: Callable, args: tuple) -> tuple[list, list]:
    """The Jacobian applied to a direction, by a random order of elimination and by JAX."""
    floating = [k for k, arg in enumerate(args) if not isinstance(arg, int)]

    def restricted(*chosen):
        full = list(args)
        for k, value in zip(floating, chosen, strict=True):
            full[k] = value
        return jax.tree.leaves(f(*full))

    linear = linearise(graph(restricted, *[args[k] for k in floating]))
    order = list(np.random.default_rng(len(linear.vertices)).permutation(linear.intermediates).tolist())
    directions = [direction(args[k]) for k in floating]

    def compared(*chosen):
        ours = contracted(accumulate(linear, chosen, order)[1], directions)
        theirs = jax.jvp(restricted, chosen, tuple(directions))[1]
        return ours, [
            jnp.zeros(np.shape(a)) if t.dtype == jax.dtypes.float0 else t for a, t in zip(ours, theirs, strict=True)
        ]

    return jax.jit(compared, compiler_options=PLAINLY)(*[jnp.asarray(args[k]) for k in floating])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_jacobian_is_that_of_jax(name: str):
    ours, theirs = both(*FUNCTIONS[name])
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        tolerance = 1e-6 if name == "f32 mixed" else TOLERANCE
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_more_than_a_hundred_and_twenty_primitives_are_tried():
    assert len(set().union(*(primitives(*entry) for entry in FUNCTIONS.values()))) >= 120
