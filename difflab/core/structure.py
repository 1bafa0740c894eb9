"""The shape of a local Jacobian without its numbers: "an edge is an einsum".

A block J[o, i] of a tensor-valued step is mostly zeros, ones and repeats. A `Structure` gives every output and input
axis labels; a label shared by output and input is a Kronecker delta (diagonal), one on the input alone a sum, one on
the output alone a broadcast. The value array carries the labels on which the numbers depend; without an array the block
is the constant `scale` on its support. An axis may carry several labels, most significant first (so a reshape is only a
regrouping), and an axis of size 1 carries none. A *link* ties some output labels to some input labels by a fixed
relation with an index of its own, one for each pair: slices, gathers and all that comes of them. The product of two
blocks is one contraction, their sum the least structure that holds both. An *opaque* block has no array at all: it is a
linear map that can be applied to columns and rows.

Source: Laue, Mitterreiter & Giesen, "A Simple and Efficient Tensor Calculus", AAAI 2020 (Einstein notation, unit
tensors kept symbolic). Done differently here: factored axes, and the exact number of multiplications of each product.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod

from difflab.core.relation import Relation

Axes = tuple[tuple[int, ...], ...]
"""For each axis its labels, most significant first."""

_REMEMBERED = 1 << 16
_BANDS = 7
"""With at most so many diagonals a sparse block is called banded."""


@dataclass(frozen=True)
class Link:
    """A relation between the places that `outs` and `inps` span, row-major; `label` counts its pairs."""

    label: int
    outs: tuple[int, ...]
    inps: tuple[int, ...]
    relation: Relation


@dataclass(frozen=True)
class Structure:
    """Labels of output axes, of input axes and of the value array; `sizes[l]` is the size of label l.

    Labels are numbered by first appearance, outputs before inputs, those of links last; the value array has its labels
    in ascending order. `carried` is None where there is no array: the block is then `scale` on its support. The labels
    that a link ties are never carried, the link's own may be. `opaque` is the number of multiplications of one
    application of an opaque block, and 0 for all others.
    """

    out: Axes
    inp: Axes
    sizes: tuple[int, ...]
    carried: tuple[int, ...] | None
    scale: int = 1
    links: tuple[Link, ...] = ()
    opaque: int = 0
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        key = (self.out, self.inp, self.sizes, self.carried, self.scale, self.links, self.opaque)
        object.__setattr__(self, "_hash", hash(key))

    def __hash__(self) -> int:
        return self._hash

    @property
    def out_shape(self) -> tuple[int, ...]:
        """Shape of the value that the block leads to."""
        return tuple(prod(self.sizes[label] for label in axis) for axis in self.out)

    @property
    def inp_shape(self) -> tuple[int, ...]:
        """Shape of the value that the block comes from."""
        return tuple(prod(self.sizes[label] for label in axis) for axis in self.inp)

    @property
    def value_shape(self) -> tuple[int, ...]:
        """Shape of the value array; () where there is none."""
        return tuple(self.sizes[label] for label in self.carried or ())

    @property
    def stored(self) -> int:
        """Numbers in the value array; 0 where there is none."""
        return 0 if self.carried is None else prod(self.value_shape)

    @property
    def trivial(self) -> bool:
        """Whether a product with this block multiplies nothing: no array, and a factor of ±1 or 0."""
        return self.carried is None and self.scale in (1, -1, 0)

    @property
    def kind(self) -> str:
        """One word: scalar, identity, diagonal, transpose, broadcast, sum, selection, banded, sparse, opaque, dense."""
        out, inp = flat(self.out), flat(self.inp)
        sign = "−" if self.carried is None and self.scale == -1 else ""
        if self.opaque:
            return "opaque"
        if self.carried is None:
            times = "" if self.scale in (1, -1) else f"{self.scale} "
            return sign + times + ("selection" if self.links else _unit_kind(out, inp))
        if self.links:
            few = all(link.relation.bands <= _BANDS for link in self.links)
            return "banded" if few and all(link.outs and link.inps for link in self.links) else "sparse"
        if not self.sizes:
            return "scalar"
        if out == inp:
            return "diagonal" if self.carried else "scaled identity"
        if set(out).isdisjoint(inp):
            return "dense" if len(self.carried) == len(self.sizes) else "low rank"
        return "block diagonal"


def flat(axes: Axes) -> tuple[int, ...]:
    """All labels of some axes in order."""
    return tuple(label for axis in axes for label in axis)


def structure(
    out: Iterable[Iterable[int]],
    inp: Iterable[Iterable[int]],
    sizes: Mapping[int, int],
    carried: Iterable[int] | None,
    scale: int = 1,
    links: Iterable[Link] = (),
) -> tuple[Structure, dict[int, int]]:
    """A `Structure` from any labels: those of size 1 go, the others are renumbered; also the old → new numbering."""
    outs = tuple(tuple(label for label in axis if sizes[label] != 1) for axis in out)
    inps = tuple(tuple(label for label in axis if sizes[label] != 1) for axis in inp)
    number: dict[int, int] = {}
    for label in (*flat(outs), *flat(inps)):
        number.setdefault(label, len(number))
    tied = sorted((_slots(link, number) for link in links), key=lambda link: (link.outs, link.inps))
    if any(not (link.outs or link.inps or link.relation.rows.size) for link in tied):
        carried, scale = None, 0
    tied = [link for link in tied if link.outs or link.inps]
    for link in tied:
        number.setdefault(link.label, len(number))
    tied = [Link(number[link.label], link.outs, link.inps, link.relation) for link in tied]
    kept = None if carried is None else tuple(sorted(number[label] for label in set(carried) if sizes[label] != 1))
    table = tuple(sizes[label] for label in number)
    return _structure(_renamed(outs, number), _renamed(inps, number), table, kept, scale, tuple(tied)), number


def _slots(link: Link, number: Mapping[int, int]) -> Link:
    outs, inps = (tuple(number[label] for label in side if label in number) for side in (link.outs, link.inps))
    return Link(link.label, outs, inps, link.relation)


def selection(out_shape: Sequence[int], inp_shape: Sequence[int], relation: Relation) -> Structure:
    """The block of ones at the pairs of a relation between all of the output and all of the input."""
    outs, inps = _counted(out_shape, 0), _counted(inp_shape, len(out_shape))
    sizes = dict(enumerate((*out_shape, *inp_shape, len(relation))))
    link = Link(len(sizes) - 1, tuple(range(len(out_shape))), tuple(range(len(out_shape), len(sizes) - 1)), relation)
    return structure(outs, inps, sizes, None, 1, [link])[0]


def _counted(shape: Sequence[int], start: int) -> list[list[int]]:
    return [[start + k] for k in range(len(shape))]


def dense(out_shape: Sequence[int], inp_shape: Sequence[int]) -> Structure:
    """The block without structure: one label an axis, all of them carried."""
    outs = [[k] for k in range(len(out_shape))]
    inps = [[len(outs) + k] for k in range(len(inp_shape))]
    sizes = dict(enumerate((*out_shape, *inp_shape)))
    return structure(outs, inps, sizes, sizes)[0]


SCALAR = Structure((), (), (), ())
"""The block between two numbers."""


def identity(shape: Sequence[int]) -> Structure:
    """The block of a copy."""
    axes = [[k] for k in range(len(shape))]
    return structure(axes, axes, dict(enumerate(shape)), None)[0]


def refine(left: Sequence[int], right: Sequence[int]) -> tuple[Axes, Axes] | None:
    """Split two factorings of one axis until they agree: for each factor its parts; None where they never do.

    >>> refine((6,), (2, 3))
    (((2, 3),), ((2,), (3,)))
    """
    parts: tuple[list[list[int]], list[list[int]]] = ([[] for _ in left], [[] for _ in right])
    rest, at = [*map(list, (left, right))], [0, 0]
    while at[0] < len(left) and at[1] < len(right):
        a, b = rest[0][at[0]], rest[1][at[1]]
        small, large = min(a, b), max(a, b)
        if a != b and (small == 0 or large % small):
            return None
        for side in (0, 1):
            parts[side][at[side]].append(small)
            if rest[side][at[side]] == small:
                at[side] += 1
            else:
                rest[side][at[side]] //= small
    if at != [len(left), len(right)]:
        return None
    return tuple(map(tuple, parts[0])), tuple(map(tuple, parts[1]))


def split(block: Structure, parts: Mapping[int, Sequence[int]]) -> Structure:
    """The same block with some labels split into parts; its value array is only reshaped."""
    new: list[tuple[int, ...]] = []
    sizes: list[int] = []
    for label, size in enumerate(block.sizes):
        pieces = tuple(parts.get(label, (size,)))
        new.append(tuple(range(len(sizes), len(sizes) + len(pieces))))
        sizes.extend(pieces)

    def parted(labels: Iterable[int]) -> tuple[int, ...]:
        return tuple(n for label in labels for n in new[label])

    carried = None if block.carried is None else parted(block.carried)
    links = tuple(Link(new[k.label][0], parted(k.outs), parted(k.inps), k.relation) for k in block.links)
    return _structure(
        tuple(map(parted, block.out)), tuple(map(parted, block.inp)), tuple(sizes), carried, block.scale, links
    )


@lru_cache(maxsize=_REMEMBERED)
def _structure(
    out: Axes,
    inp: Axes,
    sizes: tuple[int, ...],
    carried: tuple[int, ...] | None,
    scale: int,
    links: tuple[Link, ...],
) -> Structure:
    return Structure(out, inp, sizes, carried, scale, links)


def _renamed(axes: Axes, number: Mapping[int, int]) -> Axes:
    return tuple(tuple(number[label] for label in axis) for axis in axes)


def _unit_kind(out: tuple[int, ...], inp: tuple[int, ...]) -> str:
    if out == inp:
        return "identity"
    shared = set(out) & set(inp)
    if len(shared) == len(out) == len(inp):
        return "transpose"
    if len(shared) == len(inp):
        return "broadcast"
    return "sum" if len(shared) == len(out) else "sum and broadcast"
