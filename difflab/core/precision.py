"""How precisely each equation computes, and where precision is lost: the dtypes of what it reads and makes.

A float keeps p bits of significand (IEEE 754: 53, 24 and 11 of f64, f32 and f16; 8 of bf16) and a range. An equation
whose result has fewer bits, or less range, than an inexact operand of it loses them: `f32→bf16`. Of several equations
the worst counts: the greatest loss, and without any the least precise float.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import jax

from difflab.core.graph import Equation, Graph, Vertex, short_dtype


@dataclass(frozen=True, slots=True)
class Precision:
    """`name` is a dtype (`f32`) or a loss (`f32→bf16`); `bits` of significand are left, `lost` are gone.

    `text` says it in words. `bits` is None for integers, booleans and keys.
    """

    name: str
    text: str
    bits: int | None = None
    lost: int = 0
    narrowed: bool = False

    @property
    def loss(self) -> bool:
        """Whether bits or range are lost here."""
        return self.narrowed or self.lost > 0

    @property
    def badness(self) -> tuple[bool, int, int, str]:
        """Greater is worse."""
        return (self.loss, self.lost, -1000 if self.bits is None else -self.bits, self.name)


def worst(several: Iterable[Precision]) -> Precision | None:
    """The one to worry about; None of none."""
    return max(several, key=lambda one: one.badness, default=None)


def precisions(graph: Graph) -> tuple[Precision | None, ...]:
    """Of each equation its own, or the worst of its bodies; None for an equation that makes nothing.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> [p.name for p in precisions(graph(lambda x: (x * x).astype(jnp.bfloat16), jnp.ones(3))) if p]
    ['f32', 'f32→bf16']
    """
    if graph not in _KNOWN:
        _KNOWN[graph] = tuple(_of(graph, equation) for equation in graph.equations)
    return _KNOWN[graph]


_KNOWN: WeakKeyDictionary[Graph, tuple[Precision | None, ...]] = WeakKeyDictionary()


def _of(graph: Graph, equation: Equation) -> Precision | None:
    made = [graph.vertices[r] for r in equation.results]
    if equation.bodies:
        inside = [p for body in equation.bodies for p in precisions(body.graph) if p is not None]
        if inside:
            return worst(inside)
    if equation.primitive == "reduce_precision":
        return _reduced(made[0], equation)
    read = [graph.vertices[o].dtype for o in equation.operands if isinstance(o, int)]
    return _between(tuple(read), tuple([v.dtype for v in made]))


@cache
def _between(read: tuple[str, ...], made: tuple[str, ...]) -> Precision | None:
    """The precision of an equation that reads and makes values of these dtypes."""
    operands, results = _floats(read), _floats(made)
    if not operands and not results:
        return _discrete(made)
    loss = _loss(operands[-1], results[0]) if operands and results else None
    return loss or _plain(_floats((*made, *read))[0])


def _floats(dtypes: tuple[str, ...]) -> list[str]:
    """The inexact ones, the least precise first."""
    return sorted((d for d in dtypes if d.startswith(("float", "bfloat", "complex")) and d != "float0"), key=_order)


def _order(dtype: str) -> tuple[int, float]:
    return _significand(dtype), _largest(dtype)


@cache
def _plain(dtype: str) -> Precision:
    return Precision(short_dtype(dtype), f"{dtype}, {_significand(dtype)} bits of significand", _significand(dtype))


@cache
def _loss(before: str, after: str) -> Precision | None:
    lost = max(0, _significand(before) - _significand(after))
    narrowed = _largest(after) < _largest(before) * 0.99
    if not lost and not narrowed:
        return None
    words = [f"loses {lost} of {_significand(before)} bits"] if lost else []
    words += [f"values above {_largest(after):.3g} overflow"] if narrowed else []
    name = f"{short_dtype(before)}→{short_dtype(after)}"
    return Precision(name, ", ".join(words), _significand(after), lost, narrowed)


def _reduced(made: Vertex, equation: Equation) -> Precision:
    kept = int(equation.params["mantissa_bits"]) + 1
    before = _significand(made.dtype)
    if kept >= before:
        return _plain(made.dtype)
    name = f"{short_dtype(made.dtype)}→e{equation.params['exponent_bits']}m{kept - 1}"
    return Precision(name, f"loses {before - kept} of {before} bits", kept, before - kept)


def _discrete(made: tuple[str, ...]) -> Precision | None:
    if not made:
        return None
    if all(dtype == "bool" for dtype in made):
        return Precision("bool", "booleans")
    if any(dtype.startswith(("int", "uint")) for dtype in made):
        return Precision("int", "integers, exact")
    return Precision(short_dtype(made[0]), made[0])


@cache
def _significand(dtype: str) -> int:
    return int(_finfo(dtype).nmant) + 1


@cache
def _largest(dtype: str) -> float:
    return float(_finfo(dtype).max)


_finfo: Any = jax.numpy.finfo  # (typed in part only)
