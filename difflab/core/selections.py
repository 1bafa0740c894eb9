"""Primitives that only move entries, as fixed relations between the axes that they act on.

Slices, paddings and concatenations are written down axis by axis. For gathers and scatters JAX is run: on numbered
entries forward, or on numbered cotangents backward, so that indices past the end, clipping and filling mean exactly
what they mean in JAX. Where indices are known at run time only, None is returned and the block is dense.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# (JAX's own signatures are only partly typed.)

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.graph import Literal
from difflab.core.local import Local
from difflab.core.relation import Indices, Relation
from difflab.core.structure import Link, Structure, structure

Axes = Sequence[int]
_BASE = 1 << 7
"""Numbers are sent through floats in digits to this base, which even the shortest floats hold."""


def linked(local: Local, links: Sequence[tuple[Axes, Axes, Relation]], match: Mapping[int, int]) -> Structure:
    """A block of ones: `links` tie output axes to input axes, `match` maps other input axes to the output's."""
    shift = len(local.out_shape)
    sizes = dict(enumerate((*local.out_shape, *local.inp_shape)))
    inps = [[match.get(axis, shift + axis)] for axis in range(len(local.inp_shape))]
    found: list[Link] = []
    for outs, ins, relation in links:
        label = len(sizes)
        sizes[label] = len(relation)
        found.append(Link(label, tuple(outs), tuple(shift + k for k in ins), relation))
    return structure([[k] for k in range(shift)], inps, sizes, None, 1, found)[0]


def along(local: Local, moves: Mapping[int, tuple[Indices, Indices]]) -> Structure:
    """Each axis moved by itself: axis → (rows, columns); the others as they are."""
    out, inp = local.out_shape, local.inp_shape
    links = [((k,), (k,), Relation(rows, cols, out[k], inp[k])) for k, (rows, cols) in moves.items()]
    return linked(local, links, {k: k for k in range(len(inp)) if k not in moves})


def sliced(local: Local) -> Structure:
    """`slice`."""
    params, shape = local.params, local.out_shape
    steps = params["strides"] or [1] * len(shape)
    runs = {k: (np.arange(n), params["start_indices"][k] + steps[k] * np.arange(n)) for k, n in enumerate(shape)}
    return along(local, {k: run for k, run in runs.items() if shape[k] != local.inp_shape[k]})


def dynamically_sliced(local: Local) -> Structure | None:
    """`dynamic_slice` from known places."""
    starts = clamped(local, 1, local.inp_shape, local.out_shape)
    if starts is None:
        return None
    runs = {k: (np.arange(n), starts[k] + np.arange(n)) for k, n in enumerate(local.out_shape)}
    return along(local, {k: run for k, run in runs.items() if local.out_shape[k] != local.inp_shape[k]})


def updated(local: Local) -> Structure | None:
    """`dynamic_update_slice` at known places, with respect to what is updated (0) or the update (1)."""
    update = local.operands[1].shape
    starts = clamped(local, 2, local.out_shape, update)
    if starts is None:
        return None
    acted = [k for k, (n, m) in enumerate(zip(update, local.out_shape, strict=True)) if n != m]
    if local.position == 1:
        return along(local, {k: (starts[k] + np.arange(update[k]), np.arange(update[k])) for k in acted})
    kept = np.ones([local.out_shape[k] for k in acted], bool)
    kept[tuple(slice(starts[k], starts[k] + update[k]) for k in acted)] = False
    place = np.flatnonzero(kept)
    others = {k: k for k in range(len(local.out_shape)) if k not in acted}
    if not acted:
        return linked(local, [((), (), Relation(np.arange(0), np.arange(0), 1, 1))], others)
    return linked(local, [(acted, acted, Relation(place, place, kept.size, kept.size))], others)


