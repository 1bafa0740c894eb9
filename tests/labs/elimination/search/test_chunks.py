"""Block-wise search: chunks cost in the whole what they cost alone, and the whole is never dearer."""

import random
from dataclasses import dataclass

import pytest

from difflab.labs.elimination.counting.models import AllEdges
from difflab.labs.elimination.counting.problem import Play, Problem, Table, costs, total
from difflab.labs.elimination.search import chunks as module
from difflab.labs.elimination.search.chunks import chunks, grouped, piece
from difflab.labs.elimination.search.greedy import PORTFOLIO


@dataclass(frozen=True)
class Forgetful:
    """An algebra whose labels depend on the order of eliminations, as lossy ones do."""

    name: str = "forgetful"

    def multiply(self, left: int, right: int) -> tuple[int, int]:
        return (2 * left + right + 1) % 7, 1 + (left * right) % 4

    def add(self, old: int, new: int) -> tuple[int, int]:
        return (3 * old + new) % 7, old % 2


def banded(seed: int, count: int, kind: str) -> Problem:
    """A long random graph whose edges are short, as a program's are."""
    chance = random.Random(seed)
    n, table = count + 3, Table(Forgetful() if kind == "forgetful" else AllEdges())
    sizes = [chance.choice((1, 2, 4)) if kind == "sized" else 1 for _ in range(n)]
    edges = {}
    for v in range(3, n):
        for u in {max(0, v - chance.randint(1, 12)) for _ in range(chance.randint(1, 3))}:
            label = chance.randrange(3) if kind == "forgetful" else (sizes[v], sizes[u])
            edges[u, v] = table.number(label)
    read = {u for u, _ in edges}
    inner = tuple(v for v in range(3, n) if v in read)
    outputs = tuple(v for v in range(3, n) if v not in read)
    return Problem("banded", tuple(map(str, range(n))), tuple(sizes), (0, 1, 2), outputs, inner, edges, table)


KINDS = ("numbers", "sized", "forgetful")


@pytest.mark.parametrize("kind", KINDS)
def test_a_chunk_costs_alone_what_it_costs_in_the_whole(kind: str):
    problem = banded(1, 200, kind)
    order = random.Random(2).sample(problem.intermediates, len(problem.intermediates))
    play, steps = Play(problem), list(costs(problem, order))
    for first in range(0, len(order), 25):
        chunk = order[first : first + 25]
        small, numbers = piece(play, chunk)
        assert sorted(numbers[k] for k in small.intermediates) == sorted(chunk)
        assert list(costs(small, [numbers.index(v) for v in chunk])) == steps[first : first + 25]
        for v in chunk:
            play.eliminate(v)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_grouping_keeps_the_cost(kind: str, seed: int):
    problem = banded(seed, 150, kind)
    order = random.Random(seed).sample(problem.intermediates, len(problem.intermediates))
    new = grouped(problem, order, random.Random(0))
    assert sorted(new) == sorted(order)
    if kind != "forgetful":
        assert total(problem, new) == total(problem, order)
    assert total(problem, new) <= total(problem, order)


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_order_gets_cheaper_chunk_by_chunk(kind: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "TELL", 0.0)
    problem, seen = banded(5, 500, kind), []
    start = PORTFOLIO["forward"](problem, 0)
    asked = iter(range(6))
    found = chunks(problem, start=start, seconds=60, seed=1, report=seen.append, stop=lambda: next(asked, None) is None)
    assert found.cost == total(problem, found.order) <= total(problem, start)
    assert found.cost < total(problem, start) or kind == "forgetful"
    assert sorted(found.order) == sorted(start)
    falling = [one.cost for one in seen]
    assert falling == sorted(set(falling), reverse=True)
    assert all(one.cost == total(problem, one.order) for one in seen)


def test_wide_chunks_are_cut(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "WIDEST", 30)
    problem = banded(7, 300, "numbers")
    start = PORTFOLIO["reverse"](problem, 0)
    asked = iter(range(20))
    found = chunks(problem, start=start, seconds=60, stop=lambda: next(asked, None) is None)
    assert found.cost == total(problem, found.order) <= total(problem, start)


def test_an_interruption_keeps_what_was_gained():
    problem = banded(8, 600, "numbers")
    start = PORTFOLIO["forward"](problem, 0)
    asked = iter(range(3))

    def interrupt() -> bool:
        if next(asked, None) is None:
            raise KeyboardInterrupt
        return False

    found = chunks(problem, start=start, seconds=60, stop=interrupt)
    assert found.cost == total(problem, found.order) < total(problem, start)
