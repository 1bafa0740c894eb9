"""Pathologies of size: derivatives that JAX returns as NaN or as huge numbers, with the cause known.

One mechanism makes most NaNs: an infinite or undefined local derivative meets a cotangent that is exactly zero, and
0 * inf = NaN in floating-point arithmetic although the path is dead. `where` does not help, since it selects values
after both branches were computed; the cure is a second `where` inside the branch.

Sources: JAX FAQ, "Gradients contain NaN where using where", and those named at each problem. exploding_scan:
R. Pascanu, T. Mikolov and Y. Bengio, On the difficulty of training recurrent neural networks (2013), arXiv:1211.5063.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .point import Scalar, at
from .problem import Problem

SCAN_STEPS, SCAN_ANGLE = 40, 0.3
_NAN = math.nan
_FAQ = "JAX FAQ, 'Gradients contain NaN where using where'"


def where_sqrt(x: Float[Array, " n"]) -> Scalar:
    """Return the sum of the square roots of the positive entries."""
    return jnp.sum(jnp.where(x > 0, jnp.sqrt(x), 0.0))


def double_where_sqrt(x: Float[Array, " n"]) -> Scalar:
    """Return the sum of the square roots of the positive entries, keeping the root away from zero."""
    positive = x > 0
    safe = jnp.where(positive, x, 1.0)
    return jnp.sum(jnp.where(positive, jnp.sqrt(safe), 0.0))


def masked_sinc(x: Scalar) -> Scalar:
    """Return sin(x) / x, with the limit filled in at zero."""
    return jnp.where(x == 0, 1.0, jnp.sin(x) / x)


def power_of_negative(base: Scalar, exponent: Scalar) -> Scalar:
    """Return base to the power of exponent; real for a negative base only where the exponent is an integer."""
    return base**exponent


def log_softmax_overflow(logits: Float[Array, " n"]) -> Float[Array, " n"]:
    """Return the logarithm of the softmax, written as the textbook defines it."""
    exponential = jnp.exp(logits)
    probability = exponential / jnp.sum(exponential)
    return jnp.log(probability)


def exploding_scan(state: Float[Array, " 2"], growth: Scalar) -> Float[Array, " 2"]:
    """Return the state of a linear recurrent network that turns and stretches its state at every step."""
    cosine, sine = math.cos(SCAN_ANGLE), math.sin(SCAN_ANGLE)
    weight = growth * jnp.array([[cosine, -sine], [sine, cosine]])

    def step(state: Float[Array, " 2"], _: None) -> tuple[Float[Array, " 2"], None]:
        return weight @ state, None

    final, _ = jax.lax.scan(step, state, length=SCAN_STEPS)
    return final


def _sqrt_jacobian(x):
    """The right derivative at zero is infinite, the left one zero; the rest is 1 / (2 sqrt x)."""
    x = np.asarray(x, float)
    return np.array([[0.5 / math.sqrt(value) if value > 0 else 0.0 for value in x]])


def _sinc_jacobian(x):
    x = float(x)
    return np.array([[0.0 if x == 0 else (x * math.cos(x) - math.sin(x)) / x**2]])


def _softmax_jacobian(logits):
    logits = np.asarray(logits, float)
    probability = np.exp(logits - logits.max())
    return np.eye(len(logits)) - probability / probability.sum()


def _scan_jacobian(state, growth):
    growth, total = float(growth), SCAN_STEPS * SCAN_ANGLE
    turn = np.array([[math.cos(total), -math.sin(total)], [math.sin(total), math.cos(total)]])
    by_growth = SCAN_STEPS * growth ** (SCAN_STEPS - 1) * turn @ np.asarray(state, float)
    return np.column_stack([growth**SCAN_STEPS * turn, by_growth])


PROBLEMS = (
    Problem(
        name="where_sqrt",
        title="Square root behind a where, at zero",
        function=where_sqrt,
        arguments=at(np.array([0.0, 1.0, 4.0])),
        source=_FAQ,
        facts={
            "inputs": 3,
            "outputs": 1,
            "value": (3.0,),
            "reverse": (_NAN, 0.5, 0.25),
            "forward": (0.0, 0.5, 0.25),
            "cause": "sqrt'(0) = inf times the zero cotangent that where sends to the branch not taken",
        },
        tags=frozenset({"pathology"}),
        jacobian=_sqrt_jacobian,
    ),
    Problem(
        name="double_where_sqrt",
        title="Square root behind two wheres, at zero",
        function=double_where_sqrt,
        arguments=at(np.array([0.0, 1.0, 4.0])),
        source=_FAQ,
        facts={
            "inputs": 3,
            "outputs": 1,
            "value": (3.0,),
            "reverse": (0.0, 0.5, 0.25),
            "forward": (0.0, 0.5, 0.25),
        },
        tags=frozenset({"pathology"}),
        jacobian=_sqrt_jacobian,
    ),
    Problem(
        name="masked_sinc",
        title="sin(x) / x with its limit filled in, at zero",
        function=masked_sinc,
        arguments=at(0.0),
        source=_FAQ,
        facts={
            "inputs": 1,
            "outputs": 1,
            "value": (1.0,),
            "reverse": (_NAN,),
            "forward": (0.0,),
            "true_jacobian": (0.0,),
            "cause": "the derivative of 0 / 0 times the zero cotangent that where sends to the branch not taken",
        },
        tags=frozenset({"pathology"}),
        jacobian=_sinc_jacobian,
    ),
    Problem(
        name="power_of_negative",
        title="A negative number to an integer power",
        function=power_of_negative,
        arguments=at(-2.0, 2.0),
        source="IEEE 754-2019, section 9.2.1 (pow); the derivative by the exponent is x^y log x",
        facts={
            "inputs": 2,
            "outputs": 1,
            "value": (4.0,),
            "reverse": (-4.0, _NAN),
            "forward": (_NAN, _NAN),
            "cause": "log of a negative base; forward mode, where it meets a zero tangent, loses the other entry too",
        },
        tags=frozenset({"pathology"}),
    ),
    Problem(
        name="log_softmax_overflow",
        title="Logarithm of a softmax that overflows",
        function=log_softmax_overflow,
        arguments=at(np.array([1000.0, 1.0, -1000.0])),
        source="P. Blanchard, D. J. Higham and N. J. Higham 2021, doi:10.1093/imanum/draa038",
        facts={
            "inputs": 3,
            "outputs": 3,
            "value": (_NAN, -math.inf, -math.inf),
            "true_value": (0.0, -999.0, -2000.0),
            "true_jacobian": (0.0, 0.0, 0.0, -1.0, 1.0, 0.0, -1.0, 0.0, 1.0),
            "cause": "exp of the largest logit is inf, and inf / inf is NaN already in the value",
        },
        tags=frozenset({"pathology"}),
        jacobian=_softmax_jacobian,
    ),
    Problem(
        name="exploding_scan",
        title="A recurrent network whose gradient grows geometrically",
        function=exploding_scan,
        arguments=at(np.array([0.6, -0.8]), 1.5),
        source="Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063",
        facts={
            "inputs": 3,
            "outputs": 2,
            "growth": ("gain of every cotangent from last to first step: growth ** steps", 11057332.32),
        },
        tags=frozenset({"control-flow", "pathology"}),
        jacobian=_scan_jacobian,
    ),
)
