"""What JAX's two modes give in floats, for some rows and columns of the Jacobian in real coordinates."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.labs.check.compiled import compiled
from difflab.labs.check.problem import Problem

Types = Sequence[tuple[tuple[int, ...], str]]


def forward(checked: Problem, leaves: Sequence[Any], columns: Sequence[int]) -> np.ndarray:
    """`jax.jvp` with one unit tangent a column: an array of all rows by these columns."""
    primals = [jnp.asarray(leaves[k]) for k in checked.inputs]
    f = checked.function([jnp.asarray(x) if _numeric(x) else x for x in leaves])
    units = unit_vectors(checked.input_types, columns)
    with jax.default_matmul_precision("highest"):
        push = jax.vmap(lambda x, t: jax.jvp(f, x, t)[1], (None, 0))
        made = compiled(push, [primals, units])(primals, units)
    return real_coordinates(made, checked.output_types, len(columns), False).T


def backward(checked: Problem, leaves: Sequence[Any], rows: Sequence[int]) -> np.ndarray:
    """`jax.vjp` with one unit cotangent a row: an array of these rows by all columns."""
    primals = [jnp.asarray(leaves[k]) for k in checked.inputs]
    f = checked.function([jnp.asarray(x) if _numeric(x) else x for x in leaves])
    units = unit_vectors(checked.output_types, rows, conjugate=True)
    with jax.default_matmul_precision("highest"):
        pull = jax.vmap(lambda x, c: jax.vjp(f, *x)[1](c), (None, 0))
        made = compiled(pull, [primals, units])(primals, units)
    return real_coordinates(made, checked.input_types, len(rows), True)


def unit_vectors(types: Types, chosen: Sequence[int], conjugate: bool = False) -> list[Any]:
    """For each type an array whose slice k along a new first axis holds the part of unit vector `chosen[k]`."""
    found: list[Any] = []
    start = 0
    for shape, dtype in types:
        parts = 2 if dtype.startswith("complex") else 1
        size = prod(shape)
        units = np.zeros((len(chosen), size), np.complex128 if parts == 2 else np.float64)
        for k, coordinate in enumerate(chosen):
            place = coordinate - start
            if 0 <= place < parts * size:
                imaginary = -1j if conjugate else 1j
                units[k, place // parts] = imaginary if parts == 2 and place % 2 else 1
        start += parts * size
        found.append(jnp.asarray(units.reshape(len(chosen), *shape)).astype(dtype))
    return found


def real_coordinates(made: Sequence[Any], types: Types, count: int, conjugate: bool) -> np.ndarray:
    """Batched arrays as one matrix of real coordinates, a row each; of cotangents with `conjugate`."""
    blocks = [np.zeros((count, 0))]
    for array, (_, dtype) in zip(made, types, strict=True):
        flat = np.asarray(array).reshape(count, -1)
        if dtype.startswith("complex"):
            wide = flat.astype(np.complex128)
            imaginary = -wide.imag if conjugate else wide.imag
            flat = np.stack([wide.real, imaginary], -1).reshape(count, -1)
        blocks.append(flat.astype(np.float64))
    return np.concatenate(blocks, axis=1)


def _numeric(leaf: Any) -> bool:
    return not jnp.issubdtype(jax.dtypes.result_type(leaf), jax.dtypes.extended)
