"""Compiled play: an order from the beginning, or a changed window of it alone.

A state is what is left of the graph: for each vertex a bit row of its predecessors, one of its successors, and a row of
edge labels. Snapshots of the state are kept along the order, so that a changed window is replayed from the snapshot
before it. After the window the replay goes on until the state equals the stored snapshot; from there on the old costs
stand. Where the edges depend on the set of eliminated vertices alone (most models) that is at once; an algebra that
loses information on the way is followed for as long as it differs, so nothing is assumed of it.

A row is copied from the snapshot when it is first touched, so a replay costs what the window costs, not what the graph
costs. Products and sums of labels come from the arrays of a `Table`; where one is missing the loop returns which, is
given it, and starts the move again.

This module and the two loops built on it, `moves` and `subsets`, need numba and compile on first use; `run` loads them.
"""

from __future__ import annotations

from typing import Any, NamedTuple, no_type_check

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

GOOD, WORSE, MISSING_PRODUCT, MISSING_SUM = 0, 1, 2, 3
"""How a replay ends: within its limit, above it, or stopped by a product or a sum that the table does not have."""


class Board(NamedTuple):
    """Everything that a run needs, as arrays; n vertices, m of them to eliminate, W = ⌈n/64⌉ words to a row.

    `order`, `place` (vertex → position, −1 if never eliminated), `costs` (of each position) and `kept`, `kept_label`
    (the snapshots, one before every `stride` positions) belong to the present order. `rows` (predecessors, successors)
    and `label` are the working state, valid where `seen` equals `tally[EPOCH]`; `label` is empty where there is one
    label only.
    """

    order: np.ndarray
    place: np.ndarray
    costs: np.ndarray
    best: np.ndarray
    trial: np.ndarray
    trial_costs: np.ndarray
    kept: np.ndarray
    kept_label: np.ndarray
    rows: np.ndarray
    label: np.ndarray
    seen: np.ndarray
    touched: np.ndarray
    tally: np.ndarray
    sums: np.ndarray
    chance: np.ndarray


class Tables(NamedTuple):
    """The arrays of a `problem.Table`, and the cost of the one product where labels are not kept."""

    product_to: np.ndarray
    product_cost: np.ndarray
    sum_to: np.ndarray
    sum_cost: np.ndarray


BEFORE, AFTER = 0, 1
"""The two halves of `Board.rows`."""

EPOCH, STRIDE, LEFT, RIGHT, DONE = 0, 1, 2, 3, 4
"""What `Board.tally` holds; `LEFT` and `RIGHT` are the pair of labels that is missing, `DONE` the moves tried."""

TOTAL, BEST, CHANGE, HEAT = 0, 1, 2, 3
"""What `Board.sums` holds: cost of the present order, of the best one, of the tried change, and the temperature."""


@intrinsic
@no_type_check
def ones(context, word):
    """Number of set bits of a uint64."""
    return types.uint64(types.uint64), lambda _, builder, __, args: builder.ctpop(args[0])


@intrinsic
@no_type_check
def lowest(context, word):
    """Position of the lowest set bit of a uint64 that is not 0."""

    def generate(context, builder, signature, args):
        return builder.cttz(args[0], context.get_constant(types.boolean, True))

    return types.uint64(types.uint64), generate


_njit: Any = njit
compiled = _njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
inlined = _njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
"""Arrays are handed to these one by one: reading them from a tuple in a hot loop would count references."""


@inlined
@no_type_check
def _see_before(rows, seen, kept, now, v, base):
    """Bring the predecessors of v into the working state."""
    if seen[BEFORE, v] != now:
        seen[BEFORE, v] = now
        for w in range(rows.shape[2]):
            rows[BEFORE, v, w] = kept[base, BEFORE, v, w]


@inlined
@no_type_check
def _see_after(rows, label, seen, kept, kept_label, now, v, base):
    """Bring the successors of v, and the labels of the edges to them, into the working state."""
    if seen[AFTER, v] != now:
        seen[AFTER, v] = now
        for w in range(rows.shape[2]):
            word = kept[base, AFTER, v, w]
            rows[AFTER, v, w] = word
            if label.shape[0]:
                while word:
                    s = w * 64 + np.int64(lowest(word))
                    word &= word - np.uint64(1)
                    label[v, s] = kept_label[base, v, s]


