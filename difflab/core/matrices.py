"""Matrices over any number domain: elimination, triangular systems, Cholesky's and Householder's factors.

Textbook algorithms on lists of rows, written with the operations of a `Domain` alone, so that they run over dual
numbers, big floats and prime fields alike, and differentiate themselves. Golub & Van Loan, "Matrix Computations", 2013:
Crout's order of Gaussian elimination with partial pivoting (3.2, 3.4), Cholesky (4.2), Householder reflections (5.1);
tridiagonal elimination with row exchanges as in LAPACK's `gtsv`. What depends on a size or a sign (pivots, reflections)
is asked of the caller, since elements need not have an order.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own.

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from difflab.core.complexes import Complex
from difflab.core.domains import Domain, Operation

Matrix = list[list[Any]]
"""Rows of elements."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """The entries of a matrix: `domain` is the real one, `field` that of the entries: the same, or complex over it.

    `tick` is called once a row and may stop the work.
    """

    domain: Domain
    field: Domain
    complex: bool = False
    tick: Callable[[], None] = lambda: None

    @property
    def zero(self) -> Any:
        """0, as an entry."""
        return self.lift(self.domain.constant(0))

    @property
    def one(self) -> Any:
        """1, as an entry."""
        return self.lift(self.domain.constant(1))

    def lift(self, number: Any) -> Any:
        """An entry from an element of the real domain."""
        return Complex(number, self.domain.constant(0)) if self.complex else number

    def real(self, entry: Any) -> Any:
        """The real part, an element of the real domain."""
        return entry.re if self.complex else entry

    def conjugate(self, entry: Any) -> Any:
        """The complex conjugate."""
        return Complex(entry.re, self.domain.operations["neg"](entry.im)) if self.complex else entry

    def scale(self, entry: Any, number: Any) -> Any:
        """An entry times an element of the real domain."""
        times = self.domain.operations["mul"]
        return Complex(times(entry.re, number), times(entry.im, number)) if self.complex else times(entry, number)

    def real_operation(self, name: str) -> Operation:
        """An operation of the real domain; `MissingError` where it has none."""
        found = self.domain.operation(name)
        if found is None:
            raise MissingError(f"{self.domain.name} have no {name}")
        return found

    def square(self, entry: Any) -> Any:
        """|entry|², an element of the real domain."""
        add, times = self.domain.operations["add"], self.domain.operations["mul"]
        if not self.complex:
            return times(entry, entry)
        return add(times(entry.re, entry.re), times(entry.im, entry.im))

    def dot(self, xs: Sequence[Any], ys: Sequence[Any]) -> Any:
        """Σ xₖ yₖ, without conjugation."""
        return self.field.dot(xs, ys) if xs else self.zero

    def less(self, entry: Any, xs: Sequence[Any], ys: Sequence[Any]) -> Any:
        """Entry − Σ xₖ yₖ."""
        return self.field.operations["sub"](entry, self.dot(xs, ys)) if xs else entry

    def inverse(self, entry: Any) -> Any:
        """1 / entry."""
        return self.field.operations["div"](self.one, entry)


class MissingError(Exception):
    """The domain lacks an operation that a factorisation needs."""


Choose = Callable[[int, Sequence[Any]], int]
"""Which candidate becomes the pivot of a column: the column, the candidates, and then the position among these."""


def identity(numbers: Numbers, n: int) -> Matrix:
    """The n × n identity."""
    one, zero = numbers.one, numbers.zero
    return [[one if i == j else zero for j in range(n)] for i in range(n)]


def transposed(a: Matrix) -> Matrix:
    """Aᵀ."""
    return [list(column) for column in zip(*a, strict=True)]


def adjoint(numbers: Numbers, a: Matrix) -> Matrix:
    """Aᴴ."""
    return [[numbers.conjugate(e) for e in column] for column in zip(*a, strict=True)]


def multiply(numbers: Numbers, a: Matrix, b: Matrix) -> Matrix:
    """A B."""
    columns = transposed(b)
    out: Matrix = []
    for row in a:
        numbers.tick()
        out.append([numbers.dot(row, column) for column in columns])
    return out


def entrywise(operation: Operation, a: Matrix, b: Matrix) -> Matrix:
    """A binary operation, entry by entry."""
    return [[operation(x, y) for x, y in zip(r, s, strict=True)] for r, s in zip(a, b, strict=True)]


def factor(numbers: Numbers, a: Matrix, choose: Choose) -> tuple[Matrix, list[int]]:
    """L below the diagonal and U on and above it, in one matrix, and the row exchanged with each row: P A = L U."""
    times = numbers.field.operations["mul"]
    rows, m, n = [list(row) for row in a], len(a), len(a[0]) if a else 0
    pivots: list[int] = []
    for k in range(min(m, n)):
        numbers.tick()
        above = [rows[j][k] for j in range(k)]
        column = [numbers.less(rows[i][k], rows[i][:k], above) for i in range(k, m)]
        chosen = choose(k, column)
        pivots.append(k + chosen)
        column[0], column[chosen] = column[chosen], column[0]
        rows[k], rows[k + chosen] = rows[k + chosen], rows[k]
        inverse = numbers.inverse(column[0]) if k + 1 < m else None
        rows[k][k] = column[0]
        for i in range(k + 1, m):
            rows[i][k] = times(column[i - k], inverse)
        for j in range(k + 1, n):
            rows[k][j] = numbers.less(rows[k][j], rows[k][:k], [rows[i][j] for i in range(k)])
    return rows, pivots


def triangular(numbers: Numbers, a: Matrix, b: Matrix, lower: bool = True, unit: bool = False) -> Matrix:
    """X with A X = B, where only the lower (or upper) triangle of A is read; `unit`: not even its diagonal."""
    n = len(a)
    steps = list(range(n)) if lower else list(range(n))[::-1]
    times = numbers.field.operations["mul"]
    inverses = [None if unit else numbers.inverse(a[i][i]) for i in range(n)]
    columns = [list(column) for column in zip(*b, strict=True)]
    for column in columns:
        numbers.tick()
        for i in steps:
            known = slice(0, i) if lower else slice(i + 1, n)
            value = numbers.less(column[i], a[i][known], column[known])
            column[i] = value if unit else times(value, inverses[i])
    return transposed(columns) if columns else [[] for _ in range(n)]


def solve(numbers: Numbers, a: Matrix, b: Matrix, choose: Choose) -> Matrix:
    """A⁻¹ B by elimination."""
    factors, pivots = factor(numbers, a, choose)
    rows = list(b)
    for k, pivot in enumerate(pivots):
        rows[k], rows[pivot] = rows[pivot], rows[k]
    half = triangular(numbers, factors, rows, lower=True, unit=True)
    return triangular(numbers, factors, half, lower=False)


def tridiagonal(
    numbers: Numbers, diagonals: tuple[list[Any], list[Any], list[Any]], b: Matrix, choose: Choose
) -> Matrix:
    """X with T X = B; the diagonals (lower, main, upper) have n entries each, of which the first and last are spare."""
    below, main, above = diagonals
    n, zero = len(main), numbers.zero
    times, sub = numbers.field.operations["mul"], numbers.field.operations["sub"]
    rows = [[main[i], above[i] if i + 1 < n else zero, zero] for i in range(n)]
    right = [list(row) for row in b]
    for i in range(n - 1):
        numbers.tick()
        top, low = rows[i], [below[i + 1], *rows[i + 1][:2]]
        if choose(i, [top[0], low[0]]):
            top, low = low, top
            right[i], right[i + 1] = right[i + 1], right[i]
        ratio = times(low[0], numbers.inverse(top[0]))
        rows[i] = top
        rows[i + 1] = [sub(low[1], times(ratio, top[1])), sub(low[2], times(ratio, top[2])), zero]
        right[i + 1] = [sub(y, times(ratio, x)) for x, y in zip(right[i], right[i + 1], strict=True)]
    for i in range(n)[::-1]:
        numbers.tick()
        inverse, later = numbers.inverse(rows[i][0]), right[i + 1 : i + 3]
        weights = rows[i][1 : 1 + len(later)]
        right[i] = [times(numbers.less(y, weights, [row[k] for row in later]), inverse) for k, y in enumerate(right[i])]
    return right


def cholesky(numbers: Numbers, a: Matrix) -> tuple[Matrix, list[Any]]:
    """L with L Lᴴ = A, of which the lower triangle is read; and the squares of its diagonal."""
    root, sub = numbers.real_operation("sqrt"), numbers.domain.operations["sub"]
    n, zero = len(a), numbers.zero
    lower = [[zero] * n for _ in range(n)]
    squares: list[Any] = []
    for j in range(n):
        numbers.tick()
        head = [numbers.conjugate(e) for e in lower[j][:j]]
        square = numbers.real(a[j][j])
        if j:
            square = sub(square, numbers.domain.sum(map(numbers.square, lower[j][:j])))
        squares.append(square)
        diagonal = root(square)
        lower[j][j] = numbers.lift(diagonal)
        inverse = numbers.domain.operations["div"](numbers.domain.constant(1), diagonal)
        for i in range(j + 1, n):
            lower[i][j] = numbers.scale(numbers.less(a[i][j], lower[i][:j], head), inverse)
    return lower, squares


Sign = Callable[[int, Sequence[Any]], int]
"""The sign that a diagonal entry of R shall have, by its number and by what the column is from there on."""


def reflections(numbers: Numbers, a: Matrix, sign: Sign) -> tuple[Matrix, list[Any]]:
    """R on and above the diagonal, Householder vectors below it (their first entry 1 is left out), and their factors.

    H = 1 − τ v vᴴ with Hᴴ x = β e₁, β real; a column of one real entry is left as it is.
    """
    rows, m, n = [list(row) for row in a], len(a), len(a[0]) if a else 0
    factors: list[Any] = []
    for k in range(min(m, n)):
        numbers.tick()
        if k + 1 == m and not numbers.complex:
            factors.append(numbers.zero)
            break
        vector, factors_k, beta = _reflector(numbers, [rows[i][k] for i in range(k, m)], sign, k)
        factors.append(factors_k)
        for j in range(k + 1, n):
            column = [rows[i][j] for i in range(k, m)]
            changed = _reflect(numbers, vector, numbers.conjugate(factors_k), column)
            for i, entry in enumerate(changed):
                rows[k + i][j] = entry
        rows[k][k] = numbers.lift(beta)
        for i in range(k + 1, m):
            rows[i][k] = vector[i - k]
    return rows, factors


def reflected(
    numbers: Numbers, vectors: Matrix, factors: Sequence[Any], columns: Matrix, conjugated: bool = False
) -> Matrix:
    """Q C, or Qᴴ C if `conjugated`, for Q = H₁ H₂ … of `reflections`; `columns` is the list of the columns of C."""
    m, one = len(vectors), numbers.one
    done = [list(column) for column in columns]
    order = list(range(len(factors)))
    for k in order if conjugated else order[::-1]:
        numbers.tick()
        vector = [one, *[vectors[i][k] for i in range(k + 1, m)]]
        weight = numbers.conjugate(factors[k]) if conjugated else factors[k]
        for column in done:
            column[k:] = _reflect(numbers, vector, weight, column[k:])
    return transposed(done) if done else [[] for _ in range(m)]


def _reflector(numbers: Numbers, column: list[Any], sign: Sign, k: int) -> tuple[list[Any], Any, Any]:
    real, field = numbers.domain.operations, numbers.field.operations
    norm = numbers.real_operation("sqrt")(numbers.domain.sum(map(numbers.square, column)))
    beta = real["neg"](norm) if sign(k, column) < 0 else norm
    inverse = numbers.inverse(field["sub"](column[0], numbers.lift(beta)))
    vector = [numbers.one, *[field["mul"](x, inverse) for x in column[1:]]]
    gap = field["sub"](numbers.lift(beta), column[0])
    return vector, numbers.scale(gap, real["div"](numbers.domain.constant(1), beta)), beta


def _reflect(numbers: Numbers, vector: list[Any], weight: Any, column: list[Any]) -> list[Any]:
    """(1 − weight · v vᴴ) column."""
    times, sub = numbers.field.operations["mul"], numbers.field.operations["sub"]
    share = times(weight, numbers.dot([numbers.conjugate(v) for v in vector], column))
    return [sub(x, times(share, v)) for x, v in zip(column, vector, strict=True)]
