"""Calls: written out, kept as one step, or eliminated inside first."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.capture import graph
from difflab.core.contraction import to_array
from difflab.core.linear import linearise
from difflab.core.nesting import interiors, preaccumulation

X = np.linspace(0.1, 0.9, 4, dtype=np.float32)


@jax.jit
def inner(x):
    return jnp.sin(x) * jnp.exp(x)


@jax.jit
def outer(x):
    y = inner(x) + x
    return jnp.cumsum(y * y)


def both(x):
    return outer(outer(x)) * x


def test_a_kept_call_is_one_step():
    found = linearise(graph(both, X), nested="keep")
    assert [vertex.id for vertex in found.vertices] == ["i0", "0", "1", "2"]
    _, blocks = found.values((X,))
    np.testing.assert_allclose(to_array(blocks[0, 1], "float32"), jax.jacfwd(outer)(X), rtol=1e-5)


def test_a_kept_call_that_acts_entry_by_entry_is_diagonal():
    found = linearise(graph(lambda x: inner(x), X), nested="keep")
    assert [block.kind for block in found.edges.values()] == ["diagonal"]
    found = linearise(graph(jax.checkpoint(lambda x: jnp.sin(x) * x), X), nested="keep")
    assert [block.kind for block in found.edges.values()] == ["diagonal"]


def test_vertices_know_the_calls_around_them():
    found = linearise(graph(both, X))
    groups = dict(zip((vertex.id for vertex in found.vertices), found.groups, strict=True))
    assert groups["i0"] == groups["2"] == ()
    assert groups["0.0/1"] == ("0",)
    assert groups["1.0/0.0/1"] == ("1", "1.0/0")


def test_the_inside_comes_first():
    found = linearise(graph(both, X))
    order = preaccumulation(found)
    assert sorted(order) == sorted(found.intermediates)
    names = [[found.vertices[n].id for n in group] for group in interiors(found)]
    assert names[:2] == [["0.0/0.0/0", "0.0/0.0/1"], ["1.0/0.0/0", "1.0/0.0/1"]]
    assert set(names[2]) == {"0.0/0.0/2", "0.0/1", "0.0/2"}
    assert found.vertices[order[-1]].id.startswith("0.0/3")


def test_another_word_is_refused():
    with pytest.raises(ValueError, match="nested is 'flat'; say 'inline'"):
        linearise(graph(both, X), nested="flat")
