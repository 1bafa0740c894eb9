"""One self-contained page: the widget's own code, what it shows and a small static picture. No kernel, no network.

Code, state and archive are deflated and in base64; the browser's own DecompressionStream unpacks them, also from disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from difflab.show.archive import Archive, pack
from difflab.show.widget import module

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>body{{margin:0;padding:12px;font:14px system-ui,sans-serif;background:Canvas;color:CanvasText}}
h2{{font-size:16px;margin:20px 0 6px}}pre{{overflow:auto;font-size:12px;line-height:1.45}}
.note{{font-size:12px;opacity:.75;margin:8px 2px}}</style></head>
<body><main id="difflab"></main><noscript>{picture}</noscript>{note}{text}
<script type="application/json" id="state">{state}</script>
<script type="text/plain" id="archive">{archive}</script>
<script type="application/json" id="modules">{modules}</script>
<script type="module">
const text = id => document.getElementById(id).textContent;
const unpack = async packed => {{
  if (!packed) return "";
  const bytes = Uint8Array.from(atob(packed), c => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}};
const load = async packed =>
  import(URL.createObjectURL(new Blob([await unpack(packed)], {{ type: "text/javascript" }})));
const modules = JSON.parse(text("modules")).map(load);
const [archive, first, ...others] = await Promise.all([unpack(text("archive")), ...modules]);
first.mount(document.getElementById("difflab"), JSON.parse(text("state")), archive, others.map(other => other.view));
</script></body></html>
"""


def page(
    title: str, state: Mapping[str, Any], picture: str, texts: Mapping[str, str], archive: Archive | None = None
) -> str:
    """The page as text; `texts` are headed sections below the widget, `archive` is what it can answer."""
    carried = archive or Archive()
    below = "".join(f"<h2>{escape(head)}</h2><pre>{escape(body)}</pre>" for head, body in texts.items())
    safe = json.dumps(state, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return _PAGE.format(
        title=escape(title), picture=picture, text=below, note=_note(carried), state=safe,
        archive=carried.packed, modules=json.dumps([pack(module(view).encode()) for view in state["views"]]),
    )  # fmt: skip


def _note(archive: Archive) -> str:
    """A line on what the page does not carry, if anything."""
    if not archive.left_out:
        return ""
    total = len(archive.answers) + archive.left_out
    words = f"This page carries {len(archive.answers):,} of {total:,} parts; the others open where a kernel runs."
    return f'<p class="note">{words}</p>'
