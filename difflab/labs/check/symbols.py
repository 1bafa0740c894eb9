"""SymPy expressions as a number domain, and their derivatives.

SymPy builds the formula of each output and differentiates it: a second opinion that shares no derivative rule with JAX.
Constants that are integers or short fractions stay such; any other float is a number that prints as its author wrote it
(`0.1`) and is worth exactly what the float is (0.1000000014901161… in single precision).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from sympy.core.function import ArgumentIndexError
from sympy.core.numbers import NumberSymbol

from difflab.core.domains import Domain, Operation
from difflab.core.errors import DifflabError, UnsupportedError


class TooLargeError(DifflabError):
    """A formula outgrew the size up to which it helps anyone."""


class Decimal(NumberSymbol):
    """A float constant, exact in value and short in print."""

    is_commutative = True
    is_real = True
    is_number = True
    __slots__ = ("value",)

    def __new__(cls, value: float) -> Decimal:
        """Make the constant; equal values are equal constants."""
        self = sympy.AtomicExpr.__new__(cls)
        self.value = value
        return self

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.value,)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.value,)

    def __eq__(self, other: object) -> bool:
        """Whether it is the same constant."""
        return isinstance(other, Decimal) and self.value == other.value

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((type(self).__name__, self.value))

    def _eval_is_positive(self) -> bool:
        return self.value > 0

    def _eval_is_negative(self) -> bool:
        return self.value < 0

    def _as_mpf_val(self, prec: int) -> Any:
        return sympy.Float(sympy.Rational(Fraction(self.value)), precision=prec)._mpf_

    def __int__(self) -> int:
        """Cut off the fraction."""
        return int(self.value)

    def __str__(self) -> str:
        """The shortest decimal that is this float, in single precision if it is one."""
        single = np.float32(self.value)
        return str(single) if float(single) == self.value else repr(self.value)

    def _sympystr(self, _printer: Any) -> str:
        return str(self)

    def _latex(self, _printer: Any) -> str:
        mantissa, _, exponent = str(self).partition("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa

    def _pretty(self, printer: Any) -> Any:
        return printer._print(sympy.Symbol(str(self)))

    def _mathml(self, printer: Any) -> Any:
        return printer._print(sympy.Symbol(str(self)))

    _mathml_content = _mathml
    _mathml_presentation = _mathml


def constant(value: Any) -> Any:
    """A number as SymPy reads it best."""
    if value != value:
        return sympy.nan
    if abs(value) == float("inf"):
        return sympy.oo if value > 0 else -sympy.oo
    exact = Fraction(value)
    if exact.denominator <= 64 and abs(exact.numerator) < 10**6:
        return sympy.Rational(exact.numerator, exact.denominator)
    return Decimal(float(value)) if value > 0 else -Decimal(-float(value))


class Symbols:
    """The domain of SymPy expressions of at most `limit` nodes, and what `stop_gradient` froze on the way."""

    def __init__(self, limit: int = 4_000) -> None:
        self.limit = limit
        self.frozen: dict[sympy.Symbol, Any] = {}
        self._sizes: dict[Any, int] = {}
        operations = {name: self._small(operation) for name, operation in _OPERATIONS.items()}
        self.domain = Domain("SymPy expressions", constant, operations, freeze=self._freeze)

    def size(self, expression: Any) -> int:
        """Number of nodes of the expression, written out as a tree."""
        if not expression.args:
            return 1
        known = self._sizes.get(expression)
        if known is None:
            known = self._sizes[expression] = 1 + sum(map(self.size, expression.args))
        return known

    def _small(self, operation: Operation) -> Operation:
        def checked(*operands: Any) -> Any:
            result = operation(*operands)
            if self.size(result) > self.limit:
                raise TooLargeError(f"a formula has grown past {self.limit} symbols, too large to read")
            return result

        return checked

    def _freeze(self, expression: Any) -> Any:
        if not expression.free_symbols:
            return expression
        symbol = sympy.Symbol(f"stopped_{len(self.frozen) + 1}", real=True)
        self.frozen[symbol] = expression
        return symbol


def _power(x: Any, n: int) -> Any:
    large = abs(n) > 100 and not x.free_symbols
    return sympy.Pow(x, n, evaluate=not large)


_OPERATIONS: Mapping[str, Operation] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "sum": lambda items: sympy.Add(*items),
    "pow": lambda x, y: sympy.Pow(x, y),
    "integer_pow": _power,
    "sqrt": sympy.sqrt,
    "cbrt": sympy.cbrt,
    "exp": sympy.exp,
    "exp2": lambda x: sympy.Pow(2, x),
    "log": sympy.log,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "asin": sympy.asin,
    "acos": sympy.acos,
    "atan": sympy.atan,
    "atan2": sympy.atan2,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "asinh": sympy.asinh,
    "acosh": sympy.acosh,
    "atanh": sympy.atanh,
    "erf": sympy.erf,
    "erfc": sympy.erfc,
    "erf_inv": sympy.erfinv,
    "lgamma": sympy.loggamma,
    "digamma": sympy.digamma,
    "polygamma": sympy.polygamma,
    "zeta": sympy.zeta,
    "bessel_i0e": lambda x: sympy.besseli(0, x) * sympy.exp(-sympy.Abs(x)),
    "bessel_i1e": lambda x: sympy.besseli(1, x) * sympy.exp(-sympy.Abs(x)),
    "igamma": lambda a, x: sympy.lowergamma(a, x) / sympy.gamma(a),
    "igammac": lambda a, x: sympy.uppergamma(a, x) / sympy.gamma(a),
    "igamma_grad_a": lambda a, x: _lower_gamma_by_order(a, x),
    "regularized_incomplete_beta": lambda a, b, x: sympy.betainc_regularized(a, b, 0, x),
    "pi": lambda: sympy.pi,
}


def _lower_gamma_by_order(a: Any, x: Any) -> Any:
    """The partial derivative of the regularised lower incomplete gamma function by its order."""
    order = sympy.Dummy("a", real=True)
    return (sympy.lowergamma(order, x) / sympy.gamma(order)).diff(order).xreplace({order: a})


class Derivative:
    """Differentiate expressions by one symbol, common subexpressions once.

    The rules of functions are SymPy's (`fdiff`). `sympy.diff` itself walks a formula as a tree, which takes seconds
    where subexpressions are shared.
    """

    def __init__(self, symbol: sympy.Symbol) -> None:
        self.known: dict[Any, Any] = {symbol: sympy.S.One}

    def __call__(self, e: Any) -> Any:
        """The derivative of the expression."""
        if e not in self.known:
            self.known[e] = self._compute(e)
        return self.known[e]

    def _compute(self, e: Any) -> Any:
        if not e.args:
            return sympy.S.Zero
        slopes = [self(arg) for arg in e.args]
        varying = [k for k, slope in enumerate(slopes) if slope != 0]
        if isinstance(e, sympy.Add):
            return sympy.Add(*[slopes[k] for k in varying])
        if isinstance(e, sympy.Mul):
            return sympy.Add(*[sympy.Mul(*e.args[:k], slopes[k], *e.args[k + 1 :]) for k in varying])
        if isinstance(e, sympy.Pow):
            return self._power(e, *slopes)
        if isinstance(e, sympy.sign):
            return sympy.S.Zero
        return sympy.Add(*[self._partial(e, k) * slopes[k] for k in varying])

    def _partial(self, e: Any, k: int) -> Any:
        try:
            return e.fdiff(k + 1)
        except ArgumentIndexError as error:
            raise UnsupportedError(
                f"SymPy knows no derivative of {e.func.__name__} by its argument {k + 1}; hold that argument "
                "(argnums), or read the numbers with difflab.truth"
            ) from error

    def _power(self, e: Any, base: Any, exponent: Any) -> Any:
        if exponent == 0:
            return e.exp * sympy.Pow(e.base, e.exp - 1) * base if base != 0 else sympy.S.Zero
        return e * (exponent * sympy.log(e.base) + e.exp * base / e.base)
