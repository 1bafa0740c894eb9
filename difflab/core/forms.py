"""Linear forms Σ aₖ xₖ over a domain: run a linear function once over them, and its matrix can be read off.

The coefficients stay sparse, so that the blocks of a batched function are seen, and an entry that is only moved stays
the same object. Sparse vector forward mode: Griewank & Walther, "Evaluating Derivatives" (2008), section 7.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from difflab.core.domains import DERIVED, PARTIALS, Domain, Operation, Table


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A constant (None: zero) and the coefficients of the variables; `UNIT` stands for the coefficient 1."""

    value: Any = None
    terms: Mapping[int, Any] = field(default_factory=dict[int, Any])


UNIT = object()
"""The coefficient 1, kept apart so that 1 · a is a itself."""


class NonlinearError(Exception):
    """A function that should be linear is not."""


def forms(base: Domain) -> Domain:
    """Linear forms over `base`; products of two of them, and functions of one, raise `NonlinearError`."""
    zero = base.constant(0)
    times, negate, divide = (base.operations[name] for name in ("mul", "neg", "div"))

    def settled(coefficient: Any) -> Any:
        return base.constant(1) if coefficient is UNIT else coefficient

    def known(x: Form) -> Any:
        if x.terms:
            raise NonlinearError
        return zero if x.value is None else x.value

    def total(items: Iterable[Form]) -> Form:
        values: list[Any] = []
        terms: dict[int, list[Any]] = {}
        for item in items:
            if item.value is not None:
                values.append(item.value)
            for k, coefficient in item.terms.items():
                terms.setdefault(k, []).append(coefficient)
        return Form(
            base.sum(values) if len(values) > 1 else values[0] if values else None,
            {k: base.sum(map(settled, c)) if len(c) > 1 else c[0] for k, c in terms.items()},
        )

    def negated(x: Form) -> Form:
        return Form(None if x.value is None else negate(x.value), {k: negate(settled(c)) for k, c in x.terms.items()})

    def product(x: Form, y: Form) -> Form:
        x, y = (y, x) if x.terms else (x, y)
        if x.terms:
            raise NonlinearError
        if x.value is None:
            return Form()
        value = None if y.value is None else times(x.value, y.value)
        return Form(value, {k: x.value if c is UNIT else times(x.value, c) for k, c in y.terms.items()})

    def quotient(x: Form, y: Form) -> Form:
        below = known(y)
        value = None if x.value is None else divide(x.value, below)
        return Form(value, {k: divide(settled(c), below) for k, c in x.terms.items()})

    def lift(name: str) -> Operation | None:
        operation = None if name == "dot" else base.operation(name)
        if operation is None:
            return None
        return lambda *operands: Form(operation(*[known(x) if isinstance(x, Form) else x for x in operands]))

    def power(x: Form, n: int) -> Form:
        raised = base.operation("integer_pow")
        assert raised is not None
        return x if n == 1 else Form(raised(known(x), n))

    linear: dict[str, Operation] = {
        "add": lambda x, y: total((x, y)),
        "sub": lambda x, y: total((x, negated(y))),
        "mul": product,
        "div": quotient,
        "neg": negated,
        "sum": total,
        "integer_pow": power,
    }
    order = base.order
    return Domain(
        f"linear forms over {base.name}",
        lambda value: Form() if isinstance(value, int | float) and value == 0 else Form(base.constant(value)),
        Table(lift, linear, (*PARTIALS, *DERIVED)),
        order=None if order is None else lambda x: order(known(x)),
        freeze=lambda x: Form(None if x.value is None else base.freeze(x.value), x.terms),
    )


def coefficient(base: Domain, form: Form, variable: int) -> Any:
    """The coefficient of a variable, as an element of `base`."""
    found = form.terms.get(variable)
    return base.constant(1) if found is UNIT else base.constant(0) if found is None else found
