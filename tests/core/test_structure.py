"""Structured blocks against dense arrays: products, sums, and the number of multiplications."""

from math import prod

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.algebra import join, product
from difflab.core.contraction import Block, add, multiply, to_array
from difflab.core.factors import densified
from difflab.core.relation import Relation
from difflab.core.structure import SCALAR, Link, Structure, dense, flat, identity, refine, split, structure

DTYPE = "float32"
MIDDLE = [(6,), (2, 3), (3, 2), (4, 1), (12,), (3, 4), (1,), (), (0,), (2, 0), (5,), (2, 2, 3)]


def oracle(block: Block) -> np.ndarray:
    """The dense array, entry by entry from the definition."""
    kind = block.structure
    found = np.zeros((prod(kind.out_shape), prod(kind.inp_shape)))
    value = None if block.value is None else np.asarray(block.value)
    for index, places in entries(kind):
        number = kind.scale if value is None else value[tuple(index[n] for n in kind.carried)]
        found[places] += number
    return found.reshape(kind.out_shape + kind.inp_shape)


def entries(kind: Structure):
    """Every entry of a block: the index of each label, and the place in output and input."""
    tied = {n for link in kind.links for n in (*link.outs, *link.inps)}
    for short in np.ndindex(*[1 if n in tied else size for n, size in enumerate(kind.sizes)]):
        index = list(short)
        for link in kind.links:
            pair = link.relation.rows[index[link.label]], link.relation.cols[index[link.label]]
            for labels, place in zip((link.outs, link.inps), pair, strict=True):
                where = np.unravel_index(place, [kind.sizes[n] for n in labels]) if labels else ()
                for n, k in zip(labels, where, strict=True):
                    index[n] = int(k)
        yield tuple(index), (position(kind, kind.out, index), position(kind, kind.inp, index))


def position(kind: Structure, axes, index) -> int:
    place = 0
    for n in flat(axes):
        place = place * kind.sizes[n] + index[n]
    return place


@st.composite
def blocks(draw, out_shape=None, inp_shape=None):
    """Random factorings of both shapes, random pairs of equal factors made deltas, random labels carried."""
    shapes = [draw(st.sampled_from(MIDDLE)) if s is None else s for s in (out_shape, inp_shape)]
    sizes, sides = {}, []
    for shape in shapes:
        axes = []
        for n in shape:
            parts = draw(st.sampled_from(factorings(n)))
            axes.append([len(sizes) + k for k in range(len(parts))])
            sizes |= dict(zip(axes[-1], parts, strict=True))
        sides.append(axes)
    rename = {}
    for label in (n for axis in sides[1] for n in axis):
        free = [m for axis in sides[0] for m in axis if sizes[m] == sizes[label] and m not in rename.values()]
        if free and draw(st.booleans()):
            rename[label] = draw(st.sampled_from(free))
    sides[1] = [[rename.get(n, n) for n in axis] for axis in sides[1]]
    links = draw_links(draw, sides, sizes) if draw(st.booleans()) else []
    tied = {n for link in links for n in (*link[1], *link[2])}
    labels = sorted({n for side in sides for axis in side for n in axis if n not in tied} | {link[0] for link in links})
    carried = draw(
        st.none() | st.lists(st.sampled_from(labels), unique=True) if labels else st.sampled_from([None, []])
    )
    scale = draw(st.sampled_from([1, -1, 3])) if carried is None else 1
    return (*sides, sizes, carried, scale, links), draw(st.integers(0, 9))


