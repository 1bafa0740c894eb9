"""The types of difflab's functions are checked while the tests run: those of arguments, results, fields and arrays."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jaxtyping import install_import_hook

from difflab.core.domains import Domain, floats
from difflab.core.relation import Relation
from difflab.core.values import pack

MADE = """
def outer(kind: str):
    def inner(x: int) -> int:
        return x if kind == "right" else str(x)
    return inner
"""


CALLS: list[tuple[Any, tuple[Any, ...]]] = [
    (pack, ("a shape", [1])),
    (floats().operation, (3,)),
    (Domain, ("numbers", 3, {})),
    (Relation, ([0, 1], [0, 1], 2, 2)),
    (Relation, (np.array([0.5]), np.array([0]), 2, 2)),
]


@pytest.mark.parametrize(("function", "arguments"), CALLS)
def test_arguments_and_fields_are_checked(function: Any, arguments: tuple[Any, ...]):
    with pytest.raises(TypeError):
        function(*arguments)


def test_a_function_inside_another_is_checked_the_first_times_it_is_made(tmp_path: Path, monkeypatch):
    (tmp_path / "made_for_a_test.py").write_text(MADE)
    monkeypatch.syspath_prepend(tmp_path)
    with install_import_hook("made_for_a_test", "beartype.beartype"):
        outer = import_module("made_for_a_test").outer
    assert outer("right")(3) == 3
    with pytest.raises(TypeError):
        outer("wrong")(3)
    with pytest.raises(TypeError):
        outer("right")("three")
    assert [outer("wrong")(3) for _ in range(2)] == ["3", "3"]
    with pytest.raises(TypeError):
        outer(3)
