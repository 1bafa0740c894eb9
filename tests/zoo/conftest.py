"""Evaluate any problem as a map of flat vectors in both precisions, and find a check for every fact that it states.

A test module `test_<theme>.py` mirrors `difflab/zoo/<theme>.py`. Its `CHECKS` say how each fact is verified: a function
of the problem, the fact's value and `measure`, found by the name of the fact or, where one name has two meanings, by
(problem, fact). Facts that any problem may state are checked here. A fact that nobody checks fails its test.
"""

from collections.abc import Iterator
from functools import cache, partial
from importlib import import_module
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from difflab.labs.elimination.counting import alphagrad

MODES = {"forward": jax.jacfwd, "reverse": jax.jacrev}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `verify` one case a fact of the mirrored module."""
    if "verify" not in metafunc.fixturenames:
        return
    theme = metafunc.module.__name__.rpartition("test_")[2]
    checks = COMMON_CHECKS | metafunc.module.CHECKS
    cases = [
        pytest.param((problem, key, checks.get((problem.name, key), checks.get(key))), id=f"{problem.name}-{key}")
        for problem in import_module(f"difflab.zoo.{theme}").PROBLEMS
        for key in problem.facts
    ]
    metafunc.parametrize("case", cases)


@pytest.fixture
def verify(case, measure):
    """Return a function that verifies one fact."""
    problem, key, check = case
    assert check, f"nobody checks the fact {key!r} of {problem.name!r}: add it to CHECKS in the test of its module"
    return partial(check, problem, problem.facts[key], measure)


@pytest.fixture(params=["float32", "float64"])
def measure(request: pytest.FixtureRequest) -> Iterator[SimpleNamespace]:
    """Run the test in this precision; `rtol` is some hundred units in the last place, for long sums of products."""
    double = request.param == "float64"
    rtol = 1e-11 if double else 3e-5
    with jax.enable_x64(double):
        yield SimpleNamespace(
            double=double,
            dtype=np.dtype(request.param),
            rtol=rtol,
            close=partial(close, rtol=rtol),
            flat=flat,
            value=value,
            jacobian=jacobian,
        )


def close(actual, expected, *, rtol, digits=0.0, scale=None):
    """Compare within the precision, or the digits that the source prints; relative to the largest finite number."""
    expected = np.asarray(expected, float)
    scale = scale or np.max(np.abs(np.where(np.isfinite(expected), expected, 0.0)), initial=1e-3)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=max(rtol, digits) * scale)


def flat(problem):
    """Return the problem as a function of one vector, and its example point as that vector."""
    point, unflatten = ravel_pytree(problem.arguments())
    return lambda vector: ravel_pytree(problem(*unflatten(vector)))[0], point


def value(function, *arguments):
    """Return all outputs in one vector; without arguments, those of a problem at its example point."""
    outputs = jax.jit(function)(*(arguments or function.arguments()))
    return np.asarray(ravel_pytree(outputs)[0], float)


def jacobian(function, *arguments, mode=None):
    """Return the Jacobian that JAX computes; without arguments, that of a problem at its example point."""
    mode = mode or ("reverse" if "reverse-only" in getattr(function, "tags", ()) else "forward")
    return np.asarray(_jacobian_function(function, mode)(*(arguments or function.arguments())), float)


@cache
def _jacobian_function(function, mode):
    def jacobian_of_flat(*arguments):
        point, unflatten = ravel_pytree(arguments)
        return MODES[mode](lambda vector: ravel_pytree(function(*unflatten(vector)))[0])(point)

    return jax.jit(jacobian_of_flat)


def _inputs(problem, fact, measure):
    assert sum(leaf.size for leaf in jax.tree.leaves(problem.arguments())) == fact


def _outputs(problem, fact, measure):
    assert measure.value(problem).size == fact


def _value(problem, fact, measure):
    measure.close(measure.value(problem), fact, digits=1e-7)


def _forward(problem, fact, measure):
    measure.close(measure.jacobian(problem, mode="forward").ravel(), fact)


def _reverse(problem, fact, measure):
    measure.close(measure.jacobian(problem, mode="reverse").ravel(), fact)


def _true_jacobian(problem, fact, measure):
    measure.close(problem.jacobian(*problem.arguments()).ravel(), fact)
    assert not np.allclose(measure.jacobian(problem, mode="reverse").ravel(), fact)


def _nonzeros(problem, fact, measure):
    assert np.count_nonzero(measure.jacobian(problem)) == fact


def _task(problem, fact, measure):
    """The same equations, edges and outputs as the task's, in the same order; stop_gradient has no edge there."""
    if measure.double:
        return  # with weak types as they are in single precision
    found = alphagrad.task(fact)
    primitives, edges, outputs = _traced(problem, fact)
    assert primitives == list(alphagrad.primitives(fact))
    known = {(int(found.ids[u]), int(found.ids[v])) for u, v in found.edges}
    assert {(u, v) for u, v in edges if primitives[v - 1] != "stop_gradient"} == known
    assert outputs == [int(found.ids[v]) for v in found.outputs]


def _traced(problem, fact):
    function, arguments = problem.function, problem.arguments()
    if fact in ("RoeFlux_3d", "Perceptron"):
        function, arguments = jax.vmap(function, problem.in_axes), problem.sample(1, 0)
    if fact in _PYTHON_NUMBERS:
        arguments = tuple(jnp.asarray(float(one)) if one.shape == () else one for one in arguments)
    closed = jax.make_jaxpr(function)(*arguments)
    numbers = {variable: -k - 1 for k, variable in enumerate(closed.jaxpr.invars)}
    primitives, edges = [], set()
    for k, equation in enumerate(closed.jaxpr.eqns, 1):
        primitives.append(equation.primitive.name)
        edges |= {(numbers[one], k) for one in equation.invars if not hasattr(one, "val") and one in numbers}
        numbers[equation.outvars[0]] = k
    return primitives, edges, [numbers[one] for one in closed.jaxpr.outvars]


_PYTHON_NUMBERS = ("Perceptron", "Encoder")
"""Tasks that are given Python numbers: JAX writes an equation of its own to convert each."""

COMMON_CHECKS = {
    "inputs": _inputs,
    "outputs": _outputs,
    "value": _value,
    "forward": _forward,
    "reverse": _reverse,
    "true_jacobian": _true_jacobian,
    "nonzeros": _nonzeros,
    "task": _task,
}
