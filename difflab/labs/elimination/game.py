"""The elimination game: a function's Jacobian, accumulated one vertex at a time.

An `Elimination` is a position in the game and the moves that led to it. It is never changed: every move gives a new
one, so undo is only going back, and two lines of play can be compared side by side.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from difflab.core.call import Call, call, require_differentiable
from difflab.core.capture import capture
from difflab.core.graph import Graph
from difflab.core.linear import LinearGraph, linearise
from difflab.core.trace import Frame, Trace
from difflab.labs.elimination.cost import ALL_EDGES, STRUCTURED, Baseline, Counts, baselines, best_name
from difflab.labs.elimination.counting.models import Cost
from difflab.labs.elimination.execution.execute import floating_arguments, jacobian_by
from difflab.labs.elimination.outcome import Searchable
from difflab.labs.elimination.plan import Order, completed, eliminable, resolve
from difflab.labs.elimination.proof.bounds import Bound
from difflab.labs.elimination.search.methods import greedy
from difflab.labs.elimination.state import Arc, State, Step

_SHOWN = 40


@dataclass(frozen=True, kw_only=True)
class EliminationFrame(Frame):
    """One vertex eliminated: its value id, multiplications in both models, and what became of the edges.

    Edges are (from id, to id, kind of structure). `merged` edges existed before and were added to: where that changed
    their structure, `kind` is the new one.
    """

    vertex: str
    cost: int
    scalar_cost: int
    added: tuple[tuple[str, str, str], ...]
    removed: tuple[tuple[str, str, str], ...]
    merged: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Move:
    """What eliminating a vertex now would cost in both models, and how many edges it would create."""

    cost: int
    scalar_cost: int
    fill: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Elimination(Searchable, Trace[EliminationFrame]):
    """A position of the elimination game; every move returns a new one. `linear` is the graph at the start.

    `point` is the function at its arguments, and `proof` a lower bound on whole orders (all_edges) that a search
    proved; None where there is none.
    """

    linear: LinearGraph
    state: State = field(repr=False)
    function: Callable[..., Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    point: Call | None = field(default=None, repr=False)
    proof: Bound | None = field(default=None, repr=False)

    def eliminate(self, vertex: str | int) -> Elimination:
        """Eliminate one vertex, named by value id or by an unambiguous label."""
        return self._after((eliminable(self.state, vertex),))

    def play(self, order: Order = "auto") -> Elimination:
        """Go on in an order: a name plays all that remains, a sequence plays its vertices."""
        return self._after(resolve(self.state, order))

    def complete(self, cost: str | Cost = "nontrivial") -> Elimination:
        """Play the rest by the best of the greedy rules in a cost model."""
        at = self.problem(cost)
        return self.play([at.ids[v] for v in greedy(at)[0].order])

    def undo(self) -> Elimination:
        """The position one vertex earlier. Raises ValueError at the start."""
        if not self.frames:
            raise ValueError("nothing has been eliminated, so there is nothing to undo")
        return self.reset().play(self.order[:-1])

    def reset(self) -> Elimination:
        """The position at the start."""
        return replace(self, frames=(), state=State(self.linear))

    @property
    def order(self) -> tuple[str, ...]:
        """Value ids of the vertices eliminated so far."""
        return tuple(frame.vertex for frame in self.frames)

    @property
    def remaining(self) -> tuple[str, ...]:
        """Value ids of the vertices still to eliminate, in evaluation order."""
        return tuple(self.linear.vertices[v].id for v in sorted(self.state.remaining))

    @property
    def finished(self) -> bool:
        """Whether only the Jacobian is left."""
        return not self.state.remaining

    @property
    def edges(self) -> tuple[tuple[str, str, str], ...]:
        """The edges now: (from id, to id, kind of structure)."""
        return tuple(self._named(arc) for arc in self.state.arcs())

    @property
    def counts(self) -> Counts:
        """Multiplications so far in both models, and edges now."""
        costs = sum(frame.cost for frame in self.frames), sum(frame.scalar_cost for frame in self.frames)
        return Counts(*costs, self.state.edges)

    def playable(self, limit: int | None = None) -> dict[str, Move]:
        """For each vertex still to eliminate (the first `limit` in evaluation order) what it would cost now."""
        state, vertices = self.state, self.linear.vertices
        chosen = sorted(state.remaining)[:limit]
        return {vertices[v].id: Move(state.cost(v), state.scalar_cost(v), state.fill(v)) for v in chosen}

    def baselines(self) -> tuple[Baseline, ...]:
        """Forward, reverse and Markowitz with both tie-breaks, from the start, with their counts."""
        return baselines(self.linear)

    @property
    def best(self) -> str:
        """Name of the baseline with the fewest structured multiplications."""
        return best_name(self.linear)

    @property
    def jacobian(self) -> Callable[..., Any]:
        """The Jacobian accumulated in this order, as a function of the same arguments; Markowitz ends it."""
        if self.function is None:
            raise ValueError(
                "this graph was given by its edges alone, so it has no numbers; eliminate a function instead"
            )

        def choose(linear: LinearGraph) -> tuple[int, ...]:
            return completed(State(linear), [vertex for vertex in self.order if vertex in linear.numbers])

        return jacobian_by(choose, self.function, **self.options)

    def to_json(self) -> str:
        """This order as JSON, with the fingerprint of the graph that it is for."""
        counts = {STRUCTURED: self.counts.cost, ALL_EDGES: self.counts.scalar_cost}
        content = {"format": 1, "name": self.linear.name, "graph": self.linear.fingerprint, "order": self.order}
        return json.dumps({**content, "counts": counts})

    def from_json(self, text: str) -> Elimination:
        """Play an order that `to_json` wrote, from the start. Raises ValueError if it is for another graph."""
        try:
            content = json.loads(text)
            saved, order = content["graph"], content["order"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this is no saved order ({error}); pass the text that `to_json` returned") from error
        if saved != self.linear.fingerprint:
            raise ValueError(
                f"the order was saved for graph {saved}, and {self.linear.name} is now graph "
                f"{self.linear.fingerprint}: the function or its shapes have changed; find the order again"
            )
        return self.reset().play(order)

    def __str__(self) -> str:
        """Counts, the moves so far, and the named orders to compare with."""
        return "\n".join(_text(self))

    def _after(self, order: tuple[int, ...]) -> Elimination:
        state = self.state.copy()
        frames = [self._frame(state.eliminate(vertex)) for vertex in order]
        return replace(self, frames=(*self.frames, *frames), state=state)

    def _frame(self, step: Step) -> EliminationFrame:
        vertex = self.linear.vertices[step.vertex]
        return EliminationFrame(
            node=vertex.node,
            text=f"eliminate {vertex.label}: {step.cost} multiplications, {len(step.added)} new edges",
            vertex=vertex.id,
            cost=step.cost,
            scalar_cost=step.scalar_cost,
            added=tuple(map(self._named, step.added)),
            removed=tuple(map(self._named, step.removed)),
            merged=tuple(self._named(arc) for arc, _ in step.merged),
        )

    def _named(self, arc: Arc) -> tuple[str, str, str]:
        u, v, block = arc
        return self.linear.vertices[u].id, self.linear.vertices[v].id, block.kind


def eliminate(f: Callable[..., Any], *args: Any, **options: Any) -> Elimination:
    """The elimination game for the Jacobian of `f` at `args`; it plays in a notebook and prints as a table.

    Options are those of `difflab.graph`: `argnums` (None: all floating arguments), `static_argnums`, `static_argnames`,
    `has_aux`; other keyword arguments go to `f`. No array is computed: only structures are, so large functions are
    fine.

    >>> import jax.numpy as jnp
    >>> e = eliminate(lambda x, y: jnp.exp(jnp.sin(x) * y), 1.0, 2.0)
    >>> e.play("reverse").counts.cost, e.play("forward").counts.cost
    (3, 3)
    """
    return eliminate_call(call(f, *args, **options))


def eliminate_call(at: Call) -> Elimination:
    """The same for a function whose arguments are flattened already; its graph is captured once."""
    require_differentiable(at)
    graph = capture(at)
    known = {key: value for key, value in at.options.items() if key != "argnums"}
    argnums = at.options.get("argnums")
    chosen = floating_arguments(at.f, at.args, known) if argnums is None else argnums
    return replace(game(linearise(graph), graph, at.f, {**known, "argnums": chosen}), point=at)


def game(
    linear: LinearGraph,
    graph: Graph | None = None,
    function: Callable[..., Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Elimination:
    """The game on a linearised graph, at its start; also on one given by its edges (`difflab.core.linear.plain`)."""
    drawn = Graph(linear.name, (), (), (), ()) if graph is None else graph
    return Elimination(
        graph=drawn, frames=(), linear=linear, state=State(linear), function=function, options=options or {}
    )


def _text(at: Elimination) -> Iterator[str]:
    linear = at.linear
    total, left = len(linear.intermediates), len(at.remaining)
    yield f"elimination of {linear.name}: {total - left} of {total} vertices eliminated"
    yield f"so far: {at.counts}"
    if at.frames:
        names = [_title(linear, frame) for frame in at.frames]
        width = max(6, *map(len, names))
        rows = [_row(name, frame, width) for name, frame in zip(names, at.frames, strict=True)]
        yield from ("", f"{'vertex':<{width}}  structured   all edges  new  dropped  merged")
        yield from rows if len(rows) <= _SHOWN else _shortened(rows)
    yield ""
    yield f"{'whole orders':<16}  {'structured':>10}  {'all edges':>10}"
    for found in at.baselines():
        best = "   ← best" if found.name == at.best else ""
        yield f"{found.name:<16}  {found.cost:>10}  {found.scalar_cost:>10}{best}"
    yield f"(structured: {STRUCTURED}; all edges: {ALL_EDGES})"


def _title(linear: LinearGraph, frame: EliminationFrame) -> str:
    label = linear.vertices[linear.numbers[frame.vertex]].label
    return frame.vertex if label.startswith("%") else f"{frame.vertex} {label}"


def _row(name: str, frame: EliminationFrame, width: int) -> str:
    edges = f"{len(frame.added):>3}  {len(frame.removed):>7}  {len(frame.merged):>6}"
    return f"{name:<{width}}  {frame.cost:>10}  {frame.scalar_cost:>10}  {edges}"


def _shortened(rows: list[str]) -> list[str]:
    half = _SHOWN // 2
    return [*rows[:half], f"… {len(rows) - 2 * half} more …", *rows[-half:]]
