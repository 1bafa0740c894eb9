"""The adjoint section of the wire, and the static picture of a reverse sweep."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from difflab.labs.adjoint import AdjointTrace
from difflab.show.svg import document, text
from difflab.show.widget import Handler
from difflab.show.wire import Wire, shorten, summary

CARRIED = 20_000
"""More steps than this do not all travel: the outer ends of both sweeps do."""


def adjoint_section(trace: AdjointTrace) -> Wire:
    """The `adjoint` section: every step as columns, the arguments, the explanation."""
    kept = _kept(trace)
    frames = [trace.frames[step] for step in kept]
    forward = sum(1 for step in kept if step < trace.forward)
    first = trace.first_nan
    columns = {
        "phase": [f.phase for f in frames],
        "node": [f.node for f in frames],
        "path": [f.path for f in frames],
        "text": [shorten(f.text, 200) for f in frames],
        "source": [str(f.source) if f.source else None for f in frames],
        "shape": [_shape(f.primal) for f in frames],
        "primal": [summary(f.primal) for f in frames],
        "cotangent": [summary(f.cotangent) for f in frames],
        "inputs": [[_row(entry) for entry in f.inputs] for f in frames],
        "flag": [f.flag for f in frames],
    }  # fmt: skip
    return {
        "steps": len(frames),
        "forward": forward,
        "columns": columns,
        "arguments": [_row(argument) for argument in trace.arguments],
        "explanation": str(trace.explanation),
        "marks": {"first_nan": kept.index(first) if first in kept else None},
        "truncated": _truncated(trace, kept),
    }  # fmt: skip


def _row(of: Any) -> Wire:
    return {"name": of.name, "primal": summary(of.primal), "cotangent": summary(of.cotangent)}


def part(trace: AdjointTrace) -> tuple[Wire, dict[str, Handler]]:
    """The section, and what to do for messages."""
    return adjoint_section(trace), {"array": answer_array(trace)}


def answer_array(trace: AdjointTrace) -> Callable[[Any, Wire], None]:
    """What to do when the front end asks for a whole array."""
    kept = _kept(trace)

    def answer(widget: Any, message: Wire) -> None:
        step, which = kept[message["step"]], message["which"]
        value = np.asarray(trace.primal(step) if which == "primal" else trace.cotangent(step))
        kind = np.complex128 if np.iscomplexobj(value) else np.float64
        reply = {
            "kind": "array",
            "step": message["step"],
            "which": which,
            "shape": list(value.shape),
            "dtype": str(value.dtype),
        }
        widget.send(reply, buffers=[value.astype(kind).tobytes()])

    return answer


def adjoint_svg(trace: AdjointTrace, width: float = 760.0) -> str:
    """Norms of the cotangents along the reverse sweep, NaN marked, and the gradient of each argument."""
    norms = trace.timeline()
    height, left = 120.0, 46.0
    finite = norms[np.isfinite(norms)]
    low, high = (math.floor(finite.min()), math.ceil(finite.max())) if finite.size else (0, 1)
    high = max(high, low + 1)
    step = (width - left - 14) / max(len(norms), 1)

    def at(k: int, value: float | int) -> tuple[float, float]:
        return left + (k + 0.5) * step, 30 + height * (high - value) / (high - low)

    parts = [text(10, 16, f"{trace.graph.name}: log₁₀ norm of the cotangent along the reverse sweep", "t", "start")]
    parts += [text(left - 6, at(0, v)[1] + 4, str(v), "d", "end") for v in (low, high)]
    parts.append(f'<path class="e" d="M{left} 30V{30 + height}H{width - 14:.1f}"/>')
    parts += [_curve([at(k, v) if math.isfinite(v) else None for k, v in enumerate(norms)])]
    for k in range(len(norms)):
        if trace.frames[trace.forward + k].flag in ("nan", "inf"):
            parts.append(text(at(k, low)[0], 30 + height + 14, "✕", "t"))
    lines = [f"{a.name}: gradient {a.cotangent if a.cotangent else 'none'}" for a in trace.arguments[:8]]
    lines += [f"… {len(trace.arguments) - 8} more arguments"] if len(trace.arguments) > 8 else []
    lines += str(trace.explanation).splitlines()[:6]
    parts += [text(10, 30 + height + 36 + 16 * k, shorten(line, 118), "d", "start") for k, line in enumerate(lines)]
    return document(
        "".join(parts), width, height + 56 + 16 * len(lines), trace.graph.name, str(trace.explanation), int(width)
    )


def _curve(points: Sequence[tuple[float, float] | None]) -> str:
    """A polyline with gaps, and a dot a point where there are few."""
    path, pen = [], "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        path.append(f"{pen}{point[0]:.1f} {point[1]:.1f}")
        pen = "L"
    dots = [p for p in points if p] if len(points) <= 60 else []
    circles = "".join(f'<circle class="a" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in dots)
    return f'<path class="e" style="stroke:#3c7dc4" d="{"".join(path)}"/>{circles}' if path else ""


def _kept(trace: AdjointTrace) -> list[int]:
    if trace.steps <= CARRIED:
        return list(range(trace.steps))
    quarter = CARRIED // 4
    down = [*range(quarter), *range(trace.forward - quarter, trace.forward)]
    return [*down, *[trace.steps - 1 - step for step in reversed(down)]]


def _truncated(trace: AdjointTrace, kept: Sequence[int]) -> str | None:
    left_out = trace.steps - len(kept)
    words = [trace.truncated] if trace.truncated else []
    if left_out:
        words.append(f"{left_out:,} steps in the middle of both sweeps are not drawn; the object has them: trace[step]")
    return "; ".join(words) or None


def _shape(of: Any) -> str:
    return "" if of is None else f"{of.dtype}[{','.join(map(str, of.shape))}]"
