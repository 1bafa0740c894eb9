/** What of a drawing is near the view, and in which way it is drawn. */

import type { Box, Picture } from "./compose.ts";
import { meets, type Rect } from "./svg.ts";

/** With more boxes in view than this, and below this zoom, the canvas draws. */
export const CROWD = 800;
export const FAR = 0.35;
/** Pictures of at most this many boxes are in the document whole. */
export const WHOLE = 400;

export const EVERYWHERE: Rect = { x: -1e9, y: -1e9, w: 2e9, h: 2e9 };

export function rectOf(box: Box): Rect {
  return { x: box.x - box.w / 2, y: box.y - box.h / 2, w: box.w, h: box.h };
}

/** `area`, wider by a share of itself on each side. */
export function widened({ x, y, w, h }: Rect, share: number): Rect {
  return { x: x - w * share, y: y - h * share, w: w * (1 + 2 * share), h: h * (1 + 2 * share) };
}

export function contains(outer: Rect, inner: Rect): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.w >= inner.x + inner.w &&
    outer.y + outer.h >= inner.y + inner.h
  );
}

/** The box around a polyline. */
export function boundsOf(points: readonly (readonly [number, number])[]): Rect {
  let [left, top, right, bottom] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return { x: left, y: top, w: Math.max(1, right - left), h: Math.max(1, bottom - top) };
}

export const countIn = (boxes: readonly Box[], area: Rect): number => {
  let count = 0;
  for (const box of boxes) if (meets(rectOf(box), area)) count++;
  return count;
};

/** Letters below `FAR` or in a crowd cannot be read: then rectangles on a canvas do; a little slack keeps it from flickering. */
export function levelOf(k: number, picture: Picture, view: Rect, before: "svg" | "canvas"): "svg" | "canvas" {
  const slack = before === "canvas" ? 1.06 : 1;
  if (k < FAR * slack && picture.boxes.length > WHOLE / 4) return "canvas";
  if (picture.boxes.length <= CROWD) return "svg";
  return countIn(picture.boxes, view) > CROWD / slack ? "canvas" : "svg";
}

/** The innermost box at a point: what is inside comes later. */
export function boxAt(boxes: readonly Box[], x: number, y: number): Box | undefined {
  for (let k = boxes.length - 1; k >= 0; k--) {
    const box = boxes[k];
    if (box && Math.abs(x - box.x) <= box.w / 2 && Math.abs(y - box.y) <= box.h / 2) return box;
  }
  return undefined;
}

/** Where most is to be seen at the top of a picture that is wider than `w`: the middle, across, of the boxes there; those in view that compute count for more. */
export function richest({ boxes, width }: Picture, w: number, h: number): number {
  const top = boxes.filter((box) => box.bodies.length === 0 && box.y + box.h / 2 < 2 * h).sort((a, b) => a.x - b.x);
  const sums = [0];
  for (const [k, { kind, y }] of top.entries())
    sums.push((sums[k] ?? 0) + ((kind === "equation" || kind === "scope") && y < h ? 12 : 1));
  let best = { n: 0, off: 0, x: width / 2 };
  for (let first = 0, last = 0; first < top.length; first++) {
    const from = left(top[first]);
    while (last < top.length && right(top[last]) - from < w - 48) last++;
    const x = (from + right(top[last - 1])) / 2;
    const [n, off] = [(sums[last] ?? 0) - (sums[first] ?? 0), Math.abs(x - width / 2)];
    if (n > best.n || (n === best.n && off < best.off)) best = { n, off, x };
  }
  return best.x;
}

const left = (box: Box | undefined): number => (box ? box.x - box.w / 2 : 0);
const right = (box: Box | undefined): number => (box ? box.x + box.w / 2 : 0);
