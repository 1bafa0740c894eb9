"""Calls written out in place: same numbers, unique vertices, node ids and names kept."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from difflab.core.capture import graph
from difflab.core.graph import Graph, Literal, walk
from difflab.core.inline import inline, is_call


@jax.jit
def inner(x, y):
    half = x * 0.5
    doubled = half * 4.0
    return doubled, y, 3.0, doubled


@jax.jit
def outer(x):
    a, b, c, d = inner(x, jnp.sin(x))
    e, _, _, f = inner(a, b)
    return a + b + c + d + e + f


TABLE = np.arange(6.0)


@jax.jit
def with_constant(x):
    return x * TABLE


def evaluate(program: Graph, arguments) -> list:
    known = {**program.values, **dict(zip(program.inputs, arguments, strict=True))}

    def read(operand):
        return operand.value if isinstance(operand, Literal) else known[operand]

    for equation in program.equations:
        known.update(zip(equation.results, equation.bind(*map(read, equation.operands)), strict=True))
    return [read(output) for output in program.outputs]


X = np.linspace(0.1, 0.9, 6, dtype=np.float32)
FUNCTIONS: dict[str, Callable] = {
    "plain": lambda x: jnp.sin(x) * x,
    "jit in jit": outer,
    "called twice": lambda x: outer(outer(x)),
    "with a constant": lambda x: with_constant(with_constant(x)),
    "remat": lambda x: jax.checkpoint(lambda y: jnp.sin(y) * outer(y))(x),
    "output is input": lambda x: jax.jit(lambda y: (y, y * 2))(x),
    "custom rules": lambda x: jax.nn.relu(x) + jax.nn.softplus(x),
    "loops": lambda x: lax.fori_loop(0, 3, lambda k, y: outer(y), x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_flat_graph_computes_the_same(name: str):
    f = FUNCTIONS[name]
    whole = graph(f, X)
    flat = inline(whole)
    for found, expected in zip(evaluate(flat.graph, [X]), evaluate(whole, [X]), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert not any(map(is_call, flat.graph.equations))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_equation_knows_its_node(name: str):
    whole = graph(FUNCTIONS[name], X)
    flat = inline(whole)
    nodes = {node: equation for node, _, equation in walk(whole)}
    assert len(set(flat.nodes)) == len(flat.nodes)
    for node, equation in zip(flat.nodes, flat.graph.equations, strict=True):
        assert nodes[node].primitive == equation.primitive
        assert nodes[node].source == equation.source
        for k, result in enumerate(equation.results):
            assert flat.values[result] == (f"{node}#{k}" if k else node)


def test_value_ids_are_unique_and_name_inputs_and_constants():
    flat = inline(graph(FUNCTIONS["with a constant"], X))
    assert len(set(flat.values)) == len(flat.values)
    assert [flat.values[v] for v in flat.graph.inputs] == ["i0"]
    assert all(flat.values[v].rsplit("/", 1)[-1].startswith("c") for v in flat.graph.constants)


def test_names_survive_and_the_callers_name_wins():
    def f(x):
        result = outer(x)
        return result * 2.0

    flat = inline(graph(f, X)).graph
    names = {vertex.name for vertex in flat.vertices}
    assert {"x", "half", "d", "result"} <= names
    assert "doubled" not in names


def test_custom_rules_and_loops_stay_closed():
    def f(x):
        return lax.fori_loop(0, 3, lambda k, y: y * 2, jax.nn.relu(x))

    kinds = {equation.kind for equation in inline(graph(f, X)).graph.equations}
    assert kinds & {"custom_jvp", "scan"} == {"custom_jvp", "scan"}
