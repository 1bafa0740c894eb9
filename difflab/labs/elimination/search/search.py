"""Search for a cheaper elimination order: anytime, interruptible, on one machine or many.

First every greedy rule, in milliseconds; with them a lower bound (Menger: floors by vertex-disjoint paths). Where they
meet, the order is optimal and nothing more is done. Then annealing, exact windows, branch and bound on small cores and
a bound by blocks take turns until the time is over, the bound is met, or someone says stop; what is best so far is
returned in every case. With an executor the turns run elsewhere, and every claim is checked before it is believed.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from tqdm.auto import tqdm

from difflab.labs.elimination.counting.models import MODELS
from difflab.labs.elimination.counting.problem import Problem, Table, TableFull, total
from difflab.labs.elimination.proof.bounds import Bound, bound
from difflab.labs.elimination.search.found import Found, Stop
from difflab.labs.elimination.search.methods import METHODS, Unit, greedy, refusal, work

LARGE = 1500
"""Above this many intermediates orders are improved chunk by chunk, and no bound is computed."""

SMALL = 60
"""Up to this many intermediates branch and bound is tried."""

COMPILED = ("anneal", "blocks", "chunks", "exact", "windows")
"""Methods whose inner loops are compiled by numba."""

_ready: set[str] = set()
_SLICES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_SHARE = {"blocks": 5}
_PATIENCE = {"windows": 1, "exact": 4}
_ENDLESS = 1 << 30
_OFTEN = 0.1
_GRACE = 2.0
_RETRIES = 3


@dataclass(frozen=True)
class Event:
    """What is known at a moment of a search: the best cost and order, the bound (None: there is none), who found it."""

    cost: float | int
    bound: float | int | None
    method: str
    seconds: float | int
    order: tuple[int, ...] = field(repr=False)


@dataclass(frozen=True)
class Result:
    """The outcome on numbers: the best order, its cost, the bound with its proof, and all that was found on the way.

    `refused` tells of claims that were not believed, and of workers that died.
    """

    found: Found
    bound: Bound | None
    optimal: bool
    seconds: float | int
    trials: tuple[Found, ...]
    events: tuple[Event, ...]
    refused: tuple[str, ...]
    interrupted: bool


class Desk:
    """Where claims arrive: the best of each kind, and the events that tell of them."""

    def __init__(self, problem: Problem, tell: Callable[[Event], None] | None) -> None:
        self.problem, self._tell, self._begun = problem, tell, perf_counter()
        self.best: Found | None = None
        self.bound: Bound | None = None
        self.proved = False
        self.trials: list[Found] = []
        self.events: list[Event] = []
        self.refused: list[str] = []

    @property
    def seconds(self) -> float:
        """Since the search began."""
        return perf_counter() - self._begun

    def apart(self, work: Callable[[], None]) -> None:
        """Do something that does not count towards the seconds of the search."""
        now = perf_counter()
        work()
        self._begun += perf_counter() - now

    @property
    def optimal(self) -> bool:
        """Whether the best order is known to be the cheapest."""
        if self.best is None:
            return False
        return self.proved or (self.bound is not None and self.best.cost <= self.bound.value)

    def take(self, claim: Any, trusted: bool = False) -> None:
        """Keep a claim that is better than what there is, and holds; a trusted bound is not proved again."""
        if isinstance(claim, Bound) and self.bound is not None and claim.value <= self.bound.value:
            return
        why = None if trusted and isinstance(claim, Bound) else refusal(self.problem, claim)
        if why is not None:
            self.refused.append(f"{getattr(claim, 'method', 'a worker')} {why}")
        elif isinstance(claim, Found):
            self._order(claim)
        else:
            self.bound = claim
            if self.optimal or not self.events or self.seconds - self.events[-1].seconds > _OFTEN:
                self._announce(f"bound by {claim.method}")

    def trust(self, found: Found | Bound) -> None:
        """Take what a method of this process found; its proof of optimality counts, too."""
        self.take(found, trusted=True)
        if (
            isinstance(found, Found)
            and found.optimal
            and self.best is not None
            and found.cost <= self.best.cost
            and not self.proved
        ):
            self.proved = True
            self._announce(found.method)

    def _order(self, claim: Found) -> None:
        self.trials.append(claim)
        cheaper = self.best is None or claim.cost < self.best.cost
        if self.best is None or (claim.cost, claim.order) < (self.best.cost, self.best.order):
            self.best = claim
        if cheaper:
            self._announce(claim.method)

    def last_word(self) -> None:
        """Tell of a bound that came too soon after another."""
        if self.events and self.bound is not None and not self.proved and self.events[-1].bound != self.bound.value:
            self._announce(f"bound by {self.bound.method}")

    def _announce(self, method: str) -> None:
        if self.best is None:
            return
        value = self.best.cost if self.proved else self.bound.value if self.bound else None
        event = Event(self.best.cost, value, method, self.seconds, self.best.order)
        self.events.append(event)
        if self._tell is not None:
            self._tell(event)


def search(
    problem: Problem,
    *,
    budget: float | int = 5.0,
    methods: str | Sequence[str] = "auto",
    seed: int = 0,
    start: Sequence[int] | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: bool = True,
    on_event: Callable[[Event], None] | None = None,
    stop: Stop | None = None,
) -> Result:
    """The best order of a problem that `budget` seconds find. See `Elimination.search`, which speaks of value ids."""
    names = _methods(problem, methods)
    desk = Desk(problem, on_event)
    interrupted = False
    with _bar(problem, budget, progress) as tick:

        def over() -> bool:
            tick(desk)
            return desk.seconds >= budget or desk.optimal or (stop is not None and stop())

        try:
            _begin(desk, names, start, over, seed)
            turns = [name for name in names if name != "greedy"]
            if turns and not over():
                desk.apart(lambda: _compile(turns, progress))
                if executor is None:
                    _here(desk, turns, seed, budget, over)
                else:
                    _elsewhere(desk, turns, seed, budget, over, executor, workers or _workers(executor))
        except KeyboardInterrupt:
            interrupted = True
            if desk.best is None:
                raise
    desk.last_word()
    assert desk.best is not None, "a search has an order from its first rule on; please report this"
    return Result(
        desk.best, desk.bound, desk.optimal, desk.seconds, tuple(desk.trials), tuple(desk.events),
        tuple(desk.refused), interrupted,
    )  # fmt: skip


def _methods(problem: Problem, methods: str | Sequence[str]) -> list[str]:
    """The methods to take turns, for this size and model."""
    count = len(problem.intermediates)
    if methods == "auto":
        names = ["greedy", "anneal", "windows"] if count <= LARGE else ["greedy", "chunks"]
        if problem.model == "all_edges" and count <= LARGE:
            names += ["exact"] * (count <= SMALL) + ["blocks"]
        return names
    names = [methods] if isinstance(methods, str) else list(methods)
    unknown = [name for name in names if name != "greedy" and name not in METHODS]
    if unknown:
        raise ValueError(
            f"there is no search method named {unknown[0]!r}; choose among greedy, {', '.join(METHODS)}, or add yours "
            "with register_method"
        )
    if problem.model != "all_edges" and (proofs := [name for name in names if name in ("blocks", "exact")]):
        raise ValueError(
            f"{proofs[0]!r} proves bounds for the all_edges model only, and this search counts {problem.model}: leave "
            "it out, or search with cost='all_edges'"
        )
    return names


def _compile(names: Iterable[str], progress: bool) -> None:
    """Let each method play a tiny game, so that compiling its loops (kept on disk) counts towards nobody's seconds."""
    new = [name for name in names if name in COMPILED and name not in _ready]
    edges = {(0, 2): 0, (1, 2): 0, (2, 3): 0, (3, 4): 0, (2, 4): 0, (4, 5): 0, (4, 6): 0}
    for name in tqdm(
        new, desc="loading the search loops (compiled once)", delay=1.0, leave=False, disable=not progress
    ):
        table = Table(MODELS["all_edges"])
        table.number((1, 1))
        tiny = Problem("tiny", tuple("abcdefg"), (1,) * 7, (0, 1), (5, 6), (2, 3, 4), edges, table)
        METHODS[name](tiny, start=None, seconds=0.0, seed=0, report=None, stop=None)
        _ready.add(name)


