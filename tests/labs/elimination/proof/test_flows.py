"""Least separators against their definition: the smallest set that cuts, tried one by one, and ranks against flows."""

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.linear import plain
from difflab.labs.elimination.counting.models import problem
from difflab.labs.elimination.counting.problem import Problem
from difflab.labs.elimination.proof.flows import Flows, neighbours, separators
from difflab.labs.elimination.proof.ranks import independent, ranks
from tests.labs.elimination.random_graphs import anything, program, sized

seeds = st.integers(0, 2**32 - 1).map(random.Random)


def least_cut(graph: Problem, vertex: int, free: set[int]) -> int:
    """The least size of a set without `free` that leaves no path from an input to the vertex; all sets are tried."""
    before = {v: [u for u, w in graph.edges if w == v] for v in range(graph.count)}
    possible = [v for v in range(vertex) if v not in free]

    def reached(v: int, cut: set[int]) -> bool:
        return v not in cut and (v in graph.inputs or any(reached(u, cut) for u in before[v]))

    sets = (set(cut) for k in range(len(possible) + 1) for cut in combinations(possible, k))
    return min(sum(graph.sizes[v] for v in cut) for cut in sets if not reached(vertex, cut))


@settings(max_examples=60, deadline=None)
@given(seeds, st.booleans())
def test_a_least_separator_is_the_smallest_of_all_sets_that_cut(draw: random.Random, with_sizes: bool):
    graph = anything(draw, 5)
    graph = sized(draw, graph) if with_sizes else graph
    gone = {v for v in graph.intermediates if draw.random() < 0.3}
    inward, _ = separators(graph, gone)
    for vertex in graph.intermediates:
        assert inward[vertex] == least_cut(graph, vertex, gone)


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_ranks_agree_with_flows(draw: random.Random):
    graph = program(draw, draw.randint(5, 40), draw.choice([3, 8, 1000]))
    before, after = neighbours(graph)
    order = range(graph.count)
    for near, ends, sweep in ((before, graph.inputs, order), (after, graph.outputs, order[::-1])):
        flows = Flows(near, graph.sizes, ends)
        found = ranks(near, ends, sweep, 30)
        assert [found[v] for v in graph.intermediates] == [flows.least(v) for v in graph.intermediates]


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_the_mirror_image_swaps_both_sides(draw: random.Random):
    graph = program(draw, draw.randint(3, 20))
    last = graph.count - 1
    names = {(last - v, last - u) for u, v in graph.edges}
    mirror = problem(plain(names, [last - v for v in graph.outputs], [last - v for v in graph.inputs]), "all_edges")
    ahead, back = separators(graph), separators(mirror)
    forward = sorted((ahead[0][v], ahead[1][v]) for v in graph.intermediates)
    assert forward == sorted((back[1][v], back[0][v]) for v in mirror.intermediates)


def test_wide_separators_fall_back_on_flows():
    inputs = [f"x{k:02}" for k in range(30)]
    middle = [f"y{k:02}" for k in range(30)]
    edges = [*zip(inputs, middle, strict=True), *((y, "z") for y in middle), ("z", "zz")]
    graph = problem(plain(edges, inputs, ["zz"]), "all_edges")
    inward, outward = separators(graph)
    joined = graph.ids.index("z")
    assert (inward[joined], outward[joined]) == (30, 1)
    assert separators(graph, [graph.ids.index(y) for y in middle])[0][joined] == 30


def test_a_large_capacity_takes_few_paths():
    graph = problem(plain([("x", "a"), ("a", "b"), ("x", "b"), ("b", "y")], ["x"], ["y"]), "all_edges")
    large = 10**12
    flows = Flows(neighbours(graph)[0], [large, large - 1, 1, 1], graph.inputs)
    assert flows.least(2) == large


@pytest.mark.parametrize("most", [1, 2, 3])
def test_independent_rows_stop_at_the_most_asked_for(most: int):
    rows = [[1, 2, 3], [2, 4, 6], [0, 1, 1], [5, 0, 1]]
    assert len(independent(rows, most)) == most
