"""Twenty-three small functions of the kinds that people differentiate: what the checker is measured on.

`PROBLEMS` maps a name to a function and its arguments; these are NumPy doubles, so that JAX takes them in the precision
that is switched on. Each is smooth at its point. Sources: MINPACK-2 (propane, heart dipole, Bratu), P. L. Roe (1981),
Griewank & Walther (2008; Helmholtz energy, section 5), E. N. Lorenz (1963), R. E. Kalman (1960).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf


def _weights(seed: int, *shape: int) -> np.ndarray:
    return np.round(np.random.RandomState(seed).uniform(-1, 1, shape), 3)


def network(x, w1, b1, w2, b2):
    """Return a network with one hidden layer."""
    return w2 @ jnp.tanh(w1 @ x + b1) + b2


_LAYERS = (_weights(1, 4, 3), _weights(2, 4), _weights(3, 2, 4), _weights(4, 2))


def network_at_weights(x):
    """Return the network's outputs, its weights fixed."""
    return network(x, *_LAYERS)


def network_of_weights(w1, b1, w2, b2):
    """Return the network's outputs at one input."""
    return network(jnp.array([0.3, -0.7, 0.2]), w1, b1, w2, b2)


def robot_arm(q):
    """Return position and direction of a hand on six revolute joints."""
    c, s = jnp.cos(q), jnp.sin(q)
    c23, s23 = jnp.cos(q[1] + q[2]), jnp.sin(q[1] + q[2])
    reach = 0.07 + 0.36 * c[1] + 0.38 * s23
    along = s23 * c[3] * s[4] - c23 * c[4]
    side = s[3] * s[4] * c[5] + c[3] * s[5]
    x = c[0] * (reach + 0.065 * along) - s[0] * 0.065 * side
    y = s[0] * (reach + 0.065 * along) + c[0] * 0.065 * side
    return jnp.stack([x, y, jnp.arctan2(along, side)])


def roe_flux(left, right):
    """Return Roe's numerical flux of mass, momentum and energy."""
    gamma = 1.4

    def state(u):
        velocity = u[1] / u[0]
        pressure = (gamma - 1) * (u[2] - 0.5 * u[0] * velocity**2)
        return velocity, pressure, (u[2] + pressure) / u[0]

    def flux(u):
        velocity, pressure, enthalpy = state(u)
        return jnp.stack([u[1], u[1] * velocity + pressure, u[1] * enthalpy])

    (vl, pl, hl), (vr, pr, hr) = state(left), state(right)
    a, b = jnp.sqrt(left[0]), jnp.sqrt(right[0])
    velocity, enthalpy, density = (a * vl + b * vr) / (a + b), (a * hl + b * hr) / (a + b), a * b
    sound = jnp.sqrt((gamma - 1) * (enthalpy - 0.5 * velocity**2))
    jump, push = pr - pl, density * sound * (vr - vl)
    waves = jnp.stack(
        [(jump - push) / (2 * sound**2), right[0] - left[0] - jump / sound**2, (jump + push) / (2 * sound**2)]
    )
    speeds = jnp.abs(jnp.stack([velocity - sound, velocity, velocity + sound]))
    vectors = jnp.stack(
        [
            jnp.stack([jnp.ones_like(sound)] * 3),
            jnp.stack([velocity - sound, velocity, velocity + sound]),
            jnp.stack([enthalpy - velocity * sound, 0.5 * velocity**2, enthalpy + velocity * sound]),
        ]
    )
    return 0.5 * (flux(left) + flux(right)) - 0.5 * vectors @ (speeds * waves)


def kepler(steps: int) -> Callable[..., Any]:
    """Make the function that solves Kepler's equation by so many steps of Newton, and gives the position."""

    def position(mean, eccentricity):
        anomaly = mean
        for _ in range(steps):
            residual = anomaly - eccentricity * jnp.sin(anomaly) - mean
            anomaly = anomaly - residual / (1 - eccentricity * jnp.cos(anomaly))
        return jnp.cos(anomaly) - eccentricity, jnp.sqrt(1 - eccentricity**2) * jnp.sin(anomaly)

    return position


