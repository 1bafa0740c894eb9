"""Two graphs laid over each other: one graph that holds what both have once, and what only one has, too.

The equations that belong together (`difflab.core.matching`) rise in both programs, so what lies between two of them can
stand in either order, and the merged program is in evaluation order again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from difflab.core.graph import Body, Equation, Graph, Literal, Operand, Signature, Vertex
from difflab.core.likeness import plain
from difflab.core.matching import Pair, match
from difflab.core.traits import Names, traits

Details = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Union:
    """`graph` and, for its own nodes (bodies are in `bodies`), what became of them and what changed."""

    graph: Graph
    status: Mapping[str, str]
    details: Mapping[str, Details]
    bodies: Mapping[int, tuple[Union, ...]]

    def flat(self, prefix: str = "") -> Iterator[tuple[str, str, Details]]:
        """Node id, status and details of all nodes, nested ones included."""
        for node, status in self.status.items():
            yield prefix + node, status, self.details.get(node, ())
        for number, bodies in self.bodies.items():
            for k, body in enumerate(bodies):
                yield from body.flat(f"{prefix}{number}.{k}/")


@dataclass
class Overlay:
    """Lays graphs over each other; bodies that JAX shares are compared once."""

    names: Names = field(default_factory=Names)
    known: dict[tuple[int, int], Union] = field(default_factory=dict[tuple[int, int], Union])

    def union(self, before: Graph, after: Graph) -> Union:
        """Both graphs in one."""
        key = (id(before), id(after))
        if key not in self.known:
            self.known[key] = _Merge(self, before, after).union()
        return self.known[key]

    def pairs(self, before: Graph, after: Graph) -> list[Pair]:
        """Equations that belong together."""
        columns = traits(before, self.names), traits(after, self.names)
        if columns[0] == columns[1]:
            return [(k, k) for k in range(len(before))]
        return match(*columns)

    def alone(self, graph: Graph, status: str) -> Union:
        """A graph that only one side has."""
        nodes = [*_given(graph)] + [str(e.id) for e in graph.equations]
        bodies = {e.id: tuple(self.alone(body.graph, status) for body in e.bodies) for e in graph.equations if e.bodies}
        return Union(graph, dict.fromkeys(nodes, status), {}, bodies)


class _Merge:
    """Two graphs on their way into one. `before[v]` and `after[v]` are the union's vertex for a vertex of either."""

    def __init__(self, overlay: Overlay, before: Graph, after: Graph) -> None:
        self.overlay = overlay
        self.graphs = before, after
        self.vertices: list[Vertex] = []
        self.equations: list[Equation] = []
        self.before: dict[int, int] = {}
        self.after: dict[int, int] = {}
        self.status: dict[str, str] = {}
        self.told: dict[str, list[str | _Step]] = {}
        self.bodies: dict[int, tuple[Union, ...]] = {}

    def union(self) -> Union:
        before, after = self.graphs
        constants, values = self.constants()
        labels = ([graph.vertices[v].name for v in graph.inputs] for graph in (before, after))
        inputs = self.given(before.inputs, after.inputs, "i", paired(*labels))
        i = k = 0
        for left, right in [*self.overlay.pairs(before, after), (len(before), len(after))]:
            for equation in before.equations[i:left]:
                self.alone(before, equation, self.before, "removed")
            for equation in after.equations[k:right]:
                self.alone(after, equation, self.after, "added")
            if left < len(before) and right < len(after):
                self.both(before.equations[left], after.equations[right])
            i, k = left + 1, right + 1
        name = after.name if before.name == after.name else f"{before.name} → {after.name}"
        outputs, signature = self.outputs()
        made = Graph(
            name, tuple(self.vertices), tuple(self.equations), inputs, outputs, constants, values, signature,
        )  # fmt: skip
        details = {
            node: tuple(t if isinstance(t, str) else t.text(made) for t in told) for node, told in self.told.items()
        }
        return Union(made, self.status, details, self.bodies)

    def constants(self) -> tuple[tuple[int, ...], dict[int, Any]]:
        before, after = self.graphs
        texts = [[_content(graph.values[v]) for v in graph.constants] for graph in (before, after)]
        pairs = paired(*texts)
        numbers = self.given(before.constants, after.constants, "c", pairs)
        for i, k in pairs.items():
            if texts[0][i] != texts[1][k]:
                self._tell(f"c{k}", ("value: another one",))
        values = {self.before[v]: value for v, value in before.values.items()}
        return numbers, {**values, **{self.after[v]: value for v, value in after.values.items()}}

    def given(self, before: Sequence[int], after: Sequence[int], letter: str, pairs: dict[int, int]) -> tuple[int, ...]:
        """Inputs or constants: those of `after`, then those that only `before` has."""
        old, new = self.graphs
        partner = {k: i for i, k in pairs.items()}
        numbers: list[int] = []
        for k, v in enumerate(after):
            number = self.after[v] = self.vertex(new.vertices[v], None)
            numbers.append(number)
            if k not in partner:
                self.status[f"{letter}{k}"] = "added"
                continue
            self.before[before[partner[k]]] = number
            self._tell(f"{letter}{k}", _types(old, before[partner[k]], new, v))
        for i, v in enumerate(before):
            if i not in pairs:
                self.before[v] = self.vertex(old.vertices[v], None)
                self.status[f"{letter}{len(numbers)}"] = "removed"
                numbers.append(self.before[v])
        return tuple(numbers)

    def outputs(self) -> tuple[tuple[Operand, ...], Signature | None]:
        before, after = self.graphs
        old, new = map(_output_names, self.graphs)
        pairs = paired(old, new)
        partner = {k: i for i, k in pairs.items()}
        found: list[Operand] = []
        for k, operand in enumerate(after.outputs):
            found.append(_moved(operand, self.after))
            if k not in partner:
                self.status[f"o{k}"] = "added"
                continue
            self._tell(f"o{k}", self._step("value", before.outputs[partner[k]], operand))
        kept = list(new)
        for i, operand in enumerate(before.outputs):
            if i not in pairs:
                self.status[f"o{len(found)}"] = "removed"
                found.append(_moved(operand, self.before))
                kept.append(old[i])
        return tuple(found), self.signature(kept)

    def signature(self, outputs: Sequence[str | None]) -> Signature | None:
        before, after = (g.signature for g in self.graphs)
        if before is None or after is None:
            return None
        inputs = [v.name or f"x{v.id}" for v in self.vertices if v.role == "input"]
        return Signature(tuple(inputs), tuple(name or "out" for name in outputs), after.differentiable)

    def alone(self, graph: Graph, equation: Equation, numbers: dict[int, int], status: str) -> None:
        bodies = tuple(self.overlay.alone(body.graph, status) for body in equation.bodies)
        number = self.add(graph, equation, numbers, tuple(b.graph for b in bodies))
        self.status[str(number)] = status
        if bodies:
            self.bodies[number] = bodies

    def both(self, old: Equation, new: Equation) -> None:
        bodies = tuple(self._bodies(old, new))
        number = self.add(self.graphs[1], new, self.after, tuple(body.graph for body in bodies), old)
        results = self.equations[number].results
        self.before.update(zip(old.results, results, strict=False))
        told: list[str | _Step] = [*self._changes(old, new)]
        for body, union in zip(self.equations[number].bodies, bodies, strict=True):
            counts = tally(status for node, status, _ in union.flat() if is_equation(node))
            if counts.keys() - {"same"}:
                told.append(f"{body.label}: {said(counts)}")
        self._tell(str(number), told)
        if bodies:
            self.bodies[number] = bodies

    def add(
        self,
        graph: Graph,
        equation: Equation,
        numbers: dict[int, int],
        bodies: Sequence[Graph],
        old: Equation | None = None,
    ) -> int:
        number = len(self.equations)
        operands = tuple(_moved(operand, numbers) for operand in equation.operands)
        for r in equation.results:
            numbers[r] = self.vertex(graph.vertices[r], number)
        results = [numbers[r] for r in equation.results]
        lost = old.results[len(results) :] if old else ()
        results += [
            self.vertex(replace(self.graphs[0].vertices[r], result=len(results) + k), number)
            for k, r in enumerate(lost)
        ]
        held = [*equation.bodies, *(old.bodies[len(equation.bodies) :] if old else ())]
        kept = tuple(Body(b.label, g, b.count) for b, g in zip(held, bodies, strict=True))
        self.equations.append(replace(equation, id=number, operands=operands, results=tuple(results), bodies=kept))
        return number

    def vertex(self, vertex: Vertex, equation: int | None) -> int:
        self.vertices.append(replace(vertex, id=len(self.vertices), equation=equation))
        return len(self.vertices) - 1

    def _bodies(self, old: Equation, new: Equation) -> Iterator[Union]:
        for left, right in zip(old.bodies, new.bodies, strict=False):
            yield self.overlay.union(left.graph, right.graph)
        for body in new.bodies[len(old.bodies) :]:
            yield self.overlay.alone(body.graph, "added")
        for body in old.bodies[len(new.bodies) :]:
            yield self.overlay.alone(body.graph, "removed")

    def _changes(self, old: Equation, new: Equation) -> Iterator[str | _Step]:
        before, after = self.graphs
        for left, right in zip(old.results, new.results, strict=False):
            yield from _types(before, left, after, right)
        if len(old.results) != len(new.results):
            yield f"results: {len(old.results)} → {len(new.results)}"
        for k in range(max(len(old.operands), len(new.operands))):
            left, right = ((*e.operands[k : k + 1], None)[0] for e in (old, new))
            yield from self._step(f"operand {k}", left, right)
        for key in [*old.params, *(key for key in new.params if key not in old.params)]:
            left, right = (plain(e.params[key]) if key in e.params else "–" for e in (old, new))
            if left != right:
                yield f"params.{key}: {_short(left)} → {_short(right)}"
        for left, right in zip(old.bodies, new.bodies, strict=False):
            if left.count != right.count:
                yield f"{right.label}: × {left.count} → × {right.count}"

    def _step(self, what: str, old: Operand | None, new: Operand | None) -> Iterator[_Step]:
        """What is read in place of what, if it is another value."""
        left = old if old is None or isinstance(old, Literal) else self.before[old]
        right = new if new is None or isinstance(new, Literal) else self.after[new]
        if _key(left) != _key(right):
            yield _Step(what, left, right)

    def _tell(self, node: str, told: Iterable[str | _Step]) -> None:
        """Note what changed of a node that both graphs have."""
        known = self.told.pop(node, [])
        known.extend(told)
        self.status[node] = "changed" if known else "same"
        if known:
            self.told[node] = known


