"""Elimination orders by rule, in milliseconds: the start of every search, and often near its end.

The degree of a vertex is what its elimination would cost now, under the problem's own model; between numbers that is
|predecessors| · |successors|. The rules: forward and reverse; Markowitz 1957, the smallest degree first, where ties
matter; the smallest rise of the degree since the beginning, the smallest fill-in, and the smallest degree together with
the least damage, which is what the neighbours' degrees gain (Albrecht, Gottschling & Naumann 2003); and to eliminate
first, against evaluation order, what is used once, and the rest in reverse or forward (Forth, Tadjouddine, Pryce & Reid
2004). Degrees are kept up to date edge by changed edge, so 10⁵ vertices take seconds.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Iterator, Mapping

from difflab.labs.elimination.counting.problem import Problem

Order = tuple[int, ...]

HUB = 64
"""A vertex with more neighbours than this does not make them look again at their fill-in."""

Key = tuple[float | int, ...]
"""What a rule orders vertices by: the smallest goes first."""


class Field:
    """A problem in the middle of an elimination that knows the degree of each vertex, its present cost."""

    def __init__(self, problem: Problem) -> None:
        self.remaining = set(problem.intermediates)
        self.before: list[dict[int, int]] = [{} for _ in range(problem.count)]
        self.after: list[dict[int, int]] = [{} for _ in range(problem.count)]
        for (u, v), label in problem.edges.items():
            self.before[v][u] = self.after[u][v] = label
        self.products, self.sums = _Known(problem.table.product), _Known(problem.table.sum)
        self.unit = unit(problem)
        self.degree: dict[int, float | int] = {
            v: sum([self.entering(v, right) for right in self.before[v].values()]) for v in problem.intermediates
        }

    def entering(self, v: int, right: int) -> float | int:
        """What an edge into v adds to the degree of v."""
        if self.unit is not None:
            return self.unit * len(self.after[v])
        products = self.products
        return sum([products[left, right][1] for left in self.after[v].values()])

    def leaving(self, v: int, left: int) -> float | int:
        """What an edge out of v adds to the degree of v."""
        if self.unit is not None:
            return self.unit * len(self.before[v])
        products = self.products
        return sum([products[left, right][1] for right in self.before[v].values()])

    def gains(self, v: int) -> Iterator[tuple[int, float | int]]:
        """What eliminating v adds to the degrees of its neighbours, in parts."""
        remaining = self.remaining
        for p, right in self.before[v].items():
            if p in remaining:
                yield p, -self.leaving(p, right)
        for s, left in self.after[v].items():
            if s in remaining:
                yield s, -self.entering(s, left)
        for p, s, old, new in self.filled(v):
            if p in remaining:
                yield p, self.leaving(p, new) - (0 if old is None else self.leaving(p, old))
            if s in remaining:
                yield s, self.entering(s, new) - (0 if old is None else self.entering(s, old))

    def filled(self, v: int) -> Iterator[tuple[int, int, int | None, int]]:
        """The edges p → s that eliminating v makes or changes, each with its label now and then."""
        after, products, sums = self.after[v].items(), self.products, self.sums
        for p, right in self.before[v].items():
            row = self.after[p]
            for s, left in after:
                old, new = row.get(s), products[left, right][0]
                if old is not None:
                    new = sums[old, new][0]
                if new != old:
                    yield p, s, old, new

    def damage(self, v: int) -> float | int:
        """What eliminating v adds to all degrees together."""
        return sum([gain for _, gain in self.gains(v)])

    def fill(self, v: int) -> int:
        """How many edges eliminating v would make that are not there."""
        after = self.after[v].keys()
        return sum([len(after - self.after[p].keys()) for p in self.before[v]])

    def neighbours(self, v: int) -> Iterable[int]:
        """The vertices whose degree eliminating v changes."""
        return (*self.before[v], *self.after[v])

    def surroundings(self, v: int) -> Iterable[int]:
        """The vertices whose fill-in or damage eliminating v may change; those beyond a hub are left out."""
        rows = [self.after[s] for s in self.after[v]]
        rows += [row for p in self.before[v] for row in (self.before[p], self.after[p])]
        return {*self.neighbours(v)}.union(*(row for row in rows if len(row) <= HUB))

    def eliminate(self, v: int) -> None:
        """Eliminate a vertex and bring all degrees up to date."""
        before, after = self.before[v], self.after[v]
        for u, gain in self.gains(v):
            self.degree[u] += gain
        for p, s, _, new in list(self.filled(v)):
            self.after[p][s] = self.before[s][p] = new
        for p in before:
            del self.after[p][v]
        for s in after:
            del self.before[s][v]
        self.before[v], self.after[v] = {}, {}
        self.remaining.discard(v)


class _Known(dict[tuple[int, int], tuple[int, float]]):
    """Products or sums of labels met so far; a dictionary is quicker to read than an array, one entry at a time."""

    def __init__(self, find: Callable[[int, int], tuple[int, float]]) -> None:
        self.find = find

    def __missing__(self, pair: tuple[int, int]) -> tuple[int, float]:
        found = self[pair] = self.find(*pair)
        return found


def unit(problem: Problem) -> float | None:
    """The cost of every product, where there is one label, closed under product and sum, and sums are free."""
    table = problem.table
    if {*problem.edges.values()} != {0} or table.product(0, 0)[0] != 0 or table.sum(0, 0) != (0, 0.0):
        return None
    return table.product(0, 0)[1]


def smallest_first(
    problem: Problem,
    key: Callable[[Field, int], Key],
    changed: Callable[[Field, int], Iterable[int]] = Field.neighbours,
) -> Order:
    """Always eliminate the vertex whose key is smallest; `changed` names those whose key an elimination may change."""
    field = Field(problem)
    keys = {v: key(field, v) for v in problem.intermediates}
    heap = [(found, v) for v, found in keys.items()]
    heapq.heapify(heap)
    order: list[int] = []
    while heap:
        found, v = heapq.heappop(heap)
        if v not in field.remaining or keys[v] != found:
            continue
        order.append(v)
        near = changed(field, v)
        field.eliminate(v)
        for u in field.remaining.intersection(near):
            new = key(field, u)
            if new != keys[u]:
                keys[u] = new
                heapq.heappush(heap, (new, u))
    return tuple(order)


def forward(problem: Problem, seed: int = 0) -> Order:
    """In evaluation order: the vector forward mode."""
    return tuple(sorted(problem.intermediates))


def reverse(problem: Problem, seed: int = 0) -> Order:
    """Against evaluation order: the vector reverse mode."""
    return tuple(sorted(problem.intermediates, reverse=True))


def markowitz_first(problem: Problem, seed: int = 0) -> Order:
    """The smallest degree, ties to the first in evaluation order: the literature's baseline."""
    return smallest_first(problem, lambda field, v: (field.degree[v], v))