def black_scholes(spot, strike, rate, volatility, maturity):
    """Return the price of a call."""
    root = volatility * jnp.sqrt(maturity)
    d1 = (jnp.log(spot / strike) + (rate + volatility**2 / 2) * maturity) / root
    below = [0.5 * (1 + erf(d / jnp.sqrt(2.0))) for d in (d1, d1 - root)]
    return spot * below[0] - strike * jnp.exp(-rate * maturity) * below[1]


def log_determinant(entries):
    """Return log det of a positive definite matrix from its lower triangle, by Cholesky's factor."""
    lower = jnp.zeros((3, 3), entries.dtype).at[jnp.tril_indices(3)].set(entries)
    full = lower + lower.T - jnp.diag(jnp.diag(lower))
    return 2 * jnp.sum(jnp.log(jnp.diag(jnp.linalg.cholesky(full))))


def solution(matrix, right):
    """Return the solution of a linear system."""
    return jnp.linalg.solve(matrix, right)


def layer_norm(x):
    """Return the entries less their mean, over their standard deviation."""
    centred = x - jnp.mean(x)
    return centred / jnp.sqrt(jnp.mean(centred**2) + 1e-5)


def lorenz(steps: int) -> Callable[..., Any]:
    """Make the function that follows Lorenz' equations for so many steps of Runge and Kutta."""

    def slope(u):
        x, y, z = u
        return jnp.stack([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z])

    def step(u, _):
        h = 0.01
        k1 = slope(u)
        k2 = slope(u + h / 2 * k1)
        k3 = slope(u + h / 2 * k2)
        k4 = slope(u + h * k3)
        return u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

    def flow(u):
        return jax.lax.scan(step, u, None, length=steps)[0] if steps > 1 else step(u, None)[0]

    return flow


def helmholtz(x):
    """Return the Helmholtz energy of a mixed fluid."""
    volumes, attraction = jnp.array([0.1, 0.2, 0.15]), jnp.array([[1.0, 0.5, 0.3], [0.5, 2.0, 0.4], [0.3, 0.4, 1.5]])
    filled = volumes @ x
    root = jnp.sqrt(8.0)
    cubic = jnp.log((1 + (1 + jnp.sqrt(2.0)) * filled) / (1 + (1 - jnp.sqrt(2.0)) * filled))
    return jnp.sum(x * jnp.log(x / (1 - filled))) - x @ attraction @ x / (root * filled) * cubic


def propane(x):
    """Return the residuals of the combustion of propane in air, reduced to five variables."""
    r, r5, r6, r7, r8, r9, r10 = 10.0, 0.193, 4.1e-4, 5.45e-4, 4.5e-7, 3.4e-5, 9.6e-7
    a, b, c, d, e = x
    return jnp.stack(
        [
            a * b + a - 3 * e,
            2 * a * b + a + 2 * r10 * b**2 + b * c**2 + r7 * b * c + r9 * b * d + r8 * b - r * e,
            2 * b * c**2 + r7 * b * c + 2 * r5 * c**2 + r6 * c - 8 * e,
            r9 * b * d + 2 * d**2 - 4 * r * e,
            a * b + a + r10 * b**2 + b * c**2 + r7 * b * c + r9 * b * d + r8 * b + r5 * c**2 + r6 * c + d**2 - 1,
        ]
    )


def heart_dipole(x):
    """Return the residuals of the human heart dipole."""
    a, b, c, d, t, u, v, w = x
    return jnp.stack(
        [
            a + b - 0.63254,
            c + d + 1.34534,
            t * a + u * b - v * c - w * d + 0.8365348,
            v * a + w * b + t * c + u * d - 1.7345334,
            a * (t**2 - v**2) - 2 * c * t * v + b * (u**2 - w**2) - 2 * d * u * w - 1.352352,
            c * (t**2 - v**2) + 2 * a * t * v + d * (u**2 - w**2) + 2 * b * u * w + 0.843453,
            a * t * (t**2 - 3 * v**2) + c * v * (v**2 - 3 * t**2) + b * u * (u**2 - 3 * w**2)
            + d * w * (w**2 - 3 * u**2) + 0.9563453,
            c * t * (t**2 - 3 * v**2) - a * v * (v**2 - 3 * t**2) + d * u * (u**2 - 3 * w**2)
            - b * w * (w**2 - 3 * u**2) - 1.2342523,
        ]
    )  # fmt: skip


