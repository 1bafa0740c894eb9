"""difflab: an interactive differentiation lab for JAX."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from difflab import zoo
    from difflab.core.capture import graph
    from difflab.core.errors import CaptureError, DifflabError, UnsupportedError
    from difflab.core.graph import Graph
    from difflab.frontend import setup
    from difflab.labs.adjoint import explain, inspect
    from difflab.labs.check import assert_grads, check, check_rule
    from difflab.labs.check.accuracy import accuracy
    from difflab.labs.check.formulas import hessian_sympy, jacobian_sympy
    from difflab.labs.check.points import Box, Positive
    from difflab.labs.check.truth import truth
    from difflab.labs.elimination import eliminate, jacobian
    from difflab.labs.elimination.execution.compare import compare
    from difflab.show.lab import lab

__version__ = "0.1.0"

__all__ = [
    "Box",
    "CaptureError",
    "DifflabError",
    "Graph",
    "Positive",
    "UnsupportedError",
    "accuracy",
    "assert_grads",
    "check",
    "check_rule",
    "compare",
    "eliminate",
    "explain",
    "graph",
    "hessian_sympy",
    "inspect",
    "jacobian",
    "jacobian_sympy",
    "lab",
    "setup",
    "truth",
    "zoo",
]

_HOMES = {
    "Box": "difflab.labs.check.points",
    "CaptureError": "difflab.core.errors",
    "DifflabError": "difflab.core.errors",
    "Graph": "difflab.core.graph",
    "Positive": "difflab.labs.check.points",
    "UnsupportedError": "difflab.core.errors",
    "accuracy": "difflab.labs.check.accuracy",
    "assert_grads": "difflab.labs.check",
    "check": "difflab.labs.check",
    "check_rule": "difflab.labs.check",
    "compare": "difflab.labs.elimination.execution.compare",
    "eliminate": "difflab.labs.elimination",
    "explain": "difflab.labs.adjoint",
    "graph": "difflab.core.capture",
    "hessian_sympy": "difflab.labs.check.formulas",
    "inspect": "difflab.labs.adjoint",
    "jacobian": "difflab.labs.elimination",
    "jacobian_sympy": "difflab.labs.check.formulas",
    "lab": "difflab.show.lab",
    "setup": "difflab.frontend",
    "truth": "difflab.labs.check.truth",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name == "zoo":
        return import_module("difflab.zoo")
    if name not in _HOMES:
        raise AttributeError(f"module 'difflab' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
