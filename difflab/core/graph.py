"""What a function computes: values in evaluation order, the equations that make them, and the graphs nested inside.

A `Graph` is a straight-line program. Its *vertices are values*: an equation with k results makes k vertices. Equations
that carry a function of their own (jit, scan, while, cond, custom rules, remat) hold it as a nested graph, a `Body`.
Baur & Strassen (1983) and Griewank & Walther, "Evaluating Derivatives" (2008), section 2.2, call this the evaluation
trace; here it keeps what JAX knows besides: source lines, names, scopes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import groupby
from math import prod
from pkgutil import resolve_name
from typing import Any

from difflab.core.showable import Drawable


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


@dataclass(frozen=True, slots=True)
class Failure:
    """What stopped the trace of a partial graph: the error in a few words, and the user's line it came from."""

    text: str
    source: Source | None = None

    def __str__(self) -> str:
        return f"{self.source}: {self.source.text} — {self.text}" if self.source else self.text


@dataclass(frozen=True, eq=False)
class Graph(Drawable):
    """Values and equations of one function, in evaluation order. Refuses to be malformed.

    `inputs`, `constants` and `outputs` are vertex numbers (an output may be a literal); `values` holds the constants.
    `signature` is known for the outermost graph only. `failure` is set where the trace stopped before its end (see
    `CaptureError`): such a graph has no outputs. Two graphs are equal only if they are the same object.
    """

    name: str
    vertices: tuple[Vertex, ...]
    equations: tuple[Equation, ...]
    inputs: tuple[int, ...]
    outputs: tuple[Operand, ...]
    constants: tuple[int, ...] = ()
    values: Mapping[int, Any] = field(default_factory=dict[int, Any], repr=False)
    signature: Signature | None = None
    failure: Failure | None = None

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

    def compare(self, after: Graph) -> Any:
        """What changed from this graph to another one, as a `Difference`, which shows itself as this graph does.

        >>> import jax.numpy as jnp
        >>> import difflab as dl
        >>> dl.graph(jnp.sin, 1.0).compare(dl.graph(jnp.cos, 1.0))
        <Difference sin → cos: 1 added, 1 removed>
        """
        return resolve_name("difflab.core.difference:difference")(self, after)

    def label(self, operand: Operand) -> str:
        """A short unique text for a value: the user's name (`h`, `h₂` where it was bound again), else `%number`."""
        return str(operand) if isinstance(operand, Literal) else self._labels[operand]

    def line(self, equation: Equation) -> str:
        """The equation as one line: `h: f32[3,4] = tanh %5`."""
        results = ", ".join(f"{self.label(r)}: {self.vertices[r].type}" for r in equation.results)
        title = f"{equation.primitive} {equation.bodies[0].label}" if equation.kind == "jit" else equation.primitive
        return f"{results or '()'} = {' '.join([title, *map(self.label, equation.operands)])}"

    def __str__(self) -> str:
        """The whole program, one equation a line; named scopes and nested graphs indented below their headings."""
        return "\n".join(program(self).lines())

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


@dataclass(frozen=True, slots=True)
class Block:
    """A printed part of a program: a heading, then lines and inner blocks; `size` counts its equations.

    It stands `inset` spaces further in than the heading around it.
    """

    head: str
    parts: tuple[str | Block, ...]
    size: int
    inset: int = 2

    def lines(self, indent: str = "") -> Iterator[str]:
        """Heading and parts, indented."""
        yield from (indent + line for line in self.head.split("\n"))
        for part in self.parts:
            if isinstance(part, Block):
                yield from part.lines(indent + " " * part.inset)
            else:
                yield f"{indent}  {part}"


def program(graph: Graph, label: str = "", inset: int = 2) -> Block:
    """The graph as blocks to print: named scopes and the bodies of equations are blocks of their own."""
    inputs = [f"{graph.label(v)}: {graph.vertices[v].type}" for v in graph.inputs]
    parts = (*_sections(graph, graph.equations, 0), *_end(graph))
    return Block(_wrapped(f"{label}{graph.name}(", inputs), parts, graph.size, inset)


@lru_cache(maxsize=20_000)
def unwrapped(scope: str) -> tuple[str, tuple[str, ...]]:
    """A named scope without the transformations that JAX wrapped it in, and those, the outermost first, in words.

    >>> unwrapped("transpose(jvp(net))"), unwrapped("vmap(jvp())")
    (('net', ('reverse',)), ('', ('vmap', 'jvp')))
    """
    words: list[str] = []
    while (found := _WRAPPED.fullmatch(scope)) is not None:
        words.append(found[1])
        scope = found[2]
    if words[:2] == ["transpose", "jvp"]:
        words[:2] = ["reverse"]
    elif words[:1] == ["jvp"]:
        words[:1] = ["forward"]
    return scope, tuple(words)


def scope_words(scope: str) -> str:
    """A named scope in words: `transpose(jvp(net))` is `net, reverse`, and `jvp()` the `forward sweep`."""
    name, words = unwrapped(scope)
    if not name and words[:1] in (("forward",), ("reverse",)):
        words = (f"{words[0]} sweep", *words[1:])
    return ", ".join(filter(None, [name, *words]))


def _sections(graph: Graph, equations: Sequence[Equation], depth: int) -> Iterator[str | Block]:
    for name, run in groupby(equations, lambda e: "".join(e.scopes[depth : depth + 1])):
        inside = list(run)
        if name and len(inside) > 1:
            size = len(inside) + sum(b.graph.size for e in inside for b in e.bodies)
            yield Block(scope_words(name) + ":", tuple(_sections(graph, inside, depth + 1)), size)
        else:
            yield from (part for equation in inside for part in _step(graph, equation))


def _step(graph: Graph, equation: Equation) -> Iterator[str | Block]:
    where = f"    # {equation.source}" if equation.source else ""
    yield graph.line(equation) + where
    for body in equation.bodies:
        times = f" × {body.count}" if body.count is not None else ""
        plain = body.label == body.graph.name and not times
        yield program(body.graph, "" if plain else f"{body.label}{times}: ", inset=4)


def _end(graph: Graph) -> Iterator[str]:
    """What is returned, or, in the innermost body of a partial graph, what stopped the trace."""
    if graph.failure is None:
        yield f"return {', '.join(map(graph.label, graph.outputs))}"
    elif not any(body.graph.failure for equation in graph.equations[-1:] for body in equation.bodies):
        yield f"✗ {graph.failure}"


def _wrapped(start: str, inputs: Sequence[str], width: int = 110) -> str:
    """A heading on one line where it fits, else with the inputs on lines of their own."""
    lines = [start]
    for k, text in enumerate(inputs):
        text += ", " if k + 1 < len(inputs) else ")"
        if len(lines[-1]) + len(text) > width and lines[-1].strip():
            lines.append("    ")
        lines[-1] += text
    return "\n".join(line.rstrip() for line in lines) if inputs else start + ")"


def short_dtype(dtype: str) -> str:
    """`float32` → `f32`, as JAX prints types."""
    for long, short in _SHORT:
        if dtype.startswith(long):
            return short + dtype[len(long) :]
    return dtype


_WRAPPED = re.compile(r"(\w+)\((.*)\)")
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
