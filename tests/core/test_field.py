"""Finite fields: arithmetic, what holds of their functions, and what does not."""

import math
from fractions import Fraction
from functools import cache
from itertools import pairwise

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.bigfloat import big_floats
from difflab.core.complexes import Complex, complex_over
from difflab.core.duals import Dual, dual
from difflab.core.field import PrimeField, prime_field
from difflab.core.literals import FORMULAS, fraction, known_literals
from difflab.core.primes import is_prime, prime_chain
from difflab.core.towers import BROKEN, Root, Tower

SEEDS = st.integers(0, 10**6)
SMALL = prime_field(0)
FIELDS = cache(lambda seed, levels: prime_field(seed, bits=64, levels=levels))
"""Fields of 64 bits, each made once: their functions remember what was asked, as they may."""
TWICE = dual(dual(SMALL.domain))
NAMES = ("x", "y", "u", "v")


def equal(field: PrimeField, left: str, right: str) -> bool:
    point = field.draw(len(NAMES))
    sides = [field.domain.formula(text, NAMES) for text in (left, right)]
    assert all(sides), f"{left} or {right} is not understood"
    return field.same(*[side(*point) for side in sides if side])


@pytest.mark.parametrize("bits", [64, 127, 256])
@pytest.mark.parametrize(("roots", "length"), [(1, 1), (1, 3), (7, 2), (12, 1)])
def test_primes_are_prime_and_fit_together(bits: int, roots: int, length: int):
    chain = prime_chain(3, bits, roots, length)
    assert len(chain) == length and chain[-1].bit_length() >= bits
    assert all(sympy.isprime(p) and p % 8 == 1 and p % (4 * roots) == 1 for p in chain)
    assert all(p % q == 1 for p, q in pairwise(chain))
    assert roots % 3 == 0 or all(p % 3 == 2 for p in chain)
    assert all(sympy.jacobi_symbol(a, p) == 1 for a in (-1, 2, 5) for p in chain)


@given(st.integers(-10, 10**12))
def test_primality_agrees_with_sympy(n: int):
    assert is_prime(n) == sympy.isprime(n)


@pytest.mark.parametrize(
    ("options", "word"), [({"bits": 8}, "bits"), ({"roots": 0}, "roots"), ({"levels": -1}, "levels")]
)
def test_impossible_fields_are_refused(options: dict[str, int], word: str):
    with pytest.raises(ValueError, match=word):
        prime_field(1, **options)


