"""Where a formula holds: the decisions that were taken at the point, in words and as relations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.core.relational import Relational

from difflab.labs.check.scalars import Node, Scalars


@dataclass(frozen=True)
class Condition:
    """One decision: in words, as a SymPy relation where it is one, and whether the point lies on its boundary."""

    text: str
    relation: Any = None
    tight: bool = False

    def __str__(self) -> str:
        """The relation, or the words."""
        return self.text if self.relation is None else str(self.relation)


def conditions(program: Scalars, value: Callable[[Node], Any] | None) -> tuple[Condition, ...]:
    """The path of a program; `value` gives the formula of a node, for relations."""
    found: list[Condition] = []
    for decision in program.path:
        relations = [] if value is None else _relations(program, decision.node, value)
        plain = Condition(decision.text, None, decision.tight)
        found += [Condition(decision.text, r, decision.tight) for r in relations] or [plain]
    return tuple(dict.fromkeys(found))


def _relations(program: Scalars, node: str, value: Callable[[Node], Any]) -> list[Any]:
    """What the comparisons of an equation say of the inputs; one that always holds is left out."""
    relations: list[Any] = []
    for compared in program.compared:
        if compared.node == node:
            sides = value(compared.left), 0 if compared.right is None else value(compared.right)
            relation = _SIGNS[compared.sign](*sides)
            relations += [relation] if isinstance(relation, Relational) else []
    return relations


_SIGNS = {"<": sympy.Lt, ">": sympy.Gt, "=": sympy.Eq}
