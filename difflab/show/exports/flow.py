"""A graph as boxes, parts around them and arrows between them: what DOT, Mermaid and Model Explorer have in common.

Parts are the scopes of the drawing. Where a body only stands for its call (jit, remat, custom rules), arrows run
through it: what it is given are the call's operands, what it makes are the call's results. A loop, or a branch of many,
keeps a box of its own for the equation, from which `body` arrows lead to what its bodies are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from difflab.core.graph import Equation, Graph, Literal, Operand
from difflab.show.scopes import Scope, ScopeTree
from difflab.show.wire import shorten, value_id

_THROUGH = {"jit", "call", "remat", "custom_jvp", "custom_vjp"}


@dataclass(frozen=True)
class Box:
    """One thing to draw; `at` is the graph and the equation it stands for, if it stands for one."""

    id: str
    kind: str
    label: str
    detail: str
    at: tuple[Graph, Equation] | None = None


@dataclass(frozen=True)
class Part:
    """Boxes and parts that belong together."""

    id: str
    kind: str
    label: str
    items: tuple[Box | Part, ...]

    def boxes(self) -> Iterator[Box]:
        """All boxes inside, those of inner parts included."""
        for item in self.items:
            if isinstance(item, Box):
                yield item
            else:
                yield from item.boxes()


@dataclass(frozen=True)
class Arrow:
    """A value on its way: from result number `result` of box `source` to operand number `operand` of `target`."""

    source: str
    target: str
    type: str
    result: int = 0
    operand: int = 0
    body: bool = False


@dataclass(frozen=True)
class Flow:
    """Everything to draw; `closed` counts the scopes that were left closed."""

    part: Part
    arrows: tuple[Arrow, ...]
    closed: int


def flow(graph: Graph, opens: Callable[[int], bool] = lambda depth: True) -> Flow:
    """The graph with the scopes open that `opens` says yes to, given how deep they are."""
    writer = _Writer(ScopeTree(graph), opens)
    part = writer.whole(writer.tree.root, None, 0)[0]
    return Flow(part, tuple(dict.fromkeys(writer.arrows)), writer.closed)


@dataclass(frozen=True)
class _End:
    box: str
    result: int
    type: str


_Ends = dict[int, _End]


class _Writer:
    def __init__(self, tree: ScopeTree, opens: Callable[[int], bool]) -> None:
        self.tree, self.opens = tree, opens
        self.arrows: list[Arrow] = []
        self.closed = 0

    def whole(self, scope: Scope, given: Sequence[_End | None] | None, depth: int) -> tuple[Part, _Ends]:
        """A scope that is all of its graph; without `given`, inputs and outputs are boxes."""
        graph, ends = scope.graph, _Ends()
        items: list[Box | Part] = []
        read = {o for e in graph.equations for o in e.operands if isinstance(o, int)}.union(
            o for o in graph.outputs if isinstance(o, int)
        )
        if given is None:
            items.extend(self.source(scope, v, "input", ends) for v in graph.inputs)
        else:
            ends.update({v: end for v, end in zip(graph.inputs, given, strict=True) if end is not None})
        items.extend(self.source(scope, v, "constant", ends) for v in graph.constants if v in read)
        items.extend(self.members(scope, ends, depth))
        if given is None:
            items.extend(self.outputs(scope, ends))
        return Part(scope.id, scope.kind, _title(scope), tuple(items)), ends

    def source(self, scope: Scope, number: int, kind: str, ends: _Ends) -> Box:
        vertex = scope.graph.vertices[number]
        name = str(value_id(scope.graph, number, scope.prefix))
        ends[number] = _End(name, 0, vertex.type)
        return Box(name, kind, "const" if kind == "constant" else scope.graph.label(number), vertex.type)

    def outputs(self, scope: Scope, ends: _Ends) -> Iterator[Box]:
        graph, signature = scope.graph, scope.graph.signature
        for k, output in enumerate(graph.outputs):
            name = f"{scope.prefix}o{k}"
            label = signature.outputs[k] if signature else "out" if len(graph.outputs) == 1 else f"out[{k}]"
            self.read([output], ends, name)
            yield Box(name, "output", label, _type(graph, output))

    def members(self, scope: Scope, ends: _Ends, depth: int) -> Iterator[Box | Part]:
        for member in scope.members:
            if isinstance(member, int):
                yield from self.equation(scope, scope.graph.equations[member], ends, depth)
            elif self.opens(depth + 1):
                inner = tuple(self.members(member, ends, depth + 1))
                yield Part(member.id, member.kind, _title(member), inner)
            else:
                yield self.group(member, ends)

    def group(self, scope: Scope, ends: _Ends) -> Box:
        """A closed part: one box for all of its equations."""
        self.closed += 1
        graph, numbers = scope.graph, list(scope.equations())
        made = [v for k in numbers for v in graph.equations[k].results]
        inner = {v: _End(scope.id, result, graph.vertices[v].type) for result, v in enumerate(made)}
        for k in numbers:
            self.read(graph.equations[k].operands, ends, scope.id, several=True)
        ends.update(inner)
        return Box(scope.id, "scope", _title(scope), f"{len(numbers)} equations")

    def equation(self, scope: Scope, equation: Equation, ends: _Ends, depth: int) -> Iterator[Box | Part]:
        graph, name = scope.graph, f"{scope.prefix}{equation.id}"
        opened = bool(equation.bodies) and self.opens(depth + 1)
        bodies = self.tree.bodies(scope, equation) if opened else []
        if bodies and _stands_for_its_call(equation):
            yield self.through(scope, equation, bodies[0], ends, depth)
            return
        self.closed += bool(equation.bodies) and not opened
        self.read(equation.operands, ends, name)
        for k, v in enumerate(equation.results):
            ends[v] = _End(name, k, graph.vertices[v].type)
        yield Box(name, "equation", label(equation), _results(graph, equation), (graph, equation))
        for body in bodies:
            part, _ = self.whole(body, None, depth + 1)
            yield part
            self.arrows.extend(
                Arrow(name, str(value_id(body.graph, v, body.prefix)), body.graph.vertices[v].type, body=True)
                for v in body.graph.inputs
            )

    def through(self, scope: Scope, equation: Equation, body: Scope, ends: _Ends, depth: int) -> Part:
        """An open call: its operands go in, its results come out, and it has no box of its own."""
        given = [ends.get(o) if isinstance(o, int) else None for o in equation.operands]
        part, inner = self.whole(body, given, depth + 1)
        for v, output in zip(equation.results, body.graph.outputs, strict=True):
            if isinstance(output, int) and output in inner:
                ends[v] = inner[output]
        return part

    def read(self, operands: Sequence[Operand], ends: _Ends, target: str, several: bool = False) -> None:
        for k, operand in enumerate(operands):
            end = ends.get(operand) if isinstance(operand, int) else None
            if end is not None and end.box != target:
                self.arrows.append(Arrow(end.box, target, end.type, end.result, 0 if several else k))


def label(equation: Equation) -> str:
    """What an equation does, in few words: `mul 2.0`, `relu`, `scan`."""
    if equation.bodies and equation.kind in _THROUGH:
        words = equation.bodies[0].label
        return words if equation.kind in ("jit", "call") else f"{equation.kind} {words}"
    if equation.primitive == "integer_pow":
        return f"pow {equation.params.get('y')}"
    literals = [str(o) for o in equation.operands if isinstance(o, Literal) and o.shape == ()]
    return " ".join([equation.primitive, *(text for text in literals if len(text) <= 8)])


def _stands_for_its_call(equation: Equation) -> bool:
    body = equation.bodies[0].graph
    same = len(body.inputs) == len(equation.operands) and len(body.outputs) == len(equation.results)
    return equation.kind in _THROUGH and len(equation.bodies) == 1 and same


def _title(scope: Scope) -> str:
    times = f" × {scope.count}" if scope.count is not None else ""
    plain = scope.kind in ("function", "named", "source", "part", "chunk", "repeat") or scope.kind == scope.label
    return shorten(("" if plain else scope.kind + " ") + scope.label + times, 60)


def _results(graph: Graph, equation: Equation) -> str:
    times = next((f" × {b.count}" for b in equation.bodies if b.count is not None), "")
    shown = [
        graph.vertices[v].type if graph.label(v).startswith("%") else f"{graph.label(v)}: {graph.vertices[v].type}"
        for v in equation.results
    ]
    return (", ".join(shown) if len(shown) <= 3 else f"{len(shown)} results") + times


def _type(graph: Graph, operand: Operand) -> str:
    return str(operand) if isinstance(operand, Literal) else graph.vertices[operand].type
