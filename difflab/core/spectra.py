"""Eigenvalues and singular values at one point: by NumPy, by mpmath at any precision, or drawn in a finite field.

Vectors are not unique: a phase is free, and in an eigenspace of dimension > 1 any basis. Those of JAX at the point are
projected on the exact spaces and made orthonormal again, so that the exact vectors are the ones next to JAX's.

A finite field has no eigenvalues to find. It has random ones, drawn anew for each matrix, and random vectors with
Vᴴ V = 1, by Cayley's transform (1 − K)(1 + K)⁻¹ of a random K = −Kᴴ. So what follows from Vᴴ V = 1 holds there, but
not what needs A V = V Λ, or U Σ Vᴴ = A: that is to be compared in another way.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and mpmath has no types.

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from difflab.core.complexes import Complex
from difflab.core.matrices import Matrix, MissingError, Numbers, adjoint, identity, solve, transposed

Solver = Callable[..., Any]
Parts = tuple[Any, ...]
"""Vectors and matrices of entries: lists, and lists of rows."""


def solver(of: Numbers) -> dict[str, Solver]:
    """The functions `eigh`, `svd` and `eig` of a domain that stands on no other."""
    sample = of.domain.constant(0)
    if isinstance(sample, float):
        return {"eigh": _numpy_eigh, "svd": _numpy_svd, "eig": _numpy_eig}
    if hasattr(type(sample), "context"):
        return {"eigh": _mp_eigh, "svd": _mp_svd, "eig": _mp_eig}
    if of.domain.operation("oracle"):
        return {"eigh": _drawn_eigh, "svd": _drawn_svd, "eig": _drawn_eig}
    raise MissingError(f"{of.domain.name} have no closed form of a spectrum")


def _array(a: Matrix) -> Any:
    return np.array([[complex(e.re, e.im) if isinstance(e, Complex) else e for e in row] for row in a])


def _entries(of: Numbers, array: Any) -> Matrix:
    """Rows of entries from a NumPy array or an mpmath matrix."""
    rows = array.tolist()
    make = type(of.domain.constant(0))

    def entry(z: Any) -> Any:
        return Complex(make(z.real), make(z.imag)) if of.complex else make(z.real)

    return [[entry(z) for z in row] for row in rows]


def _numpy_eigh(of: Numbers, a: Matrix, near: Sequence[Any]) -> tuple[list[Any], Matrix]:
    w, v = np.linalg.eigh(_array(a))
    return w.tolist(), aligned(of, _entries(of, v), near[1], _clusters(w.tolist(), 1e-11))


def _numpy_svd(of: Numbers, a: Matrix, near: Sequence[Any], full: bool) -> tuple[list[Any], Matrix, Matrix]:
    u, s, vh = np.linalg.svd(_array(a), full_matrices=full)
    return _paired(of, s.tolist(), _entries(of, u), _entries(of, vh.conj().T), near, 1e-11)


def _numpy_eig(of: Numbers, a: Matrix, near: Sequence[Any]) -> Parts:
    def found(matrix: Matrix) -> tuple[list[Any], Matrix]:
        w, v = np.linalg.eig(_array(matrix))
        return [Complex(float(z.real), float(z.imag)) for z in w], _entries(of, v)

    return _both_sides(of, found, a, near)


def _mp_matrix(of: Numbers, a: Matrix) -> tuple[Any, Any]:
    context: Any = type(of.domain.constant(0)).context  # pyright: ignore[reportAttributeAccessIssue]
    return context, context.matrix([[context.mpc(e.re, e.im) if of.complex else e for e in row] for row in a])


def _mp_eigh(of: Numbers, a: Matrix, near: Sequence[Any]) -> tuple[list[Any], Matrix]:
    context, matrix = _mp_matrix(of, a)
    _check_finite(context, matrix)
    with context.extradps(10):
        w, v = (context.eighe if of.complex else context.eigsy)(matrix)
    values = [+context.re(x) for x in w]
    return values, aligned(of, _entries(of, v), near[1], _clusters(values, 10 ** (-0.7 * context.dps)))


def _mp_svd(of: Numbers, a: Matrix, near: Sequence[Any], full: bool) -> tuple[list[Any], Matrix, Matrix]:
    context, matrix = _mp_matrix(of, a)
    _check_finite(context, matrix)
    with context.extradps(10):
        u, s, vh = (context.svd_c if of.complex else context.svd_r)(matrix, full_matrices=full)
    values = [+context.re(x) for x in s]
    v = adjoint(of, _entries(of, vh))
    return _paired(of, values, _entries(of, u), v, near, 10 ** (-0.7 * context.dps))


def _mp_eig(of: Numbers, a: Matrix, near: Sequence[Any]) -> Parts:
    def found(rows: Matrix) -> tuple[list[Any], Matrix]:
        context, matrix = _mp_matrix(of, rows)
        _check_finite(context, matrix)
        with context.extradps(10):
            w, v = context.eig(matrix)
        return [Complex(+context.re(z), +context.im(z)) for z in w], _entries(of, v)

    return _both_sides(of, found, a, near)


def _both_sides(of: Numbers, found: Callable[[Matrix], Any], a: Matrix, near: Sequence[Any]) -> Parts:
    """Eigenvalues, and left (where `near` has them) and right eigenvectors; left ones are right ones of Aᴴ."""
    values, vectors = found(a)
    w, right = _matched(of, values, vectors, near[0], near[2])
    if near[1] is None:
        return w, [], right
    values, vectors = found(adjoint(of, a))
    return w, _matched(of, values, vectors, np.conj(near[0]), near[1])[1], right


def _check_finite(context: Any, matrix: Any) -> None:
    if not all(context.isfinite(e) for e in matrix):
        raise MissingError("a matrix with entries that are not finite has no spectrum")


def aligned(of: Numbers, v: Matrix, near: Any, clusters: Iterable[list[int]]) -> Matrix:
    """Orthonormal columns spanning the same spaces, as close to `near` as these spaces allow."""
    columns, wanted = transposed(v), None if near is None else transposed(_entries(of, np.asarray(near)))
    for cluster in clusters:
        if wanted is not None and max(cluster) < len(wanted):
            basis = [columns[k] for k in cluster]
            made = _orthonormal(of, [_projected(of, basis, wanted[k]) for k in cluster])
            for k, column in zip(cluster, made or basis, strict=True):
                columns[k] = column
    return transposed(columns)


def _projected(of: Numbers, basis: Matrix, vector: list[Any]) -> list[Any]:
    weights = [of.dot([of.conjugate(e) for e in b], vector) for b in basis]
    return [of.dot(weights, [b[i] for b in basis]) for i in range(len(vector))]


def _orthonormal(of: Numbers, vectors: Matrix) -> Matrix | None:
    """Gram and Schmidt, twice; None where the vectors are (nearly) dependent."""
    order, root = of.domain.order, of.real_operation("sqrt")
    sub, done = of.field.operations["sub"], list[list[Any]]()
    assert order is not None
    for vector in vectors:
        for _ in range(2):
            if done:
                vector = [sub(x, y) for x, y in zip(vector, _projected(of, done, vector), strict=True)]
        norm = root(of.domain.sum(map(of.square, vector)))
        if not order(norm) > 0.1:
            return None
        inverse = of.domain.operations["div"](of.domain.constant(1), norm)
        done.append([of.scale(e, inverse) for e in vector])
    return done


def _clusters(values: Sequence[Any], tolerance: float) -> list[list[int]]:
    """Numbers of values that are equal but for rounding; the values are sorted."""
    scale = max(map(abs, values), default=0)
    found: list[list[int]] = []
    for k, value in enumerate(values):
        if found and abs(value - values[k - 1]) <= tolerance * scale:
            found[-1].append(k)
        else:
            found.append([k])
    return found


def _paired(
    of: Numbers, s: list[Any], u: Matrix, v: Matrix, near: Sequence[Any], tolerance: float
) -> tuple[list[Any], Matrix, Matrix]:
    """Singular vectors next to those of JAX: left ones are turned with the right ones, in spaces of σ ≠ 0."""
    if near[1] is None:
        return s, u, v
    scale, k = max(map(abs, s), default=0), len(s)
    clusters = _clusters(s, tolerance)
    regular = [c for c in clusters if s[c[0]] > tolerance * scale]
    null = [j for c in clusters if c not in regular for j in c]
    before = transposed(v)
    v = aligned(of, v, near[2], regular)
    lefts, rights = transposed(u), transposed(v)
    for cluster in regular:
        turns = [[of.dot([of.conjugate(e) for e in before[i]], rights[j]) for i in cluster] for j in cluster]
        made = [[of.dot(t, [lefts[i][r] for i in cluster]) for r in range(len(u))] for t in turns]
        for j, column in zip(cluster, made, strict=True):
            lefts[j] = column
    u, v = transposed(lefts), transposed(rights)
    spare_u, spare_v = [*null, *range(k, len(u[0]))], [*null, *range(k, len(v[0]))]
    return s, aligned(of, u, near[1], [spare_u] if spare_u else []), aligned(
        of, v, near[2], [spare_v] if spare_v else []
    )  # fmt: skip


def _matched(of: Numbers, w: list[Any], v: Matrix, values: Any, vectors: Any) -> tuple[list[Any], Matrix]:
    """Eigenvalues in JAX's order, eigenvectors of length 1 whose largest entry is real, with JAX's sign."""
    left, order, columns = list(range(len(w))), list[int](), transposed(v)
    for z in np.asarray(values).tolist():
        best = min(left, key=lambda k: abs(complex(w[k].re, w[k].im) - z)) if z == z else left[0]
        left.remove(best)
        order.append(best)
    sign = [1 if z.real >= 0 else -1 for z in _peaks(vectors)]
    places = np.argmax(np.abs(np.asarray(vectors)), axis=0).tolist()
    made = [_normal(of, columns[k], p, s) for k, p, s in zip(order, places, sign, strict=True)]
    return [w[k] for k in order], transposed(made)


def _peaks(v: Any) -> list[complex]:
    array = np.asarray(v)
    return [complex(array[k, j]) for j, k in enumerate(np.argmax(np.abs(array), axis=0))]


def _normal(of: Numbers, vector: list[Any], place: int, sign: int) -> list[Any]:
    root, divide = of.real_operation("sqrt"), of.domain.operations["div"]
    norm = root(of.domain.sum(map(of.square, vector)))
    peak = root(of.square(vector[place]))
    factor = of.scale(
        of.conjugate(vector[place]), divide(of.domain.constant(sign), of.domain.operations["mul"](norm, peak))
    )
    return [of.field.operations["mul"](e, factor) for e in vector]


def _drawn_eigh(of: Numbers, a: Matrix, near: Sequence[Any]) -> tuple[list[Any], Matrix]:
    draw = _Draw(of, "eigh", a)
    return [draw.real(f"value {k}") for k in range(len(a))], draw.unitary("vectors", len(a))


def _drawn_svd(of: Numbers, a: Matrix, near: Sequence[Any], full: bool) -> tuple[list[Any], Matrix, Matrix]:
    draw, m, n = _Draw(of, "svd", a), len(a), len(a[0])
    k = min(m, n)
    u, v = draw.unitary("left", m), draw.unitary("right", n)
    cut = [m, n] if full else [k, k]
    return [draw.real(f"value {j}") for j in range(k)], [r[: cut[0]] for r in u], [r[: cut[1]] for r in v]


def _drawn_eig(of: Numbers, a: Matrix, near: Sequence[Any]) -> Parts:
    draw, n = _Draw(of, "eig", a), range(len(a))
    left, right = ([[draw.entry(f"{side} {i} {j}") for j in n] for i in n] for side in ("left", "right"))
    return [draw.entry(f"value {k}") for k in n], left if near[1] is not None else [], right


class _Draw:
    """Random elements that belong to one matrix."""

    def __init__(self, of: Numbers, label: str, a: Matrix) -> None:
        parts = [p for row in a for e in row for p in ((e.re, e.im) if of.complex else (e,))]
        oracle = of.real_operation("oracle")
        key = oracle(f"{label} {len(a)}", *parts)
        self.of = of
        self.real = lambda name: oracle(f"{label} {name}", key)

    def entry(self, name: str) -> Any:
        """A random entry."""
        return Complex(self.real(name), self.real(f"{name} i")) if self.of.complex else self.real(name)

    def unitary(self, name: str, n: int) -> Matrix:
        """A random matrix with Vᴴ V = 1."""
        of = self.of
        add, sub = of.field.operations["add"], of.field.operations["sub"]
        k: Matrix = [[of.zero] * n for _ in range(n)]
        for i in range(n):
            for j in range(i):
                k[i][j] = self.entry(f"{name} {i} {j}")
                k[j][i] = of.field.operations["neg"](of.conjugate(k[i][j]))
            if of.complex:
                k[i][i] = Complex(of.domain.constant(0), self.real(f"{name} {i}"))
        unit = identity(of, n)
        plus = [[add(x, y) for x, y in zip(r, s, strict=True)] for r, s in zip(unit, k, strict=True)]
        minus = [[sub(x, y) for x, y in zip(r, s, strict=True)] for r, s in zip(unit, k, strict=True)]
        return solve(of, plus, minus, lambda _, column: 0)
