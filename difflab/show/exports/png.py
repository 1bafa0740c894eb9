"""The static picture as PNG, drawn by resvg (Rust; wheels for Linux, macOS and Windows)."""

from __future__ import annotations

import re
from importlib import import_module

_FAMILIES = {"system-ui,sans-serif": "sans-serif", "ui-monospace,monospace": "monospace"}
LARGEST = 16_000
"""Pixels of the longer side at most: beyond it few programs open a PNG."""


def png(svg: str, scale: float | int = 2) -> bytes:
    """An SVG picture as the bytes of a PNG with `scale` pixels a unit, light, on white.

    Raises ValueError for a scale that is not positive.
    """
    if not scale > 0:
        raise ValueError(f"scale is {scale}; it is the number of pixels for one unit of the picture: give 1, 2 or 3")
    resvg = import_module("resvg_py")
    width, height = (float(re.search(rf'<svg[^>]* {side}="([\d.]+)"', svg)[1]) for side in ("width", "height"))  # type: ignore[index]
    zoom = min(float(scale), (LARGEST - 1) / max(width, height, 1.0))  # resvg may round up
    size = {"width": max(1, round(width * zoom)), "height": max(1, round(height * zoom))}
    return bytes(resvg.svg_to_bytes(svg_string=_plain(svg), background="white", **size))


def _plain(svg: str) -> str:
    """The light colours only, and families that every system has: resvg knows neither media queries nor system-ui."""
    light = re.sub(r"@media\(prefers-color-scheme:dark\)\{(?:[^{}]*\{[^{}]*\})*\}", "", svg)
    for family, generic in _FAMILIES.items():
        light = light.replace(family, generic)
    return light
