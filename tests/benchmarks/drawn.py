"""What can be counted on a drawing: crossings and edge length, from the polylines alone, whoever drew them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

Line = Sequence[tuple[float, float]]

_EDGE = 1e-7


def crossings(lines: Sequence[Line]) -> int:
    """Pairs of straight pieces of different lines that have a point inside both; touching at an end is no crossing."""
    pieces = [(*a, *b) for line in lines for a, b in pairwise(line)]
    if not pieces:
        return 0
    owner = np.repeat(np.arange(len(lines)), [len(line) - 1 for line in lines])
    ends = np.array(pieces, dtype=float)
    order = np.argsort(np.minimum(ends[:, 1], ends[:, 3]), kind="stable")
    ends, owner = ends[order], owner[order]
    low, high = np.minimum(ends[:, 1], ends[:, 3]), np.maximum(ends[:, 1], ends[:, 3])
    last = np.searchsorted(low, high, side="right")
    return sum(_with_later(ends, owner, k, int(last[k])) for k in range(len(ends)))


def length(lines: Sequence[Line]) -> float:
    """The length of all lines together."""
    return float(sum(np.hypot(c - a, d - b) for line in lines for (a, b), (c, d) in pairwise(line)))


def _with_later(ends: np.ndarray, owner: np.ndarray, k: int, last: int) -> int:
    """Crossings of piece `k` with those after it that begin above its lower end."""
    start, way = ends[k, :2], ends[k, 2:] - ends[k, :2]
    starts, ways = ends[k + 1 : last, :2], ends[k + 1 : last, 2:] - ends[k + 1 : last, :2]
    turn = way[0] * ways[:, 1] - way[1] * ways[:, 0]
    apart = starts - start
    safe = np.where(turn == 0, np.inf, turn)
    mine = (apart[:, 0] * ways[:, 1] - apart[:, 1] * ways[:, 0]) / safe
    other = (apart[:, 0] * way[1] - apart[:, 1] * way[0]) / safe
    inside = (mine > _EDGE) & (mine < 1 - _EDGE) & (other > _EDGE) & (other < 1 - _EDGE)
    return int(np.sum(inside & (turn != 0) & (owner[k + 1 : last] != owner[k])))
