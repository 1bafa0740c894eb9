"""Which line of the user's code an equation comes from, and which of the user's names its results had.

JAX keeps the Python stack of every equation as (code object, instruction offset) pairs. An offset gives the exact span
of the expression that was running; the file's syntax tree says which assignment has that span on its right-hand side.
Where one expression makes several equations (`jnp.mean`: sum, then divide), the name belongs to the last of them.
"""

from __future__ import annotations

import ast
import linecache
import os
import sys
import sysconfig
from collections.abc import Sequence
from functools import cache, lru_cache
from types import CodeType

from difflab.core.graph import Source

Stack = tuple[tuple[CodeType, int], ...]
"""Frames of the user's own code, outermost first."""

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_OWN = tuple(os.path.join(_HERE, room) + os.sep for room in ("core", "labs", "show"))
_STDLIB = tuple({sysconfig.get_path(key) + os.sep for key in ("stdlib", "platstdlib")})
_TRANSPARENT = ("jax", "jaxlib", "numpy", "jaxtyping", "beartype")
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)


@cache
def is_user_file(filename: str) -> bool:
    """Whether a frame of this file is the user's: not of JAX, NumPy, type checkers, the standard library or difflab.

    Other installed libraries count as the user's: their lines explain more than none.
    """
    if filename.startswith(("<frozen", "<stringsource", *_OWN)):
        return False
    if any(part in filename for part in _INSTALLED):
        return not any(f"{os.sep}{package}{os.sep}" in filename for package in _TRANSPARENT)
    return not filename.startswith(_STDLIB)


def locate(stack: Stack) -> Source | None:
    """The innermost frame of the user's stack as a `Source`, or None for an empty stack."""
    return _source(*stack[-1]) if stack else None


def definition(code: CodeType) -> Source:
    """The line of a function's `def` or lambda; decorators stand above it."""
    lines = linecache.getlines(code.co_filename)
    first, word = code.co_firstlineno, "lambda" if code.co_name == "<lambda>" else f"def {code.co_name}"
    line = next((n for n in range(first, min(first + 50, len(lines) + 1)) if word in lines[n - 1]), first)
    text = linecache.getline(code.co_filename, line)
    column = len(text) - len(text.lstrip()) + 1
    return Source(readable_file(code.co_filename), line, column, code.co_qualname, text.strip())


def names(stacks: Sequence[Stack], traces: Sequence[int]) -> list[tuple[str, ...]]:
    """For each equation of one program the names of its results: one, several for an unpacked tuple, or none.

    `traces` are numbers that are equal for two equations made by the same instruction of the same library code: where
    the first equation of an expression comes again, the expression runs again (a loop, a second call).
    """
    runs = _runs(stacks, traces)
    found: list[tuple[str, ...]] = []
    for k, stack in enumerate(stacks):
        following = runs[k + 1] if k + 1 < len(runs) else ()
        found.append(_name(stack, runs[k], following))
    return found


def _runs(stacks: Sequence[Stack], traces: Sequence[int]) -> list[tuple[int, ...]]:
    """For each equation and each depth of its stack a number that stays the same while one expression runs once."""
    runs: list[tuple[int, ...]] = []
    open_runs: list[tuple[tuple[CodeType, int], int, int]] = []
    count = 0
    for stack, trace in zip(stacks, traces, strict=True):
        kept = 0
        for (frame, first, _), own in zip(open_runs, stack, strict=False):
            if frame != own or first == trace:
                break
            kept += 1
        del open_runs[kept:]
        for frame in stack[kept:]:
            count += 1
            open_runs.append((frame, trace, count))
        runs.append(tuple(number for _, _, number in open_runs))
    return runs


def _name(stack: Stack, run: tuple[int, ...], following: tuple[int, ...]) -> tuple[str, ...]:
    for depth in range(len(stack), 0, -1):
        targets = _targets(*stack[depth - 1])
        if targets and run[depth - 1 : depth] != following[depth - 1 : depth]:
            return targets
    return ()


@lru_cache(maxsize=100_000)
def _source(code: CodeType, offset: int) -> Source:
    line, column = _span(code, offset)[:2]
    text = linecache.getline(code.co_filename, line).strip()
    return Source(readable_file(code.co_filename), line, column + 1, code.co_qualname, text)


@lru_cache(maxsize=1_000)
def readable_file(filename: str) -> str:
    """The file's name as it is shown: its path from the working directory, or from the folder of installed packages.

    Of a file elsewhere the last two parts; for a notebook cell `In [n]`, for other interactive input the bare name. So
    what is shown and saved says nothing of the machine, and one file has one name everywhere.
    """
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell else None
    number = getattr(getattr(running, "compile", None), "_filename_map", {}).get(filename)
    if number is not None:
        return f"In [{number}]"
    if not os.path.isfile(filename):
        return os.path.basename(filename)
    here = os.getcwd() + os.sep
    for start in _INSTALLED:
        if start in filename:
            return filename.rpartition(start)[2]
    return filename.removeprefix(here) if filename.startswith(here) else os.sep.join(filename.split(os.sep)[-2:])


@lru_cache(maxsize=10_000)
def _positions(code: CodeType) -> list[tuple[int, int, int, int]]:
    first = code.co_firstlineno
    return [(a or first, c or 0, b or a or first, d or 0) for a, b, c, d in code.co_positions()]


def _span(code: CodeType, offset: int) -> tuple[int, int, int, int]:
    spans = _positions(code)
    return spans[min(max(offset, 0) // 2, len(spans) - 1)]


@lru_cache(maxsize=100_000)
def _targets(code: CodeType, offset: int) -> tuple[str, ...]:
    return _assignments(code.co_filename, tuple(linecache.getlines(code.co_filename))).get(_span(code, offset), ())


@lru_cache(maxsize=200)
def _assignments(filename: str, lines: tuple[str, ...]) -> dict[tuple[int, int, int, int], tuple[str, ...]]:
    """Span of a right-hand side → names on the left."""
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return {}
    table: dict[tuple[int, int, int, int], tuple[str, ...]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[target, *_], value=value):
                _enter(table, target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
                _enter(table, target, value)
            case ast.AugAssign(target=target):
                table[_node_span(node)] = (ast.unparse(target),)
            case _:
                pass
    return table


def _enter(table: dict[tuple[int, int, int, int], tuple[str, ...]], target: ast.expr, value: ast.expr) -> None:
    if not isinstance(target, ast.Tuple | ast.List):
        table[_node_span(value)] = (ast.unparse(target),)
    elif isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
        for inner, part in zip(target.elts, value.elts, strict=True):
            _enter(table, inner, part)
    else:
        table[_node_span(value)] = tuple(ast.unparse(inner) for inner in target.elts)


def _node_span(node: ast.expr | ast.stmt) -> tuple[int, int, int, int]:
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0
