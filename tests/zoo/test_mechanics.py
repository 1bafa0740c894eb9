"""The arm against a product of homogeneous matrices, Kepler's equation against a printed example."""

import math

import jax.numpy as jnp
import numpy as np

from difflab.zoo import mechanics


def test_the_fact_holds(verify):
    verify()


def meeus(problem, fact, measure):
    anomaly = np.degrees(measure.value(problem, jnp.asarray(math.radians(5.0)), jnp.asarray(0.1)))
    measure.close(anomaly, [fact[1]], digits=1e-7)


def kepler_residual(problem, fact, measure):
    for mean, eccentricity in ((1.0, 0.6), (3.0, 0.2), (-2.0, 0.8)):
        (anomaly,) = measure.value(problem, jnp.asarray(mean), jnp.asarray(eccentricity))
        measure.close(anomaly - eccentricity * np.sin(anomaly), mean)


def arm_matrices(angles):
    """Return the products of one to six matrices Rot_z(angle) Trans_z Trans_x Rot_x(twist), each factor by itself."""
    m = mechanics
    table = [(m.BASE_HEIGHT, m.SHOULDER_OFFSET, -90), (0, m.UPPER_ARM, 0), (0, 0, -90), (m.FOREARM, 0, 90)]
    table += [(0, 0, -90), (m.HAND, 0, 0)]
    product, products = np.eye(4), []
    for angle, (offset, length, twist) in zip(angles, table, strict=True):
        turn, shift, tilt = np.eye(4), np.eye(4), np.eye(4)
        turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        shift[:3, 3] = length, 0, offset
        c, s = np.cos(np.radians(twist)), np.sin(np.radians(twist))
        tilt[1:3, 1:3] = [[c, -s], [s, c]]
        product = product @ turn @ shift @ tilt
        products.append(product)
    return products


def matrix_product(problem, fact, measure):
    for angles in ([float(a) for a in problem.arguments()], *np.random.RandomState(1).uniform(-1.2, 1.2, (3, 6))):
        pose = measure.value(problem, *map(jnp.asarray, angles))
        matrix = arm_matrices(angles)[-1]
        measure.close(pose[:3], matrix[:3, 3])
        (cr, cp, cy), (sr, sp, sy) = np.cos(pose[3:]), np.sin(pose[3:])
        about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
        about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
        about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
        measure.close(about_z @ about_y @ about_x, matrix[:3, :3])


def base_column(problem, fact, measure):
    x, y = measure.value(problem)[:2]
    measure.close(measure.jacobian(problem)[:, 0], [-y, x, 0, 0, 0, 1])


def hand_column(problem, fact, measure):
    measure.close(measure.jacobian(problem)[:3, 5], [0, 0, 0])


def hand_length(problem, fact, measure):
    angles = np.array([float(a) for a in problem.arguments()])
    wrist = arm_matrices(angles)[3][:3, 3]
    for last in ([0.7, 0.9, -0.4], [-1.0, 0.4, 2.0], [2.0, -1.5, 0.0]):
        angles[3:] = last
        hand = measure.value(problem, *map(jnp.asarray, angles))[:3]
        measure.close(np.linalg.norm(hand - wrist), fact[1], scale=1.0)


CHECKS = {
    "meeus_30a": meeus,
    "kepler_residual": kepler_residual,
    "matrix_product": matrix_product,
    "base_column": base_column,
    "hand_column": hand_column,
    "hand_length": hand_length,
}
