"""The least structure that holds two parallel blocks, and how each array is laid out in it.

Factors that are the same in both stay. Where they differ, the factors around them are fused into one relation on each
side and the two are united, entries that only one side has being zero in the other; where that is no smaller than the
whole, the labels become free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

import numpy as np

from difflab.core.aligning import aligned, finishing
from difflab.core.factors import Factor, Spread, Take, count, factors, fetched, fuse, laid_out, projected
from difflab.core.relation import Relation, unite
from difflab.core.structure import Axes, Link, Structure, flat, refine, structure

_REMEMBERED = 1 << 17
Labels = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Sum:
    """`structure` of left + right, and how each array is spread to it (nothing: it has no array, or fits as it is)."""

    structure: Structure
    left: tuple[Spread, ...]
    right: tuple[Spread, ...]


@lru_cache(maxsize=_REMEMBERED)
def join(left: Structure, right: Structure) -> Sum:
    """Plan the sum of two blocks between the same values; structure is given up only where they differ."""
    left, right = (replace(block, opaque=0) if block.opaque else block for block in (left, right))
    if left == right and left.carried is not None:
        return Sum(left, (), ())
    (a, before_a), (b, before_b) = aligned(left, right)
    work = _Overlay(a, b)
    if a.carried is None and b.carried is None and (not work.carried or (work.apart and a.scale == b.scale)):
        return Sum(work.structure(None, a.scale if work.carried else a.scale + b.scale)[0], (), ())
    result, number = work.structure([m for n in work.carried for m in work.expanded.get(n, (n,))], 1)
    spreads = [work.spread(side, block, result, number) for side, block in enumerate((a, b))]
    return Sum(result, (*before_a, spreads[0]), (*before_b, spreads[1]))


class _Overlay:
    """Two blocks whose labels agree one by one in size, under common labels: outputs, then inputs, then links."""

    def __init__(self, a: Structure, b: Structure) -> None:
        self.axes = _numbered(a.out, 0), _numbered(a.inp, len(flat(a.out)))
        self.first_inp = len(flat(a.out))
        self.sizes = {k: a.sizes[n] for k, n in enumerate((*flat(a.out), *flat(a.inp)))}
        self.takes: tuple[list[Take], list[Take]] = ([], [])
        self.deltas: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
        self.links: list[Link] = []
        self.replaced: dict[int, Labels] = {}
        self.expanded: dict[int, Labels] = {}
        self.carried: set[int] = set()
        self.differing: list[bool] = []
        places = [self._places(block) for block in (a, b)]
        self.have = [[at[n] for n in block.carried or ()] for block, at in zip((a, b), places, strict=True)]
        pieces = [self._pieces(block, at) for block, at in zip((a, b), places, strict=True)]
        for group in _groups([f for found in pieces for f in found]):
            self._overlay(group, *([f for f in found if group.intersection((*f.outs, *f.inps))] for found in pieces))

    @property
    def apart(self) -> bool:
        """Whether the blocks differ in one place alone, and have no entry in common there."""
        return self.differing == [True]

    def _places(self, block: Structure) -> dict[int, int]:
        """Label of the block → common label; a delta is at its output, a link has a label of its own."""
        outs, inps = flat(block.out), flat(block.inp)
        places = {n: self.first_inp + k for k, n in enumerate(inps)} | {n: k for k, n in enumerate(outs)}
        return places | {link.label: self._fresh(len(link.relation)) for link in block.links}

    def _pieces(self, block: Structure, at: dict[int, int]) -> list[Factor]:
        out = {n: k for k, n in enumerate(flat(block.out))}
        inp = {n: self.first_inp + k for k, n in enumerate(flat(block.inp))}
        return [
            Factor(tuple(out[n] for n in f.outs), tuple(inp[n] for n in f.inps), (at[f.index[0]],), f.relation)
            for f in factors(block)
        ]

    def _fresh(self, size: int) -> int:
        label = len(self.sizes)
        self.sizes[label] = size
        return label

    def _overlay(self, group: set[int], mine: list[Factor], theirs: list[Factor]) -> None:
        """Lay the factors of both blocks on some labels over each other."""
        if len(mine) == len(theirs) == 1 and replace(mine[0], index=()) == replace(theirs[0], index=()):
            self._same(mine[0], theirs[0])
        elif sum(count(f, self.sizes) for f in (mine, theirs)) < prod(self.sizes[n] for n in group):
            self._united(sorted(group), (mine, theirs))
        else:
            self.differing.append(False)
            for side, found in enumerate((mine, theirs)):
                for factor in found:
                    self._freed(side, factor)

    def _same(self, mine: Factor, theirs: Factor) -> None:
        label, other = mine.index[0], theirs.index[0]
        self.have[1] = [label if n == other else n for n in self.have[1]]
        if label in self.have[0] or label in self.have[1]:
            self.carried.add(label)
        if mine.relation is not None:
            self.links.append(Link(label, mine.outs, mine.inps, mine.relation))
        elif mine.outs and mine.inps:
            self.replaced[mine.inps[0]] = mine.outs

    def _united(self, group: Sequence[int], sides: tuple[list[Factor], list[Factor]]) -> None:
        outs = tuple(n for n in group if n < self.first_inp)
        inps = tuple(n for n in group if n >= self.first_inp)
        (group_a, a), (group_b, b) = (fuse(found, outs, inps, self.sizes) for found in sides)
        relation, *entries = unite(a, b)
        label = self._fresh(len(relation))
        self.differing.append(not np.any((entries[0] >= 0) & (entries[1] >= 0)))
        for side, (index, entry) in enumerate(zip((group_a, group_b), entries, strict=True)):
            kept = tuple(n for n in index if n in self.have[side])
            if kept or np.any(entry < 0):
                place = entry.copy()
                place[entry >= 0] = projected(index, kept, self.sizes, entry[entry >= 0])
                self.takes[side].append(fetched(kept, place, (label,)))
                self.carried.add(label)
        self._stands(label, outs, inps, relation)

    def _stands(self, label: int, outs: Labels, inps: Labels, relation: Relation) -> None:
        """What stands in the sum: deltas where the relation is the identity, else a link."""
        parts = refine([self.sizes[n] for n in outs], [self.sizes[n] for n in inps]) if relation.diagonal else None
        if parts is None:
            self.links.append(Link(label, outs, inps, relation))
            return
        new = [self._fresh(size) for axis in parts[0] for size in axis]
        for side, axes in ((outs, parts[0]), (inps, parts[1])):
            rest = iter(new)
            self.replaced |= {n: tuple(next(rest) for _ in axis) for n, axis in zip(side, axes, strict=True)}
        self.expanded[label] = tuple(new)

    def _freed(self, side: int, factor: Factor) -> None:
        """Give a factor up: its labels become free, and the array says where it is not zero."""
        (label,) = factor.index
        if factor.relation is not None:
            kept = (label,) if label in self.have[side] else ()
            self.takes[side].append(laid_out(kept, factor.outs, factor.inps, self.sizes, factor.relation))
            self.carried.update((*factor.outs, *factor.inps))
        elif factor.outs and factor.inps:
            self.deltas[side].append((factor.outs[0], factor.inps[0]))
            self.carried.update((*factor.outs, *factor.inps))
        elif label in self.have[side]:
            self.carried.add(label)

    def structure(self, carried: Sequence[int] | None, scale: int) -> tuple[Structure, dict[int, int]]:
        """The sum's structure, and the number of each common label in it."""
        out, inp = ([[m for n in axis for m in self.replaced.get(n, (n,))] for axis in axes] for axes in self.axes)
        return structure(out, inp, self.sizes, carried, scale, self.links)

    def spread(self, side: int, block: Structure, result: Structure, number: dict[int, int]) -> Spread:
        """How one array gets to the sum's."""
        want = tuple(sorted(self.carried))
        return finishing(
            block.value_shape, tuple(self.have[side]), want, tuple(self.deltas[side]), self.sizes, result, number,
            tuple(self.takes[side]), self.expanded,
        )  # fmt: skip


def _groups(pieces: Sequence[Factor]) -> list[set[int]]:
    """Labels that factors of either block tie together."""
    owner: dict[int, set[int]] = {}
    for factor in pieces:
        group = set[int]().union(*(owner.get(n, {n}) for n in (*factor.outs, *factor.inps)))
        for n in group:
            owner[n] = group
    return list({id(group): group for group in owner.values()}.values())


def _numbered(axes: Axes, start: int) -> Axes:
    found: list[tuple[int, ...]] = []
    for axis in axes:
        found.append(tuple(range(start, start + len(axis))))
        start += len(axis)
    return tuple(found)
