"""Readings of wrong matrices: hypotheses tried on planted faults of random functions."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.call import call
from difflab.labs.check.expressions import CONSTANTS, known_constant, rational
from difflab.labs.check.findings import FAULTS
from difflab.labs.check.hints import explain
from difflab.labs.check.problem import problem, program
from tests.labs.check.planted import A, V, forward, reverse


def reading(f: Any, *args: Any, mode: str = "jvp") -> tuple[str, str]:
    checked = problem(call(f, *args))
    return explain(checked, program(checked, mode))


def base(x: Any) -> Any:
    return jnp.tanh(jnp.asarray(A) @ jnp.sin(x))


def scaled(change: Any) -> Any:
    return forward(base, lambda p, t: (base(*p), change(jax.jvp(base, p, t)[1])))


@settings(deadline=None, max_examples=3)
@given(st.fractions(-5, 5, max_denominator=6).filter(lambda q: q not in (0, 1, -1)))
def test_a_rational_factor_is_read_exactly(factor: Any):
    kind, hint = reading(scaled(lambda t: t * factor.numerator / factor.denominator), V)
    assert kind == "factor"
    assert str(factor) in hint


@settings(deadline=None, max_examples=3)
@given(st.floats(1e-4, 5e-2), st.sampled_from([-1, 1]))
def test_a_ratio_close_to_one_is_a_typo_of_its_size(size: float, sign: int):
    kind, hint = reading(scaled(lambda t: t * np.float32(1 + sign * size)), V)
    assert kind == "constant"
    assert float(hint.split("1 ")[1].split(":")[0]) == pytest.approx(sign * size, rel=1e-2)


@settings(deadline=None, max_examples=3)
@given(st.integers(0, 2), st.integers(0, 2))
def test_one_wrong_entry_is_named(row: int, column: int):
    def bwd(r: Any, c: Any) -> Any:
        jacobian = jax.jacrev(base)(*r)
        return (c @ jacobian.at[row, column].multiply(3.0),)

    kind, hint = reading(reverse(base, bwd), V, mode="vjp")
    assert kind == "factor"
    assert f"∂out[{row}]/∂x[{column}]" in hint.replace("args", "x").replace("x0", "x")


def test_right_programs_read_as_nothing():
    assert reading(base, V) == ("wrong", "")


def test_every_kind_that_is_read_is_a_known_fault():
    assert reading(scaled(lambda t: t * jnp.abs(t)), V)[0] in FAULTS


@pytest.mark.parametrize("number", [2.0, 0.5, -3.0, 1.5, math.pi, 2 * math.pi, 1 / math.pi, math.sqrt(math.pi)])
def test_small_multiples_of_pi_are_recognised(number: float):
    word = rational(number, 1e-12)
    digits = word.replace("√π", " * pi ** 0.5").replace("/π", " / pi").replace("π", " * pi")
    value = eval(digits.removeprefix(" * "), {"pi": math.pi})
    assert value == pytest.approx(number)


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_with_a_digit_cut_off_is_named(name: str):
    cut = float(f"{CONSTANTS[name]:.4g}")
    if abs(cut / CONSTANTS[name] - 1) > 1e-6:
        assert "should be" in known_constant([cut], cut / CONSTANTS[name], 1e-7)


def test_other_constants_are_not_suspicious():
    assert known_constant([0.5, 2.0, 10.0, 1.5, 0.1], None, 1e-7) == ""
