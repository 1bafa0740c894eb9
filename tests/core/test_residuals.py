"""Residuals: against the leaves of JAX's own pullback for plain functions, and against reading off whole gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from difflab.core.capture import capture_flat, graph
from difflab.core.graph import Graph, walk
from difflab.core.residuals import holds_both_sweeps, kept
from difflab.core.widths import bits, size_in_bytes
from difflab.zoo import load, names

X = np.linspace(0.1, 0.9, 8, dtype=np.float32)
A = np.eye(8, dtype=np.float32) + np.outer(X, X)


def truth(f, *args) -> tuple[int, int]:
    """Bytes of the distinct leaves of `jax.vjp(f, *args)[1]`: those made on the way, and those that are arguments."""
    count = 0

    def both(*leaves):
        nonlocal count
        result, pullback = jax.vjp(f, *leaves)
        count = len(jax.tree.leaves(result))
        return jax.tree.leaves(result), jax.tree.leaves(pullback)

    made = capture_flat(both, args, "both")
    vertices = [made.vertices[v] for v in dict.fromkeys(o for o in made.outputs[count:] if isinstance(o, int))]
    inputs = [size_in_bytes(v) for v in vertices if v.equation is None]
    return sum(map(size_in_bytes, vertices)) - sum(inputs), sum(inputs)


def scan(step):
    return lambda *args: lax.scan(lambda c, a: step(c, a, *args[1:]), 1.0, args[0])


EXACTLY = {
    "sin": (jnp.sin, X),
    "chain": (lambda x: jnp.tanh(jnp.sin(x)), X),
    "a value that nothing needs": (lambda x: (jnp.sin(x) * jnp.cos(x), x * 2.0)[1], X),
    "product": (lambda x: jnp.sin(x) * jnp.cos(x), X),
    "prod": (jnp.prod, X),
    "relu": (jax.nn.relu, X),
    "softplus": (jax.nn.softplus, X),
    "softmax": (jax.nn.softmax, X),
    "gelu": (jax.nn.gelu, X),
    "two layers": (lambda w, x: jnp.tanh(w @ jnp.tanh(w @ x)).sum(), A, X),
    "a call": (lambda x: jax.jit(lambda y: jnp.sin(y) * y)(x) * x, X),
    "a call that hands an operand on": (lambda x: jax.jit(lambda y: (y, jnp.sin(y)))(x)[0] * jnp.exp(x), X),
    "scan": (scan(lambda c, a: (jnp.sin(c * a), None)), X),
    "scan with outputs": (scan(lambda c, a, k: (jnp.sin(c * a * k), c)), X, np.float32(2)),
    "scan, the same in every trip": (scan(lambda c, a, k: (c + a * jnp.exp(k), None)), X, np.float32(2)),
    "recurrent": (lambda x, w: lax.scan(lambda c, _: (jnp.tanh(w @ c), None), x, None, length=5)[0], X, A),
    "nested scans": (scan(lambda c, a: (lax.scan(lambda d, b: (jnp.sin(d * b), None), c, X)[0] * a, None)), X),
    "counted loop": (lambda x: lax.fori_loop(0, 4, lambda i, c: jnp.sin(c), x), X),
    "remat": (jax.checkpoint(lambda x: jnp.sin(jnp.sin(x))), X),
    "cond": (lambda x: lax.cond(x[0] > 0, jnp.sin, jnp.cos, x), X),
    "solve": (jnp.linalg.solve, A, X),
    "cholesky": (jnp.linalg.cholesky, A),
    "stopped": (lambda x: lax.stop_gradient(jnp.sin(x)) * x, X),
    "where": (lambda x: jnp.where(x > 0.5, x * x, jnp.log(x)), X),
    "gather": (lambda x: x[jnp.array([1, 2])] * 2, X),
    "logsumexp": (jax.scipy.special.logsumexp, X),
    "sort": (jnp.sort, X),
    "max": (jnp.max, X),
    "norm": (jnp.linalg.norm, X),
    "bfloat16": (lambda x: jnp.sum((x.astype(jnp.bfloat16) * 2) ** 2), X),
    "random keys": (lambda x: jnp.sin(x * jax.random.normal(jax.random.key(0), (8,))), X),
    "complex": (lambda x: jnp.abs(jnp.fft.fft(x * x)) ** 2, X),
}


@pytest.mark.parametrize("name", EXACTLY)
def test_what_is_kept_is_what_the_pullback_of_jax_holds(name: str):
    function, *args = EXACTLY[name]
    found = kept(graph(function, *args))
    assert found.traced and not found.unknown
    assert (found.total, found.inputs) == truth(function, *args)


SMALL = 64
"""Bytes: JAX makes some scalars twice in a whole pullback and once in an equation's own, or the other way round."""


def of_floats(name: str):
    """A problem as a function of its floating-point leaves, and those."""
    one = load(name)
    leaves, tree = jax.tree.flatten(one.arguments())
    floats = [k for k, leaf in enumerate(leaves) if jnp.issubdtype(jnp.asarray(leaf).dtype, jnp.inexact)]

    def flat(*given):
        chosen = dict(zip(floats, given, strict=True))
        return one.function(*jax.tree.unflatten(tree, [chosen.get(k, leaf) for k, leaf in enumerate(leaves)]))

    return flat, [leaves[k] for k in floats]


