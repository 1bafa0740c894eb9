"""What is searched and read beside the graph, and that a view answers all that a page may ask."""

import json
import linecache
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.capture import graph
from difflab.core.graph import Equation, Graph, Source, Vertex, walk
from difflab.show.graph import GraphView
from difflab.show.index import index, texts
from difflab.show.scopes import LIMIT, ScopeTree


def network(w, x):
    with jax.named_scope("net"):
        h = jnp.tanh(x @ w)
    total, _ = jax.lax.scan(lambda c, t: (c * t, c), h.sum(), h[0])
    return total


@pytest.fixture(scope="module")
def gradient():
    return graph(jax.grad(network), np.ones((3, 3), np.float32), np.ones((2, 3), np.float32))


@pytest.fixture(scope="module")
def view(gradient):
    return GraphView(gradient)


def test_each_node_has_one_row_that_says_what_it_is(gradient):
    made = index(ScopeTree(gradient))
    rows = made["rows"]
    assert len({len(column) for column in rows.values()}) == 1
    ids = [
        made["prefixes"][p] + (str(n) if n >= 0 else f"i{-1 - n}")
        for p, n in zip(rows["prefix"], rows["number"], strict=True)
    ]
    found = dict(zip(ids, range(len(ids)), strict=True))
    assert len(found) == len(ids)
    for node, graph_, equation in walk(gradient):
        k = found[node]
        assert made["strings"][rows["primitive"][k]] == equation.primitive
        assert made["strings"][rows["type"][k]].startswith(graph_.vertices[equation.results[0]].type)
        assert rows["line"][k] == equation.source.line and made["files"][rows["file"][k]] == equation.source.file
    assert [node for node in ids if node[-1].isdigit() and "i" not in node] == [n for n, _, _ in walk(gradient)]


def test_scopes_of_the_index_lead_to_the_root(gradient):
    tree = ScopeTree(gradient)
    made = index(tree)
    assert [name for name, _, _ in made["scopes"]].count("") == 1
    assert {name for name, _, _ in made["scopes"]} == {scope.id for scope in tree.walk()}
    for k, (_, parent, label) in enumerate(made["scopes"]):
        assert label and (-1 <= parent < k)
    rows = made["rows"]
    for prefix, number, scope in zip(rows["prefix"], rows["number"], rows["scope"], strict=True):
        if number >= 0:
            around = tree.find(made["scopes"][scope][0])
            assert around.prefix == made["prefixes"][prefix] and number in around.members


def test_what_a_loop_runs_is_counted(gradient):
    made = index(ScopeTree(gradient))
    assert set(made["rows"]["count"]) == {1, 3}


def test_the_listing_has_the_node_of_each_line(gradient):
    listing = texts(gradient)["listing"]
    nodes = [node for node in listing["node"] if node]
    assert list(dict.fromkeys(nodes)) == [node for node, _, _ in walk(gradient)]
    assert len(listing["text"]) == len(listing["node"])
    for node, captured, equation in walk(gradient):
        assert captured.line(equation) in listing["text"][listing["node"].index(node)]


def test_files_are_carried_as_far_as_equations_come_from_them(gradient):
    (file,) = texts(gradient)["files"]
    for _, _, equation in walk(gradient):
        assert file["lines"][equation.source.line - file["first"]].strip() == equation.source.text


def program(source):
    equation = Equation(0, "sin", {}, (0,), (1,), list, source)
    vertices = Vertex(0, (), "float32", "input"), Vertex(1, (), "float32", "equation", 0)
    return Graph("f", vertices, (equation,), (0,), (1,))


def test_a_file_that_is_gone_is_no_failure():
    (file,) = texts(program(Source("/nowhere/model.py", 7, 1, "f", "y = sin(x)")))["files"]
    assert file == {"name": "/nowhere/model.py", "first": 7, "lines": ["y = sin(x)"]}


def test_interactive_input_is_read_from_where_python_keeps_it(monkeypatch):
    lines = ["def f(x):\n", "    return sin(x)\n"]
    monkeypatch.setitem(linecache.cache, "<cell-for-test>", (1, None, lines, "<cell-for-test>"))
    (file,) = texts(program(Source("<cell-for-test>", 2, 1, "f", "return sin(x)")))["files"]
    assert (file["first"], file["lines"]) == (1, ["def f(x):", "    return sin(x)"])


