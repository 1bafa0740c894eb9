"""Computer algebra that differentiates a program of numbers: SymPy, or SymEngine where it is installed.

SymEngine is a C++ core of SymPy's kind; it cannot be interrupted, and its trees must be turned into SymPy's. Since
common subexpressions are differentiated once here, SymPy keeps up with it, and "auto" is SymPy. The size of what would
be computed by SymEngine is foretold on the program: written out as trees, an operation is as large as its operands and
one, and its derivative as large as the derivatives of its operands and, for each, a partial of the operation's size.
What SymEngine gives is turned into SymPy's expressions at the end.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import sympy

from difflab.core.domains import Domain, Operation
from difflab.core.errors import UnsupportedError
from difflab.core.run import BudgetError
from difflab.core.values import Hole
from difflab.labs.check.scalars import PARTS, Node, Scalars
from difflab.labs.check.symbols import Decimal, Derivative, Symbols, TooLargeError, constant

ENGINES = ("auto", "sympy", "symengine")
FORESEEN = 3_000_000
"""Nodes of trees that SymEngine is given to differentiate; about a second's work."""


@dataclass(frozen=True, eq=False)
class Formulas:
    """Symbols of the inputs, the formula of a node, and the derivative of each output (None: not computed).

    `frozen` has the formula that each symbol of a stopped gradient stands for.
    """

    symbols: tuple[Any, ...]
    value: Callable[[Node], Any]
    entries: tuple[tuple[Any, ...], ...]
    frozen: Mapping[Any, Any]
    engine: str


def differentiate(
    program: Scalars, engine: str = "auto", limit: int = 5_000, deadline: float | None = None
) -> Formulas:
    """Differentiate all outputs by all inputs; `TooLargeError` where the formulas outgrow `limit` symbols."""
    if engine not in ENGINES:
        raise ValueError(f"engine is {engine!r}; pass one of {', '.join(map(repr, ENGINES))}")
    size = foretold(program)
    if size > 20 * FORESEEN:
        raise TooLargeError(f"the derivative would have about {size:.1g} symbols")
    if engine == "symengine" and find_spec("symengine") is None:
        raise ValueError("engine is 'symengine', which is not installed; install difflab[fast], or pass 'sympy'")
    if engine == "symengine":
        if size > FORESEEN:
            raise TooLargeError(f"SymEngine cannot differentiate {size:.1g} symbols; take engine='sympy'")
        return _by_symengine(program, limit, deadline)
    return _by_sympy(program, limit, deadline)


def foretold(program: Scalars) -> float:
    """An upper bound of the number of symbols in all derivatives, written out."""
    size: dict[Node, float] = {}
    slopes: dict[Node, dict[Node, float]] = {}
    for node in program.needed():
        size[node] = 1.0 + sum(size[o] for o in node.operands)
        found = {node: 1.0} if node in program.inputs else {}
        for operand in node.operands if node.active else ():
            for start, slope in slopes[operand].items():
                found[start] = found.get(start, 0.0) + slope + (1.0 if node.operation in _LINEAR else size[node])
        slopes[node] = found
    return sum((sum(slopes[o].values()) for o in program.outputs if isinstance(o, Node)), 0.0)


_LINEAR = ("add", "sub", "neg")


def _by_sympy(program: Scalars, limit: int, deadline: float | None) -> Formulas:
    tools = Symbols(limit)
    symbols = tuple(sympy.Symbol(name, real=True) for name in program.problem.columns)
    _require(program, tools.domain)
    values = program.evaluate(tools.domain, symbols, lambda: _in_time(deadline))
    rows: list[list[Any]] = [[] for _ in program.outputs]
    for symbol in symbols:
        derivative = Derivative(symbol)
        for row, output in zip(rows, program.outputs, strict=True):
            _in_time(deadline)
            row.append(output if isinstance(output, Hole) else derivative(values[output]))
    return limited(Formulas(symbols, values.__getitem__, tuple(map(tuple, rows)), tools.frozen, "sympy"), limit)


