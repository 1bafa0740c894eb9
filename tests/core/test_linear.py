"""Which vertices and edges a linearised graph has, and that no array is made for it."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from difflab.core.capture import graph
from difflab.core.errors import UnsupportedError
from difflab.core.linear import LinearGraph, linearise, plain

X = np.linspace(0.1, 0.9, 4, dtype=np.float32)


def linear(f: Callable, *args, **options) -> LinearGraph:
    return linearise(graph(f, *args, **options))


def arcs(found: LinearGraph) -> set[tuple[str, str, str]]:
    name = [vertex.id for vertex in found.vertices]
    return {(name[u], name[v], block.kind) for (u, v), block in found.edges.items()}


def test_a_chain():
    found = linear(lambda x: jnp.sum(jnp.sin(x) * 2.0), X)
    assert arcs(found) == {("i0", "0", "diagonal"), ("0", "1", "scaled identity"), ("1", "2", "sum")}
    assert [v.role for v in found.vertices] == ["input", "intermediate", "intermediate", "output"]
    assert found.intermediates == (1, 2)


def test_what_no_output_needs_and_no_input_moves_is_left_out():
    def f(x, n):
        unused = jnp.exp(x)
        jnp.sin(unused)
        offset = jnp.cos(n * 1.0)
        return lax.stop_gradient(x) * x + offset

    found = linear(f, X, 3)
    assert [v.role for v in found.vertices] == ["input", "intermediate", "output"]


def test_an_output_that_is_read_on_gets_a_sink():
    def f(x):
        y = jnp.sin(x)
        return jnp.cos(y), y, y

    found = linear(f, X)
    assert arcs(found) == {("i0", "0", "diagonal"), ("0", "1", "diagonal"), ("0", "o1", "identity")}
    assert found.outputs[1] == found.outputs[2] != found.outputs[0]
    assert found.vertices[found.numbers["o1"]].role == "output"


def test_an_output_that_is_an_input_gets_a_sink():
    found = linear(lambda x: x, X)
    assert arcs(found) == {("i0", "o0", "identity")}
    assert found.intermediates == ()


def test_constant_and_integer_outputs_have_no_vertex():
    found = linear(lambda x: (1.0, jnp.argmax(x), jnp.ones(3), lax.stop_gradient(x), x * 2), X)
    assert found.outputs[:4] == (None, None, None, None)
    assert found.outputs[4] is not None
    assert [shape for _, shape, _ in found.results] == [(), (), (3,), (4,), (4,)]


def test_the_same_array_twice_is_two_inputs():
    found = linear(lambda x, y: x * y, X, X)
    assert arcs(found) == {("i0", "0", "diagonal"), ("i1", "0", "diagonal")}


def test_the_same_operand_twice_is_one_edge():
    found = linear(lambda x: x * x, X)
    assert arcs(found) == {("i0", "0", "diagonal")}
    assert [len(terms) for terms in found.terms.values()] == [2]
    assert arcs(linear(lambda x: x + x, X)) == {("i0", "0", "2 identity")}
    assert arcs(linear(lambda x: x - x, X)) == {("i0", "0", "0 identity")}


def test_vertices_of_calls_and_of_several_results_have_their_ids():
    def f(x):
        low, high = jnp.split(jax.jit(lambda y: jnp.sin(y) * 2)(x), 2)
        return low * high

    found = linear(f, X)
    names = {vertex.id: vertex for vertex in found.vertices}
    assert "0.0/0" in names
    assert any("#1" in name for name in names)
    assert {vertex.label for vertex in found.vertices} >= {"x", "low", "high"}
    assert all("#" not in vertex.node for vertex in found.vertices)


def test_options_choose_the_inputs():
    found = linear(lambda x, y: x * y, X, X, argnums=1)
    assert arcs(found) == {("i1", "0", "diagonal")}


@pytest.mark.parametrize(
    ("f", "x"), [(lambda z: z.real, np.ones(2, np.complex64)), (lambda x: x * 1j, np.ones(2, np.float32))]
)
def test_complex_ends_are_refused(f: Callable, x: np.ndarray):
    with pytest.raises(UnsupportedError, match="complex64; elimination takes real"):
        linear(f, x)


def test_complex_values_in_between_are_pairs_of_reals():
    found = linear(lambda x: jnp.abs(jnp.fft.fft(x)), X)
    assert any(vertex.shape == (2, 4) and vertex.dtype == "float32" for vertex in found.vertices)


def test_large_values_cost_nothing_before_they_are_asked_for():
    big = jax.ShapeDtypeStruct((1_000_000,), np.float32)
    found = linear(lambda x: lax.cumsum(jnp.sin(x)) + jnp.sum(x), big)
    assert len(found.edges) >= 4


def test_a_fingerprint_tells_graphs_apart():
    first, again = linear(lambda x: jnp.sin(x) * x, X), linear(lambda x: jnp.sin(x) * x, X)
    other = linear(lambda x: jnp.sin(x) * x, X[:2])
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_a_plain_graph_is_in_evaluation_order_and_pruned():
    found = plain([(2, 3), (-1, 2), (1, 3), (-1, 1), (3, 4), (-1, 9), (8, 4)], [-1], [4])
    assert [v.id for v in found.vertices] == ["-1", "1", "2", "3", "4"]
    assert found.outputs == (4,)


def test_a_plain_output_that_is_read_on_gets_a_sink():
    found = plain([(-1, 1), (1, 2)], [-1], [1, 2, -1, 7])
    assert arcs(found) == {
        ("-1", "1", "scalar"),
        ("1", "2", "scalar"),
        ("1", "o0", "identity"),
        ("-1", "o2", "identity"),
    }
    assert found.outputs[3] is None


@pytest.mark.parametrize(
    ("edges", "message"), [([(-1, 1), (1, 2), (2, 1), (2, 3)], "cycle"), ([(1, -1), (-1, 1), (1, 3)], "inputs have no")]
)
def test_malformed_plain_graphs_are_refused(edges: list, message: str):
    with pytest.raises(ValueError, match=message):
        plain(edges, [-1], [3])
