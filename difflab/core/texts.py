"""Formulas as text, compiled once and bound to the operations of any domain.

`1/(2*z)` becomes the Python function `lambda x, y, z: div(_1, mul(_2, z))` inside a function of `div`, `mul`, `_1` and
`_2`, which a domain fills in with its own operations and constants. The grammar is Python's, of names, numbers, calls,
+, −, *, / and powers with a number for exponent, so that formulas are read by `ast`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

Operation = Callable[..., Any]
"""A function of elements of one domain."""

_BINARY: Mapping[type[ast.operator], str] = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}


@dataclass(frozen=True)
class Formula:
    """A formula: what it needs, and a function of that which returns a function of its variables."""

    operations: tuple[str, ...]
    constants: tuple[Any, ...]
    bind: Callable[..., Operation]

    def over(self, operation: Callable[[str], Operation | None], constant: Callable[[Any], Any]) -> Operation | None:
        """The formula with operations by name and constants by number; None where an operation is missing."""
        found = [operation(name) for name in self.operations]
        if any(each is None for each in found):
            return None
        return self.bind(*found, *map(constant, self.constants))


@cache
def compiled(text: str, names: tuple[str, ...]) -> Formula:
    """The formula of a text; variables that are not given are None.

    >>> import operator
    >>> table = {"mul": operator.mul, "sub": operator.sub}
    >>> compiled("x*x - 2*y", ("x", "y")).over(table.get, float)(3.0, 4.0)
    1.0
    """
    operations: dict[str, None] = {}
    constants: dict[tuple[type, Any], str] = {}
    body = _written(ast.parse(text, mode="eval").body, operations, constants)
    needed = ", ".join([*(f"{name}_" for name in operations), *constants.values()])
    variables = ", ".join(f"{name}=None" for name in names)
    bind = eval(f"lambda {needed}: lambda {variables}: {body}")
    return Formula(tuple(operations), tuple(value for _, value in constants), bind)


def _written(node: ast.expr, operations: dict[str, None], constants: dict[tuple[type, Any], str]) -> str:
    def call(name: str, *parts: str) -> str:
        operations[name] = None
        return f"{name}_({', '.join(parts)})"

    def inner(part: ast.expr) -> str:
        return _written(part, operations, constants)

    match node:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=value):
            return constants.setdefault((type(value), value), f"_{len(constants)}")
        case ast.UnaryOp(operand=operand, op=ast.USub()):
            return call("neg", inner(operand))
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as n)):
            return call("integer_pow", inner(left), str(n))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
            return call(_BINARY[type(operator)], inner(left), inner(right))
        case ast.Call(func=ast.Name(id=name), args=args):
            return call(name, *map(inner, args))
        case _:
            raise AssertionError(f"{ast.unparse(node)} is no formula that difflab can read; please report this")
