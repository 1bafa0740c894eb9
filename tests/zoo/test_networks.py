"""Symmetries of the networks, and the block evaluated again by loops in NumPy."""

import math

import jax
import numpy as np


def test_the_fact_holds(verify):
    verify()


def bias_balance(problem, fact, measure):
    gradient = jax.grad(problem)(*problem.arguments())["output"]["bias"]
    assert np.max(np.abs(gradient)) > 0.01
    measure.close(np.sum(gradient), 0.0, scale=1.0)


def scopes(problem, fact, measure):
    text = jax.jit(problem.function).lower(*problem.arguments()).as_text(debug_info=True)
    assert all(f"/{scope}/" in text for scope in fact)


def permutation(problem, fact, measure):
    parameters, tokens, targets = problem.arguments()
    measure.close(measure.value(problem, parameters, tokens[::-1], targets[::-1]), measure.value(problem))


def residual_path(problem, fact, measure):
    parameters, tokens, targets = problem.arguments()
    parameters["attention"]["output"] *= 0
    parameters["mlp"]["down"] *= 0
    measure.close(measure.value(problem, parameters, tokens, targets), [np.mean((tokens - targets) ** 2)])


def numpy_forward(problem, fact, measure):
    parameters, tokens, targets = jax.tree.map(lambda leaf: np.asarray(leaf, float), problem.arguments())

    def norm(p, x):
        return np.array([p["scale"] * (t - t.mean()) / np.sqrt(t.var() + 1e-5) + p["shift"] for t in x])

    x = norm(parameters["norm1"], tokens)
    weights, hidden = parameters["attention"], tokens.copy()
    for head in range(weights["query"].shape[1]):
        q, k, v = (x @ weights[part][:, head] for part in ("query", "key", "value"))
        for t in range(len(x)):
            attention = np.exp([q[t] @ other / math.sqrt(len(q[t])) for other in k])
            hidden[t] += attention / attention.sum() @ v @ weights["output"][head]
    wide = norm(parameters["norm2"], hidden) @ parameters["mlp"]["up"]
    gelu = wide / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3)))
    outputs = hidden + gelu @ parameters["mlp"]["down"]
    measure.close(measure.value(problem), [np.mean((outputs - targets) ** 2)])


CHECKS = {
    "bias_balance": bias_balance,
    "scopes": scopes,
    "permutation": permutation,
    "residual_path": residual_path,
    "numpy_forward": numpy_forward,
}
