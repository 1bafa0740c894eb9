"""Points: the given one first, others of both signs and several scales, what holds kept; and branches reached."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.call import call
from difflab.labs.check.branches import branches
from difflab.labs.check.points import Box, Positive, points
from difflab.labs.check.problem import problem
from difflab.labs.check.structure import is_definite, is_probability, is_symmetric, keeping


def at(f, *args):
    return problem(call(f, *args))


def test_signs_and_scales_differ_and_the_given_point_comes_first():
    checked = at(lambda x: jnp.sum(x**2), jnp.array([1.0, -2.0, 3.0]))
    found = points(checked, 10)
    assert len(found) == 11 and found[0].leaves is checked.at.leaves
    values = np.array([np.asarray(p.leaves[0]) for p in found[1:]])
    assert (values > 0).all(1).any() and (values < 0).all(1).any()
    assert np.abs(values).max() > 10 and np.abs(values).mean(1).min() < 0.3
    again = points(checked, 10)
    assert all(np.array_equal(a.leaves[0], b.leaves[0]) for a, b in zip(found, again, strict=True))
    assert not np.array_equal(points(checked, 3, seed=1)[1].leaves[0], found[1].leaves[0])


def test_kinds_shapes_integers_and_keys_are_kept():
    leaves = (jnp.ones((2, 3), jnp.float16), np.arange(3), 2.5, jax.random.key(0), jnp.array([1 + 2j]), True)
    checked = at(lambda a, n, x, k, z, flag: jnp.sum(a) * x + jnp.abs(z[0]) + n[0] + jax.random.normal(k), *leaves)
    for point in points(checked, 6)[1:]:
        a, n, x, key, z, flag = point.leaves
        assert a.shape == (2, 3) and a.dtype == jnp.float16 and isinstance(x, float) and z.dtype == jnp.complex64
        assert n is leaves[1] and key is leaves[3] and flag is True


@given(st.integers(0, 10**6), st.integers(2, 4))
@settings(deadline=None, max_examples=25)
def test_structure_is_kept(seed, n):
    random = np.random.default_rng(seed)
    root = random.standard_normal((n, n))
    symmetric, definite = root + root.T, root @ root.T + np.eye(n)
    drawn = 10 * random.standard_normal((n, n))
    assert is_symmetric(keeping(symmetric, drawn, random))
    made = keeping(definite, drawn, random)
    assert is_symmetric(made) and is_definite(made)
    assert (np.triu(keeping(np.tril(definite), drawn, random), 1) == 0).all()
    assert is_probability(keeping(np.full(n, 1 / n), drawn[0], random))
    line = keeping(np.arange(n + 1.0), random.standard_normal(n + 1), random)
    assert (np.diff(line) > 0).all()


def test_points_that_are_not_finite_are_replaced_and_counted():
    found = points(at(lambda x: jnp.log(x - 3), 5.0), 6)
    assert len(found) == 7 and all(p.leaves[0] > 3 for p in found)
    assert max(p.rejected for p in found) > 0


def test_a_domain_restricts_all_or_some_arguments():
    checked = at(lambda p, y: p["a"] * y, {"a": 5.0}, jnp.ones(2))
    for point in points(checked, 4, domain=({"a": Box(3, 4)}, None))[1:]:
        assert 3 <= point.leaves[0] <= 4
    for point in points(checked, 4, domain=Positive(1, 2))[1:]:
        assert 1 <= point.leaves[0] <= 2 and (np.asarray(point.leaves[1]) >= 1).all()
    doubled = points(checked, 1, domain=(None, lambda random, leaf: 2 * np.asarray(leaf)))[1]
    assert doubled.leaves[1].tolist() == [2, 2]


@pytest.mark.parametrize("domain", [({"b": Box(0, 1)}, None), (Box(0, 1), Box(0, 1), Box(0, 1))])
def test_a_domain_that_does_not_fit_is_refused(domain):
    with pytest.raises(ValueError, match="does not fit"):
        points(at(lambda p, y: p["a"] * y, {"a": 5.0}, jnp.ones(2)), 2, domain=domain)


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        (3, "does not fit"),
        ("a", "does not fit"),
        (Box(np.zeros(3), np.ones(3)), "failed for an argument of shape"),
        (lambda random: 1.0, "failed for an argument of shape"),
        (lambda random, leaf: "x", "dtype"),
        (lambda random, leaf: 1j * np.ones(np.shape(leaf)), "complex"),
        (lambda random, leaf: np.ones(7), "keep the shape"),
    ],
)
def test_a_sampler_that_cannot_be_used_is_refused(domain, said):
    with pytest.raises(ValueError, match=said):
        points(at(jnp.sum, jnp.ones(2)), 1, domain=domain)


def test_a_function_that_is_nowhere_finite_has_the_given_point_alone():
    assert len(points(at(lambda x: jnp.log(-jnp.abs(x) - 1), 1.0))) == 1
    assert len(points(at(jnp.log, 1.0), domain=Box(-2, -1))) == 1
    assert len(points(at(jnp.sum, jnp.zeros((0, 3))))) == 1


def test_bad_bounds_are_refused():
    for low, high in ((float("nan"), 1), ("a", "b"), (0, float("inf"))):
        with pytest.raises(ValueError, match="finite numbers"):
            Box(low, high)
    with pytest.raises(ValueError, match="empty"):
        Box(1, 0)
    with pytest.raises(ValueError, match="smallest"):
        Positive(0, 1)


@pytest.mark.parametrize(
    ("f", "inside"),
    [
        (lambda x: jnp.where(x > 1e6, x, x**2), lambda x: x > 1e6),
        (lambda x: jnp.where((x > 3) & (x < 3.001), x, x**2), lambda x: 3 < x < 3.001),
        (lambda x: jax.lax.cond(x < -7, jnp.sin, jnp.cos, x), lambda x: x < -7),
        (lambda x: jnp.clip(x, -1e4, 5.0), lambda x: x < -1e4),
        (lambda x: jax.lax.fori_loop(0, 3, lambda i, y: jnp.where(y > 50, 2 * y, y + 1), x), lambda x: x > 48),
    ],
)
def test_branches_are_reached_by_samples_or_by_search(f, inside):
    found = branches(at(f, 1.0), budget=20)
    assert not found.missed
    assert any(inside(float(point.leaves[0])) for point in found)


def test_branches_that_nothing_reaches_are_said():
    assert "sin(x) > 2" in str(branches(at(lambda x: jnp.where(jnp.sin(x) > 2, x, 2 * x), 1.0), budget=1))
    assert "not finite" in str(branches(at(lambda x: jnp.where(x < 0, jnp.sqrt(x), x), 1.0), budget=2))
    switch = at(lambda x, n: jax.lax.switch(n, [jnp.sin, jnp.cos], x), 1.0, 0)
    assert "integers decide it" in str(branches(switch, budget=1))
    boxed = branches(at(lambda x: jnp.where(x > 5, x, 2 * x), 1.0), budget=1, domain=Box(0, 2))
    assert boxed.missed and not len(boxed)


def test_a_budget_of_nothing_gives_nothing():
    assert not len(branches(at(lambda x: jnp.where(x > 5, x, 2 * x), 1.0), budget=0))
