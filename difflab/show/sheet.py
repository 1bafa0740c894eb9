"""One drawing of an elimination: boxes in their places, the edges between them, and the frames that change those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from difflab.core.graph import walk
from difflab.labs.elimination import Elimination, EliminationFrame
from difflab.show.groups import Item
from difflab.show.place import Placement, place
from difflab.show.wire import Wire, shorten

CARRIED = 2_000
"""Of a longer game the last frames travel; the others are summed up."""

BINS = 80
CROWDED = 40
"""More boxes than this are drawn small, from left to right."""

_PRICED = 20_000
_HEIGHT = 30.0
_DOT = 18.0, 14.0
_SQUEEZE = 0.52


class Sheet:
    """The items of one drawing and their places; positions stay while the game goes on."""

    def __init__(self, at: Elimination, items: Sequence[Item], crowded: int = CROWDED) -> None:
        self.items = items
        self._makers = {node: equation.primitive for node, _, equation in walk(at.graph)}
        self._at = {number: item.id for item in items for number in item.numbers}
        self._alone = {item.id for item in items if item.role != "group"}
        self.labels = {item.id: self._label(at, item) for item in items}
        self.compact = len(items) > crowded and len(self._alone) == len(items)
        self.sizes = {item.id: _DOT if self.compact else self._size(item) for item in items}
        self.placed = self._place(at)

    def vertices(self, at: Elimination) -> list[Wire]:
        """The boxes as they travel."""
        return [self._vertex(at, item) for item in self.items]

    def edges(self, at: Elimination) -> list[list[str]]:
        """The edges before the first frame carried; those of groups are as they are now."""
        start = at.reset().state.arcs()
        found = {
            (self._at[u], self._at[v]): block.kind for u, v, block in start if self._joins(u, v) and self._single(u, v)
        }
        for u, v, _ in at.state.arcs():
            if self._joins(u, v) and not self._single(u, v):
                found[self._at[u], self._at[v]] = ""
        for frame in at.frames[: max(len(at.frames) - CARRIED, 0)]:
            for a, b, _ in frame.removed:
                found.pop((a, b), None)
            found |= {(a, b): kind for a, b, kind in frame.added if a in self._alone and b in self._alone}
        return [[a, b, kind] for (a, b), kind in found.items()]

    def frames(self, at: Elimination) -> list[Wire]:
        """The last `CARRIED` frames."""
        return [self._frame(frame) for frame in at.frames[-CARRIED:]]

    def _frame(self, frame: EliminationFrame) -> Wire:
        def kept(edges: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
            return [edge for edge in edges if edge[0] in self._alone and edge[1] in self._alone]

        return {
            "vertex": frame.vertex, "cost": frame.cost, "scalar_cost": frame.scalar_cost,
            "added": [list(edge) for edge in kept(frame.added)],
            "removed": [list(edge[:2]) for edge in kept(frame.removed)],
            "merged": [list(edge) for edge in kept(frame.merged)],
        }  # fmt: skip

    def _vertex(self, at: Elimination, item: Item) -> Wire:
        x, y = self.placed.centres[item.id]
        vertex = at.linear.vertices[item.numbers[0]]
        alone = item.role != "group"
        return {
            "id": item.id, "label": self.labels[item.id], "role": item.role,
            "shape": f"[{','.join(map(str, vertex.shape))}]" if alone else _left(at, item),
            "size": vertex.size if alone else len(_waiting(at, item)) or _ends(at, item),
            "x": x, "y": y, "w": self.sizes[item.id][0], "h": self.sizes[item.id][1],
        }  # fmt: skip

    def _joins(self, u: int, v: int) -> bool:
        return u in self._at and v in self._at and self._at[u] != self._at[v]

    def _single(self, u: int, v: int) -> bool:
        return self._at[u] in self._alone and self._at[v] in self._alone

    def _label(self, at: Elimination, item: Item) -> str:
        """The user's name of a vertex; of an unnamed one what makes it."""
        if item.role == "group":
            return shorten(item.label, 28)
        vertex = at.linear.vertices[item.numbers[0]]
        named = not vertex.label.startswith("%")
        return shorten(vertex.label if named else self._makers.get(vertex.node, vertex.label), 24)

    def _size(self, item: Item) -> tuple[float, float]:
        least, height = (44.0, _HEIGHT) if item.role != "group" else (132.0, 40.0)
        return min(max(7.4 * len(self.labels[item.id]) + 20, least), 220.0), height

    def _place(self, at: Elimination) -> Placement:
        order = {item.id: k for k, item in enumerate(self.items)}
        pairs = dict.fromkeys((self._at[u], self._at[v]) for u, v in at.linear.edges if u in self._at and v in self._at)
        forth = [(a, b) for a, b in pairs if order[a] < order[b]]
        if not self.compact:
            return place(self.sizes, forth)
        found = place(dict.fromkeys(self.sizes, (_DOT[1], _DOT[0])), forth)
        centres = {name: (round(_SQUEEZE * y, 1), round(x, 1)) for name, (x, y) in found.centres.items()}
        return Placement(centres, {}, found.portals, round(_SQUEEZE * found.height, 1), found.width)


def matrix(at: Elimination) -> Wire:
    """The extended Jacobian of a large graph, counted in cells: `[row, column, original, filled]` for those not empty.

    Rows are the computed vertices, columns the read ones, as in the matrix of a small graph.
    """
    vertices = at.linear.vertices
    inner = list(at.linear.intermediates)
    rows = inner + [n for n, vertex in enumerate(vertices) if vertex.role == "output"]
    columns = [n for n, vertex in enumerate(vertices) if vertex.role == "input"] + inner
    size = max(len(rows), len(columns), 1)
    bins = min(BINS, size)
    row, column = ({n: k * bins // size for k, n in enumerate(found)} for found in (rows, columns))
    cells: dict[bool, Counter[tuple[int, int]]] = {True: Counter(), False: Counter()}
    for u, v, _ in at.state.arcs():
        if v in row and u in column:
            cells[(u, v) in at.linear.edges][row[v], column[u]] += 1
    places = sorted({*cells[True], *cells[False]})
    return {
        "bins": bins, "of": size,
        "cells": [[r, c, cells[True][r, c], cells[False][r, c]] for r, c in places],
    }  # fmt: skip


def _waiting(at: Elimination, item: Item) -> list[int]:
    return [n for n in item.numbers if n in at.state.remaining]


def _ends(at: Elimination, item: Item) -> int:
    """How many inputs and outputs are in a group."""
    return sum(at.linear.vertices[n].role != "intermediate" for n in item.numbers)


def _left(at: Elimination, item: Item) -> str:
    """`12 of 40 left, +34`: what is to be eliminated in a group, and what each would cost now, in sum."""
    inner, left = len(item.numbers) - _ends(at, item), _waiting(at, item)
    if not inner:
        return f"{len(item.numbers)} values"
    if not left:
        return f"{inner} done"
    words = f"{len(left):,} of {inner:,} left"
    if len(at.linear.vertices) > _PRICED:
        return words
    return f"{words}, +{sum(at.state.cost(n) for n in left):,}"
