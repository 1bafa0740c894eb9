"""Two custom derivative rules with an error planted on purpose, for a checker to find.

Both functions are right and both rules run; only the numbers are wrong, in one place, and no test of the values
notices. Two common slips are here: a sign lost in a product rule, and the factor of a square forgotten. The
closed form beside each function is the truth.

Source: the slips are those that JAX's own `jax.test_util.check_grads` exists for; JAX documentation, "Custom derivative
rules for Python code".
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .point import Scalar, at
from .problem import Problem

_DOCUMENTATION = "JAX documentation, 'Custom derivative rules'; error planted here"


@jax.custom_jvp
def wrong_sign(radius: Scalar, angle: Scalar) -> tuple[Scalar, Scalar]:
    """Return the Cartesian coordinates x, y of a point in polar coordinates."""
    return radius * jnp.cos(angle), radius * jnp.sin(angle)


@wrong_sign.defjvp
def _wrong_sign_jvp(primals, tangents):
    radius, angle = primals
    radius_dot, angle_dot = tangents
    x_dot = radius_dot * jnp.cos(angle) + radius * jnp.sin(angle) * angle_dot  # planted: the sign should be minus
    y_dot = radius_dot * jnp.sin(angle) + radius * jnp.cos(angle) * angle_dot
    return wrong_sign(radius, angle), (x_dot, y_dot)


@jax.custom_vjp
def wrong_factor(stiffness: Scalar, displacement: Float[Array, " n"]) -> Scalar:
    """Return the energy of springs of equal stiffness: k x^2 / 2, summed."""
    return 0.5 * stiffness * jnp.sum(displacement**2)


def _wrong_factor_forward(stiffness, displacement):
    return wrong_factor(stiffness, displacement), (stiffness, displacement)


def _wrong_factor_backward(residuals, energy_bar):
    stiffness, displacement = residuals
    stiffness_bar = energy_bar * jnp.sum(displacement**2)  # planted: the factor 1/2 is missing
    displacement_bar = energy_bar * stiffness * displacement
    return stiffness_bar, displacement_bar


wrong_factor.defvjp(_wrong_factor_forward, _wrong_factor_backward)


def _polar_jacobian(radius, angle):
    cosine, sine = np.cos(float(angle)), np.sin(float(angle))
    return np.array([[cosine, -float(radius) * sine], [sine, float(radius) * cosine]])


def _spring_jacobian(stiffness, displacement):
    displacement = np.asarray(displacement, float)
    return np.concatenate([[displacement @ displacement / 2], float(stiffness) * displacement])[None]


PROBLEMS = (
    Problem(
        name="wrong_factor",
        title="Energy of springs, with a custom reverse rule that forgets a factor",
        function=wrong_factor,
        arguments=at(2.5, np.array([0.3, -0.4, 1.2])),
        source=_DOCUMENTATION,
        facts={
            "inputs": 4,
            "outputs": 1,
            "value": (2.1125,),
            "wrong_entry": ("row, column and ratio of what JAX returns to the truth", (0, 0, 2.0)),
        },
        tags=frozenset({"pathology", "reverse-only", "wrong-rule"}),
        jacobian=_spring_jacobian,
    ),
    Problem(
        name="wrong_sign",
        title="Polar to Cartesian coordinates, with a custom forward rule that loses a sign",
        function=wrong_sign,
        arguments=at(2.0, 0.7),
        source=_DOCUMENTATION,
        facts={
            "inputs": 2,
            "outputs": 2,
            "wrong_entry": ("row, column and ratio of what JAX returns to the truth", (0, 1, -1.0)),
        },
        tags=frozenset({"pathology", "wrong-rule"}),
        jacobian=_polar_jacobian,
    ),
)
