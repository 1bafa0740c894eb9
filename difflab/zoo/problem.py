"""A problem is a function, a point to stand on, where it comes from, and what is known about it.

The facts are what makes a problem more than an example: each is checked by a test, in float32 and in float64, against
something that shares no code with the function. So a lab that contradicts a fact is wrong.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

TAGS: Mapping[str, str] = MappingProxyType(
    {
        "benchmark": "published as a benchmark of Jacobian accumulation or of equation solvers",
        "chemistry": "from chemistry",
        "control-flow": "holds a scan or a while loop",
        "finance": "from finance",
        "forward-only": "reverse mode raises",
        "linear-algebra": "holds a factorisation or a solve",
        "model": "what a user would write; differentiable at the example point",
        "network": "a neural network with a pytree of parameters",
        "optimisation": "an objective to minimise",
        "pathology": "the derivative that JAX returns needs an explanation",
        "physics": "from physics or mechanics",
        "reverse-only": "forward mode raises",
        "sparse": "most entries of the Jacobian are zero at every point",
        "wrong-rule": "a custom derivative rule is wrong on purpose",
    }
)
"""Every tag there is, and what it promises."""


@dataclass(frozen=True, eq=False)
class Problem:
    """One named function with an example point, its source and the facts known about it.

    `problem(*problem.arguments())` evaluates it. `arguments` makes fresh JAX arrays of the default float type, so that
    under `jax.enable_x64(True)` the point is double precision. It is an example: a function takes any sizes that its
    annotations allow.

    `jacobian(*arguments)`, where there is one, is the true derivative in closed form: written by hand in NumPy, one row
    per output and one column per input, both flattened in the order of `jax.tree.leaves`. In a pathology it is what the
    derivative should be, not what JAX returns.

    `sample(batch, seed)`, where there is one, makes many arguments near the example, for timing: those that `in_axes`
    names have a first axis of that length, as `jax.vmap(problem, problem.in_axes)` wants them.

        >>> from difflab import zoo
        >>> kepler = zoo.load("kepler")
        >>> round(float(kepler(*kepler.arguments())), 4)
        1.5997
    """

    name: str
    title: str
    function: Callable[..., Any]
    arguments: Callable[..., tuple[Any, ...]]
    source: str
    facts: Mapping[str, Any]
    tags: frozenset[str]
    jacobian: Callable[..., Any] | None = field(default=None, repr=False)
    sample: Callable[[int, int], tuple[Any, ...]] | None = field(default=None, repr=False)
    in_axes: int | tuple[int | None, ...] = field(default=0, repr=False)

    def __post_init__(self) -> None:
        """Refuse a malformed problem, and make its facts and tags read-only."""
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))
        object.__setattr__(self, "tags", frozenset(self.tags))
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", self.name):
            raise ValueError(
                f"problem name {self.name!r} is not a slug; names are typed by users and used in file names: "
                "write lower-case words joined by underscores, such as 'roe_flux_1d'"
            )
        for what in ("title", "source", "facts", "tags"):
            if not getattr(self, what):
                raise ValueError(f"problem {self.name!r} has no {what}; every problem states it: pass {what}=…")
        if unknown := sorted(self.tags - set(TAGS)):
            raise ValueError(
                f"problem {self.name!r} has unknown tags {unknown}; a tag promises something that tests rely on: "
                f"use those of difflab.zoo.TAGS: {', '.join(TAGS)}"
            )

    def __call__(self, *arguments: Any) -> Any:
        """Evaluate the function."""
        return self.function(*arguments)

    def __str__(self) -> str:
        """Return name, title, source, tags and facts, one a line."""
        rows = [("source", self.source), ("tags", ", ".join(sorted(self.tags)))]
        rows += [(key.replace("_", " "), str(value)) for key, value in self.facts.items()]
        width = max(len(label) for label, _ in rows)
        return "\n".join([f"{self.name}: {self.title}", *(f"  {label:<{width}}  {text}" for label, text in rows)])
