"""Roe's approximate Riemann solver: the flux between two cells of gas, in one and in three dimensions.

The Euler equations u_t + F(u)_x = 0 for density, momentum and energy are linearised at the Roe average, in which
velocity and enthalpy are weighted by the square root of density. With the eigenvalues s_k, right eigenvectors r_k and
strengths a_k of the jump u_R - u_L = sum a_k r_k, the flux is (F(u_L) + F(u_R)) / 2 - sum a_k |s_k| r_k / 2.

Source: P. L. Roe, J. Comput. Phys. 43 (1981) 357-372, doi:10.1016/0021-9991(81)90128-5; wave strengths as in
E. F. Toro, Riemann Solvers and Numerical Methods for Fluid Dynamics (2009), section 11.2; no entropy fix. As tasks of
Jacobian accumulation: Lohoff and Neftci, arXiv:2406.05027.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .point import Scalar, at
from .problem import Problem

HEAT_RATIO = 1.4


def roe_flux_1d(
    density_left: Scalar,
    momentum_left: Scalar,
    energy_left: Scalar,
    density_right: Scalar,
    momentum_right: Scalar,
    energy_right: Scalar,
) -> tuple[Scalar, Scalar, Scalar]:
    """Return the fluxes of mass, momentum and energy through the face between two cells."""
    velocity_left = momentum_left / density_left
    velocity_right = momentum_right / density_right
    pressure_left = (HEAT_RATIO - 1) * (energy_left - 0.5 * momentum_left * velocity_left)
    pressure_right = (HEAT_RATIO - 1) * (energy_right - 0.5 * momentum_right * velocity_right)
    enthalpy_left = (energy_left + pressure_left) / density_left
    enthalpy_right = (energy_right + pressure_right) / density_right

    weight_left, weight_right = jnp.sqrt(density_left), jnp.sqrt(density_right)
    weight = weight_left + weight_right
    velocity = (weight_left * velocity_left + weight_right * velocity_right) / weight
    enthalpy = (weight_left * enthalpy_left + weight_right * enthalpy_right) / weight
    sound = jnp.sqrt((HEAT_RATIO - 1) * (enthalpy - 0.5 * velocity**2))

    density_jump = density_right - density_left
    momentum_jump = momentum_right - momentum_left
    energy_jump = energy_right - energy_left
    contact = (HEAT_RATIO - 1) / sound**2
    contact = contact * (density_jump * (enthalpy - velocity**2) + velocity * momentum_jump - energy_jump)
    backward = (density_jump * (velocity + sound) - momentum_jump - sound * contact) / (2 * sound)
    forward = density_jump - backward - contact

    backward = backward * jnp.abs(velocity - sound)
    contact = contact * jnp.abs(velocity)
    forward = forward * jnp.abs(velocity + sound)
    mass_wave = backward + contact + forward
    momentum_wave = backward * (velocity - sound) + contact * velocity + forward * (velocity + sound)
    energy_wave = (
        backward * (enthalpy - velocity * sound) + contact * 0.5 * velocity**2 + forward * (enthalpy + velocity * sound)
    )

    mass_sum = momentum_left + momentum_right
    momentum_sum = momentum_left * velocity_left + pressure_left + momentum_right * velocity_right + pressure_right
    energy_sum = momentum_left * enthalpy_left + momentum_right * enthalpy_right
    mass_flux = 0.5 * (mass_sum - mass_wave)
    momentum_flux = 0.5 * (momentum_sum - momentum_wave)
    energy_flux = 0.5 * (energy_sum - energy_wave)
    return mass_flux, momentum_flux, energy_flux


def roe_flux_3d(
    density_left: Float[Array, "*faces 1"],
    momentum_left: Float[Array, "*faces 3"],
    energy_left: Float[Array, "*faces 1"],
    density_right: Float[Array, "*faces 1"],
    momentum_right: Float[Array, "*faces 3"],
    energy_right: Float[Array, "*faces 1"],
) -> tuple[Float[Array, "*faces 1"], Float[Array, "*faces 3"], Float[Array, "*faces 1"]]:
    """Return the fluxes of mass, momentum and energy through faces whose normal is the x-axis."""
    velocity_left = momentum_left / density_left
    velocity_right = momentum_right / density_right
    pressure_left = _pressure(density_left, velocity_left, energy_left)
    pressure_right = _pressure(density_right, velocity_right, energy_right)
    enthalpy_left = (energy_left + pressure_left) / density_left
    enthalpy_right = (energy_right + pressure_right) / density_right

    weight_left, weight_right = jnp.sqrt(density_left), jnp.sqrt(density_right)
    weight = weight_left + weight_right
    velocity = (weight_left * velocity_left + weight_right * velocity_right) / weight
    enthalpy = (weight_left * enthalpy_left + weight_right * enthalpy_right) / weight
    speed_squared = jnp.sum(velocity**2, axis=-1, keepdims=True)
    sound = jnp.sqrt((HEAT_RATIO - 1) * (enthalpy - 0.5 * speed_squared))
    normal, transverse = velocity[..., :1], velocity[..., 1:]

    density_jump = density_right - density_left
    momentum_jump = momentum_right - momentum_left
    normal_jump = momentum_jump[..., :1]
    shear = momentum_jump[..., 1:] - transverse * density_jump
    energy_jump = energy_right - energy_left - jnp.sum(shear * transverse, axis=-1, keepdims=True)
    contact = (HEAT_RATIO - 1) / sound**2
    contact = contact * (density_jump * (enthalpy - normal**2) + normal * normal_jump - energy_jump)
    backward = (density_jump * (normal + sound) - normal_jump - sound * contact) / (2 * sound)
    forward = density_jump - backward - contact

    backward = backward * jnp.abs(normal - sound)
    contact = contact * jnp.abs(normal)
    shear = shear * jnp.abs(normal)
    forward = forward * jnp.abs(normal + sound)
    mass_wave = backward + contact + forward
    normal_wave = backward * (normal - sound) + contact * normal + forward * (normal + sound)
    momentum_wave = jnp.concatenate([normal_wave, mass_wave * transverse + shear], axis=-1)
    energy_wave = (
        backward * (enthalpy - normal * sound)
        + contact * 0.5 * speed_squared
        + jnp.sum(shear * transverse, axis=-1, keepdims=True)
        + forward * (enthalpy + normal * sound)
    )

    normal_left, normal_right = momentum_left[..., :1], momentum_right[..., :1]
    push = jnp.concatenate([pressure_left + pressure_right, jnp.zeros_like(transverse)], axis=-1)
    momentum_sum = normal_left * velocity_left + normal_right * velocity_right + push
    energy_sum = normal_left * enthalpy_left + normal_right * enthalpy_right
    mass_flux = 0.5 * (normal_left + normal_right - mass_wave)
    momentum_flux = 0.5 * (momentum_sum - momentum_wave)
    energy_flux = 0.5 * (energy_sum - energy_wave)
    return mass_flux, momentum_flux, energy_flux


def _pressure(
    density: Float[Array, "*faces 1"], velocity: Float[Array, "*faces 3"], energy: Float[Array, "*faces 1"]
) -> Float[Array, "*faces 1"]:
    kinetic = 0.5 * density * jnp.sum(velocity**2, axis=-1, keepdims=True)
    return (HEAT_RATIO - 1) * (energy - kinetic)


_SHARED_FACTS = {
    "consistency": "between equal states the flux is the physical flux",
    "upwind": "where every wave runs right the flux is the physical flux of the left state",
    "roe_matrix": "flux = (F_L + F_R)/2 - |A|(u_R - u_L)/2 with A the physical Jacobian at the Roe average",
    "split_jacobian": "between equal states the derivatives are A+ (left) and A- (right)",
}

PROBLEMS = (
    Problem(
        name="roe_flux_1d",
        title="Roe's numerical flux for the 1-D Euler equations",
        function=roe_flux_1d,
        arguments=at(1.0, 0.75, 2.78125, 0.125, 0.0, 0.25),
        source="Roe 1981, doi:10.1016/0021-9991(81)90128-5; states of Toro 2009, test 1 (a moving Sod tube)",
        facts={"inputs": 6, "outputs": 3, **_SHARED_FACTS},
        tags=frozenset({"benchmark", "model", "physics"}),
    ),
    Problem(
        name="roe_flux_3d",
        title="Roe's numerical flux for the 3-D Euler equations, face normal along x",
        function=roe_flux_3d,
        arguments=at(
            np.array([[1.0]]),
            np.array([[0.75, 0.2, -0.1]]),
            np.array([[2.80625]]),
            np.array([[0.125]]),
            np.array([[0.0, 0.05, 0.025]]),
            np.array([[0.2625]]),
        ),
        source="Roe 1981, doi:10.1016/0021-9991(81)90128-5; waves of Toro 2009, section 11.2.2",
        facts={
            "inputs": 10,
            "outputs": 5,
            "shapes": ((1, 1), (1, 3), (1, 1), (1, 1), (1, 3), (1, 1)),
            **_SHARED_FACTS,
            "axial_symmetry": "turning both states about the x-axis turns the flux",
        },
        tags=frozenset({"benchmark", "model", "physics"}),
    ),
)
