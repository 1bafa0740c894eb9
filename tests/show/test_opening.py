"""The first look: what is all of a function stands open, and the sweeps inside it are folded."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import difflab as dl
from difflab.core.capture import graph
from difflab.show.graph import GraphView
from difflab.show.items import SHELL
from difflab.show.opening import CARRIED
from difflab.show.scopes import ScopeTree

W = {name: np.eye(4, dtype=np.float32) for name in "abcde"}
X = np.ones(4, np.float32)


def net(weights, x):
    for w in weights.values():
        x = jnp.tanh(w @ x)
    return (x * x).sum()


@jax.jit
def step(weights, momentum, x):
    """A training step as it is mostly written: all of it under one `jit`."""
    loss, slopes = jax.value_and_grad(net)(weights, x)
    momentum = jax.tree.map(lambda m, g: 0.9 * m + g, momentum, slopes)
    return jax.tree.map(lambda w, m: w - 0.1 * m, weights, momentum), momentum, loss


@pytest.fixture(scope="module")
def view():
    return GraphView(graph(step, W, W, X))


def labels(section, scope):
    return [item["label"] for item in section["scopes"][scope]["items"]]


def test_a_lone_call_stands_open(view):
    section = view.section()
    assert "0.0" in section["open"]
    assert len(section["scopes"]["0.0"]["items"]) > SHELL


def test_around_a_lone_call_arguments_and_results_are_drawn_as_parts(view):
    section = view.section()
    assert labels(section, "") == ["weights", "momentum", "x", "step", "out[0]", "out[1]", "out[2]"]
    details = [item["detail"] for item in section["scopes"][""]["items"]]
    assert details[:3] == ["5 arrays", "5 arrays", "f32[4]"] and details[-1] == "f32[]"


def test_inside_a_lone_call_the_results_keep_their_names(view):
    inside = labels(view.section(), "0.0")
    assert {"weights['a']", "momentum['e']", "out[0]['a']", "out[1]['e']", "out[2]"} <= set(inside)


def test_all_edges_of_grouped_ends_arrive(view):
    scope = view.section()["scopes"][""]
    ends = {(edge["from"], edge["to"]) for edge in scope["edges"]}
    assert ends == {("i0+4", "0"), ("i5+4", "0"), ("i10", "0"), ("0", "o0+4"), ("0", "o5+4"), ("0", "o10")}


def test_the_sweeps_inside_a_call_are_folded(view):
    assert view.arrangements == ("layered", "fold")
    folded = view.section("fold")["scopes"]["0.0"]
    across = {side: [item["x"] for item in folded["items"] if item["phase"] == side] for side in ("forward", "reverse")}
    assert across["forward"] and max(across["forward"]) < min(across["reverse"])
    assert "residual" in {edge["kind"] for edge in folded["edges"]}


def test_calls_inside_one_another_all_stand_open():
    nested = jax.jit(lambda x: jax.checkpoint(jax.jit(lambda x: jnp.sin(x) * x))(x))
    found = GraphView(graph(nested, X)).section()
    assert found["open"] == ["0.0", "0.0/0.0", "0.0/0.0/0.0"]


def test_a_repeat_that_is_all_of_a_function_stays_an_overview():
    def deep(x):
        for k in range(30):
            with jax.named_scope(f"layer{k}"):
                x = jnp.tanh(x) * x + 1.0
        return x

    tree = ScopeTree(graph(deep, X))
    assert [scope.kind for scope in tree.inner(tree.root)] == ["repeat"] and not list(tree.lone())


def test_a_large_program_in_a_call_is_an_overview_of_what_is_inside():
    def wide(xs):
        for k in range(60):
            with jax.named_scope("odd" if k % 2 else "even"):
                xs = [jnp.sin(x) * y for x, y in zip(xs, (*xs[1:], xs[0]), strict=True)]
        return xs

    section = GraphView(graph(jax.jit(wide), [X] * 12)).section()
    assert section["open"][0] == "0.0"
    assert sum(len(scope["items"]) for scope in section["scopes"].values()) < 2 * CARRIED


def test_a_table_of_costs_begins_inside_a_lone_call():
    table = dl.graph(step, W, W, X).costs()
    assert len(table) > 1
    assert all(row.scope.startswith("0.0/") or row.scope == "0.0" for row in table)
    assert sum(row.cost.flops for row in table) == table.total.cost.flops
    assert [row.label for row in table] == [row.label for row in sorted(table, key=lambda r: -r.cost.flops)]


def test_a_lone_loop_keeps_its_row_with_its_trips():
    (row,) = dl.graph(lambda x: jax.lax.scan(lambda c, _: (jnp.sin(c), None), x, None, length=7)[0], X).costs()
    assert row.label.endswith("× 7") and row.share == 1
