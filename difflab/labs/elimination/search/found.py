"""What every search method hands back, and how it speaks while it runs.

A method is `method(problem, *, start, seconds, seed, report, stop) -> Found`. It calls `report` with each improvement,
asks `stop` often, and returns its best order when the time is over, when `stop` says so, or on KeyboardInterrupt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """An elimination order and how it was found; pure data, so that it travels between processes.

    `order` holds vertex numbers of the problem, `cost` its total, `seconds` the time since the method began, `moves`
    the number of changes tried, and `optimal` says whether the method proved that no order is cheaper.
    """

    order: tuple[int, ...]
    cost: float | int
    method: str
    seconds: float | int
    seed: int = 0
    moves: int = 0
    optimal: bool = False


Report = Callable[[Found], None]
"""Called with each improvement."""

Stop = Callable[[], bool]
"""Asked often; True means: return the best there is now."""
