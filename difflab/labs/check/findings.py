"""What the checker found: faults with a witness, and remarks that a reader of the verdict should know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from difflab.core.graph import Source

FAULTS = {
    "wrong sign": "the derivative has the wrong sign",
    "factor": "the derivative is off by a constant factor",
    "constant": "a constant is slightly off",
    "transpose": "the Jacobian is transposed, or arguments are swapped",
    "missing argument": "the derivative by an argument is missing",
    "forgotten sum": "a sum over a broadcast axis, or a term of a sum, is missing",
    "branch": "the derivative is wrong on one branch only",
    "second order": "the first derivative is right and the second is wrong",
    "primal": "the rule returns another value than the function",
    "not linear": "the rule is not linear in its tangent or cotangent",
    "conjugate": "a complex conjugate is missing or too many",
    "symmetric": "it is right for symmetric changes of a symmetric matrix alone, and one triangle is read",
    "cast": "precision is lost by a cast inside the rule",
    "wrong": "the derivative is wrong",
}
"""Kinds of faults."""

REMARKS = {
    "by design": "stop_gradient or a straight-through estimator holds a value constant, as asked",
    "integer input": "an integer or boolean input has no gradient (float0)",
    "randomness": "random numbers are drawn; keys are held fixed",
    "side effect": "a callback runs; it ran once",
    "nondeterministic": "two runs gave different bits",
    "not finite": "a value or a derivative is not finite at a point",
    "kink": "a point lies on a kink",
    "unreached branch": "no point was found on one side of a branch",
    "branch in the derivative": "the derivative program branches where the function does not",
    "rounding": "the derivative is right, but its floats lose digits",
    "constants": "float constants were read as the numbers that they round",
    "unsupported": "a primitive has no exact meaning to the checker",
    "missing mode": "JAX has no derivative of this mode",
    "budget": "the time was spent before all was shown",
}
"""Kinds of remarks."""


@dataclass(frozen=True)
class Witness:
    """One place where the derivative is wrong, in enough digits to be sure.

    `point` are the inputs to 17 digits, by name; `ad` and `true` what JAX's program gives there in exact arithmetic and
    the true value, as decimals; `ratio` is ad / true. `method` is "balls" (rigorous: the enclosures do not meet) or
    "50 digits". `snippet` shows it again.
    """

    point: tuple[tuple[str, str], ...]
    ad: str
    true: str
    ratio: float
    method: str
    snippet: str = ""


@dataclass(frozen=True)
class Finding:
    """One finding: a fault (`severity` "error") or a remark ("warning", "info").

    `kind` is a key of `FAULTS` or `REMARKS`. `mode` and `order` say in which derivative program; `entry` is (row,
    column) by name; `rule` names the custom rule and `source` its line; `hint` says what to do.
    """

    kind: str
    severity: str
    message: str
    mode: str = ""
    order: int = 1
    entry: tuple[str, str] | None = None
    rule: str = ""
    source: Source | None = None
    hint: str = ""
    witness: Witness | None = None
    details: dict[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        where = f"{self.source}: " if self.source else ""
        entry = f" (∂{self.entry[0]}/∂{self.entry[1]})" if self.entry else ""
        return f"{where}{self.message}{entry}" + (f"; {self.hint}" if self.hint else "")
