"""The check in a browser: on a saved page of every kind of report, and asked for more in JupyterLab."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from playwright.sync_api import expect

import difflab as dl

SETUP = """
import jax, jax.numpy as jnp
import difflab as dl
"""
PATIENT = {"budget": 240.0}


@jax.custom_jvp
def cube(v):
    return v**3


@cube.defjvp
def cube_rule(primals, tangents):
    return cube(*primals), 3.000003 * primals[0] ** 2 * tangents[0]


def layers(parameters, x):
    for layer in parameters:
        x = jnp.tanh(layer["w"] @ x + layer["b"])
    return x


def weights(m, n):
    return {"w": jnp.linspace(-1, 1, m * n).reshape(m, n), "b": jnp.linspace(0, 1, m)}


REPORTS = {
    "one": (lambda x: (1 - jnp.cos(x)) / x**2, jnp.float32(1e-3)),
    "refuted": (lambda x: jnp.stack([cube(x[0]) * x[1], x[1]]), jnp.array([2.0, 1.0])),
    "kink": (lambda x: jnp.abs(x) * x[1], jnp.array([0.0, 1.0])),
    "blocks": (layers, [weights(8, 6), weights(4, 8)], jnp.linspace(-1, 1, 6)),
    "large": (lambda u: u**3 + jnp.roll(u, 1), jnp.linspace(-1, 1, 81)),
    "complex": (lambda z: jnp.exp(1j * z) * jnp.conj(z), jnp.array([0.5 + 1j], "complex64")),
}


@pytest.fixture
def opened(standalone, tmp_path):
    def open_page(name):
        function, *arguments = REPORTS[name]
        dl.check(function, *arguments, **PATIENT).to_html(str(tmp_path / "page.html"))
        return standalone(tmp_path / "page.html")

    return open_page


@pytest.mark.parametrize("name", REPORTS)
def test_every_kind_of_report_is_drawn_and_fits(opened, console, name):
    page = opened(name)
    expect(page.locator(".dl-verdict")).to_be_visible()
    for width in (320, 700, 1400):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    root = page.locator(".dl-root")
    root.focus()
    for key in ("h", "x", "ArrowRight", "ArrowDown", "b", "h", "End"):
        page.keyboard.press(key)
    expect(page.locator(".dl-partial")).to_be_visible()
    assert not [line for line in console if line.startswith(("pageerror", "error"))]


def test_a_page_tells_formula_and_derivation_without_a_kernel(opened):
    page = opened("refuted")
    expect(page.locator(".dl-fault strong").first).to_contain_text("constant")
    expect(page.locator(".dl-formula math")).to_be_visible()
    expect(page.locator(".dl-steps")).to_contain_text("∂")


def test_blocks_open_and_close(opened):
    page = opened("blocks")
    page.locator("[data-block='0,1']").click()
    expect(page.locator("[data-place]")).to_have_count(4 * 48)
    page.get_by_role("button", name="back to the blocks").click()
    expect(page.locator("[data-block]")).to_have_count(5)


def test_more_of_an_entry_is_fetched_from_the_kernel(shown):
    many = "lambda u: u**3 + jnp.roll(u, 1) * u"
    root = shown(f"dl.check({many}, jnp.linspace(1.0, 2.0, 9), budget=240)")
    expect(root.locator(".dl-verdict")).to_contain_text("proved")
    assert root.locator("math").count() == 0
    root.get_by_role("button", name="ask the kernel").click()
    expect(root.locator(".dl-formula math")).to_be_visible(timeout=60_000)
    root.locator("[data-place='0,0']").click()
    expect(root.locator(".dl-more")).to_contain_text("3*u[0]**2", timeout=60_000)


def test_numbers_of_a_report_are_the_ones_on_the_screen(shown):
    root = shown("dl.check(lambda x: jnp.sin(x) * x, 1.3, budget=240)")
    true = float(np.cos(np.float64(np.float32(1.3))) * np.float32(1.3) + np.sin(np.float64(np.float32(1.3))))
    expect(root.locator(".dl-values tr").first).to_contain_text(f"{true:.12f}"[:12])
