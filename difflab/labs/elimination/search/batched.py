"""Thousands of elimination orders at once, as one JAX program: for accelerators, and for agents that learn.

The state is a boolean adjacency matrix; eliminating v is one outer product and one row and column of zeros, so a batch
of games is plain array code. A step costs n² here, against the size of a neighbourhood in `kernel.py`: on a processor
the compiled loop is faster, on a GPU or TPU a large batch pays.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from difflab.labs.elimination.counting.problem import Problem


def adjacency(problem: Problem) -> Bool[Array, "n n"]:
    """`[u, v]` is whether there is an edge u → v."""
    found = jnp.zeros((problem.count, problem.count), bool)
    if not problem.edges:
        return found
    ends = jnp.array(sorted(problem.edges))
    return found.at[ends[:, 0], ends[:, 1]].set(True)


def eliminated(
    joined: Bool[Array, "n n"], sizes: Float[Array, " n"], vertex: Int[Array, ""]
) -> tuple[Bool[Array, "n n"], Float[Array, ""]]:
    """The graph without a vertex, and what that costs: size(v) · Σ size(p) · Σ size(s)."""
    before, after = joined[:, vertex], joined[vertex]
    cost = sizes[vertex] * (before @ sizes) * (after @ sizes)
    filled = joined | (before[:, None] & after[None, :])
    return filled.at[:, vertex].set(False).at[vertex].set(False), cost


def batched_costs(problem: Problem, orders: Sequence[Sequence[int]] | Int[Array, "b k"]) -> Float[Array, " b"]:
    """What each of a batch of orders costs in the all_edges model, counted in one program on the default device.

    Raises ValueError for another model: its labels need not be numbers.
    """
    require_all_edges(problem)
    start, sizes = adjacency(problem), jnp.array(problem.sizes, jnp.float32)

    def one(order: Int[Array, " k"]) -> Float[Array, ""]:
        return jax.lax.scan(lambda joined, v: eliminated(joined, sizes, v), start, order)[1].sum()

    return jax.jit(jax.vmap(one))(jnp.asarray(orders, jnp.int32))


def require_all_edges(problem: Problem) -> None:
    """Raise ValueError unless the model is all_edges."""
    if problem.model != "all_edges":
        raise ValueError(
            f"batched games count in the all_edges model, not in {problem.model}: make the problem with "
            "cost='all_edges', or use a search method that takes any model"
        )
