"""Run every check of the project, one step after another, and end with a table.

A failing step does not stop the others. `--list` names the steps, `--only` (repeatable) chooses among them. Nothing but
the standard library is needed to start; `make test` runs this inside an environment that has the rest.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "difflab" / "static"
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
CHROMIUM_HINT = (
    "no Chromium found: install one (Debian and Ubuntu: sudo apt install chromium), "
    "or name yours: DIFFLAB_CHROMIUM=/path/to/chrome make test"
)
APART = ("browser", "benchmarks", "test_package.py", "test_binder.py")


def main() -> int:
    """Run the chosen steps; return 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", action="append", choices=sorted(STEPS), metavar="STEP", help="run this step (repeatable)"
    )
    parser.add_argument("--list", action="store_true", help="name the steps and stop")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{name:<10} {step.__doc__}" for name, step in STEPS.items()))
        return 0
    _set_environment()
    rows = [(name, *_timed(name, step)) for name, step in STEPS.items() if not options.only or name in options.only]
    print(f"\n{'step':<10} {'result':<8} {'seconds':>7}")
    for name, result, seconds in rows:
        print(f"{name:<10} {result:<8} {seconds:>7.1f}")
    return int(any(result == FAILED for _, result, _ in rows))


def lint() -> str:
    """ruff: rules and format of all Python"""
    return _all(_python("ruff", "check", "."), _python("ruff", "format", "--check", "."))


def types() -> str:
    """pyright: strict on the core"""
    return _python("pyright", "--pythonpath", sys.executable)


def unit() -> str:
    """unit and architecture tests, two at a time"""
    return _pytest("tests", "-n", "2", "--dist", "worksteal", *(f"--ignore=tests/{name}" for name in APART))


def package() -> str:
    """sdist, wheel, editable and Binder installs, each in an empty environment"""
    return _pytest("tests/test_package.py", "tests/test_binder.py")


def notebooks() -> str:
    """every notebook is run again and compared with what is committed"""
    return _pytest(
        "notebooks",
        *("-n", "2", "--dist", "loadfile"),
        *("--nbval", "--nbval-current-env", "--nbval-cell-timeout=120"),
        *("--nbval-sanitize-with", "tests/notebooks/sanitize.cfg"),
    )


def widgets() -> str:
    """TypeScript: types, style, tests, and a bundle equal to the committed one (where node is)"""
    if not (shutil.which("node") and shutil.which("npm")):
        print("node and npm are absent; the committed bundle is used as it is")
        return SKIPPED
    here = ROOT / "widgets"
    if _run("npm", "ci", "--no-audit", "--no-fund", cwd=here) == FAILED:
        return FAILED
    checks = [
        _run("npx", "--no-install", *tool, cwd=here)
        for tool in (("tsc", "--noEmit"), ("biome", "ci", "."), ("vitest", "run"))
    ]
    return _all(*checks, _rebuilt_bundle_is_the_committed_one(here))


def browser() -> str:
    """JupyterLab in a real Chromium"""
    chromium = find_chromium() or _install_chromium()
    if chromium is None:
        print(CHROMIUM_HINT)
        return FAILED if os.environ.get("DIFFLAB_REQUIRE_BROWSER") == "1" else SKIPPED
    os.environ["DIFFLAB_CHROMIUM"] = chromium
    return _pytest("tests/browser", "-n", "2", "--dist", "loadfile")


STEPS: dict[str, Callable[[], str]] = {
    step.__name__: step for step in (lint, types, unit, package, notebooks, widgets, browser)
}


def find_chromium() -> str | None:
    """Return a Chromium or Chrome: the one that DIFFLAB_CHROMIUM names, or one on the path."""
    named = os.environ.get("DIFFLAB_CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def _install_chromium() -> str | None:
    """Let Debian install its Chromium, where that is possible without asking."""
    if os.environ.get("DIFFLAB_CHROMIUM") or not shutil.which("apt-get") or getattr(os, "geteuid", lambda: 1)() != 0:
        return None
    print("no Chromium found; installing Debian's")
    _run("apt-get", "update", "-qq")
    _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core")
    return find_chromium()


def _rebuilt_bundle_is_the_committed_one(here: Path) -> str:
    committed = {file: file.read_bytes() for file in STATIC.glob("*.js")}
    try:
        result = _run("npm", "run", "build", cwd=here)
        if result == PASSED and {file: file.read_bytes() for file in STATIC.glob("*.js")} != committed:
            print("the rebuilt bundle differs from difflab/static: run `make widgets` and commit the result")
            return FAILED
        return result
    finally:
        for file, content in committed.items():
            file.write_bytes(content)


def _set_environment() -> None:
    """The CPU unless another platform is asked for, this environment first, and nothing compiled twice.

    JAX's compilations and Python's bytecode are kept for the next process: without bytecode, to import JAX and SymPy
    takes nine seconds and not two, and every kernel, every command and every worker begins with that.
    """
    os.chdir(ROOT)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".venv" / "jax-cache"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
        os.environ.pop(name, None)


def _timed(name: str, step: Callable[[], str]) -> tuple[str, float]:
    print(f"\n== {name}: {step.__doc__}", flush=True)
    start = time.perf_counter()
    result = step()
    return result, time.perf_counter() - start


def _all(*results: str) -> str:
    return FAILED if FAILED in results else PASSED


def _pytest(*arguments: str) -> str:
    return _python("pytest", "-q", "--color=no", *arguments)


def _python(module: str, *arguments: str) -> str:
    return _run(sys.executable, "-m", module, *arguments)


def _run(*command: str, cwd: Path = ROOT) -> str:
    print("$", " ".join((Path(command[0]).name, *command[1:])), flush=True)
    status = subprocess.run(command, cwd=cwd, check=False).returncode
    return PASSED if status == 0 else FAILED


if __name__ == "__main__":
    sys.exit(main())
