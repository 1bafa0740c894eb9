"""What is searched, and the texts beside the graph: all nodes as columns of numbers, the program and the user's files.

Columns with one table of texts take a fifth of what an object a node would: 69,000 equations travel in about 3 MB.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterator

from difflab.core.graph import Equation, Graph, Vertex, walk
from difflab.core.likeness import plain
from difflab.core.source import readable_file
from difflab.show.scopes import Scope, ScopeTree
from difflab.show.wire import Wire, shorten

MARGIN = 6
"""So many lines before the first and after the last that equations come from are carried of a file."""

_COLUMNS = "prefix number scope primitive name type params file line function count".split()


def index(tree: ScopeTree) -> Wire:
    """The wire's `Index` of a graph and the graphs nested in it."""
    made = _Index(tree)
    made.add(tree.root, -1, 1)
    return {
        "strings": list(made.strings), "files": list(made.files), "scopes": made.scopes, "prefixes": made.prefixes,
        "rows": made.rows,
    }  # fmt: skip


class _Index:
    def __init__(self, tree: ScopeTree) -> None:
        self.tree = tree
        self.strings: dict[str, int] = {"": 0}
        self.files: dict[str, int] = {}
        self.scopes: list[list[str | int]] = []
        self.prefixes: list[str] = []
        self.rows: dict[str, list[int]] = {name: [] for name in _COLUMNS}
        self._columns = list(self.rows.values())
        self._params: dict[int, str] = {}

    def add(self, whole: Scope, parent: int, times: int) -> None:
        """All nodes of one graph, and after each equation those of the graphs inside it."""
        graph, prefix = whole.graph, len(self.prefixes)
        self.prefixes.append(whole.prefix)
        row = self._scope(whole, parent)
        owner = [row] * len(graph.equations)
        self._own(whole, row, owner)
        for k, vertex in enumerate(graph.inputs):
            self._input(prefix, row, -1 - k, graph.vertices[vertex], times)
        for equation in graph.equations:
            at = owner[equation.id]
            self._equation(graph, prefix, at, equation, times)
            for body in self.tree.bodies(whole, equation) if equation.bodies else ():
                self.add(body, at, times * (1 if body.count is None else body.count))

    def _scope(self, scope: Scope, parent: int) -> int:
        times = f" × {scope.count}" if scope.count is not None else ""
        self.scopes.append([scope.id, parent, scope.label + times])
        return len(self.scopes) - 1

    def _own(self, scope: Scope, row: int, owner: list[int]) -> None:
        for member in scope.members:
            if isinstance(member, Scope):
                self._own(member, self._scope(member, row), owner)
            else:
                owner[member] = row

    def _input(self, prefix: int, scope: int, number: int, vertex: Vertex, times: int) -> None:
        text = self._text
        self._row(prefix, number, scope, text("input"), text(vertex.name or ""), text(vertex.type), 0, -1, 0, 0, times)

    def _equation(self, graph: Graph, prefix: int, scope: int, equation: Equation, times: int) -> None:
        text, source, vertices = self._text, equation.source, graph.vertices
        results = [vertices[r] for r in equation.results]
        self._row(
            prefix, equation.id, scope, text(equation.primitive),
            text(", ".join(r.name for r in results if r.name)),
            text(results[0].type if len(results) == 1 else ", ".join(r.type for r in results[:4])),
            text(self._attributes(equation)),
            -1 if source is None else self.files.setdefault(source.file, len(self.files)),
            0 if source is None else source.line, 0 if source is None else text(source.function), times,
        )  # fmt: skip

    def _row(self, *entries: int) -> None:
        for column, entry in zip(self._columns, entries, strict=True):
            column.append(entry)

    def _text(self, text: str) -> int:
        return self.strings.setdefault(text, len(self.strings))

    def _attributes(self, equation: Equation) -> str:
        """The parameters as `name=value; …`; values that equations share are put into words once."""
        known = self._params
        found: list[str] = []
        for name, value in equation.params.items():
            if value is not None and not (isinstance(value, tuple) and not value):
                if id(value) not in known:
                    known[id(value)] = shorten(plain(value), 80)
                found.append(f"{name}={known[id(value)]}")
        return "; ".join(found)


def texts(graph: Graph) -> Wire:
    """The wire's `Texts`: the program with the node of each line, and the user's files as far as they are there."""
    lines = list(_listing(graph, "", ""))
    return {
        "listing": {"text": [text for text, _ in lines], "node": [node for _, node in lines]},
        "files": list(_files(graph)),
    }


def _listing(graph: Graph, prefix: str, indent: str) -> Iterator[tuple[str, str | None]]:
    inputs = ", ".join(f"{graph.label(v)}: {graph.vertices[v].type}" for v in graph.inputs)
    yield shorten(f"{indent}{graph.name}({inputs})", 400), None
    for equation in graph.equations:
        node = f"{prefix}{equation.id}"
        yield shorten(f"{indent}  {graph.line(equation)}", 400), node
        for k, body in enumerate(equation.bodies):
            times = f" × {body.count}" if body.count is not None else ""
            yield f"{indent}    {body.label}{times}:", node
            yield from _listing(body.graph, f"{node}.{k}/", indent + "      ")
    yield shorten(f"{indent}  return {', '.join(map(graph.label, graph.outputs))}", 400), None


def _files(graph: Graph) -> Iterator[Wire]:
    """Files in the order in which equations come from them; of one that cannot be read, the lines equations know."""
    known: dict[str, dict[int, str]] = {}
    for _, _, equation in walk(graph):
        if equation.source:
            known.setdefault(equation.source.file, {})[equation.source.line] = equation.source.text
    cells = {readable_file(name): name for name in list(linecache.cache)}
    for name, lines in known.items():
        whole = linecache.getlines(cells.get(name, name))
        first, last = max(min(lines) - MARGIN, 1), max(lines)
        if len(whole) >= last:
            shown = [line.rstrip("\n") for line in whole[first - 1 : last + MARGIN]]
        else:
            first = min(lines)
            shown = [lines.get(k, "") for k in range(first, last + 1)]
        yield {"name": name, "first": first, "lines": shown}
