"""JAX's two derivative programs: their values in floats, and the same programs in exact arithmetic with error bounds.

The floats of a correct program may be far off by cancellation, and those of a wrong one may be close. So the program of
`jax.jacfwd` or `jax.jacrev` is also interpreted over big floats: what is then wrong is the derivative, not the
rounding. The running error bound (`difflab.core.duals.rounding`) says how far its floats may be off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.capture import capture_flat
from difflab.core.domains import Domain
from difflab.core.errors import DifflabError
from difflab.core.interpret import interpret
from difflab.core.values import pack
from difflab.labs.check.selection import Selection

MODES: dict[str, Callable[..., Any]] = {"jacfwd": jax.jacfwd, "jacrev": jax.jacrev}


@dataclass(frozen=True, eq=False)
class Program:
    """One mode of JAX at the point: `floats`, the chosen block of the Jacobian, rows × columns.

    `exact` has a `Rounded` (or a `Hole`) for each, or is None, and `why_not` then says why. If `floats` is None the
    mode is not available for this function.
    """

    mode: str
    floats: np.ndarray | None
    exact: np.ndarray | None
    why_not: str = ""


def run(mode: str, chosen: Selection, domain: Domain, deadline: float) -> Program:
    """Differentiate with one mode of JAX, in floats and in `domain`."""
    point = chosen.point()
    derivative = MODES[mode](chosen.function(), argnums=tuple(range(len(point))))
    shape = (len(chosen.rows), len(chosen.columns))
    try:
        with jax.default_matmul_precision("highest"):
            floats = _matrix(
                [np.asarray(b).astype(np.float64) for b in jax.tree.leaves(derivative(*point))], point, shape
            )
    except Exception as error:
        return Program(mode, None, None, _first_line(error))
    try:
        graph = capture_flat(lambda *vectors: jax.tree.leaves(derivative(*vectors)), point, mode)
        elements = {k: _constants(domain, vector) for k, vector in enumerate(point)}
        outcome = interpret(graph, point, domain, elements=elements, deadline=deadline)
        blocks = [block for block in outcome.outputs if block is not None]
        return Program(mode, floats, _matrix(blocks, point, shape))
    except (DifflabError, RecursionError) as error:
        return Program(mode, floats, None, _first_line(error))


def _matrix(blocks: list[np.ndarray], point: list[Any], shape: tuple[int, int]) -> np.ndarray:
    """Blocks, output by output and input by input, as one matrix."""
    width = len(point)
    rows = [np.concatenate(blocks[k : k + width], axis=1) for k in range(0, len(blocks), width)]
    return np.concatenate(rows, axis=0).reshape(shape) if rows else np.zeros(shape)


def _constants(domain: Domain, vector: Any) -> np.ndarray:
    """Exact numbers: an input is what it is, and not a rounded decimal."""
    return pack(vector.shape, [exactly(domain, x) for x in np.asarray(vector).astype(np.float64).tolist()])


def exactly(domain: Domain, number: float) -> Any:
    """A number without an error of its own."""
    element = domain.constant(number)
    return type(element)(element.value) if hasattr(element, "rounding") else element


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}"[:200]


def unit_roundoff(chosen: Selection, walk: Any) -> float:
    """The unit roundoff of the coarsest float type in the function."""
    dtypes = {v.dtype for graph in walk for v in graph.vertices if v.dtype.startswith(("float", "bfloat"))}
    return max((float(jnp.finfo(dtype).eps) for dtype in dtypes), default=float(jnp.finfo(jnp.float64).eps))
