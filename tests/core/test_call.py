"""Arguments are flattened as JAX does it, and what cannot be differentiated is said."""

import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.call import call, require_differentiable

X = np.ones(2, np.float32)


def test_flat_and_tree_agree_with_the_function():
    def function(p, n, *, scale=1.0):
        return {"y": p["w"] * n * scale}, "aux"

    at = call(function, {"w": X}, 3, scale=2.0, has_aux=True)
    assert at.paths == ("p['w']", "n", "scale")
    np.testing.assert_allclose(at.tree(*at.leaves)["y"], X * 6)
    np.testing.assert_allclose(at.flat(*at.leaves)[0], X * 6)
    assert at.differentiable == (0, 2)
    np.testing.assert_allclose(at.restricted()(X * 2, 1.0)[0], X * 6)


def test_argnums_choose_positional_arguments():
    assert call(lambda a, b: a * b, X, X, argnums=1).differentiable == (1,)
    assert call(lambda a, b: a * b, X, X, argnums=(0, -1)).differentiable == (0, 1)
    assert call(lambda a, b: a, {"u": X, "v": X}, X, argnums=0).differentiable == (0, 1)


def test_variadic_arguments_are_named_by_position():
    assert call(lambda *xs: xs[0], X, X).paths == ("xs[0]", "xs[1]")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((), "no array arguments"), ((3,), "no argument of .* floating dtype"), ((np.array([True]),), "bool")],
)
def test_nothing_to_differentiate_is_said(arguments, words):
    with pytest.raises(TypeError, match=words):
        require_differentiable(call(lambda *a: jnp.zeros(()), *arguments))
