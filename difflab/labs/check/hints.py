"""Read a wrong Jacobian as a colleague would: what did the author of the rule mean, and what was written instead?

Every reading is a hypothesis about both matrices that is tried on all entries and points at once: the same up to a
sign, a factor, a permutation of axes, a column of zeros, a condition on an input, a short expression of the inputs. The
first that explains all that is wrong is the answer; the numbers have 40 digits, so that none fits by chance.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np

from difflab.labs.check.evidence import MOST, Evidence, Sample, gather
from difflab.labs.check.expressions import expressed, known_constant, rational
from difflab.labs.check.findings import FAULTS, Finding, Witness
from difflab.labs.check.problem import Problem, Program
from difflab.labs.check.wrong import Wrong, finite

Reading = tuple[str, str]
MOST_INPUTS = 8
CERTAIN = 16.0


def read(evidence: Evidence) -> Reading:
    """The kind of a fault, a key of `FAULTS`, and a hint in a few words."""
    wrong = Wrong(evidence)
    for reading in _READINGS:
        found = reading(wrong)
        if found is not None:
            assert found[0] in FAULTS, "a reading has no kind; please report this"
            return found
    return "wrong", _where(wrong)


def _second_order(wrong: Wrong) -> Reading | None:
    if wrong.evidence.order < 2:
        return None
    return "second order", HELD


HELD = "the rule holds something constant that depends on the input: a stop_gradient, or a value from outside of it"


def _not_linear(wrong: Wrong) -> Reading | None:
    if wrong.evidence.linear:
        return None
    seed = "cotangent" if wrong.evidence.mode == "vjp" else "tangent"
    return "not linear", f"a rule must be linear in its {seed}: no powers, products, abs or constants of it"


def _primal(wrong: Wrong) -> Reading | None:
    if wrong.any:
        return None
    for s in wrong.samples:
        if s.primal is not None:
            for i, (a, b) in enumerate(zip(s.primal, s.y, strict=True)):
                if not wrong.close(a, b):
                    row = wrong.evidence.problem.rows[i]
                    return "primal", f"the rule returns {float(a):.7g} for {row}, and the function {float(b):.7g}"
    return None


def _not_finite(wrong: Wrong) -> Reading | None:
    bad = [(s, i, j) for s, i, j in wrong.entries() if s.ad[i, j] != s.ad[i, j] and s.true[i, j] == s.true[i, j]]
    if not bad or len(bad) < len(list(wrong.entries())):
        return None
    return "wrong", "the rule gives NaN where the derivative is finite"


def _missing_argument(wrong: Wrong) -> Reading | None:
    names: list[str] = []
    explained: set[int] = set()
    for name, columns in wrong.blocks():
        zero = columns and all(not s.ad[i, j] for s in wrong.samples for i in range(len(s.ad)) for j in columns)
        if zero and any(mask[:, columns].any() for mask in wrong.masks):
            names.append(name)
            explained |= set(columns)
    if not names or any(j not in explained for _, _, j in wrong.entries()):
        return None
    return "missing argument", f"the rule gives no derivative by {' and '.join(names)}"


def _conjugate(wrong: Wrong) -> Reading | None:
    problem, evidence = wrong.evidence.problem, wrong.evidence
    rows = [-1 if problem.rows[r].startswith("Im ") else 1 for r in evidence.rows]
    columns = [-1 if problem.columns[c].startswith("Im ") else 1 for c in evidence.columns]
    if -1 not in rows + columns:
        return None
    flips = {
        "the derivative": np.outer(rows, np.ones(len(columns), int)),
        "the cotangent" if evidence.mode == "vjp" else "the tangent": np.outer(np.ones(len(rows), int), columns),
        "the factor": np.outer(rows, columns),
    }
    for what, flip in flips.items():
        if all(wrong.same(s, s.true * flip) for s in wrong.samples):
            return (
                "conjugate",
                f"{what} is conjugated: JAX pairs cotangents without conjugation, so leave conj out, or put it in",
            )
    return None


def _permuted(wrong: Wrong) -> Reading | None:
    """The true matrix with axes of its inputs and outputs exchanged."""
    problem, evidence = wrong.evidence.problem, wrong.evidence
    whole = len(evidence.rows) == len(problem.rows) and len(evidence.columns) == len(problem.columns)
    if not whole or len(problem.output_types) != 1:
        return None
    (out, _), blocks = problem.output_types[0], wrong.blocks()
    if any(np.prod(out) != len(evidence.rows) for _ in (0,)):
        return None
    explained: list[str] = []
    for (name, columns), (shape, _) in zip(blocks, problem.input_types, strict=True):
        if not any(mask[:, columns].any() for mask in wrong.masks):
            continue
        axes = (*out, *shape)
        if len(columns) != np.prod(shape) or len(axes) > 4:
            return None
        for order in list(permutations(range(len(axes))))[1:]:
            fits = tuple(axes[k] for k in order) == axes
            if fits and all(
                _is(wrong, s, columns, s.true[:, columns].reshape(axes).transpose(order)) for s in wrong.samples
            ):
                explained.append(name)
                break
        else:
            return None
    return (
        ("transpose", f"axes of the derivative by {' and '.join(explained)} are exchanged: a .T, or another axis")
        if explained
        else None
    )


def _is(wrong: Wrong, sample: Sample, columns: list[int], other: np.ndarray) -> bool:
    block = sample.ad[:, columns]
    return all(wrong.close(a, b) for a, b in zip(block.flat, other.flat, strict=True))


def _swapped(wrong: Wrong) -> Reading | None:
    blocks = wrong.blocks()
    for a in range(len(blocks)):
        for b in range(a):
            (one, left), (other, right) = blocks[b], blocks[a]
            if left and len(left) == len(right):
                exchanged = list(range(len(wrong.evidence.columns)))
                for p, q in zip(left, right, strict=True):
                    exchanged[p], exchanged[q] = q, p
                if all(wrong.same(s, s.true[:, exchanged]) for s in wrong.samples):
                    return "transpose", f"the derivatives by {one} and {other} are swapped"
    return None


def _shifted(wrong: Wrong) -> Reading | None:
    for name, columns in wrong.blocks():
        for axis, count in ((1, len(columns)), (0, len(wrong.evidence.rows))):
            for shift in (1, -1, *range(2, count - 1)):
                if count > 2 and all(_rolled(wrong, s, columns, shift, axis) for s in wrong.samples):
                    return "wrong", f"indices of the derivative by {name} are shifted by {shift}"
    return None


def _rolled(wrong: Wrong, sample: Sample, columns: list[int], shift: int, axis: int) -> bool:
    other = sample.true.copy()
    other[:, columns] = np.roll(sample.true[:, columns], shift, axis)
    return wrong.same(sample, other)


def _branch(wrong: Wrong, exactly: bool = True) -> Reading | None:
    """Wrong only where a condition on the inputs holds; `exactly` right elsewhere, and not just small there."""
    judged = list(wrong.judged(exactly))
    wrong_ones, right_ones = ({(i, j) for _, i, j, bad in judged if bad is side} for side in (True, False))
    if not wrong_ones & right_ones:
        return None
    condition = _condition(wrong, judged)
    if condition and condition.endswith(" 0"):
        return "branch", f"wrong where {condition}, right elsewhere"
    paths = [set(s.path) for s in wrong.samples]
    bad = [p for p, mask in zip(paths, wrong.masks, strict=True) if mask.any()]
    good = [p for p, mask in zip(paths, wrong.masks, strict=True) if not mask.any()]
    own = set.intersection(*bad) - set().union(*good) if bad and good else set[str]()
    if own or not condition:
        return "branch", f"wrong where {min(own)}" if own else "wrong at some points and right at others"
    return "branch", f"wrong where {condition}, right elsewhere"


def _loose_branch(wrong: Wrong) -> Reading | None:
    return _branch(wrong, exactly=False)


def _condition(wrong: Wrong, judged: Sequence[tuple[Sample, int, int, bool]]) -> str:
    """A threshold on the entry's own input, or on one input, that parts wrong from right."""
    problem, evidence = wrong.evidence.problem, wrong.evidence
    choices: dict[str, Callable[[Sample, int, int], float]] = {}
    for name, columns in wrong.blocks():
        if set(columns) == set(range(len(evidence.columns))):
            choices["its argument" if len(columns) > 1 else name] = lambda s, _, j: float(s.x[evidence.columns[j]])
    for n, column in enumerate(problem.columns[:MOST_INPUTS]):
        choices.setdefault(column, lambda s, _, __, n=n: float(s.x[n]))
    for n, row in enumerate(problem.rows[:MOST_INPUTS]):
        choices.setdefault(row, lambda s, _, __, n=n: float(s.y[n]))
    for name, pick in choices.items():
        bad, good = ([pick(s, i, j) for s, i, j, is_wrong in judged if is_wrong is side] for side in (True, False))
        if bad and good:
            for sign, word in ((1, "<"), (-1, ">")):
                low, high = max(sign * v for v in bad), min(sign * v for v in good)
                if low < high:
                    return f"{name} {word} {_round_between(*sorted((sign * low, sign * high)))}"
            size = [abs(v) for v in bad], [abs(v) for v in good]
            if min(size[0]) > max(size[1]):
                return f"|{name}| > {_round_between(max(size[1]), min(size[0]))}"
            if max(size[0]) < min(size[1]):
                return f"|{name}| < {_round_between(max(size[0]), min(size[1]))}"
    return ""


