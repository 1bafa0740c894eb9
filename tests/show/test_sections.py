"""What travels: plain JSON, ids that lead somewhere, limits that are kept."""

import json
import math
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import difflab as dl
from difflab.core.capture import graph
from difflab.core.summary import summarize
from difflab.labs.adjoint import inspect
from difflab.labs.check import check
from difflab.labs.elimination import eliminate
from difflab.show.adjoint import adjoint_section, adjoint_svg
from difflab.show.check import check_section, check_svg
from difflab.show.drawing import Draughtsman
from difflab.show.elimination import Game, elimination_svg
from difflab.show.graph import GraphView
from difflab.show.wire import number, summary

GOLDEN = Path(__file__).parent.parent / "golden"
POINTS = np.array([[0.0, 1.0], [2.0, 2.0]], np.float32)


def closest(points, target):
    squared = jnp.sum((points - target) ** 2, axis=1)
    return jnp.sum(jnp.where(squared > 0, jnp.sqrt(squared), 0.0))


def looped(x):
    return jax.lax.scan(lambda c, t: (c * t, c + t), x[0], x)[0]


FUNCTIONS = {"closest": (closest, (POINTS, POINTS[1])), "looped": (looped, (POINTS[0] + 1.0,))}


@pytest.fixture(params=FUNCTIONS)
def function(request):
    name, arguments = FUNCTIONS[request.param]
    return name, *arguments


def strict(section):
    """Through JSON as a browser reads it: no NaN, no Python objects."""
    return json.loads(json.dumps(section, allow_nan=False))


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (1.5, 1.5),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (math.inf, "Infinity"),
        (1 + 2j, [1.0, 2.0]),
        (None, None),
    ],
)
def test_numbers_travel_as_json_can_carry_them(value, wire):
    assert number(value) == wire


def test_the_mean_of_one_entry_is_the_entry():
    assert summary(summarize(jnp.float32(2.5)))[4] == 2.5
    assert summary(summarize(jnp.array([jnp.nan]))) == [1, "NaN", "NaN", "NaN", "NaN", 1, 0, 0]


def test_adjoint_columns_have_one_row_a_step_and_nodes_of_the_graph(function):
    trace = inspect(*function)
    section = strict(adjoint_section(trace))
    assert {len(column) for column in section["columns"].values()} == {section["steps"]} == {2 * section["forward"]}
    nodes = {node for scope in scopes_of(trace.graph) for node in scope}
    assert set(section["columns"]["node"]) <= nodes
    assert section["columns"]["phase"] == ["forward"] * section["forward"] + ["reverse"] * section["forward"]


def scopes_of(captured):
    draughtsman, waiting = Draughtsman(captured), [""]
    while waiting:
        scope, _ = draughtsman.scope(waiting.pop())
        waiting.extend(inner for item in scope["items"] for inner in item["scopes"])
        yield [item["id"] for item in scope["items"]]


def test_the_first_nan_is_marked_at_a_step_that_is_flagged():
    section = adjoint_section(inspect(closest, POINTS, POINTS[1]))
    first = section["marks"]["first_nan"]
    assert section["columns"]["flag"][first] == "nan"
    assert "nan" not in section["columns"]["flag"][:first]


def test_long_traces_keep_both_ends_and_say_so(monkeypatch):
    monkeypatch.setattr("difflab.show.adjoint.CARRIED", 20)
    section = adjoint_section(inspect(lambda x: jax.lax.fori_loop(0, 30, lambda i, v: jnp.sin(v), x), 1.0))
    assert section["steps"] == 20 and section["forward"] == 10
    assert "not drawn" in section["truncated"]
    texts = section["columns"]["text"]
    assert texts[:10] == texts[10:][::-1], "each step of the reverse sweep has its forward step"


