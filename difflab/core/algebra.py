"""Products and sums of structured blocks, as plans: what comes out, what it costs, how the arrays are combined.

A product unifies the labels of the middle axes: J[o, i] = Σ_m A[o, m] B[m, i]. Labels left on neither side are summed.
Where a middle label belongs to a link, the factors around it are composed as relations (`difflab.core.relation`), and
the pairs of entries that meet are one label. The cost is the number of multiplications that the contraction performs:
the product of the sizes of all labels on the two arrays after unification, where a summed label that only one array
carries is summed before (no multiplication). A factor without an array and with ±1 costs nothing; another constant n
costs one multiplication an entry.

An opaque block is applied to the columns (or rows) of the other factor, or made dense first, whichever is cheaper; each
application costs what the map says.

Planning only: no arrays of the user's numbers here (`difflab.core.contraction` has them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

import numpy as np

from difflab.core.aligning import finishing, met
from difflab.core.composing import Meeting, meet
from difflab.core.factors import Spread, Take
from difflab.core.relation import Relation
from difflab.core.structure import Axes, Structure, dense, flat, selection, structure
from difflab.core.superpose import Sum, join

__all__ = ["Fit", "Product", "Sum", "join", "materialising", "plain", "product"]

_REMEMBERED = 1 << 17


@dataclass(frozen=True, eq=False)
class Fit:
    """How one factor is prepared: structure given up where factorings of an axis clash, finer labels, takes."""

    spreads: tuple[Spread, ...]
    shape: tuple[int, ...]
    have: tuple[int, ...] = ()
    takes: tuple[Take, ...] = ()


@dataclass(frozen=True, eq=False)
class Product:
    """`structure` of left · right and its `cost` in multiplications.

    The prepared arrays have axes `left_labels` and `right_labels` (None: no array); the result's are `labels`; `scale`
    multiplies; `after` changes axes of the result, which `finish` then reshapes and transposes. `applied` says how an
    opaque factor is used: "push" (left applied to columns), "pull" (right applied to rows), "left", "right" or "both"
    (made dense first), "" where there is none.
    """

    structure: Structure
    cost: int
    left: Fit
    right: Fit
    left_labels: tuple[int, ...] | None
    right_labels: tuple[int, ...] | None
    labels: tuple[int, ...]
    scale: int
    sizes: Mapping[int, int]
    after: Spread | None = None
    applied: str = ""


_NONE = Fit((), ())
_NO_ENTRY = np.zeros(0, int)


@lru_cache(maxsize=_REMEMBERED)
def product(left: Structure, right: Structure) -> Product:
    """Plan the contraction of two blocks: `left` leads on from where `right` arrives."""
    if left.opaque or right.opaque:
        return _applied(left, right)
    (a, spreads_a), (b, spreads_b) = met(left, right)
    return _contract(a, b, Fit(spreads_a, a.value_shape), Fit(spreads_b, b.value_shape))


def plain(block: Structure) -> Structure:
    """The structure of an opaque block once it is made dense; any other block's own."""
    return replace(block, opaque=0) if block.opaque else block


def materialising(block: Structure) -> int:
    """Multiplications of making an opaque block dense: one application a column or a row."""
    return block.opaque * min(prod(block.out_shape), prod(block.inp_shape))


def _applied(left: Structure, right: Structure) -> Product:
    """The cheapest use of opaque factors."""
    a, b = plain(left), plain(right)
    found: list[tuple[int, str]] = []
    if left.opaque:
        found.append((left.opaque * prod(right.inp_shape) + materialising(right), "push"))
    if right.opaque:
        found.append((right.opaque * prod(left.out_shape) + materialising(left), "pull"))
    inner = product(a, b)
    names = {(True, True): "both", (True, False): "left", (False, True): "right"}
    whole = inner.cost + materialising(left) + materialising(right)
    found.append((whole, names[bool(left.opaque), bool(right.opaque)]))
    cost, how = min(found, key=lambda pair: pair[0])
    if how in names.values():
        return replace(inner, cost=cost, applied=how)
    target = dense(left.out_shape, right.inp_shape)
    return Product(target, cost, _NONE, _NONE, None, None, (), 1, {}, None, how)


