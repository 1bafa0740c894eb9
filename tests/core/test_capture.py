"""Capture keeps what JAX knows: program, names, lines, scopes, nesting."""

from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.call import call
from difflab.core.capture import capture, graph
from difflab.core.errors import CaptureError
from difflab.core.graph import Literal, walk


def run(program, values):
    """An evaluator of its own: it uses the graph's operands, results and `bind`, and nothing else of difflab."""
    known = {**dict(zip(program.inputs, values, strict=True)), **program.values}

    def read(operand):
        return operand.value if isinstance(operand, Literal) else known[operand]

    for equation in program.equations:
        known.update(zip(equation.results, equation.bind(*map(read, equation.operands)), strict=True))
    return [read(o) for o in program.outputs]


@jax.custom_jvp
def cube(x):
    return x**3


cube.defjvp(lambda primals, tangents: (cube(*primals), 3 * primals[0] ** 2 * tangents[0]))


@jax.custom_vjp
def twice(x):
    return 2 * x


twice.defvjp(lambda x: (twice(x), None), lambda _, bar: (2 * bar,))

VECTOR = np.array([0.3, -1.2, 2.0], np.float32)
PROGRAMS = {
    "elementwise": (lambda x: jnp.sin(x) * 2 + x / 3, (VECTOR,)),
    "pytree": (lambda p: {"s": p["a"] @ p["b"], "t": (p["a"],)}, ({"a": VECTOR, "b": VECTOR},)),
    "jit": (jax.jit(lambda x: jax.jit(jnp.cos)(x) + 1), (VECTOR,)),
    "scan": (lambda x: jax.lax.scan(lambda c, t: (c * t, c + t), 1.0, x), (VECTOR,)),
    "while": (lambda x: jax.lax.while_loop(lambda v: v.sum() < 50, lambda v: v * 2 + 1, x), (VECTOR,)),
    "cond": (lambda x: jax.lax.cond(x[0] > 0, jnp.sin, jnp.cos, x), (VECTOR,)),
    "switch": (lambda x, k: jax.lax.switch(k, [jnp.sin, jnp.cos, jnp.tanh], x), (VECTOR, 2)),
    "custom_jvp": (lambda x: cube(x) + 1, (VECTOR,)),
    "custom_vjp": (lambda x: twice(x) + 1, (VECTOR,)),
    "remat": (jax.checkpoint(lambda x: jnp.sin(jnp.sin(x))), (VECTOR,)),
    "gradient": (jax.grad(lambda x: jnp.tanh(x).sum()), (VECTOR,)),
    "vmap": (jax.vmap(lambda x: jnp.sin(x) * x), (VECTOR,)),
    "solve": (lambda a, b: jnp.linalg.solve(a, b), (np.eye(3, dtype=np.float32) * 2, VECTOR)),
    "scatter": (lambda x: jnp.asarray(x).at[jnp.array([0, 0])].add(1.0), (VECTOR,)),
    "sort": (lambda x: jnp.sort(x)[::-1], (VECTOR,)),
    "random": (lambda k: jax.random.normal(k, (3,)), (jax.random.key(1),)),
    "constant": (lambda: jnp.arange(3.0), ()),
    "closure": (lambda x: x + VECTOR * 2, (VECTOR,)),
    "identity": (lambda x: (x, x, 1.0), (VECTOR,)),
    "empty": (lambda x: x * 2, (np.zeros((0, 3), np.float32),)),
    "integers": (lambda n: n // 2, (7,)),
    "complex": (lambda z: jnp.abs(z * 1j), (1 + 2j,)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_captured_program_computes_what_the_function_computes(name):
    function, arguments = PROGRAMS[name]
    at = call(function, *arguments)
    wanted = jax.tree.leaves(function(*arguments))
    found = run(capture(at), at.leaves)
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parametrize("name", ["jit", "scan", "while", "cond", "custom_jvp", "custom_vjp", "remat"])
def test_nested_functions_become_bodies_of_their_kind(name):
    function, arguments = PROGRAMS[name]
    kinds = {equation.kind for _, _, equation in walk(graph(function, *arguments))}
    assert name in kinds
    nested = [e for _, _, e in walk(graph(function, *arguments)) if e.kind == name]
    assert all(e.bodies for e in nested)


def test_loop_bodies_know_their_trip_count_and_branches_their_number():
    scan = next(e for e in graph(*flat("scan")).equations if e.kind == "scan")
    assert [(b.label, b.count) for b in scan.bodies] == [("body", 3)]
    switch = next(e for e in graph(*flat("switch")).equations if e.kind == "cond")
    assert [b.label for b in switch.bodies] == ["branch 0", "branch 1", "branch 2"]
    loop = next(e for e in graph(*flat("while")).equations if e.kind == "while")
    assert sorted(b.label for b in loop.bodies) == ["body", "condition"]


def flat(name):
    function, arguments = PROGRAMS[name]
    return function, *arguments


def test_scatter_and_sort_are_no_nested_functions():
    for name in ("scatter", "sort"):
        assert not any(e.bodies for _, _, e in walk(graph(*flat(name))) if e.primitive.startswith(("scatter", "sort")))


def helper(x):
    h = jnp.tanh(x)
    return h * 2


def named(x, weights):
    first = jnp.sin(x)
    both, total = first * 2, first + 3
    total += 1
    for weight in weights:
        x = x * weight
    mean = jnp.mean(x)
    inner = helper(mean)
    q, r = jnp.linalg.qr(jnp.ones((2, 2)) * inner)
    table = {}
    table["k"] = jnp.cos(both)
    if (walrus := total * 5) is not None:
        pass
    return first, both, total, mean, inner, q, r, table, walrus


def names_of(program):
    return [program.vertices[r].name for e in program.equations for r in e.results]


def test_results_carry_the_names_that_the_user_gave_them():
    program = graph(named, VECTOR, [VECTOR, VECTOR])
    found = [name for name in names_of(program) if name]
    assert [n for n in found if n != "x"] == [
        "first", "both", "total", "total", "mean", "h", "inner", "q", "r", "table['k']", "walrus",
    ]  # fmt: skip
    assert found.count("x") == 2, "a loop body binds its name once a pass"
    assert [program.vertices[v].name for v in program.inputs] == ["x", "weights[0]", "weights[1]"]


def test_a_name_belongs_to_the_last_equation_of_its_expression():
    program = graph(named, VECTOR, [VECTOR])
    mean = next(v for v in program.vertices if v.name == "mean")
    assert program.equations[mean.equation].primitive == "div"


def test_rebound_names_are_told_apart_in_labels():
    program = graph(named, VECTOR, [VECTOR])
    totals = [program.label(v.id) for v in program.vertices if v.name == "total"]
    assert totals == ["total", "total₂"]
    labels = [program.label(v.id) for v in program.vertices]
    assert len(set(labels)) == len(labels)


def test_derivative_equations_do_not_borrow_the_names_of_their_primals():
    def loss(x):
        hidden = jnp.tanh(x)
        return hidden.sum()

    assert "hidden" not in names_of(graph(jax.grad(loss), VECTOR))


def test_every_equation_of_user_code_knows_its_line():
    program = graph(named, VECTOR, [VECTOR])
    first = program.equations[0]
    assert Path(__file__).match(first.source.file) and not Path(first.source.file).is_absolute()
    assert first.source.text == "first = jnp.sin(x)"
    assert first.source.function == "named"
    assert str(first.source) == f"test_capture.py:{first.source.line}"
    inside = next(e for e in program.equations if e.source.function == "helper")
    assert inside.source.text == "h = jnp.tanh(x)"


def test_library_calls_point_at_the_callers_line():
    for node, _, equation in walk(graph(lambda x: jnp.linalg.norm(jax.nn.softmax(x)), VECTOR)):
        assert equation.source is not None, node
        assert Path(__file__).match(equation.source.file)


def test_a_library_function_passed_directly_never_points_into_difflab():
    for _, _, equation in walk(graph(jax.nn.relu, VECTOR)):
        assert equation.source is None or "difflab" not in equation.source.file


def test_named_scopes_are_kept():
    def scoped(x):
        with jax.named_scope("outer"), jax.named_scope("inner"):
            return jnp.sin(x)

    assert graph(scoped, 1.0).equations[0].scopes == ("outer", "inner")


def test_signature_names_inputs_and_outputs_and_what_can_be_differentiated():
    program = graph(lambda p, n: {"y": p["w"] * n, "z": [n]}, {"w": VECTOR}, 3)
    assert program.signature.inputs == ("p['w']", "n")
    assert program.signature.outputs == ("out['y']", "out['z'][0]")
    assert program.signature.differentiable == (0,)


def test_static_and_keyword_arguments():
    def function(x, power, *, scale, mode):
        return scale * x**power if mode == "up" else x

    program = graph(function, 2.0, 3, scale=VECTOR, mode="up", static_argnums=1, static_argnames="mode")
    assert program.signature.inputs == ("x", "scale")
    assert any(e.primitive == "integer_pow" for e in program.equations)
    by_name = graph(function, 2.0, 3, scale=VECTOR, mode="up", static_argnames=("power", "mode"))
    assert [e.primitive for e in by_name.equations] == [e.primitive for e in program.equations]


def test_partial_application_and_callable_objects():
    assert graph(partial(jnp.power, 2.0), 3.0).name == "power"

    class Scale:
        def __call__(self, x):
            return 2 * x

    assert graph(Scale(), 3.0).name == "Scale"


def test_shared_bodies_are_read_once():
    inner = jax.jit(lambda x: jnp.sin(x) * 2)

    def function(x):
        return [inner(x) for _ in range(3)]

    bodies = {id(e.bodies[0].graph) for e in graph(function, 1.0).equations if e.kind == "jit"}
    assert len(bodies) == 1


def branches(x):
    if x > 0:
        return x
    return -x


def mismatched(x, y):
    return x @ y


def test_a_function_that_does_not_trace_is_shown_at_the_users_line():
    with pytest.raises(CaptureError) as found:
        graph(branches, 1.0)
    lines = str(found.value).splitlines()
    assert lines[0].startswith("test_capture.py:") and lines[0].endswith("in branches: if x > 0:")
    assert "argument x" in str(found.value)
    assert "jnp.where" in lines[2]
    assert "leaves" not in str(found.value)


def test_the_users_own_error_stays_the_cause_without_difflabs_frames():
    with pytest.raises(CaptureError) as found:
        graph(mismatched, np.ones(3, np.float32), np.ones(4, np.float32))
    cause = found.value.__cause__
    assert isinstance(cause, TypeError)
    files = []
    traceback = cause.__traceback__
    while traceback:
        files.append(traceback.tb_frame.f_code.co_filename)
        traceback = traceback.tb_next
    assert files and all(f == __file__ for f in files)


def test_an_argument_that_is_no_array_is_named():
    with pytest.raises(TypeError, match=r"argument mode is 'relu' \(str\).*static_argn"):
        graph(lambda x, mode: x, 1.0, "relu")
    with pytest.raises(TypeError, match=r"dtype object|dtype <U"):
        graph(lambda x: x, np.array(["a"]))
    with pytest.raises(TypeError, match=r"cannot be called|Expected type|violates type hint"):
        graph(3.0)


def test_integers_have_no_derivative_and_say_so():
    with pytest.raises(TypeError, match=r"argnums names n.*no derivative"):
        graph(lambda x, n: x * n, 1.0, 3, argnums=1)
    with pytest.raises(ValueError, match="argnums names argument 5"):
        graph(lambda x: x, 1.0, argnums=5)


def test_nan_inputs_are_captured_like_any_other():
    assert len(graph(lambda x: x + 1, np.array([np.nan], np.float32))) == 1


def test_text_is_a_readable_program():
    text = str(graph(named, VECTOR, [VECTOR]))
    assert text.splitlines()[0] == "named(x: f32[3], weights[0]: f32[3])"
    assert "  first: f32[3] = sin x    # test_capture.py:" in text
    assert "0x" not in text
