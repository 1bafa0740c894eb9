"""The comparison as an object: rows, verdict, and what `order="auto"` makes of it. No time is asserted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.labs.elimination.execution import choose
from difflab.labs.elimination.execution.choose import Choice, remember
from difflab.labs.elimination.execution.compare import compare
from difflab.labs.elimination.execution.execute import jacobian
from difflab.labs.elimination.execution.strategies import STRATEGIES
from difflab.labs.elimination.execution.task import Traced, task

X = np.linspace(0.1, 1.0, 5)


def wave(x):
    return jnp.sin(x) * jnp.sum(x)


@pytest.fixture(autouse=True)
def forget():
    choose.clear()
    yield
    choose.clear()


def test_every_strategy_has_a_row_with_a_reason():
    found = compare(wave, X, measure=False)
    assert {row.strategy for row in found.rows} == set(STRATEGIES)
    assert all(row.reason for row in found.rows)
    assert found.shape == (5, 5)
    assert found.null is None
    assert all(row.seconds is None for row in found.rows)
    assert "5 tangents at once" in str(found)
    assert found.verdict in str(found)
    assert "<table>" in found._repr_html_()


def test_times_are_measured_beside_a_null():
    found = compare(wave, X, strategies=["elimination"], batch=3, seconds=0.05)
    assert {row.strategy for row in found.rows} == {"elimination", "jacfwd", "jacrev"}
    assert all(row.seconds and row.ratio and row.compile_seconds for row in found.rows)
    assert min(row.ratio for row in found.rows if row.strategy != "elimination") == 1
    assert found.null is not None
    assert found.null > 0
    assert "3 at once" in str(found)


def test_auto_takes_what_was_measured():
    at = task(Traced(wave, False), (X,), 0, {})
    assert choose.choose(at, False).strategy in STRATEGIES
    remember(at, False, Choice("row", "measured"))
    assert choose.choose(at, False) == Choice("row", "measured")
    np.testing.assert_allclose(jacobian(wave)(X), jax.jacrev(wave)(X), rtol=1e-5)
    choose.clear()
    assert choose.choose(at, False).reason != "measured"


RULES = [
    (lambda x: jnp.sum(x**2), (X,), 0, "jacrev"),
    (lambda s: s * X, (1.5,), 0, "jacfwd"),
    (lambda a, b: (a * b, a / b), (1.5, 2.0), (0, 1), "elimination"),
]


@pytest.mark.parametrize(("f", "args", "argnums", "name"), RULES)
def test_simple_shapes_are_decided_by_rule(f, args, argnums, name: str):
    assert choose.choose(task(Traced(f, False), args, argnums, {}), False).strategy == name


def test_an_unknown_strategy_is_refused():
    with pytest.raises(ValueError, match="no strategy named 'guess'"):
        compare(wave, X, strategies=["guess"])


def test_a_failing_strategy_says_why():
    @jax.custom_vjp
    def clipped(x):
        return x * 1.0

    clipped.defvjp(lambda x: (x, None), lambda _, bar: (jnp.clip(bar, -1, 1),))
    rows = {row.strategy: row for row in compare(clipped, X, measure=False).rows}
    assert "linear in its cotangent" in rows["elimination"].reason
    assert rows["elimination"].forecast is None
    assert rows["jacrev"].forecast is not None
