"""Primitives that choose: comparisons, maxima, absolute values, roundings, sorting.

Each is decided by the values at the point, recorded in the path, and then is no more than picking an element (or a
constant). A decision is *tight* where the point lies on its boundary: a tie, a kink, a jump.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.run import Run, Site
from difflab.core.values import Elements, Hole, Value, pack

_SIGNS = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥", "eq": "=", "ne": "≠", "lt_to": "<", "le_to": "≤"}
_OUTCOMES: Mapping[str, Callable[[Any], Any]] = {
    "lt": lambda c: c == -1,
    "le": lambda c: (c == -1) | (c == 0),
    "gt": lambda c: c == 1,
    "ge": lambda c: (c == 1) | (c == 0),
    "eq": lambda c: c == 0,
    "ne": lambda c: c != 0,
    "lt_to": lambda c: c == -1,
    "le_to": lambda c: (c == -1) | (c == 0),
}
_UNORDERED = 2


def compare(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """A comparison of floats: a boolean, and a line in the path."""
    x, y = operands
    if x.elements is None or y.elements is None:
        return run.concretely(at, operands)
    order = _order(run, x, y)
    name = at.equation.primitive
    truth = _OUTCOMES[name](order)
    if x.active or y.active:
        text = f"{at.label(0)} {_SIGNS[name]} {at.label(1)} is {_in_words(truth)}"
        run.decided(text, at, _tied(run, order, x, y))
    return [Value(None, jnp.asarray(truth))]


def absolute(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """x or −x."""
    (x,) = operands
    sign = _sign(run, at, x, "the sign of")
    return run.made(
        at, operands, [run.map(lambda e, s: run.domain.operations["neg"](e) if s == -1 else e, _of(x), sign)]
    )


def signum(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """−1, 0 or 1, a constant."""
    (x,) = operands
    signs = _sign(run, at, x, "the sign of").flat
    return _constants(run, at, operands, [float("nan") if s == _UNORDERED else s for s in signs])


def cube_root(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The real cube root, by the cube root of the modulus."""
    (x,) = operands
    root, negate = run.domain.operation("cbrt"), run.domain.operations["neg"]
    if root is None:
        return run.holes(at, operands, f"{run.domain.name} have no cbrt")
    sign = _sign(run, at, x, "the sign of")
    return run.made(at, operands, [run.map(lambda e, s: negate(root(negate(e))) if s == -1 else root(e), _of(x), sign)])


def larger(sign: int) -> Callable[[Run, Site, list[Value]], list[Value]]:
    """The rule of max (`sign` 1) and min (−1) of two arrays."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        x, y = operands
        order = _order(run, x, y)
        winners = _winners(order, sign, run, x, y)
        if x.active or y.active:
            sides = [at.label(0), at.label(1)]
            text = f"{at.equation.primitive}({sides[0]}, {sides[1]}) takes {_in_words(winners == 0, *sides)}"
            run.decided(text, at, _tied(run, order, x, y))
        picked = run.map(lambda a, b, w: b if w else a, _of(x), _of(y), winners.astype(object))
        return run.made(at, operands, [picked])

    return rule


def clamp(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """min(max(x, lower), upper)."""
    lower, x, upper = operands
    shape = at.shapes[0]
    below, above = np.broadcast_to(_order(run, x, lower), shape), np.broadcast_to(_order(run, x, upper), shape)
    where = np.where(above == 1, 1, np.where(below == -1, -1, 0))
    if any(o.active for o in operands):
        tight = _tied(run, below, x, lower) or _tied(run, above, x, upper)
        run.decided(f"clamp {at.label(1)}: {_in_words(where == 0, 'inside', 'cut')}", at, tight)
    pick = run.map(lambda a, b, c, w: (b, c, a)[w], _of(lower), _of(x), _of(upper), where.astype(object))
    return run.made(at, operands, [pick])


def constant_by(function: Callable[[float], float]) -> Callable[[Run, Site, list[Value]], list[Value]]:
    """The rule of a piecewise constant function: floor, ceil, round."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        (x,) = operands
        steps = [_exactly(function, n, at) for n in _numbers(run, x)]
        _record_steps(run, at, x, [jumps for _, jumps in steps])
        return _constants(run, at, operands, [value for value, _ in steps])

    return rule


