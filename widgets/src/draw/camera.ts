/** Pan and zoom of one SVG layer: drag, wheel, fit. Screen = k · world + (x, y). */

import type { Stop } from "../link.ts";
import type { Rect } from "./svg.ts";

const NEAR = 2.5;
const FAR = 0.005;
/** A press that moves less than this is a click. */
const SLACK = 4;

export interface Camera {
  readonly k: number;
  /** Show all of it, at most life-size. */
  fit(): void;
  /** First look: all of it where that can be read, else the top at a readable size. */
  frame(): void;
  zoom(factor: number, at?: { x: number; y: number }): void;
  /** After a change of size: place anew what the user has not moved since it was placed. */
  settle(): void;
  /** Bring a world rectangle into the middle unless it is in view already. */
  see(area: Rect, always?: boolean): void;
  /** Keep a world point where `before` was on the screen. */
  pin(before: { x: number; y: number }, now: { x: number; y: number }): void;
  /** What of the world is in view. */
  view(): Rect;
  toWorld(clientX: number, clientY: number): { x: number; y: number };
  /** True once after a drag, so that its click is no click. */
  dragged(): boolean;
  stop: Stop;
}

export function createCamera(
  svg: SVGSVGElement,
  layer: SVGGElement,
  size: () => { width: number; height: number },
  moved: () => void,
): Camera {
  let [x, y, k] = [0, 0, 1];
  let drag: { id: number; x: number; y: number; far: boolean } | null = null;
  let wasDrag = false;
  let placed: (() => void) | null = null;
  const port = () => ({ w: svg.clientWidth || 600, h: svg.clientHeight || 400 });

  const apply = () => {
    layer.setAttribute("transform", `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${k.toFixed(4)})`);
    moved();
  };
  const limit = (value: number) => Math.min(NEAR, Math.max(FAR, value));
  const local = (clientX: number, clientY: number) => {
    const box = svg.getBoundingClientRect();
    return { x: clientX - box.left, y: clientY - box.top };
  };

  const camera: Camera = {
    get k() {
      return k;
    },
    fit() {
      const { w, h } = port();
      const { width, height } = size();
      k = limit(Math.min(1.25, (w - 32) / Math.max(1, width), (h - 32) / Math.max(1, height)));
      x = (w - k * width) / 2;
      y = (h - k * height) / 2;
      apply();
      placed = camera.fit;
    },
    frame() {
      const { w, h } = port();
      const { width, height } = size();
      if (Math.min((w - 32) / width, (h - 32) / height) >= 0.55) return camera.fit();
      k = limit(Math.max(0.7, Math.min(1, (w - 32) / width)));
      x = (w - k * width) / 2;
      y = Math.max(16, (h - k * height) / 2);
      apply();
      placed = camera.frame;
    },
    settle: () => placed?.(),
    zoom(factor, at = { x: port().w / 2, y: port().h / 2 }) {
      placed = null;
      const next = limit(k * factor);
      x = at.x - ((at.x - x) / k) * next;
      y = at.y - ((at.y - y) / k) * next;
      k = next;
      apply();
    },
    see(area, always = false) {
      const { w, h } = port();
      const [left, top, right, bottom] = [
        k * area.x + x,
        k * area.y + y,
        k * (area.x + area.w) + x,
        k * (area.y + area.h) + y,
      ];
      if (!always && left >= 8 && top >= 8 && right <= w - 8 && bottom <= h - 8 && k >= 0.45) return;
      placed = null;
      k = limit(Math.max(k, 0.6));
      if (always) k = limit(Math.min(1.25, (w - 48) / area.w, (h - 48) / area.h));
      x = w / 2 - k * (area.x + area.w / 2);
      y = Math.max(h / 2 - k * (area.y + area.h / 2), area.h * k > h ? 12 - k * area.y : Number.NEGATIVE_INFINITY);
      apply();
    },
    pin(before, now) {
      placed = null;
      x += k * (before.x - now.x);
      y += k * (before.y - now.y);
      apply();
    },
    view: () => ({ x: -x / k, y: -y / k, w: port().w / k, h: port().h / k }),
    toWorld(clientX, clientY) {
      const at = local(clientX, clientY);
      return { x: (at.x - x) / k, y: (at.y - y) / k };
    },
    dragged() {
      const was = wasDrag;
      wasDrag = false;
      return was;
    },
    stop: () => gone.abort(),
  };

  const gone = new AbortController();
  const signal = gone.signal;
  svg.addEventListener(
    "wheel",
    (event) => {
      const ours = event.ctrlKey || event.metaKey || svg.closest(".dl-root")?.contains(document.activeElement);
      if (!ours) return;
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 16 : 1;
      camera.zoom(
        Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.008 : 0.0016)),
        local(event.clientX, event.clientY),
      );
    },
    { passive: false, signal },
  );
  svg.addEventListener(
    "pointerdown",
    (event) => {
      wasDrag = false;
      if (event.button === 0) drag = { id: event.pointerId, x: event.clientX, y: event.clientY, far: false };
    },
    { signal },
  );
  svg.addEventListener(
    "pointermove",
    (event) => {
      if (!drag || drag.id !== event.pointerId) return;
      if (event.buttons === 0) return release();
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
      if (!drag.far && Math.hypot(dx, dy) < SLACK) return;
      if (!drag.far) svg.setPointerCapture?.(event.pointerId);
      drag = { ...drag, x: event.clientX, y: event.clientY, far: true };
      placed = null;
      svg.classList.add("dl-dragging");
      x += dx;
      y += dy;
      apply();
    },
    { signal },
  );
  const release = () => {
    wasDrag = drag?.far ?? false;
    drag = null;
    svg.classList.remove("dl-dragging");
  };
  svg.addEventListener("pointerup", release, { signal });
  svg.addEventListener("pointercancel", release, { signal });
  return camera;
}
