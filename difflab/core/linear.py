"""The linearised graph of a function: a structured block on every edge, and nothing that the Jacobian does not need.

Vertices are values on a path from a differentiable input to a real output; the edge u → v holds the local partial ∂v/∂u
(Griewank & Walther, "Evaluating Derivatives", 2008, section 2.2). An output that is read on, or that is an input, gets
a sink: a copy of it that has no successors. Only structures are known here; `values` computes the numbers, under any
JAX transformation.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

from difflab.core.algebra import join
from difflab.core.blocks import Term, is_complex, numbers, real_dtype, real_shape, terms
from difflab.core.constants import Constants
from difflab.core.contraction import Block, add
from difflab.core.errors import UnsupportedError
from difflab.core.graph import Graph, Literal, Operand, Vertex
from difflab.core.inline import Flat, inline
from difflab.core.structure import SCALAR, Structure, identity

Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LinearVertex:
    """A value: its value id (see WIRE.md), the user's label, shape, dtype, the node that makes it, and its role.

    `role` is "input", "intermediate" or "output". The shape is as reals: a complex value has a first axis of size 2.
    """

    id: str
    label: str
    shape: tuple[int, ...]
    dtype: str
    node: str
    role: str

    @property
    def size(self) -> int:
        """Number of real entries."""
        return prod(self.shape)


@dataclass(frozen=True, eq=False)
class LinearGraph:
    """Vertices in evaluation order and the structure of each edge.

    `inputs` are the vertices of the differentiable inputs, in order; `outputs` those of the function's outputs, None
    for an output that depends on none of them. `terms` says which local partials add up to an edge (none: a copy).
    """

    name: str
    vertices: tuple[LinearVertex, ...]
    edges: Mapping[Edge, Structure]
    inputs: tuple[int, ...]
    outputs: tuple[int | None, ...]
    terms: Mapping[Edge, tuple[Term, ...]] = field(default_factory=dict[Edge, tuple[Term, ...]], repr=False)
    flat: Flat | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"<LinearGraph {self.name}: {len(self.vertices)} vertices, {len(self.edges)} edges>"

    @cached_property
    def intermediates(self) -> tuple[int, ...]:
        """The vertices that can be eliminated, in evaluation order."""
        return tuple(n for n, vertex in enumerate(self.vertices) if vertex.role == "intermediate")

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Number of real entries of each vertex."""
        return tuple(vertex.size for vertex in self.vertices)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Value id → vertex number."""
        return {vertex.id: n for n, vertex in enumerate(self.vertices)}

    @cached_property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """For each vertex the node ids of the calls around it, outermost first; () outside of all calls."""
        return tuple(_calls(vertex.node) for vertex in self.vertices)

    @cached_property
    def results(self) -> tuple[tuple[str, tuple[int, ...], str], ...]:
        """Name, shape and dtype of each differentiated output of the function, also of those without a vertex."""
        assert self.flat is not None, "a plain graph has no function; please report this"
        graph = self.flat.graph
        values = [graph.vertices[o] if isinstance(o, int) else o for o in graph.outputs[: len(self.outputs)]]
        return tuple((graph.label(o), v.shape, v.dtype) for o, v in zip(graph.outputs, values, strict=False))

    @cached_property
    def fingerprint(self) -> str:
        """A text that two graphs share if and (but for chance) only if vertices, roles and structures are the same."""
        vertices = [(v.id, v.shape, v.role) for v in self.vertices]
        edges = sorted((edge, repr(block)) for edge, block in self.edges.items())
        text = repr((vertices, edges, self.inputs, self.outputs))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def values(self, leaves: Sequence[Any]) -> tuple[list[Any], dict[Edge, Block]]:
        """Run the function: all its outputs, and every edge with its numbers. `leaves` are the graph's inputs."""
        assert self.flat is not None, "a plain graph has no numbers; please report this"
        known, found = _run(self.flat.graph, leaves, self._wanted)
        blocks: dict[Edge, Block] = {}
        for edge, structure in self.edges.items():
            dtype = self.vertices[edge[1]].dtype
            parts = [Block(term.structure, found[term]) for term in self.terms.get(edge, ())]
            block = parts[0] if parts else Block(structure)
            for part in parts[1:]:
                block = add(block, part, dtype)
            blocks[edge] = block
        return [_read(known, output) for output in self.flat.graph.outputs], blocks

    @cached_property
    def _wanted(self) -> Mapping[int, Sequence[Term]]:
        wanted: dict[int, list[Term]] = {}
        for part in (term for found in self.terms.values() for term in found):
            wanted.setdefault(part.equation, []).append(part)
        return wanted


def _calls(node: str) -> tuple[str, ...]:
    """The calls around a node: `"3.0/5.0/2"` is inside of 3 and of 3.0/5."""
    steps = node.split("/")[:-1]
    return tuple("/".join(steps[: k + 1]).rsplit(".", 1)[0] for k in range(len(steps)))


