"""The fold layout: what holds of every drawing, and the small gradients that everybody knows."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.show.fold import fold
from difflab.show.place import PORTAL, Placement, place
from tests.show.test_place import Edges, Sizes, assert_sound, drawings


@st.composite
def sweeps(draw) -> tuple[Sizes, Edges, dict[str, str | None], dict[str, str]]:
    """Any drawing, any phases, any pairs of a reverse item with a forward one."""
    sizes, edges = draw(drawings(24))
    phase = st.sampled_from(["forward", "reverse", None])
    phases = {name: draw(phase) for name in sizes}
    forward = [name for name in sizes if phases[name] == "forward"]
    reverse = [name for name in sizes if phases[name] == "reverse"]
    pairs = {name: draw(st.sampled_from(forward)) for name in reverse if forward and draw(st.booleans())}
    return sizes, edges, phases, pairs


@st.composite
def gradients(draw) -> tuple[Sizes, Edges, dict[str, str | None], dict[str, str]]:
    """A random expression and its reverse sweep: each step of it, its transpose, and the residual between them."""
    count = draw(st.integers(2, 10))
    sizes: Sizes = {f"f{k}": (draw(st.sampled_from([52.0, 90.0])), 28.0) for k in range(count)}
    sizes |= {f"r{k}": (60.0, 28.0) for k in reversed(range(count))}
    forward = {(draw(st.integers(max(0, k - 3), k - 1)), k) for k in range(1, count)}
    kept = [k for k in range(count) if draw(st.booleans())]
    edges = [(f"f{a}", f"f{b}") for a, b in sorted(forward)]
    edges += [(f"r{b}", f"r{a}") for a, b in sorted(forward)]
    edges += [(f"f{k}", f"r{k}") for k in kept]
    return sizes, edges, *sweeps_of(sizes)


def sweeps_of(sizes: Sizes) -> tuple[dict[str, str | None], dict[str, str]]:
    """Phases and pairs of items that are called `f0`, `f1`, … and `r0`, `r1`, …"""
    phases: dict[str, str | None] = {name: "forward" if name[0] == "f" else "reverse" for name in sizes}
    return phases, {name: f"f{name[1:]}" for name in sizes if name[0] == "r"}


def height(placed: Placement, name: str) -> float:
    return placed.centres[name][1]


@settings(max_examples=25, deadline=None)
@given(sweeps())
def test_whatever_the_phases_boxes_are_apart_and_edges_run_past_them(drawing):
    sizes, edges, phases, pairs = drawing
    placed = fold(sizes, edges, phases, pairs)
    assert_sound(placed, sizes, edges)
    for a, b in edges:
        if phases[a] == phases[b] == "forward":
            assert height(placed, a) < height(placed, b)


@settings(max_examples=20, deadline=None)
@given(gradients())
def test_forward_runs_down_reverse_runs_up_and_each_step_is_level_with_its_primal(drawing):
    sizes, edges, phases, pairs = drawing
    placed = fold(sizes, edges, phases, pairs)
    assert_sound(placed, sizes, edges)
    for a, b in edges:
        if phases[a] == phases[b]:
            assert (height(placed, a) < height(placed, b)) == (phases[a] == "forward")
    for reverse, forward in pairs.items():
        assert height(placed, reverse) == height(placed, forward)
        assert placed.centres[reverse][0] > placed.centres[forward][0]


@settings(max_examples=20, deadline=None)
@given(sweeps())
def test_a_reverse_step_never_stands_below_the_reverse_steps_it_reads(drawing):
    sizes, edges, phases, pairs = drawing
    placed = fold(sizes, edges, phases, pairs)
    for a, b in edges:
        if phases[a] == phases[b] == "reverse":
            assert height(placed, b) < height(placed, a)


@settings(max_examples=20, deadline=None)
@given(sweeps())
def test_the_same_graph_gives_the_same_drawing(drawing):
    assert fold(*drawing) == fold(*drawing)


def test_without_a_reverse_sweep_it_is_the_layered_drawing():
    sizes = dict.fromkeys("abc", (60.0, 40.0))
    edges = [("a", "b"), ("a", "c")]
    assert fold(sizes, edges, dict.fromkeys("abc", "forward"), {}) == place(sizes, edges)


def test_residuals_of_a_long_chain_are_level_where_layers_need_portals():
    count = PORTAL + 10
    sizes = {f"f{k}": (60.0, 40.0) for k in range(count)} | {f"r{k}": (60.0, 40.0) for k in reversed(range(count))}
    edges = [(f"f{k}", f"f{k + 1}") for k in range(count - 1)]
    edges += [(f"f{count - 1}", f"r{count - 1}")]
    edges += [(f"r{k + 1}", f"r{k}") for k in range(count - 1)] + [(f"f{k}", f"r{k}") for k in range(count - 1)]
    folded = fold(sizes, edges, *sweeps_of(sizes))
    assert folded.portals == () and place(sizes, edges).portals
    for k in range(count):
        start, end = folded.routes[f"f{k}", f"r{k}"]
        assert start[1] == end[1]


def test_what_comes_out_of_the_reverse_sweep_starts_level_with_it():
    sizes = dict.fromkeys(("x", "f", "g", "s", "r", "update", "out"), (60.0, 40.0))
    edges = [("x", "f"), ("f", "g"), ("s", "r"), ("f", "r"), ("r", "update"), ("update", "out")]
    placed = fold(sizes, edges, {"f": "forward", "g": "forward", "s": "reverse", "r": "reverse"}, {"r": "f"})
    assert height(placed, "update") == height(placed, "r") < height(placed, "out")
    assert placed.centres["x"][0] < placed.centres["r"][0] < placed.centres["update"][0]


def test_residual_edges_are_shorter_than_in_layers():
    """The gradient of a three-layer perceptron, each item an equation."""
    sizes, edges, phases = _perceptron()
    folded, layered = fold(sizes, edges, phases, {}), place(sizes, edges)
    kept = [(a, b) for a, b in edges if phases[a] == "forward" and phases[b] == "reverse"]
    assert len(kept) >= 5
    assert sum(abs(height(folded, a) - height(folded, b)) for a, b in kept) < 0.4 * sum(
        abs(height(layered, a) - height(layered, b)) for a, b in kept
    )


def _perceptron() -> tuple[Sizes, Edges, dict[str, str | None]]:
    def loss(weights, x):
        for w in weights:
            x = jnp.tanh(x @ w)
        return jnp.sum(x**2)

    program = jax.make_jaxpr(jax.grad(loss))([jnp.ones((4, 4))] * 3, jnp.ones((5, 4)))
    makers: dict[object, str] = {}
    sizes: Sizes = {}
    edges: Edges = []
    phases: dict[str, str | None] = {}
    for k, equation in enumerate(program.eqns):
        sizes[str(k)] = (80.0, 40.0)
        stack = str(equation.source_info.name_stack)
        phases[str(k)] = "reverse" if "transpose" in stack else "forward" if "jvp" in stack else None
        edges += dict.fromkeys((makers[v], str(k)) for v in equation.invars if not hasattr(v, "val") and v in makers)
        makers.update(dict.fromkeys(equation.outvars, str(k)))
    return sizes, edges, phases
