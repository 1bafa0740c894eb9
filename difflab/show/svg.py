"""The static picture of a graph: deterministic SVG that needs nothing else and follows the reader's colour scheme.

Nothing is said by colour alone: the forward sweep has its bar on the left of a box and the reverse sweep on the right,
residuals are dashed, removed edges dotted, an overlay writes its figure beside its bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from textwrap import wrap

from difflab.show.compose import Body, Box, Picture, Point, compose
from difflab.show.figures import Marks, marks
from difflab.show.wire import Wire, shorten

STYLE = (
    ".b{fill:#fff;stroke:#8a94a6}.i{fill:#e8f1fb;stroke:#3c7dc4}.o{fill:#e6f4ea;stroke:#2e8b57}"
    ".c,.u{fill:#f4f4f4;stroke:#999}.s{fill:#f6f7fb;stroke:#8a94a6}"
    ".t{font:600 12px system-ui,sans-serif;fill:#1c2330}.d{font:10.5px ui-monospace,monospace;fill:#5a6475}"
    ".e{fill:none;stroke:#9aa4b5;stroke-width:1.2}.a{fill:#9aa4b5}"
    ".er{stroke-dasharray:5 3;stroke:#b7791f}.eb{stroke-dasharray:2 2}.ea{stroke:#2e8b57;stroke-width:2}"
    ".ex{stroke:#c0392b;stroke-width:2;stroke-dasharray:1 3}.p{fill:#3c7dc4}.q{fill:#b7791f}.h{fill:#d97706}"
    ".l{fill:#fff;stroke:#8a94a6;stroke-width:.7}.f{font:600 9.5px ui-monospace,monospace;fill:#1c2330}"
    ".k{fill:#eef0f4;stroke:#c3c9d4;stroke-width:.7}.x{fill:#fdecea;stroke:#c0392b;stroke-width:1.5}"
    "@media(prefers-color-scheme:dark){.b{fill:#262b33;stroke:#667085}.i{fill:#1d3147;stroke:#5b9bd5}"
    ".o{fill:#1c3527;stroke:#4caf7d}.c,.u{fill:#2b2f36;stroke:#777}.s{fill:#20242b;stroke:#667085}"
    ".t{fill:#e6e9ef}.d{fill:#a5adba}.e{stroke:#6b7585}.a{fill:#6b7585}.er{stroke:#d29922}.ea{stroke:#4caf7d}"
    ".ex{stroke:#ff7b72}.q{fill:#d29922}.l{fill:#20242b;stroke:#667085}.f{fill:#e6e9ef}"
    ".k{fill:#343a44;stroke:#566072}.x{fill:#3b2020}}"
)
LEGIBLE = 7.0
"""Pixels that words need to be read; smaller second lines are left out, and no picture is scaled further down."""

_PLATE = 440.0
"""Pixels that a plate of words is wide, at least."""
_EDGES = {"residual": "e er", "back": "e eb", "added": "e ea", "removed": "e ex"}
_CLASSES = {"input": "i", "output": "o", "constant": "c", "outer": "u", "scope": "s"}


def graph_svg(section: Wire, title: str, description: str, width: int = 900, overlay: str | None = None) -> str:
    """The graph section of the wire as SVG text, at most `width` pixels wide where that leaves words legible.

    `overlay` names one of the section's overlays; its figures stand on the boxes. Raises ValueError for another name.
    """
    picture = compose(section["scopes"], section["root"], section["open"])
    figures = marks(section, picture, overlay)
    body = picture_body(picture, section["scopes"], figures, fine=10.5 * _scale(picture.width, width) >= LEGIBLE)
    high, wide = picture.height, max(picture.width, 200.0)
    for told, kind in ((figures.legend, "k"), (_failed(section), "x")):
        if told:
            wide = max(wide, _PLATE)
            lines = [part for line in told for part in wrap(line, int((wide - 44) / 6.4), max_lines=4)]
            body += _note(lines, kind, wide, high)
            high += 16 * len(lines) + 26
    return document(body, wide, high, title, description, width)


def document(body: str, w: float | int, h: float | int, title: str, description: str, width: int = 900) -> str:
    """An SVG document around `body`, with the words that a screen reader gets."""
    scale = _scale(w, width)
    size = f'viewBox="0 0 {_n(w)} {_n(h)}" width="{_n(w * scale)}" height="{_n(h * scale)}"'
    words = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">{words}<style>{STYLE}</style>{body}</svg>'


def picture_body(picture: Picture, scopes: Mapping[str, Wire], figures: Marks | None = None, fine: bool = True) -> str:
    """Boxes, edges and the stubs of portals, as SVG elements; without `fine`, the small second lines are left out."""
    stubs = {end for scope in scopes.values() for pair in scope["portals"] for end in pair}
    kinds = {(e["from"], e["to"]): e.get("kind", "") for scope in scopes.values() for e in scope["edges"]}
    found = figures or Marks({}, ())
    parts = [part for box in picture.boxes for part in _box(box, box.item["id"] in stubs, found, fine)]
    parts.extend(arrow(n.points, _EDGES.get(kinds.get((n.source, n.target), ""), "e")) for n in picture.lines)
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


def _box(box: Box, stub: bool, figures: Marks, fine: bool) -> Iterator[str]:
    item = box.item
    kind = _CLASSES.get(item["kind"], "b")
    radius = 14.0 if kind in "ioc" and not box.bodies else 6.0
    if item["scopes"] and not box.bodies:
        yield rectangle(box.x + 3, box.y + 3, box.w, box.h, "s", radius)
    yield rectangle(box.x, box.y, box.w, box.h, "s" if box.bodies else kind, radius)
    yield from _phase(box)
    if box.bodies:
        yield from (_bar(body, item["label"] if len(box.bodies) == 1 else "") for body in box.bodies)
        return
    yield from _words(box, figures, fine)
    if stub:
        yield f'<circle class="a" cx="{_n(box.x + box.w / 2 - 7)}" cy="{_n(box.y - box.h / 2 + 7)}" r="2.5"/>'


def _words(box: Box, figures: Marks, fine: bool) -> Iterator[str]:
    """Chips on top, then the name, then the small line, then the figure of an overlay."""
    item, chips = box.item, box.item.get("chips", ())
    middle = box.y + (8 if chips else 0)
    if chips and fine:
        words = shorten(" ".join(words for _, words in chips), max(4, int(box.w / 6.4)))
        yield rectangle(box.x, box.y - box.h / 2 + 9, box.w - 6, 14, "k", 3)
        yield text(box.x, box.y - box.h / 2 + 13, words, "d")
    detail = item["detail"] if fine else ""
    yield text(box.x, middle + (-3 if detail else 4), item["label"] + (" +" if item["scopes"] else ""), "t")
    if detail:
        yield text(box.x, middle + 12, detail, "d")
    mark = figures.of.get(item["id"])
    if mark is not None:
        left, low = box.x - box.w / 2, box.y + box.h / 2
        if mark.share > 0:
            yield rectangle(left + box.w * mark.share / 2, low - 1.5, box.w * mark.share, 3, "h", 1.5)
        wide = 5.8 * len(mark.text) + 8
        right = box.x + max(box.w, wide) / 2 + 3
        yield rectangle(right - wide / 2, low + 4, wide, 13, "l", 6.5)
        yield text(right - wide / 2, low + 7.5, mark.text, "f")


def _phase(box: Box) -> Iterator[str]:
    """The sweep a box belongs to: a bar on the left, forward, or on the right, reverse."""
    side = {"forward": (-1, "p"), "reverse": (1, "q")}.get(box.item.get("phase") or "")
    if side is not None:
        yield rectangle(box.x + side[0] * (box.w / 2 - 1.5), box.y, 3, max(box.h - 8, 4), side[1], 1.5)


def _failed(section: Wire) -> list[str]:
    failure = section.get("failure")
    if not failure:
        return []
    source = failure.get("source")
    name = source["file"].replace("\\", "/").rsplit("/", 1)[-1] if source else ""
    where = [f"{name}:{source['line']}  {source['text'].strip()}"] if source else []
    return ["the trace stopped here", *failure["text"].splitlines()[:4], *where]


def _note(lines: Sequence[str], kind: str, w: float, top: float) -> str:
    """A plate with lines of words below the drawing."""
    height = 16 * len(lines) + 12
    words = [text(22, top + 22 + 16 * k, line, "d" if k else "t", "start") for k, line in enumerate(lines)]
    return "".join([rectangle(w / 2, top + 4 + height / 2, w - 20, height, kind), *words])


def _scale(w: float | int, width: float | int) -> float:
    return max(min(1.0, width / max(w, 1.0)), LEGIBLE / 12)


def _bar(body: Body, label: str) -> str:
    said = not label or label in body.label or label.split()[0] == body.label.split()[0]
    words = body.label if said else f"{label} · {body.label}"
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
