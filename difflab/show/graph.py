"""The graph section of the wire: scopes that are carried, which are open at first, and the inspector's texts."""

from __future__ import annotations

from collections import deque

from difflab.show.drawing import Draughtsman
from difflab.show.scopes import Scope
from difflab.show.wire import Wire

CARRIED = 400
"""Equations drawn at first; what lies deeper is drawn when it is opened."""
OPEN = 60
"""Boxes that may stand open at first."""

_TEACHING = {"named", "scan", "while", "cond", "source"}


def graph_section(draughtsman: Draughtsman) -> Wire:
    """The `graph` section: outer scopes first, as many as the budget allows."""
    tree = draughtsman.tree
    graph = tree.root.graph
    scopes: dict[str, Wire] = {}
    nodes: dict[str, Wire] = {}
    opened: list[str] = []
    drawn, shown = 0, 0
    waiting: deque[tuple[Scope, bool]] = deque([(tree.root, True)])
    while waiting:
        scope, visible = waiting.popleft()
        if scopes and drawn + len(scope.members) > CARRIED:
            continue
        drawn += len(scope.members)
        scopes[scope.id], infos = draughtsman.scope(scope.id)
        nodes.update(infos)
        if visible and shown + len(scope.members) <= OPEN:
            shown += len(scope.members)
            opened.append(scope.id)
        waiting.extend((inner, scope.id in opened and _worth(inner)) for inner in _inner(draughtsman, scope))
    counts = {"equations": graph.size, "scopes": len(scopes), "values": len(graph.vertices)}
    return {
        "root": "", "open": [k for k in opened if k], "counts": counts, "nodes": nodes, "scopes": scopes,
    }  # fmt: skip


def _inner(draughtsman: Draughtsman, scope: Scope) -> list[Scope]:
    found: list[Scope] = []
    for member in scope.members:
        if isinstance(member, Scope):
            found.append(member)
        else:
            found.extend(draughtsman.tree.bodies(scope, scope.graph.equations[member]))
    return found


def _worth(scope: Scope) -> bool:
    """Whether a scope is shown open at first: the user's own structure, not the insides of a library call."""
    if scope.kind in _TEACHING:
        return True
    lines = {e.source for e in scope.graph.equations}
    return scope.kind == "jit" and len(lines) > 1