@given(SEEDS, st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_extensions_are_fields(seed: int, height: int):
    field = prime_field(seed, bits=40)
    tower, n = Tower(field.prime), field.functions.n
    size = 2**height
    a, b, c = (tower.element(tuple(field.draw(size))) for _ in range(3))
    assert n.mul(a, n.add(b, c)) == n.add(n.mul(a, b), n.mul(a, c))
    assert n.mul(n.mul(a, b), c) == n.mul(a, n.mul(b, c))
    assert n.mul(a, b) == n.mul(b, a)
    assert n.add(a, n.neg(a)) == 0
    assert n.mul(a, n.power(a, -1)) == 1
    assert n.mul(n.div(a, b), b) == a
    assert n.power(a, 5) == n.mul(a, n.mul(n.mul(a, a), n.mul(a, a)))
    root = n.sqrt(a)
    assert n.mul(root, root) == a


def test_many_roots_share_one_extension_and_roots_of_roots_climb():
    sqrt, add, mul = map(SMALL.domain.operation, ("sqrt", "add", "mul"))
    roots = [sqrt(x) for x in SMALL.draw(40)]
    assert any(isinstance(r, Root) for r in roots) and any(isinstance(r, int) for r in roots)
    assert all(isinstance(r, int) or len(r.coefficients) == 2 for r in roots)
    nested = SMALL.draw(1)[0]
    for _ in range(4):
        inner, nested = add(1, nested), sqrt(add(1, nested))
        assert SMALL.same(mul(nested, nested), inner)


def test_roots_that_were_drawn_are_counted_and_those_of_squares_are_not():
    field = prime_field(5)
    sqrt, constant = field.domain.operation("sqrt"), field.domain.constant
    assert field.same(sqrt(constant(2.25)), constant(1.5))
    assert field.roots_taken == 0
    (x,) = field.draw(1)
    assert sqrt(x) == sqrt(x)
    assert field.roots_taken == 1


@pytest.mark.parametrize("levels", [0, 1, 2])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("sin(x)**2 + cos(x)**2", "1"),
        ("exp(-x)*exp(x)", "1"),
        ("exp(log(x))", "x"),
        ("log(exp(x))", "x"),
        ("log(1/x)", "-log(x)"),
        ("log(50)", "log(2) + 2*log(5)"),
        ("sin(-x) + cos(-x)", "cos(x) - sin(x)"),
        ("1 + tan(x)**2", "1/cos(x)**2"),
        ("1 - tanh(x)**2", "1/cosh(x)**2"),
        ("logistic(-x)", "1 - logistic(x)"),
        ("sqrt(x)**2", "x"),
        ("pow(x, 5/2)", "x*x*sqrt(x)"),
        ("pow(x, -1/2)", "rsqrt(x)"),
        ("pow(x, y + 1)", "x*pow(x, y)"),
        ("pow(x, y - 2)*x**3", "pow(x, y + 1)"),
        ("exp(y*log(x))", "pow(x, y)"),
        ("exp(log(x)/2)**2", "x"),
        ("sqrt(exp(x))", "exp(x/2)"),
        ("exp2(x + 3)", "8*exp2(x)"),
        ("exp2(x)", "exp(x*log(2))"),
        ("cbrt(x)**3", "x"),
        ("cbrt(x*y)", "cbrt(x)*cbrt(y)"),
        ("cbrt(-x)", "-cbrt(x)"),
        ("sin(asin(x))", "x"),
        ("cos(asin(x))", "sqrt(1 - x**2)"),
        ("cos(acos(x))", "x"),
        ("asin(x) + acos(x)", "pi()/2"),
        ("tan(atan(x))", "x"),
        ("cos(atan(x))*sqrt(1 + x**2)", "1"),
        ("tan(atan2(x, y))", "x/y"),
        ("atan(-x)", "-atan(x)"),
        ("sinh(asinh(x))", "x"),
        ("cosh(asinh(x))", "sqrt(x*x + 1)"),
        ("cosh(acosh(x))", "x"),
        ("tanh(atanh(x))", "x"),
        ("atanh(x)", "(log(1 + x) - log(1 - x))/2"),
        ("erf(-x) + erf(x)", "0"),
        ("erf(x) + erfc(x)", "1"),
        ("erf(erf_inv(x))", "x"),
        ("erf_inv(erf(x))", "x"),
        ("expm1(log1p(x))", "x"),
        ("log(exp(x) + exp(y))", "log(exp(y) + exp(x))"),
        ("sin(pi()/4)*sqrt(2)", "1"),
        ("sqrt(2*pi())", "sqrt(2)*sqrt(pi())"),
        ("cos(pi())", "-1"),
        ("log(2*pi())", "log(2) + log(pi())"),
        ("trigamma(x)", "polygamma(1, x)"),
        ("igamma(x, y) + igammac(x, y)", "1"),
        ("bessel_i0e(-x) + bessel_i1e(-x)", "bessel_i0e(x) - bessel_i1e(x)"),
    ],
)
def test_relations_hold_at_every_level(levels: int, left: str, right: str):
    assert all(equal(FIELDS(seed, levels), left, right) for seed in range(3))


DEEP = [
    ("exp(x + y)", "exp(x)*exp(y)", 1),
    ("exp(x/2)**2", "exp(x)", 1),
    ("sin(x + y)", "sin(x)*cos(y) + cos(x)*sin(y)", 1),
    ("cos(2*x)", "2*cos(x)**2 - 1", 1),
    ("tanh(2*x)", "2*tanh(x)/(1 + tanh(x)**2)", 1),
    ("sinh(x - y)", "sinh(x)*cosh(y) - cosh(x)*sinh(y)", 1),
    ("exp(u - log(1 + exp(v)))", "exp(u)/(1 + exp(v))", 1),
    ("exp(u + 3*log(x) - log(y)/2)", "exp(u)*x**3/sqrt(y)", 1),
    ("sin(x + pi()/2)", "cos(x)", 1),
    ("sin(x - 3*pi())", "-sin(x)", 1),
    ("pow(x, y + u)", "pow(x, y)*pow(x, u)", 1),
    ("exp(x + sqrt(y))", "exp(x)*exp(sqrt(y))", 1),
    ("exp(exp(x + y))", "exp(exp(x)*exp(y))", 2),
    ("sin(exp(x)*exp(y))", "sin(exp(x + y))", 2),
]


@pytest.mark.parametrize(("left", "right", "levels"), DEEP)
def test_addition_theorems_hold_from_their_level_on(left: str, right: str, levels: int):
    assert all(equal(FIELDS(seed, k), left, right) for seed in range(3) for k in range(levels, 3))
    assert not equal(FIELDS(0, levels - 1), left, right)


