"""What leaves: each format is read back by a program that knows nothing of difflab, and says what the graph says."""

import json
import re
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import jsonschema
import pytest

import difflab as dl
from difflab.core.graph import Block, Literal, program, walk
from difflab.show.exports.data import SCHEMA
from difflab.show.exports.flow import Part, flow
from difflab.show.exports.mermaid import CHARACTERS, EDGES
from difflab.show.exports.png import png
from difflab.show.outline import outline
from difflab.show.render import text
from difflab.zoo.training import training_step
from tests.show import dot_parser
from tests.show.network import of_its_gradient, of_network


def odd(**values):
    return jnp.sin(values['a"b\\n<|>']) * 2.0 + values["#`*_;"]


@jax.custom_vjp
def ruled(x):
    return jnp.sin(x)


ruled.defvjp(lambda x: (jnp.sin(x), x), lambda x, bar: (bar * jnp.cos(x),))

PROGRAMS = {
    "network": of_network,
    "gradient": of_its_gradient,
    "names": lambda: dl.graph(lambda p: odd(**p), {'a"b\\n<|>': 1.0, "#`*_;": 2.0}),
    "rule": lambda: dl.graph(lambda x: jax.jit(ruled)(x) + jax.checkpoint(jnp.cos)(x), 1.0),
    "loop": lambda: dl.graph(lambda x: jax.lax.while_loop(lambda s: s < 9, lambda s: s * 2, x), 1.0),
    "identity": lambda: dl.graph(lambda x: x, 1.0),
    "nothing": lambda: dl.graph(lambda: 1.0),
    "two of one": lambda: dl.graph(lambda x: (x, x, 3.0), 1.0),
    "step": lambda: dl.graph(training_step(1)[0], *training_step(1)[1]),
}


@pytest.fixture(params=PROGRAMS, scope="module")
def graph(request):
    return PROGRAMS[request.param]()


def boxes(graph):
    return [box.id for box in flow(graph).part.boxes()]


@pytest.mark.parametrize("name", ["gradient", "names", "rule", "loop"])
def test_everything_that_leaves_is_the_same_each_time(name):
    graph, again = PROGRAMS[name](), PROGRAMS[name]()
    for export in ("to_dot", "to_mermaid", "to_json", "to_model_explorer", "to_svg"):
        assert getattr(graph, export)() == getattr(again, export)(), export
        assert "0x" not in getattr(graph, export)().replace("0x0", ""), export


def test_each_export_is_written_where_one_asks(tmp_path):
    graph = PROGRAMS["identity"]()
    for export in ("to_dot", "to_mermaid", "to_json", "to_model_explorer", "to_svg", "to_html"):
        file = tmp_path / export
        assert getattr(graph, export)(str(file)) == file.read_text(encoding="utf-8")


def test_the_flow_has_every_equation_that_is_no_open_call_once(graph):
    found = boxes(graph)
    assert len(found) == len(set(found))
    equations = {name for name in found if re.fullmatch(r"([\d.]+/)*\d+", name)}
    calls = {name for name, _, equation in walk(graph) if equation.kind in ("jit", "remat", "custom_jvp", "custom_vjp")}
    assert equations | calls == {name for name, _, _ in walk(graph)}


def test_every_operand_is_an_arrow(graph):
    """Counted on the outermost graph: a value read there arrives, unless an open call hands it on."""
    found = flow(graph)
    known = set(boxes(graph))
    assert all(arrow.source in known and arrow.target in known for arrow in found.arrows)
    arrived = {(arrow.target, arrow.operand) for arrow in found.arrows}
    for equation in graph.equations:
        for k, operand in enumerate(equation.operands):
            if str(equation.id) in known and not isinstance(operand, Literal):
                assert (str(equation.id), k) in arrived


def test_closed_parts_hide_their_inside_and_keep_their_arrows():
    graph = PROGRAMS["gradient"]()
    closed = flow(graph, lambda depth: False)
    assert closed.closed > 2 and len(closed.arrows) < len(flow(graph).arrows)
    assert {box.label for box in closed.part.boxes()} >= {"x", "net · forward", "net · reverse"}


