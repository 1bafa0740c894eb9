"""Primitives that choose: comparisons, maxima, absolute values, roundings.

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

from difflab.core.complexes import Complex
from difflab.core.deciding import UNORDERED, constants, in_words, is_complex, numbers, of, order_of, pairs, tied
from difflab.core.run import Run, Site
from difflab.core.values import Elements, Value, pack

_SIGNS = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥", "eq": "=", "ne": "≠", "lt_to": "<", "le_to": "≤", "eq_to": "="}
_OUTCOMES: Mapping[str, Callable[[Any], Any]] = {
    "lt": lambda c: c == -1,
    "le": lambda c: (c == -1) | (c == 0),
    "gt": lambda c: c == 1,
    "ge": lambda c: (c == 1) | (c == 0),
    "eq": lambda c: c == 0,
    "ne": lambda c: c != 0,
    "eq_to": lambda c: c == 0,
    "lt_to": lambda c: c == -1,
    "le_to": lambda c: (c == -1) | (c == 0),
}


def compare(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """A comparison of floats: a boolean, and a line in the path."""
    x, y = operands
    if x.elements is None or y.elements is None:
        return run.concretely(at, operands)
    order = order_of(run, x, y)
    name = at.equation.primitive
    truth = _OUTCOMES[name](order)
    if x.active or y.active:
        text = f"{at.label(0)} {_SIGNS[name]} {at.label(1)} is {in_words(truth)}"
        run.decided(text, at, tied(run, order, x, y), truth)
    return [Value(None, np.asarray(truth))]


def absolute(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """x or −x."""
    (x,) = operands
    if at.reads[0].startswith("complex"):
        return _modulus(run, at, x)
    sign = _sign(run, at, x, "the sign of")
    return run.made(
        at, operands, [run.map(lambda e, s: run.domain.operations["neg"](e) if s == -1 else e, of(x), sign)]
    )


def signum(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """−1, 0 or 1, a constant; z/|z| of a complex number."""
    (x,) = operands
    if at.reads[0].startswith("complex"):
        return _direction(run, at, x)
    signs = _sign(run, at, x, "the sign of").flat
    return constants(run, at, operands, [float("nan") if s == UNORDERED else s for s in signs])


def cube_root(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The real cube root, by the cube root of the modulus."""
    (x,) = operands
    root, negate = run.domain.operation("cbrt"), run.domain.operations["neg"]
    if root is None:
        return run.holes(at, operands, f"{run.domain.name} have no cbrt")
    sign = _sign(run, at, x, "the sign of")
    return run.made(at, operands, [run.map(lambda e, s: negate(root(negate(e))) if s == -1 else root(e), of(x), sign)])


def larger(sign: int) -> Callable[[Run, Site, list[Value]], list[Value]]:
    """The rule of max (`sign` 1) and min (−1) of two arrays."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        x, y = operands
        order = order_of(run, x, y)
        winners = _winners(order, sign, run, x, y)
        if x.active or y.active:
            sides = [at.label(0), at.label(1)]
            text = f"{at.equation.primitive}({sides[0]}, {sides[1]}) takes {in_words(winners == 0, *sides)}"
            run.decided(text, at, tied(run, order, x, y), winners)
        picked = run.map(lambda a, b, w: b if w else a, of(x), of(y), winners.astype(object))
        return run.made(at, operands, [picked])

    return rule


def clamp(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """min(max(x, lower), upper)."""
    lower, x, upper = operands
    shape = at.shapes[0]
    below, above = np.broadcast_to(order_of(run, x, lower), shape), np.broadcast_to(order_of(run, x, upper), shape)
    where = np.where(above == 1, 1, np.where(below == -1, -1, 0))
    if any(o.active for o in operands):
        tight = tied(run, below, x, lower) or tied(run, above, x, upper)
        run.decided(f"clamp {at.label(1)}: {in_words(where == 0, 'inside', 'cut')}", at, tight, where)
    pick = run.map(lambda a, b, c, w: (b, c, a)[w], of(lower), of(x), of(upper), where.astype(object))
    return run.made(at, operands, [pick])


def constant_by(function: Callable[[float], float]) -> Callable[[Run, Site, list[Value]], list[Value]]:
    """The rule of a piecewise constant function: floor, ceil, round."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        (x,) = operands
        steps = [_exactly(function, n, at) for n in numbers(run, x)]
        _record_steps(run, at, x, [value for value, _ in steps], [jumps for _, jumps in steps])
        return constants(run, at, operands, [value for value, _ in steps])

    return rule


