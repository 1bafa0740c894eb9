/** Regret bars: what each step cost, standing on what it costs at least. What is above the floors could be saved. */

import type { Stop } from "../link.ts";
import { s } from "./svg.ts";

export interface Bar {
  readonly cost: number;
  /** null: no floor is known in this model. */
  readonly floor: number | null;
}
export interface Regret {
  readonly element: SVGSVGElement;
  /** `now` of the `steps` are shown as played; bars beyond `steps` are of vertices still to come, and hollow. */
  show(bars: readonly Bar[], now: number, steps: number): void;
  resize(): void;
  stop: Stop;
}

const HEIGHT = 62;
const TOP = 12;
const FLOOR = HEIGHT - 4;
const GUTTER = 34;
const WIDEST = 30;

export function createRegret(calls: {
  jump(step: number): void;
  hover(step: number | null, at: { x: number; y: number }): void;
}): Regret {
  const svg = s("svg", { class: "dl-regret", height: HEIGHT, role: "img" });
  let bars: readonly Bar[] = [];
  let [now, steps] = [0, 0];
  let each = 1;
  const gone = new AbortController();
  const on = { signal: gone.signal };
  const step = (event: PointerEvent) => {
    const n = Math.floor((event.clientX - svg.getBoundingClientRect().left - GUTTER) / each);
    return n >= 0 && n < bars.length ? n : null;
  };
  const go = (event: PointerEvent) => {
    const n = step(event);
    if (n !== null) calls.jump(Math.min(n + 1, steps));
  };
  svg.addEventListener("pointerdown", go, on);
  svg.addEventListener(
    "pointermove",
    (e) => (e.buttons === 1 ? go(e) : calls.hover(step(e), { x: e.clientX, y: e.clientY })),
    on,
  );
  svg.addEventListener("pointerleave", () => calls.hover(null, { x: 0, y: 0 }), on);

  function paint(): void {
    const width = Math.max(200, svg.clientWidth || 600);
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    each = Math.min(WIDEST, (width - GUTTER - 8) / Math.max(1, bars.length));
    const most = bars.reduce((high, bar) => Math.max(high, bar.cost), 1);
    const y = (value: number) => FLOOR - (value / most) * (FLOOR - TOP);
    const thick = Math.max(0.8, each - (each > 4 ? 2 : 0.3));
    const paths = { base: "", over: "", later: "", least: "" };
    const box = (x: number, from: number, to: number) =>
      to > from
        ? `M${x.toFixed(1)} ${y(from).toFixed(1)}V${y(to).toFixed(1)}h${thick.toFixed(1)}V${y(from).toFixed(1)}z`
        : "";
    bars.forEach(({ cost, floor }, n) => {
      const x = GUTTER + n * each + (each - thick) / 2;
      if (n >= steps) paths.least += box(x, 0, cost);
      else if (n >= now) paths.later += box(x, 0, cost);
      else {
        paths.base += box(x, 0, Math.min(cost, floor ?? cost));
        paths.over += floor === null ? "" : box(x, floor, cost);
      }
    });
    const at = (GUTTER + now * each).toFixed(1);
    svg.setAttribute("aria-label", `cost of ${steps} steps over their floors, ${now} of them shown`);
    svg.replaceChildren(
      s("path", { class: "dl-strip-floor", d: `M${GUTTER} ${FLOOR + 0.5}H${width}` }),
      s("path", { class: "dl-rg-least", d: paths.least }),
      s("path", { class: "dl-rg-later", d: paths.later }),
      s("path", { class: "dl-rg-base", d: paths.base }),
      s("path", { class: "dl-rg-over", d: paths.over }),
      s("path", { class: "dl-strip-cursor", d: bars.length > 0 ? `M${at} 4V${HEIGHT}` : "" }),
      s(
        "text",
        { class: "dl-strip-text", x: GUTTER - 6, y: TOP + 5, "text-anchor": "end" },
        bars.length > 0 ? String(most) : "",
      ),
      s(
        "text",
        { class: "dl-strip-text", x: GUTTER - 6, y: FLOOR + 1, "text-anchor": "end" },
        bars.length > 0 ? "0" : "",
      ),
    );
  }

  return {
    element: svg,
    show(next, k, played) {
      [bars, now, steps] = [next, k, played];
      paint();
    },
    resize: paint,
    stop: () => gone.abort(),
  };
}
