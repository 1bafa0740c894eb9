"""One problem in the arrays of the compiled loops, and the talk between the loops and the table of labels.

numba is loaded by `warm_up`; the first time ever it compiles the loops then, and keeps the result on disk.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from types import ModuleType
from typing import Any

import numpy as np

from difflab.labs.elimination.counting.problem import LIMIT, Problem, Table, TableFull
from difflab.labs.elimination.search.greedy import unit

SNAPSHOTS = 2**22
"""Bytes that the snapshots along an order may take, roughly; with more vertices they lie further apart."""

SLICE = 0.03
"""Seconds between two looks at the clock."""


class Run:
    """A search on one problem with the compiled loops. `spare` snapshots are for the loops' own use."""

    def __init__(self, problem: Problem, seed: int = 0, spare: int = 0) -> None:
        if len(problem.table.labels) > LIMIT:
            raise TableFull(
                f"{len(problem.table.labels):,} different kinds of edges; the compiled loops hold {LIMIT:,}"
            )
        self.problem, self.kernel = problem, loaded("kernel")
        self.board = _board(problem, self.kernel, spare)
        self.board.chance[0] = np.random.default_rng(seed).integers(1, 2**63, dtype=np.uint64)
        self.speed = 1e5

    @property
    def moves(self) -> int:
        """Changes tried so far."""
        return int(self.board.tally[self.kernel.DONE])

    @property
    def best(self) -> tuple[int, ...]:
        """The cheapest order so far."""
        return tuple(self.board.best.tolist())

    def call(self, function: Callable[..., int], *args: Any) -> int:
        """Call a compiled function until it no longer asks for a product or a sum of two labels."""
        table, kernel, tally = self.problem.table, self.kernel, self.board.tally
        while True:
            tables = kernel.Tables(table.product_to, table.product_cost, table.sum_to, table.sum_cost)
            ended = function(self.board, tables, *args)
            if ended <= kernel.WORSE:
                return ended
            fill = table.fill if ended == kernel.MISSING_PRODUCT else table.fill_sum
            fill(int(tally[kernel.LEFT]), int(tally[kernel.RIGHT]))

    def begin(self, order: Sequence[int]) -> None:
        """Go on from an order."""
        self.board.order[:] = order
        self.call(self.kernel.play)

    def cool(self, count: int, hot: float, cold: float) -> Iterator[tuple[int, ...]]:
        """Anneal for `count` moves, the temperature falling geometrically; yield the best order now and then."""
        anneal = loaded("moves").anneal
        self.board.sums[self.kernel.HEAT] = hot
        end, factor = self.moves + count, (cold / hot) ** (1 / count)
        while self.moves < end:
            begun, before = perf_counter(), self.moves
            self.call(anneal, min(end, before + max(100, int(self.speed * SLICE))), factor)
            self.speed = (self.moves - before) / max(perf_counter() - begun, 1e-6)
            yield self.best

    def rises(self, count: int = 400) -> np.ndarray:
        """What random changes of the present order would add to its cost, where they add anything."""
        found = np.zeros(count)
        self.call(loaded("moves").rises, found)
        return found[found > 0]


def loaded(name: str) -> ModuleType:
    """A module of compiled loops, imported when first needed."""
    return importlib.import_module(f"difflab.labs.elimination.search.{name}")


def ready() -> bool:
    """Whether the loops are loaded and compiled in this process."""
    return bool(_ready)


def warm_up() -> None:
    """Load the loops, and compile them if this machine never did, so that it counts towards nobody's seconds."""
    if _ready:
        return
    logging.getLogger("difflab").info("loading the compiled search loops; the first time ever this takes a minute")
    _ready.append(True)
    table = Table(_Counted())
    edges = {(v, v + 1): table.number(0) for v in range(4)}
    run = Run(Problem("path", tuple("abcde"), (1,) * 5, (0,), (4,), (1, 2, 3), edges, table), spare=3)
    run.begin((1, 2, 3))
    run.rises(1)
    for _ in run.cool(1, 1.0, 1.0):
        pass
    run.call(loaded("subsets").improve, 0, 2, np.zeros((4, 2)), np.zeros(4))


_ready: list[bool] = []


@dataclass(frozen=True)
class _Counted:
    """Each product counts 1."""

    name: str = "products"

    def multiply(self, left: int, right: int) -> tuple[int, float | int]:
        return 0, 1

    def add(self, old: int, new: int) -> tuple[int, float | int]:
        return 0, 0


def _board(problem: Problem, kernel: ModuleType, spare: int) -> Any:
    """The arrays of the compiled loops, with the untouched problem as snapshot 0."""
    n, m = problem.count, len(problem.intermediates)
    words, labels = -(-n // 64), 0 if unit(problem) is not None else n
    stride = max(1, m * n * (16 * words + 2 * labels) // SNAPSHOTS)
    kept, bits, whole = -(-m // stride) + spare, np.uint64, np.int64
    made = kernel.Board(
        order=np.zeros(m, whole), place=np.full(n, -1, whole), costs=np.zeros(m), best=np.zeros(m, whole),
        trial=np.zeros(m, whole), trial_costs=np.zeros(m), kept=np.zeros((kept, 2, n, words), bits),
        kept_label=np.zeros((kept, labels, labels), np.int16), rows=np.zeros((2, n, words), bits),
        label=np.zeros((labels, labels), np.int16), seen=np.zeros((2, n), whole), touched=np.zeros(n, whole),
        tally=np.zeros(8, whole), sums=np.zeros(8), chance=np.ones(1, bits),
    )  # fmt: skip
    for (u, v), label in problem.edges.items():
        made.kept[0, kernel.BEFORE, v, u >> 6] |= bits(1) << bits(u & 63)
        made.kept[0, kernel.AFTER, u, v >> 6] |= bits(1) << bits(v & 63)
        if labels:
            made.kept_label[0, u, v] = label
    made.tally[kernel.STRIDE], made.sums[kernel.BEST] = stride, np.inf
    return made
