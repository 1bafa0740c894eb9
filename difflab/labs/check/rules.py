"""Custom derivative rules: found wherever the function calls them, and each checked alone.

A rule that someone wrote (`jax.custom_jvp`, `jax.custom_vjp`, `jax.lax.custom_linear_solve`) replaces the derivative of
one subprogram, so it can be judged by that subprogram, whatever stands around it: that is what names the line. Rules
that only a derivative program calls (from within another rule) are found in the derivative programs of what calls them.
Within a custom rule its own primal function is not searched: JAX never differentiates it.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.core.call import Call
from difflab.core.custom import rule_functions, rule_source
from difflab.core.errors import DifflabError
from difflab.core.graph import Equation, Graph, Literal, Source
from difflab.labs.check.casts import cast_faults
from difflab.labs.check.evidence import second
from difflab.labs.check.findings import FAULTS, Finding
from difflab.labs.check.hints import HELD, explain, seen
from difflab.labs.check.problem import Problem, problem, program
from difflab.labs.check.recorded import record
from difflab.labs.check.solves import solve_faults

Types = tuple[tuple[tuple[int, ...], str], ...]
DEPTH = 2
"""How far rules inside the derivative programs of rules are followed."""


@dataclass(frozen=True, eq=False)
class Site:
    """A call of a custom rule: `samples` are operand values that it is called with, at least one.

    `name` is the function that has the rule, `rule` the function that is the rule, `source` its line.
    """

    node: str
    graph: Graph
    equation: Equation
    samples: tuple[tuple[Any, ...], ...]
    root: Graph | None = None

    @cached_property
    def direct(self) -> bool:
        """Whether it is called with the function's own arguments, each once, so that it can get any input."""
        if self.root is None or "/" in self.node.replace(".0/", ""):
            return False
        graph, own = self.root, set(self.root.inputs)
        for step in self.node.split("/")[:-1]:
            outer = next(e for e in graph.equations if f"{e.id}.0" == step)
            if outer.kind not in ("jit", "call", "remat"):
                return False
            graph = outer.bodies[0].graph
            own = {v for v, o in zip(graph.inputs, outer.operands, strict=True) if o in own}
        read = [o for o in self.equation.operands if not isinstance(o, Literal) and graph.vertices[o].inexact]
        return len(set(read)) == len(read) and own.issuperset(read)

    @cached_property
    def named(self) -> tuple[str, Source | None]:
        """Name and line of the rule."""
        return rule_source(self.equation)

    @property
    def rule(self) -> str:
        """Name of the function that is the rule."""
        return self.named[0]

    @property
    def source(self) -> Source | None:
        """Line of the rule."""
        return self.named[1]

    @property
    def name(self) -> str:
        """Name of the function that the rule belongs to."""
        bodies = self.equation.bodies
        return bodies[0].graph.name if bodies and not self.linear_solve else self.rule

    @property
    def linear_solve(self) -> bool:
        """Whether it is a custom linear solve."""
        return self.equation.primitive == "custom_linear_solve"

    @property
    def library(self) -> bool:
        """Whether JAX itself wrote the rule."""
        return self.source is None or self.source.file.startswith(("jax/", "jax\\"))

    @property
    def types(self) -> Types:
        """Shapes and dtypes of the operands."""
        return _types(self.graph, self.equation)

    def __str__(self) -> str:
        kind = {"custom_jvp": "jvp rule", "custom_vjp": "vjp rule"}.get(self.equation.kind, "linear solve")
        who = "JAX's own " if self.library else ""
        return f"{who}{kind} of {self.name}" + (f" ({self.source})" if self.source else "")


def found(checked: Problem, leaves: Sequence[Any] | None = None) -> list[Site]:
    """Every custom rule that `checked` or a derivative program of its rules calls, once for distinct input types."""
    sites: dict[Any, Site] = {}
    _search(checked.graph, checked.at.leaves if leaves is None else leaves, "", sites, DEPTH, checked.graph)
    return list(sites.values())


