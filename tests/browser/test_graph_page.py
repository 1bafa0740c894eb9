"""The exported page of a graph, offline: it opens what was closed at first, finds, follows and can be read anywhere."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.programs import line_of, pages


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return pages(tmp_path_factory.mktemp("pages"))


@pytest.fixture
def opened(standalone, files, console):
    def open_page(name: str, **media) -> Page:
        page = standalone(files(name))
        page.set_default_timeout(10_000)
        page.emulate_media(**media)
        expect(page.locator("[data-id]").first).to_be_visible()
        page.locator(".dl-root").focus()
        return page

    yield open_page
    assert not [line for line in console if line.startswith(("pageerror", "error"))]


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def find(page: Page, query: str) -> None:
    page.keyboard.press("/")
    page.locator("input[type=search]").fill(query)
    page.keyboard.press("Enter")


def box(page: Page, words: str) -> Locator:
    """The first closed box with these words."""
    return page.locator(".dl-boxes [data-id]", has_text=words).first


def selected(page: Page) -> Locator:
    return page.locator(".dl-selected[data-id]")


def said(page: Page) -> Locator:
    return page.locator(".dl-live")


def inspector(page: Page) -> Locator:
    return page.locator(".dl-inspector")


def test_a_part_that_was_not_sent_opens_from_the_archive_in_its_place(opened):
    page = opened("many_parts")
    find(page, "part8")
    expect(selected(page)).to_have_attribute("aria-label", re.compile("part8, .*closed"))
    before = selected(page).locator("[data-toggle]").bounding_box()
    selected(page).locator("[data-toggle]").click()
    frame = page.locator(".dl-frame", has_text="part8")
    expect(frame).to_be_visible()
    now = frame.bounding_box()
    assert now["x"] <= before["x"] <= now["x"] + now["width"], "what was clicked stays under the pointer"
    assert now["y"] <= before["y"] <= now["y"] + now["height"]
    expect(said(page)).to_have_text(re.compile("part8 open"))
    expect(page.locator(".dl-root")).not_to_contain_text("needs a running kernel")


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("hidden", "tanh"),
        ("prim:dot_general scope:decoder", "dot_general"),
        (f"line:{line_of('back = small')} type:f32[8,4] prim:convert", "convert_element_type"),
        ("type:bf16", "convert_element_type"),
    ],
)
def test_a_hit_inside_a_closed_scope_is_gone_to(opened, query, hit):
    page = opened("loss")
    press(page, "Shift+[")
    expect(page.locator(".dl-frame")).to_have_count(0)
    find(page, query)
    expect(page.locator(".dl-frame")).to_have_count(1)
    expect(selected(page)).to_contain_text(hit)
    expect(selected(page)).to_be_in_viewport()
    expect(page.locator(".dl-found-count")).to_contain_text("1/")


def test_the_search_walks_from_hit_to_hit_into_parts_that_were_not_sent(opened):
    page = opened("many_parts")
    find(page, "scope:part8 prim:tanh")
    expect(page.locator(".dl-found-count")).to_have_text(re.compile(r"1/\d+"))
    expect(page.locator(".dl-frame", has_text="part8")).to_be_visible()
    first = inspector(page).inner_text()
    press(page, "n")
    expect(page.locator(".dl-found-count")).to_have_text(re.compile(r"2/\d+"))
    expect(inspector(page)).not_to_have_text(first)
    press(page, "Shift+N")
    expect(page.locator(".dl-found-count")).to_have_text(re.compile(r"1/\d+"))
    find(page, "nowhere_to_be_found")
    expect(page.locator(".dl-found-count")).to_have_text("no hit")


def test_a_portal_is_followed_and_the_history_leads_back(opened):
    page = opened("far_apart")
    page.locator("[data-id='0']").click()
    expect(inspector(page)).to_contain_text("cos")
    page.locator(".dl-stub[role=button]", has_text="mul").first.locator(".dl-hit").click()
    expect(inspector(page).locator(".dl-pane-title")).to_contain_text("product")
    expect(selected(page)).to_be_in_viewport()
    press(page, "Alt+ArrowLeft")
    expect(inspector(page).locator(".dl-pane-title")).to_contain_text("kept")
    press(page, "Alt+ArrowRight")
    expect(inspector(page).locator(".dl-pane-title")).to_contain_text("product")
    inspector(page).locator("section", has_text="Before").get_by_role("button").first.click()
    expect(inspector(page).locator(".dl-pane-title")).to_contain_text("kept")


def test_a_consumer_in_the_inspector_is_a_way(opened):
    page = opened("loss")
    box(page, "tanh").click()
    inspector(page).locator("section", has_text="Used by").get_by_role("button").first.click()
    expect(selected(page)).to_contain_text("convert_element_type")
    inspector(page).locator("section", has_text="Operands").get_by_role("button").first.click()
    expect(selected(page)).to_contain_text("tanh")
    expect(said(page)).to_contain_text("tanh")


@pytest.mark.parametrize(("overlay", "words"), [("flops", "total"), ("kept", "total"), ("dtype", "bf16")])
def test_an_overlay_shows_figures_and_its_legend(opened, overlay, words):
    page = opened("gradient")
    page.locator(".dl-overlays").select_option(overlay)
    legend = page.get_by_label("legend")
    expect(legend).to_contain_text(words)
    expect(page.locator(".dl-boxes .dl-toned .dl-figure").first).to_be_visible()
    figure = page.locator(".dl-boxes .dl-toned").first
    assert figure.locator(".dl-figure").text_content() in figure.get_attribute("aria-label"), "colour is never alone"
    if overlay != "dtype":
        page.locator(".dl-root").focus()
        press(page, "m")
        expect(selected(page).locator(".dl-figure")).to_have_count(1)
        expect(legend.locator(".dl-top")).to_contain_text(selected(page).locator(".dl-label").first.text_content())


@pytest.mark.parametrize("overlay", ["value", "gradient", "time"])
def test_an_overlay_that_runs_the_function_asks_for_a_kernel(opened, overlay):
    page = opened("loss")
    page.locator(".dl-overlays").select_option("flops")
    page.locator(".dl-overlays").select_option(overlay)
    expect(page.locator(".dl-notices")).to_contain_text("needs a running kernel")
    expect(page.locator(".dl-overlays")).to_have_value("flops")
    box(page, "tanh").click()
    expect(inspector(page)).to_contain_text("tanh")


def test_folded_the_reverse_sweep_stands_right_of_the_forward_one(opened):
    page = opened("gradient")
    box(page, "tanh").click()
    page.locator(".dl-arrangements").select_option("fold")
    expect(page.locator(".dl-edge-residual").first).to_be_attached()
    expect(selected(page)).to_contain_text("tanh")
    expect(selected(page)).to_be_in_viewport()
    press(page, "Shift+[", "f")
    sides = page.evaluate(
        """() => ["forward", "reverse"].map(phase => [...document.querySelectorAll(`.dl-phase-${phase}`)]
            .map(node => { const r = node.getBoundingClientRect(); return r.left + r.width / 2; }))"""
    )
    assert all(sides), "both sweeps are drawn"
    assert max(sides[0]) < min(sides[1])
    page.locator(".dl-arrangements").select_option("layered")
    expect(page.locator(".dl-arrangements")).to_have_value("layered")
    expect(selected(page)).to_have_count(1)


def test_source_and_program_are_linked_with_the_selection_both_ways(opened):
    page = opened("loss")
    press(page, "s")
    panes = page.get_by_label("source and program", exact=True)
    current = panes.locator(".dl-current")
    box(page, "tanh").click()
    expect(current).to_contain_text("hidden = jnp.tanh(x @ w)")
    panes.locator(".dl-row", has_text="miss = back - x").click()
    expect(selected(page)).to_contain_text("sub")
    expect(inspector(page)).to_contain_text("miss")
    page.get_by_role("button", name="program", exact=True).click()
    expect(current).to_contain_text("miss")
    panes.locator(".dl-row", has_text="tanh").first.click()
    expect(selected(page)).to_contain_text("tanh")
    page.keyboard.press("s")
    expect(panes).to_be_hidden()


def test_the_neighbourhood_of_a_node_without_a_kernel_dims_all_else(opened):
    page = opened("loss")
    box(page, "tanh").click()
    press(page, "e")
    bar, bright = page.locator(".dl-around"), page.locator(".dl-boxes [data-id]:not(.dl-dim)")
    expect(bar).to_contain_text("hidden")
    near = bright.count()
    assert 1 < near < page.locator(".dl-boxes [data-id]").count()
    press(page, "+")
    expect(bar.locator("select")).to_have_value("2")
    assert bright.count() > near
    press(page, "Escape")
    expect(bar).to_be_hidden()
    expect(page.locator(".dl-dim")).to_have_count(0)


KEYS = {
    "← ↑ ↓ →": ["ArrowUp", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowLeft"],
    "Enter": ["u", "Enter", "Enter"],
    "] [": ["[", "]", "Shift+[", "Shift+]"],
    "Alt+← →": ["Alt+ArrowLeft", "Alt+ArrowRight"],
    "u": ["u"],
    "f": ["f"],
    "z": ["z"],
    "+ −": ["+", "-"],
    "e": ["e", "+", "-", "Escape"],
    "o O": ["o", "Shift+O", "o"],
    "m": ["m"],
    "l": ["l", "l"],
    "/": ["/", "Escape", "Escape"],
    "n N": ["n", "Shift+N"],
    "s": ["s", "s"],
    "i": ["i", "i"],
    "?": ["?", "?"],
    "Esc": ["?", "Escape"],
}
STATE = """() => JSON.stringify([document.querySelector(".dl-root").outerHTML,
    document.activeElement.className, [...document.querySelectorAll("select")].map(one => one.value)])"""
"""All that can be seen of the view, and where the keys go."""


def test_every_key_of_the_help_does_something(opened):
    page = opened("gradient")
    press(page, "?")
    listed = page.locator(".dl-help-row kbd").all_inner_texts()
    assert set(listed) == set(KEYS), "a key of the help is not tried here, or the other way round"
    press(page, "Escape")
    find(page, "prim:convert")
    for name in listed:
        for key in KEYS[name]:
            before = page.evaluate(STATE)
            press(page, key)
            page.wait_for_function(f"before => ({STATE})() !== before", arg=before, timeout=5_000)


def test_the_live_line_says_what_happens(opened):
    page = opened("loss")
    expect(said(page)).to_have_attribute("aria-live", "polite")
    box(page, "tanh").click()
    expect(said(page)).to_contain_text("tanh")
    press(page, "u")
    expect(said(page)).to_contain_text("encoder")
    press(page, "Enter")
    expect(said(page)).to_have_text("encoder closed")
    press(page, "o")
    expect(said(page)).to_contain_text("overlay")
    press(page, "/")
    page.keyboard.type("tanh")
    expect(said(page)).to_contain_text("hit")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_colour_schemes_are_followed(opened, scheme):
    page = opened("loss", color_scheme=scheme)
    page.wait_for_function("document.getAnimations().length === 0")

    def brightness(css: str) -> float:
        colour = page.locator(css).first.evaluate("node => getComputedStyle(node).fill")
        parts = [float(part) for part in re.findall(r"[\d.]+", colour)[:3]]
        return sum(parts) / (3 if colour.startswith("color") else 3 * 255)

    ink, plate = brightness(".dl-boxes .dl-label"), brightness(".dl-boxes .dl-plate")
    assert ink < 0.4 < 0.6 < plate if scheme == "light" else plate < 0.4 < 0.6 < ink


def test_reduced_motion_is_respected(opened):
    moves = """() => {
        const root = document.querySelector(".dl-root");
        root.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true}));
        return Promise.resolve().then(() => Promise.resolve()).then(() => document.getAnimations().length);
    }"""
    page = opened("loss", reduced_motion="reduce")
    page.locator(".dl-frame", has_text="encoder").locator(".dl-bar").click()
    assert page.evaluate(moves) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moves) > 0


def test_four_hundred_pixels_are_enough(opened):
    page = opened("gradient")
    page.set_viewport_size({"width": 400, "height": 800})
    for keys in ([], ["o"], ["s"], ["i"], ["?"]):
        press(page, *keys)
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, keys
    press(page, "Escape", "s")
    expect(page.locator("[data-id]").first).to_be_visible()
    page.locator("input[type=search]").click()
    page.keyboard.type("prim:tanh")
    press(page, "Enter")
    expect(selected(page)).to_be_in_viewport()
    outside = """() => [...document.querySelectorAll(".dl-toolbar button, .dl-toolbar select, .dl-toolbar input")]
        .filter(e => e.offsetParent && (e.getBoundingClientRect().right > 400 || e.getBoundingClientRect().left < 0))
        .map(e => e.className)"""
    assert page.evaluate(outside) == []


def test_a_comparison_shows_signs_and_walks_from_change_to_change(opened):
    page = opened("comparison")
    expect(page.locator(".dl-overlays")).to_have_value("change")
    for tone, sign in (("added", "+"), ("removed", "−"), ("changed", "~")):
        expect(page.locator(f".dl-boxes .dl-tone-{tone} .dl-sign").first).to_have_text(sign)
        expect(page.get_by_label("legend")).to_contain_text(tone)
    met = []
    for _ in range(4):
        press(page, "n")
        met.append(selected(page).get_attribute("data-id"))
        expect(selected(page)).to_have_class(re.compile("dl-tone-(added|removed|changed)"))
    assert len(set(met)) == 4
    press(page, "Shift+N")
    expect(selected(page)).to_have_attribute("data-id", met[-2])
    boxes = page.locator(".dl-boxes [data-id]")
    whole = boxes.count()
    page.locator(".dl-arrangements").select_option("changes")
    expect(boxes).not_to_have_count(whole)
    assert boxes.count() < whole
    expect(page.locator(".dl-boxes .dl-tone-added")).to_have_count(1)


def test_a_partial_graph_says_where_the_trace_stopped(opened):
    page = opened("partial")
    banner = page.locator(".dl-partial")
    expect(banner).to_contain_text("The trace stopped here")
    expect(banner).to_contain_text("Incompatible shapes")
    expect(banner).to_contain_text("return doubled + jnp.ones(5)")
    banner.get_by_role("button").click()
    bad = page.locator(".dl-bad-line")
    expect(bad).to_contain_text("return doubled + jnp.ones(5)")
    expect(bad).to_contain_text(str(line_of("return doubled + jnp.ones(5)")))
    box(page, "mul").click()
    expect(inspector(page)).to_contain_text("doubled")


def test_a_training_step_opens_level_by_level_with_a_map(opened):
    page = opened("large")
    boxes = page.locator("[data-id]")
    assert boxes.count() < 300
    before = boxes.count()
    expect(page.locator(".dl-minimap")).to_be_visible()
    press(page, "Shift+[")
    expect(page.locator(".dl-frame")).to_have_count(0)
    press(page, "]")
    expect(page.locator(".dl-frame").first).to_be_attached()
    press(page, "[")
    expect(page.locator(".dl-frame")).to_have_count(0)
    assert boxes.count() <= before
    find(page, "scope:layer3 prim:exp")
    expect(selected(page)).to_contain_text("exp")
    expect(page.locator(".dl-minimap")).to_be_visible()
    corner = page.locator(".dl-minimap").bounding_box()
    held = selected(page).bounding_box()
    page.mouse.click(corner["x"] + corner["width"] / 2, corner["y"] + 4)
    assert selected(page).count() == 0 or selected(page).bounding_box() != held, "the map moves the view"
