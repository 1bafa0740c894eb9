"""Two graphs are compared: what stays is found again, and nothing else is called the same."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.capture import graph
from difflab.core.difference import difference
from difflab.core.graph import Equation, Graph, Vertex, walk
from difflab.core.matching import match
from difflab.core.traits import unwrapped

VECTOR = np.array([0.3, -1.2, 2.0, 0.1], np.float32)


def before(x):
    h = jnp.tanh(x)
    y = h * 2.0
    return jax.nn.relu(y).sum()


def after(x):
    h = jnp.tanh(x)
    y = h * 3.0
    z = y + x
    return jax.nn.relu(z).sum()


def statuses(found):
    """Status → primitives, outermost equations alone."""
    kept = {}
    for equation in found.union.equations:
        kept.setdefault(found.status[str(equation.id)], []).append(equation.primitive)
    return kept


def test_an_edit_of_two_lines():
    found = difference(graph(before, VECTOR), graph(after, VECTOR))
    assert statuses(found) == {
        "same": ["tanh", "reduce_sum"], "changed": ["mul", "custom_jvp_call"], "added": ["add"],
    }  # fmt: skip
    assert found.details["1"] == ("operand 1: 2.0 → 3.0",)
    assert found.details["3"] == ("operand 0: y → z",)
    assert str(found).splitlines()[0] == "before → after: 1 added, 2 changed"
    assert [line[0] for line in str(found).splitlines()[1:]] == [" ", " ", "~", "+", "~", " ", " "]


def test_the_forward_part_of_a_gradient_is_the_function():
    found = difference(graph(before, VECTOR), graph(jax.grad(before), VECTOR))
    assert set(found.counts()) == {"same", "added"}
    assert statuses(found)["same"] == ["tanh", "mul", "custom_jvp_call", "reduce_sum"]
    assert found.details["o0"][0].startswith("value: ")


def test_another_precision_changes_types_and_adds_conversions():
    found = difference(graph(before, VECTOR), graph(before, jnp.asarray(VECTOR, jnp.bfloat16)))
    assert statuses(found) == {
        "changed": ["tanh", "mul", "custom_jvp_call", "reduce_sum"], "added": ["convert_element_type"] * 2,
    }  # fmt: skip
    assert found.details["i0"] == ("f32[4] → bf16[4]",)
    assert found.details["0"] == ("f32[4] → bf16[4]",)


def test_rematerialisation_shows_as_added():
    def loss(x):
        return jnp.sin(jnp.exp(x) * x).sum()

    found = difference(graph(jax.grad(loss), VECTOR), graph(jax.grad(jax.checkpoint(loss)), VECTOR))
    assert "remat2" in statuses(found)["added"] or "checkpoint" in statuses(found)["added"]
    assert {"exp", "mul", "sin"} <= set(statuses(found)["same"])


def test_bodies_are_compared_inside():
    def loop(step):
        return lambda x: jax.lax.scan(step, 1.0, x)

    one = graph(loop(lambda c, t: (jnp.sin(c) * t, c)), VECTOR)
    two = graph(loop(lambda c, t: (jnp.sin(jnp.exp(c)) * t, c)), VECTOR)
    found = difference(one, two)
    assert found.details["0"] == ("body: 1 added, 1 changed",)
    assert found.summary()["scan body"]["added"] == 1
    assert "  body:" in str(found)


def test_a_parameter_is_named():
    found = difference(graph(lambda x: x.sum(0), jnp.ones((3, 3))), graph(lambda x: x.sum(1), jnp.ones((3, 3))))
    assert found.details["0"] == ("params.axes: (0,) → (1,)",)


def test_other_inputs_outputs_and_constants():
    table, other = np.arange(4.0, dtype=np.float32), np.arange(1.0, 5.0, dtype=np.float32)
    one = graph(lambda x, w: {"a": x + table, "b": w * 2.0}, VECTOR, VECTOR)
    two = graph(lambda w, x, v: {"a": x + other, "c": v + 1.0, "d": w}, VECTOR, VECTOR, VECTOR)
    found = difference(one, two)
    assert [found.union.vertices[v].name for v in found.union.inputs] == ["w", "x", "v"]
    assert [found.status[f"i{k}"] for k in range(3)] == ["same", "same", "added"]
    assert found.details.get("c0") == ("value: another one",)
    assert found.union.signature.outputs[:3] == ("out['a']", "out['c']", "out['d']")


def test_one_more_layer_is_one_more_layer():
    def layers(count):
        def f(x):
            for number in range(count):
                with jax.named_scope(f"layer{number}"):
                    x = jnp.tanh(x * 2.0) + x
            return x

        return graph(f, VECTOR)

    found = difference(layers(30), layers(31))
    assert found.counts() == {"same": 90, "added": 3}
    assert found.summary()["layer30"] == {"added": 3}
    assert difference(layers(31), layers(30)).counts() == {"same": 90, "removed": 3}


def test_a_graph_shows_and_compares_itself():
    found = graph(before, VECTOR).compare(graph(after, VECTOR))
    assert repr(found) == "<Difference before → after: 1 added, 2 changed>"
    assert found.graph is found.union
    assert found


@pytest.mark.parametrize(
    ("name", "inner"),
    [("jvp(f)", "f"), ("transpose(jvp(f))", "fᵀ"), ("jvp()", ""), ("f", "f"), ("while(x)", "x"), ("a(b) c", "a(b) c")],
)
def test_wrappers_of_transformations_do_not_count(name, inner):
    assert unwrapped(name) == inner or name == "a(b) c"


OPERATIONS = ("sin", "cos", "mul", "add", "tanh")


SPECS = st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=40)
"""Scalar equations with repeats: operation, and how far back each operand was made."""


def built(spec):
    """The graph of a specification, of two inputs."""
    vertices = [Vertex(k, (), "float32", "input", name=f"x{k}") for k in range(2)]
    equations = []
    for k, (name, *back) in enumerate(spec):
        arity = 2 if name in ("mul", "add") else 1
        operands = tuple(max(0, len(vertices) - distance) for distance in back[:arity])
        equations.append(Equation(k, name, {}, operands, (len(vertices),), lambda *_: []))
        vertices.append(Vertex(len(vertices), (), "float32", "equation", k))
    return Graph("f", tuple(vertices), tuple(equations), (0, 1), (len(vertices) - 1,))


def without(whole, dropped):
    """The graph less some equations; who read them reads their first operand."""
    vertices, equations, new = list(whole.vertices[:2]), [], {0: 0, 1: 1}
    for e in whole.equations:
        operands = tuple(new[o] for o in e.operands)
        if e.id in dropped:
            new[e.results[0]] = operands[0]
            continue
        new[e.results[0]] = len(vertices)
        equations.append(replace(e, id=len(equations), operands=operands, results=(len(vertices),)))
        vertices.append(Vertex(len(vertices), (), "float32", "equation", len(equations) - 1))
    return Graph("f", tuple(vertices), tuple(equations), (0, 1), (new[whole.outputs[0]],))


def names(program):
    return Counter(e.primitive for _, _, e in walk(program))


@settings(max_examples=30, deadline=None)
@given(SPECS)
def test_a_graph_does_not_differ_from_itself(spec):
    program = built(spec)
    found = difference(program, program)
    assert not found
    assert found.counts() == {"same": len(program)}
    assert [e.operands for e in found.union.equations] == [e.operands for e in program.equations]


@settings(max_examples=60, deadline=None)
@given(SPECS, st.sets(st.integers(0, 39), max_size=5))
def test_what_was_taken_out_is_removed(spec, dropped):
    program, dropped = built(spec), {k for k in dropped if k < len(spec)}
    rest = without(program, dropped)
    found = difference(program, rest)
    counts = found.counts()
    assert counts.get("removed", 0) == len(dropped)
    assert counts.get("added", 0) == 0
    gone = Counter(e.primitive for e in found.union.equations if found.status[str(e.id)] == "removed")
    assert gone == names(program) - names(rest)
    again = difference(rest, program).counts()
    assert (again.get("added", 0), again.get("removed", 0)) == (len(dropped), 0)


@settings(max_examples=60, deadline=None)
@given(SPECS, SPECS)
def test_the_union_holds_both_and_the_counts_add_up(spec, other):
    one, two = built(spec), built(other)
    found = difference(one, two)
    counts = Counter(found.counts())
    both = counts["same"] + counts["changed"]
    assert (both + counts["removed"], both + counts["added"]) == (len(one), len(two))
    kept = [e for e in found.union.equations if found.status[str(e.id)] != "removed"]
    assert [e.primitive for e in kept] == [e.primitive for e in two.equations]
    left = [e for e in found.union.equations if found.status[str(e.id)] != "added"]
    assert [e.primitive for e in left] == [e.primitive for e in one.equations]
    place = dict(zip([0, 1, *(e.results[0] for e in kept)], range(len(two.vertices)), strict=True))
    assert [tuple(place[o] for o in e.operands) for e in kept] == [e.operands for e in two.equations]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 6), max_size=300), st.lists(st.integers(0, 6), max_size=300))
def test_pairs_rise_and_agree(left, right):
    pairs = match([left], [right])
    assert all(left[i] == right[k] for i, k in pairs)
    assert all(i < j and k < m for (i, k), (j, m) in pairwise(pairs))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=24), st.lists(st.integers(0, 3), max_size=24))
def test_short_programs_keep_the_longest_common_part(left, right):
    best = [[0] * (len(right) + 1)]
    for key in left:
        row = [0]
        for k, other in enumerate(right):
            row.append(best[-1][k] + 1 if key == other else max(row[-1], best[-1][k + 1]))
        best.append(row)
    assert len(match([left], [right])) == best[-1][-1]
