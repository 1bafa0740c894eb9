"""All views of one function, in tabs, with one focus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from difflab.core.call import Call, call
from difflab.core.capture import capture
from difflab.core.graph import Graph, program
from difflab.core.showable import Showable
from difflab.labs.adjoint import AdjointTrace, inspect_call
from difflab.labs.check import Report, check_call
from difflab.labs.elimination import Elimination, eliminate_call
from difflab.show.outline import outline

CHECKED = 2_000
"""Functions of more equations than this are not checked unasked."""


@dataclass(frozen=True)
class Failure:
    """What one lab said when it could not do its work for this function; the other views stay usable."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Lab(Showable):
    """One function at one point: drawn, checked, stepped through and eliminated.

    `graph` is always there; each of the other three is its lab's own object, or the `Failure` that tells why not.
    """

    graph: Graph
    check: Report | Failure
    adjoint: AdjointTrace | Failure
    elimination: Elimination | Failure

    @property
    def parts(self) -> dict[str, Any]:
        """The object of each view, by the view's name."""
        return {"graph": self.graph, "check": self.check, "adjoint": self.adjoint, "elimination": self.elimination}

    def __str__(self) -> str:
        """What each lab found, as text."""
        parts = {**self.parts, "graph": _program(self.graph)}
        return "\n\n".join(f"{name}\n{'─' * len(name)}\n{part}" for name, part in parts.items())


def lab(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    has_aux: bool = False,
    **kwargs: Any,
) -> Lab:
    """Draw, check, step through and eliminate `f(*args)`: the four labs on one graph, in the tabs of one widget.

    `argnums`, `static_argnums`, `static_argnames` and `has_aux` are as in JAX; other keyword arguments go to `f`.
    Raises `CaptureError` where `f` cannot be traced. A lab that cannot handle `f` says so in its own tab.

    >>> import jax.numpy as jnp
    >>> found = lab(lambda x, y: jnp.sin(x) * y, 1.0, 2.0)
    >>> found.check.verdict
    'proved with high probability'
    """
    at = call(
        f,
        *args,
        argnums=argnums,
        static_argnums=static_argnums,
        static_argnames=static_argnames,
        has_aux=has_aux,
        **kwargs,
    )
    graph = capture(at)
    return Lab(graph, *(_attempt(work, at) for work in (_checked, inspect_call, eliminate_call)))


def _checked(at: Call) -> Report | Failure:
    """The check, unless XLA would compile its Jacobians for minutes."""
    size = capture(at).size
    if size > CHECKED:
        return Failure(
            f"{at.name} has {size:,} equations; up to {CHECKED:,} are checked here, since JAX compiles both Jacobians "
            "for it. Check a part of it, or have it all with dl.check(f, ...), which takes its time"
        )
    return check_call(at)


def _attempt(work: Callable[[Call], Any], at: Call) -> Any:
    """Run one lab; its failure is a result, too."""
    try:
        return work(at)
    except Exception as error:
        return Failure(f"{type(error).__name__}: {error}")


def _program(graph: Graph) -> str:
    return "\n".join(outline(program(graph), 60))
