"""A comparison is drawn as one graph, every box that differs with a sign."""

from xml.etree import ElementTree

import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.capture import graph
from difflab.core.errors import CaptureError
from difflab.show.difference import WORDS, title, view

VECTOR = np.array([0.3, -1.2, 2.0], np.float32)
SVG = "{http://www.w3.org/2000/svg}"


def before(x):
    y = jnp.tanh(x)
    return jnp.exp(y) * 2.0


def after(x):
    y = jnp.tanh(x)
    return (y + 1.0) * 3.0


@pytest.fixture(scope="module")
def found():
    return graph(before, VECTOR).compare(graph(after, VECTOR))


def test_the_picture_is_well_formed_and_the_same_again(found):
    picture = found.to_svg()
    ElementTree.fromstring(picture)
    assert picture == graph(before, VECTOR).compare(graph(after, VECTOR)).to_svg()
    assert "<script" not in picture


def test_every_box_that_differs_has_a_colour_and_a_sign(found):
    root = ElementTree.fromstring(found.to_svg())
    marked = [e.get("class").split()[1] for e in root.iter(f"{SVG}rect") if (e.get("class") or "").startswith("m ")]
    equations = [status for node, status in found.status.items() if status != "same" and node.isdigit()]
    assert sorted(marked) == sorted(equations)
    signs = [e.text for e in root.iter(f"{SVG}text") if e.get("class") == "sg"]
    assert len(signs) == len(marked) + 3  # and the legend's
    assert set(signs) == {"+", "−", "~"}


def test_the_title_says_what_is_compared(found):
    assert title(found) == "before → after"
    assert "<title>before → after</title>" in found.to_svg()


def test_the_section_has_the_overlay_of_changes(found):
    section = view(found).section()
    assert "changes" in section["arrangements"]
    overlay = next(o for o in section["overlays"] if o["id"] == "change")
    assert overlay["words"] == WORDS
    scope = section["scopes"][""]
    figures = dict(zip([item["id"] for item in scope["items"]], scope["figures"]["change"], strict=True))
    for node, status in found.status.items():
        if node.isdigit():
            assert figures[node] == status


def test_the_inspector_says_what_changed(found):
    nodes = view(found).section()["nodes"]
    node = next(node for node, told in found.details.items() if node.isdigit())
    assert ["change", "; ".join(found.details[node])] in nodes[node]["notes"]


def test_a_comparison_shows_itself(found):
    data, _ = found._repr_mimebundle_()
    assert data["text/plain"].startswith("before → after: ")
    assert "image/svg+xml" in data["text/html"]
    assert "before → after" in found.to_html()


def test_the_picture_of_a_partial_graph_says_where_it_stopped():
    def stops(x):
        y = jnp.sin(x)
        return y if y.sum() > 0 else -y

    with pytest.raises(CaptureError) as caught:
        graph(stops, VECTOR)
    picture = caught.value.graph.to_svg()
    words = [e.text for e in ElementTree.fromstring(picture).iter(f"{SVG}text")]
    assert "the trace stopped here" in words
    assert any("return y if y.sum() > 0 else -y" in word for word in words)
