"""Find the way on a tape: what a slot is called, where an equation stands, who made a value and who reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from difflab.core.graph import Equation, Source

from .tape import Alias, Record, Stack, Tape, Unstack, Value

LONGEST_CHAIN = 100


def origin(tape: Tape, slot: int) -> int:
    """The slot that an alias stands for, in the outermost frame."""
    while isinstance(maker := tape.makers.get(slot), Alias):
        slot = maker.source
    return slot


def name(tape: Tape, slot: int) -> str:
    """What the user calls a value; for a nameless one its number, for a constant the number itself."""
    slot = origin(tape, slot)
    if slot in tape.inputs:
        paths = tape.graph.signature.inputs if tape.graph.signature else ()
        return paths[tape.inputs.index(slot)]
    match tape.makers.get(slot):
        case Record() as record:
            return record.graph.label(record.equation.results[record.results.index(slot)])
        case Unstack() as event:
            return f"{name(tape, event.source)}[{list(event.targets).index(slot)}]"
        case Stack():
            return "the stacked rows"
        case _:
            return number(tape.values[slot])


def number(value: Value) -> str:
    """A value in a few characters: the number itself, or shape and norm."""
    summary = value.summary
    if summary.value is not None:
        return f"{summary.value:.4g}"
    if summary.nan + summary.inf == summary.size > 0:
        return f"an array of shape {summary.shape} ({summary.nan} NaN, {summary.inf} Inf, no finite entry)"
    return f"an array of shape {summary.shape} ({summary})"


def place(equation: Equation, path: str = "") -> str:
    """File, line and text of an equation, or its primitive where no line is known."""
    around = f" in {path}" if path else ""
    source: Source | None = equation.source
    return f"{source}{around}, `{source.text}`" if source else f"{equation.primitive}{around}"


def here(record: Record) -> str:
    """The place of a record."""
    return place(record.equation, record.path)


def reverse_step(tape: Tape, record: Record) -> int:
    """The frame in which a record is pulled back."""
    return 2 * len(tape.records) - 1 - record.step


def chain(tape: Tape, records: list[Record]) -> tuple[int, ...]:
    """The reverse steps of some records, at most a hundred."""
    return tuple(reverse_step(tape, record) for record in records[-LONGEST_CHAIN:])


def sent(record: Record, slot: int) -> Iterator[Value]:
    """What a record contributed to the cotangent of a slot, operand by operand."""
    for operand, contribution in zip(record.operands, record.contributions, strict=False):
        if operand == slot and contribution is not None:
            yield contribution


def array(value: Value | None) -> np.ndarray | None:
    """The array as NumPy has it, or None where only a summary was kept, or where there are no numbers in it."""
    if value is None or value.array is None or value.summary.dtype.startswith("key"):
        return None
    found: Any = np.asarray(value.array)
    return found.astype(np.float32) if found.dtype.kind not in "biufc" else found


def at(value: Value | None, mask: np.ndarray | None) -> np.ndarray | None:
    """The entries under a mask of the same shape; all entries where the shapes differ or there is no mask."""
    found = array(value)
    if found is None:
        return None
    return found[mask] if mask is not None and mask.shape == found.shape else found.reshape(-1)


def entry(values: np.ndarray | None) -> str:
    """The first of some entries, in four digits."""
    return f"{values.reshape(-1)[0]:.4g}" if values is not None and values.size else "?"
