"""The neighbourhood of a node: what is within so many steps of it in its own graph, along edges in either direction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from difflab.core.graph import Graph, Literal, Operand
from difflab.show.drawing import Library, Measures, drawn, figures
from difflab.show.facts import Facts
from difflab.show.info import equation_info, given_info
from difflab.show.items import Contents, Item, Pair, equation_item
from difflab.show.scopes import LIMIT, Scope, ScopeTree
from difflab.show.wire import Wire, shorten


def around(
    tree: ScopeTree, library: Library, node: str, radius: int, measures: Measures | None = None
) -> tuple[Wire, Wire]:
    """The wire's `Scope`, of kind "around", with the nodes at most `radius` steps away, and their `Info`.

    Of more than `LIMIT` the nearest are kept. Nodes have the ids that they have everywhere. Raises KeyError for an id
    that names no node.
    """
    whole = tree.around(node)
    facts = library.of(whole.graph)
    web = _Web(facts)
    start = web.node(node[len(whole.prefix) :])
    if start is None:
        raise KeyError(f"no node {node!r} in graph {tree.root.graph.name!r}")
    near = web.near(start, radius)
    scope = Scope(
        f"around {node} {radius}", f"{web.label(start)}, {radius} around", "around", whole.graph, whole.prefix, ()
    )
    contents = _contents(scope, facts, web, sorted(near, key=web.position))
    return {**drawn(contents), "figures": figures(contents, measures)}, dict(_infos(contents, measures))


class _Web:
    """The nodes of one graph by their ids without prefix, and who is joined to whom."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.graph = facts, facts.graph
        self._given = {facts.ids[v]: v for v in (*self.graph.inputs, *self.graph.constants)}
        self._ends: dict[int, list[str]] = {}
        for k, output in enumerate(self.graph.outputs):
            if isinstance(output, int):
                self._ends.setdefault(output, []).append(f"o{k}")

    def node(self, name: str) -> str | None:
        """The node that an id means: that of a value is the one that makes it, that of grouped inputs the first."""
        name = name.partition("#")[0].partition("+")[0]
        if name in self._given or (name.isdigit() and int(name) < len(self.graph.equations)):
            return name
        return name if name[:1] == "o" and name[1:].isdigit() and int(name[1:]) < len(self.graph.outputs) else None

    def maker(self, operand: Operand) -> str | None:
        """The node that makes a value."""
        return None if isinstance(operand, Literal) else self.facts.ids[operand].partition("#")[0]

    def read(self, name: str) -> tuple[Operand, ...]:
        """The values that a node reads."""
        if name.isdigit():
            return self.graph.equations[int(name)].operands
        return (self.graph.outputs[int(name[1:])],) if name[0] == "o" else ()

    def near(self, start: str, radius: int) -> list[str]:
        """The nodes within a radius, nearest first, no more than a drawing holds."""
        found, ring = {start: None}, [start]
        for _ in range(radius):
            ring = [
                one for name in ring for one in self._joined(name) if not (one in found or found.update({one: None}))
            ]
            if len(found) >= LIMIT or not ring:
                break
        return list(found)[:LIMIT]

    def position(self, name: str) -> tuple[int, int]:
        """Evaluation order: what is given, equations, outputs."""
        if name.isdigit():
            return 1, int(name)
        return (2, int(name[1:])) if name[0] == "o" else (0, self._given[name])

    def item(self, name: str, prefix: str) -> Item:
        """The box of a node."""
        if name.isdigit():
            return equation_item(self.graph, prefix, int(name), self.facts)
        if name[0] == "o":
            output, signature = self.graph.outputs[int(name[1:])], self.graph.signature
            label = signature.outputs[int(name[1:])] if signature else f"out[{name[1:]}]"
            detail = str(output) if isinstance(output, Literal) else self.graph.vertices[output].type
            return Item(prefix + name, "output", shorten(label, 34), shorten(detail, 34))
        vertex = self.graph.vertices[self._given[name]]
        return Item(prefix + name, vertex.role, shorten(self.label(name), 34), vertex.type)

    def label(self, name: str) -> str:
        """What the neighbourhood of a node is called."""
        if name.isdigit():
            return self.graph.equations[int(name)].primitive
        return self.graph.label(self._given[name]) if name in self._given else "output"

    def given(self, name: str) -> int:
        """The vertex of an input or constant."""
        return self._given[name]

    def _joined(self, name: str) -> Iterator[str]:
        yield from (maker for operand in self.read(name) if (maker := self.maker(operand)) is not None)
        made = self.graph.equations[int(name)].results if name.isdigit() else ()
        for vertex in made or ([self._given[name]] if name in self._given else ()):
            yield from map(str, self.facts.consumers[vertex])
            yield from self._ends.get(vertex, ())


def _contents(scope: Scope, facts: Facts, web: _Web, names: list[str]) -> Contents:
    prefix, inside = scope.prefix, set(names)
    values: dict[Pair, list[int]] = {}
    residuals: set[Pair] = set()
    for name in names:
        for operand in web.read(name):
            maker = web.maker(operand)
            if isinstance(operand, int) and maker in inside:
                pair = prefix + str(maker), prefix + name
                values.setdefault(pair, []).append(operand)
                if (_sweep(facts, str(maker)), _sweep(facts, name)) == ("forward", "reverse"):
                    residuals.add(pair)
    members = {prefix + name: range(int(name), int(name) + 1) for name in names if name.isdigit()}
    return Contents(scope, facts, [web.item(name, prefix) for name in names], members, values, residuals)


def _sweep(facts: Facts, name: str) -> str | None:
    return facts.sweeps[int(name)] if name.isdigit() else None


def _infos(contents: Contents, measures: Measures | None) -> Iterator[tuple[str, Wire]]:
    facts, prefix = contents.facts, contents.scope.prefix
    given: Mapping[str, int] = {facts.ids[v]: v for v in (*facts.graph.inputs, *facts.graph.constants)}
    graph: Graph = facts.graph
    for item in contents.items:
        name = item.id[len(prefix) :]
        if item.kind == "equation":
            info = equation_info(facts, prefix, graph.equations[int(name)])
            notes = measures.notes(graph, prefix, int(name)) if measures else []
            yield item.id, {**info, "notes": [*info["notes"], *notes]}
        elif name in given:
            yield item.id, given_info(facts, prefix, given[name])
