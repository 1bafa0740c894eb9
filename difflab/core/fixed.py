"""Integers and booleans of a graph that depend on no input: indices, masks of ones. They are found once.

NumPy makes most of them. The rest is one program for JAX; what it made is kept by what the program says, since the
same few equations come again with every trace of a function.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import jax
import numpy as np

from difflab.core.constants import in_numpy
from difflab.core.graph import Equation, Graph, Literal, Operand

_INTEGERS = ("int", "uint", "bool")
_KEPT = 256
_LARGEST = 1 << 16
"""Programs that read more bytes than this are not kept."""

_FIXED: WeakKeyDictionary[Graph, dict[int, list[Any]]] = WeakKeyDictionary()
_MADE: dict[Any, list[Any]] = {}


def fixed_values(graph: Graph) -> dict[int, list[Any]]:
    """Equation → its results, for the equations on integers that are known without the inputs."""
    if graph not in _FIXED:
        values = {k: np.asarray(graph.values[k]) for k in graph.constants if _plain(graph, k)}
        chosen = _chosen(graph, set(values))
        left = [e for e in chosen if not _in_numpy(graph, e, values)]
        if left:
            values |= dict(zip([r for e in left for r in e.results], _by_jax(left, values), strict=True))
        _FIXED[graph] = {e.id: [values[r] for r in e.results] for e in chosen}
    return _FIXED[graph]


def _plain(graph: Graph, vertex: int) -> bool:
    read = graph.vertices[vertex]
    return not read.inexact and not read.dtype.startswith("key")


def _chosen(graph: Graph, known: set[int]) -> list[Equation]:
    chosen: list[Equation] = []
    for equation in graph.equations:
        constant = all(isinstance(o, Literal) or o in known for o in equation.operands)
        whole = all(graph.vertices[r].dtype.startswith(_INTEGERS) for r in equation.results)
        if constant and whole and not equation.bodies:
            known.update(equation.results)
            chosen += [equation] if equation.results else []
    return chosen


def _in_numpy(graph: Graph, equation: Equation, values: dict[int, Any]) -> bool:
    """Find the result of an equation where NumPy knows it and the operands."""
    if any(isinstance(o, int) and o not in values for o in equation.operands):
        return False
    given = [np.asarray(o.value, o.dtype) if isinstance(o, Literal) else values[o] for o in equation.operands]
    found = in_numpy(equation, given, graph.vertices[equation.results[0]].dtype)
    values |= {} if found is None else {equation.results[0]: found}
    return found is not None


def _by_jax(left: Sequence[Equation], values: Mapping[int, Any]) -> list[Any]:
    """The results of all these equations, in order."""
    read = dict.fromkeys(o for e in left for o in e.operands if isinstance(o, int) and o in values)
    given = {o: values[o] for o in read}
    key = _words(left, given)
    if key is not None and key in _MADE:
        return _MADE[key]

    def everything(known: dict[int, Any]) -> list[Any]:
        for equation in left:
            made = equation.bind(*[o.value if isinstance(o, Literal) else known[o] for o in equation.operands])
            known = known | dict(zip(equation.results, made, strict=True))
        return [known[r] for equation in left for r in equation.results]

    results = [np.asarray(x) for x in jax.jit(everything)(given)]
    if key is not None:
        while len(_MADE) >= _KEPT:
            del _MADE[next(iter(_MADE))]
        _MADE[key] = results
    return results


def _words(left: Sequence[Equation], given: Mapping[int, Any]) -> Any:
    """All that decides the results; None where that is long, or not said by the text of a parameter."""
    names = {o: f"in {k}" for k, o in enumerate(given)}
    said: list[Any] = [jax.default_backend(), jax.dtypes.canonicalize_dtype(np.int64).name]
    said += [(x.dtype.name, x.shape, x.tobytes()) for x in given.values()]
    for equation in left:
        parameters = str(sorted(equation.params.items()))
        if " at 0x" in parameters:
            return None
        said.append((equation.primitive, parameters, tuple(_word(o, names) for o in equation.operands)))
        names |= {r: f"out {len(names)}, {k}" for k, r in enumerate(equation.results)}
    return tuple(said) if sum(x.nbytes for x in given.values()) <= _LARGEST else None


def _word(operand: Operand, names: Mapping[int, str]) -> Any:
    if not isinstance(operand, Literal):
        return names[operand]
    value = np.asarray(operand.value, operand.dtype)
    return operand.dtype, value.shape, value.tobytes()
