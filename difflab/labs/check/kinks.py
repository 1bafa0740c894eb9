"""Kinks: where the one-sided derivatives of an entry differ, and what JAX says there by convention.

At a point on the boundary of a branch a program has a derivative on each side. It is found beside the point, in big
floats, at two distances many orders of magnitude apart: two values that agree are a limit, a growing one is infinite.
For a Lipschitz function the limits from all sides span Clarke's generalised gradient (Clarke, "Optimization and
Nonsmooth Analysis", 1983, theorem 2.5.1); the interval shown is spanned by the sides looked at. Coordinates alone miss
kinks, such as that of |x|·|y| along x = y, so random directions are looked at, too.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, nan
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.bigfloat import big_floats
from difflab.core.values import Hole
from difflab.labs.check.precise import Column, Direction, along
from difflab.labs.check.problem import Problem
from difflab.labs.check.snippet import place

SMALL = 1e-6
"""One-sided derivatives that differ by less, relatively, are equal: they are limits, found at finite distances."""

CONVENTIONS = ("jacfwd", "jacrev")


@dataclass(frozen=True)
class Sides:
    """Left and right derivative along a direction: finite, infinite, or NaN where the function is undefined there.

    `value_left` and `value_right` are the function's limits; `jump` says that they differ from each other or from its
    value at the point.
    """

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


@dataclass(frozen=True)
class Kink:
    """One entry that has no derivative at the point.

    `column` names the input coordinate, or the direction of several. `conventions` is what JAX gives there, by mode;
    `low` and `high` span what the limits from the sides allow.
    """

    row: str
    column: str
    entry: tuple[int, int | None]
    sides: Sides
    conventions: Mapping[str, float]
    low: float
    high: float
    note: str = ""

    @property
    def inside(self) -> bool:
        """Whether every finite convention lies between the sides."""
        slack = SMALL * max(1.0, abs(self.low), abs(self.high)) if isfinite(self.low) and isfinite(self.high) else 0.0
        return all(self.low - slack <= x <= self.high + slack for x in self.conventions.values() if isfinite(x))

    def __str__(self) -> str:
        if self.note:
            return f"not differentiable here: {self.note}"
        said = ", ".join(f"{mode} gives {value:.6g}" for mode, value in self.conventions.items())
        between = f"; any value in [{self.low:.6g}, {self.high:.6g}] is a subgradient" if self._spans else ""
        return f"not differentiable here: {self.sides}{between}{f'; {said}' if said else ''}"

    @property
    def _spans(self) -> bool:
        return not self.sides.jump and isfinite(self.low) and isfinite(self.high)


@dataclass(frozen=True)
class Kinks:
    """What was found around one point.

    `entries` has the entries without a derivative by (row, column); `directions` the rows that have a kink along a
    mixed direction, though perhaps along no coordinate; `smooth` the entries whose sides agree although the point lies
    on the boundary of a branch, with that derivative; `reasons` the decisions that the point lies on the boundary of.
    """

    entries: Mapping[tuple[int, int], Kink]
    directions: tuple[Kink, ...]
    smooth: Mapping[tuple[int, int], float]
    reasons: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there is a kink."""
        return bool(self.entries or self.directions)

    def rows(self) -> set[int]:
        """The outputs that have one."""
        return {row for row, _ in self.entries} | {kink.entry[0] for kink in self.directions}

    def __str__(self) -> str:
        found = [*self.entries.values(), *self.directions]
        lines = [f"∂{kink.row}/∂{kink.column}: {kink}" for kink in found]
        return "\n".join(lines) or "no kink at this point"


