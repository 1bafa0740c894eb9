"""Big floats: real numbers of any precision, by mpmath (Johansson et al.); NaN where no real value exists."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mpmath  # pyright: ignore[reportMissingTypeStubs]

from difflab.core.domains import Domain, Operation

_SAME_NAME = (
    "sqrt exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc digamma atan2 cbrt"
)


def big_floats(digits: int = 30) -> Domain:
    """Real numbers of `digits` decimal digits and an unbounded exponent, each with rounding of its own context."""
    context: Any = mpmath.MPContext()
    context.dps = digits
    table: dict[str, Operation] = {name: _real(context, getattr(context, name)) for name in _SAME_NAME.split()}
    table |= {
        "add": lambda x, y: x + y,
        "sub": lambda x, y: x - y,
        "mul": lambda x, y: x * y,
        "neg": lambda x: -x,
        "div": lambda x, y: _divide(context, x, y),
        "sum": context.fsum,
        "dot": context.fdot,
        "pi": lambda: +context.pi,
        "integer_pow": _real(context, lambda x, n: x**n),
        "pow": _real(context, context.power),
        "exp2": _real(context, lambda x: context.power(2, x)),
        "erf_inv": _real(context, context.erfinv),
        "lgamma": _real(context, lambda x: context.re(context.loggamma(x))),
        "trigamma": _real(context, lambda x: context.psi(1, x)),
        "polygamma": _real(context, lambda n, x: context.psi(int(n), x) if n == int(n) else context.nan),
        "zeta": _real(context, lambda s, q: context.zeta(s, q) if s > 1 and q > 0 else context.nan),
        "bessel_i0e": _real(context, lambda x: context.besseli(0, x) * context.exp(-abs(x))),
        "bessel_i1e": _real(context, lambda x: context.besseli(1, x) * context.exp(-abs(x))),
        "igamma": _real(context, lambda a, x: _lower_gamma(context, a, x)),
        "igammac": _real(context, lambda a, x: context.gammainc(a, x, regularized=True)),
        "igamma_grad_a": _real(context, lambda a, x: _lower_gamma_by_order(context, a, x)),
        "regularized_incomplete_beta": _real(context, lambda a, b, x: context.betainc(a, b, 0, x, regularized=True)),
    }
    fixed: Mapping[str, Operation] = table
    return Domain(f"big floats of {digits} digits", context.mpf, fixed, order=lambda x: x)


def _real(context: Any, function: Operation) -> Operation:
    """The function where its value is real, NaN elsewhere, infinity at a pole."""

    def real(*values: Any) -> Any:
        try:
            result = function(*values)
        except ZeroDivisionError:
            return context.inf
        except (ValueError, ArithmeticError):
            return context.nan
        if isinstance(result, context.mpc):
            return result.real if result.imag == 0 else context.nan
        return result

    return real


def _lower_gamma(context: Any, a: Any, x: Any) -> Any:
    """P(a, x) (DLMF 8.2.4); mpmath's own loses digits where it is small."""
    return context.gammainc(a, 0, x, regularized=True)


def _lower_gamma_by_order(context: Any, a: Any, x: Any) -> Any:
    """∂P(a, x)/∂a, from xᵃ Σ (−x)ᵏ/(k!(a + k)) = γ(a, x) (DLMF 8.7.1) differentiated term by term."""
    if x <= 0 or a <= 0:
        return context.zero if x == 0 and a > 0 else context.nan
    with context.extraprec(int(3 * x) + 20):
        gamma = context.gamma(a)
        total = by_order = context.zero
        term, k = context.one, 0
        while k <= x or abs(term) > context.eps * abs(total):
            total += term / (a + k)
            by_order -= term / (a + k) ** 2
            k += 1
            term *= -x / k
        scale = context.power(x, a) / gamma
        return scale * (by_order + total * (context.log(x) - context.digamma(a)))


def _divide(context: Any, x: Any, y: Any) -> Any:
    if y == 0:
        return context.nan if x == 0 or x != x else context.sign(x) * context.inf
    return x / y
