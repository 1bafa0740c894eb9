"""Every primitive of the table, in every domain: the values are JAX's, and the derivatives those of differences.

`tests/golden/coverage.md` is written from what is found here. Refresh it on purpose:

    DIFFLAB_COVERAGE=refresh pytest tests/core/test_interpret_primitives.py
"""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import primitives as jex_primitives

from difflab.core.balls import balls, have_balls
from difflab.core.bigfloat import big_floats
from difflab.core.call import Call, call
from difflab.core.capture import capture
from difflab.core.complexes import Complex
from difflab.core.domains import Domain, floats
from difflab.core.duals import Dual, Rounded, dual, rounding
from difflab.core.field import PrimeField, prime_field
from difflab.core.graph import Graph, walk
from difflab.core.interpret import Outcome, interpret
from difflab.core.primitives import RULES
from difflab.core.shadow import Shadow, shadow
from difflab.core.values import pack
from difflab.labs.check.problem import coordinates, elements, problem, program
from difflab.labs.check.recorded import evaluate
from difflab.labs.check.symbols import Symbols
from tests.core.primitive_cases import (
    BODIES,
    CASES,
    COMPLEX,
    DECIDED,
    INTEGERS,
    OTHER_VERSIONS,
    WITHOUT,
    Case,
)

MANY = big_floats(60)
GOLDEN = Path(__file__).parent.parent / "golden" / "coverage.md"
WITHOUT_A_RULE = set("zeta igamma_grad_a nextafter scatter-max scatter-min reduce_window".split())
"""Primitives that JAX does not differentiate."""
LINEAR_ALGEBRA = set("cholesky triangular_solve lu tridiagonal_solve qr eigh svd eig".split())


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def cases(primitive: str) -> list[Case]:
    return [*CASES.get(primitive, []), *COMPLEX.get(primitive, [])]


@cache
def captured(primitive: str, number: int) -> tuple[Call, Graph, list[np.ndarray]]:
    """The call, its graph, and what JAX computes."""
    f, arguments = cases(primitive)[number]
    at = call(f, *[jnp.asarray(a) if isinstance(a, np.ndarray) else a for a in arguments])
    return at, capture(at), [np.asarray(r) for r in at.flat(*at.leaves)]


def each(primitive: str) -> list[tuple[Call, Graph, list[np.ndarray]]]:
    return [captured(primitive, k) for k in range(len(cases(primitive)))]


def array(values: Any, element: Callable[[Any], Any]) -> np.ndarray:
    """Elements of an array of numbers, complex ones as pairs."""
    values = np.asarray(values)
    items = values.reshape(-1).tolist()
    if values.dtype.kind == "c":
        return pack(values.shape, [Complex(element(z.real), element(z.imag)) for z in items])
    return pack(values.shape, [element(float(x)) for x in items])


def inputs(at: Call, element: Callable[[Any], Any]) -> dict[int, np.ndarray]:
    return {k: array(at.leaves[k], element) for k in at.differentiable}


def numbers(made: np.ndarray, value: Callable[[Any], Any] = lambda e: e) -> np.ndarray:
    """Elements as floats or complex floats."""

    def number(e: Any) -> float | complex:
        return complex(float(value(e.re)), float(value(e.im))) if isinstance(e, Complex) else float(value(e))

    return np.array([number(e) for e in made.reshape(-1)]).reshape(made.shape)


def assert_agrees(outcome: Outcome, results: list[np.ndarray], tolerance: float) -> None:
    for made, true in zip(outcome.outputs, results, strict=True):
        if made is not None:
            np.testing.assert_allclose(numbers(made), true, rtol=tolerance, atol=tolerance * 1e-2)


@pytest.mark.parametrize("decide_here", [False, True])
@pytest.mark.parametrize("primitive", sorted(RULES))
def test_every_primitive_of_the_table_agrees_with_jax(primitive: str, decide_here: bool):
    assert CASES.get(primitive), f"{primitive} is in the table and has no test case"
    domain, met = big_floats(30), False
    for at, graph, results in each(primitive):
        met |= primitive in {equation.primitive for _, _, equation in walk(graph)}
        given = inputs(at, domain.constant)
        outcome = interpret(graph, at.leaves, domain, elements=given, decide_here=decide_here, strict=True)
        assert_agrees(outcome, results, 1e-12)
    assert met or primitive in OTHER_VERSIONS, f"no case of {primitive} uses it"