def draw_links(draw, sides, sizes) -> list[Link]:
    """One or two links over some of the labels of one side only."""
    shared = {n for axis in sides[0] for n in axis} & {n for axis in sides[1] for n in axis}
    free = [[n for axis in side for n in axis if n not in shared and sizes[n] != 1] for side in sides]
    links = []
    for part in range(draw(st.integers(1, 2))):
        outs, inps = (draw(st.lists(st.sampled_from(f), unique=True, max_size=2)) if f else [] for f in free)
        free = [[n for n in f if n not in (*outs, *inps)] for f in free]
        height, width = (prod(sizes[n] for n in labels) for labels in (outs, inps))
        if not outs and not inps:
            continue
        places = st.integers(0, height * width - 1) if height * width else st.nothing()
        pairs = draw(st.lists(places, unique=True, max_size=12) if height * width else st.just([]))
        if height == width and draw(st.booleans()):
            pairs = [k * width + k for k in range(width)]
        elif draw(st.integers(0, 4)) == 0:
            pairs = list(range(height * width))
        rows, cols = np.divmod(np.array(pairs, int), max(width, 1))
        label = 1000 + part
        sizes[label] = len(pairs)
        links.append((label, tuple(outs), tuple(inps), rows, cols, height, width))
    return links


def filled(drawn: tuple[tuple, int]) -> Block:
    """The block with small integers, so that float32 is exact. (beartype draws at random: not inside a strategy.)"""
    (*labels, links), seed = drawn
    kind, _ = structure(*labels, [Link(*link[:3], Relation(*link[3:])) for link in links])
    if kind.carried is None:
        return Block(kind)
    return Block(kind, jnp.asarray(np.random.default_rng(seed).integers(-4, 5, kind.value_shape), DTYPE))


def factorings(n: int) -> list[tuple[int, ...]]:
    return {1: [(), (1,)], 4: [(4,), (2, 2)], 6: [(6,), (2, 3), (3, 2)], 12: [(12,), (3, 4), (2, 6), (2, 3, 2)]}.get(
        n, [(n,)]
    )


@given(blocks())
@settings(max_examples=40, deadline=None)
def test_the_dense_array_is_the_definition(drawn: tuple[tuple, int]):
    block = filled(drawn)
    np.testing.assert_array_equal(to_array(block, DTYPE), oracle(block))
    kind, spread = densified(block.structure)
    assert kind == dense(block.structure.out_shape, block.structure.inp_shape)
    assert spread.final == kind.value_shape


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_product_is_the_matrix_product(data):
    left = filled(data.draw(blocks()))
    right = filled(data.draw(blocks(out_shape=left.structure.inp_shape)))
    found = multiply(left, right, DTYPE)
    count = len(left.structure.inp_shape)
    expected = np.tensordot(oracle(left), oracle(right), count)
    np.testing.assert_allclose(to_array(found, DTYPE), expected, rtol=1e-5)
    assert found.structure == product(left.structure, right.structure).structure


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_a_sum_is_the_sum(data):
    left = filled(data.draw(blocks()))
    right = filled(data.draw(blocks(left.structure.out_shape, left.structure.inp_shape)))
    found = add(left, right, DTYPE)
    np.testing.assert_allclose(to_array(found, DTYPE), oracle(left) + oracle(right), rtol=1e-5)
    assert found.structure == join(left.structure, right.structure).structure


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_cost_of_a_product_is_the_number_of_different_pairs(data):
    """Recount by going through all index triples and collecting which two numbers are multiplied."""
    left = filled(data.draw(blocks()))
    right = filled(data.draw(blocks(out_shape=left.structure.inp_shape)))
    plan = product(left.structure, right.structure)
    if (
        plan.left.spreads
        or plan.right.spreads
        or None in (left.structure.carried, right.structure.carried)
        or plan.scale != 1
    ):
        return
    if 0 in (*left.structure.sizes, *right.structure.sizes):
        return  # the arrays are multiplied, though no entry of the block is there to need it
    pairs = different_pairs(left.structure, right.structure)
    if left.structure.links or right.structure.links:
        assert plan.cost <= met(left.structure, right.structure)
        return
    summed_before = set(plan.left_labels) ^ set(plan.right_labels)
    alone = summed_before - set(plan.labels)
    if alone:
        assert plan.cost <= len(pairs)
    else:
        assert plan.cost == len(pairs)


def met(left: Structure, right: Structure) -> int:
    """How many entries of one block meet an entry of the other."""
    return sum(a == b for _, (_, a) in entries(left) for _, (b, _) in entries(right))


