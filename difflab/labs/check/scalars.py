"""The function at a point as a program of single numbers, each of which knows the equation that made it.

The graph is run over a domain whose elements are the operations themselves: a node holds its name and its operands, and
equal operations are one node (hash-consing; Ershov 1958). Values over any other domain, and the paths from an input to
an output, are then read from the nodes. What decides branches is the point, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from difflab.core.complexes import Complex
from difflab.core.domains import PARTIALS, Domain
from difflab.core.errors import UnsupportedError
from difflab.core.graph import Equation, Graph
from difflab.core.interpret import interpret
from difflab.core.values import Decision, Elements, Hole, Value
from difflab.labs.check.problem import Problem, coordinates, elements, outputs_of
from difflab.labs.check.symbols import TooLargeError

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
PLAIN = ("pi", "integer_pow", "square", "exp2", "expm1", "log1p", "logistic", "digamma", "trigamma")
"""Operations that are one node although others would do."""


PARTS = ("cosine of a turn", "sine of a turn")


@dataclass(frozen=True, eq=False)
class Occurrence:
    """One execution of an equation: in a loop, each iteration is one."""

    number: int
    node: str
    graph: Graph
    equation: Equation


@dataclass(eq=False, slots=True)
class Node:
    """One operation on numbers: `operation(*operands, *parameters)`, made by `place`, called `name` by the user."""

    number: int
    operation: str
    operands: tuple[Node, ...] = ()
    parameters: tuple[Any, ...] = ()
    active: bool = False
    place: Occurrence | None = None
    name: str = ""


@dataclass(frozen=True)
class Comparison:
    """What an equation of the graph's `node` found of two numbers: `left` `sign` `right`; `right` None stands for 0."""

    node: str
    left: Node
    sign: str
    right: Node | None


@dataclass(frozen=True, eq=False)
class Scalars:
    """The program: its nodes in order, the inputs and outputs among them (`Hole`: one is missing), and the path."""

    problem: Problem
    nodes: tuple[Node, ...]
    inputs: tuple[Node, ...]
    outputs: tuple[Node | Hole, ...]
    path: tuple[Decision, ...]
    compared: tuple[Comparison, ...] = ()

    @property
    def operations(self) -> int:
        """Number of operations on values that vary."""
        return sum(node.active and bool(node.operands) for node in self.nodes)

    def needed(self) -> list[Node]:
        """The nodes that reach an output or a comparison, in order."""
        compared = [side for c in self.compared for side in (c.left, c.right) if side is not None]
        found = [*compared, *(o for o in self.outputs if isinstance(o, Node))]
        known = set(found)
        while found:
            fresh = [o for o in found.pop().operands if o not in known]
            known.update(fresh)
            found += fresh
        return [node for node in self.nodes if node in known]

    def evaluate(
        self, domain: Domain, inputs: Sequence[Any], each: Callable[[], None] = lambda: None
    ) -> dict[Node, Any]:
        """The values of all needed nodes over a domain; `each` is called before every operation."""
        known: dict[Node, Any] = dict(zip(self.inputs, inputs, strict=True))
        for node in self.needed():
            if node not in known:
                each()
                known[node] = apply(domain, node, [known[o] for o in node.operands])
        return known

    def between(self, start: Node, end: Node) -> list[Node]:
        """The nodes on paths from `start` to `end`, both included, in order."""
        after: set[Node] = {start}
        for node in self.nodes[start.number + 1 : end.number + 1]:
            if node.operation != "stopped" and any(o in after for o in node.operands):
                after.add(node)
        if end not in after:
            return []
        before, found = {end}, [end]
        while found:
            fresh = [o for o in found.pop().operands if o in after and o not in before]
            before.update(fresh)
            found += fresh
        return [node for node in self.nodes[start.number : end.number + 1] if node in before]


def apply(domain: Domain, node: Node, operands: Sequence[Any]) -> Any:
    """The value of one node from those of its operands."""
    if node.operation == "constant":
        return domain.constant(node.parameters[0])
    if node.operation == "stopped":
        return domain.freeze(operands[0])
    if node.operation in PARTS:
        root = domain.operation("root_of_unity")
        return None if root is None else root(*node.parameters)[PARTS.index(node.operation)]
    operation = domain.operation(node.operation)
    if operation is None:
        raise UnsupportedError(f"{domain.name} have no {node.operation}; take another engine")
    return operation(*operands, *node.parameters)


def scalars(problem: Problem, limit: int = 20_000, deadline: float | None = None) -> Scalars:
    """Take the graph of a problem apart into numbers; `TooLargeError` past `limit` of them."""
    tape = _Tape(limit)
    inputs = [tape.make("input", (), (name,), active=True) for name in problem.columns]
    given = dict(zip(problem.inputs, elements(problem.input_types, inputs), strict=True))
    outcome = interpret(
        problem.graph, problem.at.leaves, tape.domain, elements=given, deadline=deadline, observe=tape.observe
    )
    outputs = coordinates(outputs_of(problem, outcome))
    return Scalars(problem, tuple(tape.nodes), tuple(inputs), tuple(outputs), outcome.path, tuple(tape.compared))


