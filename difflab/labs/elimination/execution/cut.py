"""Where a computation is narrow: the smallest set of values through which every derivative passes.

If all paths from the inputs to the outputs pass a set C of values with w entries in all, then J = J_C · C', where C'
has w rows and J_C has w columns: reverse mode up to the interface and forward mode after it make both, w sweeps each
(interface contraction: Bischof & Haghighat 1996; Tadjouddine 2007). The smallest set is a minimum vertex cut, found by
maximal flow (Menger; Ford & Fulkerson 1956).
"""

# pyright: reportMissingTypeStubs=false, reportMissingModuleSource=false

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import numpy as np

from difflab.core.linear import LinearGraph


@dataclass(frozen=True)
class Cut:
    """`vertices` separate inputs from outputs and have `width` entries; `before` and `after` lie on either side."""

    vertices: tuple[int, ...]
    width: int
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def order(self) -> tuple[int, ...]:
        """Reverse mode up to the interface, forward mode after it, and then the interface itself."""
        return (*reversed(self.before), *self.after, *self.vertices)


def minimum_cut(graph: LinearGraph) -> Cut:
    """The narrowest interface of intermediates; empty where an input is an output, or nothing lies between.

    Inputs and outputs count as places to cut, too: where they are narrowest, there is no interface.
    """
    count, sizes = len(graph.vertices), graph.sizes
    source, sink = 2 * count, 2 * count + 1
    endless = sum(sizes) + 1
    arcs = {(v, count + v): sizes[v] for v in range(count)}
    arcs |= {(count + u, v): endless for u, v in graph.edges}
    arcs |= {(source, u): endless for u in graph.inputs}
    arcs |= {(count + v, sink): endless for v in {end for end in graph.outputs if end is not None}}
    reached = _reached(arcs, 2 * count + 2, source, sink)
    narrow = [v for v in range(count) if reached[v] and not reached[count + v]]
    inner = set(graph.intermediates)
    if not inner.issuperset(narrow):
        return Cut((), 0, (), graph.intermediates)
    before = tuple(v for v in graph.intermediates if reached[count + v])
    after = tuple(v for v in graph.intermediates if not reached[v])
    return Cut(tuple(narrow), sum(sizes[v] for v in narrow), before, after)


def _reached(arcs: dict[tuple[int, int], int], count: int, source: int, sink: int) -> list[bool]:
    """What can be reached from the source when the maximal flow runs."""
    sparse, search = import_module("scipy.sparse"), import_module("scipy.sparse.csgraph")
    tails, heads = np.array(list(arcs), np.int32).reshape(-1, 2).T
    largest = min(max(arcs.values(), default=1), np.iinfo(np.int32).max // 4)
    capacity = np.minimum(np.array(list(arcs.values()), np.int64), largest).astype(np.int32)
    network = sparse.csr_array((capacity, (tails, heads)), shape=(count, count))
    left = (network - search.maximum_flow(network, source, sink).flow).tocsr()
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    found = [False] * count
    for vertex in search.breadth_first_order(left, source, return_predecessors=False):
        found[int(vertex)] = True
    return found