def linearise(graph: Graph, outputs: int | None = None, nested: str = "inline") -> LinearGraph:
    """The linearised graph of the outermost graph of a function, with respect to its differentiable inputs.

    Of the outputs only the first `outputs` are differentiated, if given. Calls (jit, remat) are written out in place
    (`nested="inline"`) or kept as one step each (`"keep"`); to eliminate inside them first, see
    `difflab.core.nesting.preaccumulation`. Raises `UnsupportedError` for a complex input or output (complex values in
    between are fine), ValueError for another `nested`.
    """
    if nested not in ("inline", "keep"):
        raise ValueError(
            f"nested is {nested!r}; say 'inline' (calls written out) or 'keep' (each call one step); for inner "
            "vertices first, linearise inline and take the order of difflab.core.nesting.preaccumulation"
        )
    assert graph.signature is not None, "only the outermost graph knows its differentiable inputs; please report this"
    flat = inline(graph, nested == "keep")
    inputs = [flat.graph.inputs[k] for k in graph.signature.differentiable]
    chosen = flat.graph.outputs[:outputs]
    _require_real(flat, inputs, chosen)
    local = _local_terms(flat.graph, inputs)
    live = _live(flat.graph, local, inputs, chosen)
    return _assemble(flat, inputs, chosen, local, live)


def plain(
    edges: Iterable[tuple[Any, Any]], inputs: Sequence[Any], outputs: Sequence[Any], name: str = "graph"
) -> LinearGraph:
    """A linearised graph of numbers, from its edges; for graphs of the literature. No JAX is run.

    Vertices may be any sortable names; evaluation order is the topological order that takes the smallest name first.
    What is on no path from an input to an output is left out. Raises ValueError for a cycle.
    """
    pairs = _on_paths(list(dict.fromkeys(edges)), inputs, outputs)
    order = _topological(pairs, inputs)
    read = {u for u, _ in pairs}
    number: dict[Hashable, int] = {v: k for k, v in enumerate([*inputs, *order])}
    roles = {v: "output" if v in outputs and v not in read else "intermediate" for v in order} | dict.fromkeys(
        inputs, "input"
    )
    vertices = [LinearVertex(str(v), str(v), (), "", str(v), roles[v]) for v in number]
    blocks = {(number[u], number[v]): SCALAR for u, v in pairs}
    ends: list[int | None] = []
    for k, v in enumerate(outputs):
        if v not in roles:
            ends.append(None)
            continue
        if roles[v] != "output":
            blocks[number[v], len(vertices)] = identity(())
            vertices.append(LinearVertex(f"o{k}", str(v), (), "", f"o{k}", "output"))
        ends.append(number[v] if roles[v] == "output" else len(vertices) - 1)
    return LinearGraph(name, tuple(vertices), blocks, tuple(number[v] for v in inputs), tuple(ends))


def _on_paths(edges: Sequence[tuple[Any, Any]], inputs: Sequence[Any], outputs: Sequence[Any]) -> list[tuple[Any, Any]]:
    after: dict[Any, list[Any]] = {}
    before: dict[Any, list[Any]] = {}
    for u, v in edges:
        after.setdefault(u, []).append(v)
        before.setdefault(v, []).append(u)
    if entered := [v for v in inputs if v in before]:
        raise ValueError(f"edges lead into the inputs {entered}; inputs have no predecessors: drop those edges")
    kept = _reached(inputs, after) & _reached(outputs, before)
    return [(u, v) for u, v in edges if u in kept and v in kept]


def _reached(start: Sequence[Any], neighbours: Mapping[Any, Sequence[Any]]) -> set[Any]:
    found, waiting = set(start), list(start)
    while waiting:
        new = [v for v in neighbours.get(waiting.pop(), ()) if v not in found]
        found.update(new)
        waiting.extend(new)
    return found


def _topological(edges: Sequence[tuple[Any, Any]], inputs: Sequence[Any]) -> list[Any]:
    successors: dict[Any, list[Any]] = {}
    waiting: dict[Any, int] = {}
    for u, v in edges:
        successors.setdefault(u, []).append(v)
        waiting[v] = waiting.get(v, 0) + 1
        waiting.setdefault(u, 0)
    ready = sorted({v for v, count in waiting.items() if count == 0} | set(inputs))
    order: list[Any] = []
    while ready:
        vertex = heapq.heappop(ready)
        order.append(vertex)
        for after in successors.get(vertex, ()):
            waiting[after] -= 1
            if waiting[after] == 0:
                heapq.heappush(ready, after)
    if stuck := [v for v, count in waiting.items() if count]:
        raise ValueError(
            f"the edges form a cycle through {stuck[:5]}; a linearised graph has none: check their direction"
        )
    return [vertex for vertex in order if vertex not in set(inputs)]


def _require_real(flat: Flat, inputs: Sequence[int], outputs: Sequence[Operand]) -> None:
    for what, operands in (("input", inputs), ("output", outputs)):
        for operand in operands:
            value = flat.graph.vertices[operand] if isinstance(operand, int) else operand
            if is_complex(value.dtype):
                raise UnsupportedError(
                    f"{what} {flat.graph.label(operand)} is {value.dtype}; elimination takes real inputs and outputs "
                    "(complex values in between are fine): split them into real and imaginary parts"
                )


