"""The function that is checked, in real coordinates, and JAX's derivative programs of it.

A complex number counts as two real coordinates, its real and its imaginary part, so that the derivative is a real
matrix, holomorphic or not. JAX pairs a cotangent c with a tangent t by Re Σ c·t, without conjugation:
the real coordinates of a cotangent are therefore (Re c, −Im c).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.call import Call
from difflab.core.capture import capture, capture_flat, leaked
from difflab.core.complexes import Complex
from difflab.core.graph import Graph, walk
from difflab.core.interpret import Outcome
from difflab.core.values import Elements, Hole, pack

FIRST = ("jvp", "vjp", "linearize")
SECOND = ("jvp∘jvp", "jvp∘vjp", "vjp∘vjp")
REVERSE = ("vjp", "jvp∘vjp", "vjp∘vjp")


@dataclass(frozen=True, eq=False)
class Problem:
    """A call, its graph, and which leaves count.

    `inputs` are the positions of the leaves that derivatives are taken of, `outputs` those of the results of a floating
    or complex dtype. `columns` and `rows` name their real coordinates.
    """

    at: Call
    graph: Graph
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the input coordinates: `x[0]`, `Re z[1]`, `Im z[1]`."""
        return _names([(self.at.paths[k], *self.input_type(k)) for k in self.inputs])

    @cached_property
    def rows(self) -> tuple[str, ...]:
        """Names of the output coordinates."""
        signature = self.graph.signature
        assert signature is not None
        return _names([(signature.outputs[k], *self.output_type(k)) for k in self.outputs])

    def input_type(self, k: int) -> tuple[tuple[int, ...], str]:
        """Shape and dtype of an input leaf, as JAX takes it."""
        leaf = self.at.leaves[k]
        return jnp.shape(leaf), str(jax.dtypes.result_type(leaf))

    def output_type(self, k: int) -> tuple[tuple[int, ...], str]:
        """Shape and dtype of an output leaf."""
        operand = self.graph.outputs[k]
        made = self.graph.vertices[operand] if isinstance(operand, int) else operand
        return made.shape, made.dtype

    @cached_property
    def input_types(self) -> tuple[tuple[tuple[int, ...], str], ...]:
        """Shapes and dtypes of the inputs that count."""
        return tuple(map(self.input_type, self.inputs))

    @cached_property
    def output_types(self) -> tuple[tuple[tuple[int, ...], str], ...]:
        """Shapes and dtypes of the outputs that count."""
        return tuple(map(self.output_type, self.outputs))

    def rows_of(self, output: int) -> range:
        """The rows of one of the outputs that count, by its place among them."""
        sizes = [prod(shape) * (2 if dtype.startswith("complex") else 1) for shape, dtype in self.output_types]
        return range(sum(sizes[:output]), sum(sizes[: output + 1]))

    def with_leaves(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        """All leaves, those that count replaced."""
        full = list(self.at.leaves)
        for k, leaf in zip(self.inputs, leaves, strict=True):
            full[k] = leaf
        return tuple(full)

    def function(self, leaves: Sequence[Any]) -> Callable[..., list[Any]]:
        """The outputs that count as a function of the inputs that count; the other leaves are held."""

        def chosen(*inputs: Any) -> list[Any]:
            full = list(leaves)
            for k, x in zip(self.inputs, inputs, strict=True):
                full[k] = x
            results = self.at.flat(*full)
            return [jnp.asarray(results[k]) for k in self.outputs]

        return chosen


@dataclass(frozen=True, eq=False)
class Program:
    """One derivative program of JAX as a graph, or why there is none.

    Its inputs are all leaves of the call, then the seeds. "jvp" and "linearize" take tangents t of the inputs and give
    f and J·t; "vjp" takes cotangents c of the outputs and returns f and cᵀ·J. Of second order: "jvp∘jvp" takes t and u
    and returns D²f[t, u]; "jvp∘vjp" takes c and u, "vjp∘vjp" c and t; both return Σ c·D²f[·, u or t], an input's shape.
    """

    mode: str
    graph: Graph | None
    why_not: str = ""

    @property
    def reverse(self) -> bool:
        """Whether the result has the shape of the inputs."""
        return self.mode in REVERSE


def problem(at: Call, graph: Graph | None = None) -> Problem:
    """The problem of checking a call; traces it unless its graph is given."""
    graph = capture(at) if graph is None else graph
    made = [graph.vertices[o] if isinstance(o, int) else o for o in graph.outputs]
    outputs = tuple(k for k, o in enumerate(made) if o.dtype.startswith(("float", "bfloat", "complex")))
    return Problem(at, graph, at.differentiable, outputs)


def program(checked: Problem, mode: str) -> Program:
    """Trace one derivative program of JAX; the error becomes `why_not` where JAX has none."""
    flat, arguments = flat_program(checked, mode)
    try:
        graph = capture_flat(flat, arguments, mode)
    except Exception as error:  # whatever JAX or the user's rule raises is the reason that this mode is missing
        return Program(mode, None, _first_line(error))
    if any(equation.primitive == "custom_lin" for _, _, equation in walk(graph)):
        return Program(mode, None, "TypeError: JAX has no forward mode of a function with a custom_vjp rule")
    if leaked(graph):
        return Program(mode, None, "UnexpectedTracerError: the rule holds a value of the trace that it was found in")
    return Program(mode, graph)


def flat_program(checked: Problem, mode: str) -> tuple[Callable[..., list[Any]], list[Any]]:
    """One derivative of JAX as a function of all leaves and the seeds, flat, and such arguments with seeds of zero."""
    leaves = [jnp.asarray(x) if _numeric(x) else x for x in checked.at.leaves]
    seeds = [jnp.zeros(shape, dtype) for shape, dtype in seed_types(checked, mode)]
    count = len(leaves)

    def flat(*given: Any) -> list[Any]:
        held, rest = given[:count], list(given[count:])
        primals = [held[k] for k in checked.inputs]
        return jax.tree.leaves(_MODES[mode](checked.function(held), primals, rest, len(checked.inputs)))

    return flat, [*leaves, *seeds]


def numbers(types: Sequence[tuple[tuple[int, ...], str]], arrays: Sequence[Any]) -> list[float]:
    """The real coordinates of concrete arrays, as JAX takes them, in double precision."""
    found: list[float] = []
    for (_, dtype), array in zip(types, arrays, strict=True):
        taken = np.asarray(jnp.asarray(array))
        if dtype.startswith("complex"):
            parts = taken.astype(np.complex128).reshape(-1)
            found += np.stack([parts.real, parts.imag], -1).reshape(-1).tolist()
        else:
            found += taken.astype(np.float64).reshape(-1).tolist()
    return found


def elements(
    types: Sequence[tuple[tuple[int, ...], str]], given: Sequence[Any], negate: Callable[[Any], Any] | None = None
) -> list[Elements]:
    """Object arrays of the given types from a list of real coordinates; with `negate` they are those of a cotangent."""
    found: list[Elements] = []
    start = 0
    for shape, dtype in types:
        size = prod(shape) * (2 if dtype.startswith("complex") else 1)
        items = list(given[start : start + size])
        if dtype.startswith("complex"):
            pairs = zip(items[::2], items[1::2], strict=True)
            items = [Complex(re, negate(im) if negate else im) for re, im in pairs]
        found.append(pack(shape, items))
        start += size
    assert start == len(given), "coordinates do not fit the types; please report this"
    return found


def coordinates(results: Sequence[Elements | None], negate: Callable[[Any], Any] | None = None) -> list[Any]:
    """The real coordinates of results, in order; of cotangents with `negate`. A hole stands for both parts."""
    found: list[Any] = []
    for result in results:
        assert result is not None, "an output without elements counts as a coordinate; please report this"
        for e in result.reshape(-1):
            found += _parts(e, negate) if isinstance(e, Complex) else [e]
    return found


def _parts(z: Complex, negate: Callable[[Any], Any] | None) -> list[Any]:
    return [z.re, z.im if negate is None or isinstance(z.im, Hole) else negate(z.im)]


def outputs_of(checked: Problem, outcome: Outcome) -> list[Elements | None]:
    """The outputs that count, of a run of the problem's own graph."""
    return [outcome.outputs[k] for k in checked.outputs]


def seed_types(checked: Problem, mode: str) -> tuple[tuple[tuple[int, ...], str], ...]:
    """Shapes and dtypes of the seeds of a program of that mode, in order."""
    inputs, outputs = checked.input_types, checked.output_types
    return {
        "jvp": inputs, "linearize": inputs, "vjp": outputs,
        "jvp∘jvp": (*inputs, *inputs), "jvp∘vjp": (*outputs, *inputs), "vjp∘vjp": (*outputs, *inputs),
    }[mode]  # fmt: skip


def _linearize(f: Any, x: list[Any], seeds: list[Any], n: int) -> Any:
    values, push = jax.linearize(f, *x)
    return values, push(*seeds)


def _vjp(f: Any, x: list[Any], seeds: list[Any], n: int) -> Any:
    values, pull = jax.vjp(f, *x)
    return values, pull(seeds)


def _forward_over_forward(f: Any, x: list[Any], seeds: list[Any], n: int) -> Any:
    t, u = tuple(seeds[:n]), tuple(seeds[n:])
    return jax.jvp(lambda *y: jax.jvp(f, y, t)[1], tuple(x), u)[1]


def _forward_over_reverse(f: Any, x: list[Any], seeds: list[Any], n: int) -> Any:
    cotangents, u = seeds[: len(seeds) - n], tuple(seeds[len(seeds) - n :])
    return jax.jvp(lambda *y: jax.vjp(f, *y)[1](cotangents), tuple(x), u)[1]


def _reverse_over_reverse(f: Any, x: list[Any], seeds: list[Any], n: int) -> Any:
    cotangents, t = seeds[: len(seeds) - n], tuple(seeds[len(seeds) - n :])
    return jax.vjp(lambda *y: jax.vjp(f, *y)[1](cotangents), *x)[1](t)


_MODES: dict[str, Callable[..., Any]] = {
    "jvp": lambda f, x, seeds, n: jax.jvp(f, tuple(x), tuple(seeds)),
    "vjp": _vjp,
    "linearize": _linearize,
    "jvp∘jvp": _forward_over_forward,
    "jvp∘vjp": _forward_over_reverse,
    "vjp∘vjp": _reverse_over_reverse,
}


def _names(leaves: Sequence[tuple[str, tuple[int, ...], str]]) -> tuple[str, ...]:
    found: list[str] = []
    for path, shape, dtype in leaves:
        for index in np.ndindex(*shape):
            name = f"{path}[{','.join(map(str, index))}]" if shape else path
            found += [f"Re {name}", f"Im {name}"] if dtype.startswith("complex") else [name]
    return tuple(found)


def _numeric(leaf: Any) -> bool:
    return not jnp.issubdtype(jax.dtypes.result_type(leaf), jax.dtypes.extended)


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}"[:300]
