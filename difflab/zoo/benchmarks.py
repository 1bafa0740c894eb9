"""The scalar tasks that AlphaGrad's elimination orders were learned on, equation for equation.

The mathematics is that of the problems of the same theme here (`roe_flux_1d`, `robot_arm_6dof`, `human_heart_dipole`,
`propane_combustion`, `black_scholes_greeks`), in the form in which its authors count it: with their arguments, their
constants and their departures, so that figures can be compared. A departure is named in the function that has it.

Sources: J. Lohoff and E. Neftci, arXiv:2406.05027 (the tasks); P. L. Roe, J. Comput. Phys. 43 (1981) 357-372 (flux in
the variables jump of density, pressure and velocity); the MINPACK-2 collection, MCS-P153-0692 (1992); J. Denavit
and R. S. Hartenberg, J. Appl. Mech. 22 (1955) (the arm); F. Black, J. Financial Economics 3 (1976) (the forward).
"""

import math

import jax
import jax.numpy as jnp
from jax.scipy.special import erf

from .point import Scalar, around, at
from .problem import Problem

HEAT_RATIO = 1.4

ARM = {"a1": 175.0, "a2": 890.0, "a3": 50.0, "d1": 575.0, "d4": 1035.0, "d6": 185.0}
"""Lengths in millimetres."""


def alphagrad_roe_flux_1d(
    density_left: Scalar,
    momentum_left: Scalar,
    energy_left: Scalar,
    density_right: Scalar,
    momentum_right: Scalar,
    energy_right: Scalar,
) -> tuple[Scalar, Scalar, Scalar]:
    """Return the fluxes of mass, momentum and energy; the backward wave runs at |u|, where Roe has |u - c|."""
    density_jump = density_right - density_left
    density = jnp.sqrt(density_left * density_right)
    weight = jnp.sqrt(density_left) + jnp.sqrt(density_right)
    velocity_left, pressure_left, enthalpy_left = _gas(density_left, momentum_left, energy_left)
    velocity_right, pressure_right, enthalpy_right = _gas(density_right, momentum_right, energy_right)
    pressure_jump = pressure_right - pressure_left
    velocity_jump = velocity_right - velocity_left

    velocity = (jnp.sqrt(density_left) * velocity_left + jnp.sqrt(density_right) * velocity_right) / weight
    enthalpy = (jnp.sqrt(density_left) * enthalpy_left + jnp.sqrt(density_right) * enthalpy_right) / weight
    speed_squared = velocity**2
    sound_squared = (HEAT_RATIO - 1) * (enthalpy - 0.5 * speed_squared)
    sound = jnp.sqrt(sound_squared)
    fast, middle, slow = jnp.abs(velocity + sound), jnp.abs(velocity), jnp.abs(velocity)

    impedance = sound * density
    contact = (density_jump - pressure_jump / sound_squared) * middle
    forward = (velocity_jump + pressure_jump / impedance) * fast
    backward = (velocity_jump - pressure_jump / impedance) * slow

    left = _flux(density_left, momentum_left, energy_left, pressure_left)
    right = _flux(density_right, momentum_right, energy_right, pressure_right)
    mass_sum, momentum_sum, energy_sum = (a + b for a, b in zip(left, right, strict=True))
    half = 0.5 * density / sound
    mass_wave = contact + half * forward - half * backward
    momentum_wave = contact * velocity + half * forward * (velocity + sound) - half * backward * (velocity - sound)
    energy_wave = (
        contact * 0.5 * speed_squared
        + half * forward * (enthalpy + velocity * sound)
        - half * backward * (enthalpy - velocity * sound)
    )
    return 0.5 * (mass_sum - mass_wave), 0.5 * (momentum_sum - momentum_wave), 0.5 * (energy_sum - energy_wave)


