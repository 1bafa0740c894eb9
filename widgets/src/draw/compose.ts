/** Put scopes, each laid out by itself, into one drawing. The twin of `difflab/show/compose.py`; WIRE.md "Composition". */

import type { EdgeKind, Item, ItemKind, Point, Scope } from "../payload.ts";

export const MARGIN = 12;
export const TITLE = 26;
/** Edges end at least this far from the corners of their boxes. */
const INSET = 6;

/** An item in the whole drawing: `x, y` is its centre, in absolute pixels. */
export interface Box {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly depth: number;
  readonly kind: ItemKind;
  readonly label: string;
  readonly item: Item;
  /** The scope this item stands in. */
  readonly scope: string;
  /** The bodies drawn inside; empty: closed. */
  readonly bodies: readonly Body[];
}

/** The area of one open scope inside its box: `x, y` is the left end of its title bar's top edge. */
export interface Body {
  readonly scope: string;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface Line {
  readonly from: string;
  readonly to: string;
  readonly points: readonly Point[];
  readonly label: string;
  readonly kind: EdgeKind;
  readonly scope: string;
}

export interface Picture {
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
  readonly portals: readonly (readonly [string, string])[];
  readonly width: number;
  readonly height: number;
}

export type Scopes = Readonly<Record<string, Scope>>;

interface Opened {
  readonly item: Item;
  readonly bodies: readonly Sized[];
  readonly w: number;
  readonly h: number;
}

interface Sized {
  readonly scope: Scope;
  readonly opened: ReadonlyMap<string, Opened>;
  readonly across: readonly Part[];
  readonly down: readonly Part[];
  readonly width: number;
  readonly height: number;
}

/** A piece of an axis, from `at`, of length `size`, that grows by `by`. */
interface Part {
  readonly at: number;
  readonly size: number;
  readonly by: number;
}

/** The drawing of `root` with the carried scopes among `open` opened. */
export function compose(scopes: Scopes, root: string, open: ReadonlySet<string>): Picture {
  const scope = scopes[root];
  if (!scope) throw new Error(`no scope "${root}" to draw; carried are: ${Object.keys(scopes).join(", ") || "none"}`);
  const sized = measure(scope, scopes, open);
  const out = { boxes: [] as Box[], lines: [] as Line[], portals: [] as (readonly [string, string])[] };
  placeScope(sized, 0, 0, 0, out);
  return { ...out, width: sized.width, height: sized.height };
}

/** Sizes from the inside out. */
function measure(scope: Scope, scopes: Scopes, open: ReadonlySet<string>): Sized {
  const opened = new Map<string, Opened>();
  const [across, down]: [Part[], Part[]] = [[], []];
  for (const item of scope.items) {
    const bodies: Sized[] = [];
    for (const id of item.scopes) {
      const inner = scopes[id];
      if (inner && open.has(id)) bodies.push(measure(inner, scopes, open));
    }
    if (bodies.length === 0) continue;
    const w = Math.max(item.w, Math.max(...bodies.map((b) => b.width)) + 2 * MARGIN);
    const h = Math.max(
      item.h,
      bodies.reduce((sum, b) => sum + TITLE + b.height, MARGIN),
    );
    opened.set(item.id, { item, bodies, w, h });
    across.push({ at: item.x - item.w / 2, size: item.w, by: w - item.w });
    down.push({ at: item.y - item.h / 2, size: item.h, by: h - item.h });
  }
  const sized = { scope, opened, across: merge(across), down: merge(down) };
  return { ...sized, width: scope.width + growth(sized.across), height: scope.height + growth(sized.down) };
}

const growth = (parts: readonly Part[]): number => parts.reduce((sum, part) => sum + part.by, 0);

/** Parts that overlap (items of one row, of one column) share their growth where that is less than the sum. */
function merge(parts: readonly Part[]): Part[] {
  const clusters: Part[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const part of [...parts].sort((a, b) => a.at - b.at || a.size - b.size || a.by - b.by)) {
    const cluster = clusters[clusters.length - 1];
    if (cluster && part.at < end) cluster.push(part);
    else clusters.push([part]);
    end = Math.max(end, part.at + part.size);
  }
  return clusters.flatMap((cluster) => {
    const at = Math.min(...cluster.map((p) => p.at));
    const size = Math.max(...cluster.map((p) => p.at + p.size)) - at;
    const shared = Math.max(...cluster.map((p) => (p.by * size) / p.size));
    return shared <= growth(cluster) ? [{ at, size, by: shared }] : cluster;
  });
}

interface End {
  readonly item: Item;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Out {
  boxes: Box[];
  lines: Line[];
  portals: (readonly [string, string])[];
}

function placeScope(sized: Sized, left: number, top: number, depth: number, out: Out): void {
  const { scope, opened } = sized;
  const [mapX, mapY] = [stretch(sized.across), stretch(sized.down)];
  const own = new Map<string, End>();
  const inside: (() => void)[] = [];
  for (const item of scope.items) {
    const now = opened.get(item.id);
    const x = left + mapX(item.x);
    const y = top + mapY(item.y);
    const [w, h] = now ? [now.w, now.h] : [item.w, item.h];
    const bodies: Body[] = [];
    own.set(item.id, { item, x, y, w, h });
    const { id, kind, label } = item;
    out.boxes.push({ id, x, y, w, h, depth, kind, label, item, scope: scope.id, bodies });
    if (!now) continue;
    let bar = y - h / 2;
    const deferred: Out = { boxes: out.boxes, lines: [], portals: [] };
    for (const body of now.bodies) {
      const { id: inner, label: title } = body.scope;
      bodies.push({ scope: inner, label: title, x: x - w / 2, y: bar, w, h: TITLE + body.height });
      placeScope(body, x - body.width / 2, bar + TITLE, depth + 1, deferred);
      bar += TITLE + body.height;
    }
    inside.push(() => {
      out.lines.push(...deferred.lines);
      out.portals.push(...deferred.portals);
    });
  }
  for (const { from, to, points, label, kind } of scope.edges) {
    const moved = points.map(([x, y]): Point => [left + mapX(x), top + mapY(y)]);
    land(moved, points, own.get(from), true);
    land(moved, points, own.get(to), false);
    out.lines.push({ from, to, points: squared(moved), label, kind, scope: scope.id });
  }
  out.portals.push(...scope.portals);
  for (const append of inside) append();
}

/** Move an end point onto the border of its box, on the side it was on, and its vertical segment along with it. */
function land(moved: Point[], points: readonly Point[], end: End | undefined, first: boolean): void {
  const k = first ? 0 : points.length - 1;
  const following = first ? 1 : points.length - 2;
  const [was, now, beside, besideNow] = [points[k], moved[k], points[following], moved[following]];
  if (!was || !now || !end) return;
  const side = was[1] > end.item.y ? 1 : was[1] < end.item.y ? -1 : first ? 1 : -1;
  const reach = Math.max(0, end.w / 2 - INSET);
  const x = Math.min(end.x + reach, Math.max(end.x - reach, now[0]));
  if (points.length > 2 && beside && besideNow && beside[0] === was[0]) moved[following] = [x, besideNow[1]];
  moved[k] = [x, end.y + (side * end.h) / 2];
}

/** A straight vertical edge whose ends moved apart gets a step half-way. */
function squared(points: Point[]): Point[] {
  const [a, b] = points;
  if (points.length !== 2 || !a || !b || Math.abs(a[0] - b[0]) <= 0.01) return points;
  const middle = (a[1] + b[1]) / 2;
  return [a, [a[0], middle], [b[0], middle], b];
}

/** The monotone map t ↦ t + Σ by·clamp((t − at)/size, 0, 1). */
function stretch(parts: readonly Part[]): (t: number) => number {
  return (t) => {
    let moved = t;
    for (const { at, size, by } of parts) {
      const share = size > 0 ? (t - at) / size : t < at ? 0 : 1;
      moved += by * Math.min(1, Math.max(0, share));
    }
    return moved;
  };
}
