"""The types of difflab's functions are checked while the tests run: those of arguments, results, fields and arrays."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import TypeCheckError, install_import_hook

from difflab.core.domains import Domain, floats
from difflab.core.relation import Relation
from difflab.core.values import pack

WRONG = (BeartypeCallHintViolation, TypeCheckError)
MADE = """
def outer(kind: str):
    def inner(x: int) -> int:
        return x if kind == "right" else str(x)
    return inner
"""


def test_arguments_and_fields_are_checked():
    for call in (
        lambda: pack("a shape", [1]),
        lambda: floats().operation(3),
        lambda: Domain("numbers", constant=3, operations={}),
        lambda: Relation([0, 1], [0, 1], 2, 2),
        lambda: Relation(np.array([0.5]), np.array([0]), 2, 2),
    ):
        with pytest.raises(WRONG):
            call()


def test_a_function_inside_another_is_checked_the_first_times_it_is_made(tmp_path: Path, monkeypatch):
    (tmp_path / "made_for_a_test.py").write_text(MADE)
    monkeypatch.syspath_prepend(tmp_path)
    with install_import_hook("made_for_a_test", "beartype.beartype"):
        outer = import_module("made_for_a_test").outer
    assert outer("right")(3) == 3
    with pytest.raises(WRONG):
        outer("wrong")(3)
    with pytest.raises(WRONG):
        outer("right")("three")
    assert [outer("wrong")(3) for _ in range(2)] == ["3", "3"]
    with pytest.raises(WRONG):
        outer(3)
