"""The elimination game as numbers: what every search, bound and exact method plays on.

A `Problem` is pure data: vertices in evaluation order, edges with a label, and an *algebra* that says what the product
and the sum of two labels are and what each costs. The label is whatever the cost model needs to know of an edge: the
sizes of its ends where every block is dense, a `Structure` for what is executed. Eliminating v replaces, for
each predecessor p and successor s, the edge p → s by `add(old, multiply(v → s, p → v))` (Griewank & Reese 1991).

Labels are interned: `Table` numbers them and keeps the results of both operations in arrays, filled when first needed,
so that compiled loops can play without a call back to Python.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np

from difflab.core.errors import DifflabError

UNKNOWN = -1
"""In the arrays of a `Table`: this pair of labels has not met yet."""

LIMIT = 4096
"""Labels for which a `Table` keeps arrays (24 bytes a pair); what lies beyond is kept pair by pair."""


class TableFull(DifflabError):
    """More labels than the compiled loops hold."""


@runtime_checkable
class Algebra(Protocol):
    """What a cost model knows of edges. Both operations are pure; costs are not negative."""

    @property
    def name(self) -> str:
        """The model's name, shown beside every figure."""
        ...

    def multiply(self, left: Any, right: Any) -> tuple[Hashable, float | int]:
        """The label of `left @ right`, where `left` leads on from where `right` arrives, and what it costs."""
        ...

    def add(self, old: Any, new: Any) -> tuple[Hashable, float | int]:
        """The label of the sum of two parallel edges, and what adding them costs (0 in most models)."""
        ...


