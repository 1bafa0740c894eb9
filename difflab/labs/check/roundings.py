"""Which float constants of a derivative program may stand for a number that is no float, and how far off they may be.

A rule may hold 2/√π; as a float it is within half a unit in the last place of that number, and a constant that was
folded of several such within one. What the function itself holds is what it is, and exact in its derivative, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import inf
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core.domains import Domain
from difflab.core.duals import Rounded, rounding
from difflab.core.graph import Graph, Literal, walk

UNITS = 1
"""Units in the last place that a float constant of a program may be off."""

_LARGEST = 10_000


def own_constants(graph: Graph) -> frozenset[float]:
    """The moduli of all float constants of a function."""
    found: set[float] = set()
    for numbers in _constants(graph):
        if numbers.dtype.kind in "fV" and numbers.size <= _LARGEST:
            found.update(np.abs(numbers.astype(np.float64)).reshape(-1).tolist())
    return frozenset(found)


def units(graph: Graph) -> list[float]:
    """Unit roundoffs of the float types of a program, the coarsest first."""
    graphs = [graph, *(body.graph for _, _, equation in walk(graph) for body in equation.bodies)]
    dtypes = {v.dtype for g in graphs for v in g.vertices if v.dtype.startswith(("float", "bfloat", "complex"))}
    return sorted({float(jnp.finfo(dtype).eps) for dtype in dtypes}, reverse=True) or [2.0**-52]


def in_balls(base: Domain, program: Graph, own: frozenset[float]) -> Domain:
    """Balls in which a constant that may be a rounded number is as wide as its rounding."""
    found = units(program)

    def wide(value: Any, exact: Any) -> Any:
        unit = next((u for u in found if _fits(float(value), u)), found[-1])
        return type(exact)(exact, UNITS * unit * abs(float(value)))

    return _with(base, own, wide)


def in_big_floats(base: Domain, own: frozenset[float]) -> Domain:
    """Big floats with running error bounds, in units; constants of the function have no error."""
    bounded = rounding(base)
    return replace(
        bounded, constant=lambda v: _exact(bounded, v) if _is_own(v, own) else bounded.constant(v), _found={}
    )


def explained(gap: Any, bound: Rounded, program: Graph) -> bool:
    """Whether a gap is within what the constants of a program can do."""
    return bool(abs(gap) <= UNITS * max(units(program)) * bound.constants)


def _with(base: Domain, own: frozenset[float], wide: Callable[[Any, Any], Any]) -> Domain:
    def constant(value: Any) -> Any:
        exact = base.constant(value)
        return exact if _short(value) or _is_own(value, own) else wide(value, exact)

    return replace(base, constant=constant, _found={})


def _exact(domain: Domain, value: Any) -> Any:
    return type(domain.constant(0))(domain.constant(value).value)


def _is_own(value: Any, own: frozenset[float]) -> bool:
    return abs(float(value)) in own


def _constants(graph: Graph) -> Iterator[np.ndarray]:
    inner: Sequence[Graph] = [body.graph for _, _, equation in walk(graph) for body in equation.bodies]
    for g in (graph, *inner):
        yield from (np.asarray(value) for value in g.values.values() if not jnp.issubdtype(value.dtype, jnp.integer))
        for equation in g.equations:
            yield from (np.asarray(o.value) for o in equation.operands if isinstance(o, Literal))


def _fits(value: float, unit: float) -> bool:
    """Whether a number has no more digits than a float type of that unit roundoff."""
    dtype = {2.0**-7: jnp.bfloat16, 2.0**-10: jnp.float16, 2.0**-23: jnp.float32}.get(unit, jnp.float64)
    return float(jnp.asarray(value, dtype)) == value


def _short(value: Any) -> bool:
    """Whether a constant is what its author meant: an integer or a short binary fraction."""
    return value != value or abs(value) == inf or (abs(value) < 2**24 and float(value) * 64 == int(value * 64))
