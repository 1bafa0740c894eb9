"""Whether a custom linear solve solves what it says, at concrete values.

`jax.lax.custom_linear_solve` differentiates by implicit differentiation: from A x = b, δx = A⁻¹(δb − δA x) and
b̄ = A⁻ᵀ x̄ (Giles 2008). JAX takes on trust that `solve` inverts `matvec`, that `transpose_solve` inverts its transpose,
and that A is symmetric where `symmetric=True` says so. All three are linear statements that can be tried at one b.
The interpreter solves with the matrix of `matvec` itself, so a proof of the whole function says nothing of them: a
fault found here is one at every input ("direct" in its details).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core.graph import Equation
from difflab.labs.check.findings import Finding
from difflab.labs.check.recorded import evaluate

LOOSE = 1e-3
"""Relative backward error above which a solve is called wrong: iterative solvers stop near 1e-5."""


def solve_faults(equation: Equation, samples: Sequence[tuple[Any, ...]]) -> list[Finding]:
    """What is wrong with a custom linear solve at the operand values seen."""
    kinds: dict[str, Finding] = {}
    for sample in samples:
        for finding in _faults(equation, sample):
            kinds.setdefault(finding.kind, finding)
    return list(kinds.values())


def _faults(equation: Equation, operands: tuple[Any, ...]) -> Iterator[Finding]:
    apply, right = _parts(equation, operands)
    probe = [_probe(b, k) for k, b in enumerate(right)]
    other = [_probe(b, k + len(right)) for k, b in enumerate(right)]
    forward = apply["matvec"](other)
    if "vecmat" in apply and _far(_dot(probe, forward), _dot(apply["vecmat"](probe), other), _size(probe, forward)):
        yield Finding(
            "transpose", "error", "the matrix of a custom linear solve is called symmetric and is not",
            hint="pass transpose_solve in place of symmetric=True", details={"direct": True},
        )  # fmt: skip
    for given, solver, words in (
        ("matvec", "solve", "matvec"),
        ("vecmat", "transpose_solve", "the transpose of matvec"),
    ):
        if solver in apply and given in apply:
            off = _residual(apply[given], apply[solver], probe)
            if off > LOOSE or off != off:
                kind = "transpose" if solver == "transpose_solve" else "wrong"
                yield Finding(
                    kind, "error", f"{solver} of a custom linear solve does not invert {words}",
                    hint=f"its residual is {off:.1e} of what it should solve for",
                    details={"residual": off, "direct": True},
                )  # fmt: skip


def _parts(
    equation: Equation, operands: tuple[Any, ...]
) -> tuple[dict[str, Callable[[list[Any]], list[Any]]], list[Any]]:
    """The linear maps by name, with their constants in place, and the right-hand side."""
    lengths = equation.params["const_lengths"]
    bounds = np.cumsum([0, *lengths]).tolist()
    constants = {n: operands[a:b] for n, a, b in zip(lengths._fields, bounds[:-1], bounds[1:], strict=True)}

    def applied(body: Any) -> Callable[[list[Any]], list[Any]]:
        return lambda xs: evaluate(body.graph, [*constants[body.label], *xs])

    return {body.label: applied(body) for body in equation.bodies}, list(operands[bounds[-1] :])


def _probe(b: Any, k: int) -> Any:
    random = np.random.default_rng(k)
    noise = random.normal(size=jnp.shape(b))
    if jnp.issubdtype(jnp.result_type(b), jnp.complexfloating):
        noise = noise + 1j * random.normal(size=jnp.shape(b))
    return jnp.asarray(noise, jnp.result_type(b))


def _residual(apply: Any, solve: Any, b: list[Any]) -> float:
    x = solve(b)
    back = apply(x)
    scale = _norm(b) + _norm(back)
    return _norm([p - q for p, q in zip(back, b, strict=True)]) / scale if scale else 0.0


def _dot(a: list[Any], b: list[Any]) -> complex:
    return complex(sum(np.sum(np.asarray(x) * np.asarray(y)) for x, y in zip(a, b, strict=True)))


def _size(a: list[Any], b: list[Any]) -> float:
    return _norm(a) * _norm(b)


def _far(a: complex, b: complex, scale: float | int) -> bool:
    return not abs(a - b) <= LOOSE * scale


def _norm(a: list[Any]) -> float:
    return float(np.sqrt(sum(np.sum(np.abs(np.asarray(x, complex)) ** 2) for x in a)))