def clamped(local: Local, first: int, whole: Sequence[int], part: Sequence[int]) -> list[int] | None:
    """Known start indices, moved inside as JAX does; None where one is known at run time only."""
    found: list[int] = []
    for operand, size, length in zip(local.operands[first:], whole, part, strict=True):
        if not isinstance(operand, Literal):
            return None
        start = int(operand.value)
        found.append(max(0, min(start, size - length)))
    return found


def reversed_axes(local: Local) -> Structure:
    """`rev`."""
    axes = {int(k): local.inp_shape[int(k)] for k in local.params["dimensions"]}
    return along(local, {k: (np.arange(n), np.arange(n)[::-1]) for k, n in axes.items() if n != 1})


def concatenated(local: Local) -> Structure:
    """`concatenate`."""
    axis = int(local.params["dimension"])
    start = sum(operand.shape[axis] for operand in local.operands[: local.position])
    n = local.inp_shape[axis]
    return along(local, {axis: (start + np.arange(n), np.arange(n))} if local.out_shape[axis] != n else {})


def parted(local: Local) -> Structure:
    """`split`."""
    axis = int(local.params["axis"])
    start = sum(vertex.shape[axis] for vertex in local.results[: local.result])
    n = local.out_shape[axis]
    return along(local, {axis: (np.arange(n), start + np.arange(n))} if local.inp_shape[axis] != n else {})


def stacked(local: Local) -> Structure:
    """`stack`: the operand is one place along a new axis."""
    axis, place = int(local.params["axis"]), np.array([local.position])
    one = Relation(place, np.zeros(1, int), local.out_shape[axis], 1)
    return linked(local, [((axis,), (), one)], {k: k + (k >= axis) for k in range(len(local.inp_shape))})


def unstacked(local: Local) -> Structure:
    """`unstack`: the result is one place along an axis."""
    axis, place = int(local.params["axis"]), np.array([local.result])
    one = Relation(np.zeros(1, int), place, 1, local.inp_shape[axis])
    others = [k for k in range(len(local.inp_shape)) if k != axis]
    return linked(local, [((), (axis,), one)], {k: j for j, k in enumerate(others)})


def tiled(local: Local) -> Structure:
    """`tile`: each axis of the result counts repetitions first."""
    rank = len(local.inp_shape)
    sizes = dict(enumerate((*local.inp_shape, *map(int, local.params["reps"]))))
    return structure([[rank + k, k] for k in range(rank)], [[k] for k in range(rank)], sizes, None)[0]


def padded(local: Local) -> Structure:
    """`pad`, with respect to the array (0) or the padding value (1)."""
    acted = [k for k, how in enumerate(local.params["padding_config"]) if tuple(how) != (0, 0, 0)]
    runs: dict[int, tuple[Indices, Indices]] = {}
    for k in acted:
        low, _, between = local.params["padding_config"][k]
        place = int(low) + (int(between) + 1) * np.arange(local.operands[0].shape[k])
        inside = np.flatnonzero((place >= 0) & (place < local.out_shape[k]))
        runs[k] = (place[inside], inside)
    if local.position == 0:
        return along(local, runs)
    free = np.ones([local.out_shape[k] for k in acted], bool)
    free[np.ix_(*(runs[k][0] for k in acted))] = False
    place = np.flatnonzero(free)
    return linked(local, [(acted, (), Relation(place, np.zeros_like(place), free.size, 1))], {})


def gathered(local: Local) -> Structure | None:
    """`gather` by known indices; axes taken whole, at no index, follow the output."""
    if local.position or not isinstance(local.operands[1], Literal):
        return None
    numbers, sizes = local.params["dimension_numbers"], local.params["slice_sizes"]
    shape = local.inp_shape
    gone = {*numbers.collapsed_slice_dims, *getattr(numbers, "operand_batching_dims", ())}
    kept = [axis for axis in range(len(shape)) if axis not in gone]
    whole = [axis for axis in kept if sizes[axis] == shape[axis] and axis not in numbers.start_index_map]
    match = {axis: int(numbers.offset_dims[kept.index(axis)]) for axis in whole}
    numbered = np.arange(prod(shape), dtype=np.int32).reshape(shape) + 1
    with jax.ensure_compile_time_eval():
        first, second = (
            np.asarray(local.equation.bind(numbered + shift, local.operands[1].value)[0], np.int64)
            for shift in (0, prod(shape))
        )
    place = np.where(second - first == prod(shape), first, 0)
    first_of_whole = tuple(0 if k in match.values() else slice(None) for k in range(place.ndim))
    return _matched_with(local, match, np.asarray(place[first_of_whole]))


