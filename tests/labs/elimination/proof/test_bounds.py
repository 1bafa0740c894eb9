"""No bound above the least cost of any order: brute force over small graphs, published figures on large ones."""

import random
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.linear import plain
from difflab.labs.elimination.counting.models import problem
from difflab.labs.elimination.counting.problem import Play
from difflab.labs.elimination.proof.blocks import Blocks
from difflab.labs.elimination.proof.bounds import Bound, block_bound, bound
from tests.labs.elimination.random_graphs import anything, cost, least, program, sized
from tests.labs.elimination.test_orders import task

seeds = st.integers(0, 2**32 - 1).map(random.Random)


def test_no_bound_exceeds_the_least_cost_of_thousands_of_small_graphs():
    draw = random.Random(0)
    tight = 0
    for _ in range(600):
        graph = anything(draw, 4)
        graph = sized(draw, graph) if draw.random() < 0.5 else graph
        cheapest = least(graph)
        members = draw.sample(graph.intermediates, draw.randint(1, len(graph.intermediates)))
        blocks = Blocks(graph, [members], graph.intermediates, 0)
        assert bound(graph).value <= blocks.total <= cheapest
        tight += bound(graph).value == cheapest
    assert tight > 200


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_one_block_of_everything_is_worth_the_least_cost(draw: random.Random):
    graph = sized(draw, anything(draw, 5))
    assert Blocks(graph, [graph.intermediates], graph.intermediates, 0).total == least(graph)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_a_larger_block_is_worth_no_less_than_its_parts(draw: random.Random):
    graph = program(draw, draw.randint(4, 14), 6)
    blocks = Blocks(graph, [], graph.intermediates, 0)
    members = draw.sample(graph.intermediates, min(8, len(graph.intermediates)))
    cut = draw.randint(1, len(members) - 1)
    parts = frozenset(members[:cut]), frozenset(members[cut:])
    assert blocks.worth(parts[0] | parts[1]) >= sum(map(blocks.worth, parts))


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_the_bound_on_what_remains_holds_and_never_loses_ground(draw: random.Random):
    graph = sized(draw, program(draw, draw.randint(3, 20), 8))
    order = draw.sample(graph.intermediates, len(graph.intermediates))
    play, spent, before = Play(graph), 0.0, 0.0
    costs = [play.eliminate(vertex) for vertex in order]
    for k, step in enumerate(costs):
        now = spent + bound(graph, order[:k]).value
        assert before <= now <= sum(costs)
        spent, before = spent + step, now
    assert bound(graph, order).value == 0


@pytest.mark.parametrize(
    ("name", "value"),
    {"RoeFlux_1d": 223, "RobotArm_6DOF": 221, "HumanHeartDipole": 148, "PropaneCombustion": 88}.items(),
)
def test_disjoint_paths_bound_the_tasks_of_the_literature(name: str, value: int):
    found = bound(problem(task(name), "all_edges"))
    assert found.value == value == sum(found.floors)


def test_blocks_prove_that_295_is_the_least_for_roeflux():
    graph = problem(task("RoeFlux_1d"), "all_edges")
    heard: list[Bound] = []
    found = block_bound(graph, seconds=200, limit=12, report=heard.append, stop=lambda: heard[-1].value >= 295)
    assert found.value == 295
    assert [one.value for one in heard] == sorted(one.value for one in heard)
    again = block_bound(graph, seconds=0, start_blocks=found.blocks)
    assert again.value >= 295


@settings(max_examples=8, deadline=None)
@given(seeds)
def test_a_search_for_blocks_ends_when_the_bound_meets_the_order(draw: random.Random):
    graph = anything(draw, 5)
    cheapest = min(permutations(graph.intermediates), key=lambda order: cost(graph, order))
    assert block_bound(graph, seconds=1000, limit=10, order=cheapest).value == cost(graph, cheapest)


def test_an_interrupted_search_returns_its_best():
    graph = problem(task("g"), "all_edges")

    def interrupt() -> bool:
        raise KeyboardInterrupt

    assert block_bound(graph, seconds=100, stop=interrupt).value >= bound(graph).value


def test_another_model_has_no_bound():
    graph = problem(plain([("x", "y"), ("y", "z")], ["x"], ["z"]), "nontrivial")
    with pytest.raises(ValueError, match=r"'nontrivial'.*hold for 'all_edges'"):
        bound(graph)


def test_what_is_no_intermediate_cannot_be_eliminated_already():
    graph = problem(plain([("x", "y"), ("y", "z")], ["x"], ["z"]), "all_edges")
    with pytest.raises(ValueError, match=r"\[0\] are no intermediates"):
        bound(graph, [0])


@pytest.mark.parametrize("blocks", [[[1, 1]], [[0]], [[1], [1, 2]]])
def test_blocks_that_overlap_or_name_inputs_are_refused(blocks: list[list[int]]):
    graph = problem(plain([("x", "y"), ("y", "z"), ("z", "t")], ["x"], ["t"]), "all_edges")
    with pytest.raises(ValueError, match="each intermediate"):
        block_bound(graph, seconds=0, start_blocks=blocks)


def test_a_limit_that_would_take_too_long_is_refused():
    graph = problem(plain([("x", "y"), ("y", "z")], ["x"], ["z"]), "all_edges")
    with pytest.raises(ValueError, match="up to 40 vertices"):
        block_bound(graph, seconds=0, limit=40)
