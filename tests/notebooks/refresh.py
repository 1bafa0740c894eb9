"""Run the notebooks and write them back clean: with counts and pictures, without what one run or machine leaves.

`python -m tests.notebooks.refresh [notebook ...]` is the only writer of outputs in this repository. `clean` says how a
notebook is written, `faults` what a committed one may not be; both are plain functions over a notebook.
"""

import argparse
import base64
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from tests.run import find_chromium

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 300_000
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
FIRST_CELL = """\
try:
    import difflab as dl
except ImportError:
    %pip install -q "difflab[lab]"
    import difflab as dl
dl.setup()"""
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# The same replacements as in sanitize.cfg, so that both sides of a comparison read alike.
OF_ONE_RUN = (
    (re.compile(r"\[\d\d:\d\d<[\d:?]+, [\s\d.?]+(?:it/s|s/it)\]"), "[timing]"),
    (re.compile(r"\bat 0x[0-9a-f]{6,}"), "at 0x0"),
    (re.compile(r"/tmp/ipykernel_\d+/\d+\.py"), "cell.py"),
)
PICTURE = re.compile(r'src="data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)"')
ABSOLUTE_PATH = re.compile(r"(?<![\w.~:/])/(?:tmp|root|home|Users|work|usr|opt|private|var|mnt)/[\w.-]+|\b[A-Z]:\\\w+")

Draw = Callable[[bytes], bytes]


def main() -> int:
    """Refresh the named notebooks, or all; return 1 if one fails, and leave that one as it was."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all in notebooks/")
    named = parser.parse_args().notebooks or sorted((ROOT / "notebooks").glob("*.ipynb"))
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    chromium = find_chromium()
    if chromium is None:
        print("no Chromium: outputs get no image/png (set DIFFLAB_CHROMIUM to name one)")
    return max((_refresh(file.resolve(), chromium) for file in named), default=0)


def _refresh(file: Path, chromium: str | None) -> int:
    notebook = nbformat.read(file, as_version=4)
    try:
        execute(notebook, file.parent)
    except CellExecutionError as error:
        print(f"{file.name}: a cell failed, nothing was written\n{error}")
        return 1
    clean(notebook)
    if chromium:
        with _painter(chromium) as draw:
            add_pictures(notebook, draw)
    text = nbformat.writes(notebook) + "\n"
    if len(text.encode()) > LARGEST and drop_pictures(notebook):
        print(f"{file.name}: image/png left out, it would pass {LARGEST:,} bytes")
        text = nbformat.writes(notebook) + "\n"
    file.write_text(text, encoding="utf-8")
    found = list(faults(text))
    print(f"{file.name}: {len(text.encode()):,} bytes" + "".join(f"\n  {fault}" for fault in found))
    return int(bool(found))


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run every cell in a fresh kernel; a failing cell raises, unless it is tagged `raises-exception`."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute()


def clean(notebook: NotebookNode) -> None:
    """Keep of a notebook what is the same in every run."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in ("tags",) if cell.metadata.get(key)})
        if cell.cell_type == "code":
            cell.outputs = [_clean_output(output) for output in _joined(cell.outputs) if _says_something(output)]


def add_pictures(notebook: NotebookNode, draw: Draw) -> None:
    """Give each output that holds an SVG inside its HTML a PNG as well, for places that strip such HTML."""
    for data in _mimebundles(notebook):
        svg = PICTURE.search(data.get("text/html", ""))
        if svg:
            data["image/png"] = base64.b64encode(draw(base64.b64decode(svg[1]))).decode() + "\n"


def drop_pictures(notebook: NotebookNode) -> bool:
    """Take those PNGs away again; say whether there were any."""
    found = [
        data for data in _mimebundles(notebook) if "image/png" in data and PICTURE.search(data.get("text/html", ""))
    ]
    for data in found:
        del data["image/png"]
    return bool(found)


