"""A search that runs beside the widget: started, watched, stopped and adopted from the front end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from difflab.labs.elimination import Elimination
from difflab.labs.elimination.proof.certificate import Verdict, check
from difflab.show.wire import Wire

EVERY = 0.25
"""Seconds between two messages of a running search."""

_FIRST = "starting; the first search is compiled, which takes some seconds"

Send = Callable[[Wire], None]


class LiveSearch:
    """One search in a thread of its own; it tells by messages how it stands (`kind: "search"` in WIRE.md)."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._progress: Wire = {}
        self._heard = self._began = 0.0
        self.found: Any = None

    @property
    def running(self) -> bool:
        """Whether a search is under way."""
        return self._thread is not None and self._thread.is_alive()

    def start(
        self, at: Elimination, send: Send, *, seconds: float | int, model: str,
        first: Iterable[str] = (), last: Iterable[str] = (), done: Callable[[Any], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """Search from a position on; `done` gets the `Search` in the end. Raises ValueError if one runs."""
        if self.running:
            raise ValueError("a search is running already: stop it first")
        first, last = tuple(first), tuple(last)
        self._over.clear()
        self.found, self._began = None, monotonic()
        self._progress = {
            "running": True, "model": model, "budget": seconds, "seconds": 0.0, "events": [], "status": _FIRST,
        }  # fmt: skip
        paid = _paid(at, model, first, last)

        def work() -> None:
            try:
                found = at.search(
                    budget=seconds, cost=model, first=first, last=last, progress=False,
                    on_event=lambda event: self._hear(event, paid, send), stop=self._over.is_set,
                )  # fmt: skip
                self.found = found
                stopped = ", stopped" if self._over.is_set() and found.status != "optimal" else ""
                done(found)
                self._end(send, f"{found.status}, {len(found.trials)} orders tried{stopped}")
            except Exception as error:
                self._end(send, f"{type(error).__name__}: {error}")

        self._thread = threading.Thread(target=work, name="difflab-search", daemon=True)
        self._thread.start()
        send(self.message)

    def verdict(self, at: Elimination) -> Verdict | None:
        """What the search's own certificate proves of a whole order, where it found just that from the start."""
        found = self.found
        if found is None or found.model != "all_edges" or found.bound is None or found.order != at.order:
            return None
        return check(found.certificate) if found.elimination.linear is at.linear else None

    def stop(self, wait: float | int | None = 0) -> None:
        """Ask the search to end with its best, and wait for it so long; None waits until it has ended."""
        self._over.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(wait)

    @property
    def message(self) -> Wire:
        """How it stands."""
        with self._lock:
            return {"kind": "search", "search": {**self._progress, "events": list(self._progress.get("events", []))}}

    def _hear(self, event: Any, paid: float | int, send: Send) -> None:
        with self._lock:
            self._progress["events"].append({
                "seconds": round(event.seconds, 3), "cost": _plain(event.cost + paid),
                "bound": _plain(event.bound + paid) if event.bound else 0, "method": event.method,
            })  # fmt: skip
            self._progress |= {"seconds": round(event.seconds, 3), "status": "searching"}
        if monotonic() - self._heard >= EVERY:
            self._heard = monotonic()
            send(self.message)

    def _end(self, send: Send, status: str) -> None:
        with self._lock:
            self._progress |= {"running": False, "seconds": round(monotonic() - self._began, 3), "status": status}
        send(self.message)


def arranged(at: Elimination, first: Iterable[str], last: Iterable[str]) -> tuple[list[str], list[str]]:
    """Of the locked vertices those that remain, first and last."""
    left = set(at.remaining)
    return [v for v in first if v in left], [v for v in last if v in left]


def _paid(at: Elimination, model: str, first: tuple[str, ...], last: tuple[str, ...]) -> float | int:
    """What is not part of the search: the moves so far and the vertices with a fixed place."""
    fixed = {*first, *last}
    middle = [v for v in at.remaining if v not in fixed]
    frames = [*at.frames, *at.play(first).frames[len(at.frames) :]]
    if last:
        frames.extend(at.play([*first, *middle, *last]).frames[-len(last) :])
    return sum(frame.scalar_cost if model == "all_edges" else frame.cost for frame in frames)


def _plain(value: float | int) -> float | int:
    return int(value) if value == int(value) else value
