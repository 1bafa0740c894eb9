/**
 * The extended Jacobian: a row for each vertex that is computed, a column for each that is read. Eliminating a vertex takes
 * a Schur complement at its pivot: its row and its column go, and what is left at the end is the Jacobian, bottom left.
 */

import type { Stop } from "../link.ts";
import type { Vertex } from "../payload.ts";
import { s } from "./svg.ts";

export type EntryLook = "plain" | "filled" | "fresh" | "merged" | "ghost";
export interface Entry {
  readonly from: string;
  readonly to: string;
  readonly look: EntryLook;
}
export interface Spy {
  readonly vertices: readonly Vertex[];
  readonly entries: readonly Entry[];
  readonly gone: ReadonlyMap<string, number>;
  /** The vertex whose row and column are marked. */
  readonly pivot: string | null;
}
export interface Spot {
  readonly from: string;
  readonly to: string;
  /** The vertex, where the spot is on the diagonal. */
  readonly pivot: string | null;
}
export interface Matrix {
  readonly element: SVGSVGElement;
  show(spy: Spy): void;
  /** Counted cells of a graph too large to carry. */
  showBins(bins: number, cells: readonly { row: number; column: number; original: number; filled: number }[]): void;
  resize(): void;
  stop: Stop;
}

const LEAST = 2.4;
const MOST = 26;
/** Rows and columns that are gone are struck through where they are at least so wide. */
const STRUCK = 7;
const LOOKS: readonly EntryLook[] = ["plain", "filled", "merged", "fresh", "ghost"];

