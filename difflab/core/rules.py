"""What the reverse rule of one equation holds on to, asked of JAX itself.

`jax.vjp` of the equation alone is traced without values; the leaves of the pullback it returns are the residuals. Each
is an operand, a result, or a value made for the derivative. Equations that are alike are asked once.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# (JAX's own signatures are only partly typed.)

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax

from difflab.core.abstract import abstract
from difflab.core.capture import capture_flat
from difflab.core.graph import Equation, Graph, Literal, Vertex
from difflab.core.likeness import likeness
from difflab.core.widths import size_in_bytes


@dataclass(frozen=True, slots=True)
class Held:
    """One residual: operand or result `number` of the equation, or something `"new"` of this type and size."""

    what: str
    number: int = 0
    type: str = ""
    bytes: int = 0


_KNOWN: dict[tuple[Any, ...], tuple[Held, ...] | str] = {}
_MOST = 4_096


def held(graph: Graph, equation: Equation, moving: tuple[int, ...]) -> tuple[Held, ...] | str:
    """The residuals of one equation whose operands number `moving` vary; a text that says why, if JAX has no rule."""
    if equation.kind == "while":
        return "JAX does not run a while loop backward; with a fixed number of trips it is a scan, which it does"
    key = (likeness(graph, equation), moving, equation.bind if equation.kind.startswith("custom") else None)
    if key not in _KNOWN:
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        _KNOWN[key] = _ask(graph, equation, moving)
    return _KNOWN[key]


def _ask(graph: Graph, equation: Equation, moving: tuple[int, ...]) -> tuple[Held, ...] | str:
    operands = [graph.vertices[o] if isinstance(o, int) else o for o in equation.operands]
    free = [k for k, o in enumerate(operands) if isinstance(o, Vertex)]

    def both(*given: Any) -> Any:
        values = [o.value if isinstance(o, Literal) else None for o in operands]
        for k, value in zip(free, given, strict=True):
            values[k] = value

        def function(*chosen: Any) -> list[Any]:
            full = list(values)
            for k, value in zip(moving, chosen, strict=True):
                full[k] = value
            return equation.bind(*full)

        results, pullback = jax.vjp(function, *[values[k] for k in moving])
        return results, jax.tree.leaves(pullback)

    try:
        traced = capture_flat(both, [abstract(operands[k]) for k in free], equation.primitive)
    except Exception as error:  # a rule of the user's may raise anything
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
    return _sorted(traced, free, len(equation.results))


def _sorted(traced: Graph, free: list[int], results: int) -> tuple[Held, ...]:
    made, leaves = traced.outputs[:results], traced.outputs[results:]
    found: list[Held] = []
    for leaf in dict.fromkeys(o for o in leaves if isinstance(o, int)):
        vertex = traced.vertices[leaf]
        if vertex.role == "input":
            found.append(Held("operand", free[traced.inputs.index(leaf)]))
        elif leaf in made:
            found.append(Held("result", made.index(leaf)))
        else:
            found.append(Held("new", 0, vertex.type, size_in_bytes(vertex)))
    return tuple(found)
