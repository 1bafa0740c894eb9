"""How many multiplications one evaluation of an equation takes, roughly: what one application of its derivative costs.

A derivative applied to one column or row costs a small multiple of the function (Baur & Strassen 1983); the multiple is
left out. Matrix products and convolutions are counted exactly, transforms as n log n, factorisations and solves as
entries times order, loops as their body times the trip count (a `while` as one trip: the count is not known), anything
else as one an entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log2, prod

from difflab.core.graph import Equation, Graph, Literal, Vertex

_CUBIC = frozenset(
    """cholesky custom_linear_solve eig eigh geqrf hessenberg householder_product lu lu_solve qr schur svd
    triangular_solve tridiagonal tridiagonal_solve""".split()
)


def work(equation: Equation, operands: Sequence[Vertex | Literal], results: Sequence[Vertex]) -> int:
    """Multiplications of one evaluation, at least 1."""
    if equation.bodies and equation.kind != "cond":
        return max(1, sum((body.count or 1) * of_graph(body.graph) for body in equation.bodies))
    if equation.bodies:
        return max(1, *(of_graph(body.graph) for body in equation.bodies))
    return max(1, _plain(equation, operands, results))


def of_graph(graph: Graph) -> int:
    """Multiplications of one evaluation of a graph."""
    total = 0
    for equation in graph.equations:
        operands = [graph.vertices[o] if isinstance(o, int) else o for o in equation.operands]
        total += work(equation, operands, [graph.vertices[r] for r in equation.results])
    return total


def _plain(equation: Equation, operands: Sequence[Vertex | Literal], results: Sequence[Vertex]) -> int:
    size = sum(prod(result.shape) for result in results)
    name = equation.primitive
    if name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        return size * prod(operands[0].shape[int(k)] for k in contracted)
    if name == "conv_general_dilated":
        features = operands[1].shape[int(equation.params["dimension_numbers"].rhs_spec[0])]
        return size * prod(operands[1].shape) // max(1, features)
    if name == "fft":
        length = prod(map(int, equation.params["fft_lengths"]))
        return size * ceil(log2(max(2, length)))
    if name in _CUBIC:
        return max(prod(o.shape) * o.shape[-1] for o in operands if o.shape) if any(o.shape for o in operands) else 1
    return size
