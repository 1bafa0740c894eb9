"""Figures over the drawing: what is ready, what has to be computed, how they add up, what the inspector reads."""

import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from difflab.core.call import call
from difflab.core.capture import capture
from difflab.core.errors import CaptureError
from difflab.labs.adjoint import inspect_call
from difflab.show.overlays import ExtraOverlay, Overlays
from difflab.show.scopes import Scope, ScopeTree

X = np.linspace(0.1, 0.9, 8, dtype=np.float32)
W = np.eye(8, dtype=np.float32)
IDS = ["flops", "bytes", "kept", "dtype", "value", "gradient", "time"]


def network(w, x):
    with jax.named_scope("layer"):
        h = jnp.tanh(w @ x)
        h = jax.jit(lambda h: jnp.sin(h).astype(jnp.bfloat16))(h)
    total = lax.scan(lambda c, a: (c * jnp.cos(a), None), 1.0, x)[0]
    return h.astype(jnp.float32).sum() + total


def made(f=network, *args) -> Overlays:
    at = call(f, *(args or (W, X)))
    return Overlays(capture(at), at)


def test_counts_are_ready_at_once_and_the_rest_on_demand():
    overlays = made()
    assert [o["id"] for o in overlays.wire()] == IDS
    assert [o["id"] for o in overlays.wire() if o["ready"]] == ["flops", "bytes", "dtype"]
    assert set(overlays.figures(overlays.graph, "", [0])) == {"flops", "bytes", "dtype"}


def test_xla_counts_too_once_it_is_asked():
    overlays = made()
    assert [o["id"] for o in overlays.wire() if o["more"]] == ["flops", "bytes"]
    overlays.compute("flops")
    notes = {o["id"]: o["note"] for o in overlays.wire()}
    assert re.search(r"^XLA: [\d.]+ k?FLOP, a loop body once, and \d+ transcendentals\. Operations", notes["flops"])
    assert re.search(r"^XLA: [\d.]+ (Ki)?B, a loop body once\. Bytes", notes["bytes"])
    assert not any(o["more"] for o in overlays.wire()) and "XLA" not in notes["kept"]


def test_xla_is_not_asked_of_two_programs_nor_of_a_large_or_unfinished_one(monkeypatch):
    def broken(w, x):
        return jnp.sin(x) + w.missing

    with pytest.raises(CaptureError) as caught:
        made(broken)
    overlays = [Overlays(capture(call(network, W, X)), program=False), Overlays(caught.value.graph)]
    monkeypatch.setattr("difflab.show.overlays.LOWERED", 2)
    for one in (*overlays, made()):
        one.compute("flops")
        assert not any("XLA" in o["note"] or o["more"] for o in one.wire())


def test_where_xla_cannot_count_the_overlay_says_why(monkeypatch):
    def refuse(graph):
        raise NotImplementedError("no lowering of this primitive")

    monkeypatch.setattr("difflab.show.overlays.xla", refuse)
    overlays = made()
    overlays.compute("bytes")
    assert overlays.wire()[1]["note"].startswith("XLA does not count it: NotImplementedError: no lowering")


def test_a_gradient_has_its_residuals_at_once():
    assert made(jax.grad(network), W, X).ready("kept")


@pytest.mark.parametrize("id", ["kept", "value", "gradient", "time"])
def test_what_is_computed_is_ready_then_and_has_figures(id: str):
    overlays = made()
    overlays.compute(id)
    assert overlays.ready(id)
    figures = overlays.figures(overlays.graph, "", range(len(overlays.graph)))
    assert figures[id] > 0
    assert id in [note[0].lower() for note in overlays.notes(overlays.graph, "", 1)] or id == "kept"


def test_a_given_trace_makes_values_ready():
    at = call(network, W, X)
    overlays = Overlays(capture(at), at, inspect_call(at))
    assert overlays.ready("value") and overlays.ready("gradient")


def test_the_wire_is_json_with_the_keys_of_the_contract():
    overlays = made()
    overlays.compute("value")
    for entry in json.loads(json.dumps(overlays.wire(), allow_nan=False)):
        assert set(entry) == {"id", "name", "unit", "scale", "total", "note", "words", "ready", "more"}
        assert entry["scale"] in ("quantity", "category")


def test_precision_words_cover_every_category():
    overlays = made()
    (entry,) = [o for o in overlays.wire() if o["id"] == "dtype"]
    found = {overlays.figures(overlays.graph, "", [k])["dtype"] for k in range(len(overlays.graph))} - {None}
    assert found <= set(entry["words"]) and "f32→bf16" in found
    assert next(iter(entry["words"])) == "f32→bf16"


