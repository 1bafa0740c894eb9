"""How the equations of one graph are put into groups, from what JAX and the user's own code say of them.

Each step takes consecutive members and may put runs of them into a group: named scopes first, then source functions,
then repeats, then chunks. Repeats are found on keys that leave shapes and numbers out, so that layers of different
width, and an update written once for parameters of many shapes, are alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, count, groupby
from math import ceil
from typing import Any

from difflab.core.activity import Phase, phase
from difflab.core.graph import Equation, Graph, Literal, unwrapped
from difflab.core.likeness import digest
from difflab.show.repeats import COPIES, Repeat, repeats

LIMIT = 120
"""No scope has more members than this."""
CROWDED = 40
"""A part with more members than this is grouped by source function."""
FEW = 12
"""A part with no more members than this is left as it is, and a repeat covers at least so many."""


@dataclass(frozen=True, eq=False)
class Scope:
    """A part of a graph: `members` are equation numbers and inner groups, in evaluation order.

    `prefix` stands before the node ids of this graph. `whole` is set for a scope that is all of its graph: it shows the
    graph's inputs, constants and outputs; a group shows values from outside it instead. `span` holds the numbers of its
    first equation and of the one behind its last. `count` is how often it runs, or of a repeat its instances. `outputs`
    are the names of the outputs of a scope that is all of its graph, where they are known.
    """

    id: str
    label: str
    kind: str
    graph: Graph
    prefix: str
    members: tuple[int | Scope, ...]
    whole: bool = False
    count: int | None = None
    phase: Phase | None = None
    outputs: tuple[str, ...] = ()

    @cached_property
    def span(self) -> tuple[int, int]:
        """The number of the first equation inside, and of the one behind the last."""
        if not self.members:
            return 0, 0
        return _span(self.members[0])[0], _span(self.members[-1])[1]

    @cached_property
    def variety(self) -> str:
        """How the instances of a repeat differ: `2 kinds` of operations, else `6 shapes`, else `constants differ`."""
        instances = list(_instances(self.members)) if self.kind == "repeat" else []
        for facts, words in ((_acts, "{} kinds"), (_types, "{} shapes"), (_literals, "constants differ")):
            found = len({tuple(facts(self.graph, one)) for one in instances})
            if found > 1:
                return words.format(found)
        return ""

    def equations(self) -> range:
        """All equation numbers inside, those of inner groups included."""
        return range(*self.span)


def gathered(graph: Graph, prefix: str) -> tuple[int | Scope, ...]:
    """The members of the scope that is all of this graph, grouped."""
    return tuple(_Builder(graph, prefix).all())


class _Builder:
    """Makes the groups of one graph; they are numbered as they are made."""

    def __init__(self, graph: Graph, prefix: str) -> None:
        self.graph, self.prefix = graph, prefix
        self._numbers = count()
        sweeps = [phase(equation) for equation in graph.equations]
        self._before = {
            name: list(accumulate((one == name for one in sweeps), initial=0)) for name in ("forward", "reverse")
        }
        self._keys: dict[object, int] = {}
        self._functions = [short_function(e.source.function) if e.source else "" for e in graph.equations]

    def all(self) -> list[int | Scope]:
        return self._grouped(self._named(range(len(self.graph.equations)), 0), self.graph.name)

    def _group(self, label: str, kind: str, members: Sequence[int | Scope], times: int | None = None) -> Scope:
        sweep = self._sweep(_span(members[0])[0], _span(members[-1])[1])
        name = f"{self.prefix}~{next(self._numbers)}"
        return Scope(name, label, kind, self.graph, self.prefix, tuple(members), False, times, sweep)

    def _sweep(self, first: int, stop: int) -> Phase | None:
        """The sweep that most of these equations belong to, if none is of the other."""
        forth, back = (self._before[name][stop] - self._before[name][first] for name in ("forward", "reverse"))
        if 2 * max(forth, back) <= stop - first or (forth and back):
            return None
        return "forward" if forth else "reverse"

    def _named(self, numbers: Sequence[int], depth: int) -> list[int | Scope]:
        """Group consecutive equations of one named scope."""
        equations = self.graph.equations
        members: list[int | Scope] = []
        for name, found in groupby(numbers, lambda k: "/".join(equations[k].scopes[depth : depth + 1])):
            run = list(found)
            if not name or len(run) < 2:
                members.extend(run)
                continue
            label = readable(name, self._function(run))
            around = label.split(" · ")[0]
            members.append(self._group(label, "named", self._grouped(self._named(run, depth + 1), around)))
        return members

    def _grouped(self, members: list[int | Scope], around: str) -> list[int | Scope]:
        """The same members, as few groups as they need to be read; `around` is what they are part of."""
        if len(members) > CROWDED:
            members = self._by_function(members, around)
        return self._chunked(self._repeated(members, around) if len(members) > FEW else members)

    def _by_function(self, members: list[int | Scope], around: str) -> list[int | Scope]:
        found: list[int | Scope] = []
        for name, part in groupby(members, self._function_of):
            run = list(part)
            if name and name != around and 1 < len(run) < len(members):
                found.append(self._of_function(run, name, around))
            else:
                found.extend(run)
        return found if 3 * len(found) <= 2 * len(members) else members

    def _of_function(self, run: list[int | Scope], name: str, around: str) -> Scope:
        """A group of one function's equations; where they are but repeats of one part, that repeat."""
        inner = self._repeated(run, around) if len(run) > FEW else run
        if len(inner) == 1 and isinstance(inner[0], Scope):
            return inner[0]
        return self._group(self._swept(name, run), "source", self._chunked(inner))

    def _function_of(self, member: int | Scope) -> str:
        return "" if isinstance(member, Scope) else self._functions[member]

    def _function(self, run: Sequence[int]) -> str:
        """The one function that these equations' lines stand in, or nothing."""
        names = {self._functions[k] for k in run}
        return names.pop() if len(names) == 1 else ""

    def _repeated(self, members: list[int | Scope], around: str) -> list[int | Scope]:
        found: list[int | Scope] = []
        at = 0
        keys = [self._key(m) for m in members]
        free = [isinstance(m, Scope) for m in members]
        made = repeats(keys, lambda: self._cuts(members), FEW)
        for repeat in made:
            free[repeat.start : repeat.stop] = [False] * (repeat.stop - repeat.start)
        for repeat in sorted([*made, *_namesakes(keys, free)], key=lambda one: one.start):
            found.extend(members[at : repeat.start])
            found.append(self._repeat(members, repeat, around))
            at = repeat.stop
        return [*found, *members[at:]]

    def _repeat(self, members: list[int | Scope], repeat: Repeat, around: str) -> Scope:
        starts = range(repeat.start, repeat.stop, repeat.period)
        copies = [members[k : k + repeat.period] for k in starts]
        label = self._copy_label(copies, around)
        if repeat.period == 1:
            instances: list[int | Scope] = [copy[0] for copy in copies]
        else:
            names = self._copy_names(label, copies)
            instances = [
                self._group(name, "part", self._grouped(copy, label.split(" · ")[0]))
                for name, copy in zip(names, copies, strict=True)
            ]
        return self._group(label, "repeat", self._chunked(instances), len(instances))

    def _copy_label(self, copies: list[list[int | Scope]], around: str) -> str:
        """What the copies have in common: a named scope, a function, a variable, or what they do."""
        names = {stem(name) for name in map(self._name, copies)}
        if len(names) == 1 and (name := names.pop()):
            return name
        run = [k for copy in copies for member in copy for k in range(*_span(member))]
        function = self._function(run)
        variables = {self._variable(copy[-1]) for copy in copies}
        if function and function != around:
            return self._swept(function, run)
        if len(variables) == 1 and (name := variables.pop()):
            return self._swept(name, run)
        return self._swept(self._deeds(copies[0]), run)

    def _copy_names(self, label: str, copies: list[list[int | Scope]]) -> list[str]:
        """Tells the copies apart: by the named scope in each, by an input that it alone reads, or by a number."""
        own = [self._name(copy) for copy in copies]
        if all(own) and len(set(own)) == len(own):
            return own
        read = [self._argument(copy) for copy in copies]
        marks = read if all(read) and len(set(read)) == len(read) else list(map(str, range(len(copies))))
        name, _, sweep = label.partition(" · ")
        return [f"{name} {mark}" + (f" · {sweep}" if sweep else "") for mark in marks]

    def _argument(self, copy: list[int | Scope]) -> str:
        """The name of the first input that a copy reads."""
        vertices = self.graph.vertices
        equations = self.graph.equations[_span(copy[0])[0] : _span(copy[-1])[1]]
        read = [o for e in equations for o in e.operands if isinstance(o, int) and vertices[o].role == "input"]
        return (vertices[min(read)].name or "") if read else ""

    def _name(self, copy: list[int | Scope]) -> str:
        """The label of the one named scope in a copy, or nothing."""
        named = [member.label for member in copy if isinstance(member, Scope) and member.kind in ("named", "source")]
        return named[0] if len(named) == 1 or len(set(map(stem, named))) == 1 else ""

    def _variable(self, member: int | Scope) -> str:
        equation = self.graph.equations[_span(member)[1] - 1]
        return next((name for r in equation.results if (name := self.graph.vertices[r].name)), "")

    def _deeds(self, copy: list[int | Scope]) -> str:
        words = [m.label if isinstance(m, Scope) else _deed(self.graph.equations[m]) for m in copy]
        return " ".join(words if len(words) <= 3 else [words[0], "…", words[-1]])

    def _swept(self, label: str, run: Sequence[int | Scope]) -> str:
        sweep = self._sweep(_span(run[0])[0], _span(run[-1])[1])
        return f"{label} · {sweep}" if sweep else label

    def _chunked(self, members: list[int | Scope]) -> list[int | Scope]:
        while len(members) > LIMIT:
            size = min(max(CROWDED, ceil(len(members) / LIMIT)), LIMIT)
            runs = [members[k : k + size] for k in range(0, len(members), size)]
            members = [self._group(self._range(run), "chunk", run) if len(run) > 1 else run[0] for run in runs]
        return members

    def _range(self, run: Sequence[int | Scope]) -> str:
        """`layer0 – layer39`; `lines 40–52` where all of it is of one file, else the equations' numbers."""
        ends = run[0], run[-1]
        names = " – ".join(end.label for end in ends if isinstance(end, Scope) and end.kind != "chunk")
        if " – " in names and len(names) <= 34:
            return names
        first, last = _span(ends[0])[0], _span(ends[1])[1] - 1
        sources = [self.graph.equations[k].source for k in range(first, last + 1)]
        lines = [source.line for source in sources if source]
        if len({source.file for source in sources if source}) == 1 and len(lines) == len(sources):
            least, most = min(lines), max(lines)
            if least < most and most - least < len(run):
                return f"lines {least}–{most}"
        return f"equations {first}–{last}"

    def _key(self, member: int | Scope) -> int:
        """Equal for members that are alike: groups of one name, equations that do the same to any types."""
        key = (member.kind, stem(member.label)) if isinstance(member, Scope) else self._deed(member)
        return self._keys.setdefault(key, len(self._keys))

    def _deed(self, number: int) -> Any:
        equation = self.graph.equations[number]
        read = tuple([type(operand) is int for operand in equation.operands])
        return (equation.primitive, read, tuple([stem(body.label) for body in equation.bodies]))

    def _cuts(self, members: Sequence[int | Scope]) -> list[int]:
        """How many values pass from before each member to it or behind it."""
        owner = {k: at for at, member in enumerate(members) for k in range(*_span(member))}
        change = [0] * (len(members) + 1)
        for k, at in owner.items():
            for operand in self.graph.equations[k].operands:
                maker = self.graph.vertices[operand].equation if isinstance(operand, int) else None
                if maker in owner and owner[maker] != at:
                    change[owner[maker] + 1] += 1
                    change[at + 1] -= 1
        return list(accumulate(change))


