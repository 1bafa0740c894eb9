"""All local blocks of one equation: structure first, numbers on demand.

A complex value is a pair of reals, its real and imaginary part along a first axis of size 2: so a real function stays
exact when it passes through complex numbers (an FFT, an eigenvalue).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# (JAX's own signatures are only partly typed.)

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Shaped

from difflab.core.graph import Equation, Literal, Vertex
from difflab.core.local import Local
from difflab.core.opaque import LinearMap
from difflab.core.partials import ELEMENTWISE, RULES, partial, pointwise
from difflab.core.pointwise import is_pointwise
from difflab.core.probe import REFUSALS, probe, unsupported
from difflab.core.structure import Structure, dense, flat, structure
from difflab.core.work import work

Values = Shaped[Array, "..."]
_LARGE_DENSE = 1 << 8
"""A block of more entries without known structure is applied as a map."""
_LARGE_ALONG = 1 << 20
"""The same for a block that is dense along an axis only (a cumulative sum)."""
ON_PAIRS = ELEMENTWISE | {"complex", "conj", "imag", "real"}


@dataclass(frozen=True)
class Term:
    """One local block: of result `result` with respect to operand `position` of equation `equation`."""

    equation: int
    position: int
    result: int
    structure: Structure


def is_complex(dtype: str) -> bool:
    """Whether a value is a pair of reals here."""
    return dtype.startswith("complex")


def real_shape(value: Vertex | Literal) -> tuple[int, ...]:
    """Shape as reals: that of a complex value has a first axis for real and imaginary part."""
    return (2, *value.shape) if is_complex(value.dtype) else value.shape


def real_dtype(dtype: str) -> str:
    """The dtype of the parts of a complex number; any other as it is."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def terms(
    equation: Equation, operands: Sequence[Vertex | Literal], results: Sequence[Vertex], active: Sequence[bool]
) -> list[Term]:
    """The blocks of an equation with respect to its active operands; blocks that are zero are left out."""
    found: list[Term] = []
    proved = is_pointwise(equation, operands, results)
    for position, operand in enumerate(operands):
        for number, vertex in enumerate(results):
            if not active[position] or not vertex.inexact:
                continue
            local = Local(equation, tuple(operands), tuple(results), position, number)
            if is_complex(operand.dtype) or is_complex(vertex.dtype):
                block = _on_pairs(local)
            else:
                block = pointwise(local) if proved else partial(local)
            if block is not None:
                found.append(Term(equation.id, position, number, _opaque(local, block)))
    return found


def _opaque(local: Local, block: Structure) -> Structure:
    """The block as a map that is applied, where its array would be large and no structure is known."""
    large = _LARGE_DENSE if local.equation.primitive not in RULES else _LARGE_ALONG
    if local.equation.primitive == "dot_general" or not _is_dense(block) or block.stored <= large:
        return block
    return replace(block, opaque=work(local.equation, local.operands, local.results))


def _on_pairs(local: Local) -> Structure:
    """The block between real parts: elementwise in the entries at best, dense in the parts."""
    operand, result = local.operands[local.position], local.results[local.result]
    if local.equation.primitive not in ON_PAIRS or operand.shape != result.shape:
        return dense(real_shape(result), real_shape(operand))
    axes = [[k] for k in range(len(result.shape))]
    sizes = dict(enumerate(result.shape)) | {-1: 2, -2: 2}
    outs = [[-1], *axes] if is_complex(result.dtype) else axes
    inps = [[-2], *axes] if is_complex(operand.dtype) else axes
    labels = {label for axis in (*outs, *inps) for label in axis}
    return structure(outs, inps, {label: sizes[label] for label in labels}, labels)[0]


def numbers(
    equation: Equation, operands: Sequence[Vertex | Literal], values: Sequence[Any], wanted: Sequence[Term]
) -> list[Values | LinearMap | None]:
    """The values of the wanted blocks at a point: arrays, maps where opaque, None where there is no array."""
    if equation.primitive == "dot_general" and not any(is_complex(operand.dtype) for operand in operands):
        return [_other_factor(equation, values, term) for term in wanted]
    several = len(equation.results) > 1 or any(term.structure.sizes for term in wanted)
    together = [term for term in wanted if several and _is_dense(term.structure) and not term.structure.opaque]
    found: dict[Term, Values | LinearMap | None] = {}
    if len(together) > 1:
        found.update(zip(together, _all_dense(equation, values, together), strict=True))
    return [found[term] if term in found else _number(equation, values, term) for term in wanted]


def _number(equation: Equation, values: Sequence[Any], term: Term) -> Values | LinearMap | None:
    if term.structure.carried is None:
        return None
    function, point = _one_operand(equation, values, term)
    if term.structure.opaque:
        return LinearMap(function, point, equation)
    return probe(term.structure, function, point, equation)


