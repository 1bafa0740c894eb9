"""True values and derivatives: the function itself over dual numbers of balls or of big floats, and no program of JAX.

In balls every digit is proved. In big floats the digits are those on which two precisions agree; either way the
precision is doubled until enough are left, since a long recursion can lose a digit a step. Branches are decided by the
precise value: where that lies on the boundary of a branch, the derivative is that of the side taken, and the note says
so.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, log10, nan, prod
from typing import Any

import jax
import numpy as np

from difflab.core.balls import middle
from difflab.core.call import call, require_differentiable
from difflab.core.run import BudgetError
from difflab.core.values import Hole
from difflab.labs.check import precise as exact
from difflab.labs.check.problem import Problem, problem
from difflab.labs.check.tables import MOST_COLUMNS, brief, table

_SHOWN = 12
_FACTORS = (1, 2, 4, 8, 16)
"""How the digits grow until enough are left."""


@dataclass(frozen=True, eq=False, repr=False)
class Truth:
    """The value of a function and its Jacobian at a point, to many digits.

    `rows` and `columns` name the real coordinates (a complex number has two). `jacobian` and `values` hold decimals as
    text, as many digits as are sure; `radii` bound the error of each entry, and `digits` say how many digits that
    leaves. `method` is "balls" (proved) or "big floats" (two precisions agree). `notes` say what else one should know.
    """

    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: np.ndarray
    jacobian: np.ndarray
    radii: np.ndarray
    digits: np.ndarray
    method: str
    notes: tuple[str, ...]
    checked: Problem

    def entry(self, row: str | int, column: str | int) -> str:
        """One entry, by names or numbers: `truth.entry("out", "x[1]")`."""
        i = self.rows.index(row) if isinstance(row, str) else row
        return str(self.jacobian[i, self.columns.index(column) if isinstance(column, str) else column])

    def floats(self) -> np.ndarray:
        """The Jacobian in double precision, rows × columns."""
        return np.array([float(x) for x in self.jacobian.reshape(-1)]).reshape(self.jacobian.shape)

    @property
    def tree(self) -> Any:
        """The Jacobian as `jax.jacobian` would give it with all arguments that count: arrays of text in trees.

        A tree of the outputs, whose leaves are tuples of one array an input that counts.
        """
        heights, widths = (_sizes(types) for types in (self.checked.output_types, self.checked.input_types))
        blocks = [
            np.split(part, np.cumsum(widths)[:-1], 1) for part in np.split(self.jacobian, np.cumsum(heights)[:-1])
        ]
        leaves: dict[int, Any] = {
            k: tuple(
                block.reshape(_shape(self.checked.output_types[i]) + _shape(self.checked.input_types[j]))
                for j, block in enumerate(blocks[i])
            )
            for i, k in enumerate(self.checked.outputs)
        }
        signature = self.checked.graph.signature
        assert signature is not None and signature.tree is not None
        return jax.tree.unflatten(signature.tree, [leaves.get(k) for k in range(signature.tree.num_leaves)])

    def __str__(self) -> str:
        sure = int(self.digits.min()) if self.digits.size else 0
        lines = [f"the derivative of {self.name}: {sure} digits or more are sure ({self.method})"]
        cells = [(i, j) for i in range(len(self.rows)) for j in range(len(self.columns))]
        lines += [f"  ∂{self.rows[i]}/∂{self.columns[j]} = {self.jacobian[i, j]}" for i, j in cells[:_SHOWN]]
        lines += [f"  … and {len(cells) - _SHOWN} more entries"] if len(cells) > _SHOWN else []
        return "\n".join([*lines, *[f"  note: {note}" for note in self.notes]])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        sure = int(self.digits.min()) if self.digits.size else 0
        caption = f"derivative of {self.name}: {sure} digits or more are sure ({self.method})"
        lines = [
            [f"∂{row}", *(brief(str(x)) for x in line[:MOST_COLUMNS])]
            for row, line in zip(self.rows, self.jacobian, strict=True)
        ]
        return table(caption, ["", *(f"/∂{name}" for name in self.columns)], lines, self.notes)


def truth(f: Callable[..., Any], *args: Any, digits: int = 30, budget: float | int = 60.0, **options: Any) -> Truth:
    """The true value and Jacobian of `f` at `args`, to `digits` digits, by no derivative of JAX.

    Options as for `check` (`argnums`, `static_argnums`, `has_aux`, keyword arguments of `f`). The arguments count as
    the exact numbers that their floats are. One run of `f` a column: `budget` is in seconds of processor time, and
    `BudgetError` is raised as soon as it is seen not to suffice. Raises UnsupportedError for a primitive that has no
    precise meaning here, TypeError and ValueError where there is nothing to differentiate.

    >>> import jax.numpy as jnp
    >>> print(truth(lambda x: jnp.exp(x), 1.0, digits=20).entry(0, 0))
    2.7182818284590452354
    """
    checked = askable(f, args, digits, budget, options)
    return truth_at(checked, checked.at.leaves, digits, deadline=time.monotonic() + budget)


def askable(
    f: Callable[..., Any], args: Sequence[Any], digits: int, budget: float | int, options: Mapping[str, Any]
) -> Problem:
    """The problem of a call that has a derivative; what the user asked for wrongly is refused."""
    if digits < 1:
        raise ValueError(f"digits is {digits}; ask for at least one")
    if not budget > 0:
        raise ValueError(f"budget is {budget}; pass seconds of processor time, more than 0")
    at = call(f, *args, **options)
    require_differentiable(at)
    checked = problem(at)
    require_entries(checked)
    return checked


def require_entries(checked: Problem) -> None:
    """Raise ValueError where the Jacobian has no entry."""
    name = checked.at.name
    if not checked.rows:
        kinds = ", ".join(f"{dtype}{list(shape)}" for shape, dtype in checked.output_types) or "no floats"
        raise ValueError(f"{name} returns nothing to differentiate ({kinds}); return a float, or an array with entries")
    if not checked.columns:
        kinds = ", ".join(f"{dtype}{list(shape)}" for shape, dtype in checked.input_types)
        raise ValueError(f"all arguments of {name} that derivatives are taken of are empty ({kinds}); pass numbers")


def truth_at(
    checked: Problem, leaves: Sequence[Any], digits: int = 30, *, deadline: float | int | None = None
) -> Truth:
    """The same for a problem, at any point."""
    columns: list[_Sure] = []
    start, count = time.monotonic(), len(checked.columns)
    for k in range(count):
        columns.append(_sure_column(checked, leaves, k, digits, deadline))
        foreseen = (time.monotonic() - start) * count / (k + 1)
        if deadline is not None and start + foreseen > deadline and 2 * k < count:
            raise BudgetError(
                f"the {len(checked.rows)} × {count} entries of the derivative of {checked.at.name} take about "
                f"{foreseen:.0f} s, which the budget does not allow; pass a larger budget, or hold arguments (argnums)"
            )
    first = columns[0]
    jacobian = np.array([c.slopes for c in columns], object).T.reshape(len(checked.rows), len(columns))
    radii = np.array([c.radii for c in columns], float).T.reshape(jacobian.shape)
    sure = np.array([c.digits for c in columns], int).T.reshape(jacobian.shape)
    worst = "balls" if all(c.method == "balls" for c in columns) else "big floats"
    notes = dict.fromkeys(note for c in columns for note in c.notes)
    name, values = checked.at.name, np.array(first.values, object)
    return Truth(name, checked.rows, checked.columns, values, jacobian, radii, sure, worst, tuple(notes), checked)


@dataclass(frozen=True)
class _Sure:
    values: list[str]
    slopes: list[str]
    radii: list[float]
    digits: list[int]
    method: str
    notes: list[str]


def _sure_column(
    checked: Problem, leaves: Sequence[Any], number: int, digits: int, deadline: float | int | None
) -> _Sure:
    """One column, at the first precision that leaves enough digits."""
    holes: list[Hole] = []
    for method in exact.methods():
        for factor in _FACTORS:
            working = factor * (digits + 5)
            run = exact.along(checked, leaves, exact.precise(method, working), number, deadline=deadline)
            cells = [*run.values, *[run.slope(row) for row in range(len(checked.rows))]]
            holes = [x for x in cells if isinstance(x, Hole)]
            if holes:
                break
            bounded = _bounded(checked, leaves, number, method, working, cells, deadline)
            if factor == _FACTORS[-1] or min(sure for _, _, sure in bounded) >= digits:
                return _said(bounded, len(checked.rows), digits, method, run)
    raise holes[0].error()


def _bounded(
    checked: Problem, leaves: Sequence[Any], number: int, method: str, working: int, cells: list[Any], deadline: Any
) -> list[tuple[Any, float, int]]:
    """Each number as a big float, the bound of its error, and the digits that it leaves."""
    if method == "balls":
        zero = exact.precise("balls", working).constant(0)
        given = [x if hasattr(x, "rad") else zero for x in cells]
        pairs = [(middle(x, working), float(x.rad()) if x.is_finite() else nan) for x in given]
        return [(value, radius, _digits_left(value, radius)) for value, radius in pairs]
    again = exact.along(checked, leaves, exact.precise(method, 2 * working), number, deadline=deadline)
    others = [*again.values, *[again.slope(row) for row in range(len(checked.rows))]]
    base = exact.precise(method, 2 * working)
    pairs = [(base.constant(x), base.constant(abs(base.constant(x) - y))) for x, y in zip(cells, others, strict=True)]
    return [(value, float(gap), min(working, _digits_left(value, float(gap)))) for value, gap in pairs]


def _said(bounded: list[tuple[Any, float, int]], rows: int, digits: int, method: str, run: exact.Column) -> _Sure:
    texts = [exact.decimal(value, max(1, min(sure, digits))) for value, _, sure in bounded]
    notes = ["the point lies on the boundary of a branch; derivatives are those of the branch taken"]
    notes = notes if run.outcome.tight else []
    strange = [value for value in texts[:rows] if not isfinite(float(value))]
    if strange:
        notes.append(f"the function is not finite here ({', '.join(dict.fromkeys(strange))}), so it has no derivative")
    slopes = ["nan" if value == "nan" else slope for value, slope in zip(texts[:rows], texts[rows:], strict=True)]
    return _Sure(
        texts[:rows],
        slopes,
        [radius for _, radius, _ in bounded[rows:]],
        [min(sure, digits) for _, _, sure in bounded[rows:]],
        method,
        notes,
    )


def _digits_left(value: Any, error: float) -> int:
    """Digits that an error leaves of a number; all where there is none, or where nothing is finite."""
    if error == 0 or value != value or abs(value) == inf:
        return 10**6
    if error != error:
        return 10**6
    size = abs(value)
    return max(0, int(log10(max(float(size / error), 1e-300)))) if size else max(0, int(-log10(error)))


def _sizes(types: Sequence[tuple[tuple[int, ...], str]]) -> list[int]:
    return [prod(_shape(kind)) for kind in types]


def _shape(kind: tuple[tuple[int, ...], str]) -> tuple[int, ...]:
    """The shape of the real coordinates of an array: complex numbers have two, along a last axis."""
    shape, dtype = kind
    return (*shape, 2) if dtype.startswith("complex") else shape