def kinks(
    checked: Problem,
    leaves: Sequence[Any],
    *,
    columns: Iterable[int] | None = None,
    mixed: int = 2,
    seed: int = 0,
    digits: int = 30,
    deadline: float | int | None = None,
) -> Kinks:
    """Look at a point from both sides of each column, and along `mixed` random directions.

    Worth its time where the path of a run at the point was tight, or a value or a derivative was not finite; elsewhere
    there are no kinks. `deadline` is in seconds of `time.monotonic()`; past it `BudgetError` is raised.
    """
    chosen = list(range(len(checked.columns)) if columns is None else columns)
    entries: dict[tuple[int, int], Kink] = {}
    smooth: dict[tuple[int, int], float] = {}
    reasons: dict[str, None] = {}
    for column in chosen:
        here, found = sides(checked, leaves, column, digits, deadline)
        reasons |= dict.fromkeys(d.text for d in here.outcome.path if d.tight)
        suspects = [row for row, side in enumerate(found) if side is not None and not side.agree]
        smooth |= {(row, column): side.right for row, side in enumerate(found) if side is not None and side.agree}
        said = conventions(checked, leaves, column) if suspects else {}
        for row in suspects:
            name = checked.columns[column]
            entries[row, column] = _kink(checked, row, name, (row, column), found[row], said)
    directions = _mixed(checked, leaves, chosen, smooth, range(mixed if len(chosen) > 1 else 0), seed, digits, deadline)
    return Kinks(entries, directions, smooth, tuple(reasons))


def _mixed(
    checked: Problem,
    leaves: Sequence[Any],
    chosen: Sequence[int],
    smooth: Mapping[tuple[int, int], float],
    numbers: Iterable[int],
    seed: int,
    digits: int,
    deadline: float | int | None,
) -> tuple[Kink, ...]:
    """Kinks along mixed directions, and rows whose directional derivative is not linear; each row once."""
    found: dict[int, Kink] = {}
    for number in numbers:
        weights = mixture(chosen, seed, number)
        _, both = sides(checked, leaves, weights, digits, deadline)
        texts = [f"{w:+.3g}" for w in weights.values()]
        name = f"a mixed direction ({', '.join(texts[:4])}{', …' if len(texts) > 4 else ''})"
        for row, side in enumerate(both):
            if side is None or row in found:
                continue
            if not side.agree:
                found[row] = _kink(checked, row, name, (row, None), side, {})
            elif all((row, column) in smooth for column in chosen):
                total = sum(weights[column] * smooth[row, column] for column in chosen)
                if abs(total - side.right) > SMALL * max(1.0, abs(total), abs(side.right)):
                    note = f"along it the slope is {side.right:.6g}, and the partial derivatives give {total:.6g}"
                    found[row] = replace(_kink(checked, row, name, (row, None), side, {}), note=note)
    return tuple(found.values())


