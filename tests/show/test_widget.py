"""The widget: one focus for all that is known about a graph, messages that cannot break it, pictures beside it."""

import base64
import json
import re
import xml.etree.ElementTree as ElementTree

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import difflab as dl
from difflab.core.errors import CaptureError
from difflab.show.render import html, mimebundle, title, widget
from difflab.show.widget import Widget

X = np.array([0.3, -0.7, 1.1], np.float32)


def loss(x):
    hidden = jnp.tanh(x)
    return jnp.sum(hidden * jax.nn.relu(x))


@pytest.fixture(scope="module")
def lab():
    return dl.lab(loss, X)


def replies(shown: Widget, *messages):
    """What the kernel answers to messages of the front end."""
    sent = []
    shown.send = lambda content, buffers=None: sent.append((content, buffers))
    for message in messages:
        shown._handle_custom_msg(message, [])
    return sent


def test_the_lab_has_four_views_on_one_graph(lab):
    shown = lab.widget()
    assert shown.views == ["graph", "check", "adjoint", "elimination"]
    assert lab.graph is lab.check.graph is lab.adjoint.graph is lab.elimination.graph
    assert all(getattr(shown, view) for view in shown.views)


def test_views_of_one_graph_share_their_focus(lab):
    whole, drawing, tape = lab.widget(), lab.graph.widget(), lab.adjoint.widget()
    whole.select("0")
    assert drawing.selection == tape.selection == "0"
    tape.go("adjoint", 3)
    assert whole.cursor["steps"]["adjoint"] == 3
    other = dl.graph(loss, X).widget()
    assert other.selection is None


def test_one_object_has_one_widget(lab):
    assert lab.widget() is lab.widget(height=300)
    assert lab.widget().height == 300
    with pytest.raises(ValueError, match="views, which are graph, check, adjoint, elimination"):
        lab.widget(view="source")


def test_a_scope_is_drawn_when_it_is_asked_for(lab):
    node = next(e for e in lab.graph.equations if e.kind == "custom_jvp")
    ((answer, _),) = replies(lab.graph.widget(), {"kind": "scope", "id": f"{node.id}.0"})
    assert answer["kind"] == "scope" and answer["scope"]["id"] == f"{node.id}.0"
    assert set(answer["nodes"]) >= {f"{node.id}.0/0"}


def test_an_array_travels_as_bytes(lab):
    ((answer, buffers),) = replies(lab.adjoint.widget(), {"kind": "array", "step": 0, "which": "primal"})
    np.testing.assert_allclose(np.frombuffer(buffers[0], np.float64), np.tanh(X), rtol=1e-6)
    assert answer["shape"] == [3]


@pytest.mark.parametrize(
    "message",
    [{"kind": "dance"}, {}, {"kind": "scope", "id": "99.7"}, {"kind": "scope"}, {"kind": "eliminate", "vertex": "x"}],
)
def test_a_bad_message_is_answered_with_its_reason_and_breaks_nothing(lab, message):
    shown = lab.widget()
    ((answer, _),) = replies(shown, message)
    assert answer["kind"] == "error" and answer["text"]
    ((good, _),) = replies(shown, {"kind": "scope", "id": ""})
    assert good["kind"] == "scope"


def test_playing_in_the_widget_moves_the_object_behind_it(lab):
    shown = lab.widget()
    vertex = lab.elimination.remaining[0]
    assert replies(shown, {"kind": "eliminate", "vertex": vertex}) == []
    assert shown.shown["elimination"].order == (vertex,)
    assert lab.elimination.order == (), "the object that was shown stays as it was"
    assert shown.cursor["steps"]["elimination"] == 1


def test_a_notebook_gets_widget_picture_and_words(lab):
    for shown in (lab, lab.graph, lab.check, lab.adjoint, lab.elimination):
        data, _ = mimebundle(shown)
        assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
        picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', data["text/html"])
        assert ElementTree.fromstring(base64.b64decode(picture[1])).tag.endswith("svg")
        assert "0x" not in data["text/plain"] and data["text/plain"].strip()


def test_the_page_carries_everything_and_asks_for_nothing(lab, tmp_path):
    path = tmp_path / "lab.html"
    page = lab.to_html(str(path))
    assert path.read_text() == page
    state = json.loads(re.search(r'<script type="application/json" id="state">(.*?)</script>', page, re.S)[1])
    assert state["views"] == lab.widget().views
    assert not re.search(r'(src|href)="https?:', page)
    assert "<script" not in re.search(r"<noscript>(.*?)</noscript>", page, re.S)[1]


def test_names_cannot_break_out_of_the_page():
    program = dl.graph(lambda x: x["</script><b>"] * 2, {"</script><b>": 1.0})
    page = html(program)
    assert "</script><b>" not in page


def test_a_lab_that_cannot_work_says_so_in_its_own_tab():
    found = dl.lab(lambda n: n + 1, 3)
    assert len(found.graph) == 1
    for part in (found.check, found.adjoint, found.elimination):
        assert "no argument" in str(part) and "floats" in str(part)
    assert "failed" in found.widget().adjoint
    assert "no argument" in str(found)


def test_a_lab_of_a_function_without_arguments_still_draws():
    found = dl.lab(lambda: jnp.arange(3.0).sum())
    assert found.widget().graph["counts"]["equations"] >= 1
    assert "no array arguments" in found.widget().check["failed"]


def test_a_function_that_does_not_trace_raises_its_own_error():
    def bad(x):
        return x if x > 0 else -x

    with pytest.raises(CaptureError, match=r"in .*bad: return x if x > 0 else -x"):
        dl.lab(bad, 1.0)


@pytest.mark.parametrize("x", [np.zeros((0, 3), np.float32), np.array([np.nan, 1.0], np.float32), np.float32(2.0)])
def test_empty_arrays_nans_and_scalars_are_shown(x):
    found = dl.lab(lambda v: jnp.sum(jnp.sin(v)), x)
    data, _ = mimebundle(found)
    assert json.dumps({view: getattr(found.widget(), view) for view in found.widget().views}, allow_nan=False)
    assert data["text/plain"]


def test_a_very_large_function_is_not_checked_unasked(monkeypatch):
    monkeypatch.setattr("difflab.show.lab.CHECKED", 3)
    found = dl.lab(loss, X)
    assert "equations; up to 3 are checked" in found.widget().check["failed"]
    assert found.adjoint.steps > 0


def test_titles_stay_short():
    assert title(dl.graph(loss, X)) == "loss(x: f32[3])"
    many = dl.graph(lambda *xs: sum(xs), *([1.0] * 9))
    assert title(many) == "λ(xs[0]: f32[], … 8 more)"


def test_a_widget_is_closed_and_made_anew():
    program = dl.graph(loss, X)
    first = widget(program)
    first.close()
    assert widget(program) is not first
