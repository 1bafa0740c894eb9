/** The drawing of an elimination: vertices that fade when they are gone, edges that fill in. */

import type { Stop } from "../link.ts";
import { edgeKey } from "../panes/replay.ts";
import type { Point, Vertex } from "../payload.ts";
import { type Camera, createCamera } from "./camera.ts";
import { arrowHead, fitText, placing, s, textWidth } from "./svg.ts";

export interface EdgeMark {
  readonly from: string;
  readonly to: string;
  readonly structure: string;
  readonly look: "plain" | "fresh" | "filled" | "merged" | "ghost";
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
  readonly lock?: "first" | "last" | undefined;
}

/** What the pointer announces: edges to come, edges to be added to, edges to go. */
export interface Ghosts {
  readonly vertex: string;
  readonly fill: readonly (readonly [from: string, to: string])[];
  readonly merged: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
}

/** `compact`: from left to right, boxes hold their cost and no name. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly compact: boolean;
}

export interface EliminationDrawing {
  readonly element: SVGSVGElement;
  readonly camera: Camera;
  show(vertices: readonly VertexMark[], edges: readonly EdgeMark[], sheet: Layout): void;
  /** Lay what would happen over what is; null: take it away. */
  announce(ghosts: Ghosts | null): void;
  stop: Stop;
}

export interface EliminationCalls {
  pick(id: string | null): void;
  hover(id: string | null): void;
}

export function createEliminationDrawing(calls: EliminationCalls): EliminationDrawing {
  const layer = s("g");
  const ghostly = s("g", { class: "dl-ghosts" });
  const svg = s("svg", { class: "dl-svg", role: "group", "aria-label": "linearised graph" }, layer);
  let size: Layout = { width: 1, height: 1, compact: false };
  const camera = createCamera(
    svg,
    () => size,
    (pose) => layer.setAttribute("transform", placing(pose)),
  );
  const gone = new AbortController();
  const idAt = (event: Event) => (event.target as Element | null)?.closest<SVGElement>("[data-id]")?.dataset.id ?? null;
  svg.addEventListener("click", (event) => camera.dragged() || calls.pick(idAt(event)), { signal: gone.signal });
  svg.addEventListener("pointermove", (event) => calls.hover(event.buttons ? null : idAt(event)), {
    signal: gone.signal,
  });
  svg.addEventListener("pointerleave", () => calls.hover(null), { signal: gone.signal });
  let marks: readonly VertexMark[] = [];

  return {
    element: svg,
    camera,
    show(vertices, edges, next) {
      size = next;
      marks = vertices;
      svg.classList.toggle("dl-many", edges.length > TEXTS);
      const places = new Map(vertices.map(({ vertex }) => [vertex.id, vertex]));
      const standing = vertices.filter((mark) => !mark.gone).map(({ vertex }) => vertex);
      layer.replaceChildren(
        ...edges.map((edge) => drawEdge(edge, standing, places, next.compact)).filter((edge) => edge !== null),
        ghostly,
        ...vertices.map(next.compact ? drawDot : drawVertex),
      );
      ghostly.replaceChildren();
    },
    announce(ghosts) {
      const places = new Map(marks.map(({ vertex }) => [vertex.id, vertex]));
      const standing = marks.filter((mark) => !mark.gone).map(({ vertex }) => vertex);
      ghostly.replaceChildren(
        ...(ghosts?.fill ?? [])
          .slice(0, GHOSTS)
          .map(([from, to]) => drawEdge({ from, to, structure: "", look: "ghost" }, standing, places, size.compact))
          .filter((edge) => edge !== null),
      );
      for (const edge of layer.querySelectorAll<SVGGElement>(".dl-edge[data-key]")) {
        const key = edge.dataset.key ?? "";
        edge.classList.toggle("dl-lit", ghosts?.removed.has(key) ?? false);
        edge.classList.toggle("dl-joined", ghosts?.merged.has(key) ?? false);
      }
      for (const node of layer.querySelectorAll<SVGGElement>(".dl-node")) {
        node.classList.toggle("dl-pointed", node.dataset.id === ghosts?.vertex);
      }
    },
    stop() {
      gone.abort();
      camera.stop();
    },
  };
}