def test_every_question_of_a_page_is_answered_in_json(view):
    questions = list(view.questions())
    assert len({json.dumps(q, sort_keys=True) for q in questions}) == len(questions)
    assert {q["kind"] for q in questions} == {"texts", "index", "overlay", "arrange", "scope"}
    for question in questions:
        answer = view.answer(question)
        assert answer["kind"] == question["kind"]
        json.dumps(answer, allow_nan=False)


def test_a_widget_hears_the_answer(view):
    class Front:
        def send(self, message):
            self.heard = message

    front = Front()
    view.handlers()["scope"](front, {"kind": "scope", "id": "", "arrangement": "fold"})
    assert front.heard["scope"]["id"] == ""


@pytest.mark.parametrize("message", [{"kind": "dance"}, {"kind": "arrange", "name": "circle"}])
def test_what_a_view_cannot_do_it_says(view, message):
    with pytest.raises(ValueError, match=r"does not answer|no arrangement"):
        view.answer(message)


def test_both_sweeps_are_folded_at_the_loss(view):
    assert view.arrangements == ("layered", "fold")
    assert GraphView(program(None)).arrangements == ("layered",)
    kinds = {e["kind"] for e in view.section("fold")["scopes"][""]["edges"]}
    assert kinds <= {"", "residual"}
    phases = {item["phase"] for item in view.section("fold")["scopes"][""]["items"]}
    assert {"forward", "reverse"} <= phases


def test_an_overlay_has_a_figure_for_each_item_of_what_was_sent():
    fresh = GraphView(program(None))
    section = fresh.section()
    answer = fresh.answer({"kind": "overlay", "id": "kept"})
    assert answer["figures"].keys() == section["scopes"].keys()
    for name, figures in answer["figures"].items():
        assert len(figures) == len(section["scopes"][name]["items"])


def test_an_overlay_that_has_but_more_to_say_is_sent_without_figures_again(gradient):
    fresh = GraphView(gradient)
    sent = fresh.section()["scopes"][""]["figures"]
    answer = fresh.answer({"kind": "overlay", "id": "flops"})
    assert "flops" in sent and answer["figures"] == {} and "XLA: " in answer["overlay"]["note"]


def test_a_neighbourhood_grows_with_its_radius(view, gradient):
    answers = [view.answer({"kind": "around", "id": "1", "radius": radius}) for radius in range(5)]
    inside = [{item["id"] for item in answer["scope"]["items"]} for answer in answers]
    assert inside[0] == {"1"} and all(a <= b for a, b in pairwise(inside))
    joined = {str(reader) for value in gradient.equations[1].results for reader in gradient.consumers()[value]}
    assert joined <= inside[1]
    assert answers[2]["scope"]["kind"] == "around" and set(answers[2]["nodes"]) <= inside[2]


def test_a_hub_has_no_more_neighbours_than_can_be_drawn():
    hub = GraphView(graph(lambda x: sum(jnp.sin(x) * k for k in range(130)), np.float32(1.0)))
    assert len(hub.answer({"kind": "around", "id": "i0", "radius": 9})["scope"]["items"]) == LIMIT


def test_an_unknown_node_has_no_neighbourhood(view):
    with pytest.raises(KeyError, match="no node"):
        view.answer({"kind": "around", "id": "z9", "radius": 1})


def test_frequent_operands_are_chips_and_their_box_stays():
    functions = [
        jax.lax.sin,
        jax.lax.cos,
        jax.lax.exp,
        jax.lax.tanh,
        jax.lax.sqrt,
        jax.lax.log,
        jax.lax.neg,
        jax.lax.abs,
    ]
    section = GraphView(graph(lambda x: [f(x) for f in functions], np.float32(1.0))).section()
    items = {item["id"]: item for item in section["scopes"][""]["items"]}
    assert items["i0"]["kind"] == "input"
    chips = [item for item in items.values() if ["i0", "x"] in item["chips"]]
    assert len(chips) == 7 and all(item["h"] == 56.0 for item in chips)
    assert [edge["to"] for edge in section["scopes"][""]["edges"] if edge["from"] == "i0"] == ["0"]


def test_changes_only_is_offered_of_a_comparison(gradient):
    compared = GraphView(gradient, changes={"2": "changed"})
    assert compared.arrangements == ("layered", "fold", "changes")
    section = compared.section("changes")
    assert any(item["label"].endswith("unchanged") for scope in section["scopes"].values() for item in scope["items"])
