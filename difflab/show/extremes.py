"""The worst of many values: NaN before Inf before the largest norm, for each node and whatever it is inside of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from difflab.core.summary import Summary
from difflab.show.wire import number

SPECIAL = {"NaN": "some entry is NaN", "Inf": "some entry is infinite", "zero": "every entry is zero"}
"""Figures that are words."""

_Rank = tuple[int, float]


class Extremes:
    """Of each node the worst value it made, in any iteration; `noun` is what the number is called."""

    def __init__(self, values: Iterable[tuple[str, Any]], noun: str) -> None:
        self._noun = noun
        self._worst: dict[str, _Rank] = {}
        for node, value in values:
            rank = None if value is None else _rank(value.summary)
            while rank is not None and node and rank > self._worst.get(node, (-1, 0.0)):
                self._worst[node] = rank
                node = node.rpartition("/")[0].rpartition(".")[0]

    def figure(self, prefix: str, equations: Iterable[int]) -> int | float | str | None:
        """A norm, or one of the words; None where nothing was computed, or no cotangent came."""
        ranks = (self._worst.get(f"{prefix}{k}") for k in equations)
        return _figure(max((rank for rank in ranks if rank is not None), default=None))

    def said(self, node: str) -> str:
        """The figure in words."""
        found = _figure(self._worst.get(node))
        if found is None:
            return "none" if self._noun == "cotangent" else "not run"
        return SPECIAL[found] if isinstance(found, str) else f"norm {found:.4g}"


def _rank(of: Summary) -> _Rank | None:
    if of.nan or of.inf:
        return (3 if of.nan else 2, 0.0)
    return None if of.norm != of.norm else (1, of.norm)


def _figure(rank: _Rank | None) -> int | float | str | None:
    if rank is None:
        return None
    if rank[0] > 1:
        return "NaN" if rank[0] == 3 else "Inf"
    return number(rank[1]) if rank[1] else "zero"
