"""How long a run over exact numbers takes, roughly: what is tried, and how often, depends on it."""

from __future__ import annotations

from difflab.core.graph import Equation, Graph
from difflab.labs.check.problem import Problem


def work(checked: Problem) -> int:
    """Roughly how many operations on elements a run of the function takes."""
    return _work(checked.graph)


def _work(graph: Graph) -> int:
    total = 0
    for equation in graph.equations:
        own = sum(graph.vertices[r].size for r in equation.results)
        if equation.primitive == "dot_general":
            own *= _contracted(graph, equation)
        inner = sum(_work(body.graph) for body in equation.bodies)
        total += own + inner * int(equation.params.get("length") or (10 if equation.kind == "while" else 1))
    return total


def _contracted(graph: Graph, equation: Equation) -> int:
    (axes, _), _ = equation.params["dimension_numbers"]
    operand = equation.operands[0]
    shape = graph.vertices[operand].shape if isinstance(operand, int) else operand.shape
    size = 1
    for axis in axes:
        size *= shape[axis]
    return size
