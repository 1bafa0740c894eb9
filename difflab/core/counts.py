"""How many operations each primitive takes: two tables, of exact counts and of estimates, from shapes and parameters.

A row is a function of `Shapes`. The conventions and their sources are in `difflab.core.cost`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd, log2, prod
from typing import Any

Shape = tuple[int, ...]

entries_of = lru_cache(maxsize=65_536)(prod)
"""Number of entries of a shape."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """Parameters of an equation, shapes of its operands and results."""

    params: Mapping[str, Any]
    operands: Sequence[Shape]
    results: Sequence[Shape]

    @property
    def made(self) -> int:
        """Entries of the first result: an elementwise primitive with several makes them together."""
        return entries_of(self.results[0]) if self.results else 0

    @property
    def read(self) -> int:
        """Entries of the first operand."""
        return entries_of(self.operands[0]) if self.operands else 0

    @property
    def matrix(self) -> tuple[int, int, int]:
        """(number of matrices, rows, columns) of the first operand."""
        shape = self.operands[0]
        return prod(shape[:-2]), shape[-2], shape[-1]


Rule = Callable[[Shapes], int]
Estimate = Callable[[Shapes], int | float]


def entries(at: Shapes) -> int:
    """One an entry made."""
    return at.made


def nothing(at: Shapes) -> int:
    """Entries are moved, chosen or made known, never combined."""
    return 0


def integer_pow(at: Shapes) -> int:
    """Repeated squaring: one a binary digit after the first, one a further 1, and a reciprocal if negative."""
    n = int(at.params["y"])
    steps = abs(n).bit_length() - 1 + abs(n).bit_count() - 1 if n else 0
    return at.made * (steps + (n < 0))


def reduction(at: Shapes) -> int:
    """n entries are combined by n − 1 operations; of nothing none is made."""
    return max(0, at.read - at.made)


def cumulative(at: Shapes) -> int:
    """One for every entry but the first of each line."""
    length = at.operands[0][int(at.params["axis"])]
    return at.made - at.made // length if length else 0


def windows(at: Shapes) -> int:
    """A window of w entries is combined by w − 1 operations."""
    return at.made * (prod(map(int, at.params["window_dimensions"])) - 1)


def dot_general(at: Shapes) -> int:
    """2·b·m·n·k: a multiplication and an addition for each term."""
    (contracted, _), _ = at.params["dimension_numbers"]
    return 2 * at.made * prod(at.operands[0][int(k)] for k in contracted)


def convolution(at: Shapes) -> int:
    """2 for each pair of kernel and image entry that meet."""
    numbers: Any = at.params["dimension_numbers"]
    image, kernel, result = at.operands[0], at.operands[1], at.results[0]
    pairs = 1
    rows = zip(
        numbers.lhs_spec[2:], numbers.rhs_spec[2:], numbers.out_spec[2:], at.params["window_strides"],
        at.params["padding"], at.params["lhs_dilation"], at.params["rhs_dilation"], strict=True,
    )  # fmt: skip
    for i, k, o, stride, padding, spread, dilation in rows:
        starts = [tap * int(dilation) - int(padding[0]) for tap in range(kernel[int(k)])]
        pairs *= sum(_hits(start, int(stride), result[int(o)], image[int(i)], int(spread)) for start in starts)
    batch, features = (result[int(axis)] for axis in numbers.out_spec[:2])
    return 2 * batch * features * kernel[int(numbers.rhs_spec[1])] * pairs


def _hits(start: int, stride: int, count: int, size: int, spread: int) -> int:
    """How many of start, start + stride, … (`count` of them) lie on 0, spread, …, (size − 1)·spread."""
    if size == 0:
        return 0
    low, high = max(0, -(start // stride)), min(count - 1, ((size - 1) * spread - start) // stride)
    period = spread // gcd(stride, spread)
    first = next((k for k in range(low, low + period) if (start + k * stride) % spread == 0), None)
    return 0 if first is None or first > high else (high - first) // period + 1


def updates(at: Shapes) -> int:
    """One for each entry that is combined into the operand."""
    return prod(at.operands[2])


def horner(at: Shapes) -> int:
    """A polynomial of degree d by d multiplications and d additions."""
    return 2 * at.made * max(0, len(at.operands) - 2)


def triangular(at: Shapes) -> int:
    """Substitution: n² operations a right-hand side."""
    n = at.operands[0][-1]
    return n * prod(at.operands[1])


def symmetric(at: Shapes) -> int:
    """A Aᵀ as a matrix product, scaled and added."""
    b, n, k = at.matrix
    return 2 * b * n * n * k + 3 * b * n * n


def sorting(at: Shapes) -> float:
    """n log₂ n comparisons a line."""
    return at.read * log2(max(2, at.operands[0][int(at.params["dimension"])] if at.operands[0] else 1))


def selection(at: Shapes) -> float:
    """The k largest of n by a heap: n log₂ k."""
    return at.read * log2(max(2, int(at.params["k"])))


def fourier(at: Shapes) -> float:
    """5 n log₂ n, half of it for real data."""
    real = "R" in getattr(at.params["fft_type"], "name", str(at.params["fft_type"])).upper().replace("FFT", "")
    size = max(at.read, at.made)
    return (2.5 if real else 5) * size * log2(max(2, prod(map(int, at.params["fft_lengths"]))))


def cholesky(at: Shapes) -> float:
    """n³/3 (Golub & Van Loan, section 4.2)."""
    b, n, _ = at.matrix
    return b * n**3 / 3


def lu(at: Shapes) -> float:
    """2mnk − (m + n)k² + 2k³/3 with k = min(m, n), which is 2n³/3 for a square (section 3.2)."""
    b, m, n = at.matrix
    k = min(m, n)
    return b * (2 * m * n * k - (m + n) * k**2 + 2 * k**3 / 3)


def householder(at: Shapes) -> float:
    """R of an m × n matrix: 2mn² − 2n³/3 for m ≥ n, twice the work of an elimination (section 5.2)."""
    return 2 * lu(at)


def reflectors(at: Shapes) -> float:
    """Q from its reflectors: 2mn² − 2n³/3, as much as it took to find them (section 5.1)."""
    return 2 * lu(at)


def cubic(factor: float | int, plain: float | int | None = None, flag: str = "") -> Estimate:
    """factor·n³; `plain`·n³ where the parameter `flag` is off."""

    def rule(at: Shapes) -> int | float:
        b, m, n = at.matrix
        wanted = plain is None or any(at.params.get(name, False) for name in flag.split())
        return (factor if wanted or plain is None else plain) * b * min(m, n) ** 2 * max(m, n)

    return rule


def singular(at: Shapes) -> float:
    """4mn² − 4n³/3 for the values alone, 4m²n + 22n³ with both bases, m ≥ n (section 8.6)."""
    b, *sides = at.matrix
    n, m = sorted(sides)
    bases = at.params.get("compute_uv", True)
    return b * (4 * m * m * n + 22 * n**3 if bases else 4 * m * n * n - 4 * n**3 / 3)


def tridiagonal_solve(at: Shapes) -> int:
    """Thomas's algorithm: 3n for the factors, 5n a right-hand side."""
    return 3 * at.read + 5 * at.made


