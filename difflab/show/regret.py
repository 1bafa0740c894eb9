"""The picture of a finished elimination: what each vertex of the order cost, above what it must cost in any order.

The area above the floors is the regret; where there is none, the order is optimal. Floors hold for the model in which
every product counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from difflab.labs.elimination import Elimination
from difflab.show.svg import document, text

_HEIGHT, _LEFT, _TOP, _WIDTH = 120.0, 46.0, 44.0, 760.0
_STYLE = {"floor": "fill:#9db8d6;stroke:#3c7dc4", "regret": "fill:#f0a35e;stroke:#d55e00;stroke-dasharray:2 1"}


def regret_svg(at: Elimination, floors: Mapping[str, float | int], bound: float | int = 0) -> str:
    """Bars in the order of elimination; `floors` gives what a vertex costs at least, 0 where that is not known.

    `bound` is what has been proved of whole orders; it is named where it says more than the floors.
    """
    costs = [(frame.scalar_cost, min(floors.get(frame.vertex, 0), frame.scalar_cost)) for frame in at.frames]
    top = max((cost for cost, _ in costs), default=1) or 1
    step = min(_WIDTH / max(len(costs), 1), 40.0)
    width = max(_LEFT + step * len(costs) + 20, 420.0)
    total, least = sum(cost for cost, _ in costs), sum(floor for _, floor in costs)
    words = f"{total:,g} multiplications in {len(costs)} steps, every product counted: floors {least:,g}"
    if bound > least:
        words += f", proved: at least {bound:,g}" + (", so this is optimal" if total <= bound else "")
    parts = [text(_LEFT, 18, words, "t", "start"), *_key(width, total - least)]
    for k, (cost, floor) in enumerate(costs):
        x = _LEFT + k * step
        parts.append(_bar(x, step, 0.0, floor, top, "floor"))
        parts.append(_bar(x, step, floor, cost, top, "regret"))
    base = _TOP + _HEIGHT
    parts.append(f'<path class="e" d="M{_LEFT} {_TOP}V{base}H{width - 10:g}"/>')
    parts += [text(_LEFT - 6, _TOP + 6, f"{top:,g}", "d", "end"), text(_LEFT - 6, base, "0", "d", "end")]
    parts.append(text(_LEFT, base + 16, "first eliminated", "d", "start"))
    parts.append(text(width - 10, base + 16, "last", "d", "end"))
    return document("".join(parts), width, base + 26, f"elimination of {at.linear.name}", f"{words}. {at.counts}")


def _key(width: float, regret: float | int) -> list[str]:
    """The legend, right above the bars."""
    parts: list[str] = []
    x = _LEFT
    for name, words in (("floor", "what it must cost"), ("regret", f"above its floor: {regret:,g} in all")):
        parts.append(f'<rect style="{_STYLE[name]}" x="{x:g}" y="25" width="10" height="10"/>')
        parts.append(text(x + 15, 34, words, "d", "start"))
        x += 40 + 6.4 * len(words)
    return parts


def _bar(x: float, step: float, low: float | int, high: float | int, top: float | int, kind: str) -> str:
    if high <= low:
        return ""
    y, height = _TOP + _HEIGHT * (1 - high / top), _HEIGHT * (high - low) / top
    place = f'x="{x:.1f}" y="{y:.1f}" width="{max(step - 1.5, 1.0):.1f}" height="{height:.1f}"'
    return f'<rect style="{_STYLE[kind]};stroke-width:.6" {place}/>'
