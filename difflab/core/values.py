"""Values of a run: elements over a domain, and what JAX itself has there, found only when something asks.

The pair is called concolic (Sen, Marinov & Agha 2005): the concrete half decides branches, permutations and indices, so
that the symbolic half stays a straight-line program.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from difflab.core.errors import UnsupportedError
from difflab.core.graph import Source

Elements = np.ndarray
"""A NumPy object array of elements of one domain."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Stands where an element could not be computed, and spreads to all that is computed from it."""

    primitive: str
    node: str
    source: Source | None = None
    reason: str = ""

    def __str__(self) -> str:
        where = f" ({self.source})" if self.source else ""
        return f"{self.primitive}{where}" + (f": {self.reason}" if self.reason else "")

    def error(self) -> UnsupportedError:
        """The same as an exception."""
        line = f": {self.source.text}" if self.source else ""
        return UnsupportedError(
            f"primitive {self.primitive!r} (node {self.node}{f', {self.source}' if self.source else ''}{line}) "
            f"cannot be interpreted{f': {self.reason}' if self.reason else ''}; "
            "write that part with other operations, or check it numerically"
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided at the point: a branch, a comparison, a permutation, a rounding.

    `tight`: the point lies on the boundary of the region in which this decision holds. `key` is exact where the text
    is shortened, and counts the times that the equation was run: two points took the same path if all keys are equal.
    """

    text: str
    node: str
    tight: bool = False
    key: Hashable = ()

    def __str__(self) -> str:
        return self.text


class Value:
    """One value of a graph while it runs.

    `elements` is None for integers, booleans and keys, which are always concrete. `active`: it depends on an input that
    varies. `known` is the concrete value, computed when first asked for.
    """

    __slots__ = ("_known", "_rounder", "_step", "active", "elements")

    def __init__(self, elements: Elements | None, known: Any = None, active: bool = False) -> None:
        self.elements = elements
        self.active = active
        self._known = known
        self._step: Step | None = None
        self._rounder: tuple[Callable[[Value, str], Any], str] | None = None

    @property
    def known(self) -> Any:
        """The concrete value."""
        if self._known is None:
            self._find()
        return self._known

    def _find(self) -> None:
        waiting: list[Value] = [self]
        while waiting:
            value = waiting[-1]
            if value._rounder and value._known is None:
                value._known = value._rounder[0](value, value._rounder[1])
            step = value._step
            if value._known is not None or step is None:
                waiting.pop()
                continue
            missing = [o for o in step.operands if o._known is None and (o._step or o._rounder)]
            if missing:
                waiting.extend(missing)
            else:
                step.take()
        if self._known is None:
            raise AssertionError("a value has neither a concrete value nor a step that makes it; please report this")

    def rounds(self, rounder: Callable[[Value, str], Any], dtype: str) -> Value:
        """Remember that the concrete value is that of the elements, rounded to a dtype."""
        self._rounder = rounder, dtype
        return self

    def comes_from(self, step: Step, result: int) -> Value:
        """Remember how to compute the concrete value."""
        self._step = step
        step.results.append((result, self))
        return self

    def settle(self, known: Any) -> None:
        """Set the concrete value and forget how it is made."""
        self._known = known
        self._step = self._rounder = None


@dataclass(eq=False, slots=True)
class Step:
    """A concrete computation that may never be needed: `function` of concrete operands gives all results."""

    function: Callable[..., Sequence[Any]]
    operands: Sequence[Value]
    results: list[tuple[int, Value]] = field(default_factory=list[tuple[int, Value]])

    def take(self) -> None:
        """Run it and settle the results."""
        made = self.function(*[operand.known for operand in self.operands])
        for result, value in self.results:
            value.settle(made[result])


def filled(shape: Sequence[int], element: Any) -> Elements:
    """An object array that holds one element everywhere."""
    out = np.empty(tuple(shape), object)
    out.fill(element)
    return out


def pack(shape: Sequence[int], items: Sequence[Any]) -> Elements:
    """An object array of the given shape from its elements in order."""
    flat = np.fromiter(items, object, len(items))
    return flat if len(shape) == 1 else flat.reshape(tuple(shape))
