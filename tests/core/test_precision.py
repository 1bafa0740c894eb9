"""Where floats get narrower, equation by equation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from difflab.core.capture import graph
from difflab.core.precision import precisions, worst

X = np.ones(4, np.float32)

CASES = [
    (lambda x: x * 2, "f32"),
    (lambda x: x.astype(jnp.bfloat16), "f32→bf16"),
    (lambda x: x.astype(jnp.float16), "f32→f16"),
    (lambda x: x.astype(jnp.float8_e4m3fn), "f32→f8_e4m3fn"),
    (lambda x: x.astype(jnp.int32), "f32"),
    (lambda x: x > 1, "f32"),
    (lambda x: jnp.arange(4), "int"),
    (lambda x: x.astype(jnp.complex64), "c64"),
    (lambda x: lax.reduce_precision(x, 8, 7), "f32→e8m7"),
    (lambda x: lax.dot_general(x, x, (((0,), (0,)), ((), ())), preferred_element_type=jnp.bfloat16), "f32→bf16"),
    (jax.jit(lambda x: x.astype(jnp.bfloat16).astype(jnp.float32)), "f32→bf16"),
    (lambda x: lax.scan(lambda c, a: (c + a.astype(jnp.bfloat16), None), jnp.bfloat16(0), x)[0], "f32→bf16"),
]


@pytest.mark.parametrize(("f", "expected"), CASES)
def test_the_name_tells_the_least_float_or_the_loss(f, expected: str):
    found = [p for p in precisions(graph(f, X)) if p is not None]
    assert worst(found).name == expected


def test_widening_loses_nothing_and_keeps_the_narrow_name():
    made = graph(lambda x: x.astype(jnp.float32), jnp.ones(3, jnp.bfloat16))
    (found,) = precisions(made)
    assert found.name == "bf16" and not found.loss


def test_a_loss_of_range_alone_is_a_loss():
    (found,) = precisions(graph(lambda x: x.astype(jnp.float16), jnp.ones(3, jnp.bfloat16)))
    assert found.loss and found.lost == 0 and "overflow" in found.text


def test_a_loss_is_worse_than_a_narrow_float_and_more_bits_are_worse_than_fewer():
    def f(x):
        return x.astype(jnp.float16), x.astype(jnp.bfloat16), x.astype(jnp.bfloat16) * 2

    found = [p for p in precisions(graph(f, X)) if p]
    assert worst(found).name == "f32→bf16" and worst(found).lost == 16
    assert worst([]) is None


def test_keys_have_no_precision():
    names = [p.name for p in precisions(graph(lambda k: jax.random.split(k), jax.random.key(0))) if p]
    assert all("float" not in name for name in names)
