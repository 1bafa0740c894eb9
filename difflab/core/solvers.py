"""Linear systems and their factors over any number domain: Cholesky, LU, QR, triangular and implicit solves.

Each primitive is interpreted by its textbook algorithm (`difflab.core.matrices`), matrix by matrix over the leading
axes. Pivots and the signs of reflections are decided by the values at the point and recorded in the path, so that a
factorisation is a rational function (with square roots) on its branch, exact wherever the domain is. An implicit solve
(`custom_linear_solve`) is not believed: the matrix is read off its `matvec`, and eliminated here.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core import matrices
from difflab.core.complexes import Complex
from difflab.core.matrices import Matrix, MissingError, Numbers
from difflab.core.run import Run, Site
from difflab.core.values import Elements, Hole, Value, pack

Rule = Callable[[Run, Site, list[Value]], list[Value]]


def whole(rule: Rule) -> Rule:
    """A rule that needs all entries, and an operation that the domain may lack: else its results are holes."""

    def guarded(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        if any(o.elements is not None and any(type(e) is Hole for e in o.elements.flat) for o in operands):
            return run.holes(at, operands)
        try:
            return rule(run, at, operands)
        except MissingError as missing:
            return run.holes(at, operands, str(missing))

    return guarded


def numbers(run: Run, dtype: str) -> Numbers:
    """The entries of matrices of that dtype."""
    return Numbers(run.domain, run.over(dtype), dtype.startswith("complex"), run.check_time)


def stack(run: Run, operand: Value) -> list[Matrix]:
    """The matrices of an array, over all its leading axes."""
    array = entries(run, operand)
    return array.reshape(-1, *array.shape[-2:]).tolist()


def entries(run: Run, operand: Value) -> Elements:
    """The elements of an operand, be it a constant."""
    return operand.elements if operand.elements is not None else run.constants(operand.known)


def unstack(shape: tuple[int, ...], parts: Iterable[Iterable[Any]]) -> Elements:
    """An array of rows (or of vectors), one after the other."""
    return pack(shape, [entry for part in parts for entry in part])


def rows(parts: Iterable[Matrix]) -> list[list[Any]]:
    """The rows of all matrices."""
    return [row for part in parts for row in part]


def settled(operands: Sequence[Value], elements: Sequence[Elements | None], concrete: Sequence[Any]) -> list[Value]:
    """Results whose concrete halves are known already."""
    active = any(o.active for o in operands)
    return [Value(e, c, active and e is not None) for e, c in zip(elements, concrete, strict=True)]


def size(numbers: Numbers, entry: Any) -> Any:
    """How large an entry is to LAPACK: |re| + |im|; NaN counts as nothing."""
    order = numbers.domain.order
    assert order is not None
    parts = (entry.re, entry.im) if isinstance(entry, Complex) else (entry,)
    total = sum(abs(order(part)) for part in parts)
    return -1 if total != total else total


def largest(numbers: Numbers) -> matrices.Choose:
    """Partial pivoting: the first of the largest entries."""
    return lambda _, column: max(range(len(column)), key=lambda k: (size(numbers, column[k]), -k))


@whole
def cholesky(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The lower factor; the upper triangle of the operand is not read, as in LAPACK."""
    (a,) = operands
    of = numbers(run, at.dtypes[0])
    parts: list[Matrix] = []
    stacked = stack(run, a)
    for matrix in stacked:
        lower, squares = matrices.cholesky(of, matrix)
        parts.append(lower if _positive(run, squares) else _without_value(of, lower))
    if a.active and not all(_hermitian(of, matrix) for matrix in stacked):
        run.decided("cholesky reads the lower triangle of a matrix that need not be symmetric", at)
    return run.made(at, operands, [unstack(at.shapes[0], rows(parts))])


