"""Where a program loses digits: every equation's float beside its exact value.

A relative error that is far larger than those of the operands was made by that equation: most often a subtraction of
nearly equal numbers, whose rounding errors stay while their leading digits cancel (Higham, "Accuracy and Stability of
Numerical Algorithms", 2002, section 1.7); else an underflow or an overflow.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core.bigfloat import big_floats
from difflab.core.complexes import Complex
from difflab.core.graph import Equation, Graph, Source
from difflab.core.interpret import interpret
from difflab.core.values import Hole, Value
from difflab.labs.check.precise import decimal, numbers
from difflab.labs.check.problem import Problem, Program, elements
from difflab.labs.check.spelling import term

JUMP = 16.0
"""A relative error that grows by more in one equation is a loss."""

_PART = 1e-3
"""Losses smaller than this part of the error of the result are left out."""


@dataclass(frozen=True)
class Loss:
    """One equation that loses digits.

    `before` and `after` are the largest relative errors of its operands and of its result, both at the entry that is
    shown: `operands` and `result` are its floats, `exact` what the result is in exact arithmetic. `advice` says how to
    write it, if the form is known.
    """

    node: str
    primitive: str
    source: Source | None
    before: float
    after: float
    operands: tuple[str, ...]
    result: str
    exact: str
    advice: str

    @property
    def kind(self) -> str:
        """What happened: underflow, overflow, cancellation, or another loss."""
        if float(self.result) == 0 and float(self.exact) != 0:
            return "underflow or complete cancellation" if self.primitive in _SUMS else "underflow"
        if not isfinite(float(self.result)):
            return "overflow"
        return "cancellation" if self.primitive in _SUMS else "loss of digits"

    def __str__(self) -> str:
        where = f"{self.source}: {self.source.text}\n    " if self.source else ""
        made = f"{self.primitive}({', '.join(self.operands)}) = {self.result}, exactly {self.exact}"
        grown = f"relative error {self.before:.1e} → {self.after:.1e}"
        return f"{where}{self.kind}: {made}; {grown}" + (f"; {self.advice}" if self.advice else "")


_SUMS = ("add", "sub", "add_any", "reduce_sum", "dot_general", "cumsum", "scatter-add")

ADVICE: Mapping[str, str] = {
    r"^sub\(1, cos\(|^sub\(cos\(.*, 1\)$": "write 1 - cos(x) as 2*sin(x/2)**2",
    r"^sub\(exp\(.*\), 1\)$|^sub\(1, exp\(": "write exp(x) - 1 as jnp.expm1(x)",
    r"^add\(exp\(.*\), -1\)$|^add\(-1, exp\(": "write exp(x) - 1 as jnp.expm1(x)",
    r"^log\(add\(1, |^log\(add\(.*, 1\)\)$|^add\(1, .*\)$|^add\(.*, 1\)$": "write log(1 + x) as jnp.log1p(x)",
    r"^log\(sub\(1, exp\(": "write log(1 - exp(x)) as jnp.log(-jnp.expm1(x))",
    r"^log\(sub\(1, ": "write log(1 - x) as jnp.log1p(-x)",
    r"^sub\(1, (square|integer_pow|mul)\(tanh\(": "write 1 - tanh(x)**2 as 1/cosh(x)**2",
    r"^sub\(1, tanh\(": "write 1 - tanh(x) as 2/(1 + exp(2*x))",
    r"^sub\(1, erf\(": "write 1 - erf(x) as jax.scipy.special.erfc(x)",
    r"^sub\(1, logistic\(": "write 1 - sigmoid(x) as jax.nn.sigmoid(-x)",
    r"^sub\(sqrt\(add\(|^sub\(.*, sqrt\(add\(": "write sqrt(x**2 + a) - x as a/(sqrt(x**2 + a) + x)",
    r"^sub\(sqrt\(.*, sqrt\(": "write sqrt(a) - sqrt(b) as (a - b)/(sqrt(a) + sqrt(b))",
    r"^sub\(.*, log\(reduce_sum\(exp\(": "use jax.nn.log_softmax, or jax.nn.logsumexp",
    r"^log\(reduce_sum\(exp\(": "use jax.nn.logsumexp",
    r"^log\(div\(exp\(": "use jax.nn.log_softmax",
    r"^sub\(log\(.*, log\(": "write log(a) - log(b) as log1p((a - b)/b)",
    r"^sub\(div\(reduce_sum\((square|integer_pow)\(": "subtract the mean first: jnp.mean((x - jnp.mean(x))**2)",
    r"^sub\((square|integer_pow)\(.*, (square|integer_pow)\(": "write a**2 - b**2 as (a - b)*(a + b)",
    r"^sub\(sin\(.*, sin\(": "write sin(a) - sin(b) as 2*cos((a + b)/2)*sin((a - b)/2)",
    r"^sub\(cos\(.*, cos\(": "write cos(a) - cos(b) as -2*sin((a + b)/2)*sin((a - b)/2)",
}
"""Unstable form, as `term` spells it → the stable one."""

_GENERAL = "nearly equal numbers cancel: rearrange, or compute this part in a wider type"


def losses(
    checked: Problem,
    program: Program,
    leaves: Sequence[Any],
    seeds: Mapping[int, Any],
    *,
    digits: int = 50,
    most: int = 4,
    deadline: float | int | None = None,
) -> list[Loss]:
    """The equations of one run of a derivative program that lose most digits, the worst first.

    `seeds` are those coordinates of the tangents or cotangents that are not zero. JAX runs the program one equation at
    a time, so its floats may differ from those of the compiled program in the last place.
    """
    assert program.graph is not None
    base, watch = big_floats(digits), _Watch(digits)
    graph, count, negate = program.graph, len(leaves), base.operations["neg"]
    given = dict(zip(checked.inputs, elements(checked.input_types, _all(base, numbers(checked, leaves))), strict=True))
    types = [(graph.vertices[v].shape, graph.vertices[v].dtype) for v in graph.inputs[count:]]
    flat = [float(seeds.get(k, 0)) for k in range(sum(_width(kind) for kind in types))]
    turned = (lambda x: -x) if program.reverse else None
    concrete = [_concrete(e, dtype) for e, (_, dtype) in zip(elements(types, flat, turned), types, strict=True)]
    exact = elements(types, _all(base, flat), negate if program.reverse else None)
    given |= {count + k: seed for k, seed in enumerate(exact)}
    interpret(graph, [*leaves, *concrete], base, elements=given, deadline=deadline, observe=watch)
    return watch.worst(most)


class _Watch:
    """Compares the floats of every equation with its exact values, and keeps those that lose digits."""

    def __init__(self, digits: int) -> None:
        self.digits = digits
        self.found: dict[str, Loss] = {}

    def __call__(
        self, node: str, graph: Graph, equation: Equation, operands: Sequence[Value], results: Sequence[Value]
    ) -> None:
        if equation.bodies or len(results) != 1 or not results[0].active or results[0].elements is None:
            return
        unit = _unit(graph.vertices[equation.results[0]].dtype)
        exact, known = _reals(results[0])
        if unit is None or exact is None or known is None or not exact:
            return
        errors = [_error(a, e) for a, e in zip(known, exact, strict=True)]
        k = max(range(len(errors)), key=lambda i: errors[i] if errors[i] == errors[i] else inf)
        if not errors[k] > JUMP * unit:
            return
        parts = [_part(operand, k, len(errors)) for operand in operands]
        before = max((error for error, _ in parts), default=0.0)
        if not errors[k] > JUMP * max(before, unit):
            return
        kept = self.found.get(node)
        if kept is None or errors[k] > kept.after:
            values = tuple(text for _, text in parts)
            made = Loss(
                node, equation.primitive, equation.source, before, errors[k], values,
                f"{known[k]:.9g}", decimal(exact[k], 12), advice_of(graph, equation),
            )  # fmt: skip
            self.found[node] = made

    def worst(self, most: int) -> list[Loss]:
        """The largest losses; small ones beside them are left out."""
        order = sorted(self.found.values(), key=lambda loss: -min(loss.after, 1e300))
        return [loss for loss in order if loss.after >= _PART * min(order[0].after, 1.0)][:most]


def advice_of(graph: Graph, equation: Equation) -> str:
    """How to write what an equation computes, so that no digits are lost."""
    text = term(graph, equation)
    users = [e for e in graph.equations if any(o in equation.results for o in e.operands)]
    for spelled in (text, *(term(graph, user) for user in users if user.primitive == "log")):
        for pattern, advice in ADVICE.items():
            if re.search(pattern, spelled) and ("log" not in advice.split(" as ")[0] or "log(" in spelled):
                return advice
    return _GENERAL if equation.primitive in _SUMS else ""


def _part(operand: Value, k: int, count: int) -> tuple[float, str]:
    """An operand's relative error and its number at entry k, or of all its entries where shapes differ."""
    exact, known = _reals(operand)
    if exact is None or known is None or not exact:
        return 0.0, "…"
    if len(exact) == count or len(exact) == 1:
        i = k if len(exact) == count else 0
        return _error(known[i], exact[i]), f"{known[i]:.9g}"
    return max(_error(a, e) for a, e in zip(known, exact, strict=True)), f"[{len(known)} numbers]"