def truncate(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Float to integer or boolean."""
    (x,) = operands
    if not run.decide_here:
        known = at.equation.bind(x.known)[0]
    else:
        known = at.equation.bind(run.rounded(x))[0]
        if jnp.issubdtype(known.dtype, jnp.integer):
            cut = [int(n) if n == n and abs(n) < 2**62 else 0 for n in numbers(run, x)]
            known = jnp.asarray(np.array(cut).reshape(at.shapes[0]), known.dtype)
    tight = [n == n and abs(n) < 2**62 and n == int(n) for n in numbers(run, x)]
    _record_steps(run, at, x, np.asarray(known).reshape(-1).tolist(), tight)
    return [Value(None, known)]


def next_float(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The neighbour in the floating-point format: a constant, which is what JAX's derivative rule makes of it."""
    if any(o.active for o in operands):
        run.decided(f"nextafter {at.label(0)} holds a value constant", at)
    (found,) = at.equation.bind(*[o.known for o in operands])
    return constants(run, at, operands, np.asarray(found).astype(np.float64).reshape(-1).tolist())


def remainder(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """x − y · trunc(x / y), with the quotient held constant."""
    x, y = operands
    multiply, subtract = run.domain.operations["mul"], run.domain.operations["sub"]
    tops, bottoms = (
        np.broadcast_to(np.array(numbers(run, v), object).reshape(of(v).shape), at.shapes[0]) for v in (x, y)
    )
    whole: list[int] = []
    tight: list[bool] = []
    for a, b in zip(tops.flat, bottoms.flat, strict=True):
        ratio = a / b if b == b and b != 0 and a == a and abs(a) != float("inf") else 0
        whole.append(int(ratio))
        tight.append(ratio == int(ratio))
    _record_steps(run, at, x, whole, tight)
    turns = pack(at.shapes[0], [run.domain.constant(n) for n in whole])
    return run.made(at, operands, [run.map(lambda a, b, n: subtract(a, multiply(b, n)), of(x), of(y), turns)])


def _winners(order: np.ndarray, sign: int, run: Run, x: Value, y: Value) -> np.ndarray:
    """0 where the first operand is taken, 1 where the second is; NaN is taken if there is one."""
    parts = [a + b for a, b in pairs(run, x)] if is_complex(run, x) else numbers(run, x)
    first_is_nan = np.broadcast_to(np.array([n != n for n in parts], bool).reshape(of(x).shape), order.shape)
    return np.where(order == UNORDERED, ~first_is_nan, order == -sign).astype(int)


def _sign(run: Run, at: Site, x: Value, what: str) -> Elements:
    found = numbers(run, x)
    signs = [UNORDERED if n != n else (n > 0) - (n < 0) for n in found]
    if x.active:
        words = ", ".join({-1: "−", 0: "0", 1: "+", UNORDERED: "NaN"}[s] for s in signs[:6]) + (
            " …" if len(signs) > 6 else ""
        )
        run.decided(f"{what} {at.label(0)} is {words}", at, 0 in signs, signs)
    return pack(of(x).shape, signs)


def _modulus(run: Run, at: Site, x: Value) -> list[Value]:
    modulus = run.complexes.operation("modulus")
    if modulus is None:
        return run.holes(at, [x], f"{run.domain.name} have no square root")
    _at_zero(run, at, x)
    return run.made(at, [x], [run.map(modulus, of(x))])


def _direction(run: Run, at: Site, x: Value) -> list[Value]:
    modulus, divide = run.complexes.operation("modulus"), run.domain.operations["div"]
    if modulus is None:
        return run.holes(at, [x], f"{run.domain.name} have no square root")

    def direction(z: Any, zero: bool) -> Complex:
        size = modulus(z)
        return z if zero else Complex(divide(z.re, size), divide(z.im, size))

    return run.made(at, [x], [run.map(direction, of(x), _at_zero(run, at, x))])


def _at_zero(run: Run, at: Site, x: Value) -> Elements:
    """Where a complex number is zero, which is where its modulus has a kink."""
    zero = [a == 0 and b == 0 for a, b in pairs(run, x)]
    if x.active and any(zero):
        run.decided(f"{at.label(0)} is 0", at, True, zero)
    return pack(of(x).shape, zero)


def _record_steps(run: Run, at: Site, x: Value, steps: list[Any], tight: list[bool]) -> None:
    if x.active:
        text = f"{at.equation.primitive} {at.label(0)} holds a value constant"
        run.decided(text, at, any(tight), list(map(_clipped, steps)))


def _clipped(step: Any) -> int:
    """A step as a number that fits a machine integer; NaN and infinities have one each."""
    return -(2**62) if step != step else int(min(max(step, -(2**61)), 2**61))


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
    "nextafter": next_float,
}
"""Primitive → rule, for those that choose."""
