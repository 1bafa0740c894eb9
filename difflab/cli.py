"""The command `difflab`: open the lab, copy the tutorials, see what works here, write a report.

`difflab lab` owns its folder politely: a manifest remembers the hash of every file as it was copied, so a later version
renews the files that nobody touched and leaves alone, and names, those that were changed.
"""

import argparse
import difflib
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from difflab.doctor import diagnose

FOLDER = "difflab-tutorials"
FIRST_NOTEBOOK = "00_tour.ipynb"
MANIFEST = ".difflab.json"
COMMANDS = ("lab", "copy", "doctor", "report")

USAGE = """\
usage: difflab [lab] [folder] [JupyterLab's options]   open JupyterLab on the tutorials
       difflab copy [folder]                           only copy the tutorials
       difflab doctor [--json]                         what works here, and what to do about the rest
       difflab report TARGET [--at "expr, expr"] [--output report.html] [--open]
       difflab --version | --help

`folder` is ./difflab-tutorials unless you name one; files that you changed there are kept. In an editable checkout,
`difflab` opens the checkout's own notebooks. Whatever follows the folder goes to JupyterLab: difflab lab --no-browser.
TARGET is the name of a zoo problem, module:function, or file.py:function.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status: 0 well, 1 a finding, 2 a mistake in the command line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] in (["-h"], ["--help"], ["help"]):
        print(USAGE, end="")
        return 0
    if words[:1] in (["-V"], ["--version"]):
        print(f"difflab {metadata.version('difflab')}")
        return 0
    if not words or words[0].startswith("-"):
        words = ["lab", *words]
    command, *rest = words
    run = {"lab": _lab, "copy": _copy, "doctor": _doctor, "report": _report}.get(command)
    if run is None:
        near = difflib.get_close_matches(command, COMMANDS, n=1)
        return _refuse(
            f"no command {command!r}; {f'did you mean `difflab {near[0]}`?' if near else 'see `difflab --help`'}"
        )
    return run(rest)


def copy_tutorials(source: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Copy what is new or renewed from `source` into `folder`; yield each file's name with what was done.

    What was done is one of `new`, `renewed` (a newer version replaced an untouched file), `current` or `kept` (the user
    changed the file, and it stays as it is).
    """
    manifest = folder / MANIFEST
    known = _read_manifest(manifest)
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(source.rglob("*")):
        name = file.relative_to(source).as_posix()
        if file.is_dir() or any(part.startswith((".", "__")) for part in file.relative_to(source).parts):
            continue
        content, target = file.read_bytes(), folder / name
        action = _action(target, _sha256(content), known.get(name))
        if action in ("new", "renewed"):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        if action != "kept":
            known[name] = _sha256(content)
        yield name, action
    manifest.write_text(json.dumps({"version": metadata.version("difflab"), "files": known}, indent=1) + "\n")


def checkout_notebooks() -> Path | None:
    """Return the notebooks of the checkout that difflab runs from; None in an ordinary install."""
    root = Path(__file__).resolve().parents[1]
    notebooks = root / "notebooks"
    return notebooks if (root / "pyproject.toml").is_file() and notebooks.is_dir() else None


def _lab(words: list[str]) -> int:
    if words[:1] in (["-h"], ["--help"]):
        print(USAGE, end="")
        return 0
    folder, options = (words[0], words[1:]) if words and not words[0].startswith("-") else (None, words)
    if importlib.util.find_spec("jupyterlab") is None or importlib.util.find_spec("ipykernel") is None:
        print('JupyterLab is not installed here; run: pip install "difflab[lab]"', file=sys.stderr)
        return 1
    checkout = checkout_notebooks()
    if folder is None and checkout is not None:
        home = checkout
    else:
        home = Path(folder or FOLDER)
        status = _copy([str(home)])
        if status:
            return status
    command = [sys.executable, "-m", "jupyterlab", *_lab_options(home.resolve()), *options]
    if os.name == "nt":  # execv there returns to the prompt at once
        return subprocess.call(command)
    sys.stdout.flush()
    os.execv(sys.executable, command)