def _reals(value: Value) -> tuple[list[Any] | None, list[float] | None]:
    """Exact elements and floats of a value, in real coordinates; None where there are holes."""
    if value.elements is None:
        return None, None
    exact: list[Any] = []
    for e in value.elements.reshape(-1):
        exact += [e.re, e.im] if isinstance(e, Complex) else [e]
    if any(isinstance(e, Hole) for e in exact):
        return None, None
    array = np.asarray(value.known).reshape(-1)
    if array.dtype.kind == "c":
        return exact, array.astype(np.complex128).view(np.float64).tolist()
    return exact, array.astype(np.float64).tolist()


def _error(number: float, exact: Any) -> float:
    """Relative error of a float; infinite where it is not finite and should be, or not zero and should be."""
    if exact != exact or abs(exact) == inf:
        return 0.0
    if not isfinite(number):
        return inf
    if exact == 0:
        return 0.0 if number == 0 else inf
    return min(float(abs(number - exact) / abs(exact)), 1e300)


def _unit(dtype: str) -> float | None:
    return float(jnp.finfo(dtype).eps) if dtype.startswith(("float", "bfloat", "complex")) else None


def _all(base: Any, values: Sequence[Any]) -> list[Any]:
    return [base.constant(x) for x in values]


def _concrete(seed: np.ndarray, dtype: str) -> Any:
    flat = [complex(e.re, e.im) if isinstance(e, Complex) else e for e in seed.reshape(-1)]
    return jnp.asarray(np.array(flat).reshape(seed.shape), dtype)


def _width(kind: tuple[tuple[int, ...], str]) -> int:
    shape, dtype = kind
    return int(np.prod(shape, dtype=int)) * (2 if dtype.startswith("complex") else 1)
