"""A graph without calls: the bodies of jit, call and remat written out in place, every value a vertex of its own.

What has a derivative rule of its own (custom_jvp, custom_vjp, linear solves) and what is run a number of times (scan,
while, cond) stays closed. Every equation of the flat graph knows the node id that it came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from difflab.core.graph import Equation, Graph, Operand, Vertex

CALLS = frozenset({"closed_call", "core_call"})
"""Primitives that only call their body, besides those of kind jit and remat."""


@dataclass(frozen=True, eq=False)
class Flat:
    """The flat `graph`; `nodes[k]` is the node id of equation k, `values[v]` the value id of vertex v (see WIRE.md)."""

    graph: Graph
    nodes: tuple[str, ...]
    values: tuple[str, ...]


def inline(graph: Graph, keep: bool = False) -> Flat:
    """Write the bodies of calls out in place; `keep` leaves them closed, as one equation each."""
    builder = _Builder(keep)
    inputs = [builder.given(graph, v, "input", f"i{k}") for k, v in enumerate(graph.inputs)]
    outputs = builder.body(graph, inputs, "")
    flat = Graph(
        graph.name, tuple(builder.vertices), tuple(builder.equations), tuple(inputs), outputs,
        tuple(builder.constants), builder.constants, graph.signature,
    )  # fmt: skip
    return Flat(flat, tuple(builder.nodes), tuple(builder.values))


def is_call(equation: Equation) -> bool:
    """Whether an equation only calls its body with its operands."""
    if equation.kind not in ("jit", "remat") and equation.primitive not in CALLS:
        return False
    body = equation.bodies[0].graph
    return len(body.inputs) == len(equation.operands) and len(body.outputs) == len(equation.results)


@dataclass
class _Builder:
    keep: bool
    vertices: list[Vertex] = field(default_factory=list[Vertex])
    equations: list[Equation] = field(default_factory=list[Equation])
    nodes: list[str] = field(default_factory=list[str])
    values: list[str] = field(default_factory=list[str])
    constants: dict[int, Any] = field(default_factory=dict[int, Any])

    def given(self, graph: Graph, number: int, role: str, value: str) -> int:
        vertex = graph.vertices[number]
        return self.add(replace(vertex, id=len(self.vertices), role=role), value)

    def add(self, vertex: Vertex, value: str) -> int:
        self.vertices.append(vertex)
        self.values.append(value)
        return vertex.id

    def body(self, graph: Graph, inputs: Sequence[Operand], prefix: str) -> tuple[Operand, ...]:
        """Write out one graph whose inputs are known; return what its outputs are."""
        known: dict[int, Operand] = dict(zip(graph.inputs, inputs, strict=True))
        for k, constant in enumerate(graph.constants):
            known[constant] = self.given(graph, constant, "constant", f"{prefix}c{k}")
            self.constants[len(self.vertices) - 1] = graph.values[constant]
        for equation in graph.equations:
            node = f"{prefix}{equation.id}"
            operands = tuple(_read(known, operand) for operand in equation.operands)
            if is_call(equation) and not self.keep:
                results = self.body(equation.bodies[0].graph, operands, f"{node}.0/")
                self.name_after(graph, equation, results)
            else:
                results = self.equation(graph, equation, operands, node)
            known.update(zip(equation.results, results, strict=True))
        return tuple(_read(known, output) for output in graph.outputs)

    def equation(self, graph: Graph, equation: Equation, operands: tuple[Operand, ...], node: str) -> list[int]:
        number = len(self.equations)
        results: list[int] = []
        for k, result in enumerate(equation.results):
            vertex = replace(graph.vertices[result], id=len(self.vertices), equation=number)
            results.append(self.add(vertex, f"{node}#{k}" if k else node))
        self.equations.append(replace(equation, id=number, operands=operands, results=tuple(results)))
        self.nodes.append(node)
        return results

    def name_after(self, graph: Graph, call: Equation, results: Sequence[Operand]) -> None:
        """What the user named the result of a call is a better name than that inside the call."""
        for outer, inner in zip(call.results, results, strict=True):
            name = graph.vertices[outer].name
            if name and isinstance(inner, int) and self.vertices[inner].equation is not None:
                self.vertices[inner] = replace(self.vertices[inner], name=name)


def _read(known: Mapping[int, Operand], operand: Operand) -> Operand:
    return known[operand] if isinstance(operand, int) else operand
