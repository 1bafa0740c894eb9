"""Primitives that combine groups of entries: sliding windows, scatters of any kind, reductions by a function.

Which entries fall together is found by letting JAX itself add up powers of two (`difflab.core.movement.landing`); how
they are combined is an operation of the domain, a decision by order, or a graph that is run.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import jax
import numpy as np

from difflab.core.deciding import listed, of, ranks_of
from difflab.core.movement import landing
from difflab.core.run import Run, Site
from difflab.core.values import Step, Value, pack

_TOO_MANY = "more entries than difflab follows"
_WINDOW = "window_dimensions window_strides padding base_dilation window_dilation".split()


def windows(at: Site, shape: Sequence[int]) -> list[list[int]] | None:
    """The entries in each window of an array of that shape, by number; windows in the order of the result."""
    given = {key: at.equation.params[key] for key in _WINDOW if key in at.equation.params}

    def sums(array: Any) -> Any:
        return jax.lax.reduce_window(array, array.dtype.type(0), jax.lax.add, **given)

    count = prod(jax.eval_shape(sums, jax.ShapeDtypeStruct(tuple(shape), np.float32)).shape)
    return landing(count, sums, shape, "float32")


def window_sum(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Sums over sliding windows."""
    pieces = of(operands[0]).reshape(-1)
    landed = windows(at, of(operands[0]).shape)
    if landed is None:
        return run.holes(at, operands, _TOO_MANY)
    return run.made(at, operands, [pack(at.shapes[0], [run.sum(list(pieces[hits]), at.dtypes[0]) for hits in landed])])


def window_extremum(sign: int) -> Callable[[Run, Site, list[Value]], list[Value]]:
    """The rule of the largest (`sign` 1) or smallest (−1) entry of each window."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        (x,) = operands
        landed = windows(at, of(x).shape)
        if landed is None:
            return run.holes(at, operands, _TOO_MANY)
        best = _best(run, at, x, landed, sign)
        empty = run.over(at.dtypes[0]).constant(-sign * float("inf"))
        pieces = of(x).reshape(-1)
        picked = [empty if k < 0 else pieces[k] for k in best]
        return run.made(at, operands, [pack(at.shapes[0], picked)])

    return rule


def gather_where_best(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The tangent that belongs to the selected entry of each window; 0 where a window is empty."""
    tangents, x = operands
    landed = windows(at, of(x).shape)
    if landed is None:
        return run.holes(at, operands, _TOO_MANY)
    best = _best(run, at, x, landed, _direction(at))
    zero, pieces = run.over(at.dtypes[0]).constant(0), of(tangents).reshape(-1)
    return run.made(at, operands, [pack(at.shapes[0], [zero if k < 0 else pieces[k] for k in best])])


