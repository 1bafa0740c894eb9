"""A function that cannot be traced to its end leaves the graph of what was traced until then."""

import pickle

import jax
import jax.numpy as jnp
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from difflab.core import capture as capturing
from difflab.core.capture import graph
from difflab.core.errors import CaptureError
from difflab.core.graph import walk

VECTOR = np.array([0.3, -1.2, 2.0], np.float32)


def branching(x):
    a = jnp.sin(x)
    b = a * 3.0
    unread = jnp.cos(b)  # noqa: F841
    if b.sum() > 0:
        return a
    return b


def in_scan(x):
    h = jnp.tanh(x)

    def body(carry, row):
        grown = jnp.exp(row) * h
        return carry + grown.nothing, grown

    return jax.lax.scan(body, h, x)


def in_cond(x):
    return jax.lax.cond(x[0] > 0, lambda v: jax.jit(branching)(v + 1.0), lambda v: v, x)


PLACES = {
    "outermost": (branching, [["sin", "mul", "cos", "reduce_sum", "gt"]]),
    "jit": (
        lambda x: jax.jit(branching)(x + 1.0),
        [["add", "unfinished"], ["sin", "mul", "cos", "reduce_sum", "gt"]],
    ),
    "scan": (in_scan, [["tanh", "unfinished"], ["exp", "mul"]]),
    "while": (
        lambda x: jax.lax.while_loop(lambda v: v.sum() < 9, lambda v: branching(v * 2.0), x),
        [["unfinished"], ["mul", "sin", "mul", "cos", "reduce_sum", "gt"]],
    ),
    "grad": (
        lambda x: jax.grad(lambda v: jax.jit(branching)(v * 2.0).sum())(x),
        [["mul", "unfinished"], ["sin", "mul", "cos", "reduce_sum", "gt"]],
    ),
    "remat": (
        lambda x: jax.checkpoint(branching)(x),
        [["unfinished"], ["sin", "mul", "cos", "reduce_sum", "gt"]],
    ),
}


def levels(partial):
    """The primitives of each graph, from the outermost to the one that the error was raised in."""
    found = [[e.primitive for e in partial.equations]]
    last = partial.equations[-1] if partial.equations else None
    return found + (levels(last.bodies[0].graph) if last is not None and last.primitive == "unfinished" else [])


def failed(f, *args):
    with pytest.raises(CaptureError) as caught:
        graph(f, *args)
    return caught.value


@pytest.mark.parametrize("place", PLACES)
def test_every_equation_up_to_the_error_is_there(place):
    f, expected = PLACES[place]
    partial = failed(f, VECTOR).graph
    assert partial is not None
    assert levels(partial) == expected
    assert partial.outputs == ()
    assert partial.failure is not None


def test_the_failing_line_is_named_and_ends_the_program():
    error = failed(lambda x: jax.jit(branching)(x + 1.0), VECTOR)
    partial = error.graph
    source = partial.failure.source
    assert (source.function, source.text) == ("branching", "if b.sum() > 0:")
    last = str(partial).splitlines()[-1].strip()
    assert last.startswith(f"✗ test_partial.py:{source.line}: if b.sum() > 0: — TracerBoolConversionError: ")
    assert str(partial).count("✗") == 1
    assert str(error).endswith("`graph` holds what was traced until then: 7 equations")


def test_names_lines_and_arguments_are_kept():
    partial = failed(branching, VECTOR).graph
    assert partial.signature is not None
    assert partial.signature.inputs == ("x",)
    assert [partial.label(r) for e in partial.equations for r in e.results][:3] == ["a", "b", "unread"]
    assert all(e.source is not None for _, _, e in walk(partial))


def test_a_finished_part_is_whole():
    def f(x):
        y, _ = jax.lax.scan(lambda c, t: (c * t, c), 1.0, x)
        raise ValueError(f"{y.shape} is no good")

    partial = failed(f, VECTOR).graph
    assert partial.equations[-1].kind == "scan"
    assert partial.equations[-1].bodies[0].count == 3
    assert partial.failure.text == "ValueError: () is no good"


def test_the_function_runs_once():
    runs = []

    def f(x):
        runs.append(1)
        return jnp.sin(x).nothing

    assert len(failed(f, VECTOR).graph) == 1
    assert runs == [1]


def test_the_failed_call_cannot_be_executed():
    call = failed(in_cond, VECTOR).graph.equations[-1]
    with pytest.raises(ValueError, match="mend the function first"):
        call.bind()


def test_an_error_before_all_equations_leaves_an_empty_graph():
    def f(x):
        raise ValueError("at once")

    error = failed(f, VECTOR)
    assert len(error.graph) == 0
    assert "`graph`" not in str(error)


def test_a_jax_that_hides_its_traces_is_asked_again(monkeypatch):
    monkeypatch.setattr(capturing, "_runs_a_trace", lambda frame: False)
    assert levels(failed(branching, VECTOR).graph) == PLACES["outermost"][1]
    assert levels(failed(PLACES["jit"][0], VECTOR).graph) == [["add"]]


def test_the_error_can_be_pickled_without_its_graph():
    error = failed(branching, VECTOR)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again.graph is None


def test_the_text_of_the_error_outside_ipython():
    error = failed(branching, VECTOR)
    assert "if b.sum() > 0:" in "".join(error._render_traceback_())


def test_a_notebook_shows_the_message_and_then_the_partial_graph():
    cells = [
        "import difflab as dl, jax.numpy as jnp\ndef f(x):\n    y = jnp.sin(x)\n    return y if y > 0 else -y",
        "dl.graph(f, 1.0)",
        "1 + 1",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    NotebookClient(notebook, timeout=300, kernel_name="python3", allow_errors=True).execute()
    error, shown = notebook.cells[1].outputs
    assert error.output_type == "error"
    assert "return y if y > 0 else -y" in error.evalue
    assert "✗ In [1]:4: return y if y > 0 else -y" in shown.data["text/plain"]
    assert "data:image/svg+xml" in shown.data["text/html"]
    assert [output.output_type for output in notebook.cells[2].outputs] == ["execute_result"]
