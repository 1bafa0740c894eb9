/** The graph drawing: one SVG, rebuilt when a scope opens, marked when the selection changes, culled when it is large. */

import type { Stop } from "../link.ts";
import { type Camera, createCamera } from "./camera.ts";
import type { Box, Picture } from "./compose.ts";
import { drawBox, drawFrame, drawLine, drawSpinner, drawStub } from "./node.ts";
import { meets, type Rect, s, sCurve } from "./svg.ts";

/** Above this many boxes only those near the view are in the document. */
export const CULL = 800;
/** Below this zoom the small print is left out. */
const FAR = 0.42;

export interface Marks {
  readonly selected: string | null;
  readonly waiting: ReadonlySet<string>;
  readonly found: ReadonlySet<string>;
}

export interface GraphCalls {
  pick(id: string | null): void;
  toggle(id: string, at: { x: number; y: number } | null): void;
  follow(id: string): void;
  hover(id: string | null, at: { x: number; y: number }): void;
}

export interface GraphDrawing {
  readonly element: SVGSVGElement;
  readonly camera: Camera;
  readonly picture: Picture;
  show(picture: Picture): void;
  mark(marks: Marks): void;
  box(id: string): Box | undefined;
  stop: Stop;
}

export function createGraphDrawing(calls: GraphCalls): GraphDrawing {
  const layer = s("g");
  const svg = s("svg", { class: "dl-svg", role: "group", "aria-label": "computation graph" }, layer);
  let picture: Picture = { boxes: [], lines: [], portals: [], width: 1, height: 1 };
  let boxes = new Map<string, Box>();
  let marks: Marks = { selected: null, waiting: new Set(), found: new Set() };
  let drawn: { area: Rect; coarse: boolean } | null = null;
  let scheduled = 0;

  const camera = createCamera(
    svg,
    layer,
    () => picture,
    () => {
      svg.classList.toggle("dl-far", camera.k < FAR);
      if (picture.boxes.length <= CULL || scheduled) return;
      scheduled = requestAnimationFrame(() => {
        scheduled = 0;
        const view = camera.view();
        const inside = drawn && contains(drawn.area, view) && view.w * 4 > drawn.area.w;
        if (!inside) draw();
      });
    },
  );

  function draw(): void {
    const all = picture.boxes.length <= CULL;
    const view = camera.view();
    const area = all
      ? {
          x: Number.NEGATIVE_INFINITY,
          y: Number.NEGATIVE_INFINITY,
          w: Number.POSITIVE_INFINITY,
          h: Number.POSITIVE_INFINITY,
        }
      : { x: view.x - view.w / 2, y: view.y - view.h / 2, w: view.w * 2, h: view.h * 2 };
    const near = all ? picture.boxes : picture.boxes.filter((box) => meets(rectOf(box), area));
    const coarse = near.length > CULL;
    drawn = { area, coarse };
    const seen = new Set(near.map((box) => box.id));
    const lines = all ? picture.lines : picture.lines.filter((line) => seen.has(line.from) || seen.has(line.to));
    if (coarse) return layer.replaceChildren(...drawCoarsely(near, lines));
    const frames = near.filter((box) => box.bodies.length > 0).map(drawFrame);
    const closed = near.filter((box) => box.bodies.length === 0).map(drawBox);
    layer.replaceChildren(...frames, ...lines.map(drawLine), ...stubs(seen), ...closed, s("g", { class: "dl-over" }));
    applyMarks();
  }

  function stubs(seen: ReadonlySet<string>): SVGElement[] {
    const done = new Set<string>();
    const out: SVGElement[] = [];
    const add = (id: string, other: string, down: boolean) => {
      const box = boxes.get(id);
      const key = `${down}${id}`;
      if (!box || !seen.has(id) || done.has(key)) return;
      done.add(key);
      const name = boxes.get(other)?.label ?? other;
      out.push(
        drawStub(
          box,
          down,
          other,
          down ? `used far below by ${name}: click to go there` : `comes from ${name} far above: click to go there`,
        ),
      );
    };
    for (const [from, to] of picture.portals) {
      add(from, to, true);
      add(to, from, false);
    }
    return out;
  }

  function applyMarks(): void {
    const { selected, waiting, found } = marks;
    for (const node of layer.querySelectorAll<SVGGElement>("[data-id]")) {
      const id = node.dataset.id ?? "";
      node.classList.toggle("dl-selected", id === selected);
      node.classList.toggle("dl-found", found.has(id));
      node.classList.remove("dl-beside");
    }
    for (const edge of layer.querySelectorAll<SVGGElement>(".dl-edge")) {
      const { from, to } = edge.dataset;
      edge.classList.toggle("dl-hot-out", selected !== null && from === selected);
      edge.classList.toggle("dl-hot-in", selected !== null && to === selected);
    }
    const over = layer.querySelector(".dl-over");
    if (!over) return;
    const hot = [...layer.querySelectorAll<SVGGElement>(".dl-hot-in, .dl-hot-out")];
    const curves = picture.portals
      .filter(([from, to]) => selected !== null && (from === selected || to === selected))
      .map(wholePortal);
    const spinners = [...waiting]
      .map((id) => boxes.get(id))
      .filter((box) => box !== undefined)
      .map(drawSpinner);
    over.replaceChildren(...curves.filter((curve) => curve !== null), ...spinners);
    // Lit edges are painted over their dim neighbours, but under the boxes.
    const firstBox = layer.querySelector(".dl-node:not(.dl-frame)");
    for (const edge of hot) layer.insertBefore(edge, firstBox);
  }

  function wholePortal([from, to]: readonly [string, string]): SVGElement | null {
    const [a, b] = [boxes.get(from), boxes.get(to)];
    if (!a || !b) return null;
    return s("path", { class: "dl-portal", d: sCurve([a.x, a.y + a.h / 2], [b.x, b.y - b.h / 2]) });
  }

  const gone = new AbortController();
  const signal = gone.signal;
  const idAt = (event: Event) => (event.target as Element | null)?.closest<SVGElement>("[data-id]")?.dataset.id ?? null;
  svg.addEventListener(
    "click",
    (event) => {
      if (camera.dragged()) return;
      const target = event.target as Element;
      const follow = target.closest<SVGElement>("[data-follow]")?.dataset.follow;
      if (follow !== undefined) return calls.follow(follow);
      const id = idAt(event);
      if (id !== null && target.closest("[data-toggle]"))
        return calls.toggle(id, camera.toWorld(event.clientX, event.clientY));
      calls.pick(id);
    },
    { signal },
  );
  svg.addEventListener(
    "dblclick",
    (event) => {
      const id = idAt(event);
      if (id !== null && !(event.target as Element).closest("[data-toggle]"))
        calls.toggle(id, camera.toWorld(event.clientX, event.clientY));
    },
    { signal },
  );
  svg.addEventListener(
    "pointermove",
    (event) => calls.hover(event.buttons ? null : idAt(event), { x: event.clientX, y: event.clientY }),
    {
      signal,
    },
  );
  svg.addEventListener("pointerleave", () => calls.hover(null, { x: 0, y: 0 }), { signal });

  return {
    element: svg,
    camera,
    get picture() {
      return picture;
    },
    show(next) {
      picture = next;
      boxes = new Map(next.boxes.map((box) => [box.id, box]));
      draw();
    },
    mark(next) {
      marks = next;
      applyMarks();
    },
    box: (id) => boxes.get(id),
    stop() {
      gone.abort();
      camera.stop();
      cancelAnimationFrame(scheduled);
    },
  };
}

export function rectOf(box: Box): Rect {
  return { x: box.x - box.w / 2, y: box.y - box.h / 2, w: box.w, h: box.h };
}

function contains(outer: Rect, inner: Rect): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.w >= inner.x + inner.w &&
    outer.y + outer.h >= inner.y + inner.h
  );
}

/** Thousands of boxes as three paths: enough to see the shape of the whole. */
function drawCoarsely(boxes: readonly Box[], lines: Picture["lines"]): SVGElement[] {
  const outline = (kept: readonly Box[]) =>
    kept.map(({ x, y, w, h }) => `M${x - w / 2} ${y - h / 2}h${w}v${h}h${-w}Z`).join("");
  const wires = lines
    .map(({ points }) => `M${points.map(([x, y]) => `${Math.round(x)} ${Math.round(y)}`).join("L")}`)
    .join("");
  return [
    s("path", { class: "dl-coarse-frame", d: outline(boxes.filter((box) => box.bodies.length > 0)) }),
    s("path", { class: "dl-coarse-wire", d: wires }),
    s("path", { class: "dl-coarse-box", d: outline(boxes.filter((box) => box.bodies.length === 0)) }),
  ];
}
