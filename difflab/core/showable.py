"""Objects that draw themselves in a notebook, without knowing who draws.

Labs and graphs are `Showable`: they hand themselves to the renderer that is named here, which is imported on first use.
So the floors below need nothing of the floor that draws, and `import difflab` loads no plotting library.
"""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

_RENDERER = "difflab.show.render"
_COSTS = "difflab.show.costs:costs"  # by itself: a table needs no plotting library


class Showable:
    """Mixin: a live widget, a static picture, a self-contained page and a text of this object."""

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return _resolve("mimebundle")(self)

    def widget(self, **options: Any) -> Any:
        """The live view: an ipywidgets widget, the same one at every call with the same options.

        Options are `height` in pixels and `view`, the tab that is open at first.
        """
        return _resolve("widget")(self, **options)

    def to_svg(self, path: str | None = None) -> str:
        """The static picture as deterministic SVG text; written to `path` if one is given."""
        return _saved(_resolve("svg")(self), path)

    def to_png(self, path: str | None = None, scale: float | int = 2) -> bytes:
        """The static picture as the bytes of a PNG, `scale` pixels a unit; needs the extra `difflab[png]`."""
        picture: bytes = _resolve("png")(self, scale)
        if path is not None:
            with open(path, "wb") as file:
                file.write(picture)
        return picture

    def to_html(self, path: str | None = None) -> str:
        """One self-contained page that works without kernel and network; written to `path` if one is given.

        It carries all parts that fit, so scopes open and the search finds; what was left out is said on the page.
        """
        return _resolve("html")(self, path)

    def costs(self, depth: int = 1, by: str = "flops") -> Any:
        """What each scope costs, as a table: equations, FLOPs, bytes, memory kept for the backward pass.

        `depth` levels of scopes, sorted by "flops", "bytes", "kept" or "equations"; `.total`, `.rows` and `.xla()` give
        the figures.
        """
        return resolve_name(_COSTS)(self, depth, by)


class Gridded(Showable):
    """Mixin: what has an error for each entry of a matrix."""

    def heatmap(self) -> Any:
        """The relative errors of all entries as a plotly figure, a cell an entry."""
        return _resolve("heatmap")(self)


class Drawable(Showable):
    """Mixin: what is a graph, and can leave as one for other programs, into the file `path` if that is given."""

    def to_svg(self, path: str | None = None, overlay: str | None = None) -> str:
        """The static picture as deterministic SVG text, with the figures of an overlay: `"kept"`, `"flops"`, …"""
        return _saved(_resolve("svg")(self, overlay), path)

    def to_json(self, path: str | None = None) -> str:
        """The whole graph as JSON, with nested graphs and sources; `show/exports/graph.schema.json` describes it."""
        return _saved(_resolve("data")(self), path)

    def to_dot(self, path: str | None = None) -> str:
        """The whole graph in DOT, for Graphviz: scopes as clusters, shapes on the edges."""
        return _saved(_resolve("dot")(self), path)

    def to_mermaid(self, path: str | None = None) -> str:
        """A Mermaid flowchart, which GitHub draws; as many levels of scopes are open as it takes."""
        return _saved(_resolve("mermaid")(self), path)

    def to_model_explorer(self, path: str | None = None) -> str:
        """The whole graph as JSON for Model Explorer; give the file a name that ends in `.json`."""
        return _saved(_resolve("model_explorer")(self), path)


def _saved(text: str, path: str | None) -> str:
    if path is not None:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return text


def _resolve(name: str) -> Callable[..., Any]:
    return resolve_name(f"{_RENDERER}:{name}")
