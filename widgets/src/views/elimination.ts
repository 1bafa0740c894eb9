/** The elimination view: click vertices away one by one, pay for it in multiplications, and see what could be saved. */

import { type Desk, NO_KERNEL, type View } from "../desk.ts";
import { button, fill, h } from "../dom.ts";
import { createEliminationDrawing } from "../draw/elimination.ts";
import { icon } from "../draw/icons.ts";
import { createMatrix, type Entry } from "../draw/matrix.ts";
import { createRegret } from "../draw/regret.ts";
import { count, plural } from "../format.ts";
import { stepKey } from "../keys.ts";
import { type Stop, stopAll } from "../link.ts";
import { HELP, legend } from "../panes/legend.ts";
import { edgeMarks, vertexMarks } from "../panes/marks.ts";
import { lookOf, MODEL_NAMES, type Moment, momentOf, priceOf } from "../panes/moment.ts";
import { orderPanel } from "../panes/order.ts";
import { racePanel } from "../panes/race.ts";
import { createRail, keepFocus } from "../panes/rail.ts";
import { edgeKey } from "../panes/replay.ts";
import { puzzleLine, scoreLine, scoreOf } from "../panes/score.ts";
import { createSearchPane } from "../panes/search.ts";
import { barTip, entryTip, fate, vertexTip } from "../panes/tips.ts";
import { createTooltip } from "../panes/tooltip.ts";
import { createTransport } from "../panes/transport.ts";
import {
  type CostModel,
  type EliminationSection,
  type Question,
  type Race,
  readAnswer,
  readElimination,
  type SearchProgress,
} from "../payload.ts";

const LATE = "the kernel does not answer: nothing was eliminated; run the cell again";
const PLAYED = ["forward", "reverse"];
const PANES = ["matrix", "order", "race", "search"] as const;

const MODELS = ["nontrivial", "all_edges"] as const;
const AIM = "Click a vertex to eliminate it. The less all of them cost together, the better.";
const OPEN = "Click a box to open it and to play inside.";
const COUNTED =
  "nontrivial: the products that are executed, without those by ±1, deltas and broadcasts. all edges: every product, as the literature counts; the bounds are for this";
/** Their answers are messages of their own. */
const ASIDE = new Set(["stop", "race", "search", "verify"]);
/** They may take long, and longer the first time: the search is compiled then. */
const PATIENT = new Set(["adopt", "finish"]);

type Spot = { readonly x: number; readonly y: number };

