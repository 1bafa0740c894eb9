"""A function together with its arguments, flattened: what every lab starts from.

Arguments follow JAX's conventions: pytrees, `argnums` (which positional arguments derivatives are taken of),
`static_argnums` and `static_argnames` (handed to the function as they are), `has_aux`.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np


@dataclass(frozen=True, eq=False)
class Call:
    """`f` at a point. `leaves` are the traced arguments, flattened; `paths` their readable names.

    `differentiable` lists the leaves that derivatives are taken of. `flat(*leaves)` calls `f` and returns its result
    (without the auxiliary part) flattened to a list. `args` and `options` are what the user passed.
    """

    f: Callable[..., Any]
    name: str
    leaves: tuple[Any, ...]
    paths: tuple[str, ...]
    differentiable: tuple[int, ...]
    rebuild: Callable[[Sequence[Any]], tuple[tuple[Any, ...], dict[str, Any]]]
    has_aux: bool = False
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def flat(self, *leaves: Any) -> list[Any]:
        """Run the function on flat arguments; the result is flat, too."""
        return jax.tree.leaves(self.tree(*leaves))

    def tree(self, *leaves: Any) -> Any:
        """Run the function on flat arguments; the result keeps its tree."""
        args, kwargs = self.rebuild(leaves)
        result = self.f(*args, **kwargs)
        return result[0] if self.has_aux else result

    def restricted(self) -> Callable[..., list[Any]]:
        """The flat function of the differentiable leaves alone, the others fixed at this point."""

        def function(*chosen: Any) -> list[Any]:
            leaves = list(self.leaves)
            for position, value in zip(self.differentiable, chosen, strict=True):
                leaves[position] = value
            return self.flat(*leaves)

        return function


def call(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    has_aux: bool = False,
    **kwargs: Any,
) -> Call:
    """Flatten `f(*args, **kwargs)`.

    `argnums=None` takes derivatives of every argument of a floating dtype; named ones must be floating.
    Raises TypeError for an argument that is neither an array nor a number nor static, and for integers in `argnums`.
    """
    if not callable(f):
        raise TypeError(f"the first argument is {f!r}, which cannot be called; pass the function, then its arguments")
    static = {n % len(args) if args else n for n in _as_tuple(static_argnums)}
    names = set(_as_tuple(static_argnames))
    parameters = _parameter_names(f, args)
    static |= {k for k, parameter in enumerate(parameters) if parameter in names}
    traced = [(k, arg) for k, arg in enumerate(args) if k not in static]
    keywords = {key: value for key, value in kwargs.items() if key not in names}
    flat, tree = jax.tree_util.tree_flatten_with_path((tuple(arg for _, arg in traced), keywords))
    paths = tuple(_path(path, [parameters[k] for k, _ in traced]) for path, _ in flat)
    for path, (_, leaf) in zip(paths, flat, strict=True):
        _require_array(path, leaf)

    def rebuild(leaves: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        positional, keyword = jax.tree_util.tree_unflatten(tree, leaves)
        full = list(args)
        for (k, _), value in zip(traced, positional, strict=True):
            full[k] = value
        return tuple(full), {**kwargs, **keyword}

    owners = [traced[path[1].idx][0] if path[0].idx == 0 else None for path, _ in flat]  # pyright: ignore
    leaves = tuple(leaf for _, leaf in flat)
    chosen = _differentiable(leaves, paths, owners, argnums, len(args))
    options = {
        "argnums": argnums, "static_argnums": static_argnums, "static_argnames": static_argnames, "has_aux": has_aux,
    }  # fmt: skip
    return Call(f, function_name(f), leaves, paths, chosen, rebuild, has_aux, args, options)


def function_name(f: Callable[..., Any]) -> str:
    """The function's own name, through partial application and wrappers."""
    while hasattr(f, "func"):
        f = f.func  # pyright: ignore[reportFunctionMemberAccess]
    return getattr(f, "__name__", type(f).__name__).replace("<lambda>", "λ")


def require_differentiable(at: Call) -> None:
    """Raise TypeError unless there is something to differentiate with respect to."""
    if not at.leaves:
        raise TypeError(
            f"{at.name} has no array arguments, so there is nothing to differentiate; pass its arguments after it"
        )
    if not at.differentiable:
        kinds = ", ".join(f"{path}: {_dtype(leaf)}" for path, leaf in zip(at.paths, at.leaves, strict=True))
        raise TypeError(
            f"no argument of {at.name} has a floating dtype ({kinds}); derivatives need floats: pass 1.0 for 1"
        )


def _differentiable(
    leaves: Sequence[Any],
    paths: Sequence[str],
    owners: Sequence[int | None],
    argnums: int | Sequence[int] | None,
    count: int,
) -> tuple[int, ...]:
    floating = [k for k, leaf in enumerate(leaves) if _inexact(leaf)]
    if argnums is None:
        return tuple(floating)
    wanted = _as_tuple(argnums)
    for number in wanted:
        if not -count <= number < count:
            raise ValueError(f"argnums names argument {number}, but there are {count} positional ones; count from 0")
    wanted = {number % count for number in wanted}
    for k, owner in enumerate(owners):
        if owner in wanted and k not in floating:
            raise TypeError(
                f"argnums names {paths[k]}, of dtype {_dtype(leaves[k])}, which has no derivative; "
                "pass a float, or leave it out of argnums"
            )
    return tuple(k for k in floating if owners[k] in wanted)


def _require_array(path: str, leaf: Any) -> None:
    numeric = isinstance(leaf, bool | int | float | complex | np.generic | np.ndarray) or hasattr(leaf, "aval")
    if not numeric and not hasattr(leaf, "__jax_array__") and not hasattr(leaf, "shape"):
        raise TypeError(
            f"argument {path} is {leaf!r} ({type(leaf).__name__}); only arrays and numbers can be traced: "
            f"name it in static_argnums or static_argnames, or fix it with functools.partial"
        )
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "OUS":
        raise TypeError(
            f"argument {path} is a NumPy array of dtype {leaf.dtype}; convert it to numbers, or make it static"
        )


def _dtype(leaf: Any) -> Any:
    return getattr(leaf, "dtype", type(leaf).__name__)


def _inexact(leaf: Any) -> bool:
    dtype = getattr(leaf, "dtype", None)
    if dtype is None:
        return isinstance(leaf, float | complex)
    return jax.numpy.issubdtype(dtype, jax.numpy.inexact)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, int | str) else tuple(value)


def _parameter_names(f: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    try:
        bound = inspect.signature(f).bind_partial(*args)
    except (TypeError, ValueError):
        return [f"arg{k}" for k in range(len(args))]
    found: list[str] = []
    for name, value in bound.arguments.items():
        variadic = inspect.signature(f).parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        found.extend([f"{name}[{k}]" for k in range(len(value))] if variadic else [name])
    return found


def _path(path: tuple[Any, ...], parameters: Sequence[str]) -> str:
    rest = str(jax.tree_util.keystr(path[2:]))
    first = parameters[path[1].idx] if path[0].idx == 0 else path[1].key
    return f"{first}{rest}"
