"""A gallery of static pictures, so that a change of the drawing is seen. Refresh it on purpose, and look at it:

    DIFFLAB_GALLERY=refresh pytest tests/show/test_gallery.py

`tests/golden/gallery/gallery.html` shows all of them. Positions come from another package: they may differ a little
between its versions; words, boxes and edges may not.
"""

import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from html import escape
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import difflab as dl
from difflab.core.graph import Graph
from difflab.show.svg import graph_svg
from difflab.zoo.training import training_step

FOLDER = Path(__file__).parent.parent / "golden" / "gallery"
LARGEST = 400_000
REFRESH = "DIFFLAB_GALLERY=refresh pytest tests/show/test_gallery.py"


def _layers(x: jax.Array, weights: list[jax.Array]) -> jax.Array:
    for number, weight in enumerate(weights):
        with jax.named_scope(f"layer{number}"):
            x = jnp.tanh(x @ weight)
    return jnp.sum(x**2)


@jax.custom_vjp
def _clipped(x: jax.Array) -> jax.Array:
    return jnp.sin(x)


_clipped.defvjp(lambda x: (jnp.sin(x), x), lambda x, bar: (jnp.clip(bar, -1, 1) * jnp.cos(x),))
_SQUARE = np.ones((3, 3), np.float32)


def _far(x: jax.Array) -> jax.Array:
    kept = jnp.cos(x)
    for _ in range(30):
        x = jnp.sin(x)
    return x * kept


def _step() -> Graph:
    step, arguments = training_step(4)
    return dl.graph(step, *arguments)


PICTURES: dict[str, Callable[[], Graph]] = {
    "tiny": lambda: dl.graph(lambda x, y: jnp.sin(x * y) + y, 1.0, 2.0),
    "identity": lambda: dl.graph(lambda x: x, 1.0),
    "loop": lambda: dl.graph(lambda x: jax.lax.fori_loop(0, 5, lambda k, c: c * jnp.sin(x), x), 1.0),
    "scan": lambda: dl.graph(lambda x: jax.lax.scan(lambda c, t: (c * t + 1.0, c), 0.0, x), _SQUARE[0]),
    "cond": lambda: dl.graph(lambda x: jax.lax.cond(x > 0, jnp.sin, lambda t: jnp.cos(t) * 2.0, x), 1.0),
    "custom_rule": lambda: dl.graph(lambda x: _clipped(x) * 2.0, 1.0),
    "gradient": lambda: dl.graph(jax.grad(_layers), _SQUARE[0], [_SQUARE] * 2),
    "portal": lambda: dl.graph(_far, 1.0),
    "transformer_step": _step,
}


def write() -> None:
    """Draw every picture anew, and the page that shows them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    figures = []
    for name, make in PICTURES.items():
        graph = make()
        (FOLDER / f"{name}.svg").write_text(graph.to_svg() + "\n", encoding="utf-8")
        caption = escape(f"{name}: {graph.name}, {graph.size} equations")
        figures.append(f'<figure><img src="{name}.svg" alt="{caption}"><figcaption>{caption}</figcaption></figure>')
    style = "body{font:14px system-ui;columns:2 420px}:root{color-scheme:light dark}img{max-width:100%}"
    style += "figure{margin:0 0 24px;break-inside:avoid}"
    head = f'<!doctype html><meta charset="utf-8"><title>difflab: gallery</title><style>{style}</style>'
    (FOLDER / "gallery.html").write_text("\n".join([head, *figures]) + "\n", encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def refreshed() -> None:
    """Draw the gallery anew where one asks for it; in the tests, so that names are found as they are there."""
    if os.environ.get("DIFFLAB_GALLERY") == "refresh":
        write()


def words(svg: str) -> list[str]:
    """What a picture says, whatever the positions: its words in order, and how many shapes of each look it has."""
    root = ElementTree.fromstring(svg)
    looks: dict[str, int] = {}
    for element in root.iter():
        look = f"{element.tag.rpartition('}')[2]}.{element.get('class', '')}"
        looks[look] = looks.get(look, 0) + 1
    said = [element.text or "" for element in root.iter() if element.tag.endswith(("text", "title", "desc"))]
    return [*said, *(f"{look}: {count}" for look, count in sorted(looks.items()))]


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_is_the_one_of_the_gallery(name: str) -> None:
    kept = FOLDER / f"{name}.svg"
    assert kept.exists(), f"the gallery has no {name}.svg: run `{REFRESH}` and look at it"
    before, now = words(kept.read_text(encoding="utf-8")), words(PICTURES[name]().to_svg())
    gone, new = sorted(set(before) - set(now)), sorted(set(now) - set(before))
    assert before == now, (
        f"the picture {name!r} changed: no longer there {gone[:8]}, new {new[:8]}. "
        f"If that is meant, run `{REFRESH}`, look at tests/golden/gallery/gallery.html and commit it"
    )


def test_the_gallery_is_small_and_shows_every_picture() -> None:
    files = sorted(FOLDER.iterdir())
    assert {file.stem for file in files if file.suffix == ".svg"} == set(PICTURES)
    assert sum(file.stat().st_size for file in files) < LARGEST
    assert all(f'src="{name}.svg"' in (FOLDER / "gallery.html").read_text(encoding="utf-8") for name in PICTURES)


def test_pictures_are_well_formed_and_alone() -> None:
    for file in FOLDER.glob("*.svg"):
        text = file.read_text(encoding="utf-8")
        root = ElementTree.fromstring(text)
        assert [child.tag.rpartition("}")[2] for child in root][:2] == ["title", "desc"]
        assert not re.search(r"<script|href=|url\(|<image|<foreignObject| on\w+=", text)


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
