"""The sides of every decision of a function that one run takes, and how far each is from tipping.

A comparison a < b has the margin a − b, a maximum likewise, an absolute value its operand, a clamp one to each bound; a
side is the sign of a margin. Runs are over dual numbers of floats, so each margin comes with its slope along the
direction of the run. A `cond` has its branches as sides, and so has a selection by several comparisons together.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np

from difflab.core.bigfloat import big_floats
from difflab.core.domains import Domain, floats
from difflab.core.duals import Dual, dual
from difflab.core.graph import Equation, Graph, Source
from difflab.core.interpret import interpret
from difflab.core.values import Hole, Value
from difflab.labs.check.precise import numbers
from difflab.labs.check.problem import Problem, elements
from difflab.labs.check.spelling import operand_term

Side = tuple[str, str, int]
"""(node, which margin, −1 or 1); of a cond or a selection (node, "branch", index)."""

_COMPARED = ("lt", "le", "gt", "ge", "max", "min", "eq", "ne")
_SIGNED = ("abs", "sign")


@dataclass(frozen=True)
class Place:
    """What a decision is, for a reader; of one with branches, how many, and by which margins it is decided."""

    primitive: str
    names: tuple[str, ...]
    source: Source | None
    branches: int = 0
    parts: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, eq=False)
class Seen:
    """What one run saw: for every side how near it is, as (margin, slope) of the nearest entry not on it.

    `margins` lists (margin, slope) of every entry of each decision; `places` says what the decisions are.
    """

    sides: frozenset[Side]
    margins: Mapping[tuple[str, str], list[tuple[float, float]]]
    places: Mapping[tuple[str, str], Place]

    def wanted(self) -> set[Side]:
        """All sides of the decisions that this run came to."""
        found: set[Side] = set()
        for (node, which), place in self.places.items():
            signs = range(place.branches) if place.branches else (-1, 1)
            found |= {(node, which, sign) for sign in signs}
        return found


@dataclass(eq=False)
class Scout:
    """Runs a function over dual numbers of floats, for its decisions only."""

    checked: Problem
    base: Domain = field(default_factory=floats)

    def __call__(
        self, leaves: Sequence[Any], weights: Sequence[float], deadline: float | int | None = None, strict: bool = True
    ) -> Seen:
        """The sides that are taken at a point, with slopes along a direction."""
        constant, checked = self.base.constant, self.checked
        pairs = zip(numbers(checked, leaves), weights, strict=True)
        given = [Dual(constant(x), constant(w) if w else None) for x, w in pairs]
        arrays = dict(zip(checked.inputs, elements(checked.input_types, given), strict=True))
        watch = _Watch()
        outcome = interpret(
            checked.graph, leaves, dual(self.base), elements=arrays, decide_here=True, deadline=deadline, observe=watch
        )
        if strict and outcome.holes and self.base.name == "floats":
            self.base = big_floats(16)
            return self(leaves, weights, deadline, strict=False)
        return Seen(frozenset(watch.sides), watch.margins, watch.places)


class _Watch:
    def __init__(self) -> None:
        self.sides: set[Side] = set()
        self.margins: dict[tuple[str, str], list[tuple[float, float]]] = {}
        self.places: dict[tuple[str, str], Place] = {}
        self.origins: dict[int, tuple[Value, frozenset[tuple[str, str]]]] = {}

    def origin(self, value: Value) -> frozenset[tuple[str, str]]:
        """The margins that an integer or boolean is decided by."""
        return self.origins[id(value)][1] if id(value) in self.origins else frozenset()

    def __call__(
        self, node: str, graph: Graph, equation: Equation, operands: Sequence[Value], results: Sequence[Value]
    ) -> None:
        name = equation.primitive
        for result in results:
            if result.elements is None and not equation.bodies:
                own = {(node, name)} if name in _COMPARED and any(o.active for o in operands) else set[Any]()
                self.origins[id(result)] = result, frozenset(own).union(*map(self.origin, operands))
        if equation.kind == "cond":
            self.chosen(node, equation, operands[0], tuple(body.label for body in equation.bodies))
        elif name == "select_n" and len(self.origin(operands[0])) > 1:
            self.chosen(node, equation, operands[0], tuple(f"case {k}" for k in range(len(operands) - 1)))
        elif not any(o.active for o in operands):
            return
        elif name in _COMPARED:
            self.margin(node, name, graph, equation, operands[0], operands[1])
        elif name in _SIGNED:
            self.margin(node, name, graph, equation, operands[0], None)
        elif name == "clamp":
            low, x, high = operands
            self.margin(node, "clamp below", graph, equation, x, low, (1, 0))
            self.margin(node, "clamp above", graph, equation, x, high, (1, 2))

    def chosen(self, node: str, equation: Equation, index: Value, names: tuple[str, ...]) -> None:
        """A branch of a cond, or the cases of a selection."""
        self.places[node, "branch"] = Place(
            "cond" if equation.kind == "cond" else "where", names, equation.source, len(names), self.origin(index)
        )
        for taken in np.unique(np.asarray(index.known)).tolist():
            self.sides.add((node, "branch", min(max(int(taken), 0), len(names) - 1)))

    def margin(
        self,
        node: str,
        which: str,
        graph: Graph,
        equation: Equation,
        a: Value,
        b: Value | None,
        shown: tuple[int, ...] = (0, 1),
    ) -> None:
        """A decision by the sign of a − b."""
        if a.elements is None or (b is not None and b.elements is None):
            return
        other = a.elements if b is None else b.elements
        assert other is not None
        found = self.margins.setdefault((node, which), [])
        for x, y in zip(*[array.reshape(-1) for array in np.broadcast_arrays(a.elements, other)], strict=True):
            pair = _difference(x, None if b is None else y)
            if pair is None:
                continue
            found.append(pair)
            if pair[0] != 0:
                self.sides.add((node, which, 1 if pair[0] > 0 else -1))
        if found and any(slope != 0 for _, slope in found):
            labels = tuple(operand_term(graph, equation.operands[k]) for k in shown if k < len(equation.operands))
            self.places[node, which] = Place(equation.primitive, labels, equation.source)


def in_words(side: Side, place: Place) -> str:
    """A side as a reader likes it."""
    _, which, sign = side
    where = f"{place.source}: " if place.source else ""
    if place.branches:
        return f"{where}{place.primitive} takes {place.names[sign]}"
    if place.primitive in _SIGNED:
        return f"{where}{place.names[0]} {'> 0' if sign > 0 else '< 0'}"
    a, b = place.names
    if which.startswith("clamp"):
        return f"{where}{a} {'>' if sign > 0 else '<'} {b} in clamp"
    return f"{where}{a} {'>' if sign > 0 else '<'} {b}"


def _difference(x: Any, y: Any) -> tuple[float, float] | None:
    """a − b and its slope; None where it is unknown or not finite."""
    if isinstance(x, Hole) or isinstance(y, Hole) or not isinstance(x, Dual):
        return None
    value, slope = float(x.value), float(x.tangent or 0)
    if y is not None:
        value, slope = value - float(y.value), slope - float(y.tangent or 0)
    return (value, slope) if isfinite(value) and isfinite(slope) else None
