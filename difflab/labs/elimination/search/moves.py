"""The compiled loop of the annealer: random changes of an order, kept if they are good enough.

A move takes a vertex or a short block to another place, swaps two vertices, or puts a vertex beside a neighbour; mostly
a few places away, sometimes anywhere. How much dearer a change may be is drawn before it is replayed. The random
numbers are the loop's own (xorshift, Marsaglia 2003), so a run is a function of its seed and its moves.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from difflab.labs.elimination.search.kernel import (
    AFTER,
    BEFORE,
    CHANGE,
    DONE,
    GOOD,
    HEAT,
    STRIDE,
    WORSE,
    accept,
    compiled,
    inlined,
    lowest,
    replay,
)


@inlined
@no_type_check
def uniform(chance):
    """The next uniform number in (0, 1)."""
    x = chance[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    chance[0] = x
    return (np.float64(x >> np.uint64(12)) + 0.5) * (1.0 / 4503599627370496.0)


@compiled
@no_type_check
def _distance(chance, m):
    """How far a move reaches: mostly a few places, sometimes anywhere."""
    mean = 8.0 if uniform(chance) < 0.75 else m / 6.0
    return min(1 + np.int64(-mean * np.log(uniform(chance))), m - 1)


@compiled
@no_type_check
def _neighbour(place, kept, stride, chance, v):
    """The position of a random neighbour that v still has when its turn comes, or −1."""
    base, found, count = place[v] // stride, np.int64(-1), 0
    for w in range(kept.shape[3]):
        word = kept[base, BEFORE, v, w] | kept[base, AFTER, v, w]
        while word:
            u = w * 64 + np.int64(lowest(word))
            word &= word - np.uint64(1)
            if place[u] > place[v]:
                count += 1
                if uniform(chance) * count < 1:
                    found = place[u]
    return found


@compiled
@no_type_check
def _shift(order, trial, source, length, target):
    """Write into `trial` the order with a block moved forward to begin at `target`; return the window that changes."""
    for k in range(length):
        trial[target + k] = order[source + k]
    for k in range(source - target):
        trial[target + length + k] = order[target + k]
    return target, source + length - 1


@compiled
@no_type_check
def _propose(order, place, trial, kept, stride, chance):
    """Write a random change into `trial` and return its window; an empty window where there is none."""
    m = len(order)
    kind, at = uniform(chance), np.int64(uniform(chance) * m)
    if kind < 0.35:
        near = _neighbour(place, kept, stride, chance, order[at])
        if near < 0:
            return 0, -1
        if uniform(chance) < 0.5:
            return _shift(order, trial, near, 1, at)
        return _shift(order, trial, at + 1, near - at, at)
    far = _distance(chance, m)
    if kind < 0.45:
        other = at + far
        if other >= m:
            return 0, -1
        for i in range(at, other + 1):
            trial[i] = order[i]
        trial[at], trial[other] = order[other], order[at]
        return at, other
    length = 1 if kind < 0.85 else min(2 + np.int64(-2.0 * np.log(uniform(chance))), m - 1)
    if at + length + far > m:
        return 0, -1
    if uniform(chance) < 0.5:
        return _shift(order, trial, at + far, length, at)
    return _shift(order, trial, at + length, far, at)


@compiled
@no_type_check
def anneal(b, t, until, factor):
    """Try moves, the temperature falling by `factor` with each, until `until` are done. Return how it ended."""
    order, place, costs, _, trial, trial_costs, kept, kept_label, rows, label, seen, _, tally, sums, chance = b
    product_to, product_cost, sum_to, sum_cost = t
    while tally[DONE] < until:
        luck = chance[0]
        allowed = -sums[HEAT] * np.log(uniform(chance))
        first, last = _propose(order, place, trial, kept, tally[STRIDE], chance)
        if last > first:
            ended, end = replay(
                order, costs, trial, trial_costs, kept, kept_label, rows, label, seen, tally, sums,
                product_to, product_cost, sum_to, sum_cost, first, last, allowed,
            )  # fmt: skip
            if ended > WORSE:
                chance[0] = luck
                return ended
            if ended == GOOD:
                accept(b, t, first, end)
        sums[HEAT] *= factor
        tally[DONE] += 1
    return GOOD


@compiled
@no_type_check
def rises(b, t, found):
    """Fill `found` with what random changes would add to the cost, falls as 0. Return how it ended."""
    order, place, costs, _, trial, trial_costs, kept, kept_label, rows, label, seen, _, tally, sums, chance = b
    product_to, product_cost, sum_to, sum_cost = t
    for k in range(len(found)):
        found[k] = 0.0
        first, last = _propose(order, place, trial, kept, tally[STRIDE], chance)
        if last > first:
            ended, _ = replay(
                order, costs, trial, trial_costs, kept, kept_label, rows, label, seen, tally, sums,
                product_to, product_cost, sum_to, sum_cost, first, last, np.inf,
            )  # fmt: skip
            if ended > WORSE:
                return ended
            found[k] = max(sums[CHANGE], 0.0)
    return GOOD
