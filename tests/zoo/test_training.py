"""The training step: its size, its scopes, and that one step of it goes downhill."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import difflab as dl
from difflab.zoo.training import training_step


def made(shape: jax.ShapeDtypeStruct, seed: int) -> np.ndarray:
    return np.random.RandomState(seed % 2**31).normal(size=shape.shape).astype(np.float32) * 0.1


def test_the_number_of_equations_grows_by_the_layer():
    one, two, three = (dl.graph(*_call(layers)).size for layers in (1, 2, 3))
    assert two - one == three - two > 300


def test_a_step_lowers_the_loss():
    step, shapes = training_step(2)
    leaves, tree = jax.tree.flatten(shapes)
    blocks, _, _, x, target = jax.tree.unflatten(tree, [made(leaf, k) for k, leaf in enumerate(leaves)])
    zeros = jax.tree.map(jnp.zeros_like, blocks)
    value, moved = step(blocks, zeros, zeros, x, target)
    stepped = jax.tree.map(lambda leaf: leaf[0], moved, is_leaf=lambda leaf: isinstance(leaf, tuple))
    assert step(stepped, zeros, zeros, x, target)[0] < value


def test_a_layer_can_be_wider():
    _, (blocks, *_) = training_step(3, hidden={1: 512})
    assert [block["up"].shape[1] for block in blocks] == [128, 512, 128]


@pytest.mark.parametrize(("layers", "hidden"), [(0, None), (2, {2: 8}), (2, {-1: 8})])
def test_what_is_not_there_is_refused(layers, hidden):
    with pytest.raises(ValueError, match="training_step has"):
        training_step(layers, hidden)


def _call(layers: int):
    step, arguments = training_step(layers)
    return step, *arguments
