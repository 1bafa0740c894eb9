"""Expressions as sparse Laurent polynomials over ℚ, in variables and kernels, and an exact test for zero.

A *kernel* is a number with a name of its own: exp(u), sin(u), √P, or a polynomial P that would be long to write out.
Powers are negative, too, so a fraction is a product with the kernel of its denominator, and sums need no common one.
Kernels know at most one relation, kᵈ = P with P in earlier kernels: d = 2 for √P and, with P = 1 − cos², for sin; d = 1
for a polynomial with a name. An expression is zero if all relations, the latest kernel first, leave no term (Risch's
structure theorem tells when this is necessary, too; Geddes, Czapor & Labahn, "Algorithms for Computer Algebra", 1992,
section 12.4; here it need only be sufficient). Nothing is expanded before the test asks for it, and a numeric value of
every kernel tells beforehand which test cannot succeed.

A monomial is one integer: the exponents are its digits, so that to multiply is to add (Kronecker 1882).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from random import Random
from typing import Any

import numpy as np

from difflab.core.errors import DifflabError
from difflab.core.run import BudgetError

Terms = dict[int, Any]
"""Monomial → rational coefficient, an int or a Fraction."""

WIDTH = 32
FULL, HALF = 1 << WIDTH, 1 << WIDTH - 1
LARGEST_EXPONENT = 1 << WIDTH - 12
MOST_TERMS, MOST_WORK, A_LOOK = 4_000, 1_500_000, 20_000
NAMED, COMPACT = 24, 200
"""Products past so many terms name a factor; sums past so many terms name the coefficients of seeds."""
NEAR, DOUBTFUL = 1e-9, 1e-6
"""Samples that are so near may be equal; a sample this small beside its terms may be zero."""


class UnprovableError(DifflabError):
    """The normal form has outgrown its limits, or an operation has none."""


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """An expression: a polynomial, and a bound of its exponents."""

    terms: Terms
    reach: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """kᵈ = `relation` with d = `degree`, or no relation for d = 0; `value` is a sample."""

    degree: int
    relation: Terms
    value: complex


@dataclass(eq=False)
class Ring:
    """Variables, kernels and the arithmetic over them. The first `seeds` variables are those of tangents."""

    seeds: int = 0
    deadline: float | None = None
    kernels: list[Kernel] = field(default_factory=list[Kernel])
    work: int = 0
    strange: set[int] = field(default_factory=set[int])
    _names: dict[Any, int] = field(default_factory=dict[Any, int])
    _samples: Random = field(default_factory=lambda: Random(7))
    _values: dict[int, complex] = field(default_factory=lambda: {0: 1.0 + 0j})

    def constant(self, value: Any) -> Form:
        """A rational number; a NaN or an infinity is a kernel of its own, and no proof may rest on it."""
        if isinstance(value, float) and not abs(value) < float("inf"):
            strange = self.variable()
            self.strange |= set(strange.terms)
            return strange
        exact = Fraction(value)
        return Form({0: exact.numerator if exact.denominator == 1 else exact} if exact else {})

    def variable(self) -> Form:
        """A new kernel without relation."""
        return self.power(self.kernel(0, {}, self.sample()), 1)

    def sample(self) -> complex:
        """A random number."""
        return complex(self._samples.uniform(0.6, 1.4), self._samples.uniform(-0.4, 0.4))

    def kernel(self, degree: int, relation: Terms, value: complex) -> int:
        """Add a kernel and return its number."""
        self.kernels.append(Kernel(degree, relation, value))
        return len(self.kernels) - 1

    def power(self, kernel: int, exponent: int) -> Form:
        """A power of a kernel."""
        return Form({exponent << (WIDTH * kernel): 1}, abs(exponent))

    def add(self, a: Form, b: Form) -> Form:
        """a + b."""
        return self._compact(Form(_add(a.terms, b.terms), max(a.reach, b.reach)))

    def negate(self, a: Form) -> Form:
        """−a."""
        return Form({m: -c for m, c in a.terms.items()}, a.reach)

    def multiply(self, a: Form, b: Form) -> Form:
        """a·b; a long factor without seeds gets a name first."""
        if len(a.terms) > 1 and len(b.terms) > 1 and len(a.terms) * len(b.terms) > NAMED:
            long, short = sorted((a, b), key=lambda form: -len(form.terms))
            a, b = self._named(long), short
            b = self._named(b) if len(a.terms) * len(b.terms) > NAMED else b
        reach = a.reach + b.reach
        if reach > LARGEST_EXPONENT:
            raise UnprovableError("an exponent is too large")
        return self._compact(Form(self._product(a.terms, b.terms), reach))

    def invert(self, a: Form) -> Form:
        """1/a."""
        if not a.terms:
            raise UnprovableError("a division by zero has no normal form")
        if len(a.terms) > 1:
            a = self.name(a)
        ((monomial, coefficient),) = a.terms.items()
        inverse = Fraction(1) / coefficient
        return Form({-monomial: inverse.numerator if inverse.denominator == 1 else inverse}, a.reach)

    def raised(self, a: Form, n: int) -> Form:
        """aⁿ."""
        if len(a.terms) == 1:
            ((monomial, coefficient),) = a.terms.items()
            if abs(n) * max(a.reach, 1) > LARGEST_EXPONENT or abs(n) > 4096:
                raise UnprovableError(f"the power {n} is too large")
            return Form({monomial * n: Fraction(coefficient) ** n if n < 0 else coefficient**n}, a.reach * abs(n))
        if n < 0 or n > 3:
            return self.raised(self.name(a), n)
        result = self.constant(1)
        for _ in range(n):
            result = self.multiply(result, a)
        return result

    def name(self, a: Form) -> Form:
        """A polynomial as coefficient · monomial · kernel; equal polynomials get one kernel."""
        scale, content, rest = self.primitive(a.terms)
        key = frozenset(rest.items())
        if key not in self._names:
            value, size = self.value(rest)
            if abs(value) <= DOUBTFUL * size:
                raise UnprovableError("a denominator may be zero")
            self._names[key] = self._found(1, rest, value) or self.kernel(1, rest, value)
        return Form({content + (1 << WIDTH * self._names[key]): scale}, a.reach + 1)

    def root(self, a: Form, degree: int) -> int:
        """The kernel that is a root of `a`."""
        key = (degree, frozenset(a.terms.items()))
        if key not in self._names:
            value = self.value(a.terms)[0] ** (1 / degree)
            self._names[key] = self._found(degree, a.terms, value) or self.kernel(degree, a.terms, value)
        return self._names[key]

    def primitive(self, terms: Terms) -> tuple[Any, int, Terms]:
        """Coefficient and monomial in front, so that the rest has no common monomial and 1 as largest coefficient."""
        first, *others = (dict(digits(monomial)) for monomial in terms)
        lowest = first
        for exponents in others:
            lowest = {k: min(lowest.get(k, 0), exponents.get(k, 0)) for k in lowest.keys() | exponents.keys()}
        content = sum(e << (WIDTH * k) for k, e in lowest.items())
        scale = max((abs(c), m, c) for m, c in terms.items())[2]
        return scale, content, {m - content: _reduced(Fraction(c) / scale) for m, c in terms.items()}

    def value(self, terms: Terms) -> tuple[complex, float]:
        """The sample of a polynomial, and the sum of its terms' moduli."""
        try:
            parts = [self._monomial(m) * float(c) for m, c in terms.items()]
        except (OverflowError, ZeroDivisionError) as error:
            raise UnprovableError("a sample is out of range") from error
        return sum(parts), sum(map(abs, parts))

    def equal(self, a: Form, b: Form) -> bool:
        """Whether a = b is shown."""
        if self.strange and any(1 << WIDTH * k in self.strange for m in (*a.terms, *b.terms) for k, _ in digits(m)):
            raise UnprovableError("a NaN or an infinity reaches an output")
        return self.is_zero(_add(a.terms, {m: -c for m, c in b.terms.items()}))

    def is_zero(self, terms: Terms) -> bool:
        """Whether the relations turn the polynomial into nothing. False: this is not shown."""
        if not terms:
            return True
        value, size = self.value(terms)
        return abs(value) <= 1e-7 * size and self._vanishes(terms)

    def by_seeds(self, form: Form) -> dict[int, Terms]:
        """The coefficients of the monomials in the seeds."""
        low = (1 << WIDTH * self.seeds) - 1
        found: dict[int, Terms] = {}
        for monomial, coefficient in form.terms.items():
            seeds = monomial & low
            found.setdefault(seeds, {})[monomial - seeds] = coefficient
        return found

    def seeded(self, form: Form) -> bool:
        """Whether a seed is in it."""
        low = (1 << WIDTH * self.seeds) - 1
        return any(m & low for m in form.terms)

    def _named(self, a: Form) -> Form:
        if len(a.terms) <= 1 or self.seeded(a):
            return a
        value, size = self.value(a.terms)
        if abs(value) > DOUBTFUL * size:
            return self.name(a)
        return Form({}) if self.looks_zero(a.terms) else a

    def _compact(self, form: Form) -> Form:
        if len(form.terms) > COMPACT and self.seeds and self.seeded(form):
            total: Terms = {}
            for seeds, terms in self.by_seeds(form).items():
                short = self.name(Form(terms, form.reach)).terms if len(terms) > 8 else terms
                total |= {m + seeds: c for m, c in short.items()}
            form = Form(total, form.reach + 1)
        if len(form.terms) > MOST_TERMS:
            raise UnprovableError(f"an expression has more than {MOST_TERMS} terms")
        return form

    def _found(self, degree: int, relation: Terms, value: complex) -> int | None:
        """A kernel that is provably the same, told by its sample."""
        for number, kernel in enumerate(self.kernels):
            if kernel.degree == degree and abs(kernel.value - value) <= NEAR * (1 + abs(value)):
                difference = _add(relation, {m: -c for m, c in kernel.relation.items()})
                if self.looks_zero(difference):
                    return number
        return None

    def looks_zero(self, terms: Terms) -> bool:
        """`is_zero` with little effort."""
        before, self.work = self.work, max(self.work, MOST_WORK - A_LOOK)
        try:
            return self.is_zero(terms)
        except UnprovableError:
            return False
        finally:
            self.work = before

    def looks_equal(self, a: Form, b: Form) -> bool:
        """`equal` with little effort."""
        return self.looks_zero(_add(a.terms, {m: -c for m, c in b.terms.items()}))

    def _vanishes(self, terms: Terms) -> bool:
        if not terms:
            return True
        top = max(map(_top, terms))
        if top < 0:
            return False
        groups: dict[int, Terms] = {}
        shift = WIDTH * top
        for monomial, coefficient in terms.items():
            exponent = (monomial + (1 << shift >> 1)) >> shift
            groups.setdefault(exponent, {})[monomial - (exponent << shift)] = coefficient
        kernel = self.kernels[top]
        if kernel.degree == 0 or len(groups) == 1:
            return all(map(self._vanishes, groups.values()))
        return all(map(self._vanishes, self._substituted(groups, kernel)))

    def _substituted(self, groups: dict[int, Terms], kernel: Kernel) -> Iterator[Terms]:
        """One polynomial for each residue of the exponents, by Horner's rule."""
        d = kernel.degree
        for residue in {e % d for e in groups}:
            powers = {e // d: terms for e, terms in groups.items() if e % d == residue}
            total: Terms = {}
            for n in range(max(powers), min(powers) - 1, -1):
                total = _add(self._product(total, kernel.relation), powers.get(n, {}))
            yield total

    def _product(self, a: Terms, b: Terms) -> Terms:
        total: Terms = {}
        for m, c in a.items():
            self._spend(len(b), c)
            for n, d in b.items():
                both = total.get(m + n, 0) + c * d
                if both:
                    total[m + n] = both
                else:
                    total.pop(m + n, None)
        return total

    def _spend(self, work: int, coefficient: Any) -> None:
        """Count products of coefficients; long ones count as many."""
        self.work += work * (1 + (coefficient.numerator.bit_length() + coefficient.denominator.bit_length()) // 256)
        if self.work > MOST_WORK:
            raise UnprovableError("the proof takes too many steps")
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise BudgetError("the time is spent; pass a larger budget, or a smaller function")

    def _monomial(self, monomial: int) -> complex:
        if monomial not in self._values:
            value = 1.0 + 0j
            for k, e in digits(monomial):
                value *= self.kernels[k].value ** e
            self._values[monomial] = value
        return self._values[monomial]


def rational_root(number: Any) -> Fraction | None:
    """The square root of a positive rational number, if it is rational."""
    exact = Fraction(number)
    p, q = isqrt(exact.numerator), isqrt(exact.denominator)
    return Fraction(p, q) if p * p == exact.numerator and q * q == exact.denominator else None


def digits(monomial: int) -> list[tuple[int, int]]:
    """The kernels of a monomial with their exponents."""
    count = abs(monomial).bit_length() // WIDTH + 1
    biased = (monomial + _bias(count)).to_bytes(WIDTH // 8 * (count + 1), "little")
    exponents = np.frombuffer(biased, "<u4", count).astype(np.int64) - HALF
    places = np.flatnonzero(exponents)
    return list(zip(places.tolist(), exponents[places].tolist(), strict=True))


@lru_cache(maxsize=10_000)
def _bias(count: int) -> int:
    """Half of the range in each digit."""
    return sum(HALF << WIDTH * k for k in range(count))


def _top(monomial: int) -> int:
    """The latest kernel; −1 for a number."""
    size = abs(monomial)
    return ((size + (size >> 1)).bit_length() - 1) // WIDTH if size else -1


def _add(a: Terms, b: Terms) -> Terms:
    if len(a) < len(b):
        a, b = b, a
    total = dict(a)
    for m, c in b.items():
        both = total.get(m, 0) + c
        if both:
            total[m] = both
        else:
            total.pop(m, None)
    return total


def _reduced(number: Fraction) -> Any:
    return number.numerator if number.denominator == 1 else number
