"""RESULTS.md, one section a benchmark: a run replaces its own section and leaves the others."""

import importlib.metadata
import os
import platform
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"


def machine(*packages: str) -> str:
    """What it ran on: processor, Python, and the versions of some packages."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as a Markdown table."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def record(title: str, text: str) -> str:
    """Put a section into RESULTS.md, in place of the one of that title; return it."""
    section = f"# {title}\n\n{text.strip()}\n"
    old = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    parts = [part for part in re.split(r"(?m)^(?=# )", old) if part.strip()]
    titles = [part.splitlines()[0] for part in parts]
    if f"# {title}" in titles:
        parts[titles.index(f"# {title}")] = section
    else:
        parts.append(section)
    RESULTS.write_text("\n".join(part.strip() + "\n" for part in parts), encoding="utf-8")
    return section
