"""Memory kept for the backward pass: residuals, and the equations that made them.

Reverse mode runs a program down and then up, and what the way up reads must be kept from the way down (Griewank &
Walther, "Evaluating Derivatives", 2008, section 4.2). Two kinds of graphs are read. One that *holds both sweeps*, such
as a training step, shows its residuals: values made before the reverse sweep that an equation of it reads. Of a *plain*
function each equation on a path from differentiable inputs to outputs is differentiated by JAX's own rule, alone, and
what the rule holds on to is its residual (`difflab.core.rules`): operands, results, or values made for the derivative.

Each value counts once, at the equation that made it; the function's inputs live anyway and are summed apart. A loop's
residuals are of all its iterations. A compiler may keep less, by computing again, or more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

from difflab.core.activity import SweptGraph, phase, swept
from difflab.core.graph import Equation, Graph, Vertex, walk
from difflab.core.rules import held
from difflab.core.widths import size_in_bytes


@dataclass(frozen=True, slots=True)
class Residual:
    """A value that is kept: the node that made it, what it is called and how many bytes it takes."""

    node: str
    name: str
    bytes: int


@dataclass(frozen=True)
class Kept:
    """All residuals of a graph, in evaluation order.

    `inputs` are bytes of the function's own inputs and constants that the backward pass reads, too; `unknown` the nodes
    whose rule could not be asked, with the reason. `traced` if JAX's rules were asked, and not the reverse sweep read.
    """

    residuals: tuple[Residual, ...]
    inputs: int
    unknown: Mapping[str, str]
    traced: bool

    @property
    def total(self) -> int:
        """Bytes of all residuals."""
        return sum(r.bytes for r in self.residuals)

    @cached_property
    def bytes(self) -> Mapping[str, int]:
        """Node → bytes made there, bodies included."""
        found: dict[str, int] = {}
        for residual in self.residuals:
            for node in _around(residual.node):
                found[node] = found.get(node, 0) + residual.bytes
        return found

    @cached_property
    def by_node(self) -> Mapping[str, tuple[Residual, ...]]:
        """Node → residuals made there, bodies included."""
        found: dict[str, list[Residual]] = {}
        for residual in self.residuals:
            for node in _around(residual.node):
                found.setdefault(node, []).append(residual)
        return {node: tuple(residuals) for node, residuals in found.items()}

    def of(self, prefix: str, equations: Iterable[int]) -> int:
        """Bytes made by some equations of one graph."""
        return sum(self.bytes.get(f"{prefix}{k}", 0) for k in equations)


def holds_both_sweeps(graph: Graph) -> bool:
    """Whether a graph, or a body in it, has equations of a forward and of a reverse sweep."""
    phases: dict[int, set[str]] = {}
    for _, inside, equation in walk(graph):
        found = phase(equation)
        if found:
            seen = phases.setdefault(id(inside), set())
            seen.add(found)
            if len(seen) == 2:
                return True
    return False


def kept(graph: Graph) -> Kept:
    """What a backward pass keeps: read off the graph if it holds one, else by JAX's rules.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> [(r.node, r.name, r.bytes) for r in kept(graph(lambda x: jnp.sin(x) * x, jnp.ones(8))).residuals]
    [('0', 'f32[8] for the derivative of sin', 32), ('0', '%1: f32[8]', 32)]
    """
    if graph not in _KNOWN:
        _KNOWN[graph] = _read_off(graph) if holds_both_sweeps(graph) else _by_rules(graph)
    return _KNOWN[graph]


_KNOWN: WeakKeyDictionary[Graph, Kept] = WeakKeyDictionary()


def _read_off(graph: Graph) -> Kept:
    found: dict[tuple[str, int], Residual] = {}
    inputs: dict[int, int] = {}

    def study(inside: Graph, prefix: str) -> None:
        phases = [phase(e) for e in inside.equations]
        read = {o for e in inside.equations if phases[e.id] == "reverse" for o in e.operands if isinstance(o, int)}
        both = "reverse" in phases and any(p != "reverse" for p in phases)
        for number in sorted({_handed_on(inside, v) for v in read}) if both else ():
            vertex = inside.vertices[number]
            if vertex.equation is None:
                if not prefix:
                    inputs[number] = size_in_bytes(vertex)
            elif phases[vertex.equation] != "reverse":
                node, name, made = _maker(inside, prefix, vertex)
                found.setdefault((node, made), Residual(node, name, size_in_bytes(vertex)))
        for equation in inside.equations:
            for number, body in enumerate(equation.bodies):
                study(body.graph, f"{prefix}{equation.id}.{number}/")

    study(graph, "")
    return Kept(_in_order(graph, found.values()), sum(inputs.values()), {}, False)


def _maker(graph: Graph, prefix: str, vertex: Vertex) -> tuple[str, str, int]:
    """The node, name and vertex that made a value, inside of calls and loops."""
    assert vertex.equation is not None, "an input is made by no equation; please report this"
    equation = graph.equations[vertex.equation]
    node = f"{prefix}{equation.id}"
    body, inner = _inside(equation, vertex.result)
    if body is not None and inner is not None and inner.equation is not None:
        return _maker(body, f"{node}.0/", inner)
    return node, _name(graph, vertex), vertex.id


def _handed_on(graph: Graph, number: int) -> int:
    """The vertex that a value is: a call may hand an operand on as its result."""
    vertex = graph.vertices[number]
    while vertex.equation is not None:
        equation = graph.equations[vertex.equation]
        body, inner = _inside(equation, vertex.result)
        if body is None or inner is None or equation.kind == "scan":
            break
        inner = body.vertices[_handed_on(body, inner.id)]
        operand = equation.operands[body.inputs.index(inner.id)] if inner.id in body.inputs else None
        if not isinstance(operand, int):
            break
        vertex = graph.vertices[operand]
    return vertex.id


def _inside(equation: Equation, result: int) -> tuple[Graph | None, Vertex | None]:
    """The one body of a call or loop, and the vertex in it that becomes this result."""
    if equation.kind not in _OPENED or len(equation.bodies) != 1:
        return None, None
    body = equation.bodies[0].graph
    fits = len(body.outputs) == len(equation.results) and len(body.inputs) == len(equation.operands)
    output = body.outputs[result] if fits else None
    return body, body.vertices[output] if isinstance(output, int) else None


_OPENED = ("jit", "call", "remat", "scan", "custom_jvp", "custom_vjp")


def _by_rules(graph: Graph) -> Kept:
    differentiable = (
        {graph.inputs[k] for k in graph.signature.differentiable}
        if graph.signature
        else {v for v in graph.inputs if graph.vertices[v].inexact}
    )
    finder = _Finder(graph)
    sweep = swept(graph, frozenset(differentiable))
    finder.study(sweep, "", 1, {})
    return Kept(_in_order(graph, finder.found.values()), sum(finder.inputs.values()), finder.unknown, True)


Place = tuple[str, int | str]
"""Prefix and vertex, or prefix and a name for what a rule makes."""


class _Finder:
    """Walks a plain graph and gathers what the rule of each equation holds on to."""

    def __init__(self, graph: Graph) -> None:
        self.found: dict[Place, Residual] = {}
        self.inputs: dict[int, int] = {}
        self.unknown: dict[str, str] = {}
        self.outer = graph

    def study(self, sweep: SweptGraph, prefix: str, times: int, given: Mapping[int, _Owner]) -> None:
        """All equations of one graph, run `times` times; `given` says what the inputs of a body are outside."""
        for equation in sweep.graph.equations:
            if equation.id in sweep.moving:
                self._equation(_Around(sweep, prefix, times, given), equation)

    def _equation(self, at: _Around, equation: Equation) -> None:
        node = f"{at.prefix}{equation.id}"
        inner = at.sweep.inner.get(equation.id)
        if inner is not None:
            pairs = zip(inner.graph.inputs, equation.operands, strict=True)
            outside = {v: _Owner(at, o) for v, o in pairs if isinstance(o, int) and v not in inner.carried}
            self.study(inner, f"{node}.0/", at.times * inner.count, outside)
            return
        rule = held(at.sweep.graph, equation, at.sweep.moving[equation.id])
        if isinstance(rule, str):
            self.unknown[node] = rule
            return
        for number, one in enumerate(rule):
            if one.what == "new":
                name = f"{one.type} for the derivative of {equation.primitive}"
                times = at.times_of([o for o in equation.operands if isinstance(o, int)])
                self.found[at.prefix, f"{equation.id}:{number}"] = Residual(node, name, one.bytes * times)
                continue
            value = (equation.operands if one.what == "operand" else equation.results)[one.number]
            if isinstance(value, int):
                self._keep(_Owner(at, value).origin())

    def _keep(self, owner: _Owner) -> None:
        at, vertex = owner.at, owner.at.sweep.graph.vertices[owner.vertex]
        size = size_in_bytes(vertex) * at.times_of([vertex.id])
        if vertex.equation is not None:
            node, name, made = _maker(at.sweep.graph, at.prefix, vertex)
            self.found[node.rpartition("/")[0], made] = Residual(node, name, size)
        elif at.prefix:
            node = at.prefix.rpartition("/")[0].rpartition(".")[0]
            self.found[at.prefix, vertex.id] = Residual(node, _name(at.sweep.graph, vertex), size)
        else:
            self.inputs[vertex.id] = size


@dataclass(frozen=True, eq=False)
class _Around:
    """A graph on the way of the derivative, its prefix, how often it runs and what its inputs are outside."""

    sweep: SweptGraph
    prefix: str
    times: int
    given: Mapping[int, _Owner]

    def times_of(self, vertices: Iterable[int]) -> int:
        """How often what depends on these is kept: once for all iterations, if they are the same in each."""
        same = self.sweep.count > 1 and all(v in self.sweep.invariant for v in vertices)
        return self.times // self.sweep.count if same else self.times


@dataclass(frozen=True, eq=False)
class _Owner:
    """A vertex where it is read; a body's input may stand for a vertex outside."""

    at: _Around
    vertex: int

    def origin(self) -> _Owner:
        """The value itself, outside of all calls it was handed into."""
        number = _handed_on(self.at.sweep.graph, self.vertex)
        outside = self.at.given.get(number)
        return outside.origin() if outside is not None else _Owner(self.at, number)


def _name(graph: Graph, vertex: Vertex) -> str:
    return f"{graph.label(vertex.id)}: {vertex.type}"


def _in_order(graph: Graph, residuals: Iterable[Residual]) -> tuple[Residual, ...]:
    return tuple(sorted(residuals, key=lambda r: tuple(_numbers(r.node))))


def _numbers(node: str) -> Iterator[int]:
    for part in node.split("/"):
        number, _, body = part.partition(".")
        yield int(number)
        if body:
            yield int(body)


def _around(node: str) -> Iterator[str]:
    """The node itself and the equations that it is inside of."""
    yield node
    while "/" in node:
        node = node.rpartition("/")[0].rpartition(".")[0]
        yield node
