"""Balls: real numbers enclosed by a midpoint and a radius, so that every digit shown is proved.

Every operation returns a ball that contains the exact result for all numbers in its operands (Johansson, "Arb:
efficient arbitrary-precision midpoint-radius interval arithmetic", IEEE Trans. Comput. 66, 2017,
doi:10.1109/TC.2017.2690633; here through python-flint, an optional package). Two balls that do not meet prove that two
numbers differ. A comparison that a ball leaves open counts as a tie, so that the path of such a run is *tight*.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and python-flint is typed in part only.

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from math import inf, log2, nan
from typing import Any

import mpmath  # pyright: ignore[reportMissingTypeStubs]

from difflab.core.domains import Domain, Operation

_GUARD = 16
"""Bits beyond the digits asked for, so that a few roundings do not show."""


def have_balls() -> bool:
    """Whether python-flint is installed."""
    return find_spec("flint") is not None


def balls(digits: int = 50) -> Domain:
    """Real numbers as balls computed to about `digits` decimal digits. Raises ImportError without python-flint.

    >>> if have_balls():
    ...     third = balls(20).operations["div"](balls(20).constant(1), balls(20).constant(3))
    ...     assert third.contains(flint_ball("0.333333333333333333333", 22))
    """
    flint = _flint()
    bits = int(digits * log2(10)) + _GUARD
    table = {name: _at(flint.ctx, bits, operation) for name, operation in _operations(flint).items()}
    return Domain(f"balls of {digits} digits", _constant(flint), table, order=Place)


def flint_ball(text: str, digits: int) -> Any:
    """The ball that a decimal number stands for, with room for the digits behind its last."""
    flint = _flint()
    places = len(text.partition(".")[2])
    return _at(flint.ctx, int(digits * log2(10)) + _GUARD, lambda: flint.arb(text, flint.arb(10) ** -places))()


def middle(ball: Any, digits: int) -> Any:
    """The midpoint as a number of mpmath of that many digits."""
    context: Any = mpmath.MPContext()
    context.dps = digits
    if ball.mid().is_nan():
        return context.nan
    if not ball.mid().is_finite():
        return context.inf if ball.mid() > 0 else -context.inf
    mantissa, exponent = ball.mid().man_exp()
    return context.ldexp(context.mpf(int(mantissa)), int(exponent))


class Place:
    """Where a ball lies on the line: less or greater only where that is certain, equal where balls meet."""

    __slots__ = ("ball",)

    def __init__(self, ball: Any) -> None:
        self.ball = ball

    def __lt__(self, other: Any) -> bool:
        return bool(self.ball < _ball(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.ball > _ball(other))

    def __le__(self, other: Any) -> bool:
        return self < other or self == other

    def __ge__(self, other: Any) -> bool:
        return self > other or self == other

    def __eq__(self, other: object) -> bool:
        b = _ball(other)
        return not (self.ball.is_nan() or _is_nan(b)) and (bool(self.ball == b) or bool(self.ball.overlaps(_arb(b))))

    def __hash__(self) -> int:
        return hash(float(self))

    def __float__(self) -> float:
        return float(self.ball.mid())

    def __int__(self) -> int:
        number = self.ball.mid()
        return int((number.floor() if number >= 0 else number.ceil()).unique_fmpz())

    def __abs__(self) -> Place:
        return Place(abs(self.ball))

    def __neg__(self) -> Place:
        return Place(-self.ball)

    def __add__(self, other: Any) -> Place:
        return Place(self.ball + _ball(other))

    def __sub__(self, other: Any) -> Place:
        return Place(self.ball - _ball(other))

    def __rsub__(self, other: Any) -> Place:
        return Place(_ball(other) - self.ball)

    def __mul__(self, other: Any) -> Place:
        return Place(self.ball * _ball(other))

    def __truediv__(self, other: Any) -> Place:
        return Place(self.ball / _ball(other))

    __radd__, __rmul__ = __add__, __mul__


@cache
def _flint() -> Any:
    if not have_balls():
        raise ImportError(
            "balls need python-flint, which is not installed; pip install python-flint, or use big floats"
        )
    return import_module("flint")


def _constant(flint: Any) -> Callable[[Any], Any]:
    def constant(value: Any) -> Any:
        return flint.arb(value) if isinstance(value, int) and not isinstance(value, bool) else flint.arb(float(value))

    return constant


def _at(context: Any, bits: int, operation: Operation) -> Operation:
    """The operation at a precision of its own; flint keeps one for all."""

    def apply(*values: Any) -> Any:
        before = context.prec
        context.prec = bits
        try:
            return operation(*values)
        finally:
            context.prec = before

    return apply


_SAME_NAME = (
    "sqrt rsqrt exp expm1 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc digamma lgamma"
)


def _operations(flint: Any) -> Mapping[str, Operation]:
    arb, acb = flint.arb, flint.acb
    table: dict[str, Operation] = {name: getattr(arb, name) for name in _SAME_NAME.split()}

    def infinite(sign: Any) -> Any:
        return arb(inf) if sign > 0 else arb(-inf) if sign < 0 else arb(nan)

    def divide(x: Any, y: Any) -> Any:
        return infinite(x) if y.is_zero() else x / y

    def logarithm(x: Any) -> Any:
        return arb(-inf) if x.is_zero() else x.log()

    def power(x: Any, y: Any) -> Any:
        if x.is_zero():
            return arb(1) if y.is_zero() else arb(0) if y > 0 else arb(inf) if y < 0 else arb(nan)
        return x**y

    def raised(x: Any, n: int) -> Any:
        return arb(inf) if n < 0 and x.is_zero() else x**n

    def log_gamma(x: Any) -> Any:
        if x > 0:
            return x.lgamma()
        if x.is_integer():
            return arb(inf)
        return (arb.pi() / abs(arb.sin_pi(x))).log() - (1 - x).lgamma()

    def polygamma(m: Any, x: Any) -> Any:
        return acb(x).polygamma(acb(m)).real

    def zeta(s: Any, a: Any) -> Any:
        return acb(s).zeta(acb(a)).real

    def logistic(x: Any) -> Any:
        return 1 / (1 + (-x).exp())

    def at_zero(function: Operation, value: float | int) -> Operation:
        return lambda x: arb(value) if x.is_zero() else function(x)

    return table | {
        "add": lambda x, y: x + y,
        "sub": lambda x, y: x - y,
        "mul": lambda x, y: x * y,
        "neg": lambda x: -x,
        "div": divide,
        "square": lambda x: x**2,
        "pi": arb.pi,
        "log": logarithm,
        "rsqrt": at_zero(arb.rsqrt, inf),
        "cbrt": at_zero(lambda x: x.root(3), 0),
        "log1p": lambda x: arb(-inf) if x == -1 else x.log1p(),
        "atanh": _ends(arb, arb.atanh),
        "exp2": lambda x: arb(2) ** x,
        "integer_pow": raised,
        "pow": power,
        "logistic": logistic,
        "atan2": arb.atan2,
        "erf_inv": _ends(arb, arb.erfinv),
        "lgamma": log_gamma,
        "trigamma": lambda x: polygamma(1, x),
        "polygamma": polygamma,
        "zeta": zeta,
        "igamma": lambda a, x: x.gamma_lower(a, 1) if a > 0 and not x < 0 else arb(nan),
        "igammac": lambda a, x: x.gamma_upper(a, 1) if a > 0 and not x < 0 else arb(nan),
        "regularized_incomplete_beta": lambda a, b, x: x.beta_lower(a, b, 1) if 0 <= x <= 1 else arb(nan),
        "bessel_i0e": lambda x: abs(x).bessel_i(0, scaled=True),
        "bessel_i1e": lambda x: x.bessel_i(1, scaled=True) if x > 0 else -(-x).bessel_i(1, scaled=True),
    }


def _ends(arb: Any, function: Operation) -> Operation:
    """The function, infinite at ±1."""
    return lambda x: arb(inf) * x if (x == 1 or x == -1) else function(x)


def _ball(number: Any) -> Any:
    return number.ball if isinstance(number, Place) else number


def _arb(number: Any) -> Any:
    return number if hasattr(number, "overlaps") else _flint().arb(number)


def _is_nan(number: Any) -> bool:
    return number.is_nan() if hasattr(number, "is_nan") else number != number
