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

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.domains import Domain
from difflab.core.fixed import fixed_values
from difflab.core.graph import Graph, Operand
from difflab.core.implicit import linear_solve
from difflab.core.needed import needed
from difflab.core.primitives import RULES
from difflab.core.run import Observer, Run, Site, no_collection
from difflab.core.values import Decision, Elements, Hole, Step, Value, pack


@dataclass(frozen=True, eq=False)
class Outcome:
    """The outputs of a run, one object array each (None for integers, booleans and keys), and the path taken.

    Elements of complex outputs are `Complex` pairs.
    """

    outputs: tuple[Elements | None, ...]
    path: tuple[Decision, ...]

    @property
    def holes(self) -> tuple[Hole, ...]:
        """What could not be interpreted and reaches an output, each once."""
        found = {e.node: e for o in self.outputs if o is not None for e in o.reshape(-1) if isinstance(e, Hole)}
        return tuple(found.values())

    @property
    def key(self) -> frozenset[Hashable]:
        """All decisions exactly, to compare paths: two runs of one graph with equal keys did the same arithmetic."""
        return frozenset((decision.node, decision.key) for decision in self.path)

    @property
    def tight(self) -> bool:
        """Whether the point lies on the boundary of its path's region."""
        return any(decision.tight for decision in self.path)


@no_collection()
def interpret(
    graph: Graph,
    inputs: Sequence[Any],
    domain: Domain,
    *,
    elements: dict[int, Elements] | None = None,
    deadline: float | None = None,
    decide_here: bool = False,
    strict: bool = False,
    observe: Observer | None = None,
) -> Outcome:
    """Run `graph` at the concrete `inputs`, over `domain`.

    `elements` maps input positions to object arrays of domain elements that stand for these inputs and vary; the other
    inputs are constants. `decide_here`: the domain's own order decides comparisons, and not JAX's values. Where a
    primitive is missing, a `Hole` stands in the outputs that it reaches; if `strict`, `UnsupportedError` is raised.
    `deadline` is in seconds of `time.monotonic()`; past it `BudgetError` is raised. `observe(node, graph, equation,
    operands, results)` is called after every equation, those in bodies included, with its values.
    """
    if decide_here and domain.order is None:
        raise TypeError(f"{domain.name} have no order and cannot decide a comparison; leave decide_here=False")
    run = Run(domain, decide_here, deadline, strict, observe, run_graph)
    given = elements or {}
    values = [run.given(x if isinstance(x, jax.Array) else jnp.asarray(x), given.get(k)) for k, x in enumerate(inputs)]
    outputs = run_graph(run, graph, values, "")
    return Outcome(tuple(value.elements for value in outputs), run.decisions())


def run_graph(run: Run, graph: Graph, inputs: Sequence[Value], prefix: str) -> list[Value]:
    """Run all equations of a graph and return its outputs."""
    constants, literals = run.held(graph)
    values: dict[int, Value] = dict(zip(graph.inputs, inputs, strict=True)) | constants

    def read(operands: Sequence[Operand]) -> list[Value]:
        return [values[o] if isinstance(o, int) else literals[id(o)] for o in operands]

    fixed, wanted = fixed_values(graph), needed(graph)
    for at in run.sites(graph, prefix):
        run.check_time()
        equation = at.equation
        operands = read(equation.operands)
        if equation.id in fixed:
            made = [run.given(x) for x in fixed[equation.id]]
        elif equation.id in wanted or run.observe:
            made = _equation(run, at, operands)
        else:
            made = run.made(at, operands, [None] * len(at.shapes))
        values.update(zip(equation.results, made, strict=True))
        if run.observe:
            run.observe(at.node, graph, equation, operands, made)
    return read(graph.outputs)


