"""Block-wise search for orders of 10⁴ to 10⁵ vertices: anneal a piece of the order at a time, at its true cost.

Two vertices may change places in an order without any change of cost when neither is a neighbour of the other at that
time. So an order stands for a partial order, and is written down anew such that what belongs together is together: a
depth-first order of the partial order, as elimination trees are post-ordered (Liu 1990). It is then cut into chunks of
consecutive vertices. A chunk with its neighbours at that moment is a small problem of its own: what its products cost
is what they cost in the whole, and the edges it leaves are the same for every order of it. It is annealed; the cheaper
order is taken over and the next chunk begins where this one ends. No array is larger than a chunk.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from time import perf_counter

from difflab.labs.elimination.counting.problem import Play, Problem, total
from difflab.labs.elimination.search.anneal import temperatures
from difflab.labs.elimination.search.found import Found, Report, Stop
from difflab.labs.elimination.search.greedy import PORTFOLIO
from difflab.labs.elimination.search.run import Run, warm_up

CHUNK = 120
"""Vertices in a chunk."""

WIDEST = 1000
"""A chunk with more neighbours than this is cut in half; a single vertex is left as it is."""

MOVES = 40
"""Moves for each vertex of a chunk in the first pass; every later pass has twice as many."""

STARTS = ("markowitz_last", "pre_elimination_reverse", "reverse")
"""Greedy orders of which the cheapest is improved where no start is given."""

TELL = 0.5
"""Seconds between two reports: an order of 10⁵ vertices is not written down at every step."""


def chunks(
    problem: Problem,
    *,
    start: Sequence[int] | None = None,
    seconds: float | int = 5.0,
    seed: int = 0,
    report: Report | None = None,
    stop: Stop | None = None,
) -> Found:
    """Improve `start` (default: the cheapest of three greedy orders) chunk by chunk; never dearer than it."""
    warm_up()
    begun = perf_counter()
    starts = [tuple(start)] if start is not None else [PORTFOLIO[name](problem, seed) for name in STARTS]
    best = min((Found(order, total(problem, order), "chunks", 0.0, seed) for order in starts), key=lambda one: one.cost)
    walk, told = Walk(problem, best.order, seed), begun
    try:
        while True:
            walk.step()
            now = perf_counter()
            over = now - begun >= seconds or (stop is not None and stop())
            if over or now - told >= TELL:
                best, told = _told(problem, walk, best, now - begun, report), now
            if over:
                break
    except KeyboardInterrupt:
        best = _told(problem, walk, best, perf_counter() - begun, report)
    return Found(best.order, best.cost, "chunks", perf_counter() - begun, seed, walk.moves)


def _told(problem: Problem, walk: Walk, best: Found, seconds: float, report: Report | None) -> Found:
    """The order so far, counted anew and reported, if it is better than the best."""
    if not walk.gained:
        return best
    walk.gained, order = False, walk.order
    found = Found(order, total(problem, order), "chunks", seconds, best.seed, walk.moves)
    if found.cost >= best.cost:
        return best
    if report is not None:
        report(found)
    return found


class Walk:
    """Pass after pass over an order, chunk after chunk; `order` is whole, and no dearer, after each step.

    Every step anneals one chunk. Each pass groups the order anew and tries more moves than the one before.
    """

    def __init__(self, problem: Problem, order: Sequence[int], seed: int) -> None:
        self.problem, self.chance = problem, random.Random(seed)
        self.gained, self.moves, self.effort = False, 0, MOVES // 2
        self.done: list[int] = list(order)
        self.rest: Sequence[int] = order
        self.play, self.at = Play(problem), len(order)

    @property
    def order(self) -> tuple[int, ...]:
        """The order as it is now: what this pass has been through, and what it has yet to reach."""
        return (*self.done, *self.rest[self.at :])

    def step(self) -> None:
        """Anneal the next chunk."""
        size = CHUNK
        if self.at >= len(self.rest):
            self.rest = grouped(self.problem, self.order, self.chance)
            self.play, self.done, self.at, self.effort = Play(self.problem), [], 0, 2 * self.effort
            size = self.chance.randint(CHUNK // 2, CHUNK)
        chunk = self.rest[self.at : self.at + size]
        while len(chunk) > 1 and len(_around(self.play, chunk)) > WIDEST:
            chunk = chunk[: len(chunk) // 2]
        better = self.annealed(chunk)
        self.gained |= better != chunk
        for v in better:
            self.play.eliminate(v)
        self.done += better
        self.at += len(chunk)

    def annealed(self, chunk: Sequence[int]) -> Sequence[int]:
        """A cheaper order of the chunk that leaves the same edges, or the same order."""
        if len(chunk) < 2:
            return chunk
        small, numbers = piece(self.play, chunk)
        number = {v: k for k, v in enumerate(numbers)}
        old = tuple(number[v] for v in chunk)
        run = Run(small, self.chance.getrandbits(60))
        run.begin(old)
        for _ in run.cool(self.effort * len(chunk), *temperatures(run)):
            pass
        self.moves += run.moves
        new = run.best
        cheaper = new != old and total(small, new) < total(small, old)
        return [numbers[k] for k in new] if cheaper and _left(small, new) == _left(small, old) else chunk


def piece(play: Play, chunk: Sequence[int]) -> tuple[Problem, list[int]]:
    """What is left of the graph around a chunk as a problem of its own, and the numbers its vertices have in the whole.

    The neighbours stand among its outputs, whether or not edges leave them: they are not eliminated.
    """
    numbers = sorted({*_around(play, chunk), *chunk})
    number = {v: k for k, v in enumerate(numbers)}
    edges: dict[tuple[int, int], int] = {}
    for u, k in number.items():
        row = play.after[u]
        ends = row if len(row) < len(number) else number
        edges |= {(k, number[v]): row[v] for v in ends if v in row and v in number}
    inside = {number[v] for v in chunk}
    whole = play.problem
    small = Problem(
        whole.name, tuple(whole.ids[v] for v in numbers), tuple(whole.sizes[v] for v in numbers), (),
        tuple(k for k in range(len(numbers)) if k not in inside), tuple(sorted(inside)), edges, whole.table,
    )  # fmt: skip
    return small, numbers


def grouped(problem: Problem, order: Sequence[int], chance: random.Random) -> list[int]:
    """An order of the same cost in which vertices that are neighbours when one of them goes stand close together.

    Depth first, from the vertex that goes last: what must go before it, each with what must go before that. Where the
    edges depend on more than the set of what is eliminated, the cost may rise; then the order is left as it is.
    """
    play = Play(problem)
    earlier: dict[int, list[int]] = {v: [] for v in order}
    cost: float | int = 0
    for v in order:
        for near in {*play.before[v], *play.after[v]}:
            if near in earlier:
                earlier[near].append(v)
        cost += play.eliminate(v)
    found: dict[int, None] = {}
    for root in reversed(order):
        waiting = [root]
        while waiting:
            v = waiting[-1]
            if v in found:
                waiting.pop()
                continue
            before = [u for u in earlier[v] if u not in found]
            if not before:
                found[waiting.pop()] = None
                continue
            chance.shuffle(before)
            earlier[v] = before
            waiting += before
    new = list(found)
    return new if total(problem, new) <= cost else list(order)


def _around(play: Play, chunk: Sequence[int]) -> set[int]:
    """The neighbours that the vertices of a chunk have now."""
    return {u for v in chunk for row in (play.before[v], play.after[v]) for u in row}


def _left(problem: Problem, order: Sequence[int]) -> list[dict[int, int]]:
    """The edges, with labels, that an order leaves."""
    play = Play(problem)
    for v in order:
        play.eliminate(v)
    return play.after
