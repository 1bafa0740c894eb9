"""The static picture of a check: the faults in words, the grid with a sign an entry, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator

from difflab.labs.check import Report
from difflab.show.svg import document, text
from difflab.show.wire import shorten

MARKS = {
    "proved": ("≡", "#009e73"),
    "proved with high probability": ("✓", "#009e73"),
    "agrees": ("≈", "#56b4e9"),
    "refuted": ("✗", "#d55e00"),
    "not finite": ("∞", "#cc79a7"),
    "not differentiable here": ("∠", "#e69f00"),
    "undecided": ("?", "#e69f00"),
    "unsupported": ("–", "#8a94a6"),
}
"""Sign and colour of each verdict."""

DRAWN = 20
_CELL, _COLUMNS = 28, 116


def check_svg(report: Report) -> str:
    """What was found in words, then the grid of verdicts, a sign an entry."""
    lines = list(_words(report))
    parts = [text(10, 20, f"{report.name}: {report.summary}", "t", "start")]
    parts += [text(10, 40 + 16 * k, shorten(line, _COLUMNS), "d", "start") for k, line in enumerate(lines)]
    top = 44.0 + 16 * len(lines)
    rows, columns = (sorted({getattr(e, of) for e in report.entries})[:DRAWN] for of in ("i", "j"))
    names = [shorten(report.rows[i], 22) for i in rows]
    left = 20 + 6.6 * max((len(name) for name in names), default=4)
    parts += _grid(report, rows, columns, left, top)
    bottom = top + 74 + _CELL * len(rows)
    wide = max([7.2 * len(report.name + report.summary), *(6.5 * min(len(line), _COLUMNS) for line in lines)])
    width = max(left + _CELL * len(columns) + 70, 420.0, wide + 34)
    return document("".join(parts), width, bottom, report.name, report.summary)


def _words(report: Report) -> Iterator[str]:
    for found in report.faults[:4]:
        yield f"✗ {found}"
        if found.witness is not None:
            ad, true = (shorten(decimal, 24) for decimal in (found.witness.ad, found.witness.true))
            yield f"· JAX {ad}   true {true}   ratio {found.witness.ratio:.9g}"
    if len(report.faults) > 4:
        yield f"… and {len(report.faults) - 4} more"
    if not report.faults:
        told = [entry for entry in report.worst()[:4] if entry.note]
        yield from (f"∂{entry.row}/∂{entry.column} {entry.verdict}: {entry.note}" for entry in told)
    if report.evidence:
        yield report.evidence
    yield from (f"no {mode}: {reason}" for mode, reason in report.missing.items())
    cells = len(report.rows) * len(report.columns)
    if cells > DRAWN**2 or report.left_out:
        yield f"of {len(report.rows):,} × {len(report.columns):,} entries some are drawn"


def _grid(report: Report, rows: list[int], columns: list[int], left: float, top: float) -> Iterator[str]:
    marks = {(entry.i, entry.j): entry.verdict for entry in report.entries}
    for place, j in enumerate(columns):
        at = f"translate({left + _CELL * place + 14:.1f} {top + 46:.1f}) rotate(-52)"
        yield f'<g transform="{at}">{text(0, 0, shorten(report.columns[j], 14), "d", "start")}</g>'
    for line, i in enumerate(rows):
        y = top + 56 + _CELL * line
        yield text(left - 8, y + 17, shorten(report.rows[i], 22), "d", "end")
        for place, j in enumerate(columns):
            mark, colour = MARKS.get(marks.get((i, j), ""), ("·", "#8a94a6"))
            x = left + _CELL * place
            size = 'width="25" height="25" rx="4" fill-opacity=".18"'
            yield f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{colour}" stroke="{colour}"/>'
            style = f'text-anchor="middle" font-size="13" fill="{colour}"'
            yield f'<text x="{x + 12.5:.1f}" y="{y + 17:.1f}" {style}>{mark}</text>'
