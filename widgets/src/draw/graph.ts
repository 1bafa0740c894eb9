/** The graph drawing: SVG where it can be read, a canvas where it is far away or crowded, and a small map of it all. */

import { h } from "../dom.ts";
import type { Stop } from "../link.ts";
import { type Camera, createCamera, type Pose } from "./camera.ts";
import { paintImage, paintPicture } from "./canvas.ts";
import type { Box, Picture } from "./compose.ts";
import { boxAt, contains, EVERYWHERE, levelOf, richest, WHOLE, widened } from "./cull.ts";
import { createMinimap } from "./minimap.ts";
import { type Look, type Marks, PLAIN, repainted, type Tint, tintWords } from "./paint.ts";
import { createSampler } from "./sample.ts";
import { svgText } from "./save.ts";
import { createSheet } from "./sheet.ts";
import { placing, type Rect } from "./svg.ts";
import { calm, LIVELY, type Scene, unfold } from "./unfold.ts";

export { rectOf } from "./cull.ts";
export type { Marks, Tint, Tone } from "./paint.ts";

/** Drawn beyond each side of the view, as a share of it, so that little is to do while it moves. */
const BEYOND = 0.2;
/** A drawing that is only moved and scaled is drawn anew after this many ms at rest, or at once at these scales. */
const REST = 140;
const [SHRUNK, GROWN] = [0.6, 1.7];
/** Smaller print is left out below the first zoom; names of portals come from the second one on. */
const [SMALL_PRINT, NEAR] = [0.42, 0.8];

export interface GraphCalls {
  pick(id: string | null): void;
  toggle(id: string, at: { x: number; y: number } | null): void;
  follow(id: string): void;
  /** The view moved. */
  moved?(): void;
  hover(id: string | null, at: { x: number; y: number }): void;
}

export interface GraphDrawing {
  /** Holds the drawing in its ways, and the small map. */
  readonly element: HTMLElement;
  readonly camera: Camera;
  readonly picture: Picture;
  /** Draw another picture; `animateFrom`: the box that opened or closed. */
  show(picture: Picture, animateFrom?: string): void;
  mark(marks: Marks): void;
  /** Colour the boxes by id; null: no overlay. */
  paint(tints: ReadonlyMap<string, Tint> | null): void;
  /** Dim all other boxes; null: none. */
  only(ids: ReadonlySet<string> | null): void;
  minimap(on: boolean): void;
  /** The whole drawing as a PNG. */
  image(scale?: number): Promise<Blob>;
  /** The whole drawing as the text of an SVG file. */
  svg(title: string): string;
  box(id: string): Box | undefined;
  stop: Stop;
}

