/** The graph view: scopes that open and close, a selection, and an inspector beside it. */

import { type Desk, NO_KERNEL, type View } from "../desk.ts";
import { button, fill, h } from "../dom.ts";
import { type Box, compose } from "../draw/compose.ts";
import { createGraphDrawing, rectOf } from "../draw/graph.ts";
import { icon } from "../draw/icons.ts";
import { plural } from "../format.ts";
import type { KeyLine } from "../keys.ts";
import { type Stop, stopAll } from "../link.ts";
import { Atlas } from "../panes/atlas.ts";
import { showNode, showOverview } from "../panes/inspector.ts";
import { createTooltip } from "../panes/tooltip.ts";
import { type GraphSection, nodeOf, readAnswer, readGraph, sourceText } from "../payload.ts";

const LATE = "the kernel does not answer: this part was not carried; run the cell again";
/** "Open all" stops here: more would be no picture any more. */
const OPEN_AT_MOST = 4000;

const HELP: readonly KeyLine[] = [
  { keys: "← ↑ ↓ →", does: "go to the neighbour" },
  { keys: "Enter", does: "open or close the selected box" },
  { keys: "f", does: "fit everything" },
  { keys: "z", does: "zoom to the selection" },
  { keys: "+ −", does: "zoom in, out (or the wheel)" },
  { keys: "] [", does: "open all, close all" },
  { keys: "/", does: "search; n and N: next, previous hit" },
];

