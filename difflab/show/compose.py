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
_INSET = 4.0, 6.0
"""Edges end at least this far from the corners of their boxes, on their sides and at top and bottom."""
_STEP = 4.0

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
        points = edge["points"]
        moved = [(across(x), down(y)) for x, y in points]
        first = _land(points, 0, *ends[edge["from"]], moved[0], sized.scope["items"])
        last = _land(points, len(points) - 1, *ends[edge["to"]], moved[-1], sized.scope["items"])
        lines.append(Line(edge["from"], edge["to"], tuple(_joined(moved, first, last, (across, down)))))
    lines.extend(inner)


@dataclass(frozen=True)
class _End:
    """An end of an edge on the border of its box: it leaves along `axis` (0: sideways, 1: up or down).

    `slid`: it had to move along the border. `straight`: the segment next to it runs along the axis; then `free` says
    that nothing is in the way of taking it along, and `step` is where, before the maps, it may turn otherwise.
    """

    point: Point
    axis: int
    slid: bool
    straight: bool
    free: bool
    step: float


def _land(
    points: Sequence[Sequence[float]], k: int, item: Wire, box: Box, moved: Point, items: Sequence[Wire]
) -> _End:  # fmt: skip
    """Where an end point meets the border of its box, on the side it was on."""
    was, beside = points[k], points[1 if k == 0 else k - 1]
    middle, size = (item["x"], item["y"]), (item["w"], item["h"])
    sideways = abs(abs(was[0] - middle[0]) - size[0] / 2) <= 1 and abs(was[1] - middle[1]) < size[1] / 2 - 1
    axis, other = (0, 1) if sideways else (1, 0)
    side = 1 if was[axis] > middle[axis] else -1 if was[axis] < middle[axis] else 1 if k == 0 else -1
    centre, extent = (box.x, box.y), (box.w, box.h)
    reach = max(0.0, extent[other] / 2 - _INSET[axis])
    at = min(centre[other] + reach, max(centre[other] - reach, moved[other]))
    slid, straight = abs(at - moved[other]) > 0.01, beside[other] == was[other]
    low, high = sorted((was[axis], beside[axis]))

    def blocks(one: Wire) -> bool:
        c, s = (one["x"], one["y"]), (one["w"], one["h"])
        return (
            one is not item and abs(c[other] - middle[other]) < (s[other] + size[other]) / 2 - 0.5
            and c[axis] + s[axis] / 2 > low + 0.5 and c[axis] - s[axis] / 2 < high - 0.5
        )  # fmt: skip

    free = not (slid and straight and any(map(blocks, items)))
    border = centre[axis] + side * extent[axis] / 2
    return _End(_point(axis, border, at), axis, slid, straight, free, was[axis] + _STEP * side)


def _joined(moved: list[Point], first: _End, last: _End, maps: tuple[Callable[[float], float], ...]) -> list[Point]:
    """The points between two ends, their segments taken along where the way is free, with a step where it is not."""
    if len(moved) == 2 and first.straight and first.free and last.free:
        axis, (a, b) = first.axis, (first.point, last.point)
        if abs(a[1 - axis] - b[1 - axis]) <= 0.01:
            return [a, b]
        middle = (a[axis] + b[axis]) / 2
        return [a, _point(axis, middle, a[1 - axis]), _point(axis, middle, b[1 - axis]), b]
    inner, found = moved[1:-1], []
    for end, k, at in ((first, 0, moved[0]), (last, len(inner) - 1, moved[-1])):
        turns: list[Point] = []
        if end.slid and end.straight and not (end.free and inner):
            level = maps[end.axis](end.step)
            turns = [_point(end.axis, level, one[1 - end.axis]) for one in (end.point, at)]
        elif end.straight and inner:
            inner[k] = _point(end.axis, inner[k][end.axis], end.point[1 - end.axis])
        found.append([end.point, *turns])
    return [*found[0], *inner, *reversed(found[1])]


def _point(axis: int, along: float, across: float) -> Point:
    return (along, across) if axis == 0 else (across, along)