def different_pairs(left: Structure, right: Structure) -> set:
    pairs = set()
    for a, (_, middle) in entries(left):
        for b, (entered, _) in entries(right):
            if middle == entered:
                pairs.add((tuple(a[n] for n in left.carried), tuple(b[n] for n in right.carried)))
    return pairs


DIAGONAL = structure([[0]], [[0]], {0: 5}, [0])[0]
SUM = structure([], [[0]], {0: 5}, None)[0]
BROADCAST = structure([[0]], [], {0: 5}, None)[0]
COSTS = [
    (SCALAR, SCALAR, 1),
    (DIAGONAL, DIAGONAL, 5),
    (identity((5,)), DIAGONAL, 0),
    (DIAGONAL, identity((5,)), 0),
    (SUM, DIAGONAL, 0),
    (DIAGONAL, BROADCAST, 0),
    (SUM, BROADCAST, 0),
    (dense((3,), (5,)), dense((5,), (7,)), 3 * 5 * 7),
    (dense((3,), (5,)), DIAGONAL, 3 * 5),
    (dense((3,), (5,)), BROADCAST, 0),
    (dense((), (5,)), dense((5,), ()), 5),
    (structure([], [[0]], {0: 5}, ())[0], dense((5,), (2,)), 2),
    (structure([], [[0]], {0: 5}, ())[0], structure([[0]], [[1]], {0: 5, 1: 2}, [1])[0], 2 + 1),
]


@pytest.mark.parametrize(("left", "right", "cost"), COSTS)
def test_costs_worked_out_by_hand(left: Structure, right: Structure, cost: int):
    assert product(left, right).cost == cost


KINDS = [
    (SCALAR, "scalar"),
    (identity(()), "identity"),
    (DIAGONAL, "diagonal"),
    (SUM, "sum"),
    (BROADCAST, "broadcast"),
    (dense((2,), (3,)), "dense"),
    (structure([[0]], [[0]], {0: 5}, None, -1)[0], "−identity"),
    (structure([[0]], [[0]], {0: 5}, None, 3)[0], "3 identity"),
    (structure([[0]], [[0]], {0: 5}, ())[0], "scaled identity"),
    (structure([[0], [1]], [[1], [0]], {0: 2, 1: 3}, None)[0], "transpose"),
    (structure([[0], [1]], [[2], [1]], {0: 2, 1: 3, 2: 4}, [0, 2])[0], "block diagonal"),
    (structure([[0]], [[1]], {0: 2, 1: 3}, [0])[0], "low rank"),
    (structure([[0]], [[1]], {0: 2, 1: 3}, None)[0], "sum and broadcast"),
]


@pytest.mark.parametrize(("block", "kind"), KINDS)
def test_every_structure_has_its_word(block: Structure, kind: str):
    assert block.kind == kind


def test_equal_blocks_are_equal_whatever_their_labels_were():
    first, _ = structure([[7], [3]], [[3], [9]], {7: 2, 3: 4, 9: 1}, [3, 9])
    again, _ = structure([[0], [1]], [[1], []], {0: 2, 1: 4}, [1])
    assert first == again
    assert hash(first) == hash(again)


def test_unequal_factorings_are_refined_or_refused():
    assert refine((12,), (2, 3, 2)) == (((2, 3, 2),), ((2,), (3,), (2,)))
    assert refine((2, 6), (4, 3)) == (((2,), (2, 3)), ((2, 2), (3,)))
    assert refine((4, 3), (3, 4)) is None
    assert refine((0,), (0, 3)) is None
    assert refine((), ()) == ((), ())


def test_splitting_a_label_changes_nothing():
    block = Block(dense((6,), (6,)), jnp.arange(36.0).reshape(6, 6))
    finer = split(block.structure, {0: (2, 3)})
    assert finer.out == ((0, 1),)
    found = Block(finer, block.value.reshape(finer.value_shape))
    np.testing.assert_array_equal(to_array(found, DTYPE), block.value)