/** With more edges than this their texts are shown for lit edges only. */
const TEXTS = 24;
/** Among more vertices than this edges run straight. */
const CROWDED = 120;
/** No more announced edges than this are drawn. */
const GHOSTS = 200;

function drawEdge(
  edge: EdgeMark,
  vertices: readonly Vertex[],
  places: ReadonlyMap<string, Vertex>,
  compact: boolean,
): SVGGElement | null {
  const [a, b] = [places.get(edge.from), places.get(edge.to)];
  if (!a || !b) return null;
  const curve = compact ? turned(route(turn(a), turn(b), [])) : route(a, b, vertices.length > CROWDED ? [] : vertices);
  const [, , before, tip] = curve;
  const names = ["dl-edge", `dl-${edge.look}`];
  if (edge.structure === "scalar" || edge.structure === "identity") names.push("dl-common");
  const node = s("g", {
    class: names.join(" "),
    "data-key": edge.look === "ghost" ? null : edgeKey(edge.from, edge.to),
  });
  const [p, q, r, z] = curve.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  node.append(
    s("title", {}, edge.structure),
    s("path", { class: "dl-wire", d: `M${p}C${q} ${r} ${z}` }),
    s("path", {
      class: "dl-head",
      d: arrowHead([tip[0] * 0.7 + before[0] * 0.3, tip[1] * 0.7 + before[1] * 0.3], tip),
    }),
  );
  if (edge.structure && !compact) {
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

/** The axes exchanged: what runs down runs to the right. */
const turn = (v: Vertex): Vertex => ({ ...v, x: v.y, y: v.x, w: v.h, h: v.w });
const turned = (curve: Curve): Curve => curve.map(([x, y]) => [y, x]) as unknown as Curve;

function onCurve([p, q, r, z]: Curve, t: number): Point {
  const u = 1 - t;
  const at = (k: 0 | 1) => u * u * u * p[k] + 3 * u * u * t * q[k] + 3 * u * t * t * r[k] + t * t * t * z[k];
  return [at(0), at(1)];
}

const LOCKS = { first: " ⇤", last: " ⇥" } as const;

function drawVertex(mark: VertexMark): SVGGElement {
  const { vertex, cost, lock } = mark;
  const { w, h, label, shape, role } = vertex;
  const two = shape !== "" && h >= 28;
  const node = vertexNode(mark);
  node.append(outline(role, w, h));
  const text = (words: string, y: number, css: string, px: number) =>
    s("text", { class: css, y, "text-anchor": "middle", "dominant-baseline": "central" }, fitText(words, w - 12, px));
  node.append(text(label, two ? -6.5 : 0, "dl-label", 12));
  if (two) node.append(text(shape, 8, "dl-detail", 10.5));
  if (cost !== null) {
    const words = `+${cost}${lock ? LOCKS[lock] : ""}`;
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

/** A vertex of a large graph: its cost now and nothing else. */
function drawDot(mark: VertexMark): SVGGElement {
  const { vertex, cost } = mark;
  const node = vertexNode(mark);
  const { w, h, role } = vertex;
  node.append(outline(role, w, h));
  if (cost !== null) {
    const text = { class: "dl-dot", "text-anchor": "middle", "dominant-baseline": "central" };
    node.append(s("text", text, String(cost)));
  }
  return node;
}

function vertexNode({ vertex, gone, cost, depth, next, selected, lock }: VertexMark): SVGGElement {
  const { label, shape, role } = vertex;
  const names = ["dl-node", `dl-role-${role}`];
  if (gone) names.push("dl-gone");
  if (cost !== null) names.push("dl-playable");
  if (next) names.push("dl-next");
  if (selected) names.push("dl-selected");
  const said = [
    label,
    shape,
    gone ? "eliminated" : role,
    cost === null ? "" : `${cost} multiplications`,
    lock && `locked ${lock}`,
  ];
  return s("g", {
    class: names.join(" "),
    transform: `translate(${vertex.x} ${vertex.y})`,
    style: `--dl-cost:${Math.round(depth * 100)}%`,
    "data-id": vertex.id,
    role: "button",
    "aria-label": said.filter(Boolean).join(", "),
  });
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
  return s("rect", { class: "dl-plate", x: -w / 2, y: -h / 2, width: w, height: h, rx: role === "group" ? 8 : h / 2 });
}
