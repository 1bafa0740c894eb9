"""The verdict of each entry, from what all programs showed, the one-sided derivatives and JAX's floats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import floor, isfinite, log10
from typing import Any

import numpy as np

from difflab.core.values import Hole
from difflab.labs.check.kinks import Kinks
from difflab.labs.check.modes import Shown, bound
from difflab.labs.check.precise import Column
from difflab.labs.check.problem import Problem
from difflab.labs.check.report import Entry, worst

SPOILT = 1e-2
"""Relative error from which the floats of a right program are called spoilt by rounding."""
_NAMES = {"jvp": "jacfwd", "vjp": "jacrev"}


@dataclass(eq=False)
class Facts:
    """What is known of the given point: JAX's floats by mode, column or row; true columns; one-sided derivatives."""

    shown: Sequence[Shown]
    missing: bool = False
    kinks: Kinks | None = None
    spoilt: bool = False
    floats: dict[tuple[str, int], np.ndarray] = field(default_factory=dict[tuple[str, int], np.ndarray])
    truths: dict[int, Column] = field(default_factory=dict[int, Column])

    def note_floats(self, mode: str, made: np.ndarray, chosen: Sequence[int]) -> None:
        """Keep a block of the Jacobian: columns of "jvp", rows of "vjp"."""
        lines = made.T if mode == "jvp" else made
        self.floats |= {(mode, k): line for k, line in zip(chosen, lines, strict=True)}
        self.spoilt = self.spoilt or not bool(np.isfinite(made).all())

    def note_truth(self, column: int, found: Column) -> None:
        """Keep a true column."""
        self.truths[column] = found

    def values(self, i: int, j: int) -> dict[str, float]:
        """JAX's floats of one entry."""
        found: dict[str, float] = {}
        for mode, line, place in (("jvp", j, i), ("vjp", i, j)):
            if (mode, line) in self.floats:
                found[_NAMES[mode]] = float(self.floats[mode, line][place])
        return found

    def shown_block(self, checked: Problem, limit: int) -> tuple[list[int], list[int]]:
        """Rows and columns that are listed: all, or the wrong ones and others evenly spread."""
        m, n = len(checked.rows), len(checked.columns)
        if n * m <= limit:
            return list(range(m)), list(range(n))
        wrong = sorted({entry for one in self.shown for entry in one.wrong})[:6]
        side = max(1, int(limit**0.5))
        few = min(m, max(side, limit // max(n, 1)))
        rows = [*dict.fromkeys(e[0] for e in wrong), *_spread(m, few)]
        columns = [*dict.fromkeys(e[1] for e in wrong), *_spread(n, max(1, limit // few))]
        kept = list(dict.fromkeys(rows))[:few]
        return sorted(kept), sorted(list(dict.fromkeys(columns))[: max(1, limit // len(kept))])


def listed(checked: Problem, facts: Facts, limit: int) -> list[tuple[int, int]]:
    """The entries that are listed."""
    rows, columns = facts.shown_block(checked, limit)
    return [(i, j) for i in rows for j in columns]


def totals(checked: Problem, facts: Facts) -> dict[str, int]:
    """How often each verdict occurs, over all entries; those that nothing is known of apart are counted by rows."""
    n = len(checked.columns)
    special = {(i, j) for k, line in facts.floats if k == "jvp" for i in range(len(checked.rows)) for j in (line,)}
    special |= {entry[:2] for one in facts.shown for entry in (*one.wrong, *one.sampled)}
    special |= {(entry[0], entry[2]) for one in facts.shown for entry in one.wrong if len(entry) == 3}
    if len(checked.rows) * n <= 4 * 400:
        special = {(i, j) for i in range(len(checked.rows)) for j in range(n)}
    by_row = Counter(i for i, _ in special)
    counts = Counter(verdict_of(facts, i, j)[0] for i, j in special)
    for i in range(len(checked.rows)):
        if n > by_row[i]:
            counts[by_programs(facts, i, -1)[0]] += n - by_row[i]
    return dict(counts)


def entry_of(checked: Problem, facts: Facts, i: int, j: int, formula: Callable[[], Any] | None = None) -> Entry:
    """The entry of the report."""
    verdict, note = verdict_of(facts, i, j)
    values = facts.values(i, j)
    truth = truth_of(facts, i, j)
    errors = [relative(value, truth) for value in values.values()] if truth is not None else []
    error = max(errors, default=float("nan"))
    if not note and error > SPOILT and verdict in ("proved", "proved with high probability", "agrees"):
        note = f"the program is right, but rounding spoils its floats: relative error {error:.1g}"
    return Entry(
        checked.rows[i], checked.columns[j], i, j, verdict, values.get("jacfwd"), values.get("jacrev"), truth, error,
        note, digits_of(error), evidence(facts), {one.program.mode: one.verdict(i, j)[0] for one in facts.shown},
        formula,
    )  # fmt: skip


def verdict_of(facts: Facts, i: int, j: int) -> tuple[str, str]:
    """The verdict on an entry, and a note."""
    verdict, note = by_programs(facts, i, j)
    if verdict == "refuted":
        return verdict, note
    values = facts.values(i, j)
    said = ", ".join(f"{mode} gives {value:.6g}" for mode, value in values.items())
    finite = all(map(isfinite, values.values()))
    value = _value(facts, i, j)
    if value is not None and not isfinite(value):
        return "not finite", f"the function itself is {value} here"
    kink = facts.kinks.entries.get((i, j)) if facts.kinks is not None else None
    if kink is not None:
        return ("not differentiable here" if finite else "not finite"), f"{kink.sides}; {said}"
    truth = truth_of(facts, i, j)
    if truth is not None and not isfinite(truth):
        return "not finite", f"the true derivative is {truth} here; {said}"
    if not finite:
        bad = ", ".join(f"{mode} gives {value}" for mode, value in values.items() if not isfinite(value))
        return "not finite", bad + ("" if truth is None else f"; the true derivative is {truth:.6g}")
    return at_edge(facts, i, j, verdict, note)


def at_edge(facts: Facts, i: int, j: int, verdict: str, note: str) -> tuple[str, str]:
    """The verdict where the given point lies on the boundary of a branch, though there is no kink in this entry."""
    edges = [one for one in facts.shown if one.first and one.first.tight]
    smooth = facts.kinks.smooth.get((i, j)) if facts.kinks is not None else None
    if not edges:
        return verdict, note
    if smooth is None:
        unclear = any(not one.first.clean and one.fails(i) for one in edges if one.first)
        lost = "the point lies on the boundary of a branch, and the sides could not be compared"
        return ("undecided", lost) if unclear else (verdict, note)
    wrong = {mode: x for mode, x in facts.values(i, j).items() if abs(x - smooth) > 1e-3 * max(abs(smooth), 1e-3)}
    if wrong:
        said = ", ".join(f"{mode} gives {x:.6g}" for mode, x in wrong.items())
        return "refuted", f"both sides have the derivative {smooth:.6g}; {said}"
    return verdict, note


def by_programs(facts: Facts, i: int, j: int) -> tuple[str, str]:
    """The worst verdict of the programs, and its note."""
    said = [one.verdict(i, j) for one in facts.shown]
    if not said:
        return "undecided", "JAX has no derivative of this function in any mode that was asked for"
    least = worst(verdict for verdict, _ in said)
    notes = [
        f"{one.program.mode}: {note}" for one, (v, note) in zip(facts.shown, said, strict=True) if v == least and note
    ]
    return least, notes[0] if notes else ""


def truth_of(facts: Facts, i: int, j: int) -> float | None:
    """The true derivative as a float; at an edge that of both sides."""
    if facts.kinks is not None and (i, j) in facts.kinks.smooth and j in facts.truths and facts.truths[j].outcome.tight:
        return float(facts.kinks.smooth[i, j])
    if j not in facts.truths:
        return None
    slope = facts.truths[j].slope(i)
    if isinstance(slope, Hole):
        return None
    found = _float(slope)
    smooth = facts.kinks.smooth.get((i, j)) if facts.kinks is not None else None
    return float(smooth) if smooth is not None and not isfinite(found) else found


def relative(value: float, truth: float | None) -> float:
    """Deviation relative to the truth; absolute where the truth is zero."""
    if truth is None or not isfinite(truth):
        return float("nan")
    if not isfinite(value):
        return float("inf")
    gap = abs(value - truth)
    return gap / abs(truth) if truth else gap


def digits_of(error: float) -> int | None:
    """How many decimal digits are right."""
    if error != error:
        return None
    return 17 if error == 0 else max(0, min(17, floor(-log10(error)))) if isfinite(error) else 0


def evidence(facts: Facts) -> str:
    """What the verdicts rest on, in a few words."""
    proofs = [(k, proof) for one in facts.shown for k, proof in one.proofs]
    known = bound(facts.shown)
    places = len({k for k, _ in proofs})
    branches = len({proof.branch for _, proof in proofs})
    said = [f"≤ 2^{known:.0f}"] if known < 0 else []
    said += ["normal forms"] if any(one.identical for one in facts.shown) else []
    said += [
        f"{places} {'point' if places == 1 else 'points'}",
        f"{branches} {'branch' if branches == 1 else 'branches'}",
    ]
    return ", ".join(said)


def _value(facts: Facts, i: int, j: int) -> float | None:
    if j not in facts.truths:
        return None
    value = facts.truths[j].values[i]
    return None if isinstance(value, Hole) else _float(value)


def _spread(size: int, count: int) -> list[int]:
    return np.unique(np.linspace(0, size - 1, count).round().astype(int)).tolist()


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
