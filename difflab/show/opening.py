"""The first look at a graph: which scopes travel with it, and which of those stand open.

An overview comes first. Scopes open level by level, each level as a whole or not at all, and only as long as all boxes
in sight can be taken in at a glance: a picture in which one of eight layers is open says less than one of eight layers.
A scope that is all of the function stands open in any case, as a picture of one box says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from difflab.show.scopes import Scope, ScopeTree

CARRIED = 400
"""Items drawn at first; what lies deeper is drawn when it is opened."""
LARGE = 150
"""A graph of more equations than this is shown as an overview at first."""
GLANCE = 30
"""Boxes in sight at first of a large graph."""
PAGE = 60
"""Boxes in sight at first of a small one."""

_TEACHING = {"named", "scan", "while", "cond", "source"}


@dataclass(frozen=True)
class FirstLook:
    """Ids of the scopes that travel first, the outermost first, and of those among them that stand open."""

    carried: tuple[str, ...]
    opened: tuple[str, ...]


def first_look(
    tree: ScopeTree, boxes: Callable[[str], int], worth: Callable[[Scope], bool], most: int | None = None
) -> FirstLook:
    """What is shown of a tree at first; `boxes` counts those in a scope, `worth` says whether one is worth opening.

    No more than `most` boxes are in sight, or as many as the size of the graph allows. What a failed trace ended in is
    open all the same.
    """
    limit = most or (GLANCE if tree.root.graph.size > LARGE else PAGE)
    lone = [scope.id for scope in tree.lone()]
    around = {"", *lone[:-1]} if lone else set[str]()
    carried = {"": boxes("")}
    opened = [""]
    level = [(inner, True) for inner in tree.inner(tree.root)]
    while level:
        drawn = sum(carried.values())
        found: list[tuple[Scope, bool]] = []
        for scope, seen in level:
            if drawn + len(scope.members) <= CARRIED or (seen and unfinished(scope)):
                drawn += len(scope.members)
                found.append((scope, seen))
        candidates = [scope for scope, seen in found if seen and worth(scope)]
        carried |= {scope.id: boxes(scope.id) for scope, _ in found}
        fits = sum(carried[name] for name in {*opened, *(scope.id for scope in candidates)} - around) <= limit
        stand = {scope.id for scope, seen in found if scope.id in lone or (seen and unfinished(scope))}
        stand |= {scope.id for scope in candidates} if fits else set()
        opened.extend(scope.id for scope, _ in found if scope.id in stand)
        level = [(inner, scope.id in stand) for scope, _ in found for inner in tree.inner(scope)]
    return FirstLook(tuple(carried), tuple(opened[1:]))


def teaches(scope: Scope) -> bool:
    """Whether a scope is the user's own structure, not the insides of a library call."""
    if scope.kind in _TEACHING:
        return True
    return scope.kind == "jit" and len({e.source for e in scope.graph.equations}) > 1


def unfinished(scope: Scope) -> bool:
    """Whether the equation in which a trace stopped is in a scope."""
    return scope.graph.failure is not None and scope.span[1] == len(scope.graph.equations)
