"""Primitives that move entries and compute nothing: JAX's own primitive, run on integer index arrays.

Number the entries of all operands, let JAX move the numbers, then let the elements follow. So reshape, gather, scatter
and the rest mean exactly what JAX means, out-of-range indices and padding included.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import jax
import numpy as np

from difflab.core.graph import Equation, Graph
from difflab.core.run import Run, Site
from difflab.core.values import Elements, Value, filled, pack

MOVES = (
    "broadcast_in_dim concatenate dynamic_slice dynamic_update_slice gather pad reshape rev scatter select_n "
    "slice split squeeze stack tile transpose unstack"
).split()
"""Primitives that only move entries."""

_LONGEST_LANDING = 2_000
_MOVES: WeakKeyDictionary[Graph, dict[int, list[np.ndarray]]] = WeakKeyDictionary()
"""Index arrays of equations without index operands, so that a loop or a second run finds them."""


def move(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Permute the elements as JAX permutes integers."""
    indices, pool = moved_indices(run, at, operands)
    return run.made(at, operands, [pool[index.reshape(-1)].reshape(index.shape) for index in indices])


def moved_indices(run: Run, at: Site, operands: Sequence[Value]) -> tuple[list[np.ndarray], Elements]:
    """For each result an index array into the pool of all elements; the pool's last element is the fill value."""
    parts = [o.elements.reshape(-1) for o in operands if o.elements is not None]
    given = at.equation.params.get("fill_value")
    fill = run.domain.constant(float("nan") if given is None else float(given))
    pool = np.concatenate([*parts, filled((1,), fill)])
    fixed = all(o.elements is not None for o in operands)
    if fixed and given is None:
        if at.graph not in _MOVES:
            _MOVES[at.graph] = _static_moves(at.graph)
        return _MOVES[at.graph][at.equation.id], pool
    assert given is None or len(pool) < 2**23, "more entries than single precision can number; please report this"
    return _numbered(at, operands, given is not None), pool


def _static_moves(graph: Graph) -> dict[int, list[np.ndarray]]:
    """Index arrays of all equations of a graph that move floats alone, compiled together."""

    def shapes(equation: Equation) -> list[tuple[int, ...]] | None:
        operands = [graph.vertices[o] if isinstance(o, int) else o for o in equation.operands]
        return [o.shape for o in operands] if all(o.dtype.startswith(("float", "bfloat")) for o in operands) else None

    moves = [(e, found) for e in graph.equations if e.primitive in MOVES and (found := shapes(e)) is not None]

    def everything(numbers: list[list[Any]]) -> list[list[Any]]:
        return [e.bind(*arrays) for (e, _), arrays in zip(moves, numbers, strict=True)]

    results = jax.jit(everything)([_numbers(found, 0) for _, found in moves])
    return {e.id: [_filled(np.asarray(r)) for r in result] for (e, _), result in zip(moves, results, strict=True)}


def _numbers(shapes: Sequence[tuple[int, ...]], start: int) -> list[np.ndarray]:
    """Arrays of these shapes that count on from `start`."""
    arrays: list[np.ndarray] = []
    for shape in shapes:
        size = int(np.prod(shape, dtype=int))
        arrays.append(np.arange(start, start + size, dtype=np.int32).reshape(shape))
        start += size
    return arrays


def _filled(index: np.ndarray) -> np.ndarray:
    """Out-of-range numbers, which JAX made negative, point to the fill value."""
    return np.where(index < 0, -1, index)


def _numbered(at: Site, operands: Sequence[Value], fills: bool) -> list[np.ndarray]:
    """Index arrays of one equation; if it has its own fill value, two numberings tell filled from moved."""
    if not fills:
        return [_filled(index) for index in _moved(at, operands, 0, "int32")]
    total = sum(o.elements.size for o in operands if o.elements is not None)
    pairs = zip(_moved(at, operands, 0, "float32"), _moved(at, operands, total, "float32"), strict=True)
    return [np.where(b - a == total, a, -1.0).astype(int) for a, b in pairs]


