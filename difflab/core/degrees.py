"""Degrees of rational functions, bounded while a program runs: how likely does a random point miss a difference?

Elements stand for a/b with deg a ≤ `num`, deg b ≤ `den` in the random variables. If two programs compute different
functions, they agree at a point of GF(p) drawn at random with a probability ≤ degree of the difference / p (Schwartz
1980, corollary 1; Zippel 1979). Numbers above `CEILING` are cut there: no prime would be large enough.

What the bound assumes. (1) Values of exp, log, … are new variables, one for each argument. Arguments that differ but
meet by chance at the point share their value; this happens with probability ≤ degree / p for each pair, which `Tally`
counts. With addition theorems the variables are powers of one generator whose exponents are computed modulo the next
prime of the chain: take the bound for p₁, that one, in place of p. (2) √a is a variable with z² = a: the product of the
difference over both signs of every root is a rational function, of at most 2ʳ times the degree for r roots; a cube root
counts three. (3) A difference that is no rational function of these variables, or vanishes modulo p as a whole, is not
seen; p is random, so a constant of n bits vanishes with probability below n / 2ᵇ⁻⁷ at b bits.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own.

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import log2
from typing import Any

from difflab.core.domains import PARTIALS, Domain, Operation

CEILING = 2**4096
"""Degrees are cut here."""


@dataclass(frozen=True, slots=True)
class Degree:
    """Bounds of the degrees of numerator and denominator."""

    num: int = 0
    den: int = 0


@dataclass
class Tally:
    """What a run over degrees met: values of transcendental functions, the largest argument, conjugates of roots."""

    kernels: int = 0
    largest: int = 0
    conjugates: int = 1

    def bound(self, prime: int, *results: Degree) -> float:
        """log₂ of the probability that two different results are taken for equal, for one seed; 0 where useless.

        Differing results are a/b and c/d; a·d − c·b vanishes at a fraction ≤ degree / p of all points, as does any of
        the denominators, and any difference of two arguments.
        """
        degree = sum(d.num + d.den for d in results) * self.conjugates
        pairs = self.kernels * (self.kernels - 1) // 2
        whole = degree + pairs * 2 * self.largest * self.conjugates
        return min(0.0, _log2(max(whole, 1)) - _log2(prime))


def degrees(tally: Tally | None = None) -> Domain:
    """The domain of degrees; `tally` is filled while it runs.

    >>> domain = degrees()
    >>> domain.operation("div")(Degree(1), Degree(2))
    Degree(num=1, den=2)
    """
    met = Tally() if tally is None else tally

    def kernel(*operands: Any) -> Degree:
        met.kernels += 1
        sizes = [_size(x) for x in operands if isinstance(x, Degree)]
        met.largest = min(max([met.largest, *sizes]), CEILING)
        return Degree(1, 0)

    def root(times: int) -> Operation:
        """√(a/b) = √(a·b)/b, and likewise of third order."""

        def take(x: Degree) -> Degree:
            met.conjugates = min(met.conjugates * times, CEILING)
            return _cut(-(-(x.num + (times - 1) * x.den) // times), x.den)

        return take

    table: dict[str, Operation] = {name: kernel for name in (*PARTIALS, "log1p") if name not in _RATIONAL}
    return Domain(
        "degrees",
        lambda value: Degree(),
        {
            **table,
            "add": _add,
            "sub": _add,
            "mul": lambda x, y: _cut(x.num + y.num, x.den + y.den),
            "div": lambda x, y: _cut(x.num + y.den, x.den + y.num),
            "neg": lambda x: x,
            "integer_pow": _power,
            "sum": _sum,
            "dot": _dot,
            "sqrt": root(2),
            "cbrt": root(3),
            "sin": lambda x: (kernel(x), Degree(2, 1))[1],
            "cos": lambda x: (kernel(x), Degree(2, 1))[1],
            "tan": lambda x: (kernel(x), Degree(2, 2))[1],
            "pi": lambda: Degree(1),
            "oracle": lambda label, *xs: kernel(*xs),
            "root_of_unity": lambda k, n: (Degree(), Degree()),
        },
    )


_RATIONAL = set(
    "add sub mul div neg square one_minus_square rsqrt exp2 expm1 logistic sinh cosh tanh asinh acosh atanh erfc "
    "igammac random_gamma_grad digamma trigamma".split()
)
"""Operations that are put together from others, so that their degrees are, too."""


def _size(x: Degree) -> int:
    return x.num + x.den


def _cut(num: int, den: int) -> Degree:
    return Degree(min(num, CEILING), min(den, CEILING))


def _add(x: Degree, y: Degree) -> Degree:
    return _cut(max(x.num + y.den, y.num + x.den), x.den + y.den)


def _sum(items: Any) -> Degree:
    """Over the product of all denominators."""
    whole = sum(x.den for x in items)
    return _cut(max((x.num + whole - x.den for x in items), default=0), whole)


def _dot(left: Any, right: Any) -> Degree:
    """The sum of products, without an element for each."""
    dens = [x.den + y.den for x, y in zip(left, right, strict=True)]
    whole = sum(dens)
    return _cut(max((x.num + y.num + whole - d for x, y, d in zip(left, right, dens, strict=True)), default=0), whole)


def _power(x: Degree, n: int) -> Degree:
    return _cut(x.num * n, x.den * n) if n >= 0 else _cut(-n * x.den, -n * x.num)


def _log2(n: int | Fraction) -> float:
    """Of any size."""
    whole = int(n)
    shift = max(whole.bit_length() - 60, 0)
    return log2(whole >> shift) + shift