def _by_symengine(program: Scalars, limit: int, deadline: float | None) -> Formulas:
    engine = import_module("symengine")
    back = _Back({f"x{k}": sympy.Symbol(name, real=True) for k, name in enumerate(program.problem.columns)})
    symbols = tuple(map(engine.Symbol, back.names))
    frozen: dict[str, Any] = {}

    def number(value: Any) -> Any:
        exact = constant(value)
        if exact.is_Rational:
            return engine.Rational(int(exact.p), int(exact.q))
        if not exact.is_finite:
            return engine.sympify(exact)
        back.names[f"c{abs(value)!r}"] = Decimal(abs(float(value)))
        return (-1 if value < 0 else 1) * engine.Symbol(f"c{abs(value)!r}")

    def freeze(expression: Any) -> Any:
        if not expression.free_symbols:
            return expression
        name = f"s{len(frozen)}"
        back.names[name], frozen[name] = sympy.Symbol(f"stopped_{len(frozen) + 1}", real=True), expression
        return engine.Symbol(name)

    operations = {name: operation(engine) for name, operation in _SYMENGINE.items()}
    domain = Domain("SymEngine expressions", number, operations, freeze=freeze)
    _require(program, domain)
    values = program.evaluate(domain, symbols, lambda: _in_time(deadline))
    entries = [[o if isinstance(o, Hole) else values[o].diff(x) for x in symbols] for o in program.outputs]
    found = tuple(tuple(e if isinstance(e, Hole) else back(e) for e in row) for row in entries)
    undone = next((e for row in found for e in row if not isinstance(e, Hole) and e.has(sympy.Derivative)), None)
    if undone is not None:
        raise UnsupportedError(f"SymEngine leaves a derivative undone in {undone}; take engine='sympy'")
    return limited(
        Formulas(
            tuple(back.names[f"x{k}"] for k in range(len(symbols))),
            lambda node: back(values[node]),
            found,
            {back.names[name]: back(e) for name, e in frozen.items()},
            "symengine",
        ),
        limit,
    )


@dataclass(frozen=True, eq=False)
class _Back:
    """SymEngine's expressions as SymPy's; `names` says what its symbols stand for."""

    names: dict[str, Any]

    def __call__(self, expression: Any) -> Any:
        made = sympy.sympify(expression)
        return made.xreplace({s: self.names[s.name] for s in made.free_symbols})


def _same_name(name: str) -> Callable[[Any], Operation]:
    return lambda engine: getattr(engine, name)


_SYMENGINE: Mapping[str, Callable[[Any], Operation]] = {
    **{n: _same_name(n) for n in "sqrt exp log sin cos tan asin acos atan atan2 sinh cosh tanh".split()},
    **{n: _same_name(n) for n in "asinh acosh atanh erf erfc digamma".split()},
    "lgamma": _same_name("loggamma"),
    "add": lambda engine: lambda x, y: x + y,
    "sub": lambda engine: lambda x, y: x - y,
    "mul": lambda engine: lambda x, y: x * y,
    "div": lambda engine: lambda x, y: x / y,
    "neg": lambda engine: lambda x: -x,
    "sum": lambda engine: lambda items: engine.Add(*items),
    "pow": lambda engine: lambda x, y: x**y,
    "integer_pow": lambda engine: lambda x, n: x**n,
    "cbrt": lambda engine: lambda x: x ** engine.Rational(1, 3),
    "exp2": lambda engine: lambda x: engine.Integer(2) ** x,
    "pi": lambda engine: lambda: engine.pi,
    "polygamma": _same_name("polygamma"),
    "zeta": _same_name("zeta"),
    "igamma": lambda engine: lambda a, x: engine.lowergamma(a, x) / engine.gamma(a),
    "igammac": lambda engine: lambda a, x: engine.uppergamma(a, x) / engine.gamma(a),
    "root_of_unity": lambda engine: (
        lambda k, n: tuple(f(2 * engine.pi * engine.Rational(k, n)) for f in (engine.cos, engine.sin))
    ),
}
"""Operation → how SymEngine does it."""


def _require(program: Scalars, domain: Domain) -> None:
    """Name all operations at once that a domain lacks."""
    made = {node.operation for node in program.needed()} - {"constant", "stopped", "input", *PARTS}
    missing = sorted(name for name in made if domain.operation(name) is None)
    if missing:
        other = "engine='sympy'" if domain.name.startswith("SymEngine") else "difflab.truth, which gives numbers"
        raise UnsupportedError(f"{domain.name} have no {', '.join(missing)}; take {other}")


def limited(formulas: Formulas, limit: int) -> Formulas:
    """The formulas, unless they are larger than anyone reads."""
    size = Symbols().size
    total = sum(size(e) for row in formulas.entries for e in row if not isinstance(e, Hole))
    if total > limit:
        raise TooLargeError(f"the derivative has {total} symbols, more than {limit}")
    return formulas


def _in_time(deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise BudgetError("the time budget is spent; pass a larger budget, or a smaller function")
