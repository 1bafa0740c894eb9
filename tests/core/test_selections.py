"""What only moves entries keeps its structure: links of as many numbers as there are entries."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from difflab.core.algebra import join, product
from difflab.core.capture import graph
from difflab.core.constants import IN_NUMPY, Constants
from difflab.core.contraction import Block, add, multiply, to_array
from difflab.core.entries import entries
from difflab.core.inline import inline
from difflab.core.linear import LinearGraph, linearise
from difflab.core.pattern import pattern
from difflab.core.structure import Structure, dense

MANY = 2_500
INDEX = np.array([3, 0, -1, 0])


def linear(f: Callable, *args) -> LinearGraph:
    return linearise(graph(f, *args))


def only(f: Callable, *args) -> Structure:
    (found,) = linear(f, *args).edges.values()
    return found


X = np.arange(6.0, dtype=np.float32)
A = X.reshape(2, 3)
SELECTIONS = {
    "slice": (lambda x: x[1:5:2], X, 2),
    "slice of an axis": (lambda a: a[:, 1:], A, 2),
    "reversed": (lambda x: x[::-1], X, 6),
    "padded": (lambda x: jnp.pad(x, (1, 2)), X, 6),
    "padded inside": (lambda x: lax.pad(x, 0.0, [(-1, 0, 1)]), X, 5),
    "joined": (lambda x: jnp.concatenate([jnp.ones(2), x]), X, 6),
    "one entry": (lambda x: x[4:5], X, 1),
    "gathered": (lambda x: x[INDEX], X, 4),
    "gathered by an array of JAX": (lambda x: x[jnp.asarray(INDEX)], X, 4),
    "gathered pairs": (lambda a: a[np.array([0, 1]), np.array([2, 0])], A, 2),
    "gathered with a fill": (lambda x: x.at[np.array([1, 9, -9])].get(mode="fill", fill_value=3.0), X, 1),
    "whole axes follow": (lambda a: a[np.array([1, 1, 0])], A, 3),
    "a known dynamic slice": (lambda x: lax.dynamic_slice(x, (jnp.int32(5),), (3,)), X, 3),
    "scattered": (lambda x: jnp.zeros(4).at[np.array([1, 3])].set(x[:2]), X[:2], 2),
    "added at indices": (lambda x: jnp.zeros(4).at[np.array([1, 1])].add(x), X[:2], 2),
    "stacked": (lambda x: jnp.stack([jnp.ones(6), x]), X, 1),
    "a reshape whose factors clash": (lambda x: x.reshape(3, 2), A, 6),
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_a_selection_has_one_entry_a_number_and_no_array(name: str):
    f, x, count = SELECTIONS[name]
    found = only(f, x)
    assert found.kind == "selection"
    assert found.trivial
    assert [len(link.relation) for link in found.links] == [count]
    np.testing.assert_array_equal(to_array(Block(found), "float32"), jax.jacfwd(f)(x))


@pytest.mark.parametrize("name", SELECTIONS)
def test_a_product_with_a_selection_costs_nothing(name: str):
    f, x, _ = SELECTIONS[name]
    found = only(f, x)
    assert product(found, dense(found.inp_shape, (4,))).cost == 0
    assert product(dense((4,), found.out_shape), found).cost == 0


def test_places_known_at_run_time_only_are_dense():
    found = linear(lambda x: x[jnp.argsort(x)], X)
    assert [block.kind for block in found.edges.values()] == ["dense"]
    found = linear(lambda x: lax.dynamic_slice(x, (jnp.argmax(x),), (3,)), X)
    assert [block.kind for block in found.edges.values()] == ["dense"]


def interior(u):
    return jnp.sin(u[1:-1]) * (u[2:] - 2 * u[1:-1] + u[:-2]) - u[1:-1] * (u[2:] - u[:-2])


def rolled(u):
    return (jnp.roll(u, 1) - 2 * u + jnp.roll(u, -1)) * jnp.exp(u)


def periodic(u):
    v = jnp.concatenate([u[-1:], u, u[:1]])
    return v[2:] * v[:-2] - 2 * v[1:-1]


def neighbours(u):
    left, right = np.arange(u.size) - 1, (np.arange(u.size) + 1) % u.size
    return u[left] * u[right] - u


def plane(u):
    a = u.reshape(100, -1)
    b = jnp.pad(a, 1)
    return (b[2:, 1:-1] + b[:-2, 1:-1] + b[1:-1, 2:] + b[1:-1, :-2] - 4 * a) * a


STENCILS = {
    "interior": (interior, 3),
    "rolled": (rolled, 3),
    "periodic": (periodic, 3),
    "neighbours": (neighbours, 3),
    "two steps": (lambda u: interior(rolled(u)), 5),
    "plane": (plane, 9),
}


def eliminated(found: LinearGraph, u) -> Block:
    """The one block that is left, by products and sums of blocks from the output on."""
    before: dict[int, dict[int, Block]] = {}
    for (a, b), block in found.values((u,))[1].items():
        before.setdefault(b, {})[a] = block
    (end,) = found.outputs
    row = before[end]
    for vertex in reversed(found.intermediates):
        left = row.pop(vertex)
        for a, right in before[vertex].items():
            new = multiply(left, right, "float32")
            row[a] = add(row[a], new, "float32") if a in row else new
    (block,) = row.values()
    return block


@pytest.mark.parametrize("name", STENCILS)
def test_a_stencil_keeps_few_numbers_a_point(name: str):
    f, width = STENCILS[name]
    u = jnp.linspace(0.1, 1.0, MANY)
    found = linear(f, u)
    assert max(block.stored for block in found.edges.values()) <= 2 * MANY
    block = eliminated(found, u)
    assert block.structure.stored <= width * MANY
    assert pattern(block.structure).nnz == block.structure.stored
    direction = jnp.cos(1.3 * jnp.arange(MANY))
    applied = multiply(block, Block(dense((MANY,), ()), direction), "float32")
    expected = jax.jvp(f, (u,), (direction,))[1]
    np.testing.assert_allclose(to_array(applied, "float32"), expected, atol=1e-5)


def test_a_sum_of_selections_that_is_everything_is_the_identity():
    def f(x):
        return jnp.concatenate([x[:2], x[2:]])

    found = linear(f, X)
    assert eliminated(found, X).structure.kind == "identity"


def test_sums_of_selections_unite_their_places():
    first, second = only(lambda x: x[:4], X), only(lambda x: x[2:], X)
    both = join(first, second).structure
    assert (both.kind, [len(link.relation) for link in both.links]) == ("selection", [8])
    unequal = join(both, first).structure
    assert (unequal.kind, unequal.stored) == ("banded", 8)
    assert join(first, first).structure.kind == "2 selection"


def test_the_places_are_part_of_the_fingerprint():
    first, second = (linear(lambda x, k=k: jnp.sin(x)[k : k + 3], X) for k in (0, 1))
    assert first.fingerprint != second.fingerprint


def test_entries_are_read_off_in_the_order_of_the_pattern():
    x = jnp.arange(1.0, 7.0)
    block = eliminated(linear(lambda x: x[2:] * x[:-2], x), x)
    relation, values = entries(block, "float32")
    found = np.zeros((4, 6), np.float32)
    found[relation.rows, relation.cols] = values
    np.testing.assert_array_equal(found, jax.jacfwd(lambda x: x[2:] * x[:-2])(x))
    np.testing.assert_array_equal(pattern(block.structure).toarray(), found != 0)


def test_a_block_of_zeros_has_no_pattern():
    assert pattern(only(lambda x: x - x, X)).nnz == 0


INTEGERS = {
    "add": lambda k: k + 3,
    "and": lambda k: k & 6,
    "broadcast_in_dim": lambda k: k[:, None] * jnp.ones((1, 2), int),
    "concatenate": lambda k: jnp.concatenate([k, k]),
    "convert_element_type": lambda k: k.astype("uint8"),
    "cumsum": lambda k: lax.cumsum(k, 0) * lax.cumsum(k * 1_000_000_007, 0, reverse=True),
    "div": lambda k: (
        lax.div(k, jnp.array([2, -2, 0, 3, -3], "int32")) * lax.div(-k, jnp.array([2, 2, -7, 0, 3], "int32"))
    ),
    "eq": lambda k: (k == 2) * 1,
    "ge": lambda k: (k >= 2) * 1,
    "gt": lambda k: (k > 2) * 1,
    "iota": lambda k: k + lax.broadcasted_iota("int32", (5,), 0),
    "le": lambda k: (k <= 2) * 1,
    "lt": lambda k: (k < 2) * 1,
    "max": lambda k: jnp.maximum(k, 2),
    "min": lambda k: jnp.minimum(k, 2),
    "mul": lambda k: k * 1_000_000_007,
    "ne": lambda k: (k != 2) * 1,
    "neg": lambda k: -k,
    "not": lambda k: ~k + (~(k > 2)),
    "or": lambda k: k | 6,
    "reduce_and": lambda k: lax.reduce_and_p.bind(k > 0, axes=(0,)) * k + jnp.all(k[:, None] < 3, axis=1),
    "reduce_max": lambda k: k * jnp.max(k),
    "reduce_min": lambda k: k * jnp.min(k[:, None] - k, axis=1),
    "reduce_or": lambda k: jnp.any(k[:, None] > 2, axis=1) * k,
    "reduce_sum": lambda k: lax.reduce_sum(k * 1_000_000_007, [0]) - k,
    "rem": lambda k: (
        lax.rem(k, jnp.array([2, -2, 0, 3, -3], "int32")) + lax.rem(-k, jnp.array([2, 2, -7, 0, 3], "int32"))
    ),
    "reshape": lambda k: k.reshape(1, 5, 1),
    "rev": lambda k: lax.rev(k, [0]),
    "select_n": lambda k: lax.select_n(k > 1, k, -k) + lax.select_n(jnp.clip(k, 0, 2), k, -k, 2 * k),
    "sign": lambda k: lax.sign(k),
    "slice": lambda k: lax.slice(k, [0], [5], [2]) * lax.slice(k, [1], [4]),
    "squeeze": lambda k: lax.squeeze(k.reshape(1, 5), [0]),
    "sub": lambda k: k - 7,
    "transpose": lambda k: (k[:, None] + k[None, :2]).T,
}


@pytest.mark.parametrize("name", INTEGERS)
def test_fixed_integers_are_what_jax_makes_of_them(name: str):
    given = np.array([3, -1, 2, 0, 5], np.int32)
    flat = inline(graph(lambda x: (INTEGERS[name](jnp.asarray(given)), x), 1.0)).graph
    assert name in {equation.primitive for equation in flat.equations} or name == "iota"
    found = Constants(flat).literal(flat.outputs[0])
    expected = np.asarray(INTEGERS[name](jnp.asarray(given)))
    np.testing.assert_array_equal(found.value, expected)
    assert found.dtype == expected.dtype


def test_every_integer_rule_is_tried():
    assert set(IN_NUMPY) == set(INTEGERS)