def _round_between(low: float, high: float) -> str:
    """The simplest number between two: 0, else one with few digits."""
    if low <= 0 <= high:
        return "0"
    for digits in range(-3, 17):
        step = 10.0**-digits
        number = np.ceil(low / step) * step
        if low <= number <= high:
            return f"{number:.6g}"
    return f"{high:.6g}"


def _constant_ratio(wrong: Wrong) -> Reading | None:
    ratios = wrong.ratios()
    if not ratios or len(ratios) < len(list(wrong.entries())):
        return None
    first = ratios[0]
    if any(abs(r - first) > 4 * wrong.tolerance * abs(first) for r in ratios):
        return None
    ratio, where = float(first), _part(wrong)
    if not ratio:
        return None
    if ratio == -1 or abs(ratio + 1) <= 4 * wrong.tolerance:
        return "wrong sign", f"the sign{where} is wrong"
    number = rational(ratio, wrong.tolerance * 8)
    if number:
        mean = f": a mean in place of a sum over {1 / Fraction(number)}?" if _is_mean(wrong, ratio) else ""
        return "factor", f"the derivative{where} is {number} times what it should be{mean}"
    if abs(ratio - 1) < 0.1:
        meant = known_constant(wrong.evidence.literals, ratio, 8 * wrong.tolerance)
        return "constant", f"off by the constant factor 1 {ratio - 1:+.3g}{where}{meant}"
    return "factor", f"the derivative{where} is {ratio:.10g} times what it should be"


