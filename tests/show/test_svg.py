"""The static picture of a graph: all that a section says is drawn, legibly, and nothing by colour alone."""

import re

import pytest

from difflab.show.svg import graph_svg


def section(**parts: object) -> dict:
    """A graph section as the wire has it, with all that a picture can say."""

    def item(name: str, y: float, **more: object) -> dict:
        return {"id": name, "kind": "equation", "x": 80.0, "y": y, "w": 90.0, "h": 56.0, "label": "mul",
                "detail": "f32[3]", "scopes": [], **more}  # fmt: skip

    scope = {
        "id": "", "label": "f", "kind": "function", "width": 200.0, "height": 300.0, "portals": [],
        "items": [
            item("0", 40.0, phase="forward", chips=[[None, "2.0"], ["i0", "w"]]),
            item("1", 140.0, phase="reverse"), item("2", 240.0, scopes=["~0"]),
        ],
        "edges": [
            {"from": "0", "to": "1", "points": [[80.0, 68.0], [80.0, 112.0]], "label": "", "kind": "residual"},
            {"from": "1", "to": "2", "points": [[80.0, 168.0], [80.0, 212.0]], "label": "", "kind": "removed"},
        ],
        "figures": {"kept": [3_000_000, None, 12], "dtype": ["low", None, None]},
    }  # fmt: skip
    overlays = [
        {"id": "kept", "name": "kept for the reverse sweep", "unit": "B", "scale": "quantity", "total": 3_000_012,
         "note": "sums", "words": {}, "ready": True},
        {"id": "dtype", "name": "precision", "unit": "", "scale": "category", "total": None, "note": "",
         "words": {"low": "loses precision"}, "ready": True},
    ]  # fmt: skip
    return {"root": "", "open": [], "scopes": {"": scope}, "overlays": overlays, **parts}


def test_chips_sweeps_and_kinds_of_edges_are_drawn_apart() -> None:
    svg = graph_svg(section(), "f", "3 equations")
    assert "2.0 w" in svg and 'class="e er"' in svg and 'class="e ex"' in svg
    assert 'class="p"' in svg and 'class="q"' in svg


def test_an_overlay_writes_its_figures_and_what_they_are() -> None:
    svg = graph_svg(section(), "f", "", overlay="kept")
    assert "2.86 MiB" in svg and "12 B" in svg and "kept for the reverse sweep, 2.86 MiB in all" in svg
    assert "loses precision" in graph_svg(section(), "f", "", overlay="dtype")
    with pytest.raises(ValueError, match="'hot' is not known here; this graph has: kept, dtype"):
        graph_svg(section(), "f", "", overlay="hot")


def test_a_partial_graph_says_what_stopped_it() -> None:
    source = {"file": "net.py", "line": 12, "function": "loss", "text": "x @ w"}
    svg = graph_svg(section(failure={"text": "shapes do not fit", "source": source}), "f", "")
    assert "the trace stopped here" in svg and "net.py:12  x @ w" in svg


def test_a_wide_picture_stays_legible() -> None:
    wide = section()
    wide["scopes"][""]["width"] = 20_000.0
    svg = graph_svg(wide, "f", "")
    shown, whole = (float(re.search(pattern, svg)[1]) for pattern in (r' width="([\d.]+)"', r'viewBox="0 0 ([\d.]+)'))
    assert 12 * shown / whole >= 7 - 1e-6
    assert "f32[3]" not in svg and "mul" in svg
