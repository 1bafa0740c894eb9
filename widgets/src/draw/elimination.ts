/** The drawing of an elimination: vertices that fade when they are gone, edges that fill in. */

import type { Stop } from "../link.ts";
import type { Point, Vertex } from "../payload.ts";
import { type Camera, createCamera } from "./camera.ts";
import { arrowHead, fitText, s, textWidth } from "./svg.ts";

export interface EdgeMark {
  readonly from: string;
  readonly to: string;
  readonly structure: string;
  readonly look: "plain" | "fresh" | "filled" | "merged";
}

export interface VertexMark {
  readonly vertex: Vertex;
  readonly gone: boolean;
  /** Multiplications to eliminate it now; null: not to be played. */
  readonly cost: number | null;
  /** 0 … 1: how deep its colour is. */
  readonly depth: number;
  readonly next: boolean;
  readonly selected: boolean;
}

export interface EliminationDrawing {
  readonly element: SVGSVGElement;
  readonly camera: Camera;
  show(vertices: readonly VertexMark[], edges: readonly EdgeMark[], size: { width: number; height: number }): void;
  stop: Stop;
}

export interface EliminationCalls {
  pick(id: string | null): void;
  hover(id: string | null, at: { x: number; y: number }): void;
}

export function createEliminationDrawing(calls: EliminationCalls): EliminationDrawing {
  const layer = s("g");
  const svg = s("svg", { class: "dl-svg", role: "group", "aria-label": "linearised graph" }, layer);
  let size = { width: 1, height: 1 };
  const camera = createCamera(
    svg,
    layer,
    () => size,
    () => {},
  );
  const gone = new AbortController();
  const idAt = (event: Event) => (event.target as Element | null)?.closest<SVGElement>("[data-id]")?.dataset.id ?? null;
  svg.addEventListener("click", (event) => camera.dragged() || calls.pick(idAt(event)), { signal: gone.signal });
  svg.addEventListener(
    "pointermove",
    (event) => calls.hover(event.buttons ? null : idAt(event), { x: event.clientX, y: event.clientY }),
    {
      signal: gone.signal,
    },
  );
  svg.addEventListener("pointerleave", () => calls.hover(null, { x: 0, y: 0 }), { signal: gone.signal });
  svg.addEventListener("pointerover", (event) => light(idAt(event)), { signal: gone.signal });
  /** Light the edges of one vertex. */
  function light(id: string | null): void {
    for (const edge of layer.querySelectorAll<SVGGElement>(".dl-edge")) {
      edge.classList.toggle("dl-lit", id !== null && (edge.dataset.from === id || edge.dataset.to === id));
    }
  }

  return {
    element: svg,
    camera,
    show(vertices, edges, next) {
      size = next;
      svg.classList.toggle("dl-many", edges.length > TEXTS);
      const places = new Map(vertices.map(({ vertex }) => [vertex.id, vertex]));
      const standing = vertices.filter((mark) => !mark.gone).map(({ vertex }) => vertex);
      layer.replaceChildren(
        ...edges.map((edge) => drawEdge(edge, standing, places)).filter((edge) => edge !== null),
        ...vertices.map(drawVertex),
      );
    },
    stop() {
      gone.abort();
      camera.stop();
    },
  };
}

/** With more edges than this their texts are shown for lit edges only. */
const TEXTS = 24;

function drawEdge(
  edge: EdgeMark,
  vertices: readonly Vertex[],
  places: ReadonlyMap<string, Vertex>,
): SVGGElement | null {
  const [a, b] = [places.get(edge.from), places.get(edge.to)];
  if (!a || !b) return null;
  const curve = route(a, b, vertices);
  const [, , before, tip] = curve;
  const names = ["dl-edge", `dl-${edge.look}`];
  if (edge.structure === "scalar" || edge.structure === "identity") names.push("dl-common");
  const node = s("g", { class: names.join(" "), "data-from": edge.from, "data-to": edge.to });
  const [p, q, r, z] = curve.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  node.append(
    s("title", {}, edge.structure),
    s("path", { class: "dl-wire", d: `M${p}C${q} ${r} ${z}` }),
    s("path", {
      class: "dl-head",
      d: arrowHead([tip[0] * 0.7 + before[0] * 0.3, tip[1] * 0.7 + before[1] * 0.3], tip),
    }),
  );
  if (edge.structure) {
    const [x, y] = onCurve(curve, 0.5);
    const place = { x: x + 5, y, "dominant-baseline": "central" };
    node.append(s("text", { class: "dl-edge-label", ...place }, edge.structure));
  }
  return node;
}

type Curve = readonly [Point, Point, Point, Point];

