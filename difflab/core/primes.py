"""Primes for computing modulo: large, with the roots of unity and square roots that programs need.

Every prime is ≡ 1 mod 8, so that √−1 and √2 exist; ≡ ±1 mod 5, so that √5 exists; and, unless third roots of unity are
asked for, ≡ 2 mod 3, so that every element has exactly one cube root. Dirichlet's theorem says that there are enough.

Chains p₀ > p₁ > … with pᵢ ≡ 1 mod pᵢ₊₁ are from Gonnet, "Determining equivalence of expressions in random polynomial
time", STOC 1984 (doi:10.1145/800057.808698): g of order pᵢ₊₁ modulo pᵢ makes x ↦ gˣ a model of exp.
Primality is tested as in Miller (1976) and Rabin (1980), with forty bases.
"""

from __future__ import annotations

from functools import cache
from math import lcm
from random import Random

_SMALL = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97]
_BASES = 40


def is_prime(n: int) -> bool:
    """Whether n is prime, wrong with a probability below 4⁻⁴⁰.

    >>> is_prime(2**127 - 1), is_prime(2**127 + 1)
    (True, False)
    """
    if n < 2 or any(n % q == 0 for q in _SMALL):
        return n in _SMALL
    twos = ((n - 1) & (1 - n)).bit_length() - 1
    odd = (n - 1) >> twos
    draw = Random(n)
    return all(_passes(n, base, odd, twos) for base in (2, *(draw.randrange(2, n - 1) for _ in range(_BASES))))


@cache
def prime_chain(seed: int, bits: int, roots: int = 1, length: int = 1) -> tuple[int, ...]:
    """Primes p₀ > p₁ > … drawn by `seed`, the last of `bits` bits; each is ≡ 1 modulo 8, 4·roots and its successor.

    >>> p, q = prime_chain(seed=1, bits=64, length=2)
    >>> p % q, p % 8, q % 8, p % 3
    (1, 1, 1, 2)
    """
    if bits < 32 or roots < 1 or length < 1:
        raise ValueError(f"bits={bits}, roots={roots}, length={length}: take bits ≥ 32, roots ≥ 1 and length ≥ 1")
    draw = Random(f"{seed} {bits} {roots} {length}")
    modulus = lcm(8, 4 * roots)
    chain: list[int] = []
    for _ in range(length):
        step = lcm(modulus, chain[0]) if chain else modulus
        low = max(2**15, 2 ** (bits - 1) // step)
        k = draw.randrange(low, 2 * low)
        while not _fits(step * k + 1, roots):
            k += 1
        chain.insert(0, step * k + 1)
    return tuple(chain)


def _fits(p: int, roots: int) -> bool:
    return (roots % 3 == 0 or p % 3 == 2) and p % 5 in (1, 4) and is_prime(p)


def _passes(n: int, base: int, odd: int, twos: int) -> bool:
    power = pow(base, odd, n)
    if power in (1, n - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % n
        if power == n - 1:
            return True
    return False