def test_there_is_no_case_for_a_primitive_outside_the_table():
    assert set(CASES) == set(RULES)
    assert set(COMPLEX) <= set(CASES)


def directions(at: Call) -> list[np.ndarray]:
    """A tangent for each input; short numbers, so that they are exact everywhere."""
    found: list[np.ndarray] = []
    for k in at.differentiable:
        leaf = np.asarray(at.leaves[k])
        count = np.arange(leaf.size).reshape(leaf.shape)
        real = np.round(16 * np.cos(count)) / 4
        found.append(real + 1j * np.round(16 * np.sin(count)) / 4 if leaf.dtype.kind == "c" else real)
    return found


def paired(value: np.ndarray, tangent: np.ndarray) -> np.ndarray:
    """Dual numbers from elements of two arrays."""

    def pair(v: Any, t: Any) -> Any:
        return Complex(Dual(v.re, t.re), Dual(v.im, t.im)) if isinstance(v, Complex) else Dual(v, t)

    return pack(value.shape, [pair(v, t) for v, t in zip(value.reshape(-1), tangent.reshape(-1), strict=True)])


@cache
def pushed(primitive: str, number: int) -> list[Any]:
    """Real coordinates of J·t, by dual numbers, in many digits."""
    at, graph, _ = captured(primitive, number)
    base = MANY
    given = inputs(at, base.constant)
    tangents = [array(t, base.constant) for t in directions(at)]
    pairs = {k: paired(given[k], t) for k, t in zip(at.differentiable, tangents, strict=True)}
    outcome = interpret(graph, at.leaves, dual(base), elements=pairs, strict=True)
    made = coordinates([o for o in outcome.outputs if o is not None])
    return [base.constant(0) if e.tangent is None else e.tangent for e in made]


def differences(at: Call, graph: Graph, base: Domain, step: Any) -> list[Any]:
    """The same by a central difference in many digits, on the path of the point."""
    sides: list[list[Any]] = []
    for sign in (1, -1):

        def moved(v: Any, t: Any, sign: int = sign) -> Any:
            if isinstance(v, Complex):
                return Complex(v.re + sign * step * t.re, v.im + sign * step * t.im)
            return v + sign * step * t

        given = inputs(at, base.constant)
        for k, t in zip(at.differentiable, directions(at), strict=True):
            items = zip(given[k].reshape(-1), array(t, base.constant).reshape(-1), strict=True)
            given[k] = pack(given[k].shape, [moved(v, d) for v, d in items])
        outcome = interpret(graph, at.leaves, base, elements=given, strict=True)
        sides.append(coordinates([o for o in outcome.outputs if o is not None]))
    return [(a - b) / (2 * step) for a, b in zip(*sides, strict=True)]


def close(a: Any, b: Any, tolerance: float) -> bool:
    """Near each other, or one of them not finite."""
    a, b = float(a), float(b)
    return not np.isfinite([a, b]).all() or abs(a - b) <= tolerance * max(1.0, abs(a), abs(b))


@pytest.mark.parametrize("primitive", sorted(set(RULES) - DECIDED))
def test_derivatives_agree_with_differences_in_many_digits(primitive: str):
    for number, (at, graph, _) in enumerate(each(primitive)):
        true = differences(at, graph, MANY, MANY.constant(10) ** -15)
        assert all(close(a, b, 1e-15) for a, b in zip(pushed(primitive, number), true, strict=True))


@pytest.mark.parametrize("primitive", sorted(RULES))
def test_derivatives_agree_with_the_jvp_of_jax(primitive: str):
    for number, (at, _, _) in enumerate(each(primitive)):
        primals = [
            jnp.asarray(at.leaves[k]).astype(t.dtype) for k, t in zip(at.differentiable, directions(at), strict=True)
        ]
        try:
            _, true = jax.jvp(at.restricted(), primals, [jnp.asarray(t) for t in directions(at)])
        except (NotImplementedError, ValueError, TypeError):
            assert primitive in WITHOUT_A_RULE
            continue
        given = [np.asarray(t) for t in true if np.asarray(t).dtype.kind in "fc"]
        flat = [p for t in given for z in t.reshape(-1) for p in ((z.real, z.imag) if t.dtype.kind == "c" else (z,))]
        assert all(close(a, b, 1e-11) for a, b in zip(pushed(primitive, number), flat, strict=True))


