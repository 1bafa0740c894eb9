"""One scope as a drawing: its items with their sizes and texts, laid out, and what the inspector says of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from difflab.core.graph import Equation, Graph, Literal, Operand, Vertex, short_dtype
from difflab.core.likeness import plain
from difflab.show.place import place
from difflab.show.scopes import Scope, ScopeTree
from difflab.show.wire import Wire, shorten, value_id

GROUPED_INPUTS = 40
"""More inputs (or outputs) than this are drawn as one item per argument."""


@dataclass(frozen=True)
class _Item:
    id: str
    kind: str
    label: str
    detail: str
    scopes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[float, float]:
        width = max(7.4 * len(self.label), 6.3 * len(self.detail)) + (34 if self.scopes else 22)
        return round(min(max(width, 52.0), 300.0), 1), 40.0 if self.detail else 28.0


class Draughtsman:
    """Draws the scopes of one graph, each once."""

    def __init__(self, graph: Graph) -> None:
        self.tree = ScopeTree(graph)
        self._drawn: dict[str, tuple[Wire, Wire]] = {}
        self._consumers: dict[str, Sequence[Sequence[int]]] = {}

    def scope(self, name: str) -> tuple[Wire, Wire]:
        """The wire's `Scope` of this id, and the `Info` of its nodes."""
        if name not in self._drawn:
            self._drawn[name] = self._draw(self.tree.find(name))
        return self._drawn[name]

    def _draw(self, scope: Scope) -> tuple[Wire, Wire]:
        sheet = _Sheet(scope, self.tree)
        placed = place({item.id: item.size for item in sheet.items}, list(sheet.edges), 7.2 * len(_title(scope)) + 8)
        items = [
            {
                "id": item.id, "kind": item.kind, "label": item.label, "detail": item.detail,
                "scopes": list(item.scopes),
                "x": placed.centres[item.id][0], "y": placed.centres[item.id][1], "w": item.size[0], "h": item.size[1],
            }
            for item in sheet.items
        ]  # fmt: skip
        edges = [
            {"from": a, "to": b, "points": [list(p) for p in points], "label": sheet.edges[a, b]}
            for (a, b), points in placed.routes.items()
        ]
        wire: Wire = {
            "id": scope.id, "label": _title(scope), "kind": scope.kind, "width": placed.width, "height": placed.height,
            "items": items, "edges": edges, "portals": [list(pair) for pair in placed.portals],
        }  # fmt: skip
        return wire, dict(self._infos(scope))

    def _infos(self, scope: Scope) -> Iterator[tuple[str, Wire]]:
        graph, prefix = scope.graph, scope.prefix
        consumers = self._consumers.setdefault(prefix, graph.consumers())
        for member in scope.members:
            if not isinstance(member, Scope):
                yield f"{prefix}{member}", _info(graph, prefix, graph.equations[member], consumers)
        if scope.whole:
            for vertex in (*graph.inputs, *graph.constants):
                yield str(value_id(graph, vertex, prefix)), _given(graph, prefix, vertex, consumers)


class _Sheet:
    """Items and edges of one scope, before they are placed."""

    def __init__(self, scope: Scope, tree: ScopeTree) -> None:
        self.scope, self.graph = scope, scope.graph
        self.owner: dict[int, str] = {}
        self.items: list[_Item] = []
        self.edges: dict[tuple[str, str], str] = {}
        self.sources: dict[int, str] = {}
        inner = [self._member(member, tree) for member in scope.members]
        if scope.whole:
            self._given()
        else:
            self._outer()
        self.items.extend(inner)
        for k in scope.equations():
            for operand in self.graph.equations[k].operands:
                self._connect(operand, self.owner[k])
        if scope.whole:
            self._outputs()

    def _member(self, member: int | Scope, tree: ScopeTree) -> _Item:
        if isinstance(member, Scope):
            count = sum(1 for _ in member.equations())
            self.owner.update(dict.fromkeys(member.equations(), member.id))
            return _Item(member.id, "scope", shorten(member.label, 34), f"{count} equations", (member.id,))
        equation = self.graph.equations[member]
        name = f"{self.scope.prefix}{member}"
        self.owner[member] = name
        bodies = tuple(f"{name}.{k}" for k in range(len(equation.bodies)))
        return _Item(
            name, "equation", shorten(_label(equation), 34), shorten(_detail(self.graph, equation), 44), bodies
        )

    def _given(self) -> None:
        graph = self.graph
        read = [*graph.outputs, *(o for e in graph.equations for o in e.operands)]
        used = {operand for operand in read if not isinstance(operand, Literal)}
        for role, numbers in (("input", graph.inputs), ("constant", graph.constants)):
            shown = [v for v in numbers if role == "input" or v in used]
            for owner, vertices in _by_argument([graph.vertices[v] for v in shown]):
                first = str(value_id(graph, vertices[0].id, self.scope.prefix))
                several = len(vertices) > 1
                detail = f"{len(vertices)} arrays" if several else vertices[0].type
                label = owner or (graph.label(vertices[0].id) if role == "input" else "const")
                name = f"{first}+{len(vertices) - 1}" if several else first
                self.items.append(_Item(name, role, shorten(label, 34), detail))
                self.sources.update({vertex.id: name for vertex in vertices})

    def _outer(self) -> None:
        inside = set(self.scope.equations())
        for k in inside:
            for operand in self.graph.equations[k].operands:
                if isinstance(operand, Literal) or operand in self.sources:
                    continue
                vertex = self.graph.vertices[operand]
                if vertex.equation not in inside:
                    name = f"{self.scope.id}@{value_id(self.graph, operand, self.scope.prefix)}"
                    self.sources[operand] = name
                    label = shorten(self.graph.label(operand), 34)
                    self.items.append(_Item(name, "outer", label, vertex.type))

    def _outputs(self) -> None:
        outputs = self.graph.outputs
        signature = self.graph.signature
        if len(outputs) > GROUPED_INPUTS:
            name = f"{self.scope.prefix}o0+{len(outputs) - 1}"
            self.items.append(_Item(name, "output", "outputs", f"{len(outputs)} arrays"))
            for output in outputs:
                self._connect(output, name)
            return
        for k, output in enumerate(outputs):
            name = f"{self.scope.prefix}o{k}"
            label = signature.outputs[k] if signature else "out" if len(outputs) == 1 else f"out[{k}]"
            literal = isinstance(output, Literal)
            detail = str(output) if literal else self.graph.vertices[output].type
            self.items.append(_Item(name, "output", shorten(label, 34), shorten(detail, 34)))
            self._connect(output, name)

    def _connect(self, operand: Operand, target: str) -> None:
        if isinstance(operand, Literal):
            return
        vertex = self.graph.vertices[operand]
        source = self.sources.get(operand)
        if source is None and vertex.equation is not None:
            source = self.owner[vertex.equation]
        if source is None or source == target:
            return
        label = self.edges.get((source, target))
        self.edges[source, target] = vertex.type if label in (None, vertex.type) else "several values"


