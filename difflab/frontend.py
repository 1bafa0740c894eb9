"""Where am I running, and will a widget work here?

A kernel cannot see its front end; it sees the modules that were loaded and the environment that it was started with.
`detect` reads only what it is given, so every front end can be tried in a test; a place that draws no widgets is told
what it shows in their stead.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FrontEnd:
    """The place that shows the results, whether widgets live there, and what to know or do about it."""

    name: str
    widgets: bool
    advice: str


def detect(modules: Mapping[str, object], environ: Mapping[str, str]) -> FrontEnd:
    """Name the front end from the loaded modules (`sys.modules`) and the environment (`os.environ`)."""
    for applies, front_end in _FRONT_ENDS:
        if applies(modules, environ):
            return front_end
    return PLAIN


def setup() -> None:
    """Prepare the front end for widgets and print the device and the front end, one line each."""
    import jax

    front_end = detect(sys.modules, os.environ)
    if "google.colab" in sys.modules:
        _let_colab_show_widgets()
    devices = jax.devices()
    count = f"{len(devices)} × " if len(devices) > 1 else ""
    print(f"device: {count}{devices[0].platform}")
    print(f"front end: {front_end.name}; {front_end.advice}")


PLAIN = FrontEnd(
    "plain Python", False, "results print as text; `difflab` opens the notebooks, where they can be touched"
)
TERMINAL = FrontEnd("IPython in a terminal", False, PLAIN.advice)
HEADLESS = FrontEnd("a notebook run without a browser", False, "widgets leave their picture")
JUPYTER = FrontEnd("JupyterLab or Notebook 7", True, "widgets are live")
COLAB = FrontEnd("Colab", True, "`difflab.setup()` turns its widget manager on")
KAGGLE = FrontEnd("Kaggle", True, "widgets are live while you edit; the published page shows their pictures")
BINDER = FrontEnd("Binder", True, "widgets are live; the kernel has about 1 GB and forgets everything at the end")
VSCODE = FrontEnd("VS Code", True, "widgets are live; if one stays blank, allow its script source when VS Code asks")
MARIMO = FrontEnd("marimo", True, "wrap a widget in `mo.ui.anywidget(...)` to make other cells follow it")


def _marimo(modules: Mapping[str, object], environ: Mapping[str, str]) -> bool:
    running = getattr(modules.get("marimo"), "running_in_notebook", None)
    return bool(running and running())


def _terminal(modules: Mapping[str, object], environ: Mapping[str, str]) -> bool:
    get_ipython = getattr(modules.get("IPython"), "get_ipython", None)
    return bool(get_ipython and get_ipython() is not None)


# First match wins: hosted services run a Jupyter server too, and a server started from VS Code inherits its variables.
_FRONT_ENDS: tuple[tuple[Callable[[Mapping[str, object], Mapping[str, str]], bool], FrontEnd], ...] = (
    (lambda modules, environ: "google.colab" in modules or "COLAB_RELEASE_TAG" in environ, COLAB),
    (lambda modules, environ: "KAGGLE_KERNEL_RUN_TYPE" in environ, KAGGLE),
    (_marimo, MARIMO),
    (lambda modules, environ: "ipykernel" in modules and "BINDER_SERVICE_HOST" in environ, BINDER),
    (lambda modules, environ: "ipykernel" in modules and "JPY_SESSION_NAME" in environ, JUPYTER),
    (lambda modules, environ: "ipykernel" in modules and not {"VSCODE_PID", "VSCODE_CWD"}.isdisjoint(environ), VSCODE),
    (lambda modules, environ: "ipykernel" in modules, HEADLESS),
    (_terminal, TERMINAL),
)


def _let_colab_show_widgets() -> None:
    """Turn on Colab's manager for third-party widgets; asking twice does no harm."""
    from google.colab import output  # pyright: ignore[reportMissingImports]

    output.enable_custom_widget_manager()
