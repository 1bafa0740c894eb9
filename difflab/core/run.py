"""The state of one interpretation, and where in the graph it stands: what the rule of a primitive works with."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core.domains import Domain
from difflab.core.errors import DifflabError
from difflab.core.graph import Equation, Graph, Literal
from difflab.core.values import Decision, Elements, Hole, Step, Value, filled, pack


class BudgetError(DifflabError):
    """The time that was given is spent."""


@dataclass(eq=False)
class Run:
    """One interpretation in progress."""

    domain: Domain
    decide_here: bool = False
    deadline: float | None = None
    strict: bool = False
    path: dict[tuple[str, str], Decision] = field(default_factory=dict[tuple[str, str], Decision])

    def over(self, dtype: str) -> Domain:
        """The domain of the elements of arrays of that dtype: real or complex."""
        assert not dtype.startswith("complex"), "complex numbers are not interpreted yet"
        return self.domain

    def given(self, concrete: Any, elements: Elements | None = None) -> Value:
        """An input, a constant or a literal."""
        if elements is not None:
            value = Value(elements, active=True)
            self.attach(value, concrete)
            return value
        return Value(self.constants(concrete) if is_real(concrete) else None, concrete)

    def literal(self, literal: Literal) -> Value:
        """A constant of an equation, in its own dtype."""
        real = literal.dtype.startswith(("float", "bfloat"))
        return self.given(np.asarray(literal.value).astype(jnp.dtype(literal.dtype)) if real else literal.value)

    def attach(self, value: Value, concrete: Any) -> None:
        """Give an active value its concrete half."""
        if self.decide_here:
            value.comes_from(Step(self._rounder(value, str(jnp.result_type(concrete))), ()), 0)
        else:
            value.settle(concrete)

    def constants(self, concrete: Any) -> Elements:
        """A concrete real array, exactly, in the domain."""
        array = np.asarray(concrete)
        numbers = array.astype(np.float64) if array.dtype.kind not in "iub" else array
        return pack(array.shape, [self.domain.constant(x) for x in numbers.reshape(-1).tolist()])

    def rounded(self, value: Value, dtype: Any = np.float64) -> Any:
        """The elements of a value as floats; for domains with an order."""
        order = self.domain.order
        assert order is not None and value.elements is not None
        numbers = [float("nan") if isinstance(e, Hole) else float(order(e)) for e in value.elements.reshape(-1)]
        return jnp.asarray(np.array(numbers, np.float64).reshape(value.elements.shape), dtype)

    def map(self, function: Callable[..., Any], *arrays: Elements) -> Elements:
        """Apply a function of elements to arrays of equal (or scalar) shapes; holes pass through."""
        shape = np.broadcast_shapes(*[a.shape for a in arrays])
        out = np.empty(shape, object)
        flat = out.reshape(-1)
        for k, items in enumerate(zip(*[np.broadcast_to(a, shape).reshape(-1) for a in arrays], strict=True)):
            if k % 64 == 63:
                self.check_time()
            flat[k] = next((item for item in items if type(item) is Hole), None) or function(*items)
        return out

    def sum(self, items: Sequence[Any]) -> Any:
        """Add elements; a hole among them is the result."""
        return next((item for item in items if type(item) is Hole), None) or self.domain.sum(items)

    def decided(self, text: str, at: Site, tight: bool = False) -> None:
        """Record a decision, once."""
        known = self.path.get((at.node, text))
        self.path[at.node, text] = Decision(text, at.node, tight or (known is not None and known.tight))

    def check_time(self) -> None:
        """Raise `BudgetError` when the time is spent."""
        if self.deadline is not None and time.thread_time() > self.deadline:
            raise BudgetError("the time budget is spent; pass a larger budget, or a smaller function")

    def concretely(self, at: Site, operands: Sequence[Value]) -> list[Value]:
        """JAX's own results, as constants."""
        results = at.equation.bind(*[o.known for o in operands])
        return [self.given(x) for x in results]

    def holes(self, at: Site, operands: Sequence[Value], reason: str = "") -> list[Value]:
        """Results that cannot be computed; an operand's hole is passed on, since it is the cause."""
        hole = next(
            (e for o in operands if o.elements is not None for e in o.elements.flat if isinstance(e, Hole)), None
        )
        if hole is None:
            reason = reason or ("complex numbers are not interpreted yet" if at.opaque else "")
            hole = Hole(at.equation.primitive, at.node, at.equation.source, reason)
            if self.strict:
                raise hole.error()
        return self.made(
            at, operands, [None if d else filled(s, hole) for d, s in zip(at.discrete, at.shapes, strict=True)]
        )

    def made(self, at: Site, operands: Sequence[Value], results: Sequence[Elements | None]) -> list[Value]:
        """Values of an equation's results: given elements, and a concrete half that JAX computes when asked."""
        active = any(o.active for o in operands)
        step = Step(at.equation.bind, operands)
        values: list[Value] = []
        for k, elements in enumerate(results):
            value = Value(elements, active=active and elements is not None)
            if self.decide_here and elements is not None:
                step_here = Step(self._rounder(value, at.dtypes[k]), ())
                values.append(value.comes_from(step_here, 0))
            else:
                values.append(value.comes_from(step, k))
        return values

    def _rounder(self, value: Value, dtype: str) -> Any:
        return lambda: [self.rounded(value, dtype)]


@dataclass(frozen=True, eq=False)
class Site:
    """An equation at its place."""

    graph: Graph
    equation: Equation
    node: str

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the results."""
        return [self.graph.vertices[r].shape for r in self.equation.results]

    @property
    def dtypes(self) -> list[str]:
        """Dtypes of the results."""
        return [self.graph.vertices[r].dtype for r in self.equation.results]

    @property
    def discrete(self) -> list[bool]:
        """Which results are integers, booleans or keys."""
        return [not self.graph.vertices[r].inexact for r in self.equation.results]

    @property
    def opaque(self) -> bool:
        """Whether complex numbers come in or go out."""
        read = [self.graph.vertices[o].dtype if isinstance(o, int) else o.dtype for o in self.equation.operands]
        return any(dtype.startswith("complex") for dtype in (*read, *self.dtypes))

    def label(self, position: int) -> str:
        """Readable name of an operand."""
        return self.graph.label(self.equation.operands[position])


def is_real(concrete: Any) -> bool:
    """Whether a concrete value holds real floats, which have elements; integers, keys and complex numbers do not."""
    return jnp.issubdtype(getattr(concrete, "dtype", type(concrete)), jnp.floating)
