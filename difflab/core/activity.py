"""Which equations a derivative passes through: those on a path from the varied inputs to the outputs.

Forward and backward reachability, called *activity* (Griewank & Walther, "Evaluating Derivatives", 2008, section 6.2),
through calls and loops; and the phases of a graph that holds both sweeps, as JAX's name stacks tell them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal as OneOf

from difflab.core.graph import Equation, Graph
from difflab.core.partials import ZERO

Phase = OneOf["forward", "reverse"]

_OPENED = ("jit", "call", "scan")
_SWEEP = re.compile(r"\b(jvp|transpose)\(")


def phase(equation: Equation) -> Phase | None:
    """The sweep that an equation belongs to; None outside of gradients. Of nested gradients the outermost counts.

    >>> import jax
    >>> from difflab.core.capture import graph
    >>> print(*(phase(e) for e in graph(jax.grad(jax.numpy.sin), 1.0).equations))
    forward forward reverse
    """
    return _phase(equation.scopes)


@lru_cache(maxsize=20_000)
def _phase(scopes: tuple[str, ...]) -> Phase | None:
    for scope in scopes:
        found = _SWEEP.search(scope)
        if found is not None:
            return "reverse" if found[1] == "transpose" else "forward"
    return None


@dataclass(frozen=True, eq=False)
class SweptGraph:
    """A graph and the way of a derivative through it.

    `moving` maps each equation on the way to the positions of its operands that vary; `inner` holds the same of calls
    and scans on the way, their bodies run `count` times. Of a scan's body `carried` are the inputs that no memory
    outside holds, and `invariant` the vertices that are the same in every iteration.
    """

    graph: Graph
    moving: Mapping[int, tuple[int, ...]]
    inner: Mapping[int, SweptGraph]
    count: int = 1
    carried: frozenset[int] = frozenset()
    invariant: frozenset[int] = frozenset()


def swept(graph: Graph, inputs: frozenset[int], outputs: frozenset[int] | None = None) -> SweptGraph:
    """The way from these input vertices to the outputs at these positions (all, if None)."""
    active = set(inputs)
    for equation in graph.equations:
        active |= _reached(graph, equation, active)
    wanted = outputs if outputs is not None else range(len(graph.outputs))
    live = {o for k, o in enumerate(graph.outputs) if k in wanted and isinstance(o, int)} & active
    moving: dict[int, tuple[int, ...]] = {}
    inner: dict[int, SweptGraph] = {}
    for equation in reversed(graph.equations):
        needed = frozenset(k for k, r in enumerate(equation.results) if r in live)
        positions = tuple(k for k, o in enumerate(equation.operands) if isinstance(o, int) and o in active)
        if needed and positions:
            moving[equation.id] = positions
            body = _inside(equation, positions, needed)
            if body is not None:
                inner[equation.id] = body
            live.update(o for o in equation.operands if isinstance(o, int) and o in active)
    return SweptGraph(graph, moving, inner)


def _reached(graph: Graph, equation: Equation, active: set[int]) -> set[int]:
    positions = [k for k, o in enumerate(equation.operands) if isinstance(o, int) and o in active]
    if not positions or equation.primitive in ZERO:
        return set()
    results = {r for r in equation.results if graph.vertices[r].inexact}
    body = _body(equation)
    if body is None:
        return results
    made = _active_outputs(body, _varied(equation, positions))
    return {r for k, r in enumerate(equation.results) if r in results and k in made}


def _active_outputs(body: Graph, inputs: frozenset[int]) -> set[int]:
    active = set(inputs)
    for equation in body.equations:
        active |= _reached(body, equation, active)
    return {k for k, o in enumerate(body.outputs) if isinstance(o, int) and o in active}


def _varied(equation: Equation, positions: list[int] | tuple[int, ...]) -> frozenset[int]:
    """The body's inputs that vary; in a loop also what earlier iterations make vary."""
    body = equation.bodies[0].graph
    inputs = frozenset(body.inputs[k] for k in positions)
    if equation.kind != "scan":
        return inputs
    fixed, carried = int(equation.params["num_consts"]), int(equation.params["num_carry"])
    while True:
        more = {body.inputs[fixed + k] for k in _active_outputs(body, inputs) if k < carried}
        if more <= inputs:
            return inputs
        inputs |= more


def _inside(equation: Equation, positions: tuple[int, ...], needed: frozenset[int]) -> SweptGraph | None:
    body = _body(equation)
    if body is None:
        return None
    inputs = _varied(equation, positions)
    if equation.kind != "scan":
        return swept(body, inputs, needed)
    fixed, carried = int(equation.params["num_consts"]), int(equation.params["num_carry"])
    while True:
        found = swept(body, inputs, needed)
        read = [*(v for e in found.moving for v in body.equations[e].operands), *(body.outputs[k] for k in needed)]
        live = {v for v in read if isinstance(v, int)}
        more = needed | {k for k in range(carried) if body.inputs[fixed + k] in live & inputs}
        if more == needed:
            break
        needed = frozenset(more)
    carries = frozenset(body.inputs[fixed : fixed + carried])
    return SweptGraph(
        body, found.moving, found.inner, equation.bodies[0].count or 1, carries, _invariant(body, fixed)
    )  # fmt: skip


def _invariant(body: Graph, fixed: int) -> frozenset[int]:
    known = {*body.inputs[:fixed], *body.constants}
    for equation in body.equations:
        if all(not isinstance(o, int) or o in known for o in equation.operands):
            known.update(equation.results)
    return frozenset(known)


def _body(equation: Equation) -> Graph | None:
    """The one body of a call or scan, whose inputs are the operands."""
    if equation.kind not in _OPENED or len(equation.bodies) != 1:
        return None
    body = equation.bodies[0].graph
    fits = len(body.inputs) == len(equation.operands) and len(body.outputs) == len(equation.results)
    return body if fits else None
