"""Objectives and the linear algebra under them.

rosenbrock: sum of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2, a curved valley with the minimum 0 at (1, ..., 1).
    H. H. Rosenbrock, Comput. J. 3 (1960) 175-184, doi:10.1093/comjnl/3.3.175; n-dimensional as in MINPACK.
gaussian_process: log N(y; 0, K) with K_ij = a^2 exp(-(x_i - x_j)^2 / (2 l^2)) + s^2 delta_ij, by a Cholesky factor.
    For any parameter, dL = tr((K^-1 y y^T K^-1 - K^-1) dK) / 2. C. E. Rasmussen and C. K. I. Williams, Gaussian
    Processes for Machine Learning (2006), equations 2.30 and 5.9.
linear_solve: x = A^-1 b, with dx = A^-1 (db - dA x). M. B. Giles, An extended collection of matrix derivative results
    for forward and reverse mode algorithmic differentiation (2008).
"""

import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from .point import Scalar, at
from .problem import Problem


def rosenbrock(x: Float[Array, " n"]) -> Scalar:
    """Return the height of Rosenbrock's valley at x; any number of dimensions from two."""
    valley = x[1:] - x[:-1] ** 2
    slope = 1 - x[:-1]
    return jnp.sum(100 * valley**2 + slope**2)


def gaussian_process(
    locations: Float[Array, " n"], observations: Float[Array, " n"], length: Scalar, amplitude: Scalar, noise: Scalar
) -> Scalar:
    """Return the log marginal likelihood of observations under a Gaussian process with a squared-exponential kernel."""
    distance = locations[:, None] - locations[None, :]
    kernel = amplitude**2 * jnp.exp(-0.5 * (distance / length) ** 2)
    covariance = kernel + noise**2 * jnp.eye(len(locations))
    factor = jnp.linalg.cholesky(covariance)
    whitened = solve_triangular(factor, observations, lower=True)
    log_determinant = 2 * jnp.sum(jnp.log(jnp.diagonal(factor)))
    return -0.5 * (jnp.sum(whitened**2) + log_determinant + len(locations) * np.log(2 * np.pi))


def linear_solve(matrix: Float[Array, "n n"], right_side: Float[Array, " n"]) -> Float[Array, " n"]:
    """Return the solution of a system of linear equations."""
    return jnp.linalg.solve(matrix, right_side)


def _rosenbrock_jacobian(x):
    x = np.asarray(x, float)
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    gradient[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return gradient[None]


def _gaussian_jacobian(locations, observations, length, amplitude, noise):
    x, y = np.asarray(locations, float), np.asarray(observations, float)
    length, amplitude, noise = float(length), float(amplitude), float(noise)
    distance = x[:, None] - x[None, :]
    kernel = amplitude**2 * np.exp(-(distance**2) / (2 * length**2))
    inverse = np.linalg.inv(kernel + noise**2 * np.eye(len(x)))
    weights = inverse @ y
    slope = (np.outer(weights, weights) - inverse) / 2
    by_location = -2 * np.sum(slope * kernel * distance, axis=1) / length**2
    by_length = np.sum(slope * kernel * distance**2) / length**3
    by_amplitude = 2 * np.sum(slope * kernel) / amplitude
    by_noise = 2 * noise * np.trace(slope)
    return np.concatenate([by_location, -weights, [by_length, by_amplitude, by_noise]])[None]


def _solve_jacobian(matrix, right_side):
    inverse = np.linalg.inv(np.asarray(matrix, float))
    solution = inverse @ np.asarray(right_side, float)
    return np.hstack([-np.kron(inverse, solution[None, :]), inverse])


PROBLEMS = (
    Problem(
        name="gaussian_process",
        title="Log marginal likelihood of a Gaussian process",
        function=gaussian_process,
        arguments=at(np.array([-1.0, -0.4, 0.1, 0.7, 1.5]), np.array([-0.9, -0.2, 0.3, 0.8, 0.6]), 0.8, 1.1, 0.4),
        source="Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, equations 2.30 and 5.9",
        facts={
            "inputs": 13,
            "outputs": 1,
            "translation": "moving all locations together changes nothing: their gradient sums to zero",
            "numpy_density": "equal to the density from NumPy's inverse and determinant",
        },
        tags=frozenset({"linear-algebra", "model", "optimisation"}),
        jacobian=_gaussian_jacobian,
    ),
    Problem(
        name="linear_solve",
        title="A system of linear equations",
        function=linear_solve,
        arguments=at(np.array([[4.0, 1.0, -0.5], [0.3, 3.0, 0.8], [-0.6, 0.4, 5.0]]), np.array([1.0, -2.0, 0.5])),
        source="Giles 2008, An extended collection of matrix derivative results for algorithmic differentiation",
        facts={"inputs": 12, "outputs": 3, "solves": "matrix @ solution = right side"},
        tags=frozenset({"linear-algebra", "model"}),
        jacobian=_solve_jacobian,
    ),
    Problem(
        name="rosenbrock",
        title="Rosenbrock's valley",
        function=rosenbrock,
        arguments=at(np.array([-1.2, 1.0, -0.5, 0.8])),
        source="Rosenbrock 1960, doi:10.1093/comjnl/3.3.175",
        facts={
            "inputs": 4,
            "outputs": 1,
            "value": (281.7,),
            "minimum": ("value at (1, ..., 1), where the gradient vanishes", 0.0),
            "hessian": "tridiagonal, in closed form",
        },
        tags=frozenset({"model", "optimisation"}),
        jacobian=_rosenbrock_jacobian,
    ),
)
