"""The graph section of the wire, and the answers to what its front end asks.

The outer scopes travel first, as many as fit; what lies deeper is drawn when it is opened. One view has up to three
arrangements of the same scopes: in layers, folded at the loss, and, of a comparison, with what is equal gathered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from difflab.core.call import Call
from difflab.core.graph import Graph
from difflab.core.residuals import holds_both_sweeps
from difflab.labs.adjoint import AdjointTrace
from difflab.show.around import around
from difflab.show.changes import differs, gathered_changes
from difflab.show.drawing import Draughtsman, Library
from difflab.show.index import index, texts
from difflab.show.opening import PAGE, FirstLook, first_look, teaches
from difflab.show.overlays import Overlays
from difflab.show.scopes import ScopeTree
from difflab.show.widget import Handler
from difflab.show.wire import Wire


class GraphView:
    """One graph as it is shown: `section` is what travels first, `answer` what is asked for later.

    A `call` allows costs to be measured, a `trace` brings values; `extra` are overlays of the caller's own; `changes`
    maps node ids to "same", "added", "removed" or "changed".

    >>> import jax
    >>> from difflab.core.capture import graph
    >>> view = GraphView(graph(jax.grad(jax.numpy.sin), 1.0))
    >>> view.arrangements, len(view.section()["scopes"][""]["items"])
    (('layered', 'fold'), 4)
    """

    def __init__(
        self,
        graph: Graph,
        call: Call | None = None,
        trace: AdjointTrace | None = None,
        extra: Sequence[Any] = (),
        changes: Mapping[str, str] | None = None,
    ) -> None:
        self.graph = graph
        self.tree = ScopeTree(graph)
        self._overlays = Overlays(graph, call, trace, extra, program=changes is None)
        self._changes = changes or {}
        self._library = Library()
        self._draughtsmen: dict[str, Draughtsman] = {}
        self._sent: dict[str, str] = {}
        self._answers: dict[str, Callable[[Wire], Wire]] = {
            "scope": self._scope, "arrange": self._arrange, "index": self._index, "texts": self._texts,
            "overlay": self._overlay, "around": self._around,
        }  # fmt: skip
        self.arrangements = tuple(self._arrangements(changes is not None))

    def section(self, arrangement: str = "layered") -> Wire:
        """The `graph` section: outer scopes first, as many as the budget allows."""
        self._known(arrangement)
        draughtsman = self._draughtsman(arrangement)
        first = self._first(draughtsman, arrangement)
        scopes: dict[str, Wire] = {}
        nodes: dict[str, Wire] = {}
        for name in first.carried:
            scopes[name], infos = draughtsman.scope(name)
            nodes.update(infos)
            self._sent[name] = arrangement
        failure = self.graph.failure
        return {
            "root": "", "open": list(first.opened), "nodes": nodes, "scopes": scopes,
            "counts": self._counts(len(scopes)),
            "arrangement": arrangement, "arrangements": list(self.arrangements),
            "overlays": self._overlays.wire(), "overlay": "change" if self._changes else None,
            "failure": None if failure is None else {"text": failure.text, "source": _source(failure.source)},
        }  # fmt: skip

    def answer(self, message: Wire) -> Wire:
        """What the kernel says to one message of the front end (widgets/WIRE.md). Raises where it cannot."""
        kind = message.get("kind")
        if kind not in self._answers:
            raise ValueError(f"a graph view does not answer {kind!r}; it answers {', '.join(self._answers)}")
        return {"kind": kind, **self._answers[kind](message)}

    def handlers(self) -> dict[str, Handler]:
        """What to do for each message of a widget."""

        def respond(widget: Any, message: Wire) -> None:
            widget.send(self.answer(message))

        return dict.fromkeys(self._answers, respond)

    def questions(self) -> Iterator[Wire]:
        """All that a page may ask without a new computation, outermost first."""
        yield {"kind": "texts"}
        yield {"kind": "index"}
        yield from ({"kind": "overlay", "id": one["id"]} for one in self._overlays.wire() if one.get("more"))
        if len(self.arrangements) > 1:
            yield from ({"kind": "arrange", "name": name} for name in self.arrangements)
        walks = [(name, self._draughtsman(name).tree.walk()) for name in self.arrangements]
        while walks:
            for entry in list(walks):
                name, walk = entry
                scope = next(walk, None)
                if scope is None:
                    walks.remove(entry)
                else:
                    yield {"kind": "scope", "id": scope.id, "arrangement": name}

    def _arrangements(self, compared: bool) -> Iterator[str]:
        yield "layered"
        if holds_both_sweeps(self.graph):
            yield "fold"
        if compared:
            yield "changes"

    def _known(self, arrangement: str) -> str:
        if arrangement not in self.arrangements:
            raise ValueError(
                f"no arrangement {arrangement!r} of graph {self.graph.name!r}: it has {', '.join(self.arrangements)}"
            )
        return arrangement

    def _draughtsman(self, arrangement: str) -> Draughtsman:
        if arrangement not in self._draughtsmen:
            changed = arrangement == "changes"
            tree = ScopeTree(self.graph, gathered_changes(self._changes)) if changed else self.tree
            made = Draughtsman(self.graph, tree, arrangement, self._overlays, self._library)
            self._draughtsmen[arrangement] = made
        return self._draughtsmen[arrangement]

    def _counts(self, scopes: int) -> dict[str, int]:
        counts = {"equations": self.graph.size, "scopes": scopes, "values": len(self.graph.vertices)}
        equations = (status for node, status in self._changes.items() if node.rpartition("/")[2].isdigit())
        return counts | Counter(equations)

    def _first(self, draughtsman: Draughtsman, arrangement: str) -> FirstLook:
        def boxes(scope: str) -> int:
            return len(draughtsman.contents(scope).items)

        if arrangement == "changes":
            return first_look(draughtsman.tree, boxes, lambda scope: differs(scope, self._changes), PAGE)
        return first_look(draughtsman.tree, boxes, teaches)

    def _scope(self, message: Wire) -> Wire:
        arrangement = self._known(message.get("arrangement") or "layered")
        scope, nodes = self._draughtsman(arrangement).scope(message["id"])
        self._sent[message["id"]] = arrangement
        return {"scope": scope, "nodes": nodes}

    def _arrange(self, message: Wire) -> Wire:
        return {"section": self.section(message["name"])}

    def _index(self, _: Wire) -> Wire:
        return {"index": index(self.tree)}

    def _texts(self, _: Wire) -> Wire:
        return {"texts": texts(self.graph)}

    def _overlay(self, message: Wire) -> Wire:
        name = message["id"]
        sent = {} if self._overlays.more(name) else self._sent
        self._overlays.compute(name)
        found = {k: self._draughtsman(how).figures(k).get(name, []) for k, how in sent.items()}
        overlay = next(one for one in self._overlays.wire() if one["id"] == name)
        return {"overlay": overlay, "figures": found}

    def _around(self, message: Wire) -> Wire:
        node, radius = message["id"], int(message["radius"])
        scope, nodes = around(self.tree, self._library, node, radius, self._overlays)
        return {"id": node, "radius": radius, "scope": scope, "nodes": nodes}


def _source(source: Any) -> Wire | None:
    if source is None:
        return None
    return {"file": source.file, "line": source.line, "function": source.function, "text": source.text}
