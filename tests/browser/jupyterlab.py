"""A private JupyterLab and how to drive it: open a notebook, run it, read its errors; and a watch on the network.

Nothing here sleeps: each step waits for what JupyterLab itself says is done. The server has its own configuration,
runtime and settings folders, so the user's are neither read nor touched.
"""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import BrowserContext, Locator, Page, expect

START_SECONDS = 120
RUN_MILLISECONDS = 240_000
STEP_MILLISECONDS = 20_000
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
# All cells are in the page at once (by default those out of sight are not), and nothing asks the network or saves.
SETTINGS = """\
{
  "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
  "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false},
  "@jupyterlab/docmanager-extension:plugin": {"autosave": false}
}
"""


@dataclass(frozen=True)
class Lab:
    """A running server: its address, its token, and the folder that it shows."""

    url: str
    token: str
    folder: Path

    def write(self, name: str, cells: Sequence[str]) -> str:
        """Write a notebook of code cells into the folder; return its name, for `open_notebook`."""
        metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        nbformat.write(
            new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=metadata), self.folder / name
        )
        return name


@contextmanager
def serve(folder: Path, private: Path) -> Iterator[Lab]:
    """Start a server on a free port of the loopback; stop it at the end."""
    settings = private / "settings"
    settings.mkdir(parents=True)
    (settings / "overrides.json").write_text(SETTINGS)
    port, token = _free_port(), secrets.token_hex(16)
    homes = (
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
        "IPYTHONDIR",
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_"))},
        **{name: str(private / name.lower()) for name in homes},
        "JUPYTER_TOKEN": token,
    }
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"),
        f"--LabApp.app_settings_dir={settings}",
    ]
    log = private / "server.log"
    with log.open("wb") as output, subprocess.Popen(command, env=environment, stdout=output, stderr=output) as server:
        try:
            lab = Lab(f"http://127.0.0.1:{port}", token, folder)
            _wait_until_ready(lab, server, log)
            yield lab
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()


def open_notebook(page: Page, path: str, theme: str = LIGHT) -> None:
    """Open a notebook of the server's folder and wait until its kernel answers; set the theme."""
    page.goto(f"/lab/tree/{quote(path)}?reset")
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate(
        """async path => {
            await jupyterapp.restored;
            const panel = await jupyterapp.commands.execute("docmanager:open", {path});
            await panel.revealed;
            await panel.context.ready;
            await panel.sessionContext.ready;
            await panel.sessionContext.session.kernel.info;
        }""",
        path,
    )
    set_theme(page, theme)


def set_theme(page: Page, theme: str) -> None:
    """Switch JupyterLab's theme and wait until the switch is over."""
    page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)


def run_all(page: Page) -> None:
    """Run every cell of the open notebook; return when the last one is done."""
    page.set_default_timeout(RUN_MILLISECONDS)
    page.evaluate("async () => { await jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.set_default_timeout(STEP_MILLISECONDS)


def cell_errors(page: Page) -> list[str]:
    """Return `name: value` of each error output of the open notebook."""
    return page.evaluate(
        """() => {
            const cells = jupyterapp.shell.currentWidget.content.model.sharedModel.cells;
            return cells.flatMap(cell => (cell.toJSON().outputs ?? [])
                .filter(output => output.output_type === "error")
                .map(output => `${output.ename}: ${output.evalue}`));
        }"""
    )


def widget_of(page: Page, lab: Lab, cells: Sequence[str], theme: str = LIGHT, fails: bool = False) -> Locator:
    """Run a notebook of these cells, without errors unless it `fails`; the root of its first widget."""
    open_notebook(page, lab.write("case.ipynb", cells), theme)
    run_all(page)
    assert fails or cell_errors(page) == []
    root = page.locator(".dl-root").first
    expect(root).to_be_visible()
    return root


def in_kernel(page: Page, expression: str) -> str:
    """Evaluate an expression in the notebook's kernel; return its repr, or raise with the kernel's error."""
    found = page.evaluate(
        """async expression => {
            const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const request = {code: "", user_expressions: {value: expression}, store_history: false};
            return (await kernel.requestExecute(request).done).content.user_expressions.value;
        }""",
        expression,
    )
    if found["status"] != "ok":
        raise RuntimeError(f"{expression!r} in the kernel: {found['ename']}: {found['evalue']}")
    return found["data"]["text/plain"]


def shut_down_kernels(page: Page) -> None:
    """Stop every kernel of the server, where a lab is open in the page."""
    page.evaluate("async () => { await window.jupyterapp?.serviceManager.sessions.shutdownAll(); }")


def watch(context: BrowserContext) -> list[str]:
    """Refuse every request that leaves this machine; return the list that they are noted in."""
    outside: list[str] = []

    def refuse(route) -> None:
        outside.append(route.request.url)
        route.abort()

    context.route(_leaves_this_machine, refuse)
    return outside


def _leaves_this_machine(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob", "about", "file") and parts.hostname not in ("127.0.0.1", "localhost")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_ready(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    request = urllib.request.Request(f"{lab.url}/api/status", headers={"Authorization": f"token {lab.token}"})
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start within {START_SECONDS} s:\n{log.read_text(errors='replace')[-4000:]}")
