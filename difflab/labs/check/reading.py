"""Findings: faults with a witness and what they look like, remarks, and the custom rules, each checked alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from difflab.core.errors import DifflabError
from difflab.labs.check.clock import Clock
from difflab.labs.check.evaluation import order_of
from difflab.labs.check.findings import FAULTS, Finding
from difflab.labs.check.hints import explain
from difflab.labs.check.lint import remarks
from difflab.labs.check.modes import Shown
from difflab.labs.check.problem import Problem
from difflab.labs.check.rules import examine

SHOWN = 4
"""So many coordinates of a point are written into a message."""


def faults_of(shown: Sequence[Shown], rules: Sequence[Finding], clock: Clock) -> list[Finding]:
    """What is wrong, each fault once for all its entries and programs: with a witness and a reading.

    What a wrong rule explains is not said again: `rules` are the faults of the rules that the function calls.
    """
    first_right = all(one.clean for one in shown if "∘" not in one.program.mode)
    found: dict[tuple[Any, ...], Finding] = {}
    for one in shown:
        order = order_of(one.program.mode)
        if (order == 2 and not first_right) or any(_explains(rule, one) for rule in rules):
            continue
        for finding in _of_program(one, order, clock):
            before = found.get((order, finding.kind))
            found[order, finding.kind] = _joined(before, finding) if before else finding
    return list(found.values())


def told_of_rules(rules: Sequence[Finding], shown: Sequence[Shown], name: str, right: bool) -> list[Finding]:
    """The faults of rules, with what they do to the function: the entries that are wrong, or none at all.

    `right`: the function itself was proved. A rule that is wrong at inputs that it does not get there is a warning,
    unless it is called with the function's own arguments ("direct" in its details), so that it gets every input.
    """
    return [_harmless(f, name) if right and _elsewhere(f) else _with_entries(f, shown) for f in rules]


_ELSEWHERE = frozenset(FAULTS) - {"cast", "not linear"}
"""Kinds of faults that a rule may have at some inputs alone."""


def _elsewhere(finding: Finding) -> bool:
    return finding.severity == "error" and finding.kind in _ELSEWHERE and not finding.details.get("direct")


def _harmless(finding: Finding, name: str) -> Finding:
    at = ", ".join(f"{n} = {x}" for n, x in finding.witness.point[:SHOWN]) if finding.witness else ""
    said = f"{finding.message}; {name} itself is right where it was checked, the rule is wrong elsewhere"
    return replace(finding, severity="warning", message=f"{said}, at {at}" if at else said)


def _with_entries(finding: Finding, shown: Sequence[Shown]) -> Finding:
    """With the entries of the whole function that its programs have wrong, and their witness where there is none."""
    mine = [one for one in shown if (one.refuted or one.primal) and _explains(finding, one)]
    if not mine:
        return finding
    entries = {_names(one, e): said for one in mine for e, (_, said) in sorted(one.refuted.items())}
    witness = finding.witness or next((said.witness for said in entries.values() if said.witness), None)
    details = {"function": tuple(entries), "programs": tuple(one.program.mode for one in mine)}
    return replace(finding, witness=witness, details={**finding.details, **details})


def _explains(rule: Finding, one: Shown) -> bool:
    """Whether a program goes through a rule: a vjp rule is none of forward mode, a cast changes no exact number."""
    if rule.severity != "error" or rule.kind == "cast" or rule.order > order_of(one.program.mode):
        return False
    return "vjp" not in rule.mode.split(", ")[0] or "vjp" in one.program.mode


def _joined(one: Finding, other: Finding) -> Finding:
    """One finding of two programs."""
    modes = dict.fromkeys([*one.mode.split(", "), *other.mode.split(", ")])
    entries = dict.fromkeys([*one.details["entries"], *other.details["entries"]])
    return replace(
        one, mode=", ".join(modes), witness=one.witness or other.witness,
        details={**one.details, "entries": tuple(entries)},
    )  # fmt: skip


def remarks_of(checked: Problem, clock: Clock) -> list[Finding]:
    """What a reader of the verdict should know."""
    return [] if clock.spent(0.9) else remarks(checked)


def rules_of(
    checked: Problem,
    check_one: Callable[[Problem], Sequence[Finding]],
    deadline: float,
    order: int = 1,
    library: bool = True,
) -> list[Finding]:
    """What is wrong with the custom rules that the function calls, each checked alone."""
    return examine(checked, check_one, deadline, order=order, library=library)


def _of_program(one: Shown, order: int, clock: Clock) -> Iterator[Finding]:
    rows, mode, wrong = one.names, one.program.mode, sorted(one.refuted.items())
    if wrong:
        kind, hint = _read(one, [(one.part.places[e[0]], e[1]) for e, _ in wrong], clock)
        names = [_names(one, entry) for entry, _ in wrong]
        said = next((c for _, (_, c) in wrong if c.witness), wrong[0][1][1])
        notes = "; ".join(part for part in (hint, said.note) if part)
        yield Finding(
            kind, "error", FAULTS[kind], mode, order, names[0], hint=notes, witness=said.witness,
            details={"entries": tuple(names)},
        )  # fmt: skip
    for row, (_, ad, true) in sorted(one.primal.items())[:1]:
        message = f"{FAULTS['primal']}: {ad} for {rows[row]}, where the function gives {true}"
        yield Finding("primal", "error", message, mode, order, details={"entries": tuple(rows[i] for i in one.primal)})


def _names(one: Shown, entry: tuple[int, ...]) -> tuple[str, str]:
    columns = one.part.problem.columns
    return one.names[entry[0]], " ∂".join(columns[j] for j in entry[1:])


def _read(one: Shown, entries: Sequence[tuple[int, int]], clock: Clock) -> tuple[str, str]:
    """The kind of a fault and a hint, read off both matrices."""
    try:
        return explain(one.part.problem, one.program, entries=entries, deadline=clock.wall())
    except (DifflabError, ArithmeticError, RecursionError, ValueError):
        return "wrong", ""
