/** Pan and zoom: drag, wheel, one finger, two fingers, fit. Screen = k · world + (x, y). */

import type { Stop } from "../link.ts";
import type { Rect } from "./svg.ts";

const NEAR = 2.5;
const FAR = 0.005;
/** A press that moves less than this is a click; of a finger, less than twice this. */
const SLACK = 4;

export interface Spot {
  readonly x: number;
  readonly y: number;
}
/** Where the world is on the screen. */
export interface Pose extends Spot {
  readonly k: number;
}

export interface Camera {
  readonly k: number;
  readonly pose: Pose;
  /** Show all of it, at most life-size. */
  fit(): void;
  /** First look: all of it where that can be read, else the top at a readable size. */
  frame(): void;
  zoom(factor: number, at?: Spot): void;
  /** After a change of size: place anew what the user has not moved since it was placed. */
  settle(): void;
  /** Bring a world rectangle into the middle unless it is in view already. */
  see(area: Rect, always?: boolean): void;
  /** Bring a world point into the middle. */
  centre(x: number, y: number): void;
  /** Keep a world point where `before` was on the screen. */
  pin(before: Spot, now: Spot): void;
  /** What of the world is in view. */
  view(): Rect;
  toWorld(clientX: number, clientY: number): Spot;
  /** True once after a drag, so that its click is no click. */
  dragged(): boolean;
  /** Whether a finger or the mouse moves it just now. */
  readonly held: boolean;
  stop: Stop;
}

const limit = (value: number) => Math.min(NEAR, Math.max(FAR, value));

/** The pose after two fingers went from `before` to `after`: the world stays under both as far as it can. */
export function pinch({ x, y, k }: Pose, before: readonly [Spot, Spot], after: readonly [Spot, Spot]): Pose {
  const [was, now] = [before, after].map(([a, b]) => ({
    x: (a.x + b.x) / 2,
    y: (a.y + b.y) / 2,
    apart: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)),
  }));
  if (!was || !now) return { x, y, k };
  const next = limit((k * now.apart) / was.apart);
  return { x: now.x - ((was.x - x) / k) * next, y: now.y - ((was.y - y) / k) * next, k: next };
}

/** A camera on `port`; `place` is told of every new pose. */
export function createCamera(
  port: HTMLElement | SVGSVGElement,
  size: () => { width: number; height: number },
  place: (pose: Pose) => void,
  /** The middle of the best window of a given size, across, of what is too wide for one. */
  middle: (w: number, h: number) => number = () => size().width / 2,
): Camera {
  let [x, y, k] = [0, 0, 1];
  let press: { at: Spot; far: boolean; slack: number } | null = null;
  let wasDrag = false;
  let placed: (() => void) | null = null;
  const fingers = new Map<number, Spot>();
  const extent = () => ({ w: port.clientWidth || 600, h: port.clientHeight || 400 });
  const apply = () => place({ x, y, k });
  const local = (clientX: number, clientY: number) => {
    const box = port.getBoundingClientRect();
    return { x: clientX - box.left, y: clientY - box.top };
  };

  const camera: Camera = {
    get k() {
      return k;
    },
    get pose() {
      return { x, y, k };
    },
    get held() {
      return press?.far ?? false;
    },
    fit() {
      const { w, h } = extent();
      const { width, height } = size();
      k = limit(Math.min(1.25, (w - 32) / Math.max(1, width), (h - 32) / Math.max(1, height)));
      x = (w - k * width) / 2;
      y = (h - k * height) / 2;
      apply();
      placed = camera.fit;
    },
    frame() {
      const { w, h } = extent();
      const { width, height } = size();
      if (Math.min((w - 32) / width, (h - 32) / height) >= 0.55) return camera.fit();
      k = limit(Math.max(0.7, Math.min(1, (w - 32) / width)));
      x = w / 2 - k * (k * width > w ? middle(w / k, h / k) : width / 2);
      y = Math.max(16, (h - k * height) / 2);
      apply();
      placed = camera.frame;
    },
    settle: () => placed?.(),
    zoom(factor, at = { x: extent().w / 2, y: extent().h / 2 }) {
      placed = null;
      const next = limit(k * factor);
      x = at.x - ((at.x - x) / k) * next;
      y = at.y - ((at.y - y) / k) * next;
      k = next;
      apply();
    },
    see(area, always = false) {
      const { w, h } = extent();
      const [left, top] = [k * area.x + x, k * area.y + y];
      const [right, bottom] = [left + k * area.w, top + k * area.h];
      if (!always && left >= 8 && top >= 8 && right <= w - 8 && bottom <= h - 8 && k >= 0.45) return;
      placed = null;
      k = limit(Math.max(k, 0.6));
      if (always) k = limit(Math.min(1.25, (w - 48) / area.w, (h - 48) / area.h));
      x = w / 2 - k * (area.x + area.w / 2);
      y = Math.max(h / 2 - k * (area.y + area.h / 2), area.h * k > h ? 12 - k * area.y : Number.NEGATIVE_INFINITY);
      apply();
    },
    centre(atX, atY) {
      const { w, h } = extent();
      placed = null;
      x = w / 2 - k * atX;
      y = h / 2 - k * atY;
      apply();
    },
    pin(before, now) {
      placed = null;
      x += k * (before.x - now.x);
      y += k * (before.y - now.y);
      apply();
    },
    view: () => ({ x: -x / k, y: -y / k, w: extent().w / k, h: extent().h / k }),
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
  const on = <K extends keyof HTMLElementEventMap>(type: K, act: (event: HTMLElementEventMap[K]) => void) =>
    (port as HTMLElement).addEventListener(type, act, { signal: gone.signal, passive: false });
  on("wheel", (event) => {
    const ours = event.ctrlKey || event.metaKey || port.closest(".dl-root")?.contains(document.activeElement);
    if (!ours) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : 1;
    camera.zoom(Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.008 : 0.0016)), local(event.clientX, event.clientY));
  });
  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    const at = local(event.clientX, event.clientY);
    if (event.isPrimary !== false) fingers.clear();
    fingers.set(event.pointerId, at);
    const touch = event.pointerType === "touch";
    if (fingers.size === 1) wasDrag = false;
    press = { at, far: fingers.size > 1, slack: touch ? 2 * SLACK : SLACK };
  });
  on("pointermove", (event) => {
    const was = fingers.get(event.pointerId);
    if (!press || !was) return;
    if (event.buttons === 0) return release(event);
    const now = local(event.clientX, event.clientY);
    if (!press.far && Math.hypot(now.x - press.at.x, now.y - press.at.y) < press.slack) return;
    if (!press.far || !port.hasPointerCapture?.(event.pointerId)) port.setPointerCapture?.(event.pointerId);
    press = { ...press, far: true };
    placed = null;
    port.classList.add("dl-dragging");
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, now);
    if (other) ({ x, y, k } = pinch({ x, y, k }, [was, other], [now, other]));
    else [x, y] = [x + now.x - was.x, y + now.y - was.y];
    apply();
  });
  const release = (event: PointerEvent) => {
    if (!fingers.delete(event.pointerId) || fingers.size > 0) return;
    wasDrag = press?.far ?? false;
    press = null;
    port.classList.remove("dl-dragging");
    if (wasDrag) apply();
  };
  on("pointerup", release);
  on("pointercancel", release);
  return camera;
}
