"""What an explanation is, and the causes that it can name."""

from __future__ import annotations

from dataclasses import dataclass

from difflab.core.graph import Source

KINDS = {
    "healthy": "finite and not zero: nothing to explain",
    "finite": "asked for a NaN where there is none",
    "nonzero": "asked for a zero where there is none",
    "input": "an argument or a constant is NaN or infinite itself",
    "cotangent": "the cotangent that the sweep began with is NaN or infinite",
    "forward": "an operation outside its domain gives NaN before any derivative is taken",
    "overflow": "a finite number grows past the largest float",
    "masked": "0·∞: an infinite or undefined slope meets a cotangent that a where, max or min made zero",
    "indeterminate": "0·∞: an infinite slope meets a cotangent that another derivative made zero",
    "singular": "the slope is infinite at this very point",
    "degenerate": "a decomposition where eigenvalues or singular values coincide, or a matrix is singular",
    "rule": "a custom rule gives NaN or infinity of finite numbers",
    "unused": "the result does not depend on the argument",
    "cut": "every path runs through an integer, a comparison, a rounding: derivative zero everywhere",
    "stopped": "stop_gradient is on every path",
    "unselected": "another branch was taken, or other entries were read",
    "flat": "the derivative of one operation is zero at this point",
    "saturated": "an operation is so far in its tail that the derivative rounds to zero",
    "cancelled": "contributions that are not zero add up to zero",
    "seed": "the cotangent that the sweep began with is zero",
    "growth": "a loop multiplies the cotangent at every iteration",
    "gain": "single operations multiply the cotangent",
}
"""Kind → what it means."""


@dataclass(frozen=True)
class Explanation:
    """A cause: its `kind` (see `KINDS`), the story in words, the place, the steps it runs through, and the remedy.

    `node` is the equation's id in the graph, `chain` the steps (frame numbers) from the argument back to the cause, at
    most 100. `remedy` is None where there is nothing to mend.
    """

    kind: str
    text: str
    node: str | None = None
    source: Source | None = None
    chain: tuple[int, ...] = ()
    remedy: str | None = None

    def __str__(self) -> str:
        return f"{self.text}\nRemedy: {self.remedy}" if self.remedy else self.text
