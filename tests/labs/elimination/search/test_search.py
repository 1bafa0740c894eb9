"""Searches: what is returned holds when counted again, whatever happens on the way."""

import itertools
import json
import random
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from difflab import zoo
from difflab.core.linear import plain
from difflab.core.structure import Structure
from difflab.labs.elimination import eliminate, game, register_method
from difflab.labs.elimination.counting import alphagrad
from difflab.labs.elimination.counting import problem as counting
from difflab.labs.elimination.counting.models import problem
from difflab.labs.elimination.counting.problem import total
from difflab.labs.elimination.proof import certificate
from difflab.labs.elimination.search import run
from difflab.labs.elimination.search.found import Found
from difflab.labs.elimination.search.methods import METHODS, Unit, work
from difflab.labs.elimination.search.search import search

TASKS = json.loads((Path(__file__).parents[1] / "data" / "alphagrad_scalar_tasks.json").read_text())["tasks"]
OPTIMAL = {"RobotArm_6DOF": 221, "HumanHeartDipole": 148, "PropaneCombustion": 88}


def task(name: str):
    found = TASKS[name]
    edges = [tuple(edge) for edge in found["edges"]]
    return plain(edges, [-k for k in range(1, found["inputs"] + 1)], found["outputs"], name)


def recounted(edges, order) -> int:
    """Multiplications of an order, by sets."""
    before, after = {}, {}
    for u, v in edges:
        before.setdefault(v, set()).add(u)
        after.setdefault(u, set()).add(v)
    total = 0
    for v in order:
        into, out = before.pop(v, set()), after.pop(v, set())
        total += len(into) * len(out)
        for p in into:
            after[p] = (after[p] - {v}) | out
        for s in out:
            before[s] = (before[s] - {v}) | into
    return total


def random_graph(rng: random.Random, count: int):
    edges, names = [], list(range(3))
    for v in range(3, 3 + count):
        edges += [(u, v) for u in rng.sample(names[-6:], 2)]
        names.append(v)
    return edges, [0, 1, 2], names[-2:]


@pytest.mark.parametrize(("name", "best"), OPTIMAL.items())
def test_the_bound_meets_the_order_on_the_published_tasks(name: str, best: int):
    found = game(task(name)).search(budget=5, cost="all_edges", progress=False)
    assert (found.cost, found.bound, found.gap, found.status) == (best, best, 0.0, "optimal")
    at = problem(task(name), "all_edges")
    number = {one: k for k, one in enumerate(at.ids)}
    assert recounted(at.edges, [number[one] for one in found.order]) == best


def test_a_search_on_small_graphs_finds_what_trying_everything_finds():
    rng = random.Random(7)
    for _ in range(12):
        linear = plain(*random_graph(rng, 7))
        at = problem(linear, "all_edges")
        best = min(recounted(at.edges, order) for order in itertools.permutations(at.intermediates))
        found = search(at, budget=3, progress=False)
        assert found.found.cost == best and found.optimal


def test_the_certificate_of_a_search_is_accepted_and_a_forged_one_is_not():
    found = game(task("PropaneCombustion")).search(budget=2, cost="all_edges", progress=False)
    verdict = certificate.check(found.certificate)
    assert verdict.cost == verdict.bound == 88 and verdict.optimal
    forged = json.loads(found.certificate)
    forged["bound"] = 89
    with pytest.raises(ValueError, match=r"8[89]"):
        certificate.check(json.dumps(forged))


def test_a_search_goes_on_from_the_position_played_to():
    e = game(task("RoeFlux_1d"))
    begun = e.play(e.remaining[::-1][:20])
    found = begun.search(budget=0.5, cost="all_edges", progress=False)
    assert found.elimination.order[:20] == begun.order and found.elimination.finished
    assert found.elimination.counts.scalar_cost == begun.counts.scalar_cost + found.cost


