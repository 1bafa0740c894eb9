"""Edges between columns of a drawing, along the streets that the boxes leave free.

Between two lines of boxes runs a horizontal channel, between two columns a vertical one. An edge leaves its box, takes
at most one lane of each channel it needs, and enters the other box; two edges that share a stretch of a channel
get lanes of their own, as few as there can be (Hashimoto and Stevens, "Wire routing by optimizing channel assignment",
1971, doi 10.1145/800158.805069). Edges inside a column keep the way that the layered layout found; only the space
between lines is stretched. So no edge crosses a box.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import graphlay

from difflab.show.place import MARGIN, PORTAL, Placement, Point, options, square

Sizes = Mapping[str, tuple[float, float]]
Edge = tuple[str, str]
Key = TypeVar("Key", bound=Hashable)

_LANE = 8.0
_STUB = 9.0
_ALLEY = 30.0
"""Least width of a vertical channel."""


@dataclass(frozen=True)
class _Column:
    """One column by itself: where its boxes are across, and the ways of its own edges, each as (x, gap, level) corners.

    Gap `g` is below line `g`; levels count the horizontal pieces in a gap from its top.
    """

    across: Mapping[str, float]
    ways: Mapping[Edge, tuple[tuple[float, int, int], ...]]
    levels: Mapping[int, int]
    left: float
    right: float


@dataclass(frozen=True)
class _Way:
    """How an edge between columns runs: sides it leaves and enters by, the gaps it uses there, the alley between."""

    edge: Edge
    leave: str
    enter: str
    first: int | None
    alley: int | None
    last: int | None


def join(
    sizes: Sizes, edges: Sequence[Edge], columns: Mapping[str, int], lines: Mapping[str, int], least: float = 0.0
) -> Placement:
    """Lay out items of given columns (0, 1, …) and lines (0 at the top). Edges over `PORTAL` lines are portals."""
    short = [(a, b) for a, b in edges if abs(lines[a] - lines[b]) <= PORTAL]
    inner = [(a, b) for a, b in short if columns[a] == columns[b] and lines[a] != lines[b]]
    drawn = [
        _column([n for n in sizes if columns[n] == c], sizes, [e for e in inner if columns[e[0]] == c], lines)
        for c in range(max(columns.values()) + 1)
    ]
    ways = _ways([e for e in short if e not in set(inner)], columns, lines, drawn)
    alleys, widths = _alleys(ways, lines, len(drawn))
    starts, x = [], MARGIN
    for column, width in zip(drawn, widths, strict=True):
        starts.append(x - column.left)
        x += column.right - column.left + width
    across = {n: column.across[n] + start for column, start in zip(drawn, starts, strict=True) for n in column.across}
    streets = {edge: starts[k + 1] + drawn[k + 1].left - widths[k] + at for edge, (k, at) in alleys.items()}
    ports = _ports(ways, sizes, across, lines, drawn, starts)
    lanes, depth = _lanes(ways, ports, streets)
    levels = {g: max(column.levels.get(g, 0) for column in drawn) for g in range(-1, max(lines.values()) + 1)}
    heights = [max(sizes[n][1] for n in sizes if lines[n] == line) for line in range(len(levels) - 1)]
    tops, middles, bottom = _stack(heights, levels, depth)
    centres = {n: (across[n], middles[lines[n]]) for n in sizes}

    def lane(gap: int, level: int) -> float:
        return tops[gap] + _STUB + _LANE * (level + 0.5)

    routes: dict[Edge, tuple[Point, ...]] = {}
    for column, start in zip(drawn, starts, strict=True):
        for (a, b), corners in column.ways.items():
            half = (1 if lines[b] > lines[a] else -1) / 2
            first = (corners[0][0] + start, centres[a][1] + half * sizes[a][1])
            last = (corners[-1][0] + start, centres[b][1] - half * sizes[b][1])
            routes[a, b] = _tidy([first, *((x + start, lane(gap, level)) for x, gap, level in corners[1:-1]), last])
    for way in ways:
        stops = [
            None if gap is None else lane(gap, levels[gap] + lanes[way.edge, k])
            for k, gap in enumerate((way.first, way.last))
        ]
        ends = [_end(way, k, ports, centres, sizes) for k in (0, 1)]
        routes[way.edge] = _line(ends[0], stops[0], streets.get(way.edge), stops[1], ends[1])
    right = max(x for x in [
        *(x for line in routes.values() for x, _ in line), *(across[n] + sizes[n][0] / 2 for n in sizes),
    ])  # fmt: skip
    width = max(right + MARGIN, least)
    shift = (width - right - MARGIN) / 2

    def moved(point: Point) -> Point:
        return round(point[0] + shift, 1), round(point[1], 1)

    return Placement(
        {n: moved(p) for n, p in centres.items()},
        {e: tuple(map(moved, routes[e])) for e in edges if e in routes},
        tuple(e for e in edges if e not in routes),
        round(width, 1),
        round(bottom + MARGIN, 1),
    )


def _stack(
    heights: Sequence[float], levels: Mapping[int, int], depth: Mapping[int, int]
) -> tuple[dict[int, float], list[float], float]:
    """The top of each gap, the middle of each line, and the bottom of the drawing."""
    tops, middles, y = {}, [], MARGIN
    for line, height in enumerate([*heights, 0.0]):
        gap = line - 1
        tops[gap] = y
        pieces = levels[gap] + depth.get(gap, 0)
        outermost = line in (0, len(heights))
        y += 2 * _STUB + _LANE * max(pieces, 1) if pieces or not outermost else 0.0
        middles.append(y + height / 2)
        y += height
    return tops, middles, y


def _line(start: Point, first: float | None, street: float | None, last: float | None, end: Point) -> tuple[Point, ...]:
    """From `start` by a lane at height `first`, along the street at x, by a lane at height `last`, to `end`."""
    points = [start]
    if first is not None:
        points.append((start[0], first))
    if street is not None:
        points.append((street, points[-1][1]))
    if last is not None:
        points.append((points[-1][0], last))
    elif street is not None:
        points.append((street, end[1]))
    if last is not None or street is None:
        points.append((end[0], points[-1][1]))
    return _tidy([*points, end])


def _column(names: Sequence[str], sizes: Sizes, edges: Sequence[Edge], lines: Mapping[str, int]) -> _Column:
    if not names:
        return _Column({}, {}, {}, 0.0, 0.0)
    drawing = graphlay.Graph()
    for name in names:
        drawing.node(name, width=sizes[name][0], height=sizes[name][1], rank={"fixed": lines[name]})
    for a, b in edges:
        drawing.edge(*((a, b) if lines[a] < lines[b] else (b, a)))
    layout = graphlay.layout(drawing, options=options(len(edges)))
    boxes = layout.positions()
    found = sorted({lines[name]: boxes[name][1] for name in names}.items(), key=lambda item: item[1])
    heights = [y for _, y in found]

    def gap(y: float) -> int:
        return found[max(bisect_right(heights, y) - 1, 0)][0]

    raw = {e: square([(p["x"], p["y"]) for p in way["points"]]) for e, way in zip(edges, layout.edges, strict=True)}
    turns: dict[int, set[float]] = {}
    for way in raw.values():
        for _, y in way[1:-1]:
            turns.setdefault(gap(y), set()).add(y)
    order = {g: {y: k for k, y in enumerate(sorted(ys))} for g, ys in turns.items()}
    ways = {
        (a, b): tuple(
            (x, gap(y), order.get(gap(y), {}).get(y, 0)) for x, y in (way if lines[a] < lines[b] else way[::-1])
        )
        for (a, b), way in raw.items()
    }
    xs = [x for way in raw.values() for x, _ in way]
    xs += [boxes[n][0] + s * sizes[n][0] / 2 for n in names for s in (-1, 1)]
    levels = {g: len(ys) for g, ys in turns.items()}
    return _Column({n: boxes[n][0] for n in names}, ways, levels, min(xs), max(xs))


def _ways(
    edges: Sequence[Edge], columns: Mapping[str, int], lines: Mapping[str, int], drawn: Sequence[_Column]
) -> list[_Way]:
    ends: dict[tuple[int, int], list[str]] = {}
    for c, column in enumerate(drawn):
        for name in sorted(column.across, key=lambda n: column.across[n]):
            ends.setdefault((c, lines[name]), []).append(name)

    def clear(name: str, side: str) -> bool:
        return ends[columns[name], lines[name]][0 if side == "left" else -1] == name

    ways = []
    for a, b in edges:
        (p, q), (i, j) = (columns[a], columns[b]), (lines[a], lines[b])
        facing = ("right", "left") if p < q else ("left", "right")
        below = j >= i
        if p == q:
            ways.append(_Way((a, b), "bottom", "bottom", i, None, None))
            continue
        leaves, enters = clear(a, facing[0]), clear(b, facing[1])
        near, far = (min(p, p - 1 if q < p else p), q - 1 if p < q else q)
        first, last = (i if below else i - 1), (j - 1 if j > i else j)
        if abs(p - q) > 1:
            leaves = leaves and not enters
        alley = near if leaves and not enters else far
        if leaves and enters:
            ways.append(_Way((a, b), *facing, None, None if i == j else alley, None))
        elif leaves:
            ways.append(_Way((a, b), facing[0], "top" if j > i else "bottom", None, alley, last))
        elif enters:
            ways.append(_Way((a, b), "bottom" if below else "top", facing[1], first, alley, None))
        elif first == last:
            ways.append(_Way((a, b), "bottom" if below else "top", "top" if j > i else "bottom", first, None, None))
        else:
            ways.append(_Way((a, b), "bottom" if below else "top", "top" if j > i else "bottom", first, alley, last))
    return ways


def _alleys(
    ways: Sequence[_Way], lines: Mapping[str, int], columns: int
) -> tuple[dict[Edge, tuple[int, float]], list[float]]:
    """The place of each edge in its alley, and the widths of the alleys (the last: none)."""
    found: dict[Edge, tuple[int, float]] = {}
    widths = [0.0] * columns
    for k in range(columns - 1):
        spans = []
        for way in ways:
            if way.alley == k:
                gaps = zip(way.edge, (way.first, way.last), strict=True)
                ends = [2 * lines[name] if gap is None else 2 * gap + 1 for name, gap in gaps]
                spans.append((min(ends), max(ends), way.edge))
        lanes, count = _colour(spans)
        widths[k] = max(_ALLEY, 2 * 12 + _LANE * count)
        found |= {edge: (k, 12 + _LANE * (lane + 0.5)) for edge, lane in lanes.items()}
    return found, widths


def _colour(spans: Sequence[tuple[float | int, float | int, Key]]) -> tuple[dict[Key, int], int]:
    """Lanes for intervals so that none overlap (the left-edge algorithm), and how many lanes."""
    ends: list[float | int] = []
    lanes: dict[Key, int] = {}
    for start, stop, key in sorted(spans, key=lambda span: span[:2]):
        lane = next((k for k, end in enumerate(ends) if end < start), len(ends))
        ends[lane : lane + 1] = [stop]
        lanes[key] = lane
    return lanes, len(ends)


Ports = Mapping[tuple[Edge, int], float]


def _ports(
    ways: Sequence[_Way],
    sizes: Sizes,
    across: Mapping[str, float],
    lines: Mapping[str, int],
    drawn: Sequence[_Column],
    starts: Sequence[float],
) -> Ports:
    """Where on its side an edge meets a box: x at top and bottom, the height above or below the middle at the sides."""
    taken: dict[tuple[str, str], list[float]] = {}
    for column, start in zip(drawn, starts, strict=True):
        for (a, b), corners in column.ways.items():
            down = lines[b] > lines[a]
            taken.setdefault((a, "bottom" if down else "top"), []).append(corners[0][0] + start)
            taken.setdefault((b, "top" if down else "bottom"), []).append(corners[-1][0] + start)
    sides: dict[tuple[str, str], list[tuple[float, Edge, int]]] = {}
    ports: dict[tuple[Edge, int], float] = {}
    for way in ways:
        for k, side in enumerate((way.leave, way.enter)):
            other = way.edge[1 - k]
            if side in ("left", "right"):
                if way.alley is None:
                    ports[way.edge, k] = 0.0
                else:
                    sides.setdefault((way.edge[k], side), []).append((lines[other], way.edge, k))
            else:
                ports[way.edge, k] = _free(way.edge[k], other, sizes, across, taken.setdefault((way.edge[k], side), []))
    for (name, _), several in sides.items():
        tall = sizes[name][1] - 8
        for n, (_, edge, k) in enumerate(sorted(several, key=lambda s: s[0])):
            at = (n + 1) / (len(several) + 1)
            ports[edge, k] = tall * (at - 0.5 if at != 0.5 else 0.22)
    return ports


def _free(name: str, other: str, sizes: Sizes, across: Mapping[str, float], taken: list[float]) -> float:
    """A place on the upper or lower side, on the half that looks to the other box, away from ports that are there."""
    half = sizes[name][0] / 2 - 6
    towards = 1 if across[other] > across[name] else -1
    places = [across[name] + towards * (half - step * 6) for step in range(max(int(half / 3), 1) + 1)]
    room = [min([abs(place - other) for other in taken], default=9.0) for place in places]
    x = next((place for place, free in zip(places, room, strict=True) if free >= 5), places[room.index(max(room))])
    taken.append(x)
    return x


def _lanes(
    ways: Sequence[_Way], ports: Ports, streets: Mapping[Edge, float]
) -> tuple[dict[tuple[Edge, int], int], dict[int, int]]:
    spans: dict[int, list[tuple[float, float, tuple[Edge, int]]]] = {}
    for way in ways:
        for k, gap in enumerate((way.first, way.last)):
            if gap is not None:
                start = ports[way.edge, k]
                stop = streets[way.edge] if way.alley is not None else ports[way.edge, 1 - k]
                spans.setdefault(gap, []).append((min(start, stop) - 3, max(start, stop) + 3, (way.edge, k)))
    lanes: dict[tuple[Edge, int], int] = {}
    depth: dict[int, int] = {}
    for gap, found in spans.items():
        coloured, depth[gap] = _colour(found)
        lanes |= coloured
    return lanes, depth


def _end(way: _Way, k: int, ports: Ports, centres: Mapping[str, Point], sizes: Sizes) -> Point:
    name, side = way.edge[k], (way.leave, way.enter)[k]
    (x, y), (w, h), at = centres[name], sizes[name], ports[way.edge, k]
    if side in ("top", "bottom"):
        return at, y + (h / 2 if side == "bottom" else -h / 2)
    return x + (w / 2 if side == "right" else -w / 2), y + at


def _tidy(points: Sequence[Point]) -> tuple[Point, ...]:
    """Without repeated points and without corners that are none."""
    kept: list[Point] = []
    for point in points:
        if kept and abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) < 1e-6:
            continue
        if len(kept) > 1 and any(abs(kept[-2][d] - kept[-1][d]) + abs(kept[-1][d] - point[d]) < 1e-6 for d in (0, 1)):
            kept.pop()
        kept.append(point)
    return tuple(kept)
