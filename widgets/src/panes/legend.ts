/** What the signs of the elimination view mean, and its keys. */

import { h } from "../dom.ts";
import type { KeyLine } from "../keys.ts";

export const HELP: readonly KeyLine[] = [
  { keys: "click", does: "eliminate a vertex, in the drawing or on the matrix's diagonal; also at an earlier step" },
  { keys: "n N", does: "point at the next, the previous vertex: what would it do?" },
  { keys: "Enter", does: "eliminate the vertex pointed at" },
  { keys: "u or Ctrl+Z", does: "undo" },
  { keys: "y or Ctrl+Y", does: "redo" },
  { keys: "e", does: "finish: the best completion from here" },
  { keys: "l", does: "lock the vertex pointed at: first, last, no more" },
  { keys: "s", does: "search, stop searching; a adopts what was found" },
  { keys: "v", does: "check what is proved of the order" },
  { keys: "c", does: "count nontrivial products, all edges" },
  { keys: "p", does: "next pane: matrix, order, race, search" },
  { keys: "Alt+↑ ↓", does: "in the order: move a vertex" },
  { keys: "← →", does: "step through the frames; Shift: ten" },
  { keys: "Home End", does: "before the first, after the last" },
  { keys: "Space", does: "play, pause" },
  { keys: "f", does: "fit everything" },
];

export function legend(): HTMLElement {
  const key = (css: string, words: string) => h("span", {}, h("i", { class: `dl-line ${css}` }), words);
  return h(
    "div",
    { class: "dl-legend" },
    key("dl-line-plain", "original"),
    key("dl-line-filled", "fill-in"),
    key("dl-line-fresh", "just filled in"),
    key("dl-line-merged", "merged"),
    key("dl-line-pivot", "pivot: click to eliminate"),
    key("dl-line-jacobian", "the Jacobian, in the end"),
  );
}
