"""Exact windows: what comes out cannot be improved by any other order of a few consecutive vertices."""

import itertools
import json
from pathlib import Path

import pytest

from difflab.core.linear import plain
from difflab.labs.elimination.counting import models
from difflab.labs.elimination.counting.problem import Problem, total
from difflab.labs.elimination.search.greedy import PORTFOLIO
from difflab.labs.elimination.search.run import Run, warm_up
from difflab.labs.elimination.search.windows import slide, windows
from tests.labs.elimination.random_graphs import dag

TASKS = json.loads((Path(__file__).parents[1] / "data" / "alphagrad_scalar_tasks.json").read_text())["tasks"]


def task(name: str) -> Problem:
    found = TASKS[name]
    linear = plain(map(tuple, found["edges"]), [-k - 1 for k in range(found["inputs"])], found["outputs"], name)
    return models.problem(linear, "all_edges")


def test_windows_end_by_themselves():
    problem = dag(3, 9)
    found = windows(problem, start=problem.intermediates, seconds=600)
    assert found.cost <= total(problem, problem.intermediates)


@pytest.mark.parametrize("sizes", [(1,), (1, 2, 5)])
@pytest.mark.parametrize("seed", range(4))
def test_no_other_order_of_a_window_is_cheaper(seed: int, sizes: tuple[int, ...]):
    warm_up()
    problem = dag(seed, 18, sizes)
    run = Run(problem, spare=6)
    run.begin(problem.intermediates)
    for _ in slide(run, widths=(4,)):
        pass
    best = run.best
    cost = total(problem, best)
    for first in range(len(best) - 3):
        for window in itertools.permutations(best[first : first + 4]):
            assert total(problem, (*best[:first], *window, *best[first + 4 :])) >= cost


def test_windows_repair_what_lies_close_together():
    problem = task("RobotArm_6DOF")
    assert windows(problem, start=PORTFOLIO["reverse"](problem, 0), seconds=30).cost == 221
