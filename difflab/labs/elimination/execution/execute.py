"""A Jacobian accumulated in a chosen way, as an ordinary JAX function.

What is kept between calls is the order or strategy chosen for a graph, by the graph's fingerprint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import jax

from difflab.core.call import function_name
from difflab.core.linear import LinearGraph
from difflab.labs.elimination.execution.accumulate import accumulate, contract
from difflab.labs.elimination.execution.choose import choose
from difflab.labs.elimination.execution.linearity import require_linear_rules
from difflab.labs.elimination.execution.result import finished, require_memory
from difflab.labs.elimination.execution.strategies import STRATEGIES, Rows, eliminated
from difflab.labs.elimination.execution.task import Task, Traced, assembled, floating_arguments, task
from difflab.labs.elimination.plan import NAMES, Order, completed
from difflab.labs.elimination.state import State

__all__ = ["accumulate", "contract", "floating_arguments", "jacobian", "jacobian_by"]

FORMS = (False, "bcoo", "structured")


def jacobian(
    f: Callable[..., Any],
    *,
    order: Order = "auto",
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    sparse: bool | str = False,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
) -> Callable[..., Any]:
    """A function that returns the Jacobian of `f`, in the form of `jax.jacrev`, accumulated in a chosen way.

    `order` is one of

    - `"auto"`: what `difflab.compare` measured for this function, else the best by rule and forecast, never worse by
      intent than the better of `jax.jacfwd` and `jax.jacrev`;
    - an elimination order: `"forward"`, `"reverse"`, `"markowitz"`, `"markowitz_first"`, `"markowitz_last"`,
      `"elimination"` (the cheapest of these in the structured model), or a sequence of vertices (value ids as
      `Elimination.order` gives them); what a sequence leaves out follows by Markowitz's rule;
    - another strategy: `"jacfwd"`, `"jacrev"`, `"column"`, `"row"`, `"bicolour"` (compression by colouring), `"cut"`
      (through the narrowest interface).

    `sparse` is False for dense blocks, `"bcoo"` for `jax.experimental.sparse.BCOO` with fixed indices, `"structured"`
    for the blocks as they are (`J @ v`, `v @ J`, `J.todense()`); nothing dense is made on the way to these.

    The result is exact, and works under `jit`, `vmap` and further derivatives; keyword arguments go to `f` and are not
    differentiated. A custom_vjp rule that is not linear in its cotangent (gradient clipping) is no Jacobian: only
    `"jacrev"` takes it, and `"auto"` does then.

    Raises ValueError for an order that does not fit, TypeError for arguments or results without derivative, MemoryError
    for a dense Jacobian larger than the memory that is free, UnsupportedError for what cannot be accumulated.

    >>> import jax.numpy as jnp
    >>> jacobian(lambda x: jnp.stack([x[0] * x[1], x[1]]))(jnp.array([2.0, 3.0])).tolist()
    [[3.0, 2.0], [0.0, 1.0]]
    """
    _require_known(order)
    _require_form(order, sparse)
    options = {"static_argnums": static_argnums, "static_argnames": static_argnames}
    if isinstance(order, str) and (order == "auto" or order in STRATEGIES):
        return _function(lambda at: _by_strategy(at, order, sparse), f, argnums, has_aux, sparse, options)

    def choose_order(linear: LinearGraph) -> tuple[int, ...]:
        return completed(State(linear), order)

    return jacobian_by(choose_order, f, argnums=argnums, has_aux=has_aux, sparse=sparse, **options)


def jacobian_by(
    choose: Callable[[LinearGraph], tuple[int, ...]],
    f: Callable[..., Any],
    *,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    sparse: bool | str = False,
    **static: Any,
) -> Callable[..., Any]:
    """Like `jacobian`, with a function that chooses the order for a linearised graph; it is asked once a graph."""
    chosen: dict[str, tuple[int, ...]] = {}

    def run(at: Task) -> Rows:
        require_linear_rules(at.linear)
        if at.linear.fingerprint not in chosen:
            chosen[at.linear.fingerprint] = choose(at.linear)
        return eliminated(at, chosen[at.linear.fingerprint])

    return _function(run, f, argnums, has_aux, sparse, static)


def _function(
    run: Callable[[Task], Rows],
    f: Callable[..., Any],
    argnums: int | Sequence[int],
    has_aux: bool,
    sparse: bool | str,
    static: dict[str, Any],
) -> Callable[..., Any]:
    @wraps(f, assigned=("__module__", "__doc__"), updated=())
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        traced = Traced(f, has_aux)
        at = task(traced, args, argnums, {**static, **kwargs})
        if not sparse:
            require_memory(at.linear)
        tree, aux_tree = traced.tree, traced.aux_tree
        others, rows = run(at)
        found = assembled(finished(at.linear, rows, sparse), args, argnums, tree)
        return (found, jax.tree.unflatten(aux_tree, others)) if has_aux else found

    jacobian_of.__name__ = f"jacobian_of_{function_name(f)}"
    return jacobian_of


def _by_strategy(at: Task, name: str, sparse: bool | str) -> Rows:
    chosen = choose(at, sparse).strategy if name == "auto" else name
    if chosen not in ("jacrev", "jacfwd"):
        require_linear_rules(at.linear)
    return STRATEGIES[chosen].run(at)


def _require_known(order: Order) -> None:
    if isinstance(order, str) and order not in NAMES and order not in STRATEGIES:
        names = ", ".join((*NAMES, *STRATEGIES))
        raise ValueError(f"there is no order named {order!r}; choose one of {names}, or give the vertices in order")


def _require_form(order: Order, sparse: bool | str) -> None:
    if sparse not in FORMS or sparse is True:
        raise ValueError(f'sparse is {sparse!r}; say False, "bcoo" or "structured"')
    strategy = STRATEGIES.get(order) if isinstance(order, str) else None
    if strategy and sparse and sparse not in strategy.sparse:
        able = ", ".join(name for name, other in STRATEGIES.items() if sparse in other.sparse)
        raise ValueError(f'{order} gives no {sparse} result; choose an elimination order, "auto", or one of {able}')
