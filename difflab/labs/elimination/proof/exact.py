"""The cheapest order there is, proved.

What an elimination costs depends on the set of vertices that is gone, so an order is a path through the subsets of the
intermediates, and the cheapest is a shortest path: dynamic programming over all 2ⁿ sets. Most of them never matter.
Safe eliminations come first, and what is left falls into independent parts (`reduce`). A set is dropped when what it
has spent and what the blocks of a partition must still spend (`blocks`) is not below what a known order costs: the
tables of the blocks' remaining costs add up, as the pattern databases of A* do (Felner, Korf & Hanan 2004). From a set
where some vertex can safely go first, only that is tried. Sets are extended one vertex at a time, layer by layer, so
that each is met once.

For vertex elimination under `all_edges`; `subset_dp` takes any model in which costs depend on the set eliminated.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from difflab.labs.elimination.counting.problem import Play, Problem, total
from difflab.labs.elimination.proof.blocks import Blocks
from difflab.labs.elimination.proof.bounds import bound
from difflab.labs.elimination.proof.flows import require
from difflab.labs.elimination.proof.pieces import Piece, pieces
from difflab.labs.elimination.proof.reduce import Core
from difflab.labs.elimination.search.anneal import anneal
from difflab.labs.elimination.search.found import Found, Report, Stop
from difflab.labs.elimination.search.greedy import PORTFOLIO

SMALL = 7
"""Parts of so many vertices are solved in Python, so that nothing need be compiled for them."""

TABLE = 18
"""Parts of so many vertices are solved over all subsets at once."""

ROUNDS = ((0.2, 10, 14, 200_000), (0.8, 12, 16, 2_000_000), (5.0, 14, 17, 10_000_000), (30.0, 16, 18, 60_000_000))
"""Seconds of work for better blocks, how large they grow and are packed after it, and how many sets may be kept."""

CHUNK = 4096
"""Sets between two looks at the clock."""


class _Over(Exception):
    """The time is over."""


class _TooMany(Exception):
    """More sets than a round may keep."""


def exact(
    problem: Problem,
    *,
    start: Sequence[int] | None = None,
    seconds: float | int = 60.0,
    seed: int = 0,
    report: Report | None = None,
    stop: Stop | None = None,
) -> Found:
    """A cheapest order, with `optimal=True` if the time sufficed to prove that; else the best known.

    `start` (by default a good greedy order) is what must be beaten: the better it is, the sooner the proof. Raises
    ValueError for another model than `all_edges`.

    Example:
        >>> from difflab.core.linear import plain
        >>> from difflab.labs.elimination.counting.models import problem
        >>> edges = [("x", "y"), ("y", "z"), ("y", "t"), ("z", "u"), ("t", "u")]
        >>> found = exact(problem(plain(edges, ["x"], ["u"]), "all_edges"))
        >>> found.cost, found.optimal
        (3.0, True)
    """
    began = time.perf_counter()
    require(problem)
    order = tuple(start) if start is not None else _greedy(problem, seed)
    found = Found(order, total(problem, order), "exact", 0.0, seed)
    if found.cost <= bound(problem).value:
        found = Found(order, found.cost, "exact", time.perf_counter() - began, seed, 0, True)
    else:
        found = _by_parts(problem, found, began, _Clock(began + seconds, stop))
    if report is not None:
        report(found)
    return found


@dataclass(frozen=True)
class _Clock:
    """When to give up."""

    end: float
    stop: Stop | None

    def __call__(self) -> bool:
        return time.perf_counter() > self.end or (self.stop is not None and self.stop())


def _by_parts(problem: Problem, first: Found, began: float, over: _Clock) -> Found:
    """Solve the independent parts of a problem's core one after the other, the smallest first, and equal ones once."""
    core = Core(problem)
    order = [step.vertex for step in core.safe()]
    proved, kept = True, 0
    solved: dict[Any, tuple[int, ...]] = {}
    for piece in sorted(pieces(core), key=len):
        if piece.shape in solved:
            order += piece.named(solved[piece.shape])
            continue
        known = piece.numbered(first.order)
        search = Search(piece, Found(known, total(piece.alone, known), "exact", 0.0, first.seed), over)
        try:
            search.run()
            solved[piece.shape] = search.best.order
        except (_Over, KeyboardInterrupt):
            proved = False
        order += piece.named(search.best.order)
        kept += search.kept
    seconds = time.perf_counter() - began
    return Found(tuple(order), total(problem, order), "exact", seconds, first.seed, kept, proved)