@dataclass(eq=False)
class _Tape:
    """The nodes made so far."""

    limit: int
    nodes: list[Node] = field(default_factory=list[Node])
    compared: list[Comparison] = field(default_factory=list[Comparison])
    _known: dict[Any, Node] = field(default_factory=dict[Any, Node])
    _seen: int = 0
    _times: dict[str, int] = field(default_factory=dict[str, int])
    _occurrences: int = 0

    @property
    def domain(self) -> Domain:
        real = {*PARTIALS, *PLAIN} - {"imaginary_unit"}
        table: dict[str, Callable[..., Any]] = {name: self._operation(name) for name in real}
        table["root_of_unity"] = lambda k, n: tuple(self.make(part, (), (k, n)) for part in PARTS)
        return Domain("operations", self._constant, table, freeze=lambda x: self.make("stopped", (x,), active=False))

    def make(
        self, operation: str, operands: tuple[Node, ...], parameters: tuple[Any, ...] = (), active: bool | None = None
    ) -> Node:
        key = (operation, operands, parameters)
        if key not in self._known:
            if len(self.nodes) >= self.limit:
                raise TooLargeError(
                    f"the function has more than {self.limit} operations on numbers; hold arguments (argnums), or take "
                    "difflab.jacobian, which gives numbers"
                )
            varies = any(o.active for o in operands) if active is None else active
            self._known[key] = Node(len(self.nodes), operation, operands, parameters, varies)
            self.nodes.append(self._known[key])
        return self._known[key]

    def observe(
        self, node: str, graph: Graph, equation: Equation, operands: Sequence[Value], results: Sequence[Value]
    ) -> None:
        """Say of the nodes made since the last call which equation made them, and what its results are called."""
        self._occurrences += 1
        place = Occurrence(self._occurrences, node, graph, equation)
        for made in self.nodes[self._seen :]:
            made.place = place if made.operands else None
        self._seen = len(self.nodes)
        for number, value in zip(equation.results, results, strict=True):
            self._name(graph.vertices[number].name, value.elements)
        if any(o.active for o in operands):
            self.compared += _comparisons(node, equation.primitive, operands)

    def _name(self, name: str | None, array: Elements | None) -> None:
        if not name or name == "_" or array is None:
            return
        fresh = [(index, node) for index, node in _entries(array) if not node.name and node.operands and node.active]
        if fresh:
            self._times[name] = self._times.get(name, 0) + 1
            again = str(self._times[name]).translate(_SUBSCRIPTS) if self._times[name] > 1 else ""
            for (part, index), node in fresh:
                node.name = f"{part}{name}{again}{index}"

    def _operation(self, name: str) -> Callable[..., Node]:
        def apply_to(*operands: Any) -> Node:
            nodes = tuple(o for o in operands if isinstance(o, Node))
            return self.make(name, nodes, operands[len(nodes) :])

        return _shortened(name, apply_to)

    def _constant(self, value: Any) -> Node:
        return self.make("constant", (), (value,), active=False)


def _comparisons(node: str, primitive: str, operands: Sequence[Value]) -> Iterable[Comparison]:
    """What a primitive that compares found, entry by entry, where an operand varies."""
    if primitive not in _COMPARING or any(o.elements is None or np.iscomplexobj(o.known) for o in operands):
        return
    arrays = [o.elements for o in operands if o.elements is not None]
    known = [np.asarray(o.known, np.float64) for o in operands]
    if primitive in ("abs", "sign"):
        arrays, known = [*arrays, np.full(arrays[0].shape, None, object)], [*known, np.zeros(arrays[0].shape)]
    lefts, rights, a, b = (x.reshape(-1) for x in np.broadcast_arrays(*arrays[:2], *known[:2]))
    for left, right, p, q in zip(lefts, rights, a, b, strict=True):
        nodes = [e for e in (left, right) if isinstance(e, Node) and e.active]
        if nodes and isinstance(left, Node) and not isinstance(right, Hole):
            yield Comparison(node, left, "<" if p < q else ">" if p > q else "=", right)


_COMPARING = ("lt", "le", "gt", "ge", "eq", "ne", "lt_to", "le_to", "max", "min", "abs", "sign")


def _entries(array: Elements) -> Iterable[tuple[tuple[str, str], Node]]:
    """The nodes of an array, each with "Re ", "Im " or nothing, and its index."""
    for index in np.ndindex(*array.shape):
        text, element = f"[{','.join(map(str, index))}]" if index else "", array[index]
        parts = [("Re ", element.re), ("Im ", element.im)] if isinstance(element, Complex) else [("", element)]
        yield from (((part, text), node) for part, node in parts if isinstance(node, Node))


def _shortened(name: str, operation: Callable[..., Node]) -> Callable[..., Node]:
    """Leave out what is structurally nothing: + 0, · 1, · 0."""

    def is_constant(x: Node, number: int) -> bool:
        return x.operation == "constant" and x.parameters[0] == number

    def add(x: Node, y: Node) -> Node:
        return y if is_constant(x, 0) else x if is_constant(y, 0) else operation(x, y)

    def multiply(x: Node, y: Node) -> Node:
        for a, b in ((x, y), (y, x)):
            if is_constant(a, 0):
                return a
            if is_constant(a, 1):
                return b
        return operation(x, y)

    return {"add": add, "mul": multiply}.get(name, operation)
