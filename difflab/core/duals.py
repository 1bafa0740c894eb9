"""Domains over a domain: dual numbers, and numbers that carry a bound of their rounding error.

Dual numbers (Clifford 1873): v + v'ε with ε² = 0, so that op(v) + Σ ∂ₖop · vₖ' ε is computed with every operation.
Rounding: running error analysis (Wilkinson 1963; Higham, "Accuracy and Stability of Numerical Algorithms", 2002,
section 3.3). A floating-point operation returns op(v)(1 + δ), |δ| ≤ u; to first order its error is
Σ |∂ₖop| · errorₖ + |op(v)|, in units of u. Both read the same table of partials.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from difflab.core.domains import PARTIALS, Domain, Operation, Table


@dataclass(slots=True, eq=False)  # not frozen, since millions are made, and a frozen one takes three times as long
class Dual:
    """A value and its tangent; None for a tangent that is zero."""

    value: Any
    tangent: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Rounded:
    """An exact value, and bounds of two errors in units of the unit roundoff.

    `rounding`: every operation rounds. `constants`: only the constants of the program were rounded.
    """

    value: Any
    rounding: Any = 0.0
    constants: Any = 0.0


_BY_CANCELLATION = {"lgamma", "digamma"}
"""Functions that XLA puts together from terms of order one and more, which cancel near their zeros."""


def dual(base: Domain) -> Domain:
    """Dual numbers over `base`: one directional derivative a run, exact where `base` is.

    Over dual numbers they give second derivatives. Where an operand varies whose partial is not known in closed form,
    the tangent is NaN. `freeze` drops tangents of all levels.

    >>> from difflab.core.domains import floats
    >>> square = dual(floats()).operation("square")
    >>> square(Dual(3.0, 1.0))
    Dual(value=9.0, tangent=6.0)
    """
    order = base.order

    def lift(name: str) -> Operation | None:
        operation = _liftable(base, name)
        return _general(base, name, operation) if operation else None

    return Domain(
        f"dual numbers over {base.name}",
        lambda value: Dual(base.constant(value)),
        Table(lift, _arithmetic(base), PARTIALS),
        order=None if order is None else lambda x: order(x.value),
        freeze=lambda x: Dual(base.freeze(x.value)),
        base=base,
        many=lambda values: list(map(Dual, base.constants(values))),
    )


def _general(base: Domain, name: str, operation: Operation) -> Operation:
    """op(v) with the tangent Σ ∂ₖop(v) · vₖ'."""
    multiply = base.operations["mul"]
    partials = [base.partial(name, k) or (lambda *_: base.constant(float("nan"))) for k in range(len(PARTIALS[name]))]

    def apply(*operands: Dual) -> Dual:
        values = [x.value for x in operands]
        result = operation(*values)
        padded = _padded(values)
        terms = [
            multiply(slope(*padded, result), x.tangent)
            for slope, x in zip(partials, operands, strict=True)
            if x.tangent is not None
        ]
        return Dual(result, base.sum(terms) if len(terms) > 1 else terms[0] if terms else None)

    return apply


