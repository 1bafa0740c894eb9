"""The heat map of the errors, as a plotly figure."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from difflab.labs.check import Report

_CELL, _LEAST, _MOST = 26, 340, 900
_GREY = "#8a94a6"


def error_heatmap(report: Report) -> go.Figure:
    """log₁₀ of the relative error of every entry; entries that were not compared are left empty.

    Its words are grey on nothing, so that they can be read on light and on dark pages.
    """
    chosen = [sorted({getattr(entry, of) for entry in report.entries}) for of in ("i", "j")]
    errors = report.errors()[np.ix_(*chosen)] if all(chosen) else np.empty((0, 0))
    with np.errstate(divide="ignore"):
        shown = np.log10(np.clip(errors, 1e-17, 1e17))
    names = [[lines[k] for k in of] for of, lines in zip(chosen, (report.rows, report.columns), strict=True)]
    words = [[_words(x) for x in row] for row in errors]
    trace = go.Heatmap(
        z=shown, x=names[1], y=names[0], zmin=-17, zmax=0, colorscale="Viridis", xgap=1, ygap=1, customdata=words,
        colorbar={
            "title": {"text": "relative<br>error"}, "tickvals": [-16, -12, -8, -4, 0], "outlinewidth": 0,
            "ticktext": ["10⁻¹⁶", "10⁻¹²", "10⁻⁸", "10⁻⁴", "1 or more"],
        },
        hovertemplate="∂%{y}/∂%{x}: relative error %{customdata}<extra></extra>",
    )  # fmt: skip
    left_out = f", {len(report.entries):,} of {len(report.rows) * len(report.columns):,} entries" * bool(
        report.left_out
    )
    axis = {"type": "category", "showgrid": False, "zeroline": False, "ticks": "", "automargin": True}
    layout = {
        "title": {"text": f"{report.name}: relative error of JAX's Jacobian{left_out}", "font": {"size": 14}},
        "font": {"color": _GREY, "size": 11},
        "xaxis": axis,
        "yaxis": {**axis, "autorange": "reversed"},
        "width": _size(len(names[1]), 260),
        "height": _size(len(names[0]), 150),
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }
    return go.Figure(trace, layout)


def _size(count: int, margin: int) -> int:
    return min(max(_CELL * count + margin, _LEAST), _MOST)


def _words(error: float) -> str:
    return "unknown" if np.isnan(error) else "0" if error == 0 else f"{error:.2g}"
