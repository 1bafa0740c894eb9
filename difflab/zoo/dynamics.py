"""Four systems in time: chaos, a chemical clock, a shock and a pendulum.

lorenz_rk4: x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z by the classical Runge-Kutta method in a scan.
    The flow shrinks every volume by exp(-(sigma + 1 + beta) t). E. N. Lorenz, J. Atmos. Sci. 20 (1963) 130-141.
brusselator: u' = a + u^2 v - (b + 1) u + alpha u_xx, v' = b u - u^2 v + alpha v_xx. E. Hairer and G. Wanner, Solving
    Ordinary Differential Equations II (1996), section IV.1.
burgers_step: u_t + (u^2/2)_x = nu u_xx, one explicit conservative step with periodic ends. R. J. LeVeque, Finite Volume
    Methods for Hyperbolic Problems (2002), chapter 4.
pendulum_while: q'' = -sin q by Verlet's method in a while loop, which reverse mode cannot run backwards. Each step is a
    composition of shears, so the map preserves area: its Jacobian has determinant one. E. Hairer, C. Lubich and
    G. Wanner, Geometric Numerical Integration (2006), section VI.3.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .point import Scalar, at
from .problem import Problem

LORENZ_STEP, LORENZ_STEPS = 0.01, 50
BRUSSELATOR_FEED, BRUSSELATOR_REMOVAL, BRUSSELATOR_DIFFUSION = 1.0, 3.0, 0.02
BURGERS_STEP = 0.01
PENDULUM_STEP, PENDULUM_STEPS = 0.1, 40


def lorenz_rk4(state: Float[Array, " 3"], sigma: Scalar, rho: Scalar, beta: Scalar) -> Float[Array, " 3"]:
    """Return the state of the Lorenz system half a time unit later."""

    def slope(point: Float[Array, " 3"]) -> Float[Array, " 3"]:
        x, y, z = point
        return jnp.stack([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])

    def step(point: Float[Array, " 3"], _: None) -> tuple[Float[Array, " 3"], None]:
        slope1 = slope(point)
        slope2 = slope(point + LORENZ_STEP / 2 * slope1)
        slope3 = slope(point + LORENZ_STEP / 2 * slope2)
        slope4 = slope(point + LORENZ_STEP * slope3)
        return point + LORENZ_STEP / 6 * (slope1 + 2 * slope2 + 2 * slope3 + slope4), None

    final, _ = jax.lax.scan(step, state, length=LORENZ_STEPS)
    return final


def brusselator(
    activator: Float[Array, " cells"], inhibitor: Float[Array, " cells"]
) -> tuple[Float[Array, " cells"], Float[Array, " cells"]]:
    """Return the rates of change of both substances on cells between two walls held at the equilibrium."""
    feed, removal = BRUSSELATOR_FEED, BRUSSELATOR_REMOVAL
    reaction = activator**2 * inhibitor
    activator_rate = feed + reaction - (removal + 1) * activator + _diffusion(activator, wall=feed)
    inhibitor_rate = removal * activator - reaction + _diffusion(inhibitor, wall=removal / feed)
    return activator_rate, inhibitor_rate


def _diffusion(field: Float[Array, " cells"], wall: float) -> Float[Array, " cells"]:
    padded = jnp.pad(field, 1, constant_values=wall)
    coefficient = BRUSSELATOR_DIFFUSION * (len(field) + 1) ** 2
    return coefficient * (padded[:-2] - 2 * field + padded[2:])


def burgers_step(velocity: Float[Array, " cells"], viscosity: Scalar) -> Float[Array, " cells"]:
    """Return the velocity on a ring of length one after one explicit step of Burgers' equation."""
    cells = len(velocity)
    right = jnp.roll(velocity, -1)
    flux = (velocity**2 + right**2) / 4 - viscosity * cells * (right - velocity)
    return velocity - BURGERS_STEP * cells * (flux - jnp.roll(flux, 1))


def pendulum_while(angle: Scalar, speed: Scalar) -> tuple[Scalar, Scalar]:
    """Return angle and angular speed of a pendulum four time units later."""

    def unfinished(carry: tuple) -> Array:
        step, _, _ = carry
        return step < PENDULUM_STEPS

    def advance(carry: tuple) -> tuple:
        step, angle, speed = carry
        half = speed - PENDULUM_STEP / 2 * jnp.sin(angle)
        angle = angle + PENDULUM_STEP * half
        speed = half - PENDULUM_STEP / 2 * jnp.sin(angle)
        return step + 1, angle, speed

    _, angle, speed = jax.lax.while_loop(unfinished, advance, (0, angle, speed))
    return angle, speed


