"""What no order can beat: lower bounds on the cost of vertex elimination where every product counts (`all_edges`).

Whenever v is eliminated, its predecessors cut it from the inputs and its successors from the outputs. So v costs at
least its *floor*, size(v) · κ_in(v) · κ_out(v), and a whole order at least the sum of the floors (`bound`). Vertices
whose floors cannot all be met at once are taken together in blocks (`block_bound`, see `blocks`).

The floors of `all_edges` hold for vertex elimination only: edge and face elimination can go below, and so can models
that do not count every product.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from difflab.labs.elimination.counting.problem import Problem, total
from difflab.labs.elimination.proof.blocks import LARGEST, Blocks
from difflab.labs.elimination.proof.flows import require, separators
from difflab.labs.elimination.search.found import Stop
from difflab.labs.elimination.search.greedy import PORTFOLIO


@dataclass(frozen=True)
class Bound:
    """No order of vertex elimination costs less than `value` under `all_edges`.

    `floors[v]` is what vertex v alone must cost, 0 for inputs, outputs and what is eliminated already. `blocks` are the
    sets of vertices whose order was optimised together and `worths` what each must cost; a vertex in none counts with
    its floor.
    """

    value: float | int
    method: str
    floors: tuple[float | int, ...]
    blocks: tuple[tuple[int, ...], ...] = ()
    seconds: float | int = 0.0
    worths: tuple[float | int, ...] = ()


def bound(problem: Problem, eliminated: Collection[int] = ()) -> Bound:
    """What eliminating the remaining vertices must cost, whatever their order: the sum of their floors.

    Milliseconds for hundreds of vertices. Raises ValueError for another model than `all_edges`, and for a vertex in
    `eliminated` that is not an intermediate.

    Example:
        >>> from difflab.core.linear import plain
        >>> from difflab.labs.elimination.counting.models import problem
        >>> chain = plain([("x", "y"), ("y", "z")], ["x"], ["z"])
        >>> bound(problem(chain, "all_edges")).value
        1
    """
    began = time.perf_counter()
    require(problem, eliminated)
    inward, outward = separators(problem, eliminated)
    remaining = set(problem.intermediates).difference(eliminated)
    floors = tuple(problem.sizes[v] * inward[v] * outward[v] if v in remaining else 0 for v in range(problem.count))
    return Bound(sum(floors), "vertex-disjoint paths", floors, (), time.perf_counter() - began)


def block_bound(
    problem: Problem,
    *,
    seconds: float | int = 10.0,
    seed: int = 0,
    limit: int = 16,
    start_blocks: Iterable[Iterable[int]] | None = None,
    order: Sequence[int] | None = None,
    report: Callable[[Bound], None] | None = None,
    stop: Stop | None = None,
) -> Bound:
    """The best bound by blocks of at most `limit` vertices that some seconds of search find; never below `bound`.

    The search goes on from `start_blocks` and improves where `order` (by default a good greedy one) spends more than
    the blocks must cost. It ends early when the bound meets the order's cost. Calls `report` with each better bound,
    and returns its best when `stop` says so or on KeyboardInterrupt.
    """
    began = time.perf_counter()
    first = bound(problem)
    if not 1 <= limit <= LARGEST:
        raise ValueError(
            f"blocks of up to {limit} vertices; a block has 1 … {LARGEST}, and each vertex doubles its time"
        )
    search = Blocks(problem, _valid(start_blocks or (), problem, limit), order or _good(problem, seed), seed)
    best = _bound(search, first, began)
    if report is not None:
        report(best)
    try:
        for value in search.climb(limit):
            if value > best.value:
                best = _bound(search, first, began)
                if report is not None:
                    report(best)
            if time.perf_counter() - began > seconds or (stop is not None and stop()):
                break
    except KeyboardInterrupt:
        pass
    return replace(best, seconds=time.perf_counter() - began)


def _bound(search: Blocks, first: Bound, began: float) -> Bound:
    blocks = [block for block in search.partition if len(block) > 1]
    worths = tuple(map(search.worth, blocks))
    return Bound(
        search.total, "blocks", first.floors, tuple(tuple(sorted(block)) for block in blocks),
        time.perf_counter() - began, worths,
    )  # fmt: skip


def _good(problem: Problem, seed: int) -> Sequence[int]:
    orders = [rule(problem, seed) for rule in PORTFOLIO.values()]
    return min(orders, key=lambda order: total(problem, order))


def _valid(blocks: Iterable[Iterable[int]], problem: Problem, limit: int) -> list[list[int]]:
    """The given blocks, if they can be blocks of this problem."""
    found = [list(block) for block in blocks]
    named = [vertex for block in found for vertex in block]
    if len(set(named)) < len(named) or set(named).difference(problem.intermediates):
        raise ValueError(f"start_blocks name each intermediate of {problem.name} at most once, and nothing else")
    if any(len(block) > limit for block in found):
        raise ValueError(
            f"a block of {max(map(len, found))} vertices; the limit is {limit}: raise it, or split the block"
        )
    return found
