"""How many vertex-disjoint paths lead to a vertex: the least it can be surrounded by, whatever has been eliminated.

When v is eliminated, its predecessors separate the inputs from v: every path passes one of them. So they are at least
as many as the vertex-disjoint paths from the inputs to v (Menger 1927); with sizes, their sizes add up to at least the
maximum flow where each vertex lets its size through (Ford & Fulkerson 1956; Edmonds & Karp 1972). The mirror image
holds for successors. Vertices that are eliminated already let everything through and separate nothing.

The search for an augmenting path starts at v, so that the last one, which fails, sees no more than what lies between v
and its nearest least separator. Where all sizes are 1, `ranks` answers for all vertices at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from difflab.labs.elimination.counting.problem import Problem
from difflab.labs.elimination.proof.ranks import ranks

UNLIMITED = 1 << 62
"""The capacity of a vertex that is eliminated."""

DIRECTIONS = 24
"""Separators of more vertices of size 1 than this are sought as flows: longer rows would cost more than they save."""


class Flows:
    """Least separators between a vertex and the `ends` of a graph, with room for one flow at a time.

    `near[v]` are the neighbours of v on the side of the ends; `capacities` what each vertex lets through. An end counts
    with its capacity like any other vertex, and nothing is sought beyond it.
    """

    def __init__(self, near: Sequence[Collection[int]], capacities: Sequence[int], ends: Collection[int]) -> None:
        self.near, self.capacities = near, list(capacities)
        self.is_end = [False] * len(near)
        for vertex in ends:
            self.is_end[vertex] = True

    def least(self, vertex: int, most: int = UNLIMITED) -> int:
        """The least total capacity of a set, without `vertex`, that cuts it from every end; `most` if known as much."""
        through: dict[int, int] = {}
        along: dict[int, dict[int, int]] = {}
        found = 0
        while found < most:
            path = self._path(vertex, through, along)
            if not path:
                break
            found += self._push(path, through, along)
        return found

    def _path(self, vertex: int, through: dict[int, int], along: dict[int, dict[int, int]]) -> list[int]:
        """A shortest path in the residual graph, from `vertex` to an end; steps are 2u to enter u, 2u + 1 to leave it.

        `along[u][w]` is the flow from w's far side to u, so what enters u may also be sent back to w.
        """
        near, capacities, is_end = self.near, self.capacities, self.is_end
        start = 2 * vertex + 1
        came = {start: -1}
        waiting = [start]
        for at in waiting:
            u = at >> 1
            if at & 1:
                steps = [at - 1] if through.get(u, 0) else []
                steps += [2 * p for p in near[u]]
            else:
                steps = [2 * w + 1 for w, flow in along.get(u, {}).items() if flow]
                if through.get(u, 0) < capacities[u]:
                    if is_end[u]:
                        return _trace(came, at)
                    steps.append(at + 1)
            for step in steps:
                if step not in came:
                    came[step] = at
                    waiting.append(step)
        return []

    def _push(self, path: list[int], through: dict[int, int], along: dict[int, dict[int, int]]) -> int:
        """Send as much as goes along a path; return it."""
        last = path[-1] >> 1
        room = self.capacities[last] - through.get(last, 0)
        for a, b in pairwise(path):
            u, w = a >> 1, b >> 1
            if u == w:
                room = min(room, self.capacities[u] - through.get(u, 0) if b & 1 else through[u])
            elif b & 1:
                room = min(room, along[u][w])
        through[last] = through.get(last, 0) + room
        for a, b in pairwise(path):
            u, w = a >> 1, b >> 1
            if u == w:
                through[u] = through.get(u, 0) + (room if b & 1 else -room)
            elif b & 1:
                along[u][w] -= room
            else:
                into = along.setdefault(w, {})
                into[u] = into.get(u, 0) + room
        return room


def _trace(came: dict[int, int], at: int) -> list[int]:
    path: list[int] = []
    while at != -1:
        path.append(at)
        at = came[at]
    return path[::-1]


def neighbours(problem: Problem) -> tuple[list[list[int]], list[list[int]]]:
    """The predecessors and the successors of every vertex."""
    before: list[list[int]] = [[] for _ in range(problem.count)]
    after: list[list[int]] = [[] for _ in range(problem.count)]
    for u, v in problem.edges:
        before[v].append(u)
        after[u].append(v)
    return before, after


def separators(problem: Problem, eliminated: Collection[int] = ()) -> tuple[list[int], list[int]]:
    """κ_in and κ_out of every vertex: the least total size of its predecessors, and of its successors, at any time
    after the vertices in `eliminated` are gone. For inputs κ_in is their size, for outputs κ_out.

    Example:
        >>> from difflab.core.linear import plain
        >>> from difflab.labs.elimination.counting.models import problem
        >>> edges = [("x", "z"), ("y", "z"), ("z", "s"), ("z", "t"), ("s", "u"), ("t", "u"), ("x", "u")]
        >>> separators(problem(plain(edges, ["x", "y"], ["u"]), "all_edges"))
        ([1, 1, 2, 1, 1, 2], [1, 1, 1, 1, 1, 1])
    """
    before, after = neighbours(problem)
    order = range(problem.count)
    return (
        _all(before, problem.sizes, problem.inputs, eliminated, order),
        _all(after, problem.sizes, problem.outputs, eliminated, order[::-1]),
    )


def _all(
    near: Sequence[Sequence[int]],
    sizes: Sequence[int],
    ends: Collection[int],
    eliminated: Collection[int],
    order: Sequence[int],
) -> list[int]:
    """The least separators, ends first; sizes of 1 take one sweep of ranks, and a flow only where that is cut short."""
    capacities = list(sizes)
    for vertex in eliminated:
        capacities[vertex] = UNLIMITED
    flows = Flows(near, capacities, ends)
    plain = all(size == 1 for size in sizes)
    widest = len(ends) if eliminated else max(map(len, near), default=0)
    directions = min(widest, len(ends), DIRECTIONS)
    counted = ranks(near, ends, order, directions, eliminated) if plain else []
    least, alone = list(sizes), list(sizes)
    for vertex in order:
        if flows.is_end[vertex]:
            continue
        most = sum(alone[p] for p in near[vertex])
        if plain and (counted[vertex] < directions or directions >= min(most, len(ends))):
            least[vertex] = counted[vertex]
        else:
            least[vertex] = most if len(near[vertex]) == 1 else flows.least(vertex, most)
        alone[vertex] = min(capacities[vertex], least[vertex])
    return least


def require(problem: Problem, eliminated: Collection[int] = ()) -> None:
    """Raise ValueError where no floor holds: another model than `all_edges`, or vertices that are not eliminated."""
    if problem.model != "all_edges":
        raise ValueError(
            f"the cost model is {problem.model!r}; the bounds count vertex-disjoint paths and hold for 'all_edges' "
            "only: ask for the bound of that model"
        )
    if wrong := set(eliminated).difference(problem.intermediates):
        raise ValueError(
            f"{sorted(wrong)[:5]} are no intermediates of {problem.name}; only those are eliminated: drop them"
        )
