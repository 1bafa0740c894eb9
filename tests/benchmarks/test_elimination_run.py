"""Run time of Jacobians: `order="auto"` beside `jax.jacfwd` and `jax.jacrev`, in turns in one process, as a table.

`make bench` prints it. Beside each figure stands its floor: the function itself, and writing as many outputs as the
Jacobian has. The null is one program measured twice. Nothing here asserts a time: a ratio is what can be compared.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.labs.elimination.execution.execute import jacobian
from difflab.zoo import load

SCALAR = (
    "alphagrad_roe_flux_1d",
    "alphagrad_robot_arm",
    "alphagrad_heart_dipole",
    "alphagrad_propane",
    "alphagrad_g",
    "alphagrad_black_scholes",
)
"""The scalar tasks of Lohoff & Neftci, arXiv:2406.05027."""

BATCHES = (512, 65_536)
ROUNDS = 41
SLICE = 0.003


def interleaved(programs: dict[str, Callable[..., Any]], arguments: Sequence[Any]) -> dict[str, tuple[float, float]]:
    """Median seconds a call and seconds to trace and compile, of all programs in turns."""
    compiled: dict[str, Any] = {}
    compiling: dict[str, float] = {}
    for name, program in programs.items():
        start = time.perf_counter()
        compiled[name] = jax.jit(program).lower(*arguments).compile()
        compiling[name] = time.perf_counter() - start
    repeats: dict[str, int] = {}
    for name, program in compiled.items():
        jax.block_until_ready(program(*arguments))
        start = time.perf_counter()
        jax.block_until_ready(program(*arguments))
        repeats[name] = max(1, int(SLICE / (time.perf_counter() - start)))
    found: dict[str, list[float]] = {name: [] for name in compiled}
    for turn in range(ROUNDS):
        for name in list(compiled)[:: 1 if turn % 2 else -1]:
            start = time.perf_counter()
            for _ in range(repeats[name]):
                result = compiled[name](*arguments)
            jax.block_until_ready(result)
            found[name].append((time.perf_counter() - start) / repeats[name])
    return {name: (float(np.median(times)), compiling[name]) for name, times in found.items()}


def floor(f: Callable[..., Any], count: int) -> Callable[..., Any]:
    """The function itself, and `count` outputs that cost nothing to compute."""

    def run(*arguments: Any) -> Any:
        return f(*arguments), [arguments[k % len(arguments)] + k for k in range(count)]

    return run


def scalar_rows(name: str, batch: int) -> tuple[str, float]:
    """One line of the table, and the ratio."""
    problem = load(name)
    arguments = problem.sample(batch, 0)
    f, numbers = problem.function, tuple(range(len(arguments)))
    dense = jax.vmap(jax.jacrev(f, numbers), problem.in_axes)
    outputs = len(jax.tree.leaves(jax.eval_shape(dense, *arguments)))
    ways = {"jacfwd": jax.jacfwd(f, numbers), "jacrev": jax.jacrev(f, numbers), "auto": jacobian(f, argnums=numbers)}
    programs = {
        way: jax.vmap(one, problem.in_axes)
        for way, one in {**ways, "again": ways["jacrev"], "floor": floor(f, outputs)}.items()
    }
    times = interleaved(programs, arguments)
    better = min(times["jacfwd"][0], times["jacrev"][0])
    ratio = better / times["auto"][0]
    cells = [f"{times[way][0] * 1e3:.3f}" for way in ("jacfwd", "jacrev", "auto", "floor")]
    null = times["again"][0] / times["jacrev"][0]
    compiling = f"{times['auto'][1]:.2f} / {times['jacrev'][1]:.2f} s"
    return f"| {name} | {batch} | {' | '.join(cells)} | {ratio:.2f} | {null:.2f} | {compiling} |", ratio


def heat(u: Any) -> Any:
    """One explicit step of a nonlinear heat equation on a line."""
    return u[1:-1] + 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2]) + 0.01 * jnp.sin(u[1:-1])


def structured_row() -> str:
    """A stencil of 10⁴ points: entries alone, beside the dense Jacobian."""
    u = jnp.sin(jnp.linspace(0.0, 3.0, 10_000))
    programs = {"sparse": jacobian(heat, sparse="bcoo"), "blocks": jacobian(heat, sparse="structured")}
    times = {way: time_of for way, (time_of, _) in interleaved(programs, [u]).items()}
    dense = jax.jit(jax.jacrev(heat))
    jax.block_until_ready(dense(u))
    start = time.perf_counter()
    jax.block_until_ready(dense(u))
    whole = time.perf_counter() - start
    figures = ", ".join(f"{way} {value * 1e3:.2f} ms" for way, value in times.items())
    return f"stencil of 10⁴ points: {figures}; jacrev {whole * 1e3:.0f} ms"


@pytest.mark.slow
def test_table(capsys: pytest.CaptureFixture[str]):
    lines = ["| task | batch | jacfwd ms | jacrev ms | auto ms | floor ms | ratio | null | compile auto / jacrev |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    for batch in BATCHES:
        rows = [scalar_rows(name, batch) for name in SCALAR]
        mean = math.exp(sum(math.log(ratio) for _, ratio in rows) / len(rows))
        lines += [line for line, _ in rows] + [f"| geometric mean | {batch} | | | | | {mean:.2f} | | |"]
    lines += ["", structured_row()]
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert len(lines) > 3
