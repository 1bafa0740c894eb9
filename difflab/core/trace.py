"""What happened on a graph, step by step.

A reverse sweep, an elimination order, a checkpoint schedule and a fixed-point iteration are all traces: one `Frame` a
step, each at one place of the graph. One scrubber and one focus then serve every lab.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from difflab.core.graph import Graph
from difflab.core.showable import Showable


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One step: the `node` it happened at (`"12"`, `"12.0/5"`, see `difflab.core.graph.walk`) and one line of text."""

    node: str
    text: str


F = TypeVar("F", bound=Frame, covariant=True)


@dataclass(frozen=True, eq=False, kw_only=True)
class Trace(Showable, Generic[F]):
    """A graph and what each step did to it."""

    graph: Graph
    frames: Sequence[F]

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, step: int) -> F:
        return self.frames[step]

    def __iter__(self) -> Iterator[F]:
        return iter(self.frames)
