"""The compiled loop behind `faces`: annealing of a sequence of vertex, front and back eliminations between numbers.

A sequence is a row of codes, each a vertex, an edge with a direction, or nothing. Any sequence is legal: what names an
edge that is not there does nothing. Unlike vertex elimination the edges left depend on more than the set of what was
eliminated, so after a changed window the replay goes on until a hash of the edges (one random word an edge, xored;
Zobrist 1970) is what it was at that place before.
"""

from __future__ import annotations

from typing import NamedTuple, no_type_check

import numpy as np

from difflab.labs.elimination.search.kernel import AFTER, BEFORE, compiled, inlined, lowest, ones
from difflab.labs.elimination.search.moves import uniform


class Sequence(NamedTuple):
    """Codes: v for a vertex, n + 2(u·n + v) for the front, one more for the back elimination of u → v, −1 for nothing.

    `kept[k]` and `hashes[k]` are the edges before position k, and `costs[k]` what it costs. `words` are the hash's
    random words, `inner` marks what can be eliminated; `saved` and `flat` are `kept` and `rows`, a state to a line.
    """

    codes: np.ndarray
    costs: np.ndarray
    best: np.ndarray
    trial: np.ndarray
    trial_costs: np.ndarray
    kept: np.ndarray
    saved: np.ndarray
    rows: np.ndarray
    flat: np.ndarray
    hashes: np.ndarray
    words: np.ndarray
    inner: np.ndarray
    tally: np.ndarray
    sums: np.ndarray
    chance: np.ndarray


DONE = 0
TOTAL, BEST, HEAT, SLACK = 0, 1, 2, 3
"""What `sums` holds: cost of the present sequence, of the best, the temperature, and how far a replay may run over."""


@inlined
@no_type_check
def _count(rows, side, v):
    """Number of neighbours of v on one side."""
    total = np.uint64(0)
    for w in range(rows.shape[2]):
        total += ones(rows[side, v, w])
    return np.int64(total)


@inlined
@no_type_check
def _toggle(rows, words, now, u, v):
    """Add the edge u → v, or remove it; return the new hash."""
    one = np.uint64(1)
    rows[AFTER, u, v >> 6] ^= one << np.uint64(v & 63)
    rows[BEFORE, v, u >> 6] ^= one << np.uint64(u & 63)
    return now ^ words[u, v]


@inlined
@no_type_check
def _has(rows, u, v):
    """Whether there is an edge u → v."""
    return rows[AFTER, u, v >> 6] >> np.uint64(v & 63) & np.uint64(1) != 0


@compiled
@no_type_check
def _clear(rows, words, now, v):
    """Remove all edges of v; return the new hash."""
    for side in range(2):
        for w in range(rows.shape[2]):
            word = rows[side, v, w]
            while word:
                u = w * 64 + np.int64(lowest(word))
                word &= word - np.uint64(1)
                now = _toggle(rows, words, now, v, u) if side == AFTER else _toggle(rows, words, now, u, v)
    return now


@compiled
@no_type_check
def _bypass(rows, words, now, p, v):
    """Lead p past v: edges from p to all successors of v; return the new hash."""
    for w in range(rows.shape[2]):
        word = rows[AFTER, v, w] & ~rows[AFTER, p, w]
        while word:
            s = w * 64 + np.int64(lowest(word))
            word &= word - np.uint64(1)
            now = _toggle(rows, words, now, p, s)
    return now


@compiled
@no_type_check
def _carry_out(rows, words, inner, now, code):
    """Carry out one code; return its cost and the new hash."""
    n = rows.shape[1]
    if code < 0:
        return 0, now
    if code < n:
        cost = _count(rows, BEFORE, code) * _count(rows, AFTER, code)
        for w in range(rows.shape[2]):
            word = rows[BEFORE, code, w]
            while word:
                p = w * 64 + np.int64(lowest(word))
                word &= word - np.uint64(1)
                now = _bypass(rows, words, now, p, code)
        return cost, _clear(rows, words, now, code)
    u, v, back = (code - n) // 2 // n, (code - n) // 2 % n, (code - n) % 2
    if not _has(rows, u, v) or not inner[u if back else v]:
        return 0, now
    if back:
        cost = _count(rows, BEFORE, u)
        for w in range(rows.shape[2]):
            word = rows[BEFORE, u, w] & ~rows[BEFORE, v, w]
            while word:
                p = w * 64 + np.int64(lowest(word))
                word &= word - np.uint64(1)
                now = _toggle(rows, words, now, p, v)
    else:
        cost = _count(rows, AFTER, v)
        now = _bypass(rows, words, now, u, v)
    now = _toggle(rows, words, now, u, v)
    if back and _count(rows, AFTER, u) == 0:
        now = _clear(rows, words, now, u)
    if not back and _count(rows, BEFORE, v) == 0:
        now = _clear(rows, words, now, v)
    return cost, now


@inlined
@no_type_check
def _load(saved, k, flat):
    """Take the edges before position k."""
    for w in range(len(flat)):
        flat[w] = saved[k, w]


@inlined
@no_type_check
def _save(saved, k, flat):
    """Keep the edges as those before position k."""
    for w in range(len(flat)):
        saved[k, w] = flat[w]


