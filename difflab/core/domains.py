"""Numbers to compute with: what an interpreter needs of floats, big floats, symbols, dual numbers.

A `Domain` is a table: how to make a constant, and one function for each operation. Operations that a domain leaves out
are put together from others (`DERIVED`); `PARTIALS` has the local partial derivatives, in the notation of the book
(Griewank & Walther, "Evaluating Derivatives", 2008, table 2.3): x and y are the operands, z is the result.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import Any

from difflab.core.errors import UnsupportedError
from difflab.core.texts import Operation, compiled


class Table(Mapping[str, Operation]):
    """Operations that are made when they are first asked for: a run needs few of them.

    `make` returns None where there is none; `names` are those that it may know.
    """

    def __init__(self, make: Callable[[str], Operation | None], own: Mapping[str, Operation], names: Iterable[str]):
        self._make = make
        self._made: dict[str, Operation | None] = dict(own)
        self._names = tuple(dict.fromkeys((*own, *names)))

    def __getitem__(self, name: str) -> Operation:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """The operation, or the default."""
        if name not in self._made:
            self._made[name] = self._make(name)
        found = self._made[name]
        return default if found is None else found

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._names if self.get(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, eq=False)
class Domain:
    """Numbers of one kind. Their elements live in NumPy object arrays.

    `constant` takes an int or a float (NaN and infinities included), exactly. `operations` maps names of `DERIVED` and
    `PARTIALS` to functions; at least `add`, `sub`, `mul`, `div` and `neg` are needed. They return NaN outside of their
    domain, and do not raise. `order` gives a number that compares, for domains that can decide a branch by themselves.
    `freeze` makes a constant of an element: what `stop_gradient` does. `base` is the domain of which the parts of an
    element are, for domains over another one. `many` makes constants of a list of floats faster than one by one.
    """

    name: str
    constant: Callable[[Any], Any]
    operations: Mapping[str, Operation]
    order: Callable[[Any], Any] | None = None
    freeze: Callable[[Any], Any] = lambda element: element
    base: Domain | None = None
    many: Callable[[list[float]], list[Any]] | None = None
    _found: dict[str, Operation | None] = field(default_factory=dict[str, "Operation | None"], repr=False)

    def constants(self, values: list[float]) -> list[Any]:
        """The constants of floats, in order."""
        return self.many(values) if self.many else [self.constant(value) for value in values]

    def operation(self, name: str) -> Operation | None:
        """The function of that name: the domain's own, one derived from it, or None."""
        if name not in self._found:
            self._found[name] = self.operations.get(name) or self._derive(name)
        return self._found[name]

    def sum(self, elements: Iterable[Any]) -> Any:
        """Add any number of elements, from the left."""
        add = self.operations.get("sum")
        items = list(elements)
        if not items:
            return self.constant(0)
        return add(items) if add else reduce(self.operations["add"], items)

    def partial(self, name: str, position: int) -> Operation | None:
        """The partial derivative by one operand, as a function of the operands and then the result; None if unknown."""
        key = f"d{position} {name}"
        if key not in self._found:
            rows = PARTIALS.get(name, ())
            self._found[key] = self.formula(rows[position], _names(len(rows))) if position < len(rows) else None
        return self._found[key]

    def dot(self, left: Sequence[Any], right: Sequence[Any]) -> Any:
        """The sum of products, as one operation where the domain has it."""
        own = self.operations.get("dot")
        return own(left, right) if own else self.sum(list(map(self.operations["mul"], left, right)))

    def formula(self, text: str, names: tuple[str, ...] = ()) -> Operation | None:
        """A formula as a function of its variables; None where it is empty or an operation in it is missing."""
        return compiled(text, names).over(self.operation, self.constant) if text else None

    def _derive(self, name: str) -> Operation | None:
        if name == "integer_pow":
            return self._power
        if name == "sign" and self.order is not None:
            return self._sign
        if name == "root_of_unity":
            return self._turn
        return self.formula(DERIVED[name], ("x", "y", "w")) if name in DERIVED else None

    def _sign(self, x: Any) -> Any:
        assert self.order is not None
        number = self.order(x)
        return self.constant((number > 0) - (number < 0) if number == number else math.nan)

    def _turn(self, k: int, n: int) -> tuple[Any, Any]:
        """cos and sin of 2πk/n, exact at quarters of the circle."""
        angle = Fraction(k % n, n)
        if angle.denominator in (1, 2, 4):
            cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[int(4 * angle)]
            return self.constant(cosine), self.constant(sine)
        full = self.formula(f"2*pi()*{angle.numerator}/{angle.denominator}")
        cos, sin = self.operation("cos"), self.operation("sin")
        if full is None or cos is None or sin is None:
            raise UnsupportedError(f"{self.name} have no pi, cos and sin, so no root of unity of order {n}")
        return cos(full()), sin(full())

    def _power(self, x: Any, n: int) -> Any:
        multiply = self.operations["mul"]
        if n < 0:
            return self.operations["div"](self.constant(1), self._power(x, -n))
        result, square = self.constant(1), x
        while n:
            result = multiply(result, square) if n & 1 else result
            n >>= 1
            square = multiply(square, square) if n else square
        return result


