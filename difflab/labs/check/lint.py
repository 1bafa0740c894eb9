"""What a reader of a verdict should know of the function: design, randomness, side effects, and what is not finite.

Nothing here is an error of a derivative. The function is traced once more, to see that it is the same twice, and run
twice compiled, to see that its bits are; a function with callbacks is never run.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.capture import capture_flat
from difflab.core.graph import Equation, Graph, Literal, walk
from difflab.labs.check.compiled import compiled
from difflab.labs.check.findings import Finding
from difflab.labs.check.problem import Problem
from difflab.labs.check.recorded import effects, transparent

Run = list[tuple[str, np.ndarray]]
"""Results of a run with what they are called."""


def remarks(checked: Problem, leaves: Sequence[Any] | None = None) -> list[Finding]:
    """All remarks on a problem at `leaves`, the given point if None."""
    at = tuple(checked.at.leaves if leaves is None else leaves)
    found = [*_integers(checked), *_randomness(checked), *_side_effects(checked), *_reverse_only(checked)]
    found += _traced_twice(checked)
    if not any(e.primitive != "pure_callback" for e in effects(checked.graph)):
        found += [*_run_twice(checked, at), *_design(checked, at)]
    return found


def _integers(checked: Problem) -> Iterator[Finding]:
    for k, leaf in enumerate(checked.at.leaves):
        dtype = str(jax.dtypes.result_type(leaf))
        if dtype.startswith(("int", "uint", "bool")):
            message = f"{checked.at.paths[k]} is {dtype}, which has no gradient (float0); it is held fixed"
            yield Finding("integer input", "info", message, hint="pass a float to differentiate by it")


def _randomness(checked: Problem) -> Iterator[Finding]:
    draws = [
        e for _, _, e in walk(checked.graph) if e.primitive in ("random_bits", "threefry2x32", "rng_bit_generator")
    ]
    if draws:
        message = "random numbers are drawn; keys are held fixed, so the derivative is that of one draw"
        yield Finding("randomness", "info", message, source=draws[0].source)


def _side_effects(checked: Problem) -> Iterator[Finding]:
    for equation in _first_of_each(effects(checked.graph)):
        ordered = "ordered " if equation.params.get("ordered") else ""
        message = f"an {ordered}{equation.primitive} runs code outside of the program; it is not run for this check"
        hint = "its results have no derivative: give it a custom rule" if equation.results else ""
        yield Finding(
            "side effect",
            "info",
            message.replace("an d", "a d").replace("an p", "a p"),
            source=equation.source,
            hint=hint,
        )


def _reverse_only(checked: Problem) -> Iterator[Finding]:
    for equation in _first_of_each(e for _, _, e in walk(checked.graph) if e.kind == "custom_vjp"):
        message = f"{equation.bodies[0].graph.name} has a vjp rule, so forward mode (jvp, linearize) has none"
        yield Finding("missing mode", "info", message, mode="jvp", source=equation.source)


def _traced_twice(checked: Problem) -> Iterator[Finding]:
    """Python's own random numbers, clocks and state, which a trace turns into constants."""
    leaves = [x if hasattr(x, "dtype") else jnp.asarray(x) for x in checked.at.leaves]
    try:
        again = capture_flat(checked.at.flat, checked.at.leaves, checked.at.name)
    except Exception as error:
        message = f"the second trace of the function raised {type(error).__name__}"
        yield Finding("nondeterministic", "warning", message, hint="do not change state that the function reads")
        return
    assert len(leaves) == len(again.inputs), "the second trace has other inputs; please report this"
    other = _difference(checked.graph, again)
    if other is not None:
        equation, text = other
        yield Finding(
            "nondeterministic", "warning", f"two traces of the function differ: {text}",
            source=equation.source if equation else None,
            hint="NumPy's or Python's random numbers, or state, were read while tracing: pass them as arguments",
        )  # fmt: skip


def _difference(one: Graph, other: Graph) -> tuple[Equation | None, str] | None:
    """The first place where two graphs are not the same program."""
    for a, b in zip(one.constants, other.constants, strict=False):
        if not _same(one.values[a], other.values[b]):
            readers = [e for e in one.equations if a in e.operands]
            return (readers[0] if readers else None), "a constant has other values"
    if len(one.equations) != len(other.equations):
        return None, f"{len(one.equations)} and {len(other.equations)} equations"
    for a, b in zip(one.equations, other.equations, strict=True):
        if a.primitive != b.primitive or len(a.operands) != len(b.operands):
            return a, f"{a.primitive} and {b.primitive}"
        for x, y in zip(a.operands, b.operands, strict=True):
            if isinstance(x, Literal) and isinstance(y, Literal) and not _same(x.value, y.value):
                return a, f"the constants {x} and {y}"
        for p, q in zip(a.bodies, b.bodies, strict=False):
            if (found := _difference(p.graph, q.graph)) is not None:
                return found
    return None


