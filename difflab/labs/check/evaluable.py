"""A matrix of formulas as a function of the arguments that the user's function takes."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy
from jax.scipy import special

from difflab.core.errors import UnsupportedError
from difflab.labs.check.problem import Problem
from difflab.labs.check.symbols import Decimal

LIBRARIES = ("jax", "numpy")
_JAX = {
    "loggamma": special.gammaln,
    "digamma": special.digamma,
    "polygamma": special.polygamma,
    "erf": special.erf,
    "erfc": special.erfc,
    "erfinv": special.erfinv,
    "beta": special.beta,
    "gamma": special.gamma,
    "lower_gamma": lambda a, x: special.gammainc(a, x) * special.gamma(a),
    "upper_gamma": lambda a, x: special.gammaincc(a, x) * special.gamma(a),
    "betainc_regularized": lambda a, b, _, x: special.betainc(a, b, x),
    "zeta": special.zeta,
    "besseli": lambda n, x: _bessel(n, x),
}
"""Functions that SymPy's printer does not know in JAX."""

_LOWER, _UPPER = sympy.Function("lower_gamma"), sympy.Function("upper_gamma")
"""Names of our own: the printer refuses SymPy's, whatever one gives it for them."""


def _bessel(order: int, x: Any) -> Any:
    """The modified Bessel function of a whole order, by recurrence (DLMF 10.29.1)."""
    if order < 0:
        return _bessel(-order, x)
    if order < 2:
        return (special.i0, special.i1)[order](x)
    return _bessel(order - 2, x) - 2 * (order - 1) / x * _bessel(order - 1, x)


def evaluable(
    problem: Problem, symbols: Sequence[Any], matrix: sympy.Matrix, frozen: Mapping[Any, Any], library: str
) -> Callable[..., Any]:
    """A function of the call's arguments that gives the matrix."""
    if library not in LIBRARIES:
        raise ValueError(f"library is {library!r}; pass one of {', '.join(map(repr, LIBRARIES))}")
    thawed = matrix.xreplace(dict(frozen))
    while thawed.free_symbols & set(frozen):
        thawed = thawed.xreplace(dict(frozen))
    if thawed.has(sympy.meijerg):
        raise UnsupportedError(
            "a formula has a Meijer G-function, which neither JAX nor SciPy has; evaluate .matrix by SymPy's evalf, "
            "or take difflab.truth"
        )
    floats = {number: sympy.Float(number.value, 17) for number in thawed.atoms(Decimal)}
    plain = [sympy.Dummy(f"x{k}", real=True) for k in range(len(symbols))]
    entries = list(thawed.xreplace({**floats, **dict(zip(symbols, plain, strict=True))}))
    if library == "jax":
        entries = [e.replace(sympy.lowergamma, _LOWER).replace(sympy.uppergamma, _UPPER) for e in entries]
    modules: list[Any] = [_JAX, "jax"] if library == "jax" else ["scipy", "numpy"]
    evaluate = sympy.lambdify(plain, entries, modules=modules, cse=True)
    xp: Any = jnp if library == "jax" else np

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        """The matrix at these arguments."""
        leaves = jax.tree.leaves((args, kwargs))
        if len(leaves) != len(problem.at.leaves):
            raise TypeError(
                f"{len(leaves)} arrays were given where {problem.at.name} has {len(problem.at.leaves)}; "
                "call this with the arguments of the function, all of them"
            )
        given = [xp.ravel(xp.asarray(leaves[k])) for k in problem.inputs]
        parts = [xp.stack([x.real, x.imag], -1).ravel() if xp.iscomplexobj(x) else x for x in given]
        numbers = [x[k] for x in parts for k in range(x.size)]
        dtype = xp.result_type(float, *(x.dtype for x in parts)) if library == "numpy" else None
        values = [xp.asarray(e, dtype) for e in evaluate(*numbers)]
        return xp.stack(values).reshape(matrix.shape) if values else xp.zeros(matrix.shape)

    return jacobian
