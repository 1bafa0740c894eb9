"""Why is this gradient zero? By structure (no path, or a cut one), or by number (a slope of 0, or a cancellation).

By structure: follow the argument forward through all that is computed from it. If nothing of that reaches the result,
it is unused; if it does, but without a derivative, the places where the derivative ends are the answer. By number:
follow the zeros back towards the result, to the last record that got a cotangent which is not zero and sent only zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from difflab.core.graph import Equation

from .explanation import Explanation
from .lookup import chain, here, name, number, place, sent
from .tape import Event, Record, Tape, Value, sources, targets
from .words import BILINEAR, CHOOSERS, STEPS, SURROGATE, TAILS


def explain_zero(tape: Tape, slot: int) -> Explanation:
    """Explain a cotangent that is zero, or that never came."""
    return _by_structure(tape, slot) if tape.cotangents[slot] is None else _by_number(tape, slot)


@dataclass
class _Spread:
    """What is computed from a value: the records that end its derivative, and whether the result is reached."""

    reached: set[int] = field(default_factory=set)
    cuts: list[Record] = field(default_factory=list)
    steered: list[Equation] = field(default_factory=list)


def _by_structure(tape: Tape, slot: int) -> Explanation:
    spread = _spread(tape, slot)
    called = name(tape, slot)
    outputs = [s for s in tape.outputs if s in spread.reached]
    if slot in tape.outputs or (outputs and not spread.cuts):
        text = f"The gradient of {called} is zero: the output it reaches was given no cotangent."
        return Explanation("seed", text, remedy="pass a cotangent for this output")
    if outputs or spread.steered:
        return _cut(tape, called, spread, bool(outputs))
    if spread.cuts or any(True for _ in tape.readers.get(slot, ())):
        text = f"The gradient of {called} is zero: it is read, but nothing computed from it here reaches the result."
    else:
        text = f"The gradient of {called} is zero: nothing reads it."
    if any(record.equation.kind == "cond" for record in tape.records) or _has_branches(tape):
        text += " (A branch that was not taken may read it.)"
    return Explanation("unused", text, remedy=f"use {called}, or leave it out of argnums")


def _has_branches(tape: Tape) -> bool:
    return any(equation.kind == "cond" for _, equation in tape.controls)


def _cut(tape: Tape, called: str, spread: _Spread, by_data: bool) -> Explanation:
    cut = spread.cuts[0] if spread.cuts else None
    if cut is None:
        text = f"The gradient of {called} is zero: it only steers which branch is taken, or how often a loop runs."
        return Explanation("cut", text, remedy=SURROGATE)
    primitive = cut.equation.primitive
    where = (cut.node, cut.equation.source, (cut.step,))
    others = f" (and {len(spread.cuts) - 1} more places)" if len(spread.cuts) > 1 else ""
    if primitive == "stop_gradient":
        text = f"The gradient of {called} is zero: stop_gradient at {here(cut)}{others} is on every path to the result."
        return Explanation("stopped", text, *where, f"take stop_gradient away where {called} should learn")
    result = cut.graph.vertices[cut.equation.results[0]]
    why = STEPS.get(primitive, f"{primitive} gives {result.type}, which is constant nearby").format(dtype=result.type)
    so = "" if by_data else " It only decides which branch is taken, or how often a loop runs."
    start = f"The gradient of {called} is zero: every path to the result is cut"
    text = f"{start}, by {primitive} at {here(cut)}{others}: {why}.{so}"
    return Explanation("cut", text, *where, SURROGATE)


def _spread(tape: Tape, slot: int) -> _Spread:
    """Follow a value through everything that is computed from it; the cuts are those on a way to the result."""
    reached = {slot}
    for event in tape.events:
        read = sources(event)
        if not reached.isdisjoint(read):
            reached.update(targets(event))
    useful = set(tape.outputs) | {slot for slot, _ in tape.controls}
    cuts: list[Record] = []
    for event in reversed(tape.events):
        if useful.isdisjoint(targets(event)):
            continue
        read = sources(event)
        useful.update(read)
        if isinstance(event, Record) and _cuts(tape, event, reached):
            cuts.append(event)
    steered = [equation for control, equation in tape.controls if control in reached]
    return _Spread(reached, cuts[::-1], steered)


def _cuts(tape: Tape, record: Record, reached: set[int]) -> bool:
    """Whether a record gets a derivative of something reached, and passes none on."""
    gets = any(slot in reached and tape.active[slot] for slot in record.operands)
    return gets and not any(tape.active[slot] for slot in record.results)


def _by_number(tape: Tape, slot: int) -> Explanation:
    called = name(tape, slot)
    records: list[Record] = []
    seen: set[int] = set()
    while slot not in seen:
        seen.add(slot)
        parts = list(_parts(tape, slot))
        alive = [(event, value) for event, value in parts if not value.nil]
        if len(alive) > 1:
            return _cancelled(tape, called, slot, alive, records)
        killers = [event for event, value in parts if isinstance(event, Record) and value.nil and _alive(tape, event)]
        if killers:
            return _flat(tape, called, killers[-1], slot, [*records, killers[-1]])
        following = [(event, s) for event, _ in parts for s in targets(event)]
        following = [(event, s) for event, s in following if tape.cotangents[s] is not None and s not in seen]
        if not following:
            break
        event, slot = following[-1]
        if isinstance(event, Record):
            records.append(event)
    return _source_of_zeros(tape, called, slot)


def _parts(tape: Tape, slot: int) -> Iterator[tuple[Event, Value]]:
    """What the cotangent of a slot is the sum of, with the events that it came from."""
    for event in tape.readers.get(slot, ()):
        if isinstance(event, Record):
            yield from ((event, value) for value in sent(event, slot))
        else:
            bars = [tape.cotangents[s] for s in targets(event)]
            yield from ((event, bar) for bar in bars if bar is not None)


def _alive(tape: Tape, record: Record) -> bool:
    bars = [tape.cotangents[s] for s in record.results]
    return any(bar is not None and not bar.nil for bar in bars)


def _cancelled(
    tape: Tape, called: str, slot: int, alive: list[tuple[Event, Value]], records: list[Record]
) -> Explanation:
    readers = [_first_record(tape, event) for event, _ in alive]
    places = [
        f"{number(value)} from {here(record)}" for record, (_, value) in zip(readers, alive, strict=True) if record
    ]
    at = "" if name(tape, slot) == called else f" of {name(tape, slot)}"
    text = f"The gradient of {called} is zero: {len(alive)} contributions{at} cancel exactly: {', '.join(places)}."
    last = next((record for record in reversed(readers) if record), None)
    if last is None:
        return Explanation("cancelled", text)
    return Explanation("cancelled", text, last.node, last.equation.source, chain(tape, [*records, last]))


def _first_record(tape: Tape, event: Event) -> Record | None:
    """The event itself, or the first record behind an alias or a slice."""
    while not isinstance(event, Record):
        behind = [e for s in targets(event) for e in tape.readers.get(s, ())]
        if not behind:
            return None
        event = behind[0]
    return event


def _flat(tape: Tape, called: str, record: Record, operand: int, records: list[Record]) -> Explanation:
    primitive = record.equation.primitive
    where = (record.node, record.equation.source, chain(tape, records))
    x = f"{name(tape, operand)} = {number(tape.values[operand])}"
    start = f"The gradient of {called} is zero: {_title(record)} at {here(record)}"
    if primitive in BILINEAR:
        other = record.operands[1 - record.operands.index(operand)]
        where_zero = "here" if tape.values[other].nil else "wherever a cotangent arrives"
        text = f"{start} multiplies it by {name(tape, other)}, which is zero {where_zero}."
        return Explanation(
            "flat", text, *where, "look at why the factor is zero; at a product of two zeros both gradients vanish"
        )
    if primitive in TAILS or (_body_has(record, TAILS) and not _body_has(record, CHOOSERS)):
        text = f"{start} is saturated at {x}: its slope rounds to 0 in {tape.values[operand].summary.dtype}."
        return Explanation("saturated", text, *where, "scale or normalise its input, or use a wider dtype")
    if primitive in CHOOSERS or _body_has(record, CHOOSERS):
        text = f"{start} passes another value on, or a constant, at {x}; its slope there is 0."
        return Explanation("flat", text, *where, "a dead unit: try a leaky version, another start, or a wider bound")
    if primitive in _READERS:
        text = f"{start} reads other entries than these."
        return Explanation("unselected", text, *where)
    if record.equation.kind in ("custom_jvp", "custom_vjp"):
        return Explanation("flat", f"{start} has a rule of its own, which gives slope 0 at {x}.", *where)
    text = f"{start} has slope 0 at {x}."
    return Explanation("flat", text, *where, "a stationary point of this operation: start elsewhere, if it should move")


_READERS = {"gather", "dynamic_slice", "slice", "scatter", "dynamic_update_slice", "scatter-add"}


def _title(record: Record) -> str:
    return record.equation.bodies[0].label if record.equation.bodies else record.equation.primitive


def _body_has(record: Record, primitives: set[str]) -> bool:
    todo = [body.graph for body in record.equation.bodies]
    while todo:
        graph = todo.pop()
        for equation in graph.equations:
            if equation.primitive in primitives:
                return True
            todo += [body.graph for body in equation.bodies]
    return False


def _source_of_zeros(tape: Tape, called: str, slot: int) -> Explanation:
    if slot in tape.outputs or any(s == slot for s in tape.outputs):
        return Explanation("seed", f"The gradient of {called} is zero: the sweep began with a cotangent of zero.")
    controls = [equation for _, equation in tape.controls if equation.kind == "cond"]
    at = f" at {place(controls[-1])}" if controls else ""
    text = f"The gradient of {called} is zero: the branch taken{at} does not read {name(tape, slot)}."
    where = (None, controls[-1].source) if controls else (None, None)
    return Explanation("unselected", text, *where)
