"""Small expressions of inputs and outputs that numbers of many digits are recognised by."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement
from math import e, log, pi, sqrt
from typing import Any

import mpmath  # pyright: ignore[reportMissingTypeStubs]
import numpy as np

from difflab.labs.check.evidence import Evidence, Sample

Entry = tuple[Sample, int, int]

_MP: Any = mpmath.MPContext()
_MP.dps = 40

CONSTANTS: dict[str, float] = {
    "π": pi, "1/π": 1 / pi, "√π": sqrt(pi), "1/√π": 1 / sqrt(pi), "2/√π": 2 / sqrt(pi), "√(2π)": sqrt(2 * pi),
    "1/√(2π)": 1 / sqrt(2 * pi), "√(2/π)": sqrt(2 / pi), "√(π/2)": sqrt(pi / 2), "√2": sqrt(2), "1/√2": sqrt(0.5),
    "√3": sqrt(3), "ln 2": log(2), "1/ln 2": 1 / log(2), "ln 10": log(10), "1/ln 10": 1 / log(10), "e": e, "1/e": 1 / e,
    "log(2π)/2": log(2 * pi) / 2, "Euler's γ": 0.5772156649015329, "0.044715": 0.044715, "3·0.044715": 0.134145,
    "1.702": 1.702, "the golden ratio": (1 + sqrt(5)) / 2, "SELU's scale": 1.0507009873554805,
    "SELU's α": 1.6732632423543772, "π²": pi**2, "π²/6": pi**2 / 6, "180/π": 180 / pi,
    "π/180": pi / 180,
}  # fmt: skip
"""Constants that people type; those of GELU and SELU are the ones of their papers."""

_UNARY: dict[str, Callable[[Any], Any]] = {
    "{}": lambda a: a,
    "1/{}": lambda a: 1 / a,
    "{}²": lambda a: a * a,
    "1/{}²": lambda a: 1 / (a * a),
    "{}³": lambda a: a**3,
    "√{}": lambda a: _MP.sqrt(a),
    "1/√{}": lambda a: 1 / _MP.sqrt(a),
    "exp({})": _MP.exp,
    "exp(-{})": lambda a: _MP.exp(-a),
    "log({})": _MP.log,
    "sin({})": _MP.sin,
    "cos({})": _MP.cos,
    "tanh({})": _MP.tanh,
    "(1 - {})": lambda a: 1 - a,
    "(1 - {}²)": lambda a: 1 - a * a,
    "(1 + {}²)": lambda a: 1 + a * a,
    "1/(1 + {}²)": lambda a: 1 / (1 + a * a),
    "exp(-{}²)": lambda a: _MP.exp(-a * a),
}


def rational(number: float | int, tolerance: float | int) -> str:
    """A small fraction, or one times a power of π, that a number is; else nothing."""
    for word, unit in (("", 1.0), ("π", pi), ("/π", 1 / pi), ("√π", sqrt(pi))):
        fraction = Fraction(number / unit).limit_denominator(12)
        small = fraction.numerator and ((abs(fraction.numerator) <= 24 and fraction != 1) or word)
        if small and abs(number / unit - float(fraction)) <= tolerance * abs(number / unit):
            return f"{fraction}{word}" if word != "π" or fraction != 1 else "π"
    return ""


def known_constant(literals: Sequence[float], ratio: float | int | None, tolerance: float | int) -> str:
    """Words for a literal of the program that is close to a well-known constant and is not it.

    With a `ratio`, it must be the literal's error, or an integer power of it.
    """
    best: tuple[float, str] | None = None
    for literal in literals if ratio is not None else filter(_long, literals):
        for meant, words in _candidates(abs(literal)):
            gap = abs(abs(literal) / meant - 1)
            fits = ratio is None or any(abs(abs(literal) / meant - ratio**p) <= 8 * tolerance for p in (1, -1, 0.5))
            if tolerance < gap and fits and (best is None or gap < best[0]):
                best = gap, f": {literal:.10g} should be {words}"
    return best[1] if best else ""


def _candidates(size: float) -> Iterator[tuple[float, str]]:
    """Numbers near a literal that its author may have meant: known constants, and the number with fewer digits."""
    for name, value in CONSTANTS.items():
        for times in (1, 2, 3, 0.5):
            if abs(size / (times * value) - 1) < 0.06:
                factor = "" if times == 1 else f"{times:g} · "
                yield times * value, f"{factor}{name} = {times * value:.12g}"
    short = float(f"{size:.2g}")
    if short and abs(size / short - 1) < 1e-3:
        yield short, f"{short:g}"


def _long(literal: float) -> bool:
    """Whether a literal has three digits or more, as a constant that was copied from somewhere."""
    return bool(np.float32(f"{literal:.2g}") != np.float32(literal))


def expressed(
    evidence: Evidence,
    entries: Sequence[Entry],
    wanted: Callable[[Sample, int, int], Any],
    tolerance: float | int,
    products: bool = False,
) -> str:
    """An expression of the entry's input, its output and scalar inputs that is `wanted` at all entries, or nothing."""
    few = list(entries[:: max(1, len(entries) // 12)])[:16]
    targets = [wanted(*entry) for entry in few]
    if len({float(t) for t in targets}) < 2:
        return ""
    table: dict[str, list[Any]] = {}
    for name, atom in _atoms(evidence).items():
        values = [_MP.mpf(atom(*entry)) for entry in few]
        for form, function in _UNARY.items():
            try:
                made = [function(v) for v in values]
            except (ZeroDivisionError, ValueError):
                continue
            if all(isinstance(m, _MP.mpf) for m in made):
                table[form.format(name)] = made
    for name, values in table.items():
        if found := _multiple(targets, values, tolerance, name):
            return found
    for (a, u), (b, v) in combinations_with_replacement(table.items(), 2) if products else ():
        if found := _multiple(targets, [p * q for p, q in zip(u, v, strict=True)], tolerance, f"{a}·{b}"):
            return found
    return ""


def _multiple(targets: Sequence[Any], values: Sequence[Any], tolerance: float | int, name: str) -> str:
    """The expression with a small rational factor, where the targets are that multiple of its values."""
    if not values[0] or not targets[0]:
        return ""
    c = targets[0] / values[0]
    if any(abs(t - c * v) > tolerance * abs(t) for t, v in zip(targets, values, strict=True)):
        return ""
    if abs(c - 1) <= tolerance:
        return name
    factor = rational(float(c), tolerance)
    return f"{factor}·{name}" if factor else ""


def _atoms(evidence: Evidence) -> dict[str, Callable[[Sample, int, int], Any]]:
    """Numbers that belong to an entry: its input, the output of its row, inputs that are scalar or stand beside."""
    problem = evidence.problem
    found: dict[str, Callable[[Sample, int, int], Any]] = {}
    starts, start = [], 0
    for k, (shape, dtype) in zip(problem.inputs, problem.input_types, strict=True):
        size = 2 if dtype.startswith("complex") else 1
        for n in shape:
            size *= n
        starts.append((problem.at.paths[k], start, size))
        start += size
    for name, first, size in starts[:4]:
        if size == 1:
            found[name] = lambda s, i, j, first=first: s.x[first]
        elif all(size == other for _, _, other in starts):
            found[name] = lambda s, i, j, first=first, size=size: s.x[first + evidence.columns[j] % size]
        else:
            found[name] = lambda s, i, j, first=first, size=size: s.x[first + (evidence.columns[j] - first) % size]
    found["f"] = lambda s, i, j: s.y[evidence.rows[i]]
    return found