def readable(name: str, function: str = "") -> str:
    """JAX wraps a scope in the transformations it went through: `transpose(jvp(net))` is the reverse sweep of `net`.

    A scope without a name takes that of the function its lines stand in.
    """
    bare, words = unwrapped(name)
    return " · ".join(filter(None, [bare or function, *words]))


@lru_cache(maxsize=20_000)
def stem(label: str) -> str:
    """A name without its numbers: `layer12 · forward` and `layer3 · forward` have the stem `layer · forward`."""
    return re.sub(r"[\[(_.\-]*\d+[\])]*", "", label).strip(" _.") or label


@lru_cache(maxsize=20_000)
def short_function(qualified: str) -> str:
    """`step.<locals>.adam` is `adam`; a comprehension or lambda takes the name of the function around it too."""
    parts = [part for part in qualified.split(".") if part != "<locals>"]
    while len(parts) > 1 and parts[-1].startswith("<") and parts[-1] != "<lambda>":
        parts.pop()
    return parts[-1].replace("<lambda>", "λ") if parts else ""


def _namesakes(keys: Sequence[int], free: Sequence[bool]) -> Iterator[Repeat]:
    """Groups of one name side by side, of which a crowded scope folds fewer than of what has no name."""
    start = 0
    for (_, alone), run in groupby(zip(keys, free, strict=True)):
        size = len(list(run))
        if alone and size >= COPIES:
            yield Repeat(start, 1, size)
        start += size


