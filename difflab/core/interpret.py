"""Run a graph over any number domain, in step with what JAX computed at the point.

A value is an array of elements of the domain together with its concrete value (`difflab.core.values`). Integers and
booleans are concrete only. So every comparison, branch, trip count, permutation and index is decided, recorded as part
of the path condition, and the rest is a straight-line program over the domain: symbols, big floats, dual numbers, error
bounds. What a primitive means stands in the table `difflab.core.primitives.RULES`; calls and loops stand here.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.domains import Domain
from difflab.core.graph import Equation, Graph, Literal, Operand
from difflab.core.primitives import RULES
from difflab.core.run import Run, Site
from difflab.core.values import Decision, Elements, Hole, Step, Value, pack


@dataclass(frozen=True, eq=False)
class Outcome:
    """The outputs of a run, one object array each (None for integers, booleans and keys), and the path taken."""

    outputs: tuple[Elements | None, ...]
    path: tuple[Decision, ...]

    @property
    def holes(self) -> tuple[Hole, ...]:
        """What could not be interpreted and reaches an output, each once."""
        found = {e.node: e for o in self.outputs if o is not None for e in o.reshape(-1) if isinstance(e, Hole)}
        return tuple(found.values())

    @property
    def tight(self) -> bool:
        """Whether the point lies on the boundary of its path's region."""
        return any(decision.tight for decision in self.path)


def interpret(
    graph: Graph,
    inputs: Sequence[Any],
    domain: Domain,
    *,
    elements: dict[int, Elements] | None = None,
    deadline: float | None = None,
    decide_here: bool = False,
    strict: bool = False,
) -> Outcome:
    """Run `graph` at the concrete `inputs`, over `domain`.

    `elements` maps input positions to object arrays of domain elements that stand for these inputs and vary; the other
    inputs are constants. `decide_here`: the domain's own order decides comparisons, and not JAX's values. Where a
    primitive is missing, a `Hole` stands in the outputs that it reaches; if `strict`, `UnsupportedError` is raised.
    `deadline` is in seconds of `time.thread_time()`; past it `BudgetError` is raised.
    """
    if decide_here and domain.order is None:
        raise TypeError(f"{domain.name} have no order and cannot decide a comparison; leave decide_here=False")
    run = Run(domain, decide_here, deadline, strict)
    given = elements or {}
    values = [run.given(jnp.asarray(x), given.get(k)) for k, x in enumerate(inputs)]
    outputs = run_graph(run, graph, values, "")
    return Outcome(tuple(value.elements for value in outputs), tuple(run.path.values()))


def run_graph(run: Run, graph: Graph, inputs: Sequence[Value], prefix: str) -> list[Value]:
    """Run all equations of a graph and return its outputs."""
    values: dict[int, Value] = dict(zip(graph.inputs, inputs, strict=True))
    values |= {k: run.given(graph.values[k]) for k in graph.constants}

    def read(operand: Operand) -> Value:
        return run.literal(operand) if isinstance(operand, Literal) else values[operand]

    fixed = _fixed(graph)
    for equation in graph.equations:
        run.check_time()
        if equation.id in fixed:
            values.update(zip(equation.results, map(run.given, fixed[equation.id]), strict=True))
            continue
        at = Site(graph, equation, f"{prefix}{equation.id}")
        made = _equation(run, at, [read(operand) for operand in equation.operands])
        values.update(zip(equation.results, made, strict=True))
    return [read(output) for output in graph.outputs]


def _fixed(graph: Graph) -> dict[int, list[Any]]:
    """Integers and booleans that depend on no input (indices, one-hot masks), found once, compiled together."""
    if graph in _FIXED:
        return _FIXED[graph]
    known = {
        k: None
        for k in graph.constants
        if not graph.vertices[k].inexact and not graph.vertices[k].dtype.startswith("key")
    }
    chosen: list[Equation] = []
    for equation in graph.equations:
        constant = all(isinstance(o, Literal) or o in known for o in equation.operands)
        if (
            constant
            and not equation.bodies
            and all(graph.vertices[r].dtype.startswith(_INTEGERS) for r in equation.results)
        ):
            known |= dict.fromkeys(equation.results)
            chosen += [equation] if equation.results else []

    def everything(constants: dict[int, Any]) -> list[list[Any]]:
        values = dict(constants)
        for equation in chosen:
            made = equation.bind(*[o.value if isinstance(o, Literal) else values[o] for o in equation.operands])
            values |= dict(zip(equation.results, made, strict=True))
        return [[values[r] for r in equation.results] for equation in chosen]

    given = {k: graph.values[k] for k in graph.constants if k in known}
    _FIXED[graph] = dict(zip((e.id for e in chosen), jax.jit(everything)(given), strict=True)) if chosen else {}
    return _FIXED[graph]