def alphagrad_robot_arm(
    base: Scalar, shoulder: Scalar, elbow: Scalar, forearm_roll: Scalar, wrist: Scalar, hand_roll: Scalar
) -> tuple[Scalar, Scalar, Scalar, Scalar, Scalar, Scalar]:
    """Return x, y, z of the hand in millimetres and three angles of its axes.

    The sine and cosine of shoulder + elbow are written out; y has + cos(base) sin(forearm_roll) where the arm has -.
    """
    c1, c2, c4, c5, c6 = (jnp.cos(angle) for angle in (base, shoulder, forearm_roll, wrist, hand_roll))
    c23 = jnp.cos(shoulder) * jnp.cos(elbow) - jnp.sin(shoulder) * jnp.sin(elbow)
    s1, s2, s4, s5, s6 = (jnp.sin(angle) for angle in (base, shoulder, forearm_roll, wrist, hand_roll))
    s23 = jnp.cos(shoulder) * jnp.sin(elbow) + jnp.sin(shoulder) * jnp.cos(elbow)

    along_x = s5 * (c1 * c23 * c4 + s1 * s4) + c1 * s23 * c5
    along_y = s5 * (s1 * c23 * c4 - c1 * s4) + s1 * s23 * c5
    along_z = s23 * c4 * s5 - c23 * c5
    forward_z = c6 * (c23 * s5 + s23 * c4 * c5) - s23 * s4 * s6
    sideways_z = -s6 * (c23 * s5 + s23 * c4 * c5) - s23 * s4 * c6
    first = jnp.arctan2(along_y, along_x)
    second = jnp.arctan2(jnp.sqrt(1.0 - along_z**2), along_z)
    third = jnp.arctan2(sideways_z, -forward_z)

    hand_x = ARM["d6"] * (s5 * (c1 * c23 * c4 + s1 * s4) + c1 * s23 * c5)
    x = hand_x + c1 * (ARM["a1"] + ARM["a2"] * c2 + ARM["a3"] * c23 + ARM["d4"] * s23)
    hand_y = ARM["d6"] * (s5 * (s1 * c23 * c4 + c1 * s4) + s1 * s23 * c5)
    y = hand_y + s1 * (ARM["a1"] + ARM["a2"] * c2 + ARM["a3"] * c23 + ARM["d4"] * s23)
    shoulder_z = ARM["a2"] * s2 + ARM["d1"] + ARM["a3"] * s23 - ARM["d4"] * c23
    z = shoulder_z + ARM["d6"] * (s23 * c4 * s5 - c23 * c5)
    return x, y, z, first, second, third


def alphagrad_heart_dipole(
    a: Scalar, b: Scalar, c: Scalar, d: Scalar, t: Scalar, u: Scalar, v: Scalar, w: Scalar
) -> tuple[Scalar, ...]:
    """Return the eight residuals with all moments 1; the sixth has - where MINPACK-2 has +, twice."""
    sums = a + b - 1.0, c + d - 1.0
    firsts = t * a + u * b - v * c - w * d - 1.0, v * a + w * b + t * c + u * d - 1.0
    square1, square2 = t**2 - v**2, u**2 - w**2
    seconds = (
        a * square1 - 2 * c * t * v + b * square2 - 2 * d * u * w - 1.0,
        c * square1 - 2 * a * t * v + d * square2 - 2 * b * u * w - 1.0,
    )
    cube_t, cube_v = t * (t**2 - 3 * v**2), v * (v**2 - 3 * t**2)
    cube_u, cube_w = u * (u**2 - 3 * w**2), w * (w**2 - 3 * u**2)
    thirds = (
        a * cube_t + c * cube_v + b * cube_u + d * cube_w - 1.0,
        c * cube_t - a * cube_v + d * cube_u - b * cube_w - 1.0,
    )
    return *sums, *firsts, *seconds, *thirds


def alphagrad_propane(
    x1: Scalar, x2: Scalar, x3: Scalar, x4: Scalar, x5: Scalar, x6: Scalar, x7: Scalar, x8: Scalar, x9: Scalar,
    x10: Scalar, x11: Scalar,
) -> tuple[Scalar, ...]:  # fmt: skip
    """Return the eleven residuals of the full formulation at 40 atmospheres, all equilibrium constants 1."""
    pressure, ratio = 40.0, 10.0
    scale = jnp.sqrt(pressure / x11)
    return (
        x1 + x4 - 3.0,
        2 * x1 + x2 + x4 + x7 + x8 + x9 + 2 * x10 - ratio,
        2 * x2 + 2 * x5 + x6 + x7 - 8.0,
        2 * x3 + x9 - 4 * ratio,
        x2 * x4 - x1 * x5,
        jnp.sqrt(x2 * x4) - jnp.sqrt(x1) * scale * x6,
        jnp.sqrt(x1 * x2) - jnp.sqrt(x4) * x7 * scale,
        x1 - x4 * x8 * pressure / x11,
        x1 * jnp.sqrt(x3) - x4 * x9 * scale,
        x1**2 - x4**2 * x10 * pressure / x11,
        x11 - x1 - x2 - x3 - x4 - x5 - x6 - x7 - x8 - x9 - x10,
    )


def alphagrad_black_scholes(
    spot: Scalar, strike: Scalar, rate: Scalar, volatility: Scalar, maturity: Scalar
) -> tuple[Scalar, Scalar, Scalar, Scalar, Scalar]:
    """Return the five greeks of a call priced on the forward, by reverse mode: JAX's; the task's is Graphax's."""
    return jax.grad(_price, argnums=(0, 1, 2, 3, 4))(spot, strike, rate, volatility, maturity)