def _contract(a: Structure, b: Structure, fit_a: Fit, fit_b: Fit) -> Product:
    """The product of blocks whose middle labels agree one by one."""
    work = meet(a, b)
    sizes, on_a, on_b = work.sizes, work.on_a, work.on_b
    if any(not link.relation.rows.size for link in work.links):
        empty = Relation(_NO_ENTRY, _NO_ENTRY, prod(a.out_shape), prod(b.inp_shape))
        nothing = selection(a.out_shape, b.inp_shape, empty)
        return Product(nothing, 0, fit_a, fit_b, None, None, (), 1, sizes)
    out = _replaced(a.out, work.replaced)
    inp = _replaced(work.inp, work.replaced)
    summed = set(flat(a.inp)) - set(flat(a.out)) - set(flat(work.inp)) - work.inner
    repeated = prod(sizes[label] for label in summed - set(on_a or ()) - set(on_b or ()))
    scale = (a.scale if on_a is None else 1) * (b.scale if on_b is None else 1) * repeated * work.scale
    if on_a is None and on_b is None:
        result, _ = structure(out, inp, sizes, None, scale, work.links)
        return Product(result, 0, fit_a, fit_b, None, None, (), scale, sizes)
    kept = (set(on_a or ()) | set(on_b or ())) - summed - _short(work)
    moved = {n for take in work.after for n in take.group}
    values = (kept - moved) | {n for take in work.after for n in take.made}
    carried = {m for n in values for m in work.expanded.get(n, (n,))}
    result, number = structure(out, inp, sizes, carried, 1, work.links)
    labels = tuple(sorted(kept, key=lambda n: [number.get(m, -1) for m in work.expanded.get(n, (n,))]))
    cost = _cost(on_a, on_b, summed, sizes | work.charged, scale) if (a.carried, b.carried) != (None, None) else 0
    after = _finished(work, labels, result, number) if work.after or work.expanded or work.links else None
    fit_a, fit_b = (
        Fit(fit.spreads, fit.shape, have or (), tuple(takes))
        for fit, have, takes in zip((fit_a, fit_b), work.have, work.takes, strict=True)
    )
    return Product(result, cost, fit_a, fit_b, on_a, on_b, labels, scale, sizes, after)


def _short(work: Meeting) -> set[int]:
    """Labels that only number the pairs of an entry."""
    return {n for take in work.takes[0] for n in take.made[1:]}


def _replaced(axes: Sequence[Sequence[int]], parts: Mapping[int, tuple[int, ...]]) -> Axes:
    return tuple(tuple(m for n in axis for m in parts.get(n, (n,))) for axis in axes)


def _finished(work: Meeting, labels: tuple[int, ...], result: Structure, number: Mapping[int, int]) -> Spread:
    """From the axes of the contraction to those of the result's array."""
    want = list(labels)
    for take in work.after:
        want = [*take.made, *(n for n in want if n not in take.group)]
    return finishing(
        tuple(work.sizes[n] for n in labels), labels, tuple(want), (), work.sizes, result, number,
        tuple(work.after), work.expanded,
    )  # fmt: skip


def _cost(
    on_a: tuple[int, ...] | None, on_b: tuple[int, ...] | None, summed: set[int], sizes: Mapping[int, int], scale: int
) -> int:
    """Multiplications: of the contraction, and of a constant other than ±1 into the smaller array."""
    alone = summed & (set(on_a or ()) ^ set(on_b or ()))
    arrays = [{*labels} - alone for labels in (on_a, on_b) if labels is not None]
    entries = [prod(sizes[label] for label in labels) for labels in arrays]
    scaling = 0 if scale in (1, -1, 0) else min(entries)
    if len(arrays) == 1:
        return prod(sizes[label] for label in arrays[0] - summed) if scaling else 0
    return prod(sizes[label] for label in arrays[0] | arrays[1]) + scaling
