"""The graph view in a real JupyterLab: what only a kernel can answer, and what is left when there is none."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.jupyterlab import DARK, LIGHT, Lab, open_notebook, set_theme, widget_of

SETUP = "import jax, jax.numpy as jnp\nimport difflab as dl\nfrom tests.browser.programs import *"
ROOT = ".dl-root"


@pytest.fixture
def shown(page: Page, lab: Lab):
    """Open a notebook that makes something; give its widget's root, with the keys in it."""

    def show(expression: str, theme: str = LIGHT, fails: bool = False):
        root = widget_of(page, lab, [SETUP, expression], theme, fails)
        expect(root.locator("[data-id]").first).to_be_visible()
        root.focus()
        return root

    return show


def find(page: Page, root, query: str) -> None:
    root.focus()
    page.keyboard.press("/")
    root.locator("input[type=search]").fill(query)
    page.keyboard.press("Enter")


def restart(page: Page) -> None:
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()")


def test_the_kernel_is_asked_for_parts_overlays_and_neighbourhoods(page: Page, shown):
    root = shown("dl.graph(many_parts, 1.0)")
    find(page, root, "scope:part8 prim:tanh")
    selected, figures = root.locator(".dl-selected[data-id]"), root.locator(".dl-boxes .dl-figure")
    expect(selected).to_contain_text("tanh")
    for overlay in ("value", "gradient", "time"):
        root.locator(".dl-overlays").select_option(overlay)
        expect(root.get_by_label("legend")).not_to_contain_text("being computed", timeout=60_000)
        expect(root.locator(".dl-overlays")).to_have_value(overlay)
        expect(figures.first).to_be_attached()
    expect(root.locator(".dl-inspector")).to_contain_text(re.compile("Values.*Gradients.*Time", re.DOTALL))
    boxes = root.locator("[data-id]")
    whole = boxes.count()
    root.focus()
    page.keyboard.press("e")
    expect(root.locator(".dl-around")).to_contain_text("boxes")
    expect(boxes).not_to_have_count(whole)
    near = boxes.count()
    page.keyboard.press("+")
    expect(boxes).not_to_have_count(near)
    page.keyboard.press("Escape")
    expect(boxes).to_have_count(whole)
    expect(root.locator(".dl-notices")).to_be_empty()


def test_a_restarted_kernel_leaves_the_picture_usable_and_says_so(page: Page, shown):
    root = shown("dl.graph(many_parts, 1.0)")
    set_theme(page, DARK)
    restart(page)
    root.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(root.locator(".dl-inspector")).to_contain_text("part0")
    root.locator(".dl-overlays").select_option("value")
    expect(root.locator(".dl-notices")).to_contain_text("kernel", timeout=20_000)
    root.locator(".dl-overlays").select_option("flops")
    expect(root.locator(".dl-boxes .dl-figure").first).to_be_visible()


def test_a_saved_notebook_shows_a_picture_to_whoever_opens_it(page: Page, lab: Lab, shown, console):
    shown("dl.graph(loss, W, X)")
    page.evaluate("async () => { await jupyterapp.commands.execute('docmanager:save'); }")
    saved = json.loads((lab.folder / "case.ipynb").read_text())
    saved["cells"].append({**saved["cells"][0], "id": "another", "outputs": []})
    # With another cell it is a notebook that nobody here has run: JupyterLab does not trust it.
    (lab.folder / "received.ipynb").write_text(json.dumps(saved))
    open_notebook(page, "received.ipynb")
    output = page.locator(".jp-OutputArea-output:visible").first
    expect(output.locator("img")).to_be_visible()
    assert output.locator("img").evaluate("image => image.naturalWidth") > 100
    expect(page.get_by_text("model not found")).to_have_count(0)
    assert not [line for line in console if line.startswith("pageerror")]


def test_the_tabs_of_a_lab_share_one_selection(page: Page, shown):
    root = shown("dl.lab(loss, W, X)")
    selected = root.locator(".dl-selected[data-id]:visible")
    root.locator(".dl-panel-graph [data-id]", has_text="tanh").last.click()
    chosen = selected.get_attribute("data-id")
    root.get_by_role("tab", name="Elimination").click()
    expect(selected).to_have_attribute("data-id", chosen)
    root.get_by_role("tab", name="Adjoint").click()
    root.locator(".dl-panel-adjoint [data-row]", has_text="miss").first.click()
    root.get_by_role("tab", name="Graph").click()
    expect(selected).to_contain_text("sub")
    expect(root.locator(".dl-inspector")).to_contain_text("miss = back - x")


def test_a_failed_trace_shows_what_was_traced_until_then(page: Page, shown):
    root = shown("try:\n    dl.graph(breaks, W, X)\nexcept dl.CaptureError as error:\n    display(error.graph)")
    expect(root.locator(".dl-partial")).to_contain_text("Incompatible shapes")
    expect(root.locator(".dl-boxes [data-id]", has_text="doubled")).to_be_visible()
