"""Safe eliminations lose nothing: brute force over thousands of small graphs, and the parts add up to the whole."""

import random
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.linear import plain
from difflab.labs.elimination.counting.models import problem
from difflab.labs.elimination.counting.problem import Play, Problem
from difflab.labs.elimination.proof.reduce import Core, Reduction, reduce
from tests.labs.elimination.random_graphs import anything, cost, least, program, sized
from tests.labs.elimination.test_orders import task

seeds = st.integers(0, 2**32 - 1).map(random.Random)


def rest(reduced: Reduction) -> tuple[int, ...]:
    return tuple(v for part in reduced.components for v in part)


def test_some_cheapest_order_begins_with_the_safe_eliminations_of_thousands_of_small_graphs():
    draw = random.Random(1)
    applied = 0
    for _ in range(600):
        graph = anything(draw, 4)
        graph = sized(draw, graph) if draw.random() < 0.5 else graph
        reduced = reduce(graph)
        applied += len(reduced.steps)
        assert reduced.cost + sum(_part(graph, reduced, part) for part in reduced.components) == least(graph)
    assert applied > 600


def _part(graph: Problem, reduced: Reduction, part: tuple[int, ...]) -> int:
    """The least cost of a part after the prefix, whatever the others do: they are left standing."""
    from_start = cost(graph, reduced.prefix)
    return min(cost(graph, (*reduced.prefix, *order)) for order in permutations(part)) - from_start


@settings(max_examples=50, deadline=None)
@given(seeds)
def test_prefix_and_parts_hold_every_intermediate_once(draw: random.Random):
    graph = sized(draw, program(draw, draw.randint(2, 40), 9))
    reduced = reduce(graph)
    assert sorted((*reduced.prefix, *rest(reduced))) == list(graph.intermediates)
    play = Play(graph)
    assert [play.eliminate(step.vertex) for step in reduced.steps] == [step.cost for step in reduced.steps]


@settings(max_examples=50, deadline=None)
@given(seeds)
def test_no_edge_joins_two_parts(draw: random.Random):
    graph = program(draw, draw.randint(2, 40), 9)
    core = Core(graph)
    for step in reduce(graph).steps:
        core.eliminate(step.vertex)
    for part in core.components():
        for v in part:
            assert (core.before[v] | core.after[v]) & core.remaining <= set(part)


@pytest.mark.parametrize(("name", "value"), [("HumanHeartDipole", 148), ("PropaneCombustion", 88)])
def test_two_tasks_of_the_literature_vanish(name: str, value: int):
    reduced = reduce(problem(task(name), "all_edges"))
    assert (reduced.cost, reduced.components) == (value, ())


@pytest.mark.parametrize(("name", "sizes"), [("RobotArm_6DOF", [3, 3]), ("RoeFlux_1d", [47]), ("g", [43])])
def test_the_cores_of_others_are_small(name: str, sizes: list[int]):
    assert [len(part) for part in reduce(problem(task(name), "all_edges")).components] == sizes


def test_every_step_says_where_its_vertex_stands():
    reasons = {step.reason for step in reduce(problem(task("RoeFlux_1d"), "all_edges")).steps}
    assert reasons == {"only inputs before it", "only outputs after it"}


def test_another_model_is_refused():
    graph = problem(plain([("x", "y"), ("y", "z")], ["x"], ["z"]), "flops")
    with pytest.raises(ValueError, match="'flops'"):
        reduce(graph)
