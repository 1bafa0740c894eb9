"""What a view says of real functions: overlays that need numbers, a lab's own trace, partial and large graphs."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import difflab as dl
from difflab.core.call import call
from difflab.core.capture import capture
from difflab.core.errors import CaptureError
from difflab.show.graph import GraphView
from difflab.show.render import text

X = np.array([0.2, 0.7, -0.4], np.float32)


def rooted(x):
    with jax.named_scope("root"):
        y = jnp.sqrt(x * 2.0)
    return jnp.sum(y * x)


def stops(x):
    with jax.named_scope("body"):
        y = jnp.sin(x) * 2.0
    return y if y.sum() > 0 else -y


def failed(f, *args):
    with pytest.raises(CaptureError) as caught:
        dl.graph(f, *args)
    return caught.value.graph


@pytest.fixture(scope="module")
def view():
    at = call(rooted, X)
    made = GraphView(capture(at), at)
    made.section()
    return made


@pytest.mark.parametrize("name", ["value", "gradient"])
def test_a_nan_is_said_in_words(view, name):
    answer = json.loads(json.dumps(view.answer({"kind": "overlay", "id": name}), allow_nan=False))
    assert answer["overlay"]["ready"]
    assert "NaN" in [figure for figures in answer["figures"].values() for figure in figures]


def test_times_are_positive(view):
    answer = view.answer({"kind": "overlay", "id": "time"})
    assert answer["overlay"]["total"] > 0
    assert any(figure is not None and figure > 0 for figure in answer["figures"][""])


@pytest.mark.parametrize("name", ["value", "gradient", "time"])
def test_shapes_have_no_values_and_the_error_says_what_to_pass(name):
    with pytest.raises(TypeError, match=r"argument x .* is a shape .*; pass an array"):
        dl.graph(rooted, jax.ShapeDtypeStruct((3,), np.float32)).to_svg(overlay=name)


def test_a_lab_passes_its_trace_so_values_are_ready():
    found = dl.lab(rooted, np.abs(X))
    overlays = {overlay["id"]: overlay for overlay in found.widget().graph["overlays"]}
    assert overlays["value"]["ready"] and overlays["gradient"]["ready"]
    assert not overlays["time"]["ready"]


@pytest.mark.parametrize(("name", "said"), [("kept", "Kept for backward, 24 B in all"), ("value", "Values, norm")])
def test_a_picture_carries_an_overlay_and_its_legend(name, said):
    picture = dl.graph(jax.grad(rooted), np.abs(X)).to_svg(overlay=name)
    assert said in picture and 'class="f"' in picture


def test_a_partial_graph_has_costs_and_a_picture_of_them():
    partial = failed(stops, X)
    assert partial.costs().total.equations == partial.size == 4
    assert "FLOPs" in partial.to_svg(overlay="flops") and "stopped here" in partial.to_svg(overlay="flops")


@pytest.mark.parametrize(
    "f",
    [
        lambda x: jax.vmap(stops)(x[None]),
        lambda x: jax.lax.scan(lambda c, t: (jax.jit(stops)(c) * t, None), x, x)[0],
        lambda x: jax.jit(lambda y: jax.vmap(jax.jit(stops))(y))(x[None]),
    ],
    ids=["vmap", "jit in scan", "jit in vmap in jit"],
)
def test_a_failure_deep_inside_is_shown_and_names_its_line(f):
    partial = failed(f, X)
    assert partial.failure.source.text == "return y if y.sum() > 0 else -y"
    assert "return y if y.sum() &gt; 0 else -y" in partial.to_svg()
    section = partial.widget().graph
    assert section["failure"]["source"]["function"] == "stops"
    json.dumps(section, allow_nan=False)


def test_the_text_of_a_partial_graph_ends_where_the_trace_did():
    assert text(failed(stops, X)).splitlines()[-1].strip().startswith("✗ test_answers.py:")


def test_the_text_of_a_large_graph_is_short_and_says_how_to_have_it_all():
    def large(x):
        for k in range(150):
            with jax.named_scope(f"layer{k}"):
                x = jnp.tanh(jnp.sin(x) * 2.0)
        return x

    lines = text(dl.graph(large, X)).splitlines()
    assert len(lines) < 100 and lines[-1] == "print(graph) has all 450 equations"
    assert all(len(line) <= 160 for line in lines)


def test_a_comparison_has_a_widget_of_its_own_and_a_page():
    found = dl.graph(rooted, X).compare(dl.graph(lambda x: jnp.sum(jnp.sqrt(x) * 2.0), X))
    state = found.widget()
    assert state.views == ["graph"] and state.graph["overlay"] == "change"
    assert {"changes", "layered"} <= set(state.graph["arrangements"])
    assert {"added", "same"} & set(state.graph["counts"])
    page = found.to_html()
    assert "rooted → " in page and 'id="archive"' in page
