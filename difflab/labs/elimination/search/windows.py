"""Exact reordering of short windows: no w consecutive vertices of what comes out can be ordered more cheaply.

A window of w vertices has 2ʷ sets and w! orders; dynamic programming over the sets finds the cheapest order (Held &
Karp 1962), given that the graph after a set of eliminations does not depend on their order. Windows slide along the
order until none improves, short ones first. A reordering is replayed before it is believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import perf_counter

import numpy as np

from difflab.labs.elimination.counting.problem import Problem, total
from difflab.labs.elimination.search.found import Found, Report, Stop
from difflab.labs.elimination.search.greedy import PORTFOLIO
from difflab.labs.elimination.search.run import Run, loaded, warm_up

WIDTHS = (6, 8, 10, 12)
"""Lengths of the windows, one after the other; two more cost about four times the time."""


def windows(
    problem: Problem,
    *,
    start: Sequence[int] | None = None,
    seconds: float | int = 5.0,
    seed: int = 0,
    report: Report | None = None,
    stop: Stop | None = None,
) -> Found:
    """Reorder windows of `start` (default: the cheapest greedy order) until none improves or the time is over.

    Nothing is random: `seed` is only handed on.
    """
    warm_up()
    begun = perf_counter()
    starts = [tuple(start)] if start is not None else [rule(problem, seed) for rule in PORTFOLIO.values()]
    best = min((Found(order, total(problem, order), "windows", 0.0, seed) for order in starts), key=lambda f: f.cost)
    if len(best.order) < 2:
        return best
    run, tried = Run(problem, seed, spare=max(WIDTHS) + 1), 0
    try:
        run.begin(best.order)
        for tried, better in enumerate(slide(run), 1):
            now = perf_counter() - begun
            if better and (cost := total(problem, run.best)) < best.cost:
                best = Found(run.best, cost, "windows", now, seed, tried)
                if report is not None:
                    report(best)
            if now >= seconds or (stop is not None and stop()):
                break
    except KeyboardInterrupt:
        pass
    return Found(best.order, best.cost, "windows", perf_counter() - begun, seed, tried)


def slide(run: Run, widths: Sequence[int] = WIDTHS) -> Iterator[bool]:
    """Reorder window after window, each width until none improves; yield whether the last one did."""
    improve, m = loaded("subsets").improve, len(run.board.order)
    for width in dict.fromkeys(min(width, m) for width in widths):
        prices, least = np.zeros((2**width, width)), np.zeros(2**width)
        quiet, first = 0, 0
        places = range(m - width + 1)
        while quiet < len(places):
            better = run.call(improve, first, width, prices, least) == run.kernel.GOOD
            quiet = 0 if better else quiet + 1
            first = (first + 1) % len(places)
            yield better
