"""First-order perturbation of eigenvalues, singular values and their vectors, from the equations that define them.

From A V = V Λ and Vᴴ V = 1 follow dλⱼ = Pⱼⱼ and dV = V C with Cᵢⱼ = Pᵢⱼ / (λⱼ − λᵢ), where P = V⁻¹ dA V; from
A = U Σ Vᴴ likewise (Magnus, "On differentiating eigenvalues and eigenvectors", 1985; Giles, "Collected matrix
derivative results for forward and reverse mode algorithmic differentiation", 2008, section 3). The equations leave each
vector a phase. Here vⱼᴴ dvⱼ = 0, for singular vectors that of V (the phase of U follows), and for general eigenvectors
the length is 1 and the largest entry stays real: JAX's conventions. Written in the operations of a domain alone, and so
for nested dual numbers, too.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from difflab.core.complexes import Complex
from difflab.core.matrices import Choose, Matrix, Numbers, adjoint, entrywise, multiply, solve, transposed


def eigh(of: Numbers, w: Sequence[Any], v: Matrix, da: Matrix) -> tuple[list[Any], Matrix]:
    """Tangents of eigenvalues and eigenvectors of a Hermitian matrix."""
    p = multiply(of, adjoint(of, v), multiply(of, da, v))
    sub = of.domain.operations["sub"]
    c = [
        [of.zero if i == j else of.scale(e, _inverse(of, sub(w[j], w[i]))) for j, e in enumerate(row)]
        for i, row in enumerate(p)
    ]
    return [of.real(row[i]) for i, row in enumerate(p)], multiply(of, v, c)


def svd(of: Numbers, s: Sequence[Any], u: Matrix, v: Matrix, da: Matrix) -> tuple[list[Any], Matrix, Matrix]:
    """Tangents of singular values and of left and right vectors (columns), as many of each or more."""
    k, field, real = len(s), of.field.operations, of.domain.operations
    first_u, first_v = [row[:k] for row in u], [row[:k] for row in v]
    p = multiply(of, adjoint(of, first_u), multiply(of, da, first_v))
    q = adjoint(of, p)
    squares = [real["mul"](x, x) for x in s]
    c: Matrix = [[of.zero] * k for _ in range(k)]
    d: Matrix = [[of.zero] * k for _ in range(k)]
    half = _inverse(of, of.domain.constant(2))
    for i in range(k):
        if of.complex:
            turn = of.scale(field["sub"](p[i][i], q[i][i]), half)
            c[i][i] = of.scale(turn, _inverse(of, s[i]))
        for j in {*range(k)} - {i}:
            gap = _inverse(of, real["sub"](squares[j], squares[i]))
            c[i][j] = of.scale(field["add"](of.scale(p[i][j], s[j]), of.scale(q[i][j], s[i])), gap)
            d[i][j] = of.scale(field["add"](of.scale(p[i][j], s[i]), of.scale(q[i][j], s[j])), gap)
    du = _with_complement(of, first_u, c, multiply(of, da, first_v), s)
    dv = _with_complement(of, first_v, d, multiply(of, adjoint(of, da), first_u), s)
    return [of.real(p[i][i]) for i in range(k)], _extended(of, u, du, k), _extended(of, v, dv, k)


def eig(
    of: Numbers, w: Sequence[Any], v: Matrix, da: Matrix, largest: Sequence[int], choose: Choose
) -> tuple[list[Any], Matrix]:
    """Tangents of eigenvalues and eigenvectors of any matrix; `largest`: which entry of each vector is real."""
    field = of.field.operations
    p = solve(of, v, multiply(of, da, v), choose)
    c = [
        [of.zero if i == j else field["div"](e, field["sub"](w[j], w[i])) for j, e in enumerate(row)]
        for i, row in enumerate(p)
    ]
    changes, vectors = transposed(multiply(of, v, c)), transposed(v)
    moved = [_kept(of, vector, du, k) for vector, du, k in zip(vectors, changes, largest, strict=True)]
    return [row[i] for i, row in enumerate(p)], transposed(moved)


def _kept(of: Numbers, vector: list[Any], change: list[Any], largest: int) -> list[Any]:
    """A change of an eigenvector without what lengthens or turns it."""
    real, field = of.domain.operations, of.field.operations
    along = of.dot([of.conjugate(e) for e in vector], change)
    turn = real["div"](change[largest].im, vector[largest].re)
    factor = Complex(along.re, turn)
    return [field["sub"](du, field["mul"](factor, e)) for du, e in zip(change, vector, strict=True)]


def _with_complement(of: Numbers, u: Matrix, c: Matrix, image: Matrix, s: Sequence[Any]) -> Matrix:
    """U C, and what of dA V / σ lies outside of the space of U."""
    inside = multiply(of, u, c)
    if len(u) == len(c):
        return inside
    field, inverses = of.field.operations, [_inverse(of, x) for x in s]
    outside = entrywise(field["sub"], image, multiply(of, u, multiply(of, adjoint(of, u), image)))
    scaled = [[of.scale(e, inverse) for e, inverse in zip(row, inverses, strict=True)] for row in outside]
    return entrywise(field["add"], inside, scaled)


def _extended(of: Numbers, u: Matrix, du: Matrix, k: int) -> Matrix:
    """Tangents of further columns, which stay orthogonal to the first k and turn no more than they must."""
    if len(u[0]) == k:
        return du
    rest = [row[k:] for row in u]
    turned = multiply(of, [row[:k] for row in u], multiply(of, adjoint(of, du), rest))
    negate = of.field.operations["neg"]
    return [[*first, *map(negate, last)] for first, last in zip(du, turned, strict=True)]


def _inverse(of: Numbers, number: Any) -> Any:
    return of.domain.operations["div"](of.domain.constant(1), number)
