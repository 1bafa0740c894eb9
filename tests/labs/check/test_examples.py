"""The examples in the docstrings of the checker run as they stand."""

import doctest
from importlib import import_module

import pytest

MODULES = ("accuracy", "alone", "check", "formulas", "listing", "notation", "points", "truth")


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str):
    assert doctest.testmod(import_module(f"difflab.labs.check.{name}")).failed == 0
