"""A Jacobian accumulated in a chosen elimination order, as an ordinary JAX function.

The function is traced anew at each call, as `jax.jacrev` does, so it may close over traced values. What is kept between
calls is the order chosen for a graph, by the graph's fingerprint.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp

from difflab.core.call import call, function_name, require_differentiable
from difflab.core.capture import capture
from difflab.core.contraction import Block, Values, add, multiply, to_array
from difflab.core.linear import Edge, LinearGraph, linearise
from difflab.labs.elimination.plan import Order, completed, require_known
from difflab.labs.elimination.state import State


def jacobian(
    f: Callable[..., Any],
    *,
    order: Order = "auto",
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
) -> Callable[..., Any]:
    """A function that returns the Jacobian of `f`, in the form of `jax.jacrev`, accumulated in a chosen order.

    `order` is `"auto"` (the cheapest of the named ones in the structured model), `"forward"`, `"reverse"`,
    `"markowitz"`, `"markowitz_first"`, `"markowitz_last"`, or a sequence of vertices (value ids as `Elimination.order`
    gives them); what a sequence leaves out follows by Markowitz's rule. The result is exact, and works under `jit`,
    `vmap` and further derivatives; keyword arguments go to `f` and are not differentiated.

    A custom_vjp rule that is not linear in its cotangent (gradient clipping) is no Jacobian; what is used of it is its
    answer to unit cotangents, or to a cotangent of ones where it is proved to be elementwise.

    Raises ValueError for an order that does not fit, TypeError for arguments or results without derivative.

    >>> import jax.numpy as jnp
    >>> jacobian(lambda x: jnp.stack([x[0] * x[1], x[1]]))(jnp.array([2.0, 3.0])).tolist()
    [[3.0, 2.0], [0.0, 1.0]]
    """
    require_known(order)

    def choose(linear: LinearGraph) -> tuple[int, ...]:
        return completed(State(linear), order)

    return jacobian_by(
        choose, f, argnums=argnums, has_aux=has_aux, static_argnums=static_argnums, static_argnames=static_argnames
    )


def jacobian_by(
    choose: Callable[[LinearGraph], tuple[int, ...]],
    f: Callable[..., Any],
    *,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    **static: Any,
) -> Callable[..., Any]:
    """Like `jacobian`, with a function that chooses the order for a linearised graph; it is asked once a graph."""
    chosen: dict[str, tuple[int, ...]] = {}

    @wraps(f, assigned=("__module__", "__doc__"), updated=())
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        traced = _Traced(f, has_aux)
        at = call(traced, *args, argnums=argnums, **static, **kwargs)
        require_differentiable(at)
        graph = capture(at)
        linear = linearise(graph, traced.count)
        _require_floating(linear)
        if linear.fingerprint not in chosen:
            chosen[linear.fingerprint] = choose(linear)
        outputs, rows = accumulate(linear, at.leaves, chosen[linear.fingerprint])
        tree = _assembled(rows, args, argnums, traced.tree)
        return (tree, jax.tree.unflatten(traced.aux_tree, outputs[traced.count :])) if has_aux else tree

    jacobian_of.__name__ = f"jacobian_of_{function_name(f)}"
    return jacobian_of


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


def _inexact(leaf: Any) -> bool:
    return jnp.issubdtype(jax.dtypes.result_type(leaf), jnp.inexact)


def accumulate(
    linear: LinearGraph, leaves: Sequence[Any], order: Sequence[int]
) -> tuple[list[Any], list[list[Values]]]:
    """All outputs of the function, and for each differentiated output the dense block by each input."""
    outputs, edges = linear.values(leaves)
    before = contract(linear, edges, order)
    rows = [[_dense(linear, before, slot, u) for u in linear.inputs] for slot in range(len(linear.outputs))]
    return outputs, rows


def contract(linear: LinearGraph, edges: Mapping[Edge, Block], order: Sequence[int]) -> list[dict[int, Block]]:
    """Eliminate vertices in order; return for each vertex the blocks that are left, by the vertex they come from."""
    before, after = _neighbours(linear, edges)
    for vertex in order:
        _eliminate(linear, before, after, vertex)
    return before


class _Traced:
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
            new = multiply(left, right, dtype)
            old = before[s].get(p)
            before[s][p] = new if old is None else add(old, new, dtype)
            after[p][s] = None
    for p in before[vertex]:
        del after[p][vertex]
    before[vertex], after[vertex] = {}, {}


def _dense(linear: LinearGraph, before: list[dict[int, Block]], slot: int, source: int) -> Values:
    """The block of one output by one input, in the input's dtype as in `jax.jacrev`; zeros where there is no edge."""
    end, vertex = linear.outputs[slot], linear.vertices[source]
    block = before[end].get(source) if end is not None else None
    if block is None:
        return jnp.zeros((*linear.results[slot][1], *vertex.shape), vertex.dtype)
    return to_array(block, vertex.dtype)


def _require_floating(linear: LinearGraph) -> None:
    for name, _, dtype in linear.results:
        if not jnp.issubdtype(dtype, jnp.inexact):
            raise TypeError(
                f"{name} has dtype {dtype}, which has no derivative; return floats, or return it beside the result "
                "and say has_aux=True"
            )


def _assembled(rows: Sequence[Sequence[Any]], args: Sequence[Any], argnums: int | Sequence[int], tree: Any) -> Any:
    """The tree of the result: the output's, with the tree of the chosen arguments in place of each leaf."""
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    wanted = [number % len(args) for number in numbers]
    trees = {k: jax.tree.structure(args[k]) for k in wanted}
    pieces = [_pieces(row, sorted(trees), trees, wanted) for row in rows]
    found = [row[0] if isinstance(argnums, int) else tuple(row) for row in pieces]
    return jax.tree.unflatten(tree, found)


def _pieces(row: Sequence[Any], given: Sequence[int], trees: dict[int, Any], wanted: Sequence[int]) -> list[Any]:
    """One row of blocks, cut into the chosen arguments and put in the order asked for."""
    parts: dict[int, Any] = {}
    start = 0
    for k in given:
        count = trees[k].num_leaves
        parts[k] = jax.tree.unflatten(trees[k], row[start : start + count])
        start += count
    return [parts[k] for k in wanted]
