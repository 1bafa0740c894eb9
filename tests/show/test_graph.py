"""Drawings: every value is reachable, nothing overlaps, opening keeps order, and both banks compose alike."""

import json
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path
from random import Random

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.capture import graph
from difflab.core.graph import Literal, walk
from difflab.show.compose import compose
from difflab.show.drawing import Draughtsman
from difflab.show.graph import GraphView
from difflab.show.place import PORTAL, place
from difflab.show.scopes import LIMIT, ScopeTree
from difflab.show.svg import graph_svg
from tests.show.network import of_its_gradient, of_network

GOLDEN = Path(__file__).parent.parent / "golden"


def deep(x):
    for _ in range(300):
        x = jnp.sin(x)
    return x


def residuals(x):
    """Three primitives in changing order, so that nothing repeats, and one value that is read at the end."""
    kept, steps = jnp.cos(x), [jnp.sin, jnp.tanh, jnp.exp]
    for k in range(40):
        x = steps[(k * k + k // 5) % 3](x)
    return x * kept


def nested_loops(x):
    def outer(c, t):
        return jax.lax.fori_loop(0, 3, lambda i, v: v * t + i, c), None

    return jax.lax.scan(outer, 1.0, x)[0]


PROGRAMS = {
    "network": of_network,
    "gradient": of_its_gradient,
    "deep": lambda: graph(deep, 1.0),
    "residuals": lambda: graph(residuals, 1.0),
    "loops": lambda: graph(nested_loops, jnp.ones(3)),
    "identity": lambda: graph(lambda x: x, 1.0),
    "nothing": lambda: graph(lambda: 1.0),
    "many inputs": lambda: graph(lambda p: sum(p["a"]) + sum(p["b"]), {"a": [1.0] * 50, "b": [2.0] * 30}),
    "unused input": lambda: graph(lambda x, y: x * 2, 1.0, 2.0),
}


@pytest.fixture(params=PROGRAMS)
def program(request):
    return PROGRAMS[request.param]()


def all_scopes(draughtsman):
    """Every scope of the graph, opened one by one as a user would."""
    found, waiting = {}, [""]
    while waiting:
        name = waiting.pop()
        scope, nodes = draughtsman.scope(name)
        found[name] = (scope, nodes)
        waiting.extend(inner for item in scope["items"] for inner in item["scopes"])
    return found


def test_every_equation_is_drawn_exactly_once(program):
    drawn = [
        item["id"]
        for scope, _ in all_scopes(Draughtsman(program)).values()
        for item in scope["items"]
        if item["kind"] == "equation"
    ]
    assert sorted(drawn) == sorted(node for node, _, _ in walk(program))


def test_no_scope_holds_more_than_a_person_can_read(program):
    for scope, _ in all_scopes(Draughtsman(program)).values():
        assert len(scope["items"]) <= 3 * LIMIT


def test_every_operand_of_every_equation_is_an_edge_or_a_portal(program):
    """Counted on the graph itself: two different items joined by a value must be joined in the drawing."""
    for name, (scope, _) in all_scopes(Draughtsman(program)).items():
        found = ScopeTree(program).find(name)
        joined = {(e["from"], e["to"]) for e in scope["edges"]} | set(map(tuple, scope["portals"]))
        chips = {item["id"]: {value for value, _ in item["chips"]} for item in scope["items"]}
        inside = {k: item["id"] for item in scope["items"] for k in members_of(item, found)}
        for reader, item in inside.items():
            for operand in found.graph.equations[reader].operands:
                maker = None if isinstance(operand, Literal) else found.graph.vertices[operand].equation
                if maker in inside and inside[maker] != item:
                    assert (inside[maker], item) in joined or chips[item] & {inside[maker], None}


def members_of(item, scope):
    if item["kind"] == "equation":
        return [int(item["id"].rsplit("/", 1)[-1])]
    group = next((m for m in scope.members if not isinstance(m, int) and m.id == item["id"]), None)
    return list(group.equations()) if group else []


def overlap(a, b):
    return abs(a[0] - b[0]) < (a[2] + b[2]) / 2 - 0.2 and abs(a[1] - b[1]) < (a[3] + b[3]) / 2 - 0.2


def test_items_of_one_scope_do_not_overlap(program):
    for scope, _ in all_scopes(Draughtsman(program)).values():
        boxes = [(i["x"], i["y"], i["w"], i["h"]) for i in scope["items"]]
        assert not any(overlap(a, b) for k, a in enumerate(boxes) for b in boxes[:k])
        for x, y, w, h in boxes:
            assert x - w / 2 >= -0.1 and x + w / 2 <= scope["width"] + 0.1
            assert y - h / 2 >= -0.1 and y + h / 2 <= scope["height"] + 0.1


def test_edges_run_from_border_to_border(program):
    for scope, _ in all_scopes(Draughtsman(program)).values():
        items = {i["id"]: i for i in scope["items"]}
        for edge in scope["edges"]:
            for (x, y), item in ((edge["points"][0], items[edge["from"]]), (edge["points"][-1], items[edge["to"]])):
                assert abs(abs(y - item["y"]) - item["h"] / 2) < 0.6
                assert abs(x - item["x"]) <= item["w"] / 2 + 0.6


def test_long_edges_become_portals():
    scope, _ = Draughtsman(PROGRAMS["residuals"]()).scope("")
    assert scope["portals"] == [["0", "41"]]
    assert PORTAL < 40


def test_every_node_of_a_scope_has_its_inspector_text(program):
    for scope, nodes in all_scopes(Draughtsman(program)).values():
        for item in scope["items"]:
            if item["kind"] == "equation":
                info = nodes[item["id"]]
                assert info["primitive"] and info["text"] and info["source"]["line"] > 0


def test_drawing_is_deterministic(program):
    first, second = (json.dumps(GraphView(program).section()) for _ in range(2))
    assert first == second


def test_opening_everything_overlaps_nothing(program):
    scopes = {name: scope for name, (scope, _) in all_scopes(Draughtsman(program)).items()}
    picture = compose(scopes, "", set(scopes))
    siblings = {}
    for box in picture.boxes:
        owner = box.item["id"].rpartition("/")[0]
        siblings.setdefault((box.depth, owner, id(owner)), []).append(box)
    leaves = [b for b in picture.boxes if not b.bodies]
    boxes = [(b.x, b.y, b.w, b.h) for b in leaves]
    assert not any(overlap(a, b) for k, a in enumerate(boxes) for b in boxes[:k])
    for box in picture.boxes:
        assert box.x - box.w / 2 >= -0.1 and box.x + box.w / 2 <= picture.width + 0.1
        assert box.y - box.h / 2 >= -0.1 and box.y + box.h / 2 <= picture.height + 0.1


def crossed(line, box):
    """Whether a line enters the inside of a box."""
    return any(
        min(x, u) < box.x + box.w / 2 - 0.6 and max(x, u) > box.x - box.w / 2 + 0.6
        and min(y, v) < box.y + box.h / 2 - 0.6 and max(y, v) > box.y - box.h / 2 + 0.6
        for (x, y), (u, v) in pairwise(line.points)
    )  # fmt: skip


def sides(box, point):
    """On which sides of a box a point lies."""
    across, down = abs(abs(point[0] - box.x) - box.w / 2), abs(abs(point[1] - box.y) - box.h / 2)
    assert abs(point[0] - box.x) <= box.w / 2 + 0.6 and abs(point[1] - box.y) <= box.h / 2 + 0.6
    return {name for name, far in (("side", across), ("end", down)) if far < 0.6}


@pytest.mark.parametrize("arrangement", ["layered", "fold"])
def test_however_scopes_open_edges_stay_on_their_sides_and_cross_no_box(program, arrangement):
    scopes = {k: s for k, (s, _) in all_scopes(Draughtsman(program, arrangement=arrangement)).items()}
    home = {item["id"]: name for name, scope in scopes.items() for item in scope["items"]}
    before = [compose({k: s}, k, ()) for k, s in scopes.items()]
    closed = {box.item["id"]: box for picture in before for box in picture.boxes}
    ways = {(line.source, line.target): line for picture in before for line in picture.lines}
    pick = Random(3)
    for opened in (set(scopes), *({name for name in scopes if pick.random() < 0.4} for _ in range(4))):
        picture = compose(scopes, "", opened)
        boxes = {box.item["id"]: box for box in picture.boxes}
        for line in picture.lines:
            way = ways[line.source, line.target]
            for k, name in ((0, line.source), (-1, line.target)):
                assert sides(boxes[name], line.points[k]) & sides(closed[name], way.points[k])
            assert all(abs(x - u) < 0.01 or abs(y - v) < 0.01 for (x, y), (u, v) in pairwise(line.points))
            beside = [box for box in picture.boxes if home[box.item["id"]] == home[line.source]]
            assert not any(crossed(line, box) for box in beside)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60))
