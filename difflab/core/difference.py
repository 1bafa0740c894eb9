"""What changed between two graphs: before and after an edit, a function and its gradient, one precision and another.

Equations are matched by what they do, where they stand in the computation and in which scope, in the order of both
programs (`difflab.core.traits`, `difflab.core.matching`); a call that is matched is compared inside. What has no
partner was added or removed. A matched equation is changed if its types, its parameters or its body differ, or if it
reads something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from difflab.core.graph import Equation, Graph, walk
from difflab.core.showable import Showable
from difflab.core.traits import place
from difflab.core.union import Overlay, is_equation, said, tally

SIGNS = {"added": "+", "removed": "−", "changed": "~", "same": " "}
"""The sign of each status."""


@dataclass(frozen=True, eq=False)
class Difference(Showable):
    """Two graphs laid over each other.

    `union` is one graph that holds all of both, in evaluation order, with what belongs together once (as it is in
    `after`). `status` says of each of its nodes (`"12"`, `"12.0/5"`, inputs `"i0"`, constants `"c0"`, outputs `"o0"`)
    whether it is `"same"`, `"added"`, `"removed"` or `"changed"`; `details` says of changed ones what changed.
    """

    before: Graph
    after: Graph
    union: Graph
    status: Mapping[str, str]
    details: Mapping[str, tuple[str, ...]]

    @property
    def graph(self) -> Graph:
        """The union."""
        return self.union

    @property
    def size(self) -> int:
        """Number of equations of the union, nested ones included."""
        return self.union.size

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return any(status != "same" for status in self.status.values())

    def __repr__(self) -> str:
        return f"<Difference {self.before.name} → {self.after.name}: {said(self.counts())}>"

    def counts(self) -> dict[str, int]:
        """How many equations are the same, added, removed, changed; nested ones count, too."""
        return tally(status for node, status in self.status.items() if is_equation(node))

    def summary(self) -> dict[str, dict[str, int]]:
        """The counts of each scope, by its path (`""` is the whole); a scope counts all that is inside it."""
        found: dict[str, dict[str, int]] = {}
        for path, node in _paths(self.union, ()):
            for depth in range(len(path) + 1):
                counts = found.setdefault("/".join(path[:depth]), {})
                counts[self.status[node]] = counts.get(self.status[node], 0) + 1
        return found

    def __str__(self) -> str:
        """The union as a program, with `+`, `−` and `~` before what changed, and what stands around it."""
        title = f"{self.before.name} → {self.after.name}: {said(self.counts())}"
        return "\n".join([title, *_shortened(list(_lines(self, self.union, "", "  ")))])


def difference(before: Graph, after: Graph) -> Difference:
    """Compare two graphs. Takes time n log n in the number of equations.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> def f(x):
    ...     y = jnp.sin(x)
    ...     return y * 2.0
    >>> def g(x):
    ...     y = jnp.sin(x)
    ...     return jnp.exp(y) * 3.0
    >>> found = difference(graph(f, 1.0), graph(g, 1.0))
    >>> dict(found.status)["1"], dict(found.details)["2"]
    ('added', ('operand 0: y → %2', 'operand 1: 2.0 → 3.0'))
    """
    laid = Overlay().union(before, after)
    status: dict[str, str] = {}
    details: dict[str, tuple[str, ...]] = {}
    for node, said_of, told in laid.flat():
        status[node] = said_of
        if told:
            details[node] = told
    return Difference(before, after, laid.graph, status, details)


CONTEXT = 2
"""Lines that are printed around each change."""


def _paths(graph: Graph, around: tuple[str, ...], prefix: str = "") -> Iterator[tuple[tuple[str, ...], str]]:
    """Each equation's scope path and node id."""
    for equation in graph.equations:
        path = (*around, *place(equation))
        yield path, f"{prefix}{equation.id}"
        for number, body in enumerate(equation.bodies):
            label = body.label if equation.kind == "jit" else f"{equation.primitive} {body.label}"
            yield from _paths(body.graph, (*path, label), f"{prefix}{equation.id}.{number}/")


@dataclass(frozen=True)
class _Line:
    sign: str
    text: str


def _lines(found: Difference, graph: Graph, prefix: str, indent: str) -> Iterator[_Line]:
    """One graph's lines, with the bodies of changed equations."""
    for letter, numbers in (("i", graph.inputs), ("c", graph.constants)):
        for k, v in enumerate(numbers):
            node = f"{prefix}{letter}{k}"
            text = f"{graph.vertices[v].role} {graph.label(v)}: {graph.vertices[v].type}"
            yield _line(found, node, indent + text)
    for equation in graph.equations:
        node = f"{prefix}{equation.id}"
        yield _line(found, node, indent + graph.line(equation) + _where(equation))
        if found.status[node] == "changed":
            yield from _inside(found, equation, node, indent)
    for k, output in enumerate(graph.outputs):
        yield _line(found, f"{prefix}o{k}", f"{indent}return {graph.label(output)}")


def _inside(found: Difference, equation: Equation, node: str, indent: str) -> Iterator[_Line]:
    for number, body in enumerate(equation.bodies):
        inner = f"{node}.{number}/"
        if any(found.status[f"{inner}{k}"] != "same" for k, *_ in _nodes(body.graph)):
            yield _Line("", f"{indent}  {body.label}:")
            yield from _lines(found, body.graph, inner, indent + "    ")


def _nodes(graph: Graph) -> Iterator[tuple[str, Any]]:
    yield from ((node, None) for node, _, _ in walk(graph))
    yield from ((f"o{k}", None) for k in range(len(graph.outputs)))
    yield from ((f"i{k}", None) for k in range(len(graph.inputs)))


def _line(found: Difference, node: str, text: str) -> _Line:
    told = "; ".join(found.details.get(node, ()))
    return _Line(SIGNS[found.status[node]], f"{text}    # {told}" if told else text)


def _where(equation: Equation) -> str:
    return f"    [{equation.source}]" if equation.source else ""


def _shortened(lines: list[_Line]) -> Iterator[str]:
    """The lines, long stretches without a change left out."""
    near = [k for k, line in enumerate(lines) if line.sign != " "]
    kept = {n for k in near for n in range(k - CONTEXT, k + CONTEXT + 1)} & set(range(len(lines)))
    left_out = 0
    for k, line in enumerate(lines):
        if k not in kept:
            left_out += 1
            continue
        if left_out:
            yield f"  … {left_out} the same"
            left_out = 0
        yield f"{line.sign or ' '}{line.text}"
    if left_out:
        yield f"  … {left_out} the same"