def scatter_where_best(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Add each cotangent to the selected entry of its window."""
    source, x = operands
    landed = windows(at, of(x).shape)
    if landed is None:
        return run.holes(at, operands, _TOO_MANY)
    sums: list[list[Any]] = [[] for _ in range(of(x).size)]
    for k, piece in zip(_best(run, at, x, landed, _direction(at)), of(source).reshape(-1), strict=True):
        if k >= 0:
            sums[k].append(piece)
    return run.made(at, operands, [pack(at.shapes[0], [run.sum(items, at.dtypes[0]) for items in sums])])


def scatter(name: str) -> Callable[[Run, Site, list[Value]], list[Value]]:
    """The rule of a scatter that combines each update with the entry that it lands on: sub, mul, max or min."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        base, indices, updates = operands
        if base.elements is None or updates.elements is None:
            return run.concretely(at, operands)
        landed = _scattered(at, indices.known, base.elements.shape, updates.elements.shape)
        if landed is None:
            return run.holes(at, operands, _TOO_MANY)
        if name in ("max", "min"):
            return _scattered_extremum(run, at, operands, landed, 1 if name == "max" else -1)
        combine, pieces = run.over(at.dtypes[0]).operations[name], updates.elements.reshape(-1)
        out = list(base.elements.reshape(-1))
        for position, hits in enumerate(landed):
            for k in hits:
                out[position] = run.map(combine, pack((), [out[position]]), pack((), [pieces[k]]))[()]
        return run.made(at, operands, [pack(at.shapes[0], out)])

    return rule


def reduce_by(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """A reduction over axes by any function of two (groups of) scalars, from the left."""
    half = len(operands) // 2
    shape, axes = of(operands[0]).shape, at.equation.params["dimensions"]
    numbers = np.arange(prod(shape)).reshape(shape)
    kept = [k for k in range(len(shape)) if k not in axes]
    rows = numbers.transpose([*kept, *axes]).reshape(prod(at.shapes[0]), -1)
    return _folded(run, at, operands[:half], operands[half:], rows.tolist())


def reduce_windows_by(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Sliding windows reduced by any function of two (groups of) scalars."""
    half = len(operands) // 2
    landed = windows(at, of(operands[0]).shape)
    if landed is None:
        return run.holes(at, operands, _TOO_MANY)
    return _folded(run, at, operands[:half], operands[half:], landed)


def _folded(
    run: Run, at: Site, arrays: Sequence[Value], starts: Sequence[Value], groups: Sequence[Sequence[int]]
) -> list[Value]:
    if any(v.elements is None for v in (*arrays, *starts)) or not at.equation.bodies:
        return run.holes(at, [*arrays, *starts], "it reduces integers along with floats")
    columns: list[list[Any]] = [[] for _ in arrays]
    for group in groups:
        carry = list(starts)
        for k in group:
            items = [_entry(v, k) for v in arrays]
            carry = run.run_body(at, 0, [*carry, *items])
        for column, value in zip(columns, carry, strict=True):
            column.append(of(value)[()])
    made = [pack(shape, column) for shape, column in zip(at.shapes, columns, strict=True)]
    return run.made(at, [*arrays, *starts], made)


def _entry(value: Value, k: int) -> Value:
    def take(array: Any) -> list[Any]:
        return [np.asarray(array).reshape(-1)[k]]

    entry = Value(pack((), [of(value).reshape(-1)[k]]), active=value.active)
    return entry.comes_from(Step(take, [value]), 0)


def _direction(at: Site) -> int:
    return 1 if str(at.equation.params["select_prim"]).startswith("ge") else -1


def _best(run: Run, at: Site, x: Value, landed: Sequence[Sequence[int]], sign: int) -> list[int]:
    """The first entry of each window that is largest (or smallest); −1 where a window is empty."""
    ranks = sign * ranks_of(run, x).reshape(-1)
    found = [max(hits, key=lambda k: (ranks[k], -k)) if hits else -1 for hits in landed]
    ties = any(sum(ranks[k] == ranks[b] for k in hits) > 1 for b, hits in zip(found, landed, strict=True) if hits)
    if x.active:
        text = f"{at.equation.primitive} {at.label(len(at.equation.operands) - 1)}"
        run.decided(f"{text} takes entries {listed(np.array(found, int))}", at, ties, found)
    return found


def _scattered(at: Site, indices: Any, shape: Sequence[int], updates: Sequence[int]) -> list[list[int]] | None:
    """The updates that land on each entry."""
    keys = "dimension_numbers indices_are_sorted unique_indices mode".split()
    given = {key: at.equation.params[key] for key in keys if key in at.equation.params}
    zeros = np.zeros(tuple(shape), "float32")
    return landing(zeros.size, lambda array: jax.lax.scatter_add(zeros, indices, array, **given), updates, "float32")


def _scattered_extremum(
    run: Run, at: Site, operands: list[Value], landed: Sequence[Sequence[int]], sign: int
) -> list[Value]:
    base, _, updates = operands
    pool = np.concatenate([of(base).reshape(-1), of(updates).reshape(-1)])
    size = of(base).size
    both = Value(pool, active=base.active or updates.active)
    if not run.decide_here:
        both.settle(np.concatenate([np.asarray(v.known).reshape(-1) for v in (base, updates)]))
    groups = [[position, *[size + k for k in hits]] for position, hits in enumerate(landed)]
    best = _best(run, at, both, groups, sign)
    return run.made(at, operands, [pack(at.shapes[0], list(pool[best]) if best else [])])


RULES: Mapping[str, Callable[[Run, Site, list[Value]], list[Value]]] = {
    "reduce_window_sum": window_sum,
    "reduce_window_max": window_extremum(1),
    "reduce_window_min": window_extremum(-1),
    "reduce_window": reduce_windows_by,
    "reduce": reduce_by,
    "select_and_gather_add": gather_where_best,
    "select_and_scatter_add": scatter_where_best,
    "scatter-sub": scatter("sub"),
    "scatter-mul": scatter("mul"),
    "scatter-max": scatter("max"),
    "scatter-min": scatter("min"),
}
"""Primitive → rule."""
