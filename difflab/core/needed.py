"""Which equations of a graph matter to its outputs: dead code need not be interpreted.

JAX leaves dead code behind where it differentiates; and an implicit solve (`custom_linear_solve`) is interpreted by its
`matvec` alone, so that the factors which only its solver reads are never looked at.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from difflab.core.graph import Equation, Graph, Operand


def needed(graph: Graph) -> frozenset[int]:
    """Numbers of the equations that an output depends on."""
    if graph not in _NEEDED:
        wanted = {o for o in graph.outputs if isinstance(o, int)}
        found: set[int] = set()
        for equation in reversed(graph.equations):
            if wanted.intersection(equation.results):
                found.add(equation.id)
                wanted.update(o for o in _read(equation) if isinstance(o, int))
        _NEEDED[graph] = frozenset(found)
    return _NEEDED[graph]


def _read(equation: Equation) -> tuple[Operand, ...]:
    if equation.primitive != "custom_linear_solve":
        return equation.operands
    lengths = equation.params["const_lengths"]
    return (*equation.operands[: lengths.matvec], *equation.operands[sum(lengths) :])


_NEEDED: WeakKeyDictionary[Graph, frozenset[int]] = WeakKeyDictionary()
