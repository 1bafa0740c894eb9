"""JAX's own derivative of one equation: which operands it reaches, and its pull-back, traced once and used often.

The pull-back of y = p(x) takes ȳ to x̄ = ȳ·∂y/∂x. Only the operands that carry a derivative are differentiated, and
only the results that have a cotangent are pulled back from: a zero put in for a missing cotangent is not the same
(`eigh` at a repeated eigenvalue pulls it back to NaN).

Equations that a recording meets often share one compiled pull-back a (primitive, params, shapes, operands, results);
the others run eagerly, operation by operation, which costs less than a compilation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jax

from difflab.core.graph import Equation, Graph, Literal, Vertex

from .dependence import dependence, reached

OFTEN = 8
"""A pull-back that is asked for this many times in one recording is compiled."""

PullBack = Callable[[Sequence[Any], Sequence[Any]], tuple[Any, ...]]
"""Operands and cotangents of the live results → cotangents of the chosen operands."""


@dataclass(frozen=True)
class _Rule:
    """What a rule is known by. `params` is None where they do not tell: with bodies, or if they do not hash."""

    primitive: str
    params: tuple[Any, ...] | None
    operands: tuple[str, ...]
    chosen: tuple[int, ...]
    live: tuple[int, ...]
    equation: Equation = field(compare=False)
    results: tuple[Vertex, ...] = field(compare=False)


class Rules:
    """The rules of one recording; what hashes is shared with later ones."""

    def __init__(self) -> None:
        self._depends: dict[tuple[int, tuple[int, ...]], tuple[tuple[int, ...], ...]] = {}
        self._reached: dict[tuple[int, tuple[int, ...], tuple[int, ...]], tuple[int, ...]] = {}
        self._rules: dict[tuple[int, tuple[int, ...], tuple[int, ...]], _Rule] = {}
        self._asked: dict[_Rule, int] = {}
        self._pulls: dict[tuple[int, tuple[int, ...], tuple[int, ...], bool], PullBack] = {}

    def depends(
        self, graph: Graph, equation: Equation, values: Sequence[Any], active: tuple[int, ...]
    ) -> tuple[tuple[int, ...], ...]:
        """For each result the active operands that its derivative can depend on."""
        key = (id(equation), active)
        if key not in self._depends:
            rule = _rule(graph, equation, active, ())
            known = _structures.get(rule) if rule.params is not None else None
            if known is None:
                known = dependence(equation, values, active, rule.results)
                if rule.params is not None:
                    _structures.put(rule, known)
            self._depends[key] = known
        return self._depends[key]

    def reached(
        self, equation: Equation, values: Sequence[Any], chosen: tuple[int, ...], live: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Those of the chosen operands that the equation's rule sends something."""
        if equation.kind != "custom_vjp" or not chosen:
            return chosen
        key = (id(equation), chosen, live)
        if key not in self._reached:
            self._reached[key] = reached(equation, values, chosen, live)
        return self._reached[key]

    def pull_back(
        self, graph: Graph, equation: Equation, chosen: tuple[int, ...], live: tuple[int, ...], often: bool
    ) -> PullBack:
        """The pull-back from the live results to the chosen operands; equations with one rule are counted together."""
        place = (id(equation), chosen, live)
        if place not in self._rules:
            self._rules[place] = _rule(graph, equation, chosen, live)
        rule = self._rules[place]
        if rule.params is not None and not often:
            self._asked[rule] = self._asked.get(rule, 0) + 1
            often = self._asked[rule] >= OFTEN
        key = (*place, often)
        if key not in self._pulls:
            shared = often and rule.params is not None
            eager = _eager(equation, chosen, live)
            self._pulls[key] = _compiled(rule) if shared else jax.jit(eager) if often else eager
        return self._pulls[key]


class _Structures:
    """Known structures, at most `size`; the oldest go first."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.known: dict[_Rule, tuple[tuple[int, ...], ...]] = {}

    def get(self, rule: _Rule) -> tuple[tuple[int, ...], ...] | None:
        return self.known.get(rule)

    def put(self, rule: _Rule, structure: tuple[tuple[int, ...], ...]) -> None:
        if len(self.known) >= self.size:
            del self.known[next(iter(self.known))]
        self.known[rule] = structure


_structures = _Structures(4096)


@lru_cache(maxsize=1024)
def _compiled(rule: _Rule) -> PullBack:
    return jax.jit(_eager(rule.equation, rule.chosen, rule.live))


def _eager(equation: Equation, chosen: tuple[int, ...], live: tuple[int, ...]) -> PullBack:
    def pull(values: Sequence[Any], cotangents: Sequence[Any]) -> tuple[Any, ...]:
        def restricted(*entries: Any) -> list[Any]:
            full = list(values)
            for i, entry in zip(chosen, entries, strict=True):
                full[i] = entry
            results = equation.bind(*full)
            return [results[j] for j in live]

        _, back = jax.vjp(restricted, *(values[i] for i in chosen))
        return back(list(cotangents))

    return pull


def _rule(graph: Graph, equation: Equation, chosen: tuple[int, ...], live: tuple[int, ...]) -> _Rule:
    params = None if equation.bodies else tuple(sorted(equation.params.items()))
    params = params if _hashes(params) else None
    operands = tuple(
        f"{o.dtype}{o.shape}" if isinstance(o, Literal) else graph.vertices[o].type for o in equation.operands
    )
    results = tuple(graph.vertices[v] for v in equation.results)
    return _Rule(equation.primitive, params, operands, chosen, live, equation, results)


def _hashes(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