@pytest.mark.parametrize("levels", [0, 1, 2])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("exp(x)", "exp(y)"),
        ("exp(2*x)", "exp(x)"),
        ("sin(x)", "x"),
        ("cos(x)", "cosh(x)"),
        ("exp(x)", "exp(exp(x))"),
        ("tanh(x)", "tanh(1.000001*x)"),
        ("log(x + y)", "log(x) + log(y)"),
        ("erf(x)", "tanh(x)"),
        ("sqrt(x)", "cbrt(x)"),
        ("pow(x, y)", "pow(y, x)"),
        ("x*0.7978845608028654", "x*0.7978"),
    ],
)
def test_what_does_not_hold_is_told_apart(levels: int, left: str, right: str):
    assert not any(equal(FIELDS(seed, levels), left, right) for seed in range(3))


def expressions() -> st.SearchStrategy[str]:
    leaves = st.one_of(st.sampled_from(NAMES), st.integers(1, 9).map(str))
    return st.recursive(
        leaves,
        lambda inner: (
            st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
            | st.tuples(inner, inner).map(lambda t: f"({t[0]}/(1 + ({t[1]})**2))")
        ),
        max_leaves=10,
    )


@given(expressions(), expressions(), SEEDS, st.sampled_from([0, 1]))
@settings(max_examples=25, deadline=None)
def test_rational_functions_are_equal_where_sympy_says_so(left: str, right: str, seed: int, levels: int):
    field = FIELDS(seed % 5, levels)
    assert equal(field, left, right) == (sympy.cancel(sympy.sympify(f"({left}) - ({right})")) == 0)
    assert equal(field, left, str(sympy.cancel(sympy.sympify(left))))
    assert not equal(field, left, f"{left} + x/1000000007")


def test_everything_is_drawn_by_the_seed():
    text = "exp(x)*sqrt(y) + erf(u)/pow(x, v) + atan2(x, y)"
    found = [field.domain.formula(text, NAMES)(*field.draw(4)) for field in map(prime_field, (1, 1, 2))]  # pyright: ignore
    assert found[0] == found[1] != found[2]
    field = prime_field(1)
    assert field.draw(2) != field.draw(2)
    linked = [prime_field(1, levels=1) for _ in range(2)]
    assert linked[0].draw(3) == linked[1].draw(3)


@pytest.mark.parametrize("levels", [0, 1])
@pytest.mark.parametrize("text", ["1/(x - x)", "log(x - x)*y", "1/(x - x) + 1"])
def test_division_by_zero_spreads(levels: int, text: str):
    field = prime_field(1, levels=levels)
    (result,) = [field.domain.formula(text, NAMES)(*field.draw(4))]  # pyright: ignore[reportOptionalCall]
    assert field.broken(result)
    assert not field.same(result, result)


@pytest.mark.parametrize("levels", [0, 1])
def test_infinities_of_masks_vanish(levels: int):
    domain = prime_field(1, levels=levels).domain
    low = domain.constant(-math.inf)
    exp, add, neg, div = (domain.operation(name) for name in ("exp", "add", "neg", "div"))
    assert exp(low) == domain.constant(0)
    assert add(low, domain.constant(3)) is low
    assert exp(neg(exp(neg(low)))) == domain.constant(0)
    assert div(domain.constant(3), low) == domain.constant(0)
    assert domain.operation("tanh")(low) == domain.constant(-1)
    assert domain.operation("sub")(low, low) is BROKEN


@given(st.fractions(-1000, 1000, max_denominator=1000), st.fractions(-1000, 1000, max_denominator=1000))
@settings(max_examples=25, deadline=None)
def test_constants_are_exact(a: Fraction, b: Fraction):
    for field in (SMALL, prime_field(2, levels=1)):
        n = field.functions.n
        assert n.add(n.constant(a), n.constant(b)) == n.constant(a + b)
        assert n.mul(n.constant(a), n.constant(b)) == n.constant(a * b)
        assert n.small(n.constant(a)) == a


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2 / np.sqrt(np.pi), "2/sqrt(pi())"),
        (float(np.float32(np.sqrt(2 / np.pi))), "sqrt(2/pi())"),
        (0.5 * np.log(2 * np.pi), "log(2*pi())/2"),
        (-np.log(2), "-log(2)"),
        (np.log(10), "log(2) + log(5)"),
        (float(np.float32(1 / np.log(2))), "1/log(2)"),
        (0.1, "1/10"),
        (float(np.float32(0.1)), "1/10"),
        (1 / 3, "1/3"),
        (-2.5e-3, "-1/400"),
    ],
)
def test_literals_are_read_as_what_they_stand_for(value: float, text: str):
    for field in (prime_field(1), prime_field(1, levels=1)):
        assert field.same(field.domain.constant(float(value)), field.domain.formula(text)())  # pyright: ignore
        assert bool(field.recognised) == ("(" in text)