def test_a_parser_of_dot_reads_every_box_arrow_and_scope(graph):
    found, whole = flow(graph), dot_parser.read(graph.to_dot())
    assert whole.name == graph.name
    nodes = [node for part in whole.all() for node in part.nodes]
    words = {name: attributes["label"] for name, attributes in nodes}
    assert len(words) == len(nodes)
    assert words == {box.id: "\n".join(filter(None, [box.label, box.detail])) for box in found.part.boxes()}
    arrows = {(source, target) for source, target, _ in whole.edges}
    assert arrows == {(arrow.source, arrow.target) for arrow in found.arrows}
    clusters = [part.name for part in whole.all()[1:]]
    assert len(set(clusters)) == len(clusters) and all(name.startswith("cluster ") for name in clusters)
    assert [part.attributes["label"] for part in whole.all()[1:]] == list(labels(found.part))


def labels(part):
    for inner in part.items:
        if isinstance(inner, Part):
            yield inner.label
            yield from labels(inner)


@pytest.mark.parametrize(
    "broken", ["digraph {", 'digraph "a" { "b" [label="c"] ', 'digraph "a" { b c" }', 'digraph "a" {} "b"']
)
def test_what_is_no_dot_is_refused(broken):
    with pytest.raises(ValueError, match=r"missing|no token|needs quotation|after the graph|no name"):
        dot_parser.read(broken)


def test_names_with_quotes_and_backslashes_stay_what_they_are():
    dot = PROGRAMS["names"]().to_dot()
    assert 'a\\"b\\\\' in dot
    mermaid = PROGRAMS["names"]().to_mermaid()
    for line in mermaid.splitlines()[1:]:
        assert line.count('"') in (0, 2), line
        assert not re.search(r'"[^"]*[<>|`][^"]*"', line.replace("<br>", "").replace("#124;", "")) or "|" in line


def test_mermaid_stays_within_what_its_renderers_take(graph):
    found = graph.to_mermaid()
    assert found.startswith("flowchart TB\n") and len(found) <= 50_000
    assert sum(" --> " in line or "-->|" in line or "-.->" in line for line in found.splitlines()) <= 500
    assert found.count("subgraph ") == sum(line.strip() == "end" for line in found.splitlines())
    assert (EDGES, CHARACTERS) < (500, 50_000)


def test_a_large_flowchart_closes_scopes_and_says_so():
    found = dl.graph(training_step(3)[0], *training_step(3)[1]).to_mermaid()
    assert "scopes are closed here" in found and "layer2" in found and "blocks<br>33 arrays" in found


def test_the_json_keeps_to_its_schema(graph):
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(graph.to_json()))


def test_the_json_has_every_fact_of_the_graph(graph):
    document = json.loads(graph.to_json())

    def compare(read, graph):
        assert [v["label"] for v in read["vertices"]] == [graph.label(v.id) for v in graph.vertices]
        assert [(tuple(v["shape"]), v["dtype"]) for v in read["vertices"]] == [
            (v.shape, v.dtype) for v in graph.vertices
        ]
        assert read["inputs"] == list(graph.inputs) and len(read["outputs"]) == len(graph.outputs)
        for was, equation in zip(read["equations"], graph.equations, strict=True):
            assert (was["primitive"], was["kind"]) == (equation.primitive, equation.kind)
            assert [o if isinstance(o, int) else o["literal"] for o in was["operands"]] == [
                str(o) if isinstance(o, Literal) else o for o in equation.operands
            ]
            assert was["results"] == list(equation.results) and set(was["params"]) == set(equation.params)
            if equation.source is not None:
                assert document["sources"][was["source"]]["line"] == equation.source.line
            for body, inner in zip(was["bodies"], equation.bodies, strict=True):
                assert (body["label"], body["count"]) == (inner.label, inner.count)
                compare(document["graphs"][body["graph"]], inner.graph)

    compare(document["graphs"][document["root"]], graph)
    assert document["name"] == graph.name and document["version"] == 1


def test_the_json_says_what_stopped_a_partial_graph():
    graph = PROGRAMS["identity"]()
    object.__setattr__(graph, "failure", SimpleNamespace(text="shapes do not fit", source=None))
    read = json.loads(graph.to_json())
    jsonschema.validate(read, json.loads(SCHEMA.read_text()))
    assert read["graphs"][0]["failure"]["text"] == "shapes do not fit"


