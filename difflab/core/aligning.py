"""Two blocks under the same labels: axes split until their factors agree, structure given up where they never do.

An axis of 12 may be 3 · 4 in one block and 4 · 3 in the other. Where no splitting makes them agree, the axis is given
one label in both, by a link; where that would be no smaller than an array of everything, the block is made dense.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from difflab.core.factors import Spread, Take, densified, merged
from difflab.core.structure import Axes, Structure, refine, split

Loose = tuple[Structure, tuple[Spread, ...]]
"""A block with less structure, and how its array gets there, step by step."""


def met(left: Structure, right: Structure) -> tuple[Loose, Loose]:
    """Both blocks with the labels of the middle axes the same; structure is given up where their factorings clash."""
    clash = frozenset(clashes(left, left.inp, right, right.out))
    a, b = (left, ()), (right, ())
    if clash:
        a, b = loosened(left, frozenset(), clash), loosened(right, clash, frozenset())
    parts = agree(a[0], b[0], a[0].inp, b[0].out)
    if parts is None:
        a, b = made_dense(left), made_dense(right)
        parts = agree(a[0], b[0], a[0].inp, b[0].out)
    assert parts is not None, f"blocks {left} and {right} do not meet; please report this"
    return (split(a[0], parts[0]), a[1]), (split(b[0], parts[1]), b[1])


def loosened(block: Structure, outs: frozenset[int], inps: frozenset[int]) -> Loose:
    """The block with one label on each of these axes."""
    many = frozenset(k for k in outs if len(block.out[k]) > 1), frozenset(k for k in inps if len(block.inp[k]) > 1)
    if not any(many):
        return block, ()
    found = merged(block, *many)
    return (found[0], (found[1],)) if found else made_dense(block)


def made_dense(block: Structure) -> Loose:
    """The block without structure."""
    found, spread = densified(block)
    return found, (spread,)


def clashes(a: Structure, axes_a: Axes, b: Structure, axes_b: Axes) -> list[int]:
    """The axes whose factorings no splitting makes agree."""
    pairs = zip(axes_a, axes_b, strict=True)
    return [k for k, (on_a, on_b) in enumerate(pairs) if refine(_sizes(a, on_a), _sizes(b, on_b)) is None]


def _sizes(block: Structure, labels: Sequence[int]) -> list[int]:
    return [block.sizes[label] for label in labels]


def agree(
    a: Structure, b: Structure, axes_a: Axes, axes_b: Axes
) -> tuple[dict[int, tuple[int, ...]], dict[int, tuple[int, ...]]] | None:
    """For labels of facing axes the parts that make them agree; None where no splitting does."""
    parts: tuple[dict[int, tuple[int, ...]], dict[int, tuple[int, ...]]] = ({}, {})
    for labels_a, labels_b in zip(axes_a, axes_b, strict=True):
        found = refine(_sizes(a, labels_a), _sizes(b, labels_b))
        if found is None:
            return None
        for side, labels in enumerate((labels_a, labels_b)):
            parts[side].update(zip(labels, found[side], strict=True))
    return parts


def finishing(
    shape: tuple[int, ...],
    have: tuple[int, ...],
    want: tuple[int, ...],
    deltas: tuple[tuple[int, int], ...],
    sizes: Mapping[int, int],
    result: Structure,
    number: Mapping[int, int],
    takes: tuple[Take, ...],
    expanded: Mapping[int, tuple[int, ...]],
) -> Spread:
    """A spreading whose axes `want` are then expanded into the labels of the result, and put in their order."""
    last = [m for n in want for m in expanded.get(n, (n,)) if sizes[m] != 1]
    order = tuple(sorted(range(len(last)), key=lambda k: number[last[k]]))
    finish = tuple(sizes[m] for m in last)
    return Spread(shape, have, want, deltas, sizes, result.value_shape, takes, finish, order)


def aligned(left: Structure, right: Structure) -> tuple[Loose, Loose]:
    """Two blocks between the same values, with the same factors on every axis."""
    outs = frozenset(clashes(left, left.out, right, right.out))
    inps = frozenset(clashes(left, left.inp, right, right.inp))
    a, b = (loosened(block, outs, inps) if outs or inps else (block, ()) for block in (left, right))
    found = _all_agreed(a[0], b[0])
    if found is None:
        a, b = made_dense(left), made_dense(right)
        found = _all_agreed(a[0], b[0])
    assert found is not None, f"blocks {left} and {right} lie between different values; please report this"
    return (found[0], a[1]), (found[1], b[1])


def _all_agreed(a: Structure, b: Structure) -> tuple[Structure, Structure] | None:
    while True:
        parts = agree(a, b, a.out, b.out)
        if parts is None:
            return None
        finer = split(a, parts[0]), split(b, parts[1])
        parts = agree(*finer, finer[0].inp, finer[1].inp)
        if parts is None:
            return None
        finer = split(finer[0], parts[0]), split(finer[1], parts[1])
        if finer == (a, b):
            return finer
        a, b = finer
