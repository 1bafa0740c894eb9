"""The course of a check: trace, remarks, points, proofs by mode, kinks, floats, and a verdict for every entry.

The user's own point comes first and is looked at most closely; further points have other signs and scales, and reach
other branches. Each derivative program of JAX is compared with the derivative by one random projection a point
(`difflab.labs.check.proof`); only where that fails are entries looked for. Then come the one-sided derivatives where
the point lies on a boundary, JAX's floats with their right digits, and the custom rules, each checked alone.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from importlib import import_module
from typing import Any

import jax
import numpy as np

from difflab.core.errors import DifflabError
from difflab.core.run import BudgetError
from difflab.labs.check.branches import branches
from difflab.labs.check.clock import Clock
from difflab.labs.check.effort import work
from difflab.labs.check.entries import Facts, entry_of, listed, totals
from difflab.labs.check.findings import Finding
from difflab.labs.check.floats import backward, forward
from difflab.labs.check.kinks import Kinks, kinks
from difflab.labs.check.modes import Part, Shown, Wish, bound, sample, show
from difflab.labs.check.own import blamed
from difflab.labs.check.points import Point, points
from difflab.labs.check.precise import along, precise
from difflab.labs.check.problem import FIRST, REVERSE, SECOND, Problem, program
from difflab.labs.check.proof import ATTEMPTS, Proof, unknown_rows
from difflab.labs.check.reading import faults_of, remarks_of, rules_of, told_of_rules
from difflab.labs.check.report import PointRecord, Report, worst

METHODS = ("auto", "field", "balls", "symbolic", "big floats")
COLUMNS = 2
"""So many true columns are computed where a run is long."""
SEARCH = 0.1
"""The part of the budget that points on further branches may take to be found."""
FEW = 2
"""So many further points are looked at where a run is long and branches were met."""
RULES = 0.8
"""The part of the budget until whose end rules are checked; the points have the half before."""
SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True, eq=False)
class Options:
    """How a check is done; see `difflab.check`."""

    order: int = 1
    modes: tuple[str, ...] = FIRST
    method: str = "auto"
    points: int = 6
    domain: Any = None
    digits: int = 50
    error_bound: float = 2.0**-40
    seed: int = 0
    budget: float | int = 30.0
    max_entries: int = 400
    rules: bool = True


def report_of(checked: Problem, options: Options, clock: Clock | None = None) -> Report:
    """Check a problem."""
    return _Check(checked, options, clock or Clock(options.budget)).report()


def faults(checked: Problem, options: Options, clock: Clock) -> list[Finding]:
    """What is wrong with the derivative of a problem, without looking at its custom rules alone."""
    return list(_Check(checked, options, clock).report().faults)


@dataclass(eq=False)
class _Check:
    """One check in progress."""

    checked: Problem
    options: Options
    clock: Clock
    notes: list[str] = field(default_factory=list[str])
    findings: list[Finding] = field(default_factory=list[Finding])

    def report(self) -> Report:
        checked, options = self.checked, self.options
        shown: list[Shown] = []
        places: list[Point] = []
        missing: dict[str, str] = {}
        if checked.rows and checked.columns:
            places = [Point("the given point", checked.at.leaves)]
            shown, missing = self.shown(places)
        rules = self.rules(shown) if options.rules else []
        facts = self.facts(shown)
        formulas = _Formulas(checked, options.budget)
        entries = [
            entry_of(checked, facts, i, j, partial(formulas.entry, i, j))
            for i, j in listed(checked, facts, options.max_entries)
        ]
        counts = totals(checked, facts)
        verdict = worst(counts, "proved")
        if not counts:
            self.notes.append("there is nothing to compare: no output of a floating dtype, or no entries")
        wrong = faults_of(shown, rules, self.clock)
        self.findings += [*rules, *(blamed(checked, wrong, self.rule, self.clock) if options.rules else wrong)]
        if options.rules:
            self.findings += remarks_of(checked, self.clock)
        if any(f.severity == "error" for f in self.findings):
            verdict = "refuted"
        self.finish(shown, places)
        return Report(
            checked.at.name,
            verdict,
            tuple(entries),
            _unsupported(shown),
            tuple(str(d) for d in _path(shown)),
            _values(checked, checked.at.leaves),
            checked.graph,
            checked.rows,
            checked.columns,
            missing,
            tuple(self.notes),
            len(checked.rows) * len(checked.columns) - len(entries),
            tuple(sorted(self.findings, key=lambda f: SEVERITIES.index(f.severity))),
            tuple(self.records(shown, places)),
            max(1, len(_branches(shown))),
            bound(shown),
            options.order,
            options.seed,
            options.digits,
            self.clock.seconds,
            counts,
            formulas,
            checked,
        )

    def rules(self, shown: Sequence[Shown]) -> list[Finding]:
        """What is wrong with the custom rules; JAX's own are only suspected where the function is not right."""
        right = bool(shown) and all(one.right for one in shown)
        found = rules_of(self.checked, self.rule, self.clock.wall(RULES), self.options.order, library=not right)
        return told_of_rules(found, shown, self.checked.at.name, right)

    def rule(self, alone: Problem) -> list[Finding]:
        """What is wrong with one custom rule."""
        options = replace(self.options, rules=False, domain=None, max_entries=16, points=min(3, self.options.points))
        return faults(alone, options, self.clock)

    @property
    def modes(self) -> tuple[str, ...]:
        """The programs that are compared."""
        return self.options.modes if self.options.order == 1 else (*self.options.modes, *SECOND)

    @cached_property
    def wish(self) -> Wish:
        """What is asked of each comparison."""
        o = self.options
        return Wish(o.seed, o.error_bound, o.digits, o.method, work(self.checked))

    def shown(self, places: list[Point]) -> tuple[list[Shown], dict[str, str]]:
        """Every program at the given point, and then at the others, which are added to `places`."""
        parts = {mode: self.part(mode) for mode in self.modes}
        programs = [(part, program(part.problem, mode)) for mode, part in parts.items()]
        missing = {made.mode: made.why_not for _, made in programs if made.graph is None}
        found = [Shown(made, part) for part, made in programs if made.graph is not None]
        for one in found:
            one.bits = max(other.bits for other in found)
            show(one, places, self.wish, self.clock)
        count = self.further(found)
        if count and not self.clock.spent(0.4):
            places += points(self.checked, count, self.options.seed, self.options.domain, self.clock.wall(0.5))[1:]
            if self.straight(found):
                return found, missing
            for one in found:
                show(one, places, self.wish, self.clock)
            if any(_decisions(proof) for one in found for _, proof in one.proofs):
                places += self.beyond(places)
            for one in found:
                show(one, places, self.wish, self.clock)
        for one in found:
            if one.first is None or one.first.broken or one.first.holes:
                chosen = listed(self.checked, Facts(found), min(100, self.options.max_entries))
                sample(one, places, chosen, self.wish, self.clock)
        return found, missing

    def straight(self, found: Sequence[Shown]) -> bool:
        """Whether nothing is decided at the given point: then its proof, at random numbers, is that of every point.

        A root decides: which of its two values it takes.
        """
        first = [one.first for one in found]
        return bool(first) and all(p is not None and p.held and not (p.roots or _decisions(p)) for p in first)

    def part(self, mode: str) -> Part:
        """What a program is compared on: for a reverse one the outputs without a hole, since it sums over them."""
        everything = tuple(range(len(self.checked.rows)))
        if mode not in REVERSE or not self.holes:
            return Part(self.checked, everything)
        known = [k for k in range(len(self.checked.outputs)) if not self.holes & set(self.checked.rows_of(k))]
        if not known:
            return Part(self.checked, everything)
        outputs = tuple(self.checked.outputs[k] for k in known)
        rows = tuple(i for k in known for i in self.checked.rows_of(k))
        return Part(replace(self.checked, outputs=outputs), rows)

    @cached_property
    def holes(self) -> set[int]:
        """Rows that the field cannot follow."""
        try:
            return unknown_rows(self.checked, self.options.seed * 1000 * ATTEMPTS, self.clock.wall(0.3))
        except BudgetError:
            return set()

    def further(self, found: Sequence[Shown]) -> int:
        """How many further points are worth their time: without any branch one point stands for all."""
        if not self.wish.large:
            return self.options.points
        decided = any(_decisions(proof) for one in found for _, proof in one.proofs)
        return min(FEW, self.options.points) if decided else 0

    def beyond(self, places: Sequence[Point]) -> list[Point]:
        """Points on the sides of decisions that none of the others takes; what none was found for is said."""
        seconds = max(0.0, min(SEARCH * self.options.budget, self.clock.left(0.45)))
        found = branches(self.checked, self.options.seed, seconds, known=places, domain=self.options.domain)
        if found.missed:
            some = "; ".join(found.missed[:3]) + (f" and {len(found.missed) - 3} more" if len(found.missed) > 3 else "")
            said = f"no point was found on this side of a branch: {some}"
            hint = "pass arguments there, or a domain, if the function gets them"
            self.findings.append(Finding("unreached branch", "info", said, hint=hint))
        return list(found)[: self.options.points]

    def facts(self, shown: list[Shown]) -> Facts:
        """What the entries are judged by, as far as the time allows."""
        facts = Facts(shown, missing=not shown)
        if not shown:
            return facts
        rows, columns = facts.shown_block(self.checked, self.options.max_entries)
        self.floats(facts, rows, columns)
        self.truths(facts, columns)
        suspicious = any(p.tight or p.not_finite for s in shown for k, p in s.proofs if k == 0) or facts.spoilt
        if suspicious and not self.clock.spent(0.9):
            facts.kinks = self.kinks(columns)
        return facts

    def floats(self, facts: Facts, rows: Sequence[int], columns: Sequence[int]) -> None:
        """JAX's floats of both modes for the entries that are shown."""
        if self.clock.spent(0.8):
            return
        leaves = self.checked.at.leaves
        for mode, run, chosen in (("jvp", forward, columns), ("vjp", backward, rows)):
            if all(s.program.mode != mode for s in facts.shown):
                continue
            try:
                made = run(self.checked, leaves, chosen)
            except Exception as error:  # whatever JAX raises here is said, and the comparison stands without floats
                self.notes.append(f"no floats of {mode}: {type(error).__name__}: {str(error).splitlines()[0][:200]}")
                continue
            facts.note_floats(mode, made, chosen)

    def truths(self, facts: Facts, columns: Sequence[int]) -> None:
        """The true derivative of each column that is shown, in big floats."""
        base = precise("big floats", max(30, self.options.digits))
        for column in columns[:COLUMNS] if self.wish.large else columns:
            if self.clock.spent(0.9):
                self.notes.append("the true values of some entries are not shown: the time was spent")
                return
            try:
                found = along(self.checked, self.checked.at.leaves, base, column, deadline=self.clock.wall(0.95))
            except (DifflabError, ArithmeticError, RecursionError, ValueError):
                return
            facts.note_truth(column, found)

    def kinks(self, columns: Sequence[int]) -> Kinks | None:
        """One-sided derivatives at the given point."""
        try:
            return kinks(
                self.checked, self.checked.at.leaves, columns=columns, seed=self.options.seed,
                deadline=self.clock.wall(),
            )  # fmt: skip
        except (BudgetError, ArithmeticError, RecursionError) as error:
            self.notes.append(f"one-sided derivatives are not known: {str(error).splitlines()[0]}")
            return None

    def records(self, shown: Sequence[Shown], places: Sequence[Point]) -> list[PointRecord]:
        """What each point showed."""
        known, straight = list(_branches(shown)), self.straight(shown)
        found: list[PointRecord] = []
        for number, place in enumerate(places):
            proofs = [proof for one in shown for k, proof in one.proofs if k == (0 if straight else number)]
            numeric = [verdict for one in shown for verdict in one.sampled.values() if not one.proofs]
            if numeric:
                values = _values(self.checked, place.leaves)
                found.append(PointRecord(place.label, values, 0, 0, worst(numeric)))
            if proofs:
                branch = known.index(proofs[0].branch)
                outcome = worst(_outcome(proof) for proof in proofs)
                values = _values(self.checked, place.leaves)
                found.append(PointRecord(place.label, values, len(proofs[0].path), branch, outcome))
        return found

    def finish(self, shown: Sequence[Shown], places: Sequence[Point]) -> None:
        """Remarks on the course of the check itself."""
        if self.straight(shown) and len(places) > 1:
            self.notes.append("nothing is decided on the way, so the proof at random numbers is that of every point")
        signs = {k for one in shown for k, proof in one.proofs if proof.signs}
        if signs:
            where = f"{len(signs)} {'point' if len(signs) == 1 else 'points'}"
            self.notes.append(f"the signs of square roots were compared in {self.options.digits} digits at {where}")
        if any(one.spent for one in shown) or self.clock.spent():
            reached = len({k for one in shown for k, _ in one.proofs})
            said = (
                f"the budget of {self.options.budget:g} s was spent after {reached} of {self.options.points + 1} points"
            )
            self.findings.append(Finding("budget", "warning", said, hint="pass a larger budget"))
        modes = [one.program.mode for one in shown if one.program.mode in FIRST and _branches_more(one)]
        if modes:
            said = f"{', '.join(modes)} took another branch at points where the function took the same"
            self.findings.append(Finding("branch in the derivative", "info", said, mode=", ".join(modes)))