def test_playing_from_the_front_end_is_playing_the_object():
    class Front:
        shown, elimination, steps = {}, None, []

        def go(self, view, step):
            self.steps.append((view, step))

    start = eliminate(lambda x, y: jnp.sin(x * y) * jnp.cos(x * y), 1.0, 2.0)
    game, front = Game(start), Front()
    acts = game.handlers()
    acts["eliminate"](front, {"kind": "eliminate", "vertex": start.remaining[0]})
    assert front.elimination["order"] == [start.remaining[0]]
    acts["undo"](front, {"kind": "undo"})
    assert front.elimination["order"] == []
    acts["order"](front, {"kind": "order", "name": "reverse"})
    assert front.shown["elimination"].finished
    wanted = next(b for b in start.baselines() if b.name == "reverse")
    assert front.elimination["counts"]["cost"] == wanted.cost
    acts["reset"](front, {"kind": "reset"})
    assert front.steps[-1] == ("elimination", 0)


def test_edges_after_each_frame_can_be_replayed_without_the_kernel():
    start = eliminate(lambda x, y: jnp.sin(x * y) * jnp.cos(x * y) + y, 1.0, 2.0)
    section = strict(Game(start.play("forward")).section())
    edges = {(a, b) for a, b, _ in section["edges"]}
    position = start
    for frame in section["frames"]:
        edges -= {tuple(pair) for pair in frame["removed"]}
        edges |= {(a, b) for a, b, _ in frame["added"]}
        position = position.eliminate(frame["vertex"])
        assert edges == {(a, b) for a, b, _ in position.edges}


def chain(x):
    for k in range(600):
        x = jnp.sin(x) * 1.01 if k % 2 else jnp.cos(x)
    return x


def test_a_function_too_large_to_draw_is_still_counted():
    at = eliminate(chain, 1.0)
    section = strict(Game(at).section())
    assert len(section["vertices"]) <= 400 and "too many to draw" in section["truncated"]
    assert {b["name"] for b in section["baselines"]} >= {"forward", "reverse"}
    assert "too many to draw" in elimination_svg(at)


def test_static_pictures_are_well_formed_and_deterministic(function):
    pictures = [
        (adjoint_svg, inspect(*function)),
        (check_svg, check(*function)),
        (elimination_svg, eliminate(*function)),
    ]
    for draw, shown in pictures:
        text = draw(shown)
        assert ElementTree.fromstring(text).tag.endswith("svg")
        assert text == draw(shown)
        assert "nan" not in "".join(part for part in text.split('"')[1::2]).lower(), "no coordinate is NaN"


def golden_state():
    """The state of a real lab, as it travels; the folder of the source file is left out."""
    made = dl.lab(closest, *FUNCTIONS["closest"][1])
    state = {view: getattr(made.widget(), view) for view in made.widget().views}
    state["elimination"] = Game(made.elimination.play("forward")).section()
    for info in state["graph"]["nodes"].values():
        if info["source"]:
            info["source"] = {**info["source"], "file": Path(info["source"]["file"]).name}
    function, arguments = FUNCTIONS["closest"]
    state["check"] = {**check_section(check(function, *arguments, budget=240.0)), "seconds": 0}
    return strict(state)


def shape(value):
    """Keys and kinds, without the numbers and texts that a version of JAX may change."""
    if isinstance(value, dict):
        fixed = all(key.isidentifier() for key in value)
        return {key: shape(inner) for key, inner in value.items()} if fixed else [shape(next(iter(value.values())))]
    if isinstance(value, list):
        return sorted({json.dumps(shape(inner), sort_keys=True) for inner in value})
    return "number" if isinstance(value, int | float) or value in ("NaN", "Infinity") else type(value).__name__


def test_what_travels_has_the_form_of_the_golden_file_that_the_other_bank_reads():
    golden, now = json.loads((GOLDEN / "lab.json").read_text()), golden_state()
    assert set(golden) == set(now)
    for view, section in golden.items():
        assert shape(now[view]) == shape(section), view


def test_a_graph_section_carries_what_it_opens():
    section = strict(GraphView(graph(*FUNCTIONS["looped"][:1], *FUNCTIONS["looped"][1])).section())
    assert set(section["open"]) <= set(section["scopes"])
    assert section["counts"]["equations"] > 0


if __name__ == "__main__":
    (GOLDEN / "lab.json").write_text(json.dumps(golden_state(), separators=(",", ":")) + "\n")
