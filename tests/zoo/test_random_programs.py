"""The random functions: the graphs that are counted, and an interpreter of their programs in NumPy."""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from difflab.zoo import random_programs

PROGRAMS = json.loads((Path(random_programs.__file__).parent / "data" / "random_programs.json").read_text())

NUMPY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "neg": np.negative,
    "atan": np.arctan, "atan2": np.arctan2, "tan": np.tan, "sin": np.sin, "cos": np.cos, "asin": np.arcsin,
    "acos": np.arccos, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "atanh": np.arctanh,
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "square": np.square, "abs": np.abs, "stop_gradient": np.array,
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
    "integer_pow": lambda x, y: x**y,
    "reshape": lambda x, new_sizes: x.reshape(new_sizes),
    "transpose": lambda x, permutation: x.transpose(permutation),
    "reduce_sum": lambda x, axes: x.sum(axis=tuple(axes)),
    "reduce_max": lambda x, axes: x.max(axis=tuple(axes)),
    "reduce_min": lambda x, axes: x.min(axis=tuple(axes)),
    "slice": lambda x, start_indices, limit_indices: x[tuple(map(slice, start_indices, limit_indices))],
    "dot_general": lambda x, y, dimension_numbers: np.tensordot(x, y, axes=dimension_numbers[0]),
}  # fmt: skip


def test_the_fact_holds(verify):
    verify()


def numpy_forward(problem, fact, measure):
    program = PROGRAMS[problem.name.removeprefix("alphagrad_")]
    known = {-k - 1: np.asarray(one, float) for k, one in enumerate(problem.arguments())}
    for k, (primitive, operands, parameters) in enumerate(program["equations"], 1):
        known[k] = NUMPY[primitive](*(known[o] if isinstance(o, int) else o[0] for o in operands), **parameters)
    measure.close(measure.value(problem), np.concatenate([np.ravel(known[o]) for o in program["outputs"]]))


@pytest.mark.parametrize("name", ["alphagrad_f", "alphagrad_g"])
def test_derivatives_are_finite_at_the_example_and_near_it(name, measure):
    problem = next(one for one in random_programs.PROBLEMS if one.name == name)
    assert np.isfinite(measure.jacobian(problem, mode="reverse")).all()
    for k in range(4):
        near = [one[0] for one in problem.sample(1, k)]
        assert np.abs(measure.jacobian(problem, *near, mode="reverse")).max() < 1e3


def test_any_list_of_primitives_runs():
    program = {"equations": [["sin", [-1], {}], ["mul", [1, [2.0]], {}]], "outputs": [2, 1]}
    twice, once = random_programs.run(program, [jnp.ones(2)])
    np.testing.assert_allclose(twice, 2 * np.sin(np.ones(2)), rtol=1e-6)
    np.testing.assert_allclose(once, np.sin(np.ones(2)), rtol=1e-6)


CHECKS = {"numpy_forward": numpy_forward}
