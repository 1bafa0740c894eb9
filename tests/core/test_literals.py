"""Many float literals looked at together are read as each is alone."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.field import prime_field
from difflab.core.literals import fraction, known_literals, plain

WRITTEN = st.one_of(
    st.builds(lambda n, d: n / d, st.integers(-5000, 5000), st.integers(1, 1000)),
    st.builds(lambda n, e: float(f"{n}e{e}"), st.integers(-999_999, 999_999), st.integers(-12, 6)),
    st.sampled_from(sorted(known_literals())),
    st.floats(allow_nan=False, allow_infinity=False),
)
"""Fractions, short decimals, numbers with a formula, and any others."""


@settings(deadline=None, max_examples=200)
@given(st.lists(WRITTEN, min_size=1, max_size=40), st.booleans())
def test_a_number_that_is_plain_is_read_as_it_stands(numbers: list[float], single: bool) -> None:
    """The quick look never passes over a number that stands for another one."""
    with np.errstate(over="ignore"):
        array = np.array(numbers, np.float32 if single else np.float64).astype(np.float64)
    array = array[np.isfinite(array)]
    for number in array[plain(array)].tolist():
        assert fraction(number) == Fraction(number)
        assert abs(number) not in known_literals()


def test_nearly_all_random_numbers_are_plain() -> None:
    """Otherwise nothing is gained."""
    numbers = np.random.default_rng(0).standard_normal(1000)
    assert plain(numbers).mean() > 0.99
    assert plain(numbers.astype(np.float32).astype(np.float64)).mean() > 0.9


def test_constants_read_together_are_those_read_alone() -> None:
    """In a field of one prime, and in a chain of primes."""
    numbers = [*np.random.default_rng(1).standard_normal(40).tolist(), 0.1, 1 / 3, np.pi, -2.5, 0.0, 1e300, 5e-324]
    for levels in (0, 1):
        field = prime_field(seed=3, levels=levels)
        alone = [field.domain.constant(x) for x in numbers]
        assert all(map(field.same, field.domain.constants(numbers), alone))
