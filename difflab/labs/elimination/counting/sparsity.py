"""The algebra of AlphaGrad's sparsity types: what becomes of the type of an edge, and what that multiplies.

An edge p → s carries a Jacobian with two output axes o1, o2 and two input axes p1, p2 (a number is 1 × 1, a vector
n × 1). Its *type* says which axes are tied by a Kronecker delta, and whether numbers are kept along the tie: a diagonal
(upper case below) or the bare delta (lower case). The product of two types is a composition of ties, their sum what
both have in common, and the count of a product the sizes of all groups of tied axes along which at least one factor
keeps numbers.

Source: J. Lohoff & E. Neftci, "Optimizing Automatic Differentiation with Deep Reinforcement Learning", NeurIPS 2024,
arXiv:2406.05027, and the tables of the public program of that paper, `alphagrad/vertexgame/core.py`. Those tables are
the three rules but for the entries in `PRODUCTS`, `EXTENTS` and `SUMS`, which are kept here so that figures agree.
"""

from __future__ import annotations

from collections.abc import Mapping

NONE, COPY, MOVE = 0, -1, 11
"""No edge; a copy that keeps types (conversions); a move of entries (reshape, slice, concatenate)."""

TIES: Mapping[int, str] = {
    1: "..",
    2: "A.",
    3: ".B",
    4: "B.",
    5: ".A",
    6: "AB",
    7: "BA",
    -2: "a.",
    -3: ".b",
    -4: "b.",
    -5: ".a",
    -6: "ab",
    -7: "ba",
    8: "aB",
    -8: "Ab",
    9: "bA",
    -9: "Ba",
    10: "ab",
    -10: "ba",
}
"""Type → for each output axis the input axis that it is tied to; ±10 are ±6 and ±7 delta times one stored number."""

SCALED: Mapping[int, int] = {-6: 10, -7: -10}

FREE = frozenset({NONE, COPY, MOVE, -6, -7})
"""A product with one of these multiplies nothing."""

PRODUCTS: Mapping[tuple[int, int], int] = {
    (-9, -8): 7,
    (-9, 2): 5,
    (-9, 3): 4,
    (-9, 4): 3,
    (-9, 5): 2,
    (-9, 8): -9,
    (-9, 9): 6,
    (-8, -9): -9,
    (-8, 9): 7,
    (2, -4): 4,
    (3, -4): 1,
    (8, -9): 7,
    (8, -4): -4,
    (8, 9): 9,
    (9, -9): -9,
    (9, -8): 9,
    (9, 2): 5,
    (9, 3): 4,
    (9, 4): 3,
    (9, 5): 2,
    (9, 8): 7,
}
"""(type of the edge in, type of the edge out) → type of the product, where the table departs from composition."""

EXTENTS: Mapping[tuple[int, int], str] = {
    (-10, -9): "o1 o2",
    (-10, -8): "o1 o2",
    (-4, -9): "o1",
    (-4, 9): "o1 o2",
    (-3, -10): "o2 p1 p2",
    (-3, 7): "o1 o2 p1 p2",
    (2, -5): "o1 o2 v2 p1 p2",
    (3, 7): "o1 o2 p1 p2",
    (4, -9): "o1 o2",
    (4, 9): "o1 o2",
    (8, -5): "o1 o2 p2",
    (9, -5): "o1 o2 p1",
    (10, -9): "o1 o2",
    (10, -8): "o1 o2",
}
"""(edge in, edge out) → the axes whose sizes are multiplied, where the table departs from the rule."""

SUMS: Mapping[tuple[int, int], int] = {(10, -6): 10, (8, 10): 1}
"""(type there, type added) → type of the sum, where the table departs from the rule; not symmetric."""


def product_type(into: int, out: int) -> int:
    """The type of the product of the edge into a vertex and the edge out of it."""
    if NONE in (into, out):
        return NONE
    if COPY in (into, out):
        return out if into == COPY else into
    if MOVE in (into, out):
        return MOVE if into == out else 1
    if (into, out) in PRODUCTS:
        return PRODUCTS[into, out]
    return _typed("".join(_through(tie, TIES[into]) for tie in TIES[out]), scaled=abs(out) == 10)


def sum_type(old: int, new: int) -> int:
    """The type of the sum of two parallel edges, `old` being there first."""
    if NONE in (old, new) or COPY in (old, new):
        return old if new in (NONE, COPY) and old != NONE else new
    if old == new or MOVE in (old, new):
        return old if old == new else 1
    if (old, new) in SUMS:
        return SUMS[old, new]
    return _typed("".join(map(_common, _diagonal(old), _diagonal(new))), scaled=False)


def extents(into: int, out: int) -> tuple[str, ...]:
    """Axes whose sizes give the count of a product: o1 o2 of the edge out, v1 v2 between, p1 p2 of the edge in.

    Empty where nothing is multiplied.
    """
    if into in FREE or out in FREE:
        return ()
    if (into, out) in EXTENTS:
        return tuple(EXTENTS[into, out].split())
    left, right = TIES[out], TIES[into]
    found = {f"o{k + 1}" for k in (0, 1) if left[k] == "."}
    found |= {f"p{axis + 1}" for axis, letter in enumerate("ab") if letter not in right.lower()}
    found |= {_name(axis, left, right) for axis in (0, 1) if _stored(axis, left, right)}
    return tuple(sorted(found, key=("o1", "o2", "v1", "v2", "p1", "p2").index))


def _through(tie: str, right: str) -> str:
    """What an output axis tied to a middle axis is tied to beyond it."""
    beyond = "." if tie == "." else right["ab".index(tie.lower())]
    return beyond.upper() if tie.isupper() else beyond


def _common(a: str, b: str) -> str:
    if a.lower() != b.lower():
        return "."
    return a if a == b else a.upper()


def _diagonal(kind: int) -> str:
    """The ties of a term of a sum, in which a scaled delta counts as a diagonal."""
    return TIES[kind].upper() if abs(kind) == 10 else TIES[kind]


def _typed(ties: str, scaled: bool) -> int:
    kind = next(kind for kind, known in TIES.items() if known == ties)
    return SCALED.get(kind, kind) if scaled else kind


def _stored(axis: int, left: str, right: str) -> bool:
    """Whether a factor keeps numbers along a middle axis."""
    letter = "ab"[axis]
    return letter not in left or right[axis] == "." or right[axis].isupper()


def _name(axis: int, left: str, right: str) -> str:
    """A middle axis goes by the output axis it is tied to, else by the input axis, else by its own name."""
    letter = "ab"[axis]
    if letter in left.lower():
        return f"o{left.lower().index(letter) + 1}"
    if right[axis] != ".":
        return f"p{'ab'.index(right[axis].lower()) + 1}"
    return f"v{axis + 1}"
