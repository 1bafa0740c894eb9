"""Figures that lie over the drawing: what each part costs, keeps, loses and carries, summed up where it is closed.

Counts are read off the graph at once, and XLA's own are added when asked for; values, gradients and times need the
function run, and are made when asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from difflab.core.call import Call
from difflab.core.cost import tally, xla
from difflab.core.graph import Graph
from difflab.core.precision import Precision, precisions, worst
from difflab.core.residuals import Kept, holds_both_sweeps, kept
from difflab.labs.adjoint import AdjointTrace, inspect_call
from difflab.show.extremes import SPECIAL, Extremes
from difflab.show.quantities import memory, operations
from difflab.show.timing import Timing, time_equations
from difflab.show.wire import Wire, number, shorten

Figure = int | float | str | None
"""A number, a category or a word, or nothing to say."""

NOTED = 6
"""So many residuals are named in the inspector."""
LOWERED = 3_000
"""A graph of more equations than this is not given to XLA for its count."""


@dataclass(frozen=True)
class ExtraOverlay:
    """An overlay of categories that someone else knows: node id → category; `order` has the worst first."""

    id: str
    name: str
    categories: Mapping[str, str]
    words: Mapping[str, str]
    order: tuple[str, ...]
    note: str = ""

    @cached_property
    def worst(self) -> Mapping[str, str]:
        """Node → the worst category of it and what is inside."""
        rank = {category: k for k, category in enumerate(self.order)}
        found: dict[str, str] = {}
        for node, category in self.categories.items():
            while node:
                known = found.get(node)
                if known is None or rank.get(category, len(rank)) < rank.get(known, len(rank)):
                    found[node] = category
                node = node.rpartition("/")[0].rpartition(".")[0]
        return found

    def said(self, node: str) -> str:
        """What the inspector says of a node that has a category."""
        return self.words.get(self.worst[node], self.worst[node])

    def figure(self, prefix: str, equations: Iterable[int]) -> Figure:
        """The worst category of some equations."""
        rank = {category: k for k, category in enumerate(self.order)}
        present = {self.worst[n] for n in (f"{prefix}{k}" for k in equations) if n in self.worst}
        return min(present, key=lambda c: (rank.get(c, len(rank)), c), default=None)


@dataclass(eq=False)
class Overlays:
    """All overlays of one graph. What needs the function run is ready after `compute`, or if `trace` is given.

    XLA counts too, after `compute`, if the graph is a `program`: not two that are compared.
    """

    graph: Graph
    call: Call | None = None
    trace: AdjointTrace | None = None
    extra: Sequence[ExtraOverlay] = ()
    program: bool = True
    _kept: Kept | None = field(default=None, init=False)
    _values: Extremes | None = field(default=None, init=False)
    _gradients: Extremes | None = field(default=None, init=False)
    _times: Timing | None = field(default=None, init=False)
    _xla: Mapping[str, float] | str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if holds_both_sweeps(self.graph):
            self._kept = kept(self.graph)
        if self.trace is not None:
            self._swept(self.trace)

    def wire(self) -> list[Wire]:
        """The wire's `Overlay` objects, in the order in which they are offered."""
        return [self._entry(name) for name in _OVERLAYS] + [_extra(one) for one in self.extra]

    def ready(self, id: str) -> bool:
        """Whether figures of this overlay are at hand. Raises KeyError for an overlay that there is not."""
        at_hand = {
            "flops": True, "bytes": True, "dtype": True, "kept": self._kept, "value": self._values,
            "gradient": self._gradients, "time": self._times, **{one.id: True for one in self.extra},
        }  # fmt: skip
        if id not in at_hand:
            raise KeyError(f"there is no overlay {id!r}; there are {', '.join(at_hand)}")
        return at_hand[id] is not None

    def more(self, id: str) -> bool:
        """Whether an overlay says more after `compute`, though it is ready: XLA's own count."""
        asked = id in _XLA and self.program and self._xla is None
        return asked and self.graph.failure is None and self.graph.size <= LOWERED

    def compute(self, id: str) -> None:
        """Make an overlay ready, and let it say all it can; that may trace derivative rules, or run the function.

        Raises TypeError where the function must run and its arguments are not at hand, or are shapes only.
        """
        if self.more(id):
            self._xla = _by_xla(self.graph)
        if self.ready(id):
            return
        match id:
            case "kept":
                self._kept = kept(self.graph)
            case "time":
                self._times = time_equations(self.graph, _arguments(self.call, "time"))
            case _:
                _arguments(self.call, id)
                assert self.call is not None, "arguments were asked for; please report this"
                self._swept(inspect_call(self.call))

    def figures(self, graph: Graph, prefix: str, equations: Iterable[int]) -> dict[str, Figure]:
        """The figure of each overlay that is ready, for some equations of one graph together, bodies included.

        >>> import jax.numpy as jnp
        >>> from difflab.core.capture import graph
        >>> g = graph(lambda a: jnp.sin(a @ a), jnp.ones((4, 4)))
        >>> Overlays(g).figures(g, "", [0, 1])
        {'flops': 144, 'bytes': 256, 'dtype': 'f32'}
        """
        chosen = equations if isinstance(equations, range) else tuple(equations)
        cost = tally(graph).of(chosen).times(_trips(self.graph, prefix))
        known = precisions(graph)
        precision = worst(p for p in (known[k] for k in chosen) if p is not None)
        found: dict[str, Figure] = {"flops": cost.flops, "bytes": cost.bytes}
        if self._kept is not None:
            found["kept"] = self._kept.of(prefix, chosen)
        found["dtype"] = precision.name if precision else None
        for name, extremes in (("value", self._values), ("gradient", self._gradients)):
            if extremes is not None:
                found[name] = extremes.figure(prefix, chosen)
        if self._times is not None:
            found["time"] = self._times.of(prefix, chosen)
        return found | {one.id: one.figure(prefix, chosen) for one in self.extra}

    def notes(self, graph: Graph, prefix: str, equation_number: int) -> list[list[str]]:
        """Lines for the inspector of one equation: each overlay's name and its figure in words."""
        node, cost = f"{prefix}{equation_number}", tally(graph).each[equation_number]
        count = "lower bound" if cost.least else "exact" if cost.exact else "estimate"
        trips = _trips(self.graph, prefix)
        often = f", {trips:,} times" if trips > 1 else ""
        lines = [
            ["FLOPs", f"{cost.mark}{operations(cost.flops)}{often}, {count}"],
            ["bytes", f"{memory(cost.bytes)} read and written{often}"],
        ]
        precision = precisions(graph)[equation_number]
        if precision is not None:
            lines.append(["precision", _said(precision)])
        if self._kept is not None:
            lines.append(["kept", _kept_note(self._kept, node)])
        if self._values is not None:
            lines.append(["value", self._values.said(node)])
        if self._gradients is not None:
            lines.append(["gradient", self._gradients.said(node)])
        if self._times is not None:
            lines.append(["time", self._times.said(node)])
        for one in self.extra:
            if node in one.worst:
                lines.append([one.name.lower(), one.said(node)])
        return lines

    def _entry(self, name: str) -> Wire:
        title, unit, scale, note = _OVERLAYS[name]
        return {
            "id": name, "name": title, "unit": unit, "scale": scale, "total": self._total(name),
            "note": self._counted(name) + note + self._remark(name), "words": self._words(name),
            "ready": self.ready(name), "more": self.more(name),
        }  # fmt: skip

    def _total(self, name: str) -> Any:
        match name:
            case "flops":
                return tally(self.graph).total.flops
            case "bytes":
                return tally(self.graph).total.bytes
            case "kept":
                return self._kept.total if self._kept else None
            case "time":
                return number(self._times.total) if self._times else None
        return None

    def _remark(self, name: str) -> str:
        total = tally(self.graph).total
        match name:
            case "flops" if total.least:
                return " ≥: a while counts for one trip, a primitive without a rule for nothing."
            case "flops" if not total.exact:
                return " ≈: sorts, transforms, factorisations and random numbers are estimates."
            case "kept" if self._kept and self._kept.unknown:
                return f" Not counted: {len(self._kept.unknown)} equations that JAX has no reverse rule for."
            case "kept" if self._kept and self._kept.inputs:
                return f" Besides, {memory(self._kept.inputs)} of the function's own inputs are read again."
            case "time" if self._times:
                return self._times.remark
            case "value" | "gradient" if self.trace is not None and self.trace.truncated:
                return f" {self.trace.truncated}."
        return ""

    def _counted(self, name: str) -> str:
        """What XLA counts, to stand beside the total from shapes; first, as a folded legend shows one line."""
        if self._xla is None or name not in _XLA:
            return ""
        if isinstance(self._xla, str):
            return f"XLA does not count it: {self._xla}. "
        key, words = _XLA[name]
        besides = round(self._xla.get("transcendentals", 0)) if name == "flops" else 0
        more = f", and {besides:,} transcendentals" if besides else ""
        return f"XLA: {words(round(self._xla.get(key, 0)))}, a loop body once{more}. "

    def _words(self, name: str) -> Wire:
        if name in ("value", "gradient"):
            return dict(SPECIAL)
        if name != "dtype":
            return {}
        found: dict[str, Precision] = {}
        _all_precisions(self.graph, found, set())
        return {p.name: p.text for p in sorted(found.values(), key=lambda p: p.badness, reverse=True)}

    def _swept(self, trace: AdjointTrace) -> None:
        self.trace = trace
        records, tape = trace.tape.records, trace.tape
        self._values = Extremes(((r.node, tape.values[slot]) for r in records for slot in r.results), "norm")
        self._gradients = Extremes(
            ((r.node, tape.cotangents[slot]) for r in records for slot in r.results), "cotangent"
        )


