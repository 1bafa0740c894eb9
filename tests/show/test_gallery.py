"""A gallery of static pictures, so that a change of the drawing is seen. Refresh it on purpose, and look at it:

    DIFFLAB_GALLERY=refresh pytest tests/show/test_gallery.py

`tests/golden/gallery/gallery.html` shows all of them. Positions come from another package: they may differ a little
between its versions; words, boxes and edges may not.
"""

import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import difflab as dl
from difflab.core.difference import Difference
from difflab.core.errors import CaptureError
from difflab.core.graph import Graph
from difflab.show.graph import GraphView
from difflab.show.svg import graph_svg
from difflab.zoo.training import training_step

FOLDER = Path(__file__).parent.parent / "golden" / "gallery"
LARGEST = 500_000
REFRESH = "DIFFLAB_GALLERY=refresh pytest tests/show/test_gallery.py"


def _layers(x: jax.Array, weights: list[jax.Array]) -> jax.Array:
    for number, weight in enumerate(weights):
        with jax.named_scope(f"layer{number}"):
            x = jnp.tanh(x @ weight)
    return jnp.sum(x**2)


def _layers_with_bias(x: jax.Array, weights: list[jax.Array]) -> jax.Array:
    for number, weight in enumerate(weights):
        with jax.named_scope(f"layer{number}"):
            x = jnp.tanh(x @ weight + 1.0)
    return jnp.mean(x**2)


@jax.custom_vjp
def _clipped(x: jax.Array) -> jax.Array:
    return jnp.sin(x)


_clipped.defvjp(lambda x: (jnp.sin(x), x), lambda x, bar: (jnp.clip(bar, -1, 1) * jnp.cos(x),))
_SQUARE = np.ones((3, 3), np.float32)
_AT = _SQUARE[0], [_SQUARE] * 2


def _far(x):
    """Primitives in changing order, so that nothing repeats, and a value that is read far below."""
    kept, steps = jnp.cos(x), [jnp.sin, jnp.tanh, jnp.exp]
    for k in range(30):
        x = steps[(k * k + k // 5) % 3](x)
    return x * kept


def _stops(x: jax.Array) -> jax.Array:
    with jax.named_scope("body"):
        y = jax.nn.softplus(x) * 2.0
    if y.sum() > 0:
        return y
    return -y


def _halve(x: jax.Array) -> jax.Array:
    return jax.lax.while_loop(lambda c: jnp.sum(c) > 1.0, lambda c: c / 2.0, x)


@cache
def _step() -> Graph:
    step, arguments = training_step(4)
    return dl.graph(step, *arguments)


def _partial() -> Graph:
    with pytest.raises(CaptureError) as caught:
        dl.graph(_stops, _SQUARE[0])
    return caught.value.graph


def _low(f: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
    return lambda x, weights: f(x.astype(jnp.bfloat16), [w.astype(jnp.bfloat16) for w in weights])


def _zoo(name: str) -> Graph:
    problem = dl.zoo.load(name)
    return dl.graph(problem.function, *problem.arguments())


def _against(before: Callable[..., object], after: Callable[..., object]) -> Callable[[], Difference]:
    return lambda: dl.graph(before, *_AT).compare(dl.graph(after, *_AT))


@dataclass(frozen=True)
class Shot:
    """What is drawn, how its scopes are arranged, and the overlay that is on it."""

    make: Callable[[], Graph | Difference]
    arrangement: str = "layered"
    overlay: str | None = None

    def svg(self) -> str:
        """The picture."""
        drawn = self.make()
        if isinstance(drawn, Difference) or self.arrangement == "layered":
            return drawn.to_svg() if self.overlay is None else drawn.to_svg(overlay=self.overlay)
        return graph_svg(GraphView(drawn).section(self.arrangement), drawn.name, f"{drawn.size} equations, folded")


_GRADIENT = jax.grad(_layers, argnums=1)
PICTURES: dict[str, Shot] = {
    "tiny": Shot(lambda: dl.graph(lambda x, y: jnp.sin(x * y) + y, 1.0, 2.0)),
    "identity": Shot(lambda: dl.graph(lambda x: x, 1.0)),
    "rosenbrock": Shot(lambda: _zoo("rosenbrock")),
    "lorenz": Shot(lambda: _zoo("lorenz_rk4")),
    "transformer_block": Shot(lambda: _zoo("transformer_block")),
    "loop": Shot(lambda: dl.graph(lambda x: jax.lax.fori_loop(0, 5, lambda k, c: c * jnp.sin(x), x), 1.0)),
    "while": Shot(lambda: dl.graph(_halve, _SQUARE[0])),
    "scan": Shot(lambda: dl.graph(lambda x: jax.lax.scan(lambda c, t: (c * t + 1.0, c), 0.0, x), _SQUARE[0])),
    "cond": Shot(lambda: dl.graph(lambda x: jax.lax.cond(x > 0, jnp.sin, lambda t: jnp.cos(t) * 2.0, x), 1.0)),
    "custom_rule": Shot(lambda: dl.graph(lambda x: _clipped(x) * 2.0, 1.0)),
    "gradient": Shot(lambda: dl.graph(_GRADIENT, *_AT)),
    "gradient_fold": Shot(lambda: dl.graph(_GRADIENT, *_AT), "fold"),
    "gradient_kept": Shot(lambda: dl.graph(_GRADIENT, *_AT), overlay="kept"),
    "values": Shot(lambda: dl.graph(_layers, *_AT), overlay="value"),
    "precision": Shot(lambda: dl.graph(_low(_layers), *_AT), overlay="dtype"),
    "portal": Shot(lambda: dl.graph(_far, 1.0)),
    "partial": Shot(_partial),
    "transformer_step": Shot(_step),
    "transformer_step_fold": Shot(_step, "fold"),
    "edited": Shot(_against(_layers, _layers_with_bias)),
    "against_gradient": Shot(_against(_layers, _GRADIENT)),
    "against_bfloat16": Shot(_against(_layers, _low(_layers))),
}


def write() -> None:
    """Draw every picture anew, and the page that shows them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    figures = []
    for name, shot in PICTURES.items():
        picture = shot.svg()
        (FOLDER / f"{name}.svg").write_text(picture + "\n", encoding="utf-8")
        caption = name + ": " + re.search("<title>(.*?)</title>", picture)[1]
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
    before, now = words(kept.read_text(encoding="utf-8")), words(PICTURES[name].svg())
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