def alone(site: Site, sample: int = 0) -> Call:
    """The rule as a function of its own: of its inexact operands, the others held at the values they had.

    Held are also the values that its function closes over: JAX does not differentiate by them.
    """
    values, equation = site.samples[sample], site.equation
    first = int(equation.params.get("num_consts", 0))
    chosen = tuple(k for k, x in enumerate(values) if k >= first and _inexact(x))
    return Call(equation.bind, site.name, values, _argument_names(site), chosen, _plainly, args=values)


def examine(
    checked: Problem,
    check_one: Callable[[Problem], Sequence[Finding]],
    deadline: float | None = None,
    leaves: Sequence[Any] | None = None,
    order: int = 1,
    library: bool = True,
) -> list[Finding]:
    """Check every rule alone. `check_one` judges a problem; what it finds is given the rule's name and line.

    `deadline` is a time of `time.monotonic`; rules that it leaves out are named in a remark. With
    `library` JAX's own rules are checked, too.
    """
    findings: list[Finding] = []
    for site in found(checked, leaves):
        if site.library and not library:
            continue
        if deadline is not None and time.monotonic() > deadline:
            findings.append(Finding("budget", "info", f"the {site} was not checked alone: the time was spent"))
        elif site.linear_solve:
            findings += [_named(f, site) for f in solve_faults(site.equation, site.samples)]
        else:
            findings += [_named(f, site) for f in judge(site, check_one, deadline, order)]
    return _once(findings)


def judge(
    site: Site, check_one: Callable[[Problem], Sequence[Finding]], deadline: float | None = None, order: int = 1
) -> list[Finding]:
    """What is wrong with one rule, and what it looks like.

    Small rules are written out at a few points; what shows nothing there is left to `check_one`.
    """
    problems = [problem(alone(site, sample)) for sample in _distinct(site)]
    findings = [*_untraceable(site, problems[0]), *cast_faults(problems[0])]
    if not site.library:
        findings += _seen(site, problems[0], order, deadline)
    for one in problems if not any(f.kind != "cast" for f in findings) else ():
        readings: dict[str, tuple[str, str]] = {}
        for finding in check_one(one):
            mode = finding.mode.split(", ")[0]
            if finding.kind in ("wrong", "second order") and finding.mode:
                readings[mode] = readings.get(mode) or _read(one, mode, finding, deadline)
                kind, hint = readings[mode]
                finding = replace(finding, kind=kind, message=FAULTS[kind], hint=hint or finding.hint)
            findings.append(finding)
    return findings


def _seen(site: Site, one: Problem, order: int, deadline: float | None) -> list[Finding]:
    forward = site.equation.kind == "custom_jvp"
    made = program(one, "jvp" if forward else "vjp")
    if made.graph is None or not one.inputs or not one.outputs:
        return []
    fault = seen(one, made, deadline=deadline)
    if fault is not None or order < 2:
        return [] if fault is None else [fault]
    twice = program(one, "jvp∘jvp" if forward else "jvp∘vjp")
    told = None if twice.graph is None else second(one, twice, one.at.leaves, deadline=deadline)
    if told is None:
        return []
    along, ad, true = told
    hint = f"{HELD}; along {along} it gives {float(ad):.7g} in place of {float(true):.7g}"
    return [Finding("second order", "error", FAULTS["second order"], mode=twice.mode, order=2, hint=hint)]


def _read(one: Problem, mode: str, finding: Finding, deadline: float | None) -> tuple[str, str]:
    names = finding.entry or ("", "")
    known = [(one.rows.index(names[0]), one.columns.index(names[1]))] if set(names) <= {*one.rows, *one.columns} else []
    try:
        return explain(one, program(one, mode), entries=known, deadline=deadline)
    except (DifflabError, ArithmeticError, ValueError, TypeError):
        return finding.kind, finding.hint


def _untraceable(site: Site, one: Problem) -> Iterator[Finding]:
    """A rule that JAX cannot even trace: results of another shape, dtype or tree than the function's."""
    mode = "vjp" if site.equation.kind == "custom_vjp" else "jvp"
    why = program(one, mode).why_not if one.inputs and one.outputs else ""
    if why:
        yield Finding(
            "wrong", "error", f"the rule cannot be used: {why}", mode=mode, hint="mend what JAX says of it first"
        )


