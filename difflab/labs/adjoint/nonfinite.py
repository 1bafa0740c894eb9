"""Why is this gradient NaN or infinite? Walk back to the step that made the first one.

A *birth* in the reverse sweep is a record that gets finite cotangents and sends something that is not finite. There are
two ways: an infinite or undefined slope times a cotangent, or an overflow. If the cotangent at that entry is 0 (someone
downstream had masked the value, or had slope 0 itself) the product is 0·∞ = NaN although the derivative may exist; if
not, the point is singular, or the trouble is older: a NaN or an overflow of the forward sweep, whose own birth is then
looked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .explanation import Explanation
from .lookup import array, at, chain, entry, here, name, number, sent
from .tape import Alias, Event, Record, Stack, Tape, Unstack, Value, targets
from .words import (
    CALLS,
    CHOOSERS,
    DECOMPOSITIONS,
    DEFAULT_SAFE,
    DEFAULT_STABLE,
    DOMAIN,
    SAFE,
    SAFE_EXPONENT,
    SINGULAR,
    SINGULAR_EXPONENT,
    STABLE,
)


@dataclass(frozen=True)
class _Birth:
    """A record whose cotangents are finite and whose contribution to operand `i` is not; the records up to it."""

    record: Record
    i: int
    records: list[Record]


def explain_gradient(tape: Tape, slot: int) -> Explanation:
    """Explain a cotangent that is not finite."""
    birth = _reverse_birth(tape, slot)
    if isinstance(birth, Explanation):
        return birth
    record, mask = birth.record, _bad_entries(birth)
    bars = [at(tape.cotangents[s], mask) for s in record.results if tape.cotangents[s] is not None]
    zero = bool(bars) and all(bar is not None and not bar.any() for bar in bars)
    if zero:
        return _zero_times_infinity(tape, birth, mask)
    older = _forward_trouble(tape, record, mask)
    if older is not None:
        return older
    return _infinite_slope(tape, birth, mask)


def explain_value(tape: Tape, slot: int) -> Explanation:
    """Explain a value that is not finite."""
    return _forward_birth(tape, slot)


def _reverse_birth(tape: Tape, slot: int) -> _Birth | Explanation:
    records: list[Record] = []
    while True:
        found = _bad_reader(tape, slot)
        if found is None:
            kind = "cotangent" if slot in tape.outputs else "overflow"
            if kind == "cotangent":
                return Explanation(
                    kind, "The cotangent that the sweep began with is not finite.", chain=chain(tape, records)
                )
            text = f"The contributions to the cotangent of {name(tape, slot)} are finite, but their sum is not."
            return Explanation(kind, text, chain=chain(tape, records), remedy=DEFAULT_STABLE)
        event, follower = found
        if isinstance(event, Record):
            records.append(event)
            if follower is None:
                i = next(k for k, c in enumerate(event.contributions) if c and c.bad and event.operands[k] == slot)
                return _Birth(event, i, records)
        assert follower is not None
        slot = follower


def _bad_reader(tape: Tape, slot: int) -> tuple[Event, int | None] | None:
    """The last reader that sent something bad to a slot, and the slot where it got that from (None: a birth)."""
    for event in reversed(tape.readers.get(slot, [])):
        match event:
            case Record():
                if any(contribution.bad for contribution in sent(event, slot)):
                    return event, next((s for s in event.results if _bad(tape.cotangents[s])), None)
            case Alias() | Stack() if _bad(tape.cotangents[event.target]):
                return event, event.target
            case Unstack():
                bad = [s for s in event.targets if _bad(tape.cotangents[s])]
                if bad:
                    return event, bad[-1]
            case _:
                pass
    return None


def _bad(value: Value | None) -> bool:
    return value is not None and value.bad


def _bad_entries(birth: _Birth) -> np.ndarray | None:
    contribution = array(birth.record.contributions[birth.i])
    return None if contribution is None else np.asarray(~np.isfinite(contribution))


def _zero_times_infinity(tape: Tape, birth: _Birth, mask: np.ndarray | None) -> Explanation:
    record = birth.record
    culprit, operand = record.equation.primitive, record.operands[birth.i]
    x = entry(at(tape.values[operand], mask))
    killer = _killer(tape, record, mask)
    called = name(tape, operand)
    slope = _slope(birth)
    what = f"{culprit} at {here(record)}: at {called} = {x} {slope}"
    after = chain(tape, birth.records)
    if killer is None or killer.equation.primitive in CHOOSERS:
        masker = (
            f"{_CHOICE.get(killer.equation.primitive, 'the choice')} at {here(killer)}"
            if killer
            else "a branch not taken"
        )
        text = (
            f"0·∞ = NaN. {masker[0].upper()}{masker[1:]} does not use this entry and sends it a cotangent of 0, "
            f"which meets {what}. The mask comes after {culprit}: guard its input, too."
        )
        guarded = _snippet_name(name(tape, record.operands[1]) if culprit == "div" else called)
        again = CALLS.get(culprit, "g(safe)")
        remedy = (
            f"the double where: safe = jnp.where(ok, {guarded}, 1.0); y = jnp.where(ok, {again}, other), "
            "with ok the condition under which the entry is used"
        )
        return Explanation("masked", text, record.node, record.equation.source, after, remedy)
    older = _forward_trouble(tape, record, mask)
    if older is not None and older.kind in ("overflow", "forward", "input"):
        return older
    text = (
        f"0·∞ = NaN. {killer.equation.primitive} at {here(killer)} has slope 0 here and sends a cotangent of 0, "
        f"which meets {what}. The product may have a derivative, but not factor by factor."
    )
    remedy = f"rewrite the two as one (jnp.sum(x**2) for jnp.linalg.norm(x)**2), or {_safe(culprit, called)}"
    return Explanation("indeterminate", text, record.node, record.equation.source, after, remedy)


_CHOICE = {"select_n": "the where", "max": "the maximum", "min": "the minimum", "clamp": "the clip"}


def _killer(tape: Tape, record: Record, mask: np.ndarray | None) -> Record | None:
    """The record downstream that turned a cotangent which is not zero into the zero that `record` got."""
    waiting = [slot for slot in record.results if tape.cotangents[slot] is not None]
    seen: set[int] = set(waiting)
    while waiting:
        slot = waiting.pop(0)
        for event in reversed(tape.readers.get(slot, [])):
            follow = [s for s in targets(event) if tape.cotangents[s] is not None]
            if isinstance(event, Record):
                if not any(True for _ in sent(event, slot)):
                    continue
                bars = [at(tape.cotangents[s], mask) for s in follow]
                if any(bar is not None and bar.any() for bar in bars):
                    return event
            fresh = [s for s in follow if s not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
    return None


def _forward_trouble(tape: Tape, record: Record, mask: np.ndarray | None) -> Explanation | None:
    """The birth of a NaN or Inf of the forward sweep that a record reads or makes, at the masked entries."""
    for slot in (*record.operands, *record.results):
        entries = at(tape.values[slot], mask)
        bad = (
            tape.values[slot].bad if entries is None else entries.dtype.kind in "fc" and not np.isfinite(entries).all()
        )
        if bad:
            return _forward_birth(tape, slot)
    return None


def _forward_birth(tape: Tape, slot: int) -> Explanation:
    records: list[Record] = []
    symptom = ""
    while True:
        maker = tape.makers.get(slot)
        match maker:
            case Alias() | Unstack():
                slot = maker.source
            case Stack():
                slot = next(s for s in maker.sources if tape.values[s].bad)
            case Record():
                records.append(maker)
                nan = bool(tape.values[slot].summary.nan)
                worse = [s for s in maker.operands if tape.values[s].summary.nan] if nan else []
                older = worse or [s for s in maker.operands if tape.values[s].bad]
                if nan and older and not worse:
                    symptom = f" That becomes NaN in {maker.equation.primitive} at {here(maker)}."
                if not older:
                    return _born_forward(tape, maker, slot, records, symptom)
                slot = older[0]
            case _:
                who = f"argument {name(tape, slot)}" if slot in tape.inputs else "a constant of the function"
                text = f"The trouble comes in from outside: {who} is {number(tape.values[slot])}.{symptom}"
                return Explanation(
                    "input", text, chain=_forward_chain(records), remedy="look at where this value comes from"
                )


def _forward_chain(records: list[Record]) -> tuple[int, ...]:
    return tuple(record.step for record in records[-100:])


def _born_forward(tape: Tape, record: Record, slot: int, records: list[Record], symptom: str) -> Explanation:
    primitive, value = record.equation.primitive, tape.values[slot]
    mask = array(value)
    mask = None if mask is None else np.asarray(~np.isfinite(mask))
    inputs = [(name(tape, s), entry(at(tape.values[s], mask))) for s in record.operands]
    called = ", ".join(dict.fromkeys(x if x == known else f"{known} = {x}" for known, x in inputs))
    made = "NaN" if value.summary.nan else "infinite"
    first = f"The forward sweep already has it: {primitive} at {here(record)} of {called} is {made}.{symptom}"
    where = (record.node, record.equation.source, _forward_chain(records))
    x = inputs[0][0] if inputs else "x"
    if primitive in DECOMPOSITIONS:
        return Explanation("degenerate", first, *where, _DECOMPOSITION)
    if value.summary.nan:
        return Explanation("forward", first, *where, DOMAIN.get(primitive, DEFAULT_SAFE).format(x=_snippet_name(x)))
    if primitive in SINGULAR and (primitive != "integer_pow" or record.equation.params.get("y", 0) < 0):
        text = f"{first} {_capital(SINGULAR[primitive])}.{_infinite_arguments(tape)}"
        return Explanation("singular", text, *where, _safe(primitive, x))
    return Explanation(
        "overflow", f"{first} It overflows {value.summary.dtype}.", *where, STABLE.get(primitive, DEFAULT_STABLE)
    )


def _infinite_arguments(tape: Tape) -> str:
    bad = [f"{name(tape, slot)} is {number(tape.values[slot])}" for slot in tape.inputs if tape.values[slot].bad]
    return f" Not every argument is finite, though: {', '.join(bad)}." if bad else ""


def _infinite_slope(tape: Tape, birth: _Birth, mask: np.ndarray | None) -> Explanation:
    record = birth.record
    primitive, operand = record.equation.primitive, record.operands[birth.i]
    called, x = name(tape, operand), entry(at(tape.values[operand], mask))
    bars = [at(tape.cotangents[s], mask) for s in record.results if tape.cotangents[s] is not None]
    where = (record.node, record.equation.source, chain(tape, birth.records))
    born = f"at {here(record)}"
    if primitive in DECOMPOSITIONS or primitive == "custom_linear_solve":
        text = f"{primitive} {born} has no finite derivative at {called} ({number(tape.values[operand])})."
        return Explanation(
            "degenerate", f"{text} Eigenvalues or singular values coincide, or a pivot is 0.", *where, _DECOMPOSITION
        )
    if record.equation.kind in ("custom_jvp", "custom_vjp"):
        rule = record.equation.bodies[0].label
        text = f"The custom rule of {rule} {born} gives {_what(birth)} at {called} = {x}, of finite numbers."
        return Explanation("rule", text, *where, "look at the rule: evaluate it alone at this point")
    if primitive in SINGULAR:
        then = " A slope of 0 further up makes that NaN (∞·0)." if len(birth.records) > 1 else ""
        text = f"{_capital(_slope(birth))}, and {called} = {x} {born}; the cotangent there is {entry(bars[0])}.{then}"
        return Explanation("singular", text, *where, SAFE_EXPONENT if _of_exponent(birth) else _safe(primitive, called))
    text = f"{primitive} {born} gets a cotangent of {entry(bars[0])} and sends {_what(birth)} to {called} = {x}."
    return Explanation("overflow", text, *where, STABLE.get(primitive, DEFAULT_STABLE))


_DECOMPOSITION = (
    "add a small multiple of distinct numbers to the diagonal (a + 1e-6·diag(arange(n))), or use only quantities that "
    "are smooth there: eigenvalues, not eigenvectors; jnp.linalg.slogdet, not det of a singular matrix"
)


def _what(birth: _Birth) -> str:
    contribution = birth.record.contributions[birth.i]
    return "NaN" if contribution and contribution.summary.nan else "infinity"


def _safe(primitive: str, called: str) -> str:
    return SAFE.get(primitive, DEFAULT_SAFE).format(x=_snippet_name(called))


def _snippet_name(called: str) -> str:
    """A name that can stand in a snippet: `u` for a value that has none."""
    return "u" if called.startswith("%") else called


def _slope(birth: _Birth) -> str:
    primitive = birth.record.equation.primitive
    return (
        SINGULAR_EXPONENT
        if _of_exponent(birth)
        else SINGULAR.get(primitive, f"the slope of {primitive} is not finite here")
    )


def _of_exponent(birth: _Birth) -> bool:
    return birth.record.equation.primitive == "pow" and birth.i == 1


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
