"""Points to check at: the user's own, others of other sign and scale, and samples of a domain.

A derivative that is wrong only for x < 0, or only past 5, is found only there. So the given point is followed by points
of both signs and of several magnitudes, and by the given values shaken and with other signs. What holds of an argument
is kept: shape and dtype, integers and keys, symmetry, positive definiteness, triangles, probabilities, order. Points
where the function or its derivative is not finite are replaced by others nearer to the given point.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.labs.check.finite import finite
from difflab.labs.check.problem import Problem
from difflab.labs.check.structure import keeping

_TRIES = 8
"""How often a point that is not finite is drawn again, before it is given up."""


@dataclass(frozen=True, eq=False)
class Point:
    """All leaves of the call at one point; `rejected` counts the draws before it that were not finite."""

    label: str
    leaves: tuple[Any, ...]
    rejected: int = 0


@dataclass(frozen=True, eq=False)
class Box:
    """Uniformly between two bounds, numbers or arrays of the argument's shape.

    >>> Box(0.0, 1.0)(np.random.default_rng(0), np.zeros(2)).shape
    (2,)
    """

    low: Any
    high: Any

    def __post_init__(self) -> None:
        low, high = np.asarray(self.low), np.asarray(self.high)
        if any(x.dtype.kind not in "biuf" or not np.isfinite(x).all() for x in (low, high)):
            raise ValueError(f"a box has finite numbers as bounds, and these are {self.low!r} and {self.high!r}")
        if not np.all(low <= high):
            raise ValueError(f"a box from {self.low} to {self.high} is empty; give the lower bound first")

    def __call__(self, random: np.random.Generator, leaf: Any) -> Any:
        """Draw one array like `leaf`."""
        return random.uniform(self.low, self.high, np.shape(leaf))


@dataclass(frozen=True, eq=False)
class Positive:
    """Above zero, of magnitudes from `smallest` to `largest`, each as likely as any other.

    >>> bool(Positive(1, 10)(np.random.default_rng(0), 0.0) >= 1)
    True
    """

    smallest: float | int = 1e-2
    largest: float | int = 1e2

    def __post_init__(self) -> None:
        if not 0 < self.smallest <= self.largest < inf:
            raise ValueError(f"magnitudes from {self.smallest} to {self.largest}: give 0 < smallest ≤ largest < ∞")

    def __call__(self, random: np.random.Generator, leaf: Any) -> Any:
        """Draw one array like `leaf`."""
        return np.exp(random.uniform(np.log(self.smallest), np.log(self.largest), np.shape(leaf)))


SHARE = 8
"""A point may take this part of the time that is left."""
Sampler = Callable[[np.random.Generator, Any], Any]
"""Draws a leaf like the one given; `Box`, `Positive` and any function of a NumPy generator and a leaf are samplers."""


def points(
    checked: Problem, count: int = 6, seed: int = 0, domain: Any = None, deadline: float | None = None
) -> list[Point]:
    """The given point, then `count` others (fewer where too few are finite), the same for a seed.

    `domain` restricts the others: a sampler for all inputs that count, or a tree of samplers in the place of the
    arguments (a prefix of their tree; None leaves one to us). `deadline` is a time of `time.monotonic()`; a point where
    a run takes longer than a share of what is left until then is not taken.
    """
    if not checked.columns:
        return [Point("the given point", checked.at.leaves)]
    samplers = samplers_of(checked, domain)
    found = [Point("the given point", checked.at.leaves)]
    schemes = _schemes(domain is not None)
    for number in range(count):
        label, scheme = schemes[number % len(schemes)]
        random = np.random.default_rng([seed, number])
        point = _drawn(checked, label, scheme, samplers, random, deadline)
        found += [point] if point is not None else []
    return found


def samplers_of(checked: Problem, domain: Any) -> list[Sampler | None]:
    """The sampler of each leaf, or None where the user named none."""
    at = checked.at
    if domain is None or callable(domain):
        return [domain] * len(at.leaves)
    args, kwargs = at.rebuild(range(len(at.leaves)))
    tree = (args, kwargs)
    given = domain if isinstance(domain, tuple) and len(domain) == len(args) else (domain,)
    found: dict[int, Sampler | None] = {}

    def spread(sampler: Any, part: Any) -> None:
        found.update((k, sampler) for k in jax.tree.leaves(part) if isinstance(k, int))

    try:
        jax.tree.map(spread, given, tree[0], is_leaf=lambda x: x is None or callable(x))
        strange = next((s for s in found.values() if s is not None and not callable(s)), None)
        if strange is not None:
            raise TypeError(f"{strange!r} is no sampler")
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"domain does not fit the arguments of {at.name} ({str(error).splitlines()[0]}); give one sampler "
            "(difflab.Box, difflab.Positive, a function of a generator and a leaf), or a tuple of one an argument"
        ) from None
    return [found.get(k) for k in range(len(at.leaves))]


Scheme = Callable[[np.random.Generator, np.ndarray], np.ndarray]
"""Draws real numbers in the shape of a leaf."""


def _drawn(
    checked: Problem,
    label: str,
    scheme: Scheme,
    samplers: Sequence[Sampler | None],
    random: np.random.Generator,
    deadline: float | None,
) -> Point | None:
    for rejected, draw in enumerate(_attempts(scheme)):
        leaves = list(checked.at.leaves)
        for k in checked.inputs:
            leaves[k] = redrawn(leaves[k], draw, samplers[k], random)
        now = time.monotonic()
        if finite(checked, leaves, None if deadline is None else now + max(0.0, deadline - now) / SHARE):
            drawn_near = rejected > 1 and any(samplers[k] is None for k in checked.inputs)
            return Point("near the given point" if drawn_near else label, tuple(leaves), rejected)
    return None


def _attempts(scheme: Scheme) -> Iterator[Scheme]:
    """The scheme twice, and then ever nearer to the given values."""
    yield scheme
    yield scheme
    for k in range(_TRIES - 2):
        yield _shaken(0.5 / 4**k)


def redrawn(leaf: Any, draw: Scheme, sampler: Sampler | None, random: np.random.Generator) -> Any:
    """Another leaf of the same shape, dtype, kind of number and structure."""
    array = np.asarray(jnp.asarray(leaf))
    if not array.size:
        return leaf
    if sampler is not None:
        made = _sampled(sampler, random, leaf)
        if made.shape != array.shape:
            raise ValueError(
                f"the domain gave an array of shape {made.shape} for one of shape {array.shape}; keep the shape"
            )
        return like(leaf, made)
    wide = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    if array.dtype.kind != "c":
        return like(leaf, keeping(wide, draw(random, wide), random))
    return like(leaf, keeping(wide, np.asarray(draw(random, wide.real) + 1j * draw(random, wide.imag)), random))


def _sampled(sampler: Sampler, random: np.random.Generator, leaf: Any) -> np.ndarray:
    try:
        made = np.asarray(sampler(random, leaf))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"the domain's sampler {sampler!r} failed for an argument of shape {np.shape(leaf)} "
            f"({str(error).splitlines()[0]}); it takes a NumPy generator and the argument, and gives another like it"
        ) from error
    if made.dtype.kind not in "biufc" or (made.dtype.kind == "c" and not np.iscomplexobj(leaf)):
        raise ValueError(f"the domain gave numbers of dtype {made.dtype} for an argument of another kind; give floats")
    return made


def like(leaf: Any, numbers: np.ndarray) -> Any:
    """Numbers as a leaf of the same kind: a Python number, or an array of the same dtype."""
    if isinstance(leaf, float | complex) and not isinstance(leaf, np.generic):
        return type(leaf)(numbers.item())
    made = numbers.astype(np.dtype(jnp.asarray(leaf).dtype))
    return made if isinstance(leaf, np.ndarray) else jnp.asarray(made)


def _schemes(restricted: bool) -> list[tuple[str, Scheme]]:
    if restricted:
        return [("a sample of the domain", _size(1.0, 0))]
    return [
        ("positive, about 1", _size(1.0, 1)),
        ("negative, about 1", _size(1.0, -1)),
        ("both signs, about 10", _size(10.0, 0)),
        ("the given values, shaken", _shaken(0.3)),
        ("negative, about 0.1", _size(0.1, -1)),
        ("the given values, other signs", _signs),
        ("positive, about 10", _size(10.0, 1)),
        ("negative, about 10", _size(10.0, -1)),
        ("positive, about 0.1", _size(0.1, 1)),
        ("both signs, about 100", _size(100.0, 0)),
    ]


def _size(scale: float, sign: int) -> Scheme:
    def draw(random: np.random.Generator, given: np.ndarray) -> np.ndarray:
        normal = random.standard_normal(given.shape)
        return np.asarray(scale * (normal if sign == 0 else sign * np.abs(normal)))

    return draw


def _shaken(part: float) -> Scheme:
    def draw(random: np.random.Generator, given: np.ndarray) -> np.ndarray:
        size = np.abs(given)
        spread = np.where(size > 0, size, size.mean() if size.size and size.mean() > 0 else 1.0)
        return np.asarray(
            given + part * np.where(np.isfinite(spread), spread, 1.0) * random.standard_normal(given.shape)
        )

    return draw


def _signs(random: np.random.Generator, given: np.ndarray) -> np.ndarray:
    """The given values, each slightly shaken, with signs at random; at least one differs."""
    signs = np.asarray(random.choice([-1.0, 1.0], given.shape))
    if signs.size and (signs == 1).all():
        signs = -signs
    return np.asarray(signs * _shaken(0.05)(random, given))