_OVERLAYS: Mapping[str, tuple[str, str, str, str]] = {
    "flops": (
        "FLOPs", "FLOP", "quantity",
        "Operations, counted from shapes; inside a loop of all its trips. Of a closed scope: the sum.",
    ),
    "bytes": (
        "Bytes", "B", "quantity",
        "Bytes read and written if each equation ran alone; fusion saves most. Of a closed scope: the sum.",
    ),
    "kept": (
        "Kept for backward", "B", "quantity",
        "Memory of residuals, at the equation that made them, each value once. Of a closed scope: the sum.",
    ),
    "dtype": (
        "Precision", "", "category",
        "The least precise float, and where bits are lost. Of a closed scope: the worst loss, else the least precise.",
    ),
    "value": (
        "Values", "norm", "quantity",
        "Norm of what is computed. Of a closed scope: the worst; NaN, Inf, largest.",
    ),
    "gradient": (
        "Gradients", "norm", "quantity",
        "Norm of the cotangent. Of a closed scope: the worst; NaN, Inf, largest.",
    ),
    "time": (
        "Time", "ms", "quantity",
        "Each equation compiled and run alone, not fused, a loop as a whole: the median of a few runs. Of a closed "
        "scope: the sum.",
    ),
}  # fmt: skip


_XLA: Mapping[str, tuple[str, Callable[[int], str]]] = {
    "flops": ("flops", operations), "bytes": ("bytes accessed", memory),
}  # fmt: skip
"""Of the overlays that XLA knows, too: its name of the figure, and how it is put into words."""


