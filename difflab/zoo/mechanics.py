"""Two problems of mechanics: where a robot's hand is, and where a planet is.

Robot arm: six revolute joints with the lengths of the ABB IRB 140; the hand's position and its roll, pitch and yaw from
the six joint angles. Multiplying the six Denavit-Hartenberg matrices by hand leaves the scalar code below. Sources:
J. Denavit and R. S. Hartenberg, J. Appl. Mech. 22 (1955); lengths from M. Almaged and O. Ismael, J. Mech. Eng. Technol.
9 (2017); angles as in Siciliano et al., Robotics (2009), equation 2.22. Its published relative is RobotArm_6DOF of
Lohoff and Neftci, arXiv:2406.05027, also 6 to 6.

Kepler's equation E - e sin E = M gives the eccentric anomaly E, solved by a fixed number of Newton steps. The implicit
function theorem knows the derivative without any iteration: dE/dM = 1 / (1 - e cos E), dE/de = sin E / (1 - e cos E).
Source: J. Meeus, Astronomical Algorithms (1998), chapter 30.
"""

import jax.numpy as jnp
import numpy as np

from .point import Scalar, at
from .problem import Problem

BASE_HEIGHT, SHOULDER_OFFSET, UPPER_ARM, FOREARM, HAND = 0.352, 0.070, 0.360, 0.380, 0.065
"""Lengths in metres."""

NEWTON_STEPS = 6


def robot_arm_6dof(
    base: Scalar, shoulder: Scalar, elbow: Scalar, forearm_roll: Scalar, wrist: Scalar, hand_roll: Scalar
) -> tuple[Scalar, Scalar, Scalar, Scalar, Scalar, Scalar]:
    """Return x, y, z of the hand in metres, then its roll, pitch and yaw; all angles in radians."""
    cos_base, sin_base = jnp.cos(base), jnp.sin(base)
    cos_shoulder, sin_shoulder = jnp.cos(shoulder), jnp.sin(shoulder)
    cos_arm, sin_arm = jnp.cos(shoulder + elbow), jnp.sin(shoulder + elbow)
    cos_forearm, sin_forearm = jnp.cos(forearm_roll), jnp.sin(forearm_roll)
    cos_wrist, sin_wrist = jnp.cos(wrist), jnp.sin(wrist)
    cos_hand, sin_hand = jnp.cos(hand_roll), jnp.sin(hand_roll)

    # The hand's three axes seen from the forearm: forward, sideways (its x and z only), and along the hand.
    forward_x = cos_forearm * cos_wrist * cos_hand - sin_forearm * sin_hand
    forward_y = sin_forearm * cos_wrist * cos_hand + cos_forearm * sin_hand
    forward_z = sin_wrist * cos_hand
    sideways_x = -cos_forearm * cos_wrist * sin_hand - sin_forearm * cos_hand
    sideways_z = -sin_wrist * sin_hand
    along_x, along_y, along_z = -cos_forearm * sin_wrist, -sin_forearm * sin_wrist, cos_wrist

    # r[i, j] of the hand's rotation seen from the floor; only these five enter roll, pitch and yaw.
    forward_reach = cos_arm * forward_x - sin_arm * forward_z
    r11 = cos_base * forward_reach + sin_base * forward_y
    r21 = sin_base * forward_reach - cos_base * forward_y
    r31 = -sin_arm * forward_x - cos_arm * forward_z
    r32 = -sin_arm * sideways_x - cos_arm * sideways_z
    r33 = -sin_arm * along_x - cos_arm * along_z

    reach = SHOULDER_OFFSET + UPPER_ARM * cos_shoulder - FOREARM * sin_arm
    hand_reach = reach + HAND * (cos_arm * along_x - sin_arm * along_z)
    hand_side = HAND * along_y
    x = cos_base * hand_reach + sin_base * hand_side
    y = sin_base * hand_reach - cos_base * hand_side
    z = BASE_HEIGHT - UPPER_ARM * sin_shoulder - FOREARM * cos_arm + HAND * r33
    roll = jnp.arctan2(r32, r33)
    pitch = jnp.arctan2(-r31, jnp.sqrt(r32**2 + r33**2))
    yaw = jnp.arctan2(r21, r11)
    return x, y, z, roll, pitch, yaw


