"""One local partial: which operand and which result of an equation it lies between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from difflab.core.graph import Equation, Literal, Vertex


@dataclass(frozen=True)
class Local:
    """Operand `position` and result `result` of an equation, with their shapes."""

    equation: Equation
    operands: tuple[Vertex | Literal, ...]
    results: tuple[Vertex, ...]
    position: int
    result: int

    @property
    def out_shape(self) -> tuple[int, ...]:
        """Shape of the result."""
        return self.results[self.result].shape

    @property
    def inp_shape(self) -> tuple[int, ...]:
        """Shape of the operand."""
        return self.operands[self.position].shape

    @property
    def params(self) -> Mapping[str, Any]:
        """Parameters of the equation."""
        return self.equation.params
