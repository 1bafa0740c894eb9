"""What an equation computes, as a short text: `sub(1, cos(x))`."""

from __future__ import annotations

import numpy as np

from difflab.core.graph import Equation, Graph, Literal, Operand

_PLAIN = "broadcast_in_dim convert_element_type reshape squeeze copy stop_gradient expand_dims".split()


def term(graph: Graph, equation: Equation, depth: int = 4, names: bool = False) -> str:
    """An equation with what its operands are made of, to a depth; inputs are `_`, or their names if asked for."""
    return f"{equation.primitive}({', '.join(operand_term(graph, o, depth - 1, names) for o in equation.operands)})"


def operand_term(graph: Graph, operand: Operand, depth: int = 3, names: bool = True) -> str:
    """The same for a value."""
    if isinstance(operand, Literal):
        value = np.asarray(operand.value)
        return f"{float(value):g}" if value.ndim == 0 and value.dtype.kind in "fiub" else "_"
    vertex = graph.vertices[operand]
    if names and (vertex.name or vertex.equation is None):
        return graph.label(operand)
    if vertex.equation is None or depth <= 0:
        return graph.label(operand) if names else "_"
    made = graph.equations[vertex.equation]
    if made.primitive in _PLAIN:
        return operand_term(graph, made.operands[0], depth, names)
    return term(graph, made, depth, names)