@dataclass(frozen=True)
class _Step:
    """A node reads another value than before; both are the union's."""

    what: str
    left: Operand | None
    right: Operand | None

    def text(self, graph: Graph) -> str:
        old, new = ("–" if end is None else graph.label(end) for end in (self.left, self.right))
        if old == new:
            old, new = (f"{end} ({getattr(end, 'dtype', 'value')})" for end in (self.left, self.right))
        return f"{self.what}: {_short(old)} → {_short(new)}"


def paired(before: Sequence[str | None], after: Sequence[str | None]) -> dict[int, int]:
    """Inputs or outputs that belong together: those of one name, then the others in order.

    >>> paired(["x", "w", "b"], ["w", "x", "scale"])
    {0: 1, 1: 0, 2: 2}
    """
    places = {name: k for k, name in reversed(list(enumerate(after))) if name}
    found: dict[int, int] = {}
    for i, name in enumerate(before):
        if name in places:
            found[i] = places.pop(name)
    taken = set(found.values())
    rest = [k for k in range(len(after)) if k not in taken]
    found.update(zip([i for i in range(len(before)) if i not in found], rest, strict=False))
    return dict(sorted(found.items()))


def is_equation(node: str) -> bool:
    """Whether a node id is an equation's, not an input's, a constant's or an output's."""
    return node.rsplit("/", 1)[-1].isdigit()


