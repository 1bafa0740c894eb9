"""The numbers on a structured block, by JAX's own rules: `jax.jvp` or `jax.vjp` of the one equation.

A block is read off with few tangents: labels that input and output share are probed all at once (a tangent of ones, as
each output entry then sees one input entry), labels on which the block does not depend at their first index, and only
the remaining input labels need a basis. In reverse the same holds with the sides exchanged; the smaller basis wins.
Where one mode has no rule (`while` in reverse, `custom_vjp` forward) the other is taken.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# (JAX's own signatures are only partly typed.)

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Shaped

from difflab.core.errors import UnsupportedError
from difflab.core.graph import Equation
from difflab.core.structure import Axes, Structure, flat

Values = Shaped[Array, "..."]
Map = Callable[[Values], Values]
REFUSALS = (AssertionError, NotImplementedError, TypeError, ValueError)
"""How JAX says that a primitive has no rule in one of the modes (an assertion: `clamp` with scalar bounds)."""


def probe(block: Structure, function: Map, point: Values, equation: Equation) -> Values:
    """The value array of the Jacobian of `function` at `point`, which has the structure `block`."""
    assert block.carried is not None, "a block without an array needs no probing; please report this"
    if 0 in block.sizes:
        return jnp.zeros(block.value_shape, point.dtype)
    free_inp = [n for n in flat(block.inp) if n in block.carried and n not in flat(block.out)]
    free_out = [n for n in flat(block.out) if n in block.carried and n not in flat(block.inp)]
    forward = _count(block, free_inp) <= _count(block, free_out)
    return _first_that_works(
        (_forward, _reverse) if forward else (_reverse, _forward), block, function, point, equation
    )


Mode = Callable[[Structure, Map, Values], Values]


def _first_that_works(
    modes: Sequence[Mode], block: Structure, function: Map, point: Values, equation: Equation
) -> Values:
    try:
        return modes[0](block, function, point)
    except _Refused as first:
        try:
            return modes[1](block, function, point)
        except _Refused:
            raise unsupported(equation, first.reason) from first.reason


class _Refused(Exception):
    """JAX has no rule in this mode; what goes wrong around its rules is no refusal."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _asked(rule: Callable[..., Any], *given: Any) -> Any:
    try:
        return rule(*given)
    except REFUSALS as reason:
        raise _Refused(reason) from reason


def unsupported(equation: Equation, error: Exception) -> UnsupportedError:
    """What to tell the user of an equation that JAX cannot differentiate."""
    where = f" ({equation.source}: {equation.source.text})" if equation.source else ""
    reason = str(error).strip().split("\n")[0]
    return UnsupportedError(
        f"JAX has no derivative for the primitive {equation.primitive}{where}: {reason}; give the function around it a "
        "rule with jax.custom_jvp, or stop derivatives there with jax.lax.stop_gradient"
    )


def _forward(block: Structure, function: Map, point: Values) -> Values:
    if not block.sizes:
        return _asked(jax.jvp, function, (point,), (jnp.ones_like(point),))[1].reshape(())
    tangents, free = _basis(block, block.inp, block.out, point.shape, point.dtype)
    result = _asked(jax.vmap(lambda tangent: jax.jvp(function, (point,), (tangent,))[1]), tangents)
    return _read(block, result, free, block.out)


def _reverse(block: Structure, function: Map, point: Values) -> Values:
    result, pull = _asked(jax.vjp, function, point)
    cotangents, free = _basis(block, block.out, block.inp, result.shape, result.dtype)
    pulled = _asked(jax.vmap(lambda cotangent: pull(cotangent)[0]), cotangents)
    return _read(block, pulled, free, block.inp)


def _count(block: Structure, labels: Sequence[int]) -> int:
    return prod(block.sizes[label] for label in labels)


def _basis(block: Structure, side: Axes, other: Axes, shape: tuple[int, ...], dtype: Any) -> tuple[Values, list[int]]:
    """Tangents for one side, stacked along a first axis that runs over the labels `free` to this side."""
    carried = block.carried or ()
    free = [n for n in flat(side) if n in carried and n not in flat(other)]
    idle = [n for n in flat(side) if n not in carried and n not in flat(other)]
    count = _count(block, free)
    sizes = [block.sizes[n] if n in free else 1 for n in flat(side)]
    basis = jnp.eye(count, dtype=dtype).reshape((count, *sizes))
    for axis, label in enumerate(flat(side), start=1):
        if label in idle:
            basis = jnp.concatenate(
                [basis, jnp.zeros_like(basis, shape=_with(basis.shape, axis, block.sizes[label] - 1))], axis
            )
    full = (count, *[block.sizes[n] for n in flat(side)])
    return jnp.broadcast_to(basis, full).reshape((count, *shape)), free


def _with(shape: tuple[int, ...], axis: int, size: int) -> tuple[int, ...]:
    return (*shape[:axis], size, *shape[axis + 1 :])


def _read(block: Structure, found: Values, free: Sequence[int], side: Axes) -> Values:
    """The carried labels of the answer, in ascending order; at the first index of the others."""
    carried = block.carried or ()
    labels = [*free, *flat(side)]
    found = found.reshape([block.sizes[n] for n in labels])
    found = found[tuple(slice(None) if n in carried else 0 for n in labels)]
    kept = [n for n in labels if n in carried]
    return jnp.transpose(found, [kept.index(n) for n in carried])
