"""Custom rules: found wherever they are called, named by their line, and judged alone."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.call import call
from difflab.core.custom import rule_functions, rule_source
from difflab.core.graph import walk
from difflab.core.source import definition
from difflab.labs.check.problem import Problem, problem
from difflab.labs.check.recorded import record
from difflab.labs.check.rules import alone, custom, examine, found
from tests.labs.check.planted import PLANTED, V, forward, reverse, slope_of_sin, wrong_sin

FINE = {"one part in a million", "normal density", "one entry by a millionth", "one entry of many"}
"""Too fine or too large to be written out: the proof finds them (and the checker's own tests ask for them)."""


def nothing(_: Problem) -> list[Any]:
    return []


def at(f: Callable[..., Any], *args: Any) -> Problem:
    return problem(call(f, *args))


@pytest.mark.parametrize("name", [name for name in PLANTED if name not in FINE])
def test_a_planted_error_is_found_with_its_kind_and_the_line_of_its_rule(name: str):
    planted = PLANTED[name]
    findings = examine(at(planted.f, *planted.args), nothing, order=planted.order)
    first = definition(planted.rule.__code__)  # pyright: ignore
    matching = [f for f in findings if f.kind == planted.kind and f.severity == "error"]
    assert matching, findings
    assert matching[0].source is not None
    assert first.file == matching[0].source.file
    assert first.line <= matching[0].source.line <= first.line + 3


def right_softplus(p: Any, t: Any) -> Any:
    return jnp.log1p(jnp.exp(p[0])), t[0] / (1 + jnp.exp(-p[0]))


RIGHT: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "softplus": (forward(lambda x: jnp.log1p(jnp.exp(x)), right_softplus), (V,)),
    "product": (reverse(lambda x, y: x * y, lambda r, c: (c * r[1], c * r[0])), (1.3, 0.7)),
    "softmax": (
        reverse(lambda x: jax.nn.softmax(x), lambda r, c: (jax.nn.softmax(r[0]) * (c - jax.nn.softmax(r[0]) @ c),)),
        (V,),
    ),
    "complex square": (reverse(lambda z: z**2, lambda r, c: (2 * c * r[0],)), (np.complex64(0.6 + 0.8j),)),
    "relu": (jax.nn.relu, (V,)),
    "at a kink": (forward(jnp.abs, lambda p, t: (jnp.abs(p[0]), jnp.sign(p[0]) * t[0])), (0.0,)),
    "gelu": (jax.nn.gelu, (V,)),
    "logsumexp": (jax.nn.logsumexp, (V,)),
    "solve": (jnp.linalg.solve, (np.eye(3, dtype=np.float32) + 0.1 * np.outer(V, V), V)),
    "positive solve": (
        lambda a, b: jax.scipy.linalg.solve(a, b, assume_a="pos"),
        (np.eye(3, dtype=np.float32) + 0.1 * np.outer(V, V), V),
    ),
    "conjugate gradients": (
        lambda a, b: jax.scipy.sparse.linalg.cg(a, b)[0],
        (np.eye(3, dtype=np.float32) + 0.1 * np.outer(V, V), V),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("order", [1, 2])
def test_a_right_rule_raises_no_alarm(name: str, order: int):
    f, args = RIGHT[name]
    assert examine(at(f, *args), nothing, order=order) == []


def test_a_loop_shows_its_first_and_last_iteration():
    checked = at(lambda x: jax.lax.scan(lambda c, v: (wrong_sin(c) + v, c), x, jnp.arange(3.0)), 0.5)
    (site,) = found(checked)
    seen = [float(sample[0]) for sample in site.samples]
    second = np.sin(0.5)
    assert seen == [0.5, pytest.approx(np.sin(second) + 1, rel=1e-6)]


def test_a_rule_alone_is_named_by_its_own_arguments_and_holds_integers():
    rule = forward(lambda x, n: x**n, lambda p, t: (p[0] ** p[1], p[1] * p[0] ** (p[1] - 1) * t[0]))
    (site,) = found(at(rule, 1.5, 3))
    own = alone(site)
    assert own.paths == ("x", "n")
    assert own.differentiable == (0,)
    assert own.flat(*own.leaves)[0] == pytest.approx(1.5**3)


def test_one_rule_with_the_same_types_is_one_site_and_with_others_another():
    checked = at(lambda x: wrong_sin(x) + wrong_sin(2 * x) + jax.vmap(wrong_sin)(jnp.ones(3) * x).sum(), 0.5)
    assert [site.types for site in found(checked)] == [(((), "float32"),), (((3,), "float32"),)]
    assert {site.rule for site in found(checked)} == {"slope_of_sin"}


def test_callbacks_never_run_while_values_are_recorded():
    ran: list[Any] = []

    def noisy(x: Any) -> Any:
        jax.debug.callback(ran.append, x)
        y = jax.pure_callback(lambda v: ran.append(v) or v, jax.ShapeDtypeStruct((), jnp.float32), x)
        return wrong_sin(x) + wrong_sin(jnp.stack([y, y])).sum()

    sites = found(at(noisy, 0.5))
    assert [float(sites[0].samples[0][0]), len(sites)] == [0.5, 2]
    assert ran == []


def test_library_rules_are_named_as_such():
    sites = found(at(jax.nn.relu, V))
    assert str(sites[0]).startswith("JAX's own jvp rule of relu")


def test_recording_passes_what_is_not_chosen():
    assert record(at(jnp.sin, 1.0).graph, [1.0], custom) == []


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_the_author_of_a_rule_is_found_below_any_number_of_vmaps(layers: int):
    f: Any = lambda x: PLANTED["residuals mixed up"].f(x, x)  # noqa: E731
    for _ in range(layers):
        f = jax.vmap(f)
    (equation,) = [e for _, _, e in walk(at(f, np.ones((2,) * layers, np.float32)).graph) if e.kind == "custom_vjp"]
    assert rule_source(equation)[1] == definition(PLANTED["residuals mixed up"].rule.__code__)  # pyright: ignore
    assert len(rule_functions(equation)) == 2


def test_a_rule_with_a_cotangent_of_another_shape_is_said_to_be_unusable():
    f = reverse(lambda x: jnp.sum(x), lambda r, c: (jnp.ones(2),))
    (finding,) = examine(at(f, V), nothing)
    assert "cannot be used" in finding.message


def test_a_rule_in_another_rule_is_found_at_its_own_line():
    planted = PLANTED["in another rule"]
    assert {s.rule for s in found(at(planted.f, *planted.args))} == {"through_another", slope_of_sin.__name__}
