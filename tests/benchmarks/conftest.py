"""The benchmark's own measurement in a real browser."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import chromium, lab, page, pytest_runtest_makereport
from tests.browser.jupyterlab import Lab, in_kernel, open_notebook

__all__ = ["chromium", "lab", "page", "pytest_runtest_makereport"]

SETUP = """
import time
import difflab as dl
from difflab.zoo.training import training_step
step, arguments = training_step(48)
dl.graph(lambda x: x, 1.0).widget()
"""
RUN = """async index => {
    const content = jupyterapp.shell.currentWidget.content;
    content.activeCellIndex = index;
    const start = performance.now();
    await jupyterapp.commands.execute("notebook:run-cell");
    while (index > 0 && document.querySelector(`.dl-root [data-id]`) === null)
        await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""


@pytest.fixture
def first_picture_row(page: Page, lab: Lab) -> tuple[str, str, str]:
    """From running the cell to boxes in the page: of a captured graph, and with the capture."""
    cells = [SETUP, "t = time.perf_counter(); g = dl.graph(step, *arguments); t = time.perf_counter() - t; g"]
    open_notebook(page, lab.write("first_picture.ipynb", cells))
    page.set_default_timeout(240_000)
    page.evaluate(RUN, 0)
    whole = page.evaluate(RUN, 1) / 1000
    captured = float(in_kernel(page, "t"))
    size = int(in_kernel(page, "g.size"))
    what = f"first picture of {size:,} equations in JupyterLab, collapsed"
    return what, f"{whole - captured:.2f} s after the capture ({whole:.2f} s with it)", "≤ 3 s"
