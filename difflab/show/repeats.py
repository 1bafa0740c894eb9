"""What comes again and again, side by side: the tandem repeats of a sequence, of any period.

A stretch of a sequence has period p where each of its entries equals the one p before. Words of length 1, 2, 4, … are
numbered by pairing the numbers of their halves (Karp, Miller & Rosenberg, "Rapid identification of repeated patterns",
1972); where a word's last occurrence lies p back, for every word of a run, that run has period p. O(n log² n).
Of overlapping repeats the one that covers most is taken.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Int

COPIES = 3
"""What comes less often is no repeat."""


@dataclass(frozen=True)
class Repeat:
    """`count` copies of `period` entries each, the first at `start`."""

    start: int
    period: int
    count: int

    @property
    def stop(self) -> int:
        """The place behind the last copy."""
        return self.start + self.period * self.count


def repeats(keys: Sequence[int], cuts: Callable[[], Sequence[int]], least: int) -> list[Repeat]:
    """The repeats that cover at least `least` entries, in order, none overlapping another.

    `cuts()[k]` is what it costs to part the sequence before entry k; the borders lie where that is least.

    >>> repeats([7, 1, 2, 1, 2, 1, 2, 9], lambda: [0] * 9, 6)
    [Repeat(start=1, period=2, count=3)]
    """
    free = np.ones(len(keys), dtype=bool)
    waiting = [
        (-(length // period) * period, period, start, length)
        for start, period, length in _stretches(tuple(keys))
        if length >= max(COPIES * period, least)
    ]
    heapq.heapify(waiting)
    price = cuts() if waiting else ()
    found: list[Repeat] = []
    while waiting:
        _, period, start, length = heapq.heappop(waiting)
        first, size = _longest(free, start, start + length)
        count = size // period
        if count < COPIES or count * period < least:
            continue
        if size < length:
            heapq.heappush(waiting, (-count * period, period, first, size))
            continue
        start = min(range(start, start + size % period + 1), key=lambda s: sum(price[s : s + size : period]))
        free[start : start + count * period] = False
        found.append(Repeat(start, period, count))
    return sorted(found, key=lambda one: one.start)


@lru_cache(maxsize=1_000)
def _stretches(keys: tuple[int, ...]) -> frozenset[tuple[int, int, int]]:
    """All (start, period, length) where the entries have a period, at least `COPIES` long; and some others."""
    words = np.unique(np.asarray(keys, dtype=np.int64), return_inverse=True)[1].reshape(-1)
    found: set[tuple[int, int, int]] = set()
    size = 1
    while len(words):
        back = _last(words)
        found.update((at - p, p, p + run + size - 1) for at, p, run in _runs(back) if run + size - 1 >= 2 * p)
        if not back.any() or len(words) <= size:
            break
        pairs = words[:-size] * (int(words.max()) + 1) + words[size:]
        words = np.unique(pairs, return_inverse=True)[1].reshape(-1)
        size *= 2
    return frozenset(found)


def _last(words: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """How far back each word occurred last; 0 where it is new."""
    order = np.argsort(words, kind="stable")
    back = np.zeros(len(words), dtype=np.int64)
    back[order[1:]] = np.where(words[order[1:]] == words[order[:-1]], np.diff(order), 0)
    return back


def _runs(values: Int[np.ndarray, " n"]) -> Iterator[tuple[int, int, int]]:
    """(start, value, length) of each run of one nonzero value."""
    starts = np.flatnonzero(np.diff(values, prepend=-1))
    lengths = np.diff(starts, append=len(values))
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        if values[start]:
            yield start, int(values[start]), length


def _longest(free: np.ndarray, start: int, stop: int) -> tuple[int, int]:
    """Start and length of the longest free part of a stretch."""
    taken = np.flatnonzero(~free[start:stop])
    if not len(taken):
        return start, stop - start
    edges = np.concatenate([[-1], taken, [stop - start]])
    gaps = np.diff(edges) - 1
    best = int(np.argmax(gaps))
    return start + int(edges[best]) + 1, int(gaps[best])
