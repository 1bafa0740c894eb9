"""What JAX computes in floats, compiled as one program, and only once for programs of one text.

A check differentiates the same function again and again, each time by a new Python function, for which JAX would
compile everything anew. The program that comes of it has the same text, though, and so its machine code is kept.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

# (JAX's own signatures are only partly typed.)

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax

_KEPT = 64
_LONGEST = 1_000_000
"""Texts of more characters, which hold large constants, are not kept."""

_COMPILED: dict[str, Any] = {}


def compiled(function: Callable[..., Any], arguments: Sequence[Any]) -> Callable[..., Any]:
    """The function for arguments of these types as machine code; it takes arrays of the same types.

    >>> float(compiled(lambda x: x + 1, [1.0])(1.0))
    2.0
    """
    lowered = jax.jit(function).lower(*arguments)
    text = lowered.as_text()
    if "callback" in text or len(text) > _LONGEST or _hides_constants():
        return lowered.compile()
    key = f"{jax.default_backend()} {jax.tree.structure(arguments)} {lowered.out_tree} {text}"
    if key not in _COMPILED:
        while len(_COMPILED) >= _KEPT:
            del _COMPILED[next(iter(_COMPILED))]
        _COMPILED[key] = lowered.compile()
    return _COMPILED[key]


def _hides_constants() -> bool:
    """Whether JAX hands large constants to a program apart from its text, so that the text does not say all."""
    return bool(getattr(jax.config, "jax_use_simplified_jaxpr_constants", False))
