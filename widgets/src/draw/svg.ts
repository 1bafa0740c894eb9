/** SVG elements, paths and fitted text. */

import type { Point } from "../payload.ts";

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const NS = "http://www.w3.org/2000/svg";

export type SvgAttributes = Readonly<Record<string, string | number | null>>;

/** Make an SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: SvgAttributes = {},
  ...children: (Node | string | null)[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The transform of a layer whose world is moved to (x, y) and drawn k times as large. */
export const placing = ({ x, y, k }: { readonly x: number; readonly y: number; readonly k: number }): string =>
  `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${k.toFixed(4)})`;

const r = (value: number) => Math.round(value * 100) / 100;

/** A polyline with its corners rounded off. */
export function roundedPath(points: readonly Point[], radius = 10): string {
  const first = points[0];
  const last = points[points.length - 1];
  if (!first || !last) return "";
  let d = `M${r(first[0])} ${r(first[1])}`;
  for (let k = 1; k < points.length - 1; k++) {
    const [before, at, after] = [points[k - 1], points[k], points[k + 1]];
    if (!before || !at || !after) continue;
    const [ax, ay] = towards(at, before, radius);
    const [bx, by] = towards(at, after, radius);
    d += `L${r(ax)} ${r(ay)}Q${r(at[0])} ${r(at[1])} ${r(bx)} ${r(by)}`;
  }
  return points.length > 1 ? `${d}L${r(last[0])} ${r(last[1])}` : d;
}

/** The point `distance` from `a` towards `b`, at most half the way. */
function towards(a: Point, b: Point, distance: number): Point {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const share = length > 0 ? Math.min(distance, length / 2) / length : 0;
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
}

/** A small triangle at `tip`, pointing away from `tail`. */
export function arrowHead(tail: Point, tip: Point, size = 6): string {
  const angle = Math.atan2(tip[1] - tail[1], tip[0] - tail[0]);
  const at = (turn: number, reach: number): string =>
    `${r(tip[0] - reach * Math.cos(angle + turn))} ${r(tip[1] - reach * Math.sin(angle + turn))}`;
  return `M${r(tip[0])} ${r(tip[1])}L${at(0.42, size)}L${at(-0.42, size)}Z`;
}

/** An S-shaped curve that leaves downwards and arrives from above. */
export function sCurve(from: Point, to: Point): string {
  const bend = Math.max(16, Math.abs(to[1] - from[1]) / 2);
  return `M${r(from[0])} ${r(from[1])}C${r(from[0])} ${r(from[1] + bend)} ${r(to[0])} ${r(to[1] - bend)} ${r(to[0])} ${r(to[1])}`;
}

/** Width in pixels of text at `size`, by classes of letters: the same on every machine, on the wide side. */
export function textWidth(text: string, size: number, mono = false): number {
  let units = 0;
  for (const letter of text) {
    if (mono) units += 0.61;
    else if (/[il.,:;'|!()[\]]/.test(letter)) units += 0.32;
    else if (/[mwMW@%]/.test(letter)) units += 0.88;
    else if (/[A-Z×→‖]/.test(letter)) units += 0.68;
    else units += 0.56;
  }
  return units * size;
}

/** `text`, cut with … where it is wider than `width`. */
export function fitText(text: string, width: number, size: number, mono = false): string {
  if (textWidth(text, size, mono) <= width) return text;
  let cut = [...text];
  while (cut.length > 1 && textWidth(`${cut.join("")}…`, size, mono) > width) cut = cut.slice(0, -1);
  return `${cut.join("")}…`;
}

/** Whether two rectangles (by top left corner) meet. */
export function meets(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
