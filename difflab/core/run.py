"""The state of one interpretation, and where in the graph it stands: what the rule of a primitive works with."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Generator, Hashable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core.complexes import Complex, complex_over
from difflab.core.constants import WHOLE, in_numpy
from difflab.core.domains import Domain
from difflab.core.errors import DifflabError
from difflab.core.graph import Equation, Graph, Literal
from difflab.core.values import Decision, Elements, Hole, Step, Value, filled, pack

Observer = Callable[[str, Graph, Equation, "Sequence[Value]", "Sequence[Value]"], None]
"""Told of every equation that was run: node, graph, equation, operands, results."""

INEXACT = ("float", "bfloat", "complex")
"""How the dtypes begin whose arrays have elements."""


_BETWEEN_CLOCKS = 64
_FEW = 16
"""Arrays of more entries are looked through for equal ones."""


@contextmanager
def no_collection() -> Generator[None, None, None]:
    """Keep Python from looking for garbage meanwhile: among millions of elements that takes longer than the work."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


class BudgetError(DifflabError):
    """The time that was given is spent."""


@dataclass(eq=False)
class Run:
    """One interpretation in progress."""

    domain: Domain
    decide_here: bool = False
    deadline: float | None = None
    strict: bool = False
    observe: Observer | None = None
    graph_runner: Callable[[Run, Graph, Sequence[Value], str], list[Value]] | None = None
    path: dict[tuple[str, str], list[Hashable]] = field(default_factory=dict[tuple[str, str], "list[Hashable]"])
    edges: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    turns: Counter[str] = field(default_factory=Counter[str])
    _sites: dict[tuple[Graph, str], list[Site]] = field(default_factory=dict[Any, Any], repr=False)
    _held: dict[Graph, tuple[dict[int, Value], dict[int, Value]]] = field(default_factory=dict[Any, Any], repr=False)

    @cached_property
    def complexes(self) -> Domain:
        """Complex numbers over the run's domain."""
        return complex_over(self.domain)

    def over(self, dtype: str) -> Domain:
        """The domain of the elements of arrays of that dtype: real or complex."""
        return self.complexes if dtype.startswith("complex") else self.domain

    def given(self, concrete: Any, elements: Elements | None = None) -> Value:
        """An input, a constant or a literal."""
        if elements is not None:
            value = Value(elements, active=True)
            self.attach(value, concrete)
            return value
        return Value(self.constants(concrete) if has_elements(concrete) else None, concrete)

    def literal(self, literal: Literal) -> Value:
        """A constant of an equation, in its own dtype."""
        inexact = literal.dtype.startswith(INEXACT)
        return self.given(np.asarray(literal.value).astype(jnp.dtype(literal.dtype)) if inexact else literal.value)

    def attach(self, value: Value, concrete: Any) -> None:
        """Give an active value its concrete half."""
        if self.decide_here:
            value.rounds(self.rounded, str(jnp.result_type(concrete)))
        else:
            value.settle(concrete)

    def constants(self, concrete: Any) -> Elements:
        """A concrete array, exactly, in the domain, or in complex numbers over it."""
        array = np.asarray(concrete)
        if array.dtype.kind in "iubc":
            constant = self.over(str(array.dtype)).constant
            return pack(array.shape, [constant(x) for x in array.reshape(-1).tolist()])
        flat = array.astype(np.float64).reshape(-1)
        if flat.size <= _FEW:
            return pack(array.shape, self.domain.constants(flat.tolist()))
        distinct, places = np.unique(flat.view(np.int64), return_inverse=True)  # as bits: 0.0 is not −0.0
        made = self.domain.constants(distinct.view(np.float64).tolist())
        return pack((len(made),), made)[places].reshape(array.shape)

    def rounded(self, value: Value, dtype: Any = np.float64) -> Any:
        """The elements of a value as floats or complex floats; for domains with an order."""
        order = self.domain.order
        assert order is not None and value.elements is not None

        def number(e: Any) -> float | complex:
            if isinstance(e, Hole):
                return float("nan")
            return complex(float(order(e.re)), float(order(e.im))) if isinstance(e, Complex) else float(order(e))

        wide = np.complex128 if jnp.issubdtype(dtype, jnp.complexfloating) else np.float64
        numbers = np.array([number(e) for e in value.elements.reshape(-1)], wide)
        return numbers.reshape(value.elements.shape).astype(dtype)

    def map(self, function: Callable[..., Any], *arrays: Elements) -> Elements:
        """Apply a function of elements to arrays of equal (or scalar) shapes; holes pass through."""
        shape = arrays[0].shape
        if arrays[0].size == 1 and False not in [a.shape == shape for a in arrays]:
            items = [a.item() for a in arrays]
            return filled(shape, next((e for e in items if type(e) is Hole), None) or function(*items))
        for array in arrays:
            if array.shape != shape:
                shape = np.broadcast_shapes(*[a.shape for a in arrays])
                arrays = tuple([np.broadcast_to(a, shape) for a in arrays])
                break
        columns: list[list[Any]] = [a.reshape(-1).tolist() for a in arrays]
        if len(columns[0]) <= _BETWEEN_CLOCKS:
            return pack(shape, list(map(_past_holes(function) if _holed(columns) else function, *columns)))
        made: list[Any] = []
        for start in range(0, len(columns[0]), _BETWEEN_CLOCKS):
            self.check_time()
            rows = [column[start : start + _BETWEEN_CLOCKS] for column in columns]
            made += map(_past_holes(function) if _holed(rows) else function, *rows)
        return pack(shape, made)

    def dots(self, rows: Elements, columns: Elements, dtype: str) -> list[Any]:
        """The product of each row with each column, in order; a hole in either is the result."""
        dot, found = self.over(dtype).dot, list[Any]()
        left, right = rows.tolist(), columns.tolist()
        holed = _holed([*left, *right])
        for row in left:
            for column in right:
                self.check_time()
                hole = next((e for e in (*row, *column) if type(e) is Hole), None) if holed else None
                found.append(hole or dot(row, column))
        return found

    def sum(self, items: Sequence[Any], dtype: str = "") -> Any:
        """Add elements; a hole among them is the result. `dtype` is that of the sum, where there may be no summands."""
        domain = (
            self.complexes if dtype.startswith("complex") or any(type(e) is Complex for e in items[:1]) else self.domain
        )
        return next((item for item in items if type(item) is Hole), None) or domain.sum(items)

    def decided(self, text: str, at: Site, tight: bool = False, key: Any = None) -> None:
        """Record a decision; `key`, an array or a number, is all of it where the text is not."""
        exact = text if key is None else _exact(key)
        self.turns[at.node] += 1
        self.path.setdefault((at.node, text), []).append((self.turns[at.node], exact))
        if tight:
            self.edges.add((at.node, text))

    def decisions(self) -> tuple[Decision, ...]:
        """The path taken: equal texts of one equation are one decision, made several times."""
        return tuple(
            Decision(text, node, (node, text) in self.edges, tuple(keys)) for (node, text), keys in self.path.items()
        )

    def run_body(self, at: Site, number: int, operands: Sequence[Value]) -> list[Value]:
        """Run a graph inside an equation."""
        assert self.graph_runner is not None, "a run without a way to run graphs; please report this"
        return self.graph_runner(self, at.equation.bodies[number].graph, operands, f"{at.node}.{number}/")

    def check_time(self) -> None:
        """Raise `BudgetError` when the time is spent."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise BudgetError("the time budget is spent; pass a larger budget, or a smaller function")

    def concretely(self, at: Site, operands: Sequence[Value]) -> list[Value]:
        """JAX's own results, as constants."""
        if len(at.shapes) == 1 and all(dtype.startswith(WHOLE) for dtype in (*at.reads, *at.dtypes)):
            found = in_numpy(
                at.equation, [np.asarray(o.known, d) for o, d in zip(operands, at.reads, strict=True)], at.dtypes[0]
            )
            if found is not None:
                return [Value(None, found)]
        return [self.given(x) for x in at.equation.bind(*[o.known for o in operands])]

    def holes(self, at: Site, operands: Sequence[Value], reason: str = "") -> list[Value]:
        """Results that cannot be computed; an operand's hole is passed on, since it is the cause."""
        hole = next(
            (e for o in operands if o.elements is not None for e in o.elements.flat if isinstance(e, Hole)), None
        )
        if hole is None:
            hole = Hole(at.equation.primitive, at.node, at.equation.source, reason)
            if self.strict:
                raise hole.error()
        return self.made(
            at, operands, [None if d else filled(s, hole) for d, s in zip(at.discrete, at.shapes, strict=True)]
        )

    def made(self, at: Site, operands: Sequence[Value], results: Sequence[Elements | None]) -> list[Value]:
        """Values of an equation's results: given elements, and a concrete half that JAX computes when asked."""
        active = True in [o.active for o in operands]
        if self.decide_here and len(results) == 1 and results[0] is not None:
            return [Value(results[0], None, active).rounds(self.rounded, at.dtypes[0])]
        asked = not self.decide_here or any(elements is None for elements in results)
        step = Step(at.equation.bind, operands) if asked else None
        values: list[Value] = []
        for k, elements in enumerate(results):
            value = Value(elements, None, active and elements is not None)
            if self.decide_here and elements is not None:
                values.append(value.rounds(self.rounded, at.dtypes[k]))
            elif step:
                values.append(value.comes_from(step, k))
        return values

    def sites(self, graph: Graph, prefix: str) -> list[Site]:
        """The equations of a graph at their places, made once: a loop runs through them many times."""
        if (graph, prefix) not in self._sites:
            self._sites[graph, prefix] = [Site(graph, e, f"{prefix}{e.id}") for e in graph.equations]
        return self._sites[graph, prefix]

    def held(self, graph: Graph) -> tuple[dict[int, Value], dict[int, Value]]:
        """The constants of a graph, and by identity the literals of its equations; read once."""
        if graph not in self._held:
            read = [*graph.outputs, *(o for e in graph.equations for o in e.operands)]
            literals: dict[int, Literal] = {id(o): o for o in read if isinstance(o, Literal)}
            self._held[graph] = (
                {k: self.given(graph.values[k]) for k in graph.constants},
                {k: self.literal(o) for k, o in literals.items()},
            )
        return self._held[graph]