class _Formulas:
    """The symbolic Jacobian and Hessian of a problem, computed when first asked for."""

    def __init__(self, checked: Problem, budget: float | int) -> None:
        self.checked, self.budget = checked, budget
        self.made: dict[str, Any] = {}

    def __call__(self, what: str) -> Any:
        """The object of `jacobian_sympy` or `hessian_sympy`."""
        if what not in self.made:
            at = self.checked.at
            args, kwargs = at.rebuild(at.leaves)
            make = getattr(import_module("difflab.labs.check.formulas"), f"{what}_sympy")
            self.made[what] = make(at.f, *args, budget=self.budget, **{**dict(at.options), **kwargs})
        return self.made[what]

    def entry(self, i: int, j: int) -> Any:
        """The formula of an entry, or None where there is none."""
        try:
            return self("jacobian").entry(i, j)
        except (DifflabError, RecursionError):
            return None


def _decisions(proof: Proof) -> list[Any]:
    return [d for d in (*proof.path, *proof.program_path) if not d.text.startswith("stop_gradient")]


def _branches_more(one: Shown) -> bool:
    """Whether a program decided differently at two points of one branch of the function."""
    found: dict[Any, set[Any]] = {}
    for _, proof in one.proofs:
        decided = tuple(sorted((d.node, d.text, d.key) for d in proof.program_path))
        found.setdefault(proof.branch, set()).add(decided)
    return any(len(paths) > 1 for paths in found.values())