def _matched_with(local: Local, match: Mapping[int, int], place: Indices) -> Structure:
    """The block whose output entry reads input entry `place` − 1 (0: none), axes of `match` left out."""
    acted = [k for k in range(len(local.inp_shape)) if k not in match]
    outs = [k for k in range(len(local.out_shape)) if k not in match.values()]
    rows = np.flatnonzero(place.reshape(-1))
    at = np.unravel_index(place.reshape(-1)[rows] - 1, local.inp_shape) if rows.size else ()
    cols = np.zeros(len(rows), np.int64)
    for k in acted if rows.size else ():
        cols = cols * local.inp_shape[k] + at[k]
    width = prod(local.inp_shape[k] for k in acted)
    return linked(local, [(outs, acted, Relation(rows, cols, place.size, width))], match)


def scattered(local: Local) -> Structure | None:
    """`scatter` and `scatter-add` at known indices: each update goes to one entry, the others stay."""
    if not isinstance(local.operands[1], Literal) or local.position == 1:
        return None
    adding = local.equation.primitive != "scatter"
    if local.position == 0 and adding:
        return linked(local, [], {k: k for k in range(len(local.inp_shape))})
    shape = local.out_shape
    with jax.ensure_compile_time_eval():
        place = _landing(local)
    cols = np.flatnonzero(place)
    relation = Relation(place[cols] - 1, cols, prod(shape), len(place))
    everything = range(len(shape)), range(len(local.inp_shape))
    return linked(local, [(*everything, relation)], {})


def _landing(local: Local) -> Indices:
    """For each entry of an operand of a scatter the number of the entry that it lands in, from 1; 0 for none."""
    number = np.arange(prod(local.out_shape)).reshape(local.out_shape) + 1
    count = next(k for k in range(1, 9) if _BASE**k > prod(local.out_shape))
    digits = np.stack([(number // _BASE**k) % _BASE for k in range(count)])
    pulled = np.asarray(jax.jit(lambda bars: jax.vmap(lambda bar: _pulled(local, bar))(bars))(digits), np.int64)
    return sum((_BASE**k * pulled[k].reshape(-1) for k in range(count)), np.zeros(prod(local.inp_shape), np.int64))


def _pulled(local: Local, bar: Any) -> Any:
    kind, indices = jnp.dtype(local.results[0].dtype), local.operands[1]
    assert isinstance(indices, Literal), "the places are known; please report this"
    zeros = [jnp.zeros(operand.shape, kind) for operand in local.operands]

    def function(moved: Any) -> Any:
        values = [zeros[0], indices.value, zeros[2]]
        values[local.position] = moved
        return local.equation.bind(*values)[0]

    return jax.vjp(function, zeros[local.position])[1](bar.astype(kind))[0]


SELECTIONS: Mapping[str, Callable[[Local], Structure | None]] = {
    "concatenate": concatenated,
    "dynamic_slice": dynamically_sliced,
    "dynamic_update_slice": updated,
    "gather": gathered,
    "pad": padded,
    "rev": reversed_axes,
    "scatter": scattered,
    "scatter-add": scattered,
    "slice": sliced,
    "split": parted,
    "stack": stacked,
    "tile": tiled,
    "unstack": unstacked,
}
"""Primitive → its block of ones, None where the places are known at run time only."""
