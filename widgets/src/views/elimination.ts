/** The elimination view: click vertices away one by one, and pay for it in multiplications. */

import { type Desk, NO_KERNEL, type View } from "../desk.ts";
import { button, fill, h } from "../dom.ts";
import { createEliminationDrawing, type EdgeMark, type VertexMark } from "../draw/elimination.ts";
import { icon } from "../draw/icons.ts";
import { count, plural } from "../format.ts";
import { type KeyLine, stepKey } from "../keys.ts";
import { type Stop, stopAll } from "../link.ts";
import { type EliminationState, edgeKey, stateAfter } from "../panes/replay.ts";
import { createTooltip } from "../panes/tooltip.ts";
import { createTransport } from "../panes/transport.ts";
import { type EliminationSection, type Question, readElimination, type Vertex } from "../payload.ts";

const LATE = "the kernel does not answer: nothing was eliminated; run the cell again";
const PLAYED = ["forward", "reverse"];

const HELP: readonly KeyLine[] = [
  { keys: "click", does: "eliminate a vertex" },
  { keys: "Tab, Enter", does: "choose a vertex in the list, eliminate it" },
  { keys: "u or Ctrl+Z", does: "undo" },
  { keys: "← →", does: "step through the frames; Shift: ten" },
  { keys: "Home End", does: "before the first, after the last" },
  { keys: "Space", does: "play, pause" },
  { keys: "f", does: "fit everything" },
];

