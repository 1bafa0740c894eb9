"""The parts of a graph that open and close, so that no drawing ever holds more than a person can read.

Scopes come from, in this order: the bodies of equations (jit, loops, branches, custom rules, remat), JAX's named
scopes, and, where a part still has more than `LIMIT` pieces, the function that a line stands in and at last chunks of
equal size.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from typing import Any

from difflab.core.graph import Equation, Graph

LIMIT = 120
"""A scope with more members than this is grouped further."""


@dataclass(frozen=True, eq=False)
class Scope:
    """A part of a graph: `members` are equation numbers and inner groups, in evaluation order.

    `prefix` stands before the node ids of this graph. `whole` is set for a scope that is all of its graph: it shows the
    graph's inputs, constants and outputs; a group shows values from outside it instead.
    """

    id: str
    label: str
    kind: str
    graph: Graph
    prefix: str
    members: tuple[int | Scope, ...]
    whole: bool = False
    count: int | None = None

    def equations(self) -> Iterator[int]:
        """All equation numbers inside, those of inner groups included."""
        for member in self.members:
            if isinstance(member, Scope):
                yield from member.equations()
            else:
                yield member


class ScopeTree:
    """All scopes of one graph, made when they are asked for."""

    def __init__(self, graph: Graph) -> None:
        self.root = _whole(graph, "", "", graph.name, "function", None)
        self._known: dict[str, Scope] = {}
        self._enter(self.root)

    def find(self, scope: str) -> Scope:
        """The scope of this id. Raises KeyError if the graph has none."""
        if scope not in self._known:
            outer, _, equation = scope.rpartition("/")
            number, _, body = equation.partition(".")
            around = self._graph_of(outer)
            if not (number.isdigit() and body.isdigit()):
                raise KeyError(f"no scope {scope!r} in graph {self.root.graph.name!r}")
            for found in self.bodies(around, around.graph.equations[int(number)]):
                if found.id == scope:
                    return found
            raise KeyError(f"no scope {scope!r} in graph {self.root.graph.name!r}")
        return self._known[scope]

    def _graph_of(self, prefix: str) -> Scope:
        return self.find(prefix) if prefix else self.root

    def bodies(self, scope: Scope, equation: Equation) -> list[Scope]:
        """The scopes that open inside an equation, one a body."""
        found: list[Scope] = []
        for number, body in enumerate(equation.bodies):
            name = f"{scope.prefix}{equation.id}.{number}"
            if name not in self._known:
                label = body.label if len(equation.bodies) > 1 or equation.kind in ("jit", "call") else body.graph.name
                kind = equation.kind or "call"
                self._enter(_whole(body.graph, name, name + "/", label, kind, body.count))
            found.append(self._known[name])
        return found

    def _enter(self, scope: Scope) -> None:
        self._known[scope.id] = scope
        for member in scope.members:
            if isinstance(member, Scope):
                self._enter(member)


def _whole(graph: Graph, name: str, prefix: str, label: str, kind: str, count: int | None) -> Scope:
    numbers = iter(range(len(graph.equations) * 2 + 2))

    def group(label: str, kind: str, members: Sequence[int | Scope]) -> Scope:
        return Scope(f"{prefix}~{next(numbers)}", label, kind, graph, prefix, tuple(members))

    members = _limited(_named(graph, range(len(graph.equations)), 0, group), graph, group)
    return Scope(name, label, kind, graph, prefix, tuple(members), True, count)


Group = Callable[[str, str, Sequence[Any]], Scope]


def _named(graph: Graph, numbers: Sequence[int], depth: int, group: Group) -> list[int | Scope]:
    """Group consecutive equations of one named scope."""
    members: list[int | Scope] = []
    for name, run in groupby(numbers, lambda k: "/".join(graph.equations[k].scopes[depth : depth + 1])):
        run = list(run)
        if name and len(run) > 1:
            members.append(
                group(_readable(name), "named", _limited(_named(graph, run, depth + 1, group), graph, group))
            )
        else:
            members.extend(run)
    return members


def _readable(name: str) -> str:
    """JAX wraps a scope in the transformations it went through: `transpose(jvp(net))` is the reverse sweep of `net`."""
    words: list[str] = []
    while (found := re.fullmatch(r"(\w+)\((.*)\)", name)) is not None:
        words.append(found[1])
        name = found[2]
    if words[:2] == ["transpose", "jvp"]:
        words[:2] = ["reverse"]
    elif words[:1] == ["jvp"]:
        words[:1] = ["forward"]
    return " · ".join(filter(None, [name, *words]))


def _limited(members: list[int | Scope], graph: Graph, group: Group) -> list[int | Scope]:
    if len(members) > LIMIT:
        members = _by_function(members, graph, group)
    while len(members) > LIMIT:
        size = max(40, ceil(len(members) / LIMIT))
        runs = [members[k : k + size] for k in range(0, len(members), size)]
        members = [group(_range(run, graph), "chunk", run) if len(run) > 1 else run[0] for run in runs]
    return members


def _by_function(members: list[int | Scope], graph: Graph, group: Group) -> list[int | Scope]:
    def function(member: int | Scope) -> str:
        source = None if isinstance(member, Scope) else graph.equations[member].source
        return source.function if source else ""

    found: list[int | Scope] = []
    for name, run in groupby(members, function):
        run = list(run)
        if name and 1 < len(run) < len(members):
            found.append(group(name.rsplit(".", 1)[-1], "source", _limited(run, graph, group)))
        else:
            found.extend(run)
    return found


def _range(run: Sequence[int | Scope], graph: Graph) -> str:
    """`lines 40–52` where all of it is of one file, else the equations' numbers."""
    numbers = [k for member in run for k in (member.equations() if isinstance(member, Scope) else [member])]
    sources = [s for s in (graph.equations[k].source for k in numbers) if s]
    if len({s.file for s in sources}) == 1 and len(sources) == len(numbers):
        first, last = min(s.line for s in sources), max(s.line for s in sources)
        return f"line {first}" if first == last else f"lines {first}–{last}"
    return f"equations {min(numbers)}–{max(numbers)}"