def _is_mean(wrong: Wrong, ratio: float) -> bool:
    sizes = [
        n for shape, _ in (*wrong.evidence.problem.input_types, *wrong.evidence.problem.output_types) for n in shape
    ]
    return any(n > 1 and abs(ratio * n - 1) < 1e-6 for n in {*sizes, len(wrong.evidence.problem.rows)})


def _part(wrong: Wrong) -> str:
    """Words for the part of the matrix that is wrong: all, one entry, one argument, one output."""
    marked = {(i, j) for _, i, j in wrong.entries()}
    filled = {(i, j) for s in wrong.samples for i, j in np.argwhere(s.true != 0).tolist()}
    if (marked == filled and len(filled) > 1) or len(wrong.evidence.columns) * len(wrong.evidence.rows) == 1:
        return ""
    if len(marked) == 1:
        return f" of {wrong.name(*next(iter(marked)))} alone"
    arguments = [name for name, columns in wrong.blocks() if any(j in columns for _, j in marked)]
    if len(arguments) < len(wrong.blocks()):
        return f" by {' and '.join(arguments)}"
    rows = sorted({i for i, _ in marked})
    return f" of {wrong.evidence.problem.rows[wrong.evidence.rows[rows[0]]]}" if len(rows) == 1 else " in part"


def _forgotten(wrong: Wrong) -> Reading | None:
    """Zeros in place of what a sum would give, in part of an argument's columns."""
    gone = [(i, j) for s, i, j in wrong.entries() if not s.ad[i, j]]
    count = len(list(wrong.entries()))
    if not gone or (not _separate(wrong) and len(gone) < count):
        return None
    if len(gone) < count / 4:
        return None
    return "forgotten sum", f"entries such as {wrong.name(*gone[0])} are zero: a sum, or a term of one, is missing"


def _separate(wrong: Wrong) -> bool:
    """Whether entries off the diagonal are all zero, and should not be: a rule that forgets how entries mix."""
    return all(
        not s.ad[i, j] for s in wrong.samples for i in range(len(s.ad)) for j in range(s.ad.shape[1]) if i != j
    ) and any(s.true[i, j] for s in wrong.samples for i in range(len(s.true)) for j in range(s.true.shape[1]) if i != j)