@inlined
@no_type_check
def _multiply(rows, label, tally, product_to, product_cost, sum_to, sum_cost, p, v):
    """Carry the edges of v on to its predecessor p. Return the cost; negative: a table entry is missing."""
    right, total = label[p, v], 0.0
    for w in range(rows.shape[2]):
        word, known = rows[AFTER, v, w], rows[AFTER, p, w]
        while word:
            bit = word & (~word + np.uint64(1))
            s = w * 64 + np.int64(lowest(word))
            word ^= bit
            left = label[v, s]
            new = product_to[left, right]
            if new < 0:
                tally[LEFT], tally[RIGHT] = left, right
                return -np.float64(MISSING_PRODUCT)
            total += product_cost[left, right]
            if known & bit:
                old = label[p, s]
                found = sum_to[old, new]
                if found < 0:
                    tally[LEFT], tally[RIGHT] = old, new
                    return -np.float64(MISSING_SUM)
                total += sum_cost[old, new]
                new = found
            label[p, s] = new
    return total


@inlined
@no_type_check
def eliminate(rows, label, seen, kept, kept_label, tally, product_to, product_cost, sum_to, sum_cost, v, base):
    """Eliminate v in the working state, rows coming from snapshot `base`. Return the cost; negative: missing."""
    now, words = tally[EPOCH], rows.shape[2]
    _see_before(rows, seen, kept, now, v, base)
    _see_after(rows, label, seen, kept, kept_label, now, v, base)
    total, into, out = 0.0, np.uint64(0), np.uint64(0)
    gone = ~(np.uint64(1) << np.uint64(v & 63))
    for w in range(words):
        word = rows[BEFORE, v, w]
        into += ones(word)
        while word:
            p = w * 64 + np.int64(lowest(word))
            word &= word - np.uint64(1)
            _see_after(rows, label, seen, kept, kept_label, now, p, base)
            if label.shape[0]:
                cost = _multiply(rows, label, tally, product_to, product_cost, sum_to, sum_cost, p, v)
                if cost < 0:
                    return cost
                total += cost
            for x in range(words):
                rows[AFTER, p, x] |= rows[AFTER, v, x]
            rows[AFTER, p, v >> 6] &= gone
    for w in range(words):
        word = rows[AFTER, v, w]
        out += ones(word)
        while word:
            s = w * 64 + np.int64(lowest(word))
            word &= word - np.uint64(1)
            _see_before(rows, seen, kept, now, s, base)
            for x in range(words):
                rows[BEFORE, s, x] |= rows[BEFORE, v, x]
            rows[BEFORE, s, v >> 6] &= gone
    if label.shape[0]:
        return total
    return np.float64(into * out) * product_cost[0, 0]


@inlined
@no_type_check
def store(rows, label, kept, kept_label, touched, count, into):
    """Write some rows of the working state into a snapshot."""
    for k in range(count):
        v = touched[k]
        for w in range(rows.shape[2]):
            kept[into, BEFORE, v, w] = rows[BEFORE, v, w]
            word = rows[AFTER, v, w]
            kept[into, AFTER, v, w] = word
            if label.shape[0]:
                while word:
                    s = w * 64 + np.int64(lowest(word))
                    word &= word - np.uint64(1)
                    kept_label[into, v, s] = label[v, s]


@inlined
@no_type_check
def fetch(rows, label, seen, kept, kept_label, tally, touched, count, base):
    """Begin again at a snapshot, some rows being there at once."""
    tally[EPOCH] += 1
    for k in range(count):
        _see_before(rows, seen, kept, tally[EPOCH], touched[k], base)
        _see_after(rows, label, seen, kept, kept_label, tally[EPOCH], touched[k], base)


