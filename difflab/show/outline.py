"""A long program in few lines: its outer structure first, what is folded with the count of its equations."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from difflab.core.graph import Block
from difflab.show.wire import shorten

WIDTH = 120


def outline(block: Block, limit: int = 80) -> list[str]:
    """At most about `limit` lines of a program: blocks open from the outside in, as long as their lines fit.

    >>> print(*outline(Block("f(x):", (Block("inner:", ("a", "b"), 2), "c"), 3), 3), sep="\\n")
    f(x):
      inner: … 2 equations
      c
    """
    opened, lines = {id(block)}, 1 + len(block.parts)
    waiting = deque(part for part in block.parts if isinstance(part, Block))
    while waiting:
        inner = waiting.popleft()
        if lines + len(inner.parts) <= limit:
            opened.add(id(inner))
            lines += len(inner.parts)
            waiting.extend(part for part in inner.parts if isinstance(part, Block))
    return list(_lines(block, opened, "", limit))


def _lines(block: Block, opened: set[int], indent: str, limit: int) -> Iterator[str]:
    head = shorten(block.head.replace("\n    ", " "), WIDTH - len(indent))
    if id(block) not in opened:
        yield f"{indent}{head} … {_equations(block.size)}"
        return
    lines = block.head.split("\n")
    yield from (indent + line for line in (lines if len(lines) <= 4 else [head]))
    left_out = len(block.parts) - limit
    first = len(block.parts) if left_out <= 0 else limit * 2 // 3
    for part in block.parts[:first]:
        yield from _part(part, opened, indent, limit)
    if left_out > 0:
        last = len(block.parts) - limit // 3
        hidden = block.parts[first:last]
        scopes = sum(isinstance(part, Block) for part in hidden)
        size = sum(1 if isinstance(part, str) else part.size for part in hidden)
        yield f"{indent}  … {size:,} more equations" + (f" in {scopes} scopes" if scopes else "")
        for part in block.parts[last:]:
            yield from _part(part, opened, indent, limit)


def _part(part: str | Block, opened: set[int], indent: str, limit: int) -> Iterator[str]:
    if isinstance(part, Block):
        yield from _lines(part, opened, indent + " " * part.inset, limit)
    else:
        code, mark, source = part.partition("    # ")
        yield indent + "  " + (code if code.startswith("✗") else shorten(code, WIDTH)) + mark + source


def _equations(size: int) -> str:
    return f"{size:,} equation" + ("" if size == 1 else "s")
