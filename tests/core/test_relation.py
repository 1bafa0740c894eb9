"""Relations against dense boolean matrices: compositions, unions, and fused factors."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.factors import factors, fuse
from difflab.core.relation import Relation, compose, unite
from difflab.core.structure import identity


def matrix(relation: Relation) -> np.ndarray:
    found = np.zeros((relation.height, relation.width), int)
    np.add.at(found, (relation.rows, relation.cols), 1)
    return found


@st.composite
def pairs(draw, height: int, width: int):
    places = draw(st.lists(st.integers(0, height * width - 1), unique=True)) if height * width else []
    return np.divmod(np.array(places, int), max(width, 1))


SIZES = st.integers(0, 5)


@given(st.data(), SIZES, SIZES, SIZES)
@settings(max_examples=200, deadline=None)
def test_a_composition_is_the_matrix_product(data, height: int, middle: int, width: int):
    left = Relation(*data.draw(pairs(height, middle)), height, middle)
    right = Relation(*data.draw(pairs(middle, width)), middle, width)
    found = compose(left, right)
    product = matrix(left) @ matrix(right)
    np.testing.assert_array_equal(matrix(found.relation), product > 0)
    np.testing.assert_array_equal(product[found.relation.rows, found.relation.cols], found.counts)
    np.testing.assert_array_equal(left.cols[found.left], right.rows[found.right])
    np.testing.assert_array_equal(left.rows[found.left], found.relation.rows[found.into])
    np.testing.assert_array_equal(right.cols[found.right], found.relation.cols[found.into])
    assert (np.diff(found.into) >= 0).all()


@given(st.data(), SIZES, SIZES)
@settings(max_examples=200, deadline=None)
def test_a_union_knows_where_each_entry_comes_from(data, height: int, width: int):
    left, right = (Relation(*data.draw(pairs(height, width)), height, width) for _ in range(2))
    found, *entries = unite(left, right)
    np.testing.assert_array_equal(matrix(found), matrix(left) | matrix(right))
    for own, entry in zip((left, right), entries, strict=True):
        present = entry >= 0
        assert present.sum() == len(own)
        np.testing.assert_array_equal(own.rows[entry[present]], found.rows[present])
        np.testing.assert_array_equal(own.cols[entry[present]], found.cols[present])


def test_long_relations_stand_diagonal_by_diagonal():
    n = 300
    shifts = [Relation(np.arange(n - 2), np.arange(n - 2) + k, n - 2, n) for k in range(3)]
    found, _, _ = unite(unite(shifts[2], shifts[0])[0], shifts[1])
    assert found.bands == 3
    assert np.flatnonzero(np.diff(found.cols - found.rows)).tolist() == [n - 3, 2 * n - 5]


def test_equal_relations_are_equal():
    first, again = (Relation(np.arange(3), np.arange(3)[::-1], 3, 3) for _ in range(2))
    assert first == again
    assert hash(first) == hash(again)
    assert repr(first) == repr(again)
    assert first != Relation(np.arange(3), np.arange(3)[::-1], 3, 4)
    assert first != "a relation"


def test_the_identity_and_the_full_relation_are_known():
    assert Relation(np.arange(3), np.arange(3), 3, 3).diagonal
    assert not Relation(np.arange(3), np.arange(3), 3, 4).diagonal
    assert Relation(np.repeat(np.arange(2), 2), np.tile(np.arange(2), 2), 2, 2).full
    group, fused = fuse(factors(identity((2, 3))), (0, 1), (0, 1), {0: 2, 1: 3})
    assert (group, fused.diagonal) == ((0, 1), True)
