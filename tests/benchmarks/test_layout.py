"""Our picture beside those of Graphviz dot, ELK and dagre: crossings, edge length, size and time on six graphs.

All get the same boxes, edges and gaps. One counter looks at the drawn lines of all of them. Peers are tools of this
benchmark only; one that is not there (no `dot`, no node, no network for npm) is left out, and the table says so.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import difflab as dl
from difflab.core.graph import Graph, Literal
from difflab.show import place as placing
from difflab.show.place import place
from difflab.zoo.training import training_step
from tests.benchmarks.drawn import Line, crossings, length
from tests.benchmarks.results import machine, record, table

PEERS = Path(__file__).parent / "peers"
HOW = (
    "Seconds are wall time of the layout call, the best of a few: ELK and dagre in a warm node process, dot less "
    "the time of an almost empty run, ours with all of `place`. `all edges`: without portals."
)
LIMIT = 60
"""Seconds that a peer may take for one graph."""


@dataclass(frozen=True)
class Problem:
    """Boxes (width, height) in evaluation order and edges between their numbers."""

    name: str
    sizes: list[tuple[float, float]]
    edges: list[tuple[int, int]]


@dataclass(frozen=True)
class Drawn:
    """What one engine drew, and the seconds it took."""

    lines: list[Line]
    boxes: list[tuple[float, float]]
    seconds: float
    portals: int = 0


def equations(name: str, graph: Graph) -> Problem:
    """One box an equation, as wide as its primitive's name needs."""
    makers = {r: k for k, e in enumerate(graph.equations) for r in e.results}
    edges = {
        (makers[o], k): None
        for k, e in enumerate(graph.equations)
        for o in e.operands
        if not isinstance(o, Literal) and o in makers
    }
    sizes = [(max(52.0, 7.4 * len(e.primitive) + 22), 40.0) for e in graph.equations]
    return Problem(name, sizes, list(edges))


def perceptron() -> Problem:
    def loss(weights, x):
        for w, b in weights:
            x = jnp.tanh(x @ w + b)
        return jnp.sum(x**2)

    weights = [(jnp.ones((4, 4)), jnp.ones(4)) for _ in range(4)]
    return equations("gradient of an MLP of 4 layers", dl.graph(jax.value_and_grad(loss), weights, jnp.ones((5, 4))))


def roe() -> Problem:
    problem = dl.zoo.load("roe_flux_1d")
    return equations(
        "gradient of the Roe flux, 1-d",
        dl.graph(
            jax.grad(lambda *a: sum(jnp.sum(leaf) for leaf in jax.tree.leaves(problem.function(*a)))),
            *problem.arguments(),
        ),
    )


def orbit(steps: int = 12) -> Problem:
    """Lotka and Volterra's equations by Runge and Kutta's method, every step written out, and their gradient."""

    def slope(state):
        x, y = state
        return 1.1 * x - 0.4 * x * y, 0.1 * x * y - 0.4 * y

    def moved(state, way, by):
        return tuple(s + by * w for s, w in zip(state, way, strict=True))

    def final(state):
        for _ in range(steps):
            a = slope(state)
            b = slope(moved(state, a, 0.05))
            state = moved(moved(state, a, 0.05), b, 0.05)
        return state[0] + state[1]

    return equations("gradient of an ODE, steps written out", dl.graph(jax.value_and_grad(final), (1.0, 1.0)))


def transformer(layers: int) -> Problem:
    step, arguments = training_step(layers)
    return equations(f"training step of a transformer, {layers} layer{'s' * (layers > 1)}", dl.graph(step, *arguments))


def chain(count: int = 1000) -> Problem:
    """A seeded chain with skips: 1.3 edges a box, every thirtieth of them long."""
    draw = random.Random(4)
    edges: dict[tuple[int, int], None] = {}
    for k in range(1, count):
        edges[max(0, k - 1 - int(draw.expovariate(0.5))), k] = None
        if draw.random() < 0.3:
            back = draw.randint(2, 400) if draw.random() < 0.13 else draw.randint(2, 12)
            edges[max(0, k - back), k] = None
    return Problem(
        "seeded chain with skips", [(draw.choice((52.0, 80.0, 110.0)), 40.0) for _ in range(count)], list(edges)
    )


def problems() -> list[Problem]:
    return [perceptron(), roe(), transformer(1), orbit(), chain(), transformer(4)]


def ours(problem: Problem, portal: int = placing.PORTAL) -> Drawn:
    sizes = {str(k): size for k, size in enumerate(problem.sizes)}
    edges = [(str(a), str(b)) for a, b in problem.edges]
    best, placed = np.inf, None
    for _ in range(3):
        start = time.perf_counter()
        placed = place(sizes, edges, portal=portal)
        best = min(best, time.perf_counter() - start)
        if best > 2:
            break
    assert placed is not None
    return Drawn(list(placed.routes.values()), [placed.centres[n] for n in sizes], best, len(placed.portals))


