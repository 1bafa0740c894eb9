"""The graph as a Mermaid flowchart, as GitHub and many editors draw it inside Markdown.

GitHub's renderer takes 500 edges and 50,000 characters (mermaid.js.org, configuration `maxEdges`, `maxTextSize`); what
is larger is drawn with its deeper scopes closed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from difflab.core.graph import Graph
from difflab.show.exports.flow import Box, Flow, Part, flow

EDGES = 480
"""Edges drawn at most."""
CHARACTERS = 48_000
LEAVES = 24
"""More inputs, or outputs, than this are drawn as one box an argument."""

_SHAPES = {"input": ('(["', '"])'), "output": ('(["', '"])'), "constant": ('(["', '"])'), "scope": ('[["', '"]]')}


def mermaid(graph: Graph) -> str:
    """The graph as Mermaid text, with as many levels of scopes open as the renderers take.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> print(mermaid(graph(lambda x: jnp.sin(x), 1.0)).splitlines()[0])
    flowchart TB
    """
    best = _text(_gathered(flow(graph, lambda depth: False)))
    for levels in range(1, 100):
        found = _gathered(flow(graph, lambda depth, levels=levels: depth <= levels))
        text = _text(found)
        if len(_joined(found)) > EDGES or len(text) > CHARACTERS:
            break
        best = text
        if not found.closed:
            break
    return best


def _gathered(found: Flow) -> Flow:
    """Arguments and results of many leaves become one box each: their leaves would be most of the edges."""
    owners: dict[str, tuple[str, str]] = {}
    for kind in ("input", "output"):
        ends = [item for item in found.part.items if isinstance(item, Box) and item.kind == kind]
        if len(ends) > LEAVES:
            owners.update({box.id: (kind, re.split(r"[\[.]", box.label)[0]) for box in ends})
    first: dict[tuple[str, str], str] = {}
    moved = {name: first.setdefault(owner, name) for name, owner in owners.items()}
    sizes = Counter(moved.values())
    items = tuple(
        replace(item, label=owners[item.id][1], detail=f"{sizes[item.id]} arrays") if sizes[item.id] > 1 else item
        for item in found.part.items
        if moved.get(item.id, item.id) == item.id
    )
    number = {name: k for k, name in enumerate(owners)}
    arrows = (
        replace(
            arrow,
            source=moved.get(arrow.source, arrow.source),
            target=moved.get(arrow.target, arrow.target),
            result=number.get(arrow.source, arrow.result),
        )
        for arrow in found.arrows
    )
    return Flow(replace(found.part, items=items), tuple(dict.fromkeys(arrows)), found.closed)


def _text(found: Flow) -> str:
    names = {box.id: f"n{k}" for k, box in enumerate(found.part.boxes())}
    shown = _joined(found)
    kept, left_out = shown[:EDGES], len(shown) - EDGES
    lines = ["flowchart TB"]
    if found.closed:
        lines.append(f"  %% {found.closed} scopes are closed here; to_html() and to_dot() open all of them")
    lines.extend(_items(found.part, names, "  "))
    for source, target, words, body in kept:
        arrow = "-.->" if body else f'-->|"{_safe(words)}"|' if words else "-->"
        lines.append(f"  {names[source]} {arrow} {names[target]}")
    if left_out > 0:
        lines.append(f'  left_out["… {left_out:,} more edges: see to_html() or to_dot()"]')
    return "\n".join(lines) + "\n"


def _joined(found: Flow) -> list[tuple[str, str, str, bool]]:
    """One edge for all values that go from one box to another: source, target, words, whether it leads into a body."""
    values: dict[tuple[str, str, bool], set[tuple[int, str]]] = {}
    for arrow in found.arrows:
        values.setdefault((arrow.source, arrow.target, arrow.body), set()).add((arrow.result, arrow.type))
    return [
        (source, target, "" if body else next(iter(of))[1] if len(of) == 1 else f"{len(of)} values", body)
        for (source, target, body), of in values.items()
    ]


def _items(part: Part, names: dict[str, str], indent: str) -> Iterator[str]:
    for item in part.items:
        if isinstance(item, Box):
            start, end = _SHAPES.get(item.kind, ('["', '"]'))
            words = "<br>".join(_safe(text) for text in (item.label, item.detail) if text)
            yield f"{indent}{names[item.id]}{start}{words}{end}"
        elif any(item.boxes()):
            first = next(item.boxes())
            yield f'{indent}subgraph s{names[first.id]}_{len(indent) // 2}["{_safe(item.label)}"]'
            yield from _items(item, names, indent + "  ")
            yield f"{indent}end"


def _safe(text: str) -> str:
    """Text inside a quoted label: what Mermaid or Markdown would read as a sign is written as an entity."""
    return re.sub(r"[#\"<>&`\\;]", lambda found: f"#{ord(found[0])};", " ".join(text.split()))
