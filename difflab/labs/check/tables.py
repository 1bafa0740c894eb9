"""Tables of results as plain HTML, which every notebook shows and no script is needed for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import mpmath  # pyright: ignore[reportMissingTypeStubs]

MOST_ROWS, MOST_COLUMNS = 24, 12
"""Larger tables show so much of their beginning."""


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], notes: Iterable[str] = ()) -> str:
    """A table with a caption above and notes below; what does not fit is counted.

    >>> table("a < b", ["x"], [["1"]])
    '<table><caption>a &lt; b</caption><thead><tr><th>x</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>'
    """
    wide, long = len(head) > MOST_COLUMNS, len(rows) > MOST_ROWS
    first = _line("th", head[:MOST_COLUMNS], wide)
    body = "".join(_line("td", row[:MOST_COLUMNS], wide) for row in rows[:MOST_ROWS])
    more = [f"… {len(rows) - MOST_ROWS} rows more"] if long else []
    more += [f"… {len(head) - MOST_COLUMNS} columns more"] if wide else []
    below = "".join(f"<div>{escape(text)}</div>" for text in [*more, *notes])
    top = f"<caption>{escape(caption)}</caption><thead>{first}</thead>"
    return f"<table>{top}<tbody>{body}</tbody></table>{below}"


def brief(number: str, digits: int = 12) -> str:
    """A decimal, shortened.

    >>> brief("0.33333333333333333333")
    '0.333333333333'
    """
    return str(mpmath.nstr(mpmath.mpf(number), digits, strip_zeros=True)).removesuffix(".0")


def _line(cell: str, texts: Sequence[str], wide: bool) -> str:
    cells = "".join(f"<{cell}>{escape(text)}</{cell}>" for text in [*texts, *(["…"] if wide else [])])
    return f"<tr>{cells}</tr>"
