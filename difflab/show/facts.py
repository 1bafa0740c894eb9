"""What the drawings of one graph look up again and again, each computed once."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from difflab.core.activity import Phase, phase
from difflab.core.graph import Graph, Operand
from difflab.show.sweeps import pairs


class Facts:
    """Ids, readers, sweeps and scalar constants of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Of each vertex its id without the prefix: `"12"`, `"12#1"`, `"i0"`, `"c0"`."""
        given = {v: f"i{k}" for k, v in enumerate(self.graph.inputs)}
        given |= {v: f"c{k}" for k, v in enumerate(self.graph.constants)}
        return tuple(
            given[v.id] if v.equation is None else f"{v.equation}#{v.result}" if v.result else f"{v.equation}"
            for v in self.graph.vertices
        )

    @cached_property
    def consumers(self) -> tuple[tuple[int, ...], ...]:
        """For each vertex the equations that read it."""
        return self.graph.consumers()

    @cached_property
    def sweeps(self) -> tuple[Phase | None, ...]:
        """Of each equation the sweep it belongs to."""
        return tuple([phase(equation) for equation in self.graph.equations])

    @cached_property
    def pairs(self) -> dict[int, int]:
        """Reverse equation → its forward equation."""
        return pairs(self.graph)

    @cached_property
    def outputs(self) -> frozenset[Operand]:
        """The vertices that are outputs."""
        return frozenset(o for o in self.graph.outputs if isinstance(o, int))

    @cached_property
    def scalars(self) -> dict[int, str]:
        """Constants of one entry, as text, that are no outputs: they are drawn where they are used."""
        found = {v: _scalar(self.graph.values[v]) for v in self.graph.constants if v not in self.outputs}
        return {v: text for v, text in found.items() if text and self.graph.vertices[v].size == 1}


def _scalar(value: object) -> str:
    """A number as short text; nothing for what is none, or not known yet."""
    if getattr(value, "size", 1) != 1:
        return ""
    try:
        return f"{np.asarray(value).reshape(()).item():.4g}"
    except (TypeError, ValueError):
        return ""
