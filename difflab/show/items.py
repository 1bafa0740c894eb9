"""What stands on the drawing of one scope, before it is placed: items, edges, and operands drawn where they are used.

A value that many read (a *hub*), a scalar constant, and an input that is read far from where it stands, would pull
edges across the whole drawing. Each is drawn as a *chip* on its reader instead; its own box stays, joined to the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import accumulate, groupby

from difflab.core.activity import Phase
from difflab.core.graph import Equation, Graph, Literal, Operand, Vertex
from difflab.show.facts import Facts
from difflab.show.place import PORTAL
from difflab.show.scopes import Scope
from difflab.show.wire import shorten

GROUPED_INPUTS = 40
"""More inputs (or outputs) than this are drawn as one item per argument."""
SHELL = 8
"""So are more than this around a lone call: inside of it they stand again, each by itself."""
HUB = 6
"""A value with more readers than this, in one scope, is a hub."""
CHIPS = 3
"""An item shows no more chips than this; the others are counted."""

_MARK, _TAB = 14, 9
"""Pixels beside the texts for the mark that opens, and for the tab of a sweep (`widgets/src/draw/parts.ts`)."""

Pair = tuple[str, str]
Chip = tuple[str | None, str]


@dataclass(frozen=True)
class Item:
    """A box: what it stands for, its two lines of text, what opens inside it and the operands drawn on it."""

    id: str
    kind: str
    label: str
    detail: str
    scopes: tuple[str, ...] = ()
    phase: Phase | None = None
    chips: tuple[Chip, ...] = ()

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in pixels."""
        chips = sum(5.6 * len(text) + 16 for _, text in self.chips) + 8
        around = 22 + (_MARK if self.scopes else 0) + (_TAB if self.phase else 0)
        width = max(7.4 * len(self.label), 6.3 * len(self.detail)) + around
        height = (40.0 if self.detail else 28.0) + (16.0 if self.chips else 0.0)
        return round(min(max(width, chips if self.chips else 0.0, 52.0), 300.0), 1), height


@dataclass(frozen=True)
class Contents:
    """The items of one scope and the edges between them.

    `values` has for each edge the vertices it carries, `residuals` those edges that run from the forward to the reverse
    sweep; `members` has the equation numbers behind each item that has any.
    """

    scope: Scope
    facts: Facts
    items: Sequence[Item]
    members: Mapping[str, range]
    values: Mapping[Pair, Sequence[int]]
    residuals: Set[Pair]

    def label(self, pair: Pair) -> str:
        """The text of an edge: the type of what it carries."""
        types = {self.facts.graph.vertices[v].type for v in self.values[pair]}
        return types.pop() if len(types) == 1 else "several values"


def contents(scope: Scope, facts: Facts) -> Contents:
    """What stands on the drawing of a scope."""
    found = _Collector(scope, facts)
    return Contents(scope, facts, found.items, found.members, found.values, found.residuals)


