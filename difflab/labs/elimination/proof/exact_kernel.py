"""The compiled loop of exact search on a small piece: all its orders at once.

A piece is given by bit masks, at most 64 vertices and 64 ends on either side: `before[v]`, `after[v]` are neighbours
in the piece, `entry[v]`, `exit[v]` those among the ends; `sizes`, `entry_sizes`, `exit_sizes` what each counts.

This module needs numba and compiles on first use: only `exact` imports it, and late.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

compiled = njit(cache=True, nogil=True, error_model="numpy")

UNBOUNDED = 1 << 60


@compiled
@no_type_check
def weight(mask, sizes):
    """The sizes of the vertices in a mask, added."""
    total = 0
    k = 0
    while mask:
        if mask & 1:
            total += sizes[k]
        mask >>= np.uint64(1)
        k += 1
    return total


@compiled
@no_type_check
def all_orders(before, after, entry, exit, sizes, entry_sizes, exit_sizes):
    """The least cost of a piece and an order that has it, over all subsets that may be gone (dynamic programming).

    The graph of a subset is made from that of the subset without its lowest vertex, which is still on the stack.
    """
    count = len(sizes)
    graphs = np.zeros((count + 1, 4, count), np.uint64)
    sums = np.zeros((count + 1, 2, count), np.int64)
    for v in range(count):
        graphs[0, 0, v], graphs[0, 1, v], graphs[0, 2, v], graphs[0, 3, v] = before[v], after[v], entry[v], exit[v]
        sums[0, 0, v] = weight(before[v], sizes) + weight(entry[v], entry_sizes)
        sums[0, 1, v] = weight(after[v], sizes) + weight(exit[v], exit_sizes)
    best = np.full(1 << count, UNBOUNDED, np.int64)
    last = np.zeros(1 << count, np.int8)
    best[0] = 0
    for gone in range(1 << count):
        depth = _ones(gone)
        if gone:
            vertex = 0
            while not gone >> vertex & 1:
                vertex += 1
            _eliminate(graphs, sums, depth, vertex, sizes, entry_sizes, exit_sizes)
        for v in range(count):
            if not gone >> v & 1:
                cost = best[gone] + sizes[v] * sums[depth, 0, v] * sums[depth, 1, v]
                if cost < best[gone | 1 << v]:
                    best[gone | 1 << v] = cost
                    last[gone | 1 << v] = v
    order = np.empty(count, np.int64)
    gone = (1 << count) - 1
    for place in range(count - 1, -1, -1):
        order[place] = last[gone]
        gone ^= 1 << order[place]
    return best[-1], order


@compiled
@no_type_check
def _eliminate(graphs, sums, depth, vertex, sizes, entry_sizes, exit_sizes):
    """Write the graph without a vertex, and the sums of sizes, one place up the stack."""
    one = np.uint64(1)
    bit = one << np.uint64(vertex)
    old, new = graphs[depth - 1], graphs[depth]
    total, after_total = sums[depth - 1], sums[depth]
    for v in range(len(sizes)):
        for side in range(2):
            near, end, value = old[side, v], old[2 + side, v], total[side, v]
            if near & bit:
                ends = entry_sizes if side == 0 else exit_sizes
                fresh, fresh_end = old[side, vertex] & ~near, old[2 + side, vertex] & ~end
                value += weight(fresh, sizes) + weight(fresh_end, ends) - sizes[vertex]
                near = (near | fresh) & ~bit
                end |= fresh_end
            new[side, v], new[2 + side, v], after_total[side, v] = near, end, value


@compiled
@no_type_check
def _ones(bits):
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count