export function eliminationView(first: unknown, desk: Desk): View {
  let section: EliminationSection = readElimination(first, "elimination");
  let names = labels(section);
  let state: EliminationState = stateAfter(section, 0);
  let framed = false;
  let pending: Stop | null = null;
  const stops: Stop[] = [];

  const drawing = createEliminationDrawing({
    pick: desk.guard((id: string | null) => pick(id)),
    hover: desk.guard((id: string | null, at: { x: number; y: number }) => hover(id, at)),
  });
  const canvas = h("div", { class: "dl-canvas" }, drawing.element);
  const tooltip = createTooltip(canvas);
  const pane = h("aside", { class: "dl-pane dl-orders", "aria-label": "order and costs" });
  const tally = h("div", { class: "dl-tally" });
  const plays = h("span", { class: "dl-group" });
  const undo = kernelButton(h("span", { class: "dl-face" }, icon("undo"), "Undo"), "undo the last elimination (u)", {
    kind: "undo",
  });
  const reset = kernelButton(h("span", { class: "dl-face" }, icon("reset"), "Reset"), "start over", { kind: "reset" });
  const transport = createTransport(desk.guard(go), true);
  const element = h(
    "div",
    { class: "dl-view dl-elimination" },
    h(
      "div",
      { class: "dl-toolbar" },
      tally,
      h("span", { class: "dl-spacer" }),
      plays,
      h("span", { class: "dl-group" }, undo, reset),
    ),
    h("div", { class: "dl-body" }, canvas, pane),
    transport.element,
  );

  const last = () => section.frames.length;
  const now = () => Math.min(last(), desk.focus.get().steps.elimination ?? last());
  const nameOf = (id: string) => names.get(id)?.label || id;

  function go(k: number): void {
    desk.focus.update({ steps: { elimination: Math.min(last(), Math.max(0, k)) } });
  }

  function kernelButton(face: HTMLElement | string, title: string, question: Question): HTMLButtonElement {
    const made = button(face, title, () => ask(question));
    if (!desk.link.kernel) {
      made.disabled = true;
      made.title = `${title}: ${NO_KERNEL}`;
    }
    return made;
  }

  function ask(question: Question): void {
    if (!desk.link.kernel) return desk.notify("info", `to eliminate ${NO_KERNEL}`);
    pending?.();
    element.classList.add("dl-busy");
    pending = desk.ask(question, LATE, () => element.classList.remove("dl-busy"));
  }

  function pick(id: string | null): void {
    const vertex = id === null ? undefined : names.get(id);
    desk.focus.update({ selection: vertex ? vertex.id : null });
    if (vertex?.role !== "intermediate" || state.gone.has(vertex.id)) return;
    if (now() < last()) return desk.notify("info", "this is an earlier moment: press End to go on from the last");
    if (vertex.id in section.playable) ask({ kind: "eliminate", vertex: vertex.id });
  }

  function hover(id: string | null, at: { x: number; y: number }): void {
    const vertex = id === null ? undefined : names.get(id);
    if (!vertex) return tooltip.hide();
    tooltip.show(
      at,
      h("div", { class: "dl-tip-text" }, `${vertex.label}  ${vertex.shape}`),
      h("div", { class: "dl-muted" }, fate(vertex)),
    );
  }

  /** What is to be said of a vertex now. */
  function fate(vertex: Vertex): string {
    const when = state.gone.get(vertex.id);
    const frame = when === undefined ? undefined : section.frames[when - 1];
    if (frame) return `eliminated in step ${when} for ${plural(frame.cost, "multiplication")}`;
    if (vertex.role !== "intermediate") return `${vertex.role}: stays`;
    const price = now() === last() ? section.playable[vertex.id] : undefined;
    return price ? `+${plural(price.cost, "multiplication")}, fill ${price.fill}` : "still there";
  }

  function draw(): void {
    const k = now();
    state = stateAfter(section, k);
    const live = k === last();
    const next = section.frames[k];
    const prices = Object.values(section.playable).map((price) => price.cost);
    const most = Math.max(1, ...prices);
    const { selection } = desk.focus.get();
    const vertices = section.vertices.map((vertex): VertexMark => {
      const gone = state.gone.has(vertex.id);
      const price = live && !gone ? section.playable[vertex.id] : undefined;
      const cost = price?.cost ?? (next?.vertex === vertex.id ? next.cost : null);
      const depth = price ? 0.08 + 0.5 * Math.sqrt(price.cost / most) : 0;
      return { vertex, gone, cost, depth, next: next?.vertex === vertex.id, selected: vertex.id === selection };
    });
    const edges = state.edges.map((edge): EdgeMark => {
      const key = edgeKey(edge.from, edge.to);
      const look = state.fresh.has(key)
        ? "fresh"
        : state.merged.has(key)
          ? "merged"
          : edge.since > 0
            ? "filled"
            : "plain";
      return { ...edge, look };
    });
    drawing.show(vertices, edges, section);
    showTally(k);
    showPane(k);
    transport.show(k, last(), last() === 0 ? "nothing eliminated yet" : `after ${k} of ${plural(last(), "step")}`);
  }

  function showTally(k: number): void {
    const left = section.vertices.filter((v) => v.role === "intermediate").length - state.gone.size;
    fill(
      tally,
      h("span", { class: "dl-count" }, h("b", {}, count(state.cost)), ` ${section.units}`),
      h("span", { class: "dl-muted" }, `${count(state.scalarCost)} scalar`),
      h("span", { class: "dl-muted" }, plural(state.edges.length, "edge")),
      h("span", { class: "dl-muted" }, left === 0 ? "complete" : `${left} to go`),
    );
    undo.disabled = !desk.link.kernel || last() === 0;
    reset.disabled = undo.disabled;
    if (k > last()) go(last());
  }

  function showPane(k: number): void {
    const line = (vertex: string, n: number) => {
      const frame = section.frames[n];
      const css = n + 1 === k ? "dl-order dl-current" : n >= k ? "dl-order dl-later" : "dl-order";
      return h(
        "button",
        { type: "button", class: css, onclick: () => go(n + 1) },
        h("span", { class: "dl-muted" }, String(n + 1)),
        h("span", { class: "dl-link-name" }, nameOf(vertex)),
        h("span", { class: "dl-number" }, frame ? `+${count(frame.cost)}` : ""),
      );
    };
    const order = section.frames.map((frame) => frame.vertex);
    const playable = Object.entries(section.playable).sort((a, b) => a[1].cost - b[1].cost);
    const best = Math.min(...section.baselines.map((b) => b.cost));
    fill(
      pane,
      h(
        "section",
        { class: "dl-section" },
        h("h4", {}, "Order"),
        order.length > 0
          ? h("div", { class: "dl-order-list" }, ...order.map(line))
          : h("p", { class: "dl-hint" }, "Click a vertex in the drawing to eliminate it."),
      ),
      playable.length > 0 && k === last()
        ? h(
            "section",
            { class: "dl-section" },
            h("h4", {}, "Could go next"),
            ...playable.map(([id, price]) => {
              const act = kernelButton("", "eliminate", { kind: "eliminate", vertex: id });
              act.className = "dl-order";
              fill(
                act,
                h("span", {}),
                h("span", { class: "dl-link-name" }, nameOf(id)),
                h("span", { class: "dl-muted" }, `fill ${price.fill}`),
                h("span", { class: "dl-number" }, `+${count(price.cost)}`),
              );
              return act;
            }),
          )
        : null,
      section.baselines.length > 0
        ? h(
            "section",
            { class: "dl-section" },
            h("h4", {}, "To compare with"),
            h(
              "table",
              { class: "dl-table dl-numbers" },
              h("thead", {}, h("tr", {}, ...["order", "cost", "scalar"].map((t) => h("th", { scope: "col" }, t)))),
              h(
                "tbody",
                {},
                ...section.baselines.map((b) =>
                  h(
                    "tr",
                    { class: b.cost === best ? "dl-best" : "" },
                    h(
                      "th",
                      { scope: "row" },
                      b.name,
                      b.cost === best ? h("span", { class: "dl-chip" }, "best here") : null,
                    ),
                    h("td", {}, count(b.cost)),
                    h("td", {}, count(b.scalar_cost)),
                  ),
                ),
              ),
            ),
          )
        : null,
      legend(),
      section.truncated ? h("p", { class: "dl-hint" }, section.truncated) : null,
    );
  }

  function showPlays(): void {
    const rules = section.baselines.filter((b) => b.name.startsWith("markowitz")).sort((a, b) => a.cost - b.cost);
    const known = [...section.baselines.filter((b) => PLAYED.includes(b.name)), ...rules.slice(0, 1)];
    const play = ({ name }: { name: string }) =>
      kernelButton(name.split("_")[0] ?? name, `eliminate everything in ${name} order`, { kind: "order", name });
    fill(plays, ...known.map(play));
  }

  function take(next: unknown): void {
    pending?.();
    pending = null;
    element.classList.remove("dl-busy");
    section = readElimination(next, "elimination");
    names = labels(section);
    showPlays();
    draw();
  }

  let seen = "";
  const redraw = () => {
    const { selection, steps } = desk.focus.get();
    const next = `${steps.elimination} ${selection}`;
    if (next !== seen) draw();
    seen = next;
  };
  stops.push(desk.focus.listen(desk.guard(redraw)));
  showPlays();
  draw();

  return {
    element,
    help: HELP,
    key(event) {
      if ((event.ctrlKey || event.metaKey) && event.key === "z") {
        ask({ kind: "undo" });
        return true;
      }
      const next = stepKey(event, now(), last());
      if (next !== null) {
        transport.play(false);
        go(next);
        return true;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return false;
      if (event.key === "u") ask({ kind: "undo" });
      else if (event.key === " ") transport.play();
      else if (event.key === "f") drawing.camera.fit();
      else return false;
      return true;
    },
    refresh: take,
    shown() {
      if (drawing.element.clientWidth > 0 && !framed) {
        framed = true;
        drawing.camera.fit();
      } else drawing.camera.settle();
    },
    stop() {
      stopAll(stops);
      transport.stop();
      pending?.();
      drawing.stop();
    },
  };
}

function labels(section: EliminationSection): Map<string, Vertex> {
  return new Map(section.vertices.map((vertex) => [vertex.id, vertex]));
}

function legend(): HTMLElement {
  const key = (css: string, words: string) => h("span", {}, h("i", { class: `dl-line ${css}` }), words);
  return h(
    "div",
    { class: "dl-legend" },
    key("dl-line-fresh", "just filled in"),
    key("dl-line-filled", "fill-in"),
    key("dl-line-merged", "merged"),
  );
}
