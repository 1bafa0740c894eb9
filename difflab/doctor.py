"""What works here: versions, devices, the front end and the widget's bundle, with what to do about what does not.

The check never stops at the first fault: a broken JAX must not hide a missing bundle. A *problem* makes difflab fail
and the exit status 1; a *hint* is worth knowing and leaves it at 0.
"""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata, resources

from packaging.requirements import InvalidRequirement, Requirement

from difflab.frontend import FrontEnd, detect

VIEWS = ("graph", "check", "adjoint", "elimination")
PACKAGES = (
    *("difflab", "jax", "jaxlib", "numpy", "ipywidgets", "anywidget", "jupyterlab"),
    *("ipykernel", "plotly", "sympy", "graphlay"),
)


@dataclass(frozen=True)
class Bundle:
    """The browser's half of the widget as it lies in the installed package; `sources` names what it was built from."""

    missing: tuple[str, ...]
    size: int = 0
    sha256: str = ""
    sources: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All that `difflab doctor` found."""

    python: str
    versions: dict[str, str | None]
    devices: tuple[str, ...]
    front_end: FrontEnd
    bundle: Bundle
    problems: tuple[str, ...]
    hints: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether difflab will work here."""
        return not self.problems

    def to_json(self) -> str:
        """Return everything as one JSON object, `ok` first."""
        return json.dumps({"ok": self.ok, **asdict(self)}, indent=2)

    def __str__(self) -> str:
        rows = [("python", self.python)]
        rows += [(name, version or "not installed") for name, version in self.versions.items()]
        rows += [("device", device) for device in self.devices]
        rows += [("front end", f"{self.front_end.name} ({self.front_end.advice})")]
        rows += [("widgets live here", "yes" if self.front_end.widgets else "no")]
        rows += [("widget bundle", f"{self.bundle.size:,} bytes, sha256 {self.bundle.sha256[:16]}")]
        lines = [f"{name:<18} {value}" for name, value in rows]
        lines += [f"problem: {problem}" for problem in self.problems]
        lines += [f"hint: {hint}" for hint in self.hints]
        return "\n".join(
            [*lines, "all is well" if self.ok else "difflab will not work here until the problems are solved"]
        )


def diagnose() -> Diagnosis:
    """Look at the interpreter, the packages, the devices, the front end and the bundle."""
    versions = {name: _version(name) for name in PACKAGES}
    devices, device_problems = _devices()
    bundle = find_bundle()
    return Diagnosis(
        python=platform.python_version(),
        versions=versions,
        devices=devices,
        front_end=detect(sys.modules, os.environ),
        bundle=bundle,
        problems=(*_unmet_requirements(), *device_problems, *_bundle_problems(bundle)),
        hints=tuple(_hints(versions)),
    )


def find_bundle() -> Bundle:
    """Read the modules of the views from the installed package; `sources` is "" unless they were built together."""
    files = [resources.files("difflab") / "static" / f"{view}.js" for view in VIEWS]
    missing = tuple(file.name for file in files if not file.is_file())
    contents = [file.read_bytes() for file in files if file.is_file()]
    named = {
        content.partition(b"\n")[0].decode(errors="replace").partition("src-sha256:")[2].removesuffix("*/").strip()
        for content in contents
    }
    sources = named.pop() if len(named) == 1 else ""
    return Bundle(missing, sum(map(len, contents)), hashlib.sha256(b"".join(contents)).hexdigest(), sources)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _devices() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ask JAX for its devices; what it raises is a finding, not an end."""
    try:
        import jax

        return tuple(f"{device.platform}:{device.id} ({device.device_kind})" for device in jax.devices()), ()
    except Exception as error:
        fault = f"JAX finds no device: {error}; try `JAX_PLATFORMS=cpu`, or reinstall jax and jaxlib in one version"
        return (), (fault,)


def _unmet_requirements() -> Iterator[str]:
    """Compare what is installed with what difflab's own metadata asks for."""
    for line in metadata.requires("difflab") or ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        installed = _version(requirement.name)
        if installed is None:
            yield f"{requirement.name} is missing: run `pip install {str(requirement)!r}`"
        elif not requirement.specifier.contains(installed, prereleases=True):
            yield (
                f"{requirement.name} {installed} is outside {requirement.specifier}: "
                f"run `pip install --upgrade {str(requirement)!r}`"
            )


def _bundle_problems(bundle: Bundle) -> Iterator[str]:
    if bundle.missing:
        names = ", ".join(bundle.missing)
        yield f"{names} missing from the widget: reinstall difflab, or run `make widgets` in a checkout (needs node)"
    elif not bundle.sources:
        yield "the widget's files do not say that they were built together: reinstall difflab, or run `make widgets`"


def _hints(versions: dict[str, str | None]) -> Iterator[str]:
    if versions["jupyterlab"] is None or versions["ipykernel"] is None:
        yield 'JupyterLab is not installed here: `pip install "difflab[lab]"` brings it'
    elif _version("jupyterlab_widgets") is None:
        yield "JupyterLab has no widget manager: run `pip install jupyterlab_widgets`, then reload the page"
