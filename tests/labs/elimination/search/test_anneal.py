"""Annealing and exact windows: optima of small problems, the figures of the literature, and good manners."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from difflab.core.linear import plain
from difflab.labs.elimination.counting import models
from difflab.labs.elimination.counting.models import AllEdges
from difflab.labs.elimination.counting.problem import Problem, Table, total
from difflab.labs.elimination.search.anneal import anneal
from difflab.labs.elimination.search.found import Found
from difflab.labs.elimination.search.greedy import PORTFOLIO
from difflab.labs.elimination.search.windows import windows
from tests.labs.elimination.random_graphs import dag

TASKS = json.loads((Path(__file__).parents[1] / "data" / "alphagrad_scalar_tasks.json").read_text())["tasks"]

REACHED = {"RoeFlux_1d": 295, "RobotArm_6DOF": 221, "HumanHeartDipole": 148, "PropaneCombustion": 88, "g": 409}
"""The cheapest orders known; published agents: 320, 231, 148, 88, 417."""

METHODS = {"anneal": anneal, "windows": windows}


def task(name: str) -> Problem:
    found = TASKS[name]
    linear = plain(map(tuple, found["edges"]), [-k - 1 for k in range(found["inputs"])], found["outputs"], name)
    return models.problem(linear, "all_edges")


def cheapest(problem: Problem) -> int:
    """The least cost of all orders, each played with sets of edges."""
    best = None
    for order in itertools.permutations(problem.intermediates):
        arcs, cost = set(problem.edges), 0
        for v in order:
            into, out = [u for u, w in arcs if w == v], [w for u, w in arcs if u == v]
            cost += sum(problem.sizes[u] * problem.sizes[v] * problem.sizes[w] for u in into for w in out)
            arcs = {(u, w) for u, w in arcs if v not in (u, w)} | {(u, w) for u in into for w in out}
        best = cost if best is None else min(best, cost)
    return 0 if best is None else best


@pytest.mark.parametrize("sizes", [(1,), (1, 2, 5)])
@pytest.mark.parametrize("method", METHODS)
def test_small_problems_are_solved(method: str, sizes: tuple[int, ...]):
    for seed in range(12):
        problem = dag(seed, 7, sizes)
        if len(problem.intermediates) > 5:
            continue
        best = cheapest(problem)
        found = METHODS[method](problem, seconds=5, seed=seed, stop=Patience(6))
        assert found.cost == best == total(problem, found.order)


class Patience:
    """Says stop when asked for the n-th time."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __call__(self) -> bool:
        self.count -= 1
        return self.count < 0


@pytest.mark.parametrize("name", REACHED)
def test_the_best_known_orders_are_found(name: str):
    problem, seen = task(name), []
    start = PORTFOLIO["reverse"](problem, 0)
    found = anneal(
        problem, start=start, seconds=60, report=seen.append, stop=lambda: bool(seen) and seen[-1].cost <= REACHED[name]
    )
    assert found.cost == total(problem, found.order) == REACHED[name]


@pytest.mark.parametrize("method", METHODS)
def test_reports_are_true_and_fall(method: str):
    problem, seen = task("RoeFlux_1d"), []
    start = PORTFOLIO["markowitz_first"](problem, 0)
    found = METHODS[method](problem, start=start, seconds=5, seed=2, report=seen.append, stop=Patience(400))
    assert found.cost < total(problem, start)
    assert all(one.cost == total(problem, one.order) for one in seen)
    assert [one.cost for one in seen] == sorted({one.cost for one in seen}, reverse=True)
    assert {(one.method, one.seed) for one in seen} == {(method, 2)}
    assert found.order == seen[-1].order
    assert found.moves >= seen[-1].moves > 0


@pytest.mark.parametrize("method", METHODS)
def test_the_result_is_never_dearer_than_the_start(method: str):
    problem = task("PropaneCombustion")
    for seed in range(5):
        start = tuple(np.random.default_rng(seed).permutation(problem.intermediates).tolist())
        found = METHODS[method](problem, start=start, seconds=0, seed=seed)
        assert found.cost <= total(problem, start)
        assert sorted(found.order) == sorted(start)


@pytest.mark.parametrize("method", METHODS)
def test_an_interruption_keeps_the_best(method: str):
    problem, seen = task("g"), []

    def report(found: Found) -> None:
        seen.append(found)
        raise KeyboardInterrupt

    start = PORTFOLIO["reverse"](problem, 0)
    found = METHODS[method](problem, start=start, seconds=60, report=report)
    assert found.order == seen[0].order
    assert found.cost == total(problem, found.order) < 566


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_nothing_to_choose_is_no_trouble(method: str, count: int):
    table = Table(AllEdges())
    edges = {(v, v + 1): table.number((1, 1)) for v in range(count + 1)}
    ids = tuple(map(str, range(count + 2)))
    problem = Problem("path", ids, (1,) * (count + 2), (0,), (count + 1,), tuple(range(1, count + 1)), edges, table)
    found = METHODS[method](problem, seconds=0.1)
    assert found.cost == count
    assert sorted(found.order) == list(problem.intermediates)
