"""A batch of orders in one program costs what each costs alone."""

import random

import pytest

from difflab.core.linear import plain
from difflab.labs.elimination import batched_costs
from difflab.labs.elimination.counting.models import problem
from difflab.labs.elimination.counting.problem import total
from difflab.labs.elimination.puzzles import PUZZLES


@pytest.mark.parametrize("name", ["hole", "ladder"])
def test_a_batch_counts_what_one_at_a_time_counts(name: str):
    one = PUZZLES[name]
    at = problem(plain(one.edges, one.inputs, one.outputs, name), "all_edges")
    rng = random.Random(3)
    orders = [rng.sample(at.intermediates, len(at.intermediates)) for _ in range(64)]
    assert batched_costs(at, orders).tolist() == [total(at, order) for order in orders]


def test_another_model_is_refused():
    at = problem(plain([("x", "y"), ("y", "z")], ["x"], ["z"]), "flops")
    with pytest.raises(ValueError, match="all_edges"):
        batched_costs(at, [at.intermediates])
