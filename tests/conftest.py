"""Settings for all tests. Nothing here imports difflab: jaxtyping's hook goes in before the package's first import."""

import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import jaxtyping
import pytest
from beartype import BeartypeConf, beartype

os.environ.setdefault("JAX_PLATFORMS", "cpu")
ALONE = beartype(conf=BeartypeConf(violation_type=TypeError))
"""The type checker without jaxtyping; like that it raises TypeError, and so does Python where types do not fit."""
OFTEN = 3
"""How many times a function inside another one is made with checks of its types."""


def sparing(jaxtyped: Callable[..., Any]) -> Callable[..., Any]:
    """The decorator that the hook puts on every function and class, without most of what it costs.

    To decorate takes a millisecond, and a function inside another one is decorated whenever the outer one runs: that
    was four fifths of the time of whole files. It is the same code each time, so it is checked the first few times.
    Where a module names no type of jaxtyping there are no shapes to compare, and the type checker alone does.
    """
    seen: Counter[tuple[str, int]] = Counter()

    def decorator(*, typechecker: Callable[..., Any]) -> Callable[[Any], Any]:
        def decorate(thing: Any) -> Any:
            if names_shapes(thing.__module__) or (is_dataclass(thing) and not resolve(thing)):
                return jaxtyped(thing, typechecker=typechecker)
            if is_dataclass(thing):
                thing.__init__ = ALONE(thing.__init__)
            return thing if isinstance(thing, type) else ALONE(thing)

        def sometimes(thing: Any) -> Any:
            if isinstance(thing, type):
                return decorate(thing)
            place = thing.__code__.co_filename, thing.__code__.co_firstlineno
            seen[place] += 1
            return decorate(thing) if seen[place] <= OFTEN else thing

        return sometimes

    return decorator


def resolve(made: Any) -> bool:
    """Put types in place of their names in the constructor of a dataclass, each from the module that writes it."""
    try:
        found = get_type_hints(made, localns={made.__name__: made})
    except NameError:
        return False
    named = made.__init__.__annotations__
    made.__init__.__annotations__ = {name: found.get(name, annotation) for name, annotation in named.items()}
    return True


def names_shapes(module: str) -> bool:
    """Whether a module has a type of jaxtyping among its names."""
    return any(getattr(value, "__module__", "") == "jaxtyping" for value in vars(sys.modules[module]).values())


jaxtyping.jaxtyped = sparing(jaxtyping.jaxtyped)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[1]
