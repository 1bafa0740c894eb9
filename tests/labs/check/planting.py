"""How errors are planted: functions with a custom rule that is wrong in one known way, by name in `PLANTED`.

Each maker returns the function and the rule that is wrong in it; what a checker says is compared with the name and the
line of that rule. The kinds are keys of `difflab.labs.check.findings.FAULTS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

V = np.array([0.3, -0.7, 1.9], np.float32)
W = np.array([0.8, 0.4, -1.2], np.float32)
A = np.array([[0.3, -0.7, 1.9], [0.25, 1.1, -0.4], [1.3, 0.6, 0.5]], np.float32)
B = np.array([[1.2, 0.1, -0.3], [0.7, -0.9, 0.2], [-0.8, 0.35, 1.4]], np.float32)
R = np.array([[0.3, -0.7, 1.9], [0.25, 1.1, -0.4]], np.float32)
Z = np.complex64(0.6 + 0.8j)
ZS = np.array([0.6 + 0.8j, -1.1 + 0.3j], np.complex64)


@dataclass(frozen=True)
class Planted:
    """A wrong function: `kind` is what should be read, `rule` the function to blame, `order` where it shows."""

    f: Callable[..., Any]
    args: tuple[Any, ...]
    kind: str
    rule: Callable[..., Any] | None
    order: int = 1


PLANTED: dict[str, Planted] = {}


def plant(name: str, kind: str, f: Callable[..., Any], args: tuple[Any, ...], rule: Any, order: int = 1) -> None:
    """Enter one error."""
    assert name not in PLANTED
    PLANTED[name] = Planted(f, args, kind, rule, order)


def forward(f: Callable[..., Any], rule: Callable[..., Any]) -> Callable[..., Any]:
    """`f` with a jvp rule."""
    wrapped = jax.custom_jvp(f)
    wrapped.defjvp(rule)
    return wrapped


def reverse(f: Callable[..., Any], rule: Callable[..., Any], fwd: Any = None) -> Callable[..., Any]:
    """`f` with a vjp rule whose residuals are the arguments."""
    wrapped = jax.custom_vjp(f)
    wrapped.defvjp(fwd or (lambda *x: (f(*x), x)), rule)
    return wrapped


def in_forward(name: str, kind: str, f: Any, slope: Callable[..., Any], args: tuple[Any, ...], order: int = 1) -> None:
    """A jvp rule whose tangent is `slope(primals, tangents)`."""

    def rule(primals: Any, tangents: Any) -> Any:
        return f(*primals), slope(primals, tangents)

    plant(name, kind, forward(f, rule), args, rule, order)


def in_reverse(name: str, kind: str, f: Any, bwd: Callable[..., Any], args: tuple[Any, ...], fwd: Any = None) -> None:
    """A vjp rule `bwd(residuals, cotangent)`."""
    plant(name, kind, reverse(f, bwd, fwd), args, bwd)