def rounded(x: float) -> Rounded:
    return Rounded(big_floats(30).constant(x))


def single(argument: Any) -> Any:
    """An argument in single precision; a copy, since JAX remembers the precision in which it first saw an array."""
    if not isinstance(argument, np.ndarray):
        return argument
    return jnp.asarray(argument.astype(np.float32) if argument.dtype.kind == "f" else argument.copy())


@pytest.mark.parametrize("primitive", sorted(RULES))
def test_single_precision_is_within_the_running_error_bound(primitive: str):
    domain = rounding(big_floats(30))
    for f, arguments in CASES[primitive]:
        if primitive in LINEAR_ALGEBRA or np.asarray(arguments[0]).dtype.kind == "c":
            continue
        with jax.enable_x64(False):
            at = call(f, *map(single, arguments))
            leaves = [np.asarray(jnp.asarray(leaf)) for leaf in at.leaves]
            given = {k: array(leaves[k], rounded) for k in at.differentiable}
            outcome = interpret(capture(at), leaves, domain, elements=given)
            results = [np.asarray(r) for r in at.flat(*map(jnp.asarray, leaves))]
        for made, result in zip(outcome.outputs, results, strict=True):
            if made is None or outcome.holes:
                continue
            exact = numbers(made, lambda e: e.value)
            bound = numbers(made, lambda e: 16 * 1.2e-7 * e.rounding + 1.2e-38)
            where = np.isfinite(exact) & np.isfinite(result)
            error = np.abs(exact[where] - result[where])
            assert (error <= np.abs(bound[where])).all()


@cache
def field(seed: int, roots: int, levels: int) -> PrimeField:
    return prime_field(seed, roots=roots, levels=levels)


def modular(primitive: str, number: int) -> str:
    """Whether f over dual numbers over a field and JAX's jvp of f over the field agree: yes, or why not."""
    at, _, _ = captured(primitive, number)
    checked = problem(at)
    made = program(checked, "jvp")
    if made.graph is None:
        return "JAX has no derivative"
    ones = [jnp.ones(shape, dtype) for shape, dtype in checked.input_types]
    if not all(np.isfinite(np.asarray(x, complex)).all() for x in evaluate(made.graph, [*at.leaves, *ones])):
        return "JAX has none that is finite"
    verdict = "broken"
    for levels in (0, 1):
        for seed in range(1, 40):
            verdict = modular_at(at, checked, made.graph, field(seed, 60 if primitive == "fft" else 1, levels))
            if verdict != "broken":
                break
        if verdict == "yes":
            break
    return verdict


def modular_at(at: Call, checked: Any, derivative: Graph, numbers_: PrimeField) -> str:
    domain = shadow(numbers_.domain)
    beside = coordinates(list(inputs(at, float).values()))
    x = [Shadow(v, n) for v, n in zip(numbers_.draw(len(beside)), beside, strict=True)]
    t = [Shadow(v, 0.5) for v in numbers_.draw(len(beside))]
    pairs = [Dual(a, b) for a, b in zip(x, t, strict=True)]
    given = dict(zip(checked.inputs, elements(checked.input_types, pairs), strict=True))
    outcome = interpret(checked.graph, at.leaves, dual(domain), elements=given, decide_here=True)
    count = len(at.leaves)
    seeds = {count + k: e for k, e in enumerate(elements(checked.input_types, t))}
    given = dict(zip(checked.inputs, elements(checked.input_types, x), strict=True)) | seeds
    zeros = [jnp.zeros(shape, dtype) for shape, dtype in checked.input_types]
    theirs = interpret(derivative, [*at.leaves, *zeros], domain, elements=given, decide_here=True)
    if outcome.holes or theirs.holes:
        return str((outcome.holes or theirs.holes)[0].reason) or "no rule"
    true = coordinates([outcome.outputs[k] for k in checked.outputs])
    mine = coordinates(list(theirs.outputs[-len(checked.outputs) :])) if checked.outputs else []
    verdict = "yes"
    for a, b in zip(true, mine, strict=True):
        slope = domain.constant(0).value if a.tangent is None else a.tangent.value
        if numbers_.broken(slope) or numbers_.broken(b.value):
            return "broken"
        verdict = verdict if numbers_.same(slope, b.value) else "differs"
    return verdict


