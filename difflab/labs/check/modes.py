"""What one derivative program of JAX showed: proofs at every point, and the entries that are wrong, confirmed.

A comparison in the field that fails may have three reasons: the program is wrong; two functions are related in a way
that the field does not know (then a higher level of it may); or a float constant stands for a number that the field
does not recognise. So a failure is tried on all levels, located, and then confirmed at the concrete point in balls or
big floats: only what differs there is refuted.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf, isfinite, log2
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core.bigfloat import big_floats
from difflab.core.errors import DifflabError
from difflab.core.interpret import interpret
from difflab.core.run import BudgetError
from difflab.core.values import Hole
from difflab.labs.check.approximations import as_approximations
from difflab.labs.check.clock import Clock
from difflab.labs.check.evaluation import order_of, truth_at
from difflab.labs.check.evidence import linear
from difflab.labs.check.localise import Located, localise
from difflab.labs.check.normal import same
from difflab.labs.check.points import Point
from difflab.labs.check.problem import Problem, Program, coordinates, elements, numbers, outputs_of, seed_types
from difflab.labs.check.proof import Proof, degree, prove, same_signs
from difflab.labs.check.witness import Confirmation, confirm_many, decimal

LEVELS = (0, 1, 2)
PLACES = 2
"""At so many failing points the wrong entries are located; then it is enough."""
CONFIRMED = 400
"""So many wrong entries are confirmed a program."""
SIZES = (127, 521, 2203)
"""Sizes of primes in bits; a larger one is taken where the degree asks for it."""
SMALL = 100
"""Up to so many operations, and entries, normal forms are tried without being asked for."""
LONG = 80
"""A point of more characters is cut short in a note."""
AGAIN = 8
"""Where a square root is taken, its sign is one of two, and so many seeds are tried."""


@dataclass(frozen=True, eq=False)
class Wish:
    """What is asked of a comparison."""

    seed: int = 0
    error_bound: float = 2.0**-40
    digits: int = 50
    method: str = "auto"
    work: int = 1

    @property
    def numeric(self) -> bool:
        """Whether nothing is compared but numbers at the points."""
        return self.method in ("balls", "big floats")

    @property
    def large(self) -> bool:
        """Whether a run is so long that it is not repeated without need."""
        return self.work > 20_000


@dataclass(frozen=True, eq=False)
class Part:
    """A problem with some outputs of the whole one; `rows` are the numbers of its rows there."""

    problem: Problem
    rows: tuple[int, ...]

    @cached_property
    def places(self) -> dict[int, int]:
        """Row of the whole problem → row of this one."""
        return {i: k for k, i in enumerate(self.rows)}


@dataclass(eq=False)
class Shown:
    """What was found of one program, until the time was spent. Rows are those of the whole problem.

    `proofs` has (point, proof); `wrong` the confirmation of each located entry and its point; `rows` are those in
    which something differs; `complete`: all wrong entries of the failing points were located; `primal` maps rows whose
    value differs to the point, the program's value and the true one. `bits` is the size of prime to begin with.
    """

    program: Program
    part: Part
    proofs: list[tuple[int, Proof]] = field(default_factory=list[tuple[int, Proof]])
    wrong: dict[tuple[int, ...], tuple[int, Confirmation]] = field(
        default_factory=dict[tuple[int, ...], tuple[int, Confirmation]]
    )
    rows: set[int] = field(default_factory=set[int])
    complete: bool = True
    primal: dict[int, tuple[int, str, str]] = field(default_factory=dict[int, tuple[int, str, str]])
    spent: bool = False
    sampled: dict[tuple[int, ...], str] = field(default_factory=dict[tuple[int, ...], str])
    degrees: dict[Any, float] = field(default_factory=dict[Any, float], repr=False)
    bits: int = SIZES[0]
    identical: set[Any] = field(default_factory=set[Any], repr=False)
    tried: set[Any] = field(default_factory=set[Any], repr=False)

    @property
    def names(self) -> dict[int, str]:
        """Names of the rows, by their numbers in the whole problem."""
        return dict(zip(self.part.rows, self.part.problem.rows, strict=True))

    @property
    def first(self) -> Proof | None:
        """The proof at the given point."""
        return self.proofs[0][1] if self.proofs else None

    @property
    def clean(self) -> bool:
        """Whether nothing differs at any point that lies off the boundaries of the branches."""
        return all(proof.clean or proof.tight for _, proof in self.proofs)

    @property
    def right(self) -> bool:
        """Whether nothing is wrong at any point that was looked at, and what the field could not tell agrees."""
        agreed = self.complete and bool(self.wrong) and all(c.verdict == "agrees" for _, c in self.wrong.values())
        return bool(self.proofs) and (agreed or (self.clean and not self.wrong)) and not (self.primal or self.spent)

    def fails(self, row: int) -> bool:
        """Whether the comparison at the given point says that this row may be wrong there."""
        proof = self.first
        return proof is not None and (not proof.failed or self.part.places.get(row) in proof.failed)

    @property
    def refuted(self) -> dict[tuple[int, ...], tuple[int, Confirmation]]:
        """The entries that were confirmed to be wrong."""
        return {e: found for e, found in self.wrong.items() if found[1].verdict == "refuted"}

    def verdict(self, i: int, j: int) -> tuple[str, str]:
        """The verdict of this program on an entry, and a note."""
        if not self.proofs and not self.sampled and not self.wrong:
            return "undecided", "the time was spent"
        if i in self.primal:
            _, ad, true = self.primal[i]
            return "refuted", f"the value itself differs: {self.program.mode} returns {ad}, the function {true}"
        found = [c for e, c in self.wrong.items() if e[:2] == (i, j) or (len(e) == 3 and (e[0], e[2]) == (i, j))]
        if found:
            number, worst = min(found, key=lambda c: _BAD.index(c[1].verdict))
            return worst.verdict, worst.note or (_elsewhere(worst) if number and worst.witness else "")
        proofs = [proof for _, proof in self.proofs]
        if not proofs:
            return self.sampled.get((i, j), "undecided"), ""
        place = self.part.places.get(i)
        lost = place is None or any(place in p.unknown or (p.holes and self.program.reverse) for p in proofs)
        if (lost or any(p.broken for p in proofs)) and (i, j) in self.sampled:
            return self.sampled[i, j], ""
        if lost:
            return "unsupported", str(next((h for p in proofs for h in p.holes), "this output cannot be followed"))
        if any(p.broken for p in proofs):
            return "undecided", "the field has no value here: a root or a quotient fails for all seeds"
        if not self.complete and i in self.rows:
            return "undecided", "something differs in this row, and the time did not suffice to find all of it"
        branches = {proof.branch for proof in proofs}
        if proofs[0].branch not in self.identical:
            return "proved with high probability", ""
        more = len(branches - self.identical)
        rest = f"the normal forms are the same on this branch; {more} more with high probability" if more else ""
        return "proved", rest


_BAD = ("refuted", "undecided", "unsupported", "agrees")


def _elsewhere(said: Confirmation) -> str:
    """What to say of an entry that is wrong at a point that is not the given one."""
    assert said.witness is not None
    at = ", ".join(f"{name} = {value}" for name, value in said.witness.point)
    short = at if len(at) <= LONG else f"{at[:LONG]}…"
    return f"not at the given point, but at {short}: {said.ad[:12]}, not {said.true[:12]}"


def bound(shown: Sequence[Shown]) -> float:
    """log₂ of the probability that any program was called right on any branch and is not: the sum over all of them.

    Seeds are independent. A wrong sign of a root passes half of them, unless the signs are known. Where the normal
    forms are the same there is nothing to be wrong; 0 where no probability plays a part.
    """
    sums: dict[Any, list[Proof]] = {}
    for k, one in enumerate(shown):
        for _, proof in one.proofs:
            if proof.clean and proof.branch not in one.identical:
                sums.setdefault((k, proof.branch), []).append(proof)
    each = [
        max(
            sum(p.log2_bound for p in ps),
            -len(ps) if any(p.roots for p in ps) and not any(p.signs for p in ps) else -inf,
        )
        for ps in sums.values()
    ]
    most = max(each, default=-inf)
    return most + log2(sum(2 ** max(b - most, -1000.0) for b in each)) if isfinite(most) else 0.0


def show(found: Shown, points: Sequence[Point], wish: Wish, clock: Clock) -> None:
    """Compare a program with the truth at the points that were not looked at yet, and find what is wrong."""
    failing: list[int] = []
    if wish.numeric:
        return
    past = len({k for k, _ in found.proofs})
    try:
        for number, point in list(enumerate(points))[past:]:
            clock.require(0.5 if number else 0.9)
            proof = settle(found, point, wish, clock, wish.seed * 1000 + number)
            found.proofs.append((number, proof))
            if proof.clean and not proof.holes and not proof.tight and proof.branch not in found.tried:
                identify(found, proof.branch, point, wish, clock)
            if not proof.clean and not proof.broken and not proof.tight:
                failing.append(number)
                if len(failing) + len({k for k, _ in found.wrong.values()}) >= PLACES:
                    break
        for place, (number, proof) in list(enumerate(found.proofs))[past:]:
            if proof.clean and proof.roots and proof.branch not in found.identical:
                point = points[number]
                if same_signs(found.part.problem, found.program, point.leaves, wish.digits, clock.wall(0.5)):
                    found.proofs[place] = number, replace(proof, signs=True)
                elif not repeated(found, proof):
                    repeat(found, number, point, wish, clock)
    except BudgetError:
        found.spent = True
    known = len({number for number, _ in found.wrong.values()})
    for number in failing[: max(0, PLACES - known)]:
        _locate(found, number, points[number], wish, clock)


def identify(found: Shown, branch: tuple[Any, ...], point: Point, wish: Wish, clock: Clock) -> None:
    """Try normal forms on a branch, where they are asked for, or so small that they cost next to nothing."""
    found.tried.add(branch)
    patient = wish.method == "symbolic"
    checked = found.part.problem
    if not patient and (wish.method != "auto" or wish.work > SMALL or len(checked.rows) * len(checked.columns) > SMALL):
        return
    deadline = min(clock.wall(0.5), time.monotonic() + 0.2 * clock.budget)
    if same(checked, found.program, point.leaves, deadline):
        found.identical.add(branch)


def settle(found: Shown, point: Point, wish: Wish, clock: Clock, seed: int) -> Proof:
    """One proof: on higher levels of the field while something differs, with a larger prime where it is needed."""
    checked, program, degrees = found.part.problem, found.program, found.degrees
    proof, bits, end = Proof(program.mode, False, broken=True), found.bits, clock.wall()
    for level in LEVELS:
        proof = prove(checked, program, point.leaves, seed, bits=bits, levels=level, deadline=end, log2_degree=0.0)
        if proof.clean or proof.broken or proof.tight:
            break
    if not proof.clean:
        return proof
    path = tuple((d.node, d.text) for d in (*proof.path, *proof.program_path))
    if path not in degrees:
        known = max(degrees.values(), default=None) if wish.large else None
        degrees[path] = degree(checked, program, point.leaves, clock.wall()) if known is None else known
    return enlarged(found, point, wish, clock, seed, proof, degrees[path])


def enlarged(found: Shown, point: Point, wish: Wish, clock: Clock, seed: int, proof: Proof, size: float) -> Proof:
    """The proof with its bound; again with a larger prime where the bound is too weak."""
    for bits in SIZES[SIZES.index(found.bits) :]:
        proof_bound = min(0.0, size - bits + 1)
        if bits != proof.key[1]:
            proof = prove(
                found.part.problem, found.program, point.leaves, seed, bits=bits, levels=proof.key[2],
                deadline=clock.wall(), log2_degree=size,
            )  # fmt: skip
        found.bits = bits
        if proof_bound <= log2(wish.error_bound) or bits == SIZES[-1] or not proof.clean:
            return replace(proof, log2_bound=proof_bound if proof.clean else 0.0)
    return proof


def repeated(found: Shown, proof: Proof) -> bool:
    """Whether the branch of a proof has had its further seeds."""
    own = [d.key for d in proof.path]
    return sum([d.key for d in p.path] == own for _, p in found.proofs) >= AGAIN


def repeat(found: Shown, number: int, point: Point, wish: Wish, clock: Clock) -> None:
    """Further seeds at a point: a root has two values, and one seed picks one of them."""
    for k in range(1, 3 if wish.large else AGAIN):
        if clock.spent(0.5):
            return
        proof = settle(found, point, wish, clock, wish.seed * 1000 + 100 * (number + 1) + k)
        if proof.broken:
            return
        found.proofs.append((number, proof))


def sample(found: Shown, points: Sequence[Point], entries: Sequence[tuple[int, int]], wish: Wish, clock: Clock) -> None:
    """Compare entries at the points alone, in balls or big floats, where the field has no answer."""
    places = found.part.places
    inside = [(places[i], j) for i, j in entries if i in places]
    for number, point in enumerate(points):
        if clock.spent(0.8):
            break
        asked = _pairs(inside, found.part.problem) if order_of(found.program.mode) == 2 else inside
        made = confirm_many(
            found.part.problem, found.program, point.leaves, asked, wish.digits, deadline=clock.wall(0.8),
            by=[wish.method] if wish.numeric else None,
        )  # fmt: skip
        for (row, *columns), said in made.items():
            entry = (found.part.rows[row], columns[0])
            before = found.sampled.get(entry, "agrees")
            if said.verdict == "refuted":
                found.wrong.setdefault((found.part.rows[row], *columns), (number, said))
            elif number == 0 or said.verdict == "agrees" or before != "agrees":
                found.sampled[entry] = said.verdict if before == "agrees" else before


def _pairs(entries: Sequence[tuple[int, int]], checked: Problem) -> list[tuple[int, ...]]:
    """Each entry with a second direction, as many as are listed."""
    return [(i, j, (j + k) % len(checked.columns)) for k in range(2) for i, j in entries][: max(len(entries), 16)]


def _locate(found: Shown, number: int, point: Point, wish: Wish, clock: Clock) -> None:
    """Find and confirm the wrong entries at one point."""
    proof = next(p for k, p in found.proofs if k == number)
    checked, program, rows = found.part.problem, found.program, found.part.rows
    if proof.primal:
        _primal(found, number, point, proof, wish)
    if not proof.differs:
        return
    try:
        truth = truth_at(checked, point.leaves, *proof.key, order=order_of(program.mode), deadline=clock.wall())
        located = localise(checked, program, point.leaves, truth, rows=proof.failed or None, deadline=clock.wall(0.75))
    except BudgetError:
        located = Located(rows=proof.failed or tuple(range(len(rows))))
    found.rows |= {rows[i] for i in located.rows or proof.failed}
    found.complete = found.complete and located.complete
    fresh = [entry for entry in located.entries if (rows[entry[0]], *entry[1:]) not in found.refuted]
    if wish.method == "field":
        note = 'it differs in the field; method="field" does not look for a witness'
        found.wrong |= {(rows[e[0]], *e[1:]): (number, Confirmation("undecided", note=note)) for e in fresh}
        return
    made = confirm_many(checked, program, point.leaves, fresh[:CONFIRMED], wish.digits, deadline=clock.wall(0.85))
    made = as_approximations(checked, point.leaves, made, clock.wall(0.85))
    if order_of(program.mode) == 1 and made and all(said.verdict == "agrees" for said in made.values()):
        made = _nonlinear(found, point, made, clock)
    for entry in fresh:
        said = made.get(entry) or Confirmation("undecided", note="it differs in the field, and was not confirmed")
        whole = (rows[entry[0]], *entry[1:])
        if whole not in found.wrong or said.verdict == "refuted":
            found.wrong[whole] = number, said


def _nonlinear(
    found: Shown, point: Point, made: dict[tuple[int, ...], Confirmation], clock: Clock
) -> dict[tuple[int, ...], Confirmation]:
    """Entries that are right for unit seeds, refuted where the program is not linear: it is wrong for other seeds."""
    if linear(found.part.problem, found.program, point.leaves, clock.wall(0.85)):
        return made
    note = "it is right for a unit seed and wrong for others: the program is not linear in its seeds"
    return {entry: replace(said, verdict="refuted", note=note) for entry, said in made.items()}


def _primal(found: Shown, number: int, point: Point, proof: Proof, wish: Wish) -> None:
    """Confirm in big floats that the program returns another value than the function."""
    checked, domain, graph = found.part.problem, big_floats(wish.digits), found.program.graph
    assert graph is not None, "a program without a graph was compared; please report this"
    place = [domain.constant(x) for x in numbers(checked.input_types, [point.leaves[k] for k in checked.inputs])]
    given = dict(zip(checked.inputs, elements(checked.input_types, place), strict=True))
    zeros = [np.zeros(shape, jnp.dtype(dtype)) for shape, dtype in seed_types(checked, found.program.mode)]
    try:
        true = interpret(checked.graph, point.leaves, domain, elements=given, decide_here=True)
        made = interpret(graph, [*point.leaves, *zeros], domain, elements=given, decide_here=True)
    except (DifflabError, ArithmeticError, RecursionError):
        return
    values, returned = coordinates(outputs_of(checked, true)), coordinates(made.outputs[: len(checked.outputs)])
    for i in proof.primal:
        a, b = returned[i], values[i]
        if isinstance(a, Hole) or isinstance(b, Hole):
            continue
        if not abs(a - b) <= _tolerance(checked) * max(abs(a), abs(b)):
            found.primal.setdefault(found.part.rows[i], (number, decimal(a, 17), decimal(b, 17)))


def _tolerance(checked: Problem) -> float:
    units = [float(jnp.finfo(dtype).eps) for _, dtype in (*checked.input_types, *checked.output_types)]
    return 16 * max(units, default=2.0**-52)
