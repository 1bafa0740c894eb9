"""The runner behind `make test` goes on after a failure, says so at the end, and never takes absence for success."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import run


@pytest.fixture(autouse=True)
def keep_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))


def step(result: str, done: list[str], name: str) -> Callable[[], str]:
    """A step that notes that it ran."""

    def run_it() -> str:
        done.append(name)
        return result

    run_it.__doc__ = name
    return run_it


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ((run.PASSED, run.PASSED), 0),
        ((run.PASSED, run.SKIPPED), 0),
        ((run.FAILED, run.PASSED), 1),
        ((run.PASSED, run.FAILED), 1),
    ],
)
def test_every_step_runs_and_the_status_tells(monkeypatch, capsys, results: tuple[str, str], status: int):
    done: list[str] = []
    steps = {name: step(result, done, name) for name, result in zip(("one", "two"), results, strict=True)}
    monkeypatch.setattr(run, "STEPS", steps)
    monkeypatch.setattr(sys, "argv", ["run.py"])
    assert run.main() == status
    assert done == ["one", "two"]
    table = capsys.readouterr().out.splitlines()[-2:]
    assert [line.split()[:2] for line in table] == [["one", results[0]], ["two", results[1]]]


def test_one_step_can_be_chosen(monkeypatch):
    done: list[str] = []
    monkeypatch.setattr(run, "STEPS", {name: step(run.PASSED, done, name) for name in ("one", "two")})
    monkeypatch.setattr(sys, "argv", ["run.py", "--only", "two"])
    assert run.main() == 0
    assert done == ["two"]


@pytest.mark.parametrize(("required", "result"), [("1", run.FAILED), ("", run.SKIPPED)])
def test_a_missing_browser_is_said_and_fails_where_it_is_required(monkeypatch, capsys, required: str, result: str):
    monkeypatch.setattr(run, "find_chromium", lambda: None)
    monkeypatch.setattr(run, "_install_chromium", lambda: None)
    monkeypatch.setitem(os.environ, "DIFFLAB_REQUIRE_BROWSER", required)
    assert run.browser() == result
    assert "sudo apt install chromium" in capsys.readouterr().out


def test_without_node_the_typescript_step_is_skipped(monkeypatch, capsys):
    monkeypatch.setattr(run.shutil, "which", lambda name: None)
    assert run.widgets() == run.SKIPPED
    assert "absent" in capsys.readouterr().out


def test_a_named_chromium_that_is_not_there_is_not_replaced_by_another(monkeypatch, tmp_path: Path):
    monkeypatch.setitem(os.environ, "DIFFLAB_CHROMIUM", str(tmp_path / "chrome"))
    assert run.find_chromium() is None
    (tmp_path / "chrome").touch()
    assert run.find_chromium() == str(tmp_path / "chrome")


@pytest.mark.parametrize(("built", "result"), [(b"same", run.PASSED), (b"other", run.FAILED)])
def test_a_rebuilt_bundle_that_differs_fails_and_the_committed_one_stays(monkeypatch, tmp_path, built, result):
    bundle = tmp_path / "graph.js"
    bundle.write_bytes(b"same")
    monkeypatch.setattr(run, "STATIC", tmp_path)
    monkeypatch.setattr(run, "_run", lambda *command, cwd: bundle.write_bytes(built) and run.PASSED)
    assert run._rebuilt_bundle_is_the_committed_one(tmp_path) == result
    assert bundle.read_bytes() == b"same"
