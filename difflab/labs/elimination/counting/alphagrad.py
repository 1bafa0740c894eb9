"""AlphaGrad's cost model and its ten benchmark tasks, count for count.

AlphaGrad learns elimination orders by reinforcement; its figures are the ones to compare with. A graph has one vertex
an equation, and an edge carries a sparsity type and the shape of its Jacobian. Eliminating v costs, for each edge in
and each edge out, the product of the sizes that `sparsity.extents` names; between numbers that is |in| · |out|.
Products by ±1 count, additions do not.

Source: J. Lohoff & E. Neftci, "Optimizing Automatic Differentiation with Deep Reinforcement Learning", NeurIPS 2024,
arXiv:2406.05027. The graphs, counts and orders in `data/alphagrad.json` are facts taken from its public program, its
quirks included: in BlackScholes_Jacobian all equations whose result is dropped share vertex 16, a sink that nothing
reads, and dead and constant vertices stay in the game. `scalar_problem` has the same tasks without any of that.

>>> from difflab.labs.elimination.counting.problem import total
>>> roe = task("RoeFlux_1d")
>>> best = published("RoeFlux_1d")["rl"]
>>> best.cost, total(roe, read_order(best.order, roe))
(320, 320.0)
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

from difflab.core.errors import UnsupportedError
from difflab.core.graph import Graph
from difflab.core.linear import LinearGraph, linearise, plain
from difflab.core.structure import identity
from difflab.labs.elimination.counting import models
from difflab.labs.elimination.counting.partial_types import Partial, label, sides
from difflab.labs.elimination.counting.problem import Problem, Table
from difflab.labs.elimination.counting.sparsity import extents, product_type, sum_type

SCALAR_TASKS = ("RoeFlux_1d", "RobotArm_6DOF", "HumanHeartDipole", "PropaneCombustion", "g", "BlackScholes_Jacobian")
"""The tasks in which every value is one number."""

TASKS = (*SCALAR_TASKS, "RoeFlux_3d", "f", "Perceptron", "Encoder")
"""The ten tasks of the paper."""

NUMBERS = Partial(1, 1, 1, 1, 1)
"""An edge between two numbers."""


@dataclass(frozen=True)
class AlphaGrad:
    """The model as an algebra on `Partial` labels."""

    name: str = "alphagrad"

    def multiply(self, left: Partial, right: Partial) -> tuple[Hashable, float]:
        """The product's label, and the sizes of the axes that its numbers run over."""
        kind = product_type(right.kind, left.kind)
        result = Partial(kind, left.o1, left.o2, right.p1, right.p2)
        if left.kind == right.kind == 10:
            return result, 1.0
        sizes = {"o1": left.o1, "o2": left.o2, "v1": left.p1, "v2": left.p2, "p1": right.p1, "p2": right.p2}
        axes = extents(right.kind, left.kind)
        return result, float(prod(sizes[axis] for axis in axes)) if axes else 0.0

    def add(self, old: Partial, new: Partial) -> tuple[Hashable, float]:
        """The sum's label, with the shape of what is added; additions are not counted."""
        return new._replace(kind=sum_type(old.kind, new.kind)), 0.0


@dataclass(frozen=True)
class Published:
    """An order as the literature writes it, in numbers of equations, what it costs in this model, and where it is."""

    order: tuple[int, ...]
    cost: int
    source: str


def task(name: str) -> Problem:
    """One of the ten tasks as its authors play it; vertex "-i" is input i, vertex "k" equation k.

    Raises ValueError for a name that there is not.
    """
    found = _task(name)
    inputs = [-k - 1 for k in range(len(found["input_shapes"]))]
    shapes = dict(zip(range(1, len(found["shapes"]) + 1), found["shapes"], strict=True))
    shapes |= dict(zip(inputs, found["input_shapes"], strict=True))
    edges = {(u, v): Partial(*found["labels"][k]) for u, v, k in found["edges"]}
    return _problem(name, [*inputs, *_sorted(shapes, edges)], shapes, inputs, found["outputs"], edges)


def counts(name: str) -> Mapping[str, int]:
    """The published figures of a task: forward, reverse, markowitz, and rl, the best of the learned orders."""
    return dict(_task(name)["counts"])


def primitives(name: str) -> tuple[str, ...]:
    """The primitive of each equation of a task, equation 1 first."""
    return tuple(_task(name)["primitives"])


