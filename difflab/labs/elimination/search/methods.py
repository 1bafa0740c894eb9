"""The search methods by name, and one piece of search as a pure unit of work.

A unit is a problem, a method, a seed, a time and a start (an order; for a bound also its blocks): data that travels to
another process or machine. What comes back is only a *claim*. `refusal` counts the order again and has a bound proved
again by the independent checker, so that a worker that lies costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from difflab.labs.elimination.counting.problem import Problem, total
from difflab.labs.elimination.orders import ORDERS
from difflab.labs.elimination.proof import certificate
from difflab.labs.elimination.proof.bounds import Bound, block_bound
from difflab.labs.elimination.proof.claims import write
from difflab.labs.elimination.proof.exact import exact
from difflab.labs.elimination.search.agent import agent
from difflab.labs.elimination.search.anneal import anneal
from difflab.labs.elimination.search.chunks import chunks
from difflab.labs.elimination.search.found import Found, Report, Stop
from difflab.labs.elimination.search.greedy import PORTFOLIO
from difflab.labs.elimination.search.windows import windows

Method = Callable[..., Found | Bound]
"""`method(problem, *, start, seconds, seed, report, stop)`: an order and its cost, or a lower bound with its proof."""


BLOCK = 18
"""Vertices in a block of the bound; each more doubles its time."""

SLOW, MANY = ("least_damage",), 20_000
"""Rules that are left out above so many vertices: they look at neighbours of neighbours."""


def blocks(problem: Problem, *, start: Any, seconds: float | int, seed: int, report: Any, stop: Stop | None) -> Bound:
    """The lower bound by blocks; `start` is a pair: the blocks to go on from, and a good order to be guided by."""
    known, order = start or (None, None)
    return block_bound(
        problem, seconds=seconds, seed=seed, limit=BLOCK, start_blocks=known or None, order=order, report=report,
        stop=stop,
    )  # fmt: skip


METHODS: dict[str, Method] = {
    "agent": agent,
    "anneal": anneal,
    "blocks": blocks,
    "chunks": chunks,
    "exact": exact,
    "windows": windows,
}
"""What `search(methods=…)` may name besides `"greedy"`; `register_method` adds to it.

`agent` learns by self-play (`difflab[rl]`), `anneal` moves windows of an order, `blocks` raises the lower bound,
`chunks` anneals a long order piece by piece, `exact` is branch and bound, `windows` reorders short windows exactly.
"""


def register_method(name: str, method: Method) -> None:
    """Add a search method of your own; `search(methods=["greedy", name])` then runs it.

    The method is called as `method(problem, start=, seconds=, seed=, report=, stop=)` and returns a `Found`. Its order
    is counted again before it is accepted. Raises ValueError for a name that is taken.
    """
    if name in METHODS or name == "greedy" or name in PORTFOLIO:
        raise ValueError(f"there is a search method named {name!r} already; choose another name")
    METHODS[name] = method


@dataclass(frozen=True)
class Unit:
    """A piece of search: run `method` for `seconds` from `start` with `seed`."""

    problem: Problem = field(repr=False)
    method: str
    seed: int
    seconds: float | int
    start: Any = field(default=None, repr=False)
    how: Method | None = field(default=None, repr=False)


def work(unit: Unit, report: Report | None = None, stop: Stop | None = None) -> Found | Bound:
    """Carry out a unit, here or on another machine."""
    method = unit.how or METHODS[unit.method]
    return method(
        unit.problem, start=unit.start, seconds=unit.seconds, seed=unit.seed, report=report, stop=stop
    )  # fmt: skip


def greedy(problem: Problem, report: Report | None = None, stop: Stop | None = None, seed: int = 0) -> list[Found]:
    """Every greedy rule once, cheapest first; stops early when asked, but never before the four named orders."""
    found: list[Found] = []
    for name, rule in PORTFOLIO.items():
        over = stop is not None and stop()
        if name not in ORDERS and (over or (name in SLOW and len(problem.intermediates) > MANY)):
            continue
        begun = perf_counter()
        order = tuple(rule(problem, seed))
        found.append(Found(order, total(problem, order), name, perf_counter() - begun, seed))
        if report is not None:
            report(found[-1])
    return sorted(found, key=lambda one: one.cost)


def refusal(problem: Problem, claim: Any) -> str | None:
    """Why a claim is not believed; None if it holds. Orders are counted again, bounds are proved again."""
    if not isinstance(claim, Found | Bound):
        return f"returned a {type(claim).__name__}, where a Found or a Bound was expected"
    try:
        if isinstance(claim, Found):
            true = total(problem, claim.order)
            wrong = abs(true - claim.cost) > 1e-9 * max(1.0, abs(true))
            return f"claims {claim.cost:g} multiplications for an order that takes {true:g}" if wrong else None
        order = problem.intermediates
        certificate.check(write(problem, Found(order, total(problem, order), "given", 0.0), claim))
    except (TypeError, ValueError) as error:
        return str(error)
    return None