def _by_xla(graph: Graph) -> Mapping[str, float] | str:
    try:
        return xla(graph)
    except Exception as error:  # a primitive's lowering may raise anything
        return shorten(f"{type(error).__name__}: {error}", 120)


def _trips(graph: Graph, prefix: str) -> int:
    """How often a body runs, as far as loops around it have a fixed number of trips."""
    trips = 1
    for part in prefix.split("/")[:-1]:
        number, _, body = part.partition(".")
        inner = graph.equations[int(number)].bodies[int(body)]
        trips, graph = trips * (inner.count or 1), inner.graph
    return trips


def _extra(one: ExtraOverlay) -> Wire:
    return {
        "id": one.id, "name": one.name, "unit": "", "scale": "category", "total": None, "note": one.note,
        "words": dict(one.words), "ready": True,
    }  # fmt: skip


def _all_precisions(graph: Graph, found: dict[str, Precision], seen: set[int]) -> None:
    if id(graph) in seen:
        return
    seen.add(id(graph))
    found.update((p.name, p) for p in precisions(graph) if p is not None)
    for equation in graph.equations:
        for body in equation.bodies:
            _all_precisions(body.graph, found, seen)


def _said(precision: Precision) -> str:
    return f"{precision.name} {precision.text}" if precision.loss else precision.text


def _kept_note(of: Kept, node: str) -> str:
    if node in of.unknown:
        return f"unknown: {shorten(of.unknown[node], 120)}"
    residuals = of.by_node.get(node, ())
    if not residuals:
        return "nothing"
    names = ", ".join(r.name for r in residuals[:NOTED])
    more = f", … {len(residuals) - NOTED} more" if len(residuals) > NOTED else ""
    return f"{memory(sum(r.bytes for r in residuals))} for the backward pass: {names}{more}"


def _arguments(call: Call | None, id: str) -> tuple[Any, ...]:
    what = {"value": "values", "gradient": "gradients", "time": "times"}[id]
    if call is None:
        raise TypeError(
            f"{what} need the function and its arguments, and this graph came without them; "
            "draw it with dl.graph(f, *args)"
        )
    for path, leaf in zip(call.paths, call.leaves, strict=True):
        if not isinstance(leaf, bool | int | float | complex) and not hasattr(leaf, "__array__"):
            raise TypeError(
                f"{what} need numbers, and argument {path} of {call.name} is a shape ({leaf}); pass an array"
            )
    return call.leaves
