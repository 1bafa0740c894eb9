"""Eigenvalues, eigenvectors and singular values over any number domain, real and complex.

They have no closed form. At a point `difflab.core.spectra` finds them; over dual numbers the equations that define them
give the tangents (`difflab.core.perturbation`), level by level, so that nested dual numbers work, too; a domain with
floats beside its numbers does both. Vectors are chosen next to those that JAX computed at the point. Where values
coincide their vectors are no differentiable functions: the path says so, as a tight decision.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from difflab.core import perturbation
from difflab.core.complexes import Complex, complex_over
from difflab.core.domains import Domain, floats
from difflab.core.duals import Dual
from difflab.core.matrices import Matrix, Numbers, adjoint
from difflab.core.run import Run, Site
from difflab.core.shadow import Shadow
from difflab.core.solvers import largest, numbers, rows, settled, stack, unstack, whole
from difflab.core.spectra import Parts, solver
from difflab.core.values import Elements, Value


@whole
def eigh(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Ascending eigenvalues, and orthonormal eigenvectors as columns; one triangle is read."""
    params, (a,) = at.equation.params, operands
    of, given = _numbers(run, at), stack(run, a)
    if params.get("subset_by_index") not in (None, (0, len(given[0]) if given else 0)):
        return run.holes(at, operands, "a subset of the eigenvalues is not interpreted")
    concrete = at.equation.bind(a.known)
    values = 0 if len(at.shapes[0]) < len(at.shapes[1]) else 1
    near = list(zip(_split(concrete[values], 1), _split(concrete[1 - values], 2), strict=True))
    _note(run, at, a, "eigenvalues", [w for w, _ in near])
    found = [
        decomposed(of, "eigh", _hermitian(of, matrix, bool(params["lower"])), beside)
        for matrix, beside in zip(given, near, strict=True)
    ]
    parts: list[list[Any]] = [[w for w, _ in found], rows(v for _, v in found)]
    return _made(run, at, operands, parts if values == 0 else parts[::-1], concrete)


