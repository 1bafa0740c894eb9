"""Numbers that cannot be compared, each with a float beside it that can.

A concolic pair (Sen, Marinov & Agha 2005): the number is exact, the float, its shadow, takes the branches.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own.

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from operator import add, mul, neg, sub, truediv
from typing import Any

from difflab.core.bigfloat import big_floats
from difflab.core.domains import DERIVED, PARTIALS, Domain, Operation, Table, floats


@dataclass(slots=True, eq=False)  # not frozen, since millions are made, and a frozen one takes three times as long
class Shadow:
    """An element of a domain, and the float that it would be at the point; where √−1 of a field is in it, complex."""

    value: Any
    number: float | complex


def shadow(base: Domain) -> Domain:
    """Numbers of `base` that decide comparisons, by a float that is computed beside each.

    >>> from difflab.core.field import prime_field
    >>> domain = shadow(prime_field(seed=1).domain)
    >>> domain.order(domain.operation("exp")(domain.constant(0.0)))
    1.0
    """
    numbers, exact, wide = _FLOATS, _BIG_FLOATS, _COMPLEX_FLOATS

    def constant(value: Any) -> Shadow:
        return Shadow(base.constant(value), float(value))

    def lift(name: str) -> Operation | None:
        operation = base.operation(name)
        if operation is None:
            return None
        beside = _wide(numbers.operation(name) or _by_big_floats(exact, name), wide.operation(name))
        if name in _PLAIN:
            return _beside(operation, _PLAIN[name])

        def one(x: Shadow) -> Shadow:
            return Shadow(operation(x.value), beside(x.number))

        def two(x: Shadow, y: Shadow) -> Shadow:
            return Shadow(operation(x.value, y.value), beside(x.number, y.number))

        def any_number(*xs: Shadow) -> Shadow:
            return Shadow(operation(*[x.value for x in xs]), beside(*[x.number for x in xs]))

        return two if name in _TWO else one if name in _ONE else any_number

    def add_up(items: Any) -> Shadow:
        return Shadow(base.sum([x.value for x in items]), _total([x.number for x in items]))

    def dot(left: Any, right: Any) -> Shadow:
        value = base.dot([x.value for x in left], [x.value for x in right])
        return Shadow(value, _total([x.number * y.number for x, y in zip(left, right, strict=True)]))

    def power(x: Shadow, n: int) -> Shadow:
        raised, beside = base.operation("integer_pow"), numbers.operation("integer_pow")
        assert raised is not None and beside is not None
        return Shadow(raised(x.value, n), beside(x.number, n))

    def turn(k: int, n: int) -> tuple[Shadow, Shadow]:
        parts, beside = base.operation("root_of_unity"), numbers.operation("root_of_unity")
        assert parts is not None and beside is not None
        (a, b), (c, d) = parts(k, n), beside(k, n)
        return Shadow(a, c), Shadow(b, d)

    def oracle(label: str, *xs: Shadow) -> Shadow:
        return Shadow(base.operations["oracle"](label, *[x.value for x in xs]), float("nan"))

    unit = base.operation("imaginary_unit")
    special = {"imaginary_unit": lambda: Shadow(unit(), 1j)} if unit else {}
    special |= {"sum": add_up, "dot": dot, "integer_pow": power, "root_of_unity": turn, "oracle": oracle}
    return Domain(
        f"{base.name}, with floats beside them",
        constant,
        Table(lift, special, (*PARTIALS, *DERIVED)),
        order=lambda x: x.number.real,
        freeze=lambda x: Shadow(base.freeze(x.value), x.number),
        base=base,
        many=lambda values: list(map(Shadow, base.constants(values), values)),
    )


def _beside(operation: Operation, plain: Operation) -> Operation:
    """Arithmetic that never fails on floats."""
    return lambda x, y: Shadow(operation(x.value, y.value), plain(x.number, y.number))


_PLAIN = {"add": add, "sub": sub, "mul": mul}
_ONE = frozenset("neg square one_minus_square sqrt rsqrt exp log sin cos tan tanh logistic cbrt".split())
_TWO = frozenset("add sub mul div pow atan2".split())


def _by_big_floats(exact: Domain, name: str) -> Operation:
    """A function that the standard library lacks, in twenty digits; NaN where there is none at all."""
    operation = exact.operation(name)
    if operation is None:
        return lambda *xs: float("nan")
    return lambda *xs: float(operation(*map(exact.constant, xs)))


def _wide(real: Operation, wide: Operation | None) -> Operation:
    """A function of floats, and of complex floats where they come."""

    def slow(*numbers: Any) -> Any:
        flat = [n.real if isinstance(n, complex) and n.imag == 0 else n for n in numbers]
        if not any(isinstance(n, complex) for n in flat):
            return real(*flat)
        try:
            made = wide(*flat) if wide else math.nan
        except (ValueError, OverflowError, ZeroDivisionError):
            return math.nan
        return made.real if made.imag == 0 else made

    def either(*numbers: Any) -> Any:
        try:
            return real(*numbers)
        except TypeError:
            return slow(*numbers)

    return either


def _complex_floats() -> Domain:
    named = "exp log sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh".split()
    table: dict[str, Operation] = {name: getattr(cmath, name) for name in named}
    arithmetic = {"add": add, "sub": sub, "mul": mul, "div": truediv, "neg": neg, "pow": pow}
    return Domain("complex floats", complex, table | arithmetic)


_FLOATS, _BIG_FLOATS, _COMPLEX_FLOATS = floats(), big_floats(20), _complex_floats()


def _total(numbers: list[float | complex]) -> float | complex:
    return sum(numbers, 0.0)
