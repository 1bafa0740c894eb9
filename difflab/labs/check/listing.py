"""The derivative of a function as a straight-line listing, where its formula would be too long to read.

First the program itself, one equation a line in the user's names, with the local partials of each by its operands
(entry by entry where the equation is); loops stay loops. Then the sweep that accumulates them: forward, v' is the
tangent of v, or in reverse, ~v is its cotangent (Griewank & Walther, "Evaluating Derivatives", 2008, tables 3.4, 3.5).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import sympy

from difflab.core import movement
from difflab.core.graph import Body, Equation, Graph, Literal, Operand, Source
from difflab.core.primitives import ELEMENTWISE, UNCHANGED
from difflab.labs.check.notation import aligned, code_latex, latex, latex_names, name_latex, text_latex
from difflab.labs.check.problem import Problem
from difflab.labs.check.symbols import Symbols

LINEAR = frozenset(
    {
        *movement.MOVES, *UNCHANGED,
        *"""reduce_sum cumsum dot_general convert_element_type select_n scatter-add conv_general_dilated concatenate
        reduce_window_sum fft real imag complex conj""".split(),
    }
)  # fmt: skip
"""Linear in each operand that carries derivatives, the others held."""


@dataclass(frozen=True)
class Partial:
    """A local partial by `operand`: a `formula`, entry by entry; or a linear `map`, · standing for the operand."""

    operand: str
    formula: Any = None
    map: str = ""


@dataclass(frozen=True)
class Line:
    """One equation: `result` = `value`, with the partials by its operands that vary."""

    result: str
    value: Any
    partials: tuple[Partial, ...]
    source: Source | None = None

    def __str__(self) -> str:
        """`h = tanh(u)   ∂h/∂u = 1 - h**2`."""
        slopes = [
            f"∂{self.result}/∂{p.operand} = {p.formula if p.formula is not None else p.map}" for p in self.partials
        ]
        return f"{f'{self.result} = {self.value}':40}  {',  '.join(slopes)}".rstrip()

    def forward(self) -> str:
        """The tangent of the result."""
        return f"{self.result}' = {' + '.join(map(_pushed, self.partials))}"

    def reverse(self) -> list[str]:
        """What the cotangents of the operands gain."""
        return [f"~{p.operand} += {_pulled(p, self.result)}" for p in reversed(self.partials)]

    def latex(self) -> str:
        """The line in LaTeX, with `&` at the equality signs."""
        slopes = [
            rf"\frac{{\partial {name_latex(self.result)}}}{{\partial {name_latex(p.operand)}}} = "
            + (_tex(p.formula) if p.formula is not None else code_latex(p.map))
            for p in self.partials
        ]
        return rf"{name_latex(self.result)} &= {_tex(self.value)} && " + r",\;".join(slopes)


@dataclass(frozen=True)
class Nest:
    """A loop, branch or call: a heading, what its inputs and outputs are called outside, and its lines."""

    head: str
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    parts: tuple[Line | Nest, ...]
    repeated: bool = False


@dataclass(frozen=True, repr=False)
class Listing:
    """The program with its local partials, and the sweep that accumulates them ("forward" or "reverse")."""

    name: str
    parts: tuple[Line | Nest, ...]
    direction: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def __str__(self) -> str:
        """The program, then the sweep."""
        ends = f"{', '.join(self.inputs)} → {', '.join(self.outputs)}"
        meaning = "v' is the tangent of v" if self.direction == "forward" else "~v is the cotangent of v, from 0"
        start = [f"{self.name}: {ends}", *(f"  {line}" for line in _program(self.parts))]
        return "\n".join([*start, f"{self.direction} sweep: {meaning}", *(f"  {line}" for line in self.sweep())])

    __repr__ = __str__

    def sweep(self) -> list[str]:
        """The lines that accumulate the partials."""
        return list(_forward(self.parts) if self.direction == "forward" else _reverse(self.parts))

    def latex(self) -> str:
        """The program and its partials in LaTeX; the sweep is in `str`."""
        return aligned(list(_latex(self.parts)))

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _repr_html_(self) -> str:
        rows = "".join(_rows(self.parts, 0))
        sweep = escape("\n".join(self.sweep()))
        return (
            f"<table><caption>{escape(self.name)}</caption><thead><tr><th>equation</th><th>local partials</th>"
            f"<th>line</th></tr></thead><tbody>{rows}</tbody></table>"
            f"<details><summary>{self.direction} sweep</summary><pre>{sweep}</pre></details>"
        )


def listing(problem: Problem, direction: str = "") -> Listing:
    """List a function; the sweep is in reverse where there are fewer outputs than inputs, unless it is given.

    >>> import jax.numpy as jnp
    >>> from difflab.core.call import call
    >>> from difflab.labs.check.problem import problem
    >>> print(listing(problem(call(lambda x: jnp.tanh(2 * x), 1.0)), "reverse"))
    λ: x → %2
      %1 = 2*x                                  ∂%1/∂x = 2
      %2 = tanh(%1)                             ∂%2/∂%1 = 1 - %2**2
    reverse sweep: ~v is the cotangent of v, from 0
      ~%1 += (1 - %2**2) * ~%2
      ~x += 2 * ~%1
    """
    graph = problem.graph
    active = {graph.inputs[k] for k in problem.inputs}
    parts = tuple(_parts(graph, active))
    fewer = len(problem.rows) < len(problem.columns)
    names = tuple(graph.label(v) for v in graph.inputs), tuple(map(graph.label, graph.outputs))
    return Listing(graph.name, parts, direction or ("reverse" if fewer else "forward"), *names)


def _parts(graph: Graph, active: set[int]) -> Iterator[Line | Nest]:
    """The equations in order; `active` gains the values that vary."""
    for equation in graph.equations:
        varies = any(o in active for o in equation.operands if isinstance(o, int))
        if equation.bodies:
            for body in equation.bodies:
                yield _nest(graph, equation, body, varies)
        else:
            for result in equation.results:
                yield Line(
                    graph.label(result), _value(graph, equation),
                    tuple(_partials(graph, equation, result, active)) if varies else (), equation.source,
                )  # fmt: skip
        active |= {r for r in equation.results if varies and graph.vertices[r].inexact}


def _nest(graph: Graph, equation: Equation, body: Body, varies: bool) -> Nest:
    inside = body.graph
    vary = {v for v in inside.inputs if varies and inside.vertices[v].inexact}
    outside = equation.operands[len(equation.operands) - len(inside.inputs) :]
    inputs = tuple((inside.label(v), graph.label(o)) for v, o in zip(inside.inputs, outside, strict=False))
    outputs = tuple((graph.label(r), inside.label(o)) for r, o in zip(equation.results, inside.outputs, strict=False))
    times = f" × {body.count}" if body.count is not None else ""
    head = f"{equation.kind or equation.primitive} {body.label}{times}"
    return Nest(head, inputs, outputs, tuple(_parts(inside, vary)), equation.kind in ("scan", "while"))


def _partials(graph: Graph, equation: Equation, result: int, active: set[int]) -> Iterator[Partial]:
    for position, operand in enumerate(equation.operands):
        if isinstance(operand, int) and operand in active and graph.vertices[result].inexact:
            formula = _slope(graph, equation, result, position)
            label = graph.label(operand)
            yield Partial(label, formula, "" if formula is not None else _map(graph, equation, result, position))


def _slope(graph: Graph, equation: Equation, result: int, position: int) -> Any:
    """The partial of an elementwise equation, in the names of its operands and its result."""
    z = sympy.Symbol(graph.label(result), real=True)
    operands = [_symbol(graph, o) for o in equation.operands]
    if equation.primitive == "integer_pow":
        n = int(equation.params["y"])
        return n * operands[0] ** (n - 1)
    name = "pow" if equation.primitive == "pow" else ELEMENTWISE.get(equation.primitive)
    partial = None if name is None else Symbols().domain.partial(name, position)
    return None if partial is None else sympy.sympify(partial(*(*operands, None)[:2], z))


def _map(graph: Graph, equation: Equation, result: int, position: int) -> str:
    """A linear map in words: the equation with · in the place of an operand, or the Jacobian of what is not linear."""
    if equation.primitive not in LINEAR:
        return f"J[{graph.label(result)}, {graph.label(equation.operands[position])}]"
    shown = ["·" if k == position else graph.label(o) for k, o in enumerate(equation.operands)]
    return f"{equation.primitive}({', '.join(shown)})"


def _value(graph: Graph, equation: Equation) -> Any:
    """The right-hand side: a SymPy expression where the equation is elementwise, else a call in words."""
    operands = [_symbol(graph, o) for o in equation.operands]
    if equation.primitive == "integer_pow":
        return operands[0] ** int(equation.params["y"])
    operation = Symbols().domain.operation(ELEMENTWISE.get(equation.primitive, equation.primitive))
    if (equation.primitive in ELEMENTWISE or equation.primitive == "pow") and operation is not None:
        return sympy.sympify(operation(*operands))
    return f"{equation.primitive}({', '.join(map(graph.label, equation.operands))})"


def _symbol(graph: Graph, operand: Operand) -> Any:
    if isinstance(operand, Literal) and np.ndim(operand.value) == 0 and not np.iscomplexobj(operand.value):
        return Symbols().domain.constant(np.asarray(operand.value).item())
    return sympy.Symbol(graph.label(operand), real=True)


def _pushed(partial: Partial) -> str:
    tangent = f"{partial.operand}'"
    if partial.formula is not None:
        return _times(partial.formula, tangent)
    return partial.map.replace("·", tangent) if "·" in partial.map else f"{partial.map} {tangent}"


def _pulled(partial: Partial, result: str) -> str:
    if partial.formula is not None:
        return _times(partial.formula, f"~{result}")
    return f"[{partial.map}]ᵀ ~{result}" if "·" in partial.map else f"{partial.map}ᵀ ~{result}"


def _times(factor: Any, seed: str) -> str:
    if factor == 1:
        return seed
    text = f"({factor})" if factor.is_Add else str(factor)
    return f"-{seed}" if factor == -1 else f"{text} * {seed}"


def _program(parts: tuple[Line | Nest, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Line):
            yield str(part)
        else:
            given = ", ".join(f"{inner} = {outer}" for inner, outer in part.inputs if inner != outer)
            yield f"{part.head}: {given}".rstrip(": ")
            yield from (f"    {line}" for line in _program(part.parts))
            yield f"    → {', '.join(f'{outer} = {inner}' for outer, inner in part.outputs)}"


def _forward(parts: tuple[Line | Nest, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Nest):
            into = [f"{inner}' = {outer}'" for inner, outer in part.inputs if inner != outer]
            yield f"{part.head}: {', '.join(into)}".rstrip(": ")
            yield from (f"    {line}" for line in _forward(part.parts))
            out = [f"{outer}' = {inner}'" for outer, inner in part.outputs]
            yield f"    → {', '.join(out)}"
        elif part.partials:
            yield part.forward()


def _reverse(parts: tuple[Line | Nest, ...]) -> Iterator[str]:
    for part in reversed(parts):
        if isinstance(part, Nest):
            back = ", the last iteration first" if part.repeated else ""
            yield f"{part.head}{back}: {', '.join(f'~{inner} = ~{outer}' for outer, inner in part.outputs)}"
            yield from (f"    {line}" for line in _reverse(part.parts))
            yield f"    → {', '.join(f'~{outer} += ~{inner}' for inner, outer in part.inputs)}"
        else:
            yield from part.reverse()


def _latex(parts: tuple[Line | Nest, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Line):
            yield part.latex()
        else:
            yield rf"&\text{{{text_latex(part.head)}:}}"
            yield from (line.replace("&=", r"&\quad =", 1) for line in _latex(part.parts))


def _rows(parts: tuple[Line | Nest, ...], depth: int) -> Iterator[str]:
    indent = f' style="padding-left:{1.5 * depth + 0.5}em"'
    for part in parts:
        if isinstance(part, Nest):
            yield f"<tr><td{indent} colspan=3><b>{escape(part.head)}</b></td></tr>"
            yield from _rows(part.parts, depth + 1)
            continue
        slopes = "<br>".join(
            escape(f"∂{part.result}/∂{p.operand} = {p.formula if p.formula is not None else p.map}")
            for p in part.partials
        )
        where = escape(f"{part.source}: {part.source.text.strip()}") if part.source else ""
        equation = escape(f"{part.result} = {part.value}")
        yield f"<tr><td{indent}><code>{equation}</code></td><td><code>{slopes}</code></td><td>{where}</td></tr>"


def _tex(value: Any) -> str:
    if isinstance(value, str):
        return code_latex(value)
    return latex(value, latex_names(value.free_symbols))