def _lab_options(home: Path) -> list[str]:
    """Loopback only; the token is Jupyter's own, made afresh for each start."""
    options = ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={home}"]
    if (home / FIRST_NOTEBOOK).is_file():
        options.append(f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK}")
    if getattr(os, "geteuid", lambda: 1)() == 0:
        options.append("--allow-root")
    return options


def _copy(words: list[str]) -> int:
    parser = argparse.ArgumentParser("difflab copy", description="Copy the tutorials into a folder.")
    parser.add_argument("folder", nargs="?", default=FOLDER, type=Path)
    folder: Path = parser.parse_args(words).folder
    source = Path(__file__).resolve().parent / "notebooks"
    source = source if source.is_dir() else checkout_notebooks()
    if source is None:
        return _refuse("this install carries no tutorials; reinstall it with `pip install --force-reinstall difflab`")
    try:
        done = list(copy_tutorials(source, folder))
    except OSError as error:
        return _refuse(f"cannot write to {folder}: {error.strerror}; name another folder")
    counts = {action: sum(did == action for _, did in done) for action in ("new", "renewed", "current")}
    print(f"{folder}: " + ", ".join(f"{count} {action}" for action, count in counts.items()))
    for name in (name for name, action in done if action == "kept"):
        print(f"kept {name}, which you changed; rename it and copy again to get the one of this version")
    return 0


def _doctor(words: list[str]) -> int:
    parser = argparse.ArgumentParser("difflab doctor", description="Say what works here.")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of text")
    options = parser.parse_args(words)
    diagnosis = diagnose()
    print(diagnosis.to_json() if options.json else diagnosis)
    return 0 if diagnosis.ok else 1


def _report(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "difflab report", description="Graph, check, explanation and best order, in one file."
    )
    parser.add_argument("target", metavar="TARGET", help="a zoo problem, module:function, or file.py:function")
    parser.add_argument("--at", metavar="EXPRESSIONS", help='the point, e.g. --at "jnp.ones(3), 2.0"')
    parser.add_argument("--output", type=Path, default=Path("report.html"), help="the file to write (report.html)")
    parser.add_argument("--open", action="store_true", help="show the file in the browser when it is written")
    options = parser.parse_args(words)
    if not re.fullmatch(r"[\w-]+|[\w.]+:[\w.]+|.+\.py:[\w.]+", options.target):
        return _refuse(f"{options.target!r} names nothing: give a zoo problem, module:function or file.py:function")
    if not options.output.resolve().parent.is_dir():
        return _refuse(f"there is no folder {options.output.resolve().parent} to write {options.output.name} into")
    from difflab.show import report

    status = report.run(_importable(options.target), at=options.at, output=str(options.output))
    if status == 0 and options.open:
        webbrowser.open(options.output.resolve().as_uri())
    return status


def _importable(target: str) -> str:
    """Turn `file.py:name` into `module:name`, with the file's folder on the path, as `python file.py` would have it."""
    module, _, name = target.rpartition(":")
    file = Path(module)
    if file.suffix != ".py":
        return target
    sys.path.insert(0, str(file.resolve().parent))
    return f"{file.stem}:{name}"


def _refuse(message: str) -> int:
    print(f"difflab: {message}", file=sys.stderr)
    return 2


def _action(target: Path, new: str, known: str | None) -> str:
    if not target.exists():
        return "new"
    present = _sha256(target.read_bytes())
    if present == new:
        return "current"
    return "renewed" if present == known else "kept"


def _read_manifest(manifest: Path) -> dict[str, str]:
    """Read the hashes of an earlier copy; without a readable manifest every file counts as changed by the user."""
    try:
        return dict(json.loads(manifest.read_text())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
