/** The drawing on a canvas: rectangles and thin lines when it is far away or crowded, all of it in a picture that is saved. */

import { type Box, type Line, type Picture, TITLE } from "./compose.ts";
import { boundsOf, rectOf } from "./cull.ts";
import { boxClass, heatOf, isOpen, type Look, lineClass, signOf } from "./paint.ts";
import { barOf, chipsOf, cornerOf, DETAIL, faceOf, figureOf, hatch, LABEL, opens, repeats, SMALL } from "./parts.ts";
import type { Paint, Sampler } from "./sample.ts";
import { arrowHead, fitText, meets, type Rect, roundedPath, sCurve } from "./svg.ts";

/** No more lines than this are drawn while far away; those left out are spread evenly. */
const LINES = 5000;
/** A line shorter than this many pixels on the screen is left out when far away. */
const SHORT = 2.5;
/** So many signs and marks keep their size on the screen. */
const SIGNS = 400;
/** The longest side of a saved picture, in pixels, and the paper around it. */
const LIMIT = 8000;
const PAPER = 16;

export interface Job {
  readonly context: CanvasRenderingContext2D;
  readonly picture: Picture;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly look: Look;
  readonly sampler: Sampler;
  /** The part of the world to draw. */
  readonly area: Rect;
  /** Pixels of the screen a unit of the world has. */
  readonly k: number;
  /** With all texts and marks. */
  readonly full: boolean;
}

/** Draw with the context's present transform. */
export function paintPicture(job: Job): void {
  const { picture, area } = job;
  const near = picture.boxes.filter((box) => meets(rectOf(box), area));
  job.sampler.fresh();
  job.context.lineJoin = "round";
  job.context.textBaseline = "middle";
  paintBoxes(job, near.filter(isOpen));
  paintLines(job, nearLines(job));
  paintPortals(job);
  const closed = near.filter((box) => !isOpen(box));
  if (job.full) for (const box of closed) paintUnder(job, box);
  paintBoxes(job, closed);
  if (job.full || job.k >= 0.5) for (const box of near) paintTexts(job, box);
  else paintSigns(job, near);
}

function nearLines({ picture, area, k, full }: Job): Line[] {
  const near = picture.lines.filter((line) => {
    const bounds = boundsOf(line.points);
    return meets(bounds, area) && (full || Math.max(bounds.w, bounds.h) * k > SHORT);
  });
  const step = full ? 1 : Math.ceil(near.length / LINES);
  return step > 1 ? near.filter((_, place) => place % step === 0) : near;
}

