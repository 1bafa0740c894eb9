"""Which entries of the Jacobian are checked, what they are called, and the function that has only these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.call import Call
from difflab.core.graph import Graph


@dataclass(frozen=True, eq=False)
class Selection:
    """Rows and columns of the Jacobian of a call.

    `inputs` and `outputs` are the real leaves (positions among all leaves). All their entries are numbered through;
    `columns` and `rows` are the numbers of those chosen.
    """

    at: Call
    graph: Graph
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    columns: np.ndarray
    rows: np.ndarray

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns: `x[0]`, `params['w'][1,2]`."""
        return tuple(
            name for k in self.inputs for name in element_names(self.at.paths[k], jnp.shape(self.at.leaves[k]))
        )

    @cached_property
    def row_names(self) -> tuple[str, ...]:
        """Names of all rows."""
        signature = self.graph.signature
        assert signature is not None
        return tuple(name for k in self.outputs for name in element_names(signature.outputs[k], self.output_shape(k)))

    def output_shape(self, k: int) -> tuple[int, ...]:
        """Shape of an output leaf."""
        operand = self.graph.outputs[k]
        return self.graph.vertices[operand].shape if isinstance(operand, int) else operand.shape

    @property
    def left_out(self) -> int:
        """How many entries were not chosen."""
        return len(self.column_names) * len(self.row_names) - len(self.columns) * len(self.rows)

    def point(self) -> list[Any]:
        """The chosen input entries, one vector an input leaf: where `function` is to be differentiated."""
        vectors = [np.asarray(jnp.asarray(self.at.leaves[k])).reshape(-1)[index] for k, index in self._per_input()]
        return [jnp.asarray(vector) for vector in vectors]

    def function(self) -> Callable[..., Any]:
        """The chosen outputs as a list of vectors, as a function of the chosen inputs; the rest stays at the point."""
        inputs, outputs = self._per_input(), self._per_output()

        def chosen(*vectors: Any) -> list[Any]:
            leaves = list(self.at.leaves)
            for (k, index), vector in zip(inputs, vectors, strict=True):
                leaf = jnp.asarray(leaves[k])
                whole = len(index) == leaf.size
                leaves[k] = (
                    vector.reshape(leaf.shape) if whole else leaf.ravel().at[index].set(vector).reshape(leaf.shape)
                )
            results = self.at.flat(*leaves)
            return [jnp.ravel(results[k])[index] if index.size else jnp.zeros(0) for k, index in outputs]

        return chosen

    def _per_input(self) -> list[tuple[int, np.ndarray]]:
        return _split(self.inputs, [prod(jnp.shape(self.at.leaves[k])) for k in self.inputs], self.columns)

    def _per_output(self) -> list[tuple[int, np.ndarray]]:
        return _split(self.outputs, [prod(self.output_shape(k)) for k in self.outputs], self.rows)


def select(at: Call, graph: Graph, max_entries: int) -> Selection:
    """Choose all entries, or as many evenly spread rows and columns as `max_entries` allows."""
    inputs = tuple(k for k in at.differentiable if jnp.issubdtype(jax.dtypes.result_type(at.leaves[k]), jnp.floating))
    outputs = tuple(k for k, o in enumerate(graph.outputs) if _dtype(graph, o).startswith(("float", "bfloat")))
    whole = Selection(at, graph, inputs, outputs, np.arange(0), np.arange(0))
    n, m = len(whole.column_names), len(whole.row_names)
    if n * m > max_entries:
        side = max(1, int(max_entries**0.5))
        few_rows = min(m, max(side, max_entries // max(n, 1)))
        few_columns = min(n, max(1, max_entries // few_rows))
        return Selection(at, graph, inputs, outputs, _spread(n, few_columns), _spread(m, few_rows))
    return Selection(at, graph, inputs, outputs, np.arange(n), np.arange(m))


def exact_leaf(leaf: Any) -> np.ndarray:
    """A leaf as JAX takes it (a Python float is single precision unless x64 is on), in double precision."""
    return np.asarray(jnp.asarray(leaf)).astype(np.float64)


def element_names(path: str, shape: Sequence[int]) -> list[str]:
    """Names of the entries of one leaf."""
    return [f"{path}[{','.join(map(str, index))}]" if shape else path for index in np.ndindex(*shape)]


def _spread(size: int, count: int) -> np.ndarray:
    return np.unique(np.linspace(0, size - 1, count).round().astype(int))


def _split(leaves: Sequence[int], sizes: Sequence[int], chosen: np.ndarray) -> list[tuple[int, np.ndarray]]:
    starts = np.cumsum([0, *sizes])
    parts = [
        (k, chosen[(chosen >= a) & (chosen < b)] - a) for k, a, b in zip(leaves, starts[:-1], starts[1:], strict=True)
    ]
    return parts


def _dtype(graph: Graph, operand: Any) -> str:
    return graph.vertices[operand].dtype if isinstance(operand, int) else operand.dtype
