"""The arrows between the rooms, read from the imports: `core` ← `labs` ← `show`, the zoo aside, the commands on top.

`violations` looks at any tree of that shape, so each rule is also tried on a small tree that breaks it.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

LONGEST = 400
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc"}
ENTRANCES = {"cli", "doctor", "frontend", "__main__"}
INTERNALS = {("jax", "_src"), ("jax", "core"), ("jax", "extend"), ("jax", "interpreters")}
KNOWS_INTERNALS = {"core/capture.py", "core/compat.py"}
DRAWING = {"anywidget", "ipywidgets", "plotly", "graphlay"}
LAZY = (*sorted(DRAWING), "sympy")


@dataclass(frozen=True)
class Import:
    """One imported module, and whether it stands inside a function."""

    module: str
    line: int
    inside: bool


@dataclass(frozen=True)
class Source:
    """One file of the package: its path in the package, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        parts = ("difflab", *self.path.removesuffix(".py").split("/"))
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def imports(self) -> Iterator[Import]:
        functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        inner = {id(node) for function in functions for node in ast.walk(function)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    yield Import(name.name, node.lineno, id(node) in inner)
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                for name in node.names:
                    yield Import(f"{base}.{name.name}", node.lineno, id(node) in inner)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.module.split(".")
        climb = node.level - self.path.endswith("__init__.py")
        parts = package[: len(package) - climb]
        return ".".join([*parts, node.module] if node.module else parts)


def room(module: str) -> str:
    """Name the room of a module: core, labs.<room>, show, zoo, top, or outside."""
    parts = module.split(".")
    if parts[0] != "difflab":
        return "outside"
    match parts[1:]:
        case ["core" | "show" | "zoo" as name, *_]:
            return name
        case ["labs", name, *_]:
            return f"labs.{name}"
        case ["labs"]:
            return "labs"
    return "top"


def may_import(importer: str, imported: str) -> bool:
    """Say whether an arrow points down."""
    if importer in ("top", imported) or imported == "outside":
        return True
    if importer == "labs":
        return imported == "core" or imported.startswith("labs.")
    if importer == "show":
        return imported != "top"
    return imported == "core" and importer != "core"


def wrong_arrows(source: Source) -> Iterator[str]:
    for entry in source.imports:
        if not may_import(room(source.module), room(entry.module)):
            yield f"line {entry.line}: {room(source.module)} imports {entry.module}"


def imports_inside_functions(source: Source) -> Iterator[str]:
    if source.path.removesuffix(".py") not in ENTRANCES:
        yield from (
            f"line {entry.line}: imports {entry.module} inside a function" for entry in source.imports if entry.inside
        )


def jax_internals(source: Source) -> Iterator[str]:
    if source.path in KNOWS_INTERNALS:
        return
    for entry in source.imports:
        if tuple(entry.module.split(".")[:2]) in INTERNALS:
            yield f"line {entry.line}: {entry.module} belongs in core/capture.py"
    for node in ast.walk(source.tree):
        match node:
            case ast.Attribute(value=ast.Name(id=base), attr=name) if (base, name) in INTERNALS:
                yield f"line {node.lineno}: {base}.{name} belongs in core/capture.py"


def drawing_outside_show(source: Source) -> Iterator[str]:
    if room(source.module) != "show":
        for entry in source.imports:
            if entry.module.split(".")[0] in DRAWING:
                yield f"line {entry.line}: only show knows {entry.module.split('.')[0]}"


def names_that_say_nothing(source: Source) -> Iterator[str]:
    found = NAMELESS.intersection(source.path.removesuffix(".py").split("/"))
    yield from (f"{name!r} is no name for a room" for name in sorted(found))


def missing_docstring(source: Source) -> Iterator[str]:
    if not ast.get_docstring(source.tree):
        yield "has no docstring"


def too_long(source: Source) -> Iterator[str]:
    lines = source.text.count("\n")
    if lines >= LONGEST:
        yield f"has {lines} lines; split it by idea before {LONGEST}"


RULES: tuple[Callable[[Source], Iterator[str]], ...] = (
    wrong_arrows,
    imports_inside_functions,
    jax_internals,
    drawing_outside_show,
    names_that_say_nothing,
    missing_docstring,
    too_long,
)


def violations(package: Path, rule: Callable[[Source], Iterator[str]]) -> list[str]:
    """Try one rule on every file of the package."""
    found: list[str] = []
    for file in sorted(package.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        source = Source(file.relative_to(package).as_posix(), text, ast.parse(text))
        found += [f"{source.path} {fault}" for fault in rule(source)]
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(root: Path, rule: Callable[[Source], Iterator[str]]):
    assert not violations(root / "difflab", rule)


BREACHES = [
    (wrong_arrows, "core/graph.py", "from difflab.labs.check import report"),
    (wrong_arrows, "core/graph.py", "from difflab import zoo"),
    (wrong_arrows, "core/graph.py", "from ..show import widget"),
    (wrong_arrows, "core/graph.py", "import difflab"),
    (wrong_arrows, "labs/check/report.py", "from difflab.labs import adjoint"),
    (wrong_arrows, "labs/check/report.py", "from ..adjoint.tape import record"),
    (wrong_arrows, "labs/check/report.py", "import difflab.show.svg"),
    (wrong_arrows, "zoo/roe.py", "from difflab.labs.elimination import cost"),
    (wrong_arrows, "show/graph.py", "from difflab.cli import main"),
    (imports_inside_functions, "show/graph.py", "def draw():\n    import difflab.core"),
    (jax_internals, "core/graph.py", "from jax._src import core"),
    (jax_internals, "labs/check/report.py", "import jax.extend.core"),
    (jax_internals, "labs/check/report.py", "from jax import core"),
    (jax_internals, "core/linear.py", "import jax\nclosed = jax.core.ClosedJaxpr"),
    (drawing_outside_show, "labs/check/report.py", "import plotly.graph_objects as go"),
    (drawing_outside_show, "core/trace.py", "from anywidget import AnyWidget"),
    (names_that_say_nothing, "core/utils.py", ""),
    (names_that_say_nothing, "labs/common/order.py", ""),
    (missing_docstring, "core/graph.py", None),
    (too_long, "core/graph.py", "x = 0\n" * LONGEST),
]


@pytest.mark.parametrize(("rule", "path", "code"), BREACHES)
def test_a_planted_breach_is_found(
    tmp_path: Path, rule: Callable[[Source], Iterator[str]], path: str, code: str | None
):
    _plant(tmp_path, path, "x = 0\n" if code is None else f'"""A docstring."""\n{code}\n')
    assert len(violations(tmp_path, rule)) == 1


ALLOWED = [
    ("core/capture.py", "from jax.extend import core\nfrom difflab.core.graph import Graph"),
    ("core/trace.py", "import jax\nfrom .graph import Graph"),
    ("labs/__init__.py", "from difflab.labs.check import report\nfrom difflab.labs import adjoint"),
    ("labs/check/report.py", "from difflab.core import graph\nfrom .symbols import convert"),
    ("zoo/roe.py", "import jax.numpy as jnp\nfrom difflab.core.graph import Graph"),
    ("show/widget.py", "import anywidget\nfrom difflab.labs.check import report\nfrom difflab.zoo import problems"),
    ("cli.py", "from difflab.doctor import diagnose\ndef run():\n    from difflab.show import report"),
]


@pytest.mark.parametrize(("path", "code"), ALLOWED)
def test_what_is_allowed_passes_every_rule(tmp_path: Path, path: str, code: str):
    _plant(tmp_path, path, f'"""A docstring."""\n{code}\n')
    assert [fault for rule in RULES for fault in violations(tmp_path, rule)] == []


def test_importing_difflab_loads_nothing_that_only_a_view_needs():
    code = "import json, sys, difflab; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert set(LAZY).isdisjoint(json.loads(done.stdout))


def _plant(package: Path, path: str, code: str) -> None:
    file = package / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code, encoding="utf-8")
