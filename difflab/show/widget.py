"""The one widget: what it shows, what it keeps in step with, what it is asked for. The other bank is `widgets/src/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import anywidget
import traitlets

from difflab.core.graph import Graph
from difflab.show.wire import Wire

VIEWS = ("graph", "check", "adjoint", "elimination")
_STATIC = Path(__file__).parent.parent / "static"

Handler = Callable[[Any, Wire], None]
"""Takes the widget and a message of its front end."""


@cache
def module(view: str) -> str:
    """The ES module of one view, with the shell around it. Raises FileNotFoundError where it has not been built."""
    file = _STATIC / f"{view}.js"
    if not file.exists():
        raise FileNotFoundError(
            f"{file.name} is missing from difflab/static; build it with `make widgets`, or reinstall difflab"
        )
    return file.read_text(encoding="utf-8")


class Focus(traitlets.HasTraits):
    """What is selected and which step is shown, shared by all views of one graph."""

    state = traitlets.Dict({"view": None, "selection": None, "steps": {}})


class Widget(anywidget.AnyWidget):
    """A view of graphs and traces, in tabs where there are several. widgets/WIRE.md has the meaning of the traits.

    `shown` holds the object behind each view; for "elimination" it is the position that was played to. The code that
    travels with every instance is that of its first view; the others' follows in messages.
    """

    _esm = traitlets.Unicode().tag(sync=True)

    format = traitlets.Int(1).tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    views = traitlets.List(traitlets.Unicode()).tag(sync=True)
    graph = traitlets.Dict(None, allow_none=True).tag(sync=True)
    check = traitlets.Dict(None, allow_none=True).tag(sync=True)
    adjoint = traitlets.Dict(None, allow_none=True).tag(sync=True)
    elimination = traitlets.Dict(None, allow_none=True).tag(sync=True)
    cursor = traitlets.Dict({"view": None, "selection": None, "steps": {}}).tag(sync=True)
    notice = traitlets.Dict(None, allow_none=True).tag(sync=True)
    height = traitlets.Int(520).tag(sync=True)

    def __init__(
        self, state: Mapping[str, Any], shown: Mapping[str, Any], focus: Focus, handlers: Mapping[str, Handler]
    ) -> None:
        """Show `state`, made of the objects `shown`; `handlers` maps a message's kind to what is done for it."""
        super().__init__(_esm=module(state["views"][0]), **state)
        self.shown = dict(shown)
        self._handlers = {"module": _send_module, **handlers}
        self._link = traitlets.link((focus, "state"), (self, "cursor"))
        self.on_msg(_answer)

    @property
    def selection(self) -> str | None:
        """The id of the selected node, or None."""
        return self._state.get("selection")

    def select(self, node: str | None) -> None:
        """Select a node by its id (see `difflab.core.graph.walk`) in every view of this graph."""
        self.cursor = {**self._state, "selection": node}

    def go(self, view: str, step: int) -> None:
        """Go to a step of a trace: view is "adjoint" or "elimination"."""
        self.cursor = {**self._state, "steps": {**self._state.get("steps", {}), view: step}}

    @property
    def _state(self) -> Wire:
        found: Any = self.cursor
        return found or {}


_FOCUS: WeakKeyDictionary[Graph, Focus] = WeakKeyDictionary()


def focus_of(graph: Graph) -> Focus:
    """The one focus of everything that is known about this graph."""
    if graph not in _FOCUS:
        _FOCUS[graph] = Focus()
    return _FOCUS[graph]


def _send_module(widget: Widget, message: Wire) -> None:
    view = message["view"]
    if view not in VIEWS:
        raise ValueError(f"there is no view {view!r}; there are {', '.join(VIEWS)}")
    widget.send({"kind": "module", "view": view, "code": module(view)})


def _answer(widget: Widget, message: Wire, _: object) -> None:
    """Carry out one message; what goes wrong is shown in the widget, which stays usable."""
    kind = message.get("kind")
    try:
        if kind not in widget._handlers:
            raise ValueError(f"this view does not know the request {kind!r}")
        widget._handlers[kind](widget, message)
    except Exception as error:
        widget.send({"kind": "error", "text": f"{type(error).__name__}: {error}"})
