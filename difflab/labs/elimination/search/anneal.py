"""Simulated annealing of an elimination order, a window at a time.

A random change of a short window (a vertex or a block moved, two vertices swapped, a vertex put beside a neighbour) is
replayed from the snapshot before it and accepted if it costs less, or with probability exp(−rise/T) (Kirkpatrick et al.
1983; for elimination Naumann & Gottschling 2003). The threshold is drawn first, so that a replay is given up as soon as
it is passed. Rounds of geometric cooling follow each other, each longer than the one before, from several starts.

The loop itself is in `moves` and `kernel`, compiled by numba on first use and then kept on disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import perf_counter

import numpy as np

from difflab.labs.elimination.counting.problem import Problem, total
from difflab.labs.elimination.search.found import Found, Report, Stop
from difflab.labs.elimination.search.greedy import PORTFOLIO
from difflab.labs.elimination.search.run import Run, warm_up

STARTS = ("reverse", "markowitz_last", "pre_elimination_reverse")
"""Greedy orders that rounds begin with where no start is given."""

ROUND = 100
"""Moves in the first round, for each vertex; every later round has half as many again."""


def anneal(
    problem: Problem,
    *,
    start: Sequence[int] | None = None,
    seconds: float | int = 5.0,
    seed: int = 0,
    report: Report | None = None,
    stop: Stop | None = None,
) -> Found:
    """Anneal an order for some seconds; the result is never dearer than `start`.

    Without `start` the rounds begin with greedy orders. The same seed tries the same moves; time only cuts them off.
    """
    warm_up()
    begun = perf_counter()
    starts = [tuple(start)] if start is not None else [PORTFOLIO[name](problem, seed) for name in STARTS]
    best = min((Found(order, total(problem, order), "anneal", 0.0, seed) for order in starts), key=lambda one: one.cost)
    if len(best.order) < 2:
        return best
    run = Run(problem, seed)
    try:
        for order in rounds(run, starts):
            now = perf_counter() - begun
            if order != best.order and (cost := total(problem, order)) < best.cost:
                best = Found(order, cost, "anneal", now, seed, run.moves)
                if report is not None:
                    report(best)
            if now >= seconds or (stop is not None and stop()):
                break
    except KeyboardInterrupt:
        pass
    return Found(best.order, best.cost, "anneal", perf_counter() - begun, seed, run.moves)


def rounds(run: Run, starts: Sequence[Sequence[int]]) -> Iterator[tuple[int, ...]]:
    """Anneal round after round without end; yield the best order so far every few hundredths of a second."""
    count, number = ROUND * len(starts[0]), 0
    while True:
        again = number >= len(starts) and number % 2
        run.begin(run.best if again else starts[number % len(starts)])
        hot, cold = temperatures(run)
        yield from run.cool(count, hot * 0.3 if again else hot, cold)
        count, number = count + count // 2, number + 1


def temperatures(run: Run) -> tuple[float, float]:
    """Where to begin and to end cooling, from what random changes add to the present order's cost."""
    rises = run.rises()
    if not len(rises):
        return 1.0, 0.1
    return float(np.quantile(rises, 0.25)), float(rises.min() / 8)
