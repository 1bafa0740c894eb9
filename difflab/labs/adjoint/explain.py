"""Why the gradient is what it is: questions to a tape, and the one answer that matters most."""

from __future__ import annotations

from .explanation import KINDS, Explanation
from .large import explain_large
from .nonfinite import explain_gradient, explain_value
from .tape import Tape
from .zero import explain_zero

__all__ = ["KINDS", "Explanation", "Questions"]

LARGE = 1e6
"""A gradient whose norm is so many times that of the cotangents it began with is worth a word."""


class Questions:
    """The questions that one may ask a tape. Arguments are named by path or by position among the leaves."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        signature = tape.graph.signature
        self._paths = signature.inputs if signature else ()
        self._chosen = [(k, tape.inputs[k]) for k in (signature.differentiable if signature else ())]

    def summary(self) -> Explanation:
        """The worst trouble: NaN or Inf, then zero, then large; else one line on a healthy gradient."""
        tape = self._tape
        if any(self._bad(slot) for _, slot in self._chosen) or any(tape.values[slot].bad for slot in tape.outputs):
            return self.why_nan()
        if any(self._nil(slot) for _, slot in self._chosen):
            return self.why_zero()
        seeds = [bar.summary.norm for slot in tape.outputs if (bar := tape.cotangents[slot])]
        if any(self._norm(slot) > LARGE * max([1.0, *seeds]) for _, slot in self._chosen):
            return self.why_large()
        return self._healthy("healthy")

    def why_nan(self) -> Explanation:
        """Where the first NaN or Inf is born: of the gradient, otherwise of the value."""
        for _, slot in self._chosen:
            if self._bad(slot):
                return explain_gradient(self._tape, slot)
        for slot in self._tape.outputs:
            if self._tape.values[slot].bad:
                return explain_value(self._tape, slot)
        return self._healthy("finite")

    def why_zero(self, arg: str | int | None = None) -> Explanation:
        """Why the gradient of one argument is zero."""
        chosen = self._chosen if arg is None else [self._find(arg)]
        for _, slot in chosen:
            if self._nil(slot):
                return explain_zero(self._tape, slot)
        return self._healthy("nonzero", chosen)

    def why_large(self, arg: str | int | None = None) -> Explanation:
        """What makes the gradient of one argument, or the largest, as large as it is."""
        _, slot = max(self._chosen, key=lambda pair: self._norm(pair[1])) if arg is None else self._find(arg)
        return explain_large(self._tape, slot)

    def _healthy(self, kind: str, chosen: list[tuple[int, int]] | None = None) -> Explanation:
        parts = [f"{self._paths[k]} has norm {self._norm(slot):.4g}" for k, slot in chosen or self._chosen]
        shown = ", ".join(parts[:8]) + (f" and {len(parts) - 8} more" if len(parts) > 8 else "")
        start = {
            "healthy": "The gradient is healthy",
            "finite": "The gradient is finite",
            "nonzero": "The gradient is not zero",
        }
        return Explanation(kind, f"{start[kind]}: {shown}, all entries finite.")

    def _find(self, arg: str | int) -> tuple[int, int]:
        for k, slot in self._chosen:
            if arg in (k, self._paths[k]):
                return k, slot
        known = ", ".join(self._paths[k] for k, _ in self._chosen)
        raise ValueError(f"there is no gradient of {arg!r}; those taken are {known}")

    def _bad(self, slot: int) -> bool:
        bar = self._tape.cotangents[slot]
        return bar is not None and bar.bad

    def _nil(self, slot: int) -> bool:
        bar = self._tape.cotangents[slot]
        return self._tape.values[slot].summary.size > 0 and (bar is None or bar.nil)

    def _norm(self, slot: int) -> float:
        bar = self._tape.cotangents[slot]
        return bar.summary.norm if bar else 0.0