def truncate(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Float to integer or boolean."""
    (x,) = operands
    if not run.decide_here:
        known = at.equation.bind(x.known)[0]
    else:
        known = at.equation.bind(run.rounded(x))[0]
        if jnp.issubdtype(known.dtype, jnp.integer):
            cut = [int(n) if n == n and abs(n) < 2**62 else 0 for n in _numbers(run, x)]
            known = jnp.asarray(np.array(cut).reshape(at.shapes[0]), known.dtype)
    _record_steps(run, at, x, [n == n and abs(n) < 2**62 and n == int(n) for n in _numbers(run, x)])
    return [Value(None, known)]


def remainder(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """x − y · trunc(x / y), with the quotient held constant."""
    x, y = operands
    multiply, subtract = run.domain.operations["mul"], run.domain.operations["sub"]
    tops, bottoms = (
        np.broadcast_to(np.array(_numbers(run, v), object).reshape(_of(v).shape), at.shapes[0]) for v in (x, y)
    )
    whole: list[int] = []
    tight: list[bool] = []
    for a, b in zip(tops.flat, bottoms.flat, strict=True):
        ratio = a / b if b == b and b != 0 and a == a and abs(a) != float("inf") else 0
        whole.append(int(ratio))
        tight.append(ratio == int(ratio))
    _record_steps(run, at, x, tight)
    turns = pack(at.shapes[0], [run.domain.constant(n) for n in whole])
    return run.made(at, operands, [run.map(lambda a, b, n: subtract(a, multiply(b, n)), _of(x), _of(y), turns)])


def extremum(sign: int) -> Callable[[Run, Site, list[Value]], list[Value]]:
    """The rule of reduce_max (`sign` 1) and reduce_min (−1)."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        (x,) = operands
        elements = _of(x)
        axes = tuple(at.equation.params["axes"])
        kept = [k for k in range(elements.ndim) if k not in axes]
        count = int(np.prod([elements.shape[k] for k in axes], dtype=int))
        shape = (int(np.prod(at.shapes[0], dtype=int)), count)
        rows = elements.transpose([*kept, *axes]).reshape(shape)
        ranks = sign * _ranks(run, x).transpose([*kept, *axes]).reshape(shape)
        best = np.argmax(ranks, axis=1) if count else np.zeros(shape[0], int)
        ties = (ranks == ranks[np.arange(len(best)), best][:, None]).sum(axis=1) > 1 if count else best > 0
        if x.active:
            text = f"{at.equation.primitive} {at.label(0)} takes entry {_listed(best)}"
            run.decided(text, at, bool(ties.any()))
        picked = [row[k] for row, k in zip(rows, best, strict=True)] if count else _empty(run, at, sign, shape[0])
        return run.made(at, operands, [pack(at.shapes[0], picked)])

    return rule


def running_extremum(sign: int) -> Callable[[Run, Site, list[Value]], list[Value]]:
    """The rule of cummax (`sign` 1) and cummin (−1)."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        (x,) = operands
        axis, backwards = at.equation.params["axis"], at.equation.params["reverse"]
        ranks = np.moveaxis(sign * _ranks(run, x), axis, -1)
        lines = np.moveaxis(_of(x), axis, -1)
        if backwards:
            ranks, lines = ranks[..., ::-1], lines[..., ::-1]
        best = np.maximum.accumulate(ranks, axis=-1) if ranks.size else ranks
        places = np.where(ranks == best, np.arange(ranks.shape[-1]), 0)
        places = np.maximum.accumulate(places, axis=-1) if ranks.size else places
        if x.active:
            run.decided(f"{at.equation.primitive} {at.label(0)} is decided", at, _repeats(ranks))
        picked = np.take_along_axis(lines, places, -1)
        return run.made(at, operands, [np.moveaxis(picked[..., ::-1] if backwards else picked, -1, axis)])

    return rule


def index_of_extremum(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """argmax and argmin: integers."""
    (x,) = operands
    ranks = _ranks(run, x)
    (index,) = at.equation.bind(jnp.asarray(ranks) if run.decide_here else x.known)
    if x.active:
        text = f"{at.equation.primitive} {at.label(0)} is {_listed(np.asarray(index).reshape(-1))}"
        run.decided(text, at, _repeats(ranks.reshape(-1)))
    return [Value(None, index)]


def sort(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """JAX sorts the keys and numbers along with them; all operands follow the numbers."""
    axis, keys = at.equation.params["dimension"], at.equation.params["num_keys"]
    shape = at.shapes[0]
    numbers = np.moveaxis(
        np.broadcast_to(np.arange(shape[axis], dtype=np.int32), np.moveaxis(np.empty(shape), axis, -1).shape), -1, axis
    )
    sortable = [_keys(run, o) for o in operands]
    places = np.asarray(at.equation.bind(*sortable, numbers)[-1])
    if any(o.active for o in operands[:keys]):
        tight = any(_repeats(np.moveaxis(_ranks(run, o), axis, -1)) for o in operands[:keys] if o.elements is not None)
        run.decided(f"sort {at.label(0)} takes entries {_listed(places.reshape(-1))}", at, tight)
    return _taken(run, at, operands, places, axis)


def top_k(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The k largest entries, picked by JAX's own indices."""
    (x,) = operands
    axis = at.equation.params.get("axis", -1)
    places = at.equation.bind(_keys(run, x))[1]
    run.decided(
        f"top_k {at.label(0)} takes entries {_listed(np.asarray(places).reshape(-1))}", at, _repeats(_ranks(run, x))
    )
    values = run.made(at, operands, [np.take_along_axis(_of(x), np.asarray(places), axis), None])
    return [values[0], Value(None, places)]


def _taken(run: Run, at: Site, operands: list[Value], places: np.ndarray, axis: int) -> list[Value]:
    made = run.made(
        at, operands, [None if o.elements is None else np.take_along_axis(o.elements, places, axis) for o in operands]
    )
    for value, operand in zip(made, operands, strict=True):
        value.active = operand.active
        if operand.elements is None:
            value.settle(jnp.take_along_axis(operand.known, jnp.asarray(places), axis))
    return made


def _of(value: Value) -> Elements:
    assert value.elements is not None, "a rule for floats was given integers; please report this"
    return value.elements


def _constants(run: Run, at: Site, operands: list[Value], numbers: list[Any]) -> list[Value]:
    made = run.made(at, operands, [pack(at.shapes[0], [run.domain.constant(n) for n in numbers])])
    made[0].active = False
    return made


def _keys(run: Run, value: Value) -> Any:
    """Something JAX can sort in place of the value."""
    return jnp.asarray(_ranks(run, value)) if run.decide_here and value.elements is not None else value.known


def _numbers(run: Run, value: Value) -> list[Any]:
    """The numbers to decide by: JAX's, or the domain's own."""
    if not run.decide_here:
        return np.asarray(value.known).astype(np.float64).reshape(-1).tolist()
    order = run.domain.order
    assert order is not None
    return [float("nan") if isinstance(e, Hole) else order(e) for e in _of(value).reshape(-1)]


def _ranks(run: Run, value: Value) -> np.ndarray:
    """Numbers that compare as the values do; NaN is the largest."""
    if not run.decide_here:
        known = np.asarray(value.known).astype(np.float64)
        return np.where(np.isnan(known), np.inf, known)
    numbers = _numbers(run, value)
    places = {n: k for k, n in enumerate(sorted({n for n in numbers if n == n}))}
    return np.array([places.get(n, len(places)) for n in numbers], np.int32).reshape(_of(value).shape)


def _order(run: Run, x: Value, y: Value) -> np.ndarray:
    """−1, 0, 1 for less, equal, greater; 2 where one is NaN."""
    if not run.decide_here:
        a, b = (np.asarray(v.known).astype(np.float64) for v in (x, y))
    else:
        a, b = (pack(_of(v).shape, _numbers(run, v)) for v in (x, y))
    a, b = np.broadcast_arrays(a, b)
    triples = [(bool(p < q), bool(p > q), bool(p == q)) for p, q in zip(a.flat, b.flat, strict=True)]
    found = [-1 if less else 1 if more else 0 if same else _UNORDERED for less, more, same in triples]
    return np.array(found, int).reshape(a.shape)


def _tied(run: Run, order: np.ndarray, x: Value, y: Value) -> bool:
    """Whether two values meet somewhere that are not one and the same element."""
    meeting, a, b = np.broadcast_arrays(order, _of(x), _of(y))
    formulas = run.domain.order is None
    triples = zip(meeting.flat, a.flat, b.flat, strict=True)
    return any(same == 0 and p is not q and not (formulas and p == q) for same, p, q in triples)


def _winners(order: np.ndarray, sign: int, run: Run, x: Value, y: Value) -> np.ndarray:
    """0 where the first operand is taken, 1 where the second is; NaN is taken if there is one."""
    first_is_nan = np.broadcast_to(
        np.array([n != n for n in _numbers(run, x)], bool).reshape(_of(x).shape), order.shape
    )
    return np.where(order == _UNORDERED, ~first_is_nan, order == -sign).astype(int)


def _sign(run: Run, at: Site, x: Value, what: str) -> Elements:
    numbers = _numbers(run, x)
    signs = [_UNORDERED if n != n else (n > 0) - (n < 0) for n in numbers]
    if x.active:
        words = ", ".join({-1: "−", 0: "0", 1: "+", _UNORDERED: "NaN"}[s] for s in signs[:6]) + (
            " …" if len(signs) > 6 else ""
        )
        run.decided(f"{what} {at.label(0)} is {words}", at, 0 in signs)
    return pack(_of(x).shape, signs)


def _record_steps(run: Run, at: Site, x: Value, tight: list[bool]) -> None:
    if x.active:
        run.decided(f"{at.equation.primitive} {at.label(0)} holds a value constant", at, any(tight))


def _exactly(function: Callable[[Any], Any], number: Any, at: Site) -> tuple[Any, bool]:
    """The step's value, and whether the number is where it jumps."""
    if number != number or abs(number) == float("inf"):
        return float(number), False
    halves = at.equation.primitive == "round"
    jump = 2 * number == int(2 * number) and (int(2 * number) % 2 == 1) == halves
    return function(number), bool(jump)


def _floor(number: Any) -> int:
    cut = int(number)
    return cut - 1 if cut > number else cut


def _repeats(ranks: np.ndarray) -> bool:
    """Whether two entries of one line are equal."""
    return bool((np.diff(np.sort(ranks, axis=-1), axis=-1) == 0).any()) if ranks.ndim else False


def _empty(run: Run, at: Site, sign: int, size: int) -> list[Any]:
    return [run.domain.constant(-sign * float("inf"))] * size


def _in_words(truth: Any, yes: str = "true", no: str = "false") -> str:
    truth = np.asarray(truth)
    words = [yes if t else no for t in truth.flat]
    if truth.ndim == 0 or len(set(words)) == 1:
        return words[0] if words else "empty"
    return f"[{', '.join(words)}]" if len(words) <= 6 else f"{yes} {words.count(yes)} times in {len(words)}"


def _listed(numbers: np.ndarray) -> str:
    items = [str(int(n)) for n in numbers[:8]]
    return ", ".join(items) + (" …" if len(numbers) > 8 else "")


def _round_to_even(number: Any) -> int:
    low = _floor(number)
    rest = number - low
    return low if rest < 0.5 or (rest == 0.5 and low % 2 == 0) else low + 1


def _round_away(number: Any) -> int:
    return _floor(number + 0.5) if number >= 0 else -_floor(-number + 0.5)


def _rounding(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """To the nearest integer, ties to even or away from zero."""
    even = int(at.equation.params["rounding_method"]) == int(jax.lax.RoundingMethod.TO_NEAREST_EVEN)
    return constant_by(_round_to_even if even else _round_away)(run, at, operands)


RULES: Mapping[str, Callable[[Run, Site, list[Value]], list[Value]]] = {
    **dict.fromkeys(_OUTCOMES, compare),
    "abs": absolute,
    "sign": signum,
    "cbrt": cube_root,
    "max": larger(1),
    "min": larger(-1),
    "clamp": clamp,
    "floor": constant_by(_floor),
    "ceil": constant_by(lambda n: -_floor(-n)),
    "round": _rounding,
    "rem": remainder,
    "reduce_max": extremum(1),
    "reduce_min": extremum(-1),
    "cummax": running_extremum(1),
    "cummin": running_extremum(-1),
    "argmax": index_of_extremum,
    "argmin": index_of_extremum,
    "sort": sort,
    "top_k": top_k,
}
"""Primitive → rule, for those that choose."""
