"""What the inspector says of a node: the equation as a line, what it reads and makes, who reads it, where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from difflab.core.graph import Equation, Graph, Literal, Operand, short_dtype
from difflab.core.likeness import plain
from difflab.show.facts import Facts
from difflab.show.scopes import Scope
from difflab.show.wire import Wire, shorten

READERS = 60
"""No more consumers than this are listed."""


def infos(scope: Scope, facts: Facts) -> Iterator[tuple[str, Wire]]:
    """Node id and the wire's `Info` of each equation, input and constant that stands in a scope itself."""
    graph, prefix = scope.graph, scope.prefix
    for member in scope.members:
        if not isinstance(member, Scope):
            yield f"{prefix}{member}", equation_info(facts, prefix, graph.equations[member])
    if scope.whole:
        for vertex in (*graph.inputs, *graph.constants)[: 4 * READERS]:
            yield prefix + facts.ids[vertex], given_info(facts, prefix, vertex)


def equation_info(facts: Facts, prefix: str, equation: Equation) -> Wire:
    """The `Info` of an equation; what overlays have to say is added to its `notes` by who draws it."""
    graph, source = facts.graph, equation.source
    readers = sorted({k for result in equation.results for k in facts.consumers[result]})
    return {
        "primitive": equation.primitive,
        "name": ", ".join(filter(None, (graph.vertices[r].name for r in equation.results))) or None,
        "text": shorten(graph.line(equation), 300),
        "results": [_value(facts, r, prefix) for r in equation.results],
        "operands": [_value(facts, o, prefix) for o in equation.operands],
        "consumers": [f"{prefix}{k}" for k in readers[:READERS]],
        "params": {k: shorten(plain(v), 200) for k, v in equation.params.items() if v is not None},
        "source": None if source is None else {
            "file": source.file, "line": source.line, "function": source.function, "text": source.text,
        },
        "scope": "/".join(equation.scopes),
        "notes": _more(len(readers)),
    }  # fmt: skip


def given_info(facts: Facts, prefix: str, vertex: int) -> Wire:
    """The `Info` of an input or a constant."""
    graph, readers = facts.graph, facts.consumers[vertex]
    shown = graph.vertices[vertex]
    return {
        "primitive": shown.role, "name": shown.name, "text": f"{graph.label(vertex)}: {shown.type}",
        "results": [_value(facts, vertex, prefix)], "operands": [],
        "consumers": [f"{prefix}{k}" for k in readers[:READERS]], "params": {}, "source": None, "scope": "",
        "notes": _more(len(readers)) + ([["value", facts.scalars[vertex]]] if vertex in facts.scalars else []),
    }  # fmt: skip


def _more(readers: int) -> list[list[str]]:
    return [["read by", f"{readers:,} equations, the first {READERS} listed"]] if readers > READERS else []


def _value(facts: Facts, operand: Operand, prefix: str) -> Wire:
    graph: Graph = facts.graph
    if isinstance(operand, Literal):
        dims = ",".join(map(str, operand.shape))
        return {"id": None, "name": shorten(str(operand), 40), "shape": dims, "dtype": short_dtype(operand.dtype)}
    vertex = graph.vertices[operand]
    return {
        "id": prefix + facts.ids[operand], "name": graph.label(operand),
        "shape": ",".join(map(str, vertex.shape)), "dtype": short_dtype(vertex.dtype),
    }  # fmt: skip