export function createMatrix(calls: {
  pick(id: string): void;
  hover(spot: Spot | null, at: { x: number; y: number }): void;
}): Matrix {
  const svg = s("svg", { class: "dl-matrix", role: "img" });
  const gone = new AbortController();
  let paint = () => {};
  let find: (x: number, y: number) => Spot | null = () => null;
  const spot = (event: MouseEvent) => {
    const box = svg.getBoundingClientRect();
    return find(event.clientX - box.left, event.clientY - box.top);
  };
  const on = { signal: gone.signal };
  svg.addEventListener("pointermove", (e) => calls.hover(spot(e), { x: e.clientX, y: e.clientY }), on);
  svg.addEventListener("pointerleave", () => calls.hover(null, { x: 0, y: 0 }), on);
  svg.addEventListener(
    "click",
    (event) => {
      const id = (event.target as Element).getAttribute("data-pivot") ?? spot(event)?.pivot;
      if (id) calls.pick(id);
    },
    on,
  );

  const width = () => Math.max(160, svg.clientWidth || 260);
  const room = (rows: number, columns: number) => {
    const per = Math.ceil((LEAST * Math.max(rows, columns, 1)) / width());
    const cell = Math.min(MOST, width() / Math.max(1, Math.ceil(columns / per), Math.ceil(rows / per)));
    const [w, h] = [Math.ceil(columns / per) * cell, Math.ceil(rows / per) * cell];
    svg.setAttribute("viewBox", `0 0 ${width()} ${h.toFixed(1)}`);
    svg.setAttribute("height", h.toFixed(1));
    return { per, cell, w, h };
  };

  return {
    element: svg,
    show(spy) {
      paint = () => {
        const columns = spy.vertices.filter((v) => v.role === "input" || v.role === "outer");
        const inner = spy.vertices.filter((v) => v.role === "intermediate");
        const last = spy.vertices.filter((v) => v.role === "output" || v.role === "outer");
        const [down, over] = [
          [...inner, ...last],
          [...columns, ...inner],
        ];
        const { per, cell, w, h } = room(down.length, over.length);
        const row = new Map(down.map((v, k) => [v.id, k]));
        const column = new Map(over.map((v, k) => [v.id, k]));
        const at = (k: number | undefined) => Math.floor((k ?? 0) / per) * cell;
        find = (x, y) => {
          const [from, to] = [over[Math.floor(x / cell) * per], down[Math.floor(y / cell) * per]];
          if (!from || !to || x < 0 || y < 0) return null;
          return { from: from.id, to: to.id, pivot: per === 1 && from.id === to.id ? from.id : null };
        };
        const marks = new Map<EntryLook, string>();
        for (const { from, to, look } of spy.entries) {
          const [x, y] = [at(column.get(from)), at(row.get(to))];
          marks.set(look, (marks.get(look) ?? "") + sign(look, x, y, cell));
        }
        let struck = "";
        for (const v of inner) {
          if (!spy.gone.has(v.id) || cell < STRUCK) continue;
          struck += `M0 ${at(row.get(v.id)) + cell / 2}H${w}M${at(column.get(v.id)) + cell / 2} 0V${h}`;
        }
        const [a, b] = [at(inner.length), at(columns.length)];
        const marked = spy.pivot !== null && row.has(spy.pivot) && column.has(spy.pivot) ? spy.pivot : null;
        svg.setAttribute("aria-label", words(spy, down.length, over.length));
        svg.replaceChildren(
          s("rect", { class: "dl-mx-bed", width: w, height: h, rx: 3 }),
          s("rect", { class: "dl-mx-jacobian", x: 0, y: a, width: b, height: h - a }),
          ...(marked
            ? [
                s("rect", { class: "dl-mx-band", x: 0, y: at(row.get(marked)), width: w, height: cell }),
                s("rect", { class: "dl-mx-band", x: at(column.get(marked)), y: 0, width: cell, height: h }),
              ]
            : []),
          s("path", { class: "dl-mx-struck", d: struck }),
          s("path", { class: "dl-mx-rule", d: `M0 ${a}H${w}M${b} 0V${h}` }),
          ...LOOKS.map((look) => s("path", { class: `dl-mx-${look}`, d: marks.get(look) ?? "" })),
          ...inner
            .filter((v) => !spy.gone.has(v.id) && per === 1)
            .map((v) =>
              s("circle", {
                class: v.id === marked ? "dl-mx-pivot dl-mx-on" : "dl-mx-pivot",
                "data-pivot": v.id,
                cx: at(column.get(v.id)) + cell / 2,
                cy: at(row.get(v.id)) + cell / 2,
                r: Math.max(1.2, cell * 0.3),
              }),
            ),
        );
      };
      paint();
    },
    showBins(bins, cells) {
      find = () => null;
      paint = () => {
        const { cell, w, h } = room(bins, bins);
        const most = Math.max(1, ...cells.map((c) => c.original + c.filled));
        svg.setAttribute("aria-label", `extended Jacobian, counted in ${bins} by ${bins} cells`);
        svg.replaceChildren(
          s("rect", { class: "dl-mx-bed", width: w, height: h, rx: 3 }),
          ...cells.map((c) => {
            const look = c.filled > c.original ? "filled" : "plain";
            return s("path", {
              class: `dl-mx-${look}`,
              d: sign(look, c.column * cell, c.row * cell, cell),
              opacity: (0.3 + 0.7 * Math.sqrt((c.original + c.filled) / most)).toFixed(2),
            });
          }),
        );
      };
      paint();
    },
    resize: () => paint(),
    stop: () => gone.abort(),
  };
}

/** Squares are original entries, diamonds fill-in; a ghost is hollow. */
function sign(look: EntryLook, x: number, y: number, cell: number): string {
  const r = Math.max(1.2, cell * (look === "fresh" || look === "ghost" ? 0.46 : 0.36));
  const [cx, cy] = [x + cell / 2, y + cell / 2];
  const f = (v: number) => v.toFixed(1);
  return look === "plain" || look === "merged"
    ? `M${f(cx - r)} ${f(cy - r)}h${f(2 * r)}v${f(2 * r)}h${f(-2 * r)}z`
    : `M${f(cx - r)} ${f(cy)}l${f(r)} ${f(-r)}l${f(r)} ${f(r)}l${f(-r)} ${f(r)}z`;
}

function words(spy: Spy, rows: number, columns: number): string {
  const fills = spy.entries.filter((e) => e.look === "filled" || e.look === "fresh").length;
  return `extended Jacobian, ${rows} by ${columns}, ${spy.entries.length} entries, ${fills} of them filled in`;
}
