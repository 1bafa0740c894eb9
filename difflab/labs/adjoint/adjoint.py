"""`AdjointTrace`: a recorded forward and reverse sweep, to step through, to question and to print."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from difflab.core.summary import Summary
from difflab.core.trace import Trace

from .explain import Explanation, Questions
from .frames import AdjointFrame, flag, place
from .tape import Tape

HEAD, TAIL = 30, 10


@dataclass(frozen=True)
class Argument:
    """A leaf of the arguments and what the sweep left in it; `cotangent` is None where no derivative is taken."""

    name: str
    primal: Summary
    cotangent: Summary | None


@dataclass(frozen=True, eq=False, kw_only=True)
class AdjointTrace(Trace[AdjointFrame]):
    """What a function and its gradient did at one point, equation by equation.

    Steps 0 … `forward` − 1 run down the program; the others pull the same equations back, last one first. `value` is
    the function's result. `gradient` has the tree of the arguments that `argnums` chose, as in `jax.grad`; without
    `argnums` it is a tuple over all positional arguments, with None for leaves that have no derivative (integers, keys,
    static arguments), and `keyword_gradient` holds the same for keyword arguments. `seed` says which cotangent the
    sweep began with; `truncated`, unless None, what was left out and how to get it.
    """

    value: Any
    gradient: Any
    keyword_gradient: dict[str, Any]
    arguments: tuple[Argument, ...]
    seed: str
    truncated: str | None
    tape: Tape = field(repr=False)

    def __repr__(self) -> str:
        return f"<AdjointTrace {self.graph.name}: {self.forward:,} equations, forward and reverse>"

    @property
    def forward(self) -> int:
        """Number of forward steps; there are as many reverse steps."""
        return len(self.tape.records)

    @property
    def steps(self) -> int:
        """Number of steps, both sweeps together."""
        return len(self.frames)

    @cached_property
    def first_nan(self) -> int | None:
        """The first step that makes a NaN, in the order of the frames, or None."""
        for step in range(self.steps):
            if flag(self.tape, *place(self.tape, step)) == "nan":
                return step
        return None

    def primal(self, step: int, result: int = 0) -> jax.Array:
        """The value of a step's result, whole. Raises ValueError if only its summary was kept."""
        slot = self._slot(step, result)
        return _whole(self.tape.values[slot].array, self.truncated, f"the value of step {step}")

    def cotangent(self, step: int, result: int = 0) -> jax.Array | None:
        """The cotangent of a step's result, whole, or None if none reaches it; one for both steps of an equation."""
        value = self.tape.cotangents[self._slot(step, result)]
        return None if value is None else _whole(value.array, self.truncated, f"the cotangent of step {step}")

    def timeline(self) -> Float[np.ndarray, " records"]:
        """log₁₀ of the norm of the cotangent, one a reverse step: −∞ for zero, NaN where none comes."""
        bars = [_first(self.tape, step) for step in range(self.forward, self.steps)]
        with np.errstate(divide="ignore"):
            return np.log10(np.array([bar.norm if bar else np.nan for bar in bars], dtype=np.float64))

    @cached_property
    def explanation(self) -> Explanation:
        """Why the gradient is what it is: its worst trouble, or one line that says it is healthy."""
        return self._questions.summary()

    def why_nan(self) -> Explanation:
        """Where the first NaN or Inf of the gradient is born, why, and what to do."""
        return self._questions.why_nan()

    def why_zero(self, arg: str | int | None = None) -> Explanation:
        """Why the gradient of an argument is zero: by its name or position, or the first one that is zero."""
        return self._questions.why_zero(arg)

    def why_large(self, arg: str | int | None = None) -> Explanation:
        """Which equations and loops make the gradient of an argument (or the largest one) grow."""
        return self._questions.why_large(arg)

    @cached_property
    def _questions(self) -> Questions:
        return Questions(self.tape)

    def _slot(self, step: int, result: int) -> int:
        frame_count = self.steps
        step = step + frame_count if step < 0 else step
        if not 0 <= step < frame_count:
            raise IndexError(f"step {step} of {frame_count}; count from 0, or back from -1")
        results = place(self.tape, step)[0].results
        if not 0 <= result < len(results):
            raise IndexError(f"step {step} has {len(results)} results; there is no result {result}")
        return results[result]

    def __str__(self) -> str:
        """Arguments, steps (head and tail of a long list) and the explanation, stable to four digits."""
        lines = [f"{self.graph.name}: {self.forward:,} equations, {self.seed}"]
        for argument in self.arguments:
            bar = "no derivative" if argument.cotangent is None else f"gradient {argument.cotangent}"
            lines.append(f"  {argument.name} = {argument.primal}; {bar}")
        if self.truncated:
            lines.append(f"  ({self.truncated})")
        lines += ["", "forward", *_listing(self, range(self.forward), _down)]
        lines += ["", "reverse", *_listing(self, range(self.forward, self.steps), _up)]
        return "\n".join([*lines, "", str(self.explanation)])


def _listing(trace: AdjointTrace, steps: range, line: Callable[[AdjointFrame], str]) -> list[str]:
    def text(step: int) -> str:
        frame = trace.frames[step]
        where = ", ".join(str(part) for part in (frame.path, frame.source) if part)
        mark = f"  [{frame.flag}]" if frame.flag else ""
        return f"{step:>6}  {line(frame)}{mark}" + (f"    # {where}" if where else "")

    if len(steps) <= HEAD + TAIL:
        return [text(step) for step in steps]
    left_out = f"        … {len(steps) - HEAD - TAIL:,} more steps …"
    return [*map(text, steps[:HEAD]), left_out, *map(text, steps[-TAIL:])]


def _down(frame: AdjointFrame) -> str:
    return f"{frame.text}  →  {'; '.join(map(str, frame.results))}"


def _up(frame: AdjointFrame) -> str:
    if frame.note:
        return f"{frame.text}  ←  {frame.note}"
    bars = "; ".join("none" if bar is None else str(bar) for bar in frame.cotangents)
    sent = "; ".join(f"{entry.name} += {entry.cotangent}" for entry in frame.inputs if entry.cotangent)
    return f"{frame.text}  ←  {bars}" + (f"  ⇒  {sent}" if sent else "")


def _first(tape: Tape, step: int) -> Summary | None:
    record, _ = place(tape, step)
    bar = tape.cotangents[record.results[0]] if record.results else None
    return bar.summary if bar else None


def _whole(array: Any, truncated: str | None, what: str) -> Any:
    if array is None:
        raise ValueError(f"{what} was kept as a summary only: {truncated}; raise max_bytes to keep it whole")
    return array
