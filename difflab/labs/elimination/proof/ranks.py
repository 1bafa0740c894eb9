"""Vertex-disjoint paths of all vertices at once: the rank of a Jacobian with random local partials.

Give every edge a random number. The Jacobian of the predecessors of v with respect to the inputs then has, but for bad
luck, as rank the maximum number of vertex-disjoint paths from the inputs to v (Lindström 1973; Gessel & Viennot 1985):
a minor is a signed sum over path systems, and those that meet cancel. Bad luck can only lower a rank, so what is
counted is never too many. Numbers are taken modulo the prime 2⁶¹ − 1, which makes bad luck rarer than 10⁻¹³ a vertex
on any graph that fits in memory.

No flow is sought: one sweep over the graph, with Jacobians projected on a few random directions, serves every vertex.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

PRIME = (1 << 61) - 1
"""Modulus of the random partials, a Mersenne prime."""

Row = list[int]


def ranks(
    near: Sequence[Sequence[int]],
    ends: Collection[int],
    order: Sequence[int],
    directions: int,
    transparent: Collection[int] = (),
    seed: int = 0,
) -> list[int]:
    """The rank of the Jacobian of each vertex's neighbours with respect to the ends; never more than `directions`.

    `order` visits every vertex after its neighbours in `near`. A transparent vertex stands for all its neighbours. An
    end has rank 1.
    """
    draw = random.Random(seed)
    hidden, last = set(transparent), set(ends)
    spans: list[list[Row]] = [[] for _ in near]
    found = [1] * len(near)
    for vertex in order:
        if vertex in last:
            spans[vertex] = [[draw.randrange(1, PRIME) for _ in range(directions)]]
            continue
        rows = [row for neighbour in near[vertex] for row in spans[neighbour]]
        basis = rows if len(rows) == 1 else independent(rows, directions)
        found[vertex] = len(basis)
        spans[vertex] = basis if vertex in hidden or len(basis) == 1 else [_mixture(basis, draw)]
    return found


def independent(rows: Sequence[Row], most: int) -> list[Row]:
    """An echelon basis, modulo the prime, of what the rows span; at most `most` of it."""
    basis: list[Row] = []
    leads: list[int] = []
    for row in rows:
        for lead, known in zip(leads, basis, strict=True):
            if factor := row[lead]:
                row = [(a - factor * b) % PRIME for a, b in zip(row, known, strict=True)]
        lead = next((k for k, entry in enumerate(row) if entry), None)
        if lead is not None:
            scale = pow(row[lead], -1, PRIME)
            basis.append([a * scale % PRIME for a in row])
            leads.append(lead)
            if len(basis) == most:
                break
    return basis


def _mixture(rows: Sequence[Row], draw: random.Random) -> Row:
    factors = [draw.randrange(1, PRIME) for _ in rows]
    return [
        sum(f * entry for f, entry in zip(factors, column, strict=True)) % PRIME for column in zip(*rows, strict=True)
    ]