class _Collector:
    def __init__(self, scope: Scope, facts: Facts) -> None:
        self.scope, self.graph, self.facts = scope, scope.graph, facts
        self.members: dict[str, range] = {}
        self.values: dict[Pair, list[int]] = {}
        self.residuals: set[Pair] = set()
        self._sweeps = facts.sweeps
        self._most = SHELL if _shell(scope) else GROUPED_INPUTS
        self._owner: dict[int, str] = {}
        self._sources: dict[int, str] = {}
        inner = [self._member(member) for member in scope.members]
        given = list(self._given() if scope.whole else self._outer())
        ends = list(self._outputs()) if scope.whole else []
        self._connect_all()
        self.items = self._with_chips([*given, *inner, *ends])

    def _id(self, vertex: int) -> str:
        return self.scope.prefix + self.facts.ids[vertex]

    def _member(self, member: int | Scope) -> Item:
        if isinstance(member, Scope):
            self.members[member.id] = member.equations()
            self._owner.update(dict.fromkeys(member.equations(), member.id))
            return Item(member.id, "scope", shorten(member.label, 34), group_detail(member), (member.id,), member.phase)
        name = f"{self.scope.prefix}{member}"
        self.members[name] = range(member, member + 1)
        self._owner[member] = name
        return equation_item(self.graph, self.scope.prefix, member, self.facts)

    def _given(self) -> Iterator[Item]:
        graph = self.graph
        constants = [v for v in graph.constants if v not in self.facts.scalars and self._used(v)]
        for role, numbers in (("input", graph.inputs), ("constant", constants)):
            for owner, vertices in _by_argument([graph.vertices[v] for v in numbers], self._most):
                first, more = self._id(vertices[0].id), len(vertices) - 1
                detail = f"{len(vertices)} arrays" if more else vertices[0].type
                label = owner or (graph.label(vertices[0].id) if role == "input" else "const")
                name = f"{first}+{more}" if more else first
                self._sources.update({vertex.id: name for vertex in vertices})
                yield Item(name, role, shorten(label, 34), detail)

    def _used(self, vertex: int) -> bool:
        return bool(self.facts.consumers[vertex]) or vertex in self.facts.outputs

    def _outer(self) -> Iterator[Item]:
        first, stop = self.scope.span
        outside: dict[int, None] = {}
        for equation in self.graph.equations[first:stop]:
            for operand in equation.operands:
                if isinstance(operand, int) and operand not in self.facts.scalars:
                    maker = self.graph.vertices[operand].equation
                    if maker is None or not first <= maker < stop:
                        outside[operand] = None
        for owner, vertices in _by_argument([self.graph.vertices[v] for v in outside], GROUPED_INPUTS, _maker):
            more = len(vertices) - 1
            name = f"{self.scope.id}@{self._id(vertices[0].id)}" + (f"+{more}" if more else "")
            self._sources.update({vertex.id: name for vertex in vertices})
            label = owner or self.graph.label(vertices[0].id)
            yield Item(name, "outer", shorten(label, 34), f"{more + 1} arrays" if more else vertices[0].type)

    def _outputs(self) -> Iterator[Item]:
        outputs = self.graph.outputs
        numbered = ["out"] if len(outputs) == 1 else [f"out[{k}]" for k in range(len(outputs))]
        for label, first, stop in _by_part(self.scope.outputs or numbered, self._most):
            more = stop - first - 1
            name = f"{self.scope.prefix}o{first}" + (f"+{more}" if more else "")
            for output in outputs[first:stop]:
                self._connect(output, None, name)
            one = outputs[first]
            detail = str(one) if isinstance(one, Literal) else self.graph.vertices[one].type
            yield Item(name, "output", shorten(label, 34), f"{more + 1} arrays" if more else shorten(detail, 34))

    def _connect_all(self) -> None:
        first, stop = self.scope.span
        ends, self.values = self.values, {}
        for equation in self.graph.equations[first:stop]:
            target = self._owner[equation.id]
            for operand in equation.operands:
                self._connect(operand, equation.id, target)
        self.values.update(ends)

    def _connect(self, operand: Operand, reader: int | None, target: str) -> None:
        if isinstance(operand, Literal):
            return
        maker = self.graph.vertices[operand].equation
        source = self._sources.get(operand)
        if source is None:  # a scalar constant has no box
            source = self._id(operand) if maker is None else self._owner[maker]
        if source == target:
            return
        pair = source, target
        carried = self.values.setdefault(pair, [])
        if operand not in carried[-8:]:
            carried.append(operand)
        sweeps = self._sweeps
        if maker is not None and sweeps[maker] == "forward" and reader is not None and sweeps[reader] == "reverse":
            self.residuals.add(pair)

    def _with_chips(self, items: list[Item]) -> list[Item]:
        """Take the edges that are better drawn as chips, and put them on the items that read them."""
        at = {item.id: k for k, item in enumerate(items)}
        chips: dict[str, list[Chip]] = {}
        for source, targets in self._readers().items():
            kind = items[at[source]].kind if source in at else "scalar"
            label = items[at[source]].label if "+" in source else ""
            for target in _replaced(kind, [t for t in targets if items[at[t]].kind != "output"], at):
                carried = self.values.pop((source, target))
                chips.setdefault(target, []).extend(self._chip(v, label) for v in carried[: 1 if label else CHIPS])
        self.residuals &= self.values.keys()
        return [replace(item, chips=_few(chips[item.id])) if item.id in chips else item for item in items]

    def _readers(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for source, target in self.values:
            found.setdefault(source, []).append(target)
        return found

    def _chip(self, vertex: int, label: str) -> Chip:
        return self._id(vertex), shorten(label or self.facts.scalars.get(vertex) or self.graph.label(vertex), 16)


def equation_item(graph: Graph, prefix: str, number: int, facts: Facts) -> Item:
    """The box of one equation."""
    equation = graph.equations[number]
    name = f"{prefix}{number}"
    bodies = tuple(f"{name}.{k}" for k in range(len(equation.bodies)))
    label, detail = shorten(_label(equation), 34), shorten(_detail(graph, equation), 44)
    return Item(name, "equation", label, detail, bodies, facts.sweeps[number])


def group_detail(scope: Scope) -> str:
    """`× 48, 2 kinds · 4,269 equations`"""
    times = ", ".join(filter(None, [f"× {scope.count}", scope.variety])) + " · " if scope.count is not None else ""
    return f"{times}{len(scope.equations()):,} equations"


def _replaced(kind: str, targets: Sequence[str], at: dict[str, int]) -> Sequence[str]:
    """The readers that get a chip in place of an edge."""
    if kind == "scalar":
        return targets
    if kind == "scope" or not targets:
        return ()
    if len(targets) > HUB:
        return targets[1:]
    if kind == "equation":
        return ()
    return [target for target in targets[1:] if at[target] - at[targets[0]] > PORTAL]


def _few(chips: Sequence[Chip]) -> tuple[Chip, ...]:
    single = tuple(dict.fromkeys(chips))
    return single if len(single) <= CHIPS else (*single[: CHIPS - 1], (None, f"+{len(single) - CHIPS + 1}"))


def _argument(vertex: Vertex) -> str:
    return re.split(r"[\[.]", vertex.name or vertex.role)[0]


def _maker(vertex: Vertex) -> str:
    return _argument(vertex) if vertex.role == "input" else "from outside"


def _shell(scope: Scope) -> bool:
    """Whether a scope is all of a graph that does nothing but call one other."""
    only = scope.members[0] if scope.whole and len(scope.members) == 1 else None
    return isinstance(only, int) and bool(scope.graph.equations[only].bodies)


def _by_part(names: Sequence[str], most: int) -> Iterable[tuple[str, int, int]]:
    """Label, first and stop of each output, or of each part of the result where there are more than `most`."""
    if len(names) <= most:
        return [(name, k, k + 1) for k, name in enumerate(names)]
    parts = [(part, len(list(run))) for part, run in groupby(names, _part)]
    if len(parts) > most:
        parts = [("outputs", len(names))]
    stops = list(accumulate(length for _, length in parts))
    return [(part, stop - length, stop) for (part, length), stop in zip(parts, stops, strict=True)]


def _part(name: str) -> str:
    """`out[1]` of `out[1][0].mu['w']`."""
    found = re.match(r"[^\[.]*(\[[^\]]*\]|\.\w+)?", name)
    return found[0] if found else name


def _by_argument(
    vertices: Sequence[Vertex], most: int, name: Callable[[Vertex], str] = _argument
) -> Iterable[tuple[str, list[Vertex]]]:
    """Each value by itself, or by the argument it belongs to where there are more than `most`."""
    if len(vertices) <= most:
        return [("", [vertex]) for vertex in vertices]
    groups: dict[str, list[Vertex]] = {}
    for vertex in vertices:
        groups.setdefault(name(vertex), []).append(vertex)
    if len(groups) > GROUPED_INPUTS:
        groups = {"inputs": list(vertices)}
    return groups.items()


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
    if equation.primitive == "unfinished":
        return "not finished"
    times = next((f" × {b.count}" for b in equation.bodies if b.count is not None), "")
    if len(equation.results) != 1:
        names = [graph.vertices[r].name for r in equation.results]
        return (", ".join(filter(None, names)) or f"{len(equation.results)} results") + times
    vertex = graph.vertices[equation.results[0]]
    name = graph.label(vertex.id)
    return (vertex.type if name.startswith("%") else f"{name}: {vertex.type}") + times