def _run_twice(checked: Problem, leaves: tuple[Any, ...]) -> Iterator[Finding]:
    run = _run(checked, leaves)
    if run is None:
        return
    first, second = run(), run()
    for (name, a), (_, b) in zip(first, second, strict=True):
        if not _same(a, b):
            where = np.argwhere(~((a == b) | ((a != a) & (b != b)))).tolist()[0]
            gap = float(np.nanmax(np.abs(a - b)))
            message = f"two runs differ: {name}{where or ''} by up to {gap:.3g}"
            yield Finding("nondeterministic", "warning", message, details={"gap": gap})
            break
    for name, values in first:
        if not np.isfinite(values).all():
            what = "NaN" if np.isnan(values).any() else "infinite"
            yield Finding(
                "not finite", "warning", f"{name} is {what} at the point",
                hint=f"dl.inspect({checked.at.name}, …).why_nan() says where it comes from",
            )  # fmt: skip
            break


def _run(checked: Problem, leaves: tuple[Any, ...]) -> Callable[[], Run] | None:
    """The compiled function with what JAX can give of its derivative along ones; None where it does not run."""
    function, inputs = checked.function(leaves), [leaves[k] for k in checked.inputs]
    signature = checked.graph.signature
    assert signature is not None
    rows = [f"the value {signature.outputs[k]}" for k in checked.outputs]
    columns = [f"the derivative by {checked.at.paths[k]}" for k in checked.inputs]

    def reverse(*x: Any) -> Any:
        values, pull = jax.vjp(function, *x)
        return values, pull([jnp.ones_like(v) for v in values])

    def forward(*x: Any) -> Any:
        return jax.jvp(function, x, tuple(map(jnp.ones_like, x)))

    for derivative, names in ((reverse, columns), (forward, [f"the derivative of {r}" for r in rows])):
        try:
            machine = compiled(derivative, inputs)
            machine(*inputs)
        except Exception:  # this mode has no rule, which is said elsewhere; the other one may have
            continue

        def run(machine: Any = machine, names: list[str] = names) -> Run:
            values, derivatives = machine(*inputs)
            return list(zip([*rows, *names], map(np.asarray, [*values, *derivatives]), strict=True))

        return run
    return None


def _design(checked: Problem, leaves: tuple[Any, ...]) -> Iterator[Finding]:
    """stop_gradient, where it changes the derivative: the value itself has another one."""
    stops = [
        e for _, g, e in walk(checked.graph) if e.primitive == "stop_gradient" and g.vertices[e.results[0]].inexact
    ]
    if not stops or not checked.inputs or not checked.outputs:
        return
    inputs = [jnp.asarray(leaves[k]) for k in checked.inputs]
    random = np.random.default_rng(0)
    tangents = [jnp.asarray(random.normal(size=x.shape), x.dtype) for x in inputs]

    def through(*x: Any) -> list[Any]:
        full = list(leaves)
        for k, value in zip(checked.inputs, x, strict=True):
            full[k] = value
        results = transparent(checked.graph, full)
        return [results[k] for k in checked.outputs]

    try:
        functions = (checked.function(leaves), through)
        compiled = jax.jit(lambda x, t: [jax.jvp(f, tuple(x), tuple(t))[1] for f in functions])
        held, free = compiled(inputs, tangents)
    except Exception:  # no forward mode, or a primitive that cannot run again: what is asked for stands in the line
        held, free = [np.nan], [np.nan]
    a, b = (np.concatenate([np.ravel(x).astype(complex) for x in side]) for side in (held, free))
    if not np.abs(a - b).max(initial=0) <= 1e-3 * max(np.abs(a).max(initial=0), np.abs(b).max(initial=0)):
        k = int(np.argmax(np.abs(a - b)))
        slope = f": along one direction AD gives {a[k].real:.6g}, and finite differences of the value {b[k].real:.6g}"
        seen = slope if b[k] == b[k] else ""
        yield Finding(
            "by design", "info", f"stop_gradient holds a value constant, as asked{seen}", source=stops[0].source,
            details={"held": a[k].real, "value": b[k].real},
        )  # fmt: skip


def _first_of_each(equations: Iterator[Equation]) -> list[Equation]:
    """One equation of each primitive and line."""
    found: dict[Any, Equation] = {}
    for equation in equations:
        found.setdefault((equation.primitive, equation.source), equation)
    return list(found.values())


def _same(a: Any, b: Any) -> bool:
    if jnp.issubdtype(jnp.result_type(a), jax.dtypes.extended):
        return True
    x, y = np.asarray(a), np.asarray(b)
    return x.shape == y.shape and x.tobytes() == y.tobytes()