def test_recognised_literals_are_within_the_rounding_of_single_precision():
    exact = big_floats(40)
    for value, text in known_literals().items():
        true = exact.formula(text)
        assert true is not None
        assert abs(value / true() - 1) < 2**-24
    assert len(FORMULAS) >= 40


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_fractions_read_from_floats_round_to_them(value: float):
    read = fraction(value)
    assert float(read) == value or np.float32(float(read)) == np.float32(value)


@pytest.mark.parametrize("n", [3, 5, 8, 12])
@pytest.mark.parametrize("levels", [0, 1])
def test_roots_of_unity_are_on_the_circle_and_add_up(n: int, levels: int):
    field = prime_field(1, roots=n, levels=levels)
    turn, domain = field.domain.operation("root_of_unity"), field.domain
    total = [domain.constant(0), domain.constant(0)]
    c1, s1 = turn(1, n)
    for k in range(n):
        c, s = turn(k, n)
        total = [domain.operations["add"](t, part) for t, part in zip(total, (c, s), strict=True)]
        c2, s2 = turn(k + 1, n)
        values = dict(zip("cdst", (c, c1, s, s1), strict=True))
        for text, true in (("c*d - s*t", c2), ("c*t + s*d", s2), ("c*c + s*s", domain.constant(1))):
            assert field.same(domain.formula(text, tuple(values))(*values.values()), true)  # pyright: ignore
    assert all(field.same(t, domain.constant(0)) for t in total)
    numbers = big_floats(20).operation("root_of_unity")(1, n)
    assert float(numbers[0]) == pytest.approx(math.cos(2 * math.pi / n), abs=1e-15)


def test_oracles_are_keyed_by_label_and_arguments():
    oracle, (x, y) = SMALL.domain.operation("oracle"), SMALL.draw(2)
    assert oracle("a", x, y) == oracle("a", x, y)
    assert len({oracle("a", x, y), oracle("a", y, x), oracle("b", x, y), oracle("a", x)}) == 4


@pytest.mark.parametrize("name", ["exp", "log", "sin", "sqrt"])
def test_complex_functions_obey_the_relations_of_the_field(name: str):
    domain = complex_over(SMALL.domain)
    z = Complex(*SMALL.draw(2))
    inverse = {"exp": "log", "log": "exp", "sin": "asin", "sqrt": "square"}[name]
    outer, inner = (inverse, name) if name in ("exp", "sqrt") else (name, inverse)
    if outer == "square":
        root = domain.operation("sqrt")(z)
        back = domain.operations["mul"](root, root)
    else:
        back = domain.operation(outer)(domain.operation(inner)(z))
    assert SMALL.same(back.re, z.re) and SMALL.same(back.im, z.im)


@pytest.mark.parametrize(
    "text", ["x*y/(1 + x**2)", "exp(x*y)", "sin(x)*sqrt(y)", "pow(x, y)", "erf(x*y)", "tanh(x + y)"]
)
def test_second_derivatives_commute(text: str):
    outer = TWICE
    x, y, t, u = SMALL.draw(4)
    f = outer.formula(text, ("x", "y"))
    assert f is not None

    first = f(Dual(Dual(x, t), Dual(u)), Dual(Dual(y), None)).tangent.tangent
    second = f(Dual(Dual(x, u), Dual(t)), Dual(Dual(y), None)).tangent.tangent
    assert SMALL.same(first, second)
    frozen = outer.freeze(Dual(Dual(x, t), Dual(u, y)))
    assert frozen.tangent is None and frozen.value.tangent is None


@pytest.mark.parametrize(
    ("name", "point"),
    [("igamma_grad_a", (2.5, 1.5)), ("igamma_grad_a", (0.7, 9.0)), ("random_gamma_grad", (2.5, 1.5))],
)
def test_derivatives_by_the_order_agree_with_differences(name: str, point: tuple[float, float]):
    domain = big_floats(30)
    a, x = map(mpmath.mpf, point)
    with mpmath.workdps(40):
        slope = mpmath.diff(lambda b: mpmath.gammainc(b, 0, x, regularized=True), a)
        density = mpmath.exp((a - 1) * mpmath.log(x) - x - mpmath.loggamma(a))
    true = slope if name == "igamma_grad_a" else -slope / density
    assert abs(float(domain.operation(name)(*map(domain.constant, point))) / float(true) - 1) < 1e-12
