"""A linearised graph cut into parts that open, so that a drawing of it never holds more than a person can read.

Up to `DRAWN` vertices stand for themselves. In a larger graph the scopes of its program (`difflab.show.scopes`) are
boxes: what is open shows its own vertices, the scopes inside it, and the vertices outside that its own are joined to.
A graph given by its edges alone has no program and is cut into runs of equal length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil

from difflab.core.linear import LinearGraph
from difflab.labs.elimination import Elimination
from difflab.show.scopes import Scope, ScopeTree

DRAWN = 400
"""No drawing holds more items than this."""

_RUNS = 60
_ENDS = 40
_FEW = 6

Path = tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """What one box stands for: a vertex, a vertex outside what is open, or a group of vertices."""

    id: str
    label: str
    role: str
    numbers: tuple[int, ...]


class Groups:
    """Where each vertex belongs: the scopes around it from the outermost in, by id."""

    def __init__(self, at: Elimination) -> None:
        self.linear = at.linear
        self.labels: dict[str, str] = {}
        self.paths: list[Path] = [()] * len(at.linear.vertices) if whole(at.linear) else self._paths(at)

    def items(self, at: Elimination, open_group: str | None) -> tuple[Item, ...]:
        """The boxes of one drawing, in evaluation order. Raises ValueError for a group that there is not."""
        path = self._path_to(open_group)
        found = self._inside(path)
        while inner := _only_group(found, 1 if open_group else _FEW):
            path = (*path, inner)
            found = self._inside(path)
        own = _told_apart([self._item(name, tuple(numbers)) for name, numbers in found.items()])
        shown = own[:DRAWN]
        return (*self._outside(at, shown, DRAWN - len(shown)), *shown) if path else tuple(shown)

    def _path_to(self, group: str | None) -> Path:
        if group is None:
            return ()
        for path in self.paths:
            if group in path:
                return path[: path.index(group) + 1]
        raise ValueError(f"{self.linear.name} has no group {group!r}; open one that is drawn")

    def _inside(self, path: Path) -> dict[str, list[int]]:
        """Item → vertices; a group of one vertex is that vertex."""
        depth = len(path)
        found: dict[str, list[int]] = {}
        for number, own in enumerate(self.paths):
            if own[:depth] == path:
                name = own[depth] if len(own) > depth else self.linear.vertices[number].id
                found.setdefault(name, []).append(number)
        return found

    def _item(self, name: str, numbers: tuple[int, ...]) -> Item:
        first, *others = numbers
        if others:
            return Item(name, self.labels.get(name, name), "group", numbers)
        vertex = self.linear.vertices[first]
        return Item(vertex.id, vertex.label, vertex.role, numbers)

    def _outside(self, at: Elimination, shown: Iterable[Item], room: int) -> list[Item]:
        """The vertices that the open ones are joined to, at the start or now."""
        single = {item.numbers[0] for item in shown if item.role != "group"}
        inside = {number for item in shown for number in item.numbers}
        pairs = [*self.linear.edges, *((u, v) for u, v, _ in at.state.arcs())]
        touched = {a for u, v in pairs for a, b in ((u, v), (v, u)) if b in single and a not in inside}
        vertices = self.linear.vertices
        return [Item(vertices[n].id, vertices[n].label, "outer", (n,)) for n in sorted(touched)[: max(room, 0)]]

    def _paths(self, at: Elimination) -> list[Path]:
        if not at.graph.equations:
            return self._runs(at.linear)
        chains = _Chains(ScopeTree(at.graph), self.labels)
        ends = {role: sum(vertex.role == role for vertex in at.linear.vertices) > _ENDS for role in ("input", "output")}
        found: list[Path] = []
        for vertex in at.linear.vertices:
            grouped = ends.get(vertex.role, False)
            found.append((f"~{vertex.role}s",) if grouped else chains.path(vertex.node))
        self.labels |= {"~inputs": "inputs", "~outputs": "outputs"}
        return found

    def _runs(self, linear: LinearGraph) -> list[Path]:
        length = max(ceil(len(linear.vertices) / _RUNS), 2)
        for k in range(0, len(linear.vertices), length):
            last = min(k + length, len(linear.vertices)) - 1
            self.labels[f"~{k // length}"] = f"{linear.vertices[k].label} – {linear.vertices[last].label}"
        return [(f"~{n // length}",) for n in range(len(linear.vertices))]


def whole(linear: LinearGraph) -> bool:
    """Whether the graph is drawn in one piece."""
    return len(linear.vertices) <= DRAWN


def _only_group(found: Mapping[str, list[int]], boxes: int) -> str | None:
    """The one group of a drawing of at most so many boxes: a picture of it says nothing, so it stands open."""
    groups = [name for name, numbers in found.items() if len(numbers) > 1]
    return groups[0] if len(groups) == 1 and len(found) <= boxes else None


def _told_apart(items: list[Item]) -> list[Item]:
    """Groups of one label get numbers."""
    often = Counter(item.label for item in items if item.role == "group")
    seen: Counter[str] = Counter()
    found: list[Item] = []
    for item in items:
        seen[item.label] += 1
        twice = item.role == "group" and often[item.label] > 1
        found.append(replace(item, label=f"{item.label} · {seen[item.label]}") if twice else item)
    return found


class _Chains:
    """For a node of the program the ids of the scopes around it."""

    def __init__(self, tree: ScopeTree, labels: dict[str, str]) -> None:
        self._tree, self._labels = tree, labels
        self._known: dict[str, Mapping[int, Path]] = {}

    def path(self, node: str) -> Path:
        *bodies, last = node.split("/")
        found: Path = ()
        scope = ""
        for body in bodies:
            number = int(body.partition(".")[0])
            found += self._groups(scope).get(number, ())
            scope = f"{scope}/{body}" if scope else body
            found += (scope,)
            self._labels.setdefault(scope, self._tree.find(scope).label)
        return found + (self._groups(scope).get(int(last), ()) if last.isdigit() else ())

    def _groups(self, scope: str) -> Mapping[int, Path]:
        """Equation number → groups inside this scope that hold it."""
        if scope not in self._known:
            self._known[scope] = dict(self._walk(self._tree.find(scope), ()))
        return self._known[scope]

    def _walk(self, scope: Scope, path: Path) -> Iterable[tuple[int, Path]]:
        for member in scope.members:
            if isinstance(member, Scope):
                self._labels[member.id] = member.label
                yield from self._walk(member, (*path, member.id))
            else:
                yield member, path
