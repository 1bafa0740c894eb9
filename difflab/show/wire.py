"""Small pieces of the wire (widgets/WIRE.md): numbers, summaries, ids."""

from __future__ import annotations

import math
from typing import Any

from difflab.core.graph import Graph, Literal, Operand
from difflab.core.summary import Summary

Wire = dict[str, Any]
"""A JSON object."""


def number(value: complex | float | None, digits: int = 9) -> Any:
    """A number as JSON can carry it, of so many digits: NaN and infinities are words, a complex number is a pair."""
    if value is None:
        return None
    if isinstance(value, complex):
        return [number(value.real, digits), number(value.imag, digits)]
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(f"{value:.{digits}g}")


def summary(of: Summary | None) -> list[Any] | None:
    """`[size, norm, min, max, mean, nan, inf, zero]`; the mean of a single entry is the entry itself."""
    if of is None:
        return None
    mean = of.value if of.value is not None else of.mean
    return [of.size, number(of.norm), number(of.min), number(of.max), number(mean), of.nan, of.inf, of.zero]


def value_id(graph: Graph, operand: Operand, prefix: str = "") -> str | None:
    """The id of a value: `"12"`, `"12#1"`, `"i0"`, `"c0"`; a literal has none."""
    if isinstance(operand, Literal):
        return None
    vertex = graph.vertices[operand]
    match vertex.role:
        case "input":
            return f"{prefix}i{graph.inputs.index(operand)}"
        case "constant":
            return f"{prefix}c{graph.constants.index(operand)}"
        case _:
            return f"{prefix}{vertex.equation}" + (f"#{vertex.result}" if vertex.result else "")


def shorten(text: str, length: int) -> str:
    """At most `length` characters, the end cut off with `…`."""
    return text if len(text) <= length else text[: length - 1] + "…"
