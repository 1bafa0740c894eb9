"""Planted errors of formulas: signs, factors, axes, sums, constants, branches, orders, conjugates, casts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.labs.check.planting import ZS, A, B, R, V, W, Z, forward, in_forward, in_reverse, plant

# Signs and factors.
in_forward("sign of cos", "wrong sign", jnp.cos, lambda p, t: jnp.sin(p[0]) * t[0], (V,))
in_reverse("sign of a difference", "wrong sign", lambda x, y: x - y, lambda r, c: (c, c), (V, W))
in_reverse("sign in reverse", "wrong sign", jnp.sin, lambda r, c: (-c * jnp.cos(r[0]),), (V,))
in_forward("factor 2", "factor", lambda x: x**2, lambda p, t: p[0] * t[0], (V,))
in_reverse("factor one half", "factor", lambda x: jnp.sum(x * x) / 2, lambda r, c: (2 * c * r[0],), (V,))
in_forward("factor 3/2", "factor", lambda x: jnp.exp(x), lambda p, t: 1.5 * jnp.exp(p[0]) * t[0], (0.7,))
in_forward("degrees", "factor", lambda x: jnp.sin(jnp.pi * x), lambda p, t: jnp.cos(jnp.pi * p[0]) * t[0], (0.3,))
in_reverse("mean for a sum", "factor", lambda x: jnp.sum(jnp.sin(x)), lambda r, c: (c * jnp.cos(r[0]) / 3,), (V,))
in_reverse("a factor x", "factor", lambda x: x**3, lambda r, c: (3 * r[0] * c,), (V,))
in_forward("a factor 1/x", "factor", jnp.log, lambda p, t: t[0], (np.abs(V),))
in_forward(
    "a factor y",
    "factor",
    lambda x, y: jnp.sin(x * y),
    lambda p, t: jnp.cos(p[0] * p[1]) * (t[0] + p[0] * t[1]),
    (0.7, 1.3),
)
in_forward("tanh without its output", "factor", jnp.tanh, lambda p, t: t[0], (V,))
in_forward("exp of the wrong sign", "factor", jnp.exp, lambda p, t: jnp.exp(-p[0]) * t[0], (V,))

# Transposes, axes, exchanged arguments.
in_reverse("matrix not transposed", "transpose", lambda x: A @ x, lambda r, c: (A @ c,), (V,))
in_forward("matrix transposed", "transpose", lambda x: A @ x, lambda p, t: A.T @ t[0], (V,))
in_reverse("left factor transposed", "transpose", lambda a: a @ B, lambda r, c: (c @ B,), (A,))
in_reverse(
    "inverse without transposes",
    "transpose",
    jnp.linalg.inv,
    lambda r, c: (-jnp.linalg.inv(r[0]) @ c @ jnp.linalg.inv(r[0]),),
    (B,),
)
in_reverse(
    "determinant by the inverse",
    "transpose",
    jnp.linalg.det,
    lambda r, c: (c * jnp.linalg.det(r[0]) * jnp.linalg.inv(r[0]),),
    (B,),
)
in_reverse("cotangent transposed", "transpose", lambda a: jnp.sin(a), lambda r, c: ((c * jnp.cos(r[0])).T,), (A,))
in_reverse("cumsum not reversed", "transpose", lambda x: jnp.cumsum(x), lambda r, c: (jnp.cumsum(c),), (V,))
in_forward(
    "cumsum along the other axis", "transpose", lambda a: jnp.cumsum(a, 0), lambda p, t: jnp.cumsum(t[0], 1), (A,)
)
in_reverse(
    "arguments swapped",
    "transpose",
    lambda x, y: x**2 * y,
    lambda r, c: (c * r[0] ** 2, 2 * c * r[0] * r[1]),
    (1.3, 0.7),
)
in_reverse(
    "vectors swapped",
    "transpose",
    lambda x, y: jnp.sin(x) * y,
    lambda r, c: (c * jnp.sin(r[0]), c * jnp.cos(r[0]) * r[1]),
    (V, W),
)
in_reverse("trace of a product", "transpose", lambda a: jnp.trace(a @ B), lambda r, c: (c * B,), (A,))

# What was left out.
in_forward("second argument", "missing argument", lambda x, y: x * y, lambda p, t: t[0] * p[1], (1.3, 0.7))
in_reverse(
    "bias without a gradient",
    "missing argument",
    lambda w, x, b: jnp.tanh(w @ x + b),
    lambda r, c: (lambda d: (jnp.outer(d, r[1]), r[0].T @ d, jnp.zeros_like(r[2])))(
        c * (1 - jnp.tanh(r[0] @ r[1] + r[2]) ** 2)
    ),
    (A, V, W),
)
in_reverse(
    "exponent without a gradient",
    "missing argument",
    lambda x, y: x**y,
    lambda r, c: (c * r[1] * r[0] ** (r[1] - 1), jnp.zeros_like(r[1])),
    (1.3, 2.2),
)
in_reverse("broadcast axis not summed", "forgotten sum", lambda x, b: x + b, lambda r, c: (c, c[0]), (V, 0.7))
in_reverse("rows not summed", "forgotten sum", lambda x, b: x * b, lambda r, c: (c * r[1], c[0] * r[0][0]), (R, V))
in_reverse(
    "softmax without its sum",
    "forgotten sum",
    lambda x: jax.nn.softmax(x),
    lambda r, c: (c * jax.nn.softmax(r[0]),),
    (V,),
)
in_forward(
    "product rule with one term", "forgotten sum", lambda x: x * jnp.sin(x), lambda p, t: jnp.sin(p[0]) * t[0], (V,)
)
in_forward(
    "quotient rule with one term",
    "forgotten sum",
    lambda x: jnp.sin(x) / x,
    lambda p, t: jnp.cos(p[0]) / p[0] * t[0],
    (V,),
)
in_reverse("norm by one entry", "forgotten sum", lambda x: x - jnp.mean(x), lambda r, c: (c,), (V,))
in_forward(
    "logsumexp by its largest", "wrong", lambda x: jnp.log(jnp.sum(jnp.exp(x))), lambda p, t: jnp.mean(t[0]), (V,)
)

# Constants.
in_forward("one part in ten thousand", "constant", jnp.sin, lambda p, t: 1.0001 * jnp.cos(p[0]) * t[0], (V,))
in_forward("one part in a million", "constant", jnp.sin, lambda p, t: (1 + 1e-6) * jnp.cos(p[0]) * t[0], (V,))
in_forward(
    "2/√π cut short", "constant", jax.scipy.special.erf, lambda p, t: 1.1284 * jnp.exp(-(p[0] ** 2)) * t[0], (V,)
)
in_forward("ln 2 cut short", "constant", jnp.exp2, lambda p, t: 0.6931 * jnp.exp2(p[0]) * t[0], (V,))
in_forward(
    "normal density",
    "constant",
    lambda x: jax.scipy.special.ndtr(x),
    lambda p, t: 0.39894 * jnp.exp(-(p[0] ** 2) / 2) * t[0],
    (V,),
)


def gelu(x: Any) -> Any:
    return 0.5 * x * (1 + jnp.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))


def gelu_slope(p: Any, t: Any) -> Any:
    x = p[0]
    u = jnp.tanh(0.7978845608028654 * (x + 0.044715 * x**3))
    return (0.5 * (1 + u) + 0.5 * x * (1 - u**2) * 0.7978845608028654 * (1 + 3 * 0.04715 * x**2)) * t[0]


in_forward("a digit of GELU", "constant", gelu, gelu_slope, (V,))


def one_entry(size: int, k: int, off: float) -> Callable[[Any, Any], Any]:
    def bwd(r: Any, c: Any) -> Any:
        weights = jnp.ones(size).at[k].set(1 + off)
        return (c * jnp.cos(r[0]) * weights,)

    return bwd


in_reverse(
    "one entry by a millionth",
    "constant",
    jnp.sin,
    one_entry(5, 3, 1e-6),
    (np.linspace(0.1, 1.3, 5, dtype=np.float32),),
)
in_reverse(
    "one entry of many", "factor", jnp.sin, one_entry(60, 41, 0.5), (np.linspace(0.1, 2.3, 60, dtype=np.float32),)
)
in_forward(
    "one entry of a matrix",
    "constant",
    lambda x: jnp.asarray(A) @ x,
    lambda p, t: jnp.asarray(A).at[1, 2].mul(1.01) @ t[0],
    (V,),
)

# Branches.
in_forward("abs everywhere one", "branch", jnp.abs, lambda p, t: t[0], (V,))
in_forward(
    "wrong where negative", "branch", lambda x: x**2, lambda p, t: jnp.where(p[0] < 0, 3 * p[0], 2 * p[0]) * t[0], (V,)
)
in_forward("wrong far out", "branch", jnp.sin, lambda p, t: jnp.where(p[0] > 5, 1.0, jnp.cos(p[0])) * t[0], (V,))
in_forward("square root of a square", "branch", lambda x: x**3, lambda p, t: 3 * p[0] * jnp.abs(p[0]) * t[0], (V,))
in_reverse(
    "elu's negative side",
    "branch",
    lambda x: jnp.where(x > 0, x, jnp.exp(x) - 1),
    lambda r, c: (jnp.where(r[0] > 0, c, c * (jnp.exp(r[0]) - 1)),),
    (V,),
)
in_forward(
    "clip by the wrong bound",
    "branch",
    lambda x: jnp.clip(x, -1.0, 2.0),
    lambda p, t: jnp.where((p[0] > -1) & (p[0] < 1), t[0], 0.0),
    (V,),
)
in_forward(
    "leaky slope",
    "branch",
    lambda x: jnp.where(x > 0, x, 0.1 * x),
    lambda p, t: jnp.where(p[0] > 0, t[0], 0.01 * t[0]),
    (V,),
)
in_reverse(
    "cond with a wrong branch",
    "branch",
    lambda x: jax.lax.cond(jnp.sum(x) > 0, jnp.sin, jnp.cos, x),
    lambda r, c: (c * jnp.cos(r[0]),),
    (V,),
)

# Second order, primals, linearity.
in_forward("held slope", "second order", jnp.sin, lambda p, t: jax.lax.stop_gradient(jnp.cos(p[0])) * t[0], (V,), 2)
in_forward("held output", "second order", jnp.exp, lambda p, t: jnp.exp(jax.lax.stop_gradient(p[0])) * t[0], (V,), 2)
in_reverse(
    "fwd returns another primal",
    "primal",
    jnp.sin,
    lambda r, c: (c * jnp.cos(r[0]),),
    (V,),
    lambda x: (1.001 * jnp.sin(x), (x,)),
)


def other_value(primals: Any, tangents: Any) -> Any:
    return jnp.sin(primals[0]) + 1e-3, jnp.cos(primals[0]) * tangents[0]


plant("jvp returns another primal", "primal", forward(jnp.sin, other_value), (V,), other_value)
in_forward("quadratic in the tangent", "not linear", jnp.sin, lambda p, t: jnp.cos(p[0]) * t[0] * jnp.abs(t[0]), (V,))
in_reverse("constant added to the cotangent", "not linear", jnp.sin, lambda r, c: (c * jnp.cos(r[0]) + 0.1,), (V,))
in_reverse("clipped cotangent", "not linear", jnp.sin, lambda r, c: (jnp.clip(c, -0.5, 0.5) * jnp.cos(r[0]),), (V,))

# Complex numbers: JAX pairs cotangents without conjugation.
in_forward("conjugate derivative", "conjugate", lambda z: z**2, lambda p, t: jnp.conj(2 * p[0] * t[0]), (Z,))
in_reverse("conjugate cotangent", "conjugate", jnp.exp, lambda r, c: (jnp.conj(c) * jnp.exp(r[0]),), (ZS,))
in_reverse("conjugate factor", "conjugate", lambda z: z**2, lambda r, c: (c * 2 * jnp.conj(r[0]),), (ZS,))
in_forward("conjugate tangent", "conjugate", jnp.sin, lambda p, t: jnp.cos(p[0]) * jnp.conj(t[0]), (ZS,))
in_reverse("squared modulus", "conjugate", lambda z: jnp.real(z * jnp.conj(z)), lambda r, c: (2 * c * r[0],), (Z,))

# Casts.
in_forward(
    "float16 inside", "cast", jnp.sin, lambda p, t: (jnp.cos(p[0]).astype(jnp.float16).astype(jnp.float32)) * t[0], (V,)
)
in_reverse(
    "bfloat16 residual",
    "cast",
    jnp.sin,
    lambda r, c: (c * jnp.cos(r[0].astype(jnp.float32)),),
    (V,),
    lambda x: (jnp.sin(x), (x.astype(jnp.bfloat16),)),
)

# Indices and residuals.
in_reverse(
    "gather off by one",
    "wrong",
    lambda x: x[jnp.array([0, 1])] ** 2,
    lambda r, c: (jnp.zeros(3).at[jnp.array([1, 2])].add(2 * c * r[0][:2]),),
    (V,),
)
in_reverse("rolled", "transpose", lambda x: jnp.roll(x, 1), lambda r, c: (jnp.roll(c, 1),), (V,))
in_reverse(
    "residuals mixed up",
    "wrong",
    lambda x, y: jnp.sin(x) * jnp.exp(y),
    lambda r, c: (c * jnp.cos(r[1]) * jnp.exp(r[0]), c * jnp.sin(r[1]) * jnp.exp(r[0])),
    (0.7, 1.3),
)