def _gas(density: Scalar, momentum: Scalar, energy: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    """Velocity, pressure and enthalpy of a state."""
    velocity = momentum / density
    pressure = (HEAT_RATIO - 1) * (energy - 0.5 * momentum**2 / density)
    return velocity, pressure, (energy + pressure) / density


def _flux(density: Scalar, momentum: Scalar, energy: Scalar, pressure: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    """The Euler flux of a state."""
    velocity = momentum / density
    return momentum, pressure + momentum * velocity, velocity * (pressure + energy)


def _price(spot: Scalar, strike: Scalar, rate: Scalar, volatility: Scalar, maturity: Scalar) -> Scalar:
    forward = jnp.exp(rate * maturity) * spot
    d1 = (jnp.log(forward / strike) + volatility**2 / 2 * maturity) / (volatility * jnp.sqrt(maturity))
    d2 = d1 - volatility * jnp.sqrt(maturity)
    return jnp.exp(-rate * maturity) * (forward * _normal(d1) - strike * _normal(d2))


def _normal(x: Scalar) -> Scalar:
    return (1 + erf(x / math.sqrt(2))) / 2


_SOURCE = "Lohoff and Neftci 2024, arXiv:2406.05027; "
_TAGS = frozenset({"benchmark", "model"})
_GAS = (1.0, 0.75, 2.78125, 0.5, 0.1, 0.9)
_ANGLES = (0.3, -0.8, 0.5, 0.7, 0.9, -0.4)
_DIPOLE = (0.4, 0.6, 0.3, 0.7, 0.5, -0.4, 0.6, -0.3)
_MIXTURE = (2.9, 3.9, 19.8, 0.1, 0.05, 0.02, 0.01, 0.03, 0.02, 0.04, 26.9)
_CALL = (42.0, 40.0, 0.1, 0.2, 0.5)

PROBLEMS = (
    Problem(
        name="alphagrad_black_scholes",
        title="AlphaGrad's task BlackScholes_Jacobian: greeks of a call on the forward",
        function=alphagrad_black_scholes,
        arguments=at(*_CALL),
        source=_SOURCE + "Black 1976, doi:10.1016/0304-405X(76)90024-6",
        facts={
            "inputs": 5,
            "outputs": 5,
            "same_greeks": "as by the price on the spot",
        },
        tags=_TAGS | {"finance"},
        sample=around(*_CALL, by=0.1),
    ),
    Problem(
        name="alphagrad_heart_dipole",
        title="AlphaGrad's task HumanHeartDipole: moments of two dipoles",
        function=alphagrad_heart_dipole,
        arguments=at(*_DIPOLE),
        source=_SOURCE + "Averick et al. 1992, MINPACK-2, MCS-P153-0692, DHHDFJ",
        facts={
            "inputs": 8,
            "outputs": 8,
            "task": "HumanHeartDipole",
            "moments": "p1 z1^n + p2 z2^n - (1 + i) for n = 0 to 3, but for the sixth residual",
        },
        tags=_TAGS,
        sample=around(*_DIPOLE, by=0.2),
    ),
    Problem(
        name="alphagrad_propane",
        title="AlphaGrad's task PropaneCombustion: propane in air, full formulation",
        function=alphagrad_propane,
        arguments=at(*_MIXTURE),
        source=_SOURCE + "Averick et al. 1992, MINPACK-2, MCS-P153-0692, DCPFFJ",
        facts={
            "inputs": 11,
            "outputs": 11,
            "task": "PropaneCombustion",
            "balances": "the four balances and the sum are linear: their rows of the Jacobian hold whole numbers",
        },
        tags=_TAGS | {"chemistry"},
        sample=around(*_MIXTURE, by=0.2),
    ),
    Problem(
        name="alphagrad_robot_arm",
        title="AlphaGrad's task RobotArm_6DOF: forward kinematics of a six-axis arm",
        function=alphagrad_robot_arm,
        arguments=at(*_ANGLES),
        source=_SOURCE + "Denavit and Hartenberg 1955",
        facts={
            "inputs": 6,
            "outputs": 6,
            "task": "RobotArm_6DOF",
            "periodic": "a full turn of any joint changes nothing",
            "unit_axis": ("the second angle is that of a unit vector with z: sine and cosine", 1.0),
        },
        tags=_TAGS | {"physics"},
        sample=around(*_ANGLES, by=0.2),
    ),
    Problem(
        name="alphagrad_roe_flux_1d",
        title="AlphaGrad's task RoeFlux_1d: Roe's numerical flux for the 1-D Euler equations",
        function=alphagrad_roe_flux_1d,
        arguments=at(*_GAS),
        source=_SOURCE + "Roe 1981, doi:10.1016/0021-9991(81)90128-5",
        facts={
            "inputs": 6,
            "outputs": 3,
            "task": "RoeFlux_1d",
            "consistency": "between equal states the flux is the physical flux",
        },
        tags=_TAGS | {"physics"},
        sample=around(*_GAS, by=0.05),
    ),
)
