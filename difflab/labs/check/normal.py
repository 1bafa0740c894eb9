"""A proof without probability: JAX's derivative program and the true derivative have one normal form.

The function runs over dual numbers, and JAX's program over plain ones, both over the polynomials in kernels of
`difflab.labs.check.ring`, with variables for inputs and seeds; all coefficients of the seeds must then be equal. What a
kernel stands for: exp of one monomial (so exp(a + b) = exp(a)·exp(b) is built in), log, sin with cos, roots, and any
other function of a canonical argument. An identity that needs more than the ring's relations is not proved, but it is
never the other way round.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import cmath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core.complexes import Complex
from difflab.core.domains import Domain, Operation, floats
from difflab.core.duals import Dual, dual
from difflab.core.errors import UnsupportedError
from difflab.core.interpret import interpret
from difflab.core.literals import fraction, known_literals
from difflab.core.run import BudgetError
from difflab.core.values import Hole
from difflab.labs.check.problem import Problem, Program, coordinates, elements, outputs_of
from difflab.labs.check.ring import WIDTH, Form, Ring, Terms, UnprovableError, digits, rational_root

LARGEST_ROOT = 64
"""Exponents p/q with larger denominators are kernels without relation."""


def same(problem: Problem, program: Program, leaves: Sequence[Any], deadline: float | None = None) -> bool | None:
    """Whether `program` is proved to give the true derivative on the path that `leaves` take.

    True is a proof. False: the normal forms differ, which refutes nothing yet; None: beyond the limits, or a primitive
    is missing. `deadline` is in seconds of `time.monotonic()`.
    """
    if program.graph is None:
        return None
    try:
        return _Proof(problem, program, leaves, deadline).holds()
    except (UnprovableError, UnsupportedError, BudgetError, RecursionError):
        return None


class _Proof:
    """One comparison."""

    def __init__(self, problem: Problem, program: Program, leaves: Sequence[Any], deadline: float | None) -> None:
        self.problem, self.program, self.leaves, self.deadline = problem, program, leaves, deadline
        self.n, self.m = len(problem.columns), len(problem.rows)
        self.second = "∘" in program.mode
        self.ring = Ring(2 * self.n + self.m, deadline)
        self.t, self.u, self.c = ([self.ring.variable() for _ in range(k)] for k in (self.n, self.n, self.m))
        self.x = [self.ring.variable() for _ in range(self.n)]
        self.domain = normal_forms(self.ring)

    def holds(self) -> bool | None:
        truth, values, given = self.truth(), *self.given()
        if not all(self.ring.equal(a, b.value) for a, b in zip(values, truth, strict=not self.second)):
            return False
        slopes = [_tangent(x, self.second) for x in truth]
        if self.program.reverse:
            return self.transposed(given, slopes)
        return all(self.ring.equal(a, b) for a, b in zip(given, slopes, strict=True))

    def transposed(self, given: list[Form], slopes: list[Form]) -> bool:
        """Whether the coefficient of cᵢ in result j is that of tⱼ in slope i, for each u at second order."""
        table: dict[tuple[int, int, int], Terms] = {}
        for i, slope in enumerate(slopes):
            for seeds, terms in self.ring.by_seeds(slope).items():
                j, rest = self._seed(seeds, range(self.n))
                table[i, j, rest] = terms
        for j, found in enumerate(given):
            for seeds, terms in self.ring.by_seeds(found).items():
                i, rest = self._seed(seeds, range(2 * self.n, 2 * self.n + self.m))
                if not self.ring.equal(Form(terms), Form(table.pop((i - 2 * self.n, j, rest), {}))):
                    return False
        return all(map(self.ring.is_zero, table.values()))

    def _seed(self, seeds: int, among: range) -> tuple[int, int]:
        """The one seed of that kind in a monomial, and the rest of it."""
        found = [(k, e) for k, e in digits(seeds) if k in among]
        if len(found) != 1 or found[0][1] != 1:
            return -1, seeds
        return found[0][0], seeds - (1 << WIDTH * found[0][0])

    def truth(self) -> list[Any]:
        """The outputs as dual numbers, of second order if the program is."""
        domain = dual(dual(self.domain)) if self.second else dual(self.domain)
        inputs: list[Any] = [Dual(x, t) for x, t in zip(self.x, self.t, strict=True)]
        if self.second:
            inputs = [Dual(x, Dual(u)) for x, u in zip(inputs, self.u, strict=True)]
        given = dict(zip(self.problem.inputs, elements(self.problem.input_types, inputs), strict=True))
        outcome = interpret(
            self.problem.graph, self.leaves, domain, elements=given, deadline=self.deadline, strict=True
        )
        return _whole(coordinates(outputs_of(self.problem, outcome)))

    def given(self) -> tuple[list[Form], list[Form]]:
        """What the program returns: the function's values (none at second order) and the derivative."""
        problem, graph, negate = self.problem, self.program.graph, self.ring.negate
        assert graph is not None
        tangents = elements(problem.input_types, self.u if self.program.reverse else self.t)
        if self.program.mode == "jvp∘jvp":
            tangents += elements(problem.input_types, self.u)
        seeds = elements(problem.output_types, self.c, negate) if self.program.reverse else tangents
        if self.program.reverse and self.second:
            seeds += tangents
        active = dict(zip(problem.inputs, elements(problem.input_types, self.x), strict=True))
        concrete = [*self.leaves, *(jnp.ones(s, d) for s, d in self._seed_types())]
        after = {len(self.leaves) + k: array for k, array in enumerate(seeds)}
        outcome = interpret(graph, concrete, self.domain, elements=active | after, deadline=self.deadline, strict=True)
        self._require_free_of_seeds(outcome.path, concrete)
        cut = 0 if self.second else len(problem.outputs)
        values, rest = outcome.outputs[:cut], outcome.outputs[cut:]
        return _whole(coordinates(values)), _whole(coordinates(rest, negate if self.program.reverse else None))

    def _seed_types(self) -> list[tuple[tuple[int, ...], str]]:
        inputs, outputs = list(self.problem.input_types), list(self.problem.output_types)
        if not self.program.reverse:
            return inputs * (2 if self.second else 1)
        return outputs + (inputs if self.second else [])

    def _require_free_of_seeds(self, path: Sequence[Any], concrete: list[Any]) -> None:
        """Refuse a program that decides by its seeds, since its normal form holds for some of them only."""
        graph = self.program.graph
        assert graph is not None
        if path:
            held = {k: _constants(concrete[k]) for k in self.problem.inputs}
            alone = interpret(graph, concrete, floats(), elements=held, deadline=self.deadline)
            known = {(d.node, d.text) for d in alone.path}
            if any((d.node, d.text) not in known for d in path):
                raise UnprovableError("the program decides by its tangents or cotangents")


