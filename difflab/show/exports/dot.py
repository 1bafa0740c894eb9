"""The graph in DOT, the language of Graphviz: scopes as clusters, shapes on the edges.

Grammar and escapes: graphviz.org, "DOT language" and "escString". `dot -Tsvg` draws it.
"""

from __future__ import annotations

from collections.abc import Iterator

from difflab.core.graph import Graph
from difflab.show.exports.flow import Box, Flow, Part, flow

_LOOKS = {
    "input": 'shape=ellipse, fillcolor="#e8f1fb"',
    "output": 'shape=ellipse, fillcolor="#e6f4ea"',
    "constant": 'shape=ellipse, fillcolor="#f4f4f4"',
    "scope": 'shape=box3d, fillcolor="#eef0f6"',
}


def dot(graph: Graph) -> str:
    """The whole graph as DOT text, every scope open.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> print(dot(graph(lambda x: jnp.sin(x), 1.0)).splitlines()[4])
      "0" [label="sin\\nf32[]"]
    """
    return "\n".join(_lines(graph, flow(graph))) + "\n"


def _lines(graph: Graph, found: Flow) -> Iterator[str]:
    yield f"digraph {_quote(graph.name)} {{"
    yield '  graph [rankdir=TB, fontname="Helvetica"]; edge [fontname="Helvetica", fontsize=9, color="#7a8496"]'
    yield '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=11]'
    yield from _items(found.part, "  ")
    shown = dict.fromkeys((a.source, a.target, "" if a.body else a.type, a.body) for a in found.arrows)
    for source, target, words, body in shown:
        look = ["style=dashed"] if body else [f"label={_quote(words)}"]
        yield f"  {_quote(source)} -> {_quote(target)} [{', '.join(look)}]"
    yield "}"


def _items(part: Part, indent: str) -> Iterator[str]:
    for item in part.items:
        if isinstance(item, Box):
            words = "\n".join(filter(None, [item.label, item.detail]))
            look = f", {_LOOKS[item.kind]}" if item.kind in _LOOKS else ""
            yield f"{indent}{_quote(item.id)} [label={_quote(words)}{look}]"
        else:
            yield f"{indent}subgraph {_quote('cluster ' + item.id)} {{"
            yield f'{indent}  label={_quote(item.label)}; color="#8a94a6"'
            yield from _items(item, indent + "  ")
            yield f"{indent}}}"


def _quote(text: str) -> str:
    """A quoted DOT string: a backslash would start an escape, a quotation mark would end it."""
    safe = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", "\\n")
    return f'"{safe}"'