def bratu(u, strength):
    """Return the residuals of Bratu's equation u'' + λ·exp(u) = 0 on six points."""
    padded = jnp.pad(u, 1)
    return padded[2:] - 2 * u + padded[:-2] + strength * jnp.exp(u) / 49


def cross_entropy(scores):
    """Return the cross entropy of the softmax of four scores with a class."""
    return -jax.nn.log_softmax(scores)[2]


def attention_head(queries, keys, values):
    """Return one head of attention over two tokens."""
    scores = queries @ keys.T / jnp.sqrt(2.0)
    return jax.nn.softmax(scores, axis=-1) @ values


def kalman_step(mean, spread, measured):
    """Return mean and covariance after one prediction and one scalar measurement."""
    motion, noise = jnp.array([[1.0, 0.1], [0.0, 1.0]]), 0.01 * jnp.eye(2)
    seen = jnp.array([1.0, 0.5])
    mean, spread = motion @ mean, motion @ spread @ motion.T + noise
    gain = spread @ seen / (seen @ spread @ seen + 0.1)
    return mean + gain * (measured - seen @ mean), spread - jnp.outer(gain, seen @ spread)


_MATRIX = np.array([[2.0, 0.5, 0.3], [-0.4, 1.5, 0.2], [0.1, -0.6, 1.8]])
_FOUR = np.array([[2.0, 0.5, 0.3, 0.1], [-0.4, 1.5, 0.2, 0.7], [0.1, -0.6, 1.8, 0.4], [0.3, 0.2, -0.5, 1.2]])
_STATE = (np.array([1.0, 2.0, 15.0]),)

PROBLEMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "network by inputs": (network_at_weights, (np.array([0.3, -0.7, 0.2]),)),
    # Copies: JAX remembers in which precision it first saw an array, and the layers are constants of the one above.
    "network by weights": (network_of_weights, tuple(layer.copy() for layer in _LAYERS)),
    "robot arm": (robot_arm, (np.array([0.3, -0.5, 0.8, 0.4, -0.9, 0.6]),)),
    "roe flux": (roe_flux, (np.array([1.0, 0.5, 2.5]), np.array([0.8, 0.3, 2.0]))),
    "kepler 1": (kepler(1), (0.8, 0.3)),
    "kepler 3": (kepler(3), (0.8, 0.3)),
    "kepler 5": (kepler(5), (0.8, 0.3)),
    "black scholes": (black_scholes, (100.0, 95.0, 0.03, 0.2, 0.5)),
    "log determinant": (log_determinant, (np.array([2.0, 0.3, 1.5, -0.2, 0.4, 1.2]),)),
    "solve": (solution, (_MATRIX, np.array([1.0, -2.0, 0.5]))),
    "inverse": (jnp.linalg.inv, (_MATRIX,)),
    "determinant": (jnp.linalg.det, (_FOUR,)),
    "layer norm": (layer_norm, (np.array([0.5, -1.2, 0.3, 2.0, -0.7]),)),
    "lorenz 1": (lorenz(1), _STATE),
    "lorenz 5": (lorenz(5), _STATE),
    "lorenz 100": (lorenz(100), _STATE),
    "helmholtz": (helmholtz, (np.array([0.5, 0.8, 0.3]),)),
    "propane": (propane, (np.array([0.5, 0.8, 0.3, 0.7, 0.2]),)),
    "heart dipole": (heart_dipole, (np.array([0.3, 0.4, -0.6, -0.8, 1.1, 0.7, 0.2, -0.5]),)),
    "bratu": (bratu, (np.array([0.1, 0.2, 0.3, 0.25, 0.15, 0.05]), 2.0)),
    "cross entropy": (cross_entropy, (np.array([0.5, -1.0, 2.0, 0.3]),)),
    "attention": (
        attention_head,
        (_weights(5, 2, 2), _weights(6, 2, 2), _weights(7, 2, 2)),
    ),
    "kalman step": (kalman_step, (np.array([0.5, -0.2]), np.array([[1.0, 0.2], [0.2, 0.5]]), 0.7)),
}
