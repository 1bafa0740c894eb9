"""Jacobians of known sparsity from few sweeps: tangents for groups of columns, cotangents for groups of rows.

The pattern is that of the local structures, closed over all paths (a boolean elimination); the groups come from
`colouring`; the sweeps are JAX's own, one `jvp` or `vjp` for all groups at once. An entry of
the compressed product is one entry of the Jacobian, so it is read off and not solved for.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Shaped

from difflab.core.linear import LinearGraph
from difflab.core.pattern import pattern
from difflab.labs.elimination.execution.colouring import Bicolouring, bicolouring, column_colouring, row_colouring
from difflab.labs.elimination.execution.result import Entries, Piece
from difflab.labs.elimination.execution.task import Task

MOST = 20_000_000
"""Entries of a pattern past which it is not worked out: such a Jacobian is not sparse enough to pay."""


@lru_cache(maxsize=64)
def places(linear: LinearGraph) -> Any:
    """The pattern of the whole Jacobian, all outputs by all inputs, flat. Raises ValueError past `MOST` entries."""
    sparse = import_module("scipy.sparse")
    starts = [0, *np.cumsum([linear.sizes[u] for u in linear.inputs]).tolist()]
    total = starts[-1]
    known: dict[int, Any] = {}
    for u, start in zip(linear.inputs, starts, strict=False):
        known[u] = sparse.eye_array(linear.sizes[u], total, k=start, dtype=bool, format="csr")
    last = dict(sorted(linear.edges))
    arriving: dict[int, list[int]] = {}
    for u, v in linear.edges:
        arriving.setdefault(v, []).append(u)
    ends = {end for end in linear.outputs if end is not None}
    for v in sorted(arriving):
        parts = [_step(linear, u, v) @ known[u] for u in arriving[v]]
        known[v] = sum(parts[1:], parts[0])
        _require_sparse(linear, known[v].nnz)
        for u in arriving[v]:
            if last[u] == v and u not in ends:
                del known[u]
    blocks = [
        _output(known, end, shape, total) for end, (_, shape, _) in zip(linear.outputs, linear.results, strict=True)
    ]
    found = sparse.vstack(blocks, format="csr") if blocks else sparse.csr_array((0, total), dtype=bool)
    found.sort_indices()
    return found


def _step(linear: LinearGraph, u: int, v: int) -> Any:
    structure = linear.edges[u, v]
    found = pattern(structure)
    _require_sparse(linear, found.nnz)
    return found


def _require_sparse(linear: LinearGraph, count: int) -> None:
    if count > MOST:
        raise ValueError(
            f"the Jacobian of {linear.name} has a pattern of more than {MOST:,} entries on the way; it is not sparse "
            "enough for colouring: use an elimination order, or jax.jvp and jax.vjp"
        )


def _output(known: dict[int, Any], end: int | None, shape: tuple[int, ...], total: int) -> Any:
    return import_module("scipy.sparse").csr_array((prod(shape), total), dtype=bool) if end is None else known[end]


@dataclass(frozen=True, eq=False)
class Found:
    """Flat places and values of the entries that one mode gives."""

    rows: Int[np.ndarray, " k"]
    columns: Int[np.ndarray, " k"]
    values: Shaped[Array, " k"]


@lru_cache(maxsize=64)
def by_columns(linear: LinearGraph) -> Bicolouring:
    """All entries by tangents."""
    return _one_sided(linear, reverse=False)


@lru_cache(maxsize=64)
def by_rows(linear: LinearGraph) -> Bicolouring:
    """All entries by cotangents."""
    return _one_sided(linear, reverse=True)


@lru_cache(maxsize=64)
def by_both(linear: LinearGraph) -> Bicolouring:
    """The best of some splits between cotangents and tangents."""
    return bicolouring(places(linear))


def _one_sided(linear: LinearGraph, reverse: bool) -> Bicolouring:
    pattern = places(linear)
    chosen = np.full(pattern.shape[0], reverse)
    none = pattern[:0]
    return Bicolouring(
        row_colouring(pattern if reverse else none), column_colouring(none if reverse else pattern), chosen
    )


def compressed(task: Task, plan: Bicolouring) -> tuple[list[Any], list[list[Piece]]]:
    """The auxiliary outputs, and the entries of each block, by the sweeps of a plan."""
    whole = places(task.linear)
    rows = np.repeat(np.arange(whole.shape[0]), np.diff(whole.indptr))
    columns = np.asarray(whole.indices)
    back = plan.reverse[rows]
    values: Any = None
    others: list[Any] = []
    if plan.columns.count or not plan.rows.count:
        others, swept = _pushed(task, plan.columns.seeds())
        values = swept[plan.columns.colours[columns] % max(len(swept), 1), rows] if len(swept) else jnp.zeros(0)
    if plan.rows.count:
        seeds = plan.rows.seeds()
        full = np.zeros((len(seeds), len(plan.reverse)))
        full[:, : seeds.shape[1]] = seeds
        others, swept = _pulled(task, full)
        pulled = swept[plan.rows.colours[rows] % len(swept), columns]
        values = pulled if values is None else jnp.where(back, pulled, values)
    return others, _cut(task, rows, columns, values)


def _pushed(task: Task, seeds: Any) -> tuple[list[Any], Any]:
    """J S, one row a seed, and the auxiliary outputs."""
    _, push, others = jax.linearize(task.function, *task.point, has_aux=True)
    shapes = [(leaf.shape, leaf.dtype) for leaf in task.point]

    def one(seed: Any) -> Any:
        return _joined(push(*_parts(seed, shapes)))

    return others, jax.vmap(one)(jnp.asarray(seeds, jnp.result_type(*task.point)))


def _pulled(task: Task, seeds: Any) -> tuple[list[Any], Any]:
    """S J, one row a seed, and the auxiliary outputs."""
    outputs, pull, others = jax.vjp(task.function, *task.point, has_aux=True)
    shapes = [(leaf.shape, leaf.dtype) for leaf in outputs]

    def one(seed: Any) -> Any:
        return _joined(pull(_parts(seed, shapes)))

    return others, jax.vmap(one)(jnp.asarray(seeds, jnp.result_type(*outputs)))


def _joined(leaves: Sequence[Any]) -> Any:
    return jnp.concatenate([leaf.reshape(-1) for leaf in leaves])


def _parts(flat: Any, shapes: Sequence[tuple[tuple[int, ...], Any]]) -> list[Any]:
    bounds = [0, *np.cumsum([prod(shape) for shape, _ in shapes]).tolist()]
    return [
        flat[a:b].reshape(shape).astype(dtype) for (a, b), (shape, dtype) in zip(pairwise(bounds), shapes, strict=True)
    ]


def _cut(task: Task, rows: Any, columns: Any, values: Any) -> list[list[Piece]]:
    """The entries sorted into blocks of one output by one input."""
    linear = task.linear
    tops = [0, *np.cumsum([prod(shape) for _, shape, _ in linear.results]).tolist()]
    lefts = [0, *np.cumsum([linear.sizes[u] for u in linear.inputs]).tolist()]
    found: list[list[Piece]] = []
    for top, bottom in pairwise(tops):
        row: list[Piece] = []
        for left, right in pairwise(lefts):
            mine = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
            chosen = values if mine.all() else values[np.flatnonzero(mine)]
            row.append(Entries(rows[mine] - top, columns[mine] - left, chosen))
        found.append(row)
    return found


Plan = Callable[[LinearGraph], Bicolouring]
