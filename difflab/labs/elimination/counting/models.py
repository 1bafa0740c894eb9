"""What a figure counts: cost models as algebras on the labels of edges.

`all_edges` is the literature's: each product of two edges counts size(p) · size(v) · size(s), 1 between numbers, ±1 and
0 included. `nontrivial` counts the multiplications of the structured contraction that is executed; products with ±1,
Kronecker deltas, broadcasts, sums and transpositions are free. `flops` adds the additions to it, `bytes` counts what
each product and sum reads and writes instead. A user's own model is a function of two structures.

Fewer multiplications need not mean less time: XLA fuses. Every figure carries its model's name.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from difflab.core.algebra import join, product
from difflab.core.linear import LinearGraph
from difflab.core.structure import Structure
from difflab.labs.elimination.counting.problem import Algebra, Problem, Table
from difflab.labs.elimination.state import State

Cost = Callable[[Structure, Structure], float | int]
"""A user's cost of the product of two blocks: `left` leads on from where `right` arrives."""


@dataclass(frozen=True)
class AllEdges:
    """Every block dense: labels are (size of the end, size of the start)."""

    name: str = "all_edges"

    def multiply(self, left: tuple[int, int], right: tuple[int, int]) -> tuple[Hashable, float | int]:
        """size(p) · size(v) · size(s)."""
        return (left[0], right[1]), left[0] * left[1] * right[1]

    def add(self, old: Hashable, new: Hashable) -> tuple[Hashable, float | int]:
        """Additions are not counted."""
        return old, 0


@dataclass(frozen=True)
class Structured:
    """Labels are structures; `cost` prices a product, `addition` a sum of parallel edges."""

    name: str
    cost: Cost
    addition: Cost

    def multiply(self, left: Structure, right: Structure) -> tuple[Hashable, float | int]:
        """The planned contraction and its price."""
        return product(left, right).structure, self.cost(left, right)

    def add(self, old: Structure, new: Structure) -> tuple[Hashable, float | int]:
        """The least structure that holds both."""
        return join(old, new).structure, self.addition(old, new)


def multiplications(left: Structure, right: Structure) -> float | int:
    """Multiplications of one contraction."""
    return product(left, right).cost


def flops(left: Structure, right: Structure) -> float | int:
    """Multiplications and additions of one contraction."""
    plan = product(left, right)
    return plan.cost + max(plan.cost - plan.structure.stored, 0)


def traffic(left: Structure, right: Structure) -> float | int:
    """Numbers read and written by one contraction, times four bytes; nothing where no array is touched."""
    plan = product(left, right)
    return 4 * (left.stored + right.stored + plan.structure.stored) if plan.cost else 0


def sum_flops(old: Structure, new: Structure) -> float | int:
    """Additions of one sum of blocks."""
    return join(old, new).structure.stored


def sum_traffic(old: Structure, new: Structure) -> float | int:
    """Bytes read and written by one sum of blocks."""
    return 4 * (old.stored + new.stored + join(old, new).structure.stored)


def free(old: Structure, new: Structure) -> float | int:
    """No additions are counted."""
    return 0


MODELS: Mapping[str, Algebra] = {
    "all_edges": AllEdges(),
    "nontrivial": Structured("nontrivial", multiplications, free),
    "flops": Structured("flops", flops, sum_flops),
    "bytes": Structured("bytes", traffic, sum_traffic),
}
"""The named models whose cost is a sum over products and sums of edges."""


def problem(graph: LinearGraph, cost: str | Cost = "nontrivial") -> Problem:
    """The game on a linearised graph under a cost model: a name of `MODELS`, or a function of two structures.

    Raises ValueError for a name that there is not.
    """
    return problem_at(State(graph), cost)


def problem_at(state: State, cost: str | Cost = "nontrivial", kept: Iterable[int] = ()) -> Problem:
    """The game that is left at a position; vertices in `kept` stay, neither inputs nor outputs, and are not eliminated.

    `Problem.ids` are the value ids of the graph, so an order is carried over by them.
    """
    algebra, graph, stay = _algebra(cost), state.graph, set(kept)
    table = Table(algebra)
    alive = [n for n, vertex in enumerate(graph.vertices) if vertex.role != "intermediate" or n in state.remaining]
    number = {n: k for k, n in enumerate(alive)}
    roles = {role: tuple(number[n] for n in alive if graph.vertices[n].role == role) for role in ("input", "output")}
    edges = {
        (number[u], number[v]): table.number(_label(graph, (u, v), block, algebra)) for u, v, block in state.arcs()
    }
    return Problem(
        graph.name, tuple(graph.vertices[n].id for n in alive), tuple(graph.sizes[n] for n in alive),
        roles["input"], roles["output"],
        tuple(number[n] for n in sorted(state.remaining) if n not in stay), edges, table,
    )  # fmt: skip


def _algebra(cost: str | Cost) -> Algebra:
    if not isinstance(cost, str):
        return Structured(getattr(cost, "__name__", "own"), cost, free)
    if cost not in MODELS:
        raise ValueError(
            f"there is no cost model named {cost!r}; choose one of {', '.join(MODELS)}, alphagrad (from the start on, "
            "every vertex free), or give a function of the two structures of a product"
        )
    return MODELS[cost]


def _label(graph: LinearGraph, edge: tuple[int, int], block: Structure, algebra: Algebra) -> Any:
    return (graph.sizes[edge[1]], graph.sizes[edge[0]]) if isinstance(algebra, AllEdges) else block
