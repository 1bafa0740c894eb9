"""Primitives that pick entries by their order: extrema along axes, sorting, the k largest."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core.deciding import listed, of, ranks_of, repeats
from difflab.core.run import Run, Site
from difflab.core.values import Value, pack


def extremum(sign: int) -> Callable[[Run, Site, list[Value]], list[Value]]:
    """The rule of reduce_max (`sign` 1) and reduce_min (−1)."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        (x,) = operands
        elements = of(x)
        axes = tuple(at.equation.params["axes"])
        kept = [k for k in range(elements.ndim) if k not in axes]
        count = int(np.prod([elements.shape[k] for k in axes], dtype=int))
        shape = (int(np.prod(at.shapes[0], dtype=int)), count)
        rows = elements.transpose([*kept, *axes]).reshape(shape)
        ranks = sign * ranks_of(run, x).transpose([*kept, *axes]).reshape(shape)
        best = np.argmax(ranks, axis=1) if count else np.zeros(shape[0], int)
        ties = (ranks == ranks[np.arange(len(best)), best][:, None]).sum(axis=1) > 1 if count else best > 0
        if x.active:
            text = f"{at.equation.primitive} {at.label(0)} takes entry {listed(best)}"
            run.decided(text, at, bool(ties.any()), best)
        picked = [row[k] for row, k in zip(rows, best, strict=True)] if count else _empty(run, at, sign, shape[0])
        return run.made(at, operands, [pack(at.shapes[0], picked)])

    return rule


def running_extremum(sign: int) -> Callable[[Run, Site, list[Value]], list[Value]]:
    """The rule of cummax (`sign` 1) and cummin (−1)."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        (x,) = operands
        axis, backwards = at.equation.params["axis"], at.equation.params["reverse"]
        ranks = np.moveaxis(sign * ranks_of(run, x), axis, -1)
        lines = np.moveaxis(of(x), axis, -1)
        if backwards:
            ranks, lines = ranks[..., ::-1], lines[..., ::-1]
        best = np.maximum.accumulate(ranks, axis=-1) if ranks.size else ranks
        places = np.where(ranks == best, np.arange(ranks.shape[-1]), 0)
        places = np.maximum.accumulate(places, axis=-1) if ranks.size else places
        if x.active:
            run.decided(f"{at.equation.primitive} {at.label(0)} is decided", at, repeats(ranks), places)
        picked = np.take_along_axis(lines, places, -1)
        return run.made(at, operands, [np.moveaxis(picked[..., ::-1] if backwards else picked, -1, axis)])

    return rule


def index_of_extremum(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """argmax and argmin: integers."""
    (x,) = operands
    ranks = ranks_of(run, x)
    (index,) = at.equation.bind(jnp.asarray(ranks) if run.decide_here else x.known)
    if x.active:
        text = f"{at.equation.primitive} {at.label(0)} is {listed(np.asarray(index).reshape(-1))}"
        run.decided(text, at, repeats(ranks.reshape(-1)), index)
    return [Value(None, index)]


def sort(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """JAX sorts the keys and numbers along with them; all operands follow the numbers."""
    axis, keys = at.equation.params["dimension"], at.equation.params["num_keys"]
    shape = at.shapes[0]
    numbers = np.moveaxis(
        np.broadcast_to(np.arange(shape[axis], dtype=np.int32), np.moveaxis(np.empty(shape), axis, -1).shape), -1, axis
    )
    sortable = [_keys(run, o) for o in operands]
    places = np.asarray(at.equation.bind(*sortable, numbers)[-1])
    if any(o.active for o in operands[:keys]):
        tight = any(repeats(np.moveaxis(ranks_of(run, o), axis, -1)) for o in operands[:keys] if o.elements is not None)
        run.decided(f"sort {at.label(0)} takes entries {listed(places.reshape(-1))}", at, tight, places)
    return _taken(run, at, operands, places, axis)


def top_k(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The k largest entries, or the smallest, picked by JAX's own indices."""
    (x,) = operands
    axis = at.equation.params.get("axis", at.equation.params.get("reduction_dimension", -1))
    places = at.equation.bind(_keys(run, x))[1]
    if x.active:
        text = f"{at.equation.primitive} {at.label(0)} takes entries {listed(np.asarray(places).reshape(-1))}"
        run.decided(text, at, repeats(np.moveaxis(ranks_of(run, x), axis, -1)), places)
    values = run.made(at, operands, [np.take_along_axis(of(x), np.asarray(places), axis), None])
    return [values[0], Value(None, places)]


def _taken(run: Run, at: Site, operands: list[Value], places: np.ndarray, axis: int) -> list[Value]:
    made = run.made(
        at, operands, [None if o.elements is None else np.take_along_axis(o.elements, places, axis) for o in operands]
    )
    for value, operand in zip(made, operands, strict=True):
        value.active = operand.active
        if operand.elements is None:
            value.settle(jnp.take_along_axis(operand.known, jnp.asarray(places), axis))
    return made


def _keys(run: Run, value: Value) -> Any:
    """Something JAX can sort in place of the value."""
    if not run.decide_here or value.elements is None:
        return value.known
    return jnp.asarray(ranks_of(run, value), "float32")


def _empty(run: Run, at: Site, sign: int, size: int) -> list[Any]:
    return [run.over(at.dtypes[0]).constant(-sign * float("inf"))] * size


RULES: Mapping[str, Callable[[Run, Site, list[Value]], list[Value]]] = {
    "reduce_max": extremum(1),
    "reduce_min": extremum(-1),
    "cummax": running_extremum(1),
    "cummin": running_extremum(-1),
    "argmax": index_of_extremum,
    "argmin": index_of_extremum,
    "sort": sort,
    "top_k": top_k,
    "approx_top_k": top_k,
}
"""Primitive → rule, for those that order."""
