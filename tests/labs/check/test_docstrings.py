"""Docstrings: every public function of the checker has one, and the examples in them are true."""

import doctest
import inspect
from importlib import import_module
from pkgutil import iter_modules

import pytest

from difflab.labs import check

MODULES = sorted(m.name for m in iter_modules(check.__path__))
EXAMPLES = ("truth", "accuracy", "jacobian_sympy", "hessian_sympy")


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true_and_public_functions_have_docstrings(name: str):
    module = import_module(f"difflab.labs.check.{name}")
    assert doctest.testmod(module).failed == 0
    own = [v for k, v in vars(module).items() if k[0] != "_" and getattr(v, "__module__", "") == module.__name__]
    assert [v.__name__ for v in own if (inspect.isfunction(v) or inspect.isclass(v)) and not v.__doc__] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_users_call_has_an_example(name: str):
    assert ">>> " in getattr(import_module("difflab"), name).__doc__
