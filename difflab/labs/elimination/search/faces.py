"""Edge elimination: finer steps than whole vertices, and sometimes fewer multiplications than any vertex order.

Front-eliminating u → v carries it on to every successor s of v, c(s,u) += c(s,v) · c(v,u), and removes it; that costs
one multiplication a successor. Back-eliminating u → v carries it back to every predecessor of u. A vertex that has lost
all its predecessors, or all its successors, is gone. Eliminating a vertex is front-eliminating all edges into it, so
edge elimination is never worse, and on some graphs better (Naumann, Mathematical Programming 99, 2004).

The search anneals a sequence of vertex and edge eliminations, from the best vertex order. It counts multiplications
between numbers: problems whose products all cost the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from difflab.labs.elimination.counting.problem import Problem
from difflab.labs.elimination.search.anneal import anneal
from difflab.labs.elimination.search.found import Stop
from difflab.labs.elimination.search.greedy import unit
from difflab.labs.elimination.search.run import loaded

Edge = tuple[int, int]

Step = tuple[int, int, str]
"""An edge u → v and "front" or "back"."""

ROUND = 2000
"""Moves in the first round, for each place of the sequence; every later round has half as many again."""

HOT, COLD = 1.0, 0.12
"""Temperatures at the two ends of a round, in multiplications."""

SLICE = 0.03
"""Seconds between two looks at the clock."""


@dataclass(frozen=True)
class FoundEdges:
    """A sequence of edge eliminations and how it was found. Steps hold vertex numbers of the problem."""

    steps: tuple[Step, ...]
    cost: float | int
    method: str
    seconds: float | int
    seed: int = 0
    moves: int = 0


def replay(
    problem: Problem, steps: Sequence[Step], partials: Mapping[Edge, Any] | None = None
) -> tuple[int, dict[Edge, Any]]:
    """Carry out edge eliminations: the number of multiplications, and the edges that are left with their values.

    With `partials` (a number for each edge; default: all 1) the values are the Jacobian's entries. Raises ValueError
    for a step that is not possible, and where an intermediate is left.

    >>> from difflab.core.linear import plain
    >>> from difflab.labs.elimination.counting.models import problem
    >>> chain = problem(plain([(0, 1), (1, 2)], [0], [2]), "all_edges")
    >>> replay(chain, [(0, 1, "front")], {(0, 1): 3.0, (1, 2): 5.0})
    (1, {(0, 2): 15.0})
    """
    graph = _Graph(problem, dict.fromkeys(problem.edges, 1) if partials is None else partials)
    cost = sum(graph.eliminate(*step) for step in steps)
    if stuck := [v for v in problem.intermediates if graph.before[v]]:
        raise ValueError(
            f"{len(stuck)} intermediates are left, {problem.ids[stuck[0]]} among them; go on until every edge leads "
            "from an input to an output"
        )
    return cost, {(u, v): value for v, row in enumerate(graph.before) for u, value in row.items()}


def edge_search(
    problem: Problem,
    *,
    start: Sequence[int] | None = None,
    seconds: float | int = 20.0,
    seed: int = 0,
    report: Callable[[FoundEdges], None] | None = None,
    stop: Stop | None = None,
) -> FoundEdges:
    """Look for a sequence of edge eliminations that is cheaper than the vertex order `start`.

    Without `start` a fifth of the time goes into annealing one. Raises ValueError for a problem that is not all between
    numbers under `all_edges`.
    """
    if unit(problem) is None:
        raise ValueError(
            f"edge elimination counts products between numbers; {problem.name} has {len(problem.table.labels)} kinds "
            f"of edges under {problem.model!r}: explode its arrays and use cost='all_edges'"
        )
    begun = perf_counter()
    order = tuple(start) if start is not None else _ordered(problem, seconds / 5, seed, stop)
    steps = _steps(problem, order)
    best = FoundEdges(steps, replay(problem, steps)[0], "edges", perf_counter() - begun, seed)
    loop, sequence = loaded("edge_moves"), _sequence(problem, order, seed)
    try:
        for _ in _rounds(loop, sequence, best.cost):
            now = perf_counter() - begun
            if sequence.sums[loop.BEST] < best.cost:
                steps = _steps(problem, sequence.best.tolist())
                cost = replay(problem, steps)[0]
                assert cost == sequence.sums[loop.BEST], "the loop counts differently; please report this"
                best = FoundEdges(steps, cost, "edges", now, seed, int(sequence.tally[loop.DONE]))
                if report is not None:
                    report(best)
            if now >= seconds or (stop is not None and stop()):
                break
    except KeyboardInterrupt:
        pass
    moves = int(sequence.tally[loop.DONE])
    return FoundEdges(best.steps, best.cost, "edges", perf_counter() - begun, seed, moves)


class _Graph:
    """Values on edges, in dictionaries, and what one edge elimination does to them."""

    def __init__(self, problem: Problem, values: Mapping[Edge, Any]) -> None:
        self.ids, self.inner = problem.ids, set(problem.intermediates)
        self.before: list[dict[int, Any]] = [{} for _ in range(problem.count)]
        self.after: list[dict[int, Any]] = [{} for _ in range(problem.count)]
        for (u, v), value in values.items():
            self.before[v][u] = self.after[u][v] = value

    def eliminate(self, u: int, v: int, side: str) -> int:
        """Front- or back-eliminate u → v; the number of multiplications."""
        middle = {"front": v, "back": u}[side]
        if v not in self.after[u] or middle not in self.inner:
            what = "is not there" if v not in self.after[u] else f"has no intermediate at its {side} end"
            raise ValueError(f"{side} elimination of {self.ids[u]} → {self.ids[v]}: this edge {what}")
        value = self.after[u][v]
        if side == "front":
            made = [(u, s, other * value) for s, other in self.after[v].items()]
        else:
            made = [(p, v, value * other) for p, other in self.before[u].items()]
        self._remove(u, v)
        for p, s, product in made:
            known = self.after[p].get(s)
            self.after[p][s] = self.before[s][p] = product if known is None else known + product
        if not self.before[middle] or not self.after[middle]:
            for p in list(self.before[middle]):
                self._remove(p, middle)
            for s in list(self.after[middle]):
                self._remove(middle, s)
        return len(made)

    def _remove(self, u: int, v: int) -> None:
        del self.after[u][v], self.before[v][u]


def _ordered(problem: Problem, seconds: float | int, seed: int, stop: Stop | None) -> tuple[int, ...]:
    return anneal(problem, seconds=seconds, seed=seed, stop=stop).order


def _steps(problem: Problem, codes: Sequence[int]) -> tuple[Step, ...]:
    """A sequence of the loop's codes as edge eliminations; what does nothing is left out."""
    graph, n = _Graph(problem, dict.fromkeys(problem.edges, 1)), problem.count
    steps: list[Step] = []
    for code in codes:
        if code >= n:
            (u, v), side = divmod((code - n) // 2, n), ("front", "back")[(code - n) % 2]
            wanted = [(u, v, side)] if v in graph.after[u] and {"front": v, "back": u}[side] in graph.inner else []
        else:
            wanted = [(p, code, "front") for p in graph.before[code]] if code >= 0 else []
        for step in wanted:
            graph.eliminate(*step)
        steps += wanted
    return tuple(steps)


def _sequence(problem: Problem, order: Sequence[int], seed: int) -> Any:
    """The arrays of the compiled loop: the order, with a free place after every vertex."""
    loop, kernel = loaded("edge_moves"), loaded("kernel")
    n, chance = problem.count, np.random.default_rng(seed)
    codes = np.array([code for v in order for code in (v, -1)], np.int64)
    m, bits = len(codes), np.uint64
    kept, rows = np.zeros((m, 2, n, -(-n // 64)), bits), np.zeros((2, n, -(-n // 64)), bits)
    made = loop.Sequence(
        codes=codes, costs=np.zeros(m), best=codes.copy(), trial=codes.copy(), trial_costs=np.zeros(m),
        kept=kept, saved=kept.reshape(m, -1), rows=rows, flat=rows.reshape(-1),
        hashes=np.zeros(m, bits), words=chance.integers(0, 2**63, (n, n)).astype(bits),
        inner=np.isin(np.arange(n), problem.intermediates), tally=np.zeros(2, np.int64), sums=np.zeros(4),
        chance=chance.integers(1, 2**63, 1).astype(bits),
    )  # fmt: skip
    for u, v in problem.edges:
        made.kept[0, kernel.BEFORE, v, u >> 6] |= bits(1) << bits(u & 63)
        made.kept[0, kernel.AFTER, u, v >> 6] |= bits(1) << bits(v & 63)
    made.sums[loop.BEST] = np.inf
    return made


def _rounds(loop: Any, sequence: Any, cost: float | int) -> Iterator[None]:
    """Anneal round after round, each time from the best, cooling from about one multiplication to a tenth."""
    m = len(sequence.codes)
    count, speed = ROUND * m, 1e4
    sequence.sums[loop.SLACK] = 4 + 2 * cost / max(m, 1)
    while True:
        sequence.codes[:] = sequence.best
        loop.play(sequence)
        sequence.sums[loop.HEAT] = HOT
        end, factor = int(sequence.tally[loop.DONE]) + count, (COLD / HOT) ** (1 / count)
        while (done := int(sequence.tally[loop.DONE])) < end:
            begun = perf_counter()
            loop.anneal(sequence, min(end, done + max(100, int(speed * SLICE))), factor)
            speed = (int(sequence.tally[loop.DONE]) - done) / max(perf_counter() - begun, 1e-6)
            yield
        count += count // 2
