"""Float literals that stand for a number they cannot hold: π, √(2/π), ln 2, 1/3, 0.1.

A program that multiplies by 1.1283791670955126 means 2/√π, and an exact derivative has it exactly. A literal is read
so if it is the correctly rounded value in double or single precision, or what floating-point arithmetic makes of the
formula. Short decimals and fractions of small numbers are read as what was written. Nothing else is changed: two
literals that differ by more than the rounding of single precision are never read as one number.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from fractions import Fraction
from functools import cache, lru_cache

import numpy as np

from difflab.core.bigfloat import big_floats
from difflab.core.domains import floats

FORMULAS = (
    "pi() | 2*pi() | 4*pi() | pi()/2 | pi()/4 | pi()/180 | 180/pi() | 1/pi() | 2/pi() | 1/(2*pi()) | "
    "4*pi()/3 | pi()**2 | sqrt(pi()) | sqrt(2*pi()) | sqrt(pi()/2) | sqrt(pi())/2 | 1/sqrt(pi()) | "
    "2/sqrt(pi()) | 1/sqrt(2*pi()) | sqrt(2/pi()) | log(2) | 1/log(2) | log(2)/2 | log(3) | log(5) | "
    "log(10) | 1/log(10) | log(2)/log(10) | log(10)/log(2) | log(pi()) | log(pi())/2 | log(2*pi()) | "
    "log(2*pi())/2 | log(pi()/2)/2 | sqrt(2) | 1/sqrt(2) | sqrt(2)/4 | sqrt(3) | 1/sqrt(3) | sqrt(3)/2 | "
    "sqrt(5) | sqrt(10) | exp(1) | exp(-1) | exp(1/2) | exp(-1/2) | -digamma(1)"
).split(" | ")
"""The numbers that are recognised, and their negatives."""

_DIGITS = {"d": 12, "f": 6}
_LARGEST_DENOMINATOR = {"d": 1000, "f": 100}
_DENOMINATORS = np.arange(1.0, 1001.0)


@cache
def known_literals() -> Mapping[float, str]:
    """Float → formula."""
    exact, rounded = big_floats(40), floats()
    found: dict[float, str] = {}
    for text in FORMULAS:
        for domain in (exact, rounded):
            formula = domain.formula(text)
            if formula is not None:
                value = float(formula())
                found |= {value: text, _single(value): text}
    return found


@cache
def fraction(value: float) -> Fraction:
    """The number that was written as a finite float: a short decimal, a fraction of small numbers, or the float.

    >>> fraction(0.1), fraction(1 / 3), fraction(0.625)
    (Fraction(1, 10), Fraction(1, 3), Fraction(5, 8))
    """
    exact = Fraction(value)
    if exact.denominator <= 2**10 or abs(exact) >= 2**53:
        return exact
    for form in ("d", "f") if value == _single(value) else ("d",):
        same = _single if form == "f" else float
        text = f"{value:.{_DIGITS[form]}g}"
        if same(float(text)) == value:
            return Fraction(text)
        largest = _LARGEST_DENOMINATOR[form]
        if _may_be_fraction(value, largest, form) and same(float(guess := exact.limit_denominator(largest))) == value:
            return guess
    return exact


def plain(values: np.ndarray) -> np.ndarray:
    """Which numbers of an array of doubles are surely read as they stand, by a quick look at all of them at once.

    The denominator of a fraction that a float may be is one of the float's continued fraction (Hardy & Wright, "An
    Introduction to the Theory of Numbers", theorem 184), which has about a dozen terms up to 1000.

    >>> plain(np.array([0.7390851332151607, 0.1, 1 / 3, np.pi])).tolist()
    [True, False, False, False]
    """
    return np.frombuffer(_plain(np.ascontiguousarray(values, np.float64).tobytes()), bool).reshape(values.shape)


@lru_cache(8)
def _plain(values: bytes) -> bytes:
    sizes = np.abs(np.frombuffer(values))
    usual = (sizes > 1e-10) & (sizes < 2.0**20)
    sizes = np.where(usual, sizes, 0.3)
    read = np.isin(sizes, np.array(list(known_literals())))
    for form in ("f", "d"):
        chosen = np.flatnonzero((sizes.astype(np.float32) == sizes) == (form == "f"))
        read[chosen] |= _written(sizes[chosen], form)
    return (usual & ~read).tobytes()


def _written(sizes: np.ndarray, form: str) -> np.ndarray:
    """Which numbers are short decimals, or fractions with small denominators."""
    powers = 10.0 ** (_DIGITS[form] - 1 - np.floor(np.log10(sizes)))
    found = _quotient(sizes, powers, form)
    rest, left = sizes - np.floor(sizes), np.arange(sizes.size)
    before, denominators = np.zeros(sizes.size), np.ones(sizes.size)
    while left.size:
        found[left] |= _quotient(sizes[left], denominators, form)
        turned = 1 / np.maximum(rest, 2.0**-40)
        whole = np.floor(turned)
        before, denominators, rest = denominators, whole * denominators + before, turned - whole
        few = denominators <= _LARGEST_DENOMINATOR[form]
        left, before, denominators, rest = left[few], before[few], denominators[few], rest[few]
    return found


def _quotient(sizes: np.ndarray, denominators: np.ndarray, form: str) -> np.ndarray:
    nearest = np.rint(sizes * denominators) / denominators
    return (nearest.astype(np.float32) if form == "f" else nearest) == sizes


def _may_be_fraction(value: float, largest: int, form: str) -> bool:
    """A quick look, since most numbers are none: whether a multiple of the number is an integer but for rounding."""
    multiples = value * _DENOMINATORS[:largest]
    slack = 2.0 ** (-50 if form == "d" else -22) * np.abs(multiples)
    return bool((np.abs(multiples - np.rint(multiples)) <= slack).any())


def _single(value: float) -> float:
    """Rounded to single precision; the value itself where that overflows."""
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return value
