"""A summary counts what is there."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from difflab.core.summary import summarize


@example(np.full(3, 6e307))
@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=5), elements=st.floats(width=64)))
def test_counts_and_extremes_agree_with_numpy(array):
    found = summarize(array)
    finite = array[np.isfinite(array)]
    assert (found.nan, found.inf, found.zero) == (np.isnan(array).sum(), np.isinf(array).sum(), (array == 0).sum())
    if finite.size:
        assert found.min == finite.min() and found.max == finite.max()
        near = 1e-9 * min(found.norm, 1e308)
        np.testing.assert_allclose(found.mean / 4, np.sum(finite / finite.size / 4), rtol=1e-6, atol=near)
        with np.errstate(over="ignore", under="ignore"):
            wanted = np.linalg.norm(finite)
        if np.isfinite(wanted) and wanted > 1e-150:
            np.testing.assert_allclose(found.norm, wanted, rtol=1e-9)


def test_values_without_statistics_are_summarised_by_shape():
    assert summarize(jax.random.key(0)).dtype.startswith("key")
    assert str(summarize(np.zeros((0, 3)))) == "empty"
    assert str(summarize(2.5)) == "2.5"
    assert "1 NaN" in str(summarize(jnp.array([1.0, jnp.nan])))
    assert "all zero" in str(summarize(jnp.zeros(3)))
    assert summarize(jnp.array([3 + 4j, 0])).norm == 5.0
    assert summarize(np.array([1e200, 1e200])).norm > 1e200
