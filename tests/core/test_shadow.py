"""Shadows: the float beside a number is what floats alone give, and takes the branches."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.call import call
from difflab.core.capture import capture
from difflab.core.complexes import complex_over
from difflab.core.domains import PARTIALS, floats
from difflab.core.duals import Dual, dual
from difflab.core.field import prime_field
from difflab.core.interpret import interpret
from difflab.core.shadow import Shadow, shadow
from difflab.core.values import pack

FIELD = prime_field(3)
DOMAIN = shadow(FIELD.domain)
POINT = {"acosh": (1.37,), "zeta": (2.5, 1.5), "regularized_incomplete_beta": (0.7, 1.3, 0.4), "polygamma": (2.0, 1.3)}


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def shadowed(*numbers: float) -> list[Shadow]:
    return [Shadow(e, x) for e, x in zip(FIELD.draw(len(numbers)), numbers, strict=True)]


@pytest.mark.parametrize("name", sorted({*PARTIALS} - {"imaginary_unit"}))
def test_the_float_beside_an_operation_is_that_of_floats(name: str):
    point = POINT.get(name, (0.37, 1.21))[: len(PARTIALS[name])]
    made = DOMAIN.operation(name)(*shadowed(*point))  # pyright: ignore[reportOptionalCall]
    alone = floats().operation(name)
    assert math.isfinite(made.number)
    if alone:
        assert made.number == pytest.approx(alone(*point), rel=1e-13)


def branching(x: Any) -> Any:
    y = jnp.where(x > 1, jnp.sin(x), x * x) + jnp.abs(x) * jnp.maximum(x, 0.2)
    return jnp.sort(y) * jnp.max(y) + jnp.cumsum(jnp.clip(x, -1, 1))


def looping(x: Any) -> Any:
    return jax.lax.while_loop(lambda y: jnp.max(y) < 50, lambda y: y * 1.7 + 1, jnp.abs(x))


@pytest.mark.parametrize("f", [branching, looping])
@pytest.mark.parametrize("lift", [False, True])
def test_shadows_decide_as_jax_does(f: Callable[..., Any], lift: bool):
    at = call(f, jnp.array([0.3, -0.7, 1.9]))
    domain = dual(DOMAIN) if lift else DOMAIN
    elements = shadowed(0.3, -0.7, 1.9)
    given = {
        0: pack(
            (3,), [Dual(e, t) for e, t in zip(elements, shadowed(1.0, 0.0, 0.0), strict=True)] if lift else elements
        )
    }
    alone = interpret(capture(at), at.leaves, domain, elements=given)
    own = interpret(capture(at), [jnp.full(3, jnp.nan)], domain, elements=given, decide_here=True)
    true, slope = jax.jvp(f, (at.leaves[0],), (jnp.array([1.0, 0.0, 0.0]),))
    assert own.outputs[0] is not None and alone.outputs[0] is not None
    for k, (e, other) in enumerate(zip(own.outputs[0], alone.outputs[0], strict=True)):
        value = e.value if lift else e
        assert value.number == pytest.approx(float(true[k]), rel=1e-13)
        assert FIELD.same(value.value, (other.value if lift else other).value)
        if lift:
            assert (e.tangent.number if e.tangent else 0.0) == pytest.approx(float(slope[k]), rel=1e-13)


@pytest.mark.parametrize("name", ["exp", "log", "sin", "tanh", "sqrt", "asin", "atanh"])
def test_shadows_of_complex_numbers_are_complex_floats(name: str):
    domain = complex_over(DOMAIN)
    z = 0.3 - 0.7j
    made = domain.operation(name)(_complex(z))  # pyright: ignore[reportOptionalCall]
    true = complex(getattr(np, {"asin": "arcsin", "atanh": "arctanh"}.get(name, name))(z))
    assert complex(DOMAIN.order(made.re), DOMAIN.order(made.im)) == pytest.approx(true, rel=1e-12)  # pyright: ignore


def _complex(z: complex) -> Any:
    constant = complex_over(DOMAIN).constant(z)
    return type(constant)(*shadowed(z.real, z.imag))


def test_shadows_know_signs_roots_of_unity_and_sums():
    (x,) = shadowed(-2.0)
    assert DOMAIN.operation("sign")(x).number == -1.0  # pyright: ignore[reportOptionalCall]
    c, s = DOMAIN.operation("root_of_unity")(1, 8)  # pyright: ignore[reportOptionalCall]
    assert c.number == pytest.approx(math.sqrt(0.5)) and s.number == pytest.approx(math.sqrt(0.5))
    a, b = shadowed(1.0, 2.0), shadowed(3.0, 5.0)
    assert DOMAIN.dot(a, b).number == 13.0
    assert FIELD.same(DOMAIN.dot(a, b).value, FIELD.domain.dot([e.value for e in a], [e.value for e in b]))
