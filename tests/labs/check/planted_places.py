"""Planted errors in places where a rule hides: loops, branches, transformations, pytrees, other rules, solves."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from tests.labs.check.planting import B, R, V, W, forward, plant


# Where rules hide: scan bodies, branches, nested jit, vmap, static arguments, pytrees, other rules.
def slope_of_sin(primals: Any, tangents: Any) -> Any:
    return jnp.sin(primals[0]), -jnp.cos(primals[0]) * tangents[0]


wrong_sin = forward(jnp.sin, slope_of_sin)
plant("in a scan", "wrong sign", lambda x: jax.lax.scan(lambda c, v: (wrong_sin(c) * v, c), 0.4, x), (V,), slope_of_sin)
plant(
    "in a while loop",
    "wrong sign",
    lambda x: jax.lax.while_loop(lambda c: c < 3, lambda c: c + 1 + wrong_sin(c), x),
    (0.3,),
    slope_of_sin,
)
plant("in the branch taken", "wrong sign", lambda x: jax.lax.cond(x > 0, wrong_sin, jnp.cos, x), (0.3,), slope_of_sin)
plant(
    "in the branch not taken", "wrong sign", lambda x: jax.lax.cond(x > 0, jnp.cos, wrong_sin, x), (0.3,), slope_of_sin
)
plant("in nested jit", "wrong sign", jax.jit(lambda x: 2 * jax.jit(wrong_sin)(x)), (V,), slope_of_sin)
plant("under vmap", "wrong sign", jax.vmap(jax.vmap(wrong_sin)), (R,), slope_of_sin)
plant(
    "in a pytree", "wrong sign", lambda d: {"a": wrong_sin(d["x"]), "b": d["y"][0]}, ({"x": V, "y": [W]},), slope_of_sin
)
plant("under remat", "wrong sign", jax.checkpoint(lambda x: wrong_sin(x) ** 2), (V,), slope_of_sin)


def through_another(primals: Any, tangents: Any) -> Any:
    return 1 - jnp.cos(primals[0]), wrong_sin(primals[0]) * tangents[0]


plant("in another rule", "wrong sign", forward(lambda x: 1 - jnp.cos(x), through_another), (V,), slope_of_sin, 2)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def power(x: Any, n: int) -> Any:
    return x**n


def power_bwd(n: int, r: Any, c: Any) -> Any:
    return (c * r ** (n - 1),)


power.defvjp(lambda x, n: (x**n, x), power_bwd)
plant("static argument", "factor", lambda x: power(x, 3), (V,), power_bwd)


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def applied(g: Any, x: Any) -> Any:
    return g(x) * x


def applied_jvp(g: Any, primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    return g(x) * x, jax.jvp(g, (x,), (t,))[1] * x


applied.defjvp(applied_jvp)
plant("function argument", "forgotten sum", lambda x: applied(jnp.sin, x), (V,), applied_jvp)


@jax.custom_vjp
def product(x: Any, y: Any) -> Any:
    return x * y


def product_fwd(x: Any, y: Any) -> Any:
    return x.value * y.value, (x.value, y.value)


def product_bwd(r: Any, c: Any) -> Any:
    return c * r[1], -c * r[0]


product.defvjp(product_fwd, product_bwd, symbolic_zeros=True)
plant("symbolic zeros", "wrong sign", product, (V, W), product_bwd)


@jax.custom_vjp
def loss(params: Any, x: Any) -> Any:
    return jnp.sum(jnp.tanh(params["w"] @ x + params["b"]))


def loss_bwd(r: Any, c: Any) -> Any:
    params, x = r
    d = c * (1 - jnp.tanh(params["w"] @ x + params["b"]) ** 2)
    return {"w": jnp.outer(d, x), "b": 2 * d}, params["w"].T @ d


loss.defvjp(lambda p, x: (loss(p, x), (p, x)), loss_bwd)
plant("one leaf of a pytree", "factor", loss, ({"w": R, "b": V[:2]}, W), loss_bwd)


# Linear solves.
def solve(a: Any, b: Any, **options: Any) -> Any:
    """A x = b by a custom linear solve whose `solve` is right unless given."""
    right = {"solve": lambda matvec, y: jnp.linalg.inv(a) @ y, **options}
    return jax.lax.custom_linear_solve(lambda x: a @ x, b, **right)


def called_symmetric(a: Any, b: Any) -> Any:
    return solve(a, b, symmetric=True)


def transpose_forgotten(a: Any, b: Any) -> Any:
    return solve(a, b, transpose_solve=lambda vecmat, y: jnp.linalg.inv(a) @ y)


def solved_wrongly(a: Any, b: Any) -> Any:
    return solve(a, b, solve=lambda matvec, y: 1.1 * jnp.linalg.inv(a) @ y)


plant("solve called symmetric", "transpose", called_symmetric, (B, V), solve)
plant("transposed solve", "transpose", transpose_forgotten, (B, V), solve)
plant("solve that does not solve", "wrong", solved_wrongly, (B, V), solve)