@whole
def triangular_solve(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """op(A) X = B or X op(A) = B, where op is nothing, transposition or conjugation."""
    params, of = at.equation.params, numbers(run, at.dtypes[0])
    flip = bool(params["transpose_a"]) == bool(params["left_side"])
    lower = bool(params["lower"]) != bool(params["transpose_a"])
    parts: list[Matrix] = []
    for a, b in zip(stack(run, operands[0]), stack(run, operands[1]), strict=True):
        if params["conjugate_a"]:
            a = [[of.conjugate(e) for e in row] for row in a]
        a = matrices.transposed(a) if flip else a
        unit = bool(params["unit_diagonal"])
        if params["left_side"]:
            parts.append(matrices.triangular(of, a, b, lower, unit))
        else:
            turned = matrices.triangular(of, a, matrices.transposed(b), not lower, unit)
            parts.append(matrices.transposed(turned))
    return run.made(at, operands, [unstack(at.shapes[0], rows(parts))])


@whole
def lu(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """L and U in one matrix, the row exchanged with each row, and the permutation these exchanges make."""
    (a,) = operands
    of, stacked = numbers(run, at.dtypes[0]), stack(run, a)
    concrete = None if run.decide_here else at.equation.bind(a.known)
    given = None if concrete is None else np.asarray(concrete[1]).reshape(len(stacked), at.shapes[1][-1])
    made: list[tuple[Matrix, list[int]]] = []
    tight = False
    for b, matrix in enumerate(stacked):
        choose = largest(of) if given is None else _as_before(given[b].tolist())
        if of.domain.order is not None:
            choose = _noticing_ties(of, choose, ties := [])
            made.append(matrices.factor(of, matrix, choose))
            tight = tight or any(ties)
        else:
            made.append(matrices.factor(of, matrix, choose))
    pivots = np.array([p for _, p in made], at.dtypes[1]).reshape(at.shapes[1])
    if a.active:
        run.decided(f"lu exchanges each row with {_listed(pivots)}", at, tight)
    elements = unstack(at.shapes[0], rows(m for m, _ in made))
    if concrete is not None:
        return settled(operands, [elements, None, None], concrete)
    (factors, *_) = run.made(at, operands, [elements])
    order = np.array([_permutation(p, at.shapes[2][-1]) for _, p in made], at.dtypes[2]).reshape(at.shapes[2])
    return [factors, Value(None, jnp.asarray(pivots)), Value(None, jnp.asarray(order))]


@whole
def tridiagonal_solve(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """T X = B by elimination with row exchanges."""
    of = numbers(run, at.dtypes[0])
    lines = [a.reshape(-1, a.shape[-1]).tolist() for a in (entries(run, o) for o in operands[:3])]
    choose = largest(of) if of.domain.order is not None else lambda _, column: 0
    parts = [
        matrices.tridiagonal(of, (below, main, above), b, choose)
        for below, main, above, b in zip(*lines, stack(run, operands[3]), strict=True)
    ]
    return run.made(at, operands, [unstack(at.shapes[0], rows(parts))])


@whole
def qr(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Q and R by Householder's reflections, the diagonal of R with LAPACK's signs; with the permutation if pivoted."""
    (a,) = operands
    of, stacked = numbers(run, at.dtypes[0]), stack(run, a)
    concrete = at.equation.bind(a.known) if at.equation.params["pivoting"] or not run.decide_here else None
    count = at.shapes[0][-1]
    qs: list[Matrix] = []
    rs: list[Matrix] = []
    signs: list[int] = []
    for b, matrix in enumerate(stacked):
        if at.equation.params["pivoting"]:
            assert concrete is not None
            order = np.asarray(concrete[2]).reshape(len(stacked), -1)[b]
            matrix = [[row[k] for k in order] for row in matrix]
        diagonal = None
        if not run.decide_here:
            assert concrete is not None
            r = np.asarray(concrete[1]).reshape(len(stacked), *at.shapes[1][-2:])[b]
            diagonal = np.sign(np.real(np.diagonal(r)))
        q, r, used = _orthogonal(of, matrix, count, diagonal)
        qs.append(q)
        rs.append(r)
        signs += used
    if a.active:
        pivots = f" of columns {_listed(np.asarray(concrete[2]))}" if concrete and len(concrete) > 2 else ""
        text = "".join("−" if s < 0 else "+" for s in signs)
        run.decided(f"qr{pivots}: the diagonal of R has signs {text}", at)
    elements = [unstack(at.shapes[0], rows(qs)), unstack(at.shapes[1], rows(rs))]
    if concrete is not None and not run.decide_here:
        return settled(operands, [*elements, None][: len(concrete)], concrete)
    made = run.made(at, operands, elements)
    return [*made, *[Value(None, p) for p in (concrete or [])[2:]]]


@whole
def geqrf(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """R, with the Householder vectors below its diagonal, and their factors."""
    of = numbers(run, at.dtypes[0])
    done: list[tuple[Matrix, list[Any]]] = []
    for b, matrix in enumerate(stack(run, operands[0])):
        wanted = None
        if not run.decide_here:
            r = np.asarray(at.equation.bind(operands[0].known)[0])
            wanted = np.sign(np.real(np.diagonal(r.reshape(-1, *r.shape[-2:])[b])))
        done.append(matrices.reflections(of, matrix, _signs(of, wanted, [])))
    packed = unstack(at.shapes[0], rows(m for m, _ in done))
    return run.made(at, operands, [packed, unstack(at.shapes[1], (t for _, t in done))])


@whole
def householder_product(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The first columns of H₁ H₂ …"""
    of, factors = numbers(run, at.dtypes[0]), entries(run, operands[1])
    m, n = at.shapes[0][-2:]
    columns = [row[:m] for row in matrices.identity(of, m)[:n]]
    parts = [
        matrices.reflected(of, vectors, list(taus), columns)
        for vectors, taus in zip(stack(run, operands[0]), factors.reshape(-1, factors.shape[-1]), strict=True)
    ]
    return run.made(at, operands, [unstack(at.shapes[0], rows(parts))])


@whole
def ormqr(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Q C, Qᴴ C, C Q or C Qᴴ for Q = H₁ H₂ …"""
    of, factors, params = numbers(run, at.dtypes[0]), entries(run, operands[1]), at.equation.params
    parts: list[Matrix] = []
    taus = factors.reshape(-1, factors.shape[-1])
    for vectors, weights, c in zip(stack(run, operands[0]), taus, stack(run, operands[2]), strict=True):
        left, turned = bool(params["left"]), bool(params["transpose"])
        target = c if left else matrices.adjoint(of, c)
        made = matrices.reflected(of, vectors, list(weights), matrices.transposed(target), turned == left)
        parts.append(made if left else matrices.adjoint(of, made))
    return run.made(at, operands, [unstack(at.shapes[0], rows(parts))])


def _orthogonal(of: Numbers, a: Matrix, count: int, wanted: Any) -> tuple[Matrix, Matrix, list[int]]:
    """Q with `count` columns, R, and the signs of R's diagonal; `wanted` are these where they are known."""
    m, flips = len(a), list[int]()
    packed, factors = matrices.reflections(of, a, _signs(of, wanted, flips))
    columns = [[of.one if i == j else of.zero for i in range(m)] for j in range(count)]
    q = matrices.reflected(of, packed, factors, columns)
    r = [[entry if j >= i else of.zero for j, entry in enumerate(row)] for i, row in enumerate(packed[:count])]
    negate = of.field.operations["neg"]
    for k, flip in enumerate(flips):
        if flip < 0:
            r[k] = [negate(e) if j >= k else e for j, e in enumerate(r[k])]
            q = [[negate(e) if j == k else e for j, e in enumerate(row)] for row in q]
    if wanted is not None:
        return q, r, [int(s) for s in wanted]
    order = of.domain.order
    assert order is not None
    return q, r, [-1 if order(of.real(r[k][k])) < 0 else 1 for k in range(min(len(r), len(a[0])))]


def _signs(of: Numbers, wanted: Any, flips: list[int]) -> matrices.Sign:
    """Reflect to the side away from the entry, so that nothing cancels; note in `flips` where LAPACK's is the other."""
    order = of.domain.order

    def sign(k: int, column: Sequence[Any]) -> int:
        head = None if order is None else order(of.real(column[0]))
        away = int(wanted[k]) if head is None else 1 if head < 0 else -1
        lapack = away
        if wanted is not None:
            lapack = int(wanted[k])
        elif order is not None and not any(size(of, e) for e in column[1:]) and _is_real(of, column[0]):
            lapack = -away
        flips.append(away * lapack or 1)
        return away

    return sign


def _is_real(of: Numbers, entry: Any) -> bool:
    order = of.domain.order
    return not of.complex or order is None or order(entry.im) == 0


def _positive(run: Run, squares: Sequence[Any]) -> bool:
    """Whether all pivots of Cholesky's factorisation are positive; True where the domain cannot tell."""
    order = run.domain.order
    return order is None or all(order(s) > 0 for s in squares)


def _without_value(of: Numbers, lower: Matrix) -> Matrix:
    """What JAX returns for a matrix that is not positive definite."""
    nan = of.lift(of.domain.constant(float("nan")))
    return [[nan if j <= i else of.zero for j in range(len(lower))] for i in range(len(lower))]


def _hermitian(of: Numbers, a: Matrix) -> bool:
    """Whether a matrix equals its adjoint exactly, tangents and all."""
    return all(same(a[i][j], of.conjugate(a[j][i])) for i in range(len(a)) for j in range(i))


def same(x: Any, y: Any) -> bool:
    """Whether two elements are the same: equal, and so are the parts of which they are made."""
    if x is y:
        return True
    if type(x) is not type(y):
        return False
    slots = getattr(type(x), "__slots__", None) if hasattr(type(x), "__dataclass_fields__") else None
    return all(same(getattr(x, s), getattr(y, s)) for s in slots) if slots else bool(x == y)


def _as_before(pivots: Sequence[int]) -> matrices.Choose:
    """The pivots of another elimination."""
    return lambda k, _: int(pivots[k]) - k


def _noticing_ties(of: Numbers, choose: matrices.Choose, ties: list[bool]) -> matrices.Choose:
    """The same choice, noting whether another candidate was as large."""

    def chosen(k: int, column: Sequence[Any]) -> int:
        found = choose(k, column)
        sizes = [size(of, entry) for entry in column]
        ties.append(any(s == sizes[found] for j, s in enumerate(sizes) if j != found))
        return found

    return chosen


def _permutation(pivots: Sequence[int], n: int) -> list[int]:
    order = list(range(n))
    for k, pivot in enumerate(pivots):
        order[k], order[pivot] = order[pivot], order[k]
    return order


def _listed(numbers: Any) -> str:
    flat = np.asarray(numbers).reshape(-1).tolist()
    return ", ".join(map(str, flat[:12])) + (", …" if len(flat) > 12 else "")


RULES = {
    "cholesky": cholesky,
    "triangular_solve": triangular_solve,
    "lu": lu,
    "tridiagonal_solve": tridiagonal_solve,
    "qr": qr,
    "geqrf": geqrf,
    "householder_product": householder_product,
    "ormqr": ormqr,
}
"""Primitive → rule. `custom_linear_solve` is a call, and is in `difflab.core.implicit`."""
