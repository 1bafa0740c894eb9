"""`custom_linear_solve` over any number domain: read the matrix off `matvec`, and eliminate.

The program promises matvec(solve(b)) = b, and JAX's derivatives follow from that promise alone. So the `solve` closure
is not run: matvec is, once, over linear forms (`difflab.core.forms`). A batched or structured system falls apart into
blocks, the connected components of its pattern (Duff, Erisman & Reid 1986, chapter 6); equal ones are eliminated once.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from difflab.core import matrices
from difflab.core.complexes import Complex
from difflab.core.domains import floats
from difflab.core.forms import UNIT, Form, NonlinearError, coefficient, forms
from difflab.core.graph import Graph
from difflab.core.matrices import Matrix, Numbers
from difflab.core.run import Run, Site
from difflab.core.solvers import entries, largest, numbers, whole
from difflab.core.values import Elements, Hole, Step, Value, pack

Runner = Callable[[Run, Graph, Sequence[Value], str], list[Value]]
"""How the interpreter runs a graph."""

Sparse = list[Mapping[int, Any]]
"""Rows: column → entry."""


def linear_solve(run: Run, at: Site, operands: list[Value], runner: Runner) -> list[Value]:
    """The rule of `custom_linear_solve`."""
    lengths = at.equation.params["const_lengths"]
    constants, right = operands[: lengths[0]], operands[sum(lengths) :]
    body = next(b for b in at.equation.bodies if b.label == "matvec")
    number = at.equation.bodies.index(body)

    def rule(run: Run, at: Site, _: list[Value]) -> list[Value]:
        def read(over: Run, given: Sequence[Value]) -> Sparse:
            of = numbers(over, at.dtypes[0])
            inputs = [*map(_wrapped, given), *_unknowns(right, of.complex)]
            lifted = _over_forms(over)
            return _rows(of, runner(lifted, body.graph, inputs, f"{at.node}.{number}/"))

        try:
            exact = read(run, constants)
            beside = _numeric(run)
            guide = None if run.domain.order else read(beside, [beside.given(c.known) for c in constants])
        except NonlinearError:
            return run.holes(at, operands, "its matvec is not linear")
        except _HoleError as found:
            return _shaped(run, at, operands, [found.hole] * sum(prod(s) for s in at.shapes[: len(right)]))
        b = [entry for o in right for entry in entries(run, o).reshape(-1)]
        return _shaped(run, at, operands, _blockwise(run, at, exact, b, guide))

    return whole(rule)(run, at, [*constants, *right])


class _HoleError(Exception):
    def __init__(self, hole: Hole) -> None:
        super().__init__(str(hole))
        self.hole = hole


def _shaped(run: Run, at: Site, operands: list[Value], x: list[Any]) -> list[Value]:
    """The solution in the shapes of the right-hand side; what `solve` returns besides is not known."""
    elements: list[Elements | None] = []
    hole = Hole(at.equation.primitive, at.node, at.equation.source, "what its solver returns besides the solution")
    for shape, discrete in zip(at.shapes, at.discrete, strict=True):
        count = prod(shape)
        elements.append(None if discrete else pack(shape, x[:count] if len(x) >= count else [hole] * count))
        x = x[count:]
    return run.made(at, operands, elements)


def _over_forms(run: Run) -> Run:
    """The same run over linear forms: what it decides counts, what it observes does not."""
    over = Run(forms(run.domain), run.decide_here, run.deadline, run.strict)
    over.path, over.edges, over.turns = run.path, run.edges, run.turns
    return over


def _numeric(run: Run) -> Run:
    """The same over floats, where a domain cannot tell which pivot is large."""
    return Run(floats(), deadline=run.deadline)


def _wrapped(value: Value) -> Value:
    """A constant of the linear function, as forms without variables."""
    if value.elements is None:
        return value
    items = [_as_form(e) for e in value.elements.reshape(-1)]
    made = Value(pack(value.elements.shape, items), active=value.active)
    return made.comes_from(Step(lambda known: [known], [value]), 0)


def _as_form(element: Any) -> Any:
    if isinstance(element, Complex):
        return Complex(Form(element.re), Form(element.im))
    return element if isinstance(element, Hole) else Form(element)


def _unknowns(right: Sequence[Value], complex: bool) -> list[Value]:
    """x₀, x₁, … in the shapes of the right-hand side."""
    made: list[Value] = []
    start = 0
    for value in right:
        shape = value.known.shape if value.elements is None else value.elements.shape
        items: list[Any] = [Form(None, {start + k: UNIT}) for k in range(prod(shape))]
        start += len(items)
        unknown = Value(pack(shape, [Complex(x, Form()) for x in items] if complex else items), active=True)
        made.append(unknown.comes_from(Step(lambda known: [known], [value]), 0))
    return made


def _rows(of: Numbers, results: Sequence[Value]) -> Sparse:
    """The matrix from the forms that a linear function returned."""
    found: Sparse = []
    for form in (e for value in results if value.elements is not None for e in value.elements.reshape(-1)):
        if isinstance(form, Hole):
            raise _HoleError(form)
        parts = (form.re, form.im) if isinstance(form, Complex) else (form,)
        row: dict[int, Any] = {}
        for k in sorted({k for part in parts for k in part.terms}):
            pair = [coefficient(of.domain, part, k) for part in parts]
            row[k] = Complex(*pair) if of.complex else pair[0]
        found.append(row)
    return found


def _blockwise(run: Run, at: Site, exact: Sparse, b: list[Any], guide: Sparse | None) -> list[Any]:
    """A⁻¹ b, block by block; a block that is not square is singular."""
    of = numbers(run, at.dtypes[0])
    nan = of.lift(of.domain.constant(float("nan")))
    x: list[Any] = [nan] * len(b)
    alike: dict[Any, list[tuple[list[int], list[int]]]] = {}
    for members, columns in _blocks(exact, len(b)):
        if len(members) == len(columns):
            key = tuple((i, columns.index(j), id(e)) for i, r in enumerate(members) for j, e in exact[r].items())
            alike.setdefault(key, []).append((members, columns))
    for blocks in alike.values():
        members, columns = blocks[0]
        choose = largest(of) if guide is None else _guided(run, at, guide, members, columns)
        right = matrices.transposed([[b[r] for r in rows] for rows, _ in blocks])
        solution = matrices.solve(of, _dense(of, exact, members, columns), right, choose)
        for k, (_, places) in enumerate(blocks):
            for place, row in zip(places, solution, strict=True):
                x[place] = row[k]
    return x


def _guided(run: Run, at: Site, guide: Sparse, members: list[int], columns: list[int]) -> matrices.Choose:
    """The pivots that floats choose."""
    of = numbers(_numeric(run), at.dtypes[0])
    _, pivots = matrices.factor(of, _dense(of, guide, members, columns), largest(of))
    return lambda k, _: pivots[k] - k


def _dense(of: Numbers, rows: Sparse, members: list[int], columns: list[int]) -> Matrix:
    zero = of.zero
    return [[rows[i].get(j, zero) for j in columns] for i in members]


def _blocks(rows: Sparse, n: int) -> list[tuple[list[int], list[int]]]:
    """Rows and columns that hang together, by union and find; row i is number i, column j is number n + j."""
    parent = list(range(2 * n))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for i, row in enumerate(rows):
        for j in row:
            parent[root(n + j)] = root(i)
    found: dict[int, tuple[list[int], list[int]]] = {}
    for k in range(2 * n):
        found.setdefault(root(k), ([], []))[k >= n].append(k % n)
    return list(found.values())