class Search:
    """The cheapest order of one piece: `best` is the best known, and the cheapest once `run` has come to its end."""

    def __init__(self, piece: Piece, known: Found, over: _Clock) -> None:
        self.piece, self.best, self.over = piece, known, over
        self.kept = 0

    def run(self) -> None:
        """Find the cheapest order, or raise when the time is over."""
        if len(self.piece) <= SMALL:
            self.best = subset_dp(self.piece.alone)
        elif self.best.cost > bound(self.piece.alone).value:
            if not self.piece.fits:
                raise _Over
            if len(self.piece) <= TABLE:
                self._all_orders()
            else:
                self._rounds()

    def _all_orders(self) -> None:
        cost, order = _kernel("exact_kernel").all_orders(*self.piece.graph)
        self._better(int(cost), [int(v) for v in order])

    def _better(self, cost: int, order: Sequence[int]) -> None:
        first = len(self.piece.entries)
        if cost < self.best.cost:
            self.best = Found(tuple(v + first for v in order), cost, "exact", 0.0, self.best.seed)

    def _rounds(self) -> None:
        """Better blocks and more sets, in turn."""
        alone, seed = self.piece.alone, self.best.seed
        self.best = min(
            self.best,
            anneal(alone, start=self.best.order, seconds=0.2, seed=seed, stop=self.over),
            key=lambda f: f.cost,
        )
        partition: list[frozenset[int]] = []
        for number, (seconds, limit, packed, most) in enumerate(ROUNDS):
            blocks = Blocks(alone, partition, self.best.order, seed)
            partition = self._improved(blocks, seconds, limit)
            blocks.settle(partition)
            blocks.pack(packed)
            if blocks.total >= self.best.cost:
                return
            try:
                self._layers(blocks, blocks.partition, most if number + 1 < len(ROUNDS) else 1 << 62)
                return
            except _TooMany:
                continue

    def _improved(self, blocks: Blocks, seconds: float, limit: int) -> list[frozenset[int]]:
        best, partition = blocks.total, blocks.partition
        end = time.thread_time() + seconds
        for value in blocks.climb(limit):
            if value > best:
                best, partition = value, blocks.partition
            if self.over():
                raise _Over
            if time.thread_time() > end:
                break
        return partition

    def _layers(self, blocks: Blocks, partition: Sequence[frozenset[int]], most: int) -> None:
        """Extend the sets layer by layer; whatever reaches the last is cheaper than what was known."""
        layers = Layers(self.piece, blocks, partition, int(self.best.cost))
        first = self.kept
        for _ in range(len(self.piece)):
            for size in layers.extend():
                if self.over():
                    raise _Over
                if layers.kept + size > most:
                    self.kept = first + layers.kept + size
                    raise _TooMany
        self.kept = first + layers.kept
        if len(layers.masks[-1]):
            self._better(int(layers.spent[-1][0]), layers.order())