def _workers(executor: Executor) -> int:
    """How many units an executor runs at once, where it says so."""
    return int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)


def _begin(desk: Desk, names: Sequence[str], start: Sequence[int] | None, over: Stop, seed: int) -> None:
    """The given order, the greedy rules, the first bound."""
    problem = desk.problem
    if start is not None:
        given = tuple(start)
        desk.take(Found(given, total(problem, given), "given", 0.0))
    if "greedy" in names or desk.best is None:
        greedy(problem, desk.take, over, seed)
    if problem.model == "all_edges" and len(problem.intermediates) <= LARGE:
        desk.take(bound(problem), trusted=True)


def _here(desk: Desk, turns: Sequence[str], seed: int, budget: float | int, over: Stop) -> None:
    """All methods in turn in this process, in slices that grow; one that finds nothing more drops out."""
    silent = dict.fromkeys(turns, 0)
    for turn in itertools.count():
        running = [name for name in turns if silent[name] < _PATIENCE.get(name, _ENDLESS)]
        if not running:
            return
        for name in running:
            if over():
                return
            before = desk.best, desk.bound, desk.proved
            slice_ = _SLICES[min(turn, len(_SLICES) - 1)] * _SHARE.get(name, 1)
            seconds = min(slice_, max(budget - desk.seconds, 0.0))
            try:
                desk.trust(work(_unit(desk, name, seed, turn, seconds), desk.trust, over))
            except TableFull as error:
                desk.refused.append(f"{name} gave up: {error}")
                silent[name] = _ENDLESS
                continue
            silent[name] = silent[name] + 1 if before == (desk.best, desk.bound, desk.proved) else 0


