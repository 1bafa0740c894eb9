"""The function and JAX's derivative programs, evaluated precisely at a point: in balls or in big floats.

The truth is the function itself over dual numbers (over dual numbers of dual numbers for the second derivative); no
program of JAX takes part in it. What JAX gives is its own program over the same numbers. Inputs are the exact numbers
that their floats are. Branches are decided by the precise values.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core.balls import balls, have_balls
from difflab.core.bigfloat import big_floats
from difflab.core.domains import Domain
from difflab.core.duals import Dual, dual
from difflab.core.interpret import Outcome, interpret
from difflab.core.run import no_collection
from difflab.core.values import Hole
from difflab.labs.check.problem import Problem, Program, coordinates, elements, outputs_of

Direction = int | Mapping[int, Any]
"""An input coordinate, or the weights of several."""


@dataclass(frozen=True, eq=False)
class Column:
    """The outputs' real coordinates as dual numbers along one direction (or `Hole`s), and the path taken."""

    elements: list[Any]
    outcome: Outcome

    @property
    def values(self) -> list[Any]:
        """What the function gives."""
        return [e if isinstance(e, Hole) else e.value for e in self.elements]

    def slope(self, row: int) -> Any:
        """The directional derivative of one row: an element, a hole, or 0 where nothing depends on the input."""
        element = self.elements[row]
        return element if isinstance(element, Hole) else 0 if element.tangent is None else element.tangent


def numbers(checked: Problem, leaves: Sequence[Any]) -> list[float]:
    """The real coordinates of the inputs that count, each the exact number that its float is."""
    found: list[float] = []
    for k in checked.inputs:
        leaf = np.asarray(jnp.asarray(leaves[k])).reshape(-1)
        wide = leaf.astype(np.complex128 if leaf.dtype.kind == "c" else np.float64)
        found += wide.view(np.float64).tolist()
    return found


def precise(method: str, digits: int) -> Domain:
    """The numbers to compute with: "balls" or "big floats"."""
    return balls(digits) if method == "balls" else big_floats(digits)


def methods() -> tuple[str, ...]:
    """What is installed, the better first."""
    return ("balls", "big floats") if have_balls() else ("big floats",)


@no_collection()
def along(
    checked: Problem,
    leaves: Sequence[Any],
    base: Domain,
    direction: Direction,
    *,
    shift: Any = None,
    deadline: float | int | None = None,
) -> Column:
    """Differentiate the function along a direction, at the point or `shift` times the direction beside it."""
    weights = {direction: 1} if isinstance(direction, int) else direction
    given: list[Any] = []
    multiply, add = base.operations["mul"], base.operations["add"]
    for k, x in enumerate(numbers(checked, leaves)):
        value = base.constant(x)
        if k not in weights:
            given.append(Dual(value))
            continue
        weight = base.constant(weights[k])
        given.append(Dual(value if shift is None else add(value, multiply(shift, weight)), weight))
    outcome = _run(checked, leaves, dual(base), given, deadline)
    return Column(coordinates(outputs_of(checked, outcome)), outcome)


def along_two(
    checked: Problem, leaves: Sequence[Any], base: Domain, one: int, two: int, *, deadline: float | int | None = None
) -> Column:
    """The second derivative by two coordinates, as `slope`."""
    given = [Dual(Dual(base.constant(x))) for x in numbers(checked, leaves)]
    unit = base.constant(1)
    inner = Dual(given[two].value.value, unit)
    given[two] = Dual(inner)
    given[one] = Dual(inner if one == two else given[one].value, Dual(unit))
    outcome = _run(checked, leaves, dual(dual(base)), given, deadline)
    return Column([_inner(e) for e in coordinates(outputs_of(checked, outcome))], outcome)


def derivative(
    checked: Problem,
    program: Program,
    leaves: Sequence[Any],
    domain: Domain,
    seeds: Mapping[int, Any],
    *,
    deadline: float | int | None = None,
) -> tuple[list[Any], Outcome]:
    """What a program of JAX gives in `domain` for seeds with few coordinates that are not zero.

    A list of real coordinates: of the outputs, or of the inputs for a program in reverse.
    """
    assert program.graph is not None, "a program that JAX does not have was run; please report this"
    graph, count, negate = program.graph, len(leaves), domain.operations["neg"]
    given = dict(zip(checked.inputs, elements(checked.input_types, _exactly(domain, checked, leaves)), strict=True))
    types = [(graph.vertices[v].shape, graph.vertices[v].dtype) for v in graph.inputs[count:]]
    cotangents = len(checked.output_types) if program.reverse else 0
    parts = [types[:cotangents], types[cotangents:]]
    flat = [exactly(domain, seeds.get(k, 0)) for k in range(sum(map(_width, types)))]
    split = sum(map(_width, parts[0]))
    made = [*elements(parts[0], flat[:split], negate), *elements(parts[1], flat[split:])]
    given |= {count + k: seed for k, seed in enumerate(made)}
    zeros = [jnp.zeros(shape, dtype) for shape, dtype in types]
    outcome = interpret(graph, [*leaves, *zeros], domain, elements=given, deadline=deadline, decide_here=True)
    first = 0 if "∘" in program.mode else len(checked.outputs)
    return coordinates(outcome.outputs[first:], negate if program.reverse else None), outcome


def exactly(domain: Domain, number: Any) -> Any:
    """A number without an error of its own, in domains that give constants one."""
    element = domain.constant(number)
    return type(element)(element.value) if hasattr(element, "rounding") else element


def decimal(number: Any, digits: int) -> str:
    """A big float as text."""
    context = number.context
    return str(context.nstr(number, digits, strip_zeros=True)).removesuffix(".0")


def _exactly(domain: Domain, checked: Problem, leaves: Sequence[Any]) -> list[Any]:
    return [exactly(domain, x) for x in numbers(checked, leaves)]


def _run(
    checked: Problem, leaves: Sequence[Any], domain: Domain, given: list[Any], deadline: float | int | None
) -> Outcome:
    arrays = dict(zip(checked.inputs, elements(checked.input_types, given), strict=True))
    return interpret(checked.graph, leaves, domain, elements=arrays, deadline=deadline, decide_here=True)


def _inner(element: Any) -> Any:
    if isinstance(element, Hole):
        return element
    return Dual(element.value.value, None if element.tangent is None else element.tangent.tangent)


def _width(kind: tuple[tuple[int, ...], str]) -> int:
    shape, dtype = kind
    return int(np.prod(shape, dtype=int)) * (2 if dtype.startswith("complex") else 1)
