"""The graph view on training steps of 340 to 67,000 equations, in a real JupyterLab: what a user waits for.

Each time is from the user's act to the first frame after its effect: from running the cell to boxes in the page, from
opening a box that was not carried to its contents, from a keystroke in the search box to the count of hits.
"""

from __future__ import annotations

import statistics

import psutil
import pytest
from playwright.sync_api import Page

from tests.benchmarks.results import machine, record, table
from tests.browser.jupyterlab import Lab, in_kernel, open_notebook

LAYERS = (1, 4, 12, 48, 192)
SETUP = """
import json, time
import difflab as dl
from difflab.show.graph import GraphView
from difflab.zoo.training import training_step
dl.graph(lambda x: x, 1.0).widget()
asked, answer = [], GraphView.answer
GraphView.answer = lambda self, message: (asked.append(message["kind"]), answer(self, message))[1]
t = time.perf_counter(); g = dl.graph(*(s := training_step({layers}))[:1], *s[1]); captured = time.perf_counter() - t
"""
RUN = """async index => {
    const content = jupyterapp.shell.currentWidget.content;
    content.activeCellIndex = index;
    const start = performance.now();
    await jupyterapp.commands.execute("notebook:run-cell");
    while (index > 0 && document.querySelector(".dl-root [data-id]") === null)
        await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""
OPEN = """async () => {
    const root = document.querySelector(".dl-root");
    const inside = ({top, bottom, left, right}) => {
        const area = root.querySelector(".dl-drawing").getBoundingClientRect();
        return top > area.top && bottom < area.bottom && left > area.left && right < area.right;
    };
    const act = (type, target) => {
        const {left, top, width, height} = target.getBoundingClientRect();
        const at = {bubbles: true, clientX: left + width / 2, clientY: top + height / 2};
        target.dispatchEvent(new MouseEvent(type, at));
    };
    const rest = () => new Promise(resolve => setTimeout(resolve, 400));
    const done = new Set(), times = [];
    for (let k = 0; k < 24; k++) {
        const next = () => [...root.querySelectorAll(".dl-opens[data-id]")]
            .find(found => !done.has(found.dataset.id) && inside(found.getBoundingClientRect()));
        let box = next();
        if (!box) {
            root.dispatchEvent(new KeyboardEvent("keydown", {key: "f", bubbles: true}));
            await rest();
            box = next();
        }
        if (!box) break;
        const id = box.dataset.id;
        done.add(id);
        const start = performance.now();
        act("dblclick", box);
        const open = () => root.querySelector(`.dl-frame[data-id="${id}"]`);
        const far = root.querySelector(".dl-far-canvas");
        while (!open() && far.hidden && performance.now() - start < 10_000) await new Promise(requestAnimationFrame);
        times.push(performance.now() - start);
        await rest();
        if (!far.hidden) break;
        // The outermost stay open, so that what is deeper is seen; the others make room again.
        if (k % 3 > 0) act("click", open()?.querySelector("[data-toggle]"));
        await rest();
    }
    return times;
}"""
SEARCH = """async query => {
    const root = document.querySelector(".dl-root"), box = root.querySelector("input.dl-search");
    const count = root.querySelector(".dl-found-count");
    box.focus();
    box.value = "";
    box.dispatchEvent(new Event("input", {bubbles: true}));
    const times = [];
    for (let k = 1; k <= query.length; k++) {
        box.value = query.slice(0, k);
        const start = performance.now();
        box.dispatchEvent(new Event("input", {bubbles: true}));
        while (!/\\d/.test(count.textContent) && performance.now() - start < 10_000)
            await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        times.push(performance.now() - start);
    }
    const hits = count.textContent;
    box.value = "";
    box.dispatchEvent(new Event("input", {bubbles: true}));
    return [times, hits];
}"""
PAN = """async () => {
    const root = document.querySelector(".dl-root"), area = root.querySelector(".dl-drawing");
    const {left, top, width, height} = area.getBoundingClientRect();
    const at = (type, x, y) => area.dispatchEvent(new PointerEvent(type, {
        bubbles: true, pointerId: 1, isPrimary: true, button: 0, buttons: type === "pointerup" ? 0 : 1,
        clientX: left + x, clientY: top + y}));
    at("pointerdown", width / 2, height / 2);
    const times = [];
    let before = await new Promise(requestAnimationFrame);
    for (let k = 1; k <= 120; k++) {
        at("pointermove", width / 2 + 120 * Math.sin(k / 12), height / 2 + 80 * Math.sin(k / 7));
        const now = await new Promise(requestAnimationFrame);
        times.push(now - before);
        before = now;
    }
    at("pointerup", width / 2, height / 2);
    return times;
}"""


def renderer_bytes() -> int:
    """Resident memory of the largest page of the browser."""
    pages = [p for p in psutil.process_iter(["cmdline"]) if "--type=renderer" in (p.info["cmdline"] or [])]
    return max(p.memory_info().rss for p in pages)


def heap(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return session.send("Runtime.getHeapUsage")["usedSize"]


def measured(page: Page, lab: Lab, layers: int) -> list[object]:
    path = lab.write(f"layers{layers}.ipynb", [SETUP.format(layers=layers), "g"])
    open_notebook(page, path)
    page.set_default_timeout(240_000)
    page.evaluate(RUN, 0)
    empty_heap, empty = heap(page), renderer_bytes()
    first = page.evaluate(RUN, 1) / 1000
    sizes = in_kernel(page, "(g.size, len(json.dumps(GraphView(g).section())))").strip("()").split(", ")
    times, hits = page.evaluate(SEARCH, "dot_general")
    in_kernel(page, "asked.clear()")
    opened = page.evaluate(OPEN)
    asked = in_kernel(page, "asked.count('scope')")
    grown_heap, grown = heap(page), renderer_bytes()
    return [
        f"{int(sizes[0]):,}", f"{float(in_kernel(page, 'captured')):.2f} s", f"{first:.2f} s",
        f"{int(sizes[1]) / 1024:,.0f} KB", f"{statistics.median(opened):.0f} ({max(opened):.0f}) ms",
        f"{len(opened)} ({asked})",
        f"{times[0]:.0f} ms", f"{statistics.median(times[1:]):.0f} ms", hits,
        f"{(grown_heap - empty_heap) / 2**20:.0f} MB", f"{grown / 2**20:.0f} MB ({(grown - empty) / 2**20:+.0f})",
    ]  # fmt: skip


def panned(page: Page, lab: Lab) -> list[list[object]]:
    """Frames while panning, as ever more is open."""
    open_notebook(page, lab.write("pan.ipynb", [SETUP.format(layers=4), "w = g.widget(height=800); w"]))
    page.set_default_timeout(240_000)
    page.evaluate(RUN, 0)
    page.evaluate(RUN, 1)
    root = page.locator(".dl-root").first
    rows: list[list[object]] = []
    for keys in ([], ["]"], ["]"], ["]"], ["Shift+]"]):
        root.focus()
        for key in (*keys, "f"):
            page.keyboard.press(key)
            page.wait_for_timeout(1500)
        shown = page.evaluate("() => document.querySelector('.dl-drawing').dataset.boxes")
        how = "SVG" if page.locator(".dl-far-canvas").is_hidden() else "canvas"
        times = page.evaluate(PAN)
        rows.append([shown, how, f"{statistics.median(times):.1f} ms", f"{sorted(times)[114]:.0f} ms"])
    return rows


@pytest.mark.slow
def test_table(page: Page, lab: Lab, capsys):
    rows = []
    for layers in LAYERS:
        rows.append([layers, *measured(page, lab, layers)])
        with capsys.disabled():
            print(rows[-1], flush=True)
    head = (
        "layers", "equations", "capture", "first picture", "payload", "open a scope, median (worst)", "opened (asked)",
        "first search", "a keystroke", "hits", "JS heap", "memory of the page (grown by)",
    )  # fmt: skip
    frames = table(("boxes, all in view", "drawn as", "frame, median", "95 %"), panned(page, lab))
    text = f"`make bench` on {machine('jax', 'jupyterlab', 'anywidget', 'graphlay')}; Chromium without a GPU.\n\n"
    text += (
        "Opened (asked): how many scopes were opened, and how many of them the kernel had to draw first. A keystroke\n"
    )
    text += "includes the wait for the next frame.\n\n"
    text += f"{table(head, rows)}\n\nFrames while panning over the 4-layer step, by level of opening:\n\n{frames}"
    with capsys.disabled():
        print(record("Graph view", text))
    assert len(rows) == len(LAYERS)
