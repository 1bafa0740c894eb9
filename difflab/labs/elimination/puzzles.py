"""Puzzles: small elimination games whose fewest multiplications are known, and proved, in the all_edges model.

`simple` and `lighthouse` are after Griewank & Walther, "Evaluating Derivatives" (2008), where the lighthouse is the
running example; `diamonds` and `ladder` are ours, and so are the proofs: the tests try every order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from difflab.core.linear import plain
from difflab.labs.elimination.game import Elimination, game


class Puzzle(NamedTuple):
    """The graph as an edge list, its inputs and outputs, and what the best order costs; `hint` is for the player."""

    edges: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    optimum: int
    hint: str


def _edges(text: str) -> tuple[tuple[str, str], ...]:
    """ "a>b,c d>e" as edges a → b, a → c, d → e."""
    found: list[tuple[str, str]] = []
    for part in text.split():
        start, ends = part.split(">")
        found += [(start, end) for end in ends.split(",")]
    return tuple(found)


PUZZLES: Mapping[str, Puzzle] = {
    "simple": Puzzle(
        _edges("x>1 y>1 1>2,3 2>3,4"), ("x", "y"), ("3", "4"), 6,
        "Two vertices, two orders. Which one goes first?",
    ),
    "lighthouse": Puzzle(
        _edges("nu>4 gamma>3,6 omega>1 t>1 1>2 2>3,4 3>5 4>5 5>6,7"), ("nu", "gamma", "omega", "t"), ("6", "7"), 15,
        "The light on the quay: tan(ωt) is used twice, and the first coordinate is part of the second.",
    ),
    "hole": Puzzle(
        _edges("y>1 z>1 x>2 w>3 1>2,3 2>4 3>5 4>6,7,8 5>6,7,8"), ("x", "y", "z", "w"), ("6", "7", "8"), 22,
        "Two inputs become one, one becomes two, two become three: neither sweep is best.",
    ),
    "diamonds": Puzzle(
        _edges("x>1,2 1>3 2>3 3>4,5 4>6 5>6 6>7,8 7>9 8>9 9>y"), ("x",), ("y",), 9,
        "One input, one output: does it matter at all where you begin?",
    ),
    "ladder": Puzzle(
        _edges("a>1,2 b>1,2 c>3 1>3,4 2>4,5 3>6 4>6,7 5>7 6>p,q 7>q,r"), ("a", "b", "c"), ("p", "q", "r"), 25,
        "Crossing rungs make fill-in. Look for vertices whose fill-in is there already.",
    ),
}  # fmt: skip
"""By name. The edges run from left to right in evaluation order."""


def challenge(name: str) -> Elimination:
    """A puzzle as a game at its start; it is solved when all vertices are gone at `PUZZLES[name].optimum`.

    Raises ValueError for a name that there is not.

    >>> e = challenge("simple")
    >>> e.play(["2", "1"]).counts.scalar_cost == PUZZLES["simple"].optimum
    True
    """
    if name not in PUZZLES:
        raise ValueError(f"there is no puzzle named {name!r}; choose one of {', '.join(PUZZLES)}")
    found = PUZZLES[name]
    return game(plain(found.edges, found.inputs, found.outputs, name))
