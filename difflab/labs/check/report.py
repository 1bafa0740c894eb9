"""The answer of the checker: a verdict for every entry of the Jacobian, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from math import isfinite
from typing import Any

import numpy as np
from jaxtyping import Float

from difflab.core.errors import DifflabError
from difflab.core.graph import Graph
from difflab.core.showable import Gridded
from difflab.labs.check.findings import Finding
from difflab.labs.check.problem import Problem

VERDICTS = (
    "refuted",
    "not finite",
    "not differentiable here",
    "undecided",
    "unsupported",
    "agrees",
    "proved with high probability",
    "proved",
)
"""All verdicts, the worst first. The verdict of a report is the worst of all its entries, listed or not."""

GOOD = VERDICTS[-3:]
"""The verdicts that a report is true with."""

_SHOWN = 12


def worst(verdicts: Any, otherwise: str = "proved") -> str:
    """The worst of some verdicts."""
    return min(verdicts, key=VERDICTS.index, default=otherwise)


class CheckFailed(DifflabError, AssertionError):
    """A derivative was not confirmed; the message is the report."""


@dataclass(frozen=True)
class PointRecord:
    """One point that was checked: the inputs by name, how many decisions its path has, its branch, and the outcome."""

    label: str
    values: tuple[tuple[str, str], ...]
    decisions: int
    branch: int
    outcome: str

    def __str__(self) -> str:
        values = ", ".join(f"{name} = {text}" for name, text in self.values)
        return f"{self.label}: {self.outcome}" + (f" at {values}" if values else "")


@dataclass(frozen=True, eq=False)
class Entry:
    """One entry ∂row/∂column of the Jacobian.

    `truth` is the derivative at the point, to the precision of a float, from big floats; `jacfwd` and `jacrev` JAX's
    values, None where that mode is not available; `error` the larger deviation of the two, relative to the truth, and
    `digits` how many of their digits are right. `modes` has the verdict of each derivative program of JAX, `evidence`
    what the verdict rests on, `note` what else is to say. Of second order the entry stands for all second derivatives
    of the row by this column and another one.
    """

    row: str
    column: str
    i: int
    j: int
    verdict: str
    jacfwd: float | None = None
    jacrev: float | None = None
    truth: float | None = None
    error: float = float("nan")
    note: str = ""
    digits: int | None = None
    evidence: str = ""
    modes: Mapping[str, str] = field(default_factory=dict[str, str])
    formula: Callable[[], Any] | None = field(default=None, repr=False)

    @cached_property
    def symbolic(self) -> Any:
        """SymPy's derivative of the output's formula, found when first asked for; None without a formula."""
        return None if self.formula is None else self.formula()


@dataclass(frozen=True, eq=False)
class Report(Gridded):
    """What `check` found. True if every entry was proved or agrees.

    "proved": identical normal forms. "proved with high probability": equal at random points of a prime field, wrong
    with probability 2^`bound_log2` at most, on each of the `branches` that the `points` reached. "agrees": equal in
    exact arithmetic at the points alone. "refuted": different, with a witness. `totals` counts the verdicts of all
    entries; `left_out` are those beyond `max_entries`, which are covered but not listed. `unsupported` lists
    (primitive, node, source); `path` what was decided at the user's point; `missing` why JAX lacks a mode, by name.
    """

    name: str
    verdict: str
    entries: tuple[Entry, ...]
    unsupported: tuple[tuple[str, str, str | None], ...]
    path: tuple[str, ...]
    point: tuple[tuple[str, str], ...]
    graph: Graph
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    missing: dict[str, str]
    notes: tuple[str, ...] = ()
    left_out: int = 0
    findings: tuple[Finding, ...] = ()
    points: tuple[PointRecord, ...] = ()
    branches: int = 1
    bound_log2: float = 0.0
    order: int = 1
    seed: int = 0
    digits: int = 50
    seconds: float = 0.0
    totals: Mapping[str, int] = field(default_factory=dict[str, int])
    formulas: Callable[[str], Any] | None = field(default=None, repr=False)
    problem: Problem | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """Whether every entry was proved or agrees."""
        return self.verdict in GOOD

    def __bool__(self) -> bool:
        """Whether every entry was proved or agrees."""
        return self.ok

    def __repr__(self) -> str:
        return f"<Report {self.name}: {self.summary}>"

    @property
    def summary(self) -> str:
        """The verdicts and how often each occurs: `proved with high probability (6 entries)`."""
        counts = {v: n for v in VERDICTS if (n := self.totals.get(v, 0))}
        if not counts:
            return f"{self.verdict} (no entries)"
        if len(counts) == 1 and self.left_out:
            return f"{self.verdict} (all {sum(counts.values()):,} entries)"
        parts = [f"{v} ({n:,} {'entry' if n == 1 else 'entries'})" for v, n in counts.items()]
        if self.verdict not in counts:
            parts.insert(0, self.verdict)
        return ", ".join(parts)

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that are errors."""
        return tuple(f for f in self.findings if f.severity == "error")

    def worst(self) -> list[Entry]:
        """The entries, worst first."""
        return sorted(self.entries, key=lambda e: (VERDICTS.index(e.verdict), -_sortable(e.error), e.i, e.j))

    def entry(self, i: int, j: int) -> Entry:
        """The entry of row i and column j."""
        for entry in self.entries:
            if (entry.i, entry.j) == (i, j):
                return entry
        raise IndexError(
            f"there is no entry ({i}, {j}) in the list; rows 0…{len(self.rows) - 1}, "
            f"columns 0…{len(self.columns) - 1}"
            + (f", of which {len(self.entries)} entries are listed: pass a larger max_entries" if self.left_out else "")
        )

    def jacobian(self) -> Any:
        """The Jacobian as a SymPy matrix. Raises `DifflabError` where there are no formulas."""
        return self._formulas("jacobian").matrix

    def hessian(self) -> Any:
        """The Hessian as a SymPy matrix, for a function of one output. Raises `DifflabError` without formulas."""
        return self._formulas("hessian").matrix

    def latex(self, i: int, j: int) -> str:
        """The formula of one entry in LaTeX; empty where there is none."""
        symbolic = self.entry(i, j).symbolic
        return "" if symbolic is None else str(import_module("sympy").latex(symbolic))

    def errors(self) -> Float[np.ndarray, "rows columns"]:
        """Relative errors of JAX's floats; NaN for entries that were not compared."""
        table = np.full((len(self.rows), len(self.columns)), np.nan)
        for entry in self.entries:
            table[entry.i, entry.j] = entry.error
        return table

    def raise_for_status(self) -> Report:
        """Raise `CheckFailed` with the whole report unless every entry is right; else return the report."""
        if not self.ok:
            raise CheckFailed(self.text())
        return self

    def table(self, count: int | None = None) -> str:
        """The entries as an aligned table, worst first."""
        return "\n".join(_table(self.worst()[:count]))

    def text(self) -> str:
        """Verdict, point, faults with their witness, the worst entries, the evidence, what is missing, the path."""
        lines = [f"{self.name}: {self.summary}"]
        lines += [f"  at {', '.join(f'{name} = {text}' for name, text in self.point)}"] if self.point else []
        lines += [line for finding in self.faults for line in _fault(finding)]
        lines += _table(self.worst()[:_SHOWN])
        hidden = len(self.entries) - _SHOWN
        lines += [f"  … and {hidden} more entries, none worse"] if hidden > 0 else []
        lines += [f"  {self.left_out:,} entries are not listed; they are covered"] if self.left_out else []
        lines += [f"  evidence: {self.evidence}"] if self.evidence else []
        for primitive, node, source in self.unsupported:
            lines.append(f"  unsupported: {primitive} at node {node}" + (f", {source}" if source else ""))
        lines += [f"  no {mode}: {reason}" for mode, reason in self.missing.items()]
        lines += [f"  {f.severity}: {f}" for f in self.findings if f.severity != "error"]
        lines += [f"  {note}" for note in self.notes]
        if self.path:
            lines += ["  valid where", *[f"    {text}" for text in self.path[:_SHOWN]]]
            lines += [f"    … and {len(self.path) - _SHOWN} more conditions"] if len(self.path) > _SHOWN else []
        return "\n".join(lines)

    @property
    def evidence(self) -> str:
        """What the verdict rests on: the bound, points, branches and modes."""
        if not self.points:
            return ""
        bound = f"wrong with probability ≤ 2^{self.bound_log2:.0f}, " if self.bound_log2 < 0 else ""
        modes = list(dict.fromkeys(mode for entry in self.entries for mode in entry.modes if mode not in self.missing))
        counted = f"{_many(len(self.points), 'point')}, {_many(self.branches, 'branch', 'branches')}"
        return f"{bound}{counted}, seed {self.seed}; {', '.join(modes)}"

    def __str__(self) -> str:
        return self.text()

    def _formulas(self, what: str) -> Any:
        if self.formulas is None:
            raise DifflabError("there are no formulas: nothing was traced over symbols; look at .notes")
        return self.formulas(what)