@dataclass(frozen=True, eq=False)
class Site:
    """An equation at its place."""

    graph: Graph
    equation: Equation
    node: str

    @cached_property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the results."""
        return [self.graph.vertices[r].shape for r in self.equation.results]

    @cached_property
    def dtypes(self) -> list[str]:
        """Dtypes of the results."""
        return [self.graph.vertices[r].dtype for r in self.equation.results]

    @cached_property
    def reads(self) -> list[str]:
        """Dtypes of the operands."""
        return [self.graph.vertices[o].dtype if isinstance(o, int) else o.dtype for o in self.equation.operands]

    @cached_property
    def discrete(self) -> list[bool]:
        """Which results are integers, booleans or keys."""
        return [not self.graph.vertices[r].inexact for r in self.equation.results]

    def label(self, position: int) -> str:
        """Readable name of an operand."""
        return self.graph.label(self.equation.operands[position])


def has_elements(concrete: Any) -> bool:
    """Whether a concrete value holds real or complex floats, which have elements; integers and keys do not."""
    return jnp.issubdtype(getattr(concrete, "dtype", type(concrete)), jnp.inexact)


def _holed(rows: Sequence[Sequence[Any]]) -> bool:
    return any(Hole in set(map(type, row)) for row in rows)


def _past_holes(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *items: next((e for e in items if type(e) is Hole), None) or function(*items)


def _exact(key: Any) -> Hashable:
    array = np.asarray(key)
    return array.shape, array.astype(np.int64).tobytes()