REVERSIBLE = [name for name in names() if "forward-only" not in load(name).tags]
DERIVING = ["alphagrad_black_scholes"]
"""They take derivatives themselves, so that their own sweeps are read."""


@pytest.mark.parametrize("name", [name for name in REVERSIBLE[::5] if name not in DERIVING])
def test_a_fifth_of_the_zoo_is_within_a_tenth_of_the_pullback_of_jax(name: str):
    function, leaves = of_floats(name)
    made, inputs = truth(function, *leaves)
    found = kept(graph(function, *leaves))
    assert found.traced
    assert abs(found.total + found.inputs - made - inputs) <= SMALL + 0.1 * (made + inputs)


@pytest.mark.parametrize("name", DERIVING)
def test_of_what_takes_derivatives_its_own_sweeps_are_read(name: str):
    function, leaves = of_floats(name)
    made = graph(function, *leaves)
    assert holds_both_sweeps(made) and not kept(made).traced


def loss(w, x):
    h = jnp.tanh(w @ x)
    return jnp.sum(jax.jit(lambda h: jnp.sin(h) * h)(h))


def test_a_gradient_shows_its_own_residuals():
    made = graph(jax.value_and_grad(loss), A, X)
    assert holds_both_sweeps(made) and not holds_both_sweeps(graph(loss, A, X))
    read, asked = kept(made), kept(graph(lambda w: loss(w, X), A))
    assert not read.traced and asked.traced
    assert read.total == asked.total


def test_a_residual_of_a_call_is_made_inside_of_it():
    found = kept(graph(loss, A, X))
    assert {"2.0/0"} <= {r.node for r in found.residuals}
    assert found.bytes["2"] == sum(r.bytes for r in found.residuals if r.node.startswith("2.0/")) > 0


def test_a_gradient_inside_a_loop_is_found():
    def descend(w):
        return lax.scan(lambda w, _: (w - 0.1 * jax.grad(lambda w: loss(w, X))(w), None), w, None, length=3)[0]

    made = graph(descend, A)
    assert holds_both_sweeps(made)
    assert kept(made).total == kept(graph(lambda w: loss(w, X), A)).total
    assert all("/" in r.node for r in kept(made).residuals)


def test_a_scan_keeps_every_iteration_where_the_body_made_it():
    found = kept(graph(lambda x: lax.scan(lambda c, a: (jnp.sin(c) * a, None), 1.0, x)[0], X))
    (scan_node,) = {r.node.split(".")[0] for r in found.residuals}
    assert found.bytes[scan_node] == found.total and found.total % (8 * 4) == 0


def test_custom_rules_of_one_look_are_each_asked():
    """Two functions that differ in their rule alone: what one keeps is not said of the other."""

    def ruled(factor):
        @jax.custom_vjp
        def same(x):
            return jnp.sin(x)

        same.defvjp(
            lambda x: (jnp.sin(x), [x * float(k) for k in range(2, 2 + factor)]),
            lambda rest, bar: (bar * sum(rest),),
        )
        return same

    found = [kept(graph(ruled(factor), X)).total for factor in (1, 2, 3)]
    assert found == [32, 64, 96]


def test_all_residuals_of_a_node_are_listed_in_order():
    found = kept(graph(loss, A, X))
    assert found.by_node["2"] == tuple(r for r in found.residuals if r.node == "2" or r.node.startswith("2."))


def test_what_jax_cannot_reverse_is_named():
    found = kept(graph(lambda x: lax.while_loop(lambda c: c[0] < 1, lambda c: c * 2, jnp.sin(x)), X))
    assert list(found.unknown) == ["1"] and "while" in found.unknown["1"]


def test_integers_keep_nothing():
    assert kept(graph(lambda k: k * 2, 3)).total == 0


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(["sin", "tanh", "mul", "dot", "exp", "sum", "stop"]), min_size=1, max_size=7))
def test_programs_of_simple_steps_keep_what_jax_keeps(steps: list[str]):
    function = program(steps)
    found = kept(graph(function, X))
    made, inputs = truth(function, X)
    assert (found.total, found.inputs) == (made, inputs)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(["sin", "mul", "dot", "exp"]), min_size=1, max_size=6), st.data())
def test_scopes_add_up(steps: list[str], data: st.DataObject):
    made: Graph = graph(program(steps), X)
    found = kept(made)
    cut = data.draw(st.integers(0, len(made)))
    assert found.of("", range(cut)) + found.of("", range(cut, len(made))) == found.total
    nodes = {node for node, _, _ in walk(made)}
    assert {r.node for r in found.residuals} <= nodes


def program(steps: list[str]):
    acts = {
        "sin": jnp.sin,
        "tanh": jnp.tanh,
        "mul": lambda x: x * x,
        "dot": lambda x: jnp.asarray(A) @ x,
        "exp": jnp.exp,
        "sum": lambda x: x - jnp.sum(x),
        "stop": lambda x: x * lax.stop_gradient(x),
    }

    def function(x):
        for name in steps:
            x = acts[name](x)
        return x

    return function


def test_bits_of_every_kind_of_entry():
    kinds = ["bool", "int8", "uint32", "float64", "complex128", "float8_e4m3fn", "key<fry>", "key<rbg>", "float0"]
    assert [bits(kind) for kind in kinds] == [8, 8, 32, 64, 128, 8, 64, 128, 0]
