"""JAX's own derivatives, primitive by primitive: which of them makes a derivative wrong that no custom rule does.

Each distinct primitive that the function runs, with the operands that it sees there, is a function of its own; it is
checked like a custom rule. So a fault that is not the user's is named as JAX's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from difflab.core.call import Call
from difflab.core.graph import Equation, Literal
from difflab.core.run import BudgetError
from difflab.labs.check.clock import Clock
from difflab.labs.check.findings import FAULTS, Finding
from difflab.labs.check.problem import Problem, problem, program
from difflab.labs.check.proof import prove
from difflab.labs.check.recorded import record

MOST = 40
"""So many primitives are tried."""


def blamed(
    checked: Problem, faults: Sequence[Finding], check_one: Callable[[Problem], Sequence[Finding]], clock: Clock
) -> list[Finding]:
    """The faults, with the primitive and the line that makes each, where one is wrong by itself."""
    if not faults or all(f.rule for f in faults):
        return list(faults)
    guilty = _guilty(checked, check_one, clock)
    return [f if f.rule or guilty is None else _of_jax(f, *guilty) for f in faults]


def _of_jax(finding: Finding, equation: Equation, own: Finding) -> Finding:
    name = equation.primitive
    message = f"JAX's own derivative of {name} is wrong here: {FAULTS[own.kind]}"
    made = replace(
        finding, message=message, rule=f"{name} (JAX)", source=equation.source,
        details={**finding.details, "primitive": name},
    )  # fmt: skip
    return replace(made, kind=own.kind, hint=own.hint) if own.kind == "symmetric" else made


def _guilty(
    checked: Problem, check_one: Callable[[Problem], Sequence[Finding]], clock: Clock
) -> tuple[Equation, Finding] | None:
    for equation, values in _primitives(checked):
        if clock.spent(0.9):
            return None
        one = problem(_alone(equation, values))
        found = [f for f in check_one(one) if f.severity == "error"] if _suspicious(one, clock) else []
        if found:
            return equation, _if_symmetric(equation, values, found[0], clock)
    return None


def _if_symmetric(equation: Equation, values: tuple[Any, ...], found: Finding, clock: Clock) -> Finding:
    """The finding, or that the derivative is right as long as the matrices and their changes are symmetric."""
    halved = [k for k, x in enumerate(values) if _hermitian(x)]

    def of_symmetric(*given: Any) -> Any:
        return equation.bind(*[_symmetric_part(x) if k in halved else x for k, x in enumerate(given)])

    if not halved or _suspicious(problem(_alone(equation, values, of_symmetric)), clock):
        return found
    return replace(found, kind="symmetric", hint=f"write {equation.primitive}((A + A.T) / 2)")


def _hermitian(x: Any) -> bool:
    square = jnp.ndim(x) >= 2 and jnp.shape(x)[-1] == jnp.shape(x)[-2] > 1
    return square and bool((x == jnp.conj(jnp.swapaxes(x, -1, -2))).all())


def _symmetric_part(x: Any) -> Any:
    return (x + jnp.conj(jnp.swapaxes(x, -1, -2))) / 2


def _suspicious(one: Problem, clock: Clock) -> bool:
    """Whether one comparison in the field fails; that costs little."""
    made = program(one, "jvp")
    if made.graph is None or not one.rows or not one.columns:
        return False
    try:
        return prove(one, made, one.at.leaves, deadline=clock.wall(0.9), log2_degree=0.0).differs
    except BudgetError:
        return False


def _primitives(checked: Problem) -> list[tuple[Equation, tuple[Any, ...]]]:
    """One equation of each primitive, types and parameters, with what it reads."""
    found: dict[Any, tuple[Equation, tuple[Any, ...]]] = {}
    for _, graph, equation, samples in record(checked.graph, checked.at.leaves, _plain):
        read = [o if isinstance(o, Literal) else graph.vertices[o] for o in equation.operands]
        inexact = [k for k, o in enumerate(read) if o.dtype.startswith(("float", "bfloat", "complex"))]
        if inexact and any(graph.vertices[r].inexact for r in equation.results):
            key = equation.primitive, tuple((o.shape, o.dtype) for o in read), str(equation.params)
            found.setdefault(key, (equation, samples[0]))
    return list(found.values())[:MOST]


def _plain(equation: Equation) -> bool:
    return not equation.bodies and equation.primitive != "stop_gradient"


def _alone(equation: Equation, values: tuple[Any, ...], function: Callable[..., Any] | None = None) -> Call:
    chosen = tuple(k for k, x in enumerate(values) if jnp.issubdtype(jax.dtypes.result_type(x), jnp.inexact))
    names = tuple(f"x{k}" for k in range(len(values)))
    f = function or equation.bind
    return Call(f, equation.primitive, values, names, chosen, lambda leaves: (tuple(leaves), {}), args=values)
