"""One scope as a drawing: its items laid out in one of several arrangements, and what the inspector says of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from difflab.core.graph import Graph
from difflab.show.facts import Facts
from difflab.show.fold import fold
from difflab.show.info import infos
from difflab.show.items import Contents, Item, contents
from difflab.show.place import Placement, place
from difflab.show.scopes import Scope, ScopeTree
from difflab.show.wire import Wire, shorten


@runtime_checkable
class Measures(Protocol):
    """What overlays know: a figure of each for a set of equations of one graph, and lines for the inspector."""

    def figures(self, graph: Graph, prefix: str, equations: Iterable[int]) -> dict[str, Any]:
        """Figure per overlay that is ready."""
        ...

    def notes(self, graph: Graph, prefix: str, equation_number: int) -> list[list[str]]:
        """Lines of the inspector."""
        ...


class Library:
    """The facts of each graph, nested ones included, kept as long as the drawings of the outermost."""

    def __init__(self) -> None:
        self._known: dict[Graph, Facts] = {}

    def of(self, graph: Graph) -> Facts:
        """The facts of this graph."""
        if graph not in self._known:
            self._known[graph] = Facts(graph)
        return self._known[graph]


class Draughtsman:
    """Draws the scopes of one tree in one arrangement, each once."""

    def __init__(
        self,
        graph: Graph,
        tree: ScopeTree | None = None,
        arrangement: str = "layered",
        measures: Measures | None = None,
        library: Library | None = None,
    ) -> None:
        self.tree = tree or ScopeTree(graph)
        self.library = library or Library()
        self._arrangement, self._measures = arrangement, measures
        self._contents: dict[str, Contents] = {}
        self._drawn: dict[str, tuple[Wire, Wire]] = {}

    def scope(self, name: str) -> tuple[Wire, Wire]:
        """The wire's `Scope` of this id, and the `Info` of its nodes."""
        if name not in self._drawn:
            scope = self.tree.find(name)
            facts = self.library.of(scope.graph)
            self._drawn[name] = drawn(self.contents(name), self._arrangement), self._infos(scope, facts)
        wire, nodes = self._drawn[name]
        return {**wire, "figures": self.figures(name)}, nodes

    def contents(self, name: str) -> Contents:
        """The items and edges of a scope, not placed."""
        if name not in self._contents:
            scope = self.tree.find(name)
            self._contents[name] = contents(scope, self.library.of(scope.graph))
        return self._contents[name]

    def figures(self, name: str) -> dict[str, list[Any]]:
        """Of each overlay that is ready the figure of each item of this scope."""
        return figures(self.contents(name), self._measures)

    def _infos(self, scope: Scope, facts: Facts) -> Wire:
        found = dict(infos(scope, facts))
        for member in scope.members:
            if self._measures is not None and not isinstance(member, Scope):
                found[f"{scope.prefix}{member}"]["notes"] += self._measures.notes(scope.graph, scope.prefix, member)
        return found


def drawn(of: Contents, arrangement: str = "layered") -> Wire:
    """The wire's `Scope`, without figures."""
    title = scope_title(of.scope)
    placed = _placed(of, arrangement, 7.2 * len(title) + 8)
    return {
        "id": of.scope.id, "label": title, "kind": of.scope.kind,
        "width": placed.width, "height": placed.height,
        "items": [_item(item, placed) for item in of.items],
        "edges": [
            {"from": a, "to": b, "points": [list(p) for p in points], "label": of.label((a, b)),
             "kind": "residual" if (a, b) in of.residuals else ""}
            for (a, b), points in placed.routes.items()
        ],
        "portals": [list(pair) for pair in placed.portals],
    }  # fmt: skip


def figures(of: Contents, measures: Measures | None) -> dict[str, list[Any]]:
    """Of each overlay that is ready the figure of each item."""
    if measures is None:
        return {}
    graph, prefix = of.facts.graph, of.scope.prefix
    rows = [measures.figures(graph, prefix, of.members[item.id]) if item.id in of.members else {} for item in of.items]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def scope_title(scope: Scope) -> str:
    """`layer · forward × 48`, with the kind before it where that says more."""
    times = f" × {scope.count}" if scope.count is not None else ""
    kind = "" if scope.kind in _SILENT else scope.kind + " "
    return shorten(kind + scope.label + times if scope.label != scope.kind else scope.label + times, 60)


_SILENT = {"function", "named", "source", "chunk", "repeat", "part", "same", "around"}


def _placed(of: Contents, arrangement: str, least: float) -> Placement:
    sizes = {item.id: item.size for item in of.items}
    phases = {item.id: item.phase for item in of.items}
    edges = list(of.values)
    if arrangement == "fold" and {"forward", "reverse"} <= set(phases.values()):
        return fold(sizes, edges, phases, item_pairs(of), least)
    return place(sizes, edges, least)


def item_pairs(of: Contents) -> Mapping[str, str]:
    """Reverse item → the forward item that most of its equations belong to."""
    pairs = of.facts.pairs
    owner = {k: name for name, numbers in of.members.items() for k in numbers}
    found: dict[str, str] = {}
    for item in of.items:
        if item.phase == "reverse":
            votes = Counter(owner[pairs[k]] for k in of.members[item.id] if pairs.get(k) in owner)
            votes.pop(item.id, None)
            if votes:
                found[item.id] = min(votes, key=lambda name: (-votes[name], name))
    return found


def _item(item: Item, placed: Placement) -> Wire:
    (x, y), (w, h) = placed.centres[item.id], item.size
    chips: Sequence[Any] = [list(chip) for chip in item.chips]
    return {
        "id": item.id, "kind": item.kind, "label": item.label, "detail": item.detail, "scopes": list(item.scopes),
        "phase": item.phase, "chips": chips, "x": x, "y": y, "w": w, "h": h,
    }  # fmt: skip
