"""Functions that use each primitive, with points: what the interpreter's table is tested on.

Also which primitives it leaves out, and why.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.ad_checkpoint import checkpoint_name

Case = tuple[Callable[..., Any], tuple[Any, ...]]

V = np.array([0.3, -0.7, 1.9, 0.25])
P = np.array([0.3, 0.7, 1.9, 0.25])
U = np.array([0.3, -0.7, 0.9, 0.25])
M = np.array([[0.3, -0.7, 1.9], [0.25, 1.1, -0.4]])
G = np.array([1.3, 1.7, 2.9, 1.25])
S = np.array([[0.3, -0.7], [1.9, 0.25]])
UNIT = np.array([0.3, 0.7, 0.9, 0.25])
A = np.arange(12.0) / 7

Z = np.array([0.3 + 0.7j, -0.6 + 0.2j, 1.9 - 1.1j, 0.25 + 0.4j])
W = np.array([1.3 - 0.2j, 0.6 + 0.9j, 0.9 - 1.3j, 2.25 + 0.4j])

PLACEMENT = (
    "pvary reduced_vary_cast sharding_constraint layout_constraint reshard with_memory_space_constraint pin unpin"
).split()
"""Primitives that say where a value lies, and hand it on; they need a mesh of devices to occur."""

CASES: dict[str, list[Case]] = {
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
    **{name: [(lambda x: 1 * x, (V,))] for name in PLACEMENT},
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
    "log2": [(jnp.log2, (P,)), (jnp.log2, (Z,))],
    "polygamma": [(lambda x: lax.polygamma(jnp.full(4, 2.0), x), (P,)), (lambda x: lax.polygamma(0.0, x), (2.5,))],
    "zeta": [(lambda q: lax.zeta(jnp.full(4, 2.5), q), (P,))],
    "bessel_i0e": [(lax.bessel_i0e, (V,))],
    "bessel_i1e": [(lax.bessel_i1e, (V,))],
    "igamma": [(lax.igamma, (P, G))],
    "igammac": [(lax.igammac, (P, G))],
    "igamma_grad_a": [(lambda x: lax.igamma_grad_a(jnp.asarray(P.tolist()), x), (G,))],
    "regularized_incomplete_beta": [(lambda x: lax.betainc(jnp.full(4, 1.5), jnp.full(4, 2.5), x), (UNIT,))],
    "nextafter": [(lambda x: jnp.nextafter(x, 2.0) * x, (V,))],
    "eq_to": [(lambda x: jnp.where(x == 0.25, x, 2 * x), (V,))],
    "approx_top_k": [(lambda x: lax.approx_max_k(x, 2)[0], (M,))],
    "complex": [(lambda x, y: lax.complex(x * y, y), (V, P))],
    "conj": [(jnp.conj, (Z,)), (lambda x: lax.conj(x) * 1j, (V,))],
    "real": [(lambda z: jnp.real(z * z), (Z,))],
    "imag": [(lambda z: jnp.imag(z * z), (Z,))],
    "fft": [(jnp.fft.fft, (Z,)), (lambda z: jnp.fft.ifft(z[:3]), (Z,)), (jnp.fft.rfft, (A[:6],)),
            (lambda z: jnp.fft.irfft(z, n=5), (Z[:3],)), (lambda x: jnp.fft.rfft2(x), (M,)),
            (lambda z: jnp.fft.irfft2(jnp.stack([z, 2 * z, z * z]), s=(3, 6)), (Z,))],
    "reduce": [(lambda x: lax.reduce(x, 0.0, lambda a, b: a * b + a + b, (1,)), (M,))],
    "reduce_window": [(lambda x: lax.reduce_window(x, 1.0, lambda a, b: a * b + 0.1 * a, (2,), (1,), "VALID"), (V,))],
    "reduce_window_max": [(lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 2), (1, 1), "SAME"), (M,))],
    "reduce_window_min": [(lambda x: lax.reduce_window(x, jnp.inf, lax.min, (2, 2), (1, 1), "VALID"), (M,))],
    "select_and_scatter_add": [
        (jax.grad(lambda x: jnp.sum(lax.reduce_window(x, -jnp.inf, lax.max, (1, 2), (1, 1), "VALID") ** 2)), (M,))],
    "select_and_gather_add": [
        (lambda x, t: jax.jvp(lambda v: lax.reduce_window(v, -jnp.inf, lax.max, (2,), (1,), "VALID"), (x,), (t,))[1],
         (V, P))],
    "scatter-sub": [(lambda x, y: x.at[jnp.array([2, 0, 2])].subtract(y[:3]), (V, P))],
    "scatter-mul": [
        (lambda x, y: x.at[jnp.array([2, 0, 3])].multiply(y[:3], unique_indices=True), (V, P))],
    "scatter-max": [(lambda x, y: x.at[jnp.array([2, 0, 2])].max(y[:3]), (V, 0.9 * P))],
    "scatter-min": [(lambda x, y: x.at[jnp.array([2, 0, 2])].min(y[:3]), (V, 0.9 * P))],
    "ragged_dot_general": [
        (lambda x, y: lax.ragged_dot(x, y, jnp.array([1, 1])), (M, np.arange(12.0).reshape(2, 3, 2) / 7))],
    "cholesky": [(lambda x: lax.linalg.cholesky(x @ x.T + jnp.eye(2)), (M,))],
    "triangular_solve": [
        (lambda x, y: lax.linalg.triangular_solve(x + 2 * jnp.eye(2), y[:2, None], left_side=True), (S, V))],
    "lu": [(lambda x: lax.linalg.lu(x)[0], (S,)), (jnp.linalg.det, (S,))],
    "tridiagonal_solve": [
        (lambda d, b: lax.linalg.tridiagonal_solve(0.1 * d, d + 3, 0.2 * d, b[:, None]), (V, P))],
    "qr": [(jnp.linalg.qr, (S,))],
    "geqrf": [(lambda x: x, (S,))],
    "householder_product": [(lambda x: x, (S,))],
    "ormqr": [(lambda x: x, (S,))],
    "eigh": [(lambda x: jnp.linalg.eigh(x + x.T)[0], (S,))],
    "svd": [(lambda x: jnp.linalg.svd(x)[1], (S,))],
    "eig": [(jnp.linalg.eigvals, (S,))],
}  # fmt: skip
"""Primitive → functions that use it, and points. Each use gives a result, a derivative, an entry in the table."""

COMPLEX: Mapping[str, list[Case]] = {
    "add": [(lambda x, y: x + y, (Z, W))],
    "sub": [(lambda x, y: x - y, (Z, W))],
    "mul": [(lambda x, y: x * y, (Z, W)), (lambda x: 1j * x, (V,))],
    "div": [(lambda x, y: x / y, (Z, W))],
    "neg": [(lambda x: -x, (Z,))],
    "square": [(jnp.square, (Z,))],
    "integer_pow": [(lambda x: x**3, (Z,)), (lambda x: lax.integer_pow(x, -2), (Z,))],
    "pow": [(lambda x, y: x**y, (Z, W)), (lambda x: x**0.3, (Z,))],
    **{
        name: [(getattr(lax, name), (Z,))]
        for name in (
            "sqrt rsqrt exp exp2 expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh atanh logistic abs"
        ).split()
    },
    "acosh": [(lax.acosh, (W,))],
    "eq": [(lambda x: jnp.where(x == Z[1], x, 2 * x), (Z,))],
    "ne": [(lambda x: jnp.where(x != Z[1], x, 2 * x), (Z,))],
    "max": [(jnp.maximum, (Z, W))],
    "reduce_sum": [(jnp.sum, (Z,)), (jnp.sum, (np.zeros(0, complex),))],
    "reduce_prod": [(jnp.prod, (Z,))],
    "reduce_max": [(jnp.max, (Z,))],
    "cumsum": [(jnp.cumsum, (Z,))],
    "cumprod": [(jnp.cumprod, (Z,))],
    "sort": [(jnp.sort, (Z,))],
    "dot_general": [(lambda x, y: jnp.outer(x, y) @ x, (Z, W))],
    "select_n": [(lambda x, y: lax.select_n(jnp.array([0, 1, 1, 0]), x, y), (Z, W))],
    "gather": [(lambda x: jnp.take(x, jnp.array([1, 9]), mode="clip"), (Z,))],
    "scatter-add": [(lambda x, y: x.at[jnp.array([2, 0, 2])].add(y[:3]), (Z, W))],
    "reduce_window_sum": [(lambda x: lax.reduce_window(x, 0.0 + 0j, lax.add, (2,), (1,), "SAME"), (Z,))],
    "conv_general_dilated": [(lambda x, k: jnp.convolve(x, k), (Z, W[:2]))],
    "convert_element_type": [(lambda x: x.astype(complex) * Z, (V,)), (lambda x: lax.real(x) * x, (Z,))],
    "stop_gradient": [(lambda x: x * lax.stop_gradient(jnp.sin(x)), (Z,))],
    "copy": [(lambda x: jnp.array(x, copy=True), (Z,))],
}
"""The same for complex numbers, away from branch cuts; acosh in the right half plane, where JAX's derivative is right.

