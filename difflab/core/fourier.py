"""Discrete Fourier transforms over any domain that has roots of unity.

X_k = Σ_j x_j ω^{jk} with ω = e^{−2πi/n}. A composite length n = p·m splits into p transforms of length m (Cooley &
Tukey, "An algorithm for the machine calculation of complex Fourier series", 1965), so a transform takes n·Σp products
and not n². A real transform keeps the first half of the spectrum; its inverse completes it by X_{n−k} = conj X_k.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import gcd
from typing import Any

import numpy as np

from difflab.core.complexes import Complex
from difflab.core.run import Run, Site
from difflab.core.values import Elements, Hole, Value, pack

_QUARTERS = ((1, 0), (0, 1), (-1, 0), (0, -1))


def fourier(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The rule of `fft`, all four kinds, along the last axes."""
    (x,) = operands
    assert x.elements is not None
    kind, lengths = str(at.equation.params["fft_type"]).rpartition(".")[2], at.equation.params["fft_lengths"]
    kind = {"0": "FFT", "1": "IFFT", "2": "RFFT", "3": "IRFFT"}.get(kind, kind)
    roots = _Roots(run, sign=1 if kind.startswith("I") else -1)
    if not all(roots.known(n) for n in lengths):
        return run.holes(at, operands, f"{run.domain.name} have no roots of unity of order {max(lengths)}")
    return run.made(at, operands, [_transformed(run, kind, list(lengths), x.elements, roots)])


class _Roots:
    """e^{±2πik/n} as complex elements."""

    def __init__(self, run: Run, sign: int) -> None:
        self.run, self.sign = run, sign
        self.found: dict[tuple[int, int], Complex] = {}
        self.operation = run.domain.operation("root_of_unity")

    def known(self, n: int) -> bool:
        return n in (1, 2, 4) or self.operation is not None

    def __call__(self, k: int, n: int) -> Complex:
        common = gcd(k, n)
        k, n = self.sign * k // common % (n // common), n // common
        if (k, n) not in self.found:
            if 4 % n == 0:
                cosine, sine = map(self.run.domain.constant, _QUARTERS[k * 4 // n])
            else:
                assert self.operation is not None
                cosine, sine = self.operation(k, n)
            self.found[k, n] = Complex(cosine, sine)
        return self.found[k, n]


def _transformed(run: Run, kind: str, lengths: list[int], x: Elements, roots: _Roots) -> Elements:
    axes = range(x.ndim - len(lengths), x.ndim)
    scale: Callable[[Any], Any] | None = _divide_by(run, int(np.prod(lengths))) if kind.startswith("I") else None
    if kind == "RFFT":
        zero = run.domain.constant(0)
        x = run.map(lambda e: Complex(e, zero), x)
    order = list(axes) if kind == "IRFFT" else list(reversed(axes))
    for axis in order:
        last = axis == x.ndim - 1
        if last and kind == "IRFFT":
            x = _completed(run, x, lengths[-1])
        x = _along(run, x, axis, roots)
        if last and kind == "RFFT":
            x = x[..., : lengths[-1] // 2 + 1]
    if kind == "IRFFT":
        x = run.map(lambda z: z.re, x)
    return run.map(scale, x) if scale else x


def _divide_by(run: Run, n: int) -> Callable[[Any], Any]:
    domain = run.domain
    weight = domain.operations["div"](domain.constant(1), domain.constant(n))
    multiply = domain.operations["mul"]

    def scaled(e: Any) -> Any:
        if isinstance(e, Complex):
            return Complex(multiply(e.re, weight), multiply(e.im, weight))
        return multiply(e, weight)

    return scaled


def _completed(run: Run, half: Elements, n: int) -> Elements:
    """The whole spectrum of a real signal; imaginary parts that it cannot have are dropped, as JAX drops them."""
    zero, conjugate = run.domain.constant(0), run.complexes.operations["conj"]
    ends = [0] if n % 2 else [0, n // 2]
    half = half.copy()
    for k in ends:
        half[..., k] = run.map(lambda z: Complex(z.re, zero), half[..., k])
    mirrored = run.map(conjugate, half[..., 1 : n - n // 2][..., ::-1])
    return np.concatenate([half[..., : n // 2 + 1], mirrored], axis=-1)


def _along(run: Run, x: Elements, axis: int, roots: _Roots) -> Elements:
    lines = np.moveaxis(x, axis, -1)
    flat = lines.reshape(-1, lines.shape[-1])
    out = np.empty(flat.shape, object)
    for k, line in enumerate(flat):
        hole = next((e for e in line if isinstance(e, Hole)), None)
        out[k] = pack((len(line),), [hole] * len(line) if hole else _transform(run, list(line), roots))
    return np.moveaxis(out.reshape(lines.shape), -1, axis)


def _transform(run: Run, x: Sequence[Any], roots: _Roots) -> list[Any]:
    """One transform, split by the smallest prime factor of its length."""
    n = len(x)
    if n == 1:
        return list(x)
    run.check_time()
    p = next((q for q in range(2, int(n**0.5) + 1) if n % q == 0), n)
    m = n // p
    parts = [_transform(run, x[r::p], roots) for r in range(p)]
    return [_sum_turned(run, [part[k % m] for part in parts], k, n, roots) for k in range(n)]


def _sum_turned(run: Run, parts: Sequence[Any], k: int, n: int, roots: _Roots) -> Any:
    """Σ_r ω_n^{kr}·part_r."""
    run.check_time()
    multiply = run.complexes.operations["mul"]
    turned = [part if k * r % n == 0 else multiply(part, roots(k * r % n, n)) for r, part in enumerate(parts)]
    return run.sum(turned, "complex")


RULES: Mapping[str, Callable[[Run, Site, list[Value]], list[Value]]] = {"fft": fourier}
"""Primitive → rule."""
