"""The cheapest order, against brute force on small graphs and against the exact method of subsets on larger ones."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.linear import plain
from difflab.labs.elimination.counting.models import problem
from difflab.labs.elimination.counting.problem import total
from difflab.labs.elimination.proof import exact as module
from difflab.labs.elimination.proof.exact import exact, subset_dp
from difflab.labs.elimination.search.found import Found
from tests.labs.elimination.random_graphs import anything, cost, least, program, sized
from tests.labs.elimination.test_orders import task

seeds = st.integers(0, 2**32 - 1).map(random.Random)


def test_the_cheapest_order_of_hundreds_of_small_graphs():
    draw = random.Random(2)
    for _ in range(300):
        graph = anything(draw, 5)
        graph = sized(draw, graph) if draw.random() < 0.5 else graph
        found = exact(graph)
        assert found.optimal
        assert found.cost == cost(graph, found.order) == least(graph)


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_subsets_in_python_agree_with_all_orders(draw: random.Random):
    graph = sized(draw, anything(draw, 5))
    found = subset_dp(graph)
    assert found.cost == total(graph, found.order) == least(graph)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_layers_agree_with_the_table_of_all_subsets(draw: random.Random):
    graph = sized(draw, program(draw, draw.randint(9, 15), draw.choice([4, 6, 100])), 3)
    start = tuple(draw.sample(graph.intermediates, len(graph.intermediates)))
    by_table = exact(graph, start=start)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TABLE", 0)
        patch.setattr(module, "ROUNDS", ((0.0, 4, 4, 50), (0.0, 5, 6, 10**9)))
        by_layers = exact(graph, start=start)
    assert by_table.optimal and by_layers.optimal
    assert by_layers.cost == by_table.cost == total(graph, by_layers.order)


@pytest.mark.parametrize(
    ("name", "value"), [("RobotArm_6DOF", 221), ("HumanHeartDipole", 148), ("PropaneCombustion", 88)]
)
def test_three_tasks_of_the_literature_are_solved(name: str, value: int):
    graph = problem(task(name), "all_edges")
    found = exact(graph)
    assert (found.cost, found.optimal, total(graph, found.order)) == (value, True, value)


def test_a_random_program_of_thirty_vertices_is_solved():
    graph = program(random.Random(3), 30)
    found = exact(graph, seconds=300)
    assert found.optimal
    assert found.cost == total(graph, found.order)


def test_parts_that_look_the_same_are_solved_alike():
    draw = random.Random(5)
    edges = sized(draw, program(draw, 12, 4)).edges
    twice = [((k, u), (k, v)) for k in range(2) for u, v in edges]
    read, made = {u for u, _ in twice}, {v for _, v in twice}
    graph = problem(plain(twice, sorted(read - made), sorted(made - read)), "all_edges")
    single = problem(plain(twice[: len(edges)], sorted(read - made), sorted(made - read)), "all_edges")
    assert exact(graph).cost == 2 * exact(single).cost


def test_without_time_the_given_order_comes_back_unproved():
    graph = problem(task("g"), "all_edges")
    order = tuple(reversed(graph.intermediates))
    found = exact(graph, start=order, seconds=0)
    assert not found.optimal
    assert total(graph, found.order) == found.cost <= total(graph, order)


def test_what_is_found_is_reported():
    heard: list[Found] = []
    graph = problem(plain([("x", "y"), ("y", "z")], ["x"], ["z"]), "all_edges")
    assert exact(graph, report=heard.append) == heard[-1]


def test_subsets_are_exact_under_another_model():
    graph = problem(plain([("x", "a"), ("a", "b"), ("b", "y"), ("a", "y")], ["x"], ["y"]), "nontrivial")
    orders = [graph.intermediates, graph.intermediates[::-1]]
    assert subset_dp(graph).cost == min(total(graph, order) for order in orders)


def test_too_many_subsets_are_refused():
    graph = problem(plain([(k, k + 1) for k in range(22)], [0], [22]), "all_edges")
    with pytest.raises(ValueError, match="21 intermediates, too many"):
        subset_dp(graph)