JAX (0.10 to 0.12) differentiates acosh z as 1/√(z² − 1), which in the left half plane has the wrong sign, and the
complex sign z/|z| as if it were constant. So sign has no complex case here.
"""

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
    "eq_to",
    "log2",
    "geqrf",
    "householder_product",
    "ormqr",
    "pvary",
    "reduced_vary_cast",
    "sharding_constraint",
    "layout_constraint",
    "reshard",
    "with_memory_space_constraint",
    "pin",
    "unpin",
}
"""Names that only some versions of JAX have; their cases run on what JAX makes of them here."""

DECIDED = {"stop_gradient", "nextafter"}
"""Primitives whose derivative is not that of their values, on purpose."""

BODIES: Mapping[str, str] = {
    **dict.fromkeys("jit closed_call call core_call remat2 checkpoint remat_opt composite eval_jaxpr".split(), "call"),
    **dict.fromkeys("custom_jvp_call custom_vjp_call custom_vmap_call custom_linear_solve linear_call".split(), "call"),
    **dict.fromkeys("scan while cond custom_partitioning".split(), "control flow"),
    "platform_index": "control flow",
}
"""Primitives that hold programs, which are run themselves."""

INTEGERS = (
    "and or xor not shift_left shift_right_logical shift_right_arithmetic population_count clz mulhi iota is_finite "
    "reduce_and reduce_or reduce_xor random_bits random_seed random_split random_fold_in random_wrap random_unwrap "
    "random_clone threefry2x32 threefry4x32 philox2x32 philox4x32 iota_2x32_shape rng_bit_generator "
    "lu_pivots_to_permutation dimension_size dim_as_value empty empty2 zeros_like broadcast_to bitcast_convert_type "
    "to_edtype from_edtype axis_index create_token after_all dce_sink shape_assertion"
).split()
"""Primitives of integers, booleans, keys or of nothing: JAX's own result is a constant of the run."""

