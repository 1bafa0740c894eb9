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
from functools import cache

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