def _by_argument(vertices: Sequence[Vertex]) -> Iterator[tuple[str, list[Vertex]]]:
    """Each value by itself, or by the argument it belongs to where there are too many."""
    if len(vertices) <= GROUPED_INPUTS:
        yield from (("", [vertex]) for vertex in vertices)
        return
    groups: dict[str, list[Vertex]] = {}
    for vertex in vertices:
        groups.setdefault(re.split(r"[\[.]", vertex.name or vertex.role)[0], []).append(vertex)
    yield from groups.items()


def _title(scope: Scope) -> str:
    times = f" × {scope.count}" if scope.count is not None else ""
    kind = {"function": "", "named": "", "source": "", "chunk": ""}.get(scope.kind, scope.kind + " ")
    return shorten(kind + scope.label + times if scope.label != scope.kind else scope.label + times, 60)


def _label(equation: Equation) -> str:
    if equation.kind in ("jit", "call", "custom_jvp", "custom_vjp", "remat"):
        word = {"jit": "", "call": ""}.get(equation.kind, equation.kind + " ")
        return word + (equation.bodies[0].label if equation.bodies else equation.primitive)
    if equation.primitive == "integer_pow":
        return f"pow {equation.params.get('y')}"
    literals = [str(o) for o in equation.operands if isinstance(o, Literal) and o.shape == ()]
    shown = " ".join(text for text in literals if len(text) <= 8)
    return f"{equation.primitive} {shown}".strip()


def _detail(graph: Graph, equation: Equation) -> str:
    times = next((f" × {b.count}" for b in equation.bodies if b.count is not None), "")
    if len(equation.results) != 1:
        names = [graph.vertices[r].name for r in equation.results]
        return (", ".join(filter(None, names)) or f"{len(equation.results)} results") + times
    vertex = graph.vertices[equation.results[0]]
    name = graph.label(vertex.id)
    return (vertex.type if name.startswith("%") else f"{name}: {vertex.type}") + times


def _value(graph: Graph, operand: Operand, prefix: str) -> Wire:
    if isinstance(operand, Literal):
        dims = ",".join(map(str, operand.shape))
        return {"id": None, "name": shorten(str(operand), 40), "shape": dims, "dtype": short_dtype(operand.dtype)}
    vertex = graph.vertices[operand]
    return {
        "id": value_id(graph, operand, prefix), "name": graph.label(operand),
        "shape": ",".join(map(str, vertex.shape)), "dtype": short_dtype(vertex.dtype),
    }  # fmt: skip


def _info(graph: Graph, prefix: str, equation: Equation, consumers: Sequence[Sequence[int]]) -> Wire:
    source = equation.source
    readers = sorted({k for result in equation.results for k in consumers[result]})
    return {
        "primitive": equation.primitive,
        "name": ", ".join(filter(None, (graph.vertices[r].name for r in equation.results))) or None,
        "text": shorten(graph.line(equation), 300),
        "results": [_value(graph, r, prefix) for r in equation.results],
        "operands": [_value(graph, o, prefix) for o in equation.operands],
        "consumers": [f"{prefix}{k}" for k in readers],
        "params": {k: shorten(plain(v), 200) for k, v in equation.params.items() if v is not None},
        "source": None if source is None else {
            "file": source.file, "line": source.line, "function": source.function, "text": source.text,
        },
        "scope": "/".join(equation.scopes),
    }  # fmt: skip


def _given(graph: Graph, prefix: str, vertex: int, consumers: Sequence[Sequence[int]]) -> Wire:
    shown = graph.vertices[vertex]
    return {
        "primitive": shown.role, "name": shown.name, "text": f"{graph.label(vertex)}: {shown.type}",
        "results": [_value(graph, vertex, prefix)], "operands": [],
        "consumers": [f"{prefix}{k}" for k in consumers[vertex]], "params": {}, "source": None, "scope": "",
    }  # fmt: skip
