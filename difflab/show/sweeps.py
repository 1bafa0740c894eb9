"""Which forward step each reverse step of a gradient answers.

JAX writes the transformations that an equation went through into its name stack: `jvp(net)` is the forward sweep of
`net`, `transpose(jvp(net))` the reverse one. A transposed equation keeps the source line of its primal, and reads the
primal's residuals: these three facts, with the order (the reverse sweep runs backwards), give the pairs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from difflab.core.activity import phase
from difflab.core.graph import Equation, Graph, unwrapped

_FAMILY = {"sub": "add", "neg": "add", "add_any": "add", "div": "mul", "transpose": "reshape", "squeeze": "reshape"}
_NEAR = 8


def pairs(graph: Graph) -> dict[int, int]:
    """Reverse equation → the forward equation whose derivative it carries, for all of which one is found."""
    lines = _Lines(graph)
    found: dict[int, int] = {}
    for equation in graph.equations:
        if phase(equation) == "reverse":
            primal = _primal(graph, lines, equation, found)
            if primal is not None:
                found[equation.id] = primal
    return found


class _Lines:
    """Forward equations by what reverse equations share with them: line and named scope, line, and what they read."""

    def __init__(self, graph: Graph) -> None:
        self.at: dict[object, list[int]] = {}
        self.readers: dict[int, list[int]] = {}
        for equation in graph.equations:
            if phase(equation) != "reverse":
                for key in _keys(equation):
                    self.at.setdefault(key, []).append(equation.id)
                for operand in equation.operands:
                    if isinstance(operand, int):
                        self.readers.setdefault(operand, []).append(equation.id)

    def of(self, equation: Equation) -> list[int]:
        """The forward equations of the same line, of the same named scope where there are such."""
        return next((self.at[key] for key in _keys(equation) if key in self.at), [])


def _keys(equation: Equation) -> Iterator[object]:
    source = equation.source
    line = (source.file, source.line) if source else None
    yield line, _names(equation.scopes)
    if line:
        yield line


@lru_cache(maxsize=20_000)
def _names(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes without the transformations around them."""
    return tuple(filter(None, (unwrapped(scope)[0] for scope in scopes)))


def _primal(graph: Graph, lines: _Lines, equation: Equation, found: dict[int, int]) -> int | None:
    near = lines.of(equation)
    if not near:
        return None
    makers = [graph.vertices[o].equation for o in equation.operands if isinstance(o, int)]
    above = [found[k] for k in makers if k in found]
    last = bisect_right(near, min(above)) if above else len(near)
    candidates = set(near[max(last - _NEAR, 0) : last] or near[:1])
    shared = _shared(lines, equation, makers, (near[0], near[-1])) & set(near)
    return max(candidates | shared, key=lambda k: (k in shared, _kin(graph.equations[k], equation), k))


def _shared(lines: _Lines, equation: Equation, makers: list[int | None], within: tuple[int, int]) -> set[int]:
    """Forward equations that make or read a residual of this one."""
    read = [lines.readers.get(o, []) for o in equation.operands if isinstance(o, int)]
    few = {k for ks in read if len(ks) <= _NEAR for k in ks}
    return {k for k in (*few, *filter(None, makers)) if within[0] <= k <= within[1]}


def _kin(one: Equation, other: Equation) -> bool:
    return _FAMILY.get(one.primitive, one.primitive) == _FAMILY.get(other.primitive, other.primitive)
