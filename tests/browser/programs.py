"""The programs that the tests of the graph view look at, and one saved page of each."""

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

import difflab as dl
from difflab.zoo.training import training_step

X, W = jnp.linspace(-1.0, 1.0, 32).reshape(8, 4), jnp.linspace(0.1, 0.9, 16).reshape(4, 4)


FUNCTIONS = (jnp.sin, jnp.tanh, jnp.exp, jnp.log1p, jnp.arctan, jnp.cosh)
PICKS = random.Random(4).choices(FUNCTIONS, k=540)
"""In no order, so that nothing repeats and is folded."""


def many_parts(x):
    for k, function in enumerate(PICKS):
        with jax.named_scope(f"part{k // 60}"):
            x = function(x)
    return x


def far_apart(x):
    kept = jnp.cos(x)
    for function in PICKS[:40]:
        x = function(x)
    product = x * kept
    return product + 1.0


def loss(w, x):
    with jax.named_scope("encoder"):
        hidden = jnp.tanh(x @ w)
        small = hidden.astype(jnp.bfloat16)
    with jax.named_scope("decoder"):
        back = small.astype(jnp.float32) @ w.T
    miss = back - x
    return jnp.mean(miss**2)


def edited(w, x):
    with jax.named_scope("encoder"):
        hidden = jax.nn.sigmoid(x @ w)
        small = hidden.astype(jnp.bfloat16)
    with jax.named_scope("decoder"):
        back = small.astype(jnp.float32) @ w.T
    miss = back - x
    return jnp.sum(miss**2)


def breaks(w, x):
    hidden = jnp.tanh(x @ w)
    doubled = hidden * 2.0
    return doubled + jnp.ones(5)


def partial_graph():
    try:
        dl.graph(breaks, W, X)
    except dl.CaptureError as error:
        return error.graph


def large_step():
    step, arguments = training_step(4)
    return dl.graph(step, *arguments)


SHOWN: dict[str, Callable[[], Any]] = {
    "many_parts": lambda: dl.graph(many_parts, 1.0),
    "far_apart": lambda: dl.graph(far_apart, 1.0),
    "loss": lambda: dl.graph(loss, W, X),
    "gradient": lambda: dl.graph(jax.grad(loss), W, X),
    "comparison": lambda: dl.graph(loss, W, X).compare(dl.graph(edited, W, X)),
    "partial": partial_graph,
    "large": large_step,
}


def pages(folder: Path) -> Callable[[str], Path]:
    """The file of a program's page, written once."""

    @cache
    def file(name: str) -> Path:
        SHOWN[name]().to_html(str(folder / f"{name}.html"))
        return folder / f"{name}.html"

    return file


def line_of(words: str) -> int:
    """The number of the first line of this file that begins with these words."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.strip().startswith(words))
