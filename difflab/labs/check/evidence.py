"""What a wrong derivative looks like at a few points: JAX's matrix and the true one side by side, in big floats.

A checker that works with random projections knows that something is wrong, not what. Here both Jacobians are written
out at several points of different sign and scale, at most `MOST` rows and columns of them, by dual numbers and by
JAX's own derivative program with unit seeds. `difflab.labs.check.hints` reads them.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.bigfloat import big_floats
from difflab.core.domains import Domain
from difflab.core.duals import Dual, dual
from difflab.core.errors import DifflabError
from difflab.core.interpret import Outcome, interpret
from difflab.core.values import Hole
from difflab.labs.check.problem import Problem, Program, coordinates, elements, outputs_of

MOST = 25
"""The most rows and columns that are written out."""
FEW = 5
SHARE = 4
"""A point may take this part of the time that is left."""
UNABLE = (DifflabError, ArithmeticError, ValueError, RecursionError)
"""What a point raises where a function cannot be followed there."""
SCALES = (1.0, -1.0, 0.1, 3.0, -10.0)


@dataclass(frozen=True, eq=False)
class Sample:
    """Both Jacobians at one point, rows × columns of big floats; `x` and `y` are the point and f there.

    `primal`: the program's own value of f, where it returns one. `path` are the decisions that f took.
    """

    x: np.ndarray
    y: np.ndarray
    ad: np.ndarray
    true: np.ndarray
    primal: np.ndarray | None = None
    path: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Evidence:
    """Samples of one program of one problem; `rows` and `columns` say which coordinates were written out.

    `linear`: whether the program was linear in its seeds where that was tried.
    """

    problem: Problem
    mode: str
    samples: tuple[Sample, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    order: int = 1
    linear: bool = True
    literals: tuple[float, ...] = ()
    details: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def tolerance(self) -> float:
        """Relative difference that rounded constants of the program explain."""
        dtypes = [dtype for _, dtype in (*self.problem.input_types, *self.problem.output_types)]
        return 4 * max((float(jnp.finfo(dtype).eps) for dtype in dtypes), default=1e-15)


def gather(
    checked: Problem,
    program: Program,
    leaves: Sequence[Any] | None = None,
    *,
    points: int = 5,
    entries: Sequence[tuple[int, int]] = (),
    deadline: float | None = None,
    digits: int = 40,
) -> Evidence:
    """Both Jacobians at `leaves` and at further points; `entries` (row, column) are surely among what is written out.

    Points where something cannot be interpreted are left out. `deadline` is a time of `time.monotonic`.
    """
    assert program.graph is not None and program.mode in ("jvp", "vjp", "linearize"), "only first derivatives are read"
    own = tuple(checked.at.leaves if leaves is None else leaves)
    rows = _chosen(len(checked.rows), [r for r, _ in entries])
    columns = _chosen(len(checked.columns), [c for _, c in entries])
    bench = _Bench(checked, program, rows, columns, big_floats(digits), deadline)
    samples: list[Sample] = []
    few = points if len(rows) + len(columns) <= MOST else min(points, 3)
    for point in (own, *around(checked, own, few - 1)):
        try:
            samples.append(bench.within(SHARE).sample(point))
        except UNABLE:
            continue
    return Evidence(
        checked, program.mode, tuple(samples), rows, columns, linear=bench.linear(own), literals=_literals(program)
    )


def linear(checked: Problem, program: Program, leaves: Sequence[Any], deadline: float | None = None) -> bool:
    """Whether a program of first order is linear in its seeds, as far as three random ones show."""
    return _Bench(checked, program, (), (), big_floats(40), deadline).linear(tuple(leaves))


def second(
    checked: Problem, program: Program, leaves: Sequence[Any], *, deadline: float | None = None, digits: int = 40
) -> tuple[str, Any, Any] | None:
    """A wrong number of second order: its direction by name, what "jvp∘jvp" or "jvp∘vjp" gives, and the true one.

    Second directional derivatives along a random direction and up to `FEW` coordinates, by dual numbers twice.
    """
    assert program.graph is not None and program.mode in ("jvp∘jvp", "jvp∘vjp"), "of second order, and forward outside"
    bench = _Bench(checked, program, (), (), big_floats(digits), deadline)
    random = np.random.default_rng(11)
    t, c = ([bench.number(v) for v in random.normal(size=len(n)).tolist()] for n in (checked.columns, checked.rows))
    try:
        for j in range(min(FEW, len(checked.columns))):
            true = [p * q for p, q in zip(c, bench.twice(leaves, t, j), strict=True)]
            ad = bench.second(leaves, t, c, j)
            if not abs(sum(true) - ad) <= 1e-5 * (sum(map(abs, true)) + abs(ad)):
                return checked.columns[j], ad, sum(true)
    except UNABLE:
        pass
    return None


def around(checked: Problem, leaves: Sequence[Any], count: int, seed: int = 0) -> list[tuple[Any, ...]]:
    """Further points: normal numbers of several scales and signs in place of the inputs that count."""
    found: list[tuple[Any, ...]] = []
    for k in range(count):
        random = np.random.default_rng(seed + k)
        scale = SCALES[k % len(SCALES)]
        drawn: list[Any] = []
        for shape, dtype in checked.input_types:
            noise = scale * (0.3 + np.abs(random.normal(size=shape))) * np.where(random.random(shape) < 0.25, -1, 1)
            if dtype.startswith("complex"):
                noise = noise + 1j * random.normal(size=shape)
            drawn.append(jnp.asarray(noise, dtype))
        full = list(leaves)
        for position, x in zip(checked.inputs, drawn, strict=True):
            full[position] = x
        found.append(tuple(full))
    return found


@dataclass(frozen=True, eq=False)
class _Bench:
    problem: Problem
    program: Program
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    domain: Domain
    deadline: float | None

    def within(self, share: int) -> _Bench:
        """The same with a part of the time that is left: a loop may not end at another point."""
        if self.deadline is None:
            return self
        now = time.monotonic()
        return replace(self, deadline=now + max(0.0, self.deadline - now) / share)

    def sample(self, leaves: tuple[Any, ...]) -> Sample:
        x = self._point(leaves)
        y, columns, path = [], [], ()
        for j in self.columns or (0,):
            tangent = [Dual(v, self.number(1) if j == k else None) for k, v in enumerate(x)]
            outcome = self._run(self.problem.graph, leaves, tangent, dual(self.domain))
            made = _whole(coordinates(outputs_of(self.problem, outcome)))
            if outcome.tight:
                raise ValueError("a point on the boundary between two branches says nothing of either")
            y, path = [e.value for e in made], tuple(str(d) for d in outcome.path)
            columns.append([self.number(0) if e.tangent is None else e.tangent for e in made])
        true = _matrix([[c[i] for c in columns] for i in self.rows], (len(self.rows), len(self.columns)))
        primal, ad = self._reverse(leaves, x) if self.program.reverse else self._forward(leaves, x)
        return Sample(_vector(x), _vector(y), ad, true, primal, path)

    def linear(self, leaves: tuple[Any, ...]) -> bool:
        """Whether seeds 2 t − 3 u give 2 J t − 3 J u."""
        random = np.random.default_rng(7)
        count = len(self.problem.rows if self.program.reverse else self.problem.columns)
        t, u = (list(map(self.number, random.normal(size=count).tolist())) for _ in range(2))
        both = [2 * a - 3 * b for a, b in zip(t, u, strict=True)]
        try:
            x = self._point(leaves)
            first, second, third = (self._derivative(leaves, x, seeds)[1] for seeds in (t, u, both))
        except UNABLE:
            return True
        size = max([abs(v) for v in (*first, *second, *third)], default=0)
        gaps = [abs(2 * a - 3 * b - c) for a, b, c in zip(first, second, third, strict=True)]
        return not any(gap > 1e-15 * size for gap in gaps)

    def twice(self, leaves: Sequence[Any], t: list[Any], j: int) -> list[Any]:
        """D²f along t and coordinate j, by dual numbers of dual numbers."""
        x = self._point(tuple(leaves))
        given = [
            Dual(Dual(v, s), Dual(self.number(1)) if j == k else None)
            for k, (v, s) in enumerate(zip(x, t, strict=True))
        ]
        outcome = self._run(self.problem.graph, tuple(leaves), given, dual(dual(self.domain)))
        made = _whole(coordinates(outputs_of(self.problem, outcome)))
        zero = self.number(0)
        return [zero if e.tangent is None or e.tangent.tangent is None else e.tangent.tangent for e in made]

    def second(self, leaves: Sequence[Any], t: list[Any], c: list[Any], j: int) -> Any:
        """The same along the cotangent c, by JAX's program."""
        problem, u = self.problem, self._unit(len(t), j)
        negate = (lambda e: -e) if self.program.reverse else None
        first = elements(problem.output_types, c, negate) if negate else elements(problem.input_types, t)
        seeds = [*first, *elements(problem.input_types, u)]
        assert self.program.graph is not None
        outcome = self._run(self.program.graph, tuple(leaves), self._point(tuple(leaves)), self.domain, seeds)
        made = _whole(coordinates(outcome.outputs, negate))
        return sum(p * q for p, q in zip(made, t if negate else c, strict=True))

    def _forward(self, leaves: tuple[Any, ...], x: list[Any]) -> tuple[np.ndarray | None, np.ndarray]:
        found = [self._derivative(leaves, x, self._unit(len(x), j)) for j in self.columns]
        block = [[tangents[i] for _, tangents in found] for i in self.rows]
        return (_vector(found[0][0]) if found else None), _matrix(block, (len(self.rows), len(self.columns)))

    def _reverse(self, leaves: tuple[Any, ...], x: list[Any]) -> tuple[np.ndarray | None, np.ndarray]:
        found = [self._derivative(leaves, x, self._unit(len(self.problem.rows), i)) for i in self.rows]
        block = [[cotangents[j] for j in self.columns] for _, cotangents in found]
        return (_vector(found[0][0]) if found else None), _matrix(block, (len(self.rows), len(self.columns)))

    def _derivative(self, leaves: tuple[Any, ...], x: list[Any], seeds: list[Any]) -> tuple[list[Any], list[Any]]:
        """The program's own primal, and its derivative in real coordinates."""
        negate = (lambda e: -e) if self.program.reverse else None
        types = self.problem.output_types if self.program.reverse else self.problem.input_types
        assert self.program.graph is not None
        outcome = self._run(self.program.graph, leaves, x, self.domain, elements(types, seeds, negate))
        split = len(self.problem.outputs)
        primal = _whole(coordinates(outcome.outputs[:split]))
        return primal, _whole(coordinates(outcome.outputs[split:], negate))

    def _run(self, graph: Any, leaves: tuple[Any, ...], x: list[Any], domain: Domain, seeds: Any = ()) -> Outcome:
        given = dict(zip(self.problem.inputs, elements(self.problem.input_types, x), strict=True))
        given |= {len(leaves) + k: s for k, s in enumerate(seeds)}
        types = [(graph.vertices[v].shape, graph.vertices[v].dtype) for v in graph.inputs[len(leaves) :]]
        full = [*leaves, *[jnp.zeros(shape, dtype) for shape, dtype in types]]
        return interpret(graph, full, domain, elements=given, deadline=self.deadline, decide_here=True)

    def _point(self, leaves: tuple[Any, ...]) -> list[Any]:
        found: list[Any] = []
        for k in self.problem.inputs:
            array = np.asarray(leaves[k])
            parts = np.stack([np.real(array), np.imag(array)], -1) if np.iscomplexobj(array) else array
            found += [self.number(v) for v in parts.astype(np.float64).reshape(-1).tolist()]
        return found

    def _unit(self, count: int, k: int) -> list[Any]:
        return [self.number(int(k == n)) for n in range(count)]

    def number(self, value: float | int) -> Any:
        """A number of the domain."""
        return self.domain.constant(value)


