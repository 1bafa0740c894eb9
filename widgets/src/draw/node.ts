/** The shapes of the graph drawing: a box for each kind of item, a frame for an open one, a line for an edge. */

import type { Point } from "../payload.ts";
import type { Box, Line } from "./compose.ts";
import { TITLE } from "./compose.ts";
import { boxClass, heatOf, type Look, lineClass, signOf, type Tint, tintWords } from "./paint.ts";
import {
  barOf,
  type Chip,
  chipsOf,
  cornerOf,
  DETAIL,
  faceOf,
  figureOf,
  hatch,
  LABEL,
  MARK,
  opens,
  repeats,
  SMALL,
  type Stub,
  stubText,
  type Words,
} from "./parts.ts";
import { arrowHead, fitText, type Rect, roundedPath, s, textWidth } from "./svg.ts";

const PAD = 8;
const MIDDLE = { "text-anchor": "middle", "dominant-baseline": "central" };

/** A closed item; drawn around (0, 0) and moved into place. */
export function drawBox(box: Box, look: Look): SVGGElement {
  const { w, h, item } = box;
  const tint = look.tints?.get(box.id);
  const face = faceOf(box);
  const node = group(box, look, [item.label, item.detail, opens(box) ? "closed, Enter opens" : ""]);
  for (const shift of repeats(box) ? [6, 3] : opens(box) ? [3] : [])
    node.append(plate({ x: -w / 2 + shift, y: -h / 2 + shift, w, h }, 6, "dl-under"));
  node.append(plate({ x: -w / 2, y: -h / 2, w, h }, cornerOf(box), "dl-plate"));
  if (tint?.tone === "bad") node.append(s("path", { class: "dl-hatch", d: hatch(w, h) }));
  if (face.tab) {
    node.append(plate(face.tab, 3, "dl-sweep"));
    node.append(words({ x: face.tab.x + face.tab.w / 2, y: 0, text: face.tab.sign }, "dl-sweep-sign"));
  }
  if (tint?.tone === "heat") node.append(plate(barOf(box, heatOf(tint)), 1, "dl-heat-bar"));
  node.append(words(face.label, "dl-label"));
  if (face.detail) node.append(words(face.detail, "dl-detail"));
  if (face.mark) node.append(mark(face.mark.x, face.mark.y, "+"));
  node.append(...chipsOf(box).map(drawChip));
  if (tint) node.append(...drawTint(box, tint));
  return node;
}

/** An open item: a frame, with a title bar above each body. */
export function drawFrame(box: Box, look: Look): SVGGElement {
  const { w, h, item } = box;
  const tint = look.tints?.get(box.id);
  const figure = tint && figureOf(box, tint);
  const node = group(box, look, [item.label, "open, Enter closes"]);
  node.append(plate({ x: -w / 2, y: -h / 2, w, h }, 8, "dl-plate"));
  for (const [k, body] of box.bodies.entries()) {
    const [left, top] = [body.x - box.x, body.y - box.y];
    const middle = top + TITLE / 2;
    if (k > 0) node.append(s("path", { class: "dl-rule", d: `M${left} ${top}h${body.w}` }));
    node.append(plate({ x: left, y: top, w: body.w, h: TITLE }, 8, "dl-bar"));
    const title = box.bodies.length > 1 ? `${item.label} · ${body.label}` : item.label;
    const room = w - 2 * PAD - MARK - 6 - (k === 0 && figure ? figure.w + 6 : 0);
    const shown = fitText(title, room, LABEL);
    const at = { class: "dl-label", x: left + PAD + MARK + 6, y: middle, "dominant-baseline": "central" };
    const text = s("text", at, shown);
    const rest = room - 14 - textWidth(shown, LABEL) * 1.08;
    if (k === 0 && item.detail && shown === title && textWidth(item.detail, DETAIL) <= rest)
      text.append(s("tspan", { class: "dl-detail", dx: 8 }, item.detail));
    node.append(text);
    if (k === 0) node.append(mark(left + PAD + MARK / 2, middle, "−"));
  }
  if (tint) node.append(...drawTint(box, tint));
  return node;
}

function group(box: Box, look: Look, said: string[]): SVGGElement {
  const tint = look.tints?.get(box.id);
  const phase = box.item.phase ? `${box.item.phase} sweep` : "";
  return s("g", {
    class: boxClass(box, look),
    transform: `translate(${box.x} ${box.y})`,
    style: tint?.tone === "heat" ? `--dl-share:${heatOf(tint)}` : null,
    "data-id": box.id,
    role: "button",
    "aria-label": [...said, phase, tintWords(tint)].filter(Boolean).join(", "),
  });
}

