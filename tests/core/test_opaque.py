"""Blocks without an array: applied to columns and rows, made dense where they must be."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from difflab.core.algebra import join, materialising, product
from difflab.core.capture import graph
from difflab.core.contraction import Block, add, multiply, to_array
from difflab.core.errors import UnsupportedError
from difflab.core.linear import linearise
from difflab.core.structure import dense, identity

TOLERANCE = 1e-4
"""Float32, and sums of 20 products."""

X = np.linspace(0.1, 0.9, 20, dtype=np.float32)
W = np.random.default_rng(0).normal(size=(20, 20)).astype(np.float32)


@jax.custom_vjp
def backward_only(x):
    return jnp.cumsum(x) * x[0]


backward_only.defvjp(
    lambda x: (jnp.cumsum(x) * x[0], x),
    lambda x, bar: (x[0] * jnp.cumsum(bar[::-1])[::-1] + jnp.zeros_like(x).at[0].set(bar @ jnp.cumsum(x)),),
)

MAPS: dict[str, Callable] = {
    "scan": lambda x: lax.scan(lambda c, a: (jnp.sin(c * a), c + a), x[0], x)[1],
    "while": lambda x: lax.while_loop(lambda y: y[0] < 9, lambda y: y * 2 + y[::-1], x),
    "convolution": lambda x: jnp.convolve(x, X, "same"),
    "cond": lambda x: lax.cond(x[0] > 0, lambda y: jnp.cumsum(y**2), jnp.sin, x),
    "backward only": backward_only,
}


def opaque(f: Callable) -> Block:
    """The one opaque block of a function, at X."""
    found = linearise(graph(f, X))
    blocks = [block for block in found.values((X,))[1].values() if block.structure.opaque]
    assert blocks, "the function has no opaque block"
    return blocks[-1]


@pytest.mark.parametrize("name", MAPS)
def test_a_map_is_pushed_pulled_and_made_dense(name: str):
    block = opaque(MAPS[name])
    assert block.structure.kind == "opaque"
    out, inp = block.structure.out_shape, block.structure.inp_shape
    full = np.asarray(to_array(block, "float32")).reshape(20, 20)
    for count in (2, 40):
        given = jnp.asarray(np.resize(W, (20, count)))
        pushed = multiply(block, Block(dense(inp, (count,)), given), "float32")
        assert_close(to_array(pushed, "float32").reshape(20, count), full @ given)
        pulled = multiply(Block(dense((count,), out), given.T), block, "float32")
        assert_close(to_array(pulled, "float32").reshape(count, 20), given.T @ full)
    if out == inp:
        twice = to_array(multiply(block, block, "float32"), "float32")
        assert_close(twice.reshape(20, 20), full @ full)
    assert_close(to_array(add(block, block, "float32"), "float32").reshape(20, 20), 2 * full)


def assert_close(found, expected) -> None:
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE * float(np.abs(expected).max()))


def test_a_sum_is_not_opaque():
    assert not join(opaque(MAPS["scan"]).structure, identity((20,))).structure.opaque


@pytest.mark.parametrize("name", ["scan", "while", "convolution", "cond"])
def test_a_map_is_the_derivative(name: str):
    f = MAPS[name]
    edges = linearise(graph(f, X)).edges
    if len(edges) == 1:
        np.testing.assert_allclose(to_array(opaque(f), "float32"), jax.jacfwd(f)(X), rtol=TOLERANCE, atol=TOLERANCE)


def test_the_cheaper_use_is_planned():
    kind = opaque(MAPS["scan"]).structure
    assert product(kind, dense((20,), (2,))).applied == "push"
    assert product(kind, dense((20,), (2,))).cost == 2 * kind.opaque
    assert product(dense((3,), (20,)), kind).applied == "pull"
    assert materialising(kind) == 20 * kind.opaque
    diagonal = product(kind, identity((20,)))
    assert diagonal.cost == 20 * kind.opaque


def test_it_runs_under_jit_vmap_and_further_derivatives():
    found = linearise(graph(MAPS["cond"], X))
    right = jnp.asarray(W[:, :2])

    def applied(x):
        (block,) = (b for b in found.values((x,))[1].values() if b.structure.opaque)
        return to_array(multiply(block, Block(dense((20,), (2,)), right), "float32"), "float32")

    xs = jnp.stack([X, X**2])
    assert_close(jax.jit(jax.vmap(applied))(xs)[1], applied(X**2))
    second = jax.jacfwd(lambda x: jax.jacfwd(MAPS["cond"])(x) @ right)(jnp.asarray(X))
    assert_close(jax.jacfwd(applied)(jnp.asarray(X)), second)


def test_a_map_that_jax_cannot_differentiate_is_refused():
    def f(x):
        return jax.pure_callback(np.cumsum, jax.ShapeDtypeStruct(x.shape, x.dtype), x)

    with pytest.raises(UnsupportedError, match="no derivative for the primitive pure_callback"):
        to_array(opaque(f), "float32")
