"""What is said of one entry, from the truth, JAX's floats and JAX's program in exact arithmetic.

Let t be the true derivative, p what JAX's program gives in exact arithmetic, a its floats, u the unit roundoff, and c
and r the running error bounds of the program: c if only its constants were rounded to floats, r if every operation
rounds. The program is right if |p − t| ≤ 4·u·c: constants such as 2/√π in a rule are floats, within half a unit in the
last place, and 4 leaves room for products of them. Its floats are within rounding if |a − p| ≤ 16·u·r: the bound counts
one unit an operation, and elementary functions of XLA are a few units off. Both bounds know the conditioning:
cancellation enlarges them where it occurs, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from difflab.core.duals import Rounded
from difflab.labs.check.report import Entry
from difflab.labs.check.truth import Sides

CONSTANTS = 4.0
ROUNDING = 16.0
REFUTED = 64.0
"""Without an exact program, floats this many times past their bound are refuted; in between they are undecided."""


@dataclass(frozen=True)
class Side:
    """One mode of JAX in one entry: its float, None without that mode, and its exact program (`Rounded`, or None)."""

    mode: str
    value: float | None
    exact: Any = None


@dataclass(frozen=True)
class Verdict:
    """A verdict, a note, and the relative error."""

    text: str
    note: str = ""
    error: float = float("nan")


def judge(truth: Any, bound: float, modes: list[Side], unit: float, digits: int, smallest: float) -> Verdict:
    """Compare both modes with a finite truth; `bound` is the rounding error of a direct evaluation, in units."""
    present = [side for side in modes if side.value is not None]
    if not present:
        return Verdict("undecided", "neither jacfwd nor jacrev is available for this function")
    error = max(relative(side.value, truth) for side in present)
    broken = [side for side in present if not isfinite(side.value or 0.0)]
    if broken:
        said = ", ".join(f"{side.mode} gives {side.value}" for side in broken)
        return Verdict("not finite", f"{said}; the true derivative is {float(truth):.6g}", error)
    found = [_judge_side(side, truth, bound, unit, digits, smallest) for side in present]
    worst = min(found, key=lambda v: ("differs", "undecided", "agrees").index(v.text))
    return Verdict(worst.text, worst.note, error)


def at_kink(sides: Sides, modes: list[Side]) -> Verdict:
    """The verdict where the one-sided derivatives do not meet."""
    present = [side for side in modes if side.value is not None]
    said = ", ".join(f"{side.mode} gives {side.value:.6g}" for side in present)
    finite = all(isfinite(side.value or 0.0) for side in present)
    return Verdict("not differentiable here" if finite else "not finite", f"{sides}; {said}")


def relative(value: float | None, truth: Any) -> float:
    """Deviation relative to the truth; absolute where the truth is zero."""
    if value is None or not isfinite(value):
        return float("nan") if value is None else float("inf")
    gap = abs(float(value - truth))
    return gap / abs(float(truth)) if abs(float(truth)) > 0 else gap


def _judge_side(side: Side, truth: Any, bound: float, unit: float, digits: int, smallest: float) -> Verdict:
    exact = side.exact
    assert side.value is not None
    if not isinstance(exact, Rounded) or not isfinite(_float(exact.value)):
        return _judge_floats(side, truth, bound, unit, smallest)
    scale = max(exact.rounding, abs(exact.value), abs(truth), bound)
    allowed = CONSTANTS * unit * exact.constants + 10.0 ** (4 - digits) * scale
    if not allowed < float("inf"):
        return Verdict("undecided", f"no finite bound for the rounding errors of {side.mode}")
    if abs(exact.value - truth) > allowed:
        return Verdict("differs", _ratio_text(side.mode, exact.value, truth))
    off = abs(_float(exact.value) - side.value)
    slack = ROUNDING * unit * exact.rounding
    if off > slack + smallest:
        note = f"{side.mode} is right in exact arithmetic, but its floats are off by more than rounding explains"
        return Verdict("undecided", note)
    if off > 1e-2 * abs(_float(truth)) + smallest:
        return Verdict(
            "agrees",
            f"{side.mode} is right, but rounding spoils its floats: relative error {relative(side.value, truth):.1g}",
        )
    return Verdict("agrees")


def _judge_floats(side: Side, truth: Any, bound: float, unit: float, smallest: float) -> Verdict:
    assert side.value is not None
    off = abs(side.value - _float(truth))
    slack = ROUNDING * unit * max(bound, abs(_float(truth)))
    if off <= slack + smallest:
        return Verdict("agrees", "")
    if off > REFUTED * slack + smallest:
        return Verdict("differs", _ratio_text(side.mode, side.value, truth))
    return Verdict(
        "undecided", f"{side.mode} is off by {off / slack:.0f} times the rounding error that is to be expected"
    )


def _ratio_text(mode: str, value: Any, truth: Any) -> str:
    a, t = _float(value), _float(truth)
    if t == 0:
        return f"{mode} is {a:.6g}, and the true derivative is 0"
    ratio = a / t
    for known, words in _KNOWN:
        if abs(ratio - known) <= 1e-6 * max(1.0, abs(known)):
            return f"{mode} is {words}"
    if abs(ratio - 1) < 1e-3:
        return f"{mode} / true = 1 {'+' if ratio > 1 else '−'} {abs(ratio - 1):.2g}: a constant with a slip in it?"
    return f"{mode} / true = {ratio:.6g}"


_KNOWN = (
    (-1.0, "the truth with the wrong sign"),
    (2.0, "2 times the truth: a factor 2"),
    (0.5, "½ of the truth: a factor ½"),
    (-2.0, "−2 times the truth: a factor 2 and the wrong sign"),
    (-0.5, "−½ times the truth: a factor ½ and the wrong sign"),
    (0.0, "0: a term is missing"),
)


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def with_mirrors(entries: list[Entry]) -> list[Entry]:
    """Add to refuted entries where else JAX's value would have been true: a transposed or swapped argument."""
    return [replace(e, note=f"{e.note}{_mirror(e, entries)}") if e.verdict == "differs" else e for e in entries]


def _mirror(entry: Entry, entries: list[Entry]) -> str:
    value = entry.jacfwd if entry.jacfwd is not None and relative(entry.jacfwd, entry.truth) > 1e-4 else entry.jacrev
    if not value:
        return ""
    twins = [e for e in entries if e.truth is not None and abs(e.truth - value) <= 1e-5 * abs(value)]
    twins.sort(key=lambda e: ((e.i, e.j) != (entry.j, entry.i), e.i != entry.i and e.j != entry.j))
    return f"; it would be true of ∂{twins[0].row}/∂{twins[0].column}: transposed or swapped?" if twins else ""
