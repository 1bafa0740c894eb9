"""One call of a Jacobian: the function traced at its arguments, and the trees that its result is put back into.

The function is traced anew at each call, as `jax.jacrev` does, so it may close over traced values.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp

from difflab.core.call import Call, call, function_name, require_differentiable
from difflab.core.capture import capture
from difflab.core.linear import LinearGraph, linearise


@dataclass(frozen=True, eq=False)
class Task:
    """A Jacobian to compute: `linear` is the graph, `count` the number of differentiated outputs; the rest is aux."""

    at: Call
    linear: LinearGraph = field(repr=False)
    count: int

    @cached_property
    def point(self) -> tuple[Any, ...]:
        """The differentiable leaves."""
        return tuple(jnp.asarray(self.at.leaves[k]) for k in self.at.differentiable)

    def function(self, *point: Any) -> tuple[list[Any], list[Any]]:
        """The function of the differentiable leaves alone: its outputs, and the auxiliary ones."""
        found = self.at.restricted()(*point)
        return [jnp.asarray(leaf) for leaf in found[: self.count]], found[self.count :]

    @property
    def columns(self) -> int:
        """Entries of all differentiable leaves."""
        return sum(self.linear.sizes[u] for u in self.linear.inputs)

    @property
    def rows(self) -> int:
        """Entries of all differentiated outputs."""
        return sum(_size(shape) for _, shape, _ in self.linear.results)


def _size(shape: Sequence[int]) -> int:
    size = 1
    for n in shape:
        size *= n
    return size


class Traced:
    """The user's function with its result flattened; it remembers the trees of the last trace."""

    def __init__(self, f: Callable[..., Any], has_aux: bool) -> None:
        self.f, self.has_aux = f, has_aux
        self.__wrapped__ = f
        self.__name__ = function_name(f)
        self.count = 0
        self.tree: Any = None
        self.aux_tree: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> list[Any]:
        result = self.f(*args, **kwargs)
        result, aux = result if self.has_aux else (result, ())
        leaves, self.tree = jax.tree.flatten(result)
        others, self.aux_tree = jax.tree.flatten(aux)
        self.count = len(leaves)
        return [*leaves, *others]


def task(traced: Traced, args: Sequence[Any], argnums: int | Sequence[int], options: Mapping[str, Any]) -> Task:
    """Trace the function at its arguments and linearise it. Raises TypeError for what has no derivative."""
    at = call(traced, *args, argnums=argnums, **options)
    require_differentiable(at)
    linear = linearise(capture(at), traced.count)
    _require_floating(linear)
    return Task(at, linear, traced.count)


def floating_arguments(f: Callable[..., Any], args: Sequence[Any], static: Mapping[str, Any]) -> int | tuple[int, ...]:
    """The positions of the arguments that derivatives are taken of by default; a bare number if there is but one."""
    numbers, names = (static.get(key, ()) for key in ("static_argnums", "static_argnames"))
    fixed = {k % len(args) for k in ((numbers,) if isinstance(numbers, int) else numbers)}
    named = {names} if isinstance(names, str) else set(names)
    try:
        parameters = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):
        parameters = []
    fixed |= {k for k, name in enumerate(parameters) if name in named}
    floating = [
        k for k, arg in enumerate(args) if k not in fixed and all(_inexact(leaf) for leaf in jax.tree.leaves(arg))
    ]
    return floating[0] if len(floating) == 1 else tuple(floating)


def assembled(rows: Sequence[Sequence[Any]], args: Sequence[Any], argnums: int | Sequence[int], tree: Any) -> Any:
    """The tree of the result: the output's, with the tree of the chosen arguments in place of each leaf."""
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    wanted = [number % len(args) for number in numbers]
    trees = {k: jax.tree.structure(args[k]) for k in wanted}
    pieces = [_pieces(row, sorted(trees), trees, wanted) for row in rows]
    found = [row[0] if isinstance(argnums, int) else tuple(row) for row in pieces]
    return jax.tree.unflatten(tree, found)


def _inexact(leaf: Any) -> bool:
    return jnp.issubdtype(jax.dtypes.result_type(leaf), jnp.inexact)


def _require_floating(linear: LinearGraph) -> None:
    for name, _, dtype in linear.results:
        if not jnp.issubdtype(dtype, jnp.inexact):
            raise TypeError(
                f"{name} has dtype {dtype}, which has no derivative; return floats, or return it beside the result "
                "and say has_aux=True"
            )


def _pieces(row: Sequence[Any], given: Sequence[int], trees: dict[int, Any], wanted: Sequence[int]) -> list[Any]:
    """One row of blocks, cut into the chosen arguments and put in the order asked for."""
    parts: dict[int, Any] = {}
    start = 0
    for k in given:
        count = trees[k].num_leaves
        parts[k] = jax.tree.unflatten(trees[k], row[start : start + count])
        start += count
    return [parts[k] for k in wanted]
