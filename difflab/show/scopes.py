"""The parts of a graph that open and close, so that no drawing ever holds more than a person can read.

Scopes come from, in this order: the bodies of equations (jit, loops, branches, custom rules, remat); JAX's named
scopes, which also tell the two sweeps of a gradient apart; where a part is crowded, the function that a line stands in;
what comes again and again (`layer × 48`); and at last chunks of equal size. All but the bodies hold consecutive
equations: a drawing of closed groups can have no cycle, because evaluation order has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from difflab.core.graph import Equation, Graph
from difflab.show.grouping import LIMIT, Scope, gathered

__all__ = ["LIMIT", "Gather", "Scope", "ScopeTree", "gathered"]

Gather = Callable[[Graph, str], tuple[int | Scope, ...]]
"""The members of the scope that is all of a graph, given the graph and the prefix of its ids."""


class ScopeTree:
    """All scopes of one graph, those of nested graphs made when they are asked for."""

    def __init__(self, graph: Graph, gather: Gather = gathered) -> None:
        self._gather = gather
        self._known: dict[str, Scope] = {}
        names = graph.signature.outputs if graph.signature else ()
        self.root = self._whole(graph, "", "", graph.name, "function", None, names)

    def find(self, scope: str) -> Scope:
        """The scope of this id. Raises KeyError if the graph has none."""
        if scope not in self._known:
            body, slash, group = scope.rpartition("/")
            if group.startswith("~") and slash and body not in self._known:
                self.find(body)
            elif not group.startswith("~"):
                self._open(body, group, scope)
        if scope not in self._known:
            raise KeyError(f"no scope {scope!r} in graph {self.root.graph.name!r}")
        return self._known[scope]

    def around(self, node: str) -> Scope:
        """The scope that is all of the graph which this node belongs to."""
        return self.find(node.rpartition("/")[0])

    def bodies(self, scope: Scope, equation: Equation) -> list[Scope]:
        """The scopes that open inside an equation, one a body."""
        found: list[Scope] = []
        for number, body in enumerate(equation.bodies):
            name = f"{scope.prefix}{equation.id}.{number}"
            if name not in self._known:
                own = len(equation.bodies) > 1 or equation.kind in ("jit", "call")
                label = body.label if own else body.graph.name
                named = scope.outputs if _hands_on(scope.graph, equation) else ()
                self._whole(body.graph, name, name + "/", label, equation.kind or "call", body.count, named)
            found.append(self._known[name])
        return found

    def inner(self, scope: Scope) -> Iterator[Scope]:
        """The scopes that open right inside this one, in order."""
        for member in scope.members:
            if isinstance(member, Scope):
                yield member
            else:
                yield from self.bodies(scope, scope.graph.equations[member])

    def lone(self) -> Iterator[Scope]:
        """The scopes that are all of the function, such as the body of a `jit` around it, each inside the one before.

        >>> import jax
        >>> from difflab.core.capture import graph
        >>> [scope.id for scope in ScopeTree(graph(jax.jit(lambda x: jax.nn.relu(x) * x), 1.0)).lone()]
        ['0.0']
        """
        scope = self.root
        while len(scope.members) == 1:
            found = list(self.inner(scope))
            if len(found) != 1 or found[0].kind in ("repeat", "chunk", "same"):
                return
            scope = found[0]
            yield scope

    def walk(self) -> Iterator[Scope]:
        """Every scope, the outer ones first."""
        level = [self.root]
        while level:
            yield from level
            level = [inner for scope in level for inner in self.inner(scope)]

    def _open(self, outer: str, body: str, scope: str) -> None:
        number, _, _ = body.partition(".")
        around = self.find(outer)
        if not number.isdigit() or int(number) >= len(around.graph.equations):
            raise KeyError(f"no scope {scope!r} in graph {self.root.graph.name!r}")
        self.bodies(around, around.graph.equations[int(number)])

    def _whole(
        self, graph: Graph, name: str, prefix: str, label: str, kind: str, count: int | None, outputs: tuple[str, ...]
    ) -> Scope:  # fmt: skip
        made = Scope(name, label, kind, graph, prefix, self._gather(graph, prefix), True, count, None, outputs)
        self._enter(made)
        return made

    def _enter(self, scope: Scope) -> None:
        self._known[scope.id] = scope
        for member in scope.members:
            if isinstance(member, Scope):
                self._enter(member)


def _hands_on(graph: Graph, equation: Equation) -> bool:
    """Whether what an equation's one body returns is just what this graph returns."""
    bodies, results = equation.bodies, tuple(equation.results)
    return len(bodies) == 1 and len(bodies[0].graph.outputs) == len(results) and tuple(graph.outputs) == results
