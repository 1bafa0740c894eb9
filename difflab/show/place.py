"""Where things stand: one scope, laid out in layers, downwards.

Gansner et al., "A technique for drawing directed graphs" (1993), as graphlay does it. What is done differently: an edge
that would cross more than `PORTAL` layers is left out of the layout and drawn as a stub at both ends, a *portal*. The
residuals of a reverse sweep cross its whole depth; routed one by one they cost quadratic work and tell nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import graphlay

PORTAL = 24
_MARGIN = 14.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Placement:
    """Centres of the items, routes of the edges (border to border), and the edges that became portals; in pixels."""

    centres: Mapping[str, Point]
    routes: Mapping[tuple[str, str], tuple[Point, ...]]
    portals: tuple[tuple[str, str], ...]
    width: float
    height: float


def place(sizes: Mapping[str, tuple[float, float]], edges: Sequence[tuple[str, str]], least: float = 0.0) -> Placement:
    """Lay out items (id → width, height), given in evaluation order, and edges between them. Deterministic.

    The drawing is at least `least` pixels wide.
    """
    if not sizes:
        return Placement({}, {}, (), max(least, 2 * _MARGIN), 2 * _MARGIN)
    ranks = _ranks(list(sizes), edges)
    short = [edge for edge in edges if abs(ranks[edge[1]] - ranks[edge[0]]) <= PORTAL]
    drawing = graphlay.Graph()
    for name, (width, height) in sizes.items():
        drawing.node(name, width=width, height=height)
    for source, target in short:
        drawing.edge(source, target)
    effort = "balanced" if len(sizes) <= 150 else "fast"
    layout = graphlay.layout(drawing, options={**_OPTIONS, "effort": effort})
    boxes = layout.positions()
    lines = {e: [(p["x"], p["y"]) for p in found["points"]] for e, found in zip(short, layout.edges, strict=True)}
    left, top, right, bottom = _bounds(boxes, sizes, lines.values())
    width = max(right - left + 2 * _MARGIN, least)
    dx, dy = (width - right - left) / 2, _MARGIN - top
    return Placement(
        {name: (_round(x + dx), _round(y + dy)) for name, (x, y) in boxes.items()},
        {edge: tuple((_round(x + dx), _round(y + dy)) for x, y in line) for edge, line in lines.items()},
        tuple(edge for edge in edges if edge not in lines),
        _round(width),
        _round(bottom - top + 2 * _MARGIN),
    )


_OPTIONS = {
    "direction": "topbottom",
    "spacing": {"layer_gap": 34.0, "node_gap": 22.0, "dummy_gap": 14.0, "isolated_gap": 22.0, "stub": 9.0},
    "routing": {"style": "orthogonal", "port_sides": "facing_only"},
}


def _round(value: float) -> float:
    return round(value, 1)


def _ranks(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Longest path from the sources; a source itself stands just above its first reader."""
    readers: dict[str, list[str]] = {name: [] for name in names}
    fed: set[str] = set()
    position = {name: k for k, name in enumerate(names)}
    for source, target in edges:
        readers[source].append(target)
        fed.add(target)
    ranks = dict.fromkeys(names, 0)
    for name in sorted(names, key=lambda n: (n in fed, position[n])):
        for target in readers[name]:
            if position[target] > position[name] or name not in fed:
                ranks[target] = max(ranks[target], ranks[name] + 1)
    for name in names:
        if name not in fed and readers[name]:
            ranks[name] = min(ranks[target] for target in readers[name]) - 1
    return ranks


def _bounds(
    boxes: Mapping[str, Point], sizes: Mapping[str, tuple[float, float]], lines: object
) -> tuple[float, float, float, float]:
    xs = [x + side * sizes[name][0] / 2 for name, (x, _) in boxes.items() for side in (-1, 1)]
    ys = [y + side * sizes[name][1] / 2 for name, (_, y) in boxes.items() for side in (-1, 1)]
    for line in lines:  # pyright: ignore[reportGeneralTypeIssues]
        xs.extend(x for x, _ in line)
        ys.extend(y for _, y in line)
    return min(xs), min(ys), max(xs), max(ys)