def _constants(leaf: Any) -> Any:
    array = np.asarray(leaf)
    out = np.empty(array.shape, object)
    for index in np.ndindex(*array.shape):
        z = array[index].item()
        out[index] = Complex(z.real, z.imag) if np.iscomplexobj(array) else float(z)
    return out


def _whole(found: list[Any]) -> list[Any]:
    if any(isinstance(e, Hole) for e in found):
        raise UnprovableError("a primitive has no exact meaning")
    return found


def _tangent(element: Any, second: bool) -> Form:
    for _ in range(2 if second else 1):
        element = None if element is None else element.tangent
    return Form({}) if element is None else element


def normal_forms(ring: Ring) -> Domain:
    """The expressions of a ring as a domain."""
    functions = _Functions(ring, lambda: domain)
    table: dict[str, Operation] = {
        "add": ring.add,
        "sub": lambda x, y: ring.add(x, ring.negate(y)),
        "mul": ring.multiply,
        "div": lambda x, y: ring.multiply(x, ring.invert(y)),
        "neg": ring.negate,
        "integer_pow": ring.raised,
        "exp": functions.exp,
        "log": functions.log,
        "sin": lambda x: functions.turn(x)[1],
        "cos": lambda x: functions.turn(x)[0],
        "sqrt": functions.sqrt,
        "cbrt": lambda x: functions.root(x, 3),
        "pi": functions.pi,
        "pow": functions.power,
        **{name: functions.named(name) for name in _OPAQUE},
    }
    domain = Domain("normal forms", functions.constant, table)
    return domain


_OPAQUE = "asin acos atan atan2 erf erf_inv lgamma digamma trigamma".split()
_ODD = ("asin", "atan", "erf", "erf_inv")


