"""Square roots in a prime field: where an element has none, in a larger field, built on demand.

Let n be no square modulo p ≡ 1 mod 4. Then yᴺ − n with N = 2ᵏ is irreducible (Lidl & Niederreiter, "Finite Fields",
1997, theorem 3.75), so polynomials in y of degree < N are a field of pᴺ elements. Its y is no square and is y₊² of the
next field. An element a is a square or y times one: its root is √a, or √(a/y)·y₊ one floor higher. So all roots of
elements of GF(p) share one quadratic extension, and only roots of roots may climb.

Integers stay Python integers. `Root` obeys +, −, *, pow and ignores % p, so that `(a + b) % p` adds whatever comes;
`Special` stands for what no field has: ±∞, and what came of dividing by zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TALLEST = 6
"""Floors after which a root is given up: pᴺ with N = 64."""

Coefficients = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Special:
    """±∞ (sign ±1), or broken (sign 0), which spreads."""

    sign: int

    def __add__(self, other: Any) -> Special:
        if isinstance(other, Special) and other.sign != self.sign:
            return BROKEN
        return self

    __radd__ = __add__

    def __sub__(self, other: Any) -> Special:
        return self + (-other if isinstance(other, Special) else 0)

    def __rsub__(self, other: Any) -> Special:
        return -self

    def __neg__(self) -> Special:
        return {1: MINUS_INFINITY, -1: INFINITY, 0: BROKEN}[self.sign]

    def __mul__(self, other: Any) -> Special:
        """The sign of another element is unknown, so ∞ times it is, too."""
        return BROKEN

    __rmul__ = __mul__

    def __mod__(self, prime: Any) -> Special:
        return self

    def __pow__(self, exponent: int, prime: Any = None) -> Any:
        if exponent == 0:
            return 1
        if not self.sign:
            return BROKEN
        return 0 if exponent < 0 else INFINITY if self.sign == 1 or exponent % 2 == 0 else MINUS_INFINITY


BROKEN, INFINITY, MINUS_INFINITY = Special(0), Special(1), Special(-1)


@dataclass(frozen=True, eq=False)
class Tower:
    """GF(p) and its extensions of degree 2, 4, 8, …"""

    prime: int
    generator: int = field(init=False)
    _odd: int = field(init=False)
    _twos: int = field(init=False)

    def __post_init__(self) -> None:
        p = self.prime
        if p % 4 != 1:
            raise ValueError(f"the prime {p} is ≡ {p % 4} mod 4; the tower of square roots needs one ≡ 1 mod 4")
        twos = ((p - 1) & (1 - p)).bit_length() - 1
        generator = next(n for n in range(2, p) if pow(n, (p - 1) // 2, p) == p - 1)
        for name, value in (("generator", generator), ("_odd", (p - 1) >> twos), ("_twos", twos)):
            object.__setattr__(self, name, value)

    def sqrt(self, element: Any) -> Any:
        """One of the two roots; broken above the tallest floor."""
        if isinstance(element, Special):
            return INFINITY if element.sign == 1 else BROKEN
        a = _coefficients(element)
        if self._is_square(a):
            return self.element(self._root(a))
        if len(a) >= 2**TALLEST:
            return BROKEN
        quotient = self.times(a, self.inverse(self._y(len(a))))
        half = self._root(quotient)
        return self.element(tuple(c for h in half for c in (0, h)))

    def unity(self, order: int) -> int | None:
        """A primitive root of unity of that order in GF(p), if it has one.

        Roots of different orders fit together: e(k/n) = unity(n)ᵏ is a homomorphism of the fractions modulo 1.
        """
        p, turn = self.prime, 1
        if (p - 1) % order:
            return None
        for q, power in _prime_powers(order):
            base = next(b for b in range(2, p) if pow(b, (p - 1) // q, p) != 1)
            share = pow(order // power, -1, power)
            turn = turn * pow(base, (p - 1) // power * share, p) % p
        return turn

    def element(self, coefficients: Coefficients) -> Any:
        """The smallest form of a polynomial in y."""
        while len(coefficients) > 1 and not any(coefficients[1::2]):
            coefficients = coefficients[::2]
        return coefficients[0] if len(coefficients) == 1 else Root(coefficients, self)

    def _y(self, size: int) -> Coefficients:
        return (self.generator,) if size == 1 else (0, 1, *[0] * (size - 2))

    def times(self, a: Coefficients, b: Coefficients) -> Coefficients:
        """The product, on one floor."""
        size = len(a)
        if size == 1:
            return (a[0] * b[0] % self.prime,)
        low, high = [0] * size, [0] * size
        for i, x in enumerate(a):
            if x:
                for j, y in enumerate(b):
                    if i + j < size:
                        low[i + j] += x * y
                    else:
                        high[i + j - size] += x * y
        return tuple((u + v * self.generator) % self.prime for u, v in zip(low, high, strict=True))

    def _norm(self, a: Coefficients) -> Coefficients:
        """Of even(y²) + y·odd(y²): even² − y²·odd², one floor below."""
        even, odd = a[::2], a[1::2]
        shifted = self.times(self.times(odd, odd), self._y(len(odd)))
        return tuple((x - y) % self.prime for x, y in zip(self.times(even, even), shifted, strict=True))

    def inverse(self, a: Coefficients) -> Coefficients:
        """Raises ValueError for zero, as Python's own pow does."""
        if len(a) == 1:
            return (pow(a[0], -1, self.prime),)
        below = self.inverse(self._norm(a))
        even, odd = self.times(a[::2], below), self.times(a[1::2], below)
        return tuple(c for e, o in zip(even, odd, strict=True) for c in (e, -o % self.prime))

    def _is_square(self, a: Coefficients) -> bool:
        while len(a) > 1:
            a = self._norm(a)
        return pow(a[0], (self.prime - 1) // 2, self.prime) in (0, 1)  # pyright: ignore[reportGeneralTypeIssues]

    def _root(self, a: Coefficients) -> Coefficients:
        """The root of a square on the same floor."""
        if len(a) == 1:
            return (self._root_below(a[0]),)
        p, even, odd = self.prime, a[::2], a[1::2]
        if not any(odd):
            if self._is_square(even):
                return tuple(c for e in self._root(even) for c in (e, 0))
            quotient = self.times(even, self.inverse(self._y(len(even))))
            return tuple(c for e in self._root(quotient) for c in (0, e))
        middle, half = self._root(self._norm(a)), pow(2, -1, p)
        first = tuple((x + y) * half % p for x, y in zip(even, middle, strict=True))
        if not self._is_square(first):
            first = tuple((x - y) * half % p for x, y in zip(even, middle, strict=True))
        top = self._root(first)
        rest = self.times(odd, self.inverse(tuple(2 * c % p for c in top)))
        return tuple(c for pair in zip(top, rest, strict=True) for c in pair)

    def _root_below(self, a: int) -> int:
        """Tonelli (1891) and Shanks (1973)."""
        p, size = self.prime, self._twos
        if a == 0:
            return 0
        half = pow(a, (self._odd - 1) // 2, p)
        root = a * half % p
        rest, turn = root * half % p, pow(self.generator, self._odd, p)
        while rest != 1:
            steps, power = 0, rest
            while power != 1:
                power = power * power % p
                steps += 1
            shift = pow(turn, 1 << (size - steps - 1), p)
            root, turn, size = root * shift % p, shift * shift % p, steps
            rest = rest * turn % p
        return root


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """An element of an extension: coefficients of 1, y, y², …; at least two, and not all of the odd ones zero."""

    coefficients: Coefficients
    tower: Tower

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Special):
            return other
        a, b = _level(self.coefficients, _coefficients(other))
        p = self.tower.prime
        return self.tower.element(tuple((x + y) % p for x, y in zip(a, b, strict=True)))

    __radd__ = __add__

    def __neg__(self) -> Root:
        p = self.tower.prime
        return Root(tuple(-c % p for c in self.coefficients), self.tower)

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Special):
            return other * self
        if isinstance(other, int):
            p = self.tower.prime
            return self.tower.element(tuple(c * other % p for c in self.coefficients))
        a, b = _level(self.coefficients, _coefficients(other))
        return self.tower.element(self.tower.times(a, b))

    __rmul__ = __mul__

    def __mod__(self, prime: int) -> Root:
        return self

    def __pow__(self, exponent: int, prime: int | None = None) -> Any:
        if exponent < 0:
            return self.tower.element(self.tower.inverse(self.coefficients)) ** -exponent
        result: Any = 1
        square: Any = self
        while exponent:
            result = result * square if exponent & 1 else result
            exponent >>= 1
            square = square * square if exponent else square
        return result % self.tower.prime

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Root) and self.coefficients == other.coefficients

    def __hash__(self) -> int:
        return hash(self.coefficients)


def _coefficients(element: Any) -> Coefficients:
    return element.coefficients if isinstance(element, Root) else (element,)


def _level(a: Coefficients, b: Coefficients) -> tuple[Coefficients, Coefficients]:
    """Both on the higher floor of the two: a coefficient of yᵏ there is one of y₊²ᵏ."""
    while len(a) < len(b):
        a = tuple(c for x in a for c in (x, 0))
    while len(b) < len(a):
        b = tuple(c for x in b for c in (x, 0))
    return a, b


def _prime_powers(n: int) -> list[tuple[int, int]]:
    """(2, 4) and (3, 3) for 12."""
    found: list[tuple[int, int]] = []
    q = 2
    while n > 1:
        q = q if q * q <= n else n
        power = 1
        while n % q == 0:
            n, power = n // q, power * q
        found += [(q, power)] if power > 1 else []
        q += 1
    return found
