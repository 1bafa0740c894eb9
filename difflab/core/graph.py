"""What a function computes: values in evaluation order, the equations that make them, and the graphs nested inside.

A `Graph` is a straight-line program. Its *vertices are values*: an equation with k results makes k vertices. Equations
that carry a function of their own (jit, scan, while, cond, custom rules, remat) hold it as a nested graph, a `Body`.
Baur & Strassen (1983) and Griewank & Walther, "Evaluating Derivatives" (2008), section 2.2, call this the evaluation
trace; here it keeps what JAX knows besides: source lines, names, scopes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

from difflab.core.showable import Showable


@dataclass(frozen=True, slots=True)
class Source:
    """Where in the user's code an equation comes from: file, line and column (from 1), function, the line's text."""

    file: str
    line: int
    column: int
    function: str
    text: str

    def __str__(self) -> str:
        name = self.file.replace("\\", "/").rsplit("/", 1)[-1]
        return f"{name}:{self.line}"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant written in an equation, with its shape and dtype."""

    value: Any
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.value}"


@dataclass(frozen=True, slots=True)
class Vertex:
    """A value: number `id` of its graph, made by result `result` of `equation`, or given (`equation` is None).

    `name` is the user's own name where it can be recovered, else None; `role` is "input", "constant" or "equation".
    """

    id: int
    shape: tuple[int, ...]
    dtype: str
    role: str
    equation: int | None = None
    result: int = 0
    name: str | None = None

    @property
    def type(self) -> str:
        """Short type, as JAX prints it: `f32[2,3]`."""
        return f"{short_dtype(self.dtype)}[{','.join(map(str, self.shape))}]"

    @property
    def size(self) -> int:
        """Number of entries."""
        return prod(self.shape)

    @property
    def inexact(self) -> bool:
        """Whether the value can carry a derivative: a real or complex float."""
        return self.dtype.startswith(("float", "bfloat", "complex"))


Operand = int | Literal
"""What an equation reads: a vertex of its own graph, by number, or a literal."""


@dataclass(frozen=True, slots=True)
class Body:
    """A graph inside an equation: the called function, a loop body, one branch. `count` is the trip count, if fixed."""

    label: str
    graph: Graph
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Equation:
    """One step: `results = primitive(operands; params)`.

    `scopes` is the path of named scopes around it; `bodies` the nested graphs (they are left out of `params`);
    `kind` names what is nested ("jit", "scan", "while", "cond", "custom_jvp", "custom_vjp", "remat", "call") or is "".
    `bind(*values)` executes the equation as JAX would and returns the list of its results; it can be differentiated.
    """

    id: int
    primitive: str
    params: Mapping[str, Any]
    operands: tuple[Operand, ...]
    results: tuple[int, ...]
    bind: Callable[..., list[Any]] = field(repr=False, compare=False)
    source: Source | None = None
    scopes: tuple[str, ...] = ()
    bodies: tuple[Body, ...] = ()
    kind: str = ""


@dataclass(frozen=True)
class Signature:
    """How the outermost graph's inputs and outputs stand in the user's arguments and result.

    `inputs` and `outputs` are readable paths, one a leaf: `params['w']`, `out[0]`. `differentiable` lists the inputs
    that derivatives are taken of: chosen by `argnums` and of a real or complex floating dtype. `tree` is the result's.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    differentiable: tuple[int, ...]
    tree: Any = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Graph(Showable):
    """Values and equations of one function, in evaluation order. Refuses to be malformed.

    `inputs`, `constants` and `outputs` are vertex numbers (an output may be a literal); `values` holds the constants.
    `signature` is known for the outermost graph only. Two graphs are equal only if they are the same object.
    """

    name: str
    vertices: tuple[Vertex, ...]
    equations: tuple[Equation, ...]
    inputs: tuple[int, ...]
    outputs: tuple[Operand, ...]
    constants: tuple[int, ...] = ()
    values: Mapping[int, Any] = field(default_factory=dict[int, Any], repr=False)
    signature: Signature | None = None

    def __post_init__(self) -> None:
        _check(self)

    def __len__(self) -> int:
        """Number of equations at this level."""
        return len(self.equations)

    def __repr__(self) -> str:
        return f"<Graph {self.name}: {len(self.equations)} equations, {self.size} with nested ones>"

    @property
    def size(self) -> int:
        """Number of equations, those of nested graphs included (each body counted once, not once an iteration)."""
        return len(self.equations) + sum(b.graph.size for e in self.equations for b in e.bodies)

    def consumers(self) -> tuple[tuple[int, ...], ...]:
        """For each vertex the equations that read it, in order, each once."""
        found: list[list[int]] = [[] for _ in self.vertices]
        for equation in self.equations:
            for operand in equation.operands:
                if isinstance(operand, int) and (not found[operand] or found[operand][-1] != equation.id):
                    found[operand].append(equation.id)
        return tuple(map(tuple, found))

    def label(self, operand: Operand) -> str:
        """A short unique text for a value: the user's name (`h`, `h₂` where it was bound again), else `%number`."""
        return str(operand) if isinstance(operand, Literal) else self._labels[operand]

    def line(self, equation: Equation) -> str:
        """The equation as one line: `h: f32[3,4] = tanh %5`."""
        results = ", ".join(f"{self.label(r)}: {self.vertices[r].type}" for r in equation.results)
        title = f"{equation.primitive} {equation.bodies[0].label}" if equation.kind == "jit" else equation.primitive
        return f"{results or '()'} = {' '.join([title, *map(self.label, equation.operands)])}"

    def __str__(self) -> str:
        """The whole program, nested graphs indented."""
        return "\n".join(_listing(self, ""))

    @cached_property
    def _labels(self) -> tuple[str, ...]:
        times: dict[str, int] = {}
        labels: list[str] = []
        for vertex in self.vertices:
            name = vertex.name if vertex.name != "_" else None
            times[name or ""] = times.get(name or "", 0) + 1
            again = str(times[name or ""]).translate(_SUBSCRIPTS) if times[name or ""] > 1 else ""
            labels.append(f"{name}{again}" if name else f"%{vertex.id}")
        return tuple(labels)


