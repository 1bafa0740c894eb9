"""However difflab is installed, what arrives is whole: its bundle, its widget, its tutorials, its command."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

VIEWS = ("graph", "check", "adjoint", "elimination")

# Run inside the new environment, away from the checkout, through the names that users have.
TRY_THE_WIDGET = """
import difflab, jax.numpy as jnp
shown = difflab.graph(jnp.sin, 1.0)
assert len(shown.widget()._esm) > 1000
assert "application/vnd.jupyter.widget-view+json" in shown._repr_mimebundle_()[0]
print(difflab.__file__)
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command without this environment's settings; on failure show all it said."""
    settings = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=cwd, env=settings | {"JAX_PLATFORMS": "cpu"}, capture_output=True, text=True)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def install(environment: Path, *what: str | Path, cwd: Path) -> Path:
    """Make an empty environment, install into it, return its folder of programs."""
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=cwd)
    programs = environment / "bin"
    run(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", programs / "python", *what, cwd=cwd)
    return programs


def check_the_package_is_whole(programs: Path, elsewhere: Path) -> Path:
    """Ask the doctor, make a widget; return where the package lies."""
    found = json.loads(run(programs / "difflab", "doctor", "--json", cwd=elsewhere))
    assert found["ok"]
    assert not found["bundle"]["missing"]
    return Path(run(programs / "python", "-c", TRY_THE_WIDGET, cwd=elsewhere).strip()).parent


@pytest.fixture(scope="module")
def sdist(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist of the checkout."""
    out = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "build", "--installer", "uv", "--sdist", "--outdir", out, root, cwd=out)
    (file,) = out.glob("*.tar.gz")
    return file


def test_sdist_to_wheel_to_install(root: Path, sdist: Path, tmp_path: Path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.glob("difflab-*")
    run(sys.executable, "-m", "build", "--installer", "uv", "--wheel", "--outdir", tmp_path, source, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {f"difflab/static/{view}.js" for view in VIEWS} <= names
    assert {f"difflab/notebooks/{file.name}" for file in (root / "notebooks").glob("*.ipynb")} <= names
    assert not [
        name for name in names if "checkpoint" in name or name.split("/")[0] not in ("difflab", *dist_info(names))
    ]

    programs = install(tmp_path / "environment", wheel, cwd=tmp_path)
    place = check_the_package_is_whole(programs, tmp_path)
    assert place.is_relative_to(tmp_path / "environment")
    run(programs / "difflab", "copy", "mine", cwd=tmp_path)
    assert {file.name for file in (root / "notebooks").glob("*.ipynb")} <= {
        file.name for file in (tmp_path / "mine").iterdir()
    }


def dist_info(names: set[str]) -> set[str]:
    return {name.split("/")[0] for name in names if ".dist-info/" in name}


def test_the_sdist_carries_tests_and_sources_but_nothing_that_was_installed(sdist: Path):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "LICENSE", "Makefile", "difflab/static/graph.js", "widgets/package.json"} <= names
    assert not [name for name in names if "node_modules" in name or name.startswith(".venv")]


def test_install_of_the_folder(root: Path, tmp_path: Path):
    place = check_the_package_is_whole(install(tmp_path / "environment", root, cwd=tmp_path), tmp_path)
    assert place.is_relative_to(tmp_path / "environment")


def test_editable_install_runs_from_the_checkout_and_leaves_no_copy(root: Path, tmp_path: Path):
    programs = install(tmp_path / "environment", "--editable", root, cwd=tmp_path)
    assert check_the_package_is_whole(programs, tmp_path) == root / "difflab"
    assert not list((tmp_path / "environment").rglob("00_tour.ipynb"))
