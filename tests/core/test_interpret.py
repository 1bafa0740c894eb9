"""The interpreter as a whole: control flow, paths, holes, budgets; random programs against JAX."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.bigfloat import big_floats
from difflab.core.call import call
from difflab.core.capture import capture
from difflab.core.domains import PARTIALS, Domain, floats
from difflab.core.duals import Dual, Rounded, dual, rounding
from difflab.core.errors import UnsupportedError
from difflab.core.interpret import interpret
from difflab.core.run import BudgetError
from difflab.core.values import Hole, pack


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def run(f: Callable[..., Any], *arguments: Any, domain: Domain | None = None, **options: Any):
    """Interpret over big floats; return call, outcome."""
    domain = domain or big_floats(30)
    at = call(f, *[jnp.asarray(a) if isinstance(a, np.ndarray) else a for a in arguments])
    leaves = {k: np.asarray(at.leaves[k], float) for k in at.differentiable}
    elements = {k: pack(x.shape, [domain.constant(v) for v in x.reshape(-1).tolist()]) for k, x in leaves.items()}
    return at, interpret(capture(at), at.leaves, domain, elements=elements, **options)


def agree(f: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    at, outcome = run(f, *arguments, strict=True, **options)
    for made, true in zip(outcome.outputs, at.flat(*at.leaves), strict=True):
        if made is not None:
            mine = np.array([float(e) for e in made.reshape(-1)]).reshape(made.shape)
            np.testing.assert_allclose(mine, np.asarray(true), rtol=1e-12, atol=1e-14)


X = np.array([0.3, -0.7, 1.9])


def outside(x: Any) -> Any:
    """Something that no interpreter can look into."""
    return jax.pure_callback(np.sin, jax.ShapeDtypeStruct((), x.dtype), x)


def newton(x: Any) -> Any:
    return jax.lax.while_loop(lambda y: jnp.abs(y * y - x) > 1e-9, lambda y: 0.5 * (y + x / y), x)


@jax.custom_jvp
def wrong(x: Any) -> Any:
    return jnp.sin(x)


wrong.defjvp(lambda primals, tangents: (jnp.sin(primals[0]), 7.0 * tangents[0]))

PROGRAMS = {
    "jit": lambda: agree(jax.jit(lambda x: jnp.sum(jnp.sin(x))), X),
    "custom rule": lambda: agree(wrong, X),
    "remat": lambda: agree(jax.checkpoint(lambda x: jnp.exp(jnp.sin(x))), X),
    "while": lambda: agree(newton, 3.0),
    "batched while": lambda: agree(
        jax.vmap(lambda x: jax.lax.while_loop(lambda c: c < 10.0, lambda c: 1.5 * c + 1, x)), jnp.array([0.3, 5.0, 2.0])
    ),
    "platforms": lambda: agree(lambda x: jax.lax.platform_dependent(x, cpu=jnp.sin, default=jnp.cos), 1.5),
    "fori": lambda: agree(lambda x: jax.lax.fori_loop(0, 5, lambda k, v: v * k + x, x), X),
    "cond": lambda: agree(lambda x: jax.lax.cond(x[0] > 0, jnp.sin, jnp.cos, x), X),
    "switch": lambda: agree(lambda x, k: jax.lax.switch(k, [jnp.sin, jnp.cos, jnp.tan], x), X, 7),
    "scan": lambda: agree(lambda x: jax.lax.scan(lambda c, v: (c * v + 1, (c, v * 2)), 1.0, x), X),
    "scan backwards": lambda: agree(lambda x: jax.lax.scan(lambda c, v: (c * v + 1, c), 1.0, x, reverse=True), X),
    "scan of nothing": lambda: agree(lambda x: jax.lax.scan(lambda c, v: (c, c * 2), x, None, length=0), 2.0),
    "scan over keys": lambda: agree(
        lambda x: jax.lax.scan(lambda c, k: (c + jax.random.normal(k), c), x, jax.random.split(jax.random.key(0), 3)),
        2.0,
    ),
    "nested scan": lambda: agree(
        lambda x: jax.lax.scan(lambda c, v: jax.lax.scan(lambda d, w: (d + v * w, d), c, x), 0.0, x), X
    ),
    "vmapped cond": lambda: agree(jax.vmap(lambda v: jax.lax.cond(v > 0, jnp.sin, jnp.cos, v)), X),
    "gradient inside": lambda: agree(jax.grad(lambda x: jnp.sum(jnp.tanh(x) ** 2)), X),
    "gradient of scan inside": lambda: agree(
        jax.grad(lambda x: jax.lax.scan(lambda c, v: (c * v, None), 1.0, x)[0]), X
    ),
    "random numbers": lambda: agree(lambda x: x + jax.random.normal(jax.random.key(3), (3,)), X),
    "integers and keys": lambda: agree(lambda x, k: (x * k, k + 1), X, jnp.arange(3)),
    "outputs that are inputs or literals": lambda: agree(lambda x: (x, x, 3.0, x[0]), X),
    "zero size": lambda: agree(lambda x: (x + 1, jnp.sum(x), x.reshape(0, 2)), jnp.zeros(0)),
    "half precision": lambda: agree(lambda x: x * jnp.bfloat16(2), jnp.array([0.5, 1.5], jnp.bfloat16)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_give_what_jax_gives(name: str):
    PROGRAMS[name]()


def test_the_path_says_what_was_decided():
    _, outcome = run(lambda x: jnp.where(x > 0.5, x, -x) + newton(3.0 + 0 * x[0]), X)
    texts = [str(decision) for decision in outcome.path]
    assert "x > 0.5 is [false, false, true]" in texts
    assert any("while ends after" in text for text in texts)
    assert not outcome.tight


@pytest.mark.parametrize(
    ("f", "x", "tight"),
    [
        (jnp.abs, 0.0, True),
        (jnp.abs, 1e-300, False),
        (lambda x: jnp.maximum(x, 0.0), 0.0, True),
        (lambda x: jnp.maximum(x, x), 2.0, False),
        (lambda x: jnp.max(x), jnp.array([1.0, 1.0, 0.0]), True),
        (lambda x: jnp.max(x), jnp.array([1.0, 0.0, 0.0]), False),
        (jnp.sort, jnp.array([2.0, 1.0, 2.0]), True),
        (jnp.floor, 3.0, True),
        (jnp.floor, 3.5, False),
        (jnp.round, 3.5, True),
        (lambda x: jnp.clip(x, 0.0, 1.0), 1.0, True),
        (lambda x: x * (x > 1.0), 1.0, True),
        (lambda x: x * (jnp.arange(3.0) > 1.0), 1.0, False),
        (jnp.cbrt, 0.0, True),
    ],
)
def test_a_point_on_the_boundary_of_its_path_is_known(f: Any, x: Any, tight: bool):
    assert run(f, x, domain=dual(big_floats(30)))[1].tight is tight


def test_a_hole_reaches_only_what_depends_on_it():
    _, outcome = run(lambda x: jnp.stack([outside(x[0]), x[1] * 2]), X)
    first, second = outcome.outputs[0].reshape(-1)
    assert isinstance(first, Hole)
    assert float(second) == pytest.approx(-1.4)
    (hole,) = outcome.holes
    assert hole.source is not None
    assert Path(hole.source.file).name == Path(__file__).name


def test_long_decisions_are_told_apart_by_their_keys():
    def f(x: Any) -> Any:
        return jnp.where(x > 0, x, 2 * x)

    first, second = np.ones(20), np.ones(20)
    first[3] = second[4] = -1.0
    (_, one), (_, other), (_, again) = run(f, first), run(f, second), run(f, 2 * first)
    assert [str(d) for d in one.path] == [str(d) for d in other.path]
    assert one.key != other.key
    assert one.key == again.key


def test_a_loop_records_the_order_of_its_decisions():
    def f(x: Any) -> Any:
        return jax.lax.scan(lambda c, v: (jnp.where(v > 0, c + v, c * v), None), 1.0, x)[0]

    assert run(f, np.array([1.0, -1.0, 1.0]))[1].key != run(f, np.array([1.0, 1.0, -1.0]))[1].key


def test_every_equation_is_observed_in_bodies_too():
    seen: list[tuple[str, str, int]] = []

    def observe(node: str, graph: Any, equation: Any, operands: Any, results: Any) -> None:
        seen.append((node, equation.primitive, len(results)))

    run(lambda x: jax.lax.scan(lambda c, v: (c * v, None), 1.0, x)[0], X, observe=observe)
    products = [s for s in seen if s[1] == "mul"]
    assert len(products) == 3
    assert len(set(products)) == 1
    assert products[0][0].count("/") == 1
    assert "scan" in [s[1] for s in seen]


def test_printing_is_skipped(capfd: pytest.CaptureFixture[str]):
    def f(x: Any) -> Any:
        jax.debug.print("printed {}", x)
        return 2 * x

    _, outcome = run(f, 1.5)
    assert float(outcome.outputs[0][()]) == 3.0
    assert "printed" not in capfd.readouterr().out


def test_an_unknown_primitive_is_named_with_its_line():
    with pytest.raises(UnsupportedError, match=r"'pure_callback' \(node .*test_interpret\.py:\d+: .*cannot be interp"):
        run(lambda x: outside(x), 0.5, strict=True)


def test_unknown_primitives_of_constants_are_constants():
    agree(lambda x: x * jnp.linalg.qr(jnp.array([[1.0, 2.0], [3.0, 4.0]]))[1][0, 0], 0.5)


def test_the_budget_stops_a_loop_that_does_not_end():
    with pytest.raises(BudgetError, match="pass a larger budget"):
        run(lambda x: jax.lax.fori_loop(0, 10**9, lambda k, v: v + x, x), 0.1, deadline=time.monotonic() + 1.0)


def test_symbols_cannot_decide_by_themselves():
    with pytest.raises(TypeError, match="have no order"):
        run(jnp.abs, 1.0, domain=Domain("letters", str, {}), decide_here=True)


def test_big_floats_decide_what_floats_cannot_see():
    domain = big_floats(60)
    at = call(jnp.abs, 0.0)
    beside = pack((), [domain.constant(-10) ** -40])
    outcome = interpret(capture(at), at.leaves, domain, elements={0: beside}, decide_here=True)
    assert outcome.outputs[0][()] == domain.constant(10) ** -40


def test_constants_fold_exactly():
    _, outcome = run(lambda x: x * (jnp.asarray(1.0) / 3.0), 3.0, domain=big_floats(50))
    assert abs(float(outcome.outputs[0][()] - 1)) < 1e-16


OPERANDS = dict.fromkeys(PARTIALS, (0.37, 1.21)) | {
    "acosh": (1.37, 0.0),
    "polygamma": (2.0, 1.3),
    "zeta": (2.5, 1.5),
    "regularized_incomplete_beta": (0.7, 1.3, 0.4),
}


@pytest.mark.parametrize("name", sorted({*PARTIALS} - {"imaginary_unit"}))
def test_every_partial_agrees_with_differences_of_big_floats(name: str):
    domain = big_floats(40)
    operation = domain.operation(name)
    assert operation is not None
    values = [domain.constant(v) for v in OPERANDS[name][: len(PARTIALS[name])]]
    step = domain.constant(10) ** -13
    for k in [k for k, row in enumerate(PARTIALS[name]) if row]:
        sides = [operation(*[v + s * step * (j == k) for j, v in enumerate(values)]) for s in (1, -1)]
        partial = domain.partial(name, k)
        assert partial is not None
        mine = partial(*values, *[None] * (2 - len(values)), operation(*values))
        assert abs(mine - (sides[0] - sides[1]) / (2 * step)) < 1e-20


@pytest.mark.parametrize("name", sorted(name for name in PARTIALS if floats().operation(name)))
def test_derived_operations_agree_with_big_floats(name: str):
    values = OPERANDS[name][: len(PARTIALS[name])]
    small, large = floats().operation(name), big_floats(30).operation(name)
    assert small is not None
    assert large is not None
    constant = big_floats(30).constant
    assert small(*values) == pytest.approx(float(large(*[constant(v) for v in values])), rel=1e-13)


def test_the_error_bound_knows_cancellation():
    domain = rounding(big_floats(30))
    one, near = domain.constant(1), Rounded(big_floats(30).constant(1 + 1e-9))
    squared = domain.operations["mul"](near, near)
    difference = domain.operations["sub"](squared, one)
    assert 0.9 < difference.rounding < 2.0
    assert difference.constants == 0.0
    assert domain.constant(0.1).constants == pytest.approx(0.1)


UNARY = [
    jnp.sin,
    jnp.tanh,
    jnp.exp,
    jnp.abs,
    jnp.cumsum,
    jax.nn.softmax,
    lambda v: jnp.sqrt(1 + v * v),
    lambda v: v[::-1],
]
BINARY = [
    jnp.add,
    jnp.subtract,
    jnp.multiply,
    jnp.maximum,
    lambda a, b: a / (1 + b * b),
    lambda a, b: jnp.where(a > b, a, b),
]


def program(steps: list[tuple[int, int, int]]) -> Callable[[Any], Any]:
    """A random straight-line program on vectors of three."""

    def f(x: Any) -> Any:
        values = [x, jnp.array([0.1, 2.0, -0.3])]
        for operation, a, b in steps:
            first, second = values[a % len(values)], values[b % len(values)]
            if operation < len(UNARY):
                values.append(UNARY[operation](first / (1 + jnp.sum(first * first))))
            else:
                values.append(BINARY[operation - len(UNARY)](first, second))
        return values[-1]

    return f


steps = st.lists(
    st.tuples(st.integers(0, len(UNARY) + len(BINARY) - 1), st.integers(0, 9), st.integers(0, 9)),
    min_size=1,
    max_size=8,
)
points = st.lists(st.floats(-2, 2).map(lambda v: round(v, 3)), min_size=3, max_size=3)


@settings(max_examples=20, deadline=None)
@given(steps, points)
def test_random_programs_and_their_derivatives_agree_with_jax(steps: list[tuple[int, int, int]], point: list[float]):
    f, x = program(steps), jnp.array(point) + jnp.array([0.0001, 0.00023, -0.00031])
    agree(f, x)
    base = big_floats(30)
    t = [1.0, -0.5, 0.25]
    at = call(f, x)
    elements = {0: pack((3,), [Dual(base.constant(v), base.constant(d)) for v, d in zip(x.tolist(), t, strict=True)])}
    outcome = interpret(capture(at), at.leaves, dual(base), elements=elements)
    mine = [float(e.tangent) if e.tangent is not None else 0.0 for e in outcome.outputs[0]]
    _, true = jax.jvp(f, (x,), (jnp.array(t),))
    if not outcome.tight:
        np.testing.assert_allclose(mine, true, rtol=1e-9, atol=1e-12)
