"""How many digits of JAX's derivatives are right in the dtype they are computed in, and where the others were lost.

A derivative program may be the right one and its floats still be wrong: (1 − cos x)/x² near 0 loses all of them. Each
entry of `jax.jacfwd` and `jax.jacrev` is compared with the truth at the exact input; for the worst ones the program is
run beside its exact values, and the equations that lose digits are named.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, inf, isfinite, log2, log10
from typing import Any

import jax
import jax.numpy as jnp
import mpmath  # pyright: ignore[reportMissingTypeStubs]
import numpy as np

from difflab.core.bigfloat import big_floats
from difflab.core.errors import DifflabError
from difflab.core.values import Hole
from difflab.labs.check.losses import Loss, losses
from difflab.labs.check.precise import along, numbers
from difflab.labs.check.problem import Problem, program
from difflab.labs.check.snippet import place
from difflab.labs.check.tables import brief, table
from difflab.labs.check.truth import Truth, askable, truth_at

MODES = ("jacfwd", "jacrev")
_SHOWN = 10
_OWED = 0.02
"""The part of an error that half a unit of the input must explain to be told; k roundings make k times of it."""

_LOSING = 32.0
"""Entries off by more units in the last place are looked into."""


@dataclass(frozen=True, eq=False)
class Measured:
    """One mode of JAX, entry by entry: values, relative errors, errors in units in the last place, right digits.

    All are arrays, rows × columns. `digits` is at most what the dtype can hold; it is 0 where nothing is right.
    """

    mode: str
    values: np.ndarray
    relative: np.ndarray
    ulps: np.ndarray
    digits: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class Accuracy:
    """What `accuracy` found.

    `modes` has what each mode of JAX gives (`missing` says why one is left out), `truth` the true
    values, `losses` the equations that lose digits in the worst entries, by (mode, row, column).
    `sensitivity` is how much the true value of such an entry changes, relatively, when its input moves by half a unit
    in the last place: what no program in this dtype can keep. `full` is the number of digits of the dtype.
    """

    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    dtypes: tuple[str, ...]
    modes: Mapping[str, Measured]
    truth: Truth
    losses: Mapping[tuple[str, int, int], tuple[Loss, ...]]
    full: float
    missing: Mapping[str, str]
    sensitivity: Mapping[tuple[str, int, int], float]

    @property
    def digits(self) -> np.ndarray:
        """Right digits of the better mode, entry by entry: rows × columns."""
        return np.max([m.digits for m in self.modes.values()], 0)

    @property
    def worst(self) -> float:
        """The largest error of all, in units in the last place."""
        return max((float(np.max(m.ulps)) for m in self.modes.values() if m.ulps.size), default=0.0)

    def table(self) -> list[tuple[str, str, str, str, float, float, float]]:
        """Lines of mode, entry, JAX's value, the true one, relative error, units in the last place, right digits."""
        lines = [
            (
                m.mode, f"∂{self.rows[i]}/∂{self.columns[j]}", f"{m.values[i, j]:.9g}",
                brief(str(self.truth.jacobian[i, j])), float(m.relative[i, j]), float(m.ulps[i, j]),
                float(m.digits[i, j]),
            )
            for m in self.modes.values()
            for i in range(len(self.rows))
            for j in range(len(self.columns))
        ]  # fmt: skip
        return sorted(lines, key=lambda line: -line[5])

    def __str__(self) -> str:
        lines = [
            f"accuracy of the derivative of {self.name} in {', '.join(self.dtypes)} ({self.full:.1f} digits)",
            f"  {'mode':7} {'entry':22} {'JAX':>17} {'true':>21} {'relative':>9} {'ulps':>9} {'digits':>6}",
        ]
        table = self.table()
        for mode, entry, value, true, relative, ulps, digits in table[:_SHOWN]:
            lines.append(f"  {mode:7} {entry:22} {value:>17} {true:>21} {relative:9.1e} {ulps:9.3g} {digits:6.1f}")
        lines += [f"  … and {len(table) - _SHOWN} entries that are better"] if len(table) > _SHOWN else []
        return "\n".join([*lines, *self._said()])

    __repr__ = __str__

    def _said(self) -> list[str]:
        """Where digits are lost, what mode is missing, and notes."""
        lines: list[str] = []
        for (mode, i, j), found in self.losses.items():
            lines.append(f"digits of ∂{self.rows[i]}/∂{self.columns[j]} are lost by {mode} at")
            lines += [f"  {loss}" for loss in found] or ["  many small roundings: no single equation"]
            moved = self.sensitivity.get((mode, i, j), 0.0)
            if moved > _OWED * float(self.modes[mode].relative[i, j]):
                lines.append(
                    f"  half a unit in the last place of {self.columns[j]} changes the true value by {moved:.1e}"
                )
        lines += [f"no {mode}: {why}" for mode, why in self.missing.items()]
        return [*lines, *[f"note: {note}" for note in self.truth.notes]]

    def _repr_html_(self) -> str:
        head = ["mode", "entry", "JAX", "true", "relative error", "ulps", "right digits"]
        rows = [
            [*texts, f"{relative:.1e}", f"{ulps:.3g}", f"{digits:.1f}"]
            for *texts, relative, ulps, digits in self.table()
        ]
        caption = f"accuracy of the derivative of {self.name} in {', '.join(self.dtypes)} ({self.full:.1f} digits)"
        return table(caption, head, rows, self._said())


