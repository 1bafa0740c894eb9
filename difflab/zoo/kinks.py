"""Pathologies of shape: kinks, flat places and cut paths, where JAX must choose and the user must know what it chose.

At a kink the derivative does not exist, and any number JAX returns is a convention. On a flat place the derivative is
zero, rightly, and no optimiser moves. A stopped gradient is wrong as a derivative, and meant to be.

Sources: A. Griewank and A. Walther, Evaluating Derivatives (2008), chapter 14; Y. Bengio, N. Leonard and A. Courville,
Estimating or Propagating Gradients Through Stochastic Neurons (2013), arXiv:1308.3432; L. Lu, Y. Shin, Y. Su and
G. E. Karniadakis, Dying ReLU and Initialization (2019), arXiv:1903.06733.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .point import Scalar, at
from .problem import Problem

_NAN = math.nan
_GRIEWANK = "Griewank and Walther 2008, Evaluating Derivatives, chapter 14"


def norm_at_zero(x: Float[Array, " n"]) -> Scalar:
    """Return the Euclidean length of x."""
    return jnp.sqrt(jnp.sum(x**2))


def norm_squared_at_zero(x: Float[Array, " n"]) -> Scalar:
    """Return the square of the Euclidean length, by way of the length."""
    length = jnp.sqrt(jnp.sum(x**2))
    return length**2


def dead_relu(inputs: Float[Array, " n"], weight: Float[Array, "units n"], bias: Float[Array, " units"]) -> Scalar:
    """Return the sum of a layer of rectified linear units."""
    activation = weight @ inputs + bias
    return jnp.sum(jax.nn.relu(activation))


def argmax_cut(scores: Float[Array, " n"], values: Float[Array, " n"]) -> Scalar:
    """Return the value of the highest score."""
    winner = jnp.argmax(scores)
    return values[winner]


def straight_through(x: Float[Array, " n"]) -> Float[Array, " n"]:
    """Round x, and pretend in the derivative that nothing was rounded."""
    return x + jax.lax.stop_gradient(jnp.round(x) - x)


def stopped_square(x: Scalar) -> Scalar:
    """Return the square of x, with one of its two factors held constant in the derivative."""
    return jax.lax.stop_gradient(x) * x


def _relu_jacobian(inputs, weight, bias):
    inputs, weight, bias = (np.asarray(part, float) for part in (inputs, weight, bias))
    alive = (weight @ inputs + bias > 0).astype(float)
    return np.concatenate([alive @ weight, np.outer(alive, inputs).ravel(), alive])[None]


def _argmax_jacobian(scores, values):
    scores = np.asarray(scores, float)
    return np.concatenate([np.zeros(len(scores)), np.arange(len(scores)) == scores.argmax()])[None].astype(float)


PROBLEMS = (
    Problem(
        name="norm_at_zero",
        title="The length of a vector, at zero",
        function=norm_at_zero,
        arguments=at(np.zeros(3)),
        source=_GRIEWANK,
        facts={
            "inputs": 3,
            "outputs": 1,
            "value": (0.0,),
            "reverse": (_NAN, _NAN, _NAN),
            "forward": (_NAN, _NAN, _NAN),
            "cause": "sqrt'(0) = inf times the slope 0 of the square; on each ray the gradient is the ray's direction",
        },
        tags=frozenset({"pathology"}),
    ),
    Problem(
        name="norm_squared_at_zero",
        title="The squared length of a vector by way of its length, at zero",
        function=norm_squared_at_zero,
        arguments=at(np.zeros(3)),
        source=_GRIEWANK,
        facts={
            "inputs": 3,
            "outputs": 1,
            "value": (0.0,),
            "reverse": (_NAN, _NAN, _NAN),
            "forward": (_NAN, _NAN, _NAN),
            "true_jacobian": (0.0, 0.0, 0.0),
            "cause": "smooth as a whole, but sqrt'(0) = inf is met on the way; sum(x**2) has the right derivative",
        },
        tags=frozenset({"pathology"}),
        jacobian=lambda x: 2 * np.asarray(x, float)[None],
    ),
    Problem(
        name="dead_relu",
        title="A layer of rectified linear units, most of them dead",
        function=dead_relu,
        arguments=at(
            np.array([0.5, -1.0]), np.array([[1.0, 0.4], [-0.3, 0.9], [0.7, -0.2]]), np.array([-3.0, -2.0, 0.1])
        ),
        source="Lu, Shin, Su and Karniadakis 2019, arXiv:1903.06733",
        facts={
            "inputs": 11,
            "outputs": 1,
            "value": (0.65,),
            "dead_units": (0, 1),
            "cause": "their activation is negative, so that the slope of the unit is zero",
        },
        tags=frozenset({"network", "pathology"}),
        jacobian=_relu_jacobian,
    ),
    Problem(
        name="argmax_cut",
        title="A choice by argmax, which no gradient passes",
        function=argmax_cut,
        arguments=at(np.array([0.2, 1.5, 0.7]), np.array([3.0, -1.0, 2.0])),
        source="Bengio, Leonard and Courville 2013, arXiv:1308.3432",
        facts={
            "inputs": 6,
            "outputs": 1,
            "value": (-1.0,),
            "reverse": (0.0, 0.0, 0.0, 0.0, 1.0, 0.0),
            "cause": "argmax returns an integer: the path from the scores is cut",
        },
        tags=frozenset({"pathology"}),
        jacobian=_argmax_jacobian,
    ),
    Problem(
        name="straight_through",
        title="Rounding with the straight-through estimator",
        function=straight_through,
        arguments=at(np.array([0.2, 1.7, -2.4])),
        source="Bengio, Leonard and Courville 2013, arXiv:1308.3432",
        facts={
            "inputs": 3,
            "outputs": 3,
            "value": (0.0, 2.0, -2.0),
            "reverse": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
            "true_jacobian": (0.0,) * 9,
            "cause": "stop_gradient hides the rounding: wrong as a derivative, and meant to be",
        },
        tags=frozenset({"pathology"}),
        jacobian=lambda x: np.zeros((len(x), len(x))),
    ),
    Problem(
        name="stopped_square",
        title="A square with one factor stopped",
        function=stopped_square,
        arguments=at(3.0),
        source="JAX documentation, Advanced automatic differentiation, section 'Stopping gradients'",
        facts={
            "inputs": 1,
            "outputs": 1,
            "value": (9.0,),
            "reverse": (3.0,),
            "forward": (3.0,),
            "true_jacobian": (6.0,),
            "cause": "stop_gradient removes one of two equal terms",
        },
        tags=frozenset({"pathology"}),
        jacobian=lambda x: np.array([[2 * float(x)]]),
    ),
)