WITHOUT: Mapping[str, str] = {
    **dict.fromkeys("pure_callback io_callback ffi_call buffer_callback".split(), "runs code outside of JAX"),
    **dict.fromkeys("debug_callback debug_print inspect_sharding".split(), "skipped: it only prints"),
    **dict.fromkeys("rng_uniform random_gamma".split(), "draws floats at random; constant unless its bounds vary"),
    **dict.fromkeys(
        (
            "psum pmax pmin ppermute all_gather all_to_all reduce_scatter pbroadcast psum_invariant "
            "all_gather_invariant ragged_all_to_all all_gather_reduced unreduced_psum "
            "unreduced_reduce_scatter preduced psend precv shard_map"
        ).split(),
        "of several devices; the unsharded program is checked",
    ),
    **dict.fromkeys(
        "new_ref empty_ref free_ref freeze get swap addupdate accum_grad_in_ref run_state".split(), "mutable memory"
    ),
    "select_and_scatter": "JAX has no derivative of it; `select_and_scatter_add` is what it makes of windows",
    "custom_lin": "stands in unfinished traces only",
    **dict.fromkeys(
        "schur hessenberg tridiagonal geqp3 cholesky_update symmetric_product".split(), "no derivative rule in JAX"
    ),
}
"""Primitives that are not interpreted where floats that vary go in, and why."""
