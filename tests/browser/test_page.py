"""The self-contained page: opens from disk, offline, and what it carries still works."""

import jax
import jax.numpy as jnp
import pytest
from playwright.sync_api import expect

import difflab as dl


def network(x):
    def body(carry, row):
        return carry * jnp.tanh(row), carry

    with jax.named_scope("loop"):
        total, path = jax.lax.scan(body, 1.0, x)
    return total + jnp.sum(path)


@pytest.fixture
def opened(standalone, tmp_path):
    def open_page(shown):
        shown.to_html(str(tmp_path / "page.html"))
        return standalone(tmp_path / "page.html")

    return open_page


def test_all_views_work_without_kernel_and_network(opened, console):
    page = opened(dl.lab(network, jnp.array([0.5, 1.5])))
    root = page.locator(".dl-root")
    for name in ("Check", "Adjoint", "Elimination", "Graph"):
        root.get_by_role("tab", name=name).click()
        expect(root.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    boxes = root.locator("[data-id]")
    before = boxes.count()
    root.locator(".dl-frame [data-toggle]").first.click()
    expect(boxes).not_to_have_count(before)
    assert not [line for line in console if line.startswith(("pageerror", "error"))]


@pytest.mark.parametrize("width", [400, 1500])
def test_it_fits_narrow_and_wide_windows(opened, width):
    page = opened(dl.lab(network, jnp.array([0.5, 1.5])))
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("Check", "Adjoint", "Elimination", "Graph"):
        page.get_by_role("tab", name=name).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_large_function_opens_collapsed(opened):
    def deep(x):
        for k in range(1500):
            with jax.named_scope(f"part{k // 100}"):
                x = jnp.sin(x) * 1.5
        return x

    page = opened(dl.graph(deep, 1.0))
    expect(page.locator("[data-id]").first).to_be_visible()
    assert page.locator("[data-id]").count() < 200


def test_a_tiny_function_is_drawn_too(opened):
    page = opened(dl.graph(lambda x: x, 1.0))
    expect(page.locator("[data-id]")).to_have_count(2)