def _whole(items: list[Any]) -> list[Any]:
    hole = next((e for e in items if isinstance(e, Hole)), None)
    if hole is not None:
        raise hole.error()
    return items


def _chosen(count: int, asked: Sequence[int]) -> tuple[int, ...]:
    kept = dict.fromkeys([*asked, *range(count)])
    return tuple(sorted(list(kept)[:MOST]))


def _vector(items: Sequence[Any]) -> np.ndarray:
    return _matrix([list(items)], (1, len(items)))[0]


def _matrix(rows: Sequence[Sequence[Any]], shape: tuple[int, int]) -> np.ndarray:
    out = np.empty(shape, object)
    for i, row in enumerate(rows):
        for j, item in enumerate(row):
            out[i, j] = item
    return out


def _literals(program: Program) -> tuple[float, ...]:
    """The float constants of a program, those of the functions inside too."""
    found: dict[float, None] = {}

    def search(graph: Any) -> None:
        for value in graph.values.values():
            array = np.asarray(value) if not jnp.issubdtype(jnp.result_type(value), jax.dtypes.extended) else None
            if array is not None and array.dtype.kind == "f" and array.size == 1:
                found[float(array.reshape(-1)[0])] = None
        for equation in graph.equations:
            for operand in equation.operands:
                if not isinstance(operand, int) and operand.dtype.startswith(("float", "bfloat")):
                    found[float(np.asarray(operand.value, np.float64).reshape(-1)[0])] = None
            for body in equation.bodies:
                search(body.graph)

    if program.graph is not None:
        search(program.graph)
    return tuple(found)
