"""Inputs that reach the branches of a function that the given points did not.

First samples of many magnitudes; then, for each side of a decision still missing, a directed search: along a line
through a point where the decision's margin is known, Newton's step on the margin leads past its zero, whether the
threshold is 5 or 10⁶. (Finding inputs for branches: Korel 1990, "Automated software test data generation".)
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core.errors import DifflabError
from difflab.core.run import BudgetError
from difflab.labs.check.finite import finite
from difflab.labs.check.points import Box, Point, Positive, Sampler, like, redrawn, samplers_of
from difflab.labs.check.problem import Problem
from difflab.labs.check.sides import Place, Scout, Seen, Side, in_words

_SCALES = (1.0, 0.1, 10.0, 100.0, 1e-2, 1e3, 1e4, 1e-3)
_SAMPLES = 4
"""Samples of each scale."""

_LINES = 6
_FAR = 1e30
_STEPS = 8
_OVERSHOOT = (1.05, 1.5, 1.2, 2.0, 1.1, 3.0, 1.3, 5.0)
"""How far past the zero that Newton's step predicts."""

_BARELY = (1 + 1e-4, 1 + 1e-6, 1 - 1e-4, 1 + 1e-2, 1 - 1e-2, 1.1)
"""The same where several margins have to be met together, as in 3 < x < 3.001."""


@dataclass(frozen=True, eq=False)
class Branches:
    """Points that reach further branches, one or more each; and what was never reached.

    `reached` and `missed` are sides of decisions in words. Iterating gives the points.
    """

    points: tuple[Point, ...]
    reached: tuple[str, ...]
    missed: tuple[str, ...]

    def __iter__(self) -> Iterator[Point]:
        return iter(self.points)

    def __len__(self) -> int:
        return len(self.points)

    def __str__(self) -> str:
        lines = [f"{len(self.reached)} sides of decisions are reached"]
        lines += [f"  {len(point.leaves)} inputs: {point.label}" for point in self.points]
        return "\n".join([*lines, *[f"  never reached: {text}" for text in self.missed]])


def branches(
    checked: Problem,
    seed: int = 0,
    budget: float | int = 2.0,
    *,
    known: Sequence[Point] = (),
    domain: Any = None,
) -> Branches:
    """Search points for the branches that neither the call's own arguments nor the `known` points reach.

    `budget` is in seconds. Integers and keys are kept, so a branch that only they decide is
    reported as missed; so is one that no point with finite derivatives was found for.
    """
    deadline = time.monotonic() + budget
    search = _Search(checked, Scout(checked), samplers_of(checked, domain), np.random.default_rng(seed), deadline)
    try:
        for leaves in [checked.at.leaves, *(point.leaves for point in known)]:
            search.look(leaves, None)
        if search.missing:
            search.sample()
        search.directed()
    except BudgetError:
        pass
    except DifflabError:
        return Branches((), (), ())
    places = search.places
    reached = sorted(in_words(side, places[side[:2]]) for side in search.taken if side[:2] in places)
    missed = [f"{in_words(side, places[side[:2]])}{search.why(side)}" for side in sorted(search.missing)]
    return Branches(tuple(search.found), tuple(dict.fromkeys(reached)), tuple(dict.fromkeys(missed)))