def _search(
    graph: Graph, inputs: Sequence[Any], prefix: str, sites: dict[Any, Site], depth: int, root: Graph | None = None
) -> None:
    new: list[Site] = []
    for node, around, equation, samples in record(graph, inputs, custom):
        key = (equation.primitive, _author(equation), _types(around, equation))
        if key not in sites:
            sites[key] = site = Site(prefix + node, around, equation, tuple(samples), root)
            new.append(site)
    for site in new if depth else ():
        if not site.linear_solve:
            for made, seeds in _derivatives(site):
                _search(made, [*site.samples[0], *seeds], f"{site.node}/", sites, depth - 1)


def custom(equation: Equation) -> bool:
    """Whether an equation calls a custom derivative rule."""
    return equation.kind in ("custom_jvp", "custom_vjp") or (
        equation.primitive == "custom_linear_solve"
        or (equation.primitive == "call_hi_primitive" and bool(rule_functions(equation)))
    )


def _derivatives(site: Site) -> Iterator[tuple[Graph, list[Any]]]:
    at = problem(alone(site))
    for mode, types in (("jvp", at.input_types), ("vjp", at.output_types)):
        made = program(at, mode)
        if at.inputs and at.outputs and made.graph is not None and any(map(custom, _all(made.graph))):
            yield made.graph, [jnp.ones(shape, dtype) for shape, dtype in types]


def _all(graph: Graph) -> Iterator[Equation]:
    for equation in graph.equations:
        yield equation
        for body in equation.bodies:
            yield from _all(body.graph)


def _author(equation: Equation) -> Any:
    written = rule_functions(equation)
    return tuple(f.__code__ for f in written) or (equation.source and str(equation.source))


def _types(graph: Graph, equation: Equation) -> Types:
    read = [o if isinstance(o, Literal) else graph.vertices[o] for o in equation.operands]
    return tuple((o.shape, o.dtype) for o in read)


def _argument_names(site: Site) -> tuple[str, ...]:
    """The names that the function's own definition gives to its arguments."""
    count = len(site.equation.operands)
    bodies = [b.graph for b in site.equation.bodies[:1] if len(b.graph.inputs) == count]
    given = [bodies[0].vertices[v].name for v in bodies[0].inputs] if bodies else [None] * count
    if not any(given):  # JAX forgets the names of a custom_vjp; its fwd has them, where no argument is a tree
        codes = [f.__code__ for f in rule_functions(site.equation)[:1]]
        own = count - int(site.equation.params.get("num_consts", 0))
        given = next(
            (([None] * (count - own) + list(c.co_varnames[:own])) for c in codes if c.co_argcount == own), given
        )
    return tuple(name or f"x{k}" for k, name in enumerate(given))


def _distinct(site: Site) -> range:
    """Samples that differ, at most two."""
    first, *rest = site.samples
    same = [
        all(np.array_equal(_plain(a), _plain(b), equal_nan=False) for a, b in zip(first, s, strict=True)) for s in rest
    ]
    return range(1 if all(same) else 2)


def _plain(x: Any) -> Any:
    return np.asarray(jax.random.key_data(x) if jnp.issubdtype(jnp.result_type(x), jax.dtypes.prng_key) else x)


def _plainly(leaves: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return tuple(leaves), {}


def _inexact(x: Any) -> bool:
    return jnp.issubdtype(jax.dtypes.result_type(x), jnp.inexact)


def _named(finding: Finding, site: Site) -> Finding:
    message = finding.message if site.name in finding.message else f"{site}: {finding.message}"
    details = {"direct": site.direct, **finding.details}
    return replace(finding, rule=site.rule, source=site.source, message=message, details=details)


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """One finding of each kind and rule, the first, with the other entries in its details."""
    kept: dict[Any, Finding] = {}
    for f in findings:
        key = (f.kind, f.order, f.rule, f.source, f.message if not f.rule else "")
        entries = [*kept[key].details["entries"], f.entry] if key in kept else [f.entry]
        kept[key] = replace(kept.get(key, f), details={**kept.get(key, f).details, "entries": entries})
    return list(kept.values())