def _equation(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """One equation: a call, a row of the table, or JAX itself where nothing varies."""
    name = at.equation.primitive
    rule, active = RULES.get(name), True in [o.active for o in operands]
    if rule and (active or any(o.elements is not None for o in operands)):
        return rule(run, at, operands)
    call = None if rule else _CALLS.get(name) or _CALLS.get(at.equation.kind)
    if call:
        return call(run, at, operands)
    if name in _PRINTING:
        return []
    if name in _OUTSIDE and (active or name != "pure_callback") and not all(at.discrete):
        return run.holes(at, operands, "it runs Python code that cannot be looked into")
    if active and not all(at.discrete):
        return run.holes(at, operands)
    if active and at.equation.primitive != "is_finite":
        run.decided(f"{at.equation.primitive} holds integers constant", at)
    return run.concretely(at, operands)


def _call(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """jit, remat, and custom rules: their primal function."""
    fits = len(at.equation.bodies) == 1 and len(at.equation.bodies[0].graph.inputs) == len(operands)
    if not fits or (at.equation.kind == "call" and at.equation.primitive not in _PLAIN_CALLS):
        active = any(o.active for o in operands)
        return run.holes(at, operands) if active else run.concretely(at, operands)
    return run.run_body(at, 0, operands)


def _cond(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    branches = at.equation.bodies
    chosen = min(max(int(operands[0].known), 0), len(branches) - 1)
    run.decided(f"cond takes {branches[chosen].label}", at, key=chosen)
    return run.run_body(at, chosen, operands[1:])


def _while(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    params = at.equation.params
    split = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
    conditions, constants, carry = operands[: split[0]], operands[split[0] : split[1]], operands[split[1] :]
    labels = [body.label for body in at.equation.bodies]
    test, step = labels.index("condition"), 1 - labels.index("condition")
    for turns in count():
        run.check_time()
        (go,) = run.run_body(at, test, [*conditions, *carry])
        going = np.asarray(go.known)
        if not going.any():
            run.decided(f"while ends after {turns} iterations", at, key=turns)
            break
        made = run.run_body(at, step, [*constants, *carry])
        carry = made if going.all() else [_where(run, going, new, old) for new, old in zip(made, carry, strict=True)]
        if going.ndim:
            run.decided(f"while goes on for {int(going.sum())} of {going.size}", at, key=going)
    return carry


def _where(run: Run, going: np.ndarray, new: Value, old: Value) -> Value:
    """The new value for those members of a batch that go on, the old for the others."""

    def choose(a: Any, b: Any) -> list[Any]:
        return [jnp.where(going.reshape(going.shape + (1,) * (jnp.ndim(a) - going.ndim)), a, b)]

    elements = None
    if new.elements is not None and old.elements is not None:
        shape = going.shape + (1,) * (new.elements.ndim - going.ndim)
        elements = np.where(going.reshape(shape), new.elements, old.elements)
    value = Value(elements, active=new.active or old.active)
    if run.decide_here and elements is not None:
        return value.rounds(run.rounded, str(new.known.dtype))
    return value.comes_from(Step(choose, [new, old]), 0)


def _scan(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    params = at.equation.params
    fixed, carried, length = params["num_consts"], params["num_carry"], params["length"]
    constants, carry, xs = operands[:fixed], operands[fixed : fixed + carried], operands[fixed + carried :]
    rows: list[list[Value]] = [[] for _ in at.equation.results[carried:]]
    for t in reversed(range(length)) if params["reverse"] else range(length):
        run.check_time()
        results = run.run_body(at, 0, [*constants, *carry, *[_at_index(x, t) for x in xs]])
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


_PRINTING = {"debug_callback", "debug_print"}
_OUTSIDE = {"pure_callback", "io_callback", "ffi_call", "buffer_callback"}
_PLAIN_CALLS = {
    "call", "closed_call", "core_call", "composite", "custom_jvp_call_jaxpr", "custom_partitioning", "custom_vmap_call",
    "eval_jaxpr", "linear_call", "remat_opt",
}  # fmt: skip
_CALLS = {
    "jit": _call,
    "call": _call,
    "custom_jvp": _call,
    "custom_vjp": _call,
    "remat": _call,
    "cond": _cond,
    "while": _while,
    "scan": _scan,
    "custom_linear_solve": lambda run, at, operands: linear_solve(run, at, operands, run_graph),
}