def graphviz(problem: Problem) -> Drawn:
    """dot, with its splines cut into short straight pieces. Less the time of a run on an almost empty graph."""
    boxes = [f"{k} [width={w / 72},height={h / 72}]" for k, (w, h) in enumerate(problem.sizes)]
    style = 'node [shape=box,fixedsize=true,label=""];edge [arrowhead=none]'
    text = "digraph {{nodesep={};ranksep={};" + style + ";{} {}}}"
    text = text.format(22 / 72, 34 / 72, ";".join(boxes), ";".join(["", *(f"{a}->{b}" for a, b in problem.edges)]))
    empty = min(_dot("digraph { a -> b }")[1] for _ in range(5))
    plain, seconds = min((_dot(text) for _ in range(2)), key=lambda found: found[1])
    boxes_at, routes = {}, {}
    for words in map(str.split, plain.replace("\\\n", "").splitlines()):
        if words[0] == "node":
            boxes_at[int(words[1])] = (72 * float(words[2]), 72 * float(words[3]))
        elif words[0] == "edge":
            numbers = [72 * float(w) for w in words[4 : 4 + 2 * int(words[3])]]
            points = list(zip(numbers[::2], numbers[1::2], strict=True))
            routes[int(words[1]), int(words[2])] = _flattened(points)
    return Drawn(
        [routes[e] for e in problem.edges], [boxes_at[k] for k in range(len(problem.sizes))], max(seconds - empty, 0.0)
    )


def _dot(text: str) -> tuple[str, float]:
    start = time.perf_counter()
    run = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True, timeout=LIMIT, check=True)
    return run.stdout, time.perf_counter() - start


def _flattened(points: list[tuple[float, float]], pieces: int = 12) -> Line:
    """The points of a chain of cubic Bézier curves."""
    corners, t = np.array(points), np.linspace(0, 1, pieces + 1)[1:, None]
    line = [corners[:1]]
    for k in range(0, len(corners) - 1, 3):
        a, b, c, d = corners[k : k + 4]
        line.append(a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t**2 * (1 - t) + d * t**3)
    return [(float(x), float(y)) for x, y in np.concatenate(line)]


def node_peer(engine: str, where: Path) -> Callable[[Problem], Drawn]:
    def draw(problem: Problem) -> Drawn:
        question = json.dumps({"nodes": problem.sizes, "edges": problem.edges})
        run = subprocess.run(
            ["node", "--stack-size=4000", "peer.mjs", engine],
            cwd=where, input=question, capture_output=True, text=True, timeout=LIMIT, check=True,
        )  # fmt: skip
        found = json.loads(run.stdout)
        return Drawn(found["edges"], found["nodes"], found["seconds"])

    return draw


@pytest.fixture(scope="module")
def peers(tmp_path_factory) -> dict[str, Callable[[Problem], Drawn] | str]:
    """How each peer draws, or why it does not."""
    found: dict[str, Callable[[Problem], Drawn] | str] = {}
    found["dot"] = graphviz if shutil.which("dot") else "no dot here"
    where = tmp_path_factory.mktemp("peers")
    for name in ("package.json", "peer.mjs"):
        shutil.copy(PEERS / name, where)
    why = "no node here"
    if shutil.which("npm") and shutil.which("node"):
        run = subprocess.run(
            ["npm", "install", "--silent", "--no-package-lock"], cwd=where, capture_output=True, text=True
        )
        why = "" if run.returncode == 0 else "npm could not install it"
    return found | {name: why or node_peer(engine, where) for name, engine in (("ELK", "elk"), ("dagre", "dagre"))}


def row(problem: Problem, name: str, draw: Callable[[Problem], Drawn] | str) -> list[object]:
    head = [f"{problem.name} ({len(problem.sizes):,} boxes, {len(problem.edges):,} edges)", name]
    if isinstance(draw, str):
        return [*head, draw, "", "", "", ""]
    try:
        drawn = draw(problem)
    except subprocess.TimeoutExpired:
        return [*head, "", "", "", f"> {LIMIT} s", ""]
    except subprocess.CalledProcessError:
        return [*head, "failed", "", "", "", ""]
    across, down = np.ptp(np.array(drawn.boxes), axis=0)
    return [
        *head, crossings(drawn.lines), f"{length(drawn.lines) / 1000:,.0f}", f"{across:,.0f} × {down:,.0f}",
        f"{drawn.seconds:.3f}", drawn.portals or "",
    ]  # fmt: skip


@pytest.mark.slow
def test_table(peers, capsys):
    drawers = {"ours": ours, "ours, all edges": lambda p: ours(p, portal=10**9), **peers}
    rows = []
    for problem in problems():
        for name, draw in drawers.items():
            rows.append(row(problem, name, draw))
            with capsys.disabled():
                print(rows[-1], flush=True)
    head = ("graph", "drawn by", "crossings", "edge length, 1,000 px", "size, px", "seconds", "portals")
    text = table(head, rows)
    with capsys.disabled():
        print(record("Layout", f"`make bench` on {machine('graphlay', 'jax')}. {HOW}\n\n{text}"))
    assert all(r[2] != "failed" for r in rows)
