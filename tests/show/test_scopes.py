"""Scopes: nothing lost, nothing twice, never more than a person can read; and what repeats is found."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.activity import phase
from difflab.core.capture import graph
from difflab.core.graph import Equation, Graph, Source, Vertex, walk
from difflab.show.changes import differs, gathered_changes
from difflab.show.grouping import FEW, readable, short_function, stem
from difflab.show.repeats import COPIES, repeats
from difflab.show.scopes import LIMIT, Scope, ScopeTree
from difflab.show.sweeps import pairs
from difflab.zoo.training import training_step


@pytest.fixture(scope="module")
def step():
    function, arguments = training_step(4)
    return graph(function, *arguments)


PRIMITIVES = st.sampled_from(["sin", "tanh", "mul", "add", "exp"])


def straight(steps):
    """A program of unary equations, each reading the one before; `steps` are (primitive, scopes, function)."""
    vertices = [Vertex(0, (), "float32", "input", name="x")]
    equations = []
    for k, (primitive, scopes, function) in enumerate(steps):
        vertices.append(Vertex(k + 1, (), "float32", "equation", k))
        source = Source("model.py", 1, 1, function, "") if function else None
        equations.append(Equation(k, primitive, {}, (k,), (k + 1,), list, source, scopes))
    return Graph("program", tuple(vertices), tuple(equations), (0,), (len(steps),))


@st.composite
def programs(draw):
    """Stretches that come again, under names, in functions and under none."""
    blocks = st.tuples(
        st.lists(PRIMITIVES, min_size=1, max_size=4), st.integers(1, 40),
        st.sampled_from(["", "net", "block#", "jvp(f)"]), st.sampled_from(["", "f", "g"]),
    )  # fmt: skip
    steps = [
        (name, (scope.replace("#", str(k)),) if scope else (), function)
        for words, times, scope, function in draw(st.lists(blocks, max_size=5))
        for k in range(times)
        for name in words
    ]
    return steps


def scopes_of(tree):
    return list(tree.walk())


@settings(max_examples=10, deadline=None)
@given(programs())
def test_every_equation_is_in_exactly_one_scope_and_no_scope_is_too_large(made):
    captured = straight(made)
    tree, again = ScopeTree(captured), ScopeTree(captured)
    scopes = scopes_of(tree)
    held = [f"{s.prefix}{m}" for s in scopes for m in s.members if isinstance(m, int)]
    assert sorted(held) == sorted(node for node, _, _ in walk(captured))
    assert all(len(s.members) <= LIMIT for s in scopes)
    assert len({s.id for s in scopes}) == len(scopes)
    assert all(ScopeTree(captured).find(s.id).label == s.label for s in scopes[:5])
    assert [(s.id, s.label, s.span, s.count) for s in scopes] == [
        (s.id, s.label, s.span, s.count) for s in scopes_of(again)
    ]
    for s in scopes:
        inside = [k for m in s.members for k in (m.equations() if isinstance(m, Scope) else [m])]
        assert inside == list(s.equations()), "members are consecutive and in evaluation order"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=60), st.integers(1, 12))
def test_repeats_are_repeats_and_do_not_overlap(keys, least):
    found = repeats(keys, lambda: [0] * (len(keys) + 1), least)
    for one in found:
        copies = [keys[k : k + one.period] for k in range(one.start, one.stop, one.period)]
        assert len(copies) == one.count >= COPIES and all(copy == copies[0] for copy in copies)
        assert one.stop - one.start >= least
    assert all(a.stop <= b.start for a, b in pairwise(found))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=5), st.lists(st.integers(0, 3), min_size=1, max_size=9), st.integers(3, 12))
def test_what_comes_again_and_again_is_found(before, word, times):
    keys = [k + 10 for k in before] + word * times
    found = repeats(keys, lambda: [0] * (len(keys) + 1), len(word) * times)
    covered = max(found, key=lambda one: one.stop - one.start)
    assert covered.stop - covered.start >= len(word) * times - covered.period + 1
    assert covered.period <= len(word)


def test_borders_lie_where_few_values_cross():
    keys = [1, 2, 3] * 4 + [1]
    found = repeats(keys, lambda: [9, 0, 9] * 4 + [9, 0], 6)
    assert [(one.start, one.count) for one in found] == [(1, 4)]


def labels(scope):
    return [(m.label, m.kind, m.count) for m in scope.members if isinstance(m, Scope)]


def test_the_root_of_a_training_step_reads_as_a_sentence():
    forward = [("dot", (f"jvp(layer{k})",), "net") for k in range(48) for _ in range(30)]
    reverse = [("dot", (f"transpose(jvp(layer{k}))",), "net") for k in range(47, -1, -1) for _ in range(40 + k % 2)]
    loss = [("sub", ("jvp()",), "loss")] * 3 + [("mul", ("transpose(jvp())",), "loss")] * 3
    update = [(name, (), "step.<locals>.adam") for _ in range(500) for name in ("mul", "add", "sqrt", "sub")]
    assert labels(ScopeTree(straight([*forward, *loss, *reverse, *update])).root) == [
        ("layer · forward", "repeat", 48),
        ("loss · forward", "named", None),
        ("loss · reverse", "named", None),
        ("layer · reverse", "repeat", 48),
        ("adam", "repeat", 500),
    ]


def test_few_layers_stand_side_by_side_and_updates_of_other_shapes_are_one_repeat(step):
    root = ScopeTree(step).root
    assert [m.label for m in root.members[:4]] == [f"layer{k} · forward" for k in range(4)]
    update = root.members[-1]
    assert (update.label, update.count, len(update.members)) == ("_adam", 44, 44)
    assert update.variety == "6 shapes"
    assert {len(m.equations()) for m in update.members} == {14}
    assert update.members[0].label == "_adam blocks[0]['bias']"
    assert {step.equations[m.span[0]].source.function.split(".")[-1] for m in update.members} == {"_adam"}


def test_small_functions_are_left_as_they_are():
    def few(x):
        for _ in range(FEW):
            x = jnp.sin(x)
        return x

    assert all(isinstance(m, int) for m in ScopeTree(graph(few, 1.0)).root.members)


def test_layers_without_names_are_found_and_called_by_the_variable_they_set():
    def network(x):
        for _ in range(10):
            h = jnp.sin(x) * x
            x = jnp.exp(h)
        return x

    assert labels(ScopeTree(graph(network, 1.0)).root) == [("x", "repeat", 10)]


def test_a_repeat_says_how_its_instances_differ():
    def chain(x, alike, constants):
        for k in range(20):
            x = jnp.sin(x) * (float(k) if constants else 2.0)
            x = jnp.cos(x) if alike or k % 2 else jnp.cos(x[None])[0]
        return x

    def repeat(*options):
        return next(ScopeTree(graph(lambda x: chain(x, *options), jnp.ones(3))).walk()).members[0]

    assert [repeat(True, False).variety, repeat(True, True).variety] == ["", "constants differ"]
    layers = [(name, (f"layer{k}",), "") for k in range(5) for name in ("sin", "exp" if k == 2 else "mul")]
    folded = ScopeTree(straight([("add", (), ""), ("tanh", (), "")] * 5 + layers)).root.members[-1]
    assert (folded.label, folded.count, folded.variety) == ("layer", 5, "2 kinds")


def test_nested_graphs_have_scopes_of_their_own():
    def body(carry, t):
        for _ in range(60):
            carry = jnp.sin(carry) + t
        return carry, None

    tree = ScopeTree(graph(lambda x: jax.lax.scan(body, x, jnp.ones(3))[0], np.float32(1.0)))
    inside = next(s for s in tree.inner(tree.root) if s.kind == "scan")
    assert [(m.kind, m.count) for m in inside.members if isinstance(m, Scope)] == [("repeat", 60)]
    assert tree.find(inside.members[0].id) is inside.members[0]
    assert ScopeTree(tree.root.graph).find(inside.members[0].id).count == 60


@pytest.mark.parametrize("name", ["7", "0.0", "~5", "0.0/~1", "x", "99.0/~1"])
def test_an_unknown_scope_is_named(name):
    with pytest.raises(KeyError, match="no scope"):
        ScopeTree(graph(jnp.sin, 1.0)).find(name)


def test_names_become_readable():
    assert readable("transpose(jvp(layer3))") == "layer3 · reverse"
    assert readable("jvp()", "loss") == "loss · forward"
    assert readable("vmap(net)") == "net · vmap"
    assert [stem(name) for name in ("layer12 · forward", "Block_0", "h[3]", "7")] == [
        "layer · forward",
        "Block",
        "h",
        "7",
    ]
    assert short_function("step.<locals>.attention.<locals>.<genexpr>") == "attention"


def test_each_reverse_step_has_a_forward_step_of_its_line(step):
    found = pairs(step)
    reverse = [e for e in step.equations if phase(e) == "reverse"]
    assert len(found) == len(reverse) > 400
    for equation in reverse:
        primal = step.equations[found[equation.id]]
        assert phase(primal) != "reverse" and primal.source.line == equation.source.line
        assert [s.removeprefix("jvp(").split(")")[0] for s in primal.scopes[:1]] == [
            s.removeprefix("transpose(jvp(").split(")")[0] for s in equation.scopes[:1]
        ]


def test_pairs_of_a_chain_run_backwards():
    def chain(x):
        for _ in range(6):
            x = jnp.sin(x)
        return x

    captured = graph(jax.grad(chain), 1.0)
    cosines = [e.id for e in captured.equations if e.primitive == "cos"]
    found = [found for _, found in sorted(pairs(captured).items())]
    assert found == cosines[::-1]


@settings(max_examples=8, deadline=None)
@given(programs(), st.sets(st.integers(0, 60), max_size=4))
def test_changes_only_shows_each_change_and_gathers_the_rest(made, touched):
    captured = straight(made)
    changes = {str(k): "changed" for k in touched if k < len(captured.equations)}
    tree = ScopeTree(captured, gathered_changes(changes))
    scopes = scopes_of(tree)
    held = [f"{s.prefix}{m}" for s in scopes for m in s.members if isinstance(m, int)]
    assert sorted(held) == sorted(node for node, _, _ in walk(captured))
    assert len({s.id for s in scopes}) == len(scopes)
    assert not any(differs(s, changes) for s in scopes if s.kind == "same")
    for s in scopes:
        assert sum(isinstance(m, Scope) and m.kind == "same" for m in s.members) <= len(changes) + 1
