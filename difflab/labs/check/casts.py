"""Precision that a derivative loses by a cast: arithmetic in exact numbers cannot see it, the program's types can."""

from __future__ import annotations

from collections.abc import Iterator

from difflab.core.graph import Equation, Graph, walk
from difflab.labs.check.findings import Finding
from difflab.labs.check.problem import Problem, program

DIGITS = {"float64": 53, "complex128": 53, "float32": 24, "complex64": 24, "float16": 11, "bfloat16": 8}
"""Bits of the significand; other float types have four or fewer."""


def cast_faults(checked: Problem) -> list[Finding]:
    """Casts in the derivative programs to a type with fewer bits than any value of the function itself."""
    least = min((_bits(d) for d in _dtypes(checked.graph)), default=0)
    for mode in ("jvp", "vjp"):
        made = program(checked, mode)
        for graph, equation in _casts(made.graph) if made.graph is not None else ():
            result = graph.vertices[equation.results[0]]
            read = equation.operands[0]
            source = graph.vertices[read].dtype if isinstance(read, int) else read.dtype
            if _bits(result.dtype) < min(least, _bits(source)):
                return [
                    Finding(
                        "cast", "error", f"{mode} casts {source} to {result.dtype}, which the function does not",
                        mode=mode, source=equation.source,
                        hint=f"{_bits(result.dtype)} of {_bits(source)} bits are left",
                    )
                ]  # fmt: skip
    return []


def _casts(graph: Graph) -> Iterator[tuple[Graph, Equation]]:
    for _, around, equation in walk(graph):
        if equation.primitive in ("convert_element_type", "reduce_precision") and _inexact(around, equation):
            yield around, equation


def _inexact(graph: Graph, equation: Equation) -> bool:
    read = equation.operands[0]
    floating = graph.vertices[read].inexact if isinstance(read, int) else read.dtype.startswith(("float", "bfloat"))
    return floating and graph.vertices[equation.results[0]].inexact


def _dtypes(graph: Graph) -> set[str]:
    found = {v.dtype for v in graph.vertices if v.inexact}
    return found | {v.dtype for _, around, _ in walk(graph) for v in around.vertices if v.inexact}


def _bits(dtype: str) -> int:
    return DIGITS.get(dtype, 4)
