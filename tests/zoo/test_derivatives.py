"""Every derivative against one that shares no code with it: a closed form in NumPy, or finite differences."""

import jax
import numpy as np
import pytest

from difflab import zoo

NAMES = zoo.names()
MODELS = [problem.name for problem in zoo.problems() if "model" in problem.tags]
PATHOLOGIES = [problem.name for problem in zoo.problems() if "pathology" in problem.tags]
ORACLES = [problem.name for problem in zoo.problems() if problem.jacobian]
RIGHT_WITH_ORACLE = [name for name in ORACLES if name in MODELS] + ["argmax_cut", "dead_relu", "exploding_scan"]
ONE_SIDED = {"where_sqrt", "double_where_sqrt"}
OVERFLOWS = {"log_softmax_overflow"}
DOUBLE = pytest.mark.parametrize("measure", ["float64"], indirect=True)


@pytest.mark.parametrize("name", NAMES)
def test_it_traces_to_a_jaxpr_with_the_stated_numbers_of_inputs_and_outputs(name):
    problem = zoo.load(name)
    closed = jax.make_jaxpr(problem)(*problem.arguments())
    assert sum(np.prod(aval.shape, dtype=int) for aval in closed.in_avals) == problem.facts["inputs"]
    assert sum(np.prod(aval.shape, dtype=int) for aval in closed.out_avals) == problem.facts["outputs"]


@pytest.mark.parametrize("name", MODELS)
def test_values_and_derivatives_of_a_model_are_finite(name, measure):
    problem = zoo.load(name)
    assert np.all(np.isfinite(measure.value(problem)))
    assert np.all(np.isfinite(measure.jacobian(problem)))


@pytest.mark.parametrize("name", [name for name in PATHOLOGIES if "reverse" in zoo.load(name).facts])
@DOUBLE
def test_compiling_cures_no_pathology(name, measure):
    problem = zoo.load(name)
    function, point = measure.flat(problem)
    np.testing.assert_allclose(function(point), measure.value(problem), rtol=3e-5)
    np.testing.assert_allclose(jax.jacrev(function)(point), measure.jacobian(problem, mode="reverse"), rtol=3e-5)


@pytest.mark.parametrize("name", RIGHT_WITH_ORACLE)
def test_jax_agrees_with_the_closed_form(name, measure):
    problem = zoo.load(name)
    truth = problem.jacobian(*problem.arguments())
    assert truth.shape == (problem.facts["outputs"], problem.facts["inputs"])
    np.testing.assert_allclose(measure.jacobian(problem), truth, rtol=0, atol=measure.rtol * np.abs(truth).max())


@pytest.mark.parametrize("name", [name for name in MODELS if "forward-only" not in zoo.load(name).tags])
def test_forward_and_reverse_mode_agree_on_models(name, measure):
    problem = zoo.load(name)
    forward, reverse = (measure.jacobian(problem, mode=mode) for mode in ("forward", "reverse"))
    np.testing.assert_allclose(forward, reverse, rtol=0, atol=measure.rtol * np.abs(forward).max())


@pytest.mark.parametrize("name", MODELS)
@DOUBLE
def test_forward_mode_agrees_with_central_differences_in_random_directions(name, measure):
    problem = zoo.load(name)
    function, point = measure.flat(problem)
    pushforward = measure.jacobian(problem)
    for direction in _directions(point):
        _assert_close(_central_difference(function, point, direction), pushforward @ direction)


@pytest.mark.parametrize("name", [name for name in ORACLES if name in PATHOLOGIES])
@DOUBLE
def test_the_closed_form_of_a_pathology_agrees_with_differences_of_the_value(name, measure):
    problem = zoo.load(name)
    function, point = measure.flat(problem)
    truth = problem.jacobian(*problem.arguments())
    for direction in _directions(point):
        if name in ONE_SIDED:  # at the zero entry the value has no derivative from the right: stay off it
            direction = np.where(point == 0, 0.0, direction)
        difference = _central_difference(function, point, direction)
        if name in OVERFLOWS:
            assert not np.any(np.isfinite(difference))
        else:
            _assert_close(difference, truth @ direction)


@pytest.mark.parametrize("name", [problem.name for problem in zoo.problems() if "wrong-rule" in problem.tags])
@DOUBLE
def test_differences_refute_a_wrong_rule(name, measure):
    problem = zoo.load(name)
    function, point = measure.flat(problem)
    claimed = measure.jacobian(problem)
    for direction in _directions(point):
        difference = _central_difference(function, point, direction)
        assert np.max(np.abs(difference - claimed @ direction)) > 0.01


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("argmax_cut", (np.arange(5.0), np.arange(5.0))),
        ("brusselator", (np.linspace(0.5, 1.5, 9), np.linspace(2.0, 3.0, 9))),
        ("burgers_step", (np.cos(np.arange(7.0)), 0.01)),
        ("dead_relu", (np.ones(3), np.linspace(-1, 1, 12).reshape(4, 3), np.zeros(4) + 0.1)),
        ("gaussian_process", (np.linspace(0, 1, 4), np.linspace(1, 0, 4), 0.5, 1.0, 0.3)),
        ("linear_solve", (np.eye(4) * 3 + np.linspace(0, 1, 16).reshape(4, 4), np.arange(4.0))),
        ("rosenbrock", (np.linspace(-1, 1, 7),)),
    ],
)
@DOUBLE
def test_no_size_is_special(name, arguments, measure):
    problem = zoo.load(name)
    truth = problem.jacobian(*arguments)
    computed = measure.jacobian(problem, *map(jax.numpy.asarray, arguments))
    np.testing.assert_allclose(computed, truth, rtol=0, atol=1e-11 * np.abs(truth).max())


@DOUBLE
def test_networks_take_any_widths(measure):
    mlp, block = zoo.load("mlp"), zoo.load("transformer_block")
    arguments = mlp.arguments(inputs=2, hidden=7, classes=4, batch=3)
    np.testing.assert_allclose(measure.jacobian(mlp, *arguments), mlp.jacobian(*arguments), atol=1e-12)
    arguments = block.arguments(tokens=5, features=6, heads=3, size=1, width=4)
    assert np.isfinite(measure.value(block, *arguments)).all()


def _directions(point, count=3):
    random = np.random.RandomState(0)
    scale = np.where(np.asarray(point) == 0, 1.0, np.abs(point))
    return [scale * random.normal(size=len(point)) for _ in range(count)]


def _central_difference(function, point, direction, step=1e-5):
    function = jax.jit(function)
    return np.asarray(function(point + step * direction) - function(point - step * direction)) / (2 * step)


def _assert_close(difference, exact):
    # The step leaves an error of about step**2 times the third derivative: 1e-10 times numbers up to a thousand.
    np.testing.assert_allclose(difference, exact, rtol=0, atol=1e-7 * max(1.0, float(np.abs(exact).max())))
