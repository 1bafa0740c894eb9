/** A small copy of the whole drawing in the corner; the part in view is a frame that can be dragged. */

import { h } from "../dom.ts";
import type { Stop } from "../link.ts";
import type { Camera } from "./camera.ts";
import type { Picture } from "./compose.ts";
import { heatOf, isOpen, type Look } from "./paint.ts";
import type { Sampler } from "./sample.ts";
import type { Rect } from "./svg.ts";

const [WIDE, HIGH, THIN] = [160, 200, 36];
/** It takes no more of the drawing's width than this, and of its height twice that. */
const SHARE = 0.18;
/** Below this width there is no room for it. */
const ROOM = 500;

export interface Miniature {
  readonly w: number;
  readonly h: number;
  /** Pixels a unit of the world has, across and down. */
  readonly sx: number;
  readonly sy: number;
}

/** Size of the small copy: within the limits, no side so thin that nothing can be seen. */
export function miniature(
  { width, height }: { width: number; height: number },
  { wide = WIDE, high = HIGH } = {},
): Miniature {
  const scale = Math.min(Math.min(WIDE, wide) / width, Math.min(HIGH, high) / height);
  const [w, h] = [Math.max(THIN, width * scale), Math.max(THIN, height * scale)];
  return { w, h, sx: w / width, sy: h / height };
}

/** The view's place on it, kept inside and large enough to grip. */
export function windowOf({ w, h, sx, sy }: Miniature, view: Rect): Rect {
  const side = (at: number, size: number, all: number) => {
    const start = Math.min(Math.max(0, at), all - 8);
    return [start, Math.max(8, Math.min(all, at + size) - start)] as const;
  };
  const [x, width] = side(view.x * sx, view.w * sx, w);
  const [y, height] = side(view.y * sy, view.h * sy, h);
  return { x, y, w: width, h: height };
}

/** Whether the picture is more than two views large. */
export function worthwhile({ width, height }: { width: number; height: number }, view: Rect, room: number): boolean {
  return room >= ROOM && Math.max(1, width / view.w) * Math.max(1, height / view.h) > 2;
}

export interface Minimap {
  readonly element: HTMLElement;
  /** Draw it anew. */
  redraw(look: Look): void;
  /** Follow the camera. */
  moved(): void;
  on(on: boolean): void;
  stop: Stop;
}

export function createMinimap(host: HTMLElement, camera: Camera, sampler: Sampler, of: () => Picture): Minimap {
  const canvas = h("canvas", {});
  const frame = h("div", { class: "dl-mini-view" });
  const element = h("div", { class: "dl-minimap", "aria-hidden": "true", hidden: true }, canvas, frame);
  let [wanted, stale] = [true, true];
  let latest: Look | null = null;
  let small: Miniature = { w: 1, h: 1, sx: 1, sy: 1 };
  let grip: { x: number; y: number } | null = null;
  const gone = new AbortController();

  function paint(look: Look): void {
    const picture = of();
    small = miniature(picture, { wide: SHARE * host.clientWidth, high: 2 * SHARE * host.clientHeight });
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    [canvas.width, canvas.height] = [Math.ceil(small.w * ratio), Math.ceil(small.h * ratio)];
    element.style.width = `${small.w}px`;
    element.style.height = `${small.h}px`;
    const context = canvas.getContext("2d");
    if (!context) return;
    sampler.fresh();
    context.scale(ratio, ratio);
    const groups = new Map<string, { fill: string; path: Path2D }>();
    for (const box of picture.boxes) {
      const tint = look.tints?.get(box.id);
      const css = isOpen(box) ? "dl-mini-frame" : tint ? `dl-tone-${tint.tone}` : "dl-mini-box";
      const share = tint && css.endsWith("heat") ? heatOf(tint) : 0;
      const group = groups.get(css + share) ?? { fill: sampler.look(css, "dl-plate", share).fill, path: new Path2D() };
      groups.set(css + share, group);
      const [w, hi] = [Math.max(1, box.w * small.sx), Math.max(1, box.h * small.sy)];
      group.path.rect(box.x * small.sx - w / 2, box.y * small.sy - hi / 2, w, hi);
    }
    for (const { fill, path } of groups.values()) {
      context.fillStyle = fill;
      context.fill(path);
    }
    stale = false;
  }

  const map: Minimap = {
    element,
    redraw(look) {
      latest = look;
      stale = true;
      map.moved();
    },
    moved() {
      const view = camera.view();
      const shown = wanted && (grip !== null || worthwhile(of(), view, host.clientWidth));
      if (element.hidden === shown) element.hidden = !shown;
      if (!shown || !latest) return;
      if (stale) paint(latest);
      const { x, y, w, h: high } = windowOf(small, view);
      frame.style.transform = `translate(${x}px,${y}px)`;
      frame.style.width = `${w}px`;
      frame.style.height = `${high}px`;
    },
    on(on) {
      wanted = on;
      map.moved();
    },
    stop: () => gone.abort(),
  };

  const at = (event: PointerEvent) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const on = (type: "pointerdown" | "pointermove" | "pointerup" | "pointercancel", act: (e: PointerEvent) => void) =>
    element.addEventListener(
      type,
      (event) => {
        event.stopPropagation();
        act(event);
      },
      { signal: gone.signal },
    );
  const drag = (event: PointerEvent) => {
    if (!grip) return;
    const { x, y } = at(event);
    camera.centre((x - grip.x) / small.sx, (y - grip.y) / small.sy);
  };
  on("pointerdown", (event) => {
    const { x, y } = at(event);
    const seen = windowOf(small, camera.view());
    const [dx, dy] = [x - seen.x - seen.w / 2, y - seen.y - seen.h / 2];
    const inside = Math.abs(dx) <= seen.w / 2 && Math.abs(dy) <= seen.h / 2;
    grip = inside ? { x: dx, y: dy } : { x: 0, y: 0 };
    element.setPointerCapture?.(event.pointerId);
    if (!inside) drag(event);
  });
  on("pointermove", drag);
  const release = () => {
    grip = null;
    map.moved();
  };
  on("pointerup", release);
  on("pointercancel", release);
  for (const type of ["click", "dblclick"] as const)
    element.addEventListener(type, (event) => event.stopPropagation(), { signal: gone.signal });
  return map;
}
