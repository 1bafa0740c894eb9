"""Why is this gradient large? Gains of single records, and growth per iteration of loops.

The gain of a record is ‖what it sends‖ / ‖what it gets‖. Over a loop that carries c_k from iteration to iteration, the
norms ‖c̄_k‖ of a stable loop stay level; a product of Jacobians with spectral radius ρ > 1 makes them grow like ρ to
the number of iterations (Bengio, Simard & Frasconi 1994, doi:10.1109/72.279181). The rate is the geometric mean over
the loop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .explanation import Explanation
from .lookup import chain, here, name, place
from .tape import Loop, Record, Tape

_GROWS = 1.05
_TOP = 3


def explain_large(tape: Tape, slot: int) -> Explanation:
    """Explain the size of a cotangent: the loop that grows most, otherwise the records with the largest gains."""
    bar = tape.cotangents[slot]
    start = f"The gradient of {name(tape, slot)} has norm {bar.summary.norm if bar else 0.0:.4g}"
    rates = [(rate, loop) for loop in tape.loops if (rate := growth(tape, loop)) is not None]
    best = max(rates, key=lambda pair: math.log(pair[0]) * (len(pair[1].carries) - 1), default=None)
    top = _largest_gains(tape)
    single = top[0][0] if top else 0.0
    if best is not None and best[0] > _GROWS and best[0] ** (len(best[1].carries) - 1) >= single:
        rate, loop = best
        count = len(loop.carries) - 1
        text = (
            f"{start}: the {loop.equation.kind} at {place(loop.equation, loop.path)} multiplies the cotangent by "
            f"{rate:.4g} an iteration, backwards over {count:,} iterations: {_norms(tape, loop)}."
        )
        remedy = "make the step contract (smaller step, orthogonal weights), clip the cotangent, or cut the loop short"
        return Explanation("growth", text, loop.node, loop.equation.source, (), remedy)
    if not top:
        return Explanation("gain", f"{start}; no equation sends a cotangent.")
    parts = "; ".join(f"×{gain:.4g} in {record.equation.primitive} at {here(record)}" for gain, record in top)
    first = top[0][1]
    text = f"{start}. The largest gains: {parts}."
    remedy = "scale the quantities to order one, or stay away from where this slope is steep"
    return Explanation("gain", text, first.node, first.equation.source, chain(tape, [r for _, r in top]), remedy)


def growth(tape: Tape, loop: Loop) -> float | None:
    """The factor by which a loop multiplies the cotangent of its carry, an iteration, backwards; None if unknown."""
    norms = carry_norms(tape, loop)
    alive = [(k, norm) for k, norm in enumerate(norms) if 0 < norm < math.inf]
    if len(alive) < 2:
        return None
    (first, begin), (last, end) = alive[0], alive[-1]
    return math.exp((math.log(begin) - math.log(end)) / (last - first))


def carry_norms(tape: Tape, loop: Loop) -> list[float]:
    """‖c̄_k‖ before each iteration k and after the last; NaN where no cotangent came."""
    return [_norm(tape, slots) for slots in loop.carries]


def _norm(tape: Tape, slots: Sequence[int]) -> float:
    bars = [tape.cotangents[slot] for slot in slots]
    known = [bar.summary.norm for bar in bars if bar is not None]
    return math.hypot(*known) if known else math.nan


def _norms(tape: Tape, loop: Loop) -> str:
    norms = [norm for norm in carry_norms(tape, loop) if norm == norm]
    return f"norm {norms[-1]:.4g} after the loop, {norms[0]:.4g} before it"


def _largest_gains(tape: Tape) -> list[tuple[float, Record]]:
    found: list[tuple[float, Record]] = []
    for record in tape.records:
        gets = _norm(tape, record.results)
        out = max((c.summary.norm for c in record.contributions if c is not None), default=0.0)
        if gets > 0 and out > 0:
            found.append((out / gets, record))
    return sorted(found, key=lambda pair: -pair[0])[:_TOP]
