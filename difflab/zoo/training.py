"""The training step of a transformer, unrolled layer by layer: a real program of any size, to draw and to measure on.

Forward pass, gradient and an Adam update (Kingma & Ba, 2015, arXiv:1412.6980) with decoupled weight decay (Loshchilov &
Hutter, 2019, arXiv:1711.05101), as a training loop compiles them. 1, 4, 12, 48 and 192 layers make about 340, 1,400,
4,200, 17,000 and 67,000 equations.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

WIDTH, HEADS, TOKENS = 32, 4, 16


def training_step(layers: int, hidden: Mapping[int, int] | None = None) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """`(step, arguments)` of a transformer of so many layers; the arguments are shapes only, so nothing is allocated.

    `hidden` gives some layers, counted from 0, another number of hidden features than the 128 of the others. Raises
    ValueError for fewer layers than one, and for a layer that is not there.

    >>> import difflab as dl
    >>> step, arguments = training_step(1)
    >>> dl.graph(step, *arguments).size > 300
    True
    """
    others = dict(hidden or {})
    if layers < 1 or not set(others) <= set(range(layers)):
        raise ValueError(
            f"training_step has {layers} layers and other sizes for layers {sorted(others)}; it needs one layer "
            "or more, and names them from 0"
        )
    blocks = [_block(others.get(number, 4 * WIDTH)) for number in range(layers)]
    tokens = jax.ShapeDtypeStruct((TOKENS, WIDTH), jnp.float32)
    return _step, (blocks, blocks, blocks, tokens, tokens)


def _block(hidden: int) -> dict[str, Any]:
    depth = WIDTH // HEADS
    shapes = {
        "query": (WIDTH, HEADS, depth), "key": (WIDTH, HEADS, depth), "value": (WIDTH, HEADS, depth),
        "output": (HEADS, depth, WIDTH),
        "scale1": (WIDTH,), "shift1": (WIDTH,), "scale2": (WIDTH,), "shift2": (WIDTH,), "bias": (hidden,),
        "up": (WIDTH, hidden), "down": (hidden, WIDTH),
    }  # fmt: skip
    return {name: jax.ShapeDtypeStruct(shape, jnp.float32) for name, shape in shapes.items()}


def _step(blocks: Any, first: Any, second: Any, x: Any, target: Any) -> Any:
    value, gradient = jax.value_and_grad(_loss)(blocks, x, target)
    moved = jax.tree.map(_adam, blocks, gradient, first, second)
    return value, moved


def _loss(blocks: list[dict[str, Any]], x: Any, target: Any) -> Any:
    for number, block in enumerate(blocks):
        with jax.named_scope(f"layer{number}"):
            x = x + _attention(block, _normalise(x, block["scale1"], block["shift1"]))
            x = x + _feed_forward(block, _normalise(x, block["scale2"], block["shift2"]))
    return jnp.mean((x - target) ** 2)


@jax.named_scope("attention")
def _attention(block: dict[str, Any], x: Any) -> Any:
    query, key, value = (jnp.einsum("lw,whd->hld", x, block[name]) for name in ("query", "key", "value"))
    weights = jax.nn.softmax(query @ key.transpose(0, 2, 1) / jnp.sqrt(WIDTH / HEADS))
    return jnp.einsum("hld,hdw->lw", weights @ value, block["output"])


@jax.named_scope("mlp")
def _feed_forward(block: dict[str, Any], x: Any) -> Any:
    hidden = jax.nn.gelu(x @ block["up"] + block["bias"])
    return hidden @ block["down"]


@jax.named_scope("norm")
def _normalise(x: Any, scale: Any, shift: Any) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-6) * scale + shift


def _adam(parameter: Any, gradient: Any, first: Any, second: Any) -> tuple[Any, Any, Any]:
    first = 0.9 * first + 0.1 * gradient
    second = 0.999 * second + 0.001 * gradient**2
    return parameter - 1e-3 * (first / (jnp.sqrt(second) + 1e-8) + 0.01 * parameter), first, second
