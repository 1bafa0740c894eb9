"""The command: what it copies and keeps, what it starts, what it finds, and how it answers mistakes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from difflab import cli, doctor


@pytest.fixture
def tutorials(tmp_path: Path) -> Path:
    """Two tutorials as a wheel would carry them, and things that must not be copied."""
    source = tmp_path / "carried"
    (source / "data").mkdir(parents=True)
    (source / "00_tour.ipynb").write_text("tour, first edition")
    (source / "data" / "points.csv").write_text("1,2")
    (source / ".ipynb_checkpoints").mkdir()
    (source / ".ipynb_checkpoints" / "00_tour-checkpoint.ipynb").write_text("old")
    return source


class Started(Exception):
    """Raised in place of becoming JupyterLab; carries the command."""

    def __init__(self, command: list[str]):
        super().__init__(command)
        self.command = command


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], list[str]]:
    """Run the command up to the point where it becomes JupyterLab; return JupyterLab's command line."""

    def become(program: str, command: list[str]) -> None:
        raise Started(command)

    def start(words: list[str]) -> list[str]:
        with pytest.raises(Started) as caught:
            cli.main(words)
        return caught.value.command

    monkeypatch.setattr(os, "execv", become)
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda name: SimpleNamespace(name=name))
    return start


def test_a_first_copy_brings_every_file_and_no_checkpoint(tutorials: Path, tmp_path: Path):
    done = dict(cli.copy_tutorials(tutorials, tmp_path / "mine"))
    assert done == {"00_tour.ipynb": "new", "data/points.csv": "new"}
    assert (tmp_path / "mine" / "data" / "points.csv").read_text() == "1,2"


def test_an_untouched_file_is_renewed_and_a_changed_one_is_kept(tutorials: Path, tmp_path: Path):
    mine = tmp_path / "mine"
    list(cli.copy_tutorials(tutorials, mine))
    (mine / "data" / "points.csv").write_text("3,4")
    (tutorials / "00_tour.ipynb").write_text("tour, second edition")
    (tutorials / "data" / "points.csv").write_text("5,6")
    for _ in range(2):
        done = dict(cli.copy_tutorials(tutorials, mine))
        assert done["data/points.csv"] == "kept"
    assert done["00_tour.ipynb"] == "current"
    assert (mine / "00_tour.ipynb").read_text() == "tour, second edition"
    assert (mine / "data" / "points.csv").read_text() == "3,4"


@pytest.mark.parametrize("manifest", [None, "not json", "[]", '{"files": 3}'])
def test_without_a_manifest_nothing_that_exists_is_overwritten(tutorials: Path, tmp_path: Path, manifest: str | None):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "00_tour.ipynb").write_text("my own tour")
    if manifest is not None:
        (mine / cli.MANIFEST).write_text(manifest)
    assert dict(cli.copy_tutorials(tutorials, mine))["00_tour.ipynb"] == "kept"
    assert (mine / "00_tour.ipynb").read_text() == "my own tour"


def test_copy_says_what_was_kept(tutorials: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(cli, "checkout_notebooks", lambda: tutorials)
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "nowhere" / "cli.py"))
    mine = tmp_path / "mine"
    assert cli.main(["copy", str(mine)]) == 0
    (mine / "00_tour.ipynb").write_text("mine now")
    (tutorials / "00_tour.ipynb").write_text("tour, second edition")
    assert cli.main(["copy", str(mine)]) == 0
    assert "kept 00_tour.ipynb, which you changed" in capsys.readouterr().out


def test_copy_into_a_file_is_refused_with_a_way_out(tutorials: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(cli, "checkout_notebooks", lambda: tutorials)
    (tmp_path / "taken").write_text("")
    assert cli.main(["copy", str(tmp_path / "taken")]) == 2
    assert "name another folder" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["lab"]])
def test_in_a_checkout_the_lab_opens_the_checkouts_notebooks(tutorials: Path, monkeypatch, start, words: list[str]):
    monkeypatch.setattr(cli, "checkout_notebooks", lambda: tutorials)
    command = start(words)
    assert command[1:3] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={tutorials.resolve()}" in command
    assert "--LabApp.default_url=/lab/tree/00_tour.ipynb" in command
    assert "--ServerApp.ip=127.0.0.1" in command


