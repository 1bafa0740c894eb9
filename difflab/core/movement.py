"""Primitives that move entries and compute nothing: JAX's own primitive, run on integer index arrays.

Number the entries of all operands, let JAX move the numbers, then let the elements follow. So reshape, gather, scatter
and the rest mean exactly what JAX means, out-of-range indices and padding included.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import jax
import numpy as np

from difflab.core.constants import IN_NUMPY
from difflab.core.graph import Equation, Graph
from difflab.core.run import INEXACT, Run, Site
from difflab.core.values import Elements, Value, filled, pack

MOVES = (
    "broadcast_in_dim concatenate dynamic_slice dynamic_update_slice gather pad reshape rev scatter select_n "
    "slice split squeeze stack tile transpose unstack"
).split()
"""Primitives that only move entries."""

_LONGEST_LANDING = 2_000


@dataclass(frozen=True, eq=False)
class Routes:
    """For each result an index array, and the same flat with its shape; `whole`: no entry is a fill value."""

    indices: list[np.ndarray]
    ways: list[tuple[np.ndarray, tuple[int, ...]]]
    whole: bool

    @classmethod
    def of(cls, indices: list[np.ndarray], equation: Equation) -> Routes:
        """The routes of an equation; one with a fill value of its own is never whole."""
        whole = equation.params.get("fill_value") is None and all((index >= 0).all() for index in indices)
        return cls(indices, [(index.reshape(-1), index.shape) for index in indices], whole)


_MOVES: WeakKeyDictionary[Graph, dict[int, Routes]] = WeakKeyDictionary()
"""Index arrays of equations without index operands, so that a loop or a second run finds them."""

_CHOSEN: WeakKeyDictionary[Graph, dict[int, dict[Hashable, list[np.ndarray]]]] = WeakKeyDictionary()
"""Index arrays of the others, by the values of their integer operands."""
_KEPT = 64


def move(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Permute the elements as JAX permutes integers."""
    routes = _MOVES.get(at.graph, {}).get(at.equation.id)
    parts = [o.elements.reshape(-1) for o in operands if o.elements is not None]
    if routes is not None and routes.whole and len(parts) == len(operands):
        pool = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return run.made(at, operands, [pool[flat].reshape(shape) for flat, shape in routes.ways])
    indices, pool = moved_indices(run, at, operands)
    return run.made(at, operands, [pool[index.reshape(-1)].reshape(index.shape) for index in indices])


def moved_indices(run: Run, at: Site, operands: Sequence[Value]) -> tuple[list[np.ndarray], Elements]:
    """For each result an index array into the pool of all elements; the pool's last element is the fill value."""
    parts = [o.elements.reshape(-1) for o in operands if o.elements is not None]
    given = at.equation.params.get("fill_value")
    dtype = next(d for d in (*at.dtypes, *at.reads) if d.startswith(INEXACT))
    fill = run.over(dtype).constant(float("nan") if given is None else np.asarray(given).item())
    pool = np.concatenate([*parts, filled((1,), fill)])
    fixed = all(o.elements is not None for o in operands)
    if fixed and given is None:
        if at.graph not in _MOVES:
            _MOVES[at.graph] = _static_moves(at.graph)
        return _MOVES[at.graph][at.equation.id].indices, pool
    assert given is None or len(pool) < 2**23, "more entries than single precision can number; please report this"
    return _remembered(at, operands, given is not None), pool


def _static_moves(graph: Graph) -> dict[int, Routes]:
    """Index arrays of all equations of a graph that move floats alone, those that need JAX compiled together."""

    def shapes(equation: Equation) -> list[tuple[int, ...]] | None:
        operands = [graph.vertices[o] if isinstance(o, int) else o for o in equation.operands]
        return [o.shape for o in operands] if all(o.dtype.startswith(INEXACT) for o in operands) else None

    moves = [(e, _numbers(found, 0)) for e in graph.equations if e.primitive in MOVES and (found := shapes(e))]
    routes = {e.id: [IN_NUMPY[e.primitive](e.params, *n)] for e, n in moves if e.primitive in IN_NUMPY}
    routes |= {e.id: _IN_NUMPY[e.primitive](e.params, n) for e, n in moves if e.primitive in _IN_NUMPY}
    rest = [(e, numbers) for e, numbers in moves if e.id not in routes]

    def everything(numbers: list[list[Any]]) -> list[list[Any]]:
        return [e.bind(*arrays) for (e, _), arrays in zip(rest, numbers, strict=True)]

    results = jax.jit(everything)([numbers for _, numbers in rest]) if rest else []
    routes |= {e.id: result for (e, _), result in zip(rest, results, strict=True)}
    return {e.id: Routes.of([_filled(np.asarray(r)) for r in routes[e.id]], e) for e, _ in moves}


