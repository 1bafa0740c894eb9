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
from tests.benchmarks.results import machine, record, table

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
ROUNDS = 15
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


def scalar_rows(name: str, batch: int) -> tuple[list[str], float]:
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
    return [name, str(batch), *cells, f"{ratio:.2f}", f"{null:.2f}", compiling], ratio


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


def mlp(params: Any, x: Any) -> Any:
    """Two hidden layers, ten outputs."""
    for w, b in params[:-1]:
        x = jnp.tanh(x @ w + b)
    return x @ params[-1][0] + params[-1][1]


def attention(params: Any, x: Any) -> Any:
    """One block of a transformer whose key and query weights are shared, eight outputs."""
    key, value, out = params
    h = x @ key
    scores = jax.nn.softmax(h @ h.T / math.sqrt(h.shape[-1]))
    return jnp.mean(jax.nn.gelu(x + scores @ (x @ value)) @ out, axis=0)


def network_rows() -> list[list[str]]:
    """Jacobians by shared weights at a batch: the two fair forms of JAX beside `auto`."""
    keys = jax.random.split(jax.random.key(0), 12)
    draw = lambda k, *shape: jax.random.normal(keys[k], shape) / math.sqrt(shape[0])  # noqa: E731
    layers = [(draw(0, 32, 64), draw(1, 64)), (draw(2, 64, 64), draw(3, 64)), (draw(4, 64, 10), draw(5, 10))]
    block = (draw(6, 16, 16), draw(7, 16, 16), draw(8, 16, 8))
    rows: list[list[str]] = []
    cases = (("MLP", mlp, layers, draw(9, 64, 32)), ("attention", attention, block, draw(10, 32, 12, 16)))
    for name, f, params, x in cases:
        whole = lambda p, x, f=f: jax.vmap(f, (None, 0))(p, x)  # noqa: E731
        programs = {
            "vmap(jacrev)": jax.vmap(jax.jacrev(f), (None, 0)),
            "jacrev": jax.jacrev(whole),
            "vmap(auto)": jax.vmap(jacobian(f), (None, 0)),
            "auto": jacobian(whole),
            "again": jax.vmap(jax.jacrev(f), (None, 0)),
        }
        times = {way: time_of * 1e3 for way, (time_of, _) in interleaved(programs, (params, x)).items()}
        rows.append([name, *(f"{times[way]:.2f}" for way in programs)])
    return rows


def batched_rows() -> list[list[str]]:
    """A function of a batch: its Jacobian with the batch axis kept diagonal, beside `vmap` of the Jacobian."""
    problem = load("alphagrad_roe_flux_1d")
    arguments, rows = problem.sample(4096, 0), []
    f, numbers = problem.function, tuple(range(6))
    whole = jax.vmap(f, problem.in_axes)
    programs = {
        "structured": jacobian(whole, argnums=numbers, sparse="structured"),
        "vmap(auto)": jax.vmap(jacobian(f, argnums=numbers), problem.in_axes),
        "vmap(jacrev)": jax.vmap(jax.jacrev(f, numbers), problem.in_axes),
    }
    times = {way: time_of * 1e3 for way, (time_of, _) in interleaved(programs, arguments).items()}
    rows.append(["Roe flux of 4096 cells", *(f"{times[way]:.3f}" for way in programs)])
    return rows


HEAD = ("task", "batch", "jacfwd ms", "jacrev ms", "auto ms", "floor ms", "ratio", "null", "compile auto / jacrev")
PROTOCOL = """Median times in one process, all programs in turns; `auto` is `dl.jacobian(f)`, the ratio is the better of
`jacfwd` and `jacrev` over it, the null one program measured twice, the floor the function itself and writing as many
outputs. The C library is told to keep freed memory (`MALLOC_TRIM_THRESHOLD_`, `MALLOC_MMAP_THRESHOLD_`): else every
call of every program pays for fresh pages, which hides what is compared."""


@pytest.mark.slow
def test_table(capsys: pytest.CaptureFixture[str]):
    rows: list[list[str]] = []
    for batch in BATCHES:
        found = [scalar_rows(name, batch) for name in SCALAR]
        mean = math.exp(sum(math.log(ratio) for _, ratio in found) / len(found))
        rows += [cells for cells, _ in found] + [["geometric mean", str(batch), "", "", "", "", f"{mean:.2f}", "", ""]]
    parts = [
        f"`make bench` on {machine('jax', 'numpy')}.", PROTOCOL, table(HEAD, rows),
        "Weights shared by a batch, ms (the fair forms of JAX, `auto`, and the null):",
        table(("", "vmap(jacrev)", "jacrev", "vmap(auto)", "auto", "again"), network_rows()),
        "A function of a batch, ms:", table(("", "structured", "vmap(auto)", "vmap(jacrev)"), batched_rows()),
        structured_row(),
    ]  # fmt: skip
    printed = record("Elimination: run time", "\n\n".join(parts))
    with capsys.disabled():
        print(f"\n{printed}")
    assert "geometric mean" in printed
