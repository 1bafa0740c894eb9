"""One self-contained page: the widget's own code, what it shows and a small static picture. No kernel, no network."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from html import escape
from typing import Any

from difflab.show.widget import module

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>body{{margin:0;padding:12px;font:14px system-ui,sans-serif;background:Canvas;color:CanvasText}}
h2{{font-size:16px;margin:20px 0 6px}}pre{{overflow:auto;font-size:12px;line-height:1.45}}</style></head>
<body><main id="difflab"></main><noscript>{picture}</noscript>{text}
<script type="application/json" id="state">{state}</script>
<script type="module">
const load = code => import(URL.createObjectURL(new Blob(
  [Uint8Array.from(atob(code), c => c.charCodeAt(0))], {{ type: "text/javascript" }})));
const [first, ...others] = await Promise.all({modules}.map(load));
const state = JSON.parse(document.getElementById("state").textContent);
first.mount(document.getElementById("difflab"), state, others.map(other => other.view));
</script></body></html>
"""


def page(title: str, state: Mapping[str, Any], picture: str, texts: Mapping[str, str]) -> str:
    """The page as text; `texts` are headed sections below the widget."""
    below = "".join(f"<h2>{escape(head)}</h2><pre>{escape(body)}</pre>" for head, body in texts.items())
    safe = json.dumps(state, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    modules = json.dumps([base64.b64encode(module(view).encode()).decode() for view in state["views"]])
    return _PAGE.format(title=escape(title), picture=picture, text=below, state=safe, modules=modules)
