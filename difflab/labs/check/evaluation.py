"""A function and its derivative programs at a random point of a field, coordinate by coordinate.

The function runs over dual numbers (dual numbers of dual numbers for the second order), a program of JAX over the field
itself. All coordinates of inputs x, tangents t and u and cotangents c are random; subsets of t, u and c may be kept and
the others zero, which is how single entries are told apart.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lcm
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from difflab.core.domains import Domain
from difflab.core.duals import Dual, dual
from difflab.core.field import prime_field
from difflab.core.graph import Graph, walk
from difflab.core.interpret import interpret
from difflab.core.run import no_collection
from difflab.core.shadow import Shadow, shadow
from difflab.core.values import Decision, Hole
from difflab.labs.check.problem import Problem, Program, coordinates, elements, numbers, outputs_of, seed_types

_KEPT = 16
_DIRECTIONS = {
    "jvp": "t", "linearize": "t", "vjp": "c", "jvp∘jvp": "tu", "jvp∘vjp": "cu", "vjp∘vjp": "cu",
}  # fmt: skip
"""Mode → its seeds, in order: tangents t and u, cotangent c. What is returned in reverse is paired with t."""


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """A field (or what stands for one) with the floats that decide, and dual numbers over it."""

    field: Any

    @cached_property
    def domain(self) -> Domain:
        """Elements of the field, each with a float beside it."""
        return shadow(self.field.domain)

    @cached_property
    def duals(self) -> tuple[Domain, Domain]:
        """Dual numbers over the domain, and dual numbers of dual numbers."""
        once = dual(self.domain)
        return once, dual(once)


@dataclass(frozen=True, eq=False)
class Sample:
    """Random elements for all coordinates: inputs x, tangents t and u, cotangents c; and the arithmetic they are of."""

    over: Arithmetic
    x: list[Any]
    t: list[Any]
    u: list[Any]
    c: list[Any]

    @property
    def domain(self) -> Domain:
        """What the elements are elements of."""
        return self.over.domain

    def same(self, a: Any, b: Any) -> bool:
        """Whether two elements are equal; two infinities of one sign are."""
        return a.value is b.value or bool(self.over.field.same(a.value, b.value))

    def broken(self, items: Sequence[Any]) -> bool:
        """Whether an element among them has no value, so that another seed is needed."""
        return any(not isinstance(e, Hole) and self.over.field.broken(e.value) for e in items)

    def masked(self, items: list[Any], chosen: Sequence[int] | None) -> list[Any]:
        """The items at the chosen positions and zeros elsewhere; all where nothing is said."""
        zero = self.domain.constant(0)
        return [zero if e is None else e for e in _kept(items, chosen)]

    def inner(self, a: Sequence[Any], b: Sequence[Any]) -> Any:
        """Σ a·b; a hole where one is among those that count."""
        hole = next((e for e in (*a, *b) if isinstance(e, Hole)), None)
        multiply = self.domain.operations["mul"]
        return hole or self.domain.sum([multiply(p, q) for p, q in zip(a, b, strict=True)])


@dataclass(frozen=True, eq=False)
class Truth:
    """The function over dual numbers at a sample: for each output coordinate f, J·t and D²f[t, u] (or holes)."""

    sample: Sample
    value: list[Any]
    first: list[Any]
    second: list[Any]
    path: tuple[Decision, ...]


def order_of(mode: str) -> int:
    """The order of the derivative that a mode computes."""
    return 2 if "∘" in mode else 1


@no_collection()
def truth_at(
    checked: Problem,
    leaves: Sequence[Any],
    seed: int,
    bits: int = 127,
    levels: int = 0,
    order: int = 1,
    deadline: float | None = None,
    arithmetic: Callable[..., Any] = prime_field,
) -> Truth:
    """The function over dual numbers at random; the last few runs of a problem are kept."""
    kept = _TRUTHS.setdefault(checked, {})
    key = (tuple(map(id, leaves)), seed, bits, levels, order, arithmetic)
    if key not in kept:
        field = arithmetic(seed, bits=bits, roots=_roots(checked.graph), levels=levels)
        made = along(checked, leaves, sample_of(checked, leaves, Arithmetic(field), seed), order, deadline=deadline)
        while len(kept) >= _KEPT:
            del kept[next(iter(kept))]
        kept[key] = made, leaves
    return kept[key][0]


@no_collection()
def along(
    checked: Problem,
    leaves: Sequence[Any],
    sample: Sample,
    order: int,
    *,
    columns: Sequence[int] | None = None,
    others: Sequence[int] | None = None,
    deadline: float | None = None,
) -> Truth:
    """The function at a sample, over dual numbers; only `columns` of t and `others` of u are not zero, if given."""
    base = sample.domain
    items = [Dual(x, t) for x, t in zip(sample.x, _kept(sample.t, columns), strict=True)]
    if order == 2:
        second = [None if u is None else Dual(u) for u in _kept(sample.u, others)]
        items = [Dual(item, u) for item, u in zip(items, second, strict=True)]
    given = dict(zip(checked.inputs, elements(checked.input_types, items), strict=True))
    outcome = interpret(
        checked.graph,
        list(leaves),
        sample.over.duals[order - 1],
        elements=given,
        deadline=deadline,
        decide_here=True,
    )
    found = coordinates(outputs_of(checked, outcome))
    zero = base.constant(0)
    return Truth(
        sample, [_part(e, order, "", zero) for e in found], [_part(e, order, "t", zero) for e in found],
        [_part(e, order, "tu", zero) for e in found] if order == 2 else [zero] * len(found), outcome.path,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Results:
    """What a program gave: values (of first order alone) and derivatives by coordinate, and its path."""

    value: list[Any]
    derivative: list[Any]
    path: tuple[Decision, ...]


@no_collection()
def run_program(
    checked: Problem,
    program: Program,
    leaves: Sequence[Any],
    sample: Sample,
    *,
    rows: Sequence[int] | None = None,
    columns: Sequence[int] | None = None,
    others: Sequence[int] | None = None,
    deadline: float | None = None,
) -> Results:
    """A derivative program at a sample; only `rows` of c, `columns` of t and `others` of u are not zero, if given."""
    assert program.graph is not None, "a program without a graph cannot run; please report this"
    negate = sample.domain.operation("neg")
    given = dict(zip(checked.inputs, elements(checked.input_types, sample.x), strict=True))
    seeds: list[Any] = []
    for direction in _DIRECTIONS[program.mode]:
        if direction == "c":
            seeds += elements(checked.output_types, sample.masked(sample.c, rows), negate)
        else:
            items = sample.masked(*((sample.t, columns) if direction == "t" else (sample.u, others)))
            seeds += elements(checked.input_types, items)
    given |= {len(leaves) + k: seed for k, seed in enumerate(seeds)}
    zeros = [np.zeros(shape, _dtype(dtype)) for shape, dtype in seed_types(checked, program.mode)]
    outcome = interpret(
        program.graph, [*leaves, *zeros], sample.domain, elements=given, deadline=deadline, decide_here=True
    )
    first = order_of(program.mode) == 1
    count = len(checked.outputs) if first else 0
    back = negate if program.reverse else None
    return Results(coordinates(outcome.outputs[:count]), coordinates(outcome.outputs[count:], back), outcome.path)


def _kept(items: list[Any], chosen: Sequence[int] | None) -> list[Any]:
    """The items at the chosen positions and None elsewhere; all where nothing is said."""
    if chosen is None:
        return items
    found: list[Any] = [None] * len(items)
    for k in chosen:
        found[k] = items[k]
    return found


def _part(element: Any, order: int, which: str, zero: Any) -> Any:
    """The coefficient of 1, of ε (`t`), or of ε·ε' (`tu`) in a dual number of dual numbers."""
    if isinstance(element, Hole):
        return element
    if order == 2:
        element = element.tangent if which == "tu" else element.value
        if element is None:
            return zero
    found = element.tangent if which else element.value
    return zero if found is None else found