def times(factor: int, rule: Estimate = entries) -> Estimate:
    """A fixed number of operations for each of something."""
    return lambda at: factor * rule(at)


def random_words(at: Shapes) -> int:
    """Threefry-2x32 (Salmon et al. 2011): about 58 operations a 32-bit word."""
    return 58 * at.made * max(1, int(at.params.get("bit_width", 32)) // 32)


def ragged(at: Shapes) -> int:
    """One group's matrix a row: 2·m·k·n."""
    return 2 * at.made * at.operands[0][-1]


_ELEMENTWISE = """abs acos acosh add add_any and asin asinh atan atan2 atanh cbrt ceil clamp clz conj complex cos cosh
    div eq eq_to erf erf_inv erfc exp exp2 expm1 floor ge gt imag is_finite le le_to log log1p logistic lt lt_to max min
    mul mulhi ne neg nextafter not or population_count pow real reduce_precision rem round rsqrt shift_left
    shift_right_arithmetic shift_right_logical sign sin sinh sqrt square sub tan tanh xor""".split()
_SERIES = """bessel_i0e bessel_i1e digamma igamma igamma_grad_a igammac lgamma polygamma random_gamma random_gamma_grad
    regularized_incomplete_beta zeta""".split()
_MOVES = """all_gather all_to_all axis_index bitcast_convert_type broadcast broadcast_in_dim broadcast_to concatenate
    convert_element_type copy copy_p create_token after_all debug_callback debug_print device_put dimension_size
    dynamic_slice dynamic_update_slice empty empty2 expand_dims gather iota layout_constraint lu_pivots_to_permutation
    name optimization_barrier pad pbroadcast ppermute pvary random_clone random_unwrap random_wrap reshape
    reshard rev scatter select_n sharding_constraint slice split squeeze stack stop_gradient tile transpose unstack
    zeros_like""".split()
_REDUCTIONS = "argmax argmin reduce_and reduce_max reduce_min reduce_or reduce_prod reduce_sum reduce_xor".split()
_COMBINES = "scatter-add scatter-max scatter-min scatter-mul scatter-sub scatter_add scatter_mul".split()

EXACT: Mapping[str, Rule] = {
    **dict.fromkeys(_ELEMENTWISE, entries),
    **dict.fromkeys(_MOVES, nothing),
    **dict.fromkeys(_REDUCTIONS, reduction),
    **dict.fromkeys("cummax cummin cumprod cumsum".split(), cumulative),
    **dict.fromkeys("reduce_window_max reduce_window_min reduce_window_sum".split(), windows),
    **dict.fromkeys(_COMBINES, updates),
    "one_minus_square": lambda at: 2 * at.made,
    "integer_pow": integer_pow,
    "polynomial": horner,
    "dot_general": dot_general,
    "conv_general_dilated": convolution,
    "triangular_solve": triangular,
}
"""Primitive → operations, exactly, under the conventions of `difflab.core.cost`."""

ESTIMATES: Mapping[str, Estimate] = {
    **dict.fromkeys(_SERIES, entries),
    "reduce": reduction,
    "reduce_window": windows,
    "select_and_scatter_add": lambda at: at.read * prod(map(int, at.params["window_dimensions"])),
    "select_and_gather_add": windows,
    "cumlogsumexp": times(7, cumulative),
    "sort": sorting,
    "top_k": selection,
    "approx_top_k": selection,
    "fft": fourier,
    "cholesky": cholesky,
    "cholesky_update": lambda at: 6 * at.read,
    "lu": lu,
    "geqrf": householder,
    "geqp3": householder,
    "qr": lambda at: householder(at) + reflectors(at),
    "householder_product": reflectors,
    "ormqr": lambda at: 4 * at.matrix[2] * prod(at.operands[2]),
    "svd": singular,
    "eigh": cubic(9),
    "eig": cubic(25, 10, "compute_left_eigenvectors compute_right_eigenvectors"),
    "schur": cubic(25, 10, "compute_schur_vectors"),
    "hessenberg": cubic(10 / 3),
    "tridiagonal": cubic(4 / 3),
    "tridiagonal_solve": tridiagonal_solve,
    "symmetric_product": symmetric,
    "ragged_dot_general": ragged,
    "ragged_dot": ragged,
    "random_bits": random_words,
    "random_split": times(116),
    "random_seed": times(2),
    "random_fold_in": times(116),
    "threefry2x32": times(116),
    "rng_bit_generator": lambda at: 58 * prod(at.results[-1]),
    "rng_uniform": entries,
}
"""Primitive → operations, roughly: what an actual algorithm does depends on the library and the values."""
