"""Scopes, each laid out by itself, put into one drawing. The twin of `widgets/src/draw/compose.ts`.

To open an item is to stretch the plane at its place: every other coordinate passes through monotone maps, so nothing
overlaps, nothing changes its order, and what a reader had found stays where it was, only further out. widgets/WIRE.md,
"Composition", has the rule; `tests/golden/compose.json` holds both banks to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from difflab.show.wire import Wire

MARGIN = 12.0
TITLE = 26.0
_INSET = 6.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Body:
    """The area of one open scope inside its box; `x, y` is the left end of the title bar's top edge."""

    scope: str
    label: str
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Box:
    """An item in the whole drawing; `x, y` is its centre, in absolute pixels."""

    item: Wire
    x: float
    y: float
    w: float
    h: float
    depth: int
    bodies: tuple[Body, ...]


@dataclass(frozen=True)
class Line:
    """An edge of the whole drawing."""

    source: str
    target: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Picture:
    """Flat lists in drawing order: a scope's items, each opened one followed by what is inside it; edges likewise."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


@dataclass(frozen=True)
class _Opened:
    bodies: tuple[_Sized, ...]
    w: float
    h: float


@dataclass(frozen=True)
class _Sized:
    scope: Wire
    opened: Mapping[str, _Opened]
    across: Sequence[_Part]
    down: Sequence[_Part]

    @property
    def width(self) -> float:
        return self.scope["width"] + sum(part.by for part in self.across)

    @property
    def height(self) -> float:
        return self.scope["height"] + sum(part.by for part in self.down)


@dataclass(frozen=True)
class _Part:
    """A piece of an axis, from `at`, of length `size`, that grows by `by`."""

    at: float
    size: float
    by: float


def compose(scopes: Mapping[str, Wire], root: str, opened: Collection[str]) -> Picture:
    """The drawing of scope `root` with those of `opened` that are in `scopes` open."""
    boxes: list[Box] = []
    lines: list[Line] = []
    sized = _measure(scopes[root], scopes, opened)
    _put(sized, 0.0, 0.0, 0, boxes, lines)
    return Picture(tuple(boxes), tuple(lines), sized.width, sized.height)


def _measure(scope: Wire, scopes: Mapping[str, Wire], opened: Collection[str]) -> _Sized:
    found: dict[str, _Opened] = {}
    for item in scope["items"]:
        bodies = tuple(_measure(scopes[k], scopes, opened) for k in item["scopes"] if k in opened and k in scopes)
        if bodies:
            width = max(item["w"], max(body.width for body in bodies) + 2 * MARGIN)
            height = max(item["h"], sum(TITLE + body.height for body in bodies) + MARGIN)
            found[item["id"]] = _Opened(bodies, width, height)
    grown = [(item, found[item["id"]]) for item in scope["items"] if item["id"] in found]
    across = [_Part(i["x"] - i["w"] / 2, i["w"], o.w - i["w"]) for i, o in grown]
    down = [_Part(i["y"] - i["h"] / 2, i["h"], o.h - i["h"]) for i, o in grown]
    return _Sized(scope, found, _merged(across), _merged(down))


def _merged(parts: Sequence[_Part]) -> list[_Part]:
    """Parts that overlap (items of one row, of one column) share their growth where that is less than the sum."""
    clusters: list[list[_Part]] = []
    end = float("-inf")
    for part in sorted(parts, key=lambda p: (p.at, p.size, p.by)):
        if part.at < end:
            clusters[-1].append(part)
        else:
            clusters.append([part])
        end = max(end, part.at + part.size)
    merged: list[_Part] = []
    for cluster in clusters:
        at = min(p.at for p in cluster)
        size = max(p.at + p.size for p in cluster) - at
        shared = max(p.by * size / p.size for p in cluster)
        merged.extend([_Part(at, size, shared)] if shared <= sum(p.by for p in cluster) else cluster)
    return merged


def _stretch(parts: Sequence[_Part], origin: float) -> Callable[[float], float]:
    def stretch(t: float) -> float:
        return origin + t + sum(part.by * min(1.0, max(0.0, (t - part.at) / part.size)) for part in parts)

    return stretch


def _put(sized: _Sized, left: float, top: float, depth: int, boxes: list[Box], lines: list[Line]) -> None:
    across, down = _stretch(sized.across, left), _stretch(sized.down, top)
    ends: dict[str, tuple[Wire, Box]] = {}
    inner: list[Line] = []
    for item in sized.scope["items"]:
        opened = sized.opened.get(item["id"])
        x, y = across(item["x"]), down(item["y"])
        w, h = (opened.w, opened.h) if opened else (item["w"], item["h"])
        bodies: list[Body] = []
        place = len(boxes)
        bar = y - h / 2
        for body in opened.bodies if opened else ():
            bodies.append(Body(body.scope["id"], body.scope["label"], x - w / 2, bar, w, TITLE + body.height))
            _put(body, x - body.width / 2, bar + TITLE, depth + 1, boxes, inner)
            bar += TITLE + body.height
        box = Box(item, x, y, w, h, depth, tuple(bodies))
        boxes.insert(place, box)
        ends[item["id"]] = (item, box)
    for edge in sized.scope["edges"]:
        moved = [(across(x), down(y)) for x, y in edge["points"]]
        _land(moved, edge["points"], *ends[edge["from"]], first=True)
        _land(moved, edge["points"], *ends[edge["to"]], first=False)
        lines.append(Line(edge["from"], edge["to"], tuple(_squared(moved))))
    lines.extend(inner)


def _land(moved: list[Point], points: Sequence[Sequence[float]], item: Wire, box: Box, first: bool) -> None:
    """Move an end point onto the border of its box, on the side it was on, and its vertical segment along with it."""
    k, following = (0, 1) if first else (len(points) - 1, len(points) - 2)
    was = points[k]
    side = 1 if was[1] > item["y"] else -1 if was[1] < item["y"] else 1 if first else -1
    reach = max(0.0, box.w / 2 - _INSET)
    x = min(box.x + reach, max(box.x - reach, moved[k][0]))
    if len(points) > 2 and points[following][0] == was[0]:
        moved[following] = (x, moved[following][1])
    moved[k] = (x, box.y + side * box.h / 2)


def _squared(points: list[Point]) -> list[Point]:
    """A straight vertical edge whose ends moved apart gets a step half-way."""
    if len(points) == 2 and abs(points[0][0] - points[1][0]) > 0.01:
        middle = (points[0][1] + points[1][1]) / 2
        return [points[0], (points[0][0], middle), (points[1][0], middle), points[1]]
    return points
