"""The whole graph as JSON, for programs of others: every value, equation, parameter, source line and nested graph.

The schema is `graph.schema.json` beside this file (JSON Schema, draft 2020-12); `version` grows when a reader of the
old one could be misled. Graphs, files and source lines are stored once and named by their place in a list.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from difflab.core.graph import Equation, Graph, Literal, Operand, Source, Vertex
from difflab.core.likeness import plain
from difflab.show.wire import Wire

FORMAT = "difflab-graph"
VERSION = 1
SCHEMA = Path(__file__).with_name("graph.schema.json")


def data(graph: Graph) -> str:
    """The graph as JSON text, the same for the same graph.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> found = json.loads(data(graph(lambda x: jnp.sin(x), 1.0)))
    >>> found["graphs"][found["root"]]["equations"][0]["primitive"]
    'sin'
    """
    return json.dumps(_Writer().document(graph), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class _Writer:
    def __init__(self) -> None:
        self.graphs: list[Wire] = []
        self.sources: list[Wire] = []
        self.known_graphs: dict[int, int] = {}
        self.known_sources: dict[Source, int] = {}

    def document(self, graph: Graph) -> Wire:
        root = self.graph(graph)
        return {
            "format": FORMAT, "version": VERSION, "name": graph.name, "root": root,
            "graphs": self.graphs, "sources": self.sources,
        }  # fmt: skip

    def graph(self, graph: Graph) -> int:
        """The place of a graph in the list: those nested in it come before it."""
        if id(graph) not in self.known_graphs:
            made = self.whole(graph)
            self.known_graphs[id(graph)] = len(self.graphs)
            self.graphs.append(made)
        return self.known_graphs[id(graph)]

    def whole(self, graph: Graph) -> Wire:
        signature, failure = graph.signature, getattr(graph, "failure", None)
        return {
            "name": graph.name,
            "vertices": [_vertex(graph, vertex) for vertex in graph.vertices],
            "equations": [self.equation(equation) for equation in graph.equations],
            "inputs": list(graph.inputs),
            "outputs": [_operand(output) for output in graph.outputs],
            "constants": list(graph.constants),
            "signature": None if signature is None else {
                "inputs": list(signature.inputs), "outputs": list(signature.outputs),
                "differentiable": list(signature.differentiable),
            },
            "failure": None if failure is None else {
                "text": failure.text, "source": self.source(failure.source),
            },
        }  # fmt: skip

    def equation(self, equation: Equation) -> Wire:
        return {
            "id": equation.id,
            "primitive": equation.primitive,
            "kind": equation.kind,
            "operands": [_operand(operand) for operand in equation.operands],
            "results": list(equation.results),
            "params": {key: plain(value) for key, value in equation.params.items()},
            "source": self.source(equation.source),
            "scopes": list(equation.scopes),
            "bodies": [{"label": b.label, "count": b.count, "graph": self.graph(b.graph)} for b in equation.bodies],
        }

    def source(self, source: Source | None) -> int | None:
        if source is None:
            return None
        if source not in self.known_sources:
            self.known_sources[source] = len(self.sources)
            self.sources.append({
                "file": source.file, "line": source.line, "column": source.column,
                "function": source.function, "text": source.text,
            })  # fmt: skip
        return self.known_sources[source]


def _vertex(graph: Graph, vertex: Vertex) -> Wire:
    return {
        "id": vertex.id, "label": graph.label(vertex.id), "name": vertex.name, "role": vertex.role,
        "shape": _shape(vertex.shape), "dtype": vertex.dtype, "equation": vertex.equation, "result": vertex.result,
    }  # fmt: skip


def _operand(operand: Operand) -> Any:
    if isinstance(operand, Literal):
        return {"literal": str(operand), "shape": _shape(operand.shape), "dtype": operand.dtype}
    return operand


def _shape(shape: Sequence[Any]) -> list[Any]:
    """Sizes; one that is a symbol (a polymorphic shape) is its text."""
    return [size if isinstance(size, int) else str(size) for size in shape]