def markowitz_last(problem: Problem, seed: int = 0) -> Order:
    """The smallest degree, ties to the last in evaluation order."""
    return smallest_first(problem, lambda field, v: (field.degree[v], -v))


def markowitz_random(problem: Problem, seed: int = 0) -> Order:
    """The smallest degree, ties at random."""
    chance = random.Random(seed)
    return smallest_first(problem, lambda field, v: (field.degree[v], chance.random()))


def lowest_relative(problem: Problem, seed: int = 0) -> Order:
    """The smallest rise of the degree since the beginning, ties to the first."""
    initial = Field(problem).degree
    return smallest_first(problem, lambda field, v: (field.degree[v] - initial[v], v))


def minimum_fill(problem: Problem, seed: int = 0) -> Order:
    """The fewest new edges, ties to the smallest degree, then to the last."""
    return smallest_first(problem, lambda field, v: (field.fill(v), field.degree[v], -v), Field.surroundings)


def least_damage(problem: Problem, seed: int = 0) -> Order:
    """The smallest sum of the degree and of what the other degrees gain, ties to the last."""
    return smallest_first(problem, lambda field, v: (field.degree[v] + field.damage(v), -v), Field.surroundings)


def pre_elimination_reverse(problem: Problem, seed: int = 0) -> Order:
    """What is used once, against evaluation order; then the rest, against evaluation order."""
    return _pre_elimination(problem, -1)


def pre_elimination_forward(problem: Problem, seed: int = 0) -> Order:
    """What is used once, against evaluation order; then the rest, in evaluation order."""
    return _pre_elimination(problem, 1)


PORTFOLIO: Mapping[str, Callable[[Problem, int], Order]] = {
    "forward": forward,
    "reverse": reverse,
    "markowitz_first": markowitz_first,
    "markowitz_last": markowitz_last,
    "markowitz_random": markowitz_random,
    "lowest_relative": lowest_relative,
    "minimum_fill": minimum_fill,
    "least_damage": least_damage,
    "pre_elimination_reverse": pre_elimination_reverse,
    "pre_elimination_forward": pre_elimination_forward,
}
"""The rules by name; each takes a problem and a seed."""


def _pre_elimination(problem: Problem, sign: int) -> Order:
    field = Field(problem)
    once: list[int] = []
    for v in reverse(problem):
        if len(field.after[v]) == 1:
            field.eliminate(v)
            once.append(v)
    return (*once, *sorted(field.remaining, key=lambda v: sign * v))