def test_model_explorer_gets_nodes_layers_and_ends_that_exist(graph):
    document = json.loads(graph.to_model_explorer())
    (only,) = document["graphs"]
    nodes = {node["id"]: node for node in only["nodes"]}
    assert set(nodes) == set(boxes(graph))
    layers = {node["namespace"] for node in nodes.values()} - {""}
    assert layers <= set(only["groupNodeAttributes"])
    for node in nodes.values():
        assert set(node) == {
            "id", "label", "namespace", "attrs", "incomingEdges", "inputsMetadata", "outputsMetadata",
        }  # fmt: skip
        assert all(isinstance(pair["value"], str) for pair in node["attrs"])
        for edge in node["incomingEdges"]:
            outputs = {output["id"] for output in nodes[edge["sourceNodeId"]]["outputsMetadata"]}
            assert edge["sourceNodeOutputId"] in outputs
            assert edge["targetNodeInputId"] in {given["id"] for given in node["inputsMetadata"]}


def test_layers_of_one_name_are_told_apart():
    def twice(x):
        for _ in range(2):
            with jax.named_scope("block"):
                x = jnp.sin(x) * 2.0
            x = jnp.cos(x)
        return x

    (only,) = json.loads(dl.graph(twice, 1.0).to_model_explorer())["graphs"]
    assert {"block", "block (2)"} <= set(only["groupNodeAttributes"])


def test_a_png_of_no_size_is_refused():
    with pytest.raises(ValueError, match="scale is 0"):
        PROGRAMS["identity"]().to_png(scale=0)


def test_a_png_has_the_size_that_was_asked_for(tmp_path, monkeypatch):
    picture = PROGRAMS["network"]().to_png(str(tmp_path / "a.png"), scale=1.5)
    assert picture == (tmp_path / "a.png").read_bytes() and picture.startswith(b"\x89PNG")
    svg = PROGRAMS["network"]().to_svg()
    width = float(re.search(r'width="([\d.]+)"', svg)[1])
    assert int.from_bytes(picture[16:20]) == round(1.5 * width)
    monkeypatch.setattr("difflab.show.exports.png.LARGEST", 900)
    assert 890 <= max(int.from_bytes(png(svg, 1000.0)[k : k + 4]) for k in (16, 20)) <= 900


def test_the_text_is_the_program_with_its_scopes_as_headings():
    lines = str(PROGRAMS["gradient"]()).splitlines()
    assert lines[0].startswith("λ(p[0]['b']: f32[3]")
    assert "  net, forward:" in lines and "  net, reverse:" in lines and "  forward sweep:" in lines
    assert "      body × 3: λ(%0: f32[], %1: f32[])" in lines
    assert any(line.startswith("    %8: f32[3,3] = tanh %7    # network.py:") for line in lines)


def test_every_equation_is_one_line_of_the_text(graph):
    lines = [line.strip().split("    # ")[0] for line in str(graph).splitlines()]
    assert sorted(line for line in lines if " = " in line) == sorted(at.line(e) for _, at, e in walk(graph))
    assert program(graph).size == graph.size


def test_a_long_program_is_folded_from_the_inside():
    graph = PROGRAMS["step"]()
    shown = text(graph).splitlines()
    assert len(shown) <= 90 and max(map(len, shown)) <= 170
    assert sum(line.startswith("  layer") for line in shown) == 2
    assert "more equations" in text(graph) and shown[-1] == f"print(graph) has all {graph.size:,} equations"
    assert text(PROGRAMS["network"]()) == str(PROGRAMS["network"]())


def test_what_is_folded_is_counted():
    inner = Block("inner:", tuple("abcd"), 4)
    assert outline(Block("f():", (inner, *"xyz"), 7), 5) == ["f():", "  inner: … 4 equations", "  x", "  y", "  z"]
    many = outline(Block("f():", (*map(str, range(20)), *(inner for _ in range(5)), *map(str, range(5))), 45), 9)
    assert "  … 33 more equations in 5 scopes" in many or any("more equations in" in line for line in many)
