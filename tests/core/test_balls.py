"""Balls: enclosures that hold, comparisons that are honest, a precision of their own."""

from math import inf, isfinite, nan
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.balls import Place, balls, flint_ball, have_balls, middle
from difflab.core.capture import graph
from difflab.core.duals import Dual, dual
from difflab.core.interpret import interpret
from difflab.core.values import pack

flint = pytest.importorskip("flint")

REFERENCE = {
    "sqrt": mpmath.sqrt, "exp": mpmath.exp, "expm1": mpmath.expm1, "log": mpmath.log, "log1p": mpmath.log1p,
    "sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan, "asin": mpmath.asin, "acos": mpmath.acos,
    "atan": mpmath.atan, "sinh": mpmath.sinh, "cosh": mpmath.cosh, "tanh": mpmath.tanh, "asinh": mpmath.asinh,
    "acosh": mpmath.acosh, "atanh": mpmath.atanh, "erf": mpmath.erf, "erfc": mpmath.erfc, "digamma": mpmath.digamma,
    "erf_inv": mpmath.erfinv, "trigamma": lambda x: mpmath.psi(1, x), "cbrt": mpmath.cbrt,
    "lgamma": lambda x: mpmath.log(abs(mpmath.gamma(x))), "square": lambda x: x * x, "neg": lambda x: -x,
    "rsqrt": lambda x: 1 / mpmath.sqrt(x), "exp2": lambda x: mpmath.power(2, x),
    "logistic": lambda x: 1 / (1 + mpmath.exp(-x)),
    "bessel_i0e": lambda x: mpmath.besseli(0, x) * mpmath.exp(-abs(x)),
    "bessel_i1e": lambda x: mpmath.besseli(1, x) * mpmath.exp(-abs(x)),
}  # fmt: skip
PAIRS = {
    "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y, "div": lambda x, y: x / y,
    "pow": mpmath.power, "atan2": mpmath.atan2, "igamma": lambda a, x: mpmath.gammainc(a, 0, x, regularized=True),
    "igammac": lambda a, x: mpmath.gammainc(a, x, regularized=True), "zeta": mpmath.zeta,
}  # fmt: skip


def encloses(ball: Any, exact: Any) -> bool:
    """Whether a ball holds a number of mpmath of 60 digits, but for the error of that."""
    text = mpmath.nstr(exact, 55)
    return bool(ball.overlaps(flint.arb(text, abs(flint.arb(text)) * flint.arb(10) ** -53)))


@pytest.mark.parametrize("name", sorted(REFERENCE))
@pytest.mark.parametrize("x", [-7.25, -0.75, 0.3, 0.9999, 1.5, 40.0])
def test_every_function_encloses_what_mpmath_finds(name, x):
    with mpmath.workdps(60):
        try:
            exact = REFERENCE[name](mpmath.mpf(x))
        except (ValueError, ZeroDivisionError):
            exact = mpmath.nan
        ball = balls(50).operation(name)(flint.arb(x))
        if isinstance(exact, mpmath.mpc) or exact != exact:
            assert not ball.is_finite()
        else:
            assert encloses(ball, exact)
            assert ball.rel_accuracy_bits() > 100


@pytest.mark.parametrize("name", sorted(PAIRS))
@pytest.mark.parametrize(("x", "y"), [(1.5, 2.75), (2.25, 0.125), (7.0, 3.5)])
def test_every_function_of_two_encloses_what_mpmath_finds(name, x, y):
    with mpmath.workdps(60):
        assert encloses(
            balls(50).operation(name)(flint.arb(x), flint.arb(y)), PAIRS[name](mpmath.mpf(x), mpmath.mpf(y))
        )