@compiled
@no_type_check
def play(q):
    """Play the present sequence from the beginning, keeping the edges before each position."""
    now, total = q.hashes[0], 0.0
    _load(q.saved, 0, q.flat)
    for i in range(len(q.codes)):
        q.hashes[i] = now
        _save(q.saved, i, q.flat)
        q.costs[i], now = _carry_out(q.rows, q.words, q.inner, now, q.codes[i])
        total += q.costs[i]
    q.sums[TOTAL] = total
    if total < q.sums[BEST]:
        q.sums[BEST] = total
        for i in range(len(q.codes)):
            q.best[i] = q.codes[i]


@compiled
@no_type_check
def _replay(codes, costs, trial, trial_costs, saved, flat, rows, hashes, words, inner, first, last, allowed, slack):
    """Try a window of `trial`; return what it adds to the cost (infinite: too much) and where the old rest stands."""
    _load(saved, first, flat)
    now, change = hashes[first], 0.0
    for i in range(first, len(codes)):
        if i > last:
            if now == hashes[i]:
                return (change, i) if change <= allowed else (np.inf, i)
            trial[i] = codes[i]
        cost, now = _carry_out(rows, words, inner, now, trial[i])
        trial_costs[i] = cost
        change += cost - costs[i]
        if change > allowed + slack:
            return np.inf, i
    return (change, len(codes)) if change <= allowed else (np.inf, len(codes))


@compiled
@no_type_check
def _accept(codes, costs, trial, trial_costs, saved, flat, rows, hashes, words, inner, first, end):
    """Make the tried window part of the present sequence."""
    _load(saved, first, flat)
    now = hashes[first]
    for i in range(first, end):
        if i > first:
            hashes[i] = now
            _save(saved, i, flat)
        codes[i], costs[i] = trial[i], trial_costs[i]
        _, now = _carry_out(rows, words, inner, now, codes[i])


@compiled
@no_type_check
def _random_edge(rows, inner, chance, v):
    """The code of the elimination of a random edge at v: into it at the front, or out of it at the back; or −1."""
    n, side = rows.shape[1], BEFORE if uniform(chance) < 0.5 else AFTER
    found, seen = np.int64(-1), 0
    for w in range(rows.shape[2]):
        word = rows[side, v, w]
        while word:
            u = w * 64 + np.int64(lowest(word))
            word &= word - np.uint64(1)
            seen += 1
            if uniform(chance) * seen < 1:
                found = u
    if found < 0 or not inner[v]:
        return np.int64(-1)
    return n + 2 * (found * n + v) if side == BEFORE else n + 2 * (v * n + found) + 1


@compiled
@no_type_check
def _propose(codes, trial, kept, inner, chance):
    """Write a random change into `trial` and return its window; an empty one where there is none."""
    m, n = len(codes), kept.shape[2]
    kind, at = uniform(chance), np.int64(uniform(chance) * m)
    mean = 8.0 if uniform(chance) < 0.8 else m / 6.0
    far = min(1 + np.int64(-mean * np.log(uniform(chance))), m - 1)
    if kind < 0.3:
        free = at
        while free < m and codes[free] >= 0:
            free += 1
        v = codes[min(at + far, m - 1)]
        if free == m or v < 0 or v >= n:
            return 0, -1
        new = _random_edge(kept[at], inner, chance, v)
        if new < 0:
            return 0, -1
        for i in range(at, free):
            trial[i + 1] = codes[i]
        trial[at] = new
        return at, free
    if kind < 0.4:
        while at < m and codes[at] < n:
            at += 1
        if at == m:
            return 0, -1
        trial[at] = -1
        return at, at
    if at + far >= m:
        return 0, -1
    source, target = (at, at + far) if uniform(chance) < 0.5 else (at + far, at)
    for i in range(at, at + far + 1):
        trial[i] = codes[i]
    if kind < 0.5:
        trial[source], trial[target] = codes[target], codes[source]
    elif source < target:
        for i in range(source, target):
            trial[i] = codes[i + 1]
        trial[target] = codes[source]
    else:
        for i in range(target, source):
            trial[i + 1] = codes[i]
        trial[target] = codes[source]
    return at, at + far


@compiled
@no_type_check
def anneal(q, until, factor):
    """Try moves until `until` are done, the temperature falling by `factor` with each."""
    codes, costs, best, trial, trial_costs, kept, saved, rows, flat, hashes, words, inner, tally, sums, chance = q
    while tally[DONE] < until:
        allowed = -sums[HEAT] * np.log(uniform(chance))
        first, last = _propose(codes, trial, kept, inner, chance)
        if last >= first:
            change, end = _replay(
                codes,
                costs,
                trial,
                trial_costs,
                saved,
                flat,
                rows,
                hashes,
                words,
                inner,
                first,
                last,
                allowed,
                sums[SLACK],
            )
            if change < np.inf:
                _accept(codes, costs, trial, trial_costs, saved, flat, rows, hashes, words, inner, first, end)
                sums[TOTAL] += change
                if sums[TOTAL] < sums[BEST] - 1e-9:
                    sums[BEST] = sums[TOTAL]
                    for i in range(len(codes)):
                        best[i] = codes[i]
        sums[HEAT] *= factor
        tally[DONE] += 1
