"""The small network that drawings and exports are tried on: a named part, a loop, a branch, and two results."""

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.capture import graph

X = np.ones((3, 3), np.float32)
LAYERS = [{"w": X, "b": X[0]}] * 2


def network(params, x):
    with jax.named_scope("net"):
        for p in params:
            x = jnp.tanh(x @ p["w"] + p["b"])
    z = jax.nn.relu(x)
    total, _ = jax.lax.scan(lambda c, t: (c * t + jnp.sin(t), c), x.mean(), z[0])
    return jax.lax.cond(total > 0, jnp.sin, jnp.cos, total), z


def of_network():
    return graph(network, LAYERS, X)


def of_its_gradient():
    return graph(jax.grad(lambda p, x: network(p, x)[0]), LAYERS, X)
