"""A block as a Kronecker product of factors, and how arrays follow when factors are fused or given up.

Every structure is value ⊙ (F₁ ⊗ F₂ ⊗ …): each factor ties some output labels to some input labels over an index of its
own. A Kronecker delta is the factor (n; n), a broadcast or a sum has labels on one side only, a link is any fixed
relation. Fusing factors gives one relation again, so all of them compose and add by the same rules.

Planning only: no arrays of the user's numbers here (`difflab.core.contraction` has them).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np

from difflab.core.relation import Indices, Relation, coordinates, flattened
from difflab.core.structure import Link, Structure, dense, flat, structure

_REMEMBERED = 1 << 16


@dataclass(frozen=True)
class Factor:
    """Output labels, input labels, and the labels of the index; `relation` is None where these are all the same."""

    outs: tuple[int, ...]
    inps: tuple[int, ...]
    index: tuple[int, ...]
    relation: Relation | None = None


@dataclass(frozen=True, eq=False)
class Take:
    """One step on an array with labelled axes: the axes `group` are made one, and that is replaced by axes `made`.

    Entry (n, k) of the new axes is the old entry `index[n, k]`, or 0 where that is −1; with one label in `made` it is
    summed over k. Where `index` is None, the old entry m is added to the new entry `place[m]` of `count`. `weights`
    multiply the new entries. `parts` splits the new axis into labels with these sizes.
    """

    group: tuple[int, ...]
    index: Indices | None
    made: tuple[int, ...]
    count: int
    place: Indices | None = None
    weights: Indices | None = None
    parts: tuple[int, ...] | None = None
    lengths: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Spread:
    """How a value array becomes that of a structure with less structure.

    The array (or the constant) is reshaped to `shape`, its axes being the labels `have`; `takes` change axes; it is
    repeated along the labels of `want` that it lacks, kept only where the two labels of each pair of `deltas` agree,
    reshaped to `finish`, transposed to `order` and reshaped to `final`.
    """

    shape: tuple[int, ...]
    have: tuple[int, ...]
    want: tuple[int, ...]
    deltas: tuple[tuple[int, int], ...]
    sizes: Mapping[int, int]
    final: tuple[int, ...]
    takes: tuple[Take, ...] = ()
    finish: tuple[int, ...] | None = None
    order: tuple[int, ...] = ()


def factors(block: Structure) -> list[Factor]:
    """The factors of a block: links, deltas, and labels of one side."""
    outs, inps = set(flat(block.out)), set(flat(block.inp))
    tied = {label for link in block.links for label in (*link.outs, *link.inps)}
    found = [Factor(link.outs, link.inps, (link.label,), link.relation) for link in block.links]
    for label in dict.fromkeys((*flat(block.out), *flat(block.inp))):
        if label not in tied:
            found.append(Factor((label,) * (label in outs), (label,) * (label in inps), (label,)))
    return found


def fuse(
    parts: Sequence[Factor], outs: Sequence[int], inps: Sequence[int], sizes: Mapping[int, int]
) -> tuple[tuple[int, ...], Relation]:
    """Several factors as one relation between the places of `outs` and `inps`; also the labels of its index."""
    group = tuple(n for part in parts for n in part.index)
    at = dict(zip(group, coordinates([sizes[n] for n in group]), strict=True))
    count = prod(sizes[n] for n in group)
    row: dict[int, Indices] = {}
    column: dict[int, Indices] = {}
    for part in parts:
        for side, found in ((part.outs, row), (part.inps, column)):
            found.update(_placed(part, side, at, sizes, found is row))
    shapes = [[sizes[n] for n in side] for side in (outs, inps)]
    rows = flattened([row[n] for n in outs], shapes[0], count)
    cols = flattened([column[n] for n in inps], shapes[1], count)
    return group, Relation(rows, cols, prod(shapes[0]), prod(shapes[1]))


def _placed(
    part: Factor, side: tuple[int, ...], at: Mapping[int, Indices], sizes: Mapping[int, int], rows: bool
) -> Iterable[tuple[int, Indices]]:
    along = at[part.index[0]]
    if part.relation is None:
        return [(label, along) for label in side]
    place = (part.relation.rows if rows else part.relation.cols)[along]
    return zip(side, np.unravel_index(place, [sizes[n] for n in side]) if side else (), strict=True)


def count(parts: Iterable[Factor], sizes: Mapping[int, int]) -> int:
    """Number of entries of the fused factors."""
    return prod(sizes[n] for part in parts for n in part.index)


def projected(group: Sequence[int], kept: Sequence[int], sizes: Mapping[int, int], index: Indices) -> Indices:
    """Places in the grid of all labels of a group → places in the grid of some of them."""
    if list(group) == list(kept):
        return index
    at = dict(zip(group, np.unravel_index(index, [sizes[n] for n in group]), strict=True)) if group else {}
    place = np.zeros(index.shape, np.int64)
    for n in kept:
        place = place * sizes[n] + at[n]
    return place


@lru_cache(maxsize=_REMEMBERED)
def densified(block: Structure) -> tuple[Structure, Spread]:
    """The same block without structure, and how to get its array, whose shape is that of output and input together."""
    outs, inps = flat(block.out), flat(block.inp)
    shift = len(outs)
    sizes = {k: block.sizes[label] for k, label in enumerate((*outs, *inps))}
    where = {label: shift + k for k, label in enumerate(inps)} | {label: k for k, label in enumerate(outs)}
    links = {link.label: len(sizes) + k for k, link in enumerate(block.links)}
    sizes |= {new: block.sizes[old] for old, new in links.items()}
    where |= links
    deltas = tuple((outs.index(label), shift + k) for k, label in enumerate(inps) if label in outs)
    carried = block.carried or ()
    takes = tuple(
        laid_out(
            (links[link.label],) if link.label in carried else (),
            [where[n] for n in link.outs], [where[n] for n in link.inps], sizes, link.relation,
        )
        for link in block.links
    )  # fmt: skip
    target = dense(block.out_shape, block.inp_shape)
    have = tuple(where[label] for label in carried)
    want = tuple(range(len(outs) + len(inps)))
    return target, Spread(block.value_shape, have, want, deltas, sizes, target.value_shape, takes)


def laid_out(
    group: tuple[int, ...], outs: Sequence[int], inps: Sequence[int], sizes: Mapping[int, int], relation: Relation
) -> Take:
    """The step that lays the entries of a relation out in its whole grid."""
    places = relation.rows * relation.width + relation.cols
    made = (*outs, *inps)
    total = relation.height * relation.width
    parts = tuple(sizes[n] for n in made)
    if group and total > max(1024, 4 * len(relation)):
        return Take(group, None, made, total, places, None, parts)
    inverse = np.full(total, -1)
    inverse[places] = np.arange(len(relation))
    return fetched(group, inverse, made, parts)


def fetched(
    group: tuple[int, ...], entry: Indices, made: tuple[int, ...], parts: tuple[int, ...] | None = None
) -> Take:
    """The step after which entry n is the old entry `entry[n]`, 0 where that is −1; a constant array has no `group`."""
    present = entry >= 0
    if group:
        return Take(group, entry[:, None], made, len(entry), None, None, parts)
    return Take((), None, made, len(entry), None, present.astype(np.int64), parts)


@lru_cache(maxsize=_REMEMBERED)
def merged(block: Structure, outs: frozenset[int], inps: frozenset[int]) -> tuple[Structure, Spread] | None:
    """The same block with one label on each of some output and input axes, by a link; None where that is no smaller."""
    gone = {n for k in outs for n in block.out[k]}, {n for k in inps for n in block.inp[k]}
    touched = [f for f in factors(block) if gone[0].intersection(f.outs) or gone[1].intersection(f.inps)]
    sizes = dict(enumerate(block.sizes))
    own_outs = [n for n in flat(block.out) if any(n in f.outs for f in touched)]
    own_inps = [n for n in flat(block.inp) if any(n in f.inps for f in touched)]
    if 2 * count(touched, sizes) > prod(sizes[n] for n in (*own_outs, *own_inps)):
        return None
    group, relation = fuse(touched, own_outs, own_inps, sizes)
    fresh = len(sizes)
    new: tuple[list[list[int]], list[list[int]]] = ([], [])
    tied: tuple[list[int], list[int]] = ([], [])
    for side, axes, chosen, own in ((0, block.out, outs, own_outs), (1, block.inp, inps, own_inps)):
        for k, axis in enumerate(axes):
            if k in chosen:
                sizes[fresh] = prod(sizes[n] for n in axis)
                new[side].append([fresh])
                tied[side].append(fresh)
                fresh += 1
            else:
                renamed = {n: fresh + j for j, n in enumerate(axis) if n in own}
                sizes |= {m: sizes[n] for n, m in renamed.items()}
                fresh += len(axis)
                new[side].append([renamed.get(n, n) for n in axis])
                tied[side].extend(renamed.values())
    link = Link(fresh, tuple(tied[0]), tuple(tied[1]), relation)
    sizes[fresh] = len(relation)
    old = block.carried
    on_group = old is not None and bool(set(group).intersection(old))
    carried = None if old is None else [n for n in old if n not in group] + [fresh] * on_group
    others = [k for k in block.links if k.label not in group]
    found, number = structure(*new, sizes, carried, block.scale, [*others, link])
    kept = tuple(n for n in group if n in (old or ()))
    takes: tuple[Take, ...] = ()
    if on_group:
        takes = (fetched(kept, projected(group, kept, sizes, np.arange(len(relation))), (fresh,)),)
    want = tuple(sorted((n for n in carried or () if sizes[n] != 1), key=number.__getitem__))
    return found, Spread(block.value_shape, old or (), want, (), sizes, found.value_shape, takes)
