"""Colourings of a sparsity pattern: which columns (rows) of a Jacobian may share one tangent (cotangent).

Columns that have no row in common may be added up: each entry of J S is then one entry of J (Curtis, Powell & Reid,
J. Inst. Maths Applics 13, 1974). The fewest groups are a colouring of the column intersection graph, found greedily in
three vertex orders (largest degree first; smallest degree last, Matula & Beck 1983; incidence degree, Coleman & Moré
1983), of which the best is kept. A few full rows spoil columns and a few full columns spoil rows; a bicolouring gives
those to the other mode (Hossain & Steihaug 1998; Coleman & Verma 1998).
"""

# pyright: reportMissingTypeStubs=false, reportMissingModuleSource=false

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

Pattern = Any
"""A `scipy.sparse.csr_array` of bools; SciPy is loaded when a pattern is made."""

_CROWDED = 4_000_000
_THRESHOLDS = 12


@dataclass(frozen=True, eq=False)
class Colouring:
    """A colour for each column (row), from 0 on; −1 for one that is not needed."""

    colours: Int[np.ndarray, " n"]
    count: int
    method: str

    def seeds(self) -> Float[np.ndarray, "count n"]:
        """For each colour the sum of the unit vectors of its columns (rows)."""
        return (np.arange(self.count)[:, None] == self.colours).astype(float)


@dataclass(frozen=True, eq=False)
class Bicolouring:
    """`rows` colours the rows that cotangents give, `columns` the columns of all other rows."""

    rows: Colouring
    columns: Colouring
    reverse: Bool[np.ndarray, " m"]

    @property
    def count(self) -> int:
        """Tangents and cotangents together."""
        return self.rows.count + self.columns.count


def column_colouring(places: Pattern) -> Colouring:
    """Group columns so that within a group no two have a row in common."""
    fewest = int(np.diff(places.indptr).max(initial=0))
    return _best(places.T.tocsr(), places, fewest)


def row_colouring(places: Pattern) -> Colouring:
    """Group rows so that within a group no two have a column in common."""
    return column_colouring(places.T.tocsr())


def bicolouring(places: Pattern, reverse_weight: float | int = 2.0) -> Bicolouring:
    """Give the fullest rows to cotangents, or all but the fullest columns; the cheapest split of a dozen or so.

    A cotangent costs `reverse_weight` tangents.
    """
    candidates = [*_splits_by_rows(places), *_splits_by_columns(places)]
    found = [_split(places, reverse) for reverse in candidates]
    return min(found, key=lambda one: reverse_weight * one.rows.count + one.columns.count)


def _splits_by_rows(places: Pattern) -> list[Bool[np.ndarray, " m"]]:
    """The rows above each of some thresholds; none; all."""
    lengths = np.diff(places.indptr)
    return [lengths > level for level in _levels(lengths)]


def _splits_by_columns(places: Pattern) -> list[Bool[np.ndarray, " m"]]:
    """The rows that have an entry in none of the fullest columns."""
    heights = np.bincount(places.indices, minlength=places.shape[1])
    return [np.asarray(places[:, np.flatnonzero(heights > level)].sum(axis=1)) == 0 for level in _levels(heights)]


def _levels(counts: Int[np.ndarray, " n"]) -> Sequence[int]:
    distinct = np.unique(counts)
    chosen = distinct[np.unique(np.linspace(0, len(distinct) - 1, _THRESHOLDS).astype(int))] if len(distinct) else []
    return [-1, *map(int, chosen)]


def _split(places: Pattern, reverse: Bool[np.ndarray, " m"]) -> Bicolouring:
    above, below = places[np.flatnonzero(reverse)], places[np.flatnonzero(~reverse)]
    rows = np.full(places.shape[0], -1)
    found = row_colouring(above)
    rows[reverse] = found.colours
    return Bicolouring(Colouring(rows, found.count, found.method), column_colouring(below), reverse)


def _best(mine: Pattern, other: Pattern, fewest: int) -> Colouring:
    """The best greedy colouring of the rows of `mine`; `other` is its transpose, `fewest` a lower bound."""
    wanted = np.flatnonzero(np.diff(mine.indptr))
    colours = np.full(mine.shape[0], -1)
    if not len(wanted):
        return Colouring(colours, 0, "nothing to colour")
    if _work(other) > _CROWDED or 2 * fewest > len(wanted):
        colours[wanted] = np.arange(len(wanted))
        return Colouring(colours, len(wanted), "one each")
    near = _neighbours(mine[wanted], other[:, wanted])
    best: tuple[int, Int[np.ndarray, " _"], str] | None = None
    for method, order in ORDERINGS.items():
        found = _greedy(near, order(near))
        count = int(found.max()) + 1
        if best is None or count < best[0]:
            best = count, found, method
        if count == fewest:
            break
    assert best is not None, "there are orderings; please report this"
    colours[wanted] = best[1]
    return Colouring(colours, best[0], best[2])


def _work(other: Pattern) -> int:
    return int((np.diff(other.indptr).astype(np.int64) ** 2).sum())


def _neighbours(mine: Pattern, other: Pattern) -> list[Int[np.ndarray, " _"]]:
    """For each row of `mine` the rows that share a column with it."""
    counts = import_module("scipy.sparse").csr_array
    shared = (counts(mine, dtype=np.int32) @ counts(other, dtype=np.int32)).tocsr()
    pieces = np.split(shared.indices, shared.indptr[1:-1])
    return [piece[piece != k] for k, piece in enumerate(pieces)]


def _greedy(near: Sequence[Int[np.ndarray, " _"]], order: Sequence[int]) -> Int[np.ndarray, " n"]:
    """The smallest colour that no neighbour has, vertex by vertex."""
    colours = np.full(len(near), -1)
    for vertex in order:
        taken = set(colours[near[vertex]].tolist())
        colour = 0
        while colour in taken:
            colour += 1
        colours[vertex] = colour
    return colours


def _largest_first(near: Sequence[Int[np.ndarray, " _"]]) -> Sequence[int]:
    return np.argsort([-len(piece) for piece in near], kind="stable").tolist()


def _smallest_last(near: Sequence[Int[np.ndarray, " _"]]) -> Sequence[int]:
    """Take away the vertex of least degree again and again; colour in the opposite order."""
    return _peeled(near, [len(piece) for piece in near], -1)[::-1]


def _incidence_degree(near: Sequence[Int[np.ndarray, " _"]]) -> Sequence[int]:
    """Next the vertex that has most neighbours coloured already."""
    return _peeled(near, [0] * len(near), -1)


def _peeled(near: Sequence[Int[np.ndarray, " _"]], key: list[int], step: int) -> list[int]:
    """Vertices by least key, where taking one lowers the keys of its neighbours."""
    heap = [(value, vertex) for vertex, value in enumerate(key)]
    heapq.heapify(heap)
    done = [False] * len(near)
    order: list[int] = []
    while heap:
        value, vertex = heapq.heappop(heap)
        if done[vertex] or value != key[vertex]:
            continue
        done[vertex] = True
        order.append(vertex)
        for other in near[vertex].tolist():
            if not done[other]:
                key[other] += step
                heapq.heappush(heap, (key[other], other))
    return order


ORDERINGS: Mapping[str, Callable[[Sequence[Any]], Sequence[int]]] = {
    "natural": lambda near: range(len(near)),
    "largest first": _largest_first,
    "smallest last": _smallest_last,
    "incidence degree": _incidence_degree,
}
"""Orders in which the greedy colouring looks at vertices."""
