"""Formulas: constants, sizes and derivatives, against SymPy's own."""

import pickle

import pytest
import sympy

from difflab.labs.check.symbols import Decimal, Derivative, Symbols, TooLargeError, constant

x, y = sympy.symbols("x y", real=True)

EXPRESSIONS = [
    x * sympy.sin(x) + y,
    sympy.exp(-x * y) / (1 + x**2),
    x**y,
    sympy.Pow(2, x),
    sympy.sqrt(x**2 + y**2),
    sympy.Abs(x - y) * x,
    sympy.atan2(x, y),
    sympy.log(sympy.cosh(x)) + sympy.tanh(y) ** 3,
    sympy.erf(x) + sympy.erfc(x * y),
    sympy.asin(x / 3) + sympy.acos(y / 3) + sympy.atan(x),
    sympy.asinh(x) + sympy.acosh(1 + y) + sympy.atanh(x / 3),
    sympy.loggamma(x) + sympy.digamma(y),
    sympy.erfinv(x / 3),
    sympy.tan(x) / sympy.cos(y) - sympy.sinh(x),
    constant(0.1) * x + sympy.Rational(1, 3) * sympy.pi * sympy.E,
]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_derivatives_are_those_of_sympy(expression: sympy.Expr):
    for symbol in (x, y):
        mine, reference = Derivative(symbol)(expression), sympy.diff(expression, symbol)
        exact = {x: sympy.Rational(0.7), y: sympy.Rational(1.3)}
        assert abs((mine - reference).subs(exact).evalf(30)) < 1e-25


def test_constants_are_exact_and_short():
    assert str(constant(0.1)) == "0.1"
    assert str(constant(0.10000000149011612)) == "0.1"
    assert constant(0.1) != constant(0.10000000149011612)
    assert str(constant(-0.1) * x) == "-0.1*x"
    assert constant(0.25) == sympy.Rational(1, 4)
    assert constant(3.0) == 3
    assert constant(float("inf")) is sympy.oo
    assert constant(float("nan")) is sympy.nan
    assert r"\cdot 10^{-7}" in sympy.latex(constant(1e-7) * x)
    assert constant(0.1).evalf(30) == sympy.Float(sympy.Rational(0.1), 30)
    assert sympy.mathml(constant(0.1) * x, printer="presentation")
    assert "0.1" in sympy.pretty(constant(0.1) * x)
    assert pickle.loads(pickle.dumps(constant(0.1))) == constant(0.1)
    assert isinstance(constant(0.1), Decimal)
    assert constant(0.1).is_positive
    assert sympy.sqrt(constant(0.1) ** 2) == constant(0.1)


def test_a_formula_that_grows_is_stopped_before_it_hurts():
    symbols = Symbols(limit=100)
    multiply, sine = symbols.domain.operations["mul"], symbols.domain.operations["sin"]
    values = [x]
    while symbols.size(values[-1]) < 50:
        values.append(multiply(sine(values[-1]), values[-1] + y))
    with pytest.raises(TooLargeError, match="past 100 symbols"):
        multiply(sine(values[-1]), values[-1] + y)


def test_shared_subexpressions_are_differentiated_once():
    value = x
    for _ in range(25):
        value = sympy.sin(value) + value * y
    derivative = Derivative(x)
    derivative(value)
    assert len(derivative.known) < 100
