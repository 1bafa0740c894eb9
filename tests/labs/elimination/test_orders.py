"""The named orders and their counts: the literature's figures, and recounts that share no code with the lab."""

import itertools
import json
import random
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.capture import graph
from difflab.core.contraction import Block
from difflab.core.linear import LinearGraph, linearise, plain
from difflab.labs.elimination import eliminate, game
from difflab.labs.elimination.execution.execute import contract
from difflab.labs.elimination.orders import ORDERS
from difflab.labs.elimination.state import State

TASKS = json.loads((Path(__file__).parent / "data" / "alphagrad_scalar_tasks.json").read_text())["tasks"]
"""Graphs of AlphaGrad's scalar tasks, from the public code (the file names its source)."""

PUBLISHED = {
    "RoeFlux_1d": (620, 364, 407, 344),
    "RobotArm_6DOF": (397, 301, 288, 221),
    "HumanHeartDipole": (240, 172, 194, 148),
    "PropaneCombustion": (151, 90, 111, 88),
    "g": (632, 566, 451, 444),
}
"""Forward, reverse, Markowitz with ties to the first (AlphaGrad's baseline) and to the last."""

PRUNED = {"BlackScholes_Jacobian": (513, 453, 350)}
"""Without AlphaGrad's phantom vertex and dead equations; its own figures are 545/572/350."""


