"""Every strategy and every form of the result against `jax.jacfwd` and `jax.jacrev`, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from difflab.core.errors import UnsupportedError
from difflab.labs.elimination.execution import choose, result
from difflab.labs.elimination.execution.execute import jacobian
from difflab.labs.elimination.execution.strategies import STRATEGIES

TOLERANCE = 1e-11
"""Relative to the largest entry: strategies differ only in the order of sums."""

X = np.linspace(0.2, 1.4, 7)


@pytest.fixture(autouse=True)
def float64():
    choose.clear()
    with jax.enable_x64(True):
        yield


def arrow(x):
    return jnp.concatenate([jnp.sum(x**2)[None], x[0] * x[1:] + jnp.sin(x[1:])])


def narrow(x):
    s = jnp.sum(jnp.sin(x))
    return jnp.cos(s * x)


def stencil(u):
    return u[2:] - 2 * u[1:-1] * u[:-2] + jnp.exp(u[1:-1])


def several(p, s):
    return {"a": jnp.outer(p["w"], p["w"][:2]) * s, "b": (p["v"] ** 2, s * 1.0)}


def flow(a, b):
    u, v = a * b, jnp.sin(a) / b
    return u * v, u - v, jnp.sqrt(u * u + 1.0) * v


FUNCTIONS = {
    "arrow": (arrow, (X,), 0),
    "narrow": (narrow, (X,), 0),
    "stencil": (stencil, (X,), 0),
    "trees": (several, ({"w": X[:3], "v": X[3:]}, 1.5), (1, 0)),
    "numbers": (flow, (0.7, 1.9), (0, 1)),
    "a constant output": (lambda x: (jnp.ones(2), x * 3.0), (X,), 0),
    "a loop": (lambda x: lax.scan(lambda c, a: (c * a, jnp.sin(c)), 1.0, x)[1], (X,), 0),
}


def assert_same(found, expected):
    def one(a, b):
        a = a.todense() if hasattr(a, "todense") else a
        np.testing.assert_allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE)

    jax.tree.map(one, found, expected, is_leaf=lambda leaf: hasattr(leaf, "todense"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_strategy_gives_the_jacobian_in_every_form_that_it_has(name: str):
    f, args, argnums = FUNCTIONS[name]
    expected = jax.jacrev(f, argnums)(*args)
    ways = [(way, form) for way, strategy in STRATEGIES.items() for form in (False, *strategy.sparse)]
    ways = [way for way in ways if way[0] != "exploded" or name not in ("trees", "a loop")]

    @jax.jit
    def all_of_them(*args):
        return [jacobian(f, order=way, argnums=argnums, sparse=form)(*args) for way, form in [*ways, ("auto", False)]]

    for found in all_of_them(*args):
        assert_same(found, expected)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=9))
@settings(max_examples=6, deadline=None)
def test_random_straight_line_code_of_numbers(steps):
    operations = [
        jnp.multiply,
        jnp.add,
        jnp.subtract,
        lambda a, b: jnp.sin(a),
        lambda a, b: a / (2 + b * b),
        jnp.maximum,
    ]

    def f(a, b):
        values = [a, b]
        for which, i, j in steps:
            values.append(operations[which](values[i % len(values)], values[j % len(values)]))
        return values[-1], values[len(values) // 2]

    with jax.enable_x64(True):
        assert_same(jax.jit(jacobian(f, argnums=(0, 1)))(0.3, 1.7), jax.jacfwd(f, (0, 1))(0.3, 1.7))


def test_straight_line_code_works_under_transformations():
    ours, theirs = jacobian(flow, argnums=(0, 1)), jax.jacfwd(flow, (0, 1))
    xs, ys = X, X[::-1].copy()
    assert_same(jax.jit(jax.vmap(ours))(xs, ys), jax.vmap(theirs)(xs, ys))
    assert_same(jax.vmap(ours, (None, 0))(0.5, ys), jax.vmap(theirs, (None, 0))(0.5, ys))
    assert_same(jax.jacfwd(ours)(0.5, 1.5), jax.jacfwd(theirs)(0.5, 1.5))

    def total(j):
        return lambda a: sum(jax.tree.leaves(j(a, 1.5)))

    assert_same(jax.grad(total(ours))(0.5), jax.grad(total(theirs))(0.5))


def test_numbers_of_shape_one_are_numbers():
    x = np.array([0.4])
    f = lambda x, y: jnp.sin(x * y) * jnp.cos(x * y) + jnp.sin(x * y) ** 3  # noqa: E731
    assert_same(jax.jit(jacobian(f, argnums=(0, 1)))(x, 2.0), jax.jacfwd(f, (0, 1))(x, 2.0))


def test_structured_blocks_multiply_vectors():
    found = jax.jit(jacobian(stencil, sparse="structured"))(X)
    dense = jax.jacrev(stencil)(X)
    assert found.shape == dense.shape
    assert found.stored < dense.size
    np.testing.assert_allclose(found @ X, dense @ X, rtol=TOLERANCE)
    np.testing.assert_allclose(X[:5] @ found, X[:5] @ dense, rtol=TOLERANCE)
    np.testing.assert_allclose(jnp.asarray(X[:5]) @ found, X[:5] @ dense, rtol=TOLERANCE)
    assert_same(jax.vmap(jacobian(stencil, sparse="structured"))(X[None]).value, found.value[None])
    with pytest.raises(ValueError, match=r"input's shape \(7,\), and got \(3,\)"):
        found @ X[:3]


def test_a_sparse_result_is_as_large_as_its_pattern():
    found = jax.jit(jacobian(stencil, sparse="bcoo"))(np.linspace(0, 1, 3000))
    assert found.nse == 3 * 2998
    batched = jacobian(lambda x: jnp.tanh(x @ np.ones((3, 2))), sparse="bcoo", order="reverse")(np.ones((500, 3)))
    assert batched.nse == 500 * 2 * 3


def test_a_dense_jacobian_larger_than_memory_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(result, "free_memory", lambda: 1000)
    with pytest.raises(MemoryError, match=r'20 × 20 entries, 3200 bytes, and 1000 bytes are free.*sparse="bcoo"'):
        jacobian(jnp.sin)(np.ones(20))
    assert jacobian(jnp.sin, sparse="bcoo")(np.ones(20)).nse == 20


def rule(back):
    @jax.custom_vjp
    def step(x):
        return x * 2.0

    step.defvjp(lambda x: (x * 2.0, x), lambda x, bar: (back(x, bar),))
    return lambda x: step(x) * x


NONLINEAR = {
    "clipped": lambda x, bar: jnp.clip(bar, -1.0, 1.0),
    "normalised": lambda x, bar: bar / (1e-6 + jnp.linalg.norm(bar)),
    "signs": lambda x, bar: jnp.sign(bar),
    "thresholded": lambda x, bar: jnp.where(jnp.abs(bar) > 0.1, bar, 0.0),
}
LINEAR = {
    "scaled": lambda x, bar: bar * jnp.cos(x),
    "mixed": lambda x, bar: bar[::-1] + jnp.where(x > 0.5, bar, 0.0),
    "scanned": lambda x, bar: lax.scan(lambda c, b: (0.5 * c + b, c + b), 0.0, bar)[1],
}


@pytest.mark.parametrize("name", NONLINEAR)
def test_a_rule_that_is_not_linear_in_its_cotangent_is_left_to_reverse_mode(name: str):
    f = rule(NONLINEAR[name])
    assert_same(jacobian(f)(X), jax.jacrev(f)(X))
    with pytest.raises(UnsupportedError, match=r'cannot be shown to be linear in its cotangent.*order="jacrev"'):
        jacobian(f, order="reverse")(X)


@pytest.mark.parametrize("name", LINEAR)
def test_a_linear_rule_is_accumulated(name: str):
    f = rule(LINEAR[name])
    assert_same(jacobian(f, order="reverse")(X), jax.jacrev(f)(X))


def test_what_cannot_be_given_is_refused():
    with pytest.raises(ValueError, match="jacfwd gives no bcoo result; choose an elimination order"):
        jacobian(jnp.sin, order="jacfwd", sparse="bcoo")
    with pytest.raises(ValueError, match="sparse is 'csr'"):
        jacobian(jnp.sin, sparse="csr")
    with pytest.raises(ValueError, match="more than 16 entries"):
        jacobian(jnp.sin, order="exploded")(np.ones(20))
