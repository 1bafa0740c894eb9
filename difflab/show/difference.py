"""How a comparison of two graphs is drawn: their union, every box with a sign, and the inspector says what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

from difflab.core.difference import SIGNS, Difference
from difflab.show.compose import Box, Picture, compose
from difflab.show.graph import GraphView
from difflab.show.overlays import ExtraOverlay
from difflab.show.svg import document, picture_body, text
from difflab.show.wire import Wire

WORDS = {
    "removed": "only in the graph before",
    "added": "only in the graph after",
    "changed": "in both, with other types, parameters, body or operands",
    "same": "in both",
}
"""What each status says in the legend, the worst first."""

STYLE = (
    ".added{--c:#1a7f37}.removed{--c:#cf222e}.changed{--c:#9a6700}"
    ".m{fill:var(--c);fill-opacity:.1;stroke:var(--c);stroke-width:2}.removed.m{stroke-dasharray:5 3}.open{fill:none}"
    ".g{fill:var(--c)}.sg{font:700 13px ui-monospace,monospace;fill:#fff}"
    ".w{font:12px system-ui,sans-serif;fill:#5a6475}"
    "@media(prefers-color-scheme:dark){.added{--c:#3fb950}.removed{--c:#ff7b72}.changed{--c:#d29922}"
    ".sg{fill:#16191f}.w{fill:#a5adba}}"
)
_LEGEND = 30.0


@dataclass(frozen=True)
class Changes(ExtraOverlay):
    """The status of each equation; a closed scope has the one that all of it has, else it is changed."""

    details: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def said(self, node: str) -> str:
        """What changed of a node, or what its status says."""
        return "; ".join(self.details.get(node, ())) or WORDS[self.categories[node]]

    def figure(self, prefix: str, equations: Iterable[int]) -> str | None:
        """The status of some equations together."""
        present = {self.categories[n] for n in (f"{prefix}{k}" for k in equations) if n in self.categories}
        return None if not present else present.pop() if len(present) == 1 else "changed"


def view(found: Difference) -> GraphView:
    """The union as it is shown, with the overlay `change`."""
    note = "a closed scope is changed where not all of it is the same, added or removed"
    changes = Changes("change", "change", found.status, WORDS, tuple(WORDS), note, found.details)
    return GraphView(found.union, extra=[changes], changes=found.status)


def title(found: Difference) -> str:
    """`before → after`"""
    return f"{found.before.name} → {found.after.name}"


def difference_svg(found: Difference, section: Wire) -> str:
    """The union's picture: added green with `+`, removed red and dashed with `−`, changed amber with `~`."""
    picture = compose(section["scopes"], section["root"], section["open"])
    marks = "".join(_marks(picture, _statuses(found, section["scopes"])))
    legend = "".join(_legend(picture.height + 18))
    body = f"<style>{STYLE}</style>{picture_body(picture, section['scopes'])}{marks}{legend}"
    words = str(found).splitlines()[0]
    return document(body, max(picture.width, 280.0), picture.height + _LEGEND, title(found), words)


def _statuses(found: Difference, scopes: Mapping[str, Wire]) -> dict[str, str]:
    """The status of every drawn item."""
    known: dict[str, str] = {}
    for scope in scopes.values():
        figures = scope.get("figures", {}).get("change", [None] * len(scope["items"]))
        for item, figure in zip(scope["items"], figures, strict=True):
            known[item["id"]] = found.status.get(item["id"]) or figure or "same"
    return known


def _marks(picture: Picture, statuses: Mapping[str, str]) -> Iterator[str]:
    for box in picture.boxes:
        status = statuses.get(box.item["id"], "same")
        if status != "same":
            yield _mark(box, status)


def _mark(box: Box, status: str) -> str:
    left, top = box.x - box.w / 2, box.y - box.h / 2
    radius = 14 if box.item["kind"] in ("input", "output", "constant") else 6
    kind = f"m {status} open" if box.bodies else f"m {status}"
    size = f'width="{box.w:.1f}" height="{box.h:.1f}" rx="{radius}"'
    return f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" {size}/>{_sign(left, top, status)}'


def _sign(x: float | int, y: float | int, status: str) -> str:
    disc = f'<circle class="g {status}" cx="{x:.1f}" cy="{y:.1f}" r="8"/>'
    return f"<g><title>{escape(WORDS[status])}</title>{disc}{text(x, y + 4.5, SIGNS[status], 'sg')}</g>"


def _legend(y: float | int) -> Iterator[str]:
    for k, status in enumerate(("added", "removed", "changed")):
        yield _sign(14 + 92 * k, y, status)
        yield text(27 + 92 * k, y + 4, status, "w", "start")