def _one_operand(equation: Equation, values: Sequence[Any], term: Term) -> tuple[Callable[[Values], Values], Values]:
    """The equation as a real function of one operand."""

    def function(moved: Values) -> Values:
        chosen = [*values[: term.position], _joined(moved, values[term.position]), *values[term.position + 1 :]]
        return _parts(equation.bind(*chosen)[term.result])

    return function, _parts(jnp.asarray(values[term.position]))


def _parts(value: Any) -> Values:
    return jnp.stack([jnp.real(value), jnp.imag(value)]) if jnp.iscomplexobj(value) else value


def _joined(value: Values, like: Any) -> Values:
    return jax.lax.complex(value[0], value[1]) if jnp.iscomplexobj(like) else value


def _other_factor(equation: Equation, values: Sequence[Any], term: Term) -> Values:
    """A matrix product is bilinear: its partial for one factor is the other factor, with its axes in order."""
    contract, batch = (tuple(tuple(map(int, axes)) for axes in pair) for pair in equation.params["dimension_numbers"])
    side, block = term.position, term.structure
    other = jnp.asarray(values[1 - side])
    free = [[k for k in range(jnp.ndim(values[s])) if k not in contract[s] and k not in batch[s]] for s in (0, 1)]
    first = len(batch[0]) + (0 if side else len(free[0]))
    labels: dict[int, tuple[int, ...]] = {axis: block.out[k] for k, axis in enumerate(batch[1 - side])}
    labels |= {axis: block.out[first + k] for k, axis in enumerate(free[1 - side])}
    labels |= {axis: block.inp[mine] for axis, mine in zip(contract[1 - side], contract[side], strict=True)}
    present = [label for axis in range(other.ndim) for label in labels[axis]]
    kept = other.reshape([block.sizes[label] for label in present])
    wanted = equation.params.get("preferred_element_type") or other.dtype
    return jnp.transpose(kept, [present.index(label) for label in block.carried or ()]).astype(wanted)


def _is_dense(block: Structure) -> bool:
    return block.carried == tuple(range(len(block.sizes))) and set(flat(block.out)).isdisjoint(flat(block.inp))


def _all_dense(equation: Equation, values: Sequence[Any], wanted: Sequence[Term]) -> list[Values]:
    """The blocks of all results by all operands, with one sweep an operand entry or one a result entry."""
    positions = sorted({term.position for term in wanted})
    results = sorted({term.result for term in wanted})

    def function(*moved: Values) -> list[Values]:
        chosen = list(values)
        for position, value in zip(positions, moved, strict=True):
            chosen[position] = _joined(value, values[position])
        found = equation.bind(*chosen)
        return [_parts(found[k]) for k in results]

    point = [_parts(jnp.asarray(values[k])) for k in positions]
    sizes = [value.size for value in jax.eval_shape(function, *point)]
    modes = [_by_operands, _by_results]
    if sum(sizes) < sum(value.size for value in point):
        modes.reverse()
    try:
        found = modes[0](function, point)
    except REFUSALS as first:
        try:
            found = modes[1](function, point)
        except REFUSALS:
            raise unsupported(equation, first) from first
    at = [(results.index(term.result), positions.index(term.position)) for term in wanted]
    return [found[r, p].reshape(term.structure.value_shape) for (r, p), term in zip(at, wanted, strict=True)]


def _by_operands(function: Callable[..., list[Values]], point: Sequence[Values]) -> dict[tuple[int, int], Values]:
    found: dict[tuple[int, int], Values] = {}
    for p, value in enumerate(point):

        def push(tangent: Values, p: int = p) -> list[Values]:
            def moved(one: Values) -> list[Values]:
                return function(*point[:p], one, *point[p + 1 :])

            return jax.jvp(moved, (point[p],), (tangent,))[1]

        columns = jax.vmap(push)(jnp.eye(value.size, dtype=value.dtype).reshape(value.size, *value.shape))
        found |= {(r, p): jnp.moveaxis(block, 0, -1) for r, block in enumerate(columns)}
    return found


def _by_results(function: Callable[..., list[Values]], point: Sequence[Values]) -> dict[tuple[int, int], Values]:
    found: dict[tuple[int, int], Values] = {}
    primal, pull = jax.vjp(function, *point)
    for r, value in enumerate(primal):

        def pulled(cotangent: Values, r: int = r) -> tuple[Values, ...]:
            return pull([cotangent if k == r else jnp.zeros_like(other) for k, other in enumerate(primal)])

        rows = jax.vmap(pulled)(jnp.eye(value.size, dtype=value.dtype).reshape(value.size, *value.shape))
        found |= {(r, p): block for p, block in enumerate(rows)}
    return found
