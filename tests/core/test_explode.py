"""Small arrays taken apart into numbers: the same Jacobian, and as many edges as there are entries."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from difflab.core.capture import graph
from difflab.core.contraction import Block, add, multiply
from difflab.core.explode import Exploded, assemble, explode
from difflab.core.linear import linearise

X = np.array([0.7, -1.3, 0.4, 2.1, -0.6, 1.8], np.float32)
A = np.array([[1.2, 0.3, -0.5], [0.1, 0.9, 0.7], [-0.4, 0.2, 1.5]], np.float32)

FUNCTIONS: dict[str, tuple[Callable, tuple]] = {
    "many outputs": (lambda x: (jnp.sin(x) * x[::-1], x[:3].sum(), x, jnp.ones(2), x[1] * x[2]), (X,)),
    "matrix": (lambda a, x: a @ jnp.tanh(a @ x[:3]) + x[3:], (A, X)),
    "partly large": (lambda x: jnp.outer(x, x) @ jnp.sin(x) + jnp.cumsum(x), (X,)),
    "scan": (lambda x: lax.scan(lambda c, a: (c * a, c + a), x[0], x), (X,)),
    "number": (lambda s: jnp.sin(s) * s, (0.7,)),
    "zeros": (lambda x: (x - x, lax.stop_gradient(x)), (X,)),
    "empty": (lambda x: (x[:0], x * 2), (X,)),
}


def rows(found: Exploded, args: tuple) -> list[list[Block | None]]:
    """The blocks that are left when everything is eliminated, from the outputs on."""
    before: dict[int, dict[int, Block]] = {}
    for (u, v), block in found.values(args)[1].items():
        before.setdefault(v, {})[u] = block
    for vertex in found.intermediates:
        for v, row in before.items():
            left = row.pop(vertex, None)
            for u, right in before[vertex].items() if left is not None else ():
                new = multiply(left, right, "float32")
                before[v][u] = add(row[u], new, "float32") if u in row else new
    return [[None if v is None else before.get(v, {}).get(u) for u in found.inputs] for v in found.outputs]


@pytest.mark.parametrize("limit", [0, 6, 16])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_jacobian_is_the_same(name: str, limit: int):
    f, args = FUNCTIONS[name]
    found = explode(linearise(graph(f, *args)), limit)
    ours = [block for row in assemble(found, rows(found, args)) for block in row]
    theirs = jax.tree.leaves(jax.jacfwd(f, tuple(range(len(args))))(*args))
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_entries_that_are_zero_by_structure_are_no_edges():
    found = explode(linearise(graph(lambda x: jnp.sin(x)[::-1], X)))
    assert len(found.edges) == 12
    assert [vertex.id for vertex in found.vertices[:2]] == ["i0[0]", "i0[1]"]
    assert {vertex.shape for vertex in found.vertices} == {()}
    assert [block.kind for block in found.edges.values()].count("identity") == 6


def test_large_arrays_stay_whole():
    found = explode(linearise(graph(lambda x: jnp.outer(x, x).sum(0), X)), 6)
    assert (6, 6) in {vertex.shape for vertex in found.vertices}


def test_what_lies_on_no_path_is_left_out():
    found = explode(linearise(graph(lambda x: jnp.sin(x)[:2], X)))
    assert found.intermediates == (6, 7)
    assert len(found.inputs) == 6
