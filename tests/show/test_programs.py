"""Whatever the program: random nests of calls, loops, branches, rules and names, through everything a page may ask."""

import json
import random
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.capture import graph
from difflab.core.graph import walk
from difflab.show.graph import GraphView
from difflab.show.scopes import LIMIT, Scope, ScopeTree

X = np.array([0.2, 0.7, -0.4], np.float32)
Step = Callable[[jax.Array], jax.Array]


@jax.custom_jvp
def ruled(x):
    return jnp.sin(x)


ruled.defjvp(lambda primals, tangents: (ruled(*primals), jnp.cos(primals[0]) * tangents[0]))


def chain(steps: list[Step]) -> Step:
    def run(x):
        kept = x
        for step in steps:
            x = step(x)
        return x + kept

    return run


def named(name: str, inner: Step) -> Step:
    def run(x):
        with jax.named_scope(name):
            return inner(x)

    return run


WRAPPERS: list[Callable[[Step, int], Step]] = [
    lambda inner, k: jax.jit(inner),
    lambda inner, k: jax.checkpoint(inner),
    lambda inner, k: named(f"part{k}", inner),
    lambda inner, k: named("block", inner),
    lambda inner, k: lambda x: jax.lax.scan(lambda c, _: (inner(c), None), x, None, length=3)[0],
    lambda inner, k: lambda x: jax.lax.cond(x.sum() > 0, inner, jnp.cos, x),
    lambda inner, k: chain([inner] * 9),
]
LEAVES: list[Step] = [
    jnp.sin,
    jnp.tanh,
    ruled,
    lambda x: x * x,
    lambda x: x @ jnp.eye(3),
    lambda x: jnp.where(x > 0, x, 0),
]


def program(seed: int) -> Step:
    """A nest of at most three levels, the same for a seed."""
    chance = random.Random(seed)

    def made(depth: int) -> Step:
        steps = [chance.choice(LEAVES) for _ in range(chance.randint(1, 3))]
        if depth:
            steps += [
                chance.choice(WRAPPERS)(made(depth - 1), chance.randint(0, 3)) for _ in range(chance.randint(1, 2))
            ]
        chance.shuffle(steps)
        return chain(steps)

    inner = made(3)
    return jax.grad(lambda x: inner(x).sum()) if seed % 2 else inner


@pytest.fixture(scope="module", params=range(4))
def view(request) -> GraphView:
    return GraphView(graph(program(request.param), X))


@pytest.fixture(scope="module")
def answers(view) -> list[tuple[dict, dict]]:
    """Every question of a page, outermost first, with its answer; of many scopes the first."""
    return [(question, view.answer(question)) for question, _ in zip(view.questions(), range(40), strict=False)]


def drawings(answers):
    return [answer["scope"] for question, answer in answers if question["kind"] == "scope"]


def test_scopes_hold_every_equation_once_and_are_few_enough_to_read(view):
    scopes = list(ScopeTree(view.graph).walk())
    held = [f"{s.prefix}{m}" for s in scopes for m in s.members if isinstance(m, int)]
    assert sorted(held) == sorted(node for node, _, _ in walk(view.graph))
    assert len({s.id for s in scopes}) == len(scopes)
    for s in scopes:
        assert len(s.members) <= LIMIT and s.label
        assert [k for m in s.members for k in (m.equations() if isinstance(m, Scope) else [m])] == list(s.equations())
        assert view.tree.find(s.id).label == s.label


def test_every_question_is_answered_in_json_without_nan(answers):
    assert {question["kind"] for question, _ in answers} >= {"texts", "index", "scope"}
    for question, answer in answers:
        assert answer["kind"] == question["kind"]
        json.dumps(answer, allow_nan=False)


def test_figures_are_one_an_item_and_ends_of_edges_are_items(answers):
    for scope in drawings(answers):
        names = {item["id"] for item in scope["items"]}
        assert len(names) == len(scope["items"])
        assert all(len(figures) == len(scope["items"]) for figures in scope["figures"].values())
        joined = [(edge["from"], edge["to"]) for edge in scope["edges"]] + [tuple(pair) for pair in scope["portals"]]
        assert all(source in names and target in names for source, target in joined)
        assert len(set(joined)) == len(joined)


def test_a_drawing_has_a_cycle_only_where_an_edge_says_so(answers):
    for scope in drawings(answers):
        left = {item["id"] for item in scope["items"]}
        edges = [(edge["from"], edge["to"]) for edge in scope["edges"] if edge["kind"] != "back"]
        while free := left - {target for source, target in edges if source in left}:
            left -= free
        assert not left, scope["id"]


def test_the_index_has_the_lines_of_the_listing(view):
    rows = view.answer({"kind": "index"})["index"]
    listing = view.answer({"kind": "texts"})["texts"]["listing"]
    columns = zip(rows["rows"]["prefix"], rows["rows"]["number"], strict=True)
    found = [f"{rows['prefixes'][prefix]}{number}" for prefix, number in columns if number >= 0]
    assert found == list(dict.fromkeys(node for node in listing["node"] if node))
