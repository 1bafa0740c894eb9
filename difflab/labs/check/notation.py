"""How names and matrices are written in LaTeX that KaTeX and MathJax read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import sympy

from difflab.core.values import Hole

MATRIX_ENTRIES, ENTRY_SYMBOLS = 36, 60
"""A matrix is written as one up to so many entries, and if none of them has more symbols than that."""

_GREEK = set(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def name_latex(name: str) -> str:
    """A name such as `params['w'][0,1]`, `Re z`, `sigma`, `h₂[1]` in LaTeX.

    >>> print(name_latex("x[0,1]"), name_latex("params['w_in'][2]"), name_latex("Re z"), name_latex("sigma"))
    x_{0,1} \\mathrm{params.w\\_in}_{2} \\operatorname{Re} z \\sigma
    """
    part, rest = (name[:2], name[3:]) if name[:3] in ("Re ", "Im ") else ("", name)
    found = re.fullmatch(r"(.*?)([₀-₉]*)((?:\[[\d,]+\])*)", rest)
    assert found is not None
    base, again, indices = found[1], found[2].translate(_SUBSCRIPTS), re.findall(r"\[([\d,]+)\]", found[3])
    word = _word(re.sub(r"\['?([^'\]]*)'?\]", r".\1", base))
    text = word + (f"^{{({again})}}" if again else "") + (f"_{{{','.join(indices)}}}" if indices else "")
    return rf"\operatorname{{{part}}} {text}" if part else text


def latex_names(symbols: Iterable[sympy.Symbol]) -> dict[sympy.Symbol, str]:
    """What SymPy's printer needs to write these symbols."""
    return {symbol: name_latex(symbol.name) for symbol in symbols}


def latex(expression: Any, names: dict[sympy.Symbol, str]) -> str:
    """An expression, or the name of what is missing."""
    if isinstance(expression, Hole):
        return code_latex(f"{expression.primitive}?")
    return str(sympy.latex(expression, symbol_names=names))


def entries_latex(
    rows: Sequence[str], columns: Sequence[str], entries: Sequence[Sequence[Any]], names: dict[sympy.Symbol, str]
) -> str:
    """A matrix where it is small, else its nonzero entries, one a line."""
    flat = [e for row in entries for e in row]
    short = all(isinstance(e, Hole) or sympy.count_ops(e) <= ENTRY_SYMBOLS for e in flat)
    if len(flat) <= MATRIX_ENTRIES and short:
        return matrix_latex(entries, names)
    nonzero = [
        (row, column, e)
        for row, line in zip(rows, entries, strict=True)
        for column, e in zip(columns, line, strict=True)
        if isinstance(e, Hole) or e != 0
    ]
    return nonzero_latex(nonzero, names)


def matrix_latex(rows: Sequence[Sequence[Any]], names: dict[sympy.Symbol, str]) -> str:
    """A matrix."""
    lines = [" & ".join(latex(e, names) for e in row) for row in rows]
    return r"\begin{bmatrix} " + r" \\ ".join(lines) + r" \end{bmatrix}"


def nonzero_latex(entries: Iterable[tuple[str, str, Any]], names: dict[sympy.Symbol, str]) -> str:
    """The entries one a line: ∂row/∂column = formula."""
    lines = [
        rf"\frac{{\partial {name_latex(row)}}}{{\partial {name_latex(column)}}} &= {latex(e, names)}"
        for row, column, e in entries
    ]
    return aligned(lines)


def aligned(lines: Sequence[str]) -> str:
    """Lines with `&` where they are to meet."""
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def code_latex(text: str) -> str:
    """A piece of code, in mathematics."""
    code = _escaped(text).replace(" ", "~").replace("·", r"{\cdot}")
    return rf"\mathtt{{{code}}}"


def text_latex(text: str) -> str:
    """Words without characters that LaTeX reads otherwise."""
    return re.sub(r"[_\\#%&${}^~]", " ", text).replace("×", r"}\times\text{")


def _word(word: str) -> str:
    if word in _GREEK:
        return f"\\{word}"
    if re.fullmatch(r"[t%]\d+", word):
        return f"{'v' if word[0] == '%' else 't'}_{{{word[1:]}}}"
    return word if len(word) == 1 else rf"\mathrm{{{_escaped(word)}}}"


def _escaped(text: str) -> str:
    return re.sub(r"([_#%&${}])", r"\\\1", text)
