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

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from difflab.core.domains import DERIVED, PARTIALS, Domain, Operation


@dataclass(frozen=True, slots=True, eq=False)
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
    """Dual numbers over `base`: one directional derivative a run, exact where `base` is."""

    def lift(name: str, operation: Operation) -> Operation:
        def apply(*operands: Dual) -> Dual:
            values = [x.value for x in operands]
            result = operation(*values)
            terms: list[Any] = []
            for k, operand in enumerate(operands):
                if operand.tangent is not None:
                    slope = _partial(base, name, k)(*_three(values), result)
                    terms.append(base.operations["mul"](slope, operand.tangent))
            return Dual(result, base.sum(terms) if terms else None)

        return apply

    order = base.order
    return Domain(
        f"dual numbers over {base.name}",
        lambda value: Dual(base.constant(value)),
        {**_lifted(base, lift), "integer_pow": _power(base, lift)},
        order=None if order is None else lambda x: order(x.value),
        freeze=lambda x: Dual(x.value),
    )


def rounding(base: Domain) -> Domain:
    """Exact values over `base`, with running error bounds; `base` must have an order."""
    order = base.order
    if order is None:
        raise TypeError(
            f"{base.name} have no order, so errors cannot be bounded in them; pass big_floats() or floats()"
        )

    def size(element: Any) -> Any:
        return abs(order(element))

    def lift(name: str, operation: Operation) -> Operation:
        def apply(*operands: Rounded) -> Rounded:
            values = [x.value for x in operands]
            result = operation(*values)
            own = 0.0 if name == "neg" else size(result) + (1.0 + size(values[0]) if name in _BY_CANCELLATION else 0.0)
            constants: Any = 0.0
            for k, operand in enumerate(operands):
                if operand.rounding:
                    slope = size(_partial(base, name, k)(*_three(values), result))
                    own += slope * operand.rounding
                    constants += slope * operand.constants
            return Rounded(result, own, constants)

        return apply

    def constant(value: Any) -> Rounded:
        error = 0.0 if _short(value) else abs(float(value))
        return Rounded(base.constant(value), error, error)

    return Domain(
        f"{base.name} with error bounds",
        constant,
        {**_lifted(base, lift), "integer_pow": _power(base, lift)},
        order=lambda x: order(x.value),
    )


def _lifted(base: Domain, lift: Callable[[str, Operation], Operation]) -> dict[str, Operation]:
    """Every operation that `base` has and whose partials it can compute."""
    table: dict[str, Operation] = {}
    for name in (*base.operations, *DERIVED):
        operation = base.operation(name)
        rows = PARTIALS.get(name, ())
        if operation is not None and rows and all(base.partial(name, k) for k in range(len(rows))):
            table[name] = lift(name, operation)
    return table


def _power(base: Domain, lift: Callable[[str, Operation], Operation]) -> Operation:
    """xⁿ as one operation, with the partial n·xⁿ⁻¹."""
    power = base.operation("integer_pow")
    assert power is not None

    def apply(x: Any, n: int) -> Any:
        return lift(f"integer_pow {n}", lambda value: power(value, n))(x)

    return apply


def _partial(base: Domain, name: str, position: int) -> Operation:
    if name.startswith("integer_pow "):
        n = int(name.split()[1])
        power = base.operation("integer_pow")
        assert power is not None
        if n == 0:
            return lambda x, y, z: base.constant(0)
        return lambda x, y, z: base.operations["mul"](base.constant(n), power(x, n - 1))
    found = base.partial(name, position)
    assert found is not None
    return found


def _three(values: list[Any]) -> tuple[Any, Any]:
    """The operands x and y of a row of `PARTIALS`; y is None for functions of one operand."""
    return (values[0], values[1] if len(values) > 1 else None)


def _short(value: Any) -> bool:
    """Whether a constant is what its author meant: an integer or a short binary fraction, not a rounded decimal."""
    return value != value or abs(value) == float("inf") or (abs(value) < 2**24 and float(value) * 64 == int(value * 64))