def task(name: str) -> LinearGraph:
    found = TASKS[name]
    return plain(map(tuple, found["edges"]), [-k - 1 for k in range(found["inputs"])], found["outputs"], name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_literatures_counts_are_reproduced(name: str):
    found = {one.name: (one.cost, one.scalar_cost) for one in game(task(name)).baselines()}
    assert found == {order: (cost, cost) for order, cost in zip(ORDERS, PUBLISHED[name], strict=True)}


def test_the_honest_black_scholes_counts_are_reproduced():
    found = [one.cost for one in game(task("BlackScholes_Jacobian")).baselines()]
    assert tuple(found[:3]) == PRUNED["BlackScholes_Jacobian"]


@st.composite
def dags(draw):
    """Edges of a random graph: inputs −1 and −2, vertices 1 to n, the last two outputs."""
    n = draw(st.integers(3, 9))
    edges = set()
    for v in range(1, n + 1):
        earlier = [-1, -2, *range(1, v)]
        edges |= {(u, v) for u in draw(st.lists(st.sampled_from(earlier), min_size=1, max_size=3, unique=True))}
    return sorted(edges), [n - 1, n]


def recount(edges: list, outputs: list, order: list[int]) -> int:
    """Σ |predecessors| · |successors|, where u → w is an edge if a path leads through eliminated vertices only."""
    sinks = {w: f"sink {w}" for w in outputs if any(u == w for u, _ in edges)}
    arcs = {*edges, *sinks.items()}
    gone: set = set()
    cost = 0
    for v in order:
        inward = {u for u, w in reach(arcs, gone | {v}) if w == v and u not in gone}
        outward = {w for u, w in reach(arcs, gone | {v}) if u == v and w not in gone}
        cost += len(inward) * len(outward)
        gone.add(v)
    return cost


def reach(arcs: set, inside: set) -> set:
    """All (u, w) with a path whose interior lies in `inside`."""
    found = set(arcs)
    while True:
        more = {(u, x) for (u, v), (w, x) in itertools.product(found, arcs) if v == w and v in inside}
        if more <= found:
            return found
        found |= more


def live(edges: list, outputs: list) -> list:
    forward, backward = {-1, -2}, set(outputs)
    for _ in edges:
        forward |= {v for u, v in edges if u in forward}
        backward |= {u for u, v in edges if v in backward}
    return [(u, v) for u, v in edges if {u, v} <= forward & backward]


@given(dags(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_counts_of_random_graphs_and_orders(drawn: tuple, chance: random.Random):
    edges, outputs = drawn
    start = game(plain(edges, [-1, -2], outputs))
    order = list(start.remaining)
    chance.shuffle(order)
    played = start.play(order)
    expected = recount(live(edges, outputs), outputs, [int(v) for v in order])
    assert played.counts.scalar_cost == expected


@given(dags())
@settings(max_examples=60, deadline=None)
def test_markowitz_always_takes_a_cheapest_vertex(drawn: tuple):
    edges, outputs = drawn
    start = plain(edges, [-1, -2], outputs)
    for name, last in (("markowitz_first", False), ("markowitz_last", True)):
        state = State(start)
        for vertex in ORDERS[name](State(start)):
            costs = {v: state.cost(v) for v in state.remaining}
            ties = [v for v, cost in costs.items() if cost == min(costs.values())]
            assert vertex == (max(ties) if last else min(ties))
            state.eliminate(vertex)


@given(dags(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_edges_depend_on_the_set_not_on_the_order(drawn: tuple, chance: random.Random):
    edges, outputs = drawn
    start = game(plain(edges, [-1, -2], outputs))
    some = [v for v in start.remaining if chance.random() < 0.6]
    first = start.play(some)
    chance.shuffle(some)
    pairs = [{(u, v) for u, v, _ in e.edges} for e in (first, start.play(some))]
    assert pairs[0] == pairs[1]


def attention(x, w):
    q = x @ w
    return jax.nn.softmax(q @ x.T) @ jnp.sin(x).reshape(3, 4)[:, ::2]


def emitted(linear: LinearGraph, leaves: list, order: list[int]) -> int:
    """Multiplications in the program that accumulates the Jacobian, counted in its jaxpr."""
    _, edges = linear.values(leaves)
    arrays = {edge: block.value for edge, block in edges.items() if block.value is not None}

    def accumulate(arrays):
        blocks = {edge: Block(block.structure, arrays.get(edge)) for edge, block in edges.items()}
        return [block.value for found in contract(linear, blocks, order) for block in found.values()]

    return sum(map(multiplications, jax.make_jaxpr(accumulate)(arrays).eqns))


def multiplications(equation) -> int:
    if equation.primitive.name == "mul":
        return equation.outvars[0].aval.size
    if equation.primitive.name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        shape = equation.invars[0].aval.shape
        return equation.outvars[0].aval.size * int(np.prod([shape[k] for k in contracted]))
    inner = equation.params.get("jaxpr")
    return sum(map(multiplications, inner.eqns)) if inner is not None else 0


X = np.linspace(0.2, 1.4, 12, dtype=np.float32).reshape(3, 4)
EXECUTED = {
    "attention": (attention, (X, X.T @ X)),
    "layer norm": (lambda x: (x - x.mean(1, keepdims=True)) / jnp.sqrt(x.var(1, keepdims=True) + 1), (X,)),
    "broadcasts": (lambda x: jnp.sum(jnp.sin(jnp.broadcast_to(x.sum(0), (5, 4))) * 2) * x, (X,)),
    "scalars": (lambda x, y: (jnp.sin(x * y) / y, jnp.exp(x) * x * y), (0.3, 0.7)),
}


@pytest.mark.parametrize("name", EXECUTED)
def test_the_structured_count_is_what_is_executed(name: str):
    f, args = EXECUTED[name]
    whole = graph(f, *args)
    linear = linearise(whole)
    leaves = jax.tree.leaves(args)
    orders = [ORDERS[key](State(linear)) for key in ("forward", "reverse", "markowitz_last")]
    orders.append(tuple(random.Random(0).sample(linear.intermediates, len(linear.intermediates))))
    for order in orders:
        played = game(linear).play([linear.vertices[v].id for v in order])
        assert emitted(linear, leaves, list(order)) == played.counts.cost


def layered(width: int, depth: int) -> LinearGraph:
    """A random graph in layers, each vertex with two predecessors in the layer before."""
    chance = random.Random(1)
    edges = []
    for layer in range(depth):
        for k in range(width):
            vertex = layer * width + k + 1
            before = range((layer - 1) * width + 1, layer * width + 1) if layer else range(-width, 0)
            near = [before[(k + shift) % width] for shift in (0, chance.choice((1, -1)))]
            edges += [(u, vertex) for u in dict.fromkeys(near)]
    last = range((depth - 1) * width + 1, depth * width + 1)
    return plain(edges, range(-width, 0), last)


def test_markowitz_orders_thousands_of_vertices():
    graph = layered(3, 1000)
    order = ORDERS["markowitz_first"](State(graph))
    assert sorted(order) == sorted(graph.intermediates)


def test_a_long_program_is_counted_without_arrays():
    def f(x):
        for _ in range(300):
            x = jnp.sin(x) * x + 0.1
        return x

    e = eliminate(f, jax.ShapeDtypeStruct((1_000_000,), np.float32))
    assert len(e.remaining) == 899
    assert e.play("reverse").counts.edges == 1
    assert len(e.playable(limit=5)) == 5
