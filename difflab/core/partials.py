"""Which structure the local Jacobian of an equation has: one row a primitive family.

Only the *structure* is written down here (moves of entries: `difflab.core.selections`); the numbers come from JAX's own
derivative rules (`difflab.core.probe`), so no partial derivative can be wrong by a slip of the pen. What stands in no
row gets a dense block. The tests take every
row, and every name in `ELEMENTWISE`, to JAX and compare with the dense Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod

import numpy as np

from difflab.core.local import Local
from difflab.core.relation import Relation
from difflab.core.selections import SELECTIONS
from difflab.core.structure import Structure, dense, refine, selection, structure

ELEMENTWISE = frozenset(
    """abs acos acosh add add_any asin asinh atan atan2 atanh bessel_i0e bessel_i1e cbrt clamp convert_element_type copy
    copy_p cos cosh digamma div erf erf_inv erfc exp exp2 expm1 igamma igammac integer_pow lgamma log log1p logistic max
    min mul name neg polygamma pow reduce_precision regularized_incomplete_beta rem rsqrt select_n sin sinh sqrt square
    sub tan tanh""".split()
)
"""Entry i of the result depends on entry i of each operand of the same shape, and on scalar operands."""

UNIT: Mapping[str, tuple[int, ...]] = {
    "add": (1, 1),
    "add_any": (1, 1),
    "convert_element_type": (1,),
    "copy": (1,),
    "copy_p": (1,),
    "name": (1,),
    "neg": (-1,),
    "reduce_precision": (1,),
    "sub": (1, -1),
}
"""Elementwise with a partial of 1 or −1 for each operand."""

SCALED: Mapping[str, Mapping[int, int]] = {"mul": {0: 1, 1: 0}, "div": {0: 1}}
"""Elementwise, where the partial for an operand is a function of one other operand alone."""

ZERO = frozenset({"ceil", "floor", "round", "sign", "stop_gradient"})
"""JAX's derivative is zero everywhere."""

IDENTITY = frozenset({"optimization_barrier", "device_put"})
"""Result k is operand k."""


def partial(local: Local) -> Structure | None:
    """The structure of ∂ result / ∂ operand, or None where it is zero. Both are real."""
    name = local.equation.primitive
    if name in ZERO or _unread(local):
        return None
    if name in IDENTITY or name in ELEMENTWISE:
        return _identity(local) if name in IDENTITY else _elementwise(local)
    found = SELECTIONS[name](local) if name in SELECTIONS else None
    rule = RULES.get(name)
    return found or (rule(local) if rule else dense(local.out_shape, local.inp_shape))


def _unread(local: Local) -> bool:
    """Whether the derivative rule never looks at the operand: what a linear solve hands to its solver alone."""
    if local.equation.primitive != "custom_linear_solve":
        return False
    counts = local.params["const_lengths"]
    return counts.matvec <= local.position < sum(counts)


def pointwise(local: Local) -> Structure:
    """The structure of a map that is known to be elementwise."""
    return _elementwise(local) if _fits(local) else dense(local.out_shape, local.inp_shape)


def _fits(local: Local) -> bool:
    """Whether the operand is a number, or has the result's axes, some of them perhaps of size 1."""
    out, inp = local.out_shape, local.inp_shape
    return inp == () or (len(inp) == len(out) and all(n in (m, 1) for n, m in zip(inp, out, strict=True)))


def _matched(
    local: Local, match: Mapping[int, int], carried: Iterable[tuple[str, int]] | str | None, scale: int = 1
) -> Structure:
    """A structure of one label an axis: `match` maps input axes to the output axes that they follow.

    `carried` lists `("o", axis)` and `("i", axis)` for the labels of the array; `"all"` is all, None is no array.
    """
    outs = list(range(len(local.out_shape)))
    inps = [match.get(axis, len(outs) + axis) for axis in range(len(local.inp_shape))]
    sizes = dict(zip(inps, local.inp_shape, strict=True)) | dict(zip(outs, local.out_shape, strict=True))
    if isinstance(carried, str):
        labels: list[int] | None = [*outs, *inps]
    else:
        labels = None if carried is None else [outs[axis] if side == "o" else inps[axis] for side, axis in carried]
    return structure([[n] for n in outs], [[n] for n in inps], sizes, labels, scale)[0]


def _elementwise(local: Local) -> Structure:
    name = local.equation.primitive
    if not _fits(local):
        return dense(local.out_shape, local.inp_shape)
    match = {axis: axis for axis, n in enumerate(local.inp_shape) if n == local.out_shape[axis]}
    if name in UNIT:
        return _matched(local, match, None, UNIT[name][local.position])
    other = SCALED.get(name, {}).get(local.position)
    shape = local.out_shape if other is None else local.operands[other].shape
    return _matched(local, match, [("o", axis) for axis, n in enumerate(shape) if n != 1])


def _identity(local: Local) -> Structure | None:
    match = {axis: axis for axis in range(len(local.inp_shape))}
    return _matched(local, match, None) if local.position == local.result else None


def _along(local: Local, acted: Iterable[int], every: bool) -> Structure:
    """A map along some axes, the same for each index of the others; `every`: its numbers depend on those, too."""
    axes = set(acted)
    match = {axis: axis for axis in range(len(local.inp_shape)) if axis not in axes}
    return _matched(local, match, "all" if every else [(side, axis) for axis in axes for side in "oi"])


def _differing(local: Local) -> list[int]:
    return [k for k, (n, m) in enumerate(zip(local.inp_shape, local.out_shape, strict=True)) if n != m]