export function createGraphDrawing(calls: GraphCalls): GraphDrawing {
  const sheet = createSheet();
  const sampler = createSampler();
  const canvas = h("canvas", { class: "dl-far-canvas", "aria-hidden": "true", hidden: true });
  const world = h("div", { class: "dl-world" }, sheet.element, canvas);
  const proxy = h("div", { class: "dl-proxy", role: "button", "aria-live": "polite", hidden: true });
  const element = h("div", { class: "dl-drawing" }, world, sampler.element, proxy);
  let picture: Picture = { boxes: [], lines: [], portals: [], width: 1, height: 1 };
  let boxes: ReadonlyMap<string, Box> = new Map();
  let look: Look = PLAIN;
  let level: "svg" | "canvas" = "svg";
  /** The pose in which it was drawn last; the world is moved from there to where the camera is. */
  let drawn: Pose = { x: 0, y: 0, k: 1 };
  let area: Rect | null = null;
  let frame = 0;
  let rest: ReturnType<typeof setTimeout> | undefined;
  const gone = new AbortController();

  const camera = createCamera(
    element,
    () => picture,
    place,
    (w, h) => richest(picture, w, h),
  );
  const minimap = createMinimap(element, camera, sampler, () => picture);
  element.append(minimap.element);

  function place(pose: Pose): void {
    element.classList.toggle("dl-far", pose.k < SMALL_PRINT);
    element.classList.toggle("dl-near", pose.k >= NEAR);
    const f = pose.k / drawn.k;
    clearTimeout(rest);
    if (picture.boxes.length <= LIVELY || f < SHRUNK || f > GROWN) settle();
    else {
      const [x, y] = [Math.round(pose.x - f * drawn.x), Math.round(pose.y - f * drawn.y)];
      world.style.transform = `translate(${x}px,${y}px) scale(${f})`;
      if (f !== 1) rest = setTimeout(settle, REST);
    }
    schedule();
  }

  function schedule(): void {
    if (!frame) frame = requestAnimationFrame(followUp);
  }

  /** Draw in the camera's own pose. */
  function settle(): void {
    clearTimeout(rest);
    const same = drawn.x === camera.pose.x && drawn.y === camera.pose.y && drawn.k === camera.pose.k;
    drawn = camera.pose;
    world.style.transform = "";
    sheet.layer.setAttribute("transform", placing(drawn));
    if (level === "canvas" && !same) redraw();
  }

  function followUp(): void {
    frame = 0;
    minimap.moved();
    const view = camera.view();
    const next = levelOf(camera.k, picture, view, level);
    const covered = area !== null && contains(area, view);
    if (next !== level || !covered) redraw();
    calls.moved?.();
  }

  /** Have what is near in the document, or on the canvas. */
  function redraw(): void {
    const view = camera.view();
    const next = levelOf(camera.k, picture, view, level);
    if (next !== level) sheet.reset(picture, boxes);
    level = next;
    canvas.hidden = level === "svg";
    sheet.element.toggleAttribute("hidden", level === "canvas");
    area = level === "svg" && picture.boxes.length <= WHOLE ? EVERYWHERE : widened(view, BEYOND);
    if (level === "svg") sheet.draw(area, look);
    else {
      drawn = camera.pose;
      world.style.transform = "";
      sheet.layer.setAttribute("transform", placing(drawn));
      paintCanvas(area);
    }
    tell();
  }

  function paintCanvas(on: Rect): void {
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    const { x, y, k } = drawn;
    const [left, top, wide, high] = [on.x * k + x, on.y * k + y, on.w * k, on.h * k];
    const [w, hi] = [Math.ceil(wide * ratio), Math.ceil(high * ratio)];
    if (canvas.width !== w || canvas.height !== hi) [canvas.width, canvas.height] = [w, hi];
    canvas.style.cssText = `left:${left}px;top:${top}px;width:${wide}px;height:${high}px`;
    const context = canvas.getContext("2d");
    if (!context) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, w, hi);
    context.setTransform(k * ratio, 0, 0, k * ratio, (x - left) * ratio, (y - top) * ratio);
    paintPicture({ context, picture, boxes, look, sampler, area: on, k, full: false });
  }

  /** The canvas is mute: the selected box stands in for it. */
  function tell(): void {
    const box = look.selected === null ? undefined : boxes.get(look.selected);
    proxy.hidden = level === "svg" || !box;
    const words = box
      ? [box.label, box.item.detail, tintWords(look.tints?.get(box.id))].filter(Boolean).join(", ")
      : "";
    if (!proxy.hidden && proxy.getAttribute("aria-label") !== words) {
      proxy.setAttribute("aria-label", words);
      proxy.textContent = words;
    }
  }

  function change(next: Partial<Look>): void {
    const anew = "tints" in next ? repainted(look.tints, next.tints ?? null) : new Set<string>();
    look = { ...look, ...next };
    if (anew.size > 0) {
      sheet.forget(anew);
      minimap.redraw(look);
      redraw();
    } else if ("tints" in next) return;
    else if (level === "canvas") redraw();
    else sheet.mark(look);
    tell();
  }

  const idAt = (event: MouseEvent): string | null => {
    const { x, y } = camera.toWorld(event.clientX, event.clientY);
    if (level === "canvas") return boxAt(picture.boxes, x, y)?.id ?? null;
    return (event.target as Element | null)?.closest<SVGElement>("[data-id]")?.dataset.id ?? null;
  };
  const turns = new Map<string, number>();
  /** Of a stub that stands for several, each click goes to the next one. */
  const follow = (target: SVGElement): void => {
    const stub = sheet.stub(target.dataset.stub ?? "");
    if (!stub) return calls.follow(target.dataset.follow ?? "");
    const turn = turns.get(stub.key) ?? 0;
    turns.set(stub.key, turn + 1);
    calls.follow(stub.others[turn % stub.others.length] ?? "");
  };
  const on = <K extends keyof HTMLElementEventMap>(type: K, act: (event: HTMLElementEventMap[K]) => void) =>
    element.addEventListener(type, act, { signal: gone.signal });
  const open = (event: MouseEvent, id: string | null) => {
    if (id !== null) calls.toggle(id, camera.toWorld(event.clientX, event.clientY));
  };
  let tap = { when: Number.NEGATIVE_INFINITY, id: "", touch: false };
  on("pointerdown", (event) => {
    tap = { ...tap, touch: event.pointerType === "touch" };
  });
  on("click", (event) => {
    if (camera.dragged()) return;
    const target = event.target as Element;
    const door = target.closest<SVGElement>("[data-follow]");
    if (door) return follow(door);
    const id = idAt(event);
    if (target.closest("[data-toggle]")) return open(event, id);
    const again = tap.touch && id !== null && tap.id === id && event.timeStamp - tap.when < 350;
    tap = { ...tap, when: again ? Number.NEGATIVE_INFINITY : event.timeStamp, id: id ?? "" };
    if (again) open(event, id);
    else calls.pick(id);
  });
  on("dblclick", (event) => {
    if (!tap.touch && !(event.target as Element).closest("[data-toggle],[data-follow]")) open(event, idAt(event));
  });
  on("pointermove", (event) => {
    const id = event.buttons ? null : idAt(event);
    element.classList.toggle("dl-over-box", level === "canvas" && id !== null);
    calls.hover(id, { x: event.clientX, y: event.clientY });
  });
  on("pointerleave", () => calls.hover(null, { x: 0, y: 0 }));
  sampler.element.addEventListener(
    "transitionend",
    () => {
      if (level === "canvas") redraw();
      minimap.redraw(look);
    },
    { signal: gone.signal },
  );

  const watcher = globalThis.ResizeObserver ? new ResizeObserver(() => schedule()) : null;
  watcher?.observe(element);

  return {
    element,
    camera,
    get picture() {
      return picture;
    },
    show(next, animateFrom) {
      const before: Scene = { boxes, pose: camera.pose };
      picture = next;
      boxes = new Map(next.boxes.map((box) => [box.id, box]));
      element.dataset.boxes = String(boxes.size);
      sheet.reset(picture, boxes);
      world.classList.toggle("dl-moving", boxes.size > LIVELY);
      area = null;
      redraw();
      minimap.redraw(look);
      const lively = Math.max(before.boxes.size, boxes.size) <= LIVELY;
      if (animateFrom === undefined || level === "canvas" || !lively || calm()) return;
      // The caller pins the camera first; nothing is painted in between.
      queueMicrotask(() => unfold(before, { boxes, pose: camera.pose }, sheet.node, sheet.wires));
    },
    mark: (marks) => change(marks),
    paint: (tints) => change({ tints }),
    only: (only) => change({ only }),
    minimap: (on) => minimap.on(on),
    image: (scale = 2) => paintImage({ picture, boxes, look: { ...look, waiting: new Set() }, sampler }, scale),
    svg: (title) => svgText(element.parentElement ?? element, picture, boxes, { ...look, waiting: new Set() }, title),
    box: (id) => boxes.get(id),
    stop() {
      gone.abort();
      camera.stop();
      minimap.stop();
      watcher?.disconnect();
      cancelAnimationFrame(frame);
      clearTimeout(rest);
    },
  };
}
