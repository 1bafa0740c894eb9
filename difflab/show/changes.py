"""Only what differs: the scopes of a comparison, with what is the same in both graphs put out of the way.

In every scope that holds a difference, runs of members that hold none become one group, `37 unchanged`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, groupby

from difflab.core.graph import Graph
from difflab.show.scopes import Gather, Scope, gathered


def gathered_changes(changes: Mapping[str, str]) -> Gather:
    """How to group a graph whose nodes have these statuses; a node that has none is the same."""

    def gather(graph: Graph, prefix: str) -> tuple[int | Scope, ...]:
        touched = [changes.get(f"{prefix}{k}", "same") != "same" for k in range(len(graph.equations))]
        return _Gatherer(graph, prefix, list(accumulate(touched, initial=0))).gathered()

    return gather


def differs(scope: Scope, changes: Mapping[str, str]) -> bool:
    """Whether any equation of a scope has a status other than "same"."""
    return any(changes.get(f"{scope.prefix}{k}", "same") != "same" for k in scope.equations())


class _Gatherer:
    def __init__(self, graph: Graph, prefix: str, before: Sequence[int]) -> None:
        self.graph, self.prefix, self._before = graph, prefix, before
        self._next = 0

    def gathered(self) -> tuple[int | Scope, ...]:
        members = gathered(self.graph, self.prefix)
        self._next = max(map(_last, members), default=-1) + 1
        return self._among(members) if self._before[-1] else members

    def _among(self, members: Sequence[int | Scope]) -> tuple[int | Scope, ...]:
        found: list[int | Scope] = []
        for same, part in groupby(members, self._same):
            run = list(part)
            if not same:
                found.extend(self._within(member) for member in run)
            else:
                found.extend(run if len(run) == 1 else [self._unchanged(run)])
        return tuple(found)

    def _within(self, member: int | Scope) -> int | Scope:
        return replace(member, members=self._among(member.members)) if isinstance(member, Scope) else member

    def _same(self, member: int | Scope) -> bool:
        first, stop = member.span if isinstance(member, Scope) else (member, member + 1)
        return self._before[first] == self._before[stop]

    def _unchanged(self, run: Sequence[int | Scope]) -> Scope:
        name = f"{self.prefix}~{self._next}"
        self._next += 1
        number = sum(len(m.equations()) if isinstance(m, Scope) else 1 for m in run)
        return Scope(name, f"{number:,} unchanged", "same", self.graph, self.prefix, tuple(run))


def _last(member: int | Scope) -> int:
    """The greatest number of a group in a member."""
    if not isinstance(member, Scope):
        return -1
    return max(int(member.id.rpartition("~")[2]), *map(_last, member.members))
