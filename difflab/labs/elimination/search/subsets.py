"""The compiled loop behind `windows`: the cheapest order of a few consecutive vertices, by dynamic programming.

With the state before the window given, every set T of its vertices is eliminated once, in a fixed order, and the cost
of each next vertex is read off; best(T) is the least of best(T without v) + cost(v after T without v) (Held & Karp
1962). That takes 2ʷ · w/2 eliminations. What comes out is replayed before it is believed, so nothing rests on the
assumption that the state depends on the set alone.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from difflab.labs.elimination.search.kernel import (
    AFTER,
    BEFORE,
    EPOCH,
    GOOD,
    STRIDE,
    WORSE,
    accept,
    compiled,
    eliminate,
    fetch,
    replay,
    store,
)

SLIGHT = 1e-9
"""A gain below this is rounding."""


@compiled
@no_type_check
def _price(b, t, first, width, prices):
    """Fill `prices[T, v]` with what v costs after the set T of the window's vertices. Return how it ended.

    The state after the j vertices of T that are on the path is kept in the j-th snapshot from the end.
    """
    order, _, _, _, _, _, kept, kept_label, rows, label, seen, touched, tally, _, _ = b
    product_to, product_cost, sum_to, sum_cost = t
    base, last = first // tally[STRIDE], kept.shape[0] - 1
    tally[EPOCH] += 1
    for i in range(base * tally[STRIDE], first + width):
        cost = eliminate(
            rows, label, seen, kept, kept_label, tally, product_to, product_cost, sum_to, sum_cost, order[i], base
        )
        if cost < 0:
            return np.int64(-cost)
    count = 0
    for v in range(rows.shape[1]):
        if seen[BEFORE, v] == tally[EPOCH] or seen[AFTER, v] == tally[EPOCH]:
            touched[count] = v
            count += 1
    fetch(rows, label, seen, kept, kept_label, tally, touched, count, base)
    for i in range(base * tally[STRIDE], first):
        eliminate(
            rows, label, seen, kept, kept_label, tally, product_to, product_cost, sum_to, sum_cost, order[i], base
        )
    store(rows, label, kept, kept_label, touched, count, last)
    chosen, depth, v = 0, 0, width
    while True:
        if v == width:
            for u in range(width):
                if not chosen >> u & 1:
                    tally[EPOCH] += 1
                    prices[chosen, u] = eliminate(
                        rows, label, seen, kept, kept_label, tally, product_to, product_cost, sum_to, sum_cost,
                        order[first + u], last - depth,
                    )  # fmt: skip
                    if prices[chosen, u] < 0:
                        return np.int64(-prices[chosen, u])
            v = 0
            while chosen >> v:
                v += 1
        while v == width:
            if chosen == 0:
                return GOOD
            v = 0
            while chosen >> (v + 1):
                v += 1
            chosen, depth, v = chosen ^ 1 << v, depth - 1, v + 1
        fetch(rows, label, seen, kept, kept_label, tally, touched, count, last - depth)
        eliminate(
            rows, label, seen, kept, kept_label, tally, product_to, product_cost, sum_to, sum_cost,
            order[first + v], last - depth,
        )  # fmt: skip
        chosen, depth, v = chosen | 1 << v, depth + 1, width
        store(rows, label, kept, kept_label, touched, count, last - depth)


@compiled
@no_type_check
def improve(b, t, first, width, prices, least):
    """Put the cheapest order of a window in its place if it is cheaper: GOOD; if not: WORSE.

    `prices` (2ʷ × w) and `least` (2ʷ) are scratch.
    """
    order, _, costs, _, trial, trial_costs, kept, kept_label, rows, label, seen, _, tally, sums, _ = b
    product_to, product_cost, sum_to, sum_cost = t
    ended = _price(b, t, first, width, prices)
    if ended != GOOD:
        return ended
    least[0] = 0.0
    for chosen in range(1, 1 << width):
        least[chosen] = np.inf
        for v in range(width):
            if chosen >> v & 1:
                rest = chosen ^ 1 << v
                least[chosen] = min(least[chosen], least[rest] + prices[rest, v])
    chosen, old = (1 << width) - 1, 0.0
    for i in range(first + width - 1, first - 1, -1):
        old += costs[i]
        v = 0
        while not (chosen >> v & 1 and least[chosen ^ 1 << v] + prices[chosen ^ 1 << v, v] == least[chosen]):
            v += 1
        trial[i] = order[first + v]
        chosen ^= 1 << v
    if least[(1 << width) - 1] > old - SLIGHT:
        return WORSE
    ended, end = replay(
        order, costs, trial, trial_costs, kept, kept_label, rows, label, seen, tally, sums,
        product_to, product_cost, sum_to, sum_cost, first, first + width - 1, -SLIGHT,
    )  # fmt: skip
    if ended == GOOD:
        accept(b, t, first, end)
    return ended
