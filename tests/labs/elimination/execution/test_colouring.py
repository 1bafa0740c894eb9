"""Colourings on random patterns: no group has a conflict, and every entry can be read off."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from difflab.labs.elimination.execution.colouring import ORDERINGS, bicolouring, column_colouring, row_colouring

PATTERNS = st.tuples(st.integers(1, 12), st.integers(1, 12), st.floats(0.0, 0.7), st.integers(0, 10_000))


def made(height: int, width: int, density: float, seed: int):
    return sparse.csr_array(np.random.default_rng(seed).random((height, width)) < density)


@given(PATTERNS)
@settings(max_examples=100, deadline=None)
def test_columns_of_a_group_have_no_row_in_common(shape):
    places = made(*shape)
    found = column_colouring(places)
    assert ((places.toarray().astype(int) @ found.seeds().T) <= 1).all()
    assert found.count >= np.diff(places.indptr).max()
    used = places.toarray().any(axis=0)
    assert ((found.colours >= 0) == used).all()


@given(PATTERNS)
@settings(max_examples=100, deadline=None)
def test_a_bicolouring_recovers_every_entry(shape):
    places = made(*shape)
    dense = places.toarray() * np.random.default_rng(1).normal(size=places.shape)
    plan = bicolouring(places)
    pushed, pulled = dense @ plan.columns.seeds().T, plan.rows.seeds() @ dense
    found = np.zeros_like(dense)
    for i, j in zip(*places.nonzero(), strict=True):
        found[i, j] = pulled[plan.rows.colours[i], j] if plan.reverse[i] else pushed[i, plan.columns.colours[j]]
    np.testing.assert_array_equal(found, dense)


@pytest.mark.parametrize(("bands", "groups"), [(1, 1), (3, 3), (5, 5)])
def test_a_banded_pattern_takes_as_many_groups_as_bands(bands: int, groups: int):
    place = np.arange(40)
    places = sparse.csr_array(np.abs(place[:, None] - place) <= bands // 2)
    assert column_colouring(places).count == row_colouring(places).count == groups


def test_an_arrow_takes_three_sweeps_of_both_modes_and_all_of_one():
    dense = np.eye(30, dtype=bool)
    dense[0] = dense[:, 0] = True
    places = sparse.csr_array(dense)
    assert column_colouring(places).count == row_colouring(places).count == 30
    assert bicolouring(places).count == 3


def test_every_ordering_looks_at_every_vertex_once():
    near = [np.array([1, 2]), np.array([0]), np.array([0]), np.array([], int)]
    for order in ORDERINGS.values():
        assert sorted(order(near)) == [0, 1, 2, 3]
