"""The figures of an overlay as a static picture writes them: a share for the bar, and words beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from difflab.show.compose import Picture
from difflab.show.wire import Wire

_CARRIED = ("B", "ms")
"""Units that stand at each figure; the others are named in the legend."""


@dataclass(frozen=True)
class Mark:
    """What one box says: `share` of the largest figure in sight, and the figure as `text`."""

    share: float
    text: str


@dataclass(frozen=True)
class Marks:
    """The mark of each box that has one, by its id, and the lines of the legend."""

    of: Mapping[str, Mark]
    legend: tuple[str, ...]


def marks(section: Wire, picture: Picture, overlay: str | None) -> Marks:
    """The marks of one overlay on the boxes of a picture that are closed.

    Raises ValueError where the section has no such overlay.
    """
    if overlay is None:
        return Marks({}, ())
    known = {made["id"]: made for made in section.get("overlays", ())}
    if overlay not in known:
        names = ", ".join(known) or "none"
        raise ValueError(f"overlay {overlay!r} is not known here; this graph has: {names}")
    shown, closed = known[overlay], {box.item["id"] for box in picture.boxes if not box.bodies}
    figures = {name: figure for name, figure in _figures(section, overlay) if name in closed and figure is not None}
    if shown["scale"] == "category":
        return Marks({k: Mark(0.0, str(v)) for k, v in figures.items()}, _legend(shown, figures))
    most = max((v for v in figures.values() if isinstance(v, int | float)), default=0)
    unit = shown["unit"] if shown["unit"] in _CARRIED else ""
    made = {k: Mark(_share(v, most), short(v, unit)) for k, v in figures.items() if v}
    return Marks(made, _legend(shown, figures))


def short(value: Any, unit: str) -> str:
    """A figure in three digits: `1.23M`, `48 KiB`."""
    if not isinstance(value, int | float):
        return str(value)
    base, names = (
        (1024, ("B", "KiB", "MiB", "GiB", "TiB")) if unit in ("B", "bytes") else (1000, ("", "k", "M", "G", "T"))
    )
    amount, power = float(value), 0
    while abs(amount) >= base and power + 1 < len(names):
        amount, power = amount / base, power + 1
    shown = f"{amount:.3g}" if abs(amount) < 999.5 else f"{amount:.0f}"
    return f"{shown} {names[power]}".strip() if base == 1024 else f"{shown}{names[power]} {unit}".strip()


def _figures(section: Wire, overlay: str) -> list[tuple[str, Any]]:
    return [
        (item["id"], figure)
        for scope in section["scopes"].values()
        for item, figure in zip(scope["items"], scope.get("figures", {}).get(overlay, ()), strict=False)
    ]


def _share(value: Any, most: float | int) -> float:
    return min(1.0, max(0.0, value / most)) if isinstance(value, int | float) and most > 0 else 0.0


def _legend(overlay: Wire, figures: Mapping[str, Any]) -> tuple[str, ...]:
    """The overlay's name and total, what its figures are, and each category that is in sight."""
    total, words, unit = overlay.get("total"), overlay.get("words", {}), overlay["unit"]
    of = f", {short(total, unit)} in all" if total is not None else f", {unit}" if unit else ""
    present = {str(figure) for figure in figures.values()}
    said = [f"{name}: {text}" for name, text in words.items() if name in present]
    return tuple(filter(None, [overlay["name"] + of, overlay.get("note", ""), *said]))