def sides(
    checked: Problem, leaves: Sequence[Any], direction: Direction, digits: int = 30, deadline: float | int | None = None
) -> tuple[Column, list[Sides | None]]:
    """The run at the point, and both one-sided derivatives of every row along a direction; None for holes."""
    base = big_floats(3 * digits)
    here = along(checked, leaves, base, direction, deadline=deadline)
    steps = [base.constant(10) ** -digits, base.constant(10) ** -(2 * digits)]
    runs = {
        (sign, k): along(checked, leaves, base, direction, shift=sign * step, deadline=deadline)
        for sign in (-1, 1)
        for k, step in enumerate(steps)
    }
    found: list[Sides | None] = []
    for row in range(len(checked.rows)):
        cells = {key: (run.values[row], run.slope(row)) for key, run in runs.items()}
        value = here.values[row]
        if any(isinstance(x, Hole) for x in (value, *(x for cell in cells.values() for x in cell))):
            found.append(None)
            continue
        left, right = (
            _side([cells[sign, k] for k in (0, 1)], value, [sign * step for step in steps]) for sign in (-1, 1)
        )
        beside = [cells[sign, 1][0] for sign in (-1, 1)]
        found.append(Sides(left, right, _jumps([*beside, value], base.constant(10) ** -(digits // 2))))
    return here, found


def mixture(columns: Sequence[int], seed: int, number: int) -> dict[int, float]:
    """Random weights of columns, short binary fractions between ½ and 1 of either sign; the first have one sign."""
    random = np.random.default_rng([seed, number])
    sizes = random.integers(64, 128, len(columns)) / 128
    signs = np.ones(len(columns)) if number == 0 else random.choice([-1.0, 1.0], len(columns))
    return dict(zip(columns, (sizes * signs).tolist(), strict=True))


def conventions(checked: Problem, leaves: Sequence[Any], column: int) -> dict[str, Any]:
    """One column of JAX's Jacobians in floats, by mode: all rows; modes that JAX lacks are left out."""
    function = checked.function(leaves)
    primals = [jnp.asarray(leaves[k]) for k in checked.inputs]
    array, (index, imaginary) = place(checked.input_types, column)
    found: dict[str, Any] = {}
    try:
        tangents = [jnp.zeros_like(x) for x in primals]
        tangents[array] = tangents[array].at[index].set(1j if imaginary else 1)
        found["jacfwd"] = _flat(jax.jvp(function, tuple(primals), tuple(tangents))[1])
    except Exception:  # no forward mode
        pass
    try:
        values, pull = jax.vjp(function, *primals)
        cells: list[float] = []
        for row in range(len(checked.rows)):
            which, (at, part) = place(checked.output_types, row)
            seeds = [jnp.zeros_like(y) for y in values]
            seeds[which] = seeds[which].at[at].set(-1j if part else 1)
            bar = complex(pull(seeds)[array][index])
            cells.append(-bar.imag if imaginary else bar.real)
        found["jacrev"] = cells
    except Exception:  # no reverse mode
        pass
    return found


def _kink(
    checked: Problem, row: int, name: str, entry: tuple[int, int | None], side: Sides | None, said: Mapping[str, Any]
) -> Kink:
    assert side is not None
    ends = [x for x in (side.left, side.right) if x == x]
    low, high = (min(ends), max(ends)) if len(ends) == 2 else (-inf, inf)
    return Kink(checked.rows[row], name, entry, side, {k: float(v[row]) for k, v in said.items()}, low, high)


def _flat(arrays: Sequence[Any]) -> list[float]:
    found: list[float] = []
    for array in arrays:
        flat = np.asarray(array).reshape(-1)
        wide = flat.astype(np.complex128 if flat.dtype.kind == "c" else np.float64)
        found += wide.view(np.float64).tolist()
    return found


def _side(cells: Sequence[tuple[Any, Any]], value: Any, steps: Sequence[Any]) -> float:
    """The limit of the slopes, or of the secants where slopes are undefined and values are not."""
    slopes = [slope for _, slope in cells]
    if any(x != x for x in slopes) and all(isfinite(_to_float(x)) for x in (value, *(v for v, _ in cells))):
        slopes = [(v - value) / step for (v, _), step in zip(cells, steps, strict=True)]
    return _limit(slopes[0], slopes[1])


def _limit(coarse: Any, fine: Any) -> float:
    """The limit that two values on the way suggest."""
    a, b = _to_float(coarse), _to_float(fine)
    if a != a or b != b:
        return nan
    if abs(b) <= SMALL**2 * abs(a):
        return 0.0
    if abs(b - a) <= SMALL * max(1.0, abs(b)) or (isfinite(b) and abs(b - a) <= SMALL * abs(b)):
        return b
    return inf * (1 if b > 0 else -1) if abs(b) > 1.5 * abs(a) or abs(b) == inf else nan


def _jumps(values: Sequence[Any], allowed: Any) -> bool:
    """Whether finite values so near to each other are apart."""
    finite = [v for v in values if v == v and abs(v) != inf]
    size = max((abs(v) for v in finite), default=0)
    return len(finite) > 1 and bool(max(finite) - min(finite) > allowed * max(1, size))


def _to_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return inf * (1 if value > 0 else -1)
