"""The static picture of a graph: deterministic SVG that needs nothing else and follows the reader's colour scheme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from difflab.show.compose import Body, Box, Picture, Point, compose
from difflab.show.wire import Wire

STYLE = (
    ".b{fill:#fff;stroke:#8a94a6}.i{fill:#e8f1fb;stroke:#3c7dc4}.o{fill:#e6f4ea;stroke:#2e8b57}"
    ".c,.u{fill:#f4f4f4;stroke:#999}.s{fill:#f6f7fb;stroke:#8a94a6}"
    ".t{font:600 12px system-ui,sans-serif;fill:#1c2330}.d{font:10.5px ui-monospace,monospace;fill:#5a6475}"
    ".e{fill:none;stroke:#9aa4b5;stroke-width:1.2}.a{fill:#9aa4b5}"
    "@media(prefers-color-scheme:dark){.b{fill:#262b33;stroke:#667085}.i{fill:#1d3147;stroke:#5b9bd5}"
    ".o{fill:#1c3527;stroke:#4caf7d}.c,.u{fill:#2b2f36;stroke:#777}.s{fill:#20242b;stroke:#667085}"
    ".t{fill:#e6e9ef}.d{fill:#a5adba}.e{stroke:#6b7585}.a{fill:#6b7585}}"
)
_CLASSES = {"input": "i", "output": "o", "constant": "c", "outer": "u", "scope": "s"}


def graph_svg(section: Wire, title: str, description: str, width: int = 900) -> str:
    """The graph section of the wire as SVG text, at most `width` pixels wide."""
    picture = compose(section["scopes"], section["root"], section["open"])
    return document(picture_body(picture, section["scopes"]), picture.width, picture.height, title, description, width)


def document(body: str, w: float | int, h: float | int, title: str, description: str, width: int = 900) -> str:
    """An SVG document around `body`, with the words that a screen reader gets."""
    scale = min(1.0, width / max(w, 1.0))
    size = f'viewBox="0 0 {_n(w)} {_n(h)}" width="{_n(w * scale)}" height="{_n(h * scale)}"'
    words = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">{words}<style>{STYLE}</style>{body}</svg>'


def picture_body(picture: Picture, scopes: Mapping[str, Wire]) -> str:
    """Boxes, edges and the stubs of portals, as SVG elements."""
    stubs = {end for scope in scopes.values() for pair in scope["portals"] for end in pair}
    parts = [part for box in picture.boxes for part in _box(box, box.item["id"] in stubs)]
    parts.extend(arrow(line.points) for line in picture.lines)
    return "".join(parts)


def arrow(points: tuple[Point, ...], kind: str = "e") -> str:
    """A polyline with rounded corners and a small arrow head."""
    (x0, y0), (x1, y1) = points[-2], points[-1]
    length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-6)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    left, right = (x1 - 6 * ux - 3 * uy, y1 - 6 * uy + 3 * ux), (x1 - 6 * ux + 3 * uy, y1 - 6 * uy - 3 * ux)
    head = f"M{_p((x1, y1))}L{_p(left)}L{_p(right)}Z"
    return f'<path class="{kind}" d="{_rounded(points)}"/><path class="a" d="{head}"/>'


def text(x: float | int, y: float | int, words: str, kind: str, anchor: str = "middle") -> str:
    """One line of text."""
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{escape(words)}</text>'


def rectangle(
    x: float | int, y: float | int, w: float | int, h: float | int, kind: str, radius: float | int = 6
) -> str:
    """A rectangle around a centre."""
    corner = f'x="{_n(x - w / 2)}" y="{_n(y - h / 2)}"'
    return f'<rect class="{kind}" {corner} width="{_n(w)}" height="{_n(h)}" rx="{_n(radius)}"/>'


def _box(box: Box, stub: bool) -> Iterator[str]:
    item = box.item
    kind = _CLASSES.get(item["kind"], "b")
    radius = 14.0 if kind in "ioc" and not box.bodies else 6.0
    yield rectangle(box.x, box.y, box.w, box.h, "s" if box.bodies else kind, radius)
    if box.bodies:
        yield from (_bar(body, item["label"] if len(box.bodies) == 1 else "") for body in box.bodies)
        return
    label = item["label"] + (" +" if item["scopes"] else "")
    yield text(box.x, box.y + (-3 if item["detail"] else 4), label, "t")
    if item["detail"]:
        yield text(box.x, box.y + 12, item["detail"], "d")
    if stub:
        yield f'<circle class="a" cx="{_n(box.x + box.w / 2 - 7)}" cy="{_n(box.y - box.h / 2 + 7)}" r="2.5"/>'


def _bar(body: Body, label: str) -> str:
    words = body.label if not label or label in body.label else f"{label} · {body.label}"
    return text(body.x + 10, body.y + 17, words, "t", "start")


def _rounded(points: tuple[Point, ...], radius: float = 6.0) -> str:
    path = [f"M{_p(points[0])}"]
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        start, end = _towards(at, before, radius), _towards(at, after, radius)
        path.append(f"L{_p(start)}Q{_p(at)} {_p(end)}")
    return "".join([*path, f"L{_p(points[-1])}"])


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
    share = min(0.5, distance / length) if length else 0.0
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _p(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _n(value: float | int) -> str:
    return f"{float(value):.1f}".removesuffix(".0")
