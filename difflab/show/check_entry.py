"""What is told of one entry when it is asked for: formula, derivation, and where its floats lose digits."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
from sympy.printing.mathml import mathml

from difflab.core.errors import DifflabError
from difflab.core.graph import Source
from difflab.core.values import Hole
from difflab.labs.check import Entry, Report
from difflab.labs.check.derivation import Derivation
from difflab.labs.check.engines import differentiate
from difflab.labs.check.formulas import OPERATIONS, SYMBOLS, SymbolicMatrix
from difflab.labs.check.listing import Line, Nest, listing
from difflab.labs.check.losses import Loss, losses
from difflab.labs.check.problem import Problem, program
from difflab.labs.check.symbols import TooLargeError
from difflab.show.wire import Wire, number, shorten

LONGEST = 2_000
"""Characters of a formula that travel as text, and twice those of one that is set."""
LINKS = 80
"""Local partials of a derivation, or lines of a listing, that travel."""
LOSING = 32.0
"""Relative errors of so many units of rounding are looked into."""
ROW = 200
"""Inputs of one output whose formula alone is worked out."""
SECONDS = 5.0
"""Seconds of processor time that a formula alone, or the search for lost digits, may take."""

_MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">'
_NUMBER = re.compile(r"<mi>(\d[^<]*)</mi>")
_BETWEEN_NUMBERS = re.compile(r"(</mn>(?:</msup>)?)<mo>&InvisibleTimes;</mo>(?=(?:<m(?:sup|row|frac)>)*<mn>)")
"""Where a sign of multiplication must be seen: 2·3², not 23²."""


def answer_entry(report: Report, message: Wire) -> Wire:
    """The message `entry` (widgets/WIRE.md); what could not be found says why."""
    i, j = message["i"], message["j"]
    made, too_large = _attempt(lambda: None if report.formulas is None else report.formulas("jacobian"))
    formula, why = _attempt(lambda: None if made is None else _formula(made, i, j))
    derived, underived = _attempt(lambda: None if made is None else made.derivation(i, j))
    lost, _ = _attempt(lambda: _lost(report, report.entry(i, j)))
    if formula is None:
        why = why or too_large or underived or "nothing was traced over symbols"
    return {
        "kind": "entry",
        "i": i,
        "j": j,
        "formula": None if formula is None else shorten(str(formula), LONGEST),
        "mathml": None if formula is None else _mathml(formula),
        "why": "" if formula is not None else f"no formula: {why}",
        "derivation": None if derived is None else _derivation(derived),
        "listing": _listing(report.problem) if formula is None and report.problem is not None else [],
        "losses": lost or [],
    }


def source_wire(source: Source | None) -> Wire | None:
    """A line of the user's code."""
    if source is None:
        return None
    return {"file": source.file, "line": source.line, "function": source.function, "text": source.text.strip()}


def _attempt(work: Callable[[], Any]) -> tuple[Any, str]:
    """What `work` gives, or why it could not; a widget says so and stays usable."""
    try:
        return work(), ""
    except (DifflabError, IndexError) as error:
        return None, str(error).splitlines()[0]
    except Exception as error:  # SymPy raises many kinds of errors on formulas that it cannot handle
        return None, f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def _formula(made: SymbolicMatrix, i: int, j: int) -> Any:
    """The formula of an entry; where the whole matrix is past the readable size, that of its row alone."""
    if made.formulas is not None:
        return made.entry(i, j)
    row = replace(made.program, outputs=(made.program.outputs[i],))
    if sum(node.active and bool(node.operands) for node in row.needed()) > OPERATIONS or len(row.inputs) > ROW:
        raise TooLargeError(made.too_large)
    found = differentiate(row, "auto", SYMBOLS, time.monotonic() + SECONDS).entries[0][j]
    if isinstance(found, Hole):
        raise found.error()
    return found


def _mathml(expression: Any) -> str | None:
    """Presentation MathML, which browsers draw by themselves; None where it is too long or has no printer."""
    if len(str(expression)) > 2 * LONGEST:
        return None
    inside, _ = _attempt(lambda: mathml(expression, printer="presentation"))
    if inside is None:
        return None
    inside = _BETWEEN_NUMBERS.sub(r"\1<mo>·</mo>", _NUMBER.sub(r"<mn>\1</mn>", inside))
    return f"{_MATH}{inside.replace('<mo>-</mo>', '<mo>−</mo>')}</math>"


def _derivation(of: Derivation) -> Wire:
    links = of.links[:LINKS]
    return {
        "paths": of.count,
        "links": [
            {
                "of": link.output, "by": link.input, "partial": shorten(str(link.partial), 300),
                "primitive": link.primitive, "equation": shorten(link.equation, 200), "node": link.node,
                "source": source_wire(link.source),
            }
            for link in links
        ],
        "left_out": len(of.links) - len(links),
        "sum": shorten(" + ".join(map(str, of.factors)).replace("+ -", "- "), LONGEST),
    }  # fmt: skip


def _listing(checked: Problem) -> list[Wire]:
    """The program with its local partials, one equation a line."""
    made, _ = _attempt(lambda: listing(checked))
    lines = list(_lines(made.parts, 0)) if made is not None else []
    more = [{"depth": 0, "text": f"… {len(lines) - LINKS:,} more lines", "partials": [], "source": None}]
    return lines[:LINKS] + (more if len(lines) > LINKS else [])


def _lines(parts: Sequence[Line | Nest], depth: int) -> Iterator[Wire]:
    for part in parts:
        if isinstance(part, Nest):
            yield {"depth": depth, "text": part.head, "partials": [], "source": None}
            yield from _lines(part.parts, depth + 1)
            continue
        slopes = [
            f"∂{part.result}/∂{p.operand} = {shorten(str(p.map if p.formula is None else p.formula), 200)}"
            for p in part.partials
        ]
        text = shorten(f"{part.result} = {part.value}", 200)
        yield {"depth": depth, "text": text, "partials": slopes, "source": source_wire(part.source)}


def _lost(report: Report, entry: Entry) -> list[Wire]:
    """The equations that lose digits, of each mode whose float is off by more than some roundings."""
    checked = report.problem
    if checked is None or entry.verdict not in ("proved", "proved with high probability", "agrees"):
        return []
    unit = max(float(jnp.finfo(dtype).eps) for _, dtype in (*checked.input_types, *checked.output_types))
    if not entry.error > LOSING * unit:
        return []
    deadline = time.monotonic() + SECONDS
    found: list[Wire] = []
    for name, mode, seed, value in (
        ("jacfwd", "jvp", entry.j, entry.jacfwd),
        ("jacrev", "vjp", entry.i, entry.jacrev),
    ):
        traced = None if value is None else program(checked, mode)
        if traced is not None and traced.graph is not None:
            lost = losses(checked, traced, checked.at.leaves, {seed: 1}, digits=report.digits, deadline=deadline)
            found += [_loss(name, loss) for loss in lost]
    return found


def _loss(mode: str, loss: Loss) -> Wire:
    return {
        "mode": mode,
        "kind": loss.kind,
        "primitive": loss.primitive,
        "text": f"{loss.primitive}({', '.join(loss.operands)}) = {loss.result}, exactly {loss.exact}",
        "before": number(loss.before),
        "after": number(loss.after),
        "source": source_wire(loss.source),
        "advice": loss.advice,
    }
