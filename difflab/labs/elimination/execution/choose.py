"""Which strategy `order="auto"` takes: what a comparison measured, else rules and a forecast, else JAX's better mode.

One output: reverse. One input: forward. Numbers only: elimination. Between arrays the programs of the candidates are
traced and weighed; another strategy must be ahead of both modes of JAX by a clear margin, or the better of these is
taken. What `difflab.compare` measured for the same graph on the same device outweighs all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from difflab.core.errors import DifflabError
from difflab.core.probe import REFUSALS
from difflab.labs.elimination.execution.forecast import Forecast, forecast
from difflab.labs.elimination.execution.linearity import nonlinear_rule
from difflab.labs.elimination.execution.result import finished
from difflab.labs.elimination.execution.strategies import STRATEGIES
from difflab.labs.elimination.execution.task import Task

MARGIN = 0.7
"""Another strategy is taken where its forecast is below this share of the better of forward and reverse."""

_LONGEST = 3000
REFUSED = (*REFUSALS, DifflabError, MemoryError)
"""How a strategy says that it cannot: JAX has no rule, difflab no way, or the machine no room."""


@dataclass(frozen=True)
class Choice:
    """The name of a strategy and one line on why."""

    strategy: str
    reason: str


_CHOSEN: dict[tuple[Any, ...], Choice] = {}
_MEASURED: dict[tuple[Any, ...], Choice] = {}


def remember(task: Task, sparse: bool | str, choice: Choice) -> None:
    """Let a measured choice outweigh forecasts for this graph on this device."""
    _MEASURED[_key(task, sparse)] = choice


def clear() -> None:
    """Forget all choices, measured and forecast."""
    _CHOSEN.clear()
    _MEASURED.clear()


def choose(task: Task, sparse: bool | str) -> Choice:
    """The strategy to take."""
    key = _key(task, sparse)
    if key in _MEASURED:
        return _MEASURED[key]
    if key not in _CHOSEN:
        _CHOSEN[key] = _ruled(task, sparse) or _weighed(task, sparse)
    return _CHOSEN[key]


def forecasts(task: Task, sparse: bool | str, names: Sequence[str]) -> dict[str, Forecast | str]:
    """For each strategy its forecast, or why there is none."""
    found: dict[str, Forecast | str] = {}
    for name in names:
        try:
            found[name] = forecast(task, program(name, sparse))
        except REFUSED as error:
            found[name] = str(error).strip().split("\n")[0]
    return found


def program(name: str, sparse: bool | str) -> Callable[[Task], Any]:
    """What a strategy does with a task, up to the pieces of the result."""

    def run(task: Task) -> Any:
        others, rows = STRATEGIES[name].run(task)
        return others, finished(task.linear, rows, sparse)

    return run


def candidates(task: Task, sparse: bool | str) -> list[str]:
    """The strategies that can give this form and are worth weighing."""
    names = [name for name, strategy in STRATEGIES.items() if not sparse or sparse in strategy.sparse]
    names = [name for name in names if name != "exploded"]  # fewer operations, and slower as often as not
    if nonlinear_rule(task.linear):
        names = [name for name in names if name == "jacrev"]
    if len(task.linear.intermediates) > _LONGEST:
        names = [name for name in names if name not in ("elimination", "cut")] or names
    return names


def _ruled(task: Task, sparse: bool | str) -> Choice | None:
    rule = nonlinear_rule(task.linear)
    if rule:
        return Choice("jacrev", rule)
    if sparse == "structured":
        return Choice("elimination", "only elimination gives structured blocks")
    if sparse:
        return None
    linear = task.linear
    if max(linear.sizes, default=1) <= 1 and task.rows + task.columns > 2:
        return Choice("elimination", "numbers only: straight-line code, shared between all entries")
    if task.columns == 1:
        return Choice("jacfwd", "one input: one forward sweep")
    if task.rows == 1:
        return Choice("jacrev", "one output: one reverse sweep")
    return None


def _weighed(task: Task, sparse: bool | str) -> Choice:
    found = forecasts(task, sparse, candidates(task, sparse))
    work = {name: one.work for name, one in found.items() if isinstance(one, Forecast)}
    if not work:
        return Choice("elimination", "; ".join(map(str, found.values())))
    jax_modes = {name: work[name] for name in ("jacfwd", "jacrev") if name in work}
    best = min(work, key=work.__getitem__)
    if not jax_modes:
        return Choice(best, "the least forecast work")
    better = min(jax_modes, key=jax_modes.__getitem__)
    ratio = work[best] / max(work[better], 1e-9)
    if ratio < MARGIN:
        return Choice(best, f"forecast at {ratio:.2f} of the work of {better}")
    return Choice(better, f"nothing is forecast clearly below the better of JAX's modes ({best}: {ratio:.2f})")


def _key(task: Task, sparse: bool | str) -> tuple[Any, ...]:
    linear = task.linear
    dtypes: Mapping[str, str] | tuple[str, ...] = tuple(vertex.dtype for vertex in linear.vertices)
    program = tuple(e.primitive for e in linear.flat.graph.equations) if linear.flat else ()
    return linear.fingerprint, hash((dtypes, program)), str(sparse), jax.default_backend()