/** A curve from border to border that bows out until it passes by every other vertex. */
function route(a: Vertex, b: Vertex, vertices: readonly Vertex[]): Curve {
  // Ends fan out over the border, towards the other end, so that edges of one vertex stay apart.
  const lean = (at: Vertex, other: Vertex) => at.x + Math.max(-0.32, Math.min(0.32, (other.x - at.x) / 400)) * at.w;
  const down = b.y >= a.y ? 1 : -1;
  const from: Point = [lean(a, b), a.y + (down * a.h) / 2];
  const to: Point = [lean(b, a), b.y - (down * b.h) / 2];
  const bend = Math.max(12, Math.abs(to[1] - from[1]) * 0.42) * down;
  const bowed = (by: number): Curve => [from, [from[0] + by, from[1] + bend], [to[0] + by, to[1] - bend], to];
  const blocked = (curve: Curve) =>
    [0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85].some((t) => {
      const [x, y] = onCurve(curve, t);
      return vertices.some(
        (v) => v.id !== a.id && v.id !== b.id && Math.abs(x - v.x) < v.w / 2 + 5 && Math.abs(y - v.y) < v.h / 2 + 3,
      );
    });
  const rise = to[1] - from[1];
  const late: Curve = [from, [from[0], from[1] + 0.85 * rise], [to[0], to[1] - 0.25 * rise], to];
  const early: Curve = [from, [from[0], from[1] + 0.25 * rise], [to[0], to[1] - 0.85 * rise], to];
  const away = from[0] <= to[0] ? 1 : -1;
  const bows = [45, -45, 75, -75, 110, -110, 160, -160, 220, -220, 300, -300].map((by) => bowed(by * away));
  return [bowed(0), late, early, ...bows].find((curve) => !blocked(curve)) ?? bowed(0);
}

function onCurve([p, q, r, z]: Curve, t: number): Point {
  const u = 1 - t;
  const at = (k: 0 | 1) => u * u * u * p[k] + 3 * u * u * t * q[k] + 3 * u * t * t * r[k] + t * t * t * z[k];
  return [at(0), at(1)];
}

function drawVertex({ vertex, gone, cost, depth, next, selected }: VertexMark): SVGGElement {
  const { w, h, label, shape, role } = vertex;
  const two = shape !== "" && h >= 28;
  const names = ["dl-node", `dl-role-${role}`];
  if (gone) names.push("dl-gone");
  if (cost !== null) names.push("dl-playable");
  if (next) names.push("dl-next");
  if (selected) names.push("dl-selected");
  const node = s("g", {
    class: names.join(" "),
    transform: `translate(${vertex.x} ${vertex.y})`,
    style: `--dl-cost:${Math.round(depth * 100)}%`,
    "data-id": vertex.id,
    role: "button",
    "aria-label": [label, shape, gone ? "eliminated" : role, cost === null ? "" : `${cost} multiplications`]
      .filter(Boolean)
      .join(", "),
  });
  node.append(outline(role, w, h));
  const text = (words: string, y: number, css: string, px: number) =>
    s("text", { class: css, y, "text-anchor": "middle", "dominant-baseline": "central" }, fitText(words, w - 12, px));
  node.append(text(label, two ? -6.5 : 0, "dl-label", 12));
  if (two) node.append(text(shape, 8, "dl-detail", 10.5));
  if (cost !== null) {
    const words = `+${cost}`;
    const wide = Math.max(22, textWidth(words, 10.5) + 12);
    node.append(
      s(
        "g",
        { class: "dl-badge", transform: `translate(${w / 2 + 2} ${-h / 2 - 4})` },
        s("rect", { x: -wide / 2, y: -8, width: wide, height: 16, rx: 8 }),
        s("text", { "text-anchor": "middle", "dominant-baseline": "central" }, words),
      ),
    );
  }
  return node;
}

/** Inputs point down, outputs are boxes with a double border, intermediates are rounded. */
function outline(role: Vertex["role"], w: number, h: number): SVGElement {
  if (role === "input") {
    const [x, y, cut] = [w / 2, h / 2, Math.min(9, h / 3)];
    return s("path", {
      class: "dl-plate",
      d: `M${-x} ${-y}H${x}V${y - cut}L${x - cut} ${y}H${-x + cut}L${-x} ${y - cut}Z`,
    });
  }
  if (role === "output") {
    return s(
      "g",
      {},
      s("rect", { class: "dl-plate", x: -w / 2, y: -h / 2, width: w, height: h, rx: 2 }),
      s("rect", { class: "dl-inner", x: -w / 2 + 3, y: -h / 2 + 3, width: w - 6, height: h - 6, rx: 1 }),
    );
  }
  return s("rect", { class: "dl-plate", x: -w / 2, y: -h / 2, width: w, height: h, rx: h / 2 });
}
