"""The tasks of vectors and matrices: the graphs that are counted, and evaluations in NumPy."""

import jax.numpy as jnp
import numpy as np

from difflab.zoo import benchmark_arrays


def test_the_fact_holds(verify):
    verify()


def consistency(problem, fact, measure):
    density, momentum, energy = np.array([1.2]), np.array([0.7, 0.2, -0.3]), np.array([2.5])
    velocity = momentum / density
    pressure = (benchmark_arrays.HEAT_RATIO - 1) * (energy - density * np.sum(velocity**2) / 2)
    along = momentum * velocity + np.array([pressure[0], 0, 0])  # the transverse components are the task's own
    flux = np.concatenate([momentum[:1], along, velocity[0] * (energy + pressure)])
    states = [jnp.asarray(one, measure.dtype) for one in (density, momentum, energy) * 2]
    measure.close(measure.value(problem, *states), flux)


def softmax(x):
    weights = np.exp(x)
    return weights / weights.sum(axis=-1, keepdims=True)


def perceptron_in_numpy(problem, fact, measure):
    x, y, w1, b1, w2, b2, scale, shift = (np.asarray(one, float) for one in problem.arguments())
    hidden = np.tanh(w1 @ x + b1)
    hidden = (hidden - hidden.mean()) / np.sqrt(hidden.var() + 1e-6) * scale + shift
    measure.close(measure.value(problem), [-y @ np.log(softmax(np.tanh(w2 @ hidden + b2)))])


def encoder_in_numpy(problem, fact, measure):
    x, y, q1, q2, k1, k2, v1, v2, w1, w2, b1, b2, s1, t1, s2, t2 = (
        np.asarray(one, float) for one in problem.arguments()
    )
    for q, k, v, w, b, s, t in ((q1, k1, v1, w1, b1, s1, t1), (q2, k2, v2, w2, b2, s2, t2)):
        scores = np.array([[(q @ x)[:, i] @ (k @ x)[:, j] for j in range(x.shape[1])] for i in range(x.shape[1])])
        x = x + softmax(scores) @ (v @ x)
        centred = x - x.mean(axis=1)
        x = centred / np.sqrt(np.mean(centred**2, axis=1) + 1e-6) * s + t
        x = w @ x + b
        x = x / (1 + np.exp(-x))
    measure.close(measure.value(problem), -np.sum(y * np.log(softmax(x)), axis=1))


CHECKS = {
    "consistency": consistency,
    ("alphagrad_perceptron", "numpy_forward"): perceptron_in_numpy,
    ("alphagrad_encoder", "numpy_forward"): encoder_in_numpy,
}