def accuracy(
    f: Callable[..., Any], *args: Any, digits: int = 50, budget: float | int = 60.0, **options: Any
) -> Accuracy:
    """Measure how many digits of `jacfwd` and `jacrev` are right, against `digits` digits of the truth.

    Options as for `check`, `budget` and errors as for `truth`. The inputs count as the exact numbers that their floats
    are, so that an error is of the program and not of its data.

    >>> import jax.numpy as jnp
    >>> found = accuracy(lambda x: (1 - jnp.cos(x)) / x**2, jnp.float32(1e-3))
    >>> bool(found.worst > 1e6)
    True
    """
    checked = askable(f, args, digits, budget, options)
    return accuracy_at(checked, checked.at.leaves, digits, deadline=time.monotonic() + budget)


def accuracy_at(
    checked: Problem, leaves: Sequence[Any], digits: int = 50, *, explain: int = 2, deadline: float | int | None = None
) -> Accuracy:
    """The same for a problem, at any point; losses are searched in the `explain` worst entries."""
    true = truth_at(checked, leaves, digits, deadline=deadline)
    context: Any = mpmath.MPContext()
    context.dps = digits + 5
    exact = np.array([context.mpf(x) for x in true.jacobian.reshape(-1)], object).reshape(true.jacobian.shape)
    modes: dict[str, Measured] = {}
    missing: dict[str, str] = {}
    for mode in MODES:
        try:
            values = jacobian_floats(checked, leaves, mode)
        except Exception as error:  # whatever JAX or the user's rule raises is the reason that this mode is missing
            missing[mode] = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"[:200]
            continue
        modes[mode] = _measured(mode, values, exact, checked)
    found = _explained(checked, leaves, modes, digits, explain, deadline)
    moved = {key: _sensitivity(checked, leaves, key[1], key[2], digits, deadline) for key in found}
    dtypes = tuple(dict.fromkeys(dtype for _, dtype in (*checked.input_types, *checked.output_types)))
    full = -log10(min(float(jnp.finfo(dtype).eps) for dtype in dtypes) / 2)
    return Accuracy(checked.at.name, checked.rows, checked.columns, dtypes, modes, true, found, full, missing, moved)


def jacobian_floats(checked: Problem, leaves: Sequence[Any], mode: str) -> np.ndarray:
    """JAX's Jacobian in its own dtype, in real coordinates: rows × columns, as doubles."""
    function = checked.function(leaves)
    primals = [jnp.asarray(leaves[k]) for k in checked.inputs]
    if mode == "jacfwd":
        basis = _basis(checked.input_types, len(checked.columns))
        pushed = jax.vmap(lambda *t: jax.jvp(function, tuple(primals), tuple(t))[1])(*basis)
        return _coordinates(pushed, len(checked.columns)).T
    values, pull = jax.vjp(function, *primals)
    seeds = _basis(checked.output_types, len(checked.rows), conjugate=True)
    assert len(values) == len(seeds)
    return _coordinates(jax.vmap(lambda *c: pull(list(c)))(*seeds), len(checked.rows), conjugate=True)


