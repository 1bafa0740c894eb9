"""A linearised graph with its small arrays taken apart into numbers.

Elimination on numbers never costs more than on arrays, as every entry of an array is a vertex of its own and entries
that are zero by structure are no edges. Arrays of more than `limit` entries stay whole. The edge between an entry and
an array is a column or a row of the block.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core.algebra import plain, product
from difflab.core.contraction import Block, Values, materialised, multiply, to_array
from difflab.core.entries import entries, places
from difflab.core.linear import Edge, LinearGraph, LinearVertex
from difflab.core.relation import Relation
from difflab.core.structure import SCALAR, Structure, selection

Part = int | None
"""An entry of a vertex, flattened; None for all of it."""


@dataclass(frozen=True, eq=False, repr=False)
class Exploded(LinearGraph):
    """The graph of the entries of `base`. `parts[n]` is the vertex of `base` and the entry that vertex n stands for.

    Inputs and outputs are those of `base`, each taken apart in place; `input_slots[k]` and `output_slots[k]` say which
    of them belong to input or output k of `base`. `values` gives the numbers on the edges; `assemble` puts the Jacobian
    together again.
    """

    base: LinearGraph | None = None
    parts: tuple[tuple[int, Part], ...] = ()
    origin: Mapping[Edge, tuple[Edge, int]] = field(default_factory=dict[Edge, tuple[Edge, int]], repr=False)
    input_slots: tuple[tuple[int, ...], ...] = ()
    output_slots: tuple[tuple[int, ...], ...] = ()

    @cached_property
    def results(self) -> tuple[tuple[str, tuple[int, ...], str], ...]:
        """Name, shape and dtype of each output, also of those without a vertex."""
        assert self.base is not None, "an exploded graph has a base; please report this"
        found: list[tuple[str, tuple[int, ...], str]] = []
        for (name, shape, dtype), slots in zip(self.base.results, self.output_slots, strict=True):
            apart = len(slots) != 1 or all(n == 1 for n in shape)
            found += [(f"{name}[{k}]", (), dtype) for k in range(len(slots))] if apart else [(name, shape, dtype)]
        return tuple(found)

    def values(self, leaves: Sequence[Any]) -> tuple[list[Any], dict[Edge, Block]]:
        """Run the function: all its outputs, and every edge with its numbers."""
        assert self.base is not None, "an exploded graph has a base; please report this"
        outputs, blocks = self.base.values(leaves)
        read: dict[Edge, Values] = {}
        whole = {edge: materialised(block) for edge, block in blocks.items()}
        found: dict[Edge, Block] = {}
        for edge, kind in self.edges.items():
            source, entry = self.origin[edge]
            block, dtype = whole[source], self.base.vertices[source[1]].dtype
            if entry < 0:
                found[edge] = _part(block, self.parts[edge[1]][1], self.parts[edge[0]][1], dtype)
            elif kind.carried is None:
                found[edge] = Block(kind)
            else:
                if source not in read:
                    read[source] = entries(block, dtype)[1]
                found[edge] = Block(kind, read[source][entry])
        return outputs, found


def explode(linear: LinearGraph, limit: int = 16) -> Exploded:
    """Take every vertex of at most `limit` entries apart into numbers, with ids such as `12[3]`.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> from difflab.core.linear import linearise
    >>> explode(linearise(graph(lambda x: jnp.sin(x), jnp.ones(3))))
    <LinearGraph λ: 6 vertices, 3 edges>
    """
    parts = [part for n, vertex in enumerate(linear.vertices) for part in _taken_apart(n, vertex, limit)]
    number: dict[int, dict[Part, int]] = {}
    for n, (vertex, entry) in enumerate(parts):
        number.setdefault(vertex, {})[entry] = n
    edges: dict[Edge, Structure] = {}
    origin: dict[Edge, tuple[Edge, int]] = {}
    for edge, block in linear.edges.items():
        for u, v, kind, entry in _edges(edge, plain(block), number):
            edges[u, v], origin[u, v] = kind, (edge, entry)
    return _pruned(linear, parts, number, edges, origin)


def assemble(graph: Exploded, rows: Sequence[Sequence[Block | None]]) -> list[list[Values]]:
    """The dense blocks of the base graph, output by input, from those of the exploded one.

    `rows[k][j]` is the block of output k by input j of the exploded graph, None where it is zero.
    """
    assert graph.base is not None, "an exploded graph has a base; please report this"
    base, found = graph.base, []
    for slots, (_, shape, _) in zip(graph.output_slots, base.results, strict=True):
        row: list[Values] = []
        for k, ins in enumerate(graph.input_slots):
            vertex = base.vertices[base.inputs[k]]
            pieces = [[_dense(rows[s][i], graph, s, i, vertex.dtype) for i in ins] for s in slots]
            lines = [jnp.concatenate(piece, 1) for piece in pieces] or [jnp.zeros((0, vertex.size), vertex.dtype)]
            row.append(jnp.concatenate(lines, 0).reshape((*shape, *vertex.shape)))
        found.append(row)
    return found


def _dense(block: Block | None, graph: Exploded, slot: int, source: int, dtype: str) -> Values:
    height, width = int(np.prod(graph.results[slot][1])), graph.vertices[graph.inputs[source]].size
    return jnp.zeros((height, width), dtype) if block is None else to_array(block, dtype).reshape(height, width)


def _taken_apart(number: int, vertex: LinearVertex, limit: int) -> list[tuple[int, Part]]:
    return [(number, k) for k in range(vertex.size)] if vertex.size <= limit else [(number, None)]


def _edges(
    edge: Edge, block: Structure, found: Mapping[int, Mapping[Part, int]]
) -> list[tuple[int, int, Structure, int]]:
    """The edges between the parts of two vertices: from, to, structure, which entry it is (−1: a row or column)."""
    starts, ends = (found.get(vertex, {}) for vertex in edge)
    if None in starts and None in ends:
        return [(starts[None], ends[None], block, -1)]
    if None not in starts and None not in ends:
        kind = SCALAR if block.carried is not None else Structure((), (), (), None, block.scale)
        relation = places(block)[1]
        pairs = zip(relation.rows.tolist(), relation.cols.tolist(), strict=True)
        return [(starts[c], ends[r], kind, k) for k, (r, c) in enumerate(pairs)] if kind.scale else []
    pieces = [
        (u, v, _part_structure(block, row, column), -1) for column, u in starts.items() for row, v in ends.items()
    ]
    return [piece for piece in pieces if all(link.relation.rows.size for link in piece[2].links)]


def _row(shape: Sequence[int], entry: int) -> Structure:
    return selection((), shape, Relation(np.zeros(1, int), np.array([entry]), 1, int(np.prod(shape))))


def _column(shape: Sequence[int], entry: int) -> Structure:
    return selection(shape, (), Relation(np.array([entry]), np.zeros(1, int), int(np.prod(shape)), 1))


def _part_structure(block: Structure, row: Part, column: Part) -> Structure:
    if row is not None:
        block = product(_row(block.out_shape, row), block).structure
    return block if column is None else product(block, _column(block.inp_shape, column)).structure


def _part(block: Block, row: Part, column: Part, dtype: str) -> Block:
    if row is not None:
        block = multiply(Block(_row(block.structure.out_shape, row)), block, dtype)
    return block if column is None else multiply(block, Block(_column(block.structure.inp_shape, column)), dtype)


def _pruned(
    linear: LinearGraph,
    parts: Sequence[tuple[int, Part]],
    number: Mapping[int, Mapping[Part, int]],
    edges: Mapping[Edge, Structure],
    origin: Mapping[Edge, tuple[Edge, int]],
) -> Exploded:
    """Leave out what is on no path from an input to an output, and number the rest anew."""
    by_vertex = {n: list(number.get(n, {}).values()) for n in range(len(linear.vertices))}
    starts = [n for u in linear.inputs for n in by_vertex[u]]
    ends = {n for v in linear.outputs if v is not None for n in by_vertex[v]}
    live = _reached(starts, edges, 0) & _reached(list(ends), edges, 1)
    kept = [n for n in range(len(parts)) if n in live or n in set(starts)]
    new = {n: k for k, n in enumerate(kept)}
    outputs: list[int | None] = []
    slots: list[tuple[int, ...]] = []
    for v in linear.outputs:
        found = [None] if v is None else [new.get(n) if n in live else None for n in by_vertex[v]]
        slots.append(tuple(range(len(outputs), len(outputs) + len(found))))
        outputs += found
    ins, count = [], 0
    for u in linear.inputs:
        ins.append(tuple(range(count, count + len(by_vertex[u]))))
        count += len(by_vertex[u])
    inside = {(u, v): kind for (u, v), kind in edges.items() if u in live and v in live}
    return Exploded(
        linear.name, tuple(_vertex(linear, parts[n]) for n in kept),
        {(new[u], new[v]): kind for (u, v), kind in inside.items()}, tuple(new[n] for n in starts), tuple(outputs),
        {}, linear.flat, linear, tuple(parts[n] for n in kept),
        {(new[u], new[v]): origin[u, v] for u, v in inside}, tuple(ins), tuple(slots),
    )  # fmt: skip


def _reached(start: Sequence[int], edges: Mapping[Edge, Structure], side: int) -> set[int]:
    after: dict[int, list[int]] = {}
    for edge in edges:
        after.setdefault(edge[side], []).append(edge[1 - side])
    found, waiting = set(start), list(start)
    while waiting:
        new = [n for n in after.get(waiting.pop(), ()) if n not in found]
        found.update(new)
        waiting.extend(new)
    return found


def _vertex(linear: LinearGraph, part: tuple[int, Part]) -> LinearVertex:
    vertex, (_, entry) = linear.vertices[part[0]], part
    if entry is None or not vertex.shape:
        return vertex
    return replace(vertex, id=f"{vertex.id}[{entry}]", label=f"{vertex.label}[{entry}]", shape=())