def tally(statuses: Iterator[str]) -> dict[str, int]:
    """How many there are of each status."""
    counts: dict[str, int] = {}
    for status in statuses:
        counts[status] = counts.get(status, 0) + 1
    return counts


def said(counts: Mapping[str, int]) -> str:
    """`2 added, 1 changed`; what there is none of is not said, and what is the same only where nothing else is."""
    words = [f"{counts[key]} {key}" for key in ("added", "removed", "changed") if counts.get(key)]
    return ", ".join(words) or f"{counts.get('same', 0)} the same"


def _given(graph: Graph) -> Iterator[str]:
    for letter, numbers in (("i", graph.inputs), ("c", graph.constants), ("o", graph.outputs)):
        yield from (f"{letter}{k}" for k in range(len(numbers)))


def _output_names(graph: Graph) -> list[str | None]:
    known = graph.signature.outputs if graph.signature else ()
    return list(known) if len(known) == len(graph.outputs) else [None] * len(graph.outputs)


def _moved(operand: Operand, numbers: Mapping[int, int]) -> Operand:
    return operand if isinstance(operand, Literal) else numbers[operand]


def _key(operand: Operand | None) -> Any:
    """Equal for operands that are one value: literals that are written alike, NaN among them."""
    return (str(operand), operand.dtype) if isinstance(operand, Literal) else operand


def _types(before: Graph, left: int, after: Graph, right: int) -> Iterator[str]:
    old, new = before.vertices[left].type, after.vertices[right].type
    if old != new:
        yield f"{old} → {new}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else flat[:59] + "…"


def _content(value: Any) -> str:
    """A constant's type and value as a short text."""
    try:
        array = np.asarray(value)
        return f"{array.dtype}{array.shape}{blake2b(array.tobytes(), digest_size=12).hexdigest()}"
    except Exception:  # keys, tracers and references are no arrays
        return f"{type(value).__name__} {getattr(value, 'shape', '')}"
