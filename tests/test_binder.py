"""Binder's files are what its builder reads, and run, in its order, in an empty environment."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest


def test_the_requirements_are_the_ordinary_install(root: Path):
    (line,) = (root / "binder" / "requirements.txt").read_text().split()
    assert line == ".[lab]"
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert any(requirement.startswith("jupyterlab") for requirement in extras["lab"])
    assert any(requirement.startswith("ipykernel") for requirement in extras["lab"])


def test_the_runtime_is_a_python_that_difflab_supports(root: Path):
    named = re.fullmatch(r"python-3\.(\d+)\n", (root / "binder" / "runtime.txt").read_text())
    assert named
    assert 11 <= int(named[1]) <= 14


def test_the_readme_opens_a_notebook_that_exists(root: Path):
    opened = set(re.findall(r"urlpath=lab/tree/(\S+)", (root / "binder" / "README.md").read_text()))
    assert opened == {"notebooks/00_tour.ipynb"}
    assert all((root / name).is_file() for name in opened)


@pytest.mark.slow
def test_the_files_run_in_binders_order_in_an_empty_environment(root: Path, tmp_path: Path):
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    settings = {
        **{name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "JAX_PLATFORMS")},
        "VIRTUAL_ENV": str(environment),
        "PATH": os.pathsep.join((str(environment / "bin"), os.environ["PATH"])),
        "HOME": str(tmp_path),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv")),
    }

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=root, env=settings, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    run(
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        str(environment / "bin" / "python"),
        "-r",
        "binder/requirements.txt",
    )
    assert "all is well" in run("binder/postBuild")
    assert re.match(r"\d+\.\d+", run("binder/start", "jupyter", "lab", "--version"))
    assert run("binder/start", "python", "-c", "import os; print(os.environ['JAX_PLATFORMS'])") == "cpu\n"
