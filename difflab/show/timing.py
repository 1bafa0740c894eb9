"""How long each equation takes when it is compiled and run alone.

A compiler fuses equations, so times of single ones do not add up to that of the whole; they say where the work is. A
call is gone into, a loop and a branch are run as a whole. Each run waits for its results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import jax
from tqdm.auto import tqdm

from difflab.core.graph import Equation, Graph, Literal, Operand
from difflab.core.likeness import likeness
from difflab.show.quantities import duration

RUNS = 5
"""Runs of which the median is taken; fewer of what takes long."""
PATIENCE = 120.0
"""Seconds after which the rest is left without a time."""
_LONG = 0.2
_OPENED = ("jit", "call")


@dataclass(frozen=True, eq=False)
class Timing:
    """Node → milliseconds, of calls the sum of what is inside; `left` equations were not reached in time."""

    milliseconds: dict[str, float]
    left: int

    @property
    def total(self) -> float:
        """Sum over the outermost equations."""
        return sum(t for node, t in self.milliseconds.items() if "/" not in node)

    @property
    def remark(self) -> str:
        """What to know of this measurement."""
        return f" {self.left:,} equations were left out after {PATIENCE:.0f} s." if self.left else ""

    def of(self, prefix: str, equations: Iterable[int]) -> float | None:
        """Milliseconds of some equations together; None where none was timed."""
        times = [self.milliseconds[n] for n in (f"{prefix}{k}" for k in equations) if n in self.milliseconds]
        return float(f"{sum(times):.4g}") if times else None

    def said(self, node: str) -> str:
        """The time of one node in words."""
        found = self.milliseconds.get(node)
        return "inside a loop or branch that is run as a whole" if found is None else f"{duration(found)} alone"


def time_equations(graph: Graph, arguments: Sequence[Any], patience: float | int = PATIENCE) -> Timing:
    """Run a graph equation by equation and time each; a bar appears after two seconds."""
    watch = _Watch(patience)
    with tqdm(total=_count(graph), desc="time", unit=" equations", delay=2.0, leave=False) as bar:
        watch.run(graph, "", [jax.numpy.asarray(a) if not hasattr(a, "aval") else a for a in arguments], bar.update)
    return Timing(watch.times, watch.left)


class _Watch:
    def __init__(self, patience: float | int) -> None:
        self.times: dict[str, float] = {}
        self.left = 0
        self._end = perf_counter() + patience
        self._compiled: dict[Any, Callable[..., Any]] = {}

    def run(self, graph: Graph, prefix: str, inputs: Sequence[Any], tick: Callable[[], Any]) -> list[Any]:
        values: dict[int, Any] = {**dict(zip(graph.inputs, inputs, strict=True)), **graph.values}
        last = {o: e.id for e in graph.equations for o in e.operands if isinstance(o, int)}
        last |= {o: len(graph) for o in graph.outputs if isinstance(o, int)}

        def read(operand: Operand) -> Any:
            return operand.value if isinstance(operand, Literal) else values[operand]

        for equation in graph.equations:
            made = self._equation(graph, equation, prefix, [read(o) for o in equation.operands], tick)
            values.update(zip(equation.results, made, strict=True))
            for vertex in {o for o in (*equation.operands, *equation.results) if isinstance(o, int)}:
                if last.get(vertex, -1) <= equation.id:
                    del values[vertex]
        return [read(output) for output in graph.outputs]

    def _equation(
        self, graph: Graph, equation: Equation, prefix: str, given: list[Any], tick: Callable[[], Any]
    ) -> list[Any]:
        node = f"{prefix}{equation.id}"
        if _opens(equation):
            made = self.run(equation.bodies[0].graph, f"{node}.0/", given, tick)
            inner = [self.times.get(f"{node}.0/{k}") for k in range(len(equation.bodies[0].graph))]
            if all(t is not None for t in inner):
                self.times[node] = sum(t for t in inner if t is not None)
            return made
        tick()
        if perf_counter() > self._end:
            self.left += 1
            return equation.bind(*given)
        variable = [k for k, o in enumerate(equation.operands) if isinstance(o, int)]
        act = self._act(graph, equation, given, variable)
        self.times[node], made = _timed(act, [given[k] for k in variable])
        return made

    def _act(self, graph: Graph, equation: Equation, given: list[Any], variable: list[int]) -> Callable[..., Any]:
        """The equation, compiled; those that are alike and hold no constants of their own share it."""
        key = (graph, equation.id) if equation.bodies else likeness(graph, equation)
        if key not in self._compiled:

            def act(*chosen: Any) -> list[Any]:
                full = list(given)
                for k, value in zip(variable, chosen, strict=True):
                    full[k] = value
                return equation.bind(*full)

            self._compiled[key] = jax.jit(act)
        return self._compiled[key]


def _opens(equation: Equation) -> bool:
    fits = len(equation.bodies) == 1 and len(equation.bodies[0].graph.inputs) == len(equation.operands)
    return equation.kind in _OPENED and fits


def _count(graph: Graph) -> int:
    return sum(_count(e.bodies[0].graph) if _opens(e) else 1 for e in graph.equations)


def _timed(act: Callable[..., Any], values: Sequence[Any]) -> tuple[float, list[Any]]:
    made = jax.block_until_ready(act(*values))
    times: list[float] = []
    while len(times) < RUNS and sum(times) < 1000 * _LONG:
        start = perf_counter()
        made = jax.block_until_ready(act(*values))
        times.append((perf_counter() - start) * 1000)
    return median(times), made
