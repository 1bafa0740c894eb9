"""Fixed sparse relations between two index ranges: which entry of an output reads which entry of an input.

A relation is a list of pairs (row, column), all different, in a fixed order: the pattern of a sparse matrix. Selections
(slice, pad, gather by constant indices) are relations. Matrix products compose them, Σₘ A[r, m] B[m, c], sums unite
them, a Kronecker product fuses several into one. All of it is static NumPy: no number of the user's function is here.

Source: the join of sparse matrix multiplication, Gustavson, "Two fast algorithms for sparse matrices", ACM TOMS 1978.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import numpy as np
from jaxtyping import Int

_LONG = 256
_DIAGONALS = 32
Indices = Int[np.ndarray, "..."]


@dataclass(frozen=True, eq=False)
class Relation:
    """Pairs (`rows[n]`, `cols[n]`) in a grid of `height` × `width`; equal where all of it is equal."""

    rows: Indices
    cols: Indices
    height: int
    width: int
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        text = hashlib.blake2b(repr((self.height, self.width)).encode(), digest_size=16)
        for name in ("rows", "cols"):
            fixed = np.ascontiguousarray(getattr(self, name), np.int64)
            fixed.setflags(write=False)
            object.__setattr__(self, name, fixed)
            text.update(fixed.tobytes())
        object.__setattr__(self, "digest", text.hexdigest())

    def __len__(self) -> int:
        return len(self.rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Relation) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<{len(self)} of {self.height} × {self.width}, {self.digest[:16]}>"

    @cached_property
    def diagonal(self) -> bool:
        """Whether entry n is (n, n), for all n."""
        whole = len(self) == self.height == self.width
        return whole and bool(np.array_equal(self.rows, self.cols) and np.array_equal(self.rows, np.arange(len(self))))

    @cached_property
    def full(self) -> bool:
        """Whether every pair is there, row by row."""
        if len(self) != self.height * self.width:
            return False
        return bool(np.array_equal(self.rows * self.width + self.cols, np.arange(len(self))))

    @cached_property
    def bands(self) -> int:
        """Number of diagonals (values of column − row) that hold an entry."""
        return len(np.unique(self.cols - self.rows))


@dataclass(frozen=True, eq=False)
class Composition:
    """The product of two relations: its `relation`, and which pairs of entries meet in each entry of it.

    Pair p multiplies entry `left[p]` of one with entry `right[p]` of the other and adds to entry `into[p]`, ascending.
    """

    relation: Relation
    left: Indices
    right: Indices
    into: Indices

    @cached_property
    def counts(self) -> Indices:
        """How many pairs meet in each entry."""
        return np.bincount(self.into, minlength=len(self.relation))


def compose(left: Relation, right: Relation) -> Composition:
    """All pairs of entries with the column of one equal to the row of the other.

    >>> shift = Relation(np.arange(3), np.arange(3) + 1, 3, 4)
    >>> compose(shift, Relation(np.arange(4), np.arange(4)[::-1], 4, 4)).relation.cols.tolist()
    [2, 1, 0]
    """
    order = np.argsort(right.rows, kind="stable")
    ordered = right.rows[order]
    start = np.searchsorted(ordered, left.cols, "left")
    counts = np.searchsorted(ordered, left.cols, "right") - start
    first = np.repeat(np.arange(len(left)), counts)
    within = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
    second = order[np.repeat(start, counts) + within]
    keys, into = np.unique(left.rows[first] * right.width + right.cols[second], return_inverse=True)
    relation, place = _arranged(keys, left.height, right.width)
    into = place[into]
    by_entry = np.argsort(into, kind="stable")
    return Composition(relation, first[by_entry], second[by_entry], into[by_entry])


def meetings(left: Relation, right: Relation) -> int:
    """How many pairs `compose` would list."""
    size = max(left.width, 1)
    return int(np.bincount(left.cols, minlength=size) @ np.bincount(right.rows, minlength=size))


def unite(left: Relation, right: Relation) -> tuple[Relation, Indices, Indices]:
    """All pairs of either; for each its entry in `left` and in `right`, −1 where it has none."""
    keys = [relation.rows * relation.width + relation.cols for relation in (left, right)]
    both = np.union1d(*keys)
    relation, place = _arranged(both, left.height, left.width)
    found: list[Indices] = []
    for own in keys:
        entry = np.full(len(both), -1)
        entry[place[np.searchsorted(both, own)]] = np.arange(len(own))
        found.append(entry)
    return relation, found[0], found[1]


def _arranged(keys: Indices, height: int, width: int) -> tuple[Relation, Indices]:
    """The relation with these row-major places, and where each of them stands in it.

    A long one with few diagonals stands diagonal by diagonal, so that what is fetched for it lies side by side; any
    other row by row.
    """
    rows, cols = np.divmod(keys, max(width, 1))
    whole = len(keys) == height * width
    if whole or len(keys) < _LONG or len(np.unique(cols - rows)) > _DIAGONALS:
        return Relation(rows, cols, height, width), np.arange(len(keys))
    order = np.argsort(cols - rows, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return Relation(rows[order], cols[order], height, width), place


def coordinates(sizes: Sequence[int]) -> list[Indices]:
    """The index along each axis at every place of a grid, flattened."""
    return list(np.indices(tuple(sizes)).reshape(len(sizes), prod(sizes)))


def flattened(coordinate: Sequence[Indices], sizes: Sequence[int], count: int) -> Indices:
    """One row-major index from the index along each axis, `count` of them."""
    place = np.zeros(count, np.int64)
    for along, size in zip(coordinate, sizes, strict=True):
        place = place * size + along
    return place
