"""A witness: one point and one entry where JAX's derivative is not the true one, in enough digits to be sure.

Both sides are enclosed in balls; if the balls do not meet, the derivative is refuted, rigorously. Without python-flint,
or where balls cannot follow, big floats decide, at two precisions that agree. A float constant of a rule, such as 2/√π,
is not what it stands for: a gap that such roundings explain is no fault (`difflab.labs.check.roundings`).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, log10, nan
from typing import Any

from difflab.core.balls import middle
from difflab.core.duals import Rounded
from difflab.core.errors import DifflabError
from difflab.core.interpret import interpret
from difflab.core.run import BudgetError
from difflab.core.values import Hole
from difflab.labs.check.findings import Witness
from difflab.labs.check.precise import (
    Column,
    along,
    along_two,
    decimal,
    derivative,
    methods,
    numbers,
    precise,
)
from difflab.labs.check.problem import Problem, Program, elements
from difflab.labs.check.roundings import explained, in_balls, in_big_floats, own_constants
from difflab.labs.check.snippet import point_text, snippet

MOST = 16
"""How often the digits are doubled at most, as a factor."""

Entry = tuple[int, ...]
"""(row, column); of second order (row, i, j): ∂²row/∂i∂j."""


@dataclass(frozen=True)
class Confirmation:
    """What precise arithmetic says of one entry at one point.

    `verdict` is "refuted", "agrees", "undecided" or "unsupported". `ad` is what JAX's program gives in exact
    arithmetic, `true` the true derivative, both as decimals; `digits` on how many they agree (or are known, where they
    do not); `gap` their relative distance.
    """

    verdict: str
    ad: str = ""
    true: str = ""
    digits: int = 0
    witness: Witness | None = None
    note: str = ""
    gap: float = nan

    def __str__(self) -> str:
        values = f"JAX {self.ad}, true {self.true}" if self.ad else ""
        return "; ".join(part for part in (self.verdict, values, self.note) if part)


def confirm(
    checked: Problem,
    program: Program,
    leaves: Sequence[Any],
    row: int,
    column: int | tuple[int, int],
    digits: int = 50,
    *,
    deadline: float | int | None = None,
) -> Confirmation:
    """Compare one entry of JAX's program with the truth, at the point `leaves` (all leaves of the call).

    `row` and `column` are real coordinates; `column` is a pair for programs of second order. `deadline` is in seconds
    of `time.monotonic()`; past it the verdict is "undecided".
    """
    columns = (column,) if isinstance(column, int) else column
    entry = (row, *columns)
    return confirm_many(checked, program, leaves, [entry], digits, deadline=deadline)[entry]


def confirm_many(
    checked: Problem,
    program: Program,
    leaves: Sequence[Any],
    entries: Iterable[Entry],
    digits: int = 50,
    *,
    deadline: float | int | None = None,
    by: Sequence[str] | None = None,
) -> dict[Entry, Confirmation]:
    """Compare many entries, with one run of the function a column and one of the program a column or row.

    `by` are the methods, "balls" and "big floats"; all that are installed if None.
    """
    judge = _Judge(checked, program, tuple(leaves), digits, deadline, methods() if by is None else tuple(by))
    found: dict[Entry, Confirmation] = {}
    for entry in entries:
        try:
            found[entry] = judge.entry(entry)
        except BudgetError:
            found[entry] = Confirmation("undecided", note="the time was spent")
        except (DifflabError, RecursionError, ArithmeticError, ValueError) as error:
            found[entry] = Confirmation("unsupported", note=f"{type(error).__name__}: {error}"[:300])
    return found


@dataclass(eq=False)
class _Judge:
    """Runs of the function and of the program at one point, kept for further entries."""

    checked: Problem
    program: Program
    leaves: tuple[Any, ...]
    digits: int
    deadline: float | int | None
    by: tuple[str, ...]

    def __post_init__(self) -> None:
        self._kept: dict[Any, Any] = {}

    def entry(self, entry: Entry) -> Confirmation:
        """The verdict on one entry, by the first method that is sure; digits are doubled until one is."""
        if self.program.graph is None:
            return Confirmation("unsupported", note=self.program.why_not)
        last = Confirmation("undecided", note="the numbers cannot be enclosed")
        for method in self.by:
            digits = self.digits
            while digits <= MOST * self.digits:
                last = self.at_precision(entry, method, digits)
                if last.verdict != "undecided" or last.note:
                    break
                digits *= 2
            if last.verdict in ("refuted", "agrees"):
                break
        note = last.note or f"the enclosures are too wide at {MOST * self.digits} digits"
        return replace(last, note=note) if last.verdict == "undecided" else last

    def at_precision(self, entry: Entry, method: str, digits: int) -> Confirmation:
        """The verdict at one precision; "undecided" without a note asks for more digits."""
        truth = self.truth(entry[1:], method, digits)
        true, ad = truth.slope(entry[0]), self.ad(entry, method, digits, False)
        holes = [x for x in (true, ad) if isinstance(x, Hole)]
        if holes:
            return Confirmation("unsupported", note=str(holes[0]))
        if truth.outcome.tight:
            return Confirmation("undecided", note="the point lies on the boundary of a branch")
        pair = _numbers(method, true, ad, digits)
        if not isfinite(_float(pair.true)) or not isfinite(_float(pair.ad)):
            return self.not_finite(pair, method)
        return self.compared(entry, pair, method, digits)

    def compared(self, entry: Entry, pair: _Pair, method: str, digits: int) -> Confirmation:
        """Two finite numbers with bounds of their errors."""
        said = Confirmation("undecided", pair.text(pair.ad), pair.text(pair.true), gap=pair.gap)
        if pair.apart and method == "big floats" and not self.same_at_twice(entry, pair, digits):
            return Confirmation("undecided")
        if not pair.apart:
            sure = pair.digits
            if sure < min(self.digits, digits) // 2:
                return Confirmation("undecided")
            return replace(said, verdict="agrees", digits=sure)
        if self.explained(entry, pair, method, digits):
            note = f"float constants in the program are rounded: relative gap {pair.gap:.1g}"
            return replace(said, verdict="agrees", digits=_places(pair.gap), note=note)
        return replace(said, verdict="refuted", digits=pair.digits, **self.refutation(entry, pair, method, digits))

    def same_at_twice(self, entry: Entry, pair: _Pair, digits: int) -> bool:
        """Whether both numbers are the same at twice the digits, but for the last few."""
        truth = self.truth(entry[1:], "big floats", 2 * digits)
        again = _numbers("big floats", truth.slope(entry[0]), self.ad(entry, "big floats", 2 * digits, False), digits)
        return all(
            abs(a - b) <= 1e-4 * abs(pair.ad - pair.true) for a, b in ((pair.ad, again.ad), (pair.true, again.true))
        )

    def explained(self, entry: Entry, pair: _Pair, method: str, digits: int) -> bool:
        """Whether the gap is within what rounded constants of the program can do."""
        wide = self.ad(entry, method, digits, True)
        if isinstance(wide, Hole):
            return False
        if isinstance(wide, Rounded):
            assert self.program.graph is not None
            return explained(pair.ad - pair.true, wide, self.program.graph)
        return not wide.is_finite() or bool(wide.overlaps(pair.given))

    def not_finite(self, pair: _Pair, method: str) -> Confirmation:
        """The truth or the program is infinite or NaN."""
        said = f"JAX's program gives {_float(pair.ad)}, and the true derivative is {_float(pair.true):.6g}"
        return Confirmation("undecided", note=f"not finite here: {said}")

    def refutation(self, entry: Entry, pair: _Pair, method: str, digits: int) -> dict[str, Any]:
        """The witness of a refuted entry, and the note."""
        ad, true = pair.text(pair.ad), pair.text(pair.true)
        shown = snippet(self.checked, self.program.mode, self.leaves, entry, ad, true)
        ratio = _float(pair.ad / pair.true) if pair.true != 0 else inf if pair.ad > 0 else -inf
        by = "balls" if method == "balls" else f"{digits} digits"
        witness = Witness(point_text(self.checked, self.leaves), ad, true, ratio, by, shown)
        return {"witness": witness, "note": self.other_branch()}

    def other_branch(self) -> str:
        """Whether floats take another branch at this point than the precise values."""
        if ("branch",) not in self._kept:
            graph, digits = self.checked.graph, self.digits
            mine = [run for key, run in self._kept.items() if key[0] == "truth"][-1]
            floats = interpret(graph, self.leaves, precise("big floats", digits), elements=self._held(digits))
            known = {(d.node, d.text, d.key) for d in mine.outcome.path}
            texts = [d.text for d in floats.path if (d.node, d.text, d.key) not in known]
            self._kept["branch",] = f"in floats another branch is taken: {texts[0]}" if texts else ""
        return self._kept["branch",]

    def _held(self, digits: int) -> dict[int, Any]:
        base = precise("big floats", digits)
        given = [base.constant(x) for x in numbers(self.checked, self.leaves)]
        return dict(zip(self.checked.inputs, elements(self.checked.input_types, given), strict=True))

    def truth(self, columns: tuple[int, ...], method: str, digits: int) -> Column:
        """The function along one column, or twice along two."""
        key = ("truth", columns, method, digits)
        if key not in self._kept:
            run = along if len(columns) == 1 else along_two
            base = precise(method, digits)
            self._kept[key] = run(self.checked, self.leaves, base, *columns, deadline=self.deadline)
        return self._kept[key]

    def ad(self, entry: Entry, method: str, digits: int, loose: bool) -> Any:
        """One entry of the program; with `loose` its constants carry an error."""
        reverse, mode = self.program.reverse, self.program.mode
        seeds, where = _seeds(mode, entry, len(self.checked.rows), len(self.checked.columns))
        key = ("ad", tuple(sorted(seeds)), method, digits, loose)
        if key not in self._kept:
            domain = precise(method, digits)
            if loose:
                own, graph = own_constants(self.checked.graph), self.program.graph
                assert graph is not None
                domain = in_balls(domain, graph, own) if method == "balls" else in_big_floats(domain, own)
            run = derivative(
                self.checked, self.program, self.leaves, domain, dict.fromkeys(seeds, 1), deadline=self.deadline
            )
            self._kept[key] = run[0]
        assert reverse or where == entry[0]
        return self._kept[key][where]


@dataclass(frozen=True)
class _Pair:
    """JAX's number and the true one, as big floats; whether they differ for certain; and how many digits are sure."""

    ad: Any
    true: Any
    apart: bool
    digits: int
    given: Any = None

    @property
    def gap(self) -> float:
        return _relative(self.ad, self.true)

    def text(self, number: Any) -> str:
        """As many digits as are sure, 50 at most."""
        return decimal(number, max(6, min(50, self.digits)))


