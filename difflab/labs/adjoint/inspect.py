"""`inspect`: record a function and its gradient at a point. `explain`: the same, for its one conclusion.

The reverse sweep begins with a cotangent of the result. As in `jax.grad` it is 1 for a scalar; for several outputs, or
an array, it is all ones, so the gradient is that of the sum of all entries, and the trace says so. For complex numbers
JAX's convention holds: the pairing is Re Σ ȳ·dy, without conjugation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from tqdm.auto import tqdm

from difflab.core.call import Call, call, require_differentiable
from difflab.core.capture import capture
from difflab.core.graph import Graph

from .adjoint import AdjointTrace, Argument
from .explain import Explanation
from .frames import Frames
from .record import record
from .rules import Rules
from .sweep import sweep
from .tape import Tape, Value

_PATIENCE = 2.0
_OFTEN = 256


def inspect(
    f: Callable[..., Any],
    *args: Any,
    cotangent: Any = None,
    argnums: int | Sequence[int] | None = None,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    has_aux: bool = False,
    max_bytes: int | float = 256e6,
    max_steps: int = 200_000,
    **kwargs: Any,
) -> AdjointTrace:
    """Run `f(*args, **kwargs)` and its reverse sweep, and keep every step.

    The gradient equals that of `jax.vjp` (while loops, which that refuses, have one, too). `cotangent` is a tree like
    the result; None stands for ones. Arrays are kept up to `max_bytes`, above that summaries of the largest. A scan
    that would take the recording past `max_steps` is one step.

    Raises TypeError without anything to differentiate, ValueError for a cotangent that does not fit, `CaptureError`
    where JAX cannot trace `f`, `UnsupportedError` where an equation has no derivative or the recording grows too long.

    >>> trace = inspect(lambda x: x**2, 3.0)
    >>> float(trace.gradient[0])
    6.0
    """
    if not max_bytes >= 0:
        raise ValueError(f"max_bytes is {max_bytes}; it is the memory for kept arrays, in bytes: pass 256e6 for 256 MB")
    options = {"argnums": argnums, "static_argnums": static_argnums, "static_argnames": static_argnames}
    return inspect_call(call(f, *args, **options, has_aux=has_aux, **kwargs), cotangent, max_bytes, max_steps)


def inspect_call(
    at: Call, cotangent: Any = None, max_bytes: int | float = 256e6, max_steps: int = 200_000
) -> AdjointTrace:
    """The same for a function whose arguments are flattened already; its graph is captured once."""
    require_differentiable(at)
    graph = capture(at)
    assert graph.signature is not None, "an outermost graph knows its result's tree; please report this"
    structure = graph.signature.tree
    leaves = [_array(leaf, graph, k) for k, leaf in enumerate(at.leaves)]
    rules = Rules()
    with _progress("forward", None) as tick:
        tape = record(graph, leaves, rules, max_steps, tick)
    seeds, said = _seeds(tape, structure, cotangent)
    with _progress("reverse", len(tape.records)) as tick:
        memory = sweep(tape, seeds, rules, max_bytes, tick)
    gradient, keywords = _gradient(at, tape, at.args, at.options.get("argnums"))
    notes = [*tape.notes, *([str(memory)] if memory.dropped else [])]
    return AdjointTrace(
        graph=graph,
        frames=Frames(tape),
        value=jax.tree.unflatten(structure, [tape.values[slot].array for slot in tape.outputs]),
        gradient=gradient,
        keyword_gradient=keywords,
        arguments=_arguments(at, tape),
        seed=said,
        truncated="; ".join(notes) or None,
        tape=tape,
    )


def explain(f: Callable[..., Any], *args: Any, **options: Any) -> Explanation:
    """Say in a few lines why the gradient of `f` at a point is what it is. Takes what `inspect` takes.

    >>> print(explain(lambda x: x**2, 3.0))
    The gradient is healthy: x has norm 6, all entries finite.
    """
    return inspect(f, *args, **options).explanation


def _array(leaf: Any, graph: Graph, k: int) -> Any:
    if isinstance(leaf, jax.Array):
        return leaf
    return jnp.array(leaf, dtype=graph.vertices[graph.inputs[k]].dtype)


def _seeds(tape: Tape, structure: Any, cotangent: Any) -> tuple[list[Any], str]:
    """The outputs' cotangents, and what to say of them."""
    names = tape.graph.signature.outputs if tape.graph.signature else ()
    values = [tape.values[slot].array for slot in tape.outputs]
    inexact = [jnp.issubdtype(value.dtype, jnp.inexact) for value in values]
    if cotangent is None:
        seeds = [jnp.ones_like(value) if real else None for value, real in zip(values, inexact, strict=True)]
        return seeds, _ones(values, inexact)
    try:
        given = structure.flatten_up_to(cotangent)
    except ValueError as error:
        raise ValueError(
            f"cotangent does not have the tree of the result ({error}); the result is {structure}, "
            "so pass a tree like it, with None for outputs without a cotangent"
        ) from error
    seeds = []
    for name, value, real, bar in zip(names, values, inexact, given, strict=True):
        seeds.append(_seed(name, value, bar) if real and bar is not None else None)
    return seeds, "with the given cotangent"


