"""How each kind of object is drawn: its part of the wire, its picture, its text, its widget and its page."""

from __future__ import annotations

import base64
import re
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from difflab.core.difference import Difference
from difflab.core.graph import Graph, program
from difflab.labs.adjoint import AdjointTrace
from difflab.show.archive import Archive, record
from difflab.show.exports import png as _png
from difflab.show.exports.data import data as data
from difflab.show.exports.dot import dot as dot
from difflab.show.exports.mermaid import mermaid as mermaid
from difflab.show.exports.model_explorer import model_explorer as model_explorer
from difflab.show.graph import GraphView
from difflab.show.outline import outline
from difflab.show.page import page
from difflab.show.svg import graph_svg
from difflab.show.widget import Handler, Widget, focus_of
from difflab.show.wire import Wire

_FOLDED = re.compile("… [0-9,]+ (more )?equation")
_HOMES = {
    "lab": ("difflab.show.lab", "Lab"),
    "failure": ("difflab.show.lab", "Failure"),
    "check": ("difflab.labs.check", "Report"),
    "adjoint": ("difflab.labs.adjoint", "AdjointTrace"),
    "elimination": ("difflab.labs.elimination", "Elimination"),
    "difference": ("difflab.core.difference", "Difference"),
}
"""Where the class of each kind of object lives. An object of it can only be there once its home is loaded."""


def _kind(shown: Any) -> str:
    for kind, (home, name) in _HOMES.items():
        loaded = sys.modules.get(home)
        if loaded is not None and isinstance(shown, getattr(loaded, name)):
            return kind
    return "graph"


def _drawer(kind: str) -> Any:
    """The module that draws a kind of object, with what it needs (sympy, for one), when there is one to draw."""
    return import_module(f"difflab.show.{kind}")


@dataclass(frozen=True)
class _Desk:
    """What is on the table: the object of each view, its section of the wire, what to do for messages."""

    graph: Graph
    parts: dict[str, Any]
    sections: Wire
    handlers: dict[str, Handler]

    @property
    def state(self) -> Wire:
        views = list(self.sections)
        return {"title": title(self.graph), "views": views, **self.sections}


def mimebundle(shown: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Widget, picture and text: the front end takes what it can draw."""
    live, metadata = widget(shown)._repr_mimebundle_() or ({}, {})
    picture = base64.b64encode(svg(shown).encode()).decode()
    name = title(_graph_of(shown)).replace('"', "'")
    html = f'<img alt="difflab: {name}" src="data:image/svg+xml;base64,{picture}">'
    return {**live, "text/html": html, "text/plain": text(shown)}, metadata


def text(shown: Any) -> str:
    """The object as readable text; of a long program its outer structure, with what is folded counted."""
    if isinstance(shown, Graph):
        shown_lines = outline(program(shown))
        folded = any(_FOLDED.search(line) for line in shown_lines)
        more = [f"print(graph) has all {shown.size:,} equations"] if folded else []
        return "\n".join([*shown_lines, *more])
    lines = str(shown).splitlines()
    more = [f"… {len(lines) - 80} more lines: print the object for all of them"] if len(lines) > 80 else []
    return "\n".join([*lines[:80], *more])


def widget(shown: Any, height: int | None = None, view: str | None = None) -> Widget:
    """The object's live view; one object has one."""
    made: Widget | None = shown.__dict__.get("_widget")
    if made is None or made.comm is None:
        desk = _desk(shown)
        made = shown.__dict__["_widget"] = Widget(desk.state, desk.parts, focus_of(desk.graph), desk.handlers)
    if height is not None:
        made.height = height
    if view is not None:
        made.cursor = {**made._state, "view": _known_view(made, view)}
    return made


def svg(shown: Any, overlay: str | None = None) -> str:
    """The object's static picture; of a graph with the figures of an overlay."""
    match _kind(shown):
        case "lab":
            return svg(shown.graph)
        case "graph":
            view = _graph_view(shown)
            if overlay is not None:
                view.answer({"kind": "overlay", "id": overlay})
            return graph_svg(view.section(), title(shown), f"{shown.size} equations", overlay=overlay)
        case "difference":
            return _drawer("difference").difference_svg(shown, _graph_view(shown).section())
        case kind:
            return getattr(_drawer(kind), f"{kind}_svg")(shown)


def png(shown: Any, scale: float | int = 2) -> bytes:
    """The object's static picture as a PNG."""
    return _png.png(svg(shown), scale)


def html(shown: Any, path: str | None = None, texts: dict[str, str] | None = None) -> str:
    """The object's self-contained page."""
    desk = _desk(shown)
    found = page(title(desk.graph), desk.state, svg(shown), texts or {}, _archive(shown))
    if path is not None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(found)
    return found


def _archive(shown: Any) -> Archive | None:
    """What a page answers by itself: parts of a graph that its section does not carry, and the worst entries."""
    parts = list(shown.parts.values()) if _kind(shown) == "lab" else [shown]
    made = [_recorded(part) for part in parts]
    return sum((archive for archive in made if archive is not None), Archive())


def _recorded(part: Any) -> Archive | None:
    if isinstance(part, Graph | Difference):
        view = _graph_view(part)
        return record(view.questions(), view.answer)
    if _kind(part) == "check":
        drawer = _drawer("check")
        return record(drawer.questions(part), drawer.answers(part))
    return None


def heatmap(shown: Any) -> Any:
    """The errors of the object's entries as a plotly figure."""
    return _drawer("check_heatmap").error_heatmap(shown)


def title(graph: Graph) -> str:
    """`softplus(x: f32[3])`"""
    arguments = [f"{graph.vertices[v].name or 'x'}: {graph.vertices[v].type}" for v in graph.inputs]
    shown = ", ".join(arguments) if len(arguments) <= 4 else f"{arguments[0]}, … {len(arguments) - 1} more"
    return f"{graph.name}({shown})"


def _graph_of(shown: Any) -> Graph:
    return shown if isinstance(shown, Graph) else shown.graph


def _graph_view(shown: Graph | Difference, trace: AdjointTrace | None = None) -> GraphView:
    """The view of a graph or of two, made once; with a trace at hand it also shows values and gradients."""
    made = shown.__dict__.get("_view")
    if made is None:
        compared = isinstance(shown, Difference)
        call = shown.__dict__.get("_call")
        made = _drawer("difference").view(shown) if compared else GraphView(shown, call, trace)
        shown.__dict__["_view"] = made
    return made


def _desk(shown: Any) -> _Desk:
    parts = shown.parts if _kind(shown) == "lab" else {_view(shown): shown}
    trace = parts.get("adjoint")
    if "graph" in parts and isinstance(trace, AdjointTrace):
        _graph_view(parts["graph"], trace)
    made = {name: _part(part) for name, part in parts.items()}
    handlers = {kind: act for _, acts in made.values() for kind, act in acts.items()}
    return _Desk(_graph_of(shown), parts, {name: section for name, (section, _) in made.items()}, handlers)


def _part(part: Any) -> tuple[Wire, dict[str, Handler]]:
    match _kind(part):
        case "failure":
            return {"failed": part.text}, {}
        case "graph" | "difference":
            view = _graph_view(part)
            return view.section(), view.handlers()
        case kind:
            return _drawer(kind).part(part)


def _view(shown: Any) -> str:
    kind = _kind(shown)
    return "graph" if kind == "difference" else kind


def _known_view(made: Widget, view: str) -> str:
    if view not in made.views:
        raise ValueError(f"view {view!r} is not among this widget's views, which are {', '.join(made.views)}")
    return view
