"""Operand values that chosen equations see at a point, in bodies too, found in one compiled run.

A loop's body is seen in its first and its last iteration, and both branches of a `cond` with the operands that the
taken one has. Callbacks never run: what they would return, and what only they lead to, is drawn at random instead.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.graph import Equation, Graph, Literal, Operand

Chosen = Callable[[Equation], bool]
EFFECTS = frozenset({"debug_callback", "debug_print", "io_callback", "pure_callback", "infeed", "outfeed", "ffi_call"})
"""Primitives that run code outside of the program."""


def record(
    graph: Graph, inputs: Sequence[Any], chosen: Chosen
) -> list[tuple[str, Graph, Equation, list[tuple[Any, ...]]]]:
    """Node, graph, equation and operand values (one or two samples) of each chosen equation, in order of the nodes."""
    places = list(_places(graph, chosen))
    if not places:
        return []
    recorder = _Recorder(chosen)

    def run(*leaves: Any) -> dict[str, list[tuple[Any, ...]]]:
        recorder.seen.clear()
        with suppress(_UnseenError):  # an output that only a callback could give
            recorder.run(graph, leaves, "")
        return recorder.seen

    try:
        seen = jax.jit(run)(*inputs)
    except Exception:  # a primitive that cannot run here: its operands are drawn, as those in a callback's shadow
        seen = {}
    return [
        (node, at, equation, _usable(seen.get(node, []), [_type(at, o) for o in equation.operands]))
        for node, at, equation in places
    ]


def evaluate(graph: Graph, inputs: Sequence[Any]) -> list[Any]:
    """The outputs of a graph, by JAX itself; can be traced."""
    return _Recorder(lambda _: False).run(graph, inputs, "")


def transparent(graph: Graph, inputs: Sequence[Any]) -> list[Any]:
    """The outputs of a graph with every stop_gradient, outside of loops and branches, an identity."""
    return _Transparent(lambda e: e.primitive == "stop_gradient").run(graph, inputs, "")


def effects(graph: Graph) -> Iterator[Equation]:
    """The equations, nested ones too, that run code outside of the program."""
    for equation in graph.equations:
        if equation.primitive in EFFECTS:
            yield equation
        for body in equation.bodies:
            yield from effects(body.graph)


def _places(graph: Graph, chosen: Chosen, prefix: str = "") -> Iterator[tuple[str, Graph, Equation]]:
    for equation in graph.equations:
        node = f"{prefix}{equation.id}"
        if chosen(equation):
            yield node, graph, equation
        for number in _searched(equation):
            yield from _places(equation.bodies[number].graph, chosen, f"{node}.{number}/")


def _searched(equation: Equation) -> range:
    """Bodies whose derivative JAX takes: none of a custom rule, of a linear solve its matrix alone."""
    if equation.kind in ("custom_jvp", "custom_vjp"):
        return range(0)
    return range(1 if equation.primitive == "custom_linear_solve" else len(equation.bodies))


class _UnseenError(Exception):
    """A value that only a callback could give."""


@dataclass(eq=False)
class _Recorder:
    chosen: Chosen
    seen: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict[str, list[tuple[Any, ...]]])

    def run(self, graph: Graph, inputs: Sequence[Any], prefix: str) -> list[Any]:
        values: dict[int, Any] = {**graph.values, **dict(zip(graph.inputs, inputs, strict=True))}

        def read(operand: Operand) -> Any:
            if not isinstance(operand, Literal):
                return values[operand]
            return jnp.asarray(operand.value, operand.dtype)

        for equation in graph.equations:
            if any(isinstance(o, int) and o not in values for o in equation.operands):
                continue
            operands = [read(o) for o in equation.operands]
            node = f"{prefix}{equation.id}"
            if self.chosen(equation):
                self.seen.setdefault(node, []).append(tuple(operands))
            try:
                values |= dict(zip(equation.results, self.step(equation, operands, node), strict=False))
            except _UnseenError:
                continue
        if any(isinstance(o, int) and o not in values for o in graph.outputs):
            raise _UnseenError
        return [read(o) for o in graph.outputs]

    def step(self, equation: Equation, operands: list[Any], node: str) -> list[Any]:
        inside = [any(True for _ in _places(equation.bodies[n].graph, self.chosen)) for n in _searched(equation)]
        outside = equation.primitive in EFFECTS or any(True for b in equation.bodies for _ in effects(b.graph))
        if equation.primitive in EFFECTS:
            raise _UnseenError
        if equation.kind in ("jit", "call", "remat") and (any(inside) or outside):
            return self.run(equation.bodies[0].graph, operands, f"{node}.0/")
        if any(inside):
            self.enter(equation, operands, node)
        if outside:
            raise _UnseenError
        return equation.bind(*operands)

    def enter(self, equation: Equation, operands: list[Any], node: str) -> None:
        """Record inside the bodies of a loop, a branch, a solve."""
        match equation.kind:
            case "scan":
                self.scan(equation, operands, node)
            case "while":
                self.loop(equation, operands, node)
            case "cond":
                for number in range(len(equation.bodies)):
                    self.try_body(equation, number, operands[1:], node)
            case _:
                if equation.primitive == "custom_linear_solve":
                    lengths = equation.params["const_lengths"]
                    right = operands[sum(lengths) :]
                    self.try_body(equation, 0, [*operands[: lengths[0]], *right], node)

    def scan(self, equation: Equation, operands: list[Any], node: str) -> None:
        params = equation.params
        fixed, carried, length = params["num_consts"], params["num_carry"], params["length"]
        constants, carry, xs = operands[:fixed], operands[fixed : fixed + carried], operands[fixed + carried :]
        order = range(length)[:: -1 if params["reverse"] else 1]
        if not length:
            return
        self.try_body(equation, 0, [*constants, *carry, *[x[order[0]] for x in xs]], node)
        silent = _Recorder(lambda _: False)
        if length > 1 and not any(True for _ in effects(equation.bodies[0].graph)):
            body = equation.bodies[0].graph

            def turn(c: list[Any], x: list[Any]) -> tuple[list[Any], None]:
                return silent.run(body, [*constants, *c, *x], "")[:carried], None

            before = [x[1:] if params["reverse"] else x[:-1] for x in xs]
            last, _ = jax.lax.scan(turn, list(carry), before, length - 1, reverse=params["reverse"])
            self.try_body(equation, 0, [*constants, *last, *[x[order[-1]] for x in xs]], node)

    def loop(self, equation: Equation, operands: list[Any], node: str) -> None:
        params = equation.params
        split = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
        conditions, constants, carry = operands[: split[0]], operands[split[0] : split[1]], operands[split[1] :]
        labels = [body.label for body in equation.bodies]
        test = labels.index("condition")
        self.try_body(equation, test, [*conditions, *carry], node)
        self.try_body(equation, 1 - test, [*constants, *carry], node)
        graphs = [body.graph for body in equation.bodies]
        if any(True for graph in graphs for _ in effects(graph)):
            return
        silent = _Recorder(lambda _: False)

        def turn(state: tuple[list[Any], list[Any]]) -> tuple[list[Any], list[Any]]:
            return silent.run(graphs[1 - test], [*constants, *state[0]], ""), state[0]

        def go(state: tuple[list[Any], list[Any]]) -> Any:
            return silent.run(graphs[test], [*conditions, *state[0]], "")[0]

        _, last = jax.lax.while_loop(go, turn, (list(carry), list(carry)))
        self.try_body(equation, 1 - test, [*constants, *last], node)

    def try_body(self, equation: Equation, number: int, operands: list[Any], node: str) -> None:
        try:
            self.run(equation.bodies[number].graph, operands, f"{node}.{number}/")
        except _UnseenError:
            return


class _Transparent(_Recorder):
    """A run through which derivatives pass where stop_gradient would hold them."""

    def step(self, equation: Equation, operands: list[Any], node: str) -> list[Any]:
        return operands if self.chosen(equation) else super().step(equation, operands, node)

    def enter(self, equation: Equation, operands: list[Any], node: str) -> None:
        """Bodies of loops and branches run as they are."""


def _type(graph: Graph, operand: Operand) -> tuple[tuple[int, ...], str]:
    read = operand if isinstance(operand, Literal) else graph.vertices[operand]
    return read.shape, read.dtype


def _usable(samples: Sequence[tuple[Any, ...]], types: Sequence[tuple[tuple[int, ...], str]]) -> list[tuple[Any, ...]]:
    """The samples that are finite, the first and the last of them, or else drawn ones."""
    finite = [s for s in samples if all(_finite(x) for x in s)]
    return [*finite[:1], *finite[1:][-1:]] or [drawn(types)]


def _finite(x: Any) -> bool:
    return not jnp.issubdtype(jnp.result_type(x), jnp.inexact) or bool(np.isfinite(np.asarray(x, complex)).all())


def drawn(types: Sequence[tuple[tuple[int, ...], str]], seed: int = 0) -> tuple[Any, ...]:
    """Values of the given types: normal floats, zeros for integers and booleans, a key for keys."""
    random = np.random.default_rng(seed)

    def one(shape: tuple[int, ...], dtype: str) -> Any:
        if dtype.startswith("key"):
            return jax.random.split(jax.random.key(seed), shape)
        if dtype.startswith("complex"):
            return jnp.asarray(random.normal(size=shape) + 1j * random.normal(size=shape), dtype)
        if dtype.startswith(("float", "bfloat")):
            return jnp.asarray(random.normal(size=shape), dtype)
        return jnp.zeros(shape, dtype)

    return tuple(one(shape, dtype) for shape, dtype in types)
