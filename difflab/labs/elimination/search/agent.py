"""An agent that learns to eliminate: a policy and value network, improved by tree search on the game itself.

This is the recipe of AlphaZero with Gumbel planning (Danihelka et al., "Policy improvement by planning with Gumbel",
ICLR 2022) as Lohoff & Neftci apply it to elimination (AlphaGrad, NeurIPS 2024, arXiv:2406.05027), made small enough to
run beside the other methods: it is here to be compared with, and a plain annealer beats it by far. The network sees
every vertex by a few numbers (degrees, cost, fill-in, place), so one network fits graphs of any size. The tree search
is mctx, an optional extra: `pip install difflab[rl]`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from difflab.core.errors import DifflabError
from difflab.labs.elimination.counting.problem import Problem, total
from difflab.labs.elimination.search.batched import adjacency, eliminated, require_all_edges
from difflab.labs.elimination.search.found import Found, Report, Stop

_WIDTH = 32
_FEATURES = 6


@dataclass(frozen=True)
class Setting:
    """Games played side by side, simulations a move, and the learning rate."""

    games: int = 8
    simulations: int = 12
    rate: float = 3e-3


def agent(
    problem: Problem,
    *,
    start: Sequence[int] | None = None,
    seconds: float | int = 60.0,
    seed: int = 0,
    report: Report | None = None,
    stop: Stop | None = None,
    setting: Setting = Setting(),
) -> Found:
    """Train on this game for some seconds by self-play; return the best order that was ever played.

    `start` counts as played. Raises DifflabError where mctx and optax are not installed, ValueError for a model other
    than all_edges.
    """
    mctx, optax = _learners()
    require_all_edges(problem)
    begun, moves = perf_counter(), 0
    best = _played(problem, start if start is not None else problem.intermediates[::-1], begun, seed, 0)
    if not problem.intermediates:
        return best
    school = _School(mctx, optax, problem, setting)
    key, theta = jax.random.key(seed), _network(jax.random.key(seed + 1))
    memory = school.optimiser.init(theta)
    try:
        while perf_counter() - begun < seconds and not (stop is not None and stop()):
            key, now = jax.random.split(key)
            theta, memory, orders = school.episode(theta, memory, now)
            moves += orders.size
            found = min((_played(problem, order, begun, seed, moves) for order in orders.tolist()), key=_cost)
            if found.cost < best.cost:
                best = found
                if report is not None:
                    report(best)
    except KeyboardInterrupt:
        pass
    return best


def _cost(found: Found) -> float | int:
    return found.cost


def _played(problem: Problem, order: Sequence[int], begun: float, seed: int, moves: int) -> Found:
    chosen = tuple(map(int, order))
    return Found(chosen, total(problem, chosen), "agent", perf_counter() - begun, seed, moves)


def _learners() -> tuple[Any, Any]:
    try:
        return importlib.import_module("mctx"), importlib.import_module("optax")
    except ImportError as error:
        raise DifflabError(
            f"the learning agent needs mctx and optax ({error}); install them with `pip install difflab[rl]`, or "
            "search with the methods that need nothing: they find better orders sooner"
        ) from error


class _School:
    """Self-play and learning on one problem, compiled once."""

    def __init__(self, mctx: Any, optax: Any, problem: Problem, setting: Setting) -> None:
        self.setting, self.mctx = setting, mctx
        self.optimiser = optax.adam(setting.rate)
        self.sizes = jnp.array(problem.sizes, jnp.float32)
        self.start = adjacency(problem)
        self.legal = jnp.zeros(problem.count, bool).at[jnp.array(problem.intermediates)].set(True)
        self.steps = len(problem.intermediates)
        self.scale = total(problem, problem.intermediates[::-1]) or 1.0
        self.optax = optax
        self.episode = jax.jit(self._episode)

    def _episode(self, theta: Any, memory: Any, key: Any) -> tuple[Any, Any, Any]:
        """Play a batch of games with tree search, then take one step towards what the search preferred."""
        games = self.setting.games
        joined = jnp.broadcast_to(self.start, (games, *self.start.shape))
        left = jnp.broadcast_to(self.legal, (games, *self.legal.shape))

        def move(state: Any, now: Any) -> tuple[Any, Any]:
            joined, left = state
            chosen = self._plan(theta, joined, left, now)
            after, cost = jax.vmap(eliminated, (0, None, 0))(joined, self.sizes, chosen.action)
            gone = left & ~jax.nn.one_hot(chosen.action, left.shape[1], dtype=bool)
            return (after, gone), (joined, left, chosen.action_weights, chosen.action, cost / self.scale)

        _, (boards, lefts, weights, actions, costs) = jax.lax.scan(
            move, (joined, left), jax.random.split(key, self.steps)
        )
        to_go = -jnp.cumsum(costs[::-1], 0)[::-1]
        gradient = jax.grad(self._loss)(theta, boards, lefts, weights, to_go)
        change, memory = self.optimiser.update(gradient, memory)
        return self.optax.apply_updates(theta, change), memory, actions.T

    def _plan(self, theta: Any, joined: Any, left: Any, key: Any) -> Any:
        look = jax.vmap(partial(_look, theta), (0, 0, None))

        def imagine(_: Any, __: Any, action: Any, state: Any) -> tuple[Any, Any]:
            joined, left = state
            legal = jnp.take_along_axis(left, action[:, None], 1)[:, 0]
            after, cost = jax.vmap(eliminated, (0, None, 0))(joined, self.sizes, action)
            gone = left & ~jax.nn.one_hot(action, left.shape[1], dtype=bool)
            logits, value = look(after, gone, self.sizes)
            over = ~gone.any(1) | ~legal
            reward = jnp.where(legal, -cost / self.scale, -1.0)
            step = self.mctx.RecurrentFnOutput(
                reward=reward,
                discount=jnp.where(over, 0.0, 1.0),
                prior_logits=logits,
                value=jnp.where(over, 0.0, value),
            )
            return step, (after, gone)

        logits, value = look(joined, left, self.sizes)
        root = self.mctx.RootFnOutput(prior_logits=logits, value=value, embedding=(joined, left))
        return self.mctx.gumbel_muzero_policy(
            theta, key, root, imagine, self.setting.simulations, invalid_actions=~left, max_num_considered_actions=8
        )

    def _loss(self, theta: Any, boards: Any, lefts: Any, weights: Any, to_go: Any) -> Float[Array, ""]:
        look = jax.vmap(jax.vmap(partial(_look, theta), (0, 0, None)), (0, 0, None))
        logits, value = look(boards, lefts, self.sizes)
        preferred = -jnp.sum(jnp.where(weights > 0, weights * jax.nn.log_softmax(logits), 0.0), -1)
        return preferred.mean() + 0.25 * jnp.mean((value - to_go) ** 2)


def _network(key: Any) -> dict[str, Any]:
    """Weights: features → hidden → hidden → (logit, share of the value)."""
    keys = jax.random.split(key, 3)
    widths = [(_FEATURES, _WIDTH), (2 * _WIDTH, _WIDTH), (_WIDTH, 2)]
    layers = [jax.random.normal(k, pair) / pair[0] ** 0.5 for k, pair in zip(keys, widths, strict=True)]
    return {"w": layers, "b": [jnp.zeros(pair[1]) for pair in widths]}


def _look(
    theta: Any, joined: Bool[Array, "n n"], left: Bool[Array, " n"], sizes: Float[Array, " n"]
) -> tuple[Float[Array, " n"], Float[Array, ""]]:
    """A logit for each vertex, low where it is gone, and the value of the position."""
    seen = _features(joined, left, sizes)
    hidden = jax.nn.relu(seen @ theta["w"][0] + theta["b"][0])
    pooled = jnp.where(left[:, None], hidden, 0.0).sum(0) / jnp.maximum(left.sum(), 1)
    hidden = jnp.concatenate([hidden, jnp.broadcast_to(pooled, hidden.shape)], 1)
    hidden = jax.nn.relu(hidden @ theta["w"][1] + theta["b"][1])
    found = hidden @ theta["w"][2] + theta["b"][2]
    value = -jnp.sum(jnp.where(left, jax.nn.softplus(found[:, 1] - 4.0), 0.0))
    return jnp.where(left, found[:, 0], -1e9), value


def _features(joined: Bool[Array, "n n"], left: Bool[Array, " n"], sizes: Float[Array, " n"]) -> Float[Array, "n k"]:
    """Degrees, cost and fill-in of each vertex on a logarithmic scale, its place in the program, whether it is left."""
    edges = joined.astype(jnp.float32)
    into, out = sizes @ edges, edges @ sizes
    pairs = edges.sum(0) * edges.sum(1)
    shared = jnp.einsum("uv,uw,vw->v", edges, edges, edges)
    place = jnp.linspace(0.0, 1.0, len(sizes))
    rows = [into, out, into * out * sizes, pairs - shared]
    return jnp.stack([*map(jnp.log1p, rows), place, left.astype(jnp.float32)], 1)
