"""A value in eight numbers: what a frame carries in place of the array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np


@dataclass(frozen=True, slots=True)
class Summary:
    """Shape, dtype and statistics of an array.

    `norm` (Euclidean), `min`, `max` and `mean` are over the finite entries (moduli, for complex ones); without any they
    are NaN. `nan`, `inf` and `zero` count entries. For one entry, `value` is it.
    """

    shape: tuple[int, ...]
    dtype: str
    size: int
    norm: float
    min: float
    max: float
    mean: float
    nan: int
    inf: int
    zero: int
    value: complex | float | None = None

    def __str__(self) -> str:
        """One short line, stable to four digits."""
        marks = [f"{count} {name}" for name, count in (("NaN", self.nan), ("Inf", self.inf)) if count]
        if self.value is not None:
            return f"{self.value:.4g}"
        if self.size == 0 or (self.norm != self.norm and not marks):
            return "empty" if self.size == 0 else self.dtype
        zeros = ["all zero"] if self.zero == self.size else []
        return ", ".join([f"norm {self.norm:.4g}", f"{self.min:.3g} … {self.max:.3g}", *zeros, *marks])


def summarize(value: Any) -> Summary:
    """Summarise any array, number or PRNG key (a key has no statistics)."""
    dtype = str(getattr(value, "dtype", np.asarray(value).dtype if not hasattr(value, "dtype") else ""))
    shape = tuple(np.shape(value))
    if dtype.startswith(("key", "float0")) or (
        hasattr(value, "dtype") and jax.numpy.issubdtype(value.dtype, jax.dtypes.extended)
    ):
        none = float("nan")
        return Summary(shape, dtype, int(np.prod(shape)), none, none, none, none, 0, 0, 0)
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        array = array.astype(np.float32)
    numbers = np.abs(array) if array.dtype.kind == "c" else array.astype(np.float64, copy=False)
    finite = numbers[np.isfinite(numbers)]
    only = None if array.size != 1 else complex(array.item()) if array.dtype.kind == "c" else float(array.item())
    known = finite if finite.size else np.array([float("nan")])
    low, high, mean = float(known.min()), float(known.max()), _mean(known)
    norm = _norm(finite) if finite.size else float("nan")
    nan, zero = int(np.isnan(numbers).sum()), int((array == 0).sum())
    inf = array.size - finite.size - nan
    return Summary(shape, dtype, array.size, norm, low, high, mean, nan, inf, zero, only)


def _mean(values: np.ndarray) -> float:
    """Mean whose sum does not overflow on the way."""
    scale = max(1.0, float(np.max(np.abs(values))) / 1e290)
    return scale * float((values / scale).mean())


def _norm(values: np.ndarray) -> float:
    """Euclidean norm that does not overflow on the way."""
    scale = float(np.max(np.abs(values)))
    return scale * float(np.sqrt(np.sum((values / scale) ** 2))) if scale > 0 else 0.0
