"""The budget of a check, in wall seconds, and its parts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from difflab.core.run import BudgetError


@dataclass(frozen=True)
class Clock:
    """`budget` wall seconds from `start`; the parts of it that stages may use are counted from the start."""

    budget: float | int
    start: float = field(default_factory=time.monotonic)

    def wall(self, part: float | int = 1) -> float:
        """The end of a part, as a time of `time.monotonic()`."""
        return self.start + part * self.budget

    def left(self, part: float | int = 1) -> float:
        """Seconds that are left of a part."""
        return self.wall(part) - time.monotonic()

    def spent(self, part: float | int = 1) -> bool:
        """Whether a part is over."""
        return self.left(part) <= 0

    def require(self, part: float | int = 1) -> None:
        """Raise `BudgetError` when a part is over."""
        if self.spent(part):
            raise BudgetError("the time budget is spent; pass a larger budget, or a smaller function")

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.start
