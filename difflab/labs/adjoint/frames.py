"""The steps of an inspection as one sees them: the forward sweep down the program, then the reverse sweep up again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from difflab.core.graph import Source
from difflab.core.summary import Summary
from difflab.core.trace import Frame

from .tape import Record, Tape, Value

UNREACHED = "no cotangent reaches this"


@dataclass(frozen=True, kw_only=True)
class Input:
    """An operand: its name, its value, and in the reverse phase what this step adds to its cotangent, or None."""

    name: str
    primal: Summary
    cotangent: Summary | None = None


@dataclass(frozen=True, kw_only=True)
class AdjointFrame(Frame):
    """One equation, executed (`phase` "forward") or pulled back ("reverse").

    `path` names the loop iterations around it, counted from 0 in order of execution; `name` and `primal` are those of
    the first result, `results` and `cotangents` are of all. Cotangents are known in the reverse phase only. `flag` is
    "nan", "inf" or "zero" after the worst of what the step makes: its results forward, its cotangents and contributions
    backward.
    """

    phase: str
    path: str
    name: str
    source: Source | None
    results: tuple[Summary, ...]
    inputs: tuple[Input, ...]
    cotangents: tuple[Summary | None, ...]
    flag: str | None
    note: str | None = None

    @property
    def primal(self) -> Summary | None:
        """Summary of the first result; None for an equation without results."""
        return self.results[0] if self.results else None

    @property
    def cotangent(self) -> Summary | None:
        """Cotangent of the first result when the reverse sweep comes here; None if none reaches it."""
        return self.cotangents[0] if self.cotangents else None


class Frames(Sequence[AdjointFrame]):
    """All frames of a tape, each made when it is first asked for."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._known: dict[int, AdjointFrame] = {}

    def __len__(self) -> int:
        return 2 * len(self._tape.records)

    @overload
    def __getitem__(self, index: int) -> AdjointFrame: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AdjointFrame]: ...
    def __getitem__(self, index: int | slice) -> AdjointFrame | Sequence[AdjointFrame]:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        step = index + len(self) if index < 0 else index
        if not 0 <= step < len(self):
            raise IndexError(f"step {index} of {len(self)}; count from 0, or back from -1")
        if step not in self._known:
            record, phase = place(self._tape, step)
            self._known[step] = _frame(self._tape, record, phase)
        return self._known[step]


def place(tape: Tape, step: int) -> tuple[Record, str]:
    """The record and the phase of a step."""
    count = len(tape.records)
    return (tape.records[step], "forward") if step < count else (tape.records[2 * count - 1 - step], "reverse")


def flag(tape: Tape, record: Record, phase: str) -> str | None:
    """What is remarkable about a step: the worst of "nan", "inf", "zero"."""
    if phase == "forward":
        return _worst([tape.values[slot] for slot in record.results], zero=False)
    bars = [tape.cotangents[slot] for slot in record.results]
    return _worst([value for value in (*bars, *record.contributions) if value is not None], zero=True)


def operand_names(record: Record) -> list[str]:
    """The operands as the user calls them."""
    return [record.graph.label(operand) for operand in record.equation.operands]


def _frame(tape: Tape, record: Record, phase: str) -> AdjointFrame:
    equation = record.equation
    reverse = phase == "reverse"
    bars = [tape.cotangents[slot] if reverse else None for slot in record.results]
    sent = record.contributions if reverse else (None,) * len(record.operands)
    inputs = tuple(
        Input(name=name, primal=tape.values[slot].summary, cotangent=value.summary if value else None)
        for name, slot, value in zip(operand_names(record), record.operands, sent, strict=True)
    )
    return AdjointFrame(
        node=record.node,
        text=record.graph.line(equation),
        phase=phase,
        path=record.path,
        name=record.graph.label(equation.results[0]) if equation.results else "",
        source=equation.source,
        results=tuple(tape.values[slot].summary for slot in record.results),
        inputs=inputs,
        cotangents=tuple(bar.summary if bar else None for bar in bars),
        flag=flag(tape, record, phase),
        note=UNREACHED if reverse and all(bar is None for bar in bars) else None,
    )


def _worst(values: Sequence[Value], zero: bool) -> str | None:
    summaries = [value.summary for value in values]
    if any(summary.nan for summary in summaries):
        return "nan"
    if any(summary.inf for summary in summaries):
        return "inf"
    return "zero" if zero and values and all(value.nil for value in values) else None