@pytest.mark.parametrize("primitive", sorted(RULES))
def test_over_a_finite_field_dual_numbers_agree_with_jax(primitive: str):
    for number in range(len(cases(primitive))):
        verdict = modular(primitive, number)
        known = ("yes", "JAX has none that is finite", *NOT_IN_A_FIELD.get(primitive, ()))
        assert verdict in known, f"{primitive} case {number}: {verdict}"


NOT_IN_A_FIELD = {
    **dict.fromkeys(WITHOUT_A_RULE, ("JAX has no derivative",)),
    "acosh": ("differs",),
}
"""Where the comparison is not to be had; √(z + 1)·√(z − 1) = ±√(z² − 1) has a sign that a field does not know."""


def domains() -> dict[str, Domain]:
    found = {"floats": floats(), "big floats": big_floats(30)}
    found |= {"balls": balls(30)} if have_balls() else {}
    return found | {
        "dual numbers": dual(big_floats(30)),
        "GF(p)": shadow(field(1, 1, 0).domain),
        "SymPy": Symbols(100_000).domain,
    }


def covered(primitive: str, domain: Domain) -> str:
    """A tick, or why a case of the primitive cannot be interpreted; a question mark where no case uses it."""
    used = {equation.primitive for _, graph, _ in each(primitive) for _, _, equation in walk(graph)}
    if primitive not in used:
        return "?"
    for at, graph, _ in each(primitive):
        outcome = interpret(graph, at.leaves, domain, elements=inputs(at, domain.constant))
        if outcome.holes:
            return f"– {outcome.holes[0].reason or 'no rule'}"
    return "✓"


def coverage() -> str:
    """The table, as Markdown."""
    names = domains()
    lines = [
        "# Primitives and domains",
        "",
        "Written by `tests/core/test_interpret_primitives.py`. A tick: every case runs through without a hole. Values",
        "are checked in big floats, derivatives in dual numbers and over GF(p); not in the other columns.",
        "A question mark: no case uses the primitive in this version of JAX, so nothing is shown.",
        "",
        f"| primitive | {' | '.join(names)} | complex |",
        "|---|" + "---|" * (len(names) + 1),
    ]
    for primitive in sorted(RULES):
        marks = [covered(primitive, domain) for domain in names.values()]
        complex_too = "✓" if primitive in COMPLEX or any(a.dtype.kind == "c" for a in arrays(primitive)) else ""
        lines.append(f"| {primitive} | {' | '.join(marks)} | {complex_too} |")
    lines += ["", "## Programs inside", "", *[f"- {name}: {kind}" for name, kind in sorted(BODIES.items())]]
    lines += ["", "## Integers, booleans, keys", "", ", ".join(sorted(INTEGERS))]
    lines += ["", "## Not interpreted", "", *[f"- {name}: {why}" for name, why in sorted(WITHOUT.items())]]
    return "\n".join(lines) + "\n"


def arrays(primitive: str) -> list[np.ndarray]:
    return [np.asarray(a) for _, arguments in cases(primitive) for a in arguments]


def test_the_table_of_coverage_is_up_to_date():
    found = coverage()
    if os.environ.get("DIFFLAB_COVERAGE") == "refresh":
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8"), "DIFFLAB_COVERAGE=refresh pytest " + __file__


def test_at_least_110_primitives_are_interpreted():
    assert len(RULES) >= 110


def test_every_public_primitive_of_jax_is_decided():
    named = {*RULES, *BODIES, *INTEGERS, *WITHOUT}
    public = {p.name for name, p in vars(jex_primitives).items() if name.endswith("_p")}
    assert public <= named, sorted(public - named)