def _local_terms(graph: Graph, inputs: Sequence[int]) -> list[list[Term]]:
    """For each equation its blocks with respect to what depends on the inputs."""
    active = set(inputs)
    constants = Constants(graph)
    found: list[list[Term]] = []
    for equation in graph.equations:
        moving = [isinstance(o, int) and o in active and graph.vertices[o].inexact for o in equation.operands]
        local: list[Term] = []
        if any(moving):
            operands = [
                (constants.literal(o) or graph.vertices[o]) if isinstance(o, int) else o for o in equation.operands
            ]
            local = terms(equation, operands, [graph.vertices[r] for r in equation.results], moving)
        found.append(local)
        active.update(equation.results[term.result] for term in local)
    return found


def _live(graph: Graph, local: Sequence[Sequence[Term]], inputs: Sequence[int], outputs: Sequence[Operand]) -> set[int]:
    """The vertices on a path from an input to an output."""
    reached = {*inputs, *(graph.equations[term.equation].results[term.result] for found in local for term in found)}
    live = {o for o in outputs if isinstance(o, int) and o in reached and graph.vertices[o].inexact}
    for equation, found in zip(reversed(graph.equations), reversed(local), strict=True):
        for term in found:
            operand = equation.operands[term.position]
            if equation.results[term.result] in live and isinstance(operand, int):
                live.add(operand)
    return live


def _assemble(
    flat: Flat, inputs: Sequence[int], outputs: Sequence[Operand], local: Sequence[Sequence[Term]], live: set[int]
) -> LinearGraph:
    graph = flat.graph
    parts: dict[Edge, list[Term]] = {}
    for equation, found in zip(graph.equations, local, strict=True):
        for term in found:
            operand, result = equation.operands[term.position], equation.results[term.result]
            if isinstance(operand, int) and operand in live and result in live:
                parts.setdefault((operand, result), []).append(term)
    read = {u for u, _ in parts}
    ends = {o for o in outputs if isinstance(o, int) and o in live}
    sinks = [o for o in dict.fromkeys(outputs) if isinstance(o, int) and o in ends and (o in read or o in inputs)]
    order = [*inputs, *sorted(live - set(inputs))]
    number = {v: k for k, v in enumerate(order)}
    roles = (
        dict.fromkeys(order, "intermediate")
        | dict.fromkeys(ends - set(sinks), "output")
        | dict.fromkeys(inputs, "input")
    )
    vertices = [_vertex(flat, v, flat.values[v], roles[v]) for v in order]
    vertices += [_vertex(flat, v, f"o{outputs.index(v)}", "output") for v in sinks]
    edges = {(number[u], number[v]): _joined(found) for (u, v), found in parts.items()}
    edges |= {(number[v], len(order) + k): identity(vertices[number[v]].shape) for k, v in enumerate(sinks)}
    last = number | {v: len(order) + k for k, v in enumerate(sinks)}
    return LinearGraph(
        graph.name, tuple(vertices), edges, tuple(number[v] for v in inputs),
        tuple(last[o] if isinstance(o, int) and o in ends else None for o in outputs),
        {(number[u], number[v]): tuple(found) for (u, v), found in parts.items()}, flat,
    )  # fmt: skip


def _vertex(flat: Flat, vertex: int, name: str, role: str) -> LinearVertex:
    value: Vertex = flat.graph.vertices[vertex]
    node = name.split("#")[0]
    return LinearVertex(name, flat.graph.label(vertex), real_shape(value), real_dtype(value.dtype), node, role)


def _joined(found: Sequence[Term]) -> Structure:
    result = found[0].structure
    for term in found[1:]:
        result = join(result, term.structure).structure
    return result


def _run(
    graph: Graph, leaves: Sequence[Any], wanted: Mapping[int, Sequence[Term]]
) -> tuple[dict[int, Any], dict[Term, Any]]:
    """Execute the flat program, and the wanted local partials beside it; what nobody needs is left out."""
    known: dict[int, Any] = {**graph.values, **dict(zip(graph.inputs, leaves, strict=True))}
    found: dict[Term, Any] = {}
    needed = _needed(graph, wanted)
    for equation in graph.equations:
        local = wanted.get(equation.id, ())
        if not local and not needed.intersection(equation.results):
            continue
        values = [_read(known, operand) for operand in equation.operands]
        if needed.intersection(equation.results):
            known.update(zip(equation.results, equation.bind(*values), strict=True))
        operands = [graph.vertices[o] if isinstance(o, int) else o for o in equation.operands]
        found.update(zip(local, numbers(equation, operands, values, local), strict=True))
    return known, found


def _needed(graph: Graph, wanted: Mapping[int, Sequence[Term]]) -> set[int]:
    """Values that some output or some local partial reads."""
    needed = {o for o in graph.outputs if isinstance(o, int)}
    for equation in reversed(graph.equations):
        if equation.id in wanted or needed.intersection(equation.results):
            needed.update(o for o in equation.operands if isinstance(o, int))
    return needed


def _read(known: Mapping[int, Any], operand: Operand) -> Any:
    return operand.value if isinstance(operand, Literal) else known[operand]