def published(name: str) -> Mapping[str, Published]:
    """Known orders of a task by name: forward, reverse, markowitz, and what learned orders have been printed."""
    found = _task(name)
    ends = set(found["outputs"])
    middle = [k for k in range(1, len(found["shapes"]) + 1) if k not in ends]
    plain_orders = {"forward": (middle, "evaluation order"), "reverse": (middle[::-1], "against evaluation order")}
    printed = {key: (one["order"], one["source"]) for key, one in found["orders"].items()}
    known = {**found["counts"], **{key: one["cost"] for key, one in found["orders"].items()}}
    return {
        key: Published(tuple(order), known[key], source) for key, (order, source) in (plain_orders | printed).items()
    }


def scalar_problem(name: str, cost: str | models.Cost = "nontrivial") -> Problem:
    """A task of `SCALAR_TASKS` under another cost model, with only what its Jacobian needs, and ±1 where it is ±1.

    Raises ValueError for a task of vectors and matrices.
    """
    if name not in SCALAR_TASKS:
        raise ValueError(f"{name!r} is no task of numbers; those are {', '.join(SCALAR_TASKS)}")
    found = _task(name)
    pairs = [(u, v) for u, v, _ in found["edges"]]
    linear = plain(pairs, [-k - 1 for k in range(len(found["input_shapes"]))], found["outputs"], name)
    one = identity(())
    ids = linear.numbers
    units = {
        (ids[str(u)], ids[str(v)]): replace(one, scale=scale)
        for u, v, scale in found["units"]
        if str(u) in ids and str(v) in ids
    }
    return models.problem(replace(linear, edges={**linear.edges, **units}), cost)


def problem_of(graph: Graph | LinearGraph) -> Problem:
    """The model on a captured function: "-i" is differentiable input i, "k" equation k of the inlined program.

    Only what the Jacobian needs is in the game. Raises `UnsupportedError` where the model ends: more than two axes, a
    primitive without a rule.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> problem_of(graph(lambda x: jnp.sin(x) * jnp.exp(x), jnp.ones(3))).ids
    ('-1', '1', '2', '3')
    """
    linear = linearise(graph) if isinstance(graph, Graph) else graph
    ids = _equation_ids(linear)
    labels = {(u, v): _label(linear, u, v) for u, v in linear.edges}
    shapes = {ids[n]: vertex.shape for n, vertex in enumerate(linear.vertices)}
    ends = dict.fromkeys(ids[n] for n, vertex in enumerate(linear.vertices) if vertex.role == "output")
    named = {(ids[u], ids[v]): one for (u, v), one in labels.items()}
    return _problem(linear.name, ids, shapes, [ids[n] for n in linear.inputs], list(ends), named)


def read_order(order: str | Sequence[int], problem: Problem) -> tuple[int, ...]:
    """An order in AlphaGrad's numbering, as vertex numbers of a problem; text is read as they print it: `[4, 5, 8, …]`.

    Vertices that have no edge at all may be left out, and are put first. Raises ValueError for what is no list of whole
    numbers and for vertices that are missing, unknown, repeated, inputs or outputs.
    """
    names = [str(k) for k in (_numbers(order) if isinstance(order, str) else order)]
    numbers = {name: n for n, name in enumerate(problem.ids)}
    allowed = {problem.ids[n]: n for n in problem.intermediates}
    _refuse(
        [name for name in names if name not in numbers], "names {}, which {} not there", problem, _zero_based(names)
    )
    wrong = [name for name in names if name in numbers and name not in allowed]
    _refuse(wrong, "names {}, which {} no intermediate", problem, "inputs and outputs are never eliminated: drop them")
    again = [name for n, name in enumerate(names) if name in names[:n]]
    _refuse(again, "names {} again, which {} gone by then", problem, "an order holds each vertex once")
    touched = {n for edge in problem.edges for n in edge}
    lonely = [n for name, n in allowed.items() if n not in touched and name not in names]
    missing = [name for name, n in allowed.items() if name not in names and n not in lonely]
    _refuse(
        missing, "lacks {}, which {} intermediate", problem, "an order holds each of them once: is it for this task?"
    )
    return (*lonely, *(allowed[name] for name in names))


