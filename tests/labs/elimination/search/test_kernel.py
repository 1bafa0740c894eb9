"""The compiled loops against a naive replay: after any number of moves every stored cost is what the order costs."""

import random
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.capture import graph
from difflab.core.linear import linearise
from difflab.labs.elimination.counting import models
from difflab.labs.elimination.counting.models import AllEdges
from difflab.labs.elimination.counting.problem import Problem, Table, costs, total
from difflab.labs.elimination.search import run
from difflab.labs.elimination.search.run import Run


@dataclass(frozen=True)
class Forgetful:
    """An algebra whose labels depend on the order of eliminations, as lossy ones do."""

    name: str = "forgetful"

    def multiply(self, left: int, right: int) -> tuple[int, int]:
        return (2 * left + right + 1) % 7, 1 + (left * right) % 4

    def add(self, old: int, new: int) -> tuple[int, int]:
        return (3 * old + new) % 7, old % 2


def dag(seed: int, count: int, algebra: object = None) -> Problem:
    """Three inputs, then vertices with one to three earlier neighbours; what is not read is an output."""
    chance = random.Random(seed)
    table = Table(AllEdges() if algebra is None else algebra)
    labels = [table.number((1, 1))] if algebra is None else [table.number(k) for k in range(3)]
    edges = {}
    for v in range(3, count + 3):
        for u in {chance.randrange(v) for _ in range(chance.randint(1, 3))}:
            edges[u, v] = chance.choice(labels)
    read = {u for u, _ in edges}
    n = count + 3
    inner = tuple(v for v in range(3, n) if v in read)
    outputs = tuple(v for v in range(3, n) if v not in read)
    return Problem("dag", tuple(map(str, range(n))), (1,) * n, (0, 1, 2), outputs, inner, edges, table)


def naive(problem: Problem, order: tuple) -> list[int]:
    """|predecessors| · |successors| of each step, with sets."""
    arcs = set(problem.edges)
    found = []
    for v in order:
        into, out = [u for u, w in arcs if w == v], [w for u, w in arcs if u == v]
        found.append(len(into) * len(out))
        arcs = {(u, w) for u, w in arcs if v not in (u, w)} | {(u, w) for u in into for w in out}
    return found


def attention(x, w):
    q = x @ w
    return jax.nn.softmax(q @ x.T) @ jnp.sin(x).reshape(3, 4)[:, ::2]


def structured(cost: object) -> Problem:
    x = np.linspace(0.2, 1.4, 12, dtype=np.float32).reshape(3, 4)
    return models.problem(linearise(graph(attention, x, x.T @ x)), cost)


def dearer(left, right):
    return 1.0 + left.stored * 0.5


@pytest.mark.parametrize("seed", range(20))
def test_playing_an_order_counts_as_sets_do(seed: int):
    problem = dag(seed, 10 + 8 * seed)
    order = random.Random(seed).sample(problem.intermediates, len(problem.intermediates))
    one = Run(problem)
    one.begin(order)
    assert one.board.costs.tolist() == naive(problem, order)
    assert one.board.label.size == 0


PROBLEMS = {
    "numbers": lambda: dag(1, 60),
    "more than one word": lambda: dag(2, 150),
    "forgetful": lambda: dag(3, 50, Forgetful()),
    "all_edges": lambda: structured("all_edges"),
    "nontrivial": lambda: structured("nontrivial"),
    "flops": lambda: structured("flops"),
    "bytes": lambda: structured("bytes"),
    "own": lambda: structured(dearer),
}


@pytest.mark.parametrize("space", [2**22, 2**14])
@pytest.mark.parametrize("name", PROBLEMS)
def test_stored_costs_are_true_after_many_moves(name: str, space: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "SNAPSHOTS", space)
    problem = PROBLEMS[name]()
    one = Run(problem, seed=4)
    one.begin(problem.intermediates)
    for hot in (8.0, 1.0, 0.1):
        for _ in one.cool(1500, hot, hot):
            pass
        order = tuple(one.board.order.tolist())
        assert one.board.costs.tolist() == pytest.approx(list(costs(problem, order)))
        assert one.board.sums[one.kernel.TOTAL] == pytest.approx(total(problem, order))
        assert one.board.sums[one.kernel.BEST] == pytest.approx(total(problem, one.best))
        assert one.board.place[one.board.order].tolist() == list(range(len(order)))


@pytest.mark.parametrize("name", ["numbers", "forgetful", "nontrivial"])
def test_a_seed_and_a_number_of_moves_fix_the_result(name: str):
    def result(seed: int) -> tuple:
        problem = PROBLEMS[name]()
        one = Run(problem, seed)
        one.begin(problem.intermediates)
        for _ in one.cool(1000, 2.0, 0.5):
            pass
        assert one.moves == 1000
        return tuple(one.board.order.tolist())

    assert result(1) == result(1) != result(2)


def test_missing_products_are_filled_in_on_the_way():
    problem = dag(5, 40, Forgetful())
    assert (problem.table.product_to >= 0).sum() == 0
    one = Run(problem)
    one.begin(problem.intermediates)
    assert (problem.table.product_to >= 0).sum() > 9
    assert len(problem.table.labels) == 7


def test_loading_says_so_once_and_then_is_ready(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "_ready", [])
    assert not run.ready()
    with caplog.at_level("INFO", logger="difflab"):
        run.warm_up()
        run.warm_up()
    assert run.ready()
    assert len(caplog.messages) == 1
