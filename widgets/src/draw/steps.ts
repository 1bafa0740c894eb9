/** A small chart of step lines: something that grows or falls at moments and keeps its value in between. */

import { s } from "./svg.ts";

export interface StepLine {
  readonly css: string;
  /** In the order of x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}
export interface Frame {
  readonly label: string;
  /** The text of a value of x, at both ends of the axis. */
  readonly x: (value: number) => string;
  readonly from?: number;
  readonly to: number;
  /** Mark this x. */
  readonly now?: number;
  /** The least y; without it, a little below the lowest point. */
  readonly floor?: number;
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [268, 132, 40, 8, 114];

export function stepChart(lines: readonly StepLine[], frame: Frame): SVGSVGElement {
  const all = lines.flatMap((line) => line.points.map(([, y]) => y)).filter(Number.isFinite);
  const high = all.length > 0 ? Math.max(...all) : 1;
  const least = all.length > 0 ? Math.min(...all) : 0;
  const low = frame.floor ?? Math.max(0, Math.floor(least - 0.15 * (high - least + 1)));
  const from = frame.from ?? 0;
  const x = (v: number) => LEFT + ((v - from) / Math.max(1e-9, frame.to - from)) * (WIDTH - LEFT - 6);
  const y = (v: number) => BOTTOM - ((v - low) / Math.max(1e-9, high - low)) * (BOTTOM - TOP);
  const text = (words: string, left: number, top: number, anchor: string) =>
    s("text", { class: "dl-strip-text", x: left, y: top, "text-anchor": anchor }, words);
  const draw = ({ points, css }: StepLine) => {
    let d = "";
    for (const [px, py] of points)
      d += d ? `H${x(px).toFixed(1)}V${y(py).toFixed(1)}` : `M${x(px).toFixed(1)} ${y(py).toFixed(1)}`;
    if (points.length > 0 && css !== "dl-sc-b")
      d += `H${x(Math.max(points[points.length - 1]?.[0] ?? 0, frame.now ?? 0)).toFixed(1)}`;
    return s("path", { class: `dl-sc ${css}`, d });
  };
  return s(
    "svg",
    { class: "dl-chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": frame.label },
    s("path", { class: "dl-strip-floor", d: `M${LEFT} ${TOP}V${BOTTOM}H${WIDTH - 4}` }),
    text(String(high), LEFT - 5, TOP + 7, "end"),
    text(String(low), LEFT - 5, BOTTOM, "end"),
    text(frame.x(from), LEFT, HEIGHT - 4, "start"),
    text(frame.x(frame.to), WIDTH - 4, HEIGHT - 4, "end"),
    ...lines.map(draw),
  );
}