@dataclass(eq=False)
class Table:
    """Numbered labels of one algebra; `product_to[a, b]`, `product_cost[a, b]`, `sum_to[a, b]`, `sum_cost[a, b]`.

    `a` is the left factor, the edge that leaves the eliminated vertex. Unknown entries hold `UNKNOWN` until `fill`.
    """

    algebra: Algebra
    labels: list[Hashable] = field(default_factory=list[Hashable])
    numbers: dict[Hashable, int] = field(default_factory=dict[Hashable, int], repr=False)
    more: dict[tuple[str, int, int], tuple[int, float]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.product_to, self.sum_to = (np.full((8, 8), UNKNOWN, np.int32) for _ in range(2))
        self.product_cost, self.sum_cost = (np.zeros((8, 8)) for _ in range(2))

    def number(self, label: Hashable) -> int:
        """The number of a label, a new one if it has not been seen."""
        found = self.numbers.get(label)
        if found is None:
            found = self.numbers[label] = len(self.labels)
            self.labels.append(label)
            if len(self.product_to) <= found < LIMIT:
                self._grow(2 * len(self.product_to))
        return found

    def fill(self, left: int, right: int) -> None:
        """Work out the product of two labels for the arrays. Raises TableFull if they have no room for it."""
        self.product(left, right)
        self._require_room(self.product_to, left, right)

    def fill_sum(self, old: int, new: int) -> None:
        """Work out the sum of two labels for the arrays. Raises TableFull if they have no room for it."""
        self.sum(old, new)
        self._require_room(self.sum_to, old, new)

    def product(self, left: int, right: int) -> tuple[int, float]:
        """The number of the product's label, and its cost."""
        return self._found("product", self.algebra.multiply, left, right)

    def sum(self, old: int, new: int) -> tuple[int, float]:
        """The number of the sum's label, and its cost."""
        return self._found("sum", self.algebra.add, old, new)

    def _found(self, name: str, operation: Any, a: int, b: int) -> tuple[int, float]:
        to, costs = getattr(self, f"{name}_to"), getattr(self, f"{name}_cost")
        if max(a, b) < len(to) and to[a, b] != UNKNOWN:
            return int(to[a, b]), float(costs[a, b])
        if (name, a, b) not in self.more:
            label, cost = operation(self.labels[a], self.labels[b])
            number = self.number(label)
            to, costs = getattr(self, f"{name}_to"), getattr(self, f"{name}_cost")
            if max(a, b, number) >= len(to):
                self.more[name, a, b] = number, float(cost)
                return number, float(cost)
            to[a, b], costs[a, b] = number, cost
            return number, float(cost)
        return self.more[name, a, b]

    def _require_room(self, to: Any, a: int, b: int) -> None:
        if max(a, b) >= len(to) or to[a, b] == UNKNOWN:
            raise TableFull(
                f"{len(self.labels):,} different kinds of edges are more than the compiled loops hold ({LIMIT:,}); "
                "greedy rules go on without them; a model with fewer kinds, such as cost='all_edges', has no such limit"
            )

    def _grow(self, size: int) -> None:
        for name, empty in (("product_to", UNKNOWN), ("sum_to", UNKNOWN), ("product_cost", 0), ("sum_cost", 0)):
            old = getattr(self, name)
            new = np.full((size, size), empty, old.dtype)
            new[: len(old), : len(old)] = old
            setattr(self, name, new)


@dataclass(frozen=True, eq=False)
class Problem:
    """Vertices 0 … n−1 in evaluation order; `edges` maps (from, to) to a label number of `table`.

    Inputs have no predecessors, outputs no successors (an output that is read on has a copy as its sink), and every
    vertex lies on a path from an input to an output. Everything else is an intermediate, and is eliminated once.
    """

    name: str
    ids: tuple[str, ...]
    sizes: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    intermediates: tuple[int, ...]
    edges: dict[tuple[int, int], int]
    table: Table = field(repr=False)

    def __post_init__(self) -> None:
        ends = {*self.inputs, *self.outputs}
        assert all(u < v for u, v in self.edges), "edges follow evaluation order; please report this"
        assert not ends & set(self.intermediates), "inputs and outputs are not eliminated; please report this"

    @property
    def model(self) -> str:
        """The name of the cost model."""
        return self.table.algebra.name

    @property
    def count(self) -> int:
        """Number of vertices."""
        return len(self.ids)

    @cached_property
    def fingerprint(self) -> str:
        """A text that two problems share if and (but for chance) only if graph, sizes, labels and model agree."""
        labels = [self.table.labels[label] for _, label in sorted(self.edges.items())]
        text = repr((self.model, self.sizes, self.inputs, self.outputs, sorted(self.edges), labels))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Play:
    """A problem in the middle of an elimination, in plain dictionaries: for graphs of any size.

    `before[v]` and `after[v]` map neighbours to label numbers; `remaining` holds what is still to eliminate.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem, self.table = problem, problem.table
        self.before: list[dict[int, int]] = [{} for _ in range(problem.count)]
        self.after: list[dict[int, int]] = [{} for _ in range(problem.count)]
        self.remaining: dict[int, None] = dict.fromkeys(problem.intermediates)
        for (u, v), label in problem.edges.items():
            self.before[v][u] = self.after[u][v] = label

    def cost(self, vertex: int) -> float | int:
        """What the products of eliminating a vertex now would cost; additions are not counted ahead."""
        return sum(
            self.table.product(left, right)[1]
            for right in self.before[vertex].values()
            for left in self.after[vertex].values()
        )

    def eliminate(self, vertex: int) -> float:
        """Eliminate a vertex; return what it costs, additions included where the model counts them."""
        total = 0.0
        before, after = self.before[vertex], self.after[vertex]
        for p, right in before.items():
            row = self.after[p]
            for s, left in after.items():
                new, cost = self.table.product(left, right)
                total += cost
                old = row.get(s)
                if old is not None:
                    new, cost = self.table.sum(old, new)
                    total += cost
                row[s] = self.before[s][p] = new
            del row[vertex]
        for s in after:
            del self.before[s][vertex]
        self.before[vertex], self.after[vertex] = {}, {}
        del self.remaining[vertex]
        return total


def costs(problem: Problem, order: Sequence[int]) -> Iterator[float]:
    """What each step of an order costs. The order must hold every intermediate once to give the whole."""
    play = Play(problem)
    return (play.eliminate(vertex) for vertex in order)


def total(problem: Problem, order: Sequence[int]) -> float | int:
    """What a whole order costs. Raises ValueError where it misses, repeats or invents a vertex."""
    if sorted(order) != sorted(problem.intermediates):
        raise ValueError(
            f"an order of {problem.name} names each of its {len(problem.intermediates)} intermediates once; this one "
            f"has {len(order)} names, {len(set(order) & set(problem.intermediates))} of them right"
        )
    return sum(costs(problem, order))