export function eliminationView(first: unknown, desk: Desk): View {
  let section: EliminationSection = readElimination(first, "elimination");
  let model: CostModel = section.model;
  let at: Moment = momentOf(section, model, 0);
  let pointed: string | null = null;
  let search: SearchProgress | null = null;
  let rival: string | null = null;
  let race: Race | null = null;
  let framed = false;
  let bare = false;
  let pending: Stop | null = null;
  const stops: Stop[] = [];
  const { kernel } = desk.link;

  const drawing = createEliminationDrawing({ pick: desk.guard(pick), hover: desk.guard(point) });
  const matrix = createMatrix({
    pick: desk.guard(pick),
    hover: desk.guard((spot, place) => {
      point(spot?.pivot ?? null);
      if (spot && !spot.pivot) tip(place, entryTip(at, spot.from, spot.to));
    }),
  });
  const regret = createRegret({
    jump: desk.guard(go),
    hover: desk.guard((n, place) => {
      point(n === null ? null : (waiting()[n - last()]?.id ?? null));
      if (n !== null && n < last()) tip(place, barTip(at, n));
    }),
  });
  const puzzle = h("div", { class: "dl-puzzle", hidden: true });
  const canvas = h("div", { class: "dl-canvas" }, drawing.element, puzzle);
  const rail = createRail(PANES, "order and costs", () => arrange());
  const tally = h("div", { class: "dl-tally" });
  const score = h("div", { class: "dl-score" });
  const plays = h("span", { class: "dl-group" });
  const face = (name: "undo" | "reset", words: string) => h("span", { class: "dl-face" }, icon(name), words);
  const undo = kernelButton(face("undo", "Undo"), "undo the last move (u)", { kind: "undo" });
  const redo = kernelButton(icon("redo"), "redo (y)", { kind: "redo" });
  const reset = kernelButton(face("reset", "Reset"), "start over", { kind: "reset" });
  const finish = kernelButton("Finish", "play the best completion from here (e)", () => ({ kind: "finish", model }));
  const verify = kernelButton("Verify", "have it checked what is proved of this order (v)", { kind: "verify" });
  verify.className = "dl-button dl-small";
  const searching = createSearchPane(kernel, desk.guard(ask));
  const transport = createTransport(desk.guard(go), true);
  const strip = h("div", { class: "dl-strip-box" }, score, regret.element);
  const body = h("div", { class: "dl-body" }, h("div", { class: "dl-stack" }, canvas, strip), rail.element);
  const card = createTooltip(canvas);
  const tooltip = createTooltip(body);
  const moves = h("span", { class: "dl-group" }, finish, undo, redo, reset);
  const element = h(
    "div",
    { class: "dl-view dl-elimination" },
    h("div", { class: "dl-toolbar" }, tally, h("span", { class: "dl-spacer" }), plays, moves),
    body,
    transport.element,
  );

  const last = () => section.frames.length;
  /** At the last moment: what is still to come. */
  const waiting = () => (at.live ? at.standing : []);
  const now = () => Math.min(last(), desk.focus.get().steps.elimination ?? last());

  function go(k: number): void {
    desk.focus.update({ steps: { elimination: Math.min(last(), Math.max(0, k)) } });
  }

  function kernelButton(
    words: HTMLElement | SVGElement | string,
    title: string,
    question: Question | (() => Question),
  ): HTMLButtonElement {
    const made = button(words, title, () => ask(typeof question === "function" ? question() : question));
    if (!kernel) {
      made.disabled = true;
      made.title = `${title}: ${NO_KERNEL}`;
    }
    return made;
  }

  function ask(question: Question): void {
    if (!kernel) return desk.notify("info", `to eliminate ${NO_KERNEL}`);
    element.classList.toggle("dl-busy", !ASIDE.has(question.kind));
    if (PATIENT.has(question.kind) || ASIDE.has(question.kind)) {
      if (!desk.link.send(question)) desk.notify("warning", LATE);
      return;
    }
    pending?.();
    pending = desk.ask(question, LATE, () => element.classList.remove("dl-busy"));
  }

  function pick(id: string | null): void {
    const vertex = id === null ? undefined : at.vertices.get(id);
    desk.focus.update({ selection: vertex ? vertex.id : null });
    if (vertex?.role === "group") return ask({ kind: "open", group: vertex.id });
    if (vertex?.role !== "intermediate" || at.state.gone.has(vertex.id)) return;
    ask({ kind: "eliminate", vertex: vertex.id, ...(at.live ? {} : { at: section.before.steps + at.step }) });
  }

  /** Show everywhere what eliminating a vertex would do; say what there is to say in a corner, out of the way. */
  function point(id: string | null): void {
    const vertex = id === null ? undefined : at.vertices.get(id);
    const { left, bottom } = canvas.getBoundingClientRect();
    if (vertex) card.show({ x: left - 4, y: bottom }, ...vertexTip(at, vertex));
    else card.hide();
    tooltip.hide();
    const next = at.standing.some((v) => v.id === id) ? id : null;
    if (next === pointed) return;
    pointed = next;
    drawing.announce(pointed === null ? null : at.whatIf(pointed));
    if (rail.open === "matrix") showMatrix();
  }

  function tip(place: Spot, content: HTMLElement[] | null): void {
    if (content) tooltip.show(place, ...content);
    else tooltip.hide();
  }

  function draw(): void {
    at = momentOf(section, model, now());
    if (pointed && !at.standing.some((v) => v.id === pointed)) pointed = null;
    drawing.show(vertexMarks(at, desk.focus.get().selection), edgeMarks(at), section);
    if (pointed) drawing.announce(at.whatIf(pointed));
    showStrip();
    showTally();
    showPane();
    const done = section.before.steps;
    const words = `after ${count(done + at.step)} of ${plural(done + last(), "step")}`;
    transport.show(at.step, last(), last() === 0 ? "nothing eliminated yet" : words);
  }

  function showStrip(): void {
    const found = scoreOf(at);
    const floors = model === "all_edges" ? section.bound?.floors : undefined;
    const bars = section.frames.map((frame) => ({
      cost: priceOf(model, frame),
      floor: floors ? (floors[frame.vertex] ?? 0) : null,
    }));
    const least = waiting().map(({ id }) => ({ cost: floors?.[id] ?? at.prices.get(id)?.cost ?? 0, floor: null }));
    const empty = bars.length + least.length === 0;
    if (regret.element.toggleAttribute("hidden", empty) !== bare) drawing.camera.settle();
    bare = empty;
    regret.show([...bars, ...least], at.step, last());
    verify.hidden = found.bound === null || !found.complete || !at.live;
    const grouped = section.vertices.some((v) => v.role === "group");
    const title =
      at.step === 0 ? (grouped ? OPEN : AIM) : floors ? "cost of each step over its floor" : "cost of each step";
    fill(
      score,
      h("span", { class: "dl-score-title" }, title),
      h("span", { class: "dl-spacer" }),
      ...scoreLine(found),
      verify,
    );
  }

  function showTally(): void {
    const choice = h(
      "select",
      { class: "dl-select", "aria-label": "what is counted", title: COUNTED, "data-key": "model" },
      ...MODELS.map((m) => h("option", { value: m, selected: m === model }, MODEL_NAMES[m])),
    );
    choice.addEventListener("change", () => countBy(choice.value === "all_edges" ? "all_edges" : "nontrivial"));
    const { group } = section;
    const back = () => ask({ kind: "open", group: null });
    keepFocus(tally, () =>
      fill(
        tally,
        group && button(h("span", { class: "dl-face" }, icon("back"), group.label), "all groups (Backspace)", back),
        h("span", { class: "dl-count" }, h("b", {}, count(priceOf(model, at.costs))), ` ${section.units}`),
        choice,
        h("span", { class: "dl-muted" }, at.left === 0 ? "complete" : `${count(at.left)} to go`),
      ),
    );
    const choose = kernel ? (name: string) => ask({ kind: "puzzle", name }) : null;
    puzzle.hidden = !section.puzzle;
    if (section.puzzle)
      fill(puzzle, ...puzzleLine(section.puzzle, at.left === 0 ? at.costs.scalar_cost : null, choose));
    undo.disabled = !kernel || !section.can.undo;
    redo.disabled = !kernel || !section.can.redo;
    reset.disabled = !kernel || last() + section.before.steps === 0;
    finish.disabled = !kernel || at.left === 0;
  }

  function countBy(wanted: CostModel): void {
    model = wanted;
    draw();
  }

  function showMatrix(): void {
    if (section.matrix) return matrix.showBins(section.matrix.bins, section.matrix.cells);
    const what = pointed === null ? null : at.whatIf(pointed);
    const entries = at.state.edges.map(
      (edge): Entry => ({ ...edge, look: what?.merged.has(edgeKey(edge.from, edge.to)) ? "merged" : lookOf(at, edge) }),
    );
    const ghosts = (what?.fill ?? []).map(([from, to]): Entry => ({ from, to, look: "ghost" }));
    const pivot = what?.vertex ?? section.frames[at.step]?.vertex ?? null;
    matrix.show({ vertices: section.vertices, entries: [...entries, ...ghosts], gone: at.state.gone, pivot });
  }

  function showPane(): void {
    switch (rail.open) {
      case "matrix":
        if (!matrix.element.isConnected || !rail.element.contains(matrix.element)) rail.show(matrix.element, legend());
        return showMatrix();
      case "order":
        return rail.show(...orderPanel(at, { kernel, ask, go, point }));
      case "race":
        return rail.show(...racePanel(at, rival, race, kernel ? choose : null));
      case "search":
        if (!rail.element.contains(searching.element)) rail.show(searching.element);
        return searching.show(search, model);
    }
  }

  function arrange(): void {
    showPane();
    drawing.camera.settle();
    regret.resize();
  }

  function choose(name: string): void {
    [rival, race] = [name || null, null];
    if (name) ask({ kind: "race", name });
    showPane();
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
    const was = section;
    section = readElimination(next, "elimination");
    const other = was.group?.id !== section.group?.id || was.puzzle?.name !== section.puzzle?.name;
    if (was.puzzle?.name !== section.puzzle?.name) [rival, race, search] = [null, null, null];
    showPlays();
    draw();
    if (other) firstLook();
  }

  function firstLook(): void {
    if (section.compact) drawing.camera.fit();
    else drawing.camera.frame();
  }

  const hear = desk.guard((message: unknown) => {
    const answer = readAnswer(message);
    if (answer?.kind === "search") search = answer.search;
    else if (answer?.kind === "race" && answer.race.name === rival) race = answer.race;
    else if (answer?.kind === "error") element.classList.remove("dl-busy");
    else if (answer?.kind === "verdict") desk.notify("info", answer.text);
    if (rail.open && rail.open === answer?.kind) showPane();
  });

  let seen = "";
  const redraw = () => {
    const { selection, steps } = desk.focus.get();
    const next = `${steps.elimination} ${selection}`;
    if (next !== seen) draw();
    seen = next;
  };
  stops.push(desk.focus.listen(desk.guard(redraw)), desk.link.hear(hear));
  showPlays();
  draw();

  /** Point at the vertex `turn` places on. */
  function step(turn: number): void {
    const all = at.standing;
    const here = all.findIndex((v) => v.id === pointed);
    const next = all[(here + (here < 0 && turn < 0 ? 0 : turn) + all.length) % Math.max(1, all.length)];
    if (!next) return;
    point(next.id);
    desk.say([next.label, ...fate(at, next)].join(", "));
  }

  function lock(): void {
    if (!pointed) return;
    const places = [null, "first", "last"] as const;
    const place = places[(places.indexOf(section.locks[pointed] ?? null) + 1) % 3] ?? null;
    ask({ kind: "lock", vertex: pointed, place });
  }

  const keys: Readonly<Record<string, () => void>> = {
    u: () => ask({ kind: "undo" }),
    y: () => ask({ kind: "redo" }),
    e: () => ask({ kind: "finish", model }),
    a: () => ask({ kind: "adopt" }),
    v: () => ask({ kind: "verify" }),
    s: () => {
      if (rail.open !== "search") rail.choose("search");
      searching.toggle();
    },
    l: lock,
    c: () => countBy(model === "all_edges" ? "nontrivial" : "all_edges"),
    p: rail.turn,
    n: () => step(1),
    N: () => step(-1),
    Enter: () => pick(pointed),
    Backspace: () => section.group && ask({ kind: "open", group: null }),
    " ": () => transport.play(),
    f: () => drawing.camera.fit(),
  };

  return {
    element,
    help: HELP,
    key(event) {
      const plain = !(event.ctrlKey || event.metaKey || event.altKey);
      if (!plain && !event.altKey && "zyZ".includes(event.key)) {
        ask({ kind: event.key === "z" && !event.shiftKey ? "undo" : "redo" });
        return true;
      }
      const next = stepKey(event, now(), last());
      if (next !== null) {
        transport.play(false);
        go(next);
        return true;
      }
      const act = plain ? keys[event.key] : undefined;
      act?.();
      return act !== undefined;
    },
    refresh: take,
    shown() {
      regret.resize();
      if (rail.open === "matrix") matrix.resize();
      if (drawing.element.clientWidth > 0 && !framed) {
        framed = true;
        firstLook();
      } else drawing.camera.settle();
    },
    stop() {
      stopAll(stops);
      transport.stop();
      pending?.();
      drawing.stop();
      matrix.stop();
      regret.stop();
    },
  };
}