def _fault(finding: Finding) -> list[str]:
    """A fault and its witness, in lines."""
    lines = [f"  {finding.severity}: {finding}"]
    found = finding.witness
    if found is None:
        return lines
    point = ", ".join(f"{name} = {text}" for name, text in found.point)
    lines.append(f"      witness ({found.method}) at {point}")
    return [*lines, f"      JAX {found.ad}", f"      true {found.true}", f"      ratio {found.ratio:.9g}"]


def _table(entries: list[Entry]) -> list[str]:
    """Aligned columns."""
    if not entries:
        return []
    head = ("entry", "verdict", "true", "jacfwd", "jacrev", "digits", "error")
    rows: list[tuple[str, ...]] = [head]
    for e in entries:
        numbers = [_number(x) for x in (e.truth, e.jacfwd, e.jacrev)]
        digits = "–" if e.digits is None else str(e.digits)
        rows.append((f"∂{e.row}/∂{e.column}", e.verdict, *numbers, digits, _size(e.error)))
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    lines: list[str] = []
    for k, row in enumerate(rows):
        lines.append("  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
        if k and entries[k - 1].note:
            lines.append(f"      {entries[k - 1].note}")
    return lines


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.5g}"


def _size(error: float) -> str:
    """An error to its order of magnitude, which does not change from machine to machine."""
    if not isfinite(error):
        return "–" if error != error else "∞"
    return f"{error:.2g}" if error > 1e-4 else "rounding" if error else "0"


def _sortable(error: float) -> float:
    return error if error == error else -1.0
