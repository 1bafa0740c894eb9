"""A linearised graph in the middle of an elimination.

Eliminating v joins every predecessor p to every successor s: the product c_sv · c_vp is added to the edge p → s, and v
goes (Griewank & Reese, "On the calculation of Jacobian matrices by the Markowitz rule", 1991). It is a Schur complement
of the extended Jacobian. Which edges exist afterwards depends on the *set* of eliminated vertices, not on the order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from difflab.core.algebra import join, product
from difflab.core.linear import LinearGraph
from difflab.core.structure import Structure

Arc = tuple[int, int, Structure]


@dataclass(frozen=True)
class Step:
    """One elimination: multiplications in both models (see `cost.py`), new edges, dropped edges, edges added to.

    `merged` pairs each edge that was added to with its structure before.
    """

    vertex: int
    cost: int
    scalar_cost: int
    added: tuple[Arc, ...]
    removed: tuple[Arc, ...]
    merged: tuple[tuple[Arc, Structure], ...]


class State:
    """Edges by vertex: `before[v]` and `after[v]` map neighbours to structures. `eliminate` changes it in place."""

    def __init__(self, graph: LinearGraph) -> None:
        self.graph = graph
        self.before: list[dict[int, Structure]] = [{} for _ in graph.vertices]
        self.after: list[dict[int, Structure]] = [{} for _ in graph.vertices]
        self.remaining: dict[int, None] = dict.fromkeys(graph.intermediates)
        for (u, v), block in graph.edges.items():
            self.before[v][u] = self.after[u][v] = block

    def copy(self) -> State:
        """An independent copy."""
        other = State.__new__(State)
        other.graph = self.graph
        other.before = [dict(found) for found in self.before]
        other.after = [dict(found) for found in self.after]
        other.remaining = dict(self.remaining)
        return other

    @property
    def edges(self) -> int:
        """Number of edges now."""
        return sum(map(len, self.before))

    def arcs(self) -> Iterable[Arc]:
        """All edges now, as (from, to, structure)."""
        return ((u, v, block) for v, found in enumerate(self.before) for u, block in found.items())

    def cost(self, vertex: int) -> int:
        """Multiplications of eliminating a vertex now, in the structured model."""
        after = self.after[vertex].values()
        return sum(product(left, right).cost for right in self.before[vertex].values() for left in after)

    def scalar_cost(self, vertex: int) -> int:
        """Multiplications of eliminating a vertex now, all blocks dense."""
        size = self.graph.sizes
        return size[vertex] * sum(size[p] for p in self.before[vertex]) * sum(size[s] for s in self.after[vertex])

    def fill(self, vertex: int) -> int:
        """Number of edges that eliminating a vertex now would create."""
        return sum(s not in self.after[p] for p in self.before[vertex] for s in self.after[vertex])

    def eliminate(self, vertex: int) -> Step:
        """Eliminate a vertex."""
        added: list[Arc] = []
        merged: list[tuple[Arc, Structure]] = []
        cost, scalar_cost = 0, self.scalar_cost(vertex)
        before, after = self.before[vertex], self.after[vertex]
        for p, right in before.items():
            for s, left in after.items():
                plan = product(left, right)
                cost += plan.cost
                old = self.before[s].get(p)
                new = plan.structure if old is None else join(old, plan.structure).structure
                self.before[s][p] = self.after[p][s] = new
                if old is None:
                    added.append((p, s, new))
                else:
                    merged.append(((p, s, new), old))
        removed = [(p, vertex, block) for p, block in before.items()] + [
            (vertex, s, block) for s, block in after.items()
        ]
        for p in before:
            del self.after[p][vertex]
        for s in after:
            del self.before[s][vertex]
        self.before[vertex], self.after[vertex] = {}, {}
        del self.remaining[vertex]
        return Step(vertex, cost, scalar_cost, tuple(added), tuple(removed), tuple(merged))