def walk(graph: Graph, prefix: str = "") -> Iterator[tuple[str, Graph, Equation]]:
    """All equations with their node ids (`"12"`, `"12.0/5"`), nested ones after the equation that holds them."""
    for equation in graph.equations:
        node = f"{prefix}{equation.id}"
        yield node, graph, equation
        for number, body in enumerate(equation.bodies):
            yield from walk(body.graph, f"{node}.{number}/")


def _listing(graph: Graph, indent: str) -> Iterator[str]:
    inputs = ", ".join(f"{graph.label(v)}: {graph.vertices[v].type}" for v in graph.inputs)
    yield f"{indent}{graph.name}({inputs})"
    for equation in graph.equations:
        where = f"    # {equation.source}" if equation.source else ""
        yield f"{indent}  {graph.line(equation)}{where}"
        for body in equation.bodies:
            times = f" × {body.count}" if body.count is not None else ""
            yield f"{indent}    {body.label}{times}:"
            yield from _listing(body.graph, indent + "      ")
    yield f"{indent}  return {', '.join(map(graph.label, graph.outputs))}"


def short_dtype(dtype: str) -> str:
    """`float32` → `f32`, as JAX prints types."""
    for long, short in _SHORT:
        if dtype.startswith(long):
            return short + dtype[len(long) :]
    return dtype


_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SHORT = (("bfloat", "bf"), ("float", "f"), ("complex", "c"), ("uint", "u"), ("int", "i"))


def _check(graph: Graph) -> None:
    """Every vertex is made once, before it is read, and knows who made it."""
    made = [False] * len(graph.vertices)
    for number in (*graph.inputs, *graph.constants):
        made[number] = True
    _require(len(graph.inputs) + len(graph.constants) == sum(made), graph, "an input or constant stands twice")
    _require(set(graph.constants) == set(graph.values), graph, "constants and their values do not match")
    for position, equation in enumerate(graph.equations):
        _require(equation.id == position, graph, f"equation {position} is numbered {equation.id}")
        for operand in equation.operands:
            ready = not isinstance(operand, int) or (0 <= operand < len(made) and made[operand])
            _require(ready, graph, f"equation {position} reads {operand} before it is made")
        for k, result in enumerate(equation.results):
            vertex = graph.vertices[result]
            fits = vertex.equation == position and vertex.result == k and not made[result]
            _require(fits, graph, f"vertex {result} is not result {k} of equation {position} alone")
            made[result] = True
    _require(all(made), graph, "a vertex is never made")
    _require(all(v.id == k for k, v in enumerate(graph.vertices)), graph, "vertices are not numbered in order")
    outputs: Sequence[Operand] = graph.outputs
    _require(all(not isinstance(o, int) or made[o] for o in outputs), graph, "an output is never made")


def _require(condition: bool, graph: Graph, what: str) -> None:
    if not condition:
        raise ValueError(
            f"malformed graph {graph.name!r}: {what}; please report this, with the function that was traced"
        )