def _expression(wrong: Wrong) -> Reading | None:
    entries = [(s, i, j) for s, i, j in wrong.entries() if finite(s, i, j)]
    usable = [(s, i, j) for s, i, j in entries if s.ad[i, j] and s.true[i, j]]
    if len(entries) < 2:
        return None
    if len(usable) == len(entries):
        missing = expressed(wrong.evidence, usable, lambda s, i, j: s.true[i, j] / s.ad[i, j], wrong.tolerance * 8)
        surplus = expressed(wrong.evidence, usable, lambda s, i, j: s.ad[i, j] / s.true[i, j], wrong.tolerance * 8)
        if missing or surplus:
            said = f"a factor {missing} is missing" if missing else f"a factor {surplus} is too many"
            return "factor", f"{said}{_part(wrong)}"
    gap = expressed(
        wrong.evidence, entries, lambda s, i, j: s.true[i, j] - s.ad[i, j], wrong.tolerance * 64, products=True
    )
    return ("forgotten sum", f"the term {gap} is missing{_part(wrong)}") if gap else None


def _suspicious_constant(wrong: Wrong) -> Reading | None:
    ratios = wrong.ratios()
    if not ratios or float(np.median([abs(float(r) - 1) for r in ratios])) > 0.3 or _constant_ratio(wrong):
        return None
    meant = known_constant(wrong.evidence.literals, None, wrong.tolerance)
    return ("constant", f"slightly off everywhere{meant}") if meant else None


def _where(wrong: Wrong) -> str:
    entries = list(wrong.entries())
    if not entries:
        return ""
    sample, i, j = max(entries, key=lambda e: abs(float(e[0].ad[e[1], e[2]] - e[0].true[e[1], e[2]])))
    marked = {(i, j) for _, i, j in entries}
    total = wrong.masks[0].size
    ad, true = float(sample.ad[i, j]), float(sample.true[i, j])
    return f"{len(marked)} of {total} entries are wrong, most {wrong.name(i, j)}: {ad:.7g} in place of {true:.7g}"


_READINGS: Sequence[Callable[[Wrong], Reading | None]] = (
    _not_linear, _second_order, _primal, _not_finite, _missing_argument, _conjugate, _swapped, _permuted,
    _suspicious_constant, _branch, _constant_ratio, _shifted, _forgotten, _expression,
    _loose_branch,
)  # fmt: skip


def seen(checked: Problem, program: Program, *, deadline: float | None = None) -> Finding | None:
    """A fault that the evidence shows beyond what rounded constants explain, or nothing."""
    found = gather(checked, program, deadline=deadline, digits=50)
    wrong = Wrong(found)
    entries = list(wrong.entries())
    worst = max(entries, key=lambda e: wrong.gap(*e), default=None)
    kind, hint = read(found) if found.samples else ("wrong", "")
    mode = program.mode
    if not found.linear or (kind == "primal" and worst is None):
        return Finding(kind, "error", FAULTS[kind], mode=mode, hint=hint)
    if worst is None or wrong.gap(*worst) < CERTAIN * found.tolerance:
        return None
    sample, i, j = worst
    row, column = found.rows[i], found.columns[j]
    ad, true = sample.ad[i, j], sample.true[i, j]
    point = tuple((name, f"{float(v):.17g}") for name, v in zip(checked.columns, sample.x, strict=True))
    ratio = float(ad / true) if true else float("nan") if not ad else float("inf")
    witness = Witness(point[:MOST], str(ad), str(true), ratio, "50 digits")
    entry = (checked.rows[row], checked.columns[column])
    return Finding(kind, "error", FAULTS[kind], mode=mode, entry=entry, hint=hint, witness=witness)


def explain(
    checked: Problem,
    program: Program,
    leaves: Sequence[Any] | None = None,
    *,
    entries: Sequence[tuple[int, int]] = (),
    deadline: float | None = None,
) -> Reading:
    """Gather the evidence of a wrong program of first order and read it; `entries` are known to be wrong."""
    if "∘" in program.mode:
        return "second order", HELD
    found = gather(checked, program, leaves, entries=entries, deadline=deadline)
    return read(found) if found.samples else ("wrong", "")