@compiled
@no_type_check
def play(b, t):
    """Play the present order from snapshot 0: fill the costs and all snapshots. Return how it ended."""
    order, place, costs, best, _, _, kept, kept_label, rows, label, seen, touched, tally, sums, _ = b
    product_to, product_cost, sum_to, sum_cost = t
    for v in range(len(place)):
        touched[v] = v
    fetch(rows, label, seen, kept, kept_label, tally, touched, len(place), 0)
    total = 0.0
    for i in range(len(order)):
        if i and i % tally[STRIDE] == 0:
            store(rows, label, kept, kept_label, touched, len(place), i // tally[STRIDE])
        cost = eliminate(
            rows, label, seen, kept, kept_label, tally, product_to, product_cost, sum_to, sum_cost, order[i], 0
        )
        if cost < 0:
            return np.int64(-cost)
        costs[i] = cost
        place[order[i]] = i
        total += cost
    sums[TOTAL] = total
    if total < sums[BEST]:
        sums[BEST] = total
        for i in range(len(order)):
            best[i] = order[i]
    return GOOD


@compiled
@no_type_check
def _same(rows, label, seen, kept, kept_label, now, at):
    """Whether the working state has the labels of snapshot `at`. The edges agree: they depend on the set alone."""
    for v in range(rows.shape[1]):
        if seen[AFTER, v] == now:
            for w in range(rows.shape[2]):
                word = kept[at, AFTER, v, w]
                while word:
                    s = w * 64 + np.int64(lowest(word))
                    word &= word - np.uint64(1)
                    if label[v, s] != kept_label[at, v, s]:
                        return False
    return True


@inlined
@no_type_check
def replay(
    order, costs, trial, trial_costs, kept, kept_label, rows, label, seen, tally, sums,
    product_to, product_cost, sum_to, sum_cost, first, last, allowed,
):  # fmt: skip
    """Try `trial[first : last + 1]` in place of the same window of the order.

    Return how it ended and the position from which the stored order and costs stand. `sums[CHANGE]` is what it adds.
    """
    stride, m = tally[STRIDE], len(order)
    base = first // stride
    tally[EPOCH] += 1
    old, spent, end = 0.0, 0.0, last + 1
    for i in range(first, last + 1):
        old += costs[i]
    for i in range(base * stride, m):
        if i > last:
            if label.shape[0] == 0:
                break
            if i % stride == 0 and _same(rows, label, seen, kept, kept_label, tally[EPOCH], i // stride):
                break
            trial[i] = order[i]
            old += costs[i]
        v = order[i] if i < first else trial[i]
        cost = eliminate(
            rows, label, seen, kept, kept_label, tally, product_to, product_cost, sum_to, sum_cost, v, base
        )
        if i < first:
            continue
        if cost < 0:
            return np.int64(-cost), i
        trial_costs[i] = cost
        spent += cost
        if spent > old + allowed:
            return WORSE, i
        end = i + 1
    sums[CHANGE] = spent - old
    return GOOD, end


@compiled
@no_type_check
def accept(b, t, first, end):
    """Make the tried window part of the present order, its snapshots included.

    A row that the old order touched in the window, the new one has touched by the end of it: other rows stand.
    """
    order, place, costs, best, trial, trial_costs, kept, kept_label, rows, label, seen, touched, tally, sums, _ = b
    product_to, product_cost, sum_to, sum_cost = t
    stride = tally[STRIDE]
    base = first // stride
    for i in range(first, end):
        order[i] = trial[i]
        place[order[i]] = i
        costs[i] = trial_costs[i]
    if (end - 1) // stride > base:
        count = 0
        for v in range(len(place)):
            if seen[BEFORE, v] == tally[EPOCH] or seen[AFTER, v] == tally[EPOCH]:
                touched[count] = v
                count += 1
        fetch(rows, label, seen, kept, kept_label, tally, touched, count, base)
        for i in range(base * stride, end):
            if i > first and i % stride == 0:
                store(rows, label, kept, kept_label, touched, count, i // stride)
            if i // stride == (end - 1) // stride:
                break
            eliminate(
                rows, label, seen, kept, kept_label, tally, product_to, product_cost, sum_to, sum_cost, order[i], base
            )
    sums[TOTAL] += sums[CHANGE]
    if sums[TOTAL] < sums[BEST] - 1e-9:
        sums[BEST] = sums[TOTAL]
        for i in range(len(order)):
            best[i] = order[i]