def _linear_along_axis(local: Local) -> Structure:
    return _along(local, [int(local.params["axis"])], every=False)


def _along_axis(local: Local) -> Structure:
    return _along(local, [int(local.params["axis"])], every=True)


def _slice(local: Local) -> Structure:
    return _along(local, _differing(local), every=False) if local.position == 0 else _dense(local)


def _sort(local: Local) -> Structure | None:
    if local.position != local.result:
        return None
    return _along(local, [int(local.params["dimension"])], every=True)


def _dynamic_update_slice(local: Local) -> Structure:
    update = local.operands[1].shape
    if local.position == 1:
        return _along(local, _differing(local), every=False)
    acted = [k for k, (n, m) in enumerate(zip(update, local.out_shape, strict=True)) if n != m]
    return _matched(local, {k: k for k in range(len(local.out_shape))}, [("o", k) for k in acted])


def _reduced(local: Local) -> dict[int, int]:
    kept = [axis for axis in range(len(local.inp_shape)) if axis not in local.params["axes"]]
    return {axis: k for k, axis in enumerate(kept)}


def _sum(local: Local) -> Structure:
    return _matched(local, _reduced(local), None)


def _reduction(local: Local) -> Structure:
    return _matched(local, _reduced(local), "all")


def _transpose(local: Local) -> Structure:
    return _matched(local, {int(axis): k for k, axis in enumerate(local.params["permutation"])}, None)


def _broadcast(local: Local) -> Structure:
    if local.position:
        return _dense(local)
    places = enumerate(map(int, local.params["broadcast_dimensions"]))
    return _matched(local, {k: axis for k, axis in places if local.inp_shape[k] == local.out_shape[axis]}, None)


def _reshape(local: Local) -> Structure:
    parts = refine([n for n in local.out_shape if n != 1], [n for n in local.inp_shape if n != 1])
    if local.params.get("dimensions") is not None:
        return _dense(local)
    if parts is None:
        everything = np.arange(prod(local.out_shape))
        return selection(
            local.out_shape, local.inp_shape, Relation(everything, everything, everything.size, everything.size)
        )
    sizes = dict(enumerate(n for axis in parts[0] for n in axis))
    grouped: list[list[list[int]]] = []
    for shape, found in zip((local.out_shape, local.inp_shape), parts, strict=True):
        labels, factors = iter(sizes), iter(found)
        grouped.append([[] if n == 1 else [next(labels) for _ in next(factors)] for n in shape])
    return structure(grouped[0], grouped[1], sizes, None)[0]


def _dot_general(local: Local) -> Structure:
    contract, batch = (tuple(tuple(map(int, axes)) for axes in pair) for pair in local.params["dimension_numbers"])
    side = local.position
    both = [operand.shape for operand in local.operands]
    free = [[k for k in range(len(both[s])) if k not in contract[s] and k not in batch[s]] for s in (0, 1)]
    start = len(batch[0]) + (len(free[0]) if side else 0)
    match = {axis: k for k, axis in enumerate(batch[side])} | {axis: start + k for k, axis in enumerate(free[side])}
    other = len(batch[0]) + (0 if side else len(free[0]))
    carried = [("o", k) for k in range(len(batch[0]))] + [("i", axis) for axis in contract[side]]
    return _matched(local, match, carried + [("o", other + k) for k in range(len(free[1 - side]))])


def _gather(local: Local) -> Structure:
    """Axes taken whole, at no index, follow the output; along the others a selection."""
    if local.position:
        return _dense(local)
    numbers, sizes = local.params["dimension_numbers"], local.params["slice_sizes"]
    gone = {*numbers.collapsed_slice_dims, *getattr(numbers, "operand_batching_dims", ())}
    kept = [axis for axis in range(len(local.inp_shape)) if axis not in gone]
    whole = [axis for axis in kept if sizes[axis] == local.inp_shape[axis] and axis not in numbers.start_index_map]
    match = {axis: int(numbers.offset_dims[kept.index(axis)]) for axis in whole}
    outs = [("o", axis) for axis in range(len(local.out_shape)) if axis not in match.values()]
    return _matched(local, match, outs + [("i", axis) for axis in range(len(local.inp_shape)) if axis not in match])


def _scatter(local: Local) -> Structure:
    if local.position:
        return _dense(local)
    return _matched(local, {axis: axis for axis in range(len(local.inp_shape))}, "all")


def _scatter_add(local: Local) -> Structure:
    return _dense(local) if local.position else _identity_of_operand(local)


def _identity_of_operand(local: Local) -> Structure:
    return _matched(local, {axis: axis for axis in range(len(local.inp_shape))}, None)


def _dense(local: Local) -> Structure:
    return dense(local.out_shape, local.inp_shape)


RULES: Mapping[str, Callable[[Local], Structure | None]] = {
    "broadcast_in_dim": _broadcast,
    "cumlogsumexp": _along_axis,
    "cummax": _along_axis,
    "cummin": _along_axis,
    "cumprod": _along_axis,
    "cumsum": _linear_along_axis,
    "dot_general": _dot_general,
    "dynamic_slice": _slice,
    "dynamic_update_slice": _dynamic_update_slice,
    "gather": _gather,
    "reduce_max": _reduction,
    "reduce_min": _reduction,
    "reduce_prod": _reduction,
    "reduce_sum": _sum,
    "reshape": _reshape,
    "scatter": _scatter,
    "scatter-add": _scatter_add,
    "scatter-max": _scatter,
    "scatter-min": _scatter,
    "scatter-mul": _scatter,
    "sort": _sort,
    "squeeze": _reshape,
    "transpose": _transpose,
}
