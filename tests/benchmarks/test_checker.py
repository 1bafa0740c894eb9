"""The checker beside check_grads and difference quotients: what each proves, passes and accuses, and in what time.

Three sets: functions whose derivative is right (`correct`), rules with a planted error (`planted`), and derivative
programs with one small error anywhere (`mutants`). Verdicts are the same on every machine; seconds are this machine's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend import core as jex

import difflab as dl
from difflab.core.call import call
from difflab.core.capture import capture_flat
from difflab.labs.check.problem import Problem, Program, flat_program, problem
from difflab.labs.check.proof import prove
from difflab.labs.check.recorded import record as operands_seen
from difflab.labs.check.solves import solve_faults
from tests.benchmarks.results import machine, record, table
from tests.benchmarks.rivals import best_difference_passes, check_grads_passes
from tests.labs.check.correct import CORRECT, at
from tests.labs.check.mutants import differs, sample
from tests.labs.check.planted import PLANTED
from tests.labs.check.problems import PROBLEMS

SECOND_ORDER = list(PROBLEMS)[:16]
MUTANTS = 40
"""Mutants a program."""
POINTS = 4
PATIENT = 60.0


@pytest.fixture(scope="module")
def sections() -> Iterable[dict[str, str]]:
    """What the tests of this file have to say, written to RESULTS.md at the end."""
    said: dict[str, str] = {}
    yield said
    text = f"`make bench` on {machine('jax', 'sympy', 'mpmath', 'python-flint')}.\n\n" + "\n\n".join(said.values())
    print("\n" + record("Checker", text))


def _seconds(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def test_problems_are_proved(sections: dict[str, str]):
    rows: list[tuple[Any, ...]] = []
    with jax.enable_x64(True):
        for name, (f, arguments) in PROBLEMS.items():
            _, first = _seconds(lambda f=f, a=arguments: dl.check(f, *a, budget=PATIENT))
            report, warm = _seconds(lambda f=f, a=arguments: dl.check(f, *a, budget=PATIENT))
            modes = sorted({mode for e in report.entries for mode in e.modes})
            rows.append((name, report.verdict, f"2^{report.bound_log2:.0f}", len(modes), first, warm))
    proved = sum(row[1].startswith("proved") for row in rows)
    worst = max(row[-1] for row in rows)
    shown = [(*row[:4], f"{row[4]:.2f}", f"{row[5]:.2f}") for row in rows]
    head = ("problem", "verdict", "wrong with probability ≤", "modes", "first, s", "again, s")
    sections["problems"] = (
        f"Proved: {proved} of {len(rows)} problems at seven points in all modes; the slowest takes {worst:.2f} s "
        f"(asked: all, 2 s).\n\n{table(head, shown)}"
    )


def test_problems_of_second_order(sections: dict[str, str]):
    rows: list[tuple[Any, ...]] = []
    with jax.enable_x64(True):
        for name in SECOND_ORDER:
            f, arguments = PROBLEMS[name]
            report, seconds = _seconds(lambda f=f, a=arguments: dl.check(f, *a, order=2, budget=PATIENT))
            rows.append((name, report.verdict, seconds))
    proved = sum(row[1].startswith("proved") for row in rows)
    sections["second"] = (
        f"Second order, three compositions: {proved} of {len(rows)} proved in {sum(r[2] for r in rows):.1f} s, "
        f"traces and first runs included (asked: 16 in 60 s)."
    )


def test_the_zoo(sections: dict[str, str]):
    counts: dict[str, list[str]] = {}
    slowest = ("", 0.0)
    for name in dl.zoo.names():
        found = dl.zoo.load(name)
        with jax.enable_x64(True):
            _seconds(lambda p=found: dl.check(p.function, *p.arguments(), budget=PATIENT))
            report, warm = _seconds(lambda p=found: dl.check(p.function, *p.arguments(), budget=PATIENT))
        counts.setdefault(report.verdict, []).append(name)
        slowest = max(slowest, (name, warm), key=lambda pair: pair[1])
    rows = [(verdict, len(names), ", ".join(names)) for verdict, names in counts.items()]
    sections["zoo"] = (
        f"The zoo ({sum(r[1] for r in rows)} problems, pathologies included; the slowest warm: {slowest[0]}, "
        f"{slowest[1]:.2f} s).\n\n{table(('verdict', 'problems', 'names'), rows)}"
    )


def test_no_false_alarms(sections: dict[str, str]):
    rows: list[tuple[Any, ...]] = []
    for wide in (False, True):
        with jax.enable_x64(wide):
            reports = {n: dl.check(f, *at(a, wide), budget=PATIENT) for n, (f, a) in CORRECT.items()}
            refuted = [n for n, r in reports.items() if r.verdict in ("refuted", "not finite")]
            unsure = [n for n, r in reports.items() if not r.ok and n not in refuted]
            ours = f"{len(refuted)} (undecided {len(unsure)}{': ' if unsure else ''}{', '.join(unsure)})"
            rivals = [
                _count(check_grads_passes(f, at(a, wide), 1) for f, a in CORRECT.values()),
                _count(check_grads_passes(f, at(a, wide), 2) for f, a in CORRECT.values()),
                _count(best_difference_passes(f, at(a, wide)) for f, a in CORRECT.values()),
            ]
        rows.append(("float64" if wide else "float32", ours, *rivals))
    head = ("dtype", "dl.check", "check_grads, order 1", "order 2", "differences at their best step")
    sections["alarms"] = f"False alarms on {len(CORRECT)} correct functions (asked: 0).\n\n{table(head, rows)}"


def _count(passed: Iterable[bool | None]) -> str:
    found = list(passed)
    return f"{found.count(False)}" + (f" ({found.count(None)} it cannot run)" if None in found else "")


def test_planted_errors_are_found(sections: dict[str, str]):
    rows: list[tuple[Any, ...]] = []
    for wide in (False, True):
        with jax.enable_x64(wide):
            reports = {n: dl.check(p.f, *at(p.args, wide), order=p.order, budget=PATIENT) for n, p in PLANTED.items()}
            found = [n for n, r in reports.items() if not r.ok or r.faults]
            line = [n for n in found if _names_the_rule(reports[n], PLANTED[n].rule)]
            kind = [n for n in found if any(f.kind == PLANTED[n].kind for f in reports[n].faults)]
            rivals = [
                sum(check_grads_passes(p.f, at(p.args, wide), order) is False for p in PLANTED.values())
                for order in (1, 2)
            ]
            rivals.append(sum(best_difference_passes(p.f, at(p.args, wide)) is False for p in PLANTED.values()))
        missed = ", ".join(n for n in PLANTED if n not in found)
        rows.append(("float64" if wide else "float32", len(found), len(line), len(kind), *rivals, missed or "–"))
    head = ("dtype", "dl.check", "… rule and line", "… kind", "check_grads 1", "check_grads 2", "differences", "missed")
    sections["planted"] = f"Planted errors found, of {len(PLANTED)}.\n\n{table(head, rows)}"


def _names_the_rule(report: Any, rule: Any) -> bool:
    if rule is None:
        return True
    code = rule.__code__
    last = max(line for *_, line in code.co_lines() if line is not None)
    return any(f.source is not None and code.co_firstlineno <= f.source.line <= last for f in report.faults)


def test_mutants_are_killed(sections: dict[str, str]):
    killed = survived = equal = 0
    alive: list[str] = []
    with jax.enable_x64(True):
        for name, (f, arguments) in PROBLEMS.items():
            checked = problem(call(f, *arguments))
            for mode in ("jvp", "vjp"):
                closed, points = _program_and_points(checked, mode)
                for number, (text, mutant) in enumerate(sample(closed, MUTANTS, 0)):
                    if differs(closed, mutant, points) is not True:
                        equal += 1
                    elif _proved(checked, mode, mutant, number, points[0]):
                        survived += 1
                        alive.append(f"{name}, {mode}: {text}")
                    else:
                        killed += 1
    score = 100 * killed / (killed + survived)
    sections["mutants"] = (
        f"Mutants of the jvp and vjp programs of {len(PROBLEMS)} problems, inner programs included: {killed} killed, "
        f"{survived} survived, {equal} compute the same: **{score:.2f} %** (asked: 99.5 %)."
        + "".join(f"\n- survived: {text}" for text in alive)
    )


def _program_and_points(checked: Problem, mode: str) -> tuple[Any, list[list[Any]]]:
    function, arguments = flat_program(checked, mode)
    closed = jax.make_jaxpr(function)(*arguments)
    rng = np.random.default_rng(0)
    count = len(checked.at.leaves)
    leaves = arguments[:count]

    def seeds() -> list[Any]:
        return [jnp.asarray(rng.normal(size=a.shape), a.dtype) for a in arguments[count:]]

    def near(x: Any) -> Any:
        return x * (1 + 0.05 * rng.normal(size=x.shape)) if jnp.issubdtype(x.dtype, jnp.floating) else x

    return closed, [[*(leaves if k == 0 else map(near, leaves)), *seeds()] for k in range(POINTS)]


def _proved(checked: Problem, mode: str, mutant: Any, number: int, arguments: list[Any]) -> bool:
    """Whether the checker lets a program pass: it is proved, and its linear solves solve what they say."""
    zeros = [jnp.zeros(v.aval.shape, v.aval.dtype) for v in mutant.jaxpr.invars]
    graph = capture_flat(jex.jaxpr_as_fun(mutant), zeros, mode)
    if not prove(checked, Program(mode, graph), checked.at.leaves, number % 3, log2_degree=0.0).held:
        return False
    solves = operands_seen(graph, arguments, lambda e: e.primitive == "custom_linear_solve")
    return not any(solve_faults(equation, samples) for *_, equation, samples in solves)


def test_a_large_function_is_checked_in_time(sections: dict[str, str]):
    key = jax.random.split(jax.random.key(0), 3)
    sizes = [(64, 128), (128, 128), (128, 10)]
    weights = [jax.random.normal(k, s) / 8 for k, s in zip(key, sizes, strict=True)]

    def network(weights: Any, x: Any) -> Any:
        for w in weights[:-1]:
            x = jnp.tanh(x @ w)
        return x @ weights[-1]

    x = jnp.linspace(-1, 1, 64)
    report, first = _seconds(lambda: dl.check(network, weights, x, budget=PATIENT))
    report, warm = _seconds(lambda: dl.check(network, weights, x, budget=PATIENT))
    _, rival = _seconds(lambda: check_grads_passes(network, (weights, x)))
    sections["large"] = (
        f"{len(report.columns):,} inputs, {len(report.rows)} outputs: {report.summary} in {warm:.1f} s "
        f"(first time {first:.1f} s; asked: 5 s); check_grads takes {rival:.1f} s for one direction."
    )
