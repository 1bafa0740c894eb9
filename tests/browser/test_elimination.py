"""The elimination explorer in a real JupyterLab: playing, matrix, regret, race, search, puzzles, groups, keys."""

import re

import jax.numpy as jnp
import pytest
from playwright.sync_api import Page, expect

import difflab as dl
from tests.browser.jupyterlab import DARK, in_kernel

SETUP = """\
import jax, jax.numpy as jnp
import difflab as dl
from difflab import zoo
from difflab.labs.elimination.puzzles import challenge
def small(a, b):
    c = a * b
    return jnp.sin(c) * jnp.cos(c) + b
def chain(x):
    for k in range(600):
        x = jnp.sin(x) * 1.01 if k % 2 else jnp.cos(x)
    return x
roe = zoo.load("roe_flux_1d")
"""
SMALL = "e = dl.eliminate(small, 1.0, 2.0); shown = e.widget(); e"
ROE = "e = dl.eliminate(roe.function, *roe.arguments()); shown = e.widget(); e"
PLAYED = "shown.shown['elimination']"


def settled(page: Page, expression: str, wanted: str) -> None:
    """Wait until the kernel agrees."""
    for _ in range(150):
        if (found := in_kernel(page, expression)) == wanted:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{expression} is {found}, not {wanted}")


def tool(root, name):
    return root.get_by_role("button", name=name, exact=True)


def pane(root, name):
    root.get_by_role("tab", name=name, exact=True).click()


def test_hovering_announces_what_a_click_would_do(page: Page, shown):
    root = shown(SMALL)
    vertex = root.locator(f"[data-id={in_kernel(page, 'e.remaining[0]')}]")
    vertex.hover()
    expect(root.get_by_role("tooltip")).to_contain_text("4 new edges, 0 merged")
    expect(root.locator(".dl-ghosts .dl-edge")).to_have_count(4)
    assert in_kernel(page, f"{PLAYED}.order") == "()"
    root.locator(".dl-toolbar").hover()
    expect(root.locator(".dl-ghosts .dl-edge")).to_have_count(0)


def test_the_diagonal_of_the_matrix_eliminates_and_the_matrix_follows_the_slider(page: Page, shown):
    root = shown(SMALL)
    vertex = in_kernel(page, "e.remaining[0]").strip("'")
    matrix = root.get_by_role("img", name="extended Jacobian")
    expect(matrix).to_have_attribute("aria-label", "extended Jacobian, 5 by 6, 8 entries, 0 of them filled in")
    root.locator(f"[data-pivot='{vertex}']").click()
    settled(page, f"{PLAYED}.order", f"('{vertex}',)")
    expect(matrix).to_have_attribute("aria-label", "extended Jacobian, 5 by 6, 8 entries, 4 of them filled in")
    root.focus()
    page.keyboard.press("Home")
    expect(matrix).to_have_attribute("aria-label", "extended Jacobian, 5 by 6, 8 entries, 0 of them filled in")


def test_bars_show_regret_and_a_click_goes_to_their_step(page: Page, shown):
    root = shown(SMALL)
    tool(root, "eliminate everything in forward order").click()
    settled(page, f"{PLAYED}.finished", "True")
    counts = f"({PLAYED}.counts.scalar_cost, shown.elimination['bound']['value'])"
    paid, least = (int(part) for part in in_kernel(page, counts).strip("()").split(","))
    expect(root.locator(".dl-score")).to_contain_text(f"regret {paid - least}")
    expect(root.locator(".dl-score")).to_contain_text(f"gap {paid - least}")
    bars = root.locator(".dl-regret").bounding_box()
    page.mouse.click(bars["x"] + 34 + 45, bars["y"] + bars["height"] - 10)
    expect(root.locator(".dl-transport")).to_contain_text("after 2 of 4 steps")
    root.locator(f"[data-id='{in_kernel(page, 'e.remaining[3]')[1:-1]}']").click()
    settled(page, f"{PLAYED}.order == (*e.remaining[:2], e.remaining[3])", "True")


def test_the_best_order_is_optimal_and_its_proof_is_checked(page: Page, shown):
    root = shown("e = challenge('simple'); shown = e.widget(); e")
    tool(root, "play the best completion from here (e)").click()
    expect(root.get_by_role("img", name="par 6: 3 stars")).to_be_visible(timeout=60_000)
    expect(root.locator(".dl-score")).to_contain_text("optimal")
    tool(root, "have it checked what is proved of this order (v)").click()
    expect(root.locator(".dl-notice")).to_contain_text("cost 6, bound 6, optimal", timeout=60_000)
    root.get_by_label("puzzle", exact=True).select_option("hole")
    expect(root.locator(".dl-puzzle")).to_contain_text("par 22")
    settled(page, f"{PLAYED}.linear.name", "'hole'")


