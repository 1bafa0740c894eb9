"""Which vertices to look at together: partitions into blocks whose cheapest orders add up to a high lower bound.

A block counts with the cost of its cheapest order under *floors*: when v is eliminated while some of its block are
gone, its predecessors separate it from the inputs and from what is left of the block, its successors likewise, and
about the vertices outside nothing is assumed (see `certificate`). Any partition gives a bound, larger blocks give
better ones, and a block costs 2ᵏ floors to evaluate; so the search begins with small blocks and lets them grow.

A good order guides it. What the order spends in a block above the block's bound is the block's *deficit*, and the
deficits add up to the gap; blocks grow and exchange vertices where there is one. A vertex that adds nothing to its
block is set free again.
"""

from __future__ import annotations

import heapq
import importlib
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from difflab.labs.elimination.counting.problem import Problem, costs
from difflab.labs.elimination.proof.reduce import Core

Block = frozenset[int]

LARGEST = 18
"""Vertices in a block; time and memory double with each."""

LEVELS = (4, 6, 8, 10, 12, 14, 16)
"""Sizes that blocks may reach, one after the other."""

PATIENCE = 2000
"""Changes without a gain, divided by the size of blocks, after which blocks may grow larger."""

TEMPERATURE = 0.25
"""Of the local search: how readily a partition that is worse by 1 is accepted."""

Side = tuple[np.ndarray, np.ndarray, np.ndarray]


class Blocks:
    """A partition of the intermediates, what each block is worth, and the changes that raise the sum."""

    def __init__(self, problem: Problem, start: Iterable[Iterable[int]], order: Sequence[int], seed: int) -> None:
        self.kernel = importlib.import_module("difflab.labs.elimination.proof.block_kernel")
        self.graph = _arrays(problem)
        self.near = _near(problem)
        self.spent = dict(zip(order, costs(problem, order), strict=True))
        self.draw = random.Random(seed)
        self.known: dict[Block, int] = {}
        self.home: dict[int, Block] = {v: frozenset([v]) for v in problem.intermediates}
        for block in start:
            self.settle([frozenset(block)])

    @property
    def partition(self) -> list[Block]:
        """The blocks, in a fixed order."""
        return sorted(set(self.home.values()), key=min)

    @property
    def total(self) -> int:
        """What the blocks are worth together: a lower bound on the cost of every order."""
        return sum(map(self.worth, self.partition))

    def worth(self, block: Block) -> int:
        """The cheapest order of a block under its floors; 0 for an empty one."""
        if block not in self.known:
            members = np.array(sorted(block), np.int64)
            self.known[block] = int(self.kernel.cheapest(members, *self.graph)) if block else 0
        return self.known[block]

    def remaining(self, block: Block) -> np.ndarray:
        """What the rest of a block costs at least, for each subset gone; bit j is the j-th vertex in order."""
        return self.kernel.remaining(np.array(sorted(block), np.int64), *self.graph)

    def pack(self, limit: int) -> None:
        """Join neighbouring blocks as far as the limit allows, those with most neighbours in each other first.

        A block is never worth less than its parts, and its table knows more of what remains.
        """
        while pairs := [
            (-self._links(block, other), sorted(block), sorted(other))
            for block in self.partition
            for other in self._around(block)
            if len(block) + len(other) <= limit
        ]:
            _, block, other = min(pairs)
            self.settle([frozenset((*block, *other))])

    def _links(self, block: Block, other: Block) -> float:
        return sum(w in other for v in block for w in self.near[v]) / (len(block) * len(other))

    def climb(self, limit: int) -> Iterator[int]:
        """Change the partition until it has no deficit; yield its worth after every change that was tried.

        Blocks grow level by level. When the last one brings nothing more, a few blocks of the best partition are taken
        apart and grow again.
        """
        best, kept = -1, self.partition
        while any(self._deficit(block) > 0 for block in self.partition):
            for level in [size for size in LEVELS if size < limit] + [limit]:
                yield from self._level(level)
            if (total := self.total) >= best:
                best, kept = total, self.partition
            self.settle(kept)
            self._take_apart()

    def _level(self, limit: int) -> Iterator[int]:
        yield from self._merge(limit)
        total, since = self.total, 0
        while since < PATIENCE // limit:
            gain = self._change(limit)
            total, since = total + gain, 0 if gain > 0 else since + 1
            yield total

    def _take_apart(self) -> None:
        """Set free the vertices of a block with a deficit and of one or two beside it."""
        blocks = [block for block in self.partition if self._deficit(block) > 0]
        if blocks:
            block = self.draw.choice(blocks)
            beside = [other for other in self._around(block) if len(other) > 1]
            chosen = [block, *self.draw.sample(beside, min(len(beside), self.draw.randint(1, 2)))]
            self.settle(frozenset([vertex]) for part in chosen for vertex in part)

    def _deficit(self, block: Block) -> float:
        return sum(self.spent[v] for v in block) - self.worth(block)

    def settle(self, blocks: Iterable[Block]) -> None:
        """Put vertices into these blocks; what is left of the blocks they come from must be among them."""
        for block in blocks:
            for vertex in block:
                self.home[vertex] = block

    def _merge(self, limit: int) -> Iterator[int]:
        """Join the neighbouring blocks that gain most by it, as long as any do."""
        heap: list[tuple[float, int, list[int], Block, Block]] = []
        for block in self.partition:
            self._free(block)
        for block in self.partition:
            self._offer(heap, block, limit)
            yield self.total
        while heap:
            *_, one, other = heapq.heappop(heap)
            if self.home[min(one)] == one and self.home[min(other)] == other:
                self.settle([one | other])
                self._offer(heap, one | other, limit)
                yield self.total
        for block in self.partition:
            self._free(block)

    def _offer(self, heap: list[Any], block: Block, limit: int) -> None:
        for other in self._around(block):
            if len(block) + len(other) <= limit:
                gain = self.worth(block | other) - self.worth(block) - self.worth(other)
                if gain > 0:
                    shaken = gain * self.draw.uniform(0.7, 1)
                    heapq.heappush(heap, (-shaken, len(block) + len(other), sorted(block | other), block, other))

    def _around(self, block: Block) -> list[Block]:
        found = {self.home[w] for v in block for w in self.near[v]} - {block}
        return sorted(found, key=min)

    def _free(self, block: Block) -> None:
        """Set free the vertices that add nothing to their block."""
        for vertex in self.draw.sample(sorted(block), len(block)):
            alone = frozenset([vertex])
            rest = block - alone
            if rest and self.worth(rest) + self.worth(alone) == self.worth(block):
                self.settle([rest, alone])
                block = rest

    def _change(self, limit: int) -> int:
        """Try one change next to a deficit, in blocks that the limit allows; return what is gained by it."""
        blocks = [block for block in self.partition if len(block) <= limit]
        deficits = [max(self._deficit(block), 0) for block in blocks]
        if not any(deficits):
            return 0
        block = self.draw.choices(blocks, deficits)[0]
        vertex = self.draw.choice(sorted(block))
        outside = [w for w in self.near[vertex] if w not in block and len(self.home[w]) <= limit]
        if not outside:
            return 0
        new = self.draw.choice(outside)
        return self._replace(self._proposal(block, self.home[new], new, limit), (block, self.home[new]))

    def _proposal(self, block: Block, other: Block, new: int, limit: int) -> tuple[Block, ...]:
        """The block with a vertex more: with all of its block, or it alone, or in exchange for another vertex."""
        taken = frozenset([new])
        if len(block) + len(other) <= limit and self.draw.random() < 0.7:
            return (block | other,)
        if len(block) < limit:
            return block | taken, other - taken
        given = frozenset([self.draw.choice(sorted(block))])
        if self.draw.random() < 0.5:
            return (block - given) | taken, (other - taken) | given
        return (block - given) | taken, other - taken, given

    def _replace(self, new: Sequence[Block], old: Sequence[Block]) -> int:
        gain = sum(map(self.worth, new)) - sum(map(self.worth, old))
        if gain < 0 and self.draw.random() >= math.exp(gain / TEMPERATURE):
            return 0
        self.settle(new)
        if gain > 0:
            self._free(new[0])
        return gain