def _seeds(mode: str, entry: Entry, rows: int, columns: int) -> tuple[tuple[int, ...], int]:
    """Which seed coordinates are 1, and which coordinate of the result is the entry."""
    row, *inputs = entry
    match mode:
        case "jvp" | "linearize":
            return (inputs[0],), row
        case "vjp":
            return (row,), inputs[0]
        case "jvp∘jvp":
            return (inputs[0], columns + inputs[1]), row
        case _:
            return (row, rows + inputs[1]), inputs[0]


def _numbers(method: str, true: Any, ad: Any, digits: int) -> _Pair:
    """Both sides as big floats, from balls or as they are."""
    if method == "balls":
        a, t = (x if hasattr(x, "rad") else precise("balls", digits).constant(x) for x in (ad, true))
        middle_ad, middle_true = middle(a, digits + 10), middle(t, digits + 10)
        scale = max(abs(middle_ad), abs(middle_true))
        error = middle(a.rad() + t.rad(), digits) if a.is_finite() and t.is_finite() else scale
        sure = digits if not error else 0 if not scale else _places(error / scale)
        if not scale:
            sure = digits if not error else _places(error)
        return _Pair(middle_ad, middle_true, not a.overlaps(t), min(sure, digits), t)
    base = precise("big floats", digits)
    a, t = (base.constant(x) if isinstance(x, int) else x for x in (ad, true))
    scale = max(abs(a), abs(t))
    apart = abs(a - t) > scale * base.constant(10) ** (4 - digits)
    return _Pair(a, t, bool(apart), digits - 4)


def _places(error: Any) -> int:
    """Digits that a relative error leaves."""
    size = abs(error)
    return 1000 if size == 0 else max(0, int(-log10(size))) if isfinite(float(size)) and float(size) > 0 else 300


def _relative(a: Any, b: Any) -> float:
    return _float(abs(a - b) / abs(b)) if b != 0 else _float(abs(a))


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf
