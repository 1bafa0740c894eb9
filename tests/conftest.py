"""Settings for all tests. Nothing here imports difflab: jaxtyping's hook goes in before the package's first import."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jaxtyping
import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
OFTEN = 3
"""How many times a function made inside another one is made with checks of its types."""


def sparing(jaxtyped: Callable[..., Any]) -> Callable[..., Any]:
    """The decorator that the hook puts on every function, without most of what it costs.

    To decorate takes a millisecond, and a function inside another one is decorated whenever the outer one runs: that was
    four fifths of the time of whole files. It is the same code each time, so the first few are checked.
    """
    made: Counter[tuple[str, int]] = Counter()

    def decorator(*, typechecker: Any) -> Callable[[Any], Any]:
        def decorate(function: Any) -> Any:
            code = getattr(function, "__code__", None)
            if code is not None:
                place = code.co_filename, code.co_firstlineno
                made[place] += 1
                if made[place] > OFTEN:
                    return function
            return jaxtyped(function, typechecker=typechecker)

        return decorate

    return decorator


jaxtyping.jaxtyped = sparing(jaxtyping.jaxtyped)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[1]
