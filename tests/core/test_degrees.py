"""Degrees: never below the true ones, and small for what is linear."""

from collections.abc import Callable

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.degrees import CEILING, Degree, Tally, degrees
from difflab.core.domains import PARTIALS

VARIABLES = sympy.symbols("x y u")


def programs() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["x", "y", "u", "2", "3"])
    return st.recursive(
        leaves,
        lambda inner: (
            st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda t: f"({' '.join(t)})")
            | st.tuples(inner, inner).map(lambda t: f"({t[0]}/(u + ({t[1]})**2))")
            | inner.map(lambda t: f"({t})**3")
        ),
        max_leaves=6,
    )


@given(programs())
@settings(max_examples=30, deadline=None)
def test_bounds_are_never_below_the_degrees_that_sympy_finds(text: str):
    formula = degrees().formula(text, ("x", "y", "u"))
    assert formula is not None
    bound = formula(*[Degree(1)] * 3)
    top, bottom = sympy.fraction(sympy.cancel(sympy.sympify(text)))
    assert sympy.Poly(top, *VARIABLES).total_degree() <= max(bound.num, 0)
    assert sympy.Poly(bottom, *VARIABLES).total_degree() <= bound.den


def test_sums_and_products_of_polynomials_have_the_exact_degree():
    domain = degrees()
    a, b = Degree(3), Degree(5)
    assert domain.sum([a, b, a]) == Degree(5)
    assert domain.operations["mul"](a, b) == Degree(8)
    assert domain.operations["div"](a, b) == Degree(3, 5)
    assert domain.operation("integer_pow")(Degree(3, 5), -2) == Degree(10, 6)  # pyright: ignore[reportOptionalCall]


def test_long_programs_stay_cheap():
    multiply, x = degrees().operations["mul"], Degree(2, 1)
    for _ in range(20_000):
        x = multiply(x, x)
    assert x == Degree(CEILING, CEILING)
    assert Tally().bound(2**127 - 1, x) == 0.0


def test_the_bound_counts_kernels_roots_and_degrees():
    tally = Tally()
    domain = degrees(tally)
    exp, sqrt = domain.operation("exp"), domain.operation("sqrt")
    assert exp and sqrt
    assert Tally().bound(2**61 - 1, Degree(1)) == pytest.approx(-61)
    assert exp(Degree(4, 1)) == Degree(1)
    assert sqrt(Degree(4, 1)) == Degree(3, 1)
    exp(Degree(7))
    assert (tally.kernels, tally.largest, tally.conjugates) == (2, 7, 2)
    assert tally.bound(2**61 - 1, Degree(2)) == pytest.approx(5 - 61)


@pytest.mark.parametrize("name", sorted(PARTIALS))
def test_every_operation_has_a_degree(name: str):
    operation: Callable[..., Degree] | None = degrees().operation(name)
    assert operation is not None
    made = operation(*[Degree(2, 1)] * len(PARTIALS[name]))
    assert made.num + made.den > 0