def _seed(name: str, value: Any, bar: Any) -> Any:
    if np.shape(bar) != value.shape:
        raise ValueError(
            f"the cotangent of {name} has shape {np.shape(bar)}, but {name} has {value.shape}; "
            "a cotangent has the shape of its value"
        )
    if np.iscomplexobj(bar) and not np.iscomplexobj(value):
        raise ValueError(f"the cotangent of {name} is complex, but {name} is {value.dtype}; take its real part")
    return jnp.asarray(bar, dtype=value.dtype)


def _ones(values: Sequence[Any], inexact: Sequence[bool]) -> str:
    if not any(inexact):
        return "no output has a floating dtype, so no cotangent starts"
    if len(values) == 1 and values[0].size == 1:
        return "gradient of the output"
    return "gradient of the sum of all output entries (cotangent: ones)"


@dataclass(frozen=True)
class _Leaf:
    """A gradient on its way back into the arguments' tree; a static argument holds none."""

    value: Any


def _gradient(at: Call, tape: Tape, args: Sequence[Any], argnums: Any) -> tuple[Any, dict[str, Any]]:
    leaves = []
    for k, slot in enumerate(tape.inputs):
        bar, primal = tape.cotangents[slot], tape.values[slot].array
        zero = jnp.zeros_like(primal) if k in at.differentiable else None
        leaves.append(_Leaf(bar.array if bar is not None else zero))
    positional, keywords = at.rebuild(leaves)
    chosen = range(len(args)) if argnums is None else (argnums,) if isinstance(argnums, int) else tuple(argnums)
    picked = tuple(_unwrap(positional[n]) for n in chosen)
    return picked[0] if isinstance(argnums, int) else picked, {key: _unwrap(value) for key, value in keywords.items()}


def _unwrap(tree: Any) -> Any:
    leaves, structure = jax.tree.flatten(tree)
    if not any(isinstance(leaf, _Leaf) for leaf in leaves):
        return None
    return jax.tree.unflatten(structure, [leaf.value if isinstance(leaf, _Leaf) else None for leaf in leaves])


def _arguments(at: Call, tape: Tape) -> tuple[Argument, ...]:
    found: list[Argument] = []
    for k, (path, slot) in enumerate(zip(at.paths, tape.inputs, strict=True)):
        value, bar = tape.values[slot], tape.cotangents[slot]
        if k in at.differentiable and bar is None:
            bar = Value(jnp.zeros_like(value.array))
        found.append(Argument(path, value.summary, bar.summary if bar else None))
    return tuple(found)


@contextmanager
def _progress(title: str, total: int | None) -> Iterator[Callable[[], None]]:
    """Count steps; a bar appears after two seconds."""
    with tqdm(total=total, desc=title, unit=" steps", delay=_PATIENCE, leave=False) as bar:
        count = 0

        def tick() -> None:
            nonlocal count
            count += 1
            if count % _OFTEN == 0:
                bar.update(_OFTEN)

        yield tick
