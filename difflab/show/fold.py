"""Where things stand in the fold: the forward sweep runs down on the left, the reverse sweep up on the right.

The reverse sweep of y = f(x) is the forward one read backwards (Griewank and Walther, "Evaluating Derivatives", 2008,
section 3.3): the cotangent of each step needs what the step knew. Folded in the middle, each reverse step stands level
with its primal, and what was kept for it, the residual, is a short level edge. In layers alone it crosses the drawing.

A drawing has three *columns*, what runs forward, what runs back and what comes after (outputs, an optimiser), and
*lines* across them. A *row* is a layer of the forward column with the lines that its reverse steps need, stacked
upwards. Each column is ordered and routed by itself with its lines as layers; `channels` draws what runs between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from difflab.show.channels import join
from difflab.show.place import Placement, layers, place

FORWARD, REVERSE, AFTER = range(3)

Edges = Sequence[tuple[str, str]]


def fold(
    sizes: Mapping[str, tuple[float, float]],
    edges: Edges,
    phases: Mapping[str, str | None],
    pairs: Mapping[str, str],
    least: float = 0.0,
) -> Placement:
    """Lay out items (id → width, height), given in evaluation order, as a fold. Deterministic.

    `phases` says of each item whether it is `"forward"`, `"reverse"` or neither, `pairs` which forward item a reverse
    one belongs to. A reverse step is level with its primal unless it needs something that stands higher: order wins.
    Without a reverse sweep the drawing is that of `place`.
    """
    if "reverse" not in {phases.get(name) for name in sizes}:
        return place(sizes, edges, least)
    columns = _columns(list(sizes), edges, phases)
    lines = _lines(list(sizes), edges, columns, pairs)
    return join(sizes, edges, columns, lines, least)


def _columns(names: Sequence[str], edges: Edges, phases: Mapping[str, str | None]) -> dict[str, int]:
    """Items of no phase stand where they were computed from, or else where they are read."""
    before, after = _neighbours(names, edges)
    columns: dict[str, int] = {}
    for name in names:
        phase = phases.get(name)
        if phase is not None:
            columns[name] = FORWARD if phase == "forward" else REVERSE
        elif found := [columns[other] for other in before[name] if other in columns]:
            columns[name] = AFTER if max(found) > FORWARD else FORWARD
    for name in reversed(names):
        if name not in columns:
            columns[name] = min((columns[other] for other in after[name] if other in columns), default=FORWARD)
    return columns


def _neighbours(names: Sequence[str], edges: Edges) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """What each item reads and what reads it; an edge against the order of evaluation is neither."""
    position = {name: k for k, name in enumerate(names)}
    before: dict[str, list[str]] = {name: [] for name in names}
    after: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        if position[source] < position[target]:
            before[target].append(source)
            after[source].append(target)
    return before, after


def _lines(names: Sequence[str], edges: Edges, columns: Mapping[str, int], pairs: Mapping[str, str]) -> dict[str, int]:
    """The line of each item, counted from the top."""
    before, after = _neighbours(names, edges)
    left = [name for name in names if columns[name] == FORWARD]
    rows = _forward(left, [(a, b) for a, b in edges if columns[a] == columns[b] == FORWARD])
    back = [name for name in names if columns[name] == REVERSE]
    rows |= _rows(back, rows, before, after, pairs)
    heights = _heights(back, rows, before)
    depth = [1] * (max(rows.values()) + 1)
    for name in back:
        depth[rows[name]] = max(depth[rows[name]], heights[name] + 1)
    starts = [sum(depth[:row]) for row in range(len(depth))]
    lines = {name: starts[rows[name]] + (depth[rows[name]] - 1) // 2 for name in left}
    lines |= {name: starts[rows[name]] + depth[rows[name]] - 1 - heights[name] for name in back}
    lines |= _falling([name for name in names if columns[name] == AFTER], lines, before, after)
    used = {line: k for k, line in enumerate(sorted(set(lines.values())))}
    return {name: used[line] for name, line in lines.items()}


def _forward(left: Sequence[str], edges: Edges) -> dict[str, int]:
    """Layers from above, where what only inputs lead to comes down to its reader."""
    before, after = _neighbours(left, edges)
    rows = layers(left, edges)
    loose: set[str] = set()
    for name in left:
        if all(other in loose and len(after[other]) == 1 for other in before[name]):
            loose.add(name)
    for name in reversed(left):
        if name in loose and after[name]:
            rows[name] = min(rows[other] for other in after[name]) - 1
    return rows


def _rows(
    back: Sequence[str],
    forward: Mapping[str, int],
    before: Mapping[str, Sequence[str]],
    after: Mapping[str, Sequence[str]],
    pairs: Mapping[str, str],
) -> dict[str, int]:
    """Each reverse item in the row of its primal, or of the last primal it reads, but not below its operands."""
    bottom = max(forward.values(), default=0)
    rows: dict[str, int] = {}
    for name in back:
        reads = [forward[other] for other in before[name] if other in forward and before[other]]
        level = forward.get(pairs.get(name, ""), max(reads, default=bottom))
        rows[name] = min([level, *(rows[other] for other in before[name] if other in rows and before[other])])
    for name in back:
        if not before[name] and (readers := [rows[other] for other in after[name] if other in rows]):
            rows[name] = max([*readers, forward.get(pairs.get(name, ""), 0)])
    return rows


def _heights(back: Sequence[str], rows: Mapping[str, int], before: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many lines a reverse item stands above the lowest of its row."""
    heights: dict[str, int] = {}
    for name in back:
        below = [heights[other] for other in before[name] if other in heights and rows[other] == rows[name]]
        heights[name] = max(below, default=-1) + 1
    return heights


def _falling(
    last: Sequence[str],
    lines: Mapping[str, int],
    before: Mapping[str, Sequence[str]],
    after: Mapping[str, Sequence[str]],
) -> dict[str, int]:
    """What comes after the reverse sweep starts level with it and runs downwards; what only it reads is just above."""
    found: dict[str, int] = {}
    for name in last:
        if before[name]:
            level = [lines[other] for other in before[name] if other in lines]
            found[name] = max([*level, *(found[other] + 1 for other in before[name] if other in found)], default=0)
    loose: set[str] = set()
    for name in last:
        if all(other in loose for other in before[name]):
            loose.add(name)
    for name in reversed(last):
        if name in loose:
            found[name] = min((found[other] for other in after[name] if other in found), default=1) - 1
    return found
