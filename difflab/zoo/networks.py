"""Two neural networks with pytrees of parameters: a perceptron and one block of a transformer.

The perceptron is softmax(W2 tanh(W1 x + b1) + b2) under the mean cross-entropy; its derivative by hand is the
textbook's backpropagation (Rumelhart, Hinton and Williams, Nature 323 (1986), doi:10.1038/323533a0).

The block is the pre-norm transformer: h = x + attention(norm(x)), then h + mlp(norm(h)) (Vaswani et al., 2017,
arXiv:1706.03762; norm first as in Xiong et al., 2020, arXiv:2002.04745). There is no mask and no position, so the block
treats tokens alike. Its named scopes are what a picture of it should be folded into. Sizes are read off the parameters.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from .point import Scalar, at
from .problem import Problem

Parameters = PyTree[Float[Array, "..."]]


def mlp(parameters: Parameters, inputs: Float[Array, "batch inputs"], targets: Float[Array, "batch classes"]) -> Scalar:
    """Return the mean cross-entropy between the targets, rows that sum to one, and the network's prediction."""
    hidden = jnp.tanh(inputs @ parameters["hidden"]["weight"] + parameters["hidden"]["bias"])
    logits = hidden @ parameters["output"]["weight"] + parameters["output"]["bias"]
    log_probability = jax.nn.log_softmax(logits)
    return -jnp.mean(jnp.sum(targets * log_probability, axis=-1))


def transformer_block(
    parameters: Parameters, tokens: Float[Array, "tokens features"], targets: Float[Array, "tokens features"]
) -> Scalar:
    """Return the mean squared error of one pre-norm transformer block."""
    hidden = tokens + attention(parameters["attention"], layer_norm(parameters["norm1"], tokens))
    outputs = hidden + feed_forward(parameters["mlp"], layer_norm(parameters["norm2"], hidden))
    return jnp.mean((outputs - targets) ** 2)


@jax.named_scope("norm")
def layer_norm(parameters: Parameters, x: Float[Array, "tokens features"]) -> Float[Array, "tokens features"]:
    """Normalise each token to mean 0 and variance 1, then scale and shift each feature."""
    centred = x - jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.mean(centred**2, axis=-1, keepdims=True)
    return parameters["scale"] * centred / jnp.sqrt(variance + 1e-5) + parameters["shift"]


@jax.named_scope("attention")
def attention(parameters: Parameters, x: Float[Array, "tokens features"]) -> Float[Array, "tokens features"]:
    """Let every token average what the others say: softmax(q k / sqrt(size)) v in each head."""
    query = jnp.einsum("tf,fhs->hts", x, parameters["query"])
    key = jnp.einsum("tf,fhs->hts", x, parameters["key"])
    value = jnp.einsum("tf,fhs->hts", x, parameters["value"])
    scores = jnp.einsum("hts,hus->htu", query, key) / np.sqrt(query.shape[-1])
    mixed = jnp.einsum("htu,hus->hts", jax.nn.softmax(scores), value)
    return jnp.einsum("hts,hsf->tf", mixed, parameters["output"])


@jax.named_scope("mlp")
def feed_forward(parameters: Parameters, x: Float[Array, "tokens features"]) -> Float[Array, "tokens features"]:
    """Widen each token, bend it, and narrow it again."""
    return jax.nn.gelu(x @ parameters["up"]) @ parameters["down"]


def _weights(seed: int, *shape: int) -> np.ndarray:
    # RandomState and not jax.random: its stream is frozen, and is the same in float32 and in float64.
    return np.random.RandomState(seed).normal(size=shape) / np.sqrt(shape[0])


def _mlp_arguments(inputs: int = 4, hidden: int = 5, classes: int = 3, batch: int = 6):
    parameters = {
        "hidden": {"weight": _weights(1, inputs, hidden), "bias": np.linspace(-0.2, 0.2, hidden)},
        "output": {"weight": _weights(2, hidden, classes), "bias": np.linspace(-0.1, 0.1, classes)},
    }
    return at(parameters, 2 * _weights(3, batch, inputs), np.eye(classes)[np.arange(batch) % classes])()


def _transformer_arguments(tokens: int = 3, features: int = 4, heads: int = 2, size: int = 2, width: int = 8):
    norm = {"scale": np.linspace(0.8, 1.2, features), "shift": np.linspace(-0.1, 0.1, features)}
    parameters = {
        "attention": {
            "query": _weights(1, features, heads, size),
            "key": _weights(2, features, heads, size),
            "value": _weights(3, features, heads, size),
            "output": _weights(4, heads, size, features),
        },
        "mlp": {"up": _weights(5, features, width), "down": _weights(6, width, features)},
        "norm1": norm,
        "norm2": {"scale": norm["scale"][::-1], "shift": norm["shift"][::-1]},
    }
    x = np.sqrt(tokens) * _weights(7, tokens, features)
    return at(parameters, x, np.sqrt(tokens) * _weights(8, tokens, features))()


def _mlp_jacobian(parameters, inputs, targets):
    inputs, targets = np.asarray(inputs, float), np.asarray(targets, float)
    weight1, bias1 = (np.asarray(parameters["hidden"][key], float) for key in ("weight", "bias"))
    weight2, bias2 = (np.asarray(parameters["output"][key], float) for key in ("weight", "bias"))
    hidden = np.tanh(inputs @ weight1 + bias1)
    logits = hidden @ weight2 + bias2
    log_probability = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    batch = len(inputs)
    output_bar = (np.exp(log_probability) * targets.sum(axis=1, keepdims=True) - targets) / batch
    hidden_bar = (output_bar @ weight2.T) * (1 - hidden**2)
    blocks = [
        hidden_bar.sum(axis=0),
        inputs.T @ hidden_bar,
        output_bar.sum(axis=0),
        hidden.T @ output_bar,
        hidden_bar @ weight1.T,
        -log_probability / batch,
    ]
    return np.concatenate([block.ravel() for block in blocks])[None]


PROBLEMS = (
    Problem(
        name="mlp",
        title="Cross-entropy of a perceptron with one hidden layer",
        function=mlp,
        arguments=_mlp_arguments,
        source="Rumelhart, Hinton and Williams 1986, doi:10.1038/323533a0",
        facts={
            "inputs": 85,
            "outputs": 1,
            "bias_balance": "the gradient of the output bias sums to zero, since probabilities sum to one",
        },
        tags=frozenset({"model", "network"}),
        jacobian=_mlp_jacobian,
    ),
    Problem(
        name="transformer_block",
        title="Squared error of one pre-norm transformer block",
        function=transformer_block,
        arguments=_transformer_arguments,
        source="Vaswani et al. 2017, arXiv:1706.03762; Xiong et al. 2020, arXiv:2002.04745",
        facts={
            "inputs": 168,
            "outputs": 1,
            "scopes": ("attention", "mlp", "norm"),
            "permutation": "reordering tokens and targets alike changes nothing",
            "residual_path": "with zero output weights the block is the identity",
            "numpy_forward": "equal to a NumPy evaluation, head by head and token by token",
        },
        tags=frozenset({"model", "network"}),
    ),
)
