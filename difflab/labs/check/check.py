"""Check the derivatives that JAX computes, entry by entry, against the derivative of the function: `dl.check`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from difflab.core.call import Call, call, require_differentiable
from difflab.labs.check.clock import Clock
from difflab.labs.check.engine import METHODS, Options, report_of
from difflab.labs.check.problem import FIRST, SECOND, problem
from difflab.labs.check.report import Report


def check(
    f: Callable[..., Any],
    *args: Any,
    order: int = 1,
    modes: Sequence[str] = FIRST,
    method: str = "auto",
    points: int = 6,
    domain: Any = None,
    digits: int = 50,
    error_bound: float = 2.0**-40,
    seed: int = 0,
    budget: float | int = 30.0,
    max_entries: int = 400,
    argnums: int | Sequence[int] | None = None,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    has_aux: bool = False,
    **kwargs: Any,
) -> Report:
    """Compare JAX's derivative programs of `f` with its derivative: proof where possible, a witness where not.

    `modes` are the programs of first order, "jvp", "vjp" and "linearize"; `order=2` adds "jvp∘jvp", "jvp∘vjp" and
    "vjp∘vjp". The point `args` comes first, then `points` others of other sign and scale, from `domain` if given (a
    sampler such as `Box(0, 1)`, or a tuple of one an argument). `method` "auto" proves in a prime field and confirms
    what differs there in balls or in big floats of `digits` digits; "field" does only the first, "balls" and "big
    floats" only compare at the points, "symbolic" tries normal forms first. A larger prime is taken until a wrong
    "proved" has at most the probability `error_bound`. `seed` makes everything again. `budget` is in wall seconds; what
    was shown until it is spent is reported, and marked. All entries are compared; at most `max_entries` are listed.
    Other options: see `dl.graph`. Raises TypeError if there is nothing to differentiate, `CaptureError` if `f` cannot
    be traced.

    >>> import jax.numpy as jnp
    >>> report = check(lambda x: jnp.sin(x) * x, 1.0)
    >>> report.verdict, report.entries[0].symbolic
    ('proved', x*cos(x) + sin(x))
    """
    wanted = Options(
        order, tuple(modes), method, points, domain, digits, error_bound, seed, budget, max_entries
    )  # fmt: skip
    _require(wanted)
    clock = Clock(budget)
    options: dict[str, Any] = {
        "argnums": argnums,
        "static_argnums": static_argnums,
        "static_argnames": static_argnames,
        "has_aux": has_aux,
    }
    return _checked(call(f, *args, **options, **kwargs), wanted, clock)


def check_call(at: Call, digits: int = 50, max_entries: int = 400, budget: float | int = 30.0) -> Report:
    """The same for a function whose arguments are flattened already; its graph is captured once."""
    wanted = Options(digits=digits, max_entries=max_entries, budget=budget)
    _require(wanted)
    return _checked(at, wanted, Clock(budget))


def assert_grads(f: Callable[..., Any], *args: Any, **options: Any) -> None:
    """Raise `CheckFailed`, an AssertionError whose message is the report, unless the derivatives of `f` are right.

    For tests; the options are those of `check`.

    >>> import jax.numpy as jnp
    >>> assert_grads(jnp.tanh, 0.5)
    """
    check(f, *args, **options).raise_for_status()


def _checked(at: Call, wanted: Options, clock: Clock) -> Report:
    require_differentiable(at)
    return report_of(problem(at), wanted, clock)


def _require(wanted: Options) -> None:
    """Refuse options that make no sense, and say which do."""
    if wanted.order not in (1, 2):
        raise ValueError(f"order is {wanted.order}; derivatives of order 1 and 2 are checked")
    unknown = [mode for mode in wanted.modes if mode not in FIRST]
    if unknown or not wanted.modes:
        raise ValueError(f"modes are {wanted.modes}; choose from {', '.join(FIRST)}; order=2 adds {', '.join(SECOND)}")
    if wanted.method not in METHODS:
        raise ValueError(f"method is {wanted.method!r}; choose from {', '.join(METHODS)}")
    if wanted.digits < 20:
        raise ValueError(f"digits is {wanted.digits}; the truth must be finer than floats: pass 20 or more")
    if wanted.max_entries < 1:
        raise ValueError(f"max_entries is {wanted.max_entries}; pass 1 or more")
    if wanted.points < 0:
        raise ValueError(f"points is {wanted.points}; pass 0 or more: the given point is always checked")
    if not wanted.budget > 0:
        raise ValueError(f"budget is {wanted.budget}; pass a number of seconds")
    if not 0 < wanted.error_bound < 1:
        raise ValueError(f"error_bound is {wanted.error_bound}; pass a probability between 0 and 1")
