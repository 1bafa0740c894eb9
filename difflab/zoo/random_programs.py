"""Programs that were drawn at random: a list of primitives, operands and parameters, run as it stands.

The tasks f and g on which AlphaGrad's elimination orders were learned have no mathematics behind them. Their programs
are data (`data/random_programs.json`), and `run` evaluates any such list, so a trace of it is the list itself.

Source: J. Lohoff and E. Neftci, arXiv:2406.05027. At the points of that paper every derivative of both is NaN; the
points here were found by search, so that all values and derivatives are finite and stay so nearby.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from .point import Scalar, around, at
from .problem import Problem

Program = Mapping[str, Any]
"""`inputs`: shapes; `equations`: [primitive, operands, parameters], -i being input i, k the result of equation k and
[x] the number x; `outputs`: results."""

_SPECIAL: Mapping[str, Callable[..., Array]] = {
    "asin": lax.asin,
    "dot_general": lambda a, b, dimension_numbers: lax.dot_general(a, b, _tuples(dimension_numbers)),
    "integer_pow": lax.integer_pow,
    "reduce_max": lambda a, axes: jnp.max(a, axis=tuple(axes)),
    "reduce_min": lambda a, axes: jnp.min(a, axis=tuple(axes)),
    "reduce_sum": lambda a, axes: jnp.sum(a, axis=tuple(axes)),
    "reshape": lambda a, new_sizes: lax.reshape(a, new_sizes),
}


def run(program: Program, arguments: Sequence[Float[Array, "..."]]) -> tuple[Float[Array, "..."], ...]:
    """Evaluate a program.

    >>> run({"equations": [["sin", [-1], {}], ["mul", [1, [2.0]], {}]], "outputs": [2]}, [jnp.zeros(3)])
    (Array([0., 0., 0.], dtype=float32),)
    """
    known = {-k - 1: argument for k, argument in enumerate(arguments)}
    kind = jnp.result_type(*arguments)
    for k, (primitive, operands, parameters) in enumerate(program["equations"], 1):
        values = [known[one] if isinstance(one, int) else np.asarray(one[0], kind) for one in operands]
        known[k] = _step(primitive)(*values, **parameters)
    return tuple(known[one] for one in program["outputs"])


def alphagrad_f(
    vector: Float[Array, "4"], small: Float[Array, "2 3"], square: Float[Array, "4 4"], column: Float[Array, "4 1"]
) -> tuple[Float[Array, "..."], ...]:
    """Return five results of 80 random equations; what passes the entry that is cut out has no derivative."""
    return run(_programs()["f"], (vector, small, square, column))


def alphagrad_g(*numbers: Scalar) -> tuple[Scalar, ...]:
    """Return twenty results of 105 random equations of fifteen numbers."""
    return run(_programs()["g"], numbers)


def _step(primitive: str) -> Callable[..., Array]:
    return _SPECIAL[primitive] if primitive in _SPECIAL else getattr(lax, primitive)


def _tuples(nested: Any) -> Any:
    return tuple(map(_tuples, nested)) if isinstance(nested, list) else nested


@cache
def _programs() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "data" / "random_programs.json").read_text(encoding="utf-8"))


_SOURCE = "Lohoff and Neftci 2024, arXiv:2406.05027"
_F = tuple(np.random.RandomState(1).uniform(0.1, 0.3, shape) for shape in ((4,), (2, 3), (4, 4), (4, 1)))
_G = (1.99, -1.02, -2.09, 0.29, 0.72, 1.8, -0.6, 0.31, 0.81, 2.76, 2.28, 0.27, 0.52, 1.22, 1.28)

PROBLEMS = (
    Problem(
        name="alphagrad_f",
        title="AlphaGrad's task f: a random function of vectors and matrices",
        function=alphagrad_f,
        arguments=at(*_F),
        source=_SOURCE,
        facts={
            "inputs": 30,
            "outputs": 24,
            "task": "f",
            "numpy_forward": "equal to a NumPy evaluation of the same list",
        },
        tags=frozenset({"benchmark", "pathology"}),
        sample=around(*_F, by=0.2),
    ),
    Problem(
        name="alphagrad_g",
        title="AlphaGrad's task g: a random function of fifteen numbers",
        function=alphagrad_g,
        arguments=at(*_G),
        source=_SOURCE,
        facts={
            "inputs": 15,
            "outputs": 20,
            "task": "g",
            "numpy_forward": "equal to a NumPy evaluation of the same list",
        },
        tags=frozenset({"benchmark", "model"}),
        sample=around(*_G, by=0.02),
    ),
)
