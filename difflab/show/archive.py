"""What a page without a kernel can still answer: questions of its views with their answers, recorded and packed.

The view asks a page as it asks a kernel (widgets/WIRE.md, "Messages"); a page looks the question up. Questions come
cheapest and outermost first, so what no longer fits the budget is what lies deepest.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from difflab.show.wire import Wire

BOXES = 60_000
"""Boxes of scopes that a page carries at most."""
BYTES = 80_000_000
"""Bytes of JSON that a page carries at most, before they are packed."""

_LONG = 200


@dataclass(frozen=True)
class Archive:
    """Questions and the answers to them, as JSON texts; `left_out` counts the questions that were too many."""

    answers: tuple[tuple[str, str], ...] = ()
    left_out: int = 0

    @property
    def packed(self) -> str:
        """The text that a page carries: question and answer line by line, deflated, in base64."""
        return pack("".join(f"{question}\n{answer}\n" for question, answer in self.answers)) if self.answers else ""

    def __add__(self, other: Archive) -> Archive:
        return Archive(self.answers + other.answers, self.left_out + other.left_out)


def record(questions: Iterable[Wire], answer: Callable[[Wire], Wire], boxes: int = BOXES, size: int = BYTES) -> Archive:
    """Ask all that fits: scopes as long as there are fewer than `boxes` in them, all answers within `size` bytes.

    >>> found = record([{"kind": "index"}], lambda question: {"kind": "index", "index": {}})
    >>> found.answers
    (('{"kind":"index"}', '{"index":{},"kind":"index"}'),)
    """
    asked = list(questions)
    found: list[tuple[str, str]] = []
    for question in tqdm(asked, desc="recording the page", unit=" parts", disable=len(asked) < _LONG, leave=False):
        if boxes <= 0 and question.get("kind") == "scope":
            continue
        said = answer(question)
        text = canonical(said)
        if len(text) <= size:
            found.append((canonical(question), text))
            size -= len(text)
            boxes -= len(said.get("scope", {}).get("items", ()))
    return Archive(tuple(found), len(asked) - len(found))


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces, as `widgets/src/link.ts` writes it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def pack(text: str | bytes) -> str:
    """Text deflated (zlib) and in base64."""
    return base64.b64encode(zlib.compress(text.encode() if isinstance(text, str) else text, 9)).decode()