def kepler(mean_anomaly: Scalar, eccentricity: Scalar) -> Scalar:
    """Return the eccentric anomaly, in radians, by Newton's method from a first-order guess."""
    anomaly = mean_anomaly + eccentricity * jnp.sin(mean_anomaly)
    for _ in range(NEWTON_STEPS):
        residual = anomaly - eccentricity * jnp.sin(anomaly) - mean_anomaly
        anomaly = anomaly - residual / (1 - eccentricity * jnp.cos(anomaly))
    return anomaly


def _arm_jacobian(*angles):
    """The geometric Jacobian: joint k turns everything beyond it about its own axis z_k."""
    twists = (-np.pi / 2, 0.0, -np.pi / 2, np.pi / 2, -np.pi / 2, 0.0)
    lengths = (SHOULDER_OFFSET, UPPER_ARM, 0.0, 0.0, 0.0, 0.0)
    offsets = (BASE_HEIGHT, 0.0, 0.0, FOREARM, 0.0, HAND)
    frames = [np.eye(4)]
    for angle, twist, length, offset in zip(angles, twists, lengths, offsets, strict=True):
        c, s, ct, st = np.cos(float(angle)), np.sin(float(angle)), np.cos(twist), np.sin(twist)
        step = [[c, -s * ct, s * st, length * c], [s, c * ct, -c * st, length * s], [0, st, ct, offset], [0, 0, 0, 1]]
        frames.append(frames[-1] @ np.array(step))
    hand, rotation = frames[-1][:3, 3], frames[-1][:3, :3]
    axes = np.array([frame[:3, 2] for frame in frames[:-1]])
    arms = np.array([hand - frame[:3, 3] for frame in frames[:-1]])
    pitch, yaw = np.arcsin(-rotation[2, 0]), np.arctan2(rotation[1, 0], rotation[0, 0])
    roll_axis = [np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)]
    turning = np.array([roll_axis, [-np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]]).T
    return np.vstack([np.cross(axes, arms).T, np.linalg.solve(turning, axes.T)])


def _kepler_jacobian(mean_anomaly, eccentricity):
    mean, e = float(mean_anomaly), float(eccentricity)
    low, high = mean - e, mean + e
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if middle - e * np.sin(middle) < mean else (low, middle)
    return np.array([[1.0, np.sin(low)]]) / (1 - e * np.cos(low))


PROBLEMS = (
    Problem(
        name="kepler",
        title="Kepler's equation by Newton's method",
        function=kepler,
        arguments=at(1.0, 0.6),
        source="Meeus 1998, Astronomical Algorithms, chapter 30",
        facts={
            "inputs": 2,
            "outputs": 1,
            "meeus_30a": ("mean anomaly 5 degrees, eccentricity 0.1: eccentric anomaly in degrees", 5.554589),
            "kepler_residual": "E - e sin E = M",
        },
        tags=frozenset({"model", "physics"}),
        jacobian=_kepler_jacobian,
    ),
    Problem(
        name="robot_arm_6dof",
        title="Forward kinematics of a six-axis robot arm",
        function=robot_arm_6dof,
        arguments=at(0.3, -0.8, 0.5, 0.7, 0.9, -0.4),
        source="Denavit and Hartenberg 1955; Almaged and Ismael 2017 (ABB IRB 140); Siciliano et al. 2009, eq. 2.22",
        facts={
            "inputs": 6,
            "outputs": 6,
            "base_column": "turning the base: d(x, y, z, roll, pitch, yaw) = (-y, x, 0, 0, 0, 1)",
            "hand_column": "rolling the hand does not move it: d(x, y, z) = 0",
            "hand_length": ("the last three joints keep the hand at this distance from the wrist centre", 0.065),
            "matrix_product": "equal to the product of six homogeneous matrices",
        },
        tags=frozenset({"benchmark", "model", "physics"}),
        jacobian=_arm_jacobian,
    ),
)
