"""What holds of an array that a function may rely on, and drawing others of which it holds, too.

Symmetric (Hermitian) and positive definite matrices, triangles, probabilities along the last axis, sorted numbers.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import numpy as np

_CLOSE = 1e-5
"""Relative distance at which an array still counts as symmetric, or a sum as 1."""


def keeping(given: np.ndarray, drawn: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The drawn numbers, changed so that what holds of the given array holds of them."""
    if not np.isfinite(given).all():
        return np.where(np.isfinite(given), drawn, given)
    if is_square(given) and is_symmetric(given):
        return _definite(drawn) if is_definite(given) else (drawn + _adjoint(drawn)) / 2
    if is_square(given) and is_triangular(given):
        return np.where(given == 0, 0.0, drawn)
    if given.dtype.kind == "c":
        return drawn
    if is_probability(given):
        weights = np.abs(drawn) + 1e-3 * np.abs(drawn).max()
        return weights / weights.sum(-1, keepdims=True)
    return _sorted(given, drawn)


def is_square(array: np.ndarray) -> bool:
    """Whether the last two axes make square matrices of size 2 or more."""
    return array.ndim >= 2 and array.shape[-1] == array.shape[-2] >= 2 and array.size > 0


def is_symmetric(array: np.ndarray) -> bool:
    """Whether all matrices equal their (conjugate) transpose, and are not all zero."""
    size = np.abs(array).max()
    return bool(size > 0 and np.abs(array - _adjoint(array)).max() <= _CLOSE * size)


def is_definite(array: np.ndarray) -> bool:
    """Whether all (symmetric) matrices are positive definite."""
    return bool((np.linalg.eigvalsh(array) > 0).all())


def is_triangular(array: np.ndarray) -> bool:
    """Whether all matrices are zero above, or all below the diagonal, and not on both sides."""
    above, below = np.abs(np.triu(array, 1)).max(), np.abs(np.tril(array, -1)).max()
    return bool((above == 0) != (below == 0))


def is_probability(array: np.ndarray) -> bool:
    """Whether the last axis holds probabilities: none negative, sum 1."""
    if array.ndim == 0 or array.shape[-1] < 2 or (array < 0).any():
        return False
    return bool((np.abs(array.sum(-1) - 1) <= _CLOSE).all() and ((array > 0).sum(-1) > 1).all())


def _definite(drawn: np.ndarray) -> np.ndarray:
    """A positive definite matrix of the size of the numbers drawn, and well conditioned."""
    n = drawn.shape[-1]
    scale = np.abs(drawn).mean()
    root = drawn / np.sqrt(scale) if scale > 0 else drawn
    return root @ _adjoint(root) / n + 0.5 * scale * np.eye(n)


def _sorted(given: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Three or more numbers that rise or fall along a line keep doing so."""
    if given.ndim != 1 or given.size < 3:
        return drawn
    steps = np.diff(given)
    if (steps > 0).all():
        return np.sort(drawn)
    return np.sort(drawn)[::-1] if (steps < 0).all() else drawn


def _adjoint(array: Any) -> Any:
    return np.conj(np.swapaxes(array, -1, -2))
