"""Two systems of nonlinear equations F(x) = 0 from the MINPACK-2 collection.

Human heart dipole: two dipoles p_k = p_kx + i p_ky at z_k = x_k + i y_k have the measured moments
p_1 z_1^n + p_2 z_2^n = m_n for n = 0, 1, 2, 3; eight real equations, here with the powers multiplied out. Seen as
complex numbers they are a sum of two exponentials, so Prony's method of 1795 gives the root in closed form.

Propane combustion: one mole of propane burns in air at 40 atmospheres; eleven unknowns are the moles of ten products
and their total. Four atom balances, six equilibria, one sum.

Sources: C. V. Nelson and B. C. Hodgkin, IEEE Trans. Biomed. Eng. 28 (1981); A. P. Morgan and A. J. Sommese, Appl.
Math. Comput. 24 (1987); K. Meintjes and A. P. Morgan, ACM TOMS 16 (1990) 143-151, doi:10.1145/78928.78930;
B. M. Averick, R. G. Carter, J. J. Moré and G.-L. Xue, The MINPACK-2 Test Problem Collection, MCS-P153-0692 (1992): the
routines DHHDFJ and DCPFFJ.
"""

import jax.numpy as jnp
import numpy as np

from .point import Scalar, at
from .problem import Problem

MOMENTS = (0.485, -0.0019, -0.0581, 0.015, 0.105, 0.0406, 0.167, -0.399)
"""Real and imaginary part of m_0 to m_3: experiment 1 of MINPACK-2."""

ATOM_RATIO = 10.0
"""Atoms of oxygen a mole of propane: the stoichiometric mixture."""

PRESSURE = 40.0
"""In atmospheres."""

EQUILIBRIA = {"h2": 0.193, "h": 2.597e-3, "oh": 3.448e-3, "o": 1.799e-5, "no": 2.155e-4, "o2": 3.846e-5}
"""Equilibrium constants of the six reactions, by the product they make."""


def human_heart_dipole(
    p1x: Scalar, p2x: Scalar, p1y: Scalar, p2y: Scalar, x1: Scalar, x2: Scalar, y1: Scalar, y2: Scalar
) -> tuple[Scalar, ...]:
    """Return the eight residuals of the moments of two dipoles p1, p2 at (x1, y1) and (x2, y2).

    MINPACK-2 calls the unknowns a, b, c, d, t, u, v, w, in this order.
    """
    mx, my, ax, ay, bx, by, cx, cy = MOMENTS
    square1, square2 = x1**2 - y1**2, x2**2 - y2**2
    cube1x, cube2x = x1 * (x1**2 - 3 * y1**2), x2 * (x2**2 - 3 * y2**2)
    cube1y, cube2y = y1 * (y1**2 - 3 * x1**2), y2 * (y2**2 - 3 * x2**2)
    return (
        p1x + p2x - mx,
        p1y + p2y - my,
        x1 * p1x + x2 * p2x - y1 * p1y - y2 * p2y - ax,
        y1 * p1x + y2 * p2x + x1 * p1y + x2 * p2y - ay,
        p1x * square1 - 2 * p1y * x1 * y1 + p2x * square2 - 2 * p2y * x2 * y2 - bx,
        p1y * square1 + 2 * p1x * x1 * y1 + p2y * square2 + 2 * p2x * x2 * y2 - by,
        p1x * cube1x + p1y * cube1y + p2x * cube2x + p2y * cube2y - cx,
        p1y * cube1x - p1x * cube1y + p2y * cube2x - p2x * cube2y - cy,
    )


def propane_combustion(
    co2: Scalar,
    h2o: Scalar,
    n2: Scalar,
    co: Scalar,
    h2: Scalar,
    h: Scalar,
    oh: Scalar,
    o: Scalar,
    no: Scalar,
    o2: Scalar,
    total: Scalar,
) -> tuple[Scalar, ...]:
    """Return the eleven residuals: carbon, oxygen, hydrogen, nitrogen, six equilibria, the total."""
    scale = PRESSURE / total
    root_scale = jnp.sqrt(scale)
    carbon = co2 + co - 3
    oxygen = 2 * co2 + h2o + co + oh + o + no + 2 * o2 - ATOM_RATIO
    hydrogen = 2 * h2o + 2 * h2 + h + oh - 8
    nitrogen = 2 * n2 + no - 4 * ATOM_RATIO
    make_h2 = EQUILIBRIA["h2"] * h2o * co - co2 * h2
    make_h = EQUILIBRIA["h"] * jnp.sqrt(h2o * co) - jnp.sqrt(co2) * h * root_scale
    make_oh = EQUILIBRIA["oh"] * jnp.sqrt(co2 * h2o) - jnp.sqrt(co) * oh * root_scale
    make_o = EQUILIBRIA["o"] * co2 - co * o * scale
    make_no = EQUILIBRIA["no"] * co2 * jnp.sqrt(n2) - co * no * root_scale
    make_o2 = EQUILIBRIA["o2"] * co2**2 - co**2 * o2 * scale
    balance = total - (co2 + h2o + n2 + co + h2 + h + oh + o + no + o2)
    return carbon, oxygen, hydrogen, nitrogen, make_h2, make_h, make_oh, make_o, make_no, make_o2, balance


