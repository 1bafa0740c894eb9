/** The readable drawing: SVG elements of what is near the view, added and taken away as the view moves. */

import type { Box, Line, Picture } from "./compose.ts";
import { boundsOf, rectOf } from "./cull.ts";
import { drawBox, drawFrame, drawLine, drawSpinner, drawStub } from "./node.ts";
import { boxClass, isOpen, type Look, lineClass } from "./paint.ts";
import { type Stub, stubsOf } from "./parts.ts";
import { meets, type Rect, s, sCurve } from "./svg.ts";

export interface Sheet {
  readonly element: SVGSVGElement;
  /** All of it in the pose of the camera. */
  readonly layer: SVGGElement;
  /** Another picture, or another look of everything; draws nothing yet. */
  reset(picture: Picture, boxes: ReadonlyMap<string, Box>): void;
  /** Take these boxes away, to be drawn anew. */
  forget(ids: ReadonlySet<string>): void;
  /** Have just what meets `area` in the document. */
  draw(area: Rect, look: Look): void;
  /** Selection, hits and dimming on what is there. */
  mark(look: Look): void;
  stub(key: string): Stub | undefined;
  node(id: string): SVGGElement | undefined;
  /** What fades in when a box opens. */
  readonly wires: SVGGElement;
}

/** A layer of elements by key: those that are near are there, in the order in which they came. */
function createShelf<T>(css: string, ordered: boolean) {
  const element = s("g", { class: css });
  const there = new Map<string, SVGGElement>();
  return {
    element,
    there,
    clear() {
      there.clear();
      element.replaceChildren();
    },
    hold(near: ReadonlyMap<string, T>, make: (thing: T) => SVGGElement) {
      for (const [key, old] of there) {
        if (near.has(key)) continue;
        old.remove();
        there.delete(key);
      }
      const fresh: SVGGElement[] = [];
      for (const [key, thing] of near) {
        if (there.has(key)) continue;
        const made = make(thing);
        there.set(key, made);
        fresh.push(made);
      }
      if (fresh.length === 0) return;
      if (ordered) element.replaceChildren(...[...near.keys()].flatMap((key) => there.get(key) ?? []));
      else element.append(...fresh);
    },
  };
}

export function createSheet(): Sheet {
  const frames = createShelf<Box>("dl-frames", true);
  const wires = createShelf<Line>("dl-wires", false);
  const stubs = createShelf<Stub>("dl-stubs", false);
  const closed = createShelf<Box>("dl-boxes", false);
  const shelves = [frames, wires, stubs, closed];
  const over = s("g", { class: "dl-over" });
  const curves = s("g");
  /** As large as the picture, so that the layer keeps its size, and its pixels, while boxes come and go. */
  const bed = s("rect", { class: "dl-bed" });
  const layer = s("g", {}, bed, frames.element, wires.element, curves, stubs.element, closed.element, over);
  const element = s("svg", { class: "dl-svg", role: "group", "aria-label": "computation graph" }, layer);
  let boxes: ReadonlyMap<string, Box> = new Map();
  let picture: Picture = { boxes: [], lines: [], portals: [], width: 1, height: 1 };
  let lines: { key: string; line: Line; bounds: Rect }[] = [];
  let allStubs = new Map<string, Stub>();
  const name = (id: string) => boxes.get(id)?.label || id;

  function curve([from, to]: readonly [string, string]): SVGElement | null {
    const [a, b] = [boxes.get(from), boxes.get(to)];
    if (!a || !b) return null;
    return s("path", { class: "dl-portal", d: sCurve([a.x, a.y + a.h / 2], [b.x, b.y - b.h / 2]) });
  }

  const sheet: Sheet = {
    element,
    layer,
    wires: wires.element,
    reset(next, byId) {
      for (const shelf of shelves) shelf.clear();
      over.replaceChildren();
      curves.replaceChildren();
      if (picture === next) return;
      picture = next;
      bed.setAttribute("width", String(next.width));
      bed.setAttribute("height", String(next.height));
      boxes = byId;
      lines = next.lines.map((line, k) => ({ key: String(k), line, bounds: boundsOf(line.points) }));
      allStubs = stubsOf(next.portals, byId);
    },
    forget(ids) {
      for (const { there } of [frames, closed]) {
        for (const id of ids) {
          there.get(id)?.remove();
          there.delete(id);
        }
      }
    },
    draw(area, look) {
      const near = picture.boxes.filter((box) => meets(rectOf(box), area));
      const keyed = (some: readonly Box[]) => new Map(some.map((box) => [box.id, box]));
      frames.hold(keyed(near.filter(isOpen)), (box) => drawFrame(box, look));
      closed.hold(keyed(near.filter((box) => !isOpen(box))), (box) => drawBox(box, look));
      wires.hold(
        new Map(lines.filter(({ bounds }) => meets(bounds, area)).map(({ key, line }) => [key, line])),
        (line) => drawLine(line, look),
      );
      const ids = new Set(near.map((box) => box.id));
      stubs.hold(new Map([...allStubs].filter(([, stub]) => ids.has(stub.box.id))), (stub) =>
        drawStub(stub, name, look),
      );
      sheet.mark(look);
    },
    mark(look) {
      const set = (node: Element, css: string) => {
        if (node.getAttribute("class") !== css) node.setAttribute("class", css);
      };
      for (const { there } of [frames, closed]) {
        for (const [id, node] of there) {
          const box = boxes.get(id);
          if (box) set(node, boxClass(box, look));
        }
      }
      const lit: SVGGElement[] = [];
      for (const [key, node] of wires.there) {
        const line = lines[Number(key)]?.line;
        if (!line) continue;
        const css = lineClass(line, look);
        if (css.includes("dl-hot") && node.getAttribute("class") !== css) lit.push(node);
        set(node, css);
      }
      // Lit edges are painted over their dim neighbours, but under the boxes.
      wires.element.append(...lit);
      for (const [key, node] of stubs.there)
        node.classList.toggle("dl-dim", look.only !== null && !look.only.has(allStubs.get(key)?.box.id ?? ""));
      const { selected } = look;
      const whole = picture.portals
        .filter(([from, to]) => selected !== null && (from === selected || to === selected))
        .map(curve);
      const spinners = [...look.waiting].flatMap((id) => boxes.get(id) ?? []).map(drawSpinner);
      curves.replaceChildren(...whole.filter((path) => path !== null));
      over.replaceChildren(...spinners);
    },
    stub: (key) => allStubs.get(key),
    node: (id) => closed.there.get(id) ?? frames.there.get(id),
  };
  return sheet;
}
