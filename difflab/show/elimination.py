"""The elimination section of the wire: a position of the game drawn and scored, and what a player can do to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from difflab.labs.elimination import Baseline, Elimination, Move
from difflab.labs.elimination.puzzles import PUZZLES, challenge
from difflab.show.groups import DRAWN, Groups, Item, whole
from difflab.show.live import LiveSearch, arranged
from difflab.show.regret import regret_svg
from difflab.show.sheet import CARRIED, Sheet, matrix
from difflab.show.svg import arrow, document, rectangle, text
from difflab.show.widget import Handler
from difflab.show.wire import Wire

BOUNDED = 1_500
"""No bound is computed for graphs of more vertices than this."""

_KINDS = {"input": "i", "output": "o", "intermediate": "b"}
_REMEMBERED = 200

Act = Callable[[Any, Wire], None]


class Game:
    """The position that one widget shows, how it came about, and what a player can do to it."""

    def __init__(self, start: Elimination) -> None:
        self._home = start
        self._live = LiveSearch()
        self._wanted = False
        self._begin(start)

    def _begin(self, start: Elimination) -> None:
        self.position = start
        self._past: list[Elimination] = []
        self._future: list[Elimination] = []
        self._locks: dict[str, str] = {}
        self._saved: dict[str, Baseline] = {}
        self._groups = Groups(start)
        self._floors = _floors(start.reset())
        self._baselines = start.baselines()
        self._open: str | None = None
        self._draw()

    def _draw(self) -> None:
        self._sheet = Sheet(self.position, self._groups.items(self.position, self._open))

    def section(self) -> Wire:
        """The `elimination` section for the position now."""
        at, counts = self.position, self.position.counts
        drawn = [item.id for item in self._sheet.items]
        before = at.frames[: max(len(at.frames) - CARRIED, 0)]
        return {
            "vertices": self._sheet.vertices(at),
            "edges": self._sheet.edges(at),
            "width": self._sheet.placed.width,
            "height": self._sheet.placed.height,
            "compact": self._sheet.compact,
            "frames": self._sheet.frames(at),
            "before": {
                "steps": len(before),
                "cost": sum(frame.cost for frame in before),
                "scalar_cost": sum(frame.scalar_cost for frame in before),
            },
            "order": list(at.order[-CARRIED:]),
            "playable": {
                vertex: {"cost": move.cost, "scalar_cost": move.scalar_cost, "fill": move.fill}
                for vertex, move in _moves(at, drawn).items()
            },
            "total": len(at.linear.intermediates),
            "counts": {"cost": counts.cost, "scalar_cost": counts.scalar_cost, "edges": counts.edges},
            "baselines": [self._baseline(b) for b in (*self._baselines, *self._saved.values())],
            "units": "multiplications",
            "truncated": None if whole(at.linear) else _grouped(at),
            "model": "all_edges" if set(at.linear.sizes) <= {1} else "nontrivial",
            "bound": self._bound(),
            "locks": {vertex: place for vertex, place in self._locks.items() if vertex in at.remaining},
            "can": {"undo": bool(self._past or at.frames), "redo": bool(self._future)},
            "puzzle": _puzzle(at),
            "group": None if self._open is None else {"id": self._open, "label": self._groups.labels[self._open]},
            "matrix": None if whole(at.linear) or self._open else matrix(at),
        }

    def handlers(self) -> dict[str, Act]:
        """What to do for each message of the front end."""
        return {
            "eliminate": lambda widget, message: self._to(widget, self._eliminated(message)),
            "undo": lambda widget, _: self._back(widget),
            "redo": lambda widget, _: self._forth(widget),
            "reset": lambda widget, _: self._to(widget, self.position.reset()),
            "order": lambda widget, message: self._to(widget, self._played(message["name"])),
            "reorder": lambda widget, message: self._to(widget, self.position.reset().play(message["order"])),
            "finish": lambda widget, message: self._to(widget, self._finished(message["model"])),
            "lock": self._lock,
            "save": self._save,
            "race": lambda widget, message: widget.send({"kind": "race", "race": self._race(message["name"])}),
            "search": self._search,
            "stop": lambda widget, message: self._live.stop(),
            "adopt": self._adopt,
            "verify": self._verify,
            "puzzle": self._puzzle,
            "open": self._enter,
        }

    def _to(self, widget: Any, position: Elimination) -> None:
        """Move on; what was can be had back."""
        if position.order != self.position.order:
            self._past = [*self._past[-_REMEMBERED:], self.position]
            self._future = []
        self._show(widget, position)

    def _back(self, widget: Any) -> None:
        at = self.position
        if not (self._past or at.frames):
            return self._show(widget, at)
        self._future.append(at)
        return self._show(widget, self._past.pop() if self._past else at.undo())

    def _forth(self, widget: Any) -> None:
        if not self._future:
            return self._show(widget, self.position)
        self._past.append(self.position)
        return self._show(widget, self._future.pop())

    def _show(self, widget: Any, position: Elimination) -> None:
        self.position = position
        widget.shown["elimination"] = position
        widget.elimination = self.section()
        widget.go("elimination", len(position.frames[-CARRIED:]))

    def _eliminated(self, message: Wire) -> Elimination:
        """The vertex eliminated now, or at an earlier step: then what came after it is taken back."""
        at, step = self.position, message.get("at")
        begun = at if step is None or step >= len(at.frames) else at.reset().play(at.order[:step])
        return begun.eliminate(message["vertex"])

    def _played(self, name: str) -> Elimination:
        """A named order from the start. A rule keeps locked vertices in their places; a saved order is as it is."""
        start = self.position.reset()
        if name in self._saved:
            return start.play(self._saved[name].order)
        first, last = self._places(start)
        fixed = {*first, *last}
        return start.play([*first, *(v for v in self._rule(name) if v not in fixed), *last])

    def _rule(self, name: str) -> tuple[str, ...]:
        for found in self._baselines:
            if found.name == name:
                return found.order
        raise ValueError(
            f"there is no order named {name!r}; choose one of {', '.join(b.name for b in self._baselines)}"
        )

    def _finished(self, model: str) -> Elimination:
        first, last = self._places(self.position)
        if not (first or last):
            return self.position.complete(model)
        greedy = self.position.search(1, methods="greedy", cost=model, first=first, last=last, progress=False)
        return greedy.elimination

    def _places(self, at: Elimination) -> tuple[list[str], list[str]]:
        return arranged(at, *([v for v, place in self._locks.items() if place == end] for end in ("first", "last")))

    def _lock(self, widget: Any, message: Wire) -> None:
        vertex, place = message["vertex"], message["place"]
        if vertex not in self.position.remaining or place not in ("first", "last", None):
            raise ValueError(f"{vertex!r} cannot be locked {place!r}: lock a vertex that remains 'first' or 'last'")
        self._locks.pop(vertex, None)
        if place is not None:
            self._locks[vertex] = place
        self._show(widget, self.position)

    def _save(self, widget: Any, _: Wire) -> None:
        self._keep(f"saved {1 + sum(name.startswith('saved') for name in self._saved)}", self.position)
        self._show(widget, self.position)

    def _keep(self, name: str, at: Elimination) -> None:
        self._saved[name] = Baseline(name, at.counts.cost, at.counts.scalar_cost, at.order)

    def _race(self, name: str) -> Wire:
        played = self.position.reset().play(self._saved[name].order if name in self._saved else self._rule(name))
        return {
            "name": name, "order": list(played.order),
            "costs": [frame.cost for frame in played.frames],
            "scalar_costs": [frame.scalar_cost for frame in played.frames],
        }  # fmt: skip

    def _search(self, widget: Any, message: Wire) -> None:
        first, last = self._places(self.position)

        start = self.position

        def done(found: Any) -> None:
            if start.linear is not self.position.linear:
                return
            self._keep("search", found.elimination)
            if not (start.frames or first or last) and self._floors and found.model == "all_edges" and found.bound:
                value, floors, method = self._floors
                self._floors = max(value, _plain(found.bound)), floors, method
            if self._wanted:
                self._adopt(widget, {})
            else:
                widget.elimination = self.section()

        self._wanted = False
        self._live.start(
            start, widget.send, seconds=message["seconds"], model=message["model"],
            first=first, last=last, done=done,
        )  # fmt: skip

    def _adopt(self, widget: Any, _: Wire) -> None:
        """Play what the search found; one that is running is stopped first, and plays when it has ended."""
        found = self._live.found
        if found is None and self._live.running:
            self._wanted = True
            return self._live.stop()
        if found is None or found.elimination.linear is not self.position.linear:
            raise ValueError("there is nothing to adopt: start a search first")
        self._wanted = False
        return self._to(widget, found.elimination)

    def _verify(self, widget: Any, _: Wire) -> None:
        verdict = self._live.verdict(self.position) or self.position.certify()
        widget.send({"kind": "verdict", "text": str(verdict), "proved": verdict.optimal})

    def _puzzle(self, widget: Any, message: Wire) -> None:
        self._live.stop()
        self._begin(challenge(message["name"]))
        self._show(widget, self.position)

    def _enter(self, widget: Any, message: Wire) -> None:
        was, self._open = self._open, message["group"]
        try:
            self._draw()
        except ValueError:
            self._open = was
            raise
        self._show(widget, self.position)

    def _baseline(self, found: Baseline) -> Wire:
        order = list(found.order) if whole(self.position.linear) else []
        return {"name": found.name, "cost": found.cost, "scalar_cost": found.scalar_cost, "order": order}

    def _bound(self) -> Wire | None:
        """What no order beats from the start, and from here on; both in the all_edges model."""
        if self._floors is None:
            return None
        value, floors, method = self._floors
        at = self.position
        rest = at.bound().value if at.remaining else 0
        drawn = {frame.vertex for frame in at.frames[-CARRIED:]} | {item.id for item in self._sheet.items}
        return {
            "value": value, "now": max(value, at.counts.scalar_cost + _plain(rest)), "method": method,
            "floors": {vertex: floor for vertex, floor in floors.items() if vertex in drawn},
        }  # fmt: skip


def part(at: Elimination) -> tuple[Wire, dict[str, Handler]]:
    """The section of a game that begins here, and what to do for messages."""
    game = Game(at)
    return game.section(), game.handlers()


def elimination_svg(at: Elimination) -> str:
    """The graph as it is now: what is eliminated is gone, fill-in is dashed. Of a finished game the regret."""
    if at.frames and at.finished:
        known = _floors(at.reset())
        return regret_svg(at, known[1], known[0]) if known else regret_svg(at, {})
    if not whole(at.linear):
        words = [*_grouped(at).split("; "), *(f"{b.name}: {b.cost} multiplications" for b in at.baselines())]
        lines = "".join(text(10, 22 + 18 * k, line, "d", "start") for k, line in enumerate(words))
        return document(lines, 640, 30 + 18 * len(words), at.linear.name, str(at.counts))
    sheet = Sheet(at, [Item(v.id, v.label, v.role, (n,)) for n, v in enumerate(at.linear.vertices)], crowded=DRAWN)
    placed = sheet.placed
    vertices = {vertex["id"]: vertex for vertex in sheet.vertices(at)}
    gone, original = set(at.order), {edge[:2] for edge in at.reset().edges}
    routes = {(a, b): points for (a, b), points in placed.routes.items() if a not in gone and b not in gone}
    parts = [arrow(points) for points in routes.values()]
    for source, target, _ in at.edges:
        if (source, target) not in placed.routes:
            a, b = vertices[source], vertices[target]
            line = f"M{a['x']} {a['y'] + a['h'] / 2}L{b['x']} {b['y'] - b['h'] / 2}"
            style = "" if (source, target) in original else ' style="stroke:#d55e00;stroke-dasharray:4 3"'
            parts.append(f'<path class="e"{style} d="{line}"/>')
    for vertex in vertices.values():
        if vertex["id"] in gone:
            continue
        kind = _KINDS[vertex["role"]]
        parts.append(rectangle(vertex["x"], vertex["y"], vertex["w"], vertex["h"], kind, 6 if kind == "b" else 14))
        parts.append(text(vertex["x"], vertex["y"] + 4, vertex["label"], "t"))
    return document("".join(parts), placed.width, placed.height, f"elimination of {at.linear.name}", str(at.counts))


def _moves(at: Elimination, drawn: Iterable[str]) -> Mapping[str, Move]:
    """What each vertex that is drawn and remains would cost now."""
    state, numbers = at.state, at.linear.numbers
    chosen = [(name, numbers[name]) for name in drawn if numbers.get(name) in state.remaining]
    return {name: Move(state.cost(v), state.scalar_cost(v), state.fill(v)) for name, v in chosen}


def _floors(start: Elimination) -> tuple[float | int, Mapping[str, float | int], str] | None:
    if len(start.linear.vertices) > BOUNDED:
        return None
    found = start.bound()
    at = start.problem("all_edges")
    best = found if start.proof is None or start.proof.value <= found.value else start.proof
    return _plain(best.value), {at.ids[v]: _plain(found.floors[v]) for v in at.intermediates}, best.method


def _puzzle(at: Elimination) -> Wire | None:
    name = at.linear.name
    if name not in PUZZLES or challenge(name).linear.fingerprint != at.linear.fingerprint:
        return None
    return {"name": name, "par": PUZZLES[name].optimum, "names": list(PUZZLES)}


def _grouped(at: Elimination) -> str:
    return (
        f"{len(at.linear.vertices):,} vertices are too many to draw at once (the limit is {DRAWN}): boxes are scopes "
        "of the program; click one to play inside it"
    )


def _plain(value: float | int) -> float | int:
    return int(value) if value == int(value) else value
