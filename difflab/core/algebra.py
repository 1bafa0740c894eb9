"""Products and sums of structured blocks, as plans: what comes out, what it costs, how the arrays are combined.

A product unifies the labels of the middle axes: J[o, i] = Σ_m A[o, m] B[m, i]. Labels left on neither side are summed.
Its cost is the number of multiplications that the contraction performs: the product of the sizes of all labels on the
two arrays after unification, where a summed label that only one array carries is summed before (no multiplication).
A factor without an array and with ±1 costs nothing; another constant n costs one multiplication an entry.

Planning only: no arrays here (`difflab.core.contraction` has them).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from difflab.core.structure import Axes, Spread, Structure, coarsened, flat, refine, split, structure

_REMEMBERED = 1 << 17


@dataclass(frozen=True)
class Fit:
    """How one factor is prepared: made dense where factorings of an axis clash, then reshaped to finer labels."""

    spread: Spread | None
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Product:
    """`structure` of left · right and its `cost` in multiplications.

    The prepared arrays have axes `left_labels` and `right_labels`; the result's are `labels`; `scale` multiplies.
    """

    structure: Structure
    cost: int
    left: Fit
    right: Fit
    left_labels: tuple[int, ...] | None
    right_labels: tuple[int, ...] | None
    labels: tuple[int, ...]
    scale: int


@dataclass(frozen=True)
class Sum:
    """`structure` of left + right, and how each array is spread to it (None: it has no array, or fits as it is)."""

    structure: Structure
    left: Spread | None
    right: Spread | None


@lru_cache(maxsize=_REMEMBERED)
def product(left: Structure, right: Structure) -> Product:
    """Plan the contraction of two blocks: `left` leads on from where `right` arrives."""
    for dense_left, dense_right in ((False, False), (True, False), (True, True)):
        a, spread_a = coarsened(left, dense_left)
        b, spread_b = coarsened(right, dense_right)
        parts = _agree(a, b, a.inp, b.out)
        if parts is not None:
            a, b = split(a, parts[0]), split(b, parts[1])
            return _contract(a, b, Fit(spread_a, a.value_shape), Fit(spread_b, b.value_shape))
    raise AssertionError(f"blocks {left} and {right} do not meet; please report this")


def _contract(a: Structure, b: Structure, fit_a: Fit, fit_b: Fit) -> Product:
    """The product of blocks whose middle labels agree one by one."""
    count = len(a.sizes)
    name = dict(zip(flat(b.out), flat(a.inp), strict=True))
    rename = {label: name.get(label, count + label) for label in range(len(b.sizes))}
    sizes = dict(enumerate(a.sizes)) | {rename[label]: size for label, size in enumerate(b.sizes)}
    inp = tuple(tuple(rename[label] for label in axis) for axis in b.inp)
    summed = set(flat(a.inp)) - set(flat(a.out)) - set(flat(inp))
    on_a = None if a.carried is None else a.carried
    on_b = None if b.carried is None else tuple(rename[label] for label in b.carried)
    repeated = prod(sizes[label] for label in summed - set(on_a or ()) - set(on_b or ()))
    scale = a.scale * b.scale * repeated
    if on_a is None and on_b is None:
        result, _ = structure(a.out, inp, sizes, None, scale)
        return Product(result, 0, fit_a, fit_b, None, None, (), scale)
    carried = (set(on_a or ()) | set(on_b or ())) - summed
    result, number = structure(a.out, inp, sizes, carried)
    labels = tuple(sorted(carried, key=number.__getitem__))
    cost = _cost(on_a, on_b, summed, sizes, scale)
    return Product(result, cost, fit_a, fit_b, on_a, on_b, labels, scale)


def _cost(
    on_a: tuple[int, ...] | None, on_b: tuple[int, ...] | None, summed: set[int], sizes: dict[int, int], scale: int
) -> int:
    """Multiplications: of the contraction, and of a constant other than ±1 into the smaller array."""
    alone = summed & (set(on_a or ()) ^ set(on_b or ()))
    arrays = [{*labels} - alone for labels in (on_a, on_b) if labels is not None]
    entries = [prod(sizes[label] for label in labels) for labels in arrays]
    scaling = 0 if scale in (1, -1) else min(entries)
    if len(arrays) == 1:
        return prod(sizes[label] for label in arrays[0] - summed) if scaling else 0
    return prod(sizes[label] for label in arrays[0] | arrays[1]) + scaling


@lru_cache(maxsize=_REMEMBERED)
def join(left: Structure, right: Structure) -> Sum:
    """Plan the sum of two blocks between the same values; structure is given up only where they differ."""
    if left == right and left.carried is not None:
        return Sum(left, None, None)
    for dense_left, dense_right in ((False, False), (True, False), (True, True)):
        a, spread_a = coarsened(left, dense_left)
        b, spread_b = coarsened(right, dense_right)
        aligned = _align(a, b)
        if aligned is not None:
            return _superpose(*aligned, spread_a, spread_b)
    raise AssertionError(f"blocks {left} and {right} lie between different values; please report this")


def _superpose(a: Structure, b: Structure, before_a: Spread | None, before_b: Spread | None) -> Sum:
    """The sum of blocks whose labels agree one by one in size."""
    count = len(flat(a.out))
    shared = [_matches(a), _matches(b)]
    both = {k: j for k, j in shared[0].items() if shared[1].get(k) == j}
    out, inp = _numbered(a.out, 0), _numbered(a.inp, count)
    inp = tuple(tuple(both.get(label - count, label) for label in axis) for axis in inp)
    sizes = {k: a.sizes[label] for k, label in enumerate((*flat(a.out), *flat(a.inp)))}
    have_a, deltas_a = _placed(a, both)
    have_b, deltas_b = _placed(b, both)
    carried = {*have_a, *have_b, *(label for pair in (*deltas_a, *deltas_b) for label in pair)}
    if a.carried is None and b.carried is None and not carried:
        return Sum(structure(out, inp, sizes, None, a.scale + b.scale)[0], None, None)
    result, number = structure(out, inp, sizes, carried)
    want = tuple(sorted(carried, key=number.__getitem__))
    table = tuple(sizes[label] for label in range(len(sizes)))
    spread_a = Spread(a.value_shape, have_a, want, deltas_a, table, result.value_shape)
    spread_b = Spread(b.value_shape, have_b, want, deltas_b, table, result.value_shape)
    return Sum(result, _after(before_a, spread_a), _after(before_b, spread_b))


def _after(first: Spread | None, then: Spread) -> Spread:
    """Two spreadings as one; the first made its block dense, so the second only reshapes."""
    if first is None:
        return then
    assert not then.deltas and len(then.have) == len(then.want), "a dense block needs no spreading; please report this"
    return Spread(first.shape, first.have, first.want, first.deltas, first.sizes, then.final)


def _placed(block: Structure, both: dict[int, int]) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """Where the block's array has its axes in the sum, and the deltas that become numbers there."""
    outs = flat(block.out)
    count = len(outs)
    place = {label: count + k for k, label in enumerate(flat(block.inp))} | {label: k for k, label in enumerate(outs)}
    deltas = tuple((j, count + k) for k, j in _matches(block).items() if both.get(k) != j)
    return tuple(place[label] for label in block.carried or ()), deltas