def _arithmetic(base: Domain) -> dict[str, Operation]:
    """The operations that programs mostly consist of, without the detour through a table."""
    add, sub, mul, div = (base.operations[name] for name in ("add", "sub", "mul", "div"))
    neg, power = base.operations["neg"], base.operation("integer_pow")
    turn = base.operation("root_of_unity")
    assert power is not None and turn is not None

    def plus(s: Any, t: Any) -> Any:
        return t if s is None else s if t is None else add(s, t)

    def product(x: Dual, y: Dual) -> Dual:
        s, t = x.tangent, y.tangent
        left = None if s is None else mul(s, y.value)
        return Dual(mul(x.value, y.value), plus(left, None if t is None else mul(x.value, t)))

    def difference(x: Dual, y: Dual) -> Dual:
        s, t = x.tangent, y.tangent
        return Dual(sub(x.value, y.value), s if t is None else neg(t) if s is None else sub(s, t))

    def quotient(x: Dual, y: Dual) -> Dual:
        s, t, z = x.tangent, y.tangent, div(x.value, y.value)
        if s is None and t is None:
            return Dual(z)
        change = s if t is None else neg(mul(z, t)) if s is None else sub(s, mul(z, t))
        return Dual(z, div(change, y.value))

    def raised(x: Dual, n: int) -> Dual:
        if x.tangent is None or n == 0:
            return Dual(power(x.value, n))
        slope = mul(base.constant(n), power(x.value, n - 1))
        return Dual(power(x.value, n), mul(slope, x.tangent))

    def total(items: Iterable[Dual]) -> Dual:
        parts = list(items)
        tangents = [x.tangent for x in parts if x.tangent is not None]
        return Dual(base.sum([x.value for x in parts]), base.sum(tangents) if tangents else None)

    def dot(left: Sequence[Dual], right: Sequence[Dual]) -> Dual:
        a, b = [x.value for x in left], [y.value for y in right]
        moved = [(x.tangent, v) for x, v in zip(left, b, strict=True) if x.tangent is not None]
        moved += [(v, y.tangent) for v, y in zip(a, right, strict=True) if y.tangent is not None]
        return Dual(base.dot(a, b), base.dot(*zip(*moved, strict=True)) if moved else None)

    return {
        "add": lambda x, y: Dual(add(x.value, y.value), plus(x.tangent, y.tangent)),
        "sub": difference,
        "mul": product,
        "div": quotient,
        "neg": lambda x: Dual(neg(x.value), None if x.tangent is None else neg(x.tangent)),
        "integer_pow": raised,
        "sum": total,
        "dot": dot,
        "root_of_unity": lambda k, n: tuple(map(Dual, turn(k, n))),
    }


def rounding(base: Domain) -> Domain:
    """Exact values over `base`, with running error bounds; `base` must have an order."""
    order = base.order
    if order is None:
        raise TypeError(
            f"{base.name} have no order, so errors cannot be bounded in them; pass big_floats() or floats()"
        )

    power = base.operation("integer_pow")
    assert power is not None

    def size(element: Any) -> Any:
        return abs(order(element))

    def grown(operands: Sequence[Rounded], own: Any, slopes: Iterable[Callable[[], Any]]) -> tuple[Any, Any]:
        constants: Any = 0.0
        for slope, operand in zip(slopes, operands, strict=True):
            if operand.rounding:
                gain = size(slope())
                own += gain * operand.rounding
                constants += gain * operand.constants
        return own, constants

    def lift(name: str) -> Operation | None:
        operation = _liftable(base, name)
        if operation is None or not all(PARTIALS[name]):
            return None
        partials = [found for k in range(len(PARTIALS[name])) if (found := base.partial(name, k))]

        def apply(*operands: Rounded) -> Rounded:
            values = [x.value for x in operands]
            result = operation(*values)
            own = 0.0 if name == "neg" else size(result) + (1.0 + size(values[0]) if name in _BY_CANCELLATION else 0.0)
            slopes = [partial(slope, *_padded(values), result) for slope in partials]
            return Rounded(result, *grown(operands, own, slopes))

        return apply

    def raised(x: Rounded, n: int) -> Rounded:
        result = power(x.value, n)
        slope = partial(base.operations["mul"], base.constant(n), power(x.value, n - 1)) if n else lambda: 0
        return Rounded(result, *grown([x], size(result), [slope]))

    def constant(value: Any) -> Rounded:
        error = 0.0 if _short(value) else abs(float(value))
        return Rounded(base.constant(value), error, error)

    return Domain(
        f"{base.name} with error bounds",
        constant,
        Table(lift, {"integer_pow": raised}, PARTIALS),
        order=lambda x: order(x.value),
    )


def _liftable(base: Domain, name: str) -> Operation | None:
    """An operation of `base` that has a row of partials, if all that are known in closed form can be computed there."""
    rows = PARTIALS.get(name)
    if rows is None or not all(base.partial(name, k) for k, row in enumerate(rows) if row):
        return None
    return base.operation(name)


def _padded(values: list[Any]) -> list[Any]:
    """The operands of a row of `PARTIALS`; y is None for functions of one operand."""
    return [*values, None] if len(values) == 1 else values


def _short(value: Any) -> bool:
    """Whether a constant is what its author meant: an integer or a short binary fraction, not a rounded decimal."""
    return value != value or abs(value) == float("inf") or (abs(value) < 2**24 and float(value) * 64 == int(value * 64))
