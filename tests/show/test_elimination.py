"""The explorer's kernel side: positions and their history, locks, races, searches, puzzles, groups."""

import itertools
import json
import threading

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.linear import plain
from difflab.labs.elimination import Elimination, eliminate, game
from difflab.labs.elimination.puzzles import PUZZLES, challenge
from difflab.show.elimination import Game
from difflab.show.groups import DRAWN, Groups
from difflab.show.live import LiveSearch
from difflab.show.sheet import CARRIED


class Front:
    """What a handler sees of a widget."""

    def __init__(self, start):
        self.game = Game(start)
        self.shown, self.elimination, self.sent, self.steps = {}, self.game.section(), [], []
        self.ended = threading.Event()

    def go(self, view, step):
        self.steps.append((view, step))

    def send(self, message):
        self.sent.append(json.loads(json.dumps(message, allow_nan=False)))
        if message.get("kind") == "search" and not message["search"]["running"]:
            self.ended.set()

    @property
    def searches(self):
        return [message["search"] for message in self.sent if message["kind"] == "search"]

    def ask(self, kind, **more):
        self.game.handlers()[kind](self, {"kind": kind, **more})
        return json.loads(json.dumps(self.elimination, allow_nan=False))


def small(x, y):
    c = x * y
    return jnp.sin(c) * jnp.cos(c) + y


def deep(x):
    for k in range(300):
        with jax.named_scope(f"block{k // 100}"):
            x = jnp.sin(x) * jnp.cos(x)
    return x


@pytest.fixture
def front():
    return Front(eliminate(small, 1.0, 2.0))


@pytest.fixture(scope="module")
def large():
    return eliminate(deep, 1.0)


def test_undo_and_redo_walk_through_all_that_was_done(front):
    first, second = front.game.position.remaining[:2]
    front.ask("eliminate", vertex=first)
    front.ask("order", name="reverse")
    played = front.elimination["order"]
    assert front.ask("undo")["order"] == [first]
    assert front.ask("undo")["order"] == [] and not front.elimination["can"]["undo"]
    assert front.ask("undo")["order"] == []
    assert front.ask("redo")["order"] == [first]
    assert front.ask("redo")["order"] == played and not front.elimination["can"]["redo"]
    front.ask("undo")
    assert front.ask("eliminate", vertex=second)["can"] == {"undo": True, "redo": False}, "a new move ends the redoing"


def test_a_position_that_was_played_before_is_taken_back_vertex_by_vertex():
    front = Front(eliminate(small, 1.0, 2.0).play("forward"))
    whole = front.elimination["order"]
    assert front.ask("undo")["order"] == whole[:-1]
    assert front.ask("redo")["order"] == whole


def test_a_vertex_is_eliminated_at_an_earlier_step(front):
    a, b, c, *_ = front.game.position.remaining
    front.ask("eliminate", vertex=a)
    front.ask("eliminate", vertex=b)
    assert front.ask("eliminate", vertex=c, at=1)["order"] == [a, c]
    assert front.ask("undo")["order"] == [a, b]


def test_an_order_is_rearranged(front):
    order = front.ask("order", name="forward")["order"]
    moved = [order[-1], *order[:-1]]
    assert front.ask("reorder", order=moved)["order"] == moved
    assert front.steps[-1] == ("elimination", len(order))


def test_locked_vertices_keep_their_end_of_the_order(front):
    a, *_, z = front.game.position.remaining
    front.ask("lock", vertex=z, place="first")
    assert front.ask("lock", vertex=a, place="last")["locks"] == {z: "first", a: "last"}
    for ask in ({"kind": "finish", "model": "all_edges"}, {"kind": "order", "name": "forward"}):
        order = front.ask(**ask)["order"]
        assert order[0] == z and order[-1] == a
        front.ask("reset")
    assert front.ask("lock", vertex=z, place=None)["locks"] == {a: "last"}
    with pytest.raises(ValueError, match="cannot be locked"):
        front.ask("lock", vertex="nowhere", place="first")