def _matches(block: Structure) -> dict[int, int]:
    """Input position → output position with the same label."""
    where = {label: j for j, label in enumerate(flat(block.out))}
    return {k: where[label] for k, label in enumerate(flat(block.inp)) if label in where}


def _numbered(axes: Axes, start: int) -> Axes:
    found: list[tuple[int, ...]] = []
    for axis in axes:
        found.append(tuple(range(start, start + len(axis))))
        start += len(axis)
    return tuple(found)


def _align(a: Structure, b: Structure) -> tuple[Structure, Structure] | None:
    """Both blocks split until every axis has the same factors in both."""
    while True:
        parts = _agree(a, b, a.out, b.out)
        if parts is None:
            return None
        finer = split(a, parts[0]), split(b, parts[1])
        parts = _agree(*finer, finer[0].inp, finer[1].inp)
        if parts is None:
            return None
        finer = split(finer[0], parts[0]), split(finer[1], parts[1])
        if finer == (a, b):
            return finer
        a, b = finer


def _agree(
    a: Structure, b: Structure, axes_a: Axes, axes_b: Axes
) -> tuple[dict[int, tuple[int, ...]], dict[int, tuple[int, ...]]] | None:
    """For labels of facing axes the parts that make them agree; None where no splitting does."""
    parts: tuple[dict[int, tuple[int, ...]], dict[int, tuple[int, ...]]] = ({}, {})
    for labels_a, labels_b in zip(axes_a, axes_b, strict=True):
        found = refine([a.sizes[label] for label in labels_a], [b.sizes[label] for label in labels_b])
        if found is None:
            return None
        for side, labels in enumerate((labels_a, labels_b)):
            parts[side].update(zip(labels, found[side], strict=True))
    return parts
