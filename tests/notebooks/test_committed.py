"""What is committed of a notebook can be compared, is small and clean; and the guard sees a notebook that is not."""

import configparser
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.notebooks import refresh

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
SVG = '<img src="data:image/svg+xml;base64,PHN2Zy8+">'


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)
def test_the_notebook_is_as_the_refresh_tool_writes_it(notebook: Path):
    assert list(refresh.faults(notebook.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_stripped_copy_of_the_notebook_would_be_refused(notebook: Path):
    stripped = nbformat.read(notebook, as_version=4)
    for cell in stripped.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    assert any("stripped" in fault for fault in refresh.faults(nbformat.writes(stripped)))


def good() -> nbformat.NotebookNode:
    """A notebook that may be committed."""
    notebook = new_notebook(metadata=refresh.METADATA)
    notebook.cells = [
        new_markdown_cell("# A question"),
        new_code_cell(refresh.FIRST_CELL, execution_count=1),
        new_code_cell("1 + 1", execution_count=2, outputs=[result({"text/plain": "2"})]),
    ]
    return notebook


def result(data: dict[str, object]) -> nbformat.NotebookNode:
    return new_output("execute_result", data, execution_count=2)


def test_a_good_notebook_has_no_fault():
    assert list(refresh.faults(nbformat.writes(good()))) == []


def add_heading(notebook):
    notebook.cells.append(new_markdown_cell("# Another question"))


def say_path(notebook):
    notebook.cells[2].outputs = [result({"text/plain": "saved in /ho" + "me/someone/x.html"})]


def say_path_in_stream(notebook):
    notebook.cells[2].outputs = [new_output("stream", text="/tm" + "p/x/y.py:3: warning")]


def keep_widget_state(notebook):
    notebook.metadata["widgets"] = {}


def keep_widget_view(notebook):
    notebook.cells[2].outputs[0].data[refresh.WIDGET_VIEW] = {"model_id": "1"}


def grow(notebook):
    notebook.cells[2].outputs[0].data["text/plain"] = "2" * 400_000


def start_otherwise(notebook):
    notebook.cells[1].source = "import difflab as dl"


def run_out_of_order(notebook):
    notebook.cells[2].execution_count = 7


def compare_nothing(notebook):
    notebook.cells[2].metadata["tags"] = ["nbval-ignore-output"]


def keep_timings(notebook):
    notebook.cells[2].metadata["execution"] = {"iopub.execute_input": "now"}


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (add_heading, "2 first-level headings"),
        (say_path, "path of one machine"),
        (say_path_in_stream, "path of one machine"),
        (keep_widget_state, "metadata beyond"),
        (keep_widget_view, "widget's state"),
        (grow, "bytes"),
        (start_otherwise, "first code cell"),
        (run_out_of_order, "execution counts"),
        (compare_nothing, "there to compare"),
        (keep_timings, "metadata other than tags"),
    ],
)
def test_each_fault_is_found(spoil, fault: str):
    notebook = good()
    spoil(notebook)
    (found,) = refresh.faults(nbformat.writes(notebook))
    assert fault in found


def test_cleaning_keeps_pictures_and_counts_and_removes_what_one_run_leaves():
    notebook = good()
    notebook.metadata["widgets"] = {"state": {}}
    notebook.metadata["language_info"]["version"] = "3.11"
    cell = notebook.cells[2]
    cell.metadata.update(tags=["kept"], execution={"a": "b"}, scrolled=True)
    bar = "\r 0%| | 0/9 [00:00<?, ?it/s]\r100%|##| 9/9 [00:01<00:00,  8.11it/s]\n"
    cell.outputs = [
        new_output("stream", name="stdout", text="one\n"),
        new_output("stream", name="stdout", text="two <f at 0x7f00deadbeef>\n"),
        new_output("stream", name="stderr", text=bar),
        result({"text/plain": "a graph", "text/html": SVG, refresh.WIDGET_VIEW: {"model_id": "1"}}),
        new_output("display_data", {refresh.WIDGET_VIEW: {"model_id": "2"}}),
    ]
    refresh.clean(notebook)
    assert list(refresh.faults(nbformat.writes(notebook))) == []
    assert cell.execution_count == 2
    assert cell.metadata == {"tags": ["kept"]}
    out, progress, picture = cell.outputs
    assert out.text == "one\ntwo <f at 0x0>\n"
    assert progress.text == "100%|##| 9/9 [timing]\n"
    assert picture.data == {"text/plain": "a graph", "text/html": SVG}


def test_pictures_are_added_for_places_that_strip_html_and_can_be_dropped():
    notebook = good()
    notebook.cells[2].outputs = [result({"text/plain": "a graph", "text/html": SVG})]
    refresh.add_pictures(notebook, lambda svg: b"PNG of " + svg)
    assert notebook.cells[2].outputs[0].data["image/png"] == "UE5HIG9mIDxzdmcvPg==\n"
    assert refresh.drop_pictures(notebook)
    assert not refresh.drop_pictures(notebook)


def test_the_refresh_tool_and_nbval_replace_the_same_things(root: Path):
    config = configparser.RawConfigParser()
    config.read(root / "tests" / "notebooks" / "sanitize.cfg")
    pairs = {(config[section]["regex"], config[section]["replace"]) for section in config.sections()}
    assert {(pattern.pattern, replacement) for pattern, replacement in refresh.OF_ONE_RUN} <= pairs


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("the norm is 0x1f", "the norm is 0x1f"),
        ("0.15 seconds", "0.15 seconds"),
        ("device: cpu\nvalue: 3", "device\nvalue: 3"),
        ("front end: Colab; x\nrest", "front end\nrest"),
        (SVG, '<img src="picture">'),
    ],
)
def test_nbval_forgets_no_more_than_it_must(root: Path, text: str, kept: str):
    config = configparser.RawConfigParser()
    config.read(root / "tests" / "notebooks" / "sanitize.cfg")
    for section in config.sections():
        text = re.sub(config[section]["regex"], config[section]["replace"], text)
    assert text == kept
