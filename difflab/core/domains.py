"""Numbers to compute with: what an interpreter needs of floats, big floats, symbols, dual numbers.

A `Domain` is a table: how to make a constant, and one function for each operation. Operations that a domain leaves out
are put together from others (`DERIVED`); `PARTIALS` has the local partial derivatives, in the notation of the book
(Griewank & Walther, "Evaluating Derivatives", 2008, table 2.3): x and y are the operands, z is the result.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

Operation = Callable[..., Any]
"""A function of elements of one domain."""


@dataclass(frozen=True, eq=False)
class Domain:
    """Numbers of one kind. Their elements live in NumPy object arrays.

    `constant` takes an int or a float (NaN and infinities included), exactly. `operations` maps names of `DERIVED` and
    `PARTIALS` to functions; at least `add`, `sub`, `mul`, `div` and `neg` are needed. They return NaN outside of their
    domain, and do not raise. `order` gives a number that compares, for domains that can decide a branch by themselves.
    `freeze` makes a constant of an element: what `stop_gradient` does.
    """

    name: str
    constant: Callable[[Any], Any]
    operations: Mapping[str, Operation]
    order: Callable[[Any], Any] | None = None
    freeze: Callable[[Any], Any] = lambda element: element
    _found: dict[str, Operation | None] = field(default_factory=dict[str, "Operation | None"], repr=False)

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
            self._found[key] = self._compile(rows[position], ("x", "y", "z")) if position < len(rows) else None
        return self._found[key]

    def _derive(self, name: str) -> Operation | None:
        if name == "integer_pow":
            return self._power
        return self._compile(DERIVED[name], ("x", "y")) if name in DERIVED else None

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

    def _compile(self, text: str, names: tuple[str, ...]) -> Operation | None:
        """A formula as a function of this domain's elements; None where an operation in it is missing."""
        run = _compiled(ast.parse(text, mode="eval").body, self)
        return None if run is None else lambda *values: run(dict(zip(names, values, strict=False)))


DERIVED: Mapping[str, str] = {
    "square": "x*x",
    "one_minus_square": "1 - x*x",
    "rsqrt": "1/sqrt(x)",
    "exp2": "exp(x*log(2))",
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
}
"""Operations by others."""

PARTIALS: Mapping[str, tuple[str, ...]] = {
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
    "digamma": ("trigamma(x)",),
}
"""Operation → its partial derivative by each operand."""


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


_BINARY: Mapping[type[ast.operator], str] = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}


def _compiled(node: ast.expr, domain: Domain) -> Callable[[dict[str, Any]], Any] | None:
    match node:
        case ast.Name(id=name):
            return lambda values: values[name]
        case ast.Constant(value=value):
            constant = domain.constant(value)
            return lambda _: constant
        case ast.UnaryOp(operand=operand):
            return _applied(domain.operation("neg"), [_compiled(operand, domain)])
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as n)):
            power = domain.operation("integer_pow")
            assert power is not None
            return _applied(lambda x: power(x, n), [_compiled(left, domain)])
        case ast.BinOp(left=left, op=operator, right=right):
            return _applied(
                domain.operation(_BINARY[type(operator)]), [_compiled(left, domain), _compiled(right, domain)]
            )
        case ast.Call(func=ast.Name(id=name), args=args):
            return _applied(domain.operation(name), [_compiled(arg, domain) for arg in args])
        case _:
            raise AssertionError(f"{ast.unparse(node)} is no formula that difflab can read; please report this")


def _applied(
    operation: Operation | None, parts: list[Callable[[dict[str, Any]], Any] | None]
) -> Callable[[dict[str, Any]], Any] | None:
    known = [part for part in parts if part is not None]
    if operation is None or len(known) < len(parts):
        return None
    return lambda values: operation(*[part(values) for part in known])