def sample_of(checked: Problem, leaves: Sequence[Any], over: Arithmetic, seed: int) -> Sample:
    """Random elements, with the point's floats beside x and random floats beside the seeds."""
    place = numbers(checked.input_types, [leaves[k] for k in checked.inputs])
    n, m = len(place), len(checked.rows)
    drawn = over.field.draw(3 * n + m)
    beside = [*place, *np.random.default_rng(seed).standard_normal(2 * n + m).tolist()]
    items = [Shadow(value, number) for value, number in zip(drawn, beside, strict=True)]
    return Sample(over, items[:n], items[n : 2 * n], items[2 * n : 3 * n], items[3 * n :])


def holed(items: Sequence[Any]) -> bool:
    """Whether a hole is among the items."""
    return any(isinstance(e, Hole) for e in items)


def _roots(graph: Graph) -> int:
    """The least common multiple of the lengths of the Fourier transforms: roots of unity that the field must have."""
    lengths = {int(n) for _, _, e in walk(graph) if e.primitive == "fft" for n in e.params["fft_lengths"]}
    return lcm(*lengths) if lengths else 1


def _dtype(name: str) -> Any:
    return np.float32 if name.startswith("bfloat") else np.dtype(name)


_TRUTHS: WeakKeyDictionary[Problem, dict[Any, tuple[Truth, Any]]] = WeakKeyDictionary()