def _instances(members: Sequence[int | Scope]) -> Iterator[range]:
    for member in members:
        if isinstance(member, Scope) and member.kind == "chunk":
            yield from _instances(member.members)
        else:
            yield range(*_span(member))


def _acts(graph: Graph, numbers: range) -> Iterator[object]:
    """The operations of some equations; of what is called its name."""
    for equation in graph.equations[numbers.start : numbers.stop]:
        yield equation.primitive, *[stem(body.label) for body in equation.bodies]


def _types(graph: Graph, numbers: range) -> Iterator[object]:
    """The types that some equations make; of what is called its structure."""
    for equation in graph.equations[numbers.start : numbers.stop]:
        made = [graph.vertices[r] for r in equation.results]
        yield tuple([(v.shape, v.dtype) for v in made] + [digest(body.graph) for body in equation.bodies])


def _literals(graph: Graph, numbers: range) -> Iterator[str]:
    for equation in graph.equations[numbers.start : numbers.stop]:
        yield from (str(operand) for operand in equation.operands if isinstance(operand, Literal))


def _span(member: int | Scope) -> tuple[int, int]:
    return member.span if isinstance(member, Scope) else (member, member + 1)


def _deed(equation: Equation) -> str:
    return equation.bodies[0].label if equation.kind in ("jit", "call") and equation.bodies else equation.primitive
