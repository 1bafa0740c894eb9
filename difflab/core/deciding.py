"""How the interpreter decides: by JAX's concrete values, or by the order of the domain itself.

Complex numbers compare by their real parts, then by their imaginary ones, as JAX compares them.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from typing import Any

import numpy as np

from difflab.core.complexes import Complex
from difflab.core.run import Run, Site
from difflab.core.values import Elements, Hole, Value, pack

UNORDERED = 2
"""The order of a number and NaN."""

_NAN = float("nan")


def of(value: Value) -> Elements:
    """The elements of a value that has some."""
    assert value.elements is not None, "a rule for floats was given integers; please report this"
    return value.elements


def constants(run: Run, at: Site, operands: list[Value], found: list[Any]) -> list[Value]:
    """Results that are constants of the domain, whatever they were decided by."""
    constant = run.over(at.dtypes[0]).constant
    made = run.made(at, operands, [pack(at.shapes[0], [constant(n) for n in found])])
    made[0].active = False
    return made


def numbers(run: Run, value: Value) -> list[Any]:
    """The real numbers to decide by: JAX's, or the domain's own."""
    if not run.decide_here or value.elements is None:
        return np.asarray(value.known).astype(np.float64).reshape(-1).tolist()
    order = run.domain.order
    assert order is not None
    return [_NAN if isinstance(e, Hole) else order(e) for e in value.elements.reshape(-1)]


def pairs(run: Run, value: Value) -> list[tuple[Any, Any]]:
    """The complex numbers to decide by, as pairs."""
    if not run.decide_here or value.elements is None:
        return [(z.real, z.imag) for z in np.asarray(value.known).astype(np.complex128).reshape(-1).tolist()]
    order = run.domain.order
    assert order is not None
    return [(_NAN, _NAN) if isinstance(e, Hole) else (order(e.re), order(e.im)) for e in value.elements.reshape(-1)]


def is_complex(run: Run, value: Value) -> bool:
    """Whether the elements are complex."""
    if run.decide_here and value.elements is not None:
        return any(isinstance(e, Complex) for e in value.elements.flat)
    return np.asarray(value.known).dtype.kind == "c"


def ranks_of(run: Run, value: Value) -> np.ndarray:
    """Numbers that compare as the values do, complex ones by real part first; NaN is the largest."""
    if not run.decide_here and not is_complex(run, value):
        known = np.asarray(value.known).astype(np.float64)
        return np.where(np.isnan(known), np.inf, known)
    (found,) = _comparable(run, value)
    places = {n: k for k, n in enumerate(sorted({n for n in found if n == n}))}
    return np.array([places.get(n, len(places)) for n in found], np.int32).reshape(of(value).shape)


def order_of(run: Run, x: Value, y: Value) -> np.ndarray:
    """−1, 0, 1 for less, equal, greater; 2 where one is NaN."""
    first, second = _comparable(run, x, y)
    a, b = np.broadcast_arrays(pack(of(x).shape, first), pack(of(y).shape, second))
    triples = [(bool(p < q), bool(p > q), bool(p == q)) for p, q in zip(a.flat, b.flat, strict=True)]
    found = [-1 if less else 1 if more else 0 if same else UNORDERED for less, more, same in triples]
    return np.array(found, int).reshape(a.shape)


def _comparable(run: Run, *values: Value) -> list[list[Any]]:
    """Real numbers, one list a value, that compare as the values do; complex ones are ranked together."""
    if not any(is_complex(run, v) for v in values):
        return [numbers(run, v) for v in values]
    found = [pairs(run, v) for v in values]
    places = {p: k for k, p in enumerate(sorted({p for row in found for p in row if p[0] == p[0] and p[1] == p[1]}))}
    return [[places.get(p, _NAN) for p in row] for row in found]


def tied(run: Run, order: np.ndarray, x: Value, y: Value) -> bool:
    """Whether two values meet somewhere that are not one and the same element."""
    meeting, a, b = np.broadcast_arrays(order, of(x), of(y))
    formulas = run.domain.order is None
    triples = zip(meeting.flat, a.flat, b.flat, strict=True)
    return any(same == 0 and p is not q and not (formulas and p == q) for same, p, q in triples)


def repeats(ranks: np.ndarray) -> bool:
    """Whether two entries of one line are equal."""
    return bool((np.diff(np.sort(ranks, axis=-1), axis=-1) == 0).any()) if ranks.ndim else False


def in_words(truth: Any, yes: str = "true", no: str = "false") -> str:
    """Truth values as a reader likes them; long lists are counted only."""
    truth = np.asarray(truth)
    words = [yes if t else no for t in truth.flat]
    if truth.ndim == 0 or len(set(words)) == 1:
        return words[0] if words else "empty"
    return f"[{', '.join(words)}]" if len(words) <= 6 else f"{yes} {words.count(yes)} times in {len(words)}"


def listed(places: np.ndarray) -> str:
    """The first few numbers of an array."""
    items = [str(int(n)) for n in places[:8]]
    return ", ".join(items) + (" …" if len(places) > 8 else "")
