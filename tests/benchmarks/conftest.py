"""The benchmark's own measurement in a real browser."""

import pytest
from playwright.sync_api import Page

from tests.benchmarks.transformer import LAYERS
from tests.browser.conftest import chromium, lab, page, pytest_runtest_makereport
from tests.browser.jupyterlab import Lab, in_kernel, open_notebook

__all__ = ["chromium", "lab", "page", "pytest_runtest_makereport"]

SETUP = f"""
import sys, time
sys.path.insert(0, {{root!r}})
import difflab as dl
from tests.benchmarks.transformer import training_step
step, arguments = training_step({LAYERS})
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
def first_picture_row(page: Page, lab: Lab, pytestconfig: pytest.Config) -> tuple[str, str, str]:
    """From running the cell to boxes in the page: of a captured graph, and with the capture."""
    setup = SETUP.format(root=str(pytestconfig.rootpath))
    cells = [setup, "t = time.perf_counter(); g = dl.graph(step, *arguments); t = time.perf_counter() - t; g"]
    open_notebook(page, lab.write("first_picture.ipynb", cells))
    page.set_default_timeout(240_000)
    page.evaluate(RUN, 0)
    whole = page.evaluate(RUN, 1) / 1000
    captured = float(in_kernel(page, "t"))
    size = int(in_kernel(page, "g.size"))
    what = f"first picture of {size:,} equations in JupyterLab, collapsed"
    return what, f"{whole - captured:.2f} s after the capture ({whole:.2f} s with it)", "≤ 3 s"
