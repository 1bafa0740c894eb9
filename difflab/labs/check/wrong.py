"""The entries of a Jacobian that are wrong, at all points of the evidence, and views of them that readings share."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from difflab.labs.check.evidence import Evidence, Sample

EXACT = 1e-30
"""Relative difference below which numbers of 40 digits are the same number."""


class Wrong:
    """The entries that are wrong, and views of them that several readings share."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.samples = evidence.samples
        self.tolerance = evidence.tolerance
        self.masks = [self._mask(s) for s in self.samples]
        self.any = any(mask.any() for mask in self.masks)

    def _mask(self, sample: Sample) -> np.ndarray:
        return np.array(
            [
                [not self.close(a, t) for a, t in zip(x, y, strict=True)]
                for x, y in zip(sample.ad, sample.true, strict=True)
            ],
            bool,
        ).reshape(sample.ad.shape)

    def close(self, a: Any, b: Any) -> bool:
        """Equal but for rounded constants; NaN is equal to NaN."""
        if a != a or b != b:
            return a != a and b != b
        return a == b or abs(a - b) <= self.tolerance * max(abs(a), abs(b))

    def same(self, sample: Sample, other: np.ndarray) -> bool:
        """Whether JAX's matrix is another one."""
        return all(self.close(a, b) for a, b in zip(sample.ad.flat, other.flat, strict=True))

    def gap(self, sample: Sample, i: int, j: int) -> float:
        """How wrong an entry is, relative to the largest of its row and column."""
        near = [*sample.ad[i], *sample.true[i], *sample.ad[:, j], *sample.true[:, j]]
        size = max((abs(v) for v in near if v == v), default=0)
        off = sample.ad[i, j] - sample.true[i, j]
        return float(abs(off) / size) if off == off and size else 0.0

    def entries(self) -> Iterator[tuple[Sample, int, int]]:
        """The wrong entries of all points."""
        for sample, mask in zip(self.samples, self.masks, strict=True):
            for i, j in np.argwhere(mask).tolist():
                yield sample, i, j

    def judged(self, exactly: bool) -> Iterator[tuple[Sample, int, int, bool]]:
        """Entries that are not zero and whether they are wrong; `exactly`: without those that are merely close."""
        for sample, mask in zip(self.samples, self.masks, strict=True):
            for i, j in np.ndindex(*mask.shape):
                a, t = sample.ad[i, j], sample.true[i, j]
                if (a or t) and (mask[i, j] or not exactly or abs(a - t) <= EXACT * abs(t)):
                    yield sample, i, j, bool(mask[i, j])

    def ratios(self) -> list[Any]:
        """JAX's value over the true one, of the wrong entries whose true value is finite and not zero."""
        return [s.ad[i, j] / s.true[i, j] for s, i, j in self.entries() if s.true[i, j] and finite(s, i, j)]

    def blocks(self) -> list[tuple[str, list[int]]]:
        """Arguments by name, each with its columns among those written out."""
        found: list[tuple[str, list[int]]] = []
        start = 0
        problem = self.evidence.problem
        for k, (shape, dtype) in zip(problem.inputs, problem.input_types, strict=True):
            size = int(np.prod(shape)) * (2 if dtype.startswith("complex") else 1)
            inside = [n for n, c in enumerate(self.evidence.columns) if start <= c < start + size]
            found.append((problem.at.paths[k], inside))
            start += size
        return found

    def name(self, i: int, j: int) -> str:
        """An entry's name."""
        problem = self.evidence.problem
        return f"∂{problem.rows[self.evidence.rows[i]]}/∂{problem.columns[self.evidence.columns[j]]}"


def finite(sample: Sample, i: int, j: int) -> bool:
    """Whether both numbers of an entry are finite."""
    return all(np.isfinite(float(m[i, j])) for m in (sample.ad, sample.true))
