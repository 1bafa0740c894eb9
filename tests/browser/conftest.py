"""Fixtures of the browser tests: one Chromium and one private JupyterLab a session, one fresh page a test.

A test that fails leaves a screenshot and the page's console in `tests/browser/artifacts`. A request that leaves this
machine fails the test that made it.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from tests.browser.jupyterlab import LIGHT, Lab, serve, shut_down_kernels, watch, widget_of
from tests.run import CHROMIUM_HINT, find_chromium

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = Path(__file__).resolve().parent / "artifacts"
VIEWPORT = {"width": 1280, "height": 900}
OUTCOME = pytest.StashKey[pytest.TestReport]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Keep the outcome where the page's fixture finds it."""
    report = yield
    if report.when == "call":
        item.stash[OUTCOME] = report
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium; without one the tests are skipped, or fail where DIFFLAB_REQUIRE_BROWSER=1."""
    executable = find_chromium()
    if executable is None:
        (pytest.fail if os.environ.get("DIFFLAB_REQUIRE_BROWSER") == "1" else pytest.skip)(CHROMIUM_HINT)
    arguments = ["--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"]
    if getattr(os, "geteuid", lambda: 1)() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def shown(request: pytest.FixtureRequest, page: Page, lab: Lab) -> Callable[..., Locator]:
    """Show an expression after the module's SETUP, in a notebook; give its widget's root."""
    return lambda expression, theme=LIGHT: widget_of(page, lab, [request.module.SETUP, expression], theme)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A private JupyterLab over a copy of the notebooks."""
    folder = tmp_path_factory.mktemp("notebooks")
    shutil.copytree(ROOT / "notebooks", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
    with serve(folder, tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture
def page(chromium: Browser, lab: Lab, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh page, logged in to the lab: `open_notebook(page, "00_tour.ipynb")`."""
    with_lab = chromium.new_context(base_url=lab.url, viewport=VIEWPORT, device_scale_factor=1)
    with_lab.request.get(f"/login?token={lab.token}").dispose()
    yield from _watched_page(with_lab, request)


@pytest.fixture
def standalone(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[[Path], Page]]:
    """Open an HTML file from disk, without a server and without a network: `page = standalone(path)`."""
    pages = _watched_page(chromium.new_context(offline=True, viewport=VIEWPORT, device_scale_factor=1), request)
    page = next(pages)

    def visit(file: Path) -> Page:
        page.goto(file.resolve().as_uri())
        return page

    yield visit
    next(pages, None)


@pytest.fixture
def console(request: pytest.FixtureRequest) -> list[str]:
    """What the page's console said so far, as `error: text`; errors of scripts are `pageerror: text`."""
    return request.node.stash.setdefault(CONSOLE, [])


CONSOLE = pytest.StashKey[list[str]]()


def _watched_page(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Give a page of the context; afterwards keep the evidence of a failure, stop the kernels, check the network."""
    said = request.node.stash.setdefault(CONSOLE, [])
    outside = watch(context)
    page = context.new_page()
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"pageerror: {error}"))
    try:
        yield page
        outcome = request.node.stash.get(OUTCOME, None)
        if outcome is None or outcome.failed:
            _keep_evidence(page, request.node.nodeid, said)
        shut_down_kernels(page)
    finally:
        context.close()
    assert not outside, f"requests left this machine: {outside}"


def _keep_evidence(page: Page, test: str, said: list[str]) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    name = re.sub(r"[^\w-]+", "-", test.partition("::")[2]).strip("-")
    page.screenshot(path=ARTIFACTS / f"{name}.png")
    (ARTIFACTS / f"{name}.console.txt").write_text("\n".join(said) + "\n", encoding="utf-8")
