"""A user in a real JupyterLab: every view opens, answers, and leaves the notebook alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.jupyterlab import DARK, LIGHT, cell_errors, in_kernel, open_notebook, run_all, set_theme

SETUP = """
import jax, jax.numpy as jnp
import difflab as dl
def f(x, w):
    with jax.named_scope("layer"):
        h = jnp.tanh(x @ w)
    d = jnp.sum(h**2, axis=1)
    r = jnp.where(d > 0, jnp.sqrt(d), 0.0)
    return jnp.sum(r) + jnp.sum(jax.nn.relu(h))
x, w = jnp.array([[0.0, 0.0], [1.0, 2.0]]), jnp.array([[0.5, -1.0], [1.0, 0.3]])
"""
WIDGET = ".dl-root"


def brightness(root) -> float:
    """Of the text, 0 to 255."""
    colour = root.evaluate("node => getComputedStyle(node).color")
    return sum(float(part) for part in re.findall(r"[\d.]+", colour)[:3]) / 3


def settled(page: Page, expression: str, wanted: str) -> bool:
    """Whether the kernel comes to agree: the front end sends what is selected once, after a burst of steps."""
    for _ in range(100):
        if in_kernel(page, expression) == wanted:
            return True
        page.wait_for_timeout(100)
    return False


def fit(page: Page, root) -> None:
    root.focus()
    page.keyboard.press("f")


def tab(root, name):
    root.get_by_role("tab", name=name).click()


def test_the_tour_runs_from_top_to_bottom_and_shows_its_pictures(page: Page, console):
    open_notebook(page, "00_tour.ipynb")
    run_all(page)
    assert cell_errors(page) == []
    expect(page.locator(WIDGET)).to_have_count(5)
    assert not [line for line in console if line.startswith("pageerror")]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_four_views_open_in_both_themes(shown, theme):
    root = shown("made = dl.lab(f, x, w); made", theme)
    expect(root.get_by_role("tab")).to_have_text(["Graph", "Check", "Adjoint", "Elimination"])
    expect(root.locator("[data-id]").first).to_be_visible()
    for name, part in (("Check", ".dl-grid"), ("Adjoint", ".dl-big"), ("Elimination", "[data-id]")):
        tab(root, name)
        expect(root.locator(part).locator("visible=true").first).to_be_visible()
    assert brightness(root) < 120 if theme == LIGHT else brightness(root) > 140


def test_a_live_theme_switch_is_followed(page: Page, shown):
    root = shown("dl.graph(f, x, w)")
    assert brightness(root) < 120
    set_theme(page, DARK)
    assert brightness(root) > 140


def test_clicking_a_box_selects_it_in_the_kernel_and_shows_its_line(page: Page, shown):
    root = shown("g = dl.graph(f, x, w); shown = g.widget(); g")
    fit(page, root)
    root.get_by_text("reduce_sum", exact=True).first.click()
    pane = root.get_by_role("complementary").first
    expect(pane).to_contain_text("d = jnp.sum(h**2, axis=1)")
    picked = "g.equations[int(shown.selection)].primitive if shown.selection else None"
    assert settled(page, picked, "'reduce_sum'")


def test_scopes_open_and_close_in_place(page: Page, shown):
    root = shown("g = dl.graph(f, x, w); g")
    boxes = root.locator("[data-id]")
    before = boxes.count()
    fit(page, root)
    relu = root.locator(".dl-opens", has_text="relu").first
    spot = relu.bounding_box()
    relu.dblclick()
    expect(boxes).not_to_have_count(before)
    frame = root.locator(".dl-frame", has_text="relu").first
    expect(frame).to_be_visible()
    now = frame.bounding_box()
    assert now["x"] <= spot["x"] + spot["width"] / 2 <= now["x"] + now["width"], (
        "what was clicked stays under the pointer"
    )
    frame.locator("[data-toggle]").first.click()
    expect(boxes).to_have_count(before)


def test_stepping_follows_the_reverse_sweep_to_the_nan(page: Page, shown):
    root = shown("t = dl.inspect(f, x, w); shown = t.widget(); t")
    root.get_by_role("button", name="first NaN").click()
    expect(root.locator(".dl-big")).to_contain_text("sqrt")
    expect(root.locator(".dl-explanation")).to_contain_text("double where")
    here = "shown.cursor['steps'].get('adjoint')"
    step = int(in_kernel(page, "t.first_nan"))
    assert settled(page, here, str(step))
    root.focus()
    page.keyboard.press("ArrowLeft")
    expect(root.locator(".dl-transport, .dl-adjoint").first).to_contain_text(f"step {step} of")
    page.keyboard.press("Home")
    expect(root.locator(".dl-transport, .dl-adjoint").first).to_contain_text("step 1 of")
    assert settled(page, here, "0")


def test_an_entry_that_differs_is_chosen_and_explained(shown):
    rule = "@jax.custom_jvp\ndef cube(v): return v**3\n"
    rule += "cube.defjvp(lambda p, t: (cube(*p), 2 * p[0]**2 * t[0]))\n"
    root = shown(rule + "r = dl.check(lambda v: jnp.stack([cube(v[0]), v[1]]), jnp.array([2.0, 1.0])); r")
    expect(root.locator("[data-place='0,0']")).to_have_text("✗")
    expect(root.locator("[data-place='1,1']")).to_have_text("✓")
    expect(root.get_by_role("complementary").first).to_contain_text("refuted")
    expect(root.locator("math").first).to_be_visible()
    root.locator("[data-place='1,1']").click()
    expect(root.get_by_role("complementary").first).to_contain_text("proved")


def test_a_vertex_is_eliminated_by_a_click_and_taken_back(page: Page, shown):
    root = shown("e = dl.eliminate(lambda a, b: jnp.sin(a * b) * jnp.cos(a * b) + b, 1.0, 2.0); shown = e.widget(); e")
    order = "shown.shown['elimination'].order"
    assert in_kernel(page, order) == "()"
    first = in_kernel(page, "e.remaining[0]").strip("'")
    root.locator(f"[data-id='{first}']").click()
    expect(root.get_by_text("1 step", exact=False).first).to_be_visible()
    assert settled(page, order, f"('{first}',)")
    root.focus()
    page.keyboard.press("u")
    expect(root.get_by_role("button", name="Undo")).to_be_disabled()
    assert settled(page, order, "()")


def test_keys_inside_the_widget_never_reach_the_notebook(page: Page, shown):
    root = shown("dl.graph(f, x, w)")
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    root.focus()
    for key in ("d", "d", "b", "a", "x", "Enter"):
        page.keyboard.press(key)
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    page.keyboard.press("?")
    expect(root.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(root.get_by_role("dialog")).to_be_hidden()


def test_two_views_of_one_graph_move_together(page: Page, shown):
    shown("made = dl.lab(f, x, w)\ndisplay(made.graph.widget())\ndisplay(made.adjoint.widget())")
    drawing, tape = page.locator(WIDGET).nth(0), page.locator(WIDGET).nth(1)
    tape.get_by_role("button", name="first NaN").click()
    selected = drawing.locator(".dl-selected[data-id]")
    expect(selected).to_contain_text("sqrt")


def test_a_closed_kernel_leaves_the_view_usable(page: Page, shown):
    root = shown("e = dl.lab(lambda a, b: jnp.sin(a * b) * jnp.cos(a * b) + b, 1.0, 2.0); e")
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    tab(root, "Adjoint")
    root.focus()
    page.keyboard.press("End")
    expect(root.locator(".dl-big")).to_be_visible()
    tab(root, "Elimination")
    root.locator("[data-id]:visible", has_text="cos").first.click()
    expect(root.get_by_text("kernel", exact=False).first).to_be_visible(timeout=15_000)


def test_a_lab_that_fails_shows_its_message_and_the_others_work(shown):
    root = shown("dl.lab(lambda n: jnp.arange(3) * n, 3)")
    tab(root, "Check")
    expect(root.get_by_text("derivatives need floats").first).to_be_visible()
    tab(root, "Graph")
    expect(root.locator("[data-id]").first).to_be_visible()
