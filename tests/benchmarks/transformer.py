"""An unrolled transformer's training step, forward, gradient and Adam: a real program of any size to measure on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

LAYERS = 48


def training_step(
    layers: int, width: int = 32, heads: int = 4, length: int = 16
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """`(step, arguments)`; 48 layers make about 17,000 equations. Arguments are shapes: nothing is allocated."""

    def attention(block: dict[str, Any], x: Any) -> Any:
        query, key, value = (jnp.einsum("lw,whd->hld", x, block[name]) for name in ("query", "key", "value"))
        weights = jax.nn.softmax(query @ key.transpose(0, 2, 1) / jnp.sqrt(width / heads))
        return jnp.einsum("hld,hdw->lw", weights @ value, block["output"])

    def normalise(x: Any, scale: Any, shift: Any) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-6) * scale + shift

    def loss(blocks: list[dict[str, Any]], x: Any, target: Any) -> Any:
        for number, block in enumerate(blocks):
            with jax.named_scope(f"layer{number}"):
                x = x + attention(block, normalise(x, block["scale1"], block["shift1"]))
                hidden = jax.nn.gelu(normalise(x, block["scale2"], block["shift2"]) @ block["up"] + block["bias"])
                x = x + hidden @ block["down"]
        return jnp.mean((x - target) ** 2)

    def adam(parameter: Any, gradient: Any, first: Any, second: Any) -> tuple[Any, Any, Any]:
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        return parameter - 1e-3 * (first / (jnp.sqrt(second) + 1e-8) + 0.01 * parameter), first, second

    def step(blocks: Any, first: Any, second: Any, x: Any, target: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(blocks, x, target)
        moved = jax.tree.map(adam, blocks, gradient, first, second)
        return value, moved

    depth = width // heads
    shapes = {
        "query": (width, heads, depth), "key": (width, heads, depth), "value": (width, heads, depth),
        "output": (heads, depth, width),
        "scale1": (width,), "shift1": (width,), "scale2": (width,), "shift2": (width,), "bias": (4 * width,),
        "up": (width, 4 * width), "down": (4 * width, width),
    }  # fmt: skip
    blocks = [{k: jax.ShapeDtypeStruct(s, jnp.float32) for k, s in shapes.items()} for _ in range(layers)]
    tokens = jax.ShapeDtypeStruct((length, width), jnp.float32)
    return step, (blocks, blocks, blocks, tokens, tokens)
