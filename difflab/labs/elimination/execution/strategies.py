"""Ways to a Jacobian, by name: JAX's own two modes, compression by colouring, elimination orders, a narrow interface.

Each is a function of a `Task` that gives all auxiliary outputs and, for each output, the block by each input.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax

from difflab.core.contraction import Block, materialised
from difflab.core.explode import Exploded, assemble, explode
from difflab.core.linear import LinearGraph
from difflab.core.structure import Structure
from difflab.labs.elimination.cost import baselines, cheapest
from difflab.labs.elimination.counting.models import problem
from difflab.labs.elimination.execution.accumulate import blocks
from difflab.labs.elimination.execution.compressed import Plan, by_both, by_columns, by_rows, compressed
from difflab.labs.elimination.execution.cut import minimum_cut
from difflab.labs.elimination.execution.result import Piece
from difflab.labs.elimination.execution.shared import pays, shared
from difflab.labs.elimination.execution.task import Task
from difflab.labs.elimination.search.found import Found
from difflab.labs.elimination.search.methods import greedy

PORTFOLIO = 400
"""Up to this many intermediates all greedy rules are tried; they take milliseconds for each hundred."""

Rows = tuple[list[Any], list[list[Piece]]]
"""Auxiliary outputs, and for each output the block by each input."""

LIMIT = 16
"""Arrays of at most so many entries are small."""

_MOST = 3000


@dataclass(frozen=True)
class Strategy:
    """A way to a Jacobian; `sparse` lists the sparse forms that it can give."""

    name: str
    run: Callable[[Task], Rows]
    sparse: tuple[str, ...] = ()


def eliminated(task: Task, order: Sequence[int]) -> Rows:
    """By eliminating vertices in order."""
    structures: list[list[Structure | None]] = []

    def emitted(*leaves: Any) -> list[Any]:
        outputs, rows = blocks(task.linear, leaves, order)
        rows = [[block and materialised(block) for block in row] for row in rows]
        structures[:] = [[block and block.structure for block in row] for row in rows]
        return [*outputs[task.count :], *(b.value for row in rows for b in row if b and b.value is not None)]

    if not pays(task.linear):
        outputs, rows = blocks(task.linear, task.at.leaves, order)
        return outputs[task.count :], [list(row) for row in rows]
    found = iter(shared(emitted, task.at.leaves))
    others = [next(found) for _ in range(_outputs(task) - task.count)]
    return others, [[s and Block(s, None if s.carried is None else next(found)) for s in row] for row in structures]


def exploded(task: Task) -> Rows:
    """By eliminating the entries of small arrays one by one. Raises ValueError where arrays are not small."""
    entries = taken_apart(task.linear)
    if entries is None:
        raise ValueError(f"{task.linear.name} has values of more than {LIMIT} entries, or too many to take them apart")

    def emitted(*leaves: Any) -> list[Any]:
        outputs, rows = blocks(entries, leaves, elimination_order(entries))
        return [*outputs[task.count :], *(block for row in assemble(entries, rows) for block in row)]

    leaves = task.at.leaves
    found = iter(shared(emitted, leaves) if pays(entries) else emitted(*leaves))
    others = [next(found) for _ in range(_outputs(task) - task.count)]
    return others, [[next(found) for _ in task.linear.inputs] for _ in range(task.count)]


def _outputs(task: Task) -> int:
    assert task.linear.flat is not None, "a task has a function; please report this"
    return len(task.linear.flat.graph.outputs)


@lru_cache(maxsize=256)
def taken_apart(linear: LinearGraph) -> Exploded | None:
    """The graph of the entries, if no value has more than `LIMIT` and there are not too many."""
    small = max(linear.sizes, default=0) <= LIMIT and sum(linear.sizes) <= _MOST
    return explode(linear, LIMIT) if small else None


@lru_cache(maxsize=256)
def best_greedy(linear: LinearGraph) -> Found:
    """The cheapest order that the greedy rules find in the structured model; of large graphs the best named one."""
    if len(linear.intermediates) <= PORTFOLIO:
        return greedy(problem(linear))[0]
    best = cheapest(baselines(linear))
    return Found(tuple(linear.numbers[v] for v in best.order), best.cost, best.name, 0.0)


def elimination_order(linear: LinearGraph) -> tuple[int, ...]:
    """The order that the strategies by elimination play."""
    return best_greedy(linear).order


@lru_cache(maxsize=256)
def cut_order(linear: LinearGraph) -> tuple[int, ...]:
    """Reverse up to the narrowest interface, forward after it."""
    return minimum_cut(linear).order


def _forward(task: Task) -> Rows:
    return _by_jax(jax.jacfwd, task)


def _reverse(task: Task) -> Rows:
    return _by_jax(jax.jacrev, task)


def _by_jax(mode: Callable[..., Any], task: Task) -> Rows:
    found, others = mode(task.function, argnums=tuple(range(len(task.point))), has_aux=True)(*task.point)
    return others, [list(row) for row in found]


def _colouring(plan: Plan) -> Callable[[Task], Rows]:
    return lambda task: compressed(task, plan(task.linear))


STRATEGIES: Mapping[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy("jacfwd", _forward),
        Strategy("jacrev", _reverse),
        Strategy("column", _colouring(by_columns), ("bcoo",)),
        Strategy("row", _colouring(by_rows), ("bcoo",)),
        Strategy("bicolour", _colouring(by_both), ("bcoo",)),
        Strategy("cut", lambda task: eliminated(task, cut_order(task.linear)), ("bcoo", "structured")),
        Strategy("exploded", exploded),
        Strategy("elimination", lambda task: eliminated(task, elimination_order(task.linear)), ("bcoo", "structured")),
    )
}
"""By name."""
