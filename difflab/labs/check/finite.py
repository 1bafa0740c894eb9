"""Whether a function and its derivative along a random direction are finite at a point: which points are worth a check.

Small functions are evaluated by the interpreter over dual numbers of floats, which compiles nothing; large ones are
compiled once.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.domains import floats
from difflab.core.errors import DifflabError
from difflab.core.graph import walk
from difflab.core.run import BudgetError
from difflab.core.values import Hole
from difflab.core.work import of_graph
from difflab.labs.check.precise import along
from difflab.labs.check.problem import Problem

_SMALL = 20_000
"""Multiplications up to which interpreting is faster than compiling."""

_COMPILED: WeakKeyDictionary[Problem, Callable[..., Any]] = WeakKeyDictionary()


def finite(checked: Problem, leaves: Sequence[Any], deadline: float | None = None) -> bool:
    """Whether values and derivatives are finite; also where that cannot be found out without a side effect.

    Past `deadline`, a time of `time.monotonic()`, the answer is no: a loop may never end at another point.
    """
    if of_graph(checked.graph) <= _SMALL or any(e.kind == "while" for _, _, e in walk(checked.graph)):
        try:
            found = _interpreted(checked, leaves, deadline)
        except BudgetError:
            return False
        if found is not None:
            return found
    if any("callback" in equation.primitive for _, _, equation in walk(checked.graph)):
        return True
    try:
        return bool(_compiled(checked)(tuple(leaves)))
    except Exception:  # what the user's function raises at another point makes that point useless, and no more
        return False


def directions(checked: Problem, seed: int = 0) -> list[float]:
    """A random weight for each input coordinate."""
    return np.random.default_rng(seed).uniform(0.5, 1.0, len(checked.columns)).tolist()


def _interpreted(checked: Problem, leaves: Sequence[Any], deadline: float | None) -> bool | None:
    """None where a primitive is missing."""
    largest = min(_largest(dtype) for _, dtype in (*checked.output_types, *checked.input_types))
    try:
        column = along(checked, leaves, floats(), dict(enumerate(directions(checked))), deadline=deadline)
    except BudgetError:
        raise
    except (DifflabError, AssertionError, ArithmeticError, ValueError):
        return None
    if any(isinstance(e, Hole) for e in column.elements):
        return None
    numbers = [x for e in column.elements for x in (e.value, 0.0 if e.tangent is None else e.tangent)]
    return all(isfinite(x) and abs(x) <= largest for x in numbers)


def _compiled(checked: Problem) -> Callable[..., Any]:
    if checked not in _COMPILED:
        _COMPILED[checked] = jax.jit(_test(checked))
    return _COMPILED[checked]


def _test(checked: Problem) -> Callable[[tuple[Any, ...]], Any]:
    at, inputs, outputs = checked.at, checked.inputs, checked.outputs
    size = 0.75

    def test(leaves: tuple[Any, ...]) -> Any:
        def chosen(*given: Any) -> list[Any]:
            full = list(leaves)
            for k, x in zip(inputs, given, strict=True):
                full[k] = x
            results = at.flat(*full)
            return [jnp.asarray(results[k]) for k in outputs]

        primals = tuple(jnp.asarray(leaves[k]) for k in inputs)
        try:
            values, slopes = jax.jvp(chosen, primals, tuple(jnp.full_like(x, size) for x in primals))
        except Exception:  # without a forward mode the values have to do
            values, slopes = chosen(*primals), []
        return jnp.all(jnp.array([jnp.isfinite(x).all() for x in (*values, *slopes)]))

    return test


def _largest(dtype: str) -> float:
    return float(jnp.finfo(dtype).max)