def _basis(types: Sequence[tuple[tuple[int, ...], str]], count: int, conjugate: bool = False) -> list[Any]:
    arrays = [
        np.zeros((count, *shape), np.complex128 if dtype.startswith("complex") else np.float64)
        for shape, dtype in types
    ]
    for k in range(count):
        which, (index, imaginary) = place(types, k)
        arrays[which][(k, *index)] = (-1j if conjugate else 1j) if imaginary else 1
    return [jnp.asarray(a, dtype) for a, (_, dtype) in zip(arrays, types, strict=True)]


def _coordinates(arrays: Sequence[Any], count: int, conjugate: bool = False) -> np.ndarray:
    parts: list[np.ndarray] = []
    for array in arrays:
        flat = np.asarray(array).reshape(count, -1)
        if flat.dtype.kind == "c":
            wide = flat.astype(np.complex128)
            wide = np.conj(wide) if conjugate else wide
            parts.append(np.stack([np.real(wide), np.imag(wide)], -1).reshape(count, -1))
        else:
            parts.append(flat.astype(np.float64))
    return np.concatenate(parts, 1)


def _measured(mode: str, values: np.ndarray, exact: np.ndarray, checked: Problem) -> Measured:
    types = checked.output_types if mode == "jacfwd" else checked.input_types
    count = len(checked.rows) if mode == "jacfwd" else len(checked.columns)
    made = [types[place(types, k)[0]][1] for k in range(count)]
    relative, ulps, digits = (np.zeros(values.shape) for _ in range(3))
    for i, j in np.ndindex(*values.shape):
        info = jnp.finfo(made[i if mode == "jacfwd" else j])
        relative[i, j], ulps[i, j] = _errors(float(values[i, j]), exact[i, j], info)
        full = -log10(float(info.eps) / 2)
        digits[i, j] = full if relative[i, j] == 0 else min(full, max(0.0, -log10(min(relative[i, j], 1e300))))
    return Measured(mode, values, relative, ulps, digits)


def _errors(value: float, exact: Any, info: Any) -> tuple[float, float]:
    """Relative error, and the error in units in the last place of the true number."""
    if exact != exact or abs(exact) == inf:
        return (0.0, 0.0) if value == float(exact) or (exact != exact and value != value) else (inf, inf)
    if not isfinite(value):
        return inf, inf
    gap = abs(value - exact)
    size = abs(exact)
    smallest = float(info.smallest_subnormal)
    unit = max(float(info.eps) * 2.0 ** floor(log2(float(size))), smallest) if float(size) > 0 else smallest
    relative = float(gap / size) if size else (0.0 if gap == 0 else inf)
    return min(relative, 1e300), min(float(gap / unit), 1e300)


def _sensitivity(
    checked: Problem, leaves: Sequence[Any], row: int, column: int, digits: int, deadline: float | int | None
) -> float:
    """How much an entry changes, relatively, when its input moves by half a unit in the last place."""
    base = big_floats(2 * digits)
    x, (_, dtype) = numbers(checked, leaves)[column], checked.input_types[place(checked.input_types, column)[0]]
    step = base.constant(abs(x) * float(jnp.finfo(dtype).eps) / 2)
    here, beside = (along(checked, leaves, base, column, shift=s, deadline=deadline).slope(row) for s in (None, step))
    if any(isinstance(e, Hole) for e in (here, beside)) or here == 0:
        return 0.0
    change = abs(beside - here) / abs(here)
    return float(change) if change == change and change < 1e300 else inf


def _explained(
    checked: Problem,
    leaves: Sequence[Any],
    modes: Mapping[str, Measured],
    digits: int,
    count: int,
    deadline: float | int | None,
) -> dict[tuple[str, int, int], tuple[Loss, ...]]:
    cells = [(float(m.ulps[i, j]), mode, i, j) for mode, m in modes.items() for i, j in np.ndindex(*m.ulps.shape)]
    worst = sorted((cell for cell in cells if cell[0] > _LOSING), key=lambda cell: (-cell[0], cell[1:]))
    found: dict[tuple[str, int, int], tuple[Loss, ...]] = {}
    for _, mode, i, j in worst:
        if len(found) == count or any((i, j) == key[1:] for key in found):
            continue
        traced = program(checked, "jvp" if mode == "jacfwd" else "vjp")
        seeds = {j if mode == "jacfwd" else i: 1}
        try:
            lost = losses(checked, traced, leaves, seeds, digits=digits, deadline=deadline) if traced.graph else []
        except (DifflabError, RecursionError):
            break
        found[mode, i, j] = tuple(lost)
    return found
