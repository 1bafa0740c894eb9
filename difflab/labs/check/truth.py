"""The true derivative at the point, in big floats, by dual numbers; at a kink, from both sides."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, prod
from typing import Any

from difflab.core.bigfloat import big_floats
from difflab.core.duals import Dual, dual
from difflab.core.interpret import Outcome, interpret
from difflab.core.values import Elements, Hole, pack
from difflab.labs.check.selection import Selection, exact_leaf

SMALL = 1e-6
"""One-sided derivatives that differ by less, relatively, are equal: the steps they are taken at are far smaller."""


@dataclass(frozen=True, eq=False)
class Column:
    """Values and derivatives of all chosen rows by one input: `Dual` elements or holes; and the path's tightness."""

    elements: list[Any]
    outcome: Outcome


@dataclass(frozen=True)
class Sides:
    """Left and right derivative of one entry: finite, infinite, or NaN where the function is undefined on that side."""

    left: float
    right: float
    jump: bool = False

    @property
    def agree(self) -> bool:
        """Whether both sides have one finite derivative and the function does not jump."""
        if self.jump or not (isfinite(self.left) and isfinite(self.right)):
            return False
        return abs(self.left - self.right) <= SMALL * max(1.0, abs(self.left), abs(self.right))

    def __str__(self) -> str:
        if self.jump:
            return "the function jumps here"
        left, right = ("undefined" if x != x else f"{x:.6g}" for x in (self.left, self.right))
        return f"left derivative {left}, right derivative {right}"


def column(chosen: Selection, number: int, digits: int, deadline: float, shift: Any = None) -> Column:
    """Differentiate by one input entry, at the point or `shift` beside it (then the big floats decide the path)."""
    base = big_floats(digits)
    elements: dict[int, Elements] = {}
    start = 0
    for k in chosen.inputs:
        leaf = exact_leaf(chosen.at.leaves[k])
        items = [Dual(base.constant(x)) for x in leaf.reshape(-1).tolist()]
        if start <= number < start + leaf.size:
            value = items[number - start].value
            moved = value if shift is None else value + shift
            items[number - start] = Dual(moved, base.constant(1))
        elements[k] = pack(leaf.shape, items)
        start += leaf.size
    outcome = interpret(
        chosen.graph, chosen.at.leaves, dual(base), elements=elements, deadline=deadline, decide_here=shift is not None
    )
    return Column(rows_of(chosen, outcome), outcome)


def rows_of(chosen: Selection, outcome: Outcome) -> list[Any]:
    """The elements of the chosen rows of an outcome."""
    found: list[Any] = []
    for k in chosen.outputs:
        elements = outcome.outputs[k]
        if elements is None:
            hole = Hole("complex numbers", "", None, "complex numbers are not interpreted yet")
            found += [hole] * prod(chosen.output_shape(k))
        else:
            found += list(elements.reshape(-1))
    return [found[i] for i in chosen.rows]


def slope(element: Any) -> Any:
    """The derivative in a dual number; zero where nothing depends on the input."""
    return 0 if element.tangent is None else element.tangent


def sides(chosen: Selection, number: int, digits: int, deadline: float) -> list[Sides | None]:
    """One-sided derivatives by one input of all chosen rows: limits of the derivative beside the point.

    Two steps that are orders of magnitude apart tell a limit from growth without bound. None for holes.
    """
    base = big_floats(3 * digits)
    steps = [base.constant(10) ** -digits, base.constant(10) ** -(2 * digits)]
    runs = {
        (sign, k): column(chosen, number, 3 * digits, deadline, sign * step).elements
        for sign in (-1, 1)
        for k, step in enumerate(steps)
    }
    found: list[Sides | None] = []
    for i in range(len(chosen.rows)):
        cells = {key: elements[i] for key, elements in runs.items()}
        if any(isinstance(cell, Hole) for cell in cells.values()):
            found.append(None)
            continue
        left, right = (_limit(slope(cells[sign, 0]), slope(cells[sign, 1])) for sign in (-1, 1))
        gap = abs(cells[1, 1].value - cells[-1, 1].value)
        found.append(Sides(left, right, bool(gap > base.constant(10) ** -(digits // 2))))
    return found


def _limit(coarse: Any, fine: Any) -> float:
    """The limit that two values on the way suggest."""
    a, b = _to_float(coarse), _to_float(fine)
    if a != a or b != b:
        return float("nan")
    if abs(b) <= SMALL**2 * abs(a):
        return 0.0
    if abs(b - a) <= SMALL * max(1.0, abs(b)):
        return b
    return float("inf") * (1 if b > 0 else -1) if abs(b) > 1.5 * abs(a) else float("nan")


def _to_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") * (1 if value > 0 else -1)
