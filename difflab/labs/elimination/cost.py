"""What a figure counts: two models of the multiplications of an elimination, named wherever one is shown.

**structured** (of the kind `nontrivial`): for each product of two blocks the multiplications that its contraction
performs, the product of the sizes of all labels on the two value arrays (see `difflab.core.algebra`). Products with ±1,
Kronecker deltas, broadcasts, sums and transpositions are free. This is what is executed. Selections (slice, gather,
pad, concatenate) are blocks of zeros and ones along the axes on which they act, and count as such.

**all edges, dense** (`scalar`): Σ_p Σ_s size(p) · size(v) · size(s) over predecessors p and successors s of the
eliminated vertex v: every block is dense and every entry counts, ±1 and 0 included. Between numbers it is the
literature's |predecessors| · |successors|; between tensors it is the count after each vertex has been exploded into
numbers of which all are joined to all.

Additions and the local partials themselves count in neither. Fewer multiplications need not mean less time: XLA fuses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from difflab.core.linear import LinearGraph
from difflab.labs.elimination.orders import ORDERS
from difflab.labs.elimination.state import State, Step

STRUCTURED = "structured multiplications"
ALL_EDGES = "multiplications, all edges dense"


@dataclass(frozen=True)
class Counts:
    """Multiplications so far in both models (`cost` structured, `scalar_cost` all edges), and edges now."""

    cost: int
    scalar_cost: int
    edges: int

    def __str__(self) -> str:
        return f"{self.cost} {STRUCTURED}; {self.scalar_cost} {ALL_EDGES}; {self.edges} edges"


@dataclass(frozen=True)
class Baseline:
    """A named order of the whole graph and what it costs in both models; `order` holds value ids."""

    name: str
    cost: int
    scalar_cost: int
    order: tuple[str, ...]


def replay(state: State, order: Iterable[int]) -> list[Step]:
    """Eliminate vertices one after the other, in place; return what each step did."""
    return [state.eliminate(vertex) for vertex in order]


def baseline(graph: LinearGraph, name: str) -> Baseline:
    """A named order of the whole graph, counted."""
    state = State(graph)
    order = ORDERS[name](state)
    steps = replay(state, order)
    ids = tuple(graph.vertices[vertex].id for vertex in order)
    return Baseline(name, sum(s.cost for s in steps), sum(s.scalar_cost for s in steps), ids)


@lru_cache(maxsize=64)
def baselines(graph: LinearGraph) -> tuple[Baseline, ...]:
    """All named orders of a graph, counted."""
    return tuple(baseline(graph, name) for name in ORDERS)


def best_name(graph: LinearGraph) -> str:
    """The name of the cheapest of them in the structured model."""
    return cheapest(baselines(graph)).name


def cheapest(found: Iterable[Baseline]) -> Baseline:
    """The cheapest in the structured model; ties by the other model, then by position."""
    return min(found, key=lambda one: (one.cost, one.scalar_cost))