/** Boxes that look the same are one path. */
function paintBoxes(job: Job, boxes: readonly Box[]): void {
  const { context, k, look } = job;
  const groups = new Map<string, { paint: Paint; strong: boolean; bad: boolean; path: Path2D; boxes: Box[] }>();
  for (const box of boxes) {
    const tint = look.tints?.get(box.id);
    const css = boxClass(box, look);
    const share = tint?.tone === "heat" ? heatOf(tint) : 0;
    const key = `${css}|${share}`;
    let group = groups.get(key);
    if (!group) {
      const paint = job.sampler.look(css, "dl-plate", share);
      group = {
        paint,
        strong: /dl-(selected|found)/.test(css),
        bad: tint?.tone === "bad",
        path: new Path2D(),
        boxes: [],
      };
      groups.set(key, group);
    }
    group.boxes.push(box);
    const { x, y, w, h } = rectOf(box);
    if (k > 0.3) group.path.roundRect(x, y, w, h, cornerOf(box));
    else group.path.rect(x, y, w, h);
  }
  for (const { paint, strong, bad, path, boxes: same } of groups.values()) {
    context.globalAlpha = paint.opacity;
    context.fillStyle = paint.fill;
    context.fill(path);
    if (bad) for (const box of same) paintHatch(job, box);
    context.strokeStyle = paint.stroke;
    context.setLineDash(k > 0.2 ? [...paint.dash] : []);
    context.lineWidth = Math.max(paint.width, (strong ? 2.5 : 0.6) / k);
    context.stroke(path);
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

function paintHatch({ context, sampler, k }: Job, { x, y, w, h }: Box): void {
  const { stroke, width } = sampler.look("dl-node", "dl-hatch");
  context.save();
  context.translate(x, y);
  context.strokeStyle = stroke;
  context.lineWidth = Math.max(width, 0.6 / k);
  context.stroke(new Path2D(hatch(w, h, Math.max(7, 3 / k))));
  context.restore();
}

function paintLines(job: Job, lines: readonly Line[]): void {
  const { context, k, full } = job;
  const groups = new Map<string, { wire: Path2D; heads: Path2D }>();
  for (const line of lines) {
    const key = lineClass(line, job.look);
    const group = groups.get(key) ?? { wire: new Path2D(), heads: new Path2D() };
    groups.set(key, group);
    const { points } = line;
    const round = full || k >= 0.5;
    if (round) group.wire.addPath(new Path2D(roundedPath(points)));
    else for (const [n, [x, y]] of points.entries()) n === 0 ? group.wire.moveTo(x, y) : group.wire.lineTo(x, y);
    const [tail, tip] = points.slice(-2);
    if (tail && tip && round) group.heads.addPath(new Path2D(arrowHead(tail, tip)));
  }
  // What is lit comes last, over its dim neighbours.
  for (const [key, { wire, heads }] of [...groups].sort(([a], [b]) => Number(/hot/.test(a)) - Number(/hot/.test(b)))) {
    const paint = job.sampler.look(key, "dl-wire");
    context.globalAlpha = paint.opacity * (k < 0.15 && !/hot/.test(key) ? 0.6 : 1);
    context.strokeStyle = paint.stroke;
    context.setLineDash(k > 0.2 ? [...paint.dash] : []);
    context.lineWidth = Math.max(paint.width, 0.7 / k);
    context.stroke(wire);
    context.fillStyle = job.sampler.look(key, "dl-head").fill;
    context.fill(heads);
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

function paintPortals({ context, picture, boxes, look, sampler, k }: Job): void {
  const { stroke, width, dash } = sampler.look("", "dl-portal");
  context.strokeStyle = stroke;
  context.lineWidth = Math.max(width, 1.2 / k);
  context.setLineDash([...dash]);
  for (const [from, to] of picture.portals) {
    const [a, b] = [boxes.get(from), boxes.get(to)];
    if (!a || !b || look.selected === null || (from !== look.selected && to !== look.selected)) continue;
    context.stroke(new Path2D(sCurve([a.x, a.y + a.h / 2], [b.x, b.y - b.h / 2])));
  }
  context.setLineDash([]);
}

/** The signs of tones at a size that can be read: colour never alone, however far away. */
function paintSigns(job: Job, boxes: readonly Box[]): void {
  const { look, k } = job;
  const signed = boxes.filter((box) => {
    const tint = look.tints?.get(box.id);
    return tint && signOf(tint) !== "" && (box.w * k > 12 || box.h * k > 12 || tint.tone === "bad");
  });
  for (const box of signed.slice(0, SIGNS)) {
    const tint = look.tints?.get(box.id);
    if (tint)
      write(job, signOf(tint), box.x, isOpen(box) ? box.y - box.h / 2 + 10 / k : box.y, 13 / k, "dl-label", 700);
  }
}

function paintUnder({ context, sampler, look }: Job, box: Box): void {
  const { fill, stroke, width } = sampler.look(boxClass(box, look), "dl-under");
  [context.fillStyle, context.strokeStyle, context.lineWidth] = [fill, stroke, width];
  for (const shift of repeats(box) ? [6, 3] : opens(box) ? [3] : []) {
    context.beginPath();
    context.roundRect(box.x - box.w / 2 + shift, box.y - box.h / 2 + shift, box.w, box.h, 6);
    context.fill();
    context.stroke();
  }
}

function paintTexts(job: Job, box: Box): void {
  const { context, look } = job;
  const tint = look.tints?.get(box.id);
  const css = boxClass(box, look);
  context.save();
  context.globalAlpha = job.sampler.look(css, "dl-plate").opacity;
  context.translate(box.x, box.y);
  if (isOpen(box)) {
    for (const body of box.bodies) {
      const title = box.bodies.length > 1 ? `${box.label} · ${body.label}` : `${box.label}  ${box.item.detail}`;
      const at = body.y - box.y + TITLE / 2;
      write(job, fitText(title, body.w - 20, LABEL), body.x - box.x + 10, at, LABEL, "dl-label", 600, "left");
    }
  } else {
    const { label, detail, mark, tab } = faceOf(box);
    if (tab) {
      pill(job, tab, css, "dl-sweep", 3);
      write(job, tab.sign, tab.x + tab.w / 2, 0, SMALL, "dl-sweep-sign", 700, "center", css);
    }
    if (tint?.tone === "heat") pill(job, barOf(box, heatOf(tint)), css, "dl-heat-bar", 1, heatOf(tint));
    write(job, label.text, label.x, label.y, LABEL, "dl-label", 600, "center", css);
    if (detail) write(job, detail.text, detail.x, detail.y, DETAIL, "dl-detail", 400, "center", css);
    if (mark) write(job, "+", mark.x, mark.y, LABEL, "dl-label", 500);
    for (const chip of chipsOf(box)) {
      pill(job, chip, "dl-chip", "dl-pill", 6);
      write(
        job,
        chip.text,
        chip.x + chip.w / 2,
        chip.y + chip.h / 2 + 0.5,
        SMALL,
        "dl-words",
        400,
        "center",
        "dl-chip",
      );
    }
  }
  const figure = tint && figureOf(box, tint);
  if (figure) {
    pill(job, figure, "dl-figure", "dl-pill", 6);
    const middle = figure.y + figure.h / 2 + 0.5;
    write(job, figure.text, figure.x + figure.w / 2, middle, SMALL, "dl-words", 600, "center", "dl-figure");
  }
  const sign = tint ? signOf(tint) : "";
  if (sign) {
    const [x, y] = [-box.w / 2 + 2, -box.h / 2 + 2];
    pill(job, { x: x - 7, y: y - 7, w: 14, h: 14 }, `${css} dl-sign`, "dl-pill", 7);
    write(job, sign, x, y, 10, "dl-words", 700, "center", "dl-sign");
  }
  context.restore();
}

function pill(
  { context, sampler }: Job,
  { x, y, w, h }: Rect,
  css: string,
  part: string,
  round: number,
  share = 0,
): void {
  const { fill, stroke, width } = sampler.look(css, part, share);
  context.beginPath();
  context.roundRect(x, y, w, h, round);
  context.fillStyle = fill;
  context.fill();
  if (stroke === "none") return;
  context.strokeStyle = stroke;
  context.lineWidth = width;
  context.stroke();
}

function write(
  { context, sampler }: Job,
  text: string,
  x: number,
  y: number,
  size: number,
  part: string,
  weight: number,
  align: CanvasTextAlign = "center",
  css = "dl-node",
): void {
  context.font = `${weight} ${size}px ${sampler.family}`;
  context.textAlign = align;
  context.fillStyle = sampler.look(css, part).fill;
  context.fillText(text, x, y);
}

/** The largest scale up to `wanted` at which no side of the saved picture is over the limit. */
export function imageScale(width: number, height: number, wanted: number): number {
  return Math.min(wanted, LIMIT / (Math.max(width, height) + 2 * PAPER));
}

/** The whole picture as a PNG in the colours of the theme. */
export function paintImage(job: Omit<Job, "context" | "area" | "k" | "full">, wanted: number): Promise<Blob> {
  const { width, height } = job.picture;
  const scale = imageScale(width, height, wanted);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.floor((width + 2 * PAPER) * scale));
  canvas.height = Math.max(1, Math.floor((height + 2 * PAPER) * scale));
  const context = canvas.getContext("2d");
  if (!context) return Promise.reject(new Error("this browser gives no canvas to draw the picture on"));
  job.sampler.fresh();
  context.fillStyle = job.sampler.look("", "dl-paper").fill;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.setTransform(scale, 0, 0, scale, PAPER * scale, PAPER * scale);
  paintPicture({
    ...job,
    context,
    area: { x: -PAPER, y: -PAPER, w: width + 2 * PAPER, h: height + 2 * PAPER },
    k: scale,
    full: true,
  });
  return new Promise((done, fail) =>
    canvas.toBlob(
      (blob) => (blob ? done(blob) : fail(new Error("the picture is too large for this browser"))),
      "image/png",
    ),
  );
}