def _branches(shown: Sequence[Shown]) -> dict[Any, None]:
    return dict.fromkeys(proof.branch for one in shown for _, proof in one.proofs)


def _outcome(proof: Proof) -> str:
    if proof.broken or (proof.holes and proof.clean):
        return "undecided" if proof.broken else "unsupported"
    return "proved with high probability" if proof.clean else "not differentiable here" if proof.tight else "refuted"


def _path(shown: Sequence[Shown]) -> Sequence[Any]:
    return shown[0].proofs[0][1].path if shown and shown[0].proofs else ()


def _unsupported(shown: Sequence[Shown]) -> tuple[tuple[str, str, str | None], ...]:
    holes = [hole for one in shown for k, proof in one.proofs if k == 0 for hole in proof.holes]
    found: dict[Any, tuple[str, str, str | None]] = {}
    for hole in holes:  # the function's own come before those of its derivative programs
        where = str(hole.source) if hole.source else None
        found.setdefault((hole.primitive, where), (hole.primitive, hole.node, where))
    return tuple(found.values())


def _values(checked: Problem, leaves: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((checked.at.paths[k], short(leaves[k])) for k in checked.inputs)


def short(leaf: Any) -> str:
    """A leaf in a few words."""
    array = np.asarray(leaf)
    if array.size > 6:
        return f"{jax.dtypes.result_type(leaf)}{list(array.shape)}"
    return str(array.item()) if not array.shape else np.array2string(array, precision=6, separator=", ")
