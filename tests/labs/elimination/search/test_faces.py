"""Edge elimination: counted and carried out against the sum over all paths."""

import json
import random
from fractions import Fraction
from pathlib import Path

import pytest

from difflab.core.linear import plain
from difflab.labs.elimination.counting import models
from difflab.labs.elimination.counting.models import AllEdges
from difflab.labs.elimination.counting.problem import Problem, Table, total
from difflab.labs.elimination.search.faces import FoundEdges, edge_search, replay
from difflab.labs.elimination.search.greedy import PORTFOLIO

TASKS = json.loads((Path(__file__).parents[1] / "data" / "alphagrad_scalar_tasks.json").read_text())["tasks"]


def task(name: str) -> Problem:
    found = TASKS[name]
    linear = plain(map(tuple, found["edges"]), [-k - 1 for k in range(found["inputs"])], found["outputs"], name)
    return models.problem(linear, "all_edges")


def dag(seed: int, count: int, size: int = 1) -> Problem:
    """Three inputs, then vertices with one to three earlier neighbours; what is not read is an output."""
    chance = random.Random(seed)
    n, table = count + 3, Table(AllEdges())
    label = table.number((size, size))
    edges = {(u, v): label for v in range(3, n) for u in {chance.randrange(v) for _ in range(chance.randint(1, 3))}}
    read = {u for u, _ in edges}
    inner = tuple(v for v in range(3, n) if v in read)
    outputs = tuple(v for v in range(3, n) if v not in read)
    return Problem("dag", tuple(map(str, range(n))), (size,) * n, (0, 1, 2), outputs, inner, edges, table)


def path_sums(problem: Problem, partials: dict) -> dict:
    """Σ over paths of products, input by input, in evaluation order."""
    found = {}
    for x in problem.inputs:
        value = {x: Fraction(1)}
        for u, v in sorted(problem.edges, key=lambda edge: (edge[1], edge[0])):
            if u in value:
                value[v] = value.get(v, 0) + partials[u, v] * value[u]
        found |= {(x, y): value[y] for y in problem.outputs if y in value}
    return found


def numbers(problem: Problem, seed: int) -> dict:
    chance = random.Random(seed)
    return {
        edge: Fraction(chance.choice((-1, 1)) * chance.randint(1, 9), chance.randint(1, 9)) for edge in problem.edges
    }


@pytest.mark.parametrize("seed", range(30))
def test_random_edge_eliminations_accumulate_the_jacobian(seed: int):
    problem, chance = dag(seed, 12), random.Random(seed)
    inner, arcs, steps, cost = set(problem.intermediates), set(problem.edges), [], 0
    while True:
        possible = [(u, v, side) for u, v in sorted(arcs) for side, w in (("front", v), ("back", u)) if w in inner]
        if not possible:
            break
        u, v, side = chance.choice(possible)
        steps.append((u, v, side))
        new = {(u, s) for w, s in arcs if w == v} if side == "front" else {(p, v) for p, w in arcs if w == u}
        cost += len(new)
        arcs = (arcs - {(u, v)}) | new
        idle = {w for w in inner if not {a for a, b in arcs if b == w} or not {b for a, b in arcs if a == w}}
        arcs = {(a, b) for a, b in arcs if a not in idle and b not in idle}
    partials = numbers(problem, seed)
    assert replay(problem, steps, partials) == (cost, path_sums(problem, partials))


@pytest.mark.parametrize("name", ["PropaneCombustion", "g"])
def test_the_search_stays_below_the_vertex_order_and_is_right(name: str):
    problem, seen, asked = task(name), [], iter(range(30))
    start = PORTFOLIO["reverse"](problem, 0)
    found = edge_search(problem, start=start, seconds=60, report=seen.append, stop=lambda: next(asked, None) is None)
    assert isinstance(found, FoundEdges)
    assert found.cost < total(problem, start)
    assert all(one.cost == replay(problem, one.steps)[0] for one in seen)
    partials = numbers(problem, 1)
    assert replay(problem, found.steps, partials) == (found.cost, path_sums(problem, partials))


def test_vertex_orders_cost_the_same_edge_by_edge():
    for seed in range(10):
        problem = dag(seed, 10)
        start = problem.intermediates
        assert edge_search(problem, start=start, seconds=0, stop=lambda: True).cost <= total(problem, start)


@pytest.mark.parametrize("seed", range(3))
def test_an_interruption_keeps_the_best(seed: int):
    problem, seen = task("PropaneCombustion"), []

    def report(found: FoundEdges) -> None:
        seen.append(found)
        raise KeyboardInterrupt

    start = PORTFOLIO["forward"](problem, 0)
    found = edge_search(problem, start=start, seconds=60, seed=seed, report=report)
    assert found.steps == seen[0].steps
    assert found.cost < total(problem, start)


def test_impossible_steps_are_refused():
    problem = models.problem(plain([(0, 1), (1, 2)], [0], [2]), "all_edges")
    with pytest.raises(ValueError, match=r"back elimination of 0 → 1: this edge has no intermediate at its back end"):
        replay(problem, [(0, 1, "back")])
    with pytest.raises(ValueError, match="this edge is not there"):
        replay(problem, [(0, 1, "front"), (0, 1, "front")])
    with pytest.raises(ValueError, match="1 intermediates are left, 1 among them"):
        replay(problem, [])
    assert replay(problem, [(1, 2, "back")]) == (1, {(0, 2): 1})


def test_arrays_are_refused():
    table = Table(AllEdges())
    edges = {(0, 1): table.number((2, 1)), (1, 2): table.number((1, 2))}
    problem = Problem("sized", ("a", "b", "c"), (1, 2, 1), (0,), (2,), (1,), edges, table)
    with pytest.raises(ValueError, match="explode its arrays"):
        edge_search(problem, seconds=1)
