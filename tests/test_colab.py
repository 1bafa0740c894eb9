"""The front end is recognised from modules and environment, and the notebooks' first cell does its work on Colab."""

import builtins
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from difflab import frontend
from tests.notebooks.refresh import FIRST_CELL

KERNEL = {"ipykernel": object()}
SHELL = {"IPython": SimpleNamespace(get_ipython=object)}
NO_SHELL = {"IPython": SimpleNamespace(get_ipython=lambda: None)}


def marimo(running: bool) -> dict[str, object]:
    return {"marimo": SimpleNamespace(running_in_notebook=lambda: running)}


@pytest.mark.parametrize(
    ("modules", "environ", "expected"),
    [
        ({}, {}, frontend.PLAIN),
        (NO_SHELL, {}, frontend.PLAIN),
        (SHELL, {}, frontend.TERMINAL),
        (SHELL | KERNEL, {}, frontend.HEADLESS),
        (SHELL | KERNEL, {"JPY_SESSION_NAME": "a.ipynb"}, frontend.JUPYTER),
        (SHELL | KERNEL, {"VSCODE_PID": "1"}, frontend.VSCODE),
        (SHELL | KERNEL, {"VSCODE_CWD": "x"}, frontend.VSCODE),
        (SHELL | KERNEL, {"VSCODE_PID": "1", "JPY_SESSION_NAME": "a.ipynb"}, frontend.JUPYTER),
        (KERNEL, {"BINDER_SERVICE_HOST": "x", "JPY_SESSION_NAME": "a.ipynb"}, frontend.BINDER),
        (KERNEL | {"google.colab": object()}, {}, frontend.COLAB),
        (KERNEL, {"COLAB_RELEASE_TAG": "x", "JPY_SESSION_NAME": "a.ipynb"}, frontend.COLAB),
        (KERNEL, {"KAGGLE_KERNEL_RUN_TYPE": "Interactive"}, frontend.KAGGLE),
        (marimo(True), {}, frontend.MARIMO),
        (KERNEL | marimo(False), {"JPY_SESSION_NAME": "a.ipynb"}, frontend.JUPYTER),
        ({}, {"VSCODE_PID": "1"}, frontend.PLAIN),
    ],
)
def test_the_front_end_is_recognised(modules, environ, expected):
    assert frontend.detect(modules, environ) is expected


def test_every_front_end_says_what_to_expect():
    found = [value for value in vars(frontend).values() if isinstance(value, frontend.FrontEnd)]
    assert len(found) == 9
    assert all(front_end.advice and front_end.name for front_end in found)


@pytest.fixture
def colab(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pretend to be on Colab; return the list of calls that its widget manager gets."""
    calls: list[str] = []
    google, package, output = ModuleType("google"), ModuleType("google.colab"), ModuleType("google.colab.output")
    monkeypatch.setattr(google, "colab", package, raising=False)
    monkeypatch.setattr(package, "output", output, raising=False)
    enable: Callable[[], None] = lambda: calls.append("enable_custom_widget_manager")  # noqa: E731
    monkeypatch.setattr(output, "enable_custom_widget_manager", enable, raising=False)
    for module in (google, package, output):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return calls


def test_setup_turns_on_colabs_widget_manager_and_prints_two_lines(colab: list[str], capsys):
    frontend.setup()
    assert colab == ["enable_custom_widget_manager"]
    device, place = capsys.readouterr().out.splitlines()
    assert device.endswith("cpu")
    assert place.startswith("front end: Colab; ")


def test_setup_elsewhere_prints_two_lines_and_needs_no_colab(capsys):
    frontend.setup()
    device, place = capsys.readouterr().out.splitlines()
    assert device.startswith("device: ")
    assert place.startswith("front end: ")


def run_first_cell(cell: str, monkeypatch: pytest.MonkeyPatch, installed: bool) -> list[str]:
    """Run the cell as IPython would; return the lines that `%pip` got. Without difflab, `%pip` is what brings it."""
    piped: list[str] = []
    state = {"installed": installed}
    true_import = builtins.__import__

    def importing(name: str, *arguments, **options):
        if name == "difflab" and not state["installed"]:
            raise ImportError("No module named 'difflab'")
        return true_import(name, *arguments, **options)

    def magic(name: str, line: str) -> None:
        assert name == "pip"
        piped.append(line)
        state["installed"] = True

    monkeypatch.setattr(builtins, "__import__", importing)
    shell = SimpleNamespace(run_line_magic=magic)
    code = compile(TransformerManager().transform_cell(cell), "first cell", "exec")
    exec(code, {"get_ipython": lambda: shell})
    return piped


def test_the_first_cell_installs_nothing_where_difflab_is(colab: list[str], monkeypatch, capsys):
    assert run_first_cell(FIRST_CELL, monkeypatch, installed=True) == []
    assert colab == ["enable_custom_widget_manager"]
    assert "front end: Colab" in capsys.readouterr().out


def test_the_first_cell_installs_difflab_where_it_is_missing(colab: list[str], monkeypatch, capsys):
    assert run_first_cell(FIRST_CELL, monkeypatch, installed=False) == ['install -q "difflab[lab]"']
    assert colab == ["enable_custom_widget_manager"]
    assert "front end: Colab" in capsys.readouterr().out


def test_every_notebook_begins_with_the_first_cell(root: Path):
    for notebook in sorted((root / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(notebook, as_version=4).cells
        first = next(cell.source for cell in cells if cell.cell_type == "code")
        assert first.strip() == FIRST_CELL, notebook.name
