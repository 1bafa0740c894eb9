"""Is the claim true? Check a certificate of an elimination order, with nothing but Python's own library.

A certificate is a small JSON file: a graph as a plain list of edges, an order and what it costs, a bound and the blocks
of vertices that prove it. The model is vertex elimination where every product counts (`all_edges`): eliminating v costs
size(v) · Σ size(predecessors) · Σ size(successors). The checker counts the order again and proves the bound again:

* Whenever v is eliminated, its predecessors separate it from the inputs, so their sizes add up to at least the maximum
  flow into v where each vertex lets its size through (Menger 1927; Ford & Fulkerson 1956); likewise for successors.
* In a block, look at the vertices of the block that are gone when v is eliminated, and assume nothing of the vertices
  outside. What is gone blocks nothing, so it lets everything through. What is still there is never passed over, so v's
  predecessors separate it from those vertices as well: they are sources like the inputs. The cheapest order of a block
  under these floors, found by dynamic programming over its subsets, costs no more than the block does in any order of
  the whole graph; the sum over all blocks bounds every order. A vertex in no block is a block of its own.

This file shares no code with the search that makes certificates, so that a mistake there cannot repeat itself here. It
also runs by itself: `python certificate.py FILE`.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

LARGEST_BLOCK = 20
"""Vertices of a block; the work doubles with each."""

Graph = Sequence[Sequence[int]]


class CertificateError(ValueError):
    """A certificate that does not hold; the subclass and the message say why."""


class MalformedError(CertificateError):
    """Not a certificate at all: no JSON, or an entry is missing or of the wrong kind."""


class GraphError(CertificateError):
    """The graph is none, or not the one it is said to be."""


class OrderError(CertificateError):
    """The order misses, repeats or invents a vertex."""


class CostError(CertificateError):
    """The order costs something else than claimed."""


class BlockError(CertificateError):
    """The blocks overlap, are too large, or name what is not eliminated."""


class BoundError(CertificateError):
    """The blocks prove less than is claimed."""


@dataclass(frozen=True)
class Verdict:
    """What has been checked: the order costs `cost`, and no order of vertex elimination costs less than `bound`."""

    name: str
    cost: int
    bound: int
    seconds: float

    @property
    def optimal(self) -> bool:
        """No order is cheaper."""
        return self.cost == self.bound

    @property
    def gap(self) -> float:
        """(cost − bound) / bound: how far the order is from the optimum at most."""
        return (self.cost - self.bound) / self.bound if self.bound else inf if self.cost else 0.0

    def __str__(self) -> str:
        end = "optimal" if self.optimal else f"at most {self.gap:.1%} above the optimum"
        return f"{self.name}: cost {self.cost}, bound {self.bound}, {end}; checked in {self.seconds:.2f} s"


def check(certificate: str | Mapping[str, Any], *, fingerprint: str | None = None) -> Verdict:
    """Count the order and prove the bound of a certificate, given as JSON text or as the mapping it holds.

    With `fingerprint` (of a `Problem`) the certificate must be about that graph. Raises a `CertificateError` for
    anything that does not hold.

    Example:
        >>> graph = {"sizes": [1, 1, 1], "inputs": [0], "outputs": [2], "edges": [[0, 1], [1, 2]]}
        >>> verdict = check({"model": "all_edges", **graph, "order": [1], "cost": 1, "bound": 1, "blocks": []})
        >>> verdict.cost, verdict.bound, verdict.optimal
        (1, 1, True)
    """
    began = time.perf_counter()
    claim = _Claim(certificate)
    claim.require_well_formed(fingerprint)
    cost = claim.counted()
    if claim.cost != cost:
        raise CostError(f"the order costs {cost}, the certificate claims {claim.cost}")
    proved = claim.proved()
    if not claim.bound <= proved:
        raise BoundError(f"the blocks prove a bound of {proved}, the certificate claims {claim.bound}")
    assert proved <= cost, "a bound above the cost of an order; please report this"
    return Verdict(claim.name, cost, proved, time.perf_counter() - began)


class _Claim:
    """The entries of a certificate, each of the right kind."""

    def __init__(self, certificate: str | Mapping[str, Any]) -> None:
        data = _loaded(certificate)
        if data.get("model") != "all_edges":
            raise MalformedError(f"the model is {data.get('model')!r}; only 'all_edges' can be checked")
        self.name = str(data.get("name", "graph"))
        self.fingerprint = data.get("fingerprint")
        self.sizes, self.inputs, self.outputs, self.order = (
            _integers(_entry(data, key), key) for key in ("sizes", "inputs", "outputs", "order")
        )
        self.edges = _lists(data, "edges")
        self.blocks = _lists(data, "blocks")
        self.cost, self.bound = _number(data, "cost"), _number(data, "bound")

    def require_well_formed(self, fingerprint: str | None) -> None:
        """Raise for a graph that is none, or another one, and for an order or blocks that do not fit it."""
        self._require_graph()
        for known in (self.fingerprint, fingerprint):
            if known is not None and known != self._fingerprint():
                raise GraphError(
                    f"the graph has the fingerprint {self._fingerprint()}, not {known}: edges, sizes, inputs or "
                    "outputs were changed"
                )
        ends = {*self.inputs, *self.outputs}
        self.intermediates = [v for v in range(len(self.sizes)) if v not in ends]
        if sorted(self.order) != self.intermediates:
            raise OrderError(
                f"an order names each of the {len(self.intermediates)} intermediates once; this one has "
                f"{len(self.order)} names, {len(set(self.order) & set(self.intermediates))} of them right"
            )
        self._require_blocks()

    def _require_graph(self) -> None:
        count = len(self.sizes)
        if any(size < 1 for size in self.sizes):
            raise GraphError("the size of a vertex is the number of its entries, at least 1")
        for name, ends in (("inputs", self.inputs), ("outputs", self.outputs)):
            if len(set(ends)) < len(ends) or any(not 0 <= v < count for v in ends):
                raise GraphError(f"{name} are distinct vertices 0 … {count - 1}, not {ends}")
        if set(self.inputs) & set(self.outputs):
            raise GraphError(
                "a vertex is an input and an output; such an output is a copy, with an edge from the input"
            )
        if any(len(edge) != 2 or not 0 <= edge[0] < edge[1] < count for edge in self.edges):
            raise GraphError(f"an edge is a pair u < v of vertices 0 … {count - 1}, from u to v")
        if len({tuple(edge) for edge in self.edges}) < len(self.edges):
            raise GraphError("an edge is listed twice")
        if any(u in self.outputs or v in self.inputs for u, v in self.edges):
            raise GraphError("an edge enters an input or leaves an output")

    def _require_blocks(self) -> None:
        named = [v for block in self.blocks for v in block]
        if len(set(named)) < len(named):
            raise BlockError("a vertex is in two blocks, and would be counted twice")
        if wrong := set(named).difference(self.intermediates):
            raise BlockError(f"the blocks name {sorted(wrong)[:5]}, which are no intermediates")
        if any(len(block) > LARGEST_BLOCK for block in self.blocks):
            raise BlockError(f"a block has more than {LARGEST_BLOCK} vertices; checking it would take too long")

    def _fingerprint(self) -> str:
        edges = sorted((u, v) for u, v in self.edges)
        labels = [(self.sizes[v], self.sizes[u]) for u, v in edges]
        facts = ("all_edges", tuple(self.sizes), tuple(self.inputs), tuple(self.outputs), edges, labels)
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    def _neighbours(self) -> tuple[list[list[int]], list[list[int]]]:
        before: list[list[int]] = [[] for _ in self.sizes]
        after: list[list[int]] = [[] for _ in self.sizes]
        for u, v in self.edges:
            before[v].append(u)
            after[u].append(v)
        return before, after

    def counted(self) -> int:
        """What the order costs."""
        before, after = (list(map(set, near)) for near in self._neighbours())
        total = 0
        for v in self.order:
            total += self.sizes[v] * sum(self.sizes[p] for p in before[v]) * sum(self.sizes[s] for s in after[v])
            for p in before[v]:
                after[p] |= after[v]
                after[p].discard(v)
            for s in after[v]:
                before[s] |= before[v]
                before[s].discard(v)
        return total

    def proved(self) -> int:
        """The bound that the blocks prove."""
        before, after = self._neighbours()
        alone = set(self.intermediates).difference(*self.blocks)
        blocks = [*self.blocks, *([v] for v in sorted(alone))]
        sides = [_Side(before, self.sizes, self.inputs), _Side(after, self.sizes, self.outputs)]
        return sum(self._cheapest(block, sides) for block in blocks)

    def _cheapest(self, block: Sequence[int], sides: Sequence[_Side]) -> int:
        """The cheapest order of a block under its floors, over all subsets that may be gone already."""
        vertices = [
            (1 << k, self.sizes[v], *sides[0].floors(block, k), *sides[1].floors(block, k)) for k, v in enumerate(block)
        ]
        best = [0] * (1 << len(block))
        for subset in range(1, len(best)):
            best[subset] = min(
                best[subset ^ bit] + size * before[subset & up] * after[subset & down]
                for bit, size, up, before, down, after in vertices
                if subset & bit
            )
        return best[-1]


class _Side:
    """The graph as seen from its vertices towards the inputs, or towards the outputs."""

    def __init__(self, near: Graph, sizes: Sequence[int], ends: Collection[int]) -> None:
        self.near, self.sizes, self.ends = near, sizes, frozenset(ends)

    def floors(self, block: Sequence[int], k: int) -> tuple[int, Mapping[int, int]]:
        """Which of a block its k-th vertex sees, and its least separators: by which of those are gone, as bits."""
        reached = self._reached(block[k])
        seen = [1 << j if v in reached else 0 for j, v in enumerate(block)]
        everything = subset = sum(seen)
        least: dict[int, int] = {}
        while True:
            gone = {v for j, v in enumerate(block) if subset & seen[j]}
            there = self.ends.union(v for j, v in enumerate(block) if seen[j] & ~subset)
            least[subset] = self._separator(block[k], gone, there)
            if not subset:
                return everything, least
            subset = (subset - 1) & everything

    def _reached(self, vertex: int) -> set[int]:
        found, waiting = {vertex}, [vertex]
        while waiting:
            new = set(self.near[waiting.pop()]) - found
            found |= new
            waiting.extend(new)
        return found - {vertex}

    def _separator(self, vertex: int, gone: Collection[int], sources: Collection[int]) -> int:
        """The least total size of vertices that cut `vertex` from all sources, where those gone cut nothing.

        A neighbour that is a source must be cut itself; what remains is the flow from the other neighbours on.
        """
        around = self._around(vertex, gone)
        cut = around.intersection(sources)
        flow = _Flow(self, gone, sources, cut)
        return sum(self.sizes[u] for u in cut) + flow.maximum(around - cut)

    def _around(self, vertex: int, gone: Collection[int]) -> set[int]:
        """The neighbours of a vertex once others are gone."""
        found: set[int] = set()
        waiting = [vertex]
        while waiting:
            for u in self.near[waiting.pop()]:
                if u not in found:
                    found.add(u)
                    if u in gone:
                        waiting.append(u)
        return found.difference(gone)


class _Flow:
    """A flow from some vertices to the sources, by shortest augmenting paths; `full` vertices let nothing through.

    A path is a list of stations: u > 0 enters vertex u − 1, u < 0 leaves vertex −u − 1.
    """

    def __init__(self, side: _Side, gone: Collection[int], sources: Collection[int], full: Collection[int]) -> None:
        self.side, self.gone, self.sources = side, gone, sources
        self.used = {u: side.sizes[u] for u in full}
        self.sent: dict[int, dict[int, int]] = {}

    def maximum(self, starts: Collection[int]) -> int:
        """How much can flow from the starts."""
        total = 0
        while starts and (path := self._shortest(starts)):
            total += self._send(path)
        return total

    def _shortest(self, starts: Collection[int]) -> list[int]:
        near, sizes, gone, sources = self.side.near, self.side.sizes, self.gone, self.sources
        waiting = [u + 1 for u in starts]
        came = dict.fromkeys(waiting, 0)
        for station in waiting:
            u = abs(station) - 1
            used = self.used.get(u, 0)
            ahead: list[int] = []
            if station > 0:
                if used < sizes[u] or u in gone:
                    if u in sources:
                        path = [station]
                        while came[path[0]]:
                            path.insert(0, came[path[0]])
                        return path
                    ahead.append(-station)
                if used:
                    ahead += [-w - 1 for w, amount in self.sent.get(u, {}).items() if amount]
            else:
                ahead += [w + 1 for w in near[u]]
                if used:
                    ahead.append(-station)
            for new in ahead:
                if new not in came:
                    came[new] = station
                    waiting.append(new)
        return []

    def _send(self, path: Sequence[int]) -> int:
        """Send what fits along a path, whose last station is the source; return it."""
        steps = list(pairwise(path))
        room = min([self._room(path[-1], -path[-1]), *(self._room(a, b) for a, b in steps)])
        self.used[path[-1] - 1] = self.used.get(path[-1] - 1, 0) + room
        for a, b in steps:
            u, w = abs(a) - 1, abs(b) - 1
            if u == w:
                self.used[u] = self.used.get(u, 0) + (room if a > 0 else -room)
            elif a < 0:
                into = self.sent.setdefault(w, {})
                into[u] = into.get(u, 0) + room
            else:
                self.sent[u][w] -= room
        return room

    def _room(self, a: int, b: int) -> int:
        u, w = abs(a) - 1, abs(b) - 1
        unbounded = sum(self.side.sizes)
        if u == w:
            used = self.used.get(u, 0)
            return used if a < 0 else unbounded if u in self.gone else self.side.sizes[u] - used
        return unbounded if a < 0 else self.sent[u][w]


def _loaded(certificate: str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(certificate, str):
        try:
            certificate = json.loads(certificate)
        except (ValueError, RecursionError) as fault:
            raise MalformedError(f"a certificate is a JSON file; this is none: {fault}") from None
    if not isinstance(certificate, Mapping):
        raise MalformedError(f"a certificate is a JSON object, not {type(certificate).__name__}")
    return certificate


def _entry(data: Mapping[str, Any], key: str) -> Any:
    if key not in data:
        raise MalformedError(f"the certificate has no {key!r}")
    return data[key]


def _lists(data: Mapping[str, Any], key: str) -> list[list[int]]:
    entry = _entry(data, key)
    if not isinstance(entry, list | tuple):
        raise MalformedError(f"{key!r} is a list of lists of whole numbers")
    return [_integers(part, key) for part in entry]


def _integers(entry: Any, key: str) -> list[int]:
    if not isinstance(entry, list | tuple) or any(type(v) is not int for v in entry):
        raise MalformedError(f"{key!r} holds something else than whole numbers in a list")
    return list(entry)


def _number(data: Mapping[str, Any], key: str) -> float | int:
    entry = _entry(data, key)
    if type(entry) not in (int, float):
        raise MalformedError(f"{key!r} is a number, not {entry!r}")
    return entry


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the verdict on each file named; 1 if one does not hold."""
    wrong = 0
    for name in sys.argv[1:] if arguments is None else arguments:
        try:
            print(check(Path(name).read_text(encoding="utf-8")))
        except CertificateError as fault:
            wrong = 1
            print(f"{name}: refused: {fault}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
