"""The check section of the wire, the static picture of the verdicts, and the heat map of the errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
from sympy.printing.mathml import mathml

from difflab.labs.check import Entry, Report
from difflab.show.svg import document, text
from difflab.show.widget import Handler
from difflab.show.wire import Wire, number, shorten

CARRIED = 400
NAMED = 10_000
"""A Jacobian of more entries than this travels with the names of those rows and columns alone that have an entry."""
_FORMULA = 2_000
_MARKS = {
    "agrees": ("✓", "#009e73"),
    "differs": ("✗", "#d55e00"),
    "not finite": ("∞", "#cc79a7"),
    "not differentiable here": ("∠", "#e69f00"),
    "undecided": ("?", "#e69f00"),
    "unsupported": ("–", "#8a94a6"),
}


def check_section(report: Report) -> Wire:
    """The `check` section: the worst entries first where there are too many."""
    worst = report.worst()
    carried = worst[:CARRIED]
    rows, columns = list(range(len(report.rows))), list(range(len(report.columns)))
    if len(rows) * len(columns) > NAMED:
        rows, columns = sorted({e.i for e in carried}), sorted({e.j for e in carried})
    row, column = ({number: k for k, number in enumerate(numbers)} for numbers in (rows, columns))
    return {
        "verdict": report.verdict,
        "summary": report.summary,
        "point": [{"name": name, "value": value} for name, value in report.point],
        "rows": [report.rows[k] for k in rows],
        "columns": [report.columns[k] for k in columns],
        "entries": [{**_entry(entry), "i": row[entry.i], "j": column[entry.j]} for entry in carried],
        "left_out": report.left_out + max(0, len(worst) - CARRIED),
        "unsupported": [
            {"primitive": primitive, "node": node, "source": source} for primitive, node, source in report.unsupported
        ],
        "notes": [*report.notes, *(f"no {mode}: {reason}" for mode, reason in report.missing.items())],
        "path": list(report.path),
        "snippet": _snippet(report),
    }


def part(report: Report) -> tuple[Wire, dict[str, Handler]]:
    """The section, and what to do for messages: nothing."""
    return check_section(report), {}


def check_svg(report: Report) -> str:
    """The grid of verdicts, a mark an entry; the worst entries in words below."""
    rows, columns = report.rows[:20], report.columns[:20]
    left = 20 + 6.6 * max((len(shorten(row, 22)) for row in rows), default=4)
    parts = [text(10, 20, f"{report.name}: {report.summary}", "t", "start")]
    marks = {(entry.i, entry.j): entry.verdict for entry in report.entries}
    for j, column in enumerate(columns):
        x = left + 28 * j + 14
        parts.append(
            f'<g transform="translate({x:.1f} 96) rotate(-52)">{text(0, 0, shorten(column, 14), "d", "start")}</g>'
        )
    for i, row in enumerate(rows):
        y = 106 + 28 * i
        parts.append(text(left - 8, y + 17, shorten(row, 22), "d", "end"))
        for j in range(len(columns)):
            mark, colour = _MARKS.get(marks.get((i, j), ""), ("·", "#8a94a6"))
            x = left + 28 * j
            size = 'width="25" height="25" rx="4" fill-opacity=".18"'
            parts.append(f'<rect x="{x:.1f}" y="{y}" {size} fill="{colour}" stroke="{colour}"/>')
            style = f'text-anchor="middle" font-size="13" fill="{colour}"'
            parts.append(f'<text x="{x + 12.5:.1f}" y="{y + 17}" {style}>{mark}</text>')
    bottom = 122 + 28 * len(rows)
    lines = [_words(entry) for entry in report.worst()[:4] if entry.verdict != "agrees"]
    if len(report.rows) > 20 or len(report.columns) > 20:
        lines.append(f"the first 20 × 20 of {len(report.rows)} × {len(report.columns)} entries are drawn")
    parts += [text(10, bottom + 16 * k, shorten(line, 116), "d", "start") for k, line in enumerate(lines)]
    width = max(
        left + 28 * len(columns) + 70, 420.0, 6.5 * max((min(len(line), 116) for line in lines), default=0) + 20
    )
    return document("".join(parts), width, bottom + 16 * len(lines), report.name, report.summary)


def error_heatmap(report: Report) -> go.Figure:
    """log₁₀ of the relative error of every entry, as a plotly figure; white entries were not compared."""
    errors = report.errors()
    with np.errstate(divide="ignore"):
        shown = np.log10(np.maximum(errors, 1e-17))
    trace = go.Heatmap(
        z=shown, x=list(report.columns), y=list(report.rows), zmin=-17, zmax=0, colorscale="Viridis",
        colorbar={"title": "log₁₀ error"}, hovertemplate="∂%{y}/∂%{x}: 10^%{z:.1f}<extra></extra>",
    )  # fmt: skip
    layout = {
        "title": f"{report.name}: relative error of JAX's Jacobian",
        "template": "none",
        "yaxis": {"autorange": "reversed"},
    }
    return go.Figure(trace, {**layout, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"})


def _entry(entry: Entry) -> Wire:
    formula = None if entry.symbolic is None else str(entry.symbolic)
    return {
        "verdict": entry.verdict,
        "symbolic": None if formula is None else shorten(formula, _FORMULA),
        "mathml": _mathml(entry.symbolic) if formula is not None and len(formula) <= _FORMULA // 2 else None,
        "jacfwd": number(entry.jacfwd), "jacrev": number(entry.jacrev), "truth": number(entry.truth),
        "error": number(entry.error), "note": entry.note,
    }  # fmt: skip


def _mathml(expression: Any) -> str | None:
    """Presentation MathML, which browsers draw by themselves; None where SymPy has no printer for it."""
    try:
        inside = mathml(expression, printer="presentation")
    except (NotImplementedError, AttributeError, TypeError):
        return None
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{inside}</math>'


def _words(entry: Entry) -> str:
    return f"∂{entry.row}/∂{entry.column} {entry.verdict}" + (f": {entry.note}" if entry.note else "")


def _snippet(report: Report) -> str:
    """Code that reproduces the comparison of the worst entry."""
    worst = next(iter(report.worst()), None)
    if worst is None:
        return ""
    symbolic = (
        "" if worst.symbolic is None else f"\n# ∂{worst.row}/∂{worst.column} = {shorten(str(worst.symbolic), 300)}"
    )
    truth = "unknown" if worst.truth is None or not math.isfinite(worst.truth) else f"{worst.truth:.9g}"
    call = f"report = dl.check({report.name}, ...)  # your arguments"
    return f"{call}{symbolic}\nprint(report.entry({worst.i}, {worst.j}))  # true value: {truth}"
