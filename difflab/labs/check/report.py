"""The answer of the checker: a verdict for every entry of the Jacobian, and what it rests on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import sympy
from jaxtyping import Float

from difflab.core.errors import DifflabError
from difflab.core.graph import Graph
from difflab.core.showable import Showable

VERDICTS = ("differs", "not finite", "not differentiable here", "unsupported", "undecided", "agrees")
"""All verdicts, the worst first. The verdict of a report is the worst of its entries."""

_SHOWN = 12


class CheckFailed(DifflabError, AssertionError):
    """A derivative was not confirmed; the message is the report."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One entry ∂row/∂column of the Jacobian.

    `symbolic` is SymPy's derivative of the output's formula, or None without a formula. `truth` is the derivative at
    the point, from the formula or from dual numbers in big floats. `jacfwd` and `jacrev` are JAX's values, None where
    that mode is not available. `error` is the larger deviation of the two, relative to the truth. `note` says more.
    """

    row: str
    column: str
    i: int
    j: int
    verdict: str
    symbolic: Any
    jacfwd: float | None
    jacrev: float | None
    truth: float | None
    error: float
    note: str = ""


@dataclass(frozen=True, eq=False)
class Report(Showable):
    """What `check` found. True if every entry agrees.

    "agrees": JAX's derivative program, evaluated in big floats at this point, gives the true derivative, and its floats
    are within rounding. That is an evaluation at one point on one path, and no proof. `unsupported` lists (primitive,
    node, source); `path` what was decided at the point; `missing` why a mode of JAX is not available, by name;
    `left_out` counts the entries beyond `max_entries`.
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

    @property
    def ok(self) -> bool:
        """Whether every entry agrees."""
        return self.verdict == "agrees"

    def __bool__(self) -> bool:
        """Whether every entry agrees."""
        return self.ok

    def __repr__(self) -> str:
        return f"<Report {self.name}: {self.summary}>"

    @property
    def summary(self) -> str:
        """The verdicts and how often each occurs: `agrees (6 entries)`."""
        counts = Counter(entry.verdict for entry in self.entries)
        if not self.entries:
            return f"{self.verdict} (no entries)"
        parts = [f"{v} ({counts[v]} {'entry' if counts[v] == 1 else 'entries'})" for v in VERDICTS if counts[v]]
        return ", ".join(parts)

    def worst(self) -> list[Entry]:
        """The entries, worst first."""
        return sorted(self.entries, key=lambda e: (VERDICTS.index(e.verdict), -_sortable(e.error), e.i, e.j))

    def entry(self, i: int, j: int) -> Entry:
        """The entry of row i and column j."""
        for entry in self.entries:
            if (entry.i, entry.j) == (i, j):
                return entry
        raise IndexError(
            f"there is no entry ({i}, {j}); rows 0…{len(self.rows) - 1}, columns 0…{len(self.columns) - 1}"
        )

    def jacobian(self) -> sympy.Matrix:
        """The Jacobian as a SymPy matrix. Raises `DifflabError` where an entry has no formula."""
        without = [e for e in self.entries if e.symbolic is None]
        if without or self.left_out:
            what = f"∂{without[0].row}/∂{without[0].column}" if without else f"each of {self.left_out} entries left out"
            raise DifflabError(f"{what} has no formula, so there is no symbolic Jacobian; look at .entries and .notes")
        found = {(e.i, e.j): e.symbolic for e in self.entries}
        return sympy.Matrix(len(self.rows), len(self.columns), lambda i, j: found[int(i), int(j)])

    def latex(self, i: int, j: int) -> str:
        """The formula of one entry in LaTeX; empty where there is none."""
        symbolic = self.entry(i, j).symbolic
        return "" if symbolic is None else sympy.latex(symbolic)

    def errors(self) -> Float[np.ndarray, "rows columns"]:
        """Relative errors; NaN for entries that were not compared."""
        table = np.full((len(self.rows), len(self.columns)), np.nan)
        for entry in self.entries:
            table[entry.i, entry.j] = entry.error
        return table

    def raise_for_status(self) -> Report:
        """Raise `CheckFailed` with the whole report unless every entry agrees; else return the report."""
        if not self.ok:
            raise CheckFailed(str(self))
        return self

    def __str__(self) -> str:
        """Verdict, point, the worst entries as a table, what is missing and the path."""
        lines = [f"{self.name}: {self.summary}"]
        lines += [f"  at {', '.join(f'{name} = {text}' for name, text in self.point)}"] if self.point else []
        lines += _table(self.worst()[:_SHOWN])
        hidden = len(self.entries) - _SHOWN
        lines += [f"  … and {hidden} more entries, none worse"] if hidden > 0 else []
        lines += [f"  {self.left_out} entries were left out"] if self.left_out else []
        for primitive, node, source in self.unsupported:
            lines.append(f"  unsupported: {primitive} at node {node}" + (f", {source}" if source else ""))
        lines += [f"  no {mode}: {reason}" for mode, reason in self.missing.items()]
        lines += [f"  {note}" for note in self.notes]
        if self.path:
            lines += ["  valid where", *[f"    {text}" for text in self.path[:_SHOWN]]]
            lines += [f"    … and {len(self.path) - _SHOWN} more conditions"] if len(self.path) > _SHOWN else []
        return "\n".join(lines)


def _table(entries: list[Entry]) -> list[str]:
    """Aligned columns."""
    if not entries:
        return []
    head = ("entry", "verdict", "true", "jacfwd", "jacrev", "error", "formula")
    rows: list[tuple[str, ...]] = [head]
    for e in entries:
        formula = "" if e.symbolic is None else str(e.symbolic)
        formula = formula if len(formula) <= 48 else formula[:47] + "…"
        numbers = [_number(x) for x in (e.truth, e.jacfwd, e.jacrev)]
        rows.append((f"∂{e.row}/∂{e.column}", e.verdict, *numbers, _size(e.error), formula))
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    lines: list[str] = []
    for k, row in enumerate(rows):
        lines.append("  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
        if k and entries[k - 1].note:
            lines.append(f"      {entries[k - 1].note}")
    return lines


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.5g}"


def _size(error: float) -> str:
    """An error to its order of magnitude, which does not change from machine to machine."""
    if not isfinite(error):
        return "–" if error != error else "∞"
    return f"{error:.2g}" if error > 1e-4 else "rounding" if error else "0"


def _sortable(error: float) -> float:
    return error if error == error else -1.0
