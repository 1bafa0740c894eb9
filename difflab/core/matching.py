"""Which lines of two programs belong together: an alignment that keeps the order of both.

Lines are compared by *columns* of keys, from the strictest to the weakest. Long stretches are anchored by the keys that
stand in the same place among their equals, counted from the front or from the back, and of those the longest chain that
rises in both programs: the candidates of Hunt & Szymanski ("A fast algorithm for computing longest common
subsequences", 1977, doi 10.1145/359581.359603) cut down to at most two a line, so that repeated structure does not
make them many. What lies between two anchors is short, and aligned exactly by Needleman & Wunsch (1970,
doi 10.1016/0022-2836(70)90057-4) with a score that counts how many columns agree.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

Column = Sequence[int]
Pair = tuple[int, int]

EXACT = 4_096
"""Largest number of cells (lines × lines) that are aligned exactly."""
ROUNDS = 6
"""How often one column anchors what its anchors left between them."""

_Gap = tuple[int, int, int, int]
"""Lines `a … b−1` of the one program and `c … d−1` of the other."""


def match(before: Sequence[Column], after: Sequence[Column]) -> list[Pair]:
    """Pairs of lines that belong together, rising in both. Two lines can match only if the last column agrees.

    Takes time n log n in the number of lines, for a fixed number of columns.

    >>> match([[1, 2, 3]], [[1, 3, 4]])
    [(0, 0), (2, 1)]
    """
    gaps: list[_Gap] = [(0, len(before[-1]), 0, len(after[-1]))]
    found: list[Pair] = []
    for left, right in zip(before, after, strict=True):
        for _ in range(ROUNDS):
            count = len(found)
            gaps = [inner for gap in gaps for inner in _anchored(left, right, gap, found)]
            if len(found) == count:
                break
    for gap in gaps:
        found.extend(_aligned(before, after, gap))
    return sorted(found)


def _anchored(left: Column, right: Column, gap: _Gap, found: list[Pair]) -> Iterator[_Gap]:
    """Add the anchors inside a long gap to `found` and yield what is left between them."""
    a, b, c, d = gap
    if _short(gap):
        yield gap
        return
    anchors = _rising(_candidates(left[a:b], right[c:d]))
    found.extend((a + i, c + k) for i, k in anchors)
    ends = [(a - 1, c - 1), *((a + i, c + k) for i, k in anchors), (b, d)]
    for (i, k), (j, m) in pairwise(ends):
        if i + 1 < j and k + 1 < m:
            yield i + 1, j, k + 1, m


def _short(gap: _Gap) -> bool:
    a, b, c, d = gap
    return (b - a) * (d - c) <= EXACT


def _candidates(left: Column, right: Column) -> set[Pair]:
    """Lines of equal key that are the k-th of their key, from the front or from the back."""
    ours, theirs = _places(left), _places(right)
    found: set[Pair] = set()
    for key, here in ours.items():
        there = theirs.get(key, [])
        found.update(zip(here, there, strict=False))
        found.update(zip(reversed(here), reversed(there), strict=False))
    return found


def _places(column: Column) -> dict[int, list[int]]:
    places: dict[int, list[int]] = {}
    for place, key in enumerate(column):
        places.setdefault(key, []).append(place)
    return places


def _rising(pairs: set[Pair]) -> list[Pair]:
    """The longest chain that rises strictly in both numbers."""
    ends: list[int] = []
    last: list[int] = []
    ordered = sorted(pairs, key=lambda pair: (pair[0], -pair[1]))
    parent: list[int] = []
    for number, (_, right) in enumerate(ordered):
        length = bisect_left(ends, right)
        parent.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [right]
        last[length : length + 1] = [number]
    chain: list[Pair] = []
    at = last[-1] if last else -1
    while at >= 0:
        chain.append(ordered[at])
        at = parent[at]
    return chain[::-1]


def _aligned(before: Sequence[Column], after: Sequence[Column], gap: _Gap) -> list[Pair]:
    """The alignment of a short gap that agrees in most columns; of a long one nothing, since no key was in order."""
    a, b, c, d = gap
    if not _short(gap):
        return []
    ours = [[column[i] for column in before] for i in range(a, b)]
    theirs = [[column[k] for column in after] for k in range(c, d)]
    best = [[0] * (d - c + 1) for _ in range(b - a + 1)]
    for i in range(b - a - 1, -1, -1):
        row, below = best[i], best[i + 1]
        for k in range(d - c - 1, -1, -1):
            row[k] = max(below[k], row[k + 1], below[k + 1] + _agreement(ours[i], theirs[k]))
    return [(a + i, c + k) for i, k in _path(best, ours, theirs)]


def _path(best: list[list[int]], ours: list[list[int]], theirs: list[list[int]]) -> Iterator[Pair]:
    i = k = 0
    while i < len(ours) and k < len(theirs):
        gain = _agreement(ours[i], theirs[k])
        if gain and best[i][k] == best[i + 1][k + 1] + gain:
            yield i, k
            i, k = i + 1, k + 1
        elif best[i][k] == best[i + 1][k]:
            i += 1
        else:
            k += 1


def _agreement(ours: Sequence[int], theirs: Sequence[int]) -> int:
    """0 for lines that cannot match; else more than any difference in columns for the match, and one a column."""
    if ours[-1] != theirs[-1]:
        return 0
    return len(ours) + sum(x == y for x, y in zip(ours, theirs, strict=True))
