"""What a Jacobian is handed back as: dense arrays, `BCOO` with fixed indices, or the structured blocks themselves.

A piece is the block of one output leaf by one input leaf as a strategy found it. Nothing dense is made on the way to a
sparse result, and a dense result that does not fit into memory is refused before it is begun.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Shaped

from difflab.core.contraction import Block, Values, materialised, multiply, to_array
from difflab.core.entries import entries
from difflab.core.linear import LinearGraph
from difflab.core.structure import Structure
from difflab.core.structure import dense as dense_structure


@dataclass(frozen=True, eq=False)
class Entries:
    """The entries of a block at fixed places: flat output index, flat input index, values; all others are zero."""

    rows: Int[np.ndarray, " entries"]
    columns: Int[np.ndarray, " entries"]
    values: Shaped[Array, " entries"]


Vector = Shaped[Array, "..."] | Shaped[np.ndarray, "..."]
Piece = Block | Entries | Values | None
"""One block of a Jacobian; None is zero."""


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True, eq=False)
class StructuredJacobian:
    """The block of one output by one input, its structure kept: few numbers for many entries.

    `shape` is output shape + input shape. `J @ v` takes an array of the input's shape, `u @ J` one of the output's;
    neither makes the block dense, `todense` does. It passes through `jit`, and through `vmap` as a result.
    """

    structure: Structure | None
    value: Any
    out_shape: tuple[int, ...]
    inp_shape: tuple[int, ...]
    dtype: str

    __array_ufunc__ = None

    @property
    def block(self) -> Block | None:
        """Structure and numbers; None where all is zero."""
        return None if self.structure is None else Block(self.structure, self.value)

    @property
    def shape(self) -> tuple[int, ...]:
        """Output shape + input shape."""
        return (*self.out_shape, *self.inp_shape)

    @property
    def kind(self) -> str:
        """The structure in a word."""
        return "zero" if self.structure is None else self.structure.kind

    @property
    def stored(self) -> int:
        """Numbers that are held."""
        return 0 if self.structure is None else self.structure.stored

    def todense(self) -> Values:
        """The block as an array of `shape`."""
        return jnp.zeros(self.shape, self.dtype) if self.block is None else to_array(self.block, self.dtype)

    def __matmul__(self, tangent: Vector) -> Values:
        """The pushforward of a tangent."""
        vector = _fitting(tangent, self.inp_shape, "J @ v", "input")
        if self.block is None:
            return jnp.zeros(self.out_shape, self.dtype)
        right = Block(dense_structure(self.inp_shape, ()), _squeezed(vector))
        return to_array(multiply(self.block, right, self.dtype), self.dtype)

    def __rmatmul__(self, cotangent: Vector) -> Values:
        """The pullback of a cotangent."""
        vector = _fitting(cotangent, self.out_shape, "v @ J", "output")
        if self.block is None:
            return jnp.zeros(self.inp_shape, self.dtype)
        left = Block(dense_structure((), self.out_shape), _squeezed(vector))
        return to_array(multiply(left, self.block, self.dtype), self.dtype)

    def tree_flatten(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """For JAX: the numbers, and what is fixed."""
        return (self.value,), (self.structure, self.out_shape, self.inp_shape, self.dtype)

    @classmethod
    def tree_unflatten(cls, fixed: tuple[Any, ...], numbers: Sequence[Any]) -> StructuredJacobian:
        """For JAX: the same from its parts."""
        return cls(fixed[0], numbers[0], *fixed[1:])

    def __repr__(self) -> str:
        return f"<StructuredJacobian {self.shape} {self.dtype}: {self.kind}, {self.stored} numbers>"


def _squeezed(vector: Values) -> Values:
    return vector.reshape([n for n in vector.shape if n != 1])


def _fitting(vector: Any, shape: tuple[int, ...], what: str, side: str) -> Values:
    found = jnp.asarray(vector)
    if found.shape != shape:
        raise ValueError(f"{what} takes an array of the {side}'s shape {shape}, and got {found.shape}; reshape it")
    return found


def finished(linear: LinearGraph, rows: Sequence[Sequence[Piece]], sparse: bool | str) -> list[list[Any]]:
    """Every piece in the form asked for, in the dtype of its input."""
    form = {False: as_dense, "bcoo": as_bcoo, "structured": as_structured}[sparse]
    shapes = [shape for _, shape, _ in linear.results]
    ends = [linear.vertices[u] for u in linear.inputs]
    return [
        [form(piece, shape, end.shape, end.dtype) for piece, end in zip(row, ends, strict=True)]
        for row, shape in zip(rows, shapes, strict=True)
    ]


def as_dense(piece: Piece, out_shape: tuple[int, ...], inp_shape: tuple[int, ...], dtype: str) -> Values:
    """An array of output shape + input shape."""
    shape = (*out_shape, *inp_shape)
    if piece is None:
        return jnp.zeros(shape, dtype)
    if isinstance(piece, Block):
        return to_array(piece, dtype)
    if isinstance(piece, Entries):
        empty = jnp.zeros((prod(out_shape), prod(inp_shape)), dtype)
        placed = empty.at[piece.rows, piece.columns].set(
            piece.values.astype(dtype), indices_are_sorted=True, unique_indices=True
        )
        return placed.reshape(shape)
    return jnp.asarray(piece, dtype).reshape(shape)


def as_structured(
    piece: Piece, out_shape: tuple[int, ...], inp_shape: tuple[int, ...], dtype: str
) -> StructuredJacobian:
    """The block itself."""
    assert piece is None or isinstance(piece, Block), "only elimination gives blocks; please report this"
    if piece is None:
        return StructuredJacobian(None, None, tuple(out_shape), tuple(inp_shape), dtype)
    block = materialised(piece)
    return StructuredJacobian(block.structure, block.value, tuple(out_shape), tuple(inp_shape), dtype)


def as_bcoo(piece: Piece, out_shape: tuple[int, ...], inp_shape: tuple[int, ...], dtype: str) -> Any:
    """A `BCOO` of output shape + input shape whose indices are constants of the program."""
    found = _entries(piece, dtype)
    places = [*np.unravel_index(found.rows, out_shape or (1,)), *np.unravel_index(found.columns, inp_shape or (1,))]
    kept = (places[: len(out_shape)] if out_shape else []) + (places[-len(inp_shape) :] if inp_shape else [])
    indices = np.stack(kept, axis=-1) if kept else np.zeros((len(found.rows), 0), int)
    shape = (*out_shape, *inp_shape)
    return import_module("jax.experimental.sparse").BCOO(
        (found.values.astype(dtype), jnp.asarray(indices, jnp.int32)),
        shape=shape, indices_sorted=True, unique_indices=True,
    )  # fmt: skip


def _entries(piece: Piece, dtype: str) -> Entries:
    """The entries of a piece, sorted by place."""
    if isinstance(piece, Entries):
        return piece
    if piece is None:
        nothing = np.zeros(0, int)
        return Entries(nothing, nothing, jnp.zeros(0, dtype))
    assert isinstance(piece, Block), "a dense piece has no pattern; please report this"
    return read_off(piece, dtype)


def read_off(block: Block, dtype: str) -> Entries:
    """The entries of a structured block, in order; nothing dense is made."""
    relation, values = entries(block, dtype)
    order = np.lexsort((relation.cols, relation.rows))
    sorted_already = bool((order[1:] > order[:-1]).all())
    return Entries(relation.rows[order], relation.cols[order], values if sorted_already else values[order])


def require_memory(linear: LinearGraph) -> None:
    """Raise MemoryError if the dense Jacobian would not fit into the memory that is free."""
    needed = dense_bytes(linear)
    free = free_memory()
    if free is not None and needed > free:
        rows = sum(prod(shape) for _, shape, _ in linear.results)
        columns = sum(linear.sizes[u] for u in linear.inputs)
        raise MemoryError(
            f"the dense Jacobian of {linear.name} has {rows:,} × {columns:,} entries, {_size(needed)}, and "
            f'{_size(free)} are free; ask for its entries with sparse="bcoo" or for its blocks with '
            'sparse="structured", or multiply by vectors with jax.jvp and jax.vjp'
        )


def dense_bytes(linear: LinearGraph) -> int:
    """Bytes of the dense Jacobian."""
    rows = sum(prod(shape) for _, shape, _ in linear.results)
    return sum(rows * linear.sizes[u] * np.dtype(linear.vertices[u].dtype).itemsize for u in linear.inputs)


def free_memory() -> int | None:
    """Bytes that are free where JAX puts arrays by default; None where nobody says."""
    device = jax.devices()[0]
    stats = (device.memory_stats() or {}) if device.platform != "cpu" else {}
    if "bytes_limit" in stats:
        return int(stats["bytes_limit"]) - int(stats.get("bytes_in_use", 0))
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _size(count: float | int) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 10_000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:,.1f} TB"
