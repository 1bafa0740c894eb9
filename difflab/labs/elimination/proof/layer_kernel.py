"""The compiled loop of the search by layers: from all sets of k eliminated vertices to those of k + 1 that can matter.

A state is the set of eliminated vertices as a mask of up to 64 bits; its graph is made anew from the piece's (see
`pieces`), which takes a few steps for each edge. States live in a hash table with open addressing; the empty set never
enters it, so 0 marks a free slot.

This module needs numba and compiles on first use: only `exact` imports it, and late.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

compiled = njit(cache=True, nogil=True, error_model="numpy")

ONE = np.uint64(1)
MIX = np.uint64(0x9E3779B97F4A7C15)


@compiled
@no_type_check
def extend(
    masks, spent, begin, end, graph, floors, block, place, tables, starts, below, keys, values, lasts, filled, work
):
    """Put what follows from the states `begin` … `end` into the table; return how far it got and how full it is.

    `graph` holds the masks and sizes of a piece. Vertex v is bit `place[v]` of block `block[v]`, whose remaining cost
    for each subset gone begins at `starts[block[v]]` in `tables`. A state is dropped if what it has spent and what its
    blocks must still spend is not `below`. Where a vertex can safely go first, only that is tried.
    """
    before, after, entry, exit, sizes, entry_sizes, exit_sizes = graph
    count = len(sizes)
    mine, outer = work[0], work[1]
    gone_before, gone_after, gone_entry, gone_exit = mine[0], mine[1], mine[2], mine[3]
    cost = outer[0]
    index = outer[1]
    limit = len(keys) // 2
    at = begin
    while at < end and filled + count < limit:
        gone = masks[at]
        _graph(gone, before, after, entry, exit, gone_before, gone_after, gone_entry, gone_exit)
        index[:] = 0
        safe = -1
        for v in range(count):
            if gone >> np.uint64(v) & ONE:
                index[block[v]] |= 1 << place[v]
                continue
            up = _weight(gone_before[v], sizes) + _weight(gone_entry[v], entry_sizes)
            down = _weight(gone_after[v], sizes) + _weight(gone_exit[v], exit_sizes)
            cost[v] = sizes[v] * up * down
            if safe >= 0 or cost[v] > floors[v]:
                continue
            inward = _joined(v, gone_before, gone_entry, gone_after, sizes, entry_sizes)
            if inward and _joined(v, gone_after, gone_exit, gone_before, sizes, exit_sizes):
                safe = v
        left = 0
        for b in range(len(starts)):
            left += tables[starts[b] + index[b]]
        for v in range(count):
            if gone >> np.uint64(v) & ONE or (safe >= 0 and v != safe):
                continue
            b = block[v]
            rest = left - tables[starts[b] + index[b]] + tables[starts[b] + (index[b] | 1 << place[v])]
            new = spent[at] + cost[v]
            if new + rest < below:
                filled += _put(gone | ONE << np.uint64(v), new, v, keys, values, lasts)
        at += 1
    return at, filled


@compiled
@no_type_check
def _graph(gone, before, after, entry, exit, new_before, new_after, new_entry, new_exit):
    """Neighbours after a set is gone; those of what is gone itself are made on the way."""
    count = len(before)
    for v in range(count):
        new_before[v], new_entry[v] = before[v] & ~gone, entry[v]
        mask = before[v] & gone
        while mask:
            u = _lowest(mask)
            new_before[v] |= new_before[u]
            new_entry[v] |= new_entry[u]
            mask &= mask - ONE
    for v in range(count - 1, -1, -1):
        new_after[v], new_exit[v] = after[v] & ~gone, exit[v]
        mask = after[v] & gone
        while mask:
            w = _lowest(mask)
            new_after[v] |= new_after[w]
            new_exit[v] |= new_exit[w]
            mask &= mask - ONE


@compiled
@no_type_check
def _joined(v, near, ends, far, sizes, end_sizes):
    """Whether all that v has on one side, but for ends no larger than v, is shared by its neighbours on the other."""
    mask = far[v]
    while mask:
        w = _lowest(mask)
        if near[v] & ~near[w]:
            return False
        if _weight(ends[v] & ~ends[w], end_sizes) > sizes[v]:
            return False
        mask &= mask - ONE
    return True


@compiled
@no_type_check
def _weight(mask, sizes):
    total = 0
    while mask:
        total += sizes[_lowest(mask)]
        mask &= mask - ONE
    return total


@compiled
@no_type_check
def _lowest(mask):
    """The number of the lowest bit that is set."""
    k = 0
    if not mask & np.uint64(0xFFFFFFFF):
        mask >>= np.uint64(32)
        k += 32
    if not mask & np.uint64(0xFFFF):
        mask >>= np.uint64(16)
        k += 16
    if not mask & np.uint64(0xFF):
        mask >>= np.uint64(8)
        k += 8
    if not mask & np.uint64(0xF):
        mask >>= np.uint64(4)
        k += 4
    if not mask & np.uint64(0x3):
        mask >>= np.uint64(2)
        k += 2
    if not mask & np.uint64(0x1):
        k += 1
    return k


@compiled
@no_type_check
def _put(key, value, last, keys, values, lasts):
    """Keep the least value of a state; 1 if the state is new."""
    slot = np.int64((key * MIX) >> np.uint64(20)) & (len(keys) - 1)
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & (len(keys) - 1)
    if keys[slot] == 0:
        keys[slot], values[slot], lasts[slot] = key, value, last
        return 1
    if value < values[slot]:
        values[slot], lasts[slot] = value, last
    return 0


@compiled
@no_type_check
def rehash(keys, values, lasts, new_keys, new_values, new_lasts):
    """Move a table into a larger one."""
    for k in range(len(keys)):
        if keys[k]:
            _put(keys[k], values[k], lasts[k], new_keys, new_values, new_lasts)
