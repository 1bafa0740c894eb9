"""What an equation is recognised by in another graph: columns of keys, from the strictest to the weakest.

A key says what the equation does, and the stricter ones also where it stands in the computation: the *cone* above it
(everything it is computed from) and the cone below it (everything that reads it), each hashed structurally as in
hash-consing (Filliâtre & Conchon, 2006): a cone's key is made of its tip and the keys of the cones around it, so all of
them together cost one pass. Wrappers that a transformation puts around the name of a scope do not count, since the
forward part of a gradient is the program itself; the transposed part is marked, since it is not.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache

from difflab.core.graph import Equation, Graph, Literal, Operand
from difflab.core.likeness import likeness


@dataclass
class Names:
    """Numbers for keys: equal keys, of either graph, get one number."""

    known: dict[Hashable, int] = field(default_factory=dict[Hashable, int])

    def number(self, key: Hashable) -> int:
        """The number of a key."""
        return self.known.setdefault(key, len(self.known))


def traits(graph: Graph, names: Names) -> list[list[int]]:
    """The columns of a graph's equations; the last one is what two equations must share to be the same one at all."""
    equations = graph.equations
    places = [(place(e), title(e)) for e in equations]
    words = [_written(graph, e) for e in equations]
    least = [names.number(key) for key in places]
    alike = [names.number((k, likeness(graph, e))) for k, e in zip(least, equations, strict=True)]
    rough = [names.number((k, likeness(graph, e, shapes=False))) for k, e in zip(least, equations, strict=True)]
    written = [names.number(pair) for pair in zip(words, alike, strict=True)]
    roughly = [names.number(pair) for pair in zip(words, least, strict=True)]
    above, below = _above(graph, alike, names), _below(graph, alike, names)
    upper, lower = _above(graph, rough, names), _below(graph, rough, names)
    whole = [names.number(pair) for pair in zip(above, below, strict=True)]
    return [whole, above, below, upper, lower, written, alike, roughly, rough, least]


def place(equation: Equation) -> tuple[str, ...]:
    """The path of scopes without the wrappers of transformations; what is transposed is marked `ᵀ`.

    `("jvp(layer)",)` becomes `("layer",)` and `("transpose(jvp(layer))",)` becomes `("layerᵀ",)`.
    """
    return tuple(part for part in map(unwrapped, equation.scopes) if part)


@lru_cache(maxsize=10_000)
def unwrapped(name: str) -> str:
    """The name inside transformations: `jvp(f)` → `f`, `transpose(jvp(f))` → `fᵀ`."""
    wrappers, inner, _ = re.fullmatch(r"((?:\w+\()*)(.*?)(\)*)", name, re.DOTALL).groups()  # pyright: ignore
    return inner + ("ᵀ" if "transpose(" in wrappers else "")


def title(equation: Equation) -> tuple[str, ...]:
    """Primitive and, of a call, what is called."""
    return (equation.primitive, *(unwrapped(body.label) for body in equation.bodies[:1]))


def _written(graph: Graph, equation: Equation) -> Hashable:
    """The user's own words: function, line and names."""
    source = equation.source
    bound = tuple(graph.vertices[r].name for r in equation.results)
    return (source.function, source.text, bound) if source else bound


def _above(graph: Graph, keys: list[int], names: Names) -> list[int]:
    """For each equation a number of all that it is computed from."""
    values: dict[int, int] = {}
    for role, numbers in (("constant", graph.constants), ("input", graph.inputs)):
        values.update({v: names.number((role, graph.vertices[v].name or k)) for k, v in enumerate(numbers)})

    def end(operand: Operand) -> int:
        return -1 if isinstance(operand, Literal) else values[operand]

    made: list[int] = []
    for equation, key in zip(graph.equations, keys, strict=True):
        made.append(names.number(("above", key, tuple(map(end, equation.operands)))))
        values.update({r: names.number(("result", made[-1], k)) for k, r in enumerate(equation.results)})
    return made


def _below(graph: Graph, keys: list[int], names: Names) -> list[int]:
    """For each equation a number of all that reads it."""
    readers: list[list[tuple[int, int]]] = [[] for _ in graph.vertices]
    for k, output in enumerate(graph.outputs):
        if isinstance(output, int):
            readers[output].append((-1, k))
    made = [0] * len(keys)
    for equation, key in zip(reversed(graph.equations), reversed(keys), strict=True):
        read = tuple(tuple(sorted(readers[r])) for r in equation.results)
        made[equation.id] = number = names.number(("below", key, read))
        for k, operand in enumerate(equation.operands):
            if isinstance(operand, int):
                readers[operand].append((number, k))
    return made
