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
    from difflab.labs.check import check
    from difflab.labs.elimination import eliminate, jacobian
    from difflab.labs.elimination.execution.compare import compare
    from difflab.show.lab import lab

__version__ = "0.1.0"

__all__ = [
    "CaptureError",
    "DifflabError",
    "Graph",
    "UnsupportedError",
    "check",
    "compare",
    "eliminate",
    "explain",
    "graph",
    "inspect",
    "jacobian",
    "lab",
    "setup",
    "zoo",
]

_HOMES = {
    "CaptureError": "difflab.core.errors",
    "DifflabError": "difflab.core.errors",
    "Graph": "difflab.core.graph",
    "UnsupportedError": "difflab.core.errors",
    "check": "difflab.labs.check",
    "compare": "difflab.labs.elimination.execution.compare",
    "eliminate": "difflab.labs.elimination",
    "explain": "difflab.labs.adjoint",
    "graph": "difflab.core.capture",
    "inspect": "difflab.labs.adjoint",
    "jacobian": "difflab.labs.elimination",
    "lab": "difflab.show.lab",
    "setup": "difflab.frontend",
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