_INTEGERS = ("int", "uint", "bool")
_FIXED: WeakKeyDictionary[Graph, dict[int, list[Any]]] = WeakKeyDictionary()


def _equation(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """One equation: a call, a row of the table, or JAX itself where nothing varies."""
    call = _CALLS.get(at.equation.kind)
    if call:
        return call(run, at, operands)
    rule = RULES.get(at.equation.primitive)
    active = any(o.active for o in operands)
    if rule and not at.opaque and (active or any(o.elements is not None for o in operands)):
        return rule(run, at, operands)
    if active and not all(at.discrete):
        return run.holes(at, operands)
    if active and at.equation.primitive != "is_finite":
        run.decided(f"{at.equation.primitive} holds integers constant", at)
    return run.concretely(at, operands)


def _body(run: Run, at: Site, number: int, operands: Sequence[Value]) -> list[Value]:
    body = at.equation.bodies[number]
    return run_graph(run, body.graph, operands, f"{at.node}.{number}/")


def _call(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """jit, remat, and custom rules: their primal function."""
    fitting = [k for k, b in enumerate(at.equation.bodies) if len(b.graph.inputs) == len(operands)]
    if len(at.equation.bodies) != 1 or not fitting:
        rule = RULES.get(at.equation.primitive)
        return rule(run, at, operands) if rule else run.holes(at, operands)
    return _body(run, at, 0, operands)


def _cond(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    branches = at.equation.bodies
    chosen = min(max(int(operands[0].known), 0), len(branches) - 1)
    run.decided(f"cond takes {branches[chosen].label}", at)
    return _body(run, at, chosen, operands[1:])


def _while(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    params = at.equation.params
    split = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
    conditions, constants, carry = operands[: split[0]], operands[split[0] : split[1]], operands[split[1] :]
    labels = [body.label for body in at.equation.bodies]
    test, step = labels.index("condition"), 1 - labels.index("condition")
    for turns in count():
        run.check_time()
        (go,) = _body(run, at, test, [*conditions, *carry])
        if not bool(go.known):
            run.decided(f"while ends after {turns} iterations", at)
            break
        carry = _body(run, at, step, [*constants, *carry])
    return carry


def _scan(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    params = at.equation.params
    fixed, carried, length = params["num_consts"], params["num_carry"], params["length"]
    constants, carry, xs = operands[:fixed], operands[fixed : fixed + carried], operands[fixed + carried :]
    rows: list[list[Value]] = [[] for _ in at.equation.results[carried:]]
    for t in reversed(range(length)) if params["reverse"] else range(length):
        run.check_time()
        results = _body(run, at, 0, [*constants, *carry, *[_at_index(x, t) for x in xs]])
        carry = results[:carried]
        for row, y in zip(rows, results[carried:], strict=True):
            row.append(y)
    stacked = [_stack(run, row[::-1] if params["reverse"] else row, at, carried + k) for k, row in enumerate(rows)]
    return [*carry, *stacked]


def _at_index(value: Value, t: int) -> Value:
    def take(array: Any) -> list[Any]:
        return [array[t]]

    elements = None if value.elements is None else np.asarray(value.elements[t], object)
    return Value(elements, active=value.active).comes_from(Step(take, [value]), 0)


def _stack(run: Run, values: Sequence[Value], at: Site, result: int) -> Value:
    shape, dtype = at.shapes[result], at.dtypes[result]
    keys = dtype.startswith("key")

    def join(*parts: Any) -> list[Any]:
        return [
            jnp.stack(parts)
            if parts
            else jax.random.split(jax.random.key(0), shape)
            if keys
            else jnp.zeros(shape, dtype)
        ]

    elements = None
    if not at.discrete[result] and all(v.elements is not None for v in values):
        elements = pack(shape, [e for v in values if v.elements is not None for e in v.elements.reshape(-1)])
    return Value(elements, active=any(v.active for v in values)).comes_from(Step(join, values), 0)


_CALLS = {
    "jit": _call,
    "call": _call,
    "custom_jvp": _call,
    "custom_vjp": _call,
    "remat": _call,
    "cond": _cond,
    "while": _while,
    "scan": _scan,
}