@whole
def svd(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Descending singular values, left vectors as columns and right ones as conjugated rows."""
    params, (a,) = at.equation.params, operands
    of, given = _numbers(run, at), stack(run, a)
    if params.get("subset_by_index") is not None:
        return run.holes(at, operands, "a subset of the singular values is not interpreted")
    concrete = at.equation.bind(a.known)
    values, vectors = _split(concrete[0], 1), [_split(c, 2) for c in concrete[1:]]
    _note(run, at, a, "singular values", values, zero=True)
    found: list[Parts] = []
    for k, matrix in enumerate(given):
        near = (values[k], vectors[0][k], np.conj(vectors[1][k].T)) if vectors else (values[k], None, None)
        s, u, v = decomposed(of, "svd", matrix, near, bool(vectors) and bool(params["full_matrices"]))
        found.append((s, u, adjoint(of, v)))
    parts = [[s for s, *_ in found], rows(u for _, u, _ in found), rows(v for *_, v in found)]
    return _made(run, at, operands, parts[: len(concrete)], concrete)


@whole
def eig(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Eigenvalues of any square matrix, and left and right eigenvectors as columns where they are asked for."""
    params, (a,) = at.equation.params, operands
    concrete, inputs = at.equation.bind(a.known), _split(a.known, 2)
    of, given = numbers(run, "complex128"), stack(run, a)
    if not _numbers(run, at).complex:
        given = [[[of.lift(e) for e in row] for row in matrix] for matrix in given]
    values = _split(concrete[0], 1)
    _note(run, at, a, "eigenvalues", values)
    left = _split(concrete[1], 2) if params["compute_left_eigenvectors"] else None
    right = _split(concrete[-1], 2) if params["compute_right_eigenvectors"] else None
    parts: list[list[Any]] = [[] for _ in concrete]
    for k, matrix in enumerate(given):
        near = right[k] if right is not None else _vectors(inputs[k], values[k])
        w, vl, vr = decomposed(of, "eig", matrix, (values[k], left[k] if left is not None else None, near))
        parts[0].append(w)
        if left is not None:
            parts[1] += vl
        if right is not None:
            parts[-1] += vr
    return _made(run, at, operands, parts, concrete)


def decomposed(of: Numbers, name: str, a: Matrix, near: Sequence[Any], *options: bool) -> Parts:
    """The parts of a decomposition ("eigh", "svd" or "eig"), next to those that floats have there."""
    sample = of.domain.constant(0)
    if isinstance(sample, Dual):
        base = _under(of, of.domain.base)
        found = decomposed(base, name, _each(lambda x: x.value, a), near, *options)
        if not any(_moves(e) for row in a for e in row):
            return tuple(_each(Dual, part) for part in found)
        zero = base.domain.constant(0)
        moved = _each(lambda x: zero if x.tangent is None else x.tangent, a)
        return tuple(map(lambda v, t: _each(Dual, v, t), found, _TANGENTS[name](base, found, moved, near)))
    if isinstance(sample, Shadow):
        exact = decomposed(_under(of, of.domain.base), name, _each(lambda x: x.value, a), near, *options)
        beside = decomposed(_under(of, floats()), name, _each(lambda x: x.number, a), near, *options)
        return tuple(map(lambda v, n: _each(Shadow, v, n), exact, beside))
    return solver(of)[name](of, a, near, *options)


def _eig_tangents(of: Numbers, found: Parts, da: Matrix, near: Sequence[Any]) -> Parts:
    w, left, right = found
    choose = largest(of) if of.domain.order is not None else lambda _, column: 0
    dw, dright = perturbation.eig(of, w, right, da, _peaks(near[2]), choose)
    if not left:
        return dw, [], dright
    conjugates = [of.conjugate(z) for z in w]
    return dw, perturbation.eig(of, conjugates, left, adjoint(of, da), _peaks(near[1]), choose)[1], dright


def _peaks(vectors: Any) -> list[int]:
    """The place of the largest entry of each vector."""
    return np.argmax(np.abs(vectors), axis=0).tolist()


_TANGENTS: Mapping[str, Callable[[Numbers, Parts, Matrix, Sequence[Any]], Parts]] = {
    "eigh": lambda of, found, da, near: perturbation.eigh(of, found[0], found[1], da),
    "svd": lambda of, found, da, near: perturbation.svd(of, found[0], found[1], found[2], da),
    "eig": _eig_tangents,
}


def _under(of: Numbers, base: Domain | None) -> Numbers:
    """The same entries over the domain of their parts."""
    assert base is not None, f"{of.domain.name} do not say what they stand on; please report this"
    return Numbers(base, complex_over(base) if of.complex else base, of.complex, of.tick)


def _each(function: Callable[..., Any], *parts: Any) -> Any:
    """Apply a function to the real elements of lists of one shape, inside of complex ones, too."""
    if isinstance(parts[0], list):
        return [_each(function, *items) for items in zip(*parts, strict=True)]
    if isinstance(parts[0], Complex):
        return Complex(function(*[z.re for z in parts]), function(*[z.im for z in parts]))
    return function(*parts)


def _moves(entry: Any) -> bool:
    parts = (entry.re, entry.im) if isinstance(entry, Complex) else (entry,)
    return any(part.tangent is not None for part in parts)


def _hermitian(of: Numbers, a: Matrix, lower: bool) -> Matrix:
    """The whole matrix from one triangle and the real part of the diagonal."""

    def entry(i: int, j: int) -> Any:
        if i == j:
            return of.lift(of.real(a[i][i]))
        return a[i][j] if (i > j) == lower else of.conjugate(a[j][i])

    return [[entry(i, j) for j in range(len(a))] for i in range(len(a))]


def _vectors(a: Any, w: Any) -> Any:
    """Eigenvectors of a concrete matrix in the order of the given eigenvalues."""
    if not np.isfinite(a).all():
        return np.ones_like(a)
    values, vectors = np.linalg.eig(a)
    left, order = list(range(len(w))), list[int]()
    for z in w:
        order.append(min(left, key=lambda k: abs(values[k] - z)))
        left.remove(order[-1])
    return vectors[:, order]


def _note(run: Run, at: Site, a: Value, what: str, values: Sequence[Any], zero: bool = False) -> None:
    """Record values that coincide, or singular values that are zero: no derivative exists there."""
    for w in values if a.active else ():
        eps, scale = np.finfo(w.dtype).eps, float(np.max(np.abs(w), initial=0.0))
        gaps = np.abs(w[:, None] - w[None, :]) + np.where(np.eye(len(w)) > 0, np.inf, 0)
        bound = 64 * eps * max(scale, np.finfo(w.dtype).tiny)
        if (gaps <= bound).any():
            run.decided(f"{at.equation.primitive} has {what} that coincide", at, tight=True)
        if zero and (np.abs(w) <= bound).any():
            run.decided(f"{at.equation.primitive} has {what} that are zero", at, tight=True)


def _split(array: Any, rank: int) -> list[Any]:
    """The vectors (rank 1) or matrices (rank 2) of a concrete batch."""
    whole = np.asarray(array)
    return list(whole.reshape(-1, *whole.shape[whole.ndim - rank :]))


def _numbers(run: Run, at: Site) -> Numbers:
    """The entries of the matrix that is decomposed."""
    operand = at.equation.operands[0]
    return numbers(run, at.graph.vertices[operand].dtype if isinstance(operand, int) else operand.dtype)


def _made(run: Run, at: Site, operands: list[Value], parts: list[list[Any]], concrete: Sequence[Any]) -> list[Value]:
    elements: list[Elements | None] = [unstack(s, part) for s, part in zip(at.shapes, parts, strict=True)]
    return run.made(at, operands, elements) if run.decide_here else settled(operands, elements, concrete)


RULES = {"eigh": eigh, "svd": svd, "eig": eig}
"""Primitive → rule."""
