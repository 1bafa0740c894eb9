"""Modular numbers with exp(a + b) = exp(a)·exp(b): a remainder modulo each prime of a chain.

Gonnet, "Determining equivalence of expressions in random polynomial time", STOC 1984: let pᵢ₊₁ divide pᵢ − 1 and g be
of order pᵢ₊₁ modulo pᵢ. Then exp(x) mod pᵢ = g^(x mod pᵢ₊₁) obeys the addition theorem, and so does cis x = exp(ιx)
with ι = √−1 modulo pᵢ₊₁; modulo the last prime both are random. So exp(exp(x)) is good modulo p₀ with three primes.
Numbers are equal if they are modulo p₀.

There is no logarithm: log a is random, with a tag. Tags are carried through sums and products with fractions, so that
exp(u + c·log a) is exp(u)·aᶜ for integers 2c, and cis(u + c·π) is cis(u)·exp(iπc) for integers 4c. That part is new.
Where an exponent lies in an extension, a random linear function of its coefficients takes its place.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own.

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from difflab.core.modular import Modular, exact_root
from difflab.core.towers import BROKEN, Root, Special

Tags = tuple[tuple[int, Fraction], ...]
"""How often the logarithm of each number goes into this one; number 0 is π."""

_PI = 0
_TRACKED = 2**64


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """Remainders modulo the primes of a chain; tags; the fraction that it is, if it is a small one."""

    parts: tuple[Any, ...]
    tags: Tags = ()
    fraction: Fraction | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Linked) and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.parts)


@dataclass(frozen=True, eq=False)
class Chain:
    """Numbers modulo a chain of primes; elements are `Linked` or `Special`."""

    levels: tuple[Modular, ...]
    _logs: list[tuple[Any, Any]] = field(default_factory=lambda: [(None, None)])
    _bases: dict[tuple[int, str], int] = field(default_factory=dict[tuple[int, str], int])

    additive = True
    """exp(a + b) = exp(a) exp(b)."""

    def constant(self, value: Fraction | int) -> Linked:
        """The remainders of a fraction."""
        exact = Fraction(value)
        return Linked(tuple(level.constant(exact) for level in self.levels), (), _kept(exact))

    def add(self, x: Any, y: Any) -> Any:
        """x + y; tags add up."""
        made = self._each("add", x, y)
        if not _linked(made, x, y) or not (x.tags or y.tags or (x.fraction is not None and y.fraction is not None)):
            return made
        return Linked(made.parts, _plus(x.tags, y.tags), _both(lambda a, b: a + b, x, y))

    def sub(self, x: Any, y: Any) -> Any:
        """x − y."""
        return self.add(x, self.neg(y))

    def neg(self, x: Any) -> Any:
        """−x."""
        if isinstance(x, Special):
            return -x
        return Linked(self._each("neg", x).parts, _times(x.tags, Fraction(-1)), _both(lambda a, b: -a, x, x))

    def mul(self, x: Any, y: Any) -> Any:
        """x · y; a fraction times tags."""
        made = self._each("mul", x, y)
        if not _linked(made, x, y) or (x.fraction is None and y.fraction is None):
            return made
        tags = _times(x.tags, y.fraction) if y.fraction is not None else _times(y.tags, x.fraction or Fraction(0))
        return Linked(made.parts, tags, _both(lambda a, b: a * b, x, y))

    def div(self, x: Any, y: Any) -> Any:
        """x / y."""
        return self.mul(x, self.power(y, -1))

    def power(self, x: Any, n: int) -> Any:
        """xⁿ for an integer n."""
        made = self._map(lambda level, part: level.power(part, n), x)
        if not _linked(made, x) or x.fraction is None or abs(n) > 64 or (n < 0 and not x.fraction):
            return made
        return Linked(made.parts, x.tags if n == 1 else (), _kept(x.fraction**n))

    def sum(self, items: Any) -> Any:
        """The sum, from the left."""
        total: Any = self.constant(0)
        for item in items:
            total = self.add(total, item)
        return total

    def dot(self, left: Sequence[Any], right: Sequence[Any]) -> Any:
        """Σ xₖ yₖ."""
        return self.sum(map(self.mul, left, right))

    def same(self, x: Any, y: Any) -> bool:
        """Whether two elements are equal modulo the first prime."""
        return self.levels[0].same(x.parts[0], y.parts[0])

    def oracle(self, label: str, *elements: Any) -> Any:
        """Random modulo each prime, keyed by label and arguments."""
        return self._map(lambda level, *parts: level.oracle(label, *parts), *elements)

    def sqrt(self, x: Any) -> Any:
        """One of two roots modulo each prime."""
        root = exact_root(x.fraction) if x.fraction is not None else None
        return self._map(lambda level, part: level.sqrt(part), x) if root is None else self.constant(root)

    def cbrt(self, x: Any) -> Any:
        """The cube root modulo each prime."""
        return self._map(lambda level, part: level.cbrt(part), x)

    def unity(self, k: int, n: int) -> Any:
        """exp(2πi k/n), if there is one modulo every prime."""
        parts = [level.unity(k, n) for level in self.levels]
        return None if None in parts else Linked(tuple(parts))

    def small(self, x: Any) -> Fraction | None:
        """The small fraction that x is, if it is one."""
        return x.fraction if isinstance(x, Linked) else None

    def negative(self, x: Any) -> bool:
        """A sign."""
        found = ((level, part) for level, part in zip(self.levels, x.parts, strict=True) if part != 0)
        return next((level.negative(part) for level, part in found), False)

    def pi_root(self) -> Linked:
        """√π, random."""
        return self.oracle("√π")

    def pi(self) -> Linked:
        """π, with its tag."""
        return Linked(self.power(self.pi_root(), 2).parts, ((_PI, Fraction(1)),))

    def fresh_exp(self, x: Linked, sqrt: Callable[[Any], Any]) -> Any:
        """g to the power of what is left of x without its logarithms, times their numbers or `sqrt` of them."""
        taken = [(self._logs[k], c) for k, c in x.tags if k != _PI and c.denominator in (1, 2)]
        rest, factor = x, self.constant(1)
        for (logarithm, number), c in taken:
            rest = self.sub(rest, self.mul(self.constant(c), logarithm))
            root = number if c.denominator == 1 else sqrt(number)
            factor = self.mul(factor, self.power(root, c.numerator))
        return self.mul(self._raised("exp", rest), factor)

    def fresh_cis(self, x: Linked) -> Any:
        """g to the power of ι times what is left of x without multiples of π/4, turned by them."""
        turns = next((c for k, c in x.tags if k == _PI and c.denominator in (1, 2, 4)), Fraction(0))
        rest = self.sub(x, self.mul(self.constant(turns), self.pi()))
        return self.mul(self._raised("cis", rest), self.unity(int(4 * turns) % 8, 8))

    def fresh_log(self, x: Linked) -> Any:
        """Random, with a new tag."""
        made = self.oracle("log", x)
        tagged = Linked(made.parts, ((len(self._logs), Fraction(1)),))
        self._logs.append((tagged, x))
        return tagged

    def drawn(self, x: Linked) -> bool:
        """Whether x was drawn as a logarithm."""
        return len(x.tags) == 1 and x.tags[0][0] != _PI and self._logs[x.tags[0][0]][0] == x

    def _raised(self, name: str, x: Linked) -> Any:
        """Modulo each prime a base of order of the next, to the power of x there; modulo the last a random number."""
        if not any(x.parts):
            return self.constant(1)
        parts: list[Any] = []
        for k, (level, below) in enumerate(zip(self.levels, self.levels[1:], strict=False)):
            exponent = x.parts[k + 1]
            coefficients = exponent.coefficients if isinstance(exponent, Root) else (exponent,)
            made = 1
            for j, c in enumerate(coefficients):
                stride = Fraction(j, len(coefficients))
                made = made * pow(self._base(k, stride), c * self._turned(name, below), level.prime) % level.prime
            parts.append(made)
        last, part = self.levels[-1], x.parts[-1]
        flip = part != 0 and last.negative(part)
        value = last.oracle(name, last.neg(part) if flip else part) if part != 0 else 1
        return Linked((*parts, last.power(value, -1) if flip else value))

    def _turned(self, name: str, below: Modular) -> int:
        turn = below.unity(1, 8) if name == "cis" else 1
        assert turn is not None, "a prime of a chain is not ≡ 1 mod 8; please report this"
        return turn * turn

    def _base(self, k: int, place: Fraction) -> int:
        """An element of GF(pₖ) of order pₖ₊₁, one for each power of y that an exponent may have."""
        key = (k, str(place))
        if key not in self._bases:
            level, order = self.levels[k], self.levels[k + 1].prime
            drawn = level.oracle(f"base {place}")
            self._bases[key] = pow(drawn, (level.prime - 1) // order, level.prime)
        return self._bases[key]

    def _each(self, name: str, *elements: Any) -> Any:
        """An operation of the levels; of special elements, theirs."""
        return self._map(lambda level, *parts: getattr(level, name)(*parts), *elements)

    def _map(self, function: Callable[..., Any], *elements: Any) -> Any:
        rows: list[Sequence[Any]] = [x.parts if isinstance(x, Linked) else (x,) * len(self.levels) for x in elements]
        parts = [function(level, *row) for level, *row in zip(self.levels, *rows, strict=True)]
        special = [part for part in parts if isinstance(part, Special)]
        if not special:
            return Linked(tuple(parts))
        return special[0] if len(special) == len(parts) and all(s is special[0] for s in special) else BROKEN


def _linked(*elements: Any) -> bool:
    return all(isinstance(x, Linked) for x in elements)


def _kept(value: Fraction) -> Fraction | None:
    return value if abs(value.numerator) < _TRACKED and value.denominator < _TRACKED else None


def _both(function: Callable[[Fraction, Fraction], Fraction], x: Linked, y: Linked) -> Fraction | None:
    return None if x.fraction is None or y.fraction is None else _kept(function(x.fraction, y.fraction))


def _plus(x: Tags, y: Tags) -> Tags:
    if not x or not y:
        return x or y
    total = dict(x)
    for k, c in y:
        total[k] = total.get(k, Fraction(0)) + c
    return tuple(sorted((k, c) for k, c in total.items() if c))


def _times(tags: Tags, factor: Fraction) -> Tags:
    return tuple((k, c * factor) for k, c in tags) if factor else ()