def test_a_saved_order_can_be_raced_and_played(front):
    a = front.game.position.remaining[0]
    front.ask("eliminate", vertex=a)
    names = [b["name"] for b in front.ask("save")["baselines"]]
    assert names[-1] == "saved 1"
    front.ask("reset")
    front.ask("race", name="reverse")
    race = front.sent[-1]["race"]
    reverse = next(b for b in front.elimination["baselines"] if b["name"] == "reverse")
    assert (sum(race["costs"]), sum(race["scalar_costs"])) == (reverse["cost"], reverse["scalar_cost"])
    assert front.ask("order", name="saved 1")["order"] == [a]
    with pytest.raises(ValueError, match="no order named"):
        front.ask("order", name="sideways")


def test_floors_and_bounds_are_below_every_order():
    start = eliminate(small, 1.0, 2.0)
    bound = Front(start).elimination["bound"]
    assert sum(bound["floors"].values()) <= bound["value"]
    for order in itertools.permutations(start.remaining):
        played = start.play(order)
        assert bound["value"] <= played.counts.scalar_cost
        assert all(bound["floors"][frame.vertex] <= frame.scalar_cost for frame in played.frames)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(5)), st.integers(0, 5))
def test_what_can_still_be_reached_is_below_what_is_reached(order, step):
    start = challenge("hole")
    ids = [start.remaining[k] for k in order]
    front = Front(start.play(ids[:step]))
    assert front.elimination["bound"]["now"] <= start.play(ids).counts.scalar_cost


def test_finishing_leaves_nothing(front):
    section = front.ask("finish", model="all_edges")
    assert front.game.position.finished and section["playable"] == {}
    front.ask("verify")
    verdict = front.sent[-1]
    assert verdict["kind"] == "verdict" and verdict["text"]
    assert verdict["proved"] == (section["counts"]["scalar_cost"] == section["bound"]["value"])


def test_a_search_runs_beside_the_widget_and_is_adopted(front):
    front.ask("search", model="all_edges", seconds=20)
    assert front.sent[0]["search"]["running"]
    assert front.ended.wait(60)
    front.ask("adopt")
    last = front.searches[-1]
    best = min(
        front.game.position.reset().play(order).counts.scalar_cost
        for order in itertools.permutations(front.game.position.reset().remaining)
    )
    assert last["events"][-1]["cost"] == front.elimination["counts"]["scalar_cost"] == best
    assert any(b["name"] == "search" for b in front.elimination["baselines"])
    assert front.ask("undo")["order"] == []


def test_a_search_goes_on_from_where_the_player_stands_and_keeps_the_locks(front):
    a, b, *_ = front.game.position.remaining
    front.ask("eliminate", vertex=b)
    front.ask("lock", vertex=a, place="last")
    front.ask("search", model="nontrivial", seconds=1)
    assert front.ended.wait(60)
    section = front.ask("adopt")
    assert section["order"][0] == b and section["order"][-1] == a
    assert front.searches[-1]["events"][-1]["cost"] == section["counts"]["cost"]


def test_a_running_search_is_adopted_when_it_has_ended(front):
    front.ask("search", model="all_edges", seconds=600)
    front.ask("adopt")
    front.game._live.stop(wait=None)
    assert front.game.position.finished and not front.searches[-1]["running"]


def test_a_search_can_be_stopped_and_its_fault_is_told(monkeypatch):
    def endless(self, *, stop, **_):
        while not stop():
            threading.Event().wait(0.01)
        raise RuntimeError("stopped")

    monkeypatch.setattr(Elimination, "search", endless)
    said, live, start = [], LiveSearch(), eliminate(small, 1.0, 2.0)
    live.start(start, said.append, seconds=1e6, model="nontrivial")
    with pytest.raises(ValueError, match="running already"):
        live.start(start, said.append, seconds=1, model="nontrivial")
    live.stop(wait=None)
    assert not live.running and said[-1]["search"]["status"] == "RuntimeError: stopped"


def test_nothing_is_adopted_before_a_search(front):
    with pytest.raises(ValueError, match="start a search first"):
        front.ask("adopt")


@pytest.mark.parametrize("name", PUZZLES)
def test_every_puzzle_is_a_game_with_its_par(name):
    front = Front(challenge(name))
    assert front.elimination["puzzle"] == {"name": name, "par": PUZZLES[name].optimum, "names": list(PUZZLES)}
    assert front.elimination["model"] == "all_edges"
    assert front.elimination["bound"]["value"] <= PUZZLES[name].optimum


