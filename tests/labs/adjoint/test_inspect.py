"""The trace itself: its frames, its loops, its memory, and what it says of bad input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from difflab.core.errors import CaptureError, UnsupportedError
from difflab.core.graph import walk
from difflab.labs.adjoint import inspect
from difflab.labs.adjoint.frames import UNREACHED


def loss(x, w):
    h = jnp.tanh(x @ w)
    y = jnp.where(h > 0, h, 0.1 * h)
    return jnp.sum(y**2)


X, W = np.ones((2, 3), np.float32), np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)


def power_loop(x, n):
    def body(c):
        k, y = c
        return k + 1, y * x

    return lax.while_loop(lambda c: c[0] < n, body, (0, 1.0))[1]


def nested(x):
    def outer(c, t):
        return lax.fori_loop(0, 2, lambda _, d: jnp.sin(d) * t, c), None

    return lax.scan(outer, x, jnp.arange(1.0, 4.0))[0]


def test_the_reverse_steps_are_the_forward_steps_backwards():
    trace = inspect(loss, X, W)
    assert trace.steps == len(trace) == len(trace.frames) == 2 * trace.forward
    for k in range(trace.forward):
        down, up = trace[k], trace[trace.steps - 1 - k]
        assert (down.phase, up.phase) == ("forward", "reverse")
        assert (down.node, down.text, down.source, down.results) == (up.node, up.text, up.source, up.results)
        assert down.cotangent is None


def test_every_frame_stands_at_an_equation_of_the_graph():
    for function, args in ((loss, (X, W)), (nested, (0.5,)), (power_loop, (2.0, 3))):
        trace = inspect(function, *args)
        assert {frame.node for frame in trace} <= {node for node, _, _ in walk(trace.graph)}


def test_a_frame_carries_names_values_and_contributions():
    trace = inspect(loss, X, W)
    frame = next(frame for frame in trace if frame.phase == "reverse" and frame.name == "h")
    assert "tanh" in frame.text
    assert frame.source is not None
    assert "jnp.tanh(x @ w)" in frame.source.text
    step = trace.frames.index(frame)
    hidden = jnp.tanh(X @ W)
    np.testing.assert_allclose(trace.primal(step), hidden, rtol=1e-6)
    bar = jax.grad(lambda h: jnp.sum(jnp.where(h > 0, h, 0.1 * h) ** 2))(hidden)
    np.testing.assert_allclose(trace.cotangent(step), bar, rtol=1e-5)
    assert frame.cotangent.norm == pytest.approx(float(jnp.linalg.norm(bar)), rel=1e-5)
    assert frame.inputs[0].cotangent.norm == pytest.approx(float(jnp.linalg.norm(bar * (1 - hidden**2))), rel=1e-5)


def test_an_equation_that_no_cotangent_reaches_says_so():
    trace = inspect(loss, X, W)
    comparison = next(frame for frame in trace if frame.phase == "reverse" and " gt " in frame.text)
    assert comparison.note == UNREACHED
    assert comparison.cotangent is None
    assert trace.cotangent(trace.frames.index(comparison)) is None


def test_the_contributions_add_up_to_the_cotangent():
    trace = inspect(lambda x: jnp.sin(x) * x + x**2, 0.7)
    sent = [entry.cotangent.value for f in trace if f.phase == "reverse" for entry in f.inputs if entry.name == "x"]
    assert sum(sent) == pytest.approx(float(trace.gradient[0]), rel=1e-6)
    assert len(sent) == 3


def test_loops_are_recorded_by_iteration():
    paths = [frame.path for frame in inspect(nested, 0.5) if frame.phase == "forward"]
    assert {"scan[0]/scan[0]", "scan[2]/scan[1]"} <= set(paths)
    forward = [frame.path for frame in inspect(power_loop, 2.0, 3) if frame.phase == "forward"]
    assert list(dict.fromkeys(forward)) == ["while[0]", "while[1]", "while[2]", "while[3]"]


def test_a_while_loop_has_a_gradient():
    trace = inspect(power_loop, 2.0, 5, argnums=0)
    assert float(trace.value) == 32.0
    assert float(trace.gradient) == 80.0


def test_only_the_branch_taken_is_recorded():
    f = lambda x: lax.cond(x > 0, lambda y: jnp.sin(y), lambda y: jnp.cos(y), x)  # noqa: E731
    texts = " ".join(frame.text for frame in inspect(f, 1.0))
    assert " sin " in texts
    assert " cos " not in texts


def test_a_custom_rule_is_one_step():
    trace = inspect(lambda x: jax.nn.relu(x) * 2, 1.0)
    assert trace.forward == 2
    assert trace[0].text.startswith("%1: f32[] = custom_jvp_call")


def test_the_gradient_has_the_tree_of_the_chosen_arguments():
    params = {"w": W, "n": np.arange(3)}
    f = lambda p, x, power, scale=1.0: scale * jnp.sum((x @ p["w"]) ** power) + p["n"].sum()  # noqa: E731
    trace = inspect(f, params, X, 2, static_argnums=2, scale=3.0)
    assert trace.gradient[0]["n"] is None
    assert trace.gradient[0]["w"].shape == W.shape
    assert trace.gradient[2] is None
    assert float(trace.keyword_gradient["scale"]) == pytest.approx(float(jnp.sum((X @ W) ** 2)), rel=1e-6)
    alone = inspect(f, params, X, 2, static_argnums=2, argnums=1)
    np.testing.assert_allclose(3 * alone.gradient, trace.gradient[1], rtol=1e-6)
    assert [a.name for a in trace.arguments] == ["p['n']", "p['w']", "x", "scale"]
    assert trace.arguments[0].cotangent is None


def test_auxiliary_output_is_set_aside():
    trace = inspect(lambda x: (x**2, {"debug": jnp.sin(x)}), 3.0, has_aux=True)
    assert float(trace.value) == 9.0
    assert float(trace.gradient[0]) == 6.0


def test_a_cotangent_weighs_the_outputs():
    f = lambda x: {"a": x**2, "b": (jnp.sin(x), jnp.arange(2))}  # noqa: E731
    trace = inspect(f, 3.0, cotangent={"a": 2.0, "b": (None, None)})
    assert float(trace.gradient[0]) == 12.0
    assert "given cotangent" in trace.seed
    assert "sum of all output entries" in inspect(f, 3.0).seed


@pytest.mark.parametrize(
    ("bar", "message"),
    [({"b": 1.0}, "tree of the result"), ({"a": np.ones(3)}, r"out\['a'\] has shape \(3,\)"), ({"a": 1j}, "complex")],
)
def test_a_cotangent_that_does_not_fit_is_refused(bar, message):
    with pytest.raises(ValueError, match=message):
        inspect(lambda x: {"a": jnp.sin(x)}, 1.0, cotangent=bar)


def test_the_function_is_traced_once():
    calls = []
    inspect(lambda x: (calls.append(1), x * 2)[1], 1.0)
    assert calls == [1]


def test_effects_run_once():
    seen = []

    def f(x):
        jax.debug.callback(lambda v: seen.append(float(v)), x)
        return jnp.sin(x)

    inspect(f, 1.0)
    jax.effects_barrier()
    assert seen == [1.0]


def test_arguments_that_change_later_change_nothing():
    x = np.ones(3, np.float32)
    trace = inspect(lambda x: jnp.sum(x**2), x)
    x[:] = np.nan
    assert trace.first_nan is None
    assert trace.arguments[0].primal.nan == 0


def test_the_text_is_stable_and_short():
    assert str(inspect(loss, X, W)) == str(inspect(loss, X, W))
    text = str(inspect(lambda x: lax.fori_loop(0, 100, lambda _, c: jnp.sin(c), x), 1.0))
    assert "more steps" in text
    assert len(text.splitlines()) < 100
    assert text.splitlines()[-1].startswith("The gradient is healthy")


def test_the_timeline_has_a_norm_for_each_reverse_step():
    trace = inspect(lambda x: 100.0 * jnp.floor(jnp.sin(x)) + 10.0 * x, 1.0)
    timeline = trace.timeline()
    assert timeline.shape == (trace.forward,)
    bars = [trace[trace.forward + k].cotangent for k in range(trace.forward)]
    assert [bool(np.isnan(t)) for t in timeline] == [bar is None for bar in bars]


def deep(x):
    for _ in range(8):
        x = jnp.sin(x) * x
    return jnp.sum(x)


def test_beyond_the_budget_there_are_summaries():
    x = np.linspace(0, 1, 20_000, dtype=np.float32)
    whole, short = inspect(deep, x), inspect(deep, x, max_bytes=500_000)
    assert whole.truncated is None
    assert "max_bytes = 0.5 MB" in short.truncated
    np.testing.assert_array_equal(whole.gradient[0], short.gradient[0])
    assert [f.primal for f in whole] == [f.primal for f in short]
    assert [f.inputs for f in whole] == [f.inputs for f in short]
    dropped = next(k for k in range(short.forward) if short.tape.values[short.tape.records[k].results[0]].array is None)
    with pytest.raises(ValueError, match="raise max_bytes"):
        short.primal(dropped)
    kept = sum(v.nbytes for v in {id(v): v for v in short.tape.values}.values())
    assert kept <= 500_000


def test_a_scan_that_is_too_long_is_one_step():
    f = lambda x: lax.fori_loop(0, 1000, lambda _, c: jnp.sin(c), x)  # noqa: E731
    trace = inspect(f, 1.0, max_steps=100)
    assert trace.forward == 1
    assert "1,000 iterations" in trace.truncated
    assert float(trace.gradient[0]) == pytest.approx(float(jax.grad(f)(1.0)), rel=1e-6)


def test_a_while_loop_that_is_too_long_is_an_error():
    with pytest.raises(UnsupportedError, match=r"test_inspect.py:\d+, in while\[\d+\].*max_steps=100"):
        inspect(lambda x: lax.while_loop(lambda c: c < 1e9, lambda c: c + x, x), 1.0, max_steps=100)


def test_an_equation_without_a_derivative_names_the_line():
    def f(x):
        return jax.pure_callback(np.sin, jax.ShapeDtypeStruct((), jnp.float32), x) * x

    with pytest.raises(UnsupportedError, match=r"test_inspect.py:\d+.*pure_callback"):
        inspect(f, 1.0)
    assert float(inspect(lambda x: f(lax.stop_gradient(x)) * x, 1.0).gradient[0]) == pytest.approx(np.sin(1), rel=1e-6)


def test_bad_input_is_refused_in_words():
    with pytest.raises(TypeError, match=r"floating dtype.*pass 1.0 for 1"):
        inspect(lambda n: n * 2, 3)
    with pytest.raises(TypeError, match="no array arguments"):
        inspect(lambda: jnp.ones(3))
    with pytest.raises(TypeError, match="only arrays and numbers"):
        inspect(lambda s: s, "text")
    with pytest.raises(CaptureError, match=r"test_inspect\.py"):
        inspect(lambda x: 1.0 if x > 0 else 2.0, 1.0)
    with pytest.raises(ValueError, match="max_bytes"):
        inspect(jnp.sin, 1.0, max_bytes=-1)


def test_odd_but_legal_input():
    empty = inspect(lambda x: jnp.sum(x), np.zeros((0, 3), np.float32))
    assert empty.gradient[0].shape == (0, 3)
    assert empty.explanation.kind == "healthy"
    nothing = inspect(lambda x: x, 2.0)
    assert (nothing.steps, float(nothing.gradient[0])) == (0, 1.0)
    assert str(nothing)
    integer = inspect(lambda x: jnp.argmax(x), np.ones(3, np.float32))
    assert integer.explanation.kind == "cut"
    assert "no output has a floating dtype" in integer.seed
    with pytest.raises(IndexError, match="step 99"):
        integer.primal(99)


def test_an_interrupt_leaves_the_next_inspection_unharmed(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("difflab.labs.adjoint.rules._eager", interrupt)
        with pytest.raises(KeyboardInterrupt):
            inspect(loss, X, W)
    trace = inspect(loss, X, W)
    np.testing.assert_allclose(trace.gradient[1], jax.grad(loss, 1)(X, W), rtol=1e-5)