def _numbers(text: str) -> list[int]:
    inside = re.findall(r"\[([^\[\]]*)\]", text)
    words = (inside[0] if inside else text).replace(",", " ").split()
    bad = [word for word in words if not re.fullmatch(r"-?\d+", word)]
    if len(inside) > 1 or bad or not words:
        what = f"holds {len(inside)} lists" if len(inside) > 1 else f"holds {bad[0]!r}" if bad else "is empty"
        raise ValueError(
            f"the text of the order {what}; it must be one list of whole numbers of equations, such as '[3, 1, 2]'"
        )
    return [int(word) for word in words]


def _refuse(names: Sequence[str], what: str, problem: Problem, advice: str) -> None:
    if names:
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        verb = "are" if len(names) > 1 else "is"
        raise ValueError(f"the order for {problem.name} {what.format(shown, verb)}; {advice}")


def _zero_based(names: Sequence[str]) -> str:
    if "0" in names:
        return "equations count from 1, and AlphaGrad's actions from 0: add 1 to each"
    return "equations count from 1; is the order for another task, or for another version of the function?"


def _task(name: str) -> dict[str, Any]:
    if name not in TASKS:
        raise ValueError(f"AlphaGrad has no task named {name!r}; its tasks are {', '.join(TASKS)}")
    return _read()[name]


@cache
def _read() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "data" / "alphagrad.json").read_text(encoding="utf-8"))["tasks"]


def _sorted(vertices: Iterable[int], edges: Iterable[tuple[int, int]]) -> list[int]:
    """Equations in order, but a sink that several equations share after the last of them."""
    last = {k: k for k in vertices if k > 0}
    for u, v in edges:
        last[v] = max(last[v], u)
    return sorted(last, key=lambda k: (last[k], last[k] != k))


def _problem(
    name: str,
    vertices: Sequence[int],
    shapes: Mapping[int, Sequence[int]],
    inputs: Sequence[int],
    outputs: Sequence[int],
    edges: Mapping[tuple[int, int], Partial],
) -> Problem:
    number = {vertex: n for n, vertex in enumerate(vertices)}
    table = Table(AlphaGrad())
    ends = {*inputs, *outputs}
    return Problem(
        name, tuple(map(str, vertices)), tuple(prod(shapes[vertex]) for vertex in vertices),
        tuple(number[vertex] for vertex in inputs), tuple(number[vertex] for vertex in outputs),
        tuple(number[vertex] for vertex in vertices if vertex not in ends),
        {(number[u], number[v]): table.number(one) for (u, v), one in edges.items()}, table,
    )  # fmt: skip


def _equation_ids(linear: LinearGraph) -> list[int]:
    """AlphaGrad's number of each vertex; the copy of an output that is read on comes after all equations."""
    places = {n: -k - 1 for k, n in enumerate(linear.inputs)}
    if linear.flat is None:
        return [places.get(n, n - len(places) + 1) for n in range(len(linear.vertices))]
    values = {value: k for k, value in enumerate(linear.flat.values)}
    program = linear.flat.graph
    sinks = iter(range(len(program.equations) + 1, len(program.equations) + len(linear.vertices) + 1))
    found: list[int] = []
    for n, vertex in enumerate(linear.vertices):
        equation = program.vertices[values[vertex.id]].equation if vertex.id in values else None
        found.append(places[n] if n in places else next(sinks) if equation is None else equation + 1)
    return found


def _label(linear: LinearGraph, u: int, v: int) -> Partial:
    if linear.flat is None:
        return NUMBERS
    values = {value: k for k, value in enumerate(linear.flat.values)}
    program, ends = linear.flat.graph, [linear.vertices[n].id for n in (u, v)]
    if ends[1] not in values:
        return Partial(8, *sides(linear.vertices[v].shape), *sides(linear.vertices[u].shape))
    made = program.vertices[values[ends[1]]]
    assert made.equation is not None, "a value with predecessors comes from an equation; please report this"
    equation = program.equations[made.equation]
    if len(equation.results) > 1:
        raise UnsupportedError(
            f"the model has one vertex an equation; {equation.primitive!r} has {len(equation.results)} results; "
            "count with 'all_edges', 'nontrivial' or 'flops'"
        )
    shapes = [program.vertices[o].shape if isinstance(o, int) else o.shape for o in equation.operands]
    return label(equation, shapes, made.shape, equation.operands.index(values[ends[0]]))