def faults(text: str) -> Iterator[str]:
    """Say what keeps a notebook, given as its file's text, from being committed."""
    notebook = nbformat.reads(text, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if len(text.encode()) > LARGEST:
        yield f"{len(text.encode()):,} bytes; {LARGEST:,} are allowed: print less, draw smaller"
    if not code or code[0].source.strip() != FIRST_CELL:
        yield "the first code cell is not the one that also installs difflab on Colab"
    counts = [cell.execution_count for cell in code]
    if counts != list(range(1, len(code) + 1)):
        yield f"execution counts are {counts}, not 1 to {len(code)}: a stripped notebook is compared with nothing"
    if not any(cell.outputs for cell in code[1:] if "nbval-ignore-output" not in cell.metadata.get("tags", ())):
        yield "no output after the first cell is there to compare"
    if dict(notebook.metadata) != METADATA:
        yield f"metadata beyond kernelspec and language_info: {sorted(notebook.metadata)}"
    if any(set(cell.metadata) - {"tags"} for cell in notebook.cells):
        yield "a cell has metadata other than tags"
    if any(WIDGET_VIEW in data for data in _mimebundles(notebook)):
        yield "an output refers to a widget's state, which is not kept"
    headings = re.findall(r"(?m)^# ", "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown"))
    if len(headings) > 1:
        yield f"{len(headings)} first-level headings; one is enough"
    for cell in code:
        for path in sorted(set(ABSOLUTE_PATH.findall("\n".join(_texts(cell))))):
            yield f"an output of cell {cell.execution_count} names a path of one machine: {path}"


def _joined(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Join neighbouring streams of one name: where they are cut is chance."""
    last = None
    for output in outputs:
        if output.output_type == "stream" and last is not None and last.get("name") == output.name:
            last.text += output.text
            continue
        if last is not None:
            yield last
        last = output
    if last is not None:
        yield last


def _clean_output(output: NotebookNode) -> NotebookNode:
    if output.output_type == "stream":
        output.text = _of_no_run(_after_carriage_returns(output.text))
    elif output.output_type == "error":
        output.traceback = [_of_no_run(line) for line in output.traceback]
    else:
        output.metadata = nbformat.from_dict({})
        output.data = nbformat.from_dict(
            {kind: _of_no_run(value) for kind, value in output.data.items() if kind != WIDGET_VIEW}
        )
    return output


def _says_something(output: NotebookNode) -> bool:
    return output.output_type in ("stream", "error") or set(output.data) != {WIDGET_VIEW}


def _after_carriage_returns(text: str) -> str:
    """Keep of a progress bar what a terminal would show at the end."""
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _of_no_run(value: Any) -> Any:
    if isinstance(value, str):
        for pattern, replacement in OF_ONE_RUN:
            value = pattern.sub(replacement, value)
    return value


def _mimebundles(notebook: NotebookNode) -> Iterator[dict[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type in ("display_data", "execute_result"):
                yield output.data


def _texts(cell: NotebookNode) -> Iterator[str]:
    """All that a cell's outputs say as text, pictures left out."""
    for output in cell.outputs:
        yield output.get("text", "")
        yield from output.get("traceback", ())
        for kind, value in output.get("data", {}).items():
            if isinstance(value, str) and not kind.startswith("image/"):
                yield PICTURE.sub("", value)


class _painter:
    """Draw SVG as PNG in a headless Chromium, as `with _painter(chromium) as draw`."""

    def __init__(self, chromium: str):
        self.chromium = chromium

    def __enter__(self) -> Draw:
        from playwright.sync_api import sync_playwright

        self.playwright = sync_playwright().start()
        sandbox = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
        self.browser = self.playwright.chromium.launch(executable_path=self.chromium, args=sandbox)
        self.page = self.browser.new_page(viewport={"width": 960, "height": 720}, offline=True)
        return self.draw

    def draw(self, svg: bytes) -> bytes:
        address = f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
        self.page.set_content(f'<body style="margin:0"><img style="max-width:960px" src="{address}"></body>')
        self.page.wait_for_function("document.images[0].complete")
        return self.page.locator("img").screenshot()

    def __exit__(self, *_: object) -> None:
        self.browser.close()
        self.playwright.stop()


if __name__ == "__main__":
    sys.exit(main())
