"""The graph as the JSON that Model Explorer (Google AI Edge) opens: its layers are our scopes.

One collection with one graph. A node names its layer by a path, its inputs by the node and the number of the output
they come from. Field names: the data classes of the package `ai-edge-model-explorer`, `graph_builder`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from difflab.core.graph import Equation, Graph, Literal
from difflab.core.likeness import plain
from difflab.show.exports.flow import Arrow, Box, Part, flow
from difflab.show.wire import Wire, shorten


def model_explorer(graph: Graph) -> str:
    """The graph as JSON text; save it as a `.json` file and open that in Model Explorer.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> found = json.loads(model_explorer(graph(lambda x: jnp.sin(x), 1.0)))
    >>> [node["label"] for node in found["graphs"][0]["nodes"]]
    ['x', 'sin', 'out']
    """
    found = flow(graph)
    incoming: dict[str, list[Arrow]] = {}
    for arrow in found.arrows:
        incoming.setdefault(arrow.target, []).append(arrow)
    layers: dict[str, Wire] = {}
    nodes = [_node(box, path, incoming.get(box.id, [])) for box, path in _placed(found.part, "", layers)]
    whole = {"id": graph.name, "nodes": nodes, "groupNodeAttributes": layers}
    return json.dumps({"label": graph.name, "graphs": [whole]}, ensure_ascii=False, separators=(",", ":"))


def _placed(part: Part, path: str, layers: dict[str, Wire]) -> Iterator[tuple[Box, str]]:
    """Every box with the path of its layer; layers of one name in one place are numbered."""
    times: Counter[str] = Counter()
    for item in part.items:
        if isinstance(item, Box):
            yield item, path
            continue
        name = item.label.replace("/", "∕") or item.kind
        times[name] += 1
        inner = f"{path}/{name}".removeprefix("/") + (f" ({times[name]})" if times[name] > 1 else "")
        layers[inner] = {"kind": item.kind, "boxes": str(sum(1 for _ in item.boxes())), "scope": item.id}
        yield from _placed(item, inner, layers)


def _node(box: Box, path: str, incoming: list[Arrow]) -> Wire:
    attributes, outputs = _attributes(box), [{"id": "0", "attrs": [_pair("type", box.detail)]}]
    if box.at is not None:
        graph, equation = box.at
        outputs = [
            {"id": str(k), "attrs": [_pair("__tensor_tag", graph.label(v)), _pair("type", graph.vertices[v].type)]}
            for k, v in enumerate(equation.results)
        ]
    return {
        "id": box.id, "label": box.label, "namespace": path,
        "attrs": [_pair(key, value) for key, value in attributes.items()],
        "incomingEdges": [
            {"sourceNodeId": a.source, "sourceNodeOutputId": str(a.result), "targetNodeInputId": str(a.operand)}
            for a in incoming
        ],
        "inputsMetadata": [{"id": str(a.operand), "attrs": [_pair("type", a.type)]} for a in incoming],
        "outputsMetadata": outputs,
    }  # fmt: skip


def _attributes(box: Box) -> dict[str, str]:
    if box.at is None:
        return {"kind": box.kind, "type": box.detail}
    graph, equation = box.at
    source = equation.source
    found = {"equation": shorten(graph.line(equation), 300), "primitive": equation.primitive}
    found |= {"scope": "/".join(equation.scopes)} if equation.scopes else {}
    found |= {"source": f"{source.file}:{source.line}", "line": source.text.strip()} if source else {}
    found |= {f"operand {k}": text for k, text in _literals(equation)}
    return found | {key: shorten(plain(value), 300) for key, value in equation.params.items() if value is not None}


def _literals(equation: Equation) -> Iterator[tuple[int, str]]:
    for k, operand in enumerate(equation.operands):
        if isinstance(operand, Literal):
            yield k, str(operand)


def _pair(key: str, value: str) -> Wire:
    return {"key": key, "value": value}
