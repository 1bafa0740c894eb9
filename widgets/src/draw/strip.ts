/**
 * The strip under the adjoint inspector: log10 of the cotangent's norm over all steps. SVG paths of at most one point a pixel
 * rather than a canvas: 30,000 steps cost the same and the colours follow a live theme change by themselves.
 */

import type { Stop } from "../link.ts";
import { s } from "./svg.ts";

/** What one step contributes: log10 of its norm (null: nothing known), and whether it is not finite. */
export interface StripPoint {
  readonly level: number | null;
  readonly bad: boolean;
}

export interface Strip {
  readonly element: SVGSVGElement;
  show(points: readonly StripPoint[], forward: number): void;
  cursor(step: number): void;
  /** Draw again at the present width. */
  resize(): void;
  stop: Stop;
}

const WIDTH_AT_LEAST = 200;
const HEIGHT = 64;
const TOP = 20;
const FLOOR = 56;
/** Room for the scale on the right. */
const GUTTER = 38;

export function createStrip(jump: (step: number) => void): Strip {
  const chart = s("g");
  const pointer = s("path", { class: "dl-strip-cursor" });
  const svg = s("svg", { class: "dl-strip", height: HEIGHT, "aria-hidden": "true" }, chart, pointer);
  let points: readonly StripPoint[] = [];
  let forward = 0;
  let step = 0;
  let width = 0;

  const x = (n: number) => ((n + 0.5) / Math.max(1, points.length)) * (width - GUTTER);
  const cursor = (n: number) => {
    step = n;
    pointer.setAttribute("d", `M${x(n).toFixed(1)} 2V${HEIGHT - 2}`);
  };
  const resize = () => {
    width = Math.max(WIDTH_AT_LEAST, svg.clientWidth);
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    chart.replaceChildren(...paint(points, forward, width, x));
    cursor(step);
  };

  const gone = new AbortController();
  const go = (event: PointerEvent) => {
    const box = svg.getBoundingClientRect();
    const share = (event.clientX - box.left) / Math.max(1, box.width - GUTTER);
    if (points.length > 0) jump(Math.min(points.length - 1, Math.max(0, Math.floor(share * points.length))));
  };
  const press = (event: PointerEvent) => {
    svg.setPointerCapture?.(event.pointerId);
    go(event);
  };
  svg.addEventListener("pointerdown", press, {
    signal: gone.signal,
  });
  svg.addEventListener("pointermove", (event) => event.buttons === 1 && go(event), { signal: gone.signal });
  return {
    element: svg,
    show(next, cut) {
      points = next;
      forward = cut;
      resize();
    },
    cursor,
    resize,
    stop: () => gone.abort(),
  };
}

function paint(points: readonly StripPoint[], forward: number, width: number, x: (n: number) => number): SVGElement[] {
  const levels = points.map((p) => p.level).filter((v) => v !== null && Number.isFinite(v)) as number[];
  let [low, high] = [Math.floor(least(levels)), Math.ceil(-least(levels.map((v) => -v)))];
  if (levels.length === 0) [low, high] = [-1, 1];
  if (high - low < 1) [low, high] = [low - 1, high + 1];
  const y = (level: number) => FLOOR - ((level - low) / (high - low)) * (FLOOR - TOP);
  // One column a pixel: the range of the steps that fall into it.
  const room = width - GUTTER;
  const per = Math.max(1, points.length / room);
  const bar = Math.max(1, Math.min(8, room / Math.max(1, points.length) - 1.5));
  let range = "";
  let ticks = "";
  let lastBad = -9;
  for (let start = 0; start < points.length; start += per) {
    const part = points.slice(Math.floor(start), Math.max(Math.floor(start) + 1, Math.floor(start + per)));
    const here = part.map((p) => p.level).filter((v) => v !== null && Number.isFinite(v)) as number[];
    const at = x(start + (per - 1) / 2);
    if (here.length > 0) range += `M${at.toFixed(1)} ${FLOOR}V${(y(-least(here.map((v) => -v))) - 1.5).toFixed(1)}`;
    if (part.some((p) => p.bad) && at - lastBad >= 4) {
      ticks += `M${(at - 2.5).toFixed(1)} ${FLOOR + 1.5}l5 5m0 -5l-5 5M${at.toFixed(1)} ${FLOOR}V${TOP}`;
      lastBad = at;
    }
  }
  const turn = (forward / Math.max(1, points.length)) * room;
  const words = (text: string, left: number, top: number) =>
    s("text", { class: "dl-strip-text", x: left, y: top }, text);
  return [
    s("rect", { class: "dl-strip-forward", x: 0, y: 0, width: turn, height: HEIGHT }),
    s("path", { class: "dl-strip-floor", d: `M0 ${FLOOR + 0.5}H${room}` }),
    s("path", { class: "dl-strip-bars", d: range, "stroke-width": bar }),
    s("path", { class: "dl-strip-bad", d: ticks }),
    words(turn > 70 ? "forward" : "", 8, 13),
    words("log₁₀ ‖cotangent‖", Math.min(turn + 8, room - 110), 13),
    words(power(high), room + 6, TOP + 6),
    words(power(low), room + 6, FLOOR + 2),
  ];
}

/** 10 to a whole power, in raised digits. */
function power(exponent: number): string {
  return `10${[...String(exponent)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)])).join("")}`;
}

function least(values: readonly number[]): number {
  let low = Number.POSITIVE_INFINITY;
  for (const value of values) if (value < low) low = value;
  return low;
}