def test_special_values_are_words_and_nan_is_the_worst():
    def f(x):
        zero = x - x
        infinite = 1 / zero
        return infinite, infinite - infinite, x

    overlays = made(f, np.ones(3, np.float32))
    overlays.compute("value")
    each = [overlays.figures(overlays.graph, "", [k])["value"] for k in range(3)]
    assert each == ["zero", "Inf", "NaN"]
    assert overlays.figures(overlays.graph, "", [0, 1])["value"] == "Inf"
    assert overlays.figures(overlays.graph, "", [0, 1, 2])["value"] == "NaN"


def test_a_gradient_that_never_comes_is_nothing_to_say():
    overlays = made(lambda x: (jnp.floor(x).astype(jnp.int32), x * 2)[1], np.float32(2.5))
    overlays.compute("gradient")
    assert overlays.figures(overlays.graph, "", [0])["gradient"] is None
    assert ["gradient", "none"] in overlays.notes(overlays.graph, "", 0)


@pytest.mark.parametrize("id", ["value", "gradient", "time"])
def test_shapes_cannot_be_run_and_the_error_names_the_argument(id: str):
    overlays = made(jnp.sin, jax.ShapeDtypeStruct((3,), np.float32))
    with pytest.raises(TypeError, match=r"argument x .* is a shape"):
        overlays.compute(id)
    overlays.compute("kept")
    assert overlays.figures(overlays.graph, "", [0])["kept"] == 12


def test_a_graph_without_its_call_says_how_to_get_one():
    with pytest.raises(TypeError, match=r"dl.graph\(f, \*args\)"):
        Overlays(made().graph).compute("time")


def test_an_unknown_overlay_is_refused_with_the_known_ones():
    with pytest.raises(KeyError, match="flops, bytes"):
        made().compute("colour")


def test_notes_speak_in_units():
    overlays = made(jax.jit(lambda a: jnp.sin(a @ a).astype(jnp.bfloat16)), np.ones((32, 32), np.float32))
    overlays.compute("kept")
    notes = dict(overlays.notes(overlays.graph, "", 0))
    assert notes["FLOPs"] == "66.6 kFLOP, exact"
    assert notes["precision"] == "f32→bf16 loses 16 of 24 bits"
    assert notes["kept"].startswith("4 KiB for the backward pass: f32[32,32] for the derivative of sin")


def test_inside_a_loop_figures_are_of_all_trips():
    overlays = made()
    (loop,) = [e for e in overlays.graph.equations if e.kind == "scan"]
    body = loop.bodies[0].graph
    outside = overlays.figures(overlays.graph, "", [loop.id])
    inside = overlays.figures(body, f"{loop.id}.0/", range(len(body)))
    assert inside == outside
    assert any("8 times" in text for _, text in overlays.notes(body, f"{loop.id}.0/", 0))


def test_an_extra_overlay_shows_the_worst_of_what_is_inside():
    status = {"0": "same", "2": "same", "2.0/0": "changed", "4": "added"}
    extra = ExtraOverlay("change", "Change", status, {"added": "only after"}, ("removed", "added", "changed", "same"))
    at = call(network, W, X)
    overlays = Overlays(capture(at), at, extra=[extra])
    figures = [overlays.figures(overlays.graph, "", [k])["change"] for k in range(5)]
    assert figures == ["same", None, "changed", None, "added"]
    assert overlays.figures(overlays.graph, "", range(5))["change"] == "added"
    assert overlays.wire()[-1]["id"] == "change"
    assert ["change", "only after"] in overlays.notes(overlays.graph, "", 4)


def test_times_are_of_what_was_run_and_loops_are_whole():
    overlays = made()
    overlays.compute("time")
    (loop,) = [e for e in overlays.graph.equations if e.kind == "scan"]
    (inner,) = [e for e in overlays.graph.equations if e.kind == "jit"]
    assert overlays.figures(overlays.graph, "", [loop.id])["time"] > 0
    assert overlays.figures(loop.bodies[0].graph, f"{loop.id}.0/", [0])["time"] is None
    assert overlays.figures(inner.bodies[0].graph, f"{inner.id}.0/", [0])["time"] > 0


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from([jnp.sin, jnp.exp, jnp.cumsum, jax.nn.softplus]), min_size=1, max_size=6))
def test_a_closed_scope_is_the_sum_of_its_members(steps: list):
    def f(x):
        for k, step in enumerate(steps):
            with jax.named_scope(f"step{k % 2}"):
                x = step(step(x))
        return x

    overlays = made(f, X)
    overlays.compute("kept")
    root = ScopeTree(overlays.graph).root
    whole = overlays.figures(overlays.graph, "", root.equations())
    parts = [overlays.figures(overlays.graph, "", m.equations() if isinstance(m, Scope) else [m]) for m in root.members]
    for id in ("flops", "bytes", "kept"):
        assert whole[id] == sum(part[id] for part in parts)
    (total,) = [o["total"] for o in overlays.wire() if o["id"] == "kept"]
    assert whole["kept"] == total
