"""One random evaluation in exact arithmetic compares a derivative program of JAX with the derivative, in all entries.

At random field elements x, t, u, c the function runs over dual numbers: that gives J·t, and D²f[t, u] for the second
order, by the rules of calculus alone. JAX's program runs over the same field. Forward programs are compared output by
output; a reverse one by the scalar Σ x̄·t = Σ c·(J·t). Two rational functions that differ agree at a random point with
probability d/p at most, where d bounds the degree of their difference and p is the prime (Schwartz, J. ACM 27, 1980,
doi:10.1145/322217.322225; Zippel, EUROSAM 1979). There is no rounding, so that one wrong entry of thousands shows.
Branches are decided by the floats that go along with the field elements (`difflab.core.shadow`).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from cmath import isfinite
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any
from weakref import WeakKeyDictionary

import jax.numpy as jnp
import numpy as np

from difflab.core.bigfloat import big_floats
from difflab.core.degrees import Degree, Tally, degrees
from difflab.core.domains import Domain
from difflab.core.errors import UnsupportedError
from difflab.core.field import prime_field
from difflab.core.values import Decision, Hole
from difflab.labs.check.evaluation import (
    Arithmetic,
    Sample,
    Truth,
    along,
    holed,
    order_of,
    run_program,
    sample_of,
    truth_at,
)
from difflab.labs.check.problem import Problem, Program, numbers

ATTEMPTS = 24
"""How many other seeds are tried where a division by zero or a root without a value came up."""
_HUGE = 16_384


@dataclass(frozen=True, eq=False)
class Proof:
    """What one random evaluation showed.

    `held`: value and derivative are equal in all entries. `differs`: the derivative is not; `failed` are then the
    output coordinates (of a reverse program none, since only a sum is known). `primal` are those whose value differs;
    `unknown` those where a hole stands, `holes` all holes met. `not_finite` are coordinates whose value or
    derivative is not finite in floats. `path` and `program_path` are what the function and the program decided;
    `log2_bound` bounds the probability that `held` is wrong, but for the signs of `roots` square roots, which a seed
    draws, unless `signs` are known to be right; `broken`: no seed gave a value. `key` makes the same numbers again, as
    seed, bits and levels of `truth_at`.
    """

    mode: str
    held: bool
    failed: tuple[int, ...] = ()
    primal: tuple[int, ...] = ()
    differs: bool = False
    unknown: tuple[int, ...] = ()
    holes: tuple[Hole, ...] = ()
    not_finite: tuple[int, ...] = ()
    path: tuple[Decision, ...] = ()
    program_path: tuple[Decision, ...] = ()
    broken: bool = False
    log2_bound: float = 0.0
    roots: int = 0
    key: tuple[int, int, int] = (0, 127, 0)
    signs: bool = False

    @property
    def branch(self) -> tuple[Any, ...]:
        """What the function decided, to tell branches apart."""
        return tuple(sorted((d.node, d.text, d.key) for d in self.path))

    @property
    def clean(self) -> bool:
        """Whether nothing differs, though something may be unknown."""
        return not (self.differs or self.primal or self.broken)

    @property
    def tight(self) -> bool:
        """Whether the point lies on the boundary of its branch, of the function or of the program."""
        return any(d.tight for d in (*self.path, *self.program_path))


def prove(
    checked: Problem,
    program: Program,
    leaves: Sequence[Any],
    seed: int = 0,
    *,
    bits: int = 127,
    levels: int = 0,
    deadline: float | None = None,
    log2_degree: float | None = None,
    arithmetic: Callable[..., Any] = prime_field,
) -> Proof:
    """Compare a derivative program with the truth at one random point on the branch that `leaves` decide.

    Tries further seeds while the arithmetic breaks down. The degree is bounded on the way unless `log2_degree` says it.
    `deadline` is in wall seconds of `time.monotonic()`; past it `BudgetError` is raised. `arithmetic(seed, bits=,
    roots=, levels=)` makes the field. The run of the function is kept, so that many programs cost one run each.
    """
    assert program.graph is not None, "a program without a graph proves nothing; please report this"
    found = Proof(program.mode, False, broken=True)
    for attempt in range(ATTEMPTS):
        tried = seed * ATTEMPTS + attempt
        truth = truth_at(checked, leaves, tried, bits, levels, order_of(program.mode), deadline, arithmetic)
        if truth.sample.broken(truth.value) or truth.sample.broken(truth.first) or truth.sample.broken(truth.second):
            continue
        found = replace(
            _compared(checked, program, leaves, truth, deadline), key=(tried, bits, levels), roots=_taken(truth.sample)
        )
        if not found.broken:
            break
    if found.clean:
        if log2_degree is None:
            log2_degree = degree(checked, program, leaves, deadline)
        found = replace(found, log2_bound=min(0.0, log2_degree - bits + 1))
    return found


@dataclass(frozen=True)
class _Reals:
    """Real numbers in place of a field: the point itself, and random seeds."""

    place: tuple[float, ...]
    digits: int
    tolerance: float

    def __call__(self, seed: int, **_: Any) -> _Reals:
        return self

    @cached_property
    def domain(self) -> Domain:
        """Big floats."""
        return big_floats(self.digits)

    def draw(self, count: int) -> list[Any]:
        """The point and then normal numbers."""
        drawn = np.random.default_rng(5).standard_normal(count - len(self.place)).tolist()
        return [self.domain.constant(x) for x in (*self.place, *drawn)]

    def same(self, a: Any, b: Any) -> bool:
        """Equal but for rounded constants."""
        return bool(abs(a - b) <= self.tolerance * (abs(a) + abs(b)))

    def broken(self, a: Any) -> bool:
        """Whether it is not a number."""
        return bool(a != a)


def same_signs(
    checked: Problem, program: Program, leaves: Sequence[Any], digits: int, deadline: float | None = None
) -> bool:
    """Whether program and truth agree in big floats along one random direction, where all roots are positive.

    The field draws the signs of roots. What it has proved for some signs holds for those of real numbers if it does at
    a point that nobody chose.
    """
    units = [float(jnp.finfo(dtype).eps) for _, dtype in (*checked.input_types, *checked.output_types)]
    place = tuple(numbers(checked.input_types, [leaves[k] for k in checked.inputs]))
    reals = _Reals(place, digits, 64 * max(units, default=2.0**-52))
    try:
        truth = truth_at(checked, leaves, 0, 0, 0, order_of(program.mode), deadline, reals)
        return _compared(checked, program, leaves, truth, deadline).held
    except (ArithmeticError, ValueError, UnsupportedError):
        return False


def unknown_rows(checked: Problem, seed: int, deadline: float | None = None) -> set[int]:
    """The output coordinates that the field cannot follow at the given point."""
    truth = truth_at(checked, checked.at.leaves, seed, deadline=deadline)
    return {i for i, parts in enumerate(zip(truth.value, truth.first, strict=True)) if holed(parts)}


def degree(checked: Problem, program: Program, leaves: Sequence[Any], deadline: float | None = None) -> float:
    """log₂ of a bound of the degree of the difference between program and truth: P(wrong) ≤ 2^(this − bits)."""
    over, tally = _degrees()
    order = order_of(program.mode)
    known, key = _SIZES.setdefault(checked, {}), (tuple(map(id, leaves)), order)
    if key not in known:
        tally.kernels, tally.largest, tally.conjugates = 0, 0, 1
        made = along(checked, leaves, sample_of(checked, leaves, over, 0), order, deadline=deadline)
        known.clear()
        known[key] = made, (tally.kernels, tally.largest, tally.conjugates), leaves
    truth, (tally.kernels, tally.largest, tally.conjugates), _ = known[key]
    sample = truth.sample
    results = run_program(checked, program, leaves, sample, deadline=deadline)
    pairs = [pair for pair in _pairs(program, truth, results.derivative) if not holed(pair)]
    most = max(pairs, key=lambda pair: sum(e.value.num + e.value.den for e in pair), default=())
    return _HUGE + tally.bound(2**_HUGE, *[e.value for e in most])


def _compared(checked: Problem, program: Program, leaves: Sequence[Any], truth: Truth, deadline: float | None) -> Proof:
    sample = truth.sample
    results = run_program(checked, program, leaves, sample, deadline=deadline)
    if sample.broken(results.value) or sample.broken(results.derivative):
        return Proof(program.mode, False, broken=True)
    pairs = _pairs(program, truth, results.derivative)
    compared = [(i, a, b) for i, (a, b) in enumerate(pairs) if not holed((a, b))]
    failed = [i for i, a, b in compared if not sample.same(a, b)]
    values = [(i, a, b) for i, (a, b) in enumerate(zip(truth.value, results.value, strict=False)) if not holed((a, b))]
    primal = [i for i, a, b in values if not sample.same(a, b)]
    by_row = zip(
        truth.value, truth.first, truth.second, *([] if program.reverse else [results.derivative]), strict=True
    )
    unknown = [i for i, parts in enumerate(by_row) if holed(parts)]
    met = (*truth.value, *truth.first, *truth.second, *results.value, *results.derivative)
    return Proof(
        program.mode,
        len(compared) == len(pairs) and not failed and not primal,
        () if program.reverse else tuple(failed),
        tuple(primal),
        bool(failed),
        tuple(unknown),
        tuple({e.node: e for e in met if isinstance(e, Hole)}.values()),
        tuple(_not_finite(truth)),
        truth.path,
        results.path,
    )


def _pairs(program: Program, truth: Truth, derivative: list[Any]) -> list[tuple[Any, Any]]:
    """What must be equal: (program, truth) by output coordinate, or one pair of sums."""
    sample = truth.sample
    true = truth.first if order_of(program.mode) == 1 else truth.second
    if not program.reverse:
        return list(zip(derivative, true, strict=True))
    return [(sample.inner(derivative, sample.t), sample.inner(sample.c, true))]


class _Degrees:
    """Degrees in place of field elements: every input is a variable."""

    def __init__(self, tally: Tally) -> None:
        self.domain = degrees(tally)

    def draw(self, count: int) -> list[Any]:
        """Variables."""
        return [Degree(1)] * count


@cache
def _degrees() -> tuple[Arithmetic, Tally]:
    tally = Tally()
    return Arithmetic(_Degrees(tally)), tally


def _taken(sample: Sample) -> int:
    return int(getattr(sample.over.field, "roots_taken", 0))


def _not_finite(truth: Truth) -> list[int]:
    parts = zip(truth.value, truth.first, truth.second, strict=True)
    return [i for i, part in enumerate(parts) if not holed(part) and not all(isfinite(e.number) for e in part)]


_SIZES: WeakKeyDictionary[Problem, dict[Any, tuple[Truth, tuple[int, int, int], Any]]] = WeakKeyDictionary()