@given(st.lists(st.tuples(st.sampled_from(["add", "sub", "mul", "div"]), st.integers(-9, 9)), max_size=30))
@settings(deadline=None, max_examples=50)
def test_a_chain_of_operations_encloses_the_rational_it_stands_for(steps):
    base, exact = balls(10), flint.fmpq(1, 3)
    ball = base.operations["div"](base.constant(1), base.constant(3))
    for name, number in steps:
        if name == "div" and number == 0:
            continue
        ball = base.operations[name](ball, base.constant(number))
        exact = (
            {"add": exact + number, "sub": exact - number, "mul": exact * number}.get(name)
            if name != "div"
            else exact / number
        )
    assert ball.contains(exact)


@pytest.mark.parametrize(
    ("name", "operands", "expected"),
    [
        ("div", (1.0, 0.0), inf),
        ("div", (-1.0, 0.0), -inf),
        ("div", (0.0, 0.0), nan),
        ("log", (0.0,), -inf),
        ("log1p", (-1.0,), -inf),
        ("rsqrt", (0.0,), inf),
        ("pow", (0.0, -1.0), inf),
        ("pow", (0.0, 0.0), 1.0),
        ("pow", (0.0, 2.5), 0.0),
        ("atanh", (1.0,), inf),
        ("erf_inv", (-1.0,), -inf),
        ("cbrt", (0.0,), 0.0),
    ],
)
def test_ends_of_the_domain_are_as_in_big_floats(name, operands, expected):
    found = float(balls(20).operation(name)(*map(flint.arb, operands)).mid())
    assert found == expected or (found != found and expected != expected)


def test_places_are_less_or_greater_only_where_that_is_certain():
    one, wide = Place(flint.arb(1)), Place(flint.arb(1, 0.5))
    assert one < 2 and one > 0.5 and one == 1 and not one != 1  # noqa: SIM202
    assert wide == 1.4 and not wide < 1.4 and not wide > 1.4 and wide <= 1.4 and wide < 2
    assert int(Place(flint.arb(-2.5))) == -2 and float(abs(Place(flint.arb(-2.5)))) == 2.5
    number = Place(flint.arb("nan"))
    assert number != number and not number < 1 and not number > 1


def test_a_comparison_that_a_ball_leaves_open_makes_the_path_tight():
    g = graph(lambda x: jnp.where(jnp.sin(x) ** 2 + jnp.cos(x) ** 2 > 1.0, x, 2 * x), 0.5)
    x = {0: pack((), [balls(30).constant(0.5)])}
    assert interpret(g, [0.5], balls(30), elements=x, decide_here=True).tight
    h = graph(lambda x: jnp.where(x > 0.25, x, 2 * x), 0.5)
    assert not interpret(h, [0.5], balls(30), elements=x, decide_here=True).tight


def test_a_precision_is_kept_for_each_domain_and_flints_own_is_left_alone():
    before = flint.ctx.prec
    coarse, fine = balls(10), balls(100)
    assert coarse.operations["sqrt"](flint.arb(2)).rel_accuracy_bits() < 60
    assert fine.operations["sqrt"](flint.arb(2)).rel_accuracy_bits() > 330
    assert flint.ctx.prec == before


def test_dual_numbers_of_balls_give_derivatives_with_proved_digits():
    g = graph(lambda x: jnp.exp(jnp.sin(x)) / x, jnp.float32(0.75))
    base = dual(balls(40))
    seeds = {0: pack((), [Dual(flint.arb(0.75), flint.arb(1))])}
    (out,) = interpret(g, [jnp.float32(0.75)], base, elements=seeds).outputs
    with mpmath.workdps(50):
        exact = mpmath.diff(lambda x: mpmath.exp(mpmath.sin(x)) / x, 0.75)
        assert abs(middle(out.item().tangent, 50) - exact) < mpmath.mpf(10) ** -20
    assert out.item().tangent.rel_accuracy_bits() > 100


def test_midpoints_and_decimals_convert():
    assert have_balls()
    assert middle(flint.arb(-0.375), 20) == -0.375
    assert middle(flint.arb(inf), 20) == inf
    assert middle(flint.arb("nan"), 20) != 1
    assert flint_ball("0.333333", 20).contains(flint.fmpq(1, 3))
    assert isfinite(float(jax.numpy.float32(1)))
