"""The tape: what a function computed at one point, value by value, with all it takes to go back.

A recording unrolls a `Graph`: every value gets a *slot*, every executed equation a `Record`. Between the records stand
*links*, which compute nothing: an argument of a called function is an alias of the caller's value, the slice of a
scan's input belongs to the whole. Cotangents cross links as they cross records, so the sums inside a called function
are formed there, in the order in which JAX forms them, and only then added outside.

Values are shared, never copied. Griewank & Walther, "Evaluating Derivatives" (2008), section 4.1, call this the trace;
the cotangent of a slot is the adjoint of its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.graph import Equation, Graph
from difflab.core.summary import Summary, summarize


class Value:
    """An array, or what is left of it: its summary, made when first asked for and kept when the array is dropped."""

    __slots__ = ("_summary", "array")

    array: Any

    def __init__(self, array: Any) -> None:
        self.array = array
        self._summary: Summary | None = None

    @property
    def summary(self) -> Summary:
        """Shape, dtype and statistics."""
        if self._summary is None:
            self._summary = _scalar_summary(self.array) or summarize(self.array)
        return self._summary

    @property
    def nbytes(self) -> int:
        """Memory of the array; 0 once it is dropped."""
        return int(getattr(self.array, "nbytes", 0) or 0)

    @property
    def bad(self) -> bool:
        """Whether an entry is NaN or infinite."""
        return bool(self.summary.nan or self.summary.inf)

    @property
    def nil(self) -> bool:
        """Whether there are entries and all are zero."""
        return 0 < self.summary.size == self.summary.zero

    def drop(self) -> None:
        """Give the array up; its summary stays."""
        _ = self.summary
        self.array = None


@dataclass(slots=True, eq=False)
class Record:
    """One executed equation: the slots it read and made, and after the reverse sweep what it sent to each operand.

    `node` is the equation's id in the graph, `path` the loop iterations around it, counted in order of execution.
    `depends[j]` lists the operands through which result j carries a derivative.
    """

    step: int
    node: str
    graph: Graph
    equation: Equation
    path: str
    operands: tuple[int, ...]
    results: tuple[int, ...]
    depends: tuple[tuple[int, ...], ...]
    contributions: tuple[Value | None, ...] = ()


@dataclass(slots=True, eq=False)
class Alias:
    """`target` is `source`, seen from inside (an argument) or from outside (a result)."""

    source: int
    target: int


@dataclass(slots=True, eq=False)
class Unstack:
    """`targets[t]` is `source[t]`: what a scan reads. `live` are the scan's results."""

    source: int
    targets: Sequence[int]
    live: list[int]


@dataclass(slots=True, eq=False)
class Stack:
    """`target[t]` is `sources[t]`: what a scan stacks up."""

    sources: Sequence[int]
    target: int


@dataclass(slots=True, eq=False)
class Instantiate:
    """Where JAX's reverse sweep makes a missing cotangent of `slots[k]` a zero: if one of `live[k]` has a cotangent.

    JAX does so for the carry of a scan and for operands that only a branch not taken depends on. It shows: 0·∞ is NaN.
    """

    slots: tuple[int, ...]
    live: tuple[list[int], ...]


Event = Record | Alias | Unstack | Stack | Instantiate


@dataclass(slots=True, eq=False)
class Loop:
    """One run of a scan or while loop: the carried slots before each iteration, and after the last."""

    node: str
    equation: Equation
    path: str
    carries: list[tuple[int, ...]] = field(default_factory=list)


@dataclass(eq=False)
class Tape:
    """A recording. `active` says which slots carry a derivative of the arguments; `controls` are slots that steer."""

    graph: Graph
    values: list[Value] = field(default_factory=list)
    active: list[bool] = field(default_factory=list)
    cotangents: list[Value | None] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    controls: list[tuple[int, Equation]] = field(default_factory=list)
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list)

    def new(self, value: Value, active: bool) -> int:
        """Enter a value and return its slot."""
        self.values.append(value)
        self.active.append(active)
        self.cotangents.append(None)
        return len(self.values) - 1

    @cached_property
    def readers(self) -> dict[int, list[Event]]:
        """For each slot the events that read it, in order of execution."""
        found: dict[int, list[Event]] = {}
        for event in self.events:
            for slot in dict.fromkeys(sources(event)):
                found.setdefault(slot, []).append(event)
        return found

    @cached_property
    def makers(self) -> dict[int, Event]:
        """For each slot the event that made it; arguments and constants have none."""
        return {slot: event for event in self.events for slot in targets(event)}


def sources(event: Event) -> Sequence[int]:
    """The slots that an event reads."""
    match event:
        case Record():
            return event.operands
        case Alias() | Unstack():
            return (event.source,)
        case Stack():
            return event.sources
        case Instantiate():
            return ()


def targets(event: Event) -> Sequence[int]:
    """The slots that an event makes."""
    match event:
        case Record():
            return event.results
        case Alias() | Stack():
            return (event.target,)
        case Unstack():
            return event.targets
        case Instantiate():
            return ()


def is_key(value: Any) -> bool:
    """Whether a value is a typed PRNG key, or another array that holds no numbers."""
    dtype = getattr(value, "dtype", None)
    return dtype is not None and bool(jnp.issubdtype(dtype, jax.dtypes.extended))


def _scalar_summary(array: Any) -> Summary | None:
    """The summary of one real number: what `summarize` says, twenty times as fast. None for anything else."""
    dtype = getattr(array, "dtype", None)
    if dtype is None or getattr(array, "size", 0) != 1 or is_key(array):
        return None
    if dtype.name not in ("float64", "float32", "int32", "int64", "bool"):
        return None
    number = float(np.asarray(array).item())
    nan, inf = int(number != number), int(number in (float("inf"), float("-inf")))
    norm, entry = (float("nan"), float("nan")) if nan or inf else (abs(number), number)
    return Summary(tuple(array.shape), dtype.name, 1, norm, entry, entry, entry, nan, inf, int(number == 0), number)