def _elsewhere(
    desk: Desk, turns: Sequence[str], seed: int, budget: float | int, over: Stop, executor: Executor, workers: int
) -> None:
    """The methods in turn on an executor, as many units at once as it has workers."""
    if "exact" in turns:
        _here(desk, ["exact"], seed, min(budget, desk.seconds + 1.0), lambda: over() or desk.seconds > budget / 4)
    turns = [name for name in turns if name != "exact"] or ["anneal"]
    running: dict[Future[Any], Unit] = {}
    failures, made = 0, itertools.count()
    try:
        while not over() and failures < _RETRIES * workers:
            while len(running) < workers:
                k = next(made)
                seconds = min(_SLICES[min(k // workers + 2, len(_SLICES) - 1)], max(budget - desk.seconds, 0.05))
                unit = _unit(desk, turns[k % len(turns)], seed, k, seconds)
                running[executor.submit(work, unit)] = unit
            done, _ = wait(running, timeout=_OFTEN, return_when=FIRST_COMPLETED)
            failures += _collect(desk, running, done)
        done, _ = wait(running, timeout=0 if desk.optimal else _GRACE)
        _collect(desk, running, done)
    except RuntimeError as error:
        desk.refused.append(f"the executor failed ({error}); the search went on in this process")
        failures = _RETRIES * workers
    finally:
        for future in running:
            future.cancel()
    if failures >= _RETRIES * workers:
        _here(desk, turns, seed, budget, over)


def _collect(desk: Desk, running: dict[Future[Any], Unit], done: Iterable[Future[Any]]) -> int:
    """Take what has come back; return how many workers failed."""
    failures = 0
    for future in done:
        unit = running.pop(future)
        error = None if future.cancelled() else future.exception()
        if error is not None:
            failures += 1
            desk.refused.append(f"{unit.method} (seed {unit.seed}) died: {type(error).__name__}: {error}")
        elif not future.cancelled():
            desk.take(future.result())
    return failures


def _unit(desk: Desk, name: str, seed: int, turn: int, seconds: float | int) -> Unit:
    """The next piece of work: every other turn of annealing and of blocks starts afresh, the others go on."""
    assert desk.best is not None, "the greedy rules come first; please report this"
    start: Any = desk.best.order
    if name == "blocks":
        start = (desk.bound.blocks if desk.bound is not None and turn % 2 else (), desk.best.order)
    elif name == "anneal" and turn % 2 == 0:
        start = None
    return Unit(desk.problem, name, seed + 7919 * turn, seconds, start, METHODS[name])


@contextmanager
def _bar(problem: Problem, budget: float | int, shown: bool) -> Iterator[Callable[[Desk], None]]:
    """A bar of seconds with the best cost beside it; it appears after half a second."""
    with tqdm(
        total=round(budget, 1), desc=f"search {problem.name}", unit="s", delay=0.5, leave=False, disable=not shown,
        bar_format="{desc}: {bar} {n:.1f}/{total:.1f} s{postfix}",
    ) as bar:  # fmt: skip

        def tick(desk: Desk) -> None:
            step = min(desk.seconds, budget) - bar.n
            if step > _OFTEN:
                if desk.best is not None:
                    floor = f", bound {desk.bound.value:g}" if desk.bound else ""
                    bar.set_postfix_str(f"best {desk.best.cost:g}{floor}", refresh=False)
                bar.update(step)

        yield tick
