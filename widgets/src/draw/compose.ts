/** Put scopes, each laid out by itself, into one drawing. The twin of `difflab/show/compose.py`; WIRE.md "Composition". */

import type { EdgeKind, Item, ItemKind, Point, Scope } from "../payload.ts";

export const MARGIN = 12;
export const TITLE = 26;
/** Edges end at least this far from the corners of their boxes, on their sides and at top and bottom. */
const INSET = [4, 6] as const;
/** So far from its box an edge may turn that cannot go straight on. */
const STEP = 4;

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
    const first = land(moved, points, 0, own.get(from), scope.items);
    const last = land(moved, points, points.length - 1, own.get(to), scope.items);
    const map = (axis: Axis, t: number) => (axis === 0 ? left + mapX(t) : top + mapY(t));
    out.lines.push({ from, to, points: joined(moved, first, last, map), label, kind, scope: scope.id });
  }
  out.portals.push(...scope.portals);
  for (const append of inside) append();
}

type Axis = 0 | 1;

/** An end of an edge on the border of its box; it leaves along `axis` (0: sideways, 1: up or down). */
interface Landing {
  readonly point: Point;
  readonly axis: Axis;
  /** It had to move along the border. */
  readonly slid: boolean;
  /** The segment next to it runs along the axis. */
  readonly straight: boolean;
  /** Nothing is in the way of taking that segment along. */
  readonly free: boolean;
  /** Where, before the maps, it may turn otherwise. */
  readonly step: number;
}

/** Where an end point meets the border of its box, on the side it was on. */
function land(
  moved: readonly Point[],
  points: readonly Point[],
  k: number,
  end: End | undefined,
  items: readonly Item[],
): Landing | undefined {
  const [was, beside, now] = [points[k], points[k === 0 ? 1 : k - 1], moved[k]];
  if (!was || !beside || !now || !end) return;
  const { item } = end;
  const middle: Point = [item.x, item.y];
  const size: Point = [item.w, item.h];
  const sideways = Math.abs(Math.abs(was[0] - item.x) - item.w / 2) <= 1 && Math.abs(was[1] - item.y) < item.h / 2 - 1;
  const [axis, other]: [Axis, Axis] = sideways ? [0, 1] : [1, 0];
  const side = was[axis] > middle[axis] || (was[axis] === middle[axis] && k === 0) ? 1 : -1;
  const centre: Point = [end.x, end.y];
  const extent: Point = [end.w, end.h];
  const reach = Math.max(0, extent[other] / 2 - INSET[axis]);
  const at = Math.min(centre[other] + reach, Math.max(centre[other] - reach, now[other]));
  const slid = Math.abs(at - now[other]) > 0.01;
  const straight = beside[other] === was[other];
  const [low, high] = [Math.min(was[axis], beside[axis]), Math.max(was[axis], beside[axis])];
  const blocks = (one: Item) => {
    const c: Point = [one.x, one.y];
    const s: Point = [one.w, one.h];
    return (
      one !== item &&
      Math.abs(c[other] - middle[other]) < (s[other] + size[other]) / 2 - 0.5 &&
      c[axis] + s[axis] / 2 > low + 0.5 &&
      c[axis] - s[axis] / 2 < high - 0.5
    );
  };
  const free = !(slid && straight && items.some(blocks));
  const border = centre[axis] + (side * extent[axis]) / 2;
  return { point: pointOf(axis, border, at), axis, slid, straight, free, step: was[axis] + STEP * side };
}

/** The points between two ends, their segments taken along where the way is free, with a step where it is not. */
function joined(
  moved: readonly Point[],
  first: Landing | undefined,
  last: Landing | undefined,
  map: (axis: Axis, t: number) => number,
): readonly Point[] {
  if (!first || !last) return moved;
  const [axis, a, b] = [first.axis, first.point, last.point];
  const across: Axis = axis === 0 ? 1 : 0;
  if (moved.length === 2 && first.straight && first.free && last.free) {
    if (Math.abs(a[across] - b[across]) <= 0.01) return [a, b];
    const middle = (a[axis] + b[axis]) / 2;
    return [a, pointOf(axis, middle, a[across]), pointOf(axis, middle, b[across]), b];
  }
  const inner = moved.slice(1, -1);
  const found = (
    [
      [first, 0, moved[0]],
      [last, inner.length - 1, moved.at(-1)],
    ] as const
  ).map(([end, k, at]): Point[] => {
    const side: Axis = end.axis === 0 ? 1 : 0;
    const near = inner[k];
    if (end.slid && end.straight && !(end.free && near) && at) {
      const level = map(end.axis, end.step);
      return [end.point, pointOf(end.axis, level, end.point[side]), pointOf(end.axis, level, at[side])];
    }
    if (end.straight && near) inner[k] = pointOf(end.axis, near[end.axis], end.point[side]);
    return [end.point];
  });
  return [...(found[0] ?? []), ...inner, ...(found[1] ?? []).reverse()];
}

const pointOf = (axis: Axis, along: number, across: number): Point => (axis === 0 ? [along, across] : [across, along]);

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
