"""The fluxes against NumPy: the Euler equations, and Roe's matrix by a function of the flux Jacobian."""

import jax
import jax.numpy as jnp
import numpy as np

from difflab.zoo import gasdynamics


def test_the_fact_holds(verify):
    verify()


def physical_flux(state):
    """Euler flux of (density, momentum, energy) along the first axis of space; NumPy, and holomorphic."""
    velocity = state[1:-1] / state[0]
    pressure = (gasdynamics.HEAT_RATIO - 1) * (state[-1] - state[0] * np.sum(velocity**2) / 2)
    flux = state * velocity[0]
    flux[1] += pressure
    flux[-1] += pressure * velocity[0]
    return flux


def flux_jacobian(state):
    """Its derivative by a complex step, exact to rounding."""
    steps = np.eye(len(state)) * 1e-30j
    return np.array([physical_flux(state + step).imag / 1e-30 for step in steps]).T


def split(matrix):
    """Return A+, A- and |A| for eigenvalues u - c, u, u + c, by Lagrange interpolation of the matrix function."""
    eigenvalues = np.sort(np.linalg.eigvals(matrix).real)
    middle = np.trace(matrix) / len(matrix)
    speeds = np.array([eigenvalues[0], middle, eigenvalues[-1]])
    absolute = np.zeros_like(matrix)
    for speed in speeds:
        others = speeds[speeds != speed]
        term = np.eye(len(matrix))
        for other in others:
            term = term @ (matrix - other * np.eye(len(matrix))) / (speed - other)
        absolute += abs(speed) * term
    return (matrix + absolute) / 2, (matrix - absolute) / 2, absolute


def states(problem):
    """Return left and right example state as float64 vectors."""
    vector = np.concatenate([np.ravel(leaf) for leaf in problem.arguments()]).astype(float)
    return np.split(vector, 2)


def arguments_of(problem, left, right):
    leaves, tree = jax.tree.flatten(problem.arguments())
    vector, pieces = np.concatenate([left, right]), []
    for leaf in leaves:
        pieces.append(jnp.asarray(vector[: leaf.size].reshape(leaf.shape), leaf.dtype))
        vector = vector[leaf.size :]
    return jax.tree.unflatten(tree, pieces)


def shapes(problem, fact, measure):
    assert tuple(leaf.shape for leaf in problem.arguments()) == fact


def consistency(problem, fact, measure):
    for state in states(problem):
        measure.close(measure.value(problem, *arguments_of(problem, state, state)), physical_flux(state))


def upwind(problem, fact, measure):
    left, right = states(problem)
    for state in (left, right):
        state[-1] -= np.sum(state[1:-1] ** 2) / state[0] / 2
        state[1] = 5 * state[0]
        state[-1] += np.sum(state[1:-1] ** 2) / state[0] / 2
    measure.close(measure.value(problem, *arguments_of(problem, left, right)), physical_flux(left))


def roe_matrix(problem, fact, measure):
    left, right = states(problem)
    weights = np.sqrt([left[0], right[0]])
    mean = np.zeros_like(left)
    for weight, state in zip(weights / weights.sum(), (left, right), strict=True):
        velocity = state[1:-1] / state[0]
        pressure = 0.4 * (state[-1] - state[0] * np.sum(velocity**2) / 2)
        mean += weight * np.array([1.0, *velocity, (state[-1] + pressure) / state[0]])
    mean[-1] = (mean[-1] + 0.4 * np.sum(mean[1:-1] ** 2) / 2) / 1.4  # from enthalpy to energy at density one
    matrix = flux_jacobian(mean)
    jump = physical_flux(right) - physical_flux(left)
    np.testing.assert_allclose(matrix @ (right - left), jump, atol=1e-6)  # Roe's property U; float32 states
    expected = (physical_flux(left) + physical_flux(right)) / 2 - split(matrix)[2] @ (right - left) / 2
    measure.close(measure.value(problem), expected)


def split_jacobian(problem, fact, measure):
    left, _ = states(problem)
    plus, minus, _ = split(flux_jacobian(left))
    measure.close(measure.jacobian(problem, *arguments_of(problem, left, left)), np.hstack([plus, minus]))


def axial_symmetry(problem, fact, measure):
    turn = np.eye(5)
    turn[2:4, 2:4] = [[0.6, -0.8], [0.8, 0.6]]
    left, right = states(problem)
    turned = measure.value(problem, *arguments_of(problem, turn @ left, turn @ right))
    measure.close(turned, turn @ measure.value(problem))


CHECKS = {
    "shapes": shapes,
    "consistency": consistency,
    "upwind": upwind,
    "roe_matrix": roe_matrix,
    "split_jacobian": split_jacobian,
    "axial_symmetry": axial_symmetry,
}
