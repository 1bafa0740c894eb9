/** The shapes of the graph drawing: a box for each kind of item, a frame for an open one, a line for an edge. */

import type { Point } from "../payload.ts";
import type { Box, Line } from "./compose.ts";
import { TITLE } from "./compose.ts";
import { arrowHead, fitText, roundedPath, s, textWidth } from "./svg.ts";

const LABEL = 12;
const DETAIL = 10.5;
const PAD = 8;
const MARK = 14;

/** Whether an item has something inside to open. */
export const opens = (box: Box): boolean => box.item.scopes.length > 0;

/** A closed item; drawn around (0, 0) and moved into place. */
export function drawBox(box: Box): SVGGElement {
  const { w, h, kind, item } = box;
  const inner = opens(box);
  const room = w - 2 * PAD - (inner ? MARK + 4 : 0);
  const shift = inner ? -(MARK + 2) / 2 : 0;
  const two = item.detail !== "" && h >= 28;
  const node = s("g", {
    class: `dl-node dl-kind-${kind}${inner ? " dl-opens" : ""}`,
    transform: `translate(${box.x} ${box.y})`,
    "data-id": box.id,
    role: "button",
    "aria-label": [item.label, item.detail, inner ? "closed, Enter opens" : ""].filter(Boolean).join(", "),
  });
  if (inner) node.append(plate(-w / 2 + 3, -h / 2 + 3, w, h, 6, "dl-under"));
  node.append(plate(-w / 2, -h / 2, w, h, radius(box), "dl-plate"));
  node.append(label(item.label, shift, two ? -6.5 : 0, room, LABEL, "dl-label"));
  if (two) node.append(label(item.detail, shift, 8, room, DETAIL, "dl-detail"));
  if (inner) node.append(mark(w / 2 - PAD - MARK / 2 + 2, 0, "+"));
  return node;
}

/** An open item: a frame, with a title bar above each body. */
export function drawFrame(box: Box): SVGGElement {
  const { x, y, w, h, item, bodies } = box;
  const node = s("g", {
    class: `dl-node dl-frame dl-depth-${box.depth % 2}`,
    "data-id": box.id,
    role: "button",
    "aria-label": `${item.label}, open, Enter closes`,
  });
  node.append(plate(x - w / 2, y - h / 2, w, h, 8, "dl-plate"));
  for (const [k, body] of bodies.entries()) {
    const middle = body.y + TITLE / 2;
    if (k > 0) node.append(s("path", { class: "dl-rule", d: `M${body.x} ${body.y}h${body.w}` }));
    node.append(s("rect", { class: "dl-bar", x: body.x, y: body.y, width: body.w, height: TITLE, rx: 8 }));
    const title = bodies.length > 1 ? `${item.label} · ${body.label}` : item.label;
    const shown = fitText(title, w - 2 * PAD - MARK - 6, LABEL);
    const words = s(
      "text",
      { class: "dl-label", x: body.x + PAD + MARK + 6, y: middle, "dominant-baseline": "central" },
      shown,
    );
    if (k === 0 && item.detail && shown === title) {
      const room = w - 2 * PAD - MARK - 20 - textWidth(shown, LABEL) * 1.08;
      if (textWidth(item.detail, DETAIL) <= room) words.append(s("tspan", { class: "dl-detail", dx: 8 }, item.detail));
    }
    node.append(words);
    if (k === 0) node.append(mark(body.x + PAD + MARK / 2, middle, "−"));
  }
  return node;
}

/** An edge with its arrow head and, where it is lit, its label. */
export function drawLine(line: Line): SVGGElement {
  const { points } = line;
  const tip = points[points.length - 1];
  const tail = points[points.length - 2];
  const edge = s("g", { class: "dl-edge", "data-from": line.from, "data-to": line.to });
  edge.append(s("path", { class: "dl-wire", d: roundedPath(points) }));
  if (tip && tail) {
    edge.append(s("path", { class: "dl-head", d: arrowHead(tail, tip) }));
    if (line.label)
      edge.append(
        lineLabel(
          line,
          points[Math.floor(points.length / 2) - 1] ?? tail,
          points[Math.floor(points.length / 2)] ?? tip,
        ),
      );
  }
  return edge;
}

/** A label beside the middle segment: above one that runs across, right of one that runs down. */
function lineLabel({ label }: Line, a: Point, b: Point): SVGTextElement {
  const across = Math.abs(b[0] - a[0]) > Math.abs(b[1] - a[1]);
  const [x, y] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const place = across ? { x, y: y - 8, "text-anchor": "middle" } : { x: x + 6, y, "text-anchor": "start" };
  return s("text", { class: "dl-edge-label", ...place, "dominant-baseline": "central" }, label);
}

/** The stub of an edge that is too long to draw: a dotted tail below `from` or above `to`. */
export function drawStub(box: Box, down: boolean, other: string, words: string): SVGGElement {
  const x = box.x + (down ? 1 : -1) * Math.min(14, box.w / 4);
  const y = box.y + ((down ? 1 : -1) * box.h) / 2;
  const step = down ? 1 : -1;
  const stub = s("g", { class: "dl-stub", "data-follow": other, role: "button", "aria-label": words });
  stub.append(
    s("title", {}, words),
    s("path", { class: "dl-wire", d: `M${x} ${y}v${step * 9}` }),
    s("circle", { cx: x, cy: y + step * 12, r: 3 }),
    s("rect", { class: "dl-hit", x: x - 7, y: Math.min(y, y + step * 16), width: 14, height: 16 }),
  );
  return stub;
}

/** A turning arc over a box that waits for the kernel. */
export function drawSpinner(box: Box): SVGGElement {
  const at = `translate(${box.x + box.w / 2 - PAD - MARK / 2 + 2} ${box.y})`;
  return s(
    "g",
    { class: "dl-spinner", transform: at },
    s("circle", { r: 8, class: "dl-spinner-bed" }),
    s("g", { class: "dl-spin" }, s("path", { d: "M0 -5A5 5 0 0 1 5 0" })),
  );
}

function radius(box: Box): number {
  if (box.kind === "input" || box.kind === "output") return box.h / 2;
  return box.kind === "constant" || box.kind === "outer" ? 3 : 6;
}

function plate(x: number, y: number, width: number, height: number, rx: number, css: string): SVGRectElement {
  return s("rect", { class: css, x, y, width, height, rx });
}

function label(text: string, x: number, y: number, room: number, size: number, css: string): SVGTextElement {
  return s(
    "text",
    { class: css, x, y, "text-anchor": "middle", "dominant-baseline": "central" },
    fitText(text, room, size),
  );
}

function mark(x: number, y: number, sign: string): SVGGElement {
  const half = MARK / 2;
  const across = `M${x - 3.5} ${y}h7`;
  return s(
    "g",
    { class: "dl-mark", "data-toggle": "" },
    s("rect", { x: x - half, y: y - half, width: MARK, height: MARK, rx: 4 }),
    s("path", { d: sign === "+" ? `${across}M${x} ${y - 3.5}v7` : across }),
  );
}
