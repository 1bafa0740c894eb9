"""Problems are found by name, say where they come from, and cost nothing until they are used."""

import importlib.util
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from importlib import import_module
from pathlib import Path

import jax
import numpy as np
import pytest

from difflab import zoo
from difflab.zoo import catalogue

NAMES = zoo.names()


def test_the_catalogue_lists_exactly_what_its_modules_define():
    for module, members in catalogue._MODULES.items():
        defined = [problem.name for problem in import_module(f"difflab.zoo.{module}").PROBLEMS]
        assert sorted(defined) == sorted(members), module


def test_names_are_sorted_and_problems_come_in_their_order():
    assert list(NAMES) == sorted(set(NAMES))
    assert [problem.name for problem in zoo.problems()] == list(NAMES)
    assert len(NAMES) >= 14


def test_loading_twice_gives_the_same_problem():
    assert zoo.load("kepler") is zoo.load("kepler")


def test_importing_the_zoo_imports_no_problem_and_starts_no_backend():
    program = """
import sys
from difflab import zoo
assert len(zoo.names()) > 14
loaded = [name for name in sys.modules if name.startswith("difflab.zoo.")]
assert sorted(loaded) == ["difflab.zoo.catalogue", "difflab.zoo.problem"], loaded
for name in zoo.names():
    zoo.load(name)
from jax._src import xla_bridge
assert not xla_bridge._backends, "an array was made at import"
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=120)


@pytest.mark.parametrize("name", NAMES)
def test_metadata_is_complete(name):
    problem = zoo.load(name)
    assert problem.name == name
    assert problem.facts["inputs"] > 0
    assert problem.facts["outputs"] > 0
    assert problem.function.__doc__
    assert problem.function.__name__ == name
    assert ("model" in problem.tags) != ("pathology" in problem.tags)
    assert problem.tags <= set(zoo.TAGS)


def test_every_module_of_problems_has_a_test_that_verifies_its_facts_and_checks_nothing_else():
    for module in catalogue._MODULES:
        spec = importlib.util.spec_from_file_location(module, Path(__file__).with_name(f"test_{module}.py"))
        test = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(test)
        stated = set()
        for problem in import_module(f"difflab.zoo.{module}").PROBLEMS:
            stated |= {key for fact in problem.facts for key in (fact, (problem.name, fact))}
        assert callable(test.test_the_fact_holds)
        assert set(test.CHECKS) <= stated, module


def test_every_tag_is_used():
    assert set().union(*(problem.tags for problem in zoo.problems())) == set(zoo.TAGS)


@pytest.mark.parametrize("name", NAMES)
def test_a_problem_prints_its_title_source_and_facts(name):
    problem = zoo.load(name)
    text = str(problem)
    assert text.startswith(f"{name}: {problem.title}\n")
    assert problem.source in text
    assert all(key.replace("_", " ") in text for key in problem.facts)


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_fresh_arrays_of_the_precision_in_force(name, measure):
    leaves = jax.tree.leaves(zoo.load(name).arguments())
    assert leaves
    assert all(isinstance(leaf, jax.Array) and leaf.dtype == measure.dtype and not leaf.weak_type for leaf in leaves)
    again = jax.tree.leaves(zoo.load(name).arguments())
    assert all(np.array_equal(a, b) for a, b in zip(leaves, again, strict=True))


def test_a_problem_is_frozen_and_so_are_its_facts():
    problem = zoo.load("kepler")
    with pytest.raises(FrozenInstanceError):
        problem.name = "newton"
    with pytest.raises(TypeError):
        problem.facts["inputs"] = 3


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("roe_flux1d", "roe_flux_1d"),
        ("Roe Flux 3D", "roe_flux_3d"),
        ("keppler", "kepler"),
        ("transformer", "transformer_block"),
        ("black-scholes", "black_scholes"),
        ("sqrt", "where_sqrt"),
    ],
)
def test_an_unknown_name_is_answered_with_close_ones(wrong, right):
    with pytest.raises(zoo.UnknownProblemError) as caught:
        zoo.load(wrong)
    message = str(caught.value)
    assert all(part in message for part in (repr(wrong), repr(right), "difflab.zoo.names()"))
    assert isinstance(caught.value, KeyError)


@pytest.mark.parametrize("hopeless", ["", "qqqqqqqq"])
def test_a_name_like_no_other_is_answered_with_all_names(hopeless):
    with pytest.raises(zoo.UnknownProblemError) as caught:
        zoo.load(hopeless)
    assert repr(hopeless) in str(caught.value)
    assert all(name in str(caught.value) for name in NAMES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Kepler's"}, "not a slug"),
        ({"source": ""}, "no source"),
        ({"facts": {}}, "no facts"),
        ({"tags": frozenset({"modell"})}, r"unknown tags \['modell'\]"),
    ],
)
def test_a_malformed_problem_cannot_exist(change, message):
    with pytest.raises(ValueError, match=message):
        replace(zoo.load("kepler"), **change)
