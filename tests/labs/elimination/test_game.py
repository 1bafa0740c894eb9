"""Positions of the game: moves, undo, counts, comparisons, saved orders, and what is refused."""

import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.linear import plain
from difflab.labs.elimination import Elimination, eliminate, game

X = np.linspace(0.1, 0.9, 4, dtype=np.float32)


def f(x, y):
    product = x * y
    wave = jnp.sin(product)
    return wave * product, jnp.exp(wave)


@pytest.fixture
def start() -> Elimination:
    return eliminate(f, 0.4, 1.2)


def test_a_move_gives_a_new_position_and_leaves_the_old(start: Elimination):
    after = start.eliminate("1")
    assert (start.order, after.order) == ((), ("1",))
    assert "1" in start.remaining
    assert start.counts.cost == 0
    assert after.counts.cost == 2
    assert after.undo().order == start.order
    assert after.undo().edges == start.edges
    assert after.reset().edges == start.edges


def test_a_frame_says_what_became_of_the_edges(start: Elimination):
    frame = start.eliminate("1").frames[0]
    assert (frame.vertex, frame.node, frame.cost, frame.scalar_cost) == ("1", "1", 2, 2)
    assert frame.added == (("0", "3", "scalar"),)
    assert frame.merged == (("0", "2", "scalar"),)
    assert {edge[:2] for edge in frame.removed} == {("0", "1"), ("1", "2"), ("1", "3")}
    assert "eliminate wave" in frame.text


def test_edges_are_those_before_minus_removed_plus_added(start: Elimination):
    position = start
    edges = {edge[:2] for edge in start.edges}
    for vertex in start.remaining[::-1]:
        position = position.eliminate(vertex)
        frame = position[-1]
        edges = edges - {e[:2] for e in frame.removed} | {e[:2] for e in frame.added}
        assert edges == {edge[:2] for edge in position.edges}
    assert position.finished


def test_playable_says_what_the_move_will_do(start: Elimination):
    for vertex, move in start.playable().items():
        frame = start.eliminate(vertex).frames[-1]
        assert (move.cost, move.scalar_cost, move.fill) == (frame.cost, frame.scalar_cost, len(frame.added))


def test_labels_and_numbers_name_vertices_too(start: Elimination):
    assert start.eliminate("wave").order == start.eliminate(1).order == ("1",)


def test_playing_goes_on_from_here(start: Elimination):
    assert start.eliminate("1").play("reverse").order == ("1", "0")
    assert start.play(["product"]).order == ("0",)
    assert start.play().finished
    assert start.play("markowitz").finished


def test_baselines_are_of_the_whole_graph(start: Elimination):
    later = start.eliminate("1")
    assert later.baselines() == start.baselines()
    assert [one.name for one in start.baselines()] == ["forward", "reverse", "markowitz_first", "markowitz_last"]
    for one in start.baselines():
        played = start.play(one.name)
        assert (played.counts.cost, played.counts.scalar_cost, played.order) == (one.cost, one.scalar_cost, one.order)
    costs = {one.name: one.cost for one in start.baselines()}
    assert costs[start.best] == min(costs.values())


def test_it_prints_as_a_table_with_named_counts(start: Elimination):
    text = str(start.play("reverse"))
    assert "2 of 2 vertices eliminated" in text
    assert "structured multiplications" in text
    assert "all edges dense" in text
    assert "1 wave" in text
    assert "← best" in text
    long = str(eliminate(lambda x: [x := jnp.sin(x) for _ in range(60)][-1], 0.1).play("forward"))
    assert "more …" in long
    assert "nothing" not in str(eliminate(lambda x: x, X))


def test_an_order_is_saved_and_loaded(start: Elimination):
    played = start.play("reverse")
    assert start.from_json(played.to_json()).order == played.order


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no saved order"),
        ("[]", "no saved order"),
        ('{"order": []}', "no saved order"),
        ('{"graph": "abc", "order": []}', "saved for graph abc"),
    ],
)
def test_a_wrong_file_is_refused(start: Elimination, text: str, message: str):
    with pytest.raises(ValueError, match=message):
        start.from_json(text)


@pytest.mark.parametrize(
    ("vertex", "message"),
    [("i0", "is an input"), ("2", "is an output"), ("nothing", "no such vertex"), (17, "no such vertex")],
)
def test_a_wrong_vertex_is_refused(start: Elimination, vertex, message: str):
    with pytest.raises(ValueError, match=message):
        start.eliminate(vertex)


def test_other_wrong_moves_are_refused(start: Elimination):
    with pytest.raises(ValueError, match="names vertex '1' again"):
        start.eliminate("1").eliminate("1")
    with pytest.raises(ValueError, match="nothing to undo"):
        start.undo()
    with pytest.raises(ValueError, match="no order named"):
        start.play("best")


def test_a_label_means_the_vertex_and_not_its_sink():
    def g(x):
        y = jnp.sin(x)
        return y, jnp.cos(y)

    assert eliminate(g, 0.3).eliminate("y").order == ("0",)


def test_functions_without_anything_to_differentiate_are_refused():
    with pytest.raises(TypeError, match="no array arguments"):
        eliminate(lambda: 1.0)
    with pytest.raises(TypeError, match="floating dtype"):
        eliminate(lambda n: n * 2, 3)


def test_a_plain_graph_has_no_numbers():
    e = game(plain([(-1, 1), (1, 2)], [-1], [2])).play()
    with pytest.raises(ValueError, match="given by its edges alone"):
        _ = e.jacobian


def test_functions_without_intermediates_are_over_at_once():
    e = eliminate(lambda x: (x, 1.0), X)
    assert e.finished
    assert e.play().counts.cost == 0