def test_the_lab_copies_into_a_named_folder_and_hands_on_what_follows(tutorials, tmp_path, monkeypatch, start):
    monkeypatch.setattr(cli, "checkout_notebooks", lambda: tutorials)
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "nowhere" / "cli.py"))
    command = start(["lab", str(tmp_path / "mine"), "--no-browser", "--port", "9999"])
    assert command[-3:] == ["--no-browser", "--port", "9999"]
    assert (tmp_path / "mine" / "00_tour.ipynb").exists()


def test_options_alone_go_to_the_lab(tutorials: Path, monkeypatch, start):
    monkeypatch.setattr(cli, "checkout_notebooks", lambda: tutorials)
    assert start(["--no-browser"])[-1] == "--no-browser"


def test_without_jupyterlab_the_lab_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda name: None)
    assert cli.main(["lab"]) == 1
    assert 'pip install "difflab[lab]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["docter"], "did you mean `difflab doctor`"),
        (["./somewhere"], "see `difflab --help`"),
        (["report", "not a target"], "names nothing"),
        (["report", "no_such_module_at_all:f"], "no_such_module_at_all"),
        (["report", "no_such_problem_at_all"], "no_such_problem_at_all"),
        (["report", "roe_flux_1d", "--output", "no/such/folder/report.html"], "there is no folder"),
    ],
)
def test_a_mistake_gets_an_answer_and_exit_status_2(words: list[str], answer: str, capsys):
    assert cli.main(words) == 2
    assert answer in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--version"], ["-V"]])
def test_version(words: list[str], capsys):
    assert cli.main(words) == 0
    assert capsys.readouterr().out == f"difflab {metadata.version('difflab')}\n"


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["lab", "--help"]])
def test_help_names_every_command(words: list[str], capsys):
    assert cli.main(words) == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in cli.COMMANDS)


def test_python_m_difflab_is_the_command():
    done = subprocess.run([sys.executable, "-m", "difflab", "--version"], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("difflab ")


@pytest.mark.parametrize(("target", "module"), [("toy.py:f", "toy:f"), ("sub/toy.py:f", "toy:f")])
def test_a_target_may_be_a_file(tmp_path: Path, monkeypatch, target: str, module: str):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert cli._importable(target) == module
    assert sys.path[0] == str((tmp_path / target).parent)


@pytest.mark.parametrize("target", ["toy:f", "roe_flux_1d"])
def test_another_target_is_handed_on_as_it_is(target: str):
    assert cli._importable(target) == target


@pytest.mark.parametrize(("status", "opened"), [(0, 1), (1, 0)])
def test_report_hands_on_the_target_and_opens_what_was_written(tmp_path, monkeypatch, status: int, opened: int):
    asked: list[object] = []
    pages: list[str] = []

    def run(target: str, *, at: str | None, output: str) -> int:
        asked.extend((target, at, output))
        return status

    monkeypatch.setattr("difflab.show.report.run", run)
    monkeypatch.setattr(cli.webbrowser, "open", pages.append)
    output = str(tmp_path / "page.html")
    assert cli.main(["report", "roe_flux_1d", "--at", "1.0, 2.0", "--output", output, "--open"]) == status
    assert asked == ["roe_flux_1d", "1.0, 2.0", output]
    assert pages == [Path(output).as_uri()] * opened


def test_the_doctor_finds_everything_in_order_here(capsys):
    assert cli.main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True
    assert found["problems"] == []
    assert found["bundle"]["missing"] == []
    assert found["devices"][0].startswith("cpu")


def test_the_doctor_prints_versions_devices_and_front_end(capsys):
    assert cli.main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert f"jax                {metadata.version('jax')}" in shown
    assert "front end" in shown


def test_the_doctor_names_a_missing_bundle_and_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "find_bundle", lambda: doctor.Bundle(missing=("graph.js",)))
    assert cli.main(["doctor"]) == 1
    assert "reinstall difflab" in capsys.readouterr().out


def test_the_doctor_names_a_version_that_is_too_old(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "_version", lambda name: "0.1" if name == "sympy" else metadata.version(name))
    assert cli.main(["doctor"]) == 1
    assert "sympy 0.1 is outside >=1.13: run `pip install --upgrade 'sympy>=1.13'`" in capsys.readouterr().out


def test_the_doctor_survives_a_jax_without_devices(monkeypatch, capsys):
    def broken() -> list[object]:
        raise RuntimeError("no backend")

    monkeypatch.setattr("jax.devices", broken)
    assert cli.main(["doctor"]) == 1
    assert "JAX finds no device: no backend" in capsys.readouterr().out
