"""Speed and size of the foundation, measured side by side in one run and printed as a table.

`make bench` prints it and writes RESULTS.md. Nothing here asserts a time: a ratio is what can be compared.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jax
import pytest

from difflab.core.capture import graph
from difflab.show.graph import GraphView
from difflab.show.widget import VIEWS, module
from difflab.zoo.training import training_step
from tests.benchmarks.results import machine, record, table

ROOT = Path(__file__).resolve().parents[2]
LAYERS = 48


def seconds(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def import_seconds(*statements: str) -> list[float]:
    """The best of nine fresh interpreters for each statement, taken in turns."""
    code = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"

    def once(statement: str) -> float:
        command = [sys.executable, "-c", code.format(statement)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    rounds = [[once(statement) for statement in statements] for _ in range(9)]
    return [min(column) for column in zip(*rounds, strict=True)]


def fresh_step() -> tuple[Callable[..., object], tuple[object, ...]]:
    """A step that no cache of JAX has seen."""
    jax.clear_caches()
    return training_step(LAYERS)


def capture_row() -> tuple[str, str, str]:
    pairs = []
    for _ in range(3):
        step, arguments = fresh_step()
        plain = seconds(lambda: jax.make_jaxpr(step)(*arguments))  # noqa: B023
        step, arguments = fresh_step()
        captured = seconds(lambda: graph(step, *arguments))  # noqa: B023
        pairs.append((plain, captured))
    plain, captured = min(pairs, key=lambda pair: pair[1] / pair[0])
    worst = max(b / a for a, b in pairs)
    size = graph(*[(s := training_step(LAYERS))[0], *s[1]]).size
    what = f"capture of {size:,} equations / jax.make_jaxpr"
    return what, f"{captured:.2f} s / {plain:.2f} s = {captured / plain:.2f} (worst of 3: {worst:.2f})", "≤ 3"


def import_row() -> tuple[str, str, str]:
    jax_alone, both = import_seconds("import jax", "import jax, difflab")
    return "import difflab beyond import jax", f"{both - jax_alone:.3f} s (jax: {jax_alone:.2f} s)", "≤ 0.3 s"


def bundle_row() -> tuple[str, str, str]:
    sizes = ", ".join(f"{view} {len(module(view).encode()) / 1024:.0f}" for view in VIEWS)
    return "bundle, minified, KB", sizes, "each ≤ 120 KB"


def drawing_row() -> tuple[str, str, str]:
    step, arguments = fresh_step()
    captured = graph(step, *arguments)
    drawn = seconds(lambda: GraphView(captured).section())
    return f"collapsed drawing of {captured.size:,} equations, in the kernel", f"{drawn:.2f} s", ""


def tour_row() -> tuple[str, str, str]:
    command = [
        sys.executable, "-m", "jupyter", "execute", str(ROOT / "notebooks" / "00_tour.ipynb"), "--output", os.devnull,
    ]  # fmt: skip
    return (
        "tour notebook, top to bottom",
        f"{seconds(lambda: subprocess.run(command, check=True, capture_output=True)):.0f} s",
        "≤ 60 s",
    )


@pytest.mark.slow
def test_table(first_picture_row, capsys):
    rows = [import_row(), capture_row(), drawing_row(), first_picture_row, bundle_row(), tour_row()]
    where = machine("jax", "jupyterlab", "anywidget", "graphlay")
    printed = record("Foundation", f"`make bench` on {where}.\n\n{table(('what', 'measured', 'target'), rows)}")
    with capsys.disabled():
        print(f"\n{printed}")
    assert all(row[1] for row in rows)