def test_any_graph_is_placed_without_overlap(pairs):
    names = [str(k) for k in range(31)]
    edges = sorted({(str(min(p)), str(max(p))) for p in pairs if p[0] != p[1]})
    sizes = {n: (40.0 + 7 * (int(n) % 5), 28.0 + 12 * (int(n) % 2)) for n in names}
    found = place(sizes, edges)
    boxes = [(*found.centres[n], *sizes[n]) for n in names]
    assert not any(overlap(a, b) for k, a in enumerate(boxes) for b in boxes[:k])
    assert set(found.routes) | set(found.portals) == set(edges)
    for source, target in found.routes:
        assert found.centres[source][1] < found.centres[target][1]


def test_the_static_picture_is_plain_svg_with_words(program):
    section = GraphView(program).section()
    text = graph_svg(section, "f(x < y)", "1 equation")
    root = ElementTree.fromstring(text)
    assert root.tag.endswith("svg") and root[0].text == "f(x < y)"
    assert "script" not in text and "href" not in text
    assert text == graph_svg(section, "f(x < y)", "1 equation")


def golden_cases():
    cases = []
    for name, opened, arrangement in (
        ("network", "all", "layered"), ("network", [], "layered"), ("loops", "all", "layered"),
        ("gradient", ["~0"], "layered"), ("gradient", ["~1", "~4"], "fold"), ("gradient", "all", "fold"),
    ):  # fmt: skip
        draughtsman = Draughtsman(PROGRAMS[name](), arrangement=arrangement)
        scopes = {k: scope for k, (scope, _) in all_scopes(draughtsman).items()}
        names = list(scopes) if opened == "all" else opened
        picture = compose(scopes, "", set(names))
        cases.append({
            "scopes": scopes, "root": "", "open": names, "width": picture.width, "height": picture.height,
            "boxes": [
                {"id": b.item["id"], "x": b.x, "y": b.y, "w": b.w, "h": b.h, "depth": b.depth,
                 "kind": b.item["kind"], "label": b.item["label"]}
                for b in picture.boxes
            ],
            "lines": [{"from": n.source, "to": n.target, "points": [list(p) for p in n.points]} for n in picture.lines],
        })  # fmt: skip
    return cases


def test_composition_agrees_with_the_golden_file_that_the_other_bank_reads():
    """Composition alone is compared: where graphlay puts things is not ours to pin."""
    for case in json.loads((GOLDEN / "compose.json").read_text())["cases"]:
        picture = compose(case["scopes"], case["root"], set(case["open"]))
        assert [b.item["id"] for b in picture.boxes] == [b["id"] for b in case["boxes"]]
        for box, wanted in zip(picture.boxes, case["boxes"], strict=True):
            np.testing.assert_allclose(
                (box.x, box.y, box.w, box.h, box.depth), [wanted[k] for k in ("x", "y", "w", "h", "depth")], atol=1e-6
            )
        for line, wanted in zip(picture.lines, case["lines"], strict=True):
            np.testing.assert_allclose(line.points, wanted["points"], atol=1e-6)
        np.testing.assert_allclose((picture.width, picture.height), (case["width"], case["height"]), atol=1e-6)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / "compose.json").write_text(json.dumps({"cases": golden_cases()}, separators=(",", ":")) + "\n")
