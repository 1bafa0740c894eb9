"""The compiled loop of the block bound: least separators for every subset of a block, then its cheapest order.

A graph is given as arrays: `near_start`, `near`, `near_edge` list the neighbours of each vertex on the side of the ends
and the numbers of those edges, `far_start`, `far`, `far_edge` those of the other side. A flow keeps what each vertex
and each edge carries; what a search touches is written down and undone after it.

This module needs numba and compiles on first use: only `blocks` imports it, and late.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

compiled = njit(cache=True, nogil=True, error_model="numpy")

UNBOUNDED = 1 << 60
GONE, SOURCE, FULL = 1, 2, 4


@compiled
@no_type_check
def separator(vertex, near_start, near, near_edge, far_start, far, far_edge, sizes, kind, carried, sent, came, queue):
    """The least total size of vertices that cut `vertex` from every source, where what is gone cuts nothing.

    `kind[u]` holds the flags GONE and SOURCE; `carried`, `sent` are zero and `came` is −1 before and after.
    """
    total = 0
    around = 0
    tail = 1
    queue[0] = 2 * vertex + 1
    came[2 * vertex + 1] = -2
    head = 0
    while head < tail:
        u = queue[head] >> 1
        head += 1
        for e in range(near_start[u], near_start[u + 1]):
            w = near[e]
            if came[2 * w + 1] == -1:
                came[2 * w + 1] = -2
                if kind[w] & GONE:
                    queue[tail] = 2 * w + 1
                    tail += 1
                elif kind[w] & SOURCE:
                    total += sizes[w]
                    kind[w] |= FULL
                    around += 1
                    queue[len(queue) - around] = w
                else:
                    around += 1
                    queue[len(queue) - around] = w
    starts = np.empty(around, np.int64)
    count = 0
    cuts = np.empty(around, np.int64)
    cut = 0
    for k in range(head):
        came[queue[k]] = -1
    for k in range(len(queue) - around, len(queue)):
        w = queue[k]
        came[2 * w + 1] = -1
        if kind[w] & FULL:
            cuts[cut] = w
            cut += 1
        else:
            starts[count] = w
            count += 1
    if count:
        total += _flow(
            starts[:count],
            near_start,
            near,
            near_edge,
            far_start,
            far,
            far_edge,
            sizes,
            kind,
            carried,
            sent,
            came,
            queue,
        )
    for k in range(cut):
        kind[cuts[k]] &= ~FULL
    return total


@compiled
@no_type_check
def _flow(starts, near_start, near, near_edge, far_start, far, far_edge, sizes, kind, carried, sent, came, queue):
    """The maximum flow from `starts` to the sources, by shortest augmenting paths; `carried`, `sent` are zero again."""
    total = 0
    vertices = [0]
    edges = [0]
    while True:
        tail = 0
        for w in starts:
            queue[tail] = 2 * w
            came[2 * w] = -2
            tail += 1
        head = 0
        last = -1
        while head < tail and last < 0:
            at = queue[head]
            head += 1
            u = at >> 1
            if at & 1:
                for e in range(near_start[u], near_start[u + 1]):
                    new = 2 * near[e]
                    if came[new] == -1:
                        came[new] = at
                        queue[tail] = new
                        tail += 1
                if carried[u] > 0 and came[at - 1] == -1:
                    came[at - 1] = at
                    queue[tail] = at - 1
                    tail += 1
                continue
            if kind[u] & FULL:
                continue
            if kind[u] & GONE or carried[u] < sizes[u]:
                if kind[u] & SOURCE:
                    last = at
                elif came[at + 1] == -1:
                    came[at + 1] = at
                    queue[tail] = at + 1
                    tail += 1
            if carried[u] > 0:
                for e in range(far_start[u], far_start[u + 1]):
                    new = 2 * far[e] + 1
                    if sent[far_edge[e]] > 0 and came[new] == -1:
                        came[new] = at
                        queue[tail] = new
                        tail += 1
        if last >= 0:
            total += _send(last, near_start, near, near_edge, sizes, kind, carried, sent, came, vertices, edges)
        for k in range(tail):
            came[queue[k]] = -1
        if last < 0:
            break
    for u in vertices:
        carried[u] = 0
    for e in edges:
        sent[e] = 0
    return total


@compiled
@no_type_check
def _send(last, near_start, near, near_edge, sizes, kind, carried, sent, came, vertices, edges):
    """Send what fits along the path that ends in `last`."""
    room = sizes[last >> 1] - carried[last >> 1]
    for sending in range(2):
        at = last
        while came[at] != -2:
            before = came[at]
            u, w = before >> 1, at >> 1
            if u == w and at & 1:
                if sending:
                    carried[u] += room
                    vertices.append(u)
                elif not kind[u] & GONE:
                    room = min(room, sizes[u] - carried[u])
            elif u == w:
                if sending:
                    carried[u] -= room
                else:
                    room = min(room, carried[u])
            elif before & 1:
                e = near_start[u]
                while near[e] != w:
                    e += 1
                if sending:
                    sent[near_edge[e]] += room
                    edges.append(near_edge[e])
            else:
                e = near_start[w]
                while near[e] != u:
                    e += 1
                if sending:
                    sent[near_edge[e]] -= room
                else:
                    room = min(room, sent[near_edge[e]])
            at = before
    carried[last >> 1] += room
    vertices.append(last >> 1)
    return room


@compiled
@no_type_check
def floors(block, k, near_start, near, near_edge, far_start, far, far_edge, sizes, ends):
    """Which of the block the k-th vertex sees, and its least separator for every subset of those that is gone.

    Bit j of a subset is the j-th vertex that is seen.
    """
    count = len(sizes)
    came = np.full(2 * count, -1, np.int64)
    queue = np.empty(3 * count, np.int64)
    carried, sent = np.zeros(count, np.int64), np.zeros(len(near), np.int64)
    kind = np.where(ends, SOURCE, 0)
    seen = _seen(block, k, near_start, near, came, queue)
    chosen = np.empty(len(block), np.int64)
    wide = 0
    for j in range(len(block)):
        if seen >> j & 1:
            chosen[wide] = block[j]
            wide += 1
    least = np.empty(1 << wide, np.int64)
    for subset in range(1 << wide):
        for j in range(wide):
            kind[chosen[j]] = GONE if subset >> j & 1 else SOURCE
        least[subset] = separator(
            block[k], near_start, near, near_edge, far_start, far, far_edge, sizes, kind, carried, sent, came, queue
        )
    return seen, least


@compiled
@no_type_check
def _seen(block, k, near_start, near, came, queue):
    """The vertices of the block on a path between the k-th and the ends, as bits."""
    queue[0] = block[k]
    came[block[k]] = 0
    tail = 1
    head = 0
    while head < tail:
        u = queue[head]
        head += 1
        for e in range(near_start[u], near_start[u + 1]):
            if came[near[e]] == -1:
                came[near[e]] = 0
                queue[tail] = near[e]
                tail += 1
    seen = 0
    for j in range(len(block)):
        if j != k and came[block[j]] == 0:
            seen |= 1 << j
    for j in range(tail):
        came[queue[j]] = -1
    return seen


@compiled
@no_type_check
def cheapest(block, before_start, before, before_edge, after_start, after, after_edge, sizes, inputs, outputs):
    """The cheapest order of a block under its floors."""
    return remaining(block, before_start, before, before_edge, after_start, after, after_edge, sizes, inputs, outputs)[
        0
    ]


@compiled
@no_type_check
def remaining(block, before_start, before, before_edge, after_start, after, after_edge, sizes, inputs, outputs):
    """What the rest of a block costs at least under its floors, for each subset of it that is gone."""
    size = len(block)
    cost = np.empty((size, 1 << size), np.int64)
    for k in range(size):
        up, inward = floors(block, k, before_start, before, before_edge, after_start, after, after_edge, sizes, inputs)
        down, outward = floors(
            block, k, after_start, after, after_edge, before_start, before, before_edge, sizes, outputs
        )
        _spread(cost[k], size, sizes[block[k]], up, inward, down, outward)
    rest = np.full(1 << size, UNBOUNDED, np.int64)
    rest[-1] = 0
    for gone in range((1 << size) - 2, -1, -1):
        for k in range(size):
            bit = 1 << k
            if not gone & bit:
                rest[gone] = min(rest[gone], cost[k, gone] + rest[gone | bit])
    return rest


@compiled
@no_type_check
def _spread(cost, size, weight, up, inward, down, outward):
    """The floor of one vertex for every subset of the block, from those of what it sees on either side."""
    high = size // 2
    low_up, high_up = _compressed(up & ((1 << high) - 1), high), _compressed(up >> high, size - high)
    low_down, high_down = _compressed(down & ((1 << high) - 1), high), _compressed(down >> high, size - high)
    shift_up, shift_down = _ones(up & ((1 << high) - 1)), _ones(down & ((1 << high) - 1))
    mask = (1 << high) - 1
    for gone in range(1 << size):
        a = low_up[gone & mask] | high_up[gone >> high] << shift_up
        b = low_down[gone & mask] | high_down[gone >> high] << shift_down
        cost[gone] = weight * inward[a] * outward[b]


@compiled
@no_type_check
def _compressed(chosen, bits):
    """For each subset of some bits, the chosen ones of it moved together."""
    table = np.zeros(1 << bits, np.int64)
    for subset in range(1 << bits):
        place = 0
        for j in range(bits):
            if chosen >> j & 1:
                table[subset] |= (subset >> j & 1) << place
                place += 1
    return table


@compiled
@no_type_check
def _ones(bits):
    """How many bits are set."""
    count = 0
    while bits:
        count += bits & 1
        bits >>= 1
    return count
