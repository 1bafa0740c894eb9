"""The elimination section of the wire: the linearised graph laid out, the moves so far, the named orders, the game."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from difflab.core.graph import walk
from difflab.labs.elimination import Elimination
from difflab.show.place import Placement, place
from difflab.show.svg import arrow, document, rectangle, text
from difflab.show.wire import Wire, shorten

DRAWN = 400
"""A graph with more vertices than this is not drawn: its orders are listed and counted all the same."""

_KINDS = {"input": "i", "output": "o", "intermediate": "b"}


class Game:
    """The position that one widget shows, and what a player can do to it."""

    def __init__(self, start: Elimination) -> None:
        self.position = start
        self.placed = _placed(start) if len(start.linear.vertices) <= DRAWN else None

    def section(self) -> Wire:
        """The `elimination` section for the position now."""
        at = self.position
        whole = self.placed is not None
        baselines = at.baselines()
        counts = at.counts
        return {
            "vertices": _vertices(at, self.placed) if self.placed else [],
            "edges": [list(edge) for edge in at.reset().edges] if whole else [],
            "width": self.placed.width if self.placed else 0,
            "height": self.placed.height if self.placed else 0,
            "frames": [_frame(frame) for frame in at.frames] if whole else [],
            "order": list(at.order) if whole else [],
            "playable": {
                vertex: {"cost": move.cost, "scalar_cost": move.scalar_cost, "fill": move.fill}
                for vertex, move in at.playable(DRAWN).items()
            } if whole else {},
            "counts": {"cost": counts.cost, "scalar_cost": counts.scalar_cost, "edges": counts.edges},
            "baselines": [
                {"name": b.name, "cost": b.cost, "scalar_cost": b.scalar_cost, "order": list(b.order) if whole else []}
                for b in baselines
            ],
            "units": "multiplications",
            "truncated": None if whole else _too_many(at),
        }  # fmt: skip

    def handlers(self) -> dict[str, Callable[[Any, Wire], None]]:
        """What to do for each message of the front end."""
        return {
            "eliminate": lambda widget, message: self._to(widget, self.position.eliminate(message["vertex"])),
            "undo": lambda widget, _: self._to(widget, self.position.undo() if self.position.frames else self.position),
            "reset": lambda widget, _: self._to(widget, self.position.reset()),
            "order": lambda widget, message: self._to(widget, self.position.reset().play(message["name"])),
        }

    def _to(self, widget: Any, position: Elimination) -> None:
        self.position = position
        widget.shown["elimination"] = position
        widget.elimination = self.section()
        widget.go("elimination", len(position.frames))


def elimination_svg(at: Elimination) -> str:
    """The graph as it is now: what is eliminated is gone, fill-in is dashed."""
    if len(at.linear.vertices) > DRAWN:
        words = [*_too_many(at).split("; "), *(f"{b.name}: {b.cost} multiplications" for b in at.baselines())]
        lines = "".join(text(10, 22 + 18 * k, line, "d", "start") for k, line in enumerate(words))
        return document(lines, 640, 30 + 18 * len(words), at.linear.name, str(at.counts))
    placed = _placed(at)
    vertices = {vertex["id"]: vertex for vertex in _vertices(at, placed)}
    gone = set(at.order)
    routes = {(a, b): points for (a, b), points in placed.routes.items() if a not in gone and b not in gone}
    parts = [arrow(points) for points in routes.values()]
    for source, target, _ in at.edges:
        if (source, target) not in placed.routes:
            a, b = vertices[source], vertices[target]
            line = f"M{a['x']} {a['y'] + a['h'] / 2}L{b['x']} {b['y'] - b['h'] / 2}"
            parts.append(f'<path class="e" style="stroke:#d55e00;stroke-dasharray:4 3" d="{line}"/>')
    for vertex in vertices.values():
        if vertex["id"] in gone:
            continue
        kind = _KINDS[vertex["role"]]
        parts.append(rectangle(vertex["x"], vertex["y"], vertex["w"], vertex["h"], kind, 6 if kind == "b" else 14))
        parts.append(text(vertex["x"], vertex["y"] + 4, vertex["label"], "t"))
    return document("".join(parts), placed.width, placed.height, f"elimination of {at.linear.name}", str(at.counts))


def _placed(at: Elimination) -> Placement:
    sizes = {name: (_width(label), 30.0) for name, label in _labels(at).items()}
    order = {name: k for k, name in enumerate(sizes)}
    edges = [(a, b) for a, b, _ in at.reset().edges if order[a] < order[b]]
    return place(sizes, edges)


def _vertices(at: Elimination, placed: Placement) -> list[Wire]:
    found: list[Wire] = []
    labels = _labels(at)
    for vertex in at.linear.vertices:
        x, y = placed.centres[vertex.id]
        label = labels[vertex.id]
        found.append({
            "id": vertex.id, "label": label, "role": vertex.role,
            "shape": f"[{','.join(map(str, vertex.shape))}]", "x": x, "y": y, "w": _width(label), "h": 30.0,
        })  # fmt: skip
    return found


def _labels(at: Elimination) -> dict[str, str]:
    """The user's name of each vertex; of an unnamed one what makes it."""
    makers = {node: equation.primitive for node, _, equation in walk(at.graph)}
    found: dict[str, str] = {}
    for vertex in at.linear.vertices:
        named = not vertex.label.startswith("%")
        found[vertex.id] = shorten(vertex.label if named else makers.get(vertex.node, vertex.label), 24)
    return found


def _width(label: str) -> float:
    return min(max(7.4 * len(label) + 20, 44.0), 200.0)


def _frame(frame: Any) -> Wire:
    return {
        "vertex": frame.vertex, "cost": frame.cost, "scalar_cost": frame.scalar_cost,
        "added": [list(edge) for edge in frame.added],
        "removed": [list(edge[:2]) for edge in frame.removed],
        "merged": [list(edge) for edge in frame.merged],
    }  # fmt: skip


def _too_many(at: Elimination) -> str:
    return (
        f"{len(at.linear.vertices):,} vertices are too many to draw (the limit is {DRAWN}); the named orders are "
        "counted below; play one in code: e.play('markowitz'), or eliminate a part of the function"
    )
