"""Objects that draw themselves in a notebook, without knowing who draws.

Labs and graphs are `Showable`: they hand themselves to the renderer that is named here, which is imported on first use.
So the floors below need nothing of the floor that draws, and `import difflab` loads no plotting library.
"""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

_RENDERER = "difflab.show.render"


class Showable:
    """Mixin: a live widget, a static picture, a self-contained page and a text of this object."""

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return _resolve("mimebundle")(self)

    def widget(self, **options: Any) -> Any:
        """The live view: an ipywidgets widget, the same one at every call with the same options.

        Options are `height` in pixels and `view`, the tab that is open at first.
        """
        return _resolve("widget")(self, **options)

    def to_svg(self) -> str:
        """The static picture as deterministic SVG text."""
        return _resolve("svg")(self)

    def to_html(self, path: str | None = None) -> str:
        """One self-contained page that works without kernel and network; written to `path` if one is given."""
        return _resolve("html")(self, path)


def _resolve(name: str) -> Callable[..., Any]:
    return resolve_name(f"{_RENDERER}:{name}")
