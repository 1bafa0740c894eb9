"""The Jacobian and the Hessian of a function as formulas.

The function is taken apart into operations on numbers (`difflab.labs.check.scalars`), these are run over symbols, and
the formulas of the outputs are differentiated by SymPy or SymEngine, whose rules of derivation are not JAX's. A formula
holds where the decisions of its path condition are the same as at the point.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import Any, cast

import numpy as np
import sympy

from difflab.core.call import call, require_differentiable
from difflab.core.errors import DifflabError, UnsupportedError
from difflab.core.values import Hole
from difflab.labs.check.conditions import Condition, conditions
from difflab.labs.check.derivation import Derivation, derive
from difflab.labs.check.engines import Formulas, differentiate, limited
from difflab.labs.check.evaluable import evaluable
from difflab.labs.check.listing import Listing, listing
from difflab.labs.check.notation import entries_latex, latex_names
from difflab.labs.check.problem import problem
from difflab.labs.check.scalars import Scalars, scalars
from difflab.labs.check.symbols import Derivative, TooLargeError
from difflab.labs.check.truth import require_entries

OPERATIONS, ENTRIES, SYMBOLS = 1_000, 100, 12_000
"""Up to so many operations of the function, entries, and symbols (twice the operations) a formula helps its reader."""


def jacobian_sympy(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    engine: str = "auto",
    budget: float | int = 10.0,
    **kwargs: Any,
) -> SymbolicJacobian:
    """The Jacobian of `f` as a SymPy matrix, in real coordinates (a complex number is two), near the point `args`.

    The point decides branches; integers and arguments outside of `argnums` are held. `engine` is "sympy", "symengine",
    or "auto"; `budget` is in seconds of processor time. Past the size where a formula helps, or where the engine lacks
    a function, a listing comes instead. Raises TypeError where no argument is of a floating dtype, ValueError for an
    unknown engine, TooLargeError for a function of very many operations, BudgetError when the time is spent.

    >>> import jax.numpy as jnp
    >>> jacobian_sympy(lambda x: jnp.sin(x) * x, 1.0).matrix
    Matrix([[x*cos(x) + sin(x)]])
    """
    program, deadline = _taken_apart(f, args, argnums, budget, kwargs)
    try:
        _require_small(program, len(program.outputs) * len(program.inputs))
        formulas = differentiate(program, engine, SYMBOLS, deadline)
    except (TooLargeError, UnsupportedError) as error:
        return SymbolicJacobian(program, None, str(error), type(error))
    return SymbolicJacobian(program, formulas)


def hessian_sympy(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    engine: str = "auto",
    budget: float | int = 10.0,
    **kwargs: Any,
) -> SymbolicHessian:
    """The Hessian of a function with one real output, as `jacobian_sympy` gives the Jacobian.

    >>> import jax.numpy as jnp
    >>> hessian_sympy(lambda x, y: x**2 * y, 1.0, 2.0).matrix
    Matrix([
    [2*y, 2*x],
    [2*x,   0]])
    """
    program, deadline = _taken_apart(f, args, argnums, budget, kwargs)
    require_entries(program.problem)
    if len(program.outputs) != 1:
        raise ValueError(
            f"{program.problem.at.name} has {len(program.outputs)} real outputs, and a Hessian needs one; "
            "sum them, or pick one"
        )
    try:
        _require_small(program, len(program.inputs) ** 2)
        formulas = differentiate(program, engine, SYMBOLS, deadline)
        if isinstance(formulas.entries[0][0], Hole):
            return SymbolicHessian(program, formulas)
        slopes = [Derivative(x) for x in formulas.symbols]
        second = tuple(tuple(slope(e) for slope in slopes) for e in formulas.entries[0])
        return SymbolicHessian(program, limited(replace(formulas, entries=second), SYMBOLS))
    except (TooLargeError, UnsupportedError) as error:
        return SymbolicHessian(program, None, str(error), type(error))


@dataclass(frozen=True, eq=False, repr=False)
class SymbolicMatrix:
    """A matrix of derivatives as formulas.

    Past the readable size, or where the engine lacks a function, `formulas` is None and `too_large` says why; what is
    asked of the formulas then raises an error of the type `missing`.
    """

    program: Scalars
    formulas: Formulas | None
    too_large: str = ""
    missing: type[DifflabError] = TooLargeError

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the real input coordinates."""
        return self.program.problem.columns

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of the real coordinates that are differentiated."""
        return self.program.problem.rows

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """The inputs as SymPy symbols."""
        return self._formulas.symbols

    @cached_property
    def matrix(self) -> sympy.Matrix:
        """All entries; raises `UnsupportedError` where one is missing, `TooLargeError` past the readable size."""
        for hole in (e for row in self._formulas.entries for e in row if isinstance(e, Hole)):
            raise hole.error()
        return sympy.Matrix(len(self.rows), len(self.columns), [e for row in self._formulas.entries for e in row])

    def entry(self, i: int, j: int) -> Any:
        """The derivative of row `i` by column `j`."""
        found = self._formulas.entries[i][j]
        if isinstance(found, Hole):
            raise found.error()
        return found

    @property
    def path_condition(self) -> tuple[Condition, ...]:
        """Where the formula holds: what was decided at the point."""
        return conditions(self.program, None if self.formulas is None else self.formulas.value)

    @cached_property
    def sparsity(self) -> np.ndarray:
        """Which entries are not zero everywhere on this path, as booleans."""
        found = [[isinstance(e, Hole) or e != 0 for e in row] for row in self._formulas.entries]
        return np.array(found, bool).reshape(len(self.rows), len(self.columns))

    def cse(self) -> tuple[list[tuple[sympy.Symbol, Any]], sympy.Matrix]:
        """Common subexpressions: assignments in order, and the matrix in their terms.

        A subexpression that the function itself computes and names is called as there, others t0, t1, …
        """
        named = {} if self.formulas is None else _named_values(self.program, self.formulas)
        taken = {*self.columns, *(symbol.name for symbol in named.values())}
        fresh = (sympy.Symbol(f"t{k}", real=True) for k in count() if f"t{k}" not in taken)
        replaced, (matrix,) = sympy.cse([self.matrix], symbols=fresh, order="none")
        replaced, matrix = list[Any](replaced), cast("Any", matrix)
        whole: dict[Any, Any] = {}
        names: dict[Any, Any] = {}
        for symbol, part in replaced:
            whole[symbol] = part.xreplace(whole)
            name = named.get(whole[symbol])
            names[symbol] = symbol if name is None or name in names.values() else name
        return [(names[s], part.xreplace(names)) for s, part in replaced], matrix.xreplace(names)

    def function(self, library: str = "jax") -> Callable[..., Any]:
        """The matrix as a function of the arguments of `f`, in "jax" or "numpy".

        It is true where the path condition holds; arguments that are not differentiated count as they were.
        """
        return evaluable(self.program.problem, self.symbols, self.matrix, self._formulas.frozen, library)

    def latex(self) -> str:
        """The matrix in LaTeX, or a list of its nonzero entries where it would be wide; the listing where too large."""
        if self.formulas is None:
            return self.listing.latex()
        names = latex_names({*self.symbols, *self.formulas.frozen})
        return entries_latex(self.rows, self.columns, self.formulas.entries, names)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    @cached_property
    def listing(self) -> Listing:
        """The function with its local partials, one equation a line: what is left to read when formulas explode."""
        return listing(self.program.problem)

    def __str__(self) -> str:
        """The nonzero entries, one a line, and the path condition."""
        if self.formulas is None:
            return f"{self.too_large}; here is the program with its local partials\n{self.listing}"
        lines = [
            f"∂{row}/∂{column} = {e}"
            for row, entries in zip(self.rows, self.formulas.entries, strict=True)
            for column, e in zip(self.columns, entries, strict=True)
            if isinstance(e, Hole) or e != 0
        ]
        nothing = "0" if self.rows and self.columns else f"{len(self.rows)} × {len(self.columns)}: nothing to derive"
        where = dict.fromkeys(f"  where {condition}" for condition in self.path_condition)
        return "\n".join([*(lines or [nothing]), *where])

    __repr__ = __str__

    @property
    def _formulas(self) -> Formulas:
        if self.formulas is None:
            raise self.missing(f"there is no formula: {self.too_large}; read .listing instead")
        return self.formulas


class SymbolicJacobian(SymbolicMatrix):
    """The Jacobian of a function as formulas; see `jacobian_sympy`."""

    def derivation(self, i: int, j: int) -> Derivation:
        """The equations of the graph that made entry (i, j): their local partials, and the paths through them.

        >>> import jax.numpy as jnp
        >>> print(jacobian_sympy(lambda x: jnp.tanh(2 * x), 1.0).derivation(0, 0).factors[0])
        2 - 2*out**2
        """
        return derive(self.program, i, j)


class SymbolicHessian(SymbolicMatrix):
    """The Hessian of a function as formulas; see `hessian_sympy`."""

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of the input coordinates, as the columns."""
        return self.columns


def _taken_apart(f: Any, args: Any, argnums: Any, budget: float | int, options: Any) -> tuple[Scalars, float]:
    if not budget > 0:
        raise ValueError(f"budget is {budget}; pass seconds of processor time, more than 0")
    deadline = time.monotonic() + budget
    at = call(f, *args, argnums=argnums, **options)
    require_differentiable(at)
    return scalars(problem(at), deadline=deadline), deadline


def _require_small(program: Scalars, entries: int) -> None:
    if program.operations > OPERATIONS:
        raise TooLargeError(f"the function has {program.operations} operations on numbers, more than {OPERATIONS}")
    if entries > ENTRIES:
        raise TooLargeError(f"the matrix has {entries} entries, more than {ENTRIES}")


def _named_values(program: Scalars, formulas: Formulas) -> dict[Any, sympy.Symbol]:
    """The formulas of intermediate values that have a name."""
    found: dict[Any, sympy.Symbol] = {}
    for node in program.needed():
        if node.name and node.operands and node.name not in program.problem.columns:
            found.setdefault(formulas.value(node), sympy.Symbol(node.name, real=True))
    return found
