"""Kinks: one-sided derivatives, jumps, conventions, and no false ones."""

from math import inf

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.call import call
from difflab.labs.check.kinks import kinks
from difflab.labs.check.problem import problem


def found(f, *args, **options):
    checked = problem(call(f, *args))
    return kinks(checked, checked.at.leaves, **options)


@pytest.mark.parametrize(
    ("f", "x", "left", "right", "convention"),
    [
        (lambda x: jnp.abs(x), 0.0, -1, 1, 1),
        (lambda x: jnp.maximum(x, 0), 0.0, 0, 1, 0.5),
        (jax.nn.relu, 0.0, 0, 1, 0),
        (lambda x: jnp.clip(x, -1, 1), 1.0, 1, 0, 0.5),
        (lambda x: 3 * jnp.abs(x - 2) + x, 2.0, -2, 4, 4),
    ],
)
def test_one_sided_derivatives_and_the_convention_of_jax(f, x, left, right, convention):
    kink = found(f, x).entries[0, 0]
    assert (kink.sides.left, kink.sides.right) == (left, right)
    assert kink.conventions == {"jacfwd": convention, "jacrev": convention}
    assert kink.inside and (kink.low, kink.high) == (min(left, right), max(left, right))
    assert "not differentiable here" in str(kink) and "subgradient" in str(kink)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: jnp.abs(x) ** 3, 0.0),
        (lambda x: jnp.where(x > 1, x * x, 2 * x - 1), 1.0),
        (lambda x: jnp.linalg.norm(x) ** 2, jnp.zeros(2)),
        (lambda x: jnp.where(x == 0, 1.0, jnp.sin(x) / x), 0.0),
        (lambda x: jnp.max(x) + jnp.min(x), jnp.array([1.0, 1.0])),
    ],
)
def test_where_both_sides_agree_there_is_no_kink(f, x):
    assert not found(f, x)


def test_infinite_slopes_and_jumps_are_told_apart():
    root = found(jnp.sqrt, 0.0).entries[0, 0].sides
    assert root.left != root.left and root.right == inf and not root.jump
    assert found(jnp.floor, 2.0).entries[0, 0].sides.jump
    assert found(lambda x: jnp.where(x == 1.0, 5.0, x * x), 1.0).entries[0, 0].sides.jump


def test_kinks_that_coordinates_miss_are_found_along_mixed_directions():
    by_root = found(lambda x, y: jnp.sqrt(jnp.abs(x * y)), 0.0, 0.0)
    assert not by_root.entries and len(by_root.directions) == 1
    cubic = found(lambda x, y: x**2 * y / (x**2 + y**2 + jnp.where((x == 0) & (y == 0), 1.0, 0.0)), 0.0, 0.0)
    assert not cubic.entries and "partial derivatives" in str(cubic)


@pytest.mark.parametrize("f", [lambda x: jnp.max(x), lambda x: jnp.sort(x)[1]])
def test_ties_are_kinks(f):
    ties = found(f, jnp.array([2.0, 2.0]))
    assert set(ties.entries) == {(0, 0), (0, 1)} and ties.rows() == {0}
    assert ties.reasons


@given(st.floats(-2, 2, width=32), st.floats(-2, 2, width=32), st.floats(-2, 2, width=32))
@settings(deadline=None, max_examples=5)
def test_the_sides_of_a_made_kink_are_what_it_was_made_of(at, left, right):
    kink = found(lambda x: jnp.where(x < at, left * (x - at), right * (x - at)), jnp.float32(at))
    if abs(left - right) > 1e-3:
        sides = kink.entries[0, 0].sides
        assert (sides.left, sides.right) == (pytest.approx(left), pytest.approx(right))
    elif left == right:
        assert not kink


def test_complex_functions_have_kinks_in_real_coordinates():
    absolute = found(jnp.abs, jnp.array(0j))
    assert set(absolute.entries) == {(0, 0), (0, 1)}
