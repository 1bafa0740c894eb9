"""Which entries of the derivative are wrong, once a random projection has shown that some are.

With one direction at a time each column is told from the others. Where there are many, the directions are halved (group
testing; Dorfman, Ann. Math. Stat. 14, 1943, doi:10.1214/aoms/1177731363): a wrong entry of n is found in log₂ n runs,
since the arithmetic is exact and nothing drowns in rounding. A reverse program gives a whole row in one run, for a
cotangent of one output; the truth is then halved against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from difflab.core.run import BudgetError
from difflab.core.values import Hole
from difflab.labs.check.evaluation import Truth, along, order_of, run_program
from difflab.labs.check.problem import Problem, Program

ALL = 1_000
"""Jacobians of no more entries are searched entry by entry; in larger ones each wrong row gets one wrong entry."""
ROWS = 16
"""So many wrong rows are searched in larger ones."""
PAIRS = 12
"""So many wrong entries of second order get their other direction."""


@dataclass(frozen=True)
class Located:
    """Wrong entries: (row, column), and of second order (row, i, j). `complete`: there are no others."""

    entries: tuple[tuple[int, ...], ...] = ()
    rows: tuple[int, ...] = ()
    complete: bool = False


def localise(
    checked: Problem,
    program: Program,
    leaves: Sequence[Any],
    truth: Truth,
    *,
    rows: Sequence[int] | None = None,
    deadline: float | None = None,
) -> Located:
    """Find wrong entries of a program whose comparison with `truth` failed; `rows` are those that are suspected.

    Stops when the time is spent, with what was found until then.
    """
    search = _Search(checked, program, leaves, truth, deadline)
    n, m = len(checked.columns), len(checked.rows)
    suspects = [i for i in (range(m) if rows is None or program.reverse else rows) if search.comparable(i)]
    everything = n * m <= ALL
    try:
        if program.reverse:
            suspects = search.wrong_rows(suspects)
        search.rows = tuple(suspects)
        if everything:
            for j in range(n):
                search.note(search.differing(suspects, [j]), j)
        else:
            search.halve(suspects[:ROWS], list(range(n)))
        if order_of(program.mode) == 2:
            search.second(list(range(n)))
    except BudgetError:
        everything = False
    return Located(tuple(sorted(search.found)), search.rows, everything)


@dataclass(eq=False)
class _Search:
    """One search in progress."""

    checked: Problem
    program: Program
    leaves: Sequence[Any]
    truth: Truth
    deadline: float | None
    rows: tuple[int, ...] = ()
    found: set[tuple[int, ...]] = field(default_factory=set[tuple[int, ...]])
    _back: dict[tuple[Any, ...], list[Any]] = field(default_factory=dict[tuple[Any, ...], list[Any]])

    def comparable(self, row: int) -> bool:
        """Whether the truth knows this row."""
        return not any(isinstance(part[row], Hole) for part in (self.truth.value, self.truth.first, self.truth.second))

    def note(self, rows: Sequence[int], column: int) -> None:
        """Keep the entries of a column."""
        self.found |= {(i, column) for i in rows}

    def halve(self, rows: Sequence[int], columns: list[int]) -> None:
        """One wrong column for each row, which differs on these columns."""
        if not rows or len(columns) == 1:
            self.note(rows, columns[0])
            return
        left, right = columns[: len(columns) // 2], columns[len(columns) // 2 :]
        here = self.differing(rows, left)
        if here:
            self.halve(here, left)
        there = [i for i in rows if i not in here]
        there = self.differing(there, right) if there else []
        if there:
            self.halve(there, right)

    def second(self, columns: list[int]) -> None:
        """Complete (row, i) of second order by j."""
        pairs, self.found = sorted(self.found)[:PAIRS], set()
        for row, column in pairs:
            others = columns
            while len(others) > 1:
                half = others[: len(others) // 2]
                others = half if self.differing([row], [column], half) else others[len(others) // 2 :]
            self.found.add((row, column, others[0]))

    def wrong_rows(self, rows: list[int]) -> list[int]:
        """The rows of a reverse program that differ: one by one where they are few, else by halving."""
        if len(rows) <= 4 * ROWS:
            return self.differing(rows, None)
        wrong: list[int] = []
        waiting = [rows]
        while waiting and len(wrong) < ROWS:
            group = waiting.pop()
            if not self._projection_differs(group):
                continue
            if len(group) == 1:
                wrong += group
            else:
                waiting += [group[len(group) // 2 :], group[: len(group) // 2]]
        return sorted(wrong)

    def differing(
        self, rows: Sequence[int], columns: Sequence[int] | None, others: Sequence[int] | None = None
    ) -> list[int]:
        """The rows among these that differ when t is zero but for `columns`, and u but for `others`."""
        true = self._true(columns, others)
        sample = self.truth.sample
        if self.program.reverse:
            multiply = sample.domain.operations["mul"]
            sides = [(i, self._pulled(i, columns, others), multiply(sample.c[i], true[i])) for i in rows]
        else:
            made = run_program(
                self.checked, self.program, self.leaves, sample, columns=columns, others=others, deadline=self.deadline
            ).derivative
            sides = [(i, made[i], true[i]) for i in rows]
        known = [(i, a, b) for i, a, b in sides if not isinstance(a, Hole) and not isinstance(b, Hole)]
        return [i for i, a, b in known if not sample.same(a, b)]

    def _true(self, columns: Sequence[int] | None, others: Sequence[int] | None) -> list[Any]:
        if columns is None and others is None:
            part = self.truth
        else:
            order = order_of(self.program.mode)
            part = along(
                self.checked, self.leaves, self.truth.sample, order, columns=columns, others=others,
                deadline=self.deadline,
            )  # fmt: skip
        return part.first if order_of(self.program.mode) == 1 else part.second

    def _pulled(self, row: int, columns: Sequence[int] | None, others: Sequence[int] | None) -> Any:
        """Σ x̄·t over the columns, for a cotangent of one row."""
        key = (row, None if others is None else tuple(others))
        sample = self.truth.sample
        if key not in self._back:
            self._back[key] = run_program(
                self.checked, self.program, self.leaves, sample, rows=[row], others=others, deadline=self.deadline
            ).derivative
        back = self._back[key]
        chosen = range(len(back)) if columns is None else columns
        return sample.inner([back[j] for j in chosen], [sample.t[j] for j in chosen])

    def _projection_differs(self, rows: Sequence[int]) -> bool:
        sample = self.truth.sample
        made = run_program(
            self.checked, self.program, self.leaves, sample, rows=rows, deadline=self.deadline
        ).derivative
        true = self._true(None, None)
        left = sample.inner(made, sample.t)
        right = sample.inner([sample.c[i] for i in rows], [true[i] for i in rows])
        return not isinstance(left, Hole) and not isinstance(right, Hole) and not sample.same(left, right)