def _heart_jacobian(*unknowns):
    """Each moment is holomorphic in p and z: d(p z^n) = z^n dp + n p z^(n-1) dz, one 2-by-2 rotation block each."""
    p1x, p2x, p1y, p2y, x1, x2, y1, y2 = (float(value) for value in unknowns)
    rows = np.zeros((8, 8))
    for n in range(4):
        for dipole, (p, z) in enumerate(((p1x + 1j * p1y, x1 + 1j * y1), (p2x + 1j * p2y, x2 + 1j * y2))):
            for offset, slope in ((0, z**n), (4, n * p * z ** (n - 1) if n else 0j)):
                columns = [offset + dipole, offset + 2 + dipole]
                rows[np.ix_([2 * n, 2 * n + 1], columns)] = [[slope.real, -slope.imag], [slope.imag, slope.real]]
    return rows


def _propane_jacobian(*moles):
    co2, h2o, n2, co, h2, h, oh, o, no, o2, total = (float(value) for value in moles)
    k, s = EQUILIBRIA, PRESSURE / total
    r = np.sqrt(s)
    nitrogen_root = np.sqrt(n2)
    entries = {
        0: {0: 1, 3: 1},
        1: {0: 2, 1: 1, 3: 1, 6: 1, 7: 1, 8: 1, 9: 2},
        2: {1: 2, 4: 2, 5: 1, 6: 1},
        3: {2: 2, 8: 1},
        4: {0: -h2, 1: k["h2"] * co, 3: k["h2"] * h2o, 4: -co2},
        5: {
            0: -h * r / (2 * np.sqrt(co2)),
            1: k["h"] * np.sqrt(co / h2o) / 2,
            3: k["h"] * np.sqrt(h2o / co) / 2,
            5: -np.sqrt(co2) * r,
            10: np.sqrt(co2) * h * r / (2 * total),
        },
        6: {
            0: k["oh"] * np.sqrt(h2o / co2) / 2,
            1: k["oh"] * np.sqrt(co2 / h2o) / 2,
            3: -oh * r / (2 * np.sqrt(co)),
            6: -np.sqrt(co) * r,
            10: np.sqrt(co) * oh * r / (2 * total),
        },
        7: {0: k["o"], 3: -o * s, 7: -co * s, 10: co * o * s / total},
        8: {
            0: k["no"] * nitrogen_root,
            2: k["no"] * co2 / (2 * nitrogen_root),
            3: -no * r,
            8: -co * r,
            10: co * no * r / (2 * total),
        },
        9: {0: 2 * k["o2"] * co2, 3: -2 * co * o2 * s, 9: -(co**2) * s, 10: co**2 * o2 * s / total},
        10: {**dict.fromkeys(range(10), -1), 10: 1},
    }
    rows = np.zeros((11, 11))
    for row, slopes in entries.items():
        for column, slope in slopes.items():
            rows[row, column] = slope
    return rows


_ROOT = float(np.sqrt(PRESSURE))

PROBLEMS = (
    Problem(
        name="human_heart_dipole",
        title="Two dipoles from eight measured moments of the heart's field",
        function=human_heart_dipole,
        arguments=at(0.299, 0.186, -0.0273, 0.0254, -0.474, 0.474, -0.0892, 0.0892),
        source="MINPACK-2 (Averick et al. 1992), DHHDFJ, experiment 1; Morgan and Sommese 1987",
        facts={
            "inputs": 8,
            "outputs": 8,
            "root": (
                -0.006321349,
                0.491321349,
                -0.001998156,
                9.815641e-05,
                0.122656978,
                -0.100315325,
                -4.023517593,
                -0.020717858,
            ),
            "root_by_prony": "the root is the closed form of a sum of two exponentials",
        },
        tags=frozenset({"benchmark", "model", "physics"}),
        jacobian=_heart_jacobian,
    ),
    Problem(
        name="propane_combustion",
        title="Products of one mole of propane burnt in air at 40 atmospheres",
        function=propane_combustion,
        arguments=at(
            5.0,
            2.5,
            5.0,
            0.1,
            5e-2 * EQUILIBRIA["h2"],
            EQUILIBRIA["h"] / _ROOT,
            50 * EQUILIBRIA["oh"] / _ROOT,
            1e3 * EQUILIBRIA["o"] / PRESSURE,
            500 * EQUILIBRIA["no"] / _ROOT,
            5e4 * EQUILIBRIA["o2"] / PRESSURE,
            20.0,
        ),
        source="MINPACK-2 (Averick et al. 1992), DCPFFJ; Meintjes and Morgan 1990, doi:10.1145/78928.78930",
        facts={
            "inputs": 11,
            "outputs": 11,
            "published_reduced_root": (0.003114102, 34.59792, 0.06504178, 0.8593781, 0.03695186),
            "nonzeros": 53,
        },
        tags=frozenset({"benchmark", "chemistry", "model", "sparse"}),
        jacobian=_propane_jacobian,
    ),
)
