"""What a search on a function returns, and the part of `Elimination` that searches, bounds and certifies.

Everything here speaks of value ids and starts from the position that has been played to; `search.py` does the work on
numbers.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from difflab.core.call import Call
from difflab.core.linear import LinearGraph
from difflab.labs.elimination.counting import alphagrad
from difflab.labs.elimination.counting.models import Cost, problem_at
from difflab.labs.elimination.counting.problem import Problem, total
from difflab.labs.elimination.execution.compare import run_times
from difflab.labs.elimination.plan import eliminable
from difflab.labs.elimination.proof import certificate
from difflab.labs.elimination.proof.bounds import Bound, bound
from difflab.labs.elimination.proof.claims import write
from difflab.labs.elimination.search.found import Found, Stop
from difflab.labs.elimination.search.search import Event, Result, search
from difflab.labs.elimination.state import State


@dataclass(frozen=True)
class Trial:
    """One order that a search found: by which method and seed, its cost, and the seconds that the method took."""

    method: str
    cost: float | int
    seconds: float | int
    seed: int


@dataclass(frozen=True, eq=False, repr=False)
class Search:
    """The best order found from a position on, what it costs in the model, and how far from optimal it can be.

    `order` holds value ids, from the position on; `elimination` is the position after all of them. `bound` is a proved
    lower bound on the cost of every vertex order in this model, None where there is none. `refused` tells of claims of
    workers that were not believed.
    """

    order: tuple[str, ...]
    cost: float | int
    bound: float | int | None
    model: str
    method: str
    optimal: bool
    seconds: float | int
    trials: tuple[Trial, ...]
    refused: tuple[str, ...]
    interrupted: bool
    elimination: Any
    problem: Problem
    result: Result

    @property
    def gap(self) -> float | None:
        """(cost − bound) / bound; 0 where the order is optimal, None without a bound."""
        if self.optimal:
            return 0.0
        if not self.bound:
            return None
        return (self.cost - self.bound) / self.bound

    @property
    def status(self) -> str:
        """ "optimal" where no vertex order is cheaper in this model, else "feasible"."""
        return "optimal" if self.optimal else "feasible"

    @property
    def certificate(self) -> str:
        """Order, cost and bound with its proof, as a small file that `proof.certificate` checks.

        Raises ValueError where the model has no bound, and where `first` or `last` restricted the search.
        """
        if self.result.bound is None:
            raise ValueError(
                f"the model {self.model} has no bound, so there is nothing to certify; search with cost='all_edges'"
            )
        if len(self.result.found.order) < len(self.order):
            raise ValueError(
                "the bound holds for orders that keep the vertices of first and last in place, and a certificate "
                "speaks of all orders; search without them"
            )
        number = {name: v for v, name in enumerate(self.problem.ids)}
        order = tuple(number[name] for name in self.order)
        return write(self.problem, Found(order, self.cost, self.method, self.seconds), self.result.bound)

    def to_json(self) -> str:
        """The whole order from the start as JSON, with what it costs and how it was found; `from_json` plays it."""
        content = json.loads(self.elimination.to_json())
        outcome = {"model": self.model, "cost": self.cost, "bound": self.bound, "method": self.method}
        return json.dumps({**content, "search": outcome})

    def __str__(self) -> str:
        """Cost, bound, gap, and the best cost of each method."""
        return "\n".join(_text(self))

    __repr__ = __str__


class Searchable(ABC):
    """The part of `Elimination` that looks ahead: problems, bounds, searches, certificates from this position on."""

    linear: LinearGraph
    state: State
    point: Call | None
    proof: Bound | None

    @property
    @abstractmethod
    def jacobian(self) -> Any:
        """The Jacobian accumulated in this order."""

    @property
    @abstractmethod
    def order(self) -> tuple[str, ...]:
        """Value ids of the vertices eliminated so far."""

    @abstractmethod
    def play(self, order: Any = "auto") -> Any:
        """Go on in an order."""

    @abstractmethod
    def reset(self) -> Any:
        """The position at the start."""

    def problem(self, cost: str | Cost = "nontrivial") -> Problem:
        """What is left of the game, as numbers, under a cost model: a name, or a function of two structures.

        `"alphagrad"` is AlphaGrad's model (see `counting.alphagrad`). It knows a function, not a
        position: ValueError after the first move. Raises ValueError for a name that there is not.
        """
        if cost != "alphagrad":
            return problem_at(self.state, cost)
        if len(self.state.remaining) < len(self.linear.intermediates):
            raise ValueError(
                "AlphaGrad's model counts from the start, and vertices are eliminated already; ask e.reset() for it"
            )
        return replace(alphagrad.problem_of(self.linear), ids=tuple(vertex.id for vertex in self.linear.vertices))

    def from_alphagrad(self, order: str | Sequence[int]) -> Any:
        """Play, from the start, an order in AlphaGrad's numbering: equations from 1, as text or as a sequence.

        Raises ValueError for what is no such order, and for vertices that are missing, unknown or repeated.
        """
        numbers = alphagrad.read_order(order, alphagrad.problem_of(self.linear))
        return self.reset().play([self.linear.vertices[n].id for n in numbers])

    def bound(self) -> Bound:
        """A lower bound on what the rest costs in the all_edges model, with a floor for each vertex."""
        return bound(self.problem("all_edges"))

    def floors(self) -> Mapping[str, float | int]:
        """For each remaining vertex a floor: in every order its elimination costs at least this, in all_edges."""
        at = self.problem("all_edges")
        found = bound(at).floors
        return {at.ids[v]: found[v] for v in at.intermediates}

    def search(
        self,
        budget: float | int = 5.0,
        methods: str | Sequence[str] = "auto",
        cost: str | Cost = "nontrivial",
        seed: int = 0,
        first: Iterable[str | int] = (),
        last: Iterable[str | int] = (),
        executor: Executor | None = None,
        workers: int | None = None,
        progress: bool = True,
        on_event: Callable[[Event], None] | None = None,
        stop: Stop | None = None,
    ) -> Search:
        """Look for a cheaper order of the vertices that remain, for `budget` seconds, and return the best.

        `cost` names the model to minimise: `"nontrivial"` (what is executed), `"all_edges"` (the literature's, the one
        with bounds and certificates), `"flops"`, `"bytes"`, `"alphagrad"`, or a function of two structures.
        `"measured"` compiles the orders that two of these like best, times them at the arguments and takes the fastest
        (its cost is in seconds). `methods` is `"auto"` or names of `search.methods.METHODS`. Vertices in `first` and
        `last` keep their place at either end. `executor` is any `concurrent.futures.Executor` (a process pool, MPI's,
        Dask's `client.get_executor()`); every claim from it is checked before it is accepted. `on_event` is called with
        each improvement. An interrupt returns the best so far.

        Raises ValueError for an unknown model or method, and for a vertex that cannot be eliminated.

        >>> import jax.numpy as jnp
        >>> from difflab.labs.elimination import eliminate
        >>> e = eliminate(lambda x, y: jnp.exp(jnp.sin(x) * y), 1.0, 2.0)
        >>> found = e.search(budget=1, cost="all_edges")
        >>> found.cost, found.bound, found.status
        (4, 4, 'optimal')
        """
        if cost == "measured":
            return self._measured(budget, seed, tuple(first), tuple(last), progress, stop)
        first, last = tuple(first), tuple(last)
        begun = self.play([self.linear.vertices[eliminable(self.state, v)].id for v in first])
        ends = [eliminable(begun.state, v) for v in last]
        at = begun.problem(cost) if cost == "alphagrad" and not ends else problem_at(begun.state, cost, ends)
        result = search(
            at, budget=budget, methods=methods, seed=seed, executor=executor, workers=workers, progress=progress,
            on_event=on_event, stop=stop,
        )  # fmt: skip
        finished = begun.play([at.ids[v] for v in result.found.order])
        finished = finished.play([self.linear.vertices[v].id for v in ends])
        if result.bound is not None and not (self.order or first or last):
            finished = replace(finished, proof=result.bound)
        return _outcome(self.problem(cost), len(self.order), finished, result)

    def _measured(
        self, budget: float | int, seed: int, first: tuple[Any, ...], last: tuple[Any, ...], progress: bool,
        stop: Stop | None,
    ) -> Search:  # fmt: skip
        """Orders that several models like, compiled and timed in turns; the fastest."""
        begun = perf_counter()
        share = {"nontrivial": 0.3, "flops": 0.2}
        likely = [
            self.search(
                share[model] * budget, cost=model, seed=seed, first=first, last=last, progress=progress, stop=stop
            )
            for model in share
        ]
        ends = {"forward": self.play("forward"), "reverse": self.play("reverse")} if not first and not last else {}
        candidates = {f"{one.method}, {one.model}": one.elimination for one in likely} | ends
        if self.point is None:
            raise ValueError(
                "only a function can be timed; this graph was given by its edges: choose another cost model"
            )
        times = run_times({name: one.jacobian for name, one in candidates.items()}, self.point, 0.5 * budget)
        best = min(times, key=times.__getitem__)
        trials = tuple(Trial(name, value, budget, seed) for name, value in times.items())
        chosen = candidates[best]
        return replace(
            likely[0], order=chosen.order[len(self.order) :], cost=times[best], model="measured", method=best,
            optimal=False, seconds=perf_counter() - begun, trials=trials, elimination=chosen,
        )  # fmt: skip

    def certify(self) -> certificate.Verdict:
        """What is proved of this whole order, played from the start: its cost, a bound and the gap, in all_edges.

        A certificate is written and then checked by code that shares nothing with the search. Raises ValueError where
        vertices are left to eliminate: finish first, with `play` or `complete`.
        """
        if self.state.remaining:
            raise ValueError(
                f"{len(self.state.remaining)} vertices are left to eliminate, so there is no whole order to certify; "
                "finish with e.complete(), e.play(…) or e.search(…).elimination"
            )
        at = problem_at(State(self.linear), "all_edges")
        number = {name: v for v, name in enumerate(at.ids)}
        order = tuple(number[name] for name in self.order)
        text = write(at, Found(order, total(at, order), "played", 0.0), self.proof or bound(at))
        return certificate.check(text)


def _outcome(whole: Problem, played: int, finished: Any, result: Result) -> Search:
    """The result on value ids; what the vertices with a fixed place cost is added to cost and bound."""
    names = finished.order[played:]
    number = {name: v for v, name in enumerate(whole.ids)}
    order = tuple(number[name] for name in names)
    cost = total(whole, order)
    proved = None if result.bound is None else result.bound.value + cost - result.found.cost
    trials = tuple(Trial(one.method, one.cost, one.seconds, one.seed) for one in result.trials)
    return Search(
        names, cost, proved, whole.model, result.found.method, result.optimal, result.seconds, trials, result.refused,
        result.interrupted, finished, whole, result,
    )  # fmt: skip


def _text(found: Search) -> Iterator[str]:
    gap = "" if found.gap is None else f", gap {found.gap:.1%}"
    floor = "no bound in this model" if found.bound is None else f"bound {found.bound:g}{gap}"
    unit = "seconds" if found.model == "measured" else "multiplications"
    yield f"{found.cost:g} {unit} ({found.model}) by {found.method}: {found.status}; {floor}"
    yield f"{found.seconds:.2f} s, {len(found.trials)} orders tried" + (", interrupted" if found.interrupted else "")
    best: dict[str, Trial] = {}
    for trial in found.trials:
        if trial.method not in best or trial.cost < best[trial.method].cost:
            best[trial.method] = trial
    width = max(map(len, best), default=0)
    yield from (f"  {name:<{width}}  {trial.cost:>12g}" for name, trial in best.items())
    yield from (f"note: {line}" for line in found.refused)
