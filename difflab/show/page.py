"""One self-contained page: the widget's own code, what it shows and a small static picture. No kernel, no network."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from html import escape
from typing import Any

from difflab.show.widget import BUNDLE

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>body{{margin:0;padding:12px;font:14px system-ui,sans-serif;background:Canvas;color:CanvasText}}
h2{{font-size:16px;margin:20px 0 6px}}pre{{overflow:auto;font-size:12px;line-height:1.45}}</style></head>
<body><main id="difflab"></main><noscript>{picture}</noscript>{text}
<script type="application/json" id="state">{state}</script>
<script type="module">
const bytes = Uint8Array.from(atob("{bundle}"), c => c.charCodeAt(0));
const url = URL.createObjectURL(new Blob([bytes], {{ type: "text/javascript" }}));
const widget = await import(url);
widget.mount(document.getElementById("difflab"), JSON.parse(document.getElementById("state").textContent));
</script></body></html>
"""


def page(title: str, state: Mapping[str, Any], picture: str, texts: Mapping[str, str]) -> str:
    """The page as text; `texts` are headed sections below the widget."""
    if not BUNDLE.exists():
        raise FileNotFoundError(
            f"{BUNDLE.name} is missing from difflab/static; build it with `make widgets`, or reinstall difflab"
        )
    below = "".join(f"<h2>{escape(head)}</h2><pre>{escape(body)}</pre>" for head, body in texts.items())
    safe = json.dumps(state, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    bundle = base64.b64encode(BUNDLE.read_bytes()).decode()
    return _PAGE.format(title=escape(title), picture=picture, text=below, state=safe, bundle=bundle)
