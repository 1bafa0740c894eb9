"""The layered layout: what holds of every drawing, and what the counter of the comparison counts."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.show.place import PORTAL, Placement, place
from tests.benchmarks.drawn import crossings

Sizes = dict[str, tuple[float, float]]
Edges = list[tuple[str, str]]


@st.composite
def drawings(draw, most: int = 30) -> tuple[Sizes, Edges]:
    """Boxes in evaluation order and edges along it."""
    count = draw(st.integers(1, most))
    widths = draw(st.lists(st.integers(52, 300), min_size=count, max_size=count))
    heights = draw(st.lists(st.sampled_from([28.0, 40.0, 56.0]), min_size=count, max_size=count))
    sizes = {f"n{k}": (float(w), h) for k, (w, h) in enumerate(zip(widths, heights, strict=True))}
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = draw(st.lists(ends, max_size=2 * count, unique=True))
    return sizes, list(dict.fromkeys((f"n{min(e)}", f"n{max(e)}") for e in edges if e[0] != e[1]))


def rectangle(placed: Placement, sizes: Sizes, name: str) -> tuple[float, float, float, float]:
    (x, y), (w, h) = placed.centres[name], sizes[name]
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def assert_sound(placed: Placement, sizes: Sizes, edges: Edges) -> None:
    """Every box once, inside, apart; every edge a route from border to border past all boxes, or a portal."""
    slack = 0.11
    boxes = {name: rectangle(placed, sizes, name) for name in sizes}
    assert set(placed.centres) == set(sizes)
    for left, top, right, bottom in boxes.values():
        assert left >= -slack and top >= -slack and right <= placed.width + slack and bottom <= placed.height + slack
    for (_, a), (_, b) in combinations(boxes.items(), 2):
        assert a[2] <= b[0] + slack or b[2] <= a[0] + slack or a[3] <= b[1] + slack or b[3] <= a[1] + slack
    assert sorted([*placed.routes, *placed.portals]) == sorted(edges)
    for (source, target), line in placed.routes.items():
        for end, name in ((line[0], source), (line[-1], target)):
            left, top, right, bottom = boxes[name]
            assert left - slack <= end[0] <= right + slack and top - slack <= end[1] <= bottom + slack
            assert min(abs(end[0] - left), abs(end[0] - right), abs(end[1] - top), abs(end[1] - bottom)) <= slack
        for (x0, y0), (x1, y1) in pairwise(line):
            assert x0 == x1 or y0 == y1
            for left, top, right, bottom in boxes.values():
                across = max(x0, x1) > left + slack and min(x0, x1) < right - slack
                assert not (across and max(y0, y1) > top + slack and min(y0, y1) < bottom - slack)


@settings(max_examples=60, deadline=None)
@given(drawings())
def test_boxes_are_apart_and_edges_run_down_past_them(drawing):
    sizes, edges = drawing
    placed = place(sizes, edges)
    assert_sound(placed, sizes, edges)
    for a, b in edges:
        assert placed.centres[a][1] < placed.centres[b][1]


@settings(max_examples=20, deadline=None)
@given(drawings(20))
def test_the_same_graph_gives_the_same_drawing(drawing):
    assert place(*drawing) == place(*drawing)


@settings(max_examples=30, deadline=None)
@given(drawings(15), st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=4))
def test_an_edge_against_the_order_of_evaluation_leaves_the_others_pointing_down(drawing, more):
    sizes, edges = drawing
    fed = {b for _, b in edges}
    back = [(f"n{max(e)}", f"n{min(e)}") for e in more if max(e) < len(sizes) and e[0] != e[1]]
    back = [e for e in dict.fromkeys(back) if e[0] in fed]
    placed = place(sizes, [*edges, *back])
    assert_sound(placed, sizes, [*edges, *back])
    for a, b in edges:
        assert placed.centres[a][1] < placed.centres[b][1]


@pytest.mark.parametrize("count", [PORTAL, PORTAL + 1, PORTAL + 8])
def test_an_edge_over_many_layers_is_a_portal(count):
    sizes = {str(k): (60.0, 40.0) for k in range(count + 1)}
    chain = [(str(k), str(k + 1)) for k in range(count)]
    placed = place(sizes, [*chain, ("0", str(count))])
    assert placed.portals == ((("0", str(count)),) if count > PORTAL else ())
    assert place(sizes, [*chain, ("0", str(count))], portal=count).portals == ()


def test_nothing_to_draw_is_an_empty_drawing():
    assert place({}, [], least=200.0) == Placement({}, {}, (), 200.0, 28.0)


corners = st.tuples(st.integers(0, 12), st.integers(0, 12))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(corners, min_size=2, max_size=4), max_size=6))
def test_crossings_are_those_of_exact_arithmetic(lines):
    def side(a, b, c) -> Fraction:
        return Fraction((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    def cross(p, q) -> bool:
        return side(*p, q[0]) * side(*p, q[1]) < 0 and side(*q, p[0]) * side(*q, p[1]) < 0

    expected = sum(cross(p, q) for one, other in combinations(lines, 2) for p in pairwise(one) for q in pairwise(other))
    assert crossings(lines) == expected
