"""The exported page of a graph, offline: it opens what was closed at first, finds, follows and can be read anywhere."""

import re

import jax
import jax.numpy as jnp
import pytest
from playwright.sync_api import expect

import difflab as dl


def many_parts(x):
    for k in range(540):
        with jax.named_scope(f"part{k // 60}"):
            x = jnp.sin(x) if k % 7 else x * 1.5
    return x


def far_apart(x):
    kept = jnp.cos(x)
    for _ in range(40):
        x = jnp.sin(x)
    product = x * kept
    return product + 1.0


@pytest.fixture
def opened(standalone, tmp_path):
    def open_page(f):
        file = tmp_path / "page.html"
        dl.graph(f, 1.0).to_html(str(file))
        page = standalone(file)
        expect(page.locator("[data-id]").first).to_be_visible()
        return page

    return open_page


def test_a_part_that_was_not_sent_opens_from_the_archive(opened, console):
    page = opened(many_parts)
    boxes = page.locator("[data-id]")
    before = boxes.count()
    page.locator(".dl-root").press("f")
    page.locator("[data-id]", has_text="part8").locator("[data-toggle]").click()
    expect(boxes).not_to_have_count(before)
    expect(page.locator(".dl-frame", has_text="part8")).to_be_visible()
    expect(page.locator(".dl-root")).not_to_contain_text("needs a running kernel")
    assert not [line for line in console if line.startswith(("pageerror", "error"))]


def test_the_search_finds(opened):
    page = opened(many_parts)
    page.locator("input[type=search]").fill("sin")
    expect(page.locator(".dl-found-count")).to_contain_text("hit")
    page.keyboard.press("Enter")
    expect(page.locator(".dl-inspector")).to_contain_text("sin")


def test_a_portal_leads_to_its_other_end(opened):
    page = opened(far_apart)
    page.locator("[data-id='0']").click()
    expect(page.locator(".dl-inspector")).to_contain_text("cos")
    page.locator(".dl-inspector").get_by_role("button").filter(has_text="product").first.click()
    expect(page.locator(".dl-inspector")).to_contain_text("mul")


def test_the_keyboard_is_enough(opened):
    page = opened(far_apart)
    page.locator(".dl-root").focus()
    for key in ("ArrowDown", "ArrowDown", "f", "z"):
        page.keyboard.press(key)
    expect(page.locator(".dl-inspector")).not_to_be_empty()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_colour_schemes_are_followed(opened, scheme):
    page = opened(far_apart)
    page.emulate_media(color_scheme=scheme)
    ink = page.evaluate("getComputedStyle(document.querySelector('.dl-root')).color")
    bright = sum(map(int, re.findall(r"\d+", ink)[:3]))
    assert bright < 300 if scheme == "light" else bright > 450, ink


def test_four_hundred_pixels_are_enough(opened):
    page = opened(many_parts)
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    expect(page.locator("[data-id]").first).to_be_visible()
