"""The middle of a product where links meet: which entries are multiplied, and how both arrays are laid out for it.

Middle labels that a link ties together are composed at once: the factors of the left block on them are fused into one
relation, those of the right block into another, and the two are composed. Where both arrays depend on it, each fetches
the entries that meet; where one does, it is carried over by itself, before or after the product, whichever is smaller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from difflab.core.factors import Factor, Take, factors, fuse, projected
from difflab.core.relation import Composition, Indices, compose
from difflab.core.structure import Link, Structure, flat, refine

Labels = tuple[int, ...]
_WASTE = 2
"""Rows of unequal length are padded if that at most doubles them."""


@dataclass
class Meeting:
    """Two blocks under common labels, and what their links come to. `on_a`, `on_b`: the axes of the prepared arrays.

    `takes` prepare the left and the right array, `after` works on the result. `links` and `replaced` (axis label → its
    parts) say what stands in the result, `expanded` what a label of its array is there; `inner` are middle labels that
    are dealt with; `charged` are sizes to count costs with.
    """

    sizes: dict[int, int]
    inp: tuple[Labels, ...]
    on_a: Labels | None
    on_b: Labels | None
    have: tuple[Labels | None, Labels | None] = (None, None)
    scale: int = 1
    takes: tuple[list[Take], list[Take]] = field(default_factory=lambda: ([], []))
    after: list[Take] = field(default_factory=list[Take])
    links: list[Link] = field(default_factory=list[Link])
    replaced: dict[int, Labels] = field(default_factory=dict[int, Labels])
    expanded: dict[int, Labels] = field(default_factory=dict[int, Labels])
    inner: set[int] = field(default_factory=set[int])
    charged: dict[int, int] = field(default_factory=dict[int, int])

    def fresh(self, size: int) -> int:
        """A new label."""
        label = len(self.sizes)
        self.sizes[label] = size
        return label


def meet(a: Structure, b: Structure) -> Meeting:
    """Bring two blocks under common labels and compose their links; the middle labels agree one by one."""
    count = len(a.sizes)
    name = dict(zip(flat(b.out), flat(a.inp), strict=True))
    tied = _tied(a, b, name)
    inner = {n for group in tied for n in group}
    index = {label: name.get(label, count + label) for label in range(len(b.sizes))}
    given = {k: count + k if v in inner else v for k, v in index.items()}
    sizes = dict(enumerate(a.sizes)) | {count + label: size for label, size in enumerate(b.sizes)}
    inp = tuple(tuple(given[label] for label in axis) for axis in b.inp)
    on_b = None if b.carried is None else tuple(index[label] for label in b.carried)
    work = Meeting(sizes, inp, a.carried, on_b, (a.carried, on_b), inner=inner)
    right = [Factor(_each(name, f.outs), _each(given, f.inps), _each(index, f.index), f.relation) for f in factors(b)]
    work.links += [k for k in a.links if not k.inps]
    work.links += [Link(index[k.label], (), tuple(given[n] for n in k.inps), k.relation) for k in b.links if not k.outs]
    left = factors(a)
    for group in tied:
        _join(work, group, left, right)
    return work


def _each(name: Mapping[int, int], labels: Labels) -> Labels:
    return tuple(name[n] for n in labels)


def _tied(a: Structure, b: Structure, name: dict[int, int]) -> list[Labels]:
    """Groups of middle labels that links tie together."""
    middle = flat(a.inp)
    root = {n: n for n in middle}

    def find(n: int) -> int:
        while root[n] != n:
            n = root[n]
        return n

    touched: set[int] = set()
    for group in [*(k.inps for k in a.links), *(tuple(name[n] for n in k.outs) for k in b.links)]:
        touched.update(group)
        for n in group[1:]:
            root[find(n)] = find(group[0])
    found: dict[int, list[int]] = {}
    for n in middle:
        if n in touched:
            found.setdefault(find(n), []).append(n)
    return [tuple(group) for group in found.values()]


def _join(work: Meeting, middle: Labels, left: Sequence[Factor], right: Sequence[Factor]) -> None:
    """Compose the factors of both blocks on some middle labels."""
    on_left = [f for f in left if set(middle).intersection(f.inps)]
    on_right = [f for f in right if set(middle).intersection(f.outs)]
    outs = tuple(n for f in on_left for n in f.outs)
    inps = tuple(n for f in on_right for n in f.inps)
    group_a, first = fuse(on_left, outs, middle, work.sizes)
    group_b, second = fuse(on_right, middle, inps, work.sizes)
    found = compose(first, second)
    label = work.fresh(len(found.relation))
    kept_a = tuple(n for n in group_a if n in (work.on_a or ()))
    kept_b = tuple(n for n in group_b if n in (work.on_b or ()))
    from_a = projected(group_a, kept_a, work.sizes, found.left)
    from_b = projected(group_b, kept_b, work.sizes, found.right)
    if kept_a and kept_b:
        _both(work, label, found, (kept_a, from_a), (kept_b, from_b))
    elif kept_a or kept_b:
        _alone(work, label, found, 0 if kept_a else 1, *((kept_a, from_a) if kept_a else (kept_b, from_b)))
    else:
        _neither(work, label, found)
    _placed(work, label, outs, inps, found)


def _both(work: Meeting, label: int, found: Composition, a: tuple[Labels, Indices], b: tuple[Labels, Indices]) -> None:
    assert work.on_a is not None and work.on_b is not None, "both arrays are there; please report this"
    pairs, size = len(found.left), len(found.relation)
    most = int(found.counts.max(initial=1))
    if most * size <= _WASTE * pairs or most == 1:
        made = (label,) if most == 1 else (label, work.fresh(most))
        work.charged |= {label: pairs} | dict.fromkeys(made[1:], 1)
        for side, (group, entry) in enumerate((a, b)):
            work.takes[side].append(Take(group, rowed(found, entry, most), made, size))
    else:
        pair = work.fresh(pairs)
        made = (pair,)
        work.after.append(Take(made, None, (label,), size, found.into))
        for side, (group, entry) in enumerate((a, b)):
            work.takes[side].append(Take(group, entry[:, None], made, pairs))
    work.on_a = (*made, *(n for n in work.on_a if n not in a[0]))
    work.on_b = (*made, *(n for n in work.on_b if n not in b[0]))


def _alone(work: Meeting, label: int, found: Composition, side: int, group: Labels, entry: Indices) -> None:
    take = gathered(group, found, entry, label)
    own, other = (work.on_a, work.on_b) if side == 0 else (work.on_b, work.on_a)
    assert own is not None, "an array carries these labels; please report this"
    if other and prod(work.sizes[n] for n in group) < len(found.relation):
        work.after.append(take)
        return
    work.takes[side].append(take)
    new = (label, *(n for n in own if n not in group))
    work.on_a, work.on_b = (new, work.on_b) if side == 0 else (work.on_a, new)


def _neither(work: Meeting, label: int, found: Composition) -> None:
    counts = found.counts
    if not len(counts) or np.all(counts == counts[0]):
        work.scale *= int(counts[0]) if len(counts) else 1
        return
    side = 1 if work.on_a is None and work.on_b is not None else 0
    work.takes[side].append(Take((), None, (label,), len(counts), None, counts))
    own = (label, *((work.on_a if side == 0 else work.on_b) or ()))
    work.on_a, work.on_b = (own, work.on_b) if side == 0 else (work.on_a, own)


def gathered(group: Labels, found: Composition, entry: Indices, label: int) -> Take:
    """The step that carries one array over: each new entry is the sum of the old ones that lead to it."""
    most, size = int(found.counts.max(initial=1)), len(found.relation)
    if most * size <= _WASTE * len(entry) or most == 1:
        return Take(group, rowed(found, entry, most), (label,), size)
    return Take(group, entry[:, None], (label,), size, found.into)


def rowed(found: Composition, entry: Indices, most: int) -> Indices:
    """The pairs of each entry in a row, −1 where a row is shorter."""
    start = np.cumsum(found.counts) - found.counts
    table = np.full((len(found.relation), most), -1)
    table[found.into, np.arange(len(entry)) - start[found.into]] = entry
    return table


def _placed(work: Meeting, label: int, outs: Labels, inps: Labels, found: Composition) -> None:
    """What stands in the result: deltas where the relation is the identity, free labels where it is full, or a link."""
    relation = found.relation
    if relation.full:
        work.expanded[label] = (*outs, *inps)
        return
    parts = refine([work.sizes[n] for n in outs], [work.sizes[n] for n in inps]) if relation.diagonal else None
    if parts is None:
        work.links.append(Link(label, outs, inps, relation))
        return
    new = [work.fresh(size) for axis in parts[0] for size in axis]
    for side, axes in ((outs, parts[0]), (inps, parts[1])):
        rest = iter(new)
        work.replaced |= {n: tuple(next(rest) for _ in axis) for n, axis in zip(side, axes, strict=True)}
    work.expanded[label] = tuple(new)