def _near(problem: Problem) -> Mapping[int, Sequence[int]]:
    """For each vertex of the core, which safe eliminations leave, those that share an edge or a neighbour with it."""
    core = Core(problem)
    settled = {step.vertex for step in core.safe()}
    beside = {v: (core.before[v] | core.after[v]) & core.remaining for v in core.remaining}
    near = {v: sorted(found.union(*(beside[u] for u in found)) - {v}) for v, found in beside.items()}
    return near | dict.fromkeys(settled, ())


def _arrays(problem: Problem) -> tuple[np.ndarray, ...]:
    """The graph as the kernel takes it: predecessors, successors, sizes, and flags for inputs and outputs."""
    pairs = np.array(sorted(problem.edges), np.int64).reshape(-1, 2)
    flags = [np.isin(np.arange(problem.count), ends) for ends in (problem.inputs, problem.outputs)]
    return (*_side(pairs, 1, problem.count), *_side(pairs, 0, problem.count), np.array(problem.sizes, np.int64), *flags)


def _side(pairs: np.ndarray, end: int, count: int) -> Side:
    """For each vertex its neighbours across edges that have it at `end`, and the numbers of those edges."""
    edges = np.lexsort((pairs[:, 1 - end], pairs[:, end]))
    start = np.concatenate([[0], np.cumsum(np.bincount(pairs[:, end], minlength=count))])
    return start, pairs[edges, 1 - end], edges
