"""Orders that need no search: forward, reverse, and Markowitz's rule.

Markowitz (Management Science 3, 1957; for Jacobians Griewank & Reese 1991): always eliminate the vertex that is
cheapest now. The degree is the structured count, which between numbers is |predecessors| · |successors|. Ties go to the
first or to the last vertex in evaluation order; the literature's baseline takes the first, the last is often much
better (Albrecht, Gottschling & Naumann 2003 on the weight of ties).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping

from difflab.core.algebra import product
from difflab.core.structure import Structure
from difflab.labs.elimination.state import State, Step


def forward(state: State) -> tuple[int, ...]:
    """The remaining vertices in evaluation order: the vector forward mode."""
    return tuple(sorted(state.remaining))


def reverse(state: State) -> tuple[int, ...]:
    """The remaining vertices against evaluation order: the vector reverse mode."""
    return tuple(sorted(state.remaining, reverse=True))


def markowitz_first(state: State) -> tuple[int, ...]:
    """Markowitz's rule, ties to the first vertex in evaluation order."""
    return _markowitz(state, 1)


def markowitz_last(state: State) -> tuple[int, ...]:
    """Markowitz's rule, ties to the last vertex in evaluation order."""
    return _markowitz(state, -1)


ORDERS: Mapping[str, Callable[[State], tuple[int, ...]]] = {
    "forward": forward,
    "reverse": reverse,
    "markowitz_first": markowitz_first,
    "markowitz_last": markowitz_last,
}
"""The named orders; `"markowitz"` is the cheaper of its two."""


def _markowitz(state: State, sign: int) -> tuple[int, ...]:
    state = state.copy()
    degree = {vertex: state.cost(vertex) for vertex in state.remaining}
    heap = [(cost, sign * vertex) for vertex, cost in degree.items()]
    heapq.heapify(heap)
    order: list[int] = []
    while heap:
        cost, key = heapq.heappop(heap)
        vertex = sign * key
        if vertex not in state.remaining or degree[vertex] != cost:
            continue
        order.append(vertex)
        for near in _update(state, degree, state.eliminate(vertex)):
            heapq.heappush(heap, (degree[near], sign * near))
    return tuple(order)


def _update(state: State, degree: dict[int, int], step: Step) -> set[int]:
    """Bring the degrees up to date, edge by changed edge; return the vertices whose degree changed."""
    changed: set[int] = set()

    def shift(u: int, v: int, block: Structure, sign: int) -> None:
        if u in state.remaining:
            degree[u] += sign * sum(product(block, right).cost for right in state.before[u].values())
            changed.add(u)
        if v in state.remaining:
            degree[v] += sign * sum(product(left, block).cost for left in state.after[v].values())
            changed.add(v)

    for u, v, block in step.removed:
        shift(u, v, block, -1)
    for u, v, block in step.added:
        shift(u, v, block, 1)
    for (u, v, block), old in step.merged:
        if block != old:
            shift(u, v, old, -1)
            shift(u, v, block, 1)
    return changed
