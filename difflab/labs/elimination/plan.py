"""From what a user writes as an order to the vertices to eliminate: names, value ids, the user's own labels."""

from __future__ import annotations

from collections.abc import Sequence

from difflab.core.linear import LinearGraph
from difflab.labs.elimination.orders import ORDERS, markowitz_last
from difflab.labs.elimination.state import State

Order = str | Sequence[str | int]
NAMES = ("auto", "markowitz", *ORDERS)


def vertex_number(graph: LinearGraph, vertex: str | int) -> int:
    """The number of a vertex given by value id (`"12"`, `12`) or by the user's label (of a sink: by its id alone)."""
    name = str(vertex)
    if name in graph.numbers:
        return graph.numbers[name]
    for number, found in enumerate(graph.vertices):
        if found.label == name:
            return number
    legal = [graph.vertices[n].id for n in graph.intermediates]
    shown = ", ".join(legal[:12]) + (" …" if len(legal) > 12 else "")
    raise ValueError(
        f"order names vertex {name!r}, but {graph.name} has no such vertex; use value ids "
        f"(here {shown or 'there are no intermediates'}); an order found for another version of the "
        "function does not fit: find it again"
    )


def eliminable(state: State, vertex: str | int) -> int:
    """The number of a vertex that can be eliminated now; ValueError says why it cannot."""
    number = vertex_number(state.graph, vertex)
    role = state.graph.vertices[number].role
    if role != "intermediate":
        article = "an" if role[0] in "aeiou" else "a"
        raise ValueError(
            f"order names vertex {vertex!r}, which is {article} {role}; {role}s are never eliminated: "
            "drop it, or use the ids of `graph.intermediates` for the legal set"
        )
    if number not in state.remaining:
        raise ValueError(f"order names vertex {vertex!r} again; each vertex is eliminated once: drop the repetition")
    return number


def resolve(state: State, order: Order) -> tuple[int, ...]:
    """The vertices to eliminate from this state on, in order; the state is left as it is.

    A name plays that order over what remains (`"markowitz"`: the cheaper of both tie-breaks, `"auto"`: the cheapest of
    all). A sequence is taken as it is and may leave vertices out.
    """
    if isinstance(order, str):
        return _named(state, order)
    trial = State.__new__(State)
    trial.graph, trial.remaining = state.graph, dict(state.remaining)
    found: list[int] = []
    for vertex in order:
        found.append(eliminable(trial, vertex))
        del trial.remaining[found[-1]]
    return tuple(found)


def completed(state: State, order: Order) -> tuple[int, ...]:
    """Like `resolve`, and what a sequence leaves out follows by Markowitz's rule, ties to the last."""
    found = resolve(state, order)
    if len(found) == len(state.remaining):
        return found
    rest = state.copy()
    for vertex in found:
        rest.eliminate(vertex)
    return found + markowitz_last(rest)


def require_known(order: Order) -> None:
    """Raise ValueError for an order given by a name that there is not."""
    if isinstance(order, str) and order not in NAMES:
        names = ", ".join(NAMES)
        raise ValueError(f"there is no order named {order!r}; choose one of {names}, or give the vertices in order")


def _named(state: State, name: str) -> tuple[int, ...]:
    require_known(name)
    if name in ORDERS:
        return ORDERS[name](state)
    tried = [key for key in ORDERS if name == "auto" or key.startswith(name)]
    candidates = [ORDERS[key](state) for key in tried]
    return min(candidates, key=lambda order: _price(state, order))


def _price(state: State, order: Sequence[int]) -> tuple[int, int]:
    trial = state.copy()
    steps = [trial.eliminate(vertex) for vertex in order]
    return sum(step.cost for step in steps), sum(step.scalar_cost for step in steps)
