"""The reverse sweep: carry cotangents back over the tape, one record at a time.

Reverse mode (Linnainmaa 1970; Griewank & Walther 2008, section 3.2) visits the records in the opposite order. When a
record's turn comes, all that its results did later is summed up in their cotangents ȳ; its own pull-back gives each
operand x the contribution ȳ·∂y/∂x, which is added to x̄ there and then. After its turn neither its results nor their
cotangents are needed again, so that is when memory may be given back.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from difflab.core.errors import UnsupportedError

from .rows import row, stacked
from .rules import OFTEN, Rules
from .tape import Alias, Instantiate, Record, Stack, Tape, Unstack, Value

_SMALL = 4096


def sweep(tape: Tape, seeds: Sequence[Any], rules: Rules, max_bytes: int | float, tick: Callable[[], None]) -> Memory:
    """Fill in the cotangents and contributions of `tape`. `seeds` are the outputs' cotangents, None where there is
    none.
    """
    return _Sweep(tape, rules, max_bytes).run(seeds, tick)


@dataclass
class Memory:
    """What was given up to stay within the budget: how many values, and their bytes."""

    budget: int | float
    kept: int = 0
    dropped: int = 0
    bytes: int = 0

    def __str__(self) -> str:
        return (
            f"{self.dropped:,} values ({self.bytes / 1e6:,.3g} MB) are kept as summaries only, "
            f"to stay within max_bytes = {self.budget / 1e6:,.6g} MB"
        )


class _Budget:
    """Counts the arrays that are kept, and drops those that have done their work, the largest first."""

    def __init__(self, max_bytes: int | float) -> None:
        self.memory = Memory(max_bytes)
        self._done: list[tuple[int, int, Value]] = []
        self._number = 0

    def keep(self, value: Value) -> None:
        self.memory.kept += value.nbytes

    def release(self, value: Value | None) -> None:
        if value is not None and value.nbytes >= _SMALL:
            self._number += 1
            heapq.heappush(self._done, (-value.nbytes, self._number, value))
        while self._done and self.memory.kept > self.memory.budget:
            _, _, largest = heapq.heappop(self._done)
            freed = largest.nbytes
            if freed:
                largest.drop()
                self.memory.kept -= freed
                self.memory.dropped += 1
                self.memory.bytes += freed


class _Sweep:
    def __init__(self, tape: Tape, rules: Rules, max_bytes: int | float) -> None:
        self.tape, self.rules, self.budget = tape, rules, _Budget(max_bytes)
        self.uses: dict[int, int] = {}
        for record in tape.records:
            self.uses[id(record.equation)] = self.uses.get(id(record.equation), 0) + 1

    def run(self, seeds: Sequence[Any], tick: Callable[[], None]) -> Memory:
        self.count_the_forward_values()
        for slot, seed in zip(self.tape.outputs, seeds, strict=True):
            if seed is not None:
                self.add(slot, self.fresh(seed))
        for event in reversed(self.tape.events):
            match event:
                case Record():
                    self.pull(event)
                    tick()
                case Alias():
                    self.pass_on(event)
                case Unstack():
                    self.gather(event)
                case Stack():
                    self.scatter(event)
                case Instantiate():
                    self.instantiate(event)
        return self.budget.memory

    def pull(self, record: Record) -> None:
        """Pull one equation back."""
        cotangents = self.tape.cotangents
        live = tuple(j for j, s in enumerate(record.results) if record.depends[j] and cotangents[s] is not None)
        chosen = tuple(sorted({i for j in live for i in record.depends[j]}))
        sent: list[Value | None] = [None] * len(record.operands)
        for i, contribution in self.contributions(record, chosen, live):
            sent[i] = self.fresh(contribution)
            self.add(record.operands[i], sent[i])
        record.contributions = tuple(sent)
        for slot in record.results:
            self.budget.release(self.tape.values[slot])
            self.budget.release(cotangents[slot])

    def contributions(
        self, record: Record, chosen: tuple[int, ...], live: tuple[int, ...]
    ) -> Sequence[tuple[int, Any]]:
        """What a record sends, with the number of the operand."""
        if not chosen:
            return ()
        often = self.uses[id(record.equation)] >= OFTEN
        values = [self.tape.values[slot].array for slot in record.operands]
        bars = [self.array(record.results[j]) for j in live]
        try:
            chosen = self.rules.reached(record.equation, values, chosen, live)
            pull_back = self.rules.pull_back(record.graph, record.equation, chosen, live, often)
            sent = pull_back(values, bars) if chosen else ()
        except (NotImplementedError, TypeError, ValueError) as error:  # JAX has no rule, or the author's refuses
            raise UnsupportedError(_no_pull_back(record, error)) from error
        return list(zip(chosen, sent, strict=True))

    def pass_on(self, event: Alias) -> None:
        cotangent = self.tape.cotangents[event.target]
        if cotangent is not None and self.tape.active[event.source]:
            self.add(event.source, cotangent)

    def gather(self, event: Unstack) -> None:
        """The cotangent of a scanned input is stacked from those of its slices."""
        bars = [self.tape.cotangents[slot] for slot in event.targets]
        alive = any(bar is not None for bar in bars) or self.any(event.live)
        if not alive or not self.tape.active[event.source]:
            return
        like: Any = self.tape.values[event.source].array
        rows = [bar.array if bar is not None else np.zeros(like.shape[1:], like.dtype) for bar in bars]
        self.add(event.source, self.fresh(stacked(rows, like.shape, str(like.dtype))))

    def scatter(self, event: Stack) -> None:
        cotangent = self.tape.cotangents[event.target]
        if cotangent is None:
            return
        for t, slot in enumerate(event.sources):
            if self.tape.active[slot]:
                self.add(slot, self.fresh(row(cotangent.array, t)))

    def instantiate(self, event: Instantiate) -> None:
        for slot, live in zip(event.slots, event.live, strict=True):
            if self.tape.active[slot] and self.tape.cotangents[slot] is None and self.any(live):
                like: Any = self.tape.values[slot].array
                self.add(slot, self.fresh(jnp.zeros(like.shape, like.dtype)))

    def add(self, slot: int, value: Value | None) -> None:
        """Add to a cotangent. One that has a single contribution shares it."""
        if value is None or not self.tape.active[slot]:
            return
        before = self.tape.cotangents[slot]
        if before is None:
            self.tape.cotangents[slot] = value
        else:
            self.tape.cotangents[slot] = self.fresh(lax.add(before.array, value.array))
            self.budget.release(before)
            self.budget.release(value)

    def fresh(self, array: Any) -> Value:
        value = Value(array)
        self.budget.keep(value)
        return value

    def array(self, slot: int) -> Any:
        cotangent = self.tape.cotangents[slot]
        assert cotangent is not None and cotangent.array is not None, "a cotangent was dropped too early; please report"
        return cotangent.array

    def any(self, slots: Sequence[int]) -> bool:
        return any(self.tape.cotangents[slot] is not None for slot in slots)

    def count_the_forward_values(self) -> None:
        """Enter the forward values into the budget; what no pull-back will read may go at once."""
        needed = {slot for record in self.tape.records if any(record.depends) for slot in record.operands}
        needed.update(self.tape.inputs, self.tape.outputs)
        held = {id(self.tape.values[slot]) for slot in needed}
        seen: set[int] = set()
        for value in self.tape.values:
            if id(value) not in seen:
                seen.add(id(value))
                self.budget.keep(value)
                if id(value) not in held:
                    self.budget.release(value)


def _no_pull_back(record: Record, error: Exception) -> str:
    equation = record.equation
    where = f"{equation.source}, `{equation.source.text}`: " if equation.source else ""
    reason = str(error).strip().split("\n")[0]
    return (
        f"{where}JAX cannot pull {equation.primitive} back ({type(error).__name__}: {reason}); "
        "give it a jax.custom_vjp, or wrap its argument in jax.lax.stop_gradient"
    )
