"""What makes two equations, or two graphs, alike: the same operations on the same types, wired the same way.

A structural hash, as in hash-consing (Filliâtre & Conchon, "Type-safe modular hash-consing", 2006): an equation's key
holds its primitive, parameters, types and the digests of its bodies; a graph's digest holds the keys of its equations
and who reads whom. Names, source lines and constants' values do not count.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from typing import Any, cast
from weakref import WeakKeyDictionary

from difflab.core.graph import Equation, Graph, Literal, Operand

_UNLIKE = (bool, int, float, complex)  # 0 == False == -0.0, each with a text of its own
_DIGESTS: WeakKeyDictionary[Graph, str] = WeakKeyDictionary()


def digest(graph: Graph) -> str:
    """A text that is equal for graphs of the same structure: equations, wiring, types and nested graphs.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> digest(graph(lambda x: jnp.sin(x) * 2.0, 1.0)) == digest(graph(lambda other: jnp.sin(other) * 2.0, 3.0))
    True
    """
    if graph not in _DIGESTS:
        made = blake2b(digest_size=12)
        for number in (*graph.inputs, *graph.constants):
            made.update(f"{number}:{graph.vertices[number].type};".encode())
        for equation in graph.equations:
            wires = ",".join(_end(operand) for operand in equation.operands)
            made.update(f"{likeness(graph, equation)}({wires}){equation.results};".encode())
        made.update(",".join(_end(operand) for operand in graph.outputs).encode())
        _DIGESTS[graph] = made.hexdigest()
    return _DIGESTS[graph]


def likeness(graph: Graph, equation: Equation, shapes: bool = True) -> tuple[Any, ...]:
    """What an equation does, whatever it reads: equal for equations of one primitive, parameters, types and bodies.

    Without `shapes` the types and those parameters that differ with them are left out.
    """
    bodies = tuple((body.label, body.count, digest(body.graph)) for body in equation.bodies)
    if not shapes:
        return (equation.primitive, tuple(str(o) for o in equation.operands if isinstance(o, Literal)), len(bodies))
    params = ";".join(f"{key}={plain(value)}" for key, value in equation.params.items())
    operands = tuple(_type(graph, operand) for operand in equation.operands)
    return (equation.primitive, params, operands, tuple(graph.vertices[r].type for r in equation.results), bodies)


def plain(value: Any) -> str:
    """A parameter as text that is the same in every run: functions by their name, no addresses of objects."""
    kind: type = cast(Any, type(value))
    if kind is tuple:
        parts = [plain(part) for part in cast(tuple[Any, ...], value)]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    if kind in _UNLIKE:
        return str(value)
    try:
        return _worded(kind, value)
    except TypeError:
        return _words(value)


def _words(value: Any) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", getattr(value, "__name__", None) or str(value))


@lru_cache(maxsize=50_000)
def _worded(kind: type, value: Any) -> str:
    """Equal values of one type read alike: programs repeat their parameters."""
    return _words(value)


def _end(operand: Operand) -> str:
    return f"={operand}" if isinstance(operand, Literal) else str(operand)


def _type(graph: Graph, operand: Operand) -> str:
    return f"{operand.dtype}{operand.shape}={operand}" if isinstance(operand, Literal) else graph.vertices[operand].type
