"""A malformed graph cannot exist."""

import pytest

from difflab.core.graph import Equation, Graph, Literal, Vertex, short_dtype, walk


def vertex(number, role="equation", equation=None, result=0):
    return Vertex(number, (2,), "float32", role, equation, result)


def equation(number, operands, results):
    return Equation(number, "add", {}, operands, results, lambda *values: list(values))


GOOD = {
    "name": "g",
    "vertices": (vertex(0, "input"), vertex(1, equation=0)),
    "equations": (equation(0, (0, Literal(1.0, (), "float32")), (1,)),),
    "inputs": (0,),
    "outputs": (1,),
}


def test_a_well_formed_graph_is_accepted():
    graph = Graph(**GOOD)
    assert len(graph) == 1 and graph.size == 1
    assert graph.consumers() == ((0,), ())
    assert [node for node, _, _ in walk(graph)] == ["0"]
    assert graph.vertices[0].type == "f32[2]"


FAULTS = {
    "reads before it is made": {"equations": (equation(0, (1,), (1,)),)},
    "wrong number": {"equations": (equation(7, (0,), (1,)),)},
    "made twice": {"equations": (equation(0, (0,), (1,)), equation(1, (0,), (1,)))},
    "never made": {"vertices": (*GOOD["vertices"], vertex(2, equation=0, result=1))},
    "input twice": {"inputs": (0, 0)},
    "output never made": {"equations": (), "vertices": (vertex(0, "input"),), "outputs": (0, 1)},
    "constant without value": {"vertices": (*GOOD["vertices"], vertex(2, "constant")), "constants": (2,)},
    "numbers out of order": {"vertices": (vertex(0, "input"), vertex(5, equation=0))},
    "wrong result position": {"vertices": (vertex(0, "input"), vertex(1, equation=0, result=1))},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_malformed_graph_is_refused(fault):
    with pytest.raises((ValueError, IndexError)):
        Graph(**{**GOOD, **FAULTS[fault]})


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("float32", "f32"),
        ("bfloat16", "bf16"),
        ("int8", "i8"),
        ("uint32", "u32"),
        ("complex64", "c64"),
        ("bool", "bool"),
    ],
)
def test_short_dtypes_are_jaxs_own(long, short):
    assert short_dtype(long) == short