def test_vertices_with_a_fixed_place_keep_it():
    e = game(task("PropaneCombustion"))
    first, last = e.remaining[5:7], e.remaining[:2]
    found = e.search(budget=0.5, cost="all_edges", first=first, last=last, progress=False)
    assert found.order[:2] == first and found.order[-2:] == last
    assert found.elimination.counts.scalar_cost == found.cost >= 88 and found.bound <= found.cost
    with pytest.raises(ValueError, match="without them"):
        _ = found.certificate


@pytest.mark.parametrize("cost", ["nontrivial", "flops", "bytes", "all_edges", lambda a, b: float(a.stored * b.stored)])
def test_every_model_is_searched_and_counts_what_it_says(cost):
    def f(x, w):
        h = jnp.tanh(w @ x)
        return jnp.stack([jnp.sum(h * x), jnp.sin(h[0]) * x[1]])

    e = eliminate(f, jnp.ones(3), jnp.ones((3, 3)))
    found = e.search(budget=0.3, cost=cost, progress=False)
    at = e.problem(cost)
    number = {one: k for k, one in enumerate(at.ids)}
    for baseline in e.baselines():
        assert found.cost <= total(at, [number[one] for one in baseline.order])
    if cost == "nontrivial":
        assert found.elimination.counts.cost == found.cost


def test_a_users_cost_is_what_is_minimised():
    def shy(left: Structure, right: Structure) -> float:
        return 1000.0 if left.kind == "dense" and right.kind == "dense" else 1.0

    e = eliminate(lambda x, a, b, c: a @ (b @ (c @ x)), *[jnp.ones(4), *[jnp.ones((4, 4))] * 3])
    assert e.search(budget=0.3, cost=shy, progress=False).model == "shy"


def test_events_tell_of_every_improvement_and_stop_is_heeded():
    heard = []
    found = game(task("g")).search(
        budget=30, cost="all_edges", progress=False, on_event=heard.append, stop=lambda: len(heard) > 3
    )
    assert found.seconds < 20 and len(heard) > 3
    costs = [event.cost for event in heard]
    assert costs == sorted(costs, reverse=True) and costs[-1] == found.cost


def test_an_interrupt_returns_the_best_so_far(monkeypatch):
    def interrupted(problem, *, start, seconds, seed, report, stop):
        raise KeyboardInterrupt

    monkeypatch.setitem(METHODS, "anneal", interrupted)
    found = game(task("g")).search(budget=30, cost="all_edges", progress=False)
    assert found.interrupted and found.elimination.finished


def test_a_method_of_ones_own_is_run_and_counted_again(monkeypatch):
    def liar(problem, *, start, seconds, seed, report, stop):
        return Found(tuple(problem.intermediates), 1.0, "liar", 0.0)

    monkeypatch.delitem(METHODS, "liar", raising=False)
    register_method("liar", liar)
    found = game(task("g")).search(budget=3, cost="all_edges", methods="liar", progress=False)
    assert found.cost > 1 and any("claims 1 " in line for line in found.refused)
    with pytest.raises(ValueError, match="already"):
        register_method("liar", liar)


@pytest.mark.parametrize("options", [{"methods": "genius"}, {"cost": "price"}, {"methods": ["exact"], "cost": "flops"}])
def test_what_there_is_not_is_refused_with_the_choices(options):
    with pytest.raises(ValueError, match=r"choose|all_edges"):
        game(task("PropaneCombustion")).search(budget=0.1, progress=False, **options)


def test_a_found_order_is_saved_and_loaded():
    e = game(task("PropaneCombustion"))
    found = e.search(budget=0.5, cost="all_edges", progress=False)
    assert e.from_json(found.to_json()).counts.scalar_cost == 88
    with pytest.raises(ValueError, match="changed"):
        game(task("g")).from_json(found.to_json())


def test_certify_proves_a_played_order_and_asks_for_the_rest():
    e = game(task("HumanHeartDipole"))
    with pytest.raises(ValueError, match="left to eliminate"):
        e.certify()
    verdict = e.complete("all_edges").certify()
    assert verdict.cost == verdict.bound == 148


