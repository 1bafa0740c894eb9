"""Every puzzle's optimum is what trying all orders finds."""

from functools import cache

import pytest

from difflab.labs.elimination.puzzles import PUZZLES, challenge


def cheapest(edges, vertices) -> int:
    """By subsets: what v costs depends only on which vertices are gone."""

    def reached(v, gone, step) -> set:
        found, waiting = set(), [v]
        while waiting:
            for w in step(waiting.pop()) - found:
                found.add(w)
                waiting += [w] * (w in gone)
        return found - gone

    @cache
    def best(gone: frozenset) -> int:
        left = [v for v in vertices if v not in gone]
        return min((cost(v, gone) + best(gone | {v}) for v in left), default=0)

    def cost(v, gone) -> int:
        into = reached(v, gone, lambda w: {a for a, b in edges if b == w})
        return len(into) * len(reached(v, gone, lambda w: {b for a, b in edges if a == w}))

    return best(frozenset())


@pytest.mark.parametrize("name", PUZZLES)
def test_no_order_is_cheaper_than_par(name: str):
    e = challenge(name)
    edges = {(u, v) for u, v, _ in e.edges}
    assert cheapest(edges, e.remaining) == PUZZLES[name].optimum


@pytest.mark.parametrize("name", PUZZLES)
def test_par_can_be_played(name: str):
    found = challenge(name).search(budget=5, cost="all_edges", progress=False)
    assert found.elimination.counts.scalar_cost == PUZZLES[name].optimum and found.optimal


def test_an_unknown_puzzle_is_refused_with_the_names():
    with pytest.raises(ValueError, match="lighthouse"):
        challenge("chess")