class Layers:
    """The sets of eliminated vertices that can belong to an order below a cost, by their number of vertices."""

    def __init__(self, piece: Piece, blocks: Blocks, partition: Sequence[frozenset[int]], below: int) -> None:
        self.kernel, self.piece, self.below = _kernel("layer_kernel"), piece, below
        self.masks, self.spent = [np.zeros(1, np.uint64)], [np.zeros(1, np.int64)]
        self.lasts = [np.zeros(1, np.int8)]
        self.floors = np.array([bound(piece.alone).floors[v] for v in piece.alone.intermediates], np.int64)
        self.block, self.place = np.zeros(len(piece), np.int64), np.zeros(len(piece), np.int64)
        tables: list[np.ndarray] = []
        for k, block in enumerate(partition):
            members = sorted(block)
            tables.append(blocks.remaining(block))
            for j, vertex in enumerate(members):
                self.block[vertex - len(piece.entries)], self.place[vertex - len(piece.entries)] = k, j
        self.starts = np.cumsum([0, *map(len, tables)])[:-1]
        self.tables = np.concatenate(tables)
        self.work = (np.zeros((4, len(piece)), np.uint64), np.zeros((2, max(len(piece), len(tables))), np.int64))

    @property
    def kept(self) -> int:
        """How many sets are in memory."""
        return sum(map(len, self.masks))

    def extend(self) -> Any:
        """Make the next layer; yield its size from time to time."""
        masks, spent = self.masks[-1], self.spent[-1]
        table = _table(1 << 14)
        at = filled = 0
        while at < len(masks):
            at, filled = self.kernel.extend(
                masks, spent, at, min(at + CHUNK, len(masks)), self.piece.graph, self.floors, self.block, self.place,
                self.tables, self.starts, self.below, *table, filled, self.work,
            )  # fmt: skip
            if 2 * (filled + len(self.piece)) >= len(table[0]):
                larger = _table(4 * len(table[0]))
                self.kernel.rehash(*table, *larger)
                table = larger
            yield filled
        taken = table[0] != 0
        for layers, part in zip((self.masks, self.spent, self.lasts), table, strict=True):
            layers.append(part[taken])

    def order(self) -> list[int]:
        """The order by which the last layer was reached."""
        order: list[int] = []
        mask = self.masks[-1][0]
        for masks, lasts in zip(reversed(self.masks[1:]), reversed(self.lasts[1:]), strict=True):
            last = int(lasts[np.flatnonzero(masks == mask)[0]])
            order.append(last)
            mask ^= np.uint64(1) << np.uint64(last)
        return order[::-1]


def subset_dp(problem: Problem) -> Found:
    """A cheapest order by dynamic programming over all sets that may be gone; for up to 20 intermediates.

    Exact under every model where graph and costs depend on what is eliminated, not in which order. 2ⁿ · n
    eliminations in Python: seconds at 12 vertices, many minutes at 20. Raises ValueError for more.
    """
    count = len(problem.intermediates)
    if count > 20:
        raise ValueError(
            f"{problem.name} has {count} intermediates, too many for all their subsets (at most 20): use `exact`"
        )
    began = time.perf_counter()
    layer: dict[frozenset[int], tuple[float, tuple[int, ...]]] = {frozenset(): (0.0, ())}
    for _ in range(count):
        new: dict[frozenset[int], tuple[float, tuple[int, ...]]] = {}
        for gone, (spent, order) in layer.items():
            for vertex in set(problem.intermediates) - gone:
                cost = spent + _price(problem, order, vertex)
                key = gone | {vertex}
                if key not in new or cost < new[key][0]:
                    new[key] = cost, (*order, vertex)
        layer = new
    ((cost, order),) = layer.values()
    return Found(order, cost, "subsets", time.perf_counter() - began, optimal=True)


def _price(problem: Problem, order: Sequence[int], vertex: int) -> float:
    """What a vertex costs after the vertices of an order."""
    play = Play(problem)
    for gone in order:
        play.eliminate(gone)
    return play.eliminate(vertex)


def _greedy(problem: Problem, seed: int) -> tuple[int, ...]:
    return min((rule(problem, seed) for rule in PORTFOLIO.values()), key=lambda order: total(problem, order))


def _table(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.zeros(size, np.uint64), np.zeros(size, np.int64), np.zeros(size, np.int8)


def _kernel(name: str) -> Any:
    """A module of compiled loops, loaded when first needed."""
    return importlib.import_module(f"difflab.labs.elimination.proof.{name}")
