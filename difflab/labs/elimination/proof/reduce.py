"""Eliminate first what loses nothing by it, and split what is left into parts that do not see each other.

**The rule.** Eliminate v now if v is as cheap as it can ever be, size(v) · κ_in(v) · κ_out(v); if for each intermediate
successor w the predecessors of v that w lacks are inputs, together no larger than v; and if for each intermediate
predecessor u the successors of v that u lacks are outputs, together no larger than v.

**Proof.** Take an optimal order and move v to its front: v pays its floor. Another x that went before v pays more only
if v stood among its predecessors or successors then, say its predecessors, by a path v → w → … → x with everything
between eliminated. Now v's predecessors take its place, or what has taken theirs. Those that w shares x had already, by
the same path; the others are inputs, which stay as they are, and together are no larger than v. So no sum of sizes
rises, and no cost. Whatever goes after v's old place finds the same graph, which depends on the set of eliminated
vertices only. The mirror image serves successors.

The rule covers the vertices that only inputs, or only outputs, surround. Optimality-preserving eliminations go back to
Mosenkis & Naumann 2012. Inputs and outputs are never eliminated, so intermediates that are connected only by way of
them are independent problems.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from difflab.labs.elimination.counting.problem import Problem
from difflab.labs.elimination.proof.flows import Flows, neighbours, require


@dataclass(frozen=True)
class Step:
    """One safe elimination: the vertex, what it costs, and where it stands."""

    vertex: int
    cost: int
    reason: str


@dataclass(frozen=True)
class Reduction:
    """Some optimal order begins with `prefix`, costs `cost` that far, and orders each of `components` by itself.

    `components` are sets of intermediates, in evaluation order; `steps` says why each vertex of the prefix may go.
    """

    steps: tuple[Step, ...]
    components: tuple[tuple[int, ...], ...]

    @property
    def prefix(self) -> tuple[int, ...]:
        """The vertices to eliminate first, in this order."""
        return tuple(step.vertex for step in self.steps)

    @property
    def cost(self) -> int:
        """What the prefix costs."""
        return sum(step.cost for step in self.steps)


def reduce(problem: Problem) -> Reduction:
    """The safe eliminations of a problem and the independent parts of its core, for `all_edges` and any sizes.

    Raises ValueError for another model.

    Example:
        >>> from difflab.core.linear import plain
        >>> from difflab.labs.elimination.counting.models import problem
        >>> chain = plain([("x", "a"), ("a", "b"), ("b", "z")], ["x"], ["z"])
        >>> reduced = reduce(problem(chain, "all_edges"))
        >>> reduced.prefix, reduced.cost, reduced.components
        ((1, 2), 2, ())
    """
    require(problem)
    core = Core(problem)
    return Reduction(tuple(core.safe()), tuple(core.components()))


class Core:
    """A graph in the middle of an elimination: sets of neighbours, sizes, and what is left to eliminate."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.before, self.after = (list(map(set, near)) for near in neighbours(problem))
        self.remaining = set(problem.intermediates)

    def safe(self) -> Iterator[Step]:
        """Eliminate by the rule as long as it applies to any vertex."""
        changed = True
        while changed:
            changed = False
            for vertex in sorted(self.remaining):
                if reason := self._reason(vertex):
                    changed = True
                    yield Step(vertex, self.eliminate(vertex), reason)

    def components(self) -> Iterator[tuple[int, ...]]:
        """The connected parts of what remains."""
        waiting = set(self.remaining)
        while waiting:
            found = {min(waiting)}
            new = set(found)
            while new:
                new = set().union(*(self.before[v] | self.after[v] for v in new)) & waiting - found
                found |= new
            waiting -= found
            yield tuple(sorted(found))

    def eliminate(self, vertex: int) -> int:
        """Eliminate a vertex; return what it costs."""
        before, after = self.before[vertex], self.after[vertex]
        cost = self.problem.sizes[vertex] * self._size(before) * self._size(after)
        for p in before:
            self.after[p] |= after
            self.after[p].discard(vertex)
        for s in after:
            self.before[s] |= before
            self.before[s].discard(vertex)
        self.remaining.discard(vertex)
        return cost

    def _reason(self, vertex: int) -> str:
        """Where a vertex stands that the rule lets go; empty if it does not."""
        size = self.problem.sizes[vertex]
        before, after = self.before[vertex], self.after[vertex]
        for w in after & self.remaining:
            lacking = before - self.before[w]
            if lacking & self.remaining or self._size(lacking) > size:
                return ""
        for u in before & self.remaining:
            lacking = after - self.after[u]
            if lacking & self.remaining or self._size(lacking) > size:
                return ""
        if not self._cheapest(vertex):
            return ""
        if not before & self.remaining:
            return "only inputs before it"
        return "its neighbours are joined already" if after & self.remaining else "only outputs after it"

    def _cheapest(self, vertex: int) -> bool:
        """Whether neither side of a vertex can be cut with less than its neighbours there."""
        sides = ((self.before, self.problem.inputs), (self.after, self.problem.outputs))
        return all(
            not near[vertex] & self.remaining
            or Flows(near, self.problem.sizes, ends).least(vertex) == self._size(near[vertex])
            for near, ends in sides
        )

    def _size(self, vertices: set[int]) -> int:
        return sum(self.problem.sizes[v] for v in vertices)