def _lorenz_jacobian(state, sigma, rho, beta):
    """Carry the point and its six tangents through the same Runge-Kutta steps."""
    sigma, rho, beta = float(sigma), float(rho), float(beta)
    point, tangent = np.asarray(state, float), np.eye(3, 6)

    def slope(point, tangent):
        x, y, z = point
        matrix = np.array([[-sigma, sigma, 0], [rho - z, -1, -x], [y, x, -beta]])
        forcing = np.zeros((3, 6))
        forcing[0, 3], forcing[1, 4], forcing[2, 5] = y - x, x, -z
        return np.array([sigma * (y - x), x * (rho - z) - y, x * y - beta * z]), matrix @ tangent + forcing

    for _ in range(LORENZ_STEPS):
        k, dk = slope(point, tangent)
        total, dtotal = k, dk
        for share, weight in ((0.5, 2), (0.5, 2), (1.0, 1)):
            k, dk = slope(point + share * LORENZ_STEP * k, tangent + share * LORENZ_STEP * dk)
            total, dtotal = total + weight * k, dtotal + weight * dk
        point, tangent = point + LORENZ_STEP / 6 * total, tangent + LORENZ_STEP / 6 * dtotal
    return tangent


def _brusselator_jacobian(activator, inhibitor):
    u, v = np.asarray(activator, float), np.asarray(inhibitor, float)
    n = len(u)
    second = BRUSSELATOR_DIFFUSION * (n + 1) ** 2 * (np.eye(n, k=1) - 2 * np.eye(n) + np.eye(n, k=-1))
    uu, uv = np.diag(2 * u * v - BRUSSELATOR_REMOVAL - 1), np.diag(u**2)
    vu = np.diag(BRUSSELATOR_REMOVAL - 2 * u * v)
    return np.block([[uu + second, uv], [vu, second - uv]])


def _burgers_jacobian(velocity, viscosity):
    u, nu = np.asarray(velocity, float), float(viscosity)
    n = len(u)
    shift = np.roll(np.eye(n), 1, axis=1)
    second = shift - 2 * np.eye(n) + shift.T
    by_velocity = np.eye(n) - BURGERS_STEP * n * (shift - shift.T) @ np.diag(u) / 2 + BURGERS_STEP * n**2 * nu * second
    return np.column_stack([by_velocity, BURGERS_STEP * n**2 * second @ u])


def _pendulum_jacobian(angle, speed):
    q, p, h = float(angle), float(speed), PENDULUM_STEP
    product = np.eye(2)
    for _ in range(PENDULUM_STEPS):
        kick = np.array([[1.0, 0.0], [-h / 2 * np.cos(q), 1.0]])
        p -= h / 2 * np.sin(q)
        q += h * p
        drift = np.array([[1.0, h], [0.0, 1.0]])
        last = np.array([[1.0, 0.0], [-h / 2 * np.cos(q), 1.0]])
        p -= h / 2 * np.sin(q)
        product = last @ drift @ kick @ product
    return product


_RING = np.arange(12) / 12

PROBLEMS = (
    Problem(
        name="brusselator",
        title="Right-hand side of the Brusselator with diffusion",
        function=brusselator,
        arguments=at(1 + np.sin(2 * np.pi * np.arange(1, 7) / 7), np.linspace(2.5, 3.5, 6)),
        source="Hairer and Wanner 1996, Solving Ordinary Differential Equations II, section IV.1",
        facts={
            "inputs": 12,
            "outputs": 12,
            "nonzeros": 44,
            "equilibrium": ("at rest where activator and inhibitor are everywhere", (1.0, 3.0)),
        },
        tags=frozenset({"chemistry", "model", "sparse"}),
        jacobian=_brusselator_jacobian,
    ),
    Problem(
        name="burgers_step",
        title="One step of Burgers' equation on a ring",
        function=burgers_step,
        arguments=at(0.5 + 0.4 * np.sin(2 * np.pi * _RING) + 0.1 * np.cos(4 * np.pi * _RING), 0.02),
        source="LeVeque 2002, Finite Volume Methods for Hyperbolic Problems, chapter 4",
        facts={
            "inputs": 13,
            "outputs": 12,
            "column_sums": "momentum is conserved: velocity columns of the Jacobian sum to one, viscosity's to zero",
        },
        tags=frozenset({"model", "physics", "sparse"}),
        jacobian=_burgers_jacobian,
    ),
    Problem(
        name="lorenz_rk4",
        title="The Lorenz system, fifty Runge-Kutta steps",
        function=lorenz_rk4,
        arguments=at(np.array([1.0, 2.0, 20.0]), 10.0, 28.0, 8 / 3),
        source="Lorenz 1963, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2",
        facts={
            "inputs": 6,
            "outputs": 3,
            "volume_contraction": ("determinant by the state: exp(-(sigma + 1 + beta) / 2)", 0.001077261),
            "equilibrium": ("a state that stays, for x = y", (8.485281374, 8.485281374, 27.0)),
        },
        tags=frozenset({"control-flow", "model", "physics"}),
        jacobian=_lorenz_jacobian,
    ),
    Problem(
        name="pendulum_while",
        title="A pendulum in a while loop",
        function=pendulum_while,
        arguments=at(1.2, 0.3),
        source="Hairer, Lubich and Wanner 2006, Geometric Numerical Integration, section VI.3",
        facts={
            "inputs": 2,
            "outputs": 2,
            "area": ("determinant of the Jacobian: the map preserves area", 1.0),
            "reverse_mode_raises": "ValueError",
        },
        tags=frozenset({"control-flow", "forward-only", "model", "physics"}),
        jacobian=_pendulum_jacobian,
    ),
)