def _moved(at: Site, operands: Sequence[Value], start: int, dtype: str) -> list[np.ndarray]:
    arrays = iter(_numbers([o.elements.shape for o in operands if o.elements is not None], start))
    numbers = [o.known if o.elements is None else next(arrays).astype(dtype) for o in operands]
    return [np.asarray(result) for result in at.equation.bind(*numbers)]


def landing(at: Site, run_with: Any, shape: Sequence[int], dtype: str) -> list[list[int]] | None:
    """Which entries of one operand are added up in each entry of the result, for a primitive that only adds.

    `run_with(array)` runs it with that operand set and all else zero. Entries are sent in as distinct powers of two, as
    many at a time as the dtype's mantissa holds, so each sum tells its summands. None if that takes too many runs.
    """
    size = int(np.prod(tuple(shape)))
    width = {"float64": 50, "float32": 22}.get(dtype, 7)
    if size > width * _LONGEST_LANDING:
        return None
    found: list[list[int]] = [[] for _ in range(int(np.prod(at.shapes[0])))]
    for start in range(0, size, width):
        bits = np.zeros(size)
        bits[start : start + width] = 2.0 ** np.arange(min(width, size - start))
        sums = np.asarray(run_with(bits.reshape(tuple(shape)).astype(dtype)), np.float64).reshape(-1)
        for position in np.flatnonzero(sums):
            mask = int(sums[position])
            found[position] += [start + k for k in range(width) if mask >> k & 1]
    return found


def scatter_add(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Add each update to the entry that it lands on."""
    base, indices, updates = operands
    if base.elements is None or updates.elements is None:
        return run.concretely(at, operands)
    zeros = np.zeros(base.elements.shape, at.dtypes[0])
    landed = landing(
        at, lambda array: at.equation.bind(zeros, indices.known, array)[0], updates.elements.shape, at.dtypes[0]
    )
    if landed is None:
        return run.holes(at, operands, "more updates than difflab follows")
    pieces = updates.elements.reshape(-1)
    sums = [run.sum([own, *pieces[hits]]) for own, hits in zip(base.elements.reshape(-1), landed, strict=True)]
    return run.made(at, operands, [pack(at.shapes[0], sums)])


def window_sum(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Sums over sliding windows."""
    (x,) = operands
    assert x.elements is not None
    landed = landing(at, lambda array: at.equation.bind(array)[0], x.elements.shape, at.dtypes[0])
    if landed is None:
        return run.holes(at, operands, "more entries than difflab follows")
    pieces = x.elements.reshape(-1)
    return run.made(at, operands, [pack(at.shapes[0], [run.sum(list(pieces[hits])) for hits in landed])])


def convolution(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """A convolution: for each entry of the kernel alone, which entry of the image meets it in each result."""
    image, kernel = operands
    assert image.elements is not None and kernel.elements is not None
    if kernel.elements.size > _LONGEST_LANDING or image.elements.size >= 2**22:
        return run.holes(at, operands, "a larger kernel or image than difflab follows")
    numbers = np.arange(1, image.elements.size + 1, dtype="float32").reshape(image.elements.shape)
    pieces = image.elements.reshape(-1)
    terms: list[list[Any]] = [[] for _ in range(int(np.prod(at.shapes[0])))]
    product = run.domain.operations["mul"]
    for k, weight in enumerate(kernel.elements.reshape(-1)):
        alone = np.zeros(kernel.elements.size, "float32")
        alone[k] = 1.0
        met = np.asarray(at.equation.bind(numbers, alone.reshape(kernel.elements.shape))[0], np.float64).reshape(-1)
        for position in np.flatnonzero(met):
            pair = (pack((), [pieces[int(met[position]) - 1]]), pack((), [weight]))
            terms[position].append(run.map(product, *pair)[()])
    return run.made(at, operands, [pack(at.shapes[0], [run.sum(items) for items in terms])])