def test_floors_only_rise_while_one_plays():
    e = game(task("RoeFlux_1d"))
    value = e.bound().value
    for _ in range(12):
        vertex = e.remaining[3]
        spent = e.eliminate(vertex)
        assert spent.bound().value + spent.counts.scalar_cost - e.counts.scalar_cost >= value
        e, value = spent, spent.bound().value


class Broken(ThreadPoolExecutor):
    """An executor whose workers die."""

    def submit(self, fn, /, *args, **kwargs):
        future: Future = Future()
        future.set_exception(BrokenProcessPool("a worker died"))
        return future


class Lying(ThreadPoolExecutor):
    """An executor whose workers claim too much."""

    def submit(self, fn, /, *args, **kwargs):
        return super().submit(boasted, *args)


def boasted(unit: Unit):
    claim = work(replace(unit, seconds=0.05))
    return replace(claim, cost=claim.cost - 5) if isinstance(claim, Found) else replace(claim, value=claim.value + 500)


def test_an_executor_that_dies_costs_time_only():
    with Broken(1) as executor:
        found = game(task("RoeFlux_1d")).search(budget=5, cost="all_edges", executor=executor, progress=False)
    assert found.elimination.counts.scalar_cost == found.cost <= 304 and any("died" in line for line in found.refused)


def test_an_executor_that_lies_is_not_believed():
    with Lying(1) as executor:
        found = game(task("RoeFlux_1d")).search(budget=5, cost="all_edges", executor=executor, progress=False)
    assert found.elimination.counts.scalar_cost == found.cost and found.bound <= 295
    assert any("claims" in line for line in found.refused)


@pytest.mark.slow
def test_a_process_pool_searches():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        found = game(task("RoeFlux_1d")).search(budget=8, cost="all_edges", executor=executor, progress=False)
    assert found.cost <= 304 and found.elimination.counts.scalar_cost == found.cost
    assert not np.isnan(found.seconds)


def test_a_published_order_is_played_on_the_traced_function():
    roe = zoo.load("alphagrad_roe_flux_1d")
    e = eliminate(roe.function, *roe.arguments(), argnums=tuple(range(6)))
    printed = alphagrad.published("RoeFlux_1d")["rl"]
    assert e.from_alphagrad(printed.order).counts.scalar_cost == 320
    assert e.from_alphagrad(str(list(printed.order))).finished
    found = e.search(budget=5, cost="alphagrad", progress=False)
    assert found.elimination.counts.scalar_cost == found.cost <= 320
    with pytest.raises(ValueError, match="from the start"):
        e.play([e.remaining[0]]).problem("alphagrad")


def test_more_kinds_of_edges_than_the_loops_hold_leave_the_greedy_orders(monkeypatch):
    monkeypatch.setattr(counting, "LIMIT", 8)
    monkeypatch.setattr(run, "LIMIT", 8)
    found = eliminate(lambda x: jnp.prod(jnp.stack([jnp.sin(x[k]) * x[k + 1] for k in range(5)])), jnp.ones(6)).search(
        budget=20, methods=["greedy", "windows"], progress=False
    )
    assert found.elimination.finished and found.elimination.counts.cost == found.cost
    assert any("gave up" in line for line in found.refused)


def test_the_fastest_is_measured_among_likely_orders():
    lorenz = zoo.load("lorenz_rk4")
    e = eliminate(lorenz.function, *lorenz.arguments())
    found = e.search(budget=2, cost="measured", progress=False)
    assert found.model == "measured" and found.cost == min(trial.cost for trial in found.trials) < 1
    assert found.elimination.finished and set(found.order) == set(e.remaining) and "seconds" in str(found)


def test_what_a_search_proved_stays_with_the_game():
    found = game(task("RoeFlux_1d")).search(budget=60, cost="all_edges", progress=False)
    verdict = found.elimination.certify()
    assert verdict.optimal and verdict.cost == verdict.bound == 295
    assert found.elimination.undo().proof is found.elimination.proof
