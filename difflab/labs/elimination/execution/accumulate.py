"""Elimination with numbers: an order, played on blocks that hold arrays, until only the Jacobian is left.

The step is that of `difflab.labs.elimination.state`, with `difflab.core.contraction` in place of the plans. Between
numbers there is nothing to plan: products and sums of arrays of one entry are written down as they are, ±1 is folded
away, and a sum that cancels is no edge. What comes out is straight-line JAX of the size of the count.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp

from difflab.core.algebra import join, product
from difflab.core.contraction import Block, Values, add, multiply, to_array
from difflab.core.linear import Edge, LinearGraph

Row = list[Block | None]
"""For one output the block by each input; None where it is zero."""


def accumulate(
    linear: LinearGraph, leaves: Sequence[Any], order: Sequence[int]
) -> tuple[list[Any], list[list[Values]]]:
    """All outputs of the function, and for each differentiated output the dense block by each input."""
    outputs, rows = blocks(linear, leaves, order)
    dense = [[_dense(linear, row[k], slot, u) for k, u in enumerate(linear.inputs)] for slot, row in enumerate(rows)]
    return outputs, dense


def blocks(linear: LinearGraph, leaves: Sequence[Any], order: Sequence[int]) -> tuple[list[Any], list[Row]]:
    """All outputs of the function, and for each differentiated output the structured block by each input."""
    outputs, edges = linear.values(leaves)
    before = contract(linear, edges, order)
    return outputs, [[None if end is None else before[end].get(u) for u in linear.inputs] for end in linear.outputs]


def contract(linear: LinearGraph, edges: Mapping[Edge, Block], order: Sequence[int]) -> list[dict[int, Block]]:
    """Eliminate vertices in order; return for each vertex the blocks that are left, by the vertex they come from."""
    before, after = _neighbours(linear, edges)
    for vertex in order:
        _eliminate(linear, before, after, vertex)
    return before


def _neighbours(
    linear: LinearGraph, edges: Mapping[Edge, Block]
) -> tuple[list[dict[int, Block]], list[dict[int, None]]]:
    before: list[dict[int, Block]] = [{} for _ in linear.vertices]
    after: list[dict[int, None]] = [{} for _ in linear.vertices]
    for (u, v), block in edges.items():
        before[v][u] = block
        after[u][v] = None
    return before, after


def _eliminate(linear: LinearGraph, before: list[dict[int, Block]], after: list[dict[int, None]], vertex: int) -> None:
    for s in after[vertex]:
        left, dtype = before[s].pop(vertex), linear.vertices[s].dtype
        for p, right in before[vertex].items():
            new = _product(left, right, dtype)
            old = before[s].get(p)
            before[s][p] = new if old is None else _sum(old, new, dtype)
            after[p][s] = None
    for p in before[vertex]:
        del after[p][vertex]
    before[vertex], after[vertex] = {}, {}


def _product(left: Block, right: Block, dtype: str) -> Block:
    """`left @ right`; between numbers without a contraction."""
    if not (_single(left) and _single(right)):
        return multiply(left, right, dtype)
    plan = product(left.structure, right.structure).structure
    if plan.carried is None:
        return Block(plan)
    if left.array is None or right.array is None:
        (value, one) = (right.array, left) if left.array is None else (left.array, right)
        return Block(plan, _times(value, one.structure.scale))
    return Block(plan, left.array * right.array)


def _sum(left: Block, right: Block, dtype: str) -> Block:
    """`left + right`; between numbers without spreading."""
    if not (_single(left) and _single(right)) or left.array is None or right.array is None:
        return add(left, right, dtype)
    return Block(join(left.structure, right.structure).structure, left.array + right.array)


def _single(block: Block) -> bool:
    """Whether the block is one number: an array of shape (), or a constant."""
    return not block.structure.sizes and not block.structure.opaque


def _times(value: Any, scale: int) -> Any:
    if scale == 1:
        return value
    return -value if scale == -1 else value * jnp.asarray(scale, value.dtype)


def _dense(linear: LinearGraph, block: Block | None, slot: int, source: int) -> Values:
    """The block of one output by one input, in the input's dtype as in `jax.jacrev`; zeros where there is no edge."""
    vertex = linear.vertices[source]
    if block is None:
        return jnp.zeros((*linear.results[slot][1], *vertex.shape), vertex.dtype)
    return to_array(block, vertex.dtype)