/** The figure in its pill, and the sign at the upper left corner. */
function drawTint(box: Box, tint: Tint): SVGElement[] {
  const figure = figureOf(box, tint);
  const sign = signOf(tint);
  const out: SVGElement[] = [];
  if (figure) {
    const { x, y, w, h, text } = figure;
    const at = { x: x + w / 2, y: y + h / 2 + 0.5, text };
    out.push(s("g", { class: "dl-figure" }, plate(figure, 6, "dl-pill"), words(at, "dl-words")));
  }
  if (sign) {
    const at = { x: -box.w / 2 + 2, y: -box.h / 2 + 2, text: sign };
    out.push(
      s("g", { class: "dl-sign" }, s("circle", { class: "dl-pill", cx: at.x, cy: at.y, r: 7 }), words(at, "dl-words")),
    );
  }
  return out;
}

function drawChip(chip: Chip): SVGGElement {
  const { id, x, y, w, h, text, full } = chip;
  return s(
    "g",
    { class: "dl-chip", "data-follow": id, role: id === null ? null : "button", "aria-label": id && `operand ${full}` },
    text === full ? null : s("title", {}, full),
    plate(chip, 6, "dl-pill"),
    words({ x: x + w / 2, y: y + h / 2 + 0.5, text }, "dl-words"),
  );
}

/** An edge with its arrow head and, where it is lit, its label. */
export function drawLine(line: Line, look: Look): SVGGElement {
  const { points } = line;
  const tip = points[points.length - 1];
  const tail = points[points.length - 2];
  const edge = s("g", { class: lineClass(line, look), "data-from": line.from, "data-to": line.to });
  edge.append(s("path", { class: "dl-wire", d: roundedPath(points) }));
  if (tip && tail) {
    edge.append(s("path", { class: "dl-head", d: arrowHead(tail, tip) }));
    const half = Math.floor(points.length / 2);
    if (line.label) edge.append(lineLabel(line, points[half - 1] ?? tail, points[half] ?? tip));
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

/** Where the stub of a long edge stands. */
export function stubPlace({ box, down }: Stub): { x: number; y: number; step: number } {
  const step = down ? 1 : -1;
  return { x: box.x - Math.min(14, box.w / 4), y: box.y + (step * box.h) / 2, step };
}

/** The stub of edges that are too long to draw: a dotted tail below or above the box. */
export function drawStub(stub: Stub, name: (id: string) => string, look: Look): SVGGElement {
  const { x, y, step } = stubPlace(stub);
  const { others, down } = stub;
  const names = others.slice(0, 6).map(name).join(", ") + (others.length > 6 ? ", …" : "");
  const said = `${down ? `used far below by ${names}` : `comes from ${names} far above`}: click to go there`;
  const dim = look.only && !look.only.has(stub.box.id) ? " dl-dim" : "";
  const label = fitText(stubText(stub, name), 90, SMALL);
  return s(
    "g",
    {
      class: `dl-stub${dim}`,
      "data-follow": others[0] ?? "",
      "data-stub": stub.key,
      role: "button",
      "aria-label": said,
    },
    s("title", {}, said),
    s("path", { class: "dl-wire", d: `M${x} ${y}v${step * 9}` }),
    s("circle", { cx: x, cy: y + step * 12, r: 3 }),
    s("text", { class: "dl-stub-text", x: x - 6, y: y + step * 12, "dominant-baseline": "central" }, label),
    s("rect", { class: "dl-hit", x: x - 7, y: Math.min(y, y + step * 16), width: 14, height: 16 }),
  );
}

/** A turning arc over a box that waits for the kernel. */
export function drawSpinner(box: Box): SVGGElement {
  const { mark: place } = faceOf(box);
  const at = `translate(${box.x + (place?.x ?? 0)} ${box.y + (place?.y ?? 0)})`;
  return s(
    "g",
    { class: "dl-spinner", transform: at },
    s("circle", { r: 8, class: "dl-spinner-bed" }),
    s("g", { class: "dl-spin" }, s("path", { d: "M0 -5A5 5 0 0 1 5 0" })),
  );
}

function plate({ x, y, w, h }: Rect, rx: number, css: string): SVGRectElement {
  return s("rect", { class: css, x, y, width: w, height: h, rx });
}

function words({ x, y, text }: Words, css: string): SVGTextElement {
  return s("text", { class: css, x, y, ...MIDDLE }, text);
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