@dataclass(eq=False)
class _Search:
    checked: Problem
    scout: Scout
    samplers: list[Sampler | None]
    random: np.random.Generator
    deadline: float
    taken: set[Side] = field(default_factory=set[Side])
    wanted: set[Side] = field(default_factory=set[Side])
    not_finite: set[Side] = field(default_factory=set[Side])
    places: dict[tuple[str, str], Place] = field(default_factory=dict[tuple[str, str], Place])
    found: list[Point] = field(default_factory=list[Point])
    visited: list[tuple[tuple[Any, ...], Seen]] = field(default_factory=list[Any])

    @property
    def missing(self) -> set[Side]:
        """Sides that no point with finite derivatives takes."""
        return self.wanted - self.taken

    def look(self, leaves: Sequence[Any], label: str | None, weights: Sequence[float] | None = None) -> Seen:
        """Run at a point; keep it if it takes a side that none before it takes."""
        weights = self.direction() if weights is None else weights
        seen = self.scout(leaves, weights, self.deadline)
        self.places |= seen.places
        self.wanted |= seen.wanted()
        new = (seen.sides & self.wanted) - self.taken
        if label is None or (new and finite(self.checked, leaves)):
            self.taken |= seen.sides & self.wanted
            self.visited.append((tuple(leaves), seen))
            if label is not None:
                words = [in_words(side, self.places[side[:2]]) for side in sorted(new)]
                self.found.append(Point(f"{label}: {'; '.join(words[:2])}", tuple(leaves)))
        else:
            self.not_finite |= new
        return seen

    def direction(self) -> list[float]:
        """A random direction of all input coordinates."""
        return self.random.uniform(-1, 1, len(self.checked.columns)).tolist()

    def sample(self) -> None:
        """Many magnitudes, both signs."""
        for number in range(_SAMPLES):
            for scale in _SCALES:
                if not self.missing:
                    return
                sign = (0, 1, -1, 0)[number % 4]
                self.look(self.drawn(scale, sign), "a sample")

    def drawn(self, scale: float, sign: int) -> tuple[Any, ...]:
        """All leaves, those that count at random."""

        def draw(random: np.random.Generator, given: np.ndarray) -> np.ndarray:
            normal = random.standard_normal(given.shape)
            return np.asarray(scale * (normal if sign == 0 else sign * np.abs(normal)))

        leaves = list(self.checked.at.leaves)
        for k in self.checked.inputs:
            leaves[k] = redrawn(leaves[k], draw, self.samplers[k], self.random)
        return tuple(leaves)

    def directed(self) -> None:
        """Newton's method on the margins of the missing sides, until nothing new turns up."""
        tried: set[Side] = set()
        while True:
            targets = sorted(side for side in self.missing - tried)
            if not targets:
                return
            for side in targets:
                tried.add(side)
                if side not in self.missing:
                    continue
                if side[1] != "branch":
                    self.toward(side)
                for part in sorted(self.places[side[:2]].parts):
                    self.toward_together(side, part)

    def toward_together(self, side: Side, part: tuple[str, str]) -> None:
        """Go near to the zero of one of the margins that decide a side together, from both sides."""
        for leaves, _ in [v for v in self.visited if v[1].margins.get(part)][-3:]:
            for line in range(3):
                weights = self.line(line)
                moves = _moves(self.look(leaves, "directed", weights), part)
                for factor in _BARELY if moves else ():
                    if side in self.missing and abs(moves[0]) < _FAR:
                        self.look(self.moved(leaves, weights, moves[0] * factor), "directed", weights)

    def toward(self, side: Side) -> None:
        """Try lines from the points whose margins are nearest."""
        near = sorted(
            (min(abs(margin) for margin, _ in seen.margins[side[:2]]), k)
            for k, (_, seen) in enumerate(self.visited)
            if seen.margins.get(side[:2])
        )
        for _, k in near[:2]:
            for line in range(_LINES):
                if side in self.missing:
                    self.along(self.visited[k][0], side, self.line(line))

    def line(self, number: int) -> list[float]:
        """A direction: all coordinates alike, one alone, or at random; those of structured arrays stay."""
        size = len(self.checked.columns)
        if number == 0:
            return [1.0] * size
        if number % 2 == 1:
            return self.direction()
        weights = [0.0] * size
        weights[int(self.random.integers(size))] = 1.0
        return weights

    def along(self, leaves: tuple[Any, ...], side: Side, weights: list[float]) -> None:
        """Newton steps along one line, each a little past the predicted zero."""
        for step in range(_STEPS):
            seen = self.look(leaves, "directed", weights)
            moves = _moves(seen, side[:2])
            if side in self.taken or not moves:
                return
            move = moves[0] * _OVERSHOOT[step] or 1e-3
            if abs(move) > _FAR:
                return
            leaves = self.moved(leaves, weights, move)

    def moved(self, leaves: Sequence[Any], weights: Sequence[float], move: float) -> tuple[Any, ...]:
        """A point along a line, put back into the domain."""
        found = list(leaves)
        start = 0
        for k in self.checked.inputs:
            array = np.asarray(jnp.asarray(leaves[k]))
            wide = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
            flat = np.ascontiguousarray(wide).reshape(-1).view(np.float64)
            changed = flat + move * np.asarray(weights[start : start + flat.size])
            start += flat.size
            made = changed.view(wide.dtype).reshape(wide.shape)
            found[k] = like(leaves[k], _inside(self.samplers[k], made, wide))
        return tuple(found)

    def why(self, side: Side) -> str:
        """Why a side is missing, if known."""
        if side in self.not_finite:
            return " (reached only where the function or its derivative is not finite)"
        place = self.places[side[:2]]
        return " (integers decide it, and they are kept)" if place.branches and not place.parts else ""


def _moves(seen: Seen, which: tuple[str, str]) -> list[float]:
    """Steps along the run's direction to the zeros of a margin, the shortest first."""
    pairs = seen.margins.get(which, [])
    return sorted((-m / s for m, s in pairs if s != 0 and isfinite(m / s)), key=abs)


def _inside(sampler: Sampler | None, array: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Numbers put back into a domain; those of a domain that is only a function stay where they are."""
    if sampler is None:
        return array
    if isinstance(sampler, Box):
        return np.asarray(np.clip(array, sampler.low, sampler.high))
    return np.where(array > 0, array, before) if isinstance(sampler, Positive) else before