export function graphView(first: unknown, desk: Desk): View {
  let section: GraphSection = readGraph(first, "graph");
  let atlas = new Atlas(section);
  let open = new Set<string>(section.open);
  let picked: string | null = null;
  let wanted: string | null = null;
  let hits: string[] = [];
  let framed = false;
  let stale = true;
  const waiting = new Map<string, Stop>();
  const stops: Stop[] = [];

  const drawing = createGraphDrawing({
    pick: desk.guard((id: string | null) => select(id, false)),
    toggle: desk.guard((id: string, at: { x: number; y: number } | null) => toggle(id, at)),
    follow: desk.guard((id: string) => select(id, true)),
    hover: desk.guard((id: string | null, at: { x: number; y: number }) => hover(id, at)),
  });
  const crumbs = h("nav", { class: "dl-crumbs", "aria-label": "open path" });
  const search = h("input", {
    type: "search",
    class: "dl-search",
    placeholder: "Search",
    "aria-label": "search nodes (/)",
  });
  const found = h("span", { class: "dl-muted dl-found-count" });
  const allButton = button(icon("expand"), "open all carried (])", () => setAll(true));
  const noneButton = button(icon("collapse"), "close all ([)", () => setAll(false));
  const tools = h(
    "div",
    { class: "dl-toolbar" },
    crumbs,
    h("span", { class: "dl-spacer" }),
    search,
    found,
    button(icon("fit"), "fit (f)", () => drawing.camera.fit()),
    button(icon("minus"), "zoom out (−)", () => drawing.camera.zoom(1 / 1.25)),
    button(icon("plus"), "zoom in (+)", () => drawing.camera.zoom(1.25)),
    allButton,
    noneButton,
  );
  const canvas = h("div", { class: "dl-canvas" }, drawing.element);
  const tooltip = createTooltip(canvas);
  const pane = h("aside", { class: "dl-pane dl-inspector", "aria-label": "selected node" });
  const element = h("div", { class: "dl-view dl-graph" }, tools, h("div", { class: "dl-body" }, canvas, pane));

  function draw(): void {
    drawing.show(compose(atlas.scopes, atlas.root, open));
    mark();
  }

  function mark(): void {
    const visible = picked === null ? null : atlas.visible(picked, open);
    const shownHits = hits.map((id) => atlas.visible(id, open)).filter((id) => id !== null);
    const doors = [...waiting.keys()].map((id) => atlas.doorOf(id)).filter((id) => id !== undefined);
    drawing.mark({ selected: visible, waiting: new Set(doors), found: new Set(shownHits) });
    inspect();
    showCrumbs();
  }

  function inspect(): void {
    if (picked === null) return showOverview(pane, String(desk.link.get("title") ?? ""), section.counts);
    const box = drawing.box(picked);
    const inner = (box?.item.scopes ?? []).map((id) => atlas.scopes[id]).filter((scope) => scope !== undefined);
    showNode(pane, picked, box, atlas.info(picked), inner, (id) => atlas.nameOf(nodeOf(id)), {
      select: (id) => select(atlas.itemOf(nodeOf(id)), true),
      toggle: (id) => toggle(id, null),
    });
  }

  function showCrumbs(): void {
    const path = picked === null ? [] : (atlas.pathTo(picked) ?? []);
    const root = atlas.scopes[atlas.root];
    const step = (label: string, act: () => void) =>
      h("button", { type: "button", class: "dl-crumb", onclick: act }, label);
    const parts = path.map((scope) => {
      const door = atlas.doorOf(scope);
      const box = door === undefined ? undefined : drawing.box(door);
      const inner = atlas.scopes[scope];
      const label = inner?.label || inner?.kind || scope;
      return step(label, () => box && drawing.camera.see(rectOf(box), true));
    });
    const all = [step(root?.label || "function", () => drawing.camera.fit()), ...parts];
    fill(
      crumbs,
      ...all.flatMap((crumb, k) => (k === 0 ? [crumb] : [h("span", { "aria-hidden": "true" }, "›"), crumb])),
    );
    if (picked === null && section.counts.equations !== undefined)
      crumbs.append(h("span", { class: "dl-muted" }, plural(section.counts.equations, "equation")));
  }

  /** Select an item; `look` brings it into view and opens what hides it. */
  function select(id: string | null, look: boolean): void {
    picked = id;
    wanted = null;
    const item = id === null ? undefined : atlas.item(id);
    // A group is no node: it is selected here only.
    const shared = id === null || item?.kind === "scope" ? null : atlas.valueOf(id);
    desk.focus.update({ selection: shared });
    if (id !== null && look) reveal(id);
    else mark();
    tell();
  }

  function tell(): void {
    if (picked === null) return desk.say("nothing selected");
    const item = atlas.item(picked);
    desk.say(atlas.info(picked)?.text || [item?.label, item?.detail].filter(Boolean).join(" ") || picked);
  }

  function reveal(id: string, quiet = false): void {
    const path = atlas.pathTo(id);
    if (path === null) {
      const ask = atlas.missing(id);
      wanted = id;
      if (ask !== null && !waiting.has(ask)) request(ask);
      else if (ask === null && !quiet) desk.notify("info", `${id} is not part of this drawing`);
      return mark();
    }
    wanted = null;
    if (path.some((scope) => !open.has(scope))) {
      for (const scope of path) open.add(scope);
      draw();
    } else mark();
    const box = drawing.box(id);
    if (box) drawing.camera.see(rectOf(box));
  }

  function toggle(id: string, at: { x: number; y: number } | null): void {
    const item = atlas.item(id);
    if (!item || item.scopes.length === 0) return;
    const isOpen = item.scopes.some((scope) => open.has(scope) && scope in atlas.scopes);
    for (const scope of item.scopes) {
      if (isOpen) open.delete(scope);
      else {
        open.add(scope);
        if (!(scope in atlas.scopes)) request(scope);
      }
    }
    if (isOpen && picked !== null && atlas.visible(picked, open) === id && picked !== id) picked = id;
    redraw(id, at);
    desk.say(`${item.label} ${isOpen ? "closed" : "open"}`);
  }

  /** Draw again with box `id` kept under the pointer. */
  function redraw(id: string, at: { x: number; y: number } | null): void {
    const before = drawing.box(id);
    draw();
    const after = drawing.box(id);
    if (!before || !after) return;
    const grip = (box: Box) => ({ x: box.x, y: box.y - box.h / 2 + Math.min(box.h, 26) / 2 });
    const share = at ? Math.max(-0.5, Math.min(0.5, (at.x - before.x) / before.w)) : 0;
    const shift = at ? Math.min(at.y - before.y + before.h / 2, 24) : 12;
    const held = (box: Box) => ({ x: grip(box).x + share * box.w, y: box.y - box.h / 2 + Math.min(shift, box.h - 2) });
    drawing.camera.pin(at ?? held(before), held(after));
  }

  function request(scope: string): void {
    let refused = false;
    const late = desk.link.kernel ? LATE : `this part was not carried; opening it ${NO_KERNEL}`;
    const done = desk.ask({ kind: "scope", id: scope }, late, () => {
      refused = true;
      waiting.delete(scope);
      open.delete(scope);
      mark();
    });
    if (!refused) waiting.set(scope, done);
    mark();
  }

  function receive(message: unknown): void {
    const answer = (message as { kind?: unknown })?.kind === "scope" ? readAnswer(message) : null;
    if (answer?.kind !== "scope") return;
    const { scope, nodes } = answer;
    waiting.get(scope.id)?.();
    const asked = waiting.delete(scope.id);
    atlas.add(scope, nodes);
    if (wanted !== null && picked === wanted) return reveal(wanted);
    const door = atlas.doorOf(scope.id);
    if (asked && door !== undefined && drawing.box(door)) redraw(door, null);
    else mark();
  }

  function setAll(on: boolean): void {
    open = new Set();
    let boxes = 0;
    for (const scope of on ? Object.values(atlas.scopes) : []) {
      boxes += scope.items.length;
      if (boxes > OPEN_AT_MOST) {
        desk.notify("info", `only the first ${OPEN_AT_MOST} boxes were opened`);
        break;
      }
      open.add(scope.id);
    }
    draw();
    drawing.camera.fit();
  }

  function hover(id: string | null, at: { x: number; y: number }): void {
    const item = id === null ? undefined : atlas.item(id);
    if (!item) return tooltip.hide();
    const info = atlas.info(item.id);
    const shape = info?.results.map((o) => o.shape).join(", ");
    const source = info?.source;
    tooltip.show(
      at,
      h("div", { class: "dl-tip-text" }, info?.text || [item.label, item.detail].filter(Boolean).join("  ")),
      shape && !info?.text.includes(shape) ? h("div", { class: "dl-muted" }, shape) : null,
      source ? h("div", { class: "dl-muted" }, `${sourceText(source)}  ${source.text.trim()}`) : null,
    );
  }

  function find(turn: number): void {
    if (hits.length === 0) return;
    const at = picked === null ? -1 : hits.indexOf(picked);
    const next = hits[(at + turn + hits.length) % hits.length];
    if (next !== undefined) select(next, true);
    fill(found, `${hits.indexOf(picked ?? "") + 1}/${hits.length}`);
  }

  search.addEventListener("input", () => {
    hits = atlas.search(search.value);
    fill(found, search.value.trim() === "" ? "" : hits.length === 0 ? "no hit" : plural(hits.length, "hit"));
    mark();
  });
  search.addEventListener("keydown", (event) => event.key === "Enter" && find(event.shiftKey ? -1 : 1));

  /** The nearest box in a direction, those joined by an edge first. */
  function neighbour(dx: number, dy: number): string | null {
    const visible = picked === null ? null : atlas.visible(picked, open);
    const from = visible === null ? undefined : drawing.box(visible);
    if (!from) return drawing.picture.boxes[0]?.id ?? null;
    const joined = new Set(
      drawing.picture.lines.flatMap((line) =>
        line.from === from.id ? [line.to] : line.to === from.id ? [line.from] : [],
      ),
    );
    let best: { id: string; far: number } | null = null;
    for (const box of drawing.picture.boxes) {
      if (box.id === from.id || (box.bodies.length > 0 && !joined.has(box.id))) continue;
      const [x, y] = [box.x - from.x, box.y - from.y];
      const along = x * dx + y * dy;
      const across = Math.abs(x * dy) + Math.abs(y * dx);
      if (along <= 4 || (across > 2 * along && !joined.has(box.id))) continue;
      const far = (along + 2 * across) * (joined.has(box.id) ? 0.2 : 1);
      if (!best || far < best.far) best = { id: box.id, far };
    }
    return best?.id ?? null;
  }

  const ARROWS: Record<string, readonly [number, number]> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
  };
  const KEYS: Record<string, () => void> = {
    f: () => drawing.camera.fit(),
    "+": () => drawing.camera.zoom(1.25),
    "=": () => drawing.camera.zoom(1.25),
    "-": () => drawing.camera.zoom(1 / 1.25),
    "]": () => setAll(true),
    "[": () => setAll(false),
    "/": () => search.focus(),
    n: () => find(1),
    N: () => find(-1),
    Enter: () => picked !== null && toggle(picked, null),
    z: () => {
      const box = picked === null ? undefined : drawing.box(picked);
      if (box) drawing.camera.see(rectOf(box), true);
    },
  };

  function follow(): void {
    const { selection } = desk.focus.get();
    const now = selection === null ? null : atlas.itemOf(nodeOf(selection));
    if (now === (picked === null ? null : atlas.itemOf(nodeOf(atlas.valueOf(picked))))) return;
    if (now === null && picked !== null && atlas.item(picked)?.kind === "scope") return;
    picked = now;
    if (element.isConnected && element.offsetParent !== null && now !== null) reveal(now, true);
    else stale = true;
  }

  stops.push(desk.link.hear(desk.guard(receive)), desk.focus.listen(desk.guard(follow)));
  const { selection } = desk.focus.get();
  picked = selection === null ? null : atlas.itemOf(nodeOf(selection));
  draw();

  return {
    element,
    help: HELP,
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return false;
      const arrow = ARROWS[event.key];
      if (arrow) {
        const next = neighbour(...arrow);
        if (next !== null) select(next, true);
        return true;
      }
      const act = KEYS[event.key];
      act?.();
      return act !== undefined;
    },
    refresh(next) {
      section = readGraph(next, "graph");
      const known = new Set(Object.keys(atlas.scopes));
      const whole = atlas.root === section.root;
      atlas = new Atlas(section);
      open = new Set([...(whole ? [...open].filter((id) => known.has(id)) : []), ...(whole ? [] : section.open)]);
      draw();
    },
    shown() {
      if (drawing.element.clientWidth > 0 && !framed) {
        framed = true;
        drawing.camera.frame();
      } else drawing.camera.settle();
      if (stale) {
        stale = false;
        if (picked !== null) reveal(picked, true);
        else mark();
      }
    },
    stop() {
      stopAll(stops);
      for (const done of waiting.values()) done();
      drawing.stop();
    },
  };
}
