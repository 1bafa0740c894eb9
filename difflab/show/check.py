"""The check section of the wire: what was found, the grid of entries, the points, and what is told of an entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from math import log10, prod
from time import monotonic
from typing import Any

import jax.numpy as jnp

from difflab.core.graph import Source, walk
from difflab.labs.check import Entry, Report
from difflab.labs.check.findings import Finding, Witness
from difflab.show.check_entry import answer_entry, source_wire
from difflab.show.check_picture import check_svg as check_svg
from difflab.show.widget import Handler
from difflab.show.wire import Wire, number, shorten

CARRIED = 400
NAMED = 2_500
"""A Jacobian of more entries than this travels with the names of those rows and columns alone that have an entry."""
SMALL = 64
"""Up to so many equations and entries, formulas are asked for unasked."""
ARCHIVED = 24
"""Entries whose formula and derivation a page carries, the worst first, as far as they are found in `PATIENCE` s."""
PATIENCE = 20.0


def check_section(report: Report) -> Wire:
    """The `check` section: the worst entries first where there are too many."""
    worst = report.worst()
    carried = worst[:CARRIED]
    rows, columns = range(len(report.rows)), range(len(report.columns))
    if len(rows) * len(columns) > NAMED:
        rows, columns = sorted({e.i for e in carried}), sorted({e.j for e in carried})
    return {
        "verdict": report.verdict,
        "summary": report.summary,
        "evidence": report.evidence,
        "seconds": number(round(report.seconds, 2)),
        "order": report.order,
        "full": number(_full(report)),
        "eager": report.graph.size <= SMALL and len(report.rows) * len(report.columns) <= SMALL,
        "totals": dict(report.totals),
        "size": [len(report.rows), len(report.columns)],
        "rows": [[k, report.rows[k]] for k in rows],
        "columns": [[k, report.columns[k]] for k in columns],
        "groups": _groups(report),
        "entries": [_entry(entry) for entry in carried],
        "left_out": report.left_out + max(0, len(worst) - CARRIED),
        "findings": [_finding(report, found) for found in report.findings],
        "point": [{"name": name, "value": value} for name, value in report.point],
        "points": [_point(point) for point in report.points],
        "branches": report.branches,
        "missing": dict(report.missing),
        "unsupported": [
            {"primitive": primitive, "node": node, "source": source} for primitive, node, source in report.unsupported
        ],
        "notes": list(report.notes),
        "path": list(report.path),
        "snippet": _snippet(report),
    }


def part(report: Report) -> tuple[Wire, dict[str, Handler]]:
    """The section, and what to do for messages: say more of one entry."""

    def say(widget: Any, message: Wire) -> None:
        widget.send(answer_entry(report, message))

    return check_section(report), {"entry": say}


def questions(report: Report, seconds: float | int = PATIENCE) -> Iterator[Wire]:
    """What a page can answer of the worst entries, as long as the time lasts."""
    start = monotonic()
    for entry in report.worst()[:ARCHIVED]:
        if monotonic() - start < seconds:
            yield {"kind": "entry", "i": entry.i, "j": entry.j}


def answers(report: Report) -> Callable[[Wire], Wire]:
    """How they are answered."""
    return lambda question: answer_entry(report, question)


def _entry(entry: Entry) -> Wire:
    return {
        "i": entry.i,
        "j": entry.j,
        "verdict": entry.verdict,
        "truth": number(entry.truth, 17),
        "jacfwd": number(entry.jacfwd, 17),
        "jacrev": number(entry.jacrev, 17),
        "error": number(entry.error),
        "digits": entry.digits,
        "note": entry.note,
        "modes": dict(entry.modes),
    }


def _finding(report: Report, found: Finding) -> Wire:
    return {
        "kind": found.kind,
        "severity": found.severity,
        "message": found.message,
        "mode": found.mode,
        "order": found.order,
        "entry": _place(report, found),
        "name": f"∂{found.entry[0]}/∂{found.entry[1]}" if found.entry else "",
        "rule": found.rule,
        "source": source_wire(found.source),
        "node": _node(report, found.source) if found.source else None,
        "hint": found.hint,
        "witness": _witness(found.witness) if found.witness else None,
    }


def _witness(found: Witness) -> Wire:
    return {
        "point": [{"name": name, "value": shorten(value, 300)} for name, value in found.point],
        "ad": found.ad,
        "true": found.true,
        "ratio": number(found.ratio, 12),
        "method": found.method,
        "snippet": found.snippet,
    }


def _place(report: Report, found: Finding) -> list[int] | None:
    """The entry that a finding is about, if it is one of the function's and not of a rule's own."""
    of_function = found.details.get("function", ()) if found.rule else (found.entry,)
    entry = next(iter(of_function), None)
    if entry is None:
        return None
    row, column = entry[0], entry[1].split(" ∂")[0]
    if row not in report.rows or column not in report.columns:
        return None
    return [report.rows.index(row), report.columns.index(column)]


def _node(report: Report, source: Source) -> str | None:
    """The first equation of the graph that comes from this line."""
    for node, _, equation in walk(report.graph):
        if equation.source and (equation.source.file, equation.source.line) == (source.file, source.line):
            return node
    return None


def _groups(report: Report) -> Wire:
    """Rows and columns by the leaf they belong to: name, first number, size."""
    checked = report.problem
    signature = report.graph.signature
    if checked is None or signature is None:
        return {"rows": [], "columns": []}
    outputs = [signature.outputs[k] for k in checked.outputs]
    inputs = [checked.at.paths[k] for k in checked.inputs]
    return {"rows": _lines(outputs, checked.output_types), "columns": _lines(inputs, checked.input_types)}


def _lines(names: Sequence[str], types: Sequence[tuple[tuple[int, ...], str]]) -> list[Wire]:
    sizes = [prod(shape) * (2 if dtype.startswith("complex") else 1) for shape, dtype in types]
    starts = accumulate(sizes, initial=0)
    return [
        {"name": name, "shape": _shape(kind), "first": first, "size": size}
        for name, kind, first, size in zip(names, types, starts, sizes, strict=False)
    ]


def _shape(kind: tuple[tuple[int, ...], str]) -> str:
    return f"{kind[1]}[{','.join(map(str, kind[0]))}]"


def _full(report: Report) -> float:
    """Decimal digits that the coarsest type of the inputs and outputs holds."""
    checked = report.problem
    types = () if checked is None else (*checked.input_types, *checked.output_types)
    return min((-log10(float(jnp.finfo(dtype).eps) / 2) for _, dtype in types), default=16.0)


def _point(point: Any) -> Wire:
    return {
        "label": point.label,
        "branch": point.branch,
        "outcome": point.outcome,
        "decisions": point.decisions,
        "values": [{"name": name, "value": shorten(value, 300)} for name, value in point.values],
    }


def _snippet(report: Report) -> str:
    """What one can do next in Python."""
    worst = next(iter(report.worst()), None)
    name = report.name if report.name.isidentifier() else "f"
    lines = [f"report = dl.check({name}, ...)  # your arguments"]
    if worst is not None:
        lines += [f"report.entry({worst.i}, {worst.j})  # one entry", "report.heatmap()  # errors of all entries"]
    return "\n".join([*lines, f"dl.assert_grads({name}, ...)  # in a test"])
