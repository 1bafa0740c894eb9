"""Library functions that are computed by approximations, while their rule differentiates what they stand for.

Far out in its tail JAX sums a few terms of a divergent series for log Φ, and its rule is the derivative of log Φ
itself: the two differ in the ninth digit, and the rule is the better one. Nobody would call that wrong. So where a
rule of the library differs from the derivative of its own value at the numbers that it sees, an entry that is off by
no more than half of the type's digits is said to agree, and the rule is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import sqrt
from typing import Any

from difflab.core.errors import DifflabError
from difflab.labs.check.problem import Problem, problem, program
from difflab.labs.check.proof import prove
from difflab.labs.check.roundings import units
from difflab.labs.check.rules import Site, alone, found
from difflab.labs.check.witness import Confirmation

Confirmations = Mapping[tuple[int, ...], Confirmation]


def as_approximations(
    checked: Problem, leaves: Sequence[Any], made: Confirmations, deadline: float
) -> dict[tuple[int, ...], Confirmation]:
    """The confirmations at a point; those that an approximation inside the library explains agree."""
    near = sqrt(max(units(checked.graph)))
    close = [entry for entry, said in made.items() if said.verdict == "refuted" and said.gap <= near]
    site = _approximate(checked, leaves, deadline) if close else None
    if site is None:
        return dict(made)
    return {**made, **{entry: _agrees(made[entry], site) for entry in close}}


def _agrees(said: Confirmation, site: Site) -> Confirmation:
    note = f"{site.name} of JAX is an approximation, and its rule is not the derivative of that: gap {said.gap:.1g}"
    return replace(said, verdict="agrees", witness=None, note=note)


def _approximate(checked: Problem, leaves: Sequence[Any], deadline: float) -> Site | None:
    """The first library rule that is not the derivative of the value beside it at what it sees."""
    for site in found(checked, leaves):
        if site.library and not site.linear_solve and _differs(problem(alone(site)), deadline):
            return site
    return None


def _differs(one: Problem, deadline: float) -> bool:
    made = program(one, "jvp")
    if made.graph is None or not one.rows or not one.columns:
        return False
    try:
        return prove(one, made, one.at.leaves, deadline=deadline, log2_degree=0.0).differs
    except (DifflabError, ArithmeticError, RecursionError):
        return False
