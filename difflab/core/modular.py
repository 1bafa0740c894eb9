"""Numbers modulo a prime, with what transcendental functions are made of: a random oracle, signs, small fractions.

A transcendental function of an element is a random element keyed by the argument (a random oracle), as in Gonnet
(1984): equal arguments give equal values, and nothing else is known. Fractions are found again from their remainder by
Wang's half-way Euclid (1981).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b, shake_128
from operator import mul
from typing import Any

from difflab.core.towers import BROKEN, INFINITY, Root, Special, Tower

_SMALL = 2**30
"""Fractions of smaller numbers are told from random elements; of the fourth root of p, where that is smaller still."""


@dataclass(frozen=True, eq=False)
class Modular:
    """GF(p) with its tower of square roots; elements are ints below p, `Root` or `Special`. `seed` draws the oracle."""

    prime: int
    seed: str
    tower: Tower = field(init=False)
    _small: int = field(init=False)
    _inverses: dict[int, int] = field(default_factory=dict[int, int], repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tower", Tower(self.prime))
        object.__setattr__(self, "_small", min(_SMALL, 2 ** (self.prime.bit_length() // 4)))

    additive = False
    """Whether exp(a + b) = exp(a) exp(b): not of a random oracle."""

    def constant(self, value: Fraction | int) -> int:
        """The remainder of a fraction."""
        if isinstance(value, int):
            return value % self.prime
        divisor = value.denominator
        if divisor not in self._inverses:
            self._inverses[divisor] = pow(divisor, -1, self.prime)
        return value.numerator * self._inverses[divisor] % self.prime

    def add(self, x: Any, y: Any) -> Any:
        """x + y."""
        return (x + y) % self.prime

    def sub(self, x: Any, y: Any) -> Any:
        """x − y."""
        return (x - y) % self.prime

    def mul(self, x: Any, y: Any) -> Any:
        """x · y."""
        return x * y % self.prime

    def neg(self, x: Any) -> Any:
        """−x."""
        return -x % self.prime

    def div(self, x: Any, y: Any) -> Any:
        """x / y; broken where y is zero."""
        try:
            return x * pow(y, -1, self.prime) % self.prime
        except ValueError:
            return BROKEN

    def power(self, x: Any, n: int) -> Any:
        """xⁿ for an integer n."""
        try:
            return pow(x, n, self.prime)
        except ValueError:
            return BROKEN

    def sum(self, items: Any) -> Any:
        """The sum, reduced once."""
        return sum(items) % self.prime

    def dot(self, left: Any, right: Any) -> Any:
        """Σ xₖ yₖ, reduced once."""
        return sum(map(mul, left, right)) % self.prime

    def same(self, x: Any, y: Any) -> bool:
        """Whether two elements are equal."""
        return self.sub(x, y) == 0

    def oracle(self, label: str, *elements: Any) -> int:
        """A random element, the same for the same label and arguments."""
        text = "|".join([self.seed, label, *map(_written, elements)])
        size = self.prime.bit_length() // 8 + 9
        digest = blake2b(text.encode()).digest()
        while len(digest) < size:
            digest += blake2b(digest).digest()
        return int.from_bytes(digest[:size], "little") % self.prime

    def draw(self, label: str, count: int) -> list[int]:
        """So many random elements, the same for the same label: cut from one stream."""
        size = self.prime.bit_length() // 8 + 9
        stream, p = shake_128(f"{self.seed}|{label}".encode()).digest(size * count), self.prime
        return [int.from_bytes(stream[k : k + size], "little") % p for k in range(0, size * count, size)]

    def coin(self, label: str, element: Any) -> bool:
        """A fair coin, keyed."""
        return blake2b(f"{self.seed}|{label}|{_written(element)}".encode(), digest_size=1).digest()[0] & 1 == 1

    def sqrt(self, x: Any) -> Any:
        """One of the two roots, picked by a keyed coin; of the square of a small fraction the positive one."""
        known = self.small(x)
        if known is not None and (root := exact_root(known)) is not None:
            return self.constant(root)
        root = self.tower.sqrt(x)
        return self.neg(root) if self.coin("sqrt", x) else root

    def cbrt(self, x: Any) -> Any:
        """The cube root: one and odd, where p ≡ 2 mod 3; broken elsewhere if there is none here."""
        if isinstance(x, Special):
            return x
        if isinstance(x, Root) or self.prime % 3 == 1:
            known = self.small(x)
            return 0 if known == 0 else 1 if known == 1 else BROKEN
        return pow(x, (2 * self.prime - 1) // 3, self.prime)

    def unity(self, k: int, n: int) -> int | None:
        """exp(2πi k/n), if the field has it; all are powers of one root as far as the field allows."""
        root = self.tower.unity(n)
        return None if root is None else pow(root, k, self.prime)

    def small(self, x: Any) -> Fraction | None:
        """The fraction of small numbers that x is, if it is one."""
        if not isinstance(x, int):
            return None
        p = self.prime
        above, below, left, right = p, x, 0, 1
        small = self._small
        while below >= small:
            quotient = above // below
            above, below = below, above - quotient * below
            left, right = right, left - quotient * right
        return Fraction(below, right) if right and abs(right) < small else None

    def negative(self, x: Any) -> bool:
        """A sign: exactly one of x and −x has it, unless x is zero."""
        first = next(filter(None, x.coefficients)) if isinstance(x, Root) else x
        return first > self.prime // 2

    def pi_root(self) -> Any:
        """√π, random."""
        return self.oracle("√π")

    def pi(self) -> Any:
        """π."""
        return self.power(self.pi_root(), 2)

    def fresh_exp(self, x: Any, sqrt: Any) -> Any:
        """The value of exp where no relation tells it."""
        return self.oracle("exp", x)

    def fresh_cis(self, x: Any) -> Any:
        """The value of cos x + i sin x where no relation tells it."""
        return self.oracle("cis", x)

    def fresh_log(self, x: Any) -> Any:
        """The value of log where no relation tells it."""
        return self.oracle("log", x)


def exact_root(value: Fraction) -> Fraction | None:
    """The square root of the square of a fraction.

    >>> exact_root(Fraction(9, 4))
    Fraction(3, 2)
    """
    if value < 0:
        return None
    top, bottom = _isqrt(value.numerator), _isqrt(value.denominator)
    return Fraction(top, bottom) if top is not None and bottom is not None else None


def limit(name: str, x: Special) -> Any:
    """A function at ±∞; broken where it has no limit."""
    return _LIMITS.get((name, x.sign), BROKEN)


_LIMITS = {("exp", 1): INFINITY, ("exp", -1): 0, ("log", 1): INFINITY, ("erf", 1): 1, ("erf", -1): -1,
           ("tanh", 1): 1, ("tanh", -1): -1, ("sqrt", 1): INFINITY, ("bessel_i0e", 1): 0, ("bessel_i0e", -1): 0,
           ("bessel_i1e", 1): 0, ("bessel_i1e", -1): 0}  # fmt: skip


def _isqrt(n: int) -> int | None:
    root = int(n**0.5)
    return next((r for r in (root - 1, root, root + 1) if r >= 0 and r * r == n), None)


def _written(element: Any) -> str:
    if isinstance(element, int):
        return f"{element:x}"
    return ",".join(f"{c:x}" for c in element.coefficients) if isinstance(element, Root) else str(element)