def test_the_order_is_dragged_and_moved_by_keys_undone_and_redone(page: Page, shown):
    root = shown(SMALL)
    tool(root, "eliminate everything in forward order").click()
    settled(page, f"{PLAYED}.finished", "True")
    order = in_kernel(page, f"{PLAYED}.order")
    pane(root, "order")
    rows = root.locator(".dl-order-list .dl-order")
    first, third = rows.nth(0).bounding_box(), rows.nth(2).bounding_box()
    page.mouse.move(first["x"] + 60, first["y"] + 8)
    page.mouse.down()
    page.mouse.move(first["x"] + 60, first["y"] + 24)
    page.mouse.move(third["x"] + 60, third["y"] + third["height"] - 2)
    page.mouse.up()
    dragged = f"(lambda o: (o[1], o[2], o[0], *o[3:]))({order})"
    settled(page, f"{PLAYED}.order == {dragged}", "True")
    rows.nth(2).focus()
    page.keyboard.press("Alt+ArrowUp")
    settled(page, f"{PLAYED}.order == (lambda o: (o[1], o[0], *o[2:]))({order})", "True")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    settled(page, f"{PLAYED}.order", order)
    page.keyboard.press("y")
    settled(page, f"{PLAYED}.order == {dragged}", "True")


def test_a_locked_vertex_goes_last(page: Page, shown):
    root = shown(SMALL)
    root.focus()
    page.keyboard.press("n")
    page.keyboard.press("l")
    settled(page, "shown.elimination['locks'] == {e.remaining[0]: 'first'}", "True")
    page.keyboard.press("l")
    settled(page, "shown.elimination['locks'] == {e.remaining[0]: 'last'}", "True")
    page.keyboard.press("e")
    settled(page, f"{PLAYED}.finished and {PLAYED}.order[-1] == e.remaining[0]", "True")


def test_two_orders_race(page: Page, shown):
    root = shown(SMALL)
    tool(root, "eliminate everything in forward order").click()
    settled(page, f"{PLAYED}.finished", "True")
    pane(root, "race")
    root.get_by_label("order to race against").select_option("reverse")
    mine, theirs = in_kernel(page, "[b.scalar_cost for b in e.baselines()][:2]").strip("[]").split(", ")
    expect(root.locator(".dl-found")).to_contain_text(f"after 4 steps: {mine} to {theirs}")


def test_a_search_leaves_the_view_usable_and_its_order_is_adopted(page: Page, shown):
    root = shown(ROE)
    pane(root, "search")
    root.get_by_label("seconds to search").fill("60")
    tool(root, "search for a cheaper order (s)").click()
    expect(root.locator(".dl-found")).to_contain_text("all edges", timeout=60_000)
    best = min(int(part) for part in in_kernel(page, "[b.scalar_cost for b in e.baselines()]").strip("[]").split(", "))
    page.wait_for_function(
        "best => Number(document.querySelector('.dl-found b')?.textContent) < best", arg=best, timeout=60_000
    )
    root.locator(f"[data-id='{in_kernel(page, 'e.remaining[0]')[1:-1]}']").click()
    settled(page, f"len({PLAYED}.order)", "1")
    tool(root, "play the best order found").click()
    expect(root.locator(".dl-transport")).to_contain_text("after 91 of 91 steps", timeout=60_000)
    settled(page, f"{PLAYED}.finished and {PLAYED}.counts.scalar_cost < {best}", "True")
    pane(root, "order")
    expect(root.locator(".dl-table")).to_contain_text("search")


def test_a_large_graph_opens_by_its_parts(page: Page, shown):
    root = shown("e = dl.eliminate(chain, 1.0); shown = e.widget(); e", DARK)
    expect(root.locator(".dl-role-group").first).to_be_visible()
    vertex = root.locator(".dl-role-intermediate").nth(1)
    while vertex.count() == 0:
        before = in_kernel(page, "shown.elimination['group']")
        root.locator(".dl-role-group").first.click()
        settled(page, f"shown.elimination['group'] == {before}", "False")
    expect(vertex).to_be_visible()
    vertex.click()
    settled(page, f"len({PLAYED}.order)", "1")
    root.focus()
    page.keyboard.press("Backspace")
    expect(root.locator(".dl-role-group", has_text=re.compile(r"\d+ of \d+ left")).first).to_be_visible()


@pytest.mark.parametrize("width", [400, 960])
def test_nothing_sticks_out_of_a_narrow_page(standalone, tmp_path, width):
    file = tmp_path / "game.html"
    dl.eliminate(lambda x, y: jnp.sin(x * y) * jnp.cos(x * y) + y, 1.0, 2.0).play("forward").to_html(str(file))
    page = standalone(file)
    page.set_viewport_size({"width": width, "height": 900})
    root = page.locator(".dl-root")
    for name in ("matrix", "order", "race", "search"):
        if name != "matrix":
            pane(root, name)
        wide = "() => [...document.querySelectorAll('.dl-root *')].filter(e => e.scrollWidth > e.clientWidth + 1 "
        wide += "&& getComputedStyle(e).overflowX === 'auto' && e.clientWidth > 0).map(e => e.className)"
        assert page.evaluate(wide) == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
