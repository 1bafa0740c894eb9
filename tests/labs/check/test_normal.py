"""Normal forms: what is equal is proved, what is not is never, and the benchmark problems are proved."""

import time
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.bigfloat import big_floats
from difflab.core.call import call
from difflab.core.domains import Domain
from difflab.labs.check.normal import normal_forms, same
from difflab.labs.check.problem import problem, program
from difflab.labs.check.ring import Ring, UnprovableError, digits

from .problems import PROBLEMS

SECOND = ("jvp∘jvp", "jvp∘vjp", "vjp∘vjp")
BEYOND = ("lorenz 5", "lorenz 100", "determinant")
UNARY = "exp sin cos sqrt log tanh logistic square neg erf atan expm1".split()
BINARY = "add sub mul div".split()

trees = st.recursive(
    st.sampled_from(["x", "y", 1, 2, -3, 0.5]),
    lambda inner: st.tuples(st.sampled_from(UNARY), inner) | st.tuples(st.sampled_from(BINARY), inner, inner),
    max_leaves=6,
)


def build(tree: Any, domain: Domain, values: dict[str, Any]) -> Any:
    """The value of a tree over a domain."""
    if isinstance(tree, str):
        return values[tree]
    if not isinstance(tree, tuple):
        return domain.constant(tree)
    operation = domain.operation(tree[0])
    assert operation is not None
    return operation(*[build(t, domain, values) for t in tree[1:]])


def form(tree: Any, ring: Ring, domain: Domain, values: dict[str, Any]) -> Any:
    """The normal form, or None beyond the limits."""
    try:
        return build(tree, domain, values)
    except UnprovableError:
        return None


def numbers(tree: Any) -> list[Any]:
    """The tree's values in 40 digits at a few points."""
    base = big_floats(40)
    points = [(0.7, 1.3), (1.9, 0.4), (0.31, 2.2)]
    return [build(tree, base, {"x": base.constant(a), "y": base.constant(b)}) for a, b in points]


def fresh() -> tuple[Ring, Domain, dict[str, Any]]:
    ring = Ring()
    return ring, normal_forms(ring), {"x": ring.variable(), "y": ring.variable()}


def agree(a: Any, b: Any) -> bool:
    pairs = zip(numbers(a), numbers(b), strict=True)
    finite = [(p, q) for p, q in pairs if mpmath.isfinite(p) and mpmath.isfinite(q)]
    return all(abs(p - q) <= mpmath.mpf(10) ** -25 * (1 + abs(p)) for p, q in finite)


@settings(max_examples=40, deadline=None)
@given(trees, trees)
def test_what_is_proved_equal_is_equal(a: Any, b: Any):
    ring, domain, values = fresh()
    p, q = form(a, ring, domain, values), form(b, ring, domain, values)
    if p is not None and q is not None and ring.equal(p, q):
        assert agree(a, b)


IDENTITIES = [
    lambda a, b: (("mul", a, ("add", a, b)), ("add", ("square", a), ("mul", b, a))),
    lambda a, b: (("exp", ("add", a, b)), ("mul", ("exp", a), ("exp", b))),
    lambda a, b: (("add", ("square", ("sin", a)), ("square", ("cos", a))), 1),
    lambda a, b: (("sub", ("square", ("add", a, b)), ("square", ("sub", a, b))), ("mul", 2, ("mul", 2, ("mul", a, b)))),
    lambda a, b: (("add", ("logistic", a), ("logistic", ("neg", a))), 1),
    lambda a, b: (("square", ("sqrt", ("add", 1, ("square", a)))), ("add", 1, ("square", a))),
    lambda a, b: (("sin", ("neg", a)), ("neg", ("sin", a))),
    lambda a, b: (("tanh", a), ("sub", ("mul", 2, ("logistic", ("mul", 2, a))), 1)),
    lambda a, b: (("erf", ("add", a, b)), ("erf", ("sub", b, ("neg", a)))),
]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(IDENTITIES), trees, trees)
def test_identities_are_proved(identity: Any, a: Any, b: Any):
    ring, domain, values = fresh()
    left, right = identity(a, b)
    p, q = form(left, ring, domain, values), form(right, ring, domain, values)
    if p is not None and q is not None:
        assert ring.equal(p, q)


def test_fractions_need_no_common_denominator():
    ring, domain, values = fresh()
    x, y, one = values["x"], values["y"], domain.constant(1)
    divide, add, mul = (domain.operations[name] for name in ("div", "add", "mul"))
    s = add(x, y)
    left = add(divide(one, s), divide(one, add(s, one)))
    right = divide(add(add(s, s), one), mul(s, add(s, one)))
    assert ring.equal(left, right)
    assert not ring.equal(left, divide(add(s, one), mul(s, add(s, one))))


def test_exponents_are_digits():
    assert digits((3 << 64) - (2 << 32) + 5) == [(0, 5), (1, -2), (2, 3)]
    assert digits(-1) == [(0, -1)]
    assert digits(0) == []


def proof(f: Any, args: Any, mode: str, budget: float = 20.0) -> bool | None:
    checked = problem(call(f, *args))
    return same(checked, program(checked, mode), checked.at.leaves, time.monotonic() + budget)


@pytest.mark.parametrize("name", [n for n in PROBLEMS if n not in BEYOND])
def test_problems_are_proved_in_reverse(name: str):
    assert proof(*PROBLEMS[name], "vjp") is True


@pytest.mark.parametrize("mode", ["jvp", "linearize", *SECOND])
@pytest.mark.parametrize("name", ["kepler 1", "cross entropy"])
def test_problems_are_proved_in_other_modes(name: str, mode: str):
    assert proof(*PROBLEMS[name], mode) is True


def with_rule(rule: Any) -> Any:
    @jax.custom_jvp
    def f(x):
        return jnp.sin(x) * x

    f.defjvp(rule)
    return lambda x: f(x) * jnp.exp(x)


def right(primals, tangents):
    (x,), (t,) = primals, tangents
    return jnp.sin(x) * x, t * (x * jnp.cos(x) + jnp.sin(x))


def tiny_slip(primals, tangents):
    (x,), (t,) = primals, tangents
    return jnp.sin(x) * x, t * (1.000001 * x * jnp.cos(x) + jnp.sin(x))


def other_primal(primals, tangents):
    (x,), (t,) = primals, tangents
    return jnp.sin(x) * x * 1.001, t * (x * jnp.cos(x) + jnp.sin(x))


def by_the_sign_of_the_tangent(primals, tangents):
    (x,), (t,) = primals, tangents
    slope = t * (x * jnp.cos(x) + jnp.sin(x))
    return jnp.sin(x) * x, jnp.where(t > 0, slope, 2 * slope)


def test_a_custom_rule_is_proved():
    assert proof(with_rule(right), (0.7,), "jvp") is True
    assert proof(with_rule(right), (0.7,), "vjp") is True


@pytest.mark.parametrize("rule", [tiny_slip, other_primal, by_the_sign_of_the_tangent], ids=lambda r: r.__name__)
def test_a_wrong_rule_is_not_proved(rule: Any):
    assert proof(with_rule(rule), (0.7,), "jvp") is not True


def test_what_is_too_large_is_left_open():
    assert proof(*PROBLEMS["lorenz 100"], "jvp", budget=0.5) is None


def test_complex_functions_are_proved():
    assert proof(lambda z: jnp.sum(z * jnp.conj(z) * jnp.exp(z)), (jnp.array([0.3 + 0.5j]),), "vjp") is True