DERIVED: Mapping[str, str] = {
    "square": "x*x",
    "one_minus_square": "1 - x*x",
    "rsqrt": "1/sqrt(x)",
    "exp2": "exp(x*log(2))",
    "log2": "log(x)/log(2)",
    "expm1": "exp(x) - 1",
    "log1p": "log(1 + x)",
    "logistic": "1/(1 + exp(-x))",
    "tan": "sin(x)/cos(x)",
    "sinh": "(exp(x) - exp(-x))/2",
    "cosh": "(exp(x) + exp(-x))/2",
    "tanh": "sinh(x)/cosh(x)",
    "asinh": "log(x + sqrt(x*x + 1))",
    "acosh": "log(x + sqrt(x*x - 1))",
    "atanh": "(log(1 + x) - log(1 - x))/2",
    "erfc": "1 - erf(x)",
    "pow": "exp(y*log(x))",
    "digamma": "polygamma(0, x)",
    "trigamma": "polygamma(1, x)",
    "igammac": "1 - igamma(x, y)",
    "gamma_density": "exp((x - 1)*log(y) - y - lgamma(x))",
    "random_gamma_grad": "-igamma_grad_a(x, y)/gamma_density(x, y)",
    "beta_density": "exp((y - 1)*log1p(-w) + (x - 1)*log(w) - lgamma(x) - lgamma(y) + lgamma(x + y))",
}
"""Operations by others; the operands are x, y, w."""

PARTIALS: Mapping[str, tuple[str, ...]] = {
    "pi": (),
    "imaginary_unit": (),
    "add": ("1", "1"),
    "sub": ("1", "-1"),
    "mul": ("y", "x"),
    "div": ("1/y", "-z/y"),
    "neg": ("-1",),
    "square": ("2*x",),
    "one_minus_square": ("-2*x",),
    "pow": ("y*pow(x, y - 1)", "z*log(x)"),
    "sqrt": ("1/(2*z)",),
    "rsqrt": ("-z/(2*x)",),
    "cbrt": ("1/(3*z**2)",),
    "exp": ("z",),
    "exp2": ("z*log(2)",),
    "expm1": ("exp(x)",),
    "log": ("1/x",),
    "log2": ("1/(x*log(2))",),
    "log1p": ("1/(1 + x)",),
    "logistic": ("z*(1 - z)",),
    "sin": ("cos(x)",),
    "cos": ("-sin(x)",),
    "tan": ("1 + z**2",),
    "asin": ("1/sqrt(1 - x**2)",),
    "acos": ("-1/sqrt(1 - x**2)",),
    "atan": ("1/(1 + x**2)",),
    "atan2": ("y/(x**2 + y**2)", "-x/(x**2 + y**2)"),
    "sinh": ("cosh(x)",),
    "cosh": ("sinh(x)",),
    "tanh": ("1 - z**2",),
    "asinh": ("1/sqrt(x**2 + 1)",),
    "acosh": ("1/sqrt(x**2 - 1)",),
    "atanh": ("1/(1 - x**2)",),
    "erf": ("2*exp(-x**2)/sqrt(pi())",),
    "erfc": ("-2*exp(-x**2)/sqrt(pi())",),
    "erf_inv": ("sqrt(pi())*exp(z**2)/2",),
    "lgamma": ("digamma(x)",),
    "digamma": ("polygamma(1, x)",),
    "trigamma": ("polygamma(2, x)",),
    "polygamma": ("", "polygamma(x + 1, y)"),
    "zeta": ("", "-x*zeta(x + 1, y)"),
    "bessel_i0e": ("bessel_i1e(x) - sign(x)*z",),
    "bessel_i1e": ("bessel_i0e(x) - z*(sign(x) + 1/x)",),
    "igamma": ("igamma_grad_a(x, y)", "gamma_density(x, y)"),
    "igammac": ("-igamma_grad_a(x, y)", "-gamma_density(x, y)"),
    "igamma_grad_a": ("", "(log(y) - digamma(x))*gamma_density(x, y)"),
    "regularized_incomplete_beta": ("", "", "beta_density(x, y, w)"),
}
"""Operation → its partial derivative by each operand; empty where none is known in closed form.

Of special functions: DLMF 5.15.8 (polygamma), 25.11.17 (zeta), 10.29.3 (Bessel), 8.8.13 (gamma), 8.17.20 (beta).
"""


def _names(operands: int) -> tuple[str, ...]:
    """Variables of a row of `PARTIALS` with that many operands: they, then the result."""
    return ("x", "y", "w", "z") if operands == 3 else ("x", "y", "z")


def floats() -> Domain:
    """Python floats: double precision."""
    total = {name: _guard(function) for name, function in _FLOATS.items()}
    return Domain("floats", float, {**total, "div": _divide, "log": _logarithm}, order=float)


_FLOATS: Mapping[str, Operation] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "neg": lambda x: -x,
    "pow": math.pow,
    "sqrt": math.sqrt,
    "cbrt": math.cbrt,
    "exp": math.exp,
    "expm1": math.expm1,
    "log1p": math.log1p,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "atan2": math.atan2,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "asinh": math.asinh,
    "acosh": math.acosh,
    "atanh": math.atanh,
    "erf": math.erf,
    "erfc": math.erfc,
    "lgamma": math.lgamma,
    "sum": math.fsum,
    "pi": lambda: math.pi,
}


def _guard(function: Operation) -> Operation:
    def total(*values: Any) -> Any:
        try:
            return function(*values)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return total


def _divide(x: float, y: float) -> float:
    if y == 0:
        return math.nan if x == 0 or x != x else math.copysign(math.inf, x) * math.copysign(1.0, y)
    return x / y


def _logarithm(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf if x == 0 else math.nan
