/** Where the parts of a box stand, around its centre: for the document, for the canvas and for the hand that points at them. */

import type { Box } from "./compose.ts";
import type { Tint } from "./paint.ts";
import { fitText, type Rect, textWidth } from "./svg.ts";

export const LABEL = 12;
export const DETAIL = 10.5;
export const SMALL = 9;
export const MARK = 14;
const PAD = 8;
/** The line of chips at the top, and the tab of a sweep at a side. */
const CHIPS = 16;
const TAB = 9;
const GAP = 3;

export const opens = (box: Box): boolean => box.item.scopes.length > 0;

/** "× 48": one that stands for many is drawn as a stack. */
export const repeats = (box: Box): boolean => opens(box) && /(^|\s)×\s?\d/.test(box.item.detail);

export interface Words {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}
export interface Face {
  readonly label: Words;
  readonly detail: Words | null;
  /** Centre of the mark that opens. */
  readonly mark: { readonly x: number; readonly y: number } | null;
  readonly tab: (Rect & { readonly sign: "↓" | "↑" }) | null;
}

/** A closed box's texts and marks. */
export function faceOf({ w, h, item }: Box): Face {
  const top = item.chips.length > 0 ? CHIPS : 0;
  const inner = item.scopes.length > 0;
  const [left, right] = [item.phase === "forward" ? TAB : 0, item.phase === "reverse" ? TAB : 0];
  const room = w - (left || right ? 10 + TAB : 2 * PAD) - (inner ? MARK + 4 : 0);
  const x = (left - right) / 2 - (inner ? (MARK + 6) / 2 : 0);
  const y = top / 2;
  const two = item.detail !== "" && h - top >= 28;
  const sign = left ? "↓" : "↑";
  return {
    label: { x, y: y - (two ? 6.5 : 0), text: fitText(item.label, room, LABEL) },
    detail: two ? { x, y: y + 8, text: fitText(item.detail, room, DETAIL) } : null,
    mark: inner ? { x: w / 2 - right - PAD - MARK / 2 + 2, y } : null,
    tab: left || right ? { x: left ? 1 - w / 2 : w / 2 - TAB - 1, y: 1 - h / 2, w: TAB, h: h - 2, sign } : null,
  };
}

export interface Chip extends Rect {
  readonly id: string | null;
  readonly text: string;
  readonly full: string;
}

/** Chips side by side in the top line, long ones shortened; those without room even then are counted: "+3". */
export function chipsOf({ w, h, item }: Box): Chip[] {
  const room = w - 8;
  const wide = (text: string) => textWidth(text, SMALL) + 8;
  const all = item.chips.length;
  const whole = item.chips.reduce((sum, [, text]) => sum + wide(text) + GAP, -GAP);
  const fair = whole <= room ? room : Math.max(30, (room + GAP) / all - GAP);
  const row: Chip[] = [];
  let used = 0;
  const put = (id: string | null, text: string, full: string) => {
    row.push({ id, text, full, x: used - room / 2, y: -h / 2 + 2.5, w: wide(text), h: 12 });
    used += wide(text) + GAP;
  };
  for (const [k, [id, full]] of item.chips.entries()) {
    const text = fitText(full, fair - 8, SMALL);
    const rest = all - k - 1;
    if (k > 0 && used + wide(text) + (rest > 0 ? GAP + wide(`+${rest}`) : 0) > room + 0.01) {
      const names = item.chips.slice(k).map((chip) => chip[1]);
      const more = item.chips.slice(k).reduce((sum, [to, words]) => sum + ((to === null && Number(words)) || 1), 0);
      put(null, `+${more}`, names.join(", "));
      break;
    }
    put(id, text, full);
  }
  const shift = (room - used + GAP) / 2;
  return row.map((chip) => ({ ...chip, x: chip.x + shift }));
}

/** The chip at a point, given around the box's centre. */
export function chipAt(box: Box, x: number, y: number): Chip | undefined {
  return chipsOf(box).find((c) => x >= c.x && x <= c.x + c.w && y >= c.y && y <= c.y + c.h);
}

/** The pill with an overlay's figure: over the lower border of a closed box, at the end of an open one's title. */
export function figureOf(box: Box, tint: Tint): (Rect & { readonly text: string }) | null {
  if (tint.text === "") return null;
  const open = box.bodies.length > 0;
  const text = fitText(tint.text, Math.max(24, box.w - 14), SMALL);
  const w = textWidth(text, SMALL) + 9;
  return { x: box.w / 2 - w - 4, y: open ? -box.h / 2 + 6.5 : box.h / 2 - 2.5, w, h: 13, text };
}

/** The bar of a share, along the lower inside border of a closed box. */
export function barOf({ w, h }: Box, share: number): Rect {
  return { x: -w / 2 + 5, y: h / 2 - 5.5, w: Math.max(1.5, (w - 10) * share), h: 2.5 };
}

/** Slanting lines across a rectangle around (0, 0). */
export function hatch(w: number, h: number, step = 7): string {
  let d = "";
  for (let at = step; at < w + h; at += step) {
    const [x1, y1] = at < h ? [0, at] : [at - h, h];
    const [x2, y2] = at < w ? [at, 0] : [w, at - w];
    d += `M${x1 - w / 2} ${y1 - h / 2}L${x2 - w / 2} ${y2 - h / 2}`;
  }
  return d;
}

export function cornerOf(box: Box): number {
  if (box.kind === "input" || box.kind === "output") return Math.min(14, box.h / 2);
  return box.kind === "constant" || box.kind === "outer" ? 3 : 6;
}

export interface Stub {
  readonly key: string;
  readonly box: Box;
  readonly down: boolean;
  /** The other ends. */
  readonly others: readonly string[];
}

/** The stubs of long edges, one a side of a box, however many edges it stands for. */
export function stubsOf(
  portals: readonly (readonly [string, string])[],
  boxes: ReadonlyMap<string, Box>,
): Map<string, Stub> {
  const out = new Map<string, Stub & { others: string[] }>();
  const add = (id: string, other: string, down: boolean) => {
    const box = boxes.get(id);
    if (!box) return;
    const key = `${down ? "v" : "^"}${id}`;
    const stub = out.get(key);
    if (!stub) out.set(key, { key, box, down, others: [other] });
    else if (!stub.others.includes(other)) stub.others.push(other);
  };
  for (const [from, to] of portals) {
    add(from, to, true);
    add(to, from, false);
  }
  return out;
}

/** What stands beside a stub: the other end's name, or how many there are. */
export function stubText({ others }: Stub, name: (id: string) => string): string {
  const [first, ...rest] = others;
  return rest.length > 0 ? `×${others.length}` : name(first ?? "");
}
