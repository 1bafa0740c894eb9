"""Who wrote a custom derivative, and on which line.

JAX keeps the functions of a custom rule in the parameters of its equation, inside thunks, partial applications and
closures of its own, one more for each `vmap` around the call. They are dug out by following what a wrapper holds, so
that no type of JAX is named here; an unknown wrapper costs the name of the rule, never an error.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import FunctionType
from typing import Any

from difflab.core.graph import Equation, Source
from difflab.core.source import definition, is_user_file


def rule_source(equation: Equation) -> tuple[str, Source | None]:
    """Name and line of the rule of a custom derivative: of its jvp rule or its bwd, of a linear solve the call."""
    written = rule_functions(equation)
    if written:
        return written[-1].__name__.replace("<lambda>", "λ"), definition(written[-1].__code__)
    return equation.source.function if equation.source else equation.primitive, equation.source


def rule_functions(equation: Equation) -> tuple[FunctionType, ...]:
    """The functions that the author of a custom rule wrote: its jvp rule, or fwd and bwd; none of a linear solve."""
    held = _held(equation.params)
    roles = [(role, key) for role in _ROLES for key in held if key.startswith(role)]
    found = [_author(held[key], [r for r in _ROLES if r != role]) for role, key in roles]
    return tuple(function for function in found if function is not None)


_ROLES = ("jvp", "fwd", "bwd")
_MACHINERY = re.compile(r"jax/_src/(custom_\w+|linear_util|api_util|core|hijax|util|interpreters/\w+)\.py$")


def _held(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters, and those of the primitives inside: rules as primitives of their own (`jax_custom_vjp3`)."""
    held = dict(params)
    inner = params.get("_prim")
    while inner is not None:
        held |= (more := dict(getattr(inner, "params", None) or {}))
        inner = more.get("prim")
    return held


def _author(start: Any, others: Sequence[str]) -> FunctionType | None:
    """The first function, breadth first through what wraps it, of the user's, of a library, or of JAX's own rules."""
    waiting, seen = [start], list[Any]()
    for item in waiting:
        if len(seen) > 500:
            break
        if all(item is not known for known in seen) and not hasattr(item, "defjvp") and not hasattr(item, "defvjp"):
            seen.append(item)
            waiting += [part for name, part in _inside(item) if not any(role in name for role in others)]
    functions = [f for f in seen if isinstance(f, FunctionType)]
    files = [f.__code__.co_filename.replace("\\", "/") for f in functions]
    ranks = [2 * (not is_user_file(file)) + ("-packages/" in file) for file in files]
    ranked = [(r, k) for k, (r, file) in enumerate(zip(ranks, files, strict=True)) if not _MACHINERY.search(file)]
    return functions[min(ranked)[1]] if ranked else None


def _inside(item: Any) -> Iterator[tuple[str, Any]]:
    """What a wrapper wraps, with the names under which it holds it."""
    if isinstance(item, tuple | list):
        yield from (("", part) for part in item)
    for name in ("__wrapped__", "__func__", "f", "func", "fun", "fn", "fwd", "bwd", "params", "args"):
        part = getattr(item, name, None)
        yield from part.items() if isinstance(part, dict) else [(name, part)] if part is not None else ()
    if isinstance(item, FunctionType):
        for name, cell in zip(item.__code__.co_freevars, item.__closure__ or (), strict=True):
            with suppress(ValueError):  # the cell of a name that was never bound
                yield name, cell.cell_contents