def _padded(params: Mapping[str, Any], numbers: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Entries spread out, then a border put on or cut off."""
    (array, filler), wide = numbers, params["padding_config"]
    sizes = [n + max(n - 1, 0) * inner for n, (_, _, inner) in zip(array.shape, wide, strict=True)]
    spread = np.full(sizes, filler, array.dtype)
    spread[tuple(slice(None, None, inner + 1) for _, _, inner in wide)] = array
    whole = np.pad(spread, [(max(low, 0), max(high, 0)) for low, high, _ in wide], constant_values=filler)
    cuts = [slice(max(-low, 0), n - max(-high, 0)) for n, (low, high, _) in zip(whole.shape, wide, strict=True)]
    return [whole[tuple(cuts)]]


_IN_NUMPY: Mapping[str, Callable[[Mapping[str, Any], list[np.ndarray]], list[np.ndarray]]] = {
    "pad": _padded,
    "stack": lambda params, numbers: [np.stack(numbers, params["axis"])],
    "unstack": lambda params, numbers: list(np.moveaxis(numbers[0], params["axis"], 0)),
}
"""Further moves that NumPy knows."""


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


def _remembered(at: Site, operands: Sequence[Value], fills: bool) -> list[np.ndarray]:
    """Index arrays of one equation for these values of its integer operands; the latest are kept."""
    known = [o.known for o in operands if o.elements is None]
    if any(str(x.dtype).startswith("key") for x in known):
        return _numbered(at, operands, fills)
    chosen = [np.asarray(x) for x in known]
    latest = _CHOSEN.setdefault(at.graph, {}).setdefault(at.equation.id, {})
    key = tuple((x.shape, x.tobytes()) for x in chosen)
    if key not in latest:
        while len(latest) >= _KEPT:
            del latest[next(iter(latest))]
        latest[key] = _numbered(at, operands, fills)
    return latest[key]


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


def landing(count: int, run_with: Any, shape: Sequence[int], dtype: str) -> list[list[int]] | None:
    """Which entries of one operand are added up in each of `count` results, for a primitive that only adds.

    `run_with(array)` runs it with that operand set and all else zero. Entries are sent in as distinct powers of two, as
    many at a time as the dtype's mantissa holds, so each sum tells its summands. None if that takes too many runs.
    """
    size = int(np.prod(tuple(shape)))
    width = {"float64": 50, "complex128": 50, "float32": 22, "complex64": 22}.get(dtype, 7)
    if size > width * _LONGEST_LANDING:
        return None
    found: list[list[int]] = [[] for _ in range(count)]
    for start in range(0, size, width):
        bits = np.zeros(size)
        bits[start : start + width] = 2.0 ** np.arange(min(width, size - start))
        sums = np.real(np.asarray(run_with(bits.reshape(tuple(shape)).astype(dtype)))).astype(np.float64).reshape(-1)
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
        zeros.size, lambda array: at.equation.bind(zeros, indices.known, array)[0], updates.elements.shape, at.dtypes[0]
    )
    if landed is None:
        return run.holes(at, operands, "more updates than difflab follows")
    pieces = updates.elements.reshape(-1)
    sums = [run.sum([own, *pieces[hits]]) for own, hits in zip(base.elements.reshape(-1), landed, strict=True)]
    return run.made(at, operands, [pack(at.shapes[0], sums)])


def bilinear(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Convolutions and their like: for each entry of the kernel alone, which entry of the image meets it where.

    Further operands are integers, such as the sizes of groups.
    """
    image, kernel, *rest = operands
    assert image.elements is not None and kernel.elements is not None
    if kernel.elements.size > _LONGEST_LANDING or image.elements.size >= 2**22:
        return run.holes(at, operands, "a larger kernel or image than difflab follows")
    plain = "complex64" if at.dtypes[0].startswith("complex") else "float32"
    numbers = np.arange(1, image.elements.size + 1, dtype=plain).reshape(image.elements.shape)
    pieces = image.elements.reshape(-1)
    terms: list[list[Any]] = [[] for _ in range(int(np.prod(at.shapes[0])))]
    product = run.over(at.dtypes[0]).operations["mul"]
    for k, weight in enumerate(kernel.elements.reshape(-1)):
        alone = np.zeros(kernel.elements.size, plain)
        alone[k] = 1.0
        (result,) = at.equation.bind(numbers, alone.reshape(kernel.elements.shape), *[o.known for o in rest])
        met = np.real(np.asarray(result)).astype(np.float64).reshape(-1)
        for position in np.flatnonzero(met):
            pair = (pack((), [pieces[int(met[position]) - 1]]), pack((), [weight]))
            terms[position].append(run.map(product, *pair)[()])
    return run.made(at, operands, [pack(at.shapes[0], [run.sum(items, at.dtypes[0]) for items in terms])])
