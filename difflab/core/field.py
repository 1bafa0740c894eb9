"""Numbers of a finite field: arithmetic is exact, so that two programs are compared by one random evaluation.

Rational functions that differ take different values at a random point, but with probability ≤ degree / p (Schwartz,
"Fast probabilistic algorithms for verification of polynomial identities", 1980; Zippel 1979; the degree is bounded by
`difflab.core.degrees`). Transcendental functions are random, but for the relations in `difflab.core.functions`: "equal"
is then right with that probability, while "different" may mean that a relation is missing. With `levels` the addition
theorem of exp, and so those of sin, cos, sinh, cosh, holds as well (`difflab.core.chain`).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own.

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from typing import Any

import numpy as np

from difflab.core.chain import Chain
from difflab.core.domains import Domain
from difflab.core.functions import Functions
from difflab.core.literals import fraction, known_literals, plain
from difflab.core.modular import Modular
from difflab.core.primes import prime_chain
from difflab.core.towers import BROKEN, INFINITY, MINUS_INFINITY, Special


@dataclass(frozen=True, eq=False)
class PrimeField:
    """A field, the domain over it, and what was asked of it. `prime` is what probabilities are bounded with."""

    seed: int
    prime: int
    domain: Domain
    functions: Functions
    _literals: dict[float, str]
    _draws: Any = field(default_factory=count)

    @property
    def recognised(self) -> tuple[str, ...]:
        """Numbers that float literals were read as, such as "2/sqrt(pi())"."""
        return tuple(dict.fromkeys(self._literals.values()))

    @property
    def roots_taken(self) -> int:
        """Square roots whose sign was drawn. What holds for positive roots only passes with probability ½ a seed."""
        return self.functions.roots_taken

    def draw(self, n: int) -> list[Any]:
        """The next n random elements; the same for the same seed."""
        label = f"draw {next(self._draws)}"
        numbers = self.functions.n
        if isinstance(numbers, Modular):
            return numbers.draw(label, n)
        return [numbers.oracle(f"{label}, {k}") for k in range(n)]

    def same(self, a: Any, b: Any) -> bool:
        """Whether two elements are equal, and neither is broken or infinite."""
        return not isinstance(a, Special) and not isinstance(b, Special) and self.functions.n.same(a, b)

    def broken(self, a: Any) -> bool:
        """Whether an element comes of dividing by zero, or of a root that is not there: take another seed."""
        return a is BROKEN


def prime_field(seed: int, *, bits: int = 127, roots: int = 1, levels: int = 0) -> PrimeField:
    """The field of a prime drawn by `seed`, of `bits` bits.

    `roots=n`: exact roots of unity of order n. `levels`: how deep exp may stand in exp and still obey the addition
    theorem; arithmetic takes levels + 1 times as long, and more.

    >>> field = prime_field(seed=1)
    >>> exp, sin, cos = map(field.domain.operation, ("exp", "sin", "cos"))
    >>> (x,) = field.draw(1)
    >>> field.same(field.domain.sum([sin(x)**2, cos(x)**2]), 1), field.same(exp(x), exp(x + 1))
    (True, False)
    """
    if levels < 0:
        raise ValueError(f"levels={levels}: take 0 (no addition theorem), 1 or 2")
    primes = prime_chain(seed if bits <= 600 else 0, bits, roots, levels + 1)
    rows = tuple(Modular(p, f"{seed} {k}") for k, p in enumerate(primes))
    numbers = rows[0] if levels == 0 else Chain(rows)
    functions = Functions(numbers)
    read: dict[float, str] = {}
    domain = Domain(
        f"numbers modulo a prime of {primes[0].bit_length()} bits",
        lambda value: constant(value),
        {
            "add": numbers.add,
            "sub": numbers.sub,
            "mul": numbers.mul,
            "div": numbers.div,
            "neg": numbers.neg,
            "integer_pow": numbers.power,
            "sum": numbers.sum,
            "dot": numbers.dot,
            **functions.operations(),
        },
        many=lambda values: constants(values),
    )
    constant, constants = _reader(domain, numbers, read)
    return PrimeField(seed, primes[-1], domain, functions, read)


def _reader(
    domain: Domain, numbers: Any, read: dict[float, str]
) -> tuple[Callable[[Any], Any], Callable[[list[float]], list[Any]]]:
    """Constants of a program, each read once, and many of them together."""
    known: dict[Any, Any] = {}

    def new(value: float) -> Any:
        if value != value:
            return BROKEN
        if math.isinf(value):
            return INFINITY if value > 0 else MINUS_INFINITY
        if value < 0:
            return numbers.neg(constant(-value))
        formula = domain.formula(known_literals().get(value, ""))
        if formula is None:
            return numbers.constant(fraction(value))
        read[value] = known_literals()[value]
        return formula()

    def constant(value: Any) -> Any:
        if value not in known:
            known[value] = numbers.constant(value) if isinstance(value, int) else new(float(value))
        return known[value]

    def constants(values: list[float]) -> list[Any]:
        if len(values) <= _FEW:
            return list(map(constant, values))
        array = np.array(values)
        direct = plain(array)
        mantissas, exponents = np.frexp(np.where(direct, array, 0.5))
        powers = {e: numbers.constant(Fraction(2) ** (e - 53)) for e in np.unique(exponents).tolist()}
        whole: list[Any] = np.ldexp(mantissas, 53).astype(np.int64).tolist()
        scales, multiply = [powers[e] for e in exponents.tolist()], numbers.mul
        made = list(map(multiply, whole if isinstance(numbers, Modular) else map(numbers.constant, whole), scales))
        for k in np.flatnonzero(~direct).tolist():
            made[k] = constant(values[k])
        return made

    return constant, constants


_FEW = 16
"""More constants are looked at together."""