@dataclass(eq=False)
class _Functions:
    """The kernels of functions: one for each function and canonical argument."""

    ring: Ring
    domain: Callable[[], Domain]
    recognised: dict[str, Form] = field(default_factory=dict[str, Form])
    _known: dict[Any, Form] = field(default_factory=dict[Any, Form])
    _arguments: dict[str, list[tuple[tuple[Form, ...], complex, Form]]] = field(default_factory=dict[str, Any])
    _logarithms: dict[int, Form] = field(default_factory=dict[int, Form])
    _bases: dict[int, Form] = field(default_factory=dict[int, Form])
    _units: dict[int, list[tuple[Fraction, Form]]] = field(default_factory=dict[int, Any])

    def constant(self, value: Any) -> Form:
        """A number, or what a float stands for (`difflab.core.literals`)."""
        if not isinstance(value, float) or not abs(value) < float("inf"):
            return self.ring.constant(value)
        text = known_literals().get(abs(value))
        if text is None:
            return self.ring.constant(fraction(value))
        if text not in self.recognised:
            formula = self.domain().formula(text, ())
            self.recognised[text] = self.ring.constant(fraction(abs(value))) if formula is None else formula()
        return self.recognised[text] if value > 0 else self.ring.negate(self.recognised[text])

    def pi(self) -> Form:
        """π, a kernel without relation."""
        return self.kept("pi", (), self.ring.variable)

    def named(self, name: str) -> Callable[..., Form]:
        """A function of which nothing is known but that equal arguments give equal values."""

        def apply(*arguments: Form) -> Form:
            sign, first = self.signed(arguments[0]) if name in _ODD else (1, arguments[0])
            if not any(a.terms for a in arguments) and name in _ODD:
                return self.ring.constant(0)
            found = self.kept(name, (first, *arguments[1:]), self.ring.variable)
            return found if sign > 0 else self.ring.negate(found)

        return apply

    def kept(self, name: str, arguments: tuple[Form, ...], make: Callable[[], Form]) -> Form:
        """The value made for these arguments before, or for others that are provably equal, or a new one."""
        key = (name, *(frozenset(a.terms.items()) for a in arguments))
        if key not in self._known:
            known = self._arguments.setdefault(name, [])
            mark = sum(self.ring.value(a.terms)[0] * (1.37**k) for k, a in enumerate(arguments))
            found = next((value for given, near, value in known if self._alike(arguments, given, mark, near)), None)
            if found is None:
                found = make()
                known.append((arguments, mark, found))
            self._known[key] = found
        return self._known[key]

    def _alike(self, a: tuple[Form, ...], b: tuple[Form, ...], mark: complex, near: complex) -> bool:
        close = abs(mark - near) <= 1e-9 * (1 + abs(mark))
        return close and all(self.ring.looks_equal(x, y) for x, y in zip(a, b, strict=True))

    def signed(self, x: Form) -> tuple[int, Form]:
        """The form or its negative, whichever has a positive leading coefficient."""
        return (-1, self.ring.negate(x)) if x.terms and x.terms[max(x.terms)] < 0 else (1, x)

    def exp(self, x: Form) -> Form:
        """exp of a sum is the product of powers of exp of its monomials."""
        result = self.ring.constant(1)
        for monomial, coefficient in sorted(x.terms.items()):
            result = self.ring.multiply(result, self.exp_of(monomial, Fraction(coefficient), x.reach))
        return result

    def exp_of(self, monomial: int, coefficient: Fraction, reach: int) -> Form:
        """exp of one term; exp(c·log a) = aᶜ."""
        base = self._bases.get(monomial)
        if base is not None:
            whole = coefficient.numerator // coefficient.denominator
            rest = coefficient - whole
            result = self.ring.raised(base, whole)
            return self.ring.multiply(result, self.unit(monomial, rest, reach)) if rest else result
        return self.unit(monomial, coefficient, reach)

    def unit(self, monomial: int, coefficient: Fraction, reach: int) -> Form:
        """A power of exp of a rational multiple of the monomial that was met before, or of a root of one."""
        known = self._units.setdefault(
            monomial, [(Fraction(1), self._bases[monomial])] if monomial in self._bases else []
        )
        for unit, form in known:
            times = coefficient / unit
            if times.denominator == 1 and abs(times) <= 4096:
                return self.ring.raised(form, int(times))
        for unit, form in known:
            times = coefficient / unit
            if times.denominator <= LARGEST_ROOT and abs(times.numerator) <= 4096:
                root = self._learn(monomial, unit / times.denominator, self.root(form, times.denominator), reach)
                return self.ring.raised(root, times.numerator)
        form = self._learn(monomial, abs(coefficient), self.ring.variable(), reach)
        return self.ring.raised(form, 1 if coefficient > 0 else -1)

    def _learn(self, monomial: int, unit: Fraction, form: Form, reach: int) -> Form:
        self._units[monomial].append((unit, form))
        if len(form.terms) == 1:
            self._logarithms.setdefault(next(iter(form.terms)), Form({monomial: unit}, reach))
        return form

    def log(self, x: Form) -> Form:
        """log(exp a) = a and log(1/a) = −log a; else a kernel."""
        if x.terms == {0: 1}:
            return self.ring.constant(0)
        known = self._logarithm_of(x)
        if known is not None:
            return known
        scale, content, rest = self.ring.primitive(x.terms)
        if len(rest) == 1 and scale in (1, Fraction(1)) and all(e < 0 for _, e in digits(content)):
            return self.ring.negate(self.log(self.ring.invert(x)))
        if not content and set(rest) == {0} and isinstance(scale, Fraction) and scale.numerator == 1:
            return self.ring.negate(self.log(self.ring.constant(scale.denominator)))

        def make() -> Form:
            kernel = self.ring.variable()
            self._bases[next(iter(kernel.terms))] = x
            return kernel

        return self.kept("log", (x,), make)

    def _logarithm_of(self, x: Form) -> Form | None:
        """The logarithm of a product of exponentials."""
        if len(x.terms) != 1:
            return None
        ((monomial, coefficient),) = x.terms.items()
        total = self.ring.constant(0)
        for k, e in digits(monomial):
            argument = self._logarithms.get(1 << WIDTH * k)
            if argument is None:
                return None
            total = self.ring.add(total, self.ring.multiply(self.ring.constant(e), argument))
        return total if coefficient == 1 else None

    def turn(self, x: Form) -> tuple[Form, Form]:
        """cos and sin, kernels with sin² = 1 − cos²."""
        if not x.terms:
            return self.ring.constant(1), self.ring.constant(0)
        sign, argument = self.signed(x)
        cosine = self.kept("cos", (argument,), lambda: self.ring.power(self._pair(), 1))
        sine = Form({next(iter(cosine.terms)) << WIDTH: 1}, 1)
        return cosine, sine if sign > 0 else self.ring.negate(sine)

    def _pair(self) -> int:
        angle = self.ring.sample()
        cosine = self.ring.kernel(0, {}, cmath.cos(angle))
        relation = {0: 1, 2 << WIDTH * cosine: -1}
        self.ring.kernel(2, relation, cmath.sin(angle))
        return cosine

    def sqrt(self, x: Form) -> Form:
        """A root, with a positive rational factor in front drawn out."""
        if not x.terms:
            return x
        scale = abs(Fraction(x.terms[max(x.terms)]))
        rest = Form({m: c / scale for m, c in x.terms.items()}, x.reach)
        front = rational_root(scale)
        factor = self.ring.constant(scale if front is None else front)
        outside = factor if front is not None else self.root(factor, 2)
        return outside if rest.terms == {0: 1} else self.ring.multiply(outside, self.root(rest, 2))

    def root(self, x: Form, degree: int) -> Form:
        """A kernel r with rᵈ = x; log r = log(x)/d is known where log x is."""
        return self.ring.power(self.ring.root(x, degree), 1)

    def power(self, x: Form, y: Form) -> Form:
        """xʸ; a rational exponent with a small denominator gives a root."""
        if not y.terms or set(y.terms) == {0}:
            exponent = Fraction(y.terms.get(0, 0))
            whole = exponent.numerator // exponent.denominator
            rest = exponent - whole
            if rest.denominator <= 2:
                result = self.ring.raised(x, whole) if whole or not rest else self.ring.constant(1)
                return self.ring.multiply(result, self.sqrt(x)) if rest else result
        return self.exp(self.ring.multiply(y, self.log(x)))
