"""An independent part of an elimination, by itself: as a problem, and as bit masks for compiled loops.

The vertices that a part is connected to and that go neither with it nor before it are its *ends*. They matter only by
their sizes and by whom they touch, so ends that touch the same vertices are taken as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from difflab.labs.elimination.counting.problem import Problem
from difflab.labs.elimination.proof.reduce import Core

LARGEST = 64
"""Vertices, and ends on either side, that fit a mask."""

Ends = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Piece:
    """Vertices 0 … n−1 of a part, their `names` in the whole problem, their neighbours as masks, their ends.

    An end is the mask of the vertices that it touches, and its size.
    """

    problem: Problem
    names: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    entries: tuple[tuple[int, int], ...]
    exits: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def fits(self) -> bool:
        """Whether all masks have at most 64 bits."""
        return max(len(self.names), len(self.entries), len(self.exits)) <= LARGEST

    @property
    def shape(self) -> Any:
        """Equal for pieces that look the same."""
        return self.sizes, self.before, self.after, self.entries, self.exits

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of the vertices."""
        return tuple(self.problem.sizes[v] for v in self.names)

    @cached_property
    def graph(self) -> tuple[Any, ...]:
        """As the kernels take it: neighbours before and after each vertex, its ends before and after, and all sizes."""
        sides = [self.before, self.after, self._touching(self.entries), self._touching(self.exits)]
        sizes = [self.sizes, [size for _, size in self.entries], [size for _, size in self.exits]]
        return (*(np.array(side, np.uint64) for side in sides), *(np.array(part, np.int64) for part in sizes))

    @cached_property
    def alone(self) -> Problem:
        """The piece as a problem of its own: first the ends before it, then its vertices, then the ends after it."""
        first, last = len(self.entries), len(self.entries) + len(self)
        edges = [(j, first + k) for j, (mask, _) in enumerate(self.entries) for k in _bits(mask)]
        edges += [(first + u, first + v) for v, mask in enumerate(self.before) for u in _bits(mask)]
        edges += [(first + k, last + j) for j, (mask, _) in enumerate(self.exits) for k in _bits(mask)]
        sizes = [size for _, size in self.entries], self.sizes, [size for _, size in self.exits]
        joined = tuple(size for part in sizes for size in part)
        table = self.problem.table
        labels = {(u, v): table.number((joined[v], joined[u])) for u, v in edges}
        count = len(joined)
        return Problem(
            self.problem.name, tuple(map(str, range(count))), joined, tuple(range(first)), tuple(range(last, count)),
            tuple(range(first, last)), labels, table,
        )  # fmt: skip

    def named(self, order: Sequence[int]) -> tuple[int, ...]:
        """An order of the problem `alone`, by the names in the whole problem."""
        return tuple(self.names[v - len(self.entries)] for v in order)

    def numbered(self, order: Sequence[int]) -> tuple[int, ...]:
        """The vertices of the piece in an order of the whole problem, as an order of the problem `alone`."""
        number = {v: k + len(self.entries) for k, v in enumerate(self.names)}
        return tuple(number[v] for v in order if v in number)

    def _touching(self, ends: Ends) -> list[int]:
        return [sum(1 << j for j, (mask, _) in enumerate(ends) if mask >> k & 1) for k in range(len(self))]


def pieces(core: Core) -> Iterator[Piece]:
    """The independent parts of what remains of a problem."""
    for names in core.components():
        number = {v: k for k, v in enumerate(names)}
        before, entries = _side(core, [core.before[v] for v in names], number)
        after, exits = _side(core, [core.after[v] for v in names], number)
        yield Piece(core.problem, names, before, after, entries, exits)


def _side(
    core: Core, near: Sequence[set[int]], number: Mapping[int, int]
) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    inner = tuple(sum(1 << number[u] for u in found if u in number) for found in near)
    touched: dict[int, int] = {}
    for k, found in enumerate(near):
        for u in found - number.keys():
            touched[u] = touched.get(u, 0) | 1 << k
    joined: dict[int, int] = {}
    for u, mask in touched.items():
        joined[mask] = joined.get(mask, 0) + core.problem.sizes[u]
    return inner, tuple(sorted(joined.items()))


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