def test_one_puzzle_leads_to_the_next():
    front = Front(challenge("simple"))
    front.ask("finish", model="all_edges")
    assert front.ask("puzzle", name="hole")["puzzle"]["name"] == "hole"
    assert front.elimination["order"] == [] and front.shown["elimination"].linear.name == "hole"


def test_a_function_that_is_called_like_a_puzzle_is_none():
    def hole(x):
        return jnp.sin(x) * x

    assert Front(eliminate(hole, 1.0)).elimination["puzzle"] is None


def test_tensors_are_counted_as_they_are_executed():
    assert Front(eliminate(lambda x: jnp.sin(x @ x), jnp.ones((2, 2)))).elimination["model"] == "nontrivial"


def test_a_large_graph_opens_by_its_scopes(large):
    front = Front(large)
    top = front.elimination
    assert len(large.linear.vertices) > DRAWN >= len(top["vertices"])
    boxes = [vertex for vertex in top["vertices"] if vertex["role"] == "group"]
    assert {"block0", "block1", "block2"} <= {box["label"] for box in boxes}
    assert top["matrix"]["cells"] and top["playable"] == {}
    inside = front.ask("open", group=boxes[0]["id"])
    while not inside["playable"]:
        inside = front.ask("open", group=next(v["id"] for v in inside["vertices"] if v["role"] == "group"))
    vertex = next(iter(inside["playable"]))
    after = front.ask("eliminate", vertex=vertex)
    assert after["frames"][-1]["vertex"] == vertex and after["group"] == inside["group"]
    assert front.ask("open", group=None)["group"] is None
    with pytest.raises(ValueError, match="no group"):
        front.ask("open", group="~99999")
    assert front.elimination["group"] is None


def test_every_vertex_of_a_large_graph_is_in_one_box(large):
    groups = Groups(large)
    found = [number for item in groups.items(large, None) for number in item.numbers]
    assert sorted(found) == list(range(len(large.linear.vertices)))


def test_the_entries_of_a_large_matrix_are_all_counted(large):
    played = large.play(large.remaining[200:260])
    cells = Front(played).elimination["matrix"]["cells"]
    assert sum(original + filled for _, _, original, filled in cells) == played.counts.edges
    original = {edge[:2] for edge in large.edges}
    assert sum(cell[3] for cell in cells) == sum(edge[:2] not in original for edge in played.edges)


def test_what_is_drawn_of_an_open_group_can_be_replayed(large):
    front = Front(large.play(large.remaining[5:60:3]))
    group = next(v["id"] for v in front.elimination["vertices"] if v["label"].startswith("block0"))
    section = front.ask("open", group=group)
    edges = {(a, b) for a, b, _ in section["edges"]}
    for frame in section["frames"]:
        edges -= {tuple(pair) for pair in frame["removed"]}
        edges |= {(a, b) for a, b, _ in frame["added"]}
    drawn = {vertex["id"] for vertex in section["vertices"] if vertex["role"] in ("intermediate", "input", "output")}
    now = {(a, b) for a, b, _ in front.game.position.edges}
    assert {e for e in edges if drawn.issuperset(e)} == {e for e in now if drawn.issuperset(e)}


def test_a_graph_without_a_program_is_cut_into_runs():
    count = 2 * DRAWN
    line = plain([(k, k + 1) for k in range(count)], [0], [count], "line")
    front = Front(game(line))
    boxes = [vertex for vertex in front.elimination["vertices"] if vertex["role"] == "group"]
    assert 20 < len(boxes) <= 60
    played = front.ask("order", name="reverse")
    assert played["before"]["steps"] + len(played["frames"]) == count - 1
    assert played["counts"]["scalar_cost"] == played["bound"]["value"] == count - 1


def test_of_a_long_game_the_end_is_carried(monkeypatch):
    monkeypatch.setattr("difflab.show.elimination.CARRIED", 3)
    monkeypatch.setattr("difflab.show.sheet.CARRIED", 3)
    front = Front(eliminate(small, 1.0, 2.0).play("forward"))
    section, position = front.elimination, front.game.position
    assert CARRIED > 3 and section["before"]["steps"] == len(position.frames) - 3
    assert section["before"]["cost"] + sum(frame["cost"] for frame in section["frames"]) == position.counts.cost
    assert front.ask("undo")["before"]["steps"] == len(position.frames) - 4
