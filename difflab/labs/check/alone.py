"""One function with a custom derivative rule, checked in isolation: `dl.check_rule`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from difflab.core.call import call
from difflab.labs.check.check import check
from difflab.labs.check.problem import problem
from difflab.labs.check.report import Report
from difflab.labs.check.rules import examine, found


def check_rule(rule: Callable[..., Any], *args: Any, **options: Any) -> Report:
    """Check a function with a `jax.custom_jvp` or `jax.custom_vjp` rule: every mode, linearity, primals, casts.

    The rule is judged by the function that it belongs to. The options are those of `check`; `order=2` looks at the
    derivative of the rule, too. Raises TypeError for a function that calls no custom rule.

    >>> import jax, jax.numpy as jnp
    >>> @jax.custom_jvp
    ... def double_sine(x):
    ...     return jnp.sin(2 * x)
    >>> double_sine.defjvp(lambda x, t: (double_sine(*x), jnp.cos(2 * x[0]) * t[0]))  # doctest: +ELLIPSIS
    <function ...>
    >>> [finding.kind for finding in check_rule(double_sine, 0.3).findings if finding.rule]
    ['factor']
    """
    kept = ("argnums", "static_argnums", "static_argnames", "has_aux")
    checked = problem(call(rule, *args, **{key: options[key] for key in kept if key in options}))
    if not found(checked):
        raise TypeError(
            f"{checked.at.name} calls no custom rule with these arguments; use dl.check for other functions, "
            "or decorate it with jax.custom_jvp or jax.custom_vjp first"
        )
    report = check(rule, *args, **options)
    if any(f.severity == "error" and f.rule for f in report.findings):
        return report
    missed = [f for f in examine(checked, lambda _: (), order=options.get("order", 1)) if f.severity == "error"]
    if not missed:
        return report
    return replace(report, verdict="refuted", findings=(*missed, *report.findings))
