/** The graph view: scopes that open and close, one selection in the drawing, the texts and the inspector, and what colours it all. */

import { type Desk, NO_KERNEL, type View } from "../desk.ts";
import { h } from "../dom.ts";
import { type Box, compose } from "../draw/compose.ts";
import { createGraphDrawing, rectOf } from "../draw/graph.ts";
import { type Stop, stopAll } from "../link.ts";
import { Atlas } from "../panes/atlas.ts";
import { createTooltip } from "../panes/tooltip.ts";
import { type GraphAnswer, type GraphSection, nodeOf, readGraph, readGraphAnswer } from "../payload.ts";
import { createAbout } from "./graph/about.ts";
import { type Acts, createKeys, menuOf } from "./graph/acts.ts";
import { createColouring } from "./graph/colouring.ts";
import { createFetcher } from "./graph/fetch.ts";
import { createHistory } from "./graph/history.ts";
import { withCuts, withHits } from "./graph/hits.ts";
import { afterChoice, HELP } from "./graph/keys.ts";
import { createMoves } from "./graph/moving.ts";
import { createNearby } from "./graph/nearby.ts";
import { createOpening } from "./graph/opening.ts";
import { failureBanner } from "./graph/outside.ts";
import { createReading } from "./graph/reading.ts";
import { createSearching } from "./graph/searching.ts";
import { type At, type Ground, inSight, type Stage } from "./graph/stage.ts";
import { createToolbar } from "./graph/toolbar.ts";

const LATE = "the kernel does not answer: this part was not carried; run the cell again";

export function graphView(first: unknown, desk: Desk): View {
  let section: GraphSection = readGraph(first, "graph");
  let whole: Stage = { atlas: new Atlas(section), open: new Set(section.open) };
  let stage = whole;
  let picked: string | null = null;
  /** What is on its way: where it will be selected, and the scopes around it. */
  let wanted: { readonly id: string; readonly path: readonly string[] } | null = null;
  let framed = false;
  let stale = true;
  const stops: Stop[] = [];
  const history = createHistory<string | null>(null);
  const fetcher = createFetcher(desk);
  const drawing = createGraphDrawing({
    pick: desk.guard((id: string | null) => select(id, false)),
    toggle: desk.guard((id: string, at: { x: number; y: number } | null) => toggle(id, at)),
    follow: desk.guard((id: string) => select(stage.atlas.item(id) ? id : stage.atlas.itemOf(nodeOf(id)), true)),
    moved: desk.guard(() => picked === null && toolbar.crumbs(about.path(nearby.apart ? leave : null))),
    hover: desk.guard((id: string | null, at: { x: number; y: number }) => about.hover(tooltip, id, at)),
  });

  const ground: Ground = {
    desk,
    fetcher,
    drawing,
    stage: () => stage,
    section: () => section,
    picked: () => picked,
    select,
    seek,
    toggle,
    request,
    mark,
    draw,
    redraw,
  };
  const searching = createSearching(ground, () => wanted && seek(wanted.id, wanted.path));
  const colouring = createColouring(ground);
  const reading = createReading(ground, searching, () => drawing.camera.settle());
  const opening = createOpening(ground);
  const nearby = createNearby(ground, (next) => enter(next ?? whole), leave);
  const moves = createMoves(ground, searching, colouring);
  const about = createAbout(ground, colouring, searching);

  const acts: Acts = {
    ...opening,
    ...moves,
    back: () => travel(-1),
    forward: () => travel(1),
    wider: (turn) => (nearby.on ? nearby.turn(turn) : drawing.camera.zoom(1.25 ** turn)),
    near: () => picked !== null && nearby.show(picked),
    leave() {
      const was = nearby.on;
      if (was) leave();
      return was;
    },
    search: searching.focus,
    source: () => reading.toggle(),
    inspector() {
      pane.hidden = !pane.hidden;
      drawing.camera.settle();
    },
    overlay: colouring.cycle,
    largest: colouring.largest,
    arrange,
    nextArrangement() {
      const { arrangements, arrangement } = section;
      arrange(arrangements[(arrangements.indexOf(arrangement) + 1) % arrangements.length] ?? arrangement);
    },
  };
  const toolbar = createToolbar(acts, colouring.chooser, searching.element, () =>
    menuOf(acts, {
      picked: picked !== null,
      back: history.can(-1),
      forward: history.can(1),
      equation: Boolean(infoOf()?.text),
      source: Boolean(infoOf()?.source),
      texts: reading.on,
      inspector: !pane.hidden,
    }),
  );
  const canvas = h("div", { class: "dl-canvas" }, drawing.element, colouring.legend);
  const tooltip = createTooltip(canvas);
  const pane = h("aside", { class: "dl-pane dl-inspector", "aria-label": "selected node" });
  const banner = h("div", { class: "dl-banner" });
  const body = h("div", { class: "dl-body" }, reading.element, canvas, pane);
  const element = h("div", { class: "dl-view dl-graph" }, toolbar.element, banner, nearby.element, body);
  afterChoice(element, keysBack);
  const infoOf = () => (picked === null ? undefined : stage.atlas.info(picked));

  function draw(from?: string): void {
    drawing.show(compose(stage.atlas.scopes, stage.atlas.root, stage.open), from);
    mark();
  }

  function mark(): void {
    const { atlas } = stage;
    const focused = element.contains(document.activeElement);
    const doors = fetcher.under("scope:").map((id) => atlas.doorOf(id));
    const found = searching.found(stage);
    drawing.mark({
      selected: inSight(ground),
      waiting: new Set(doors.filter((id) => id !== undefined)),
      found: new Set(found.keys()),
    });
    const { boxes } = drawing.picture;
    const tints = colouring.tints(boxes);
    drawing.paint(withHits(section.failure ? withCuts(tints, boxes, atlas) : tints, found));
    toolbar.arrangement(section.arrangements, section.arrangement, fetcher.waits("arrange"));
    toolbar.history(history.can(-1), history.can(1));
    const past = history.past(5).filter((place) => place !== null);
    about.inspect(pane, past, {
      select: (to) => select(stage.atlas.itemOf(nodeOf(to)), true),
      toggle: (to) => toggle(to, null),
      around: nearby.show,
      line: reading.line,
    });
    toolbar.crumbs(about.path(nearby.apart ? leave : null));
    // What was pressed may be gone by now: the keys stay ours.
    if (focused && !element.contains(document.activeElement)) keysBack();
  }

  function select(id: string | null, look: boolean, remember = true): void {
    picked = id;
    wanted = null;
    if (remember) history.visit(id);
    const item = id === null ? undefined : stage.atlas.item(id);
    // A group is no node: it is selected here only.
    const shared = id === null || item?.kind === "scope" ? null : stage.atlas.valueOf(id);
    desk.focus.update({ selection: shared });
    if (id !== null && look) reveal(id);
    else mark();
    nearby.moved();
    reading.link(shared === null ? null : nodeOf(shared));
    about.say();
  }

  function travel(turn: -1 | 1): void {
    const id = history.move(turn);
    if (id === undefined) return desk.say(turn < 0 ? "nothing before this" : "nothing after this");
    select(id, true, false);
  }

  function seek(id: string, path: readonly string[]): void {
    const { atlas } = stage;
    const item = atlas.doorOf(id) ?? atlas.itemOf(id);
    if (atlas.pathTo(item) !== null) return select(item, true);
    if (nearby.end()) {
      draw();
      return seek(id, path);
    }
    picked = id;
    wanted = { id, path };
    const next = path.find((scope) => !(scope in atlas.scopes) && atlas.doorOf(scope) !== undefined);
    if (next === undefined) reveal(id);
    else request(next);
  }

  function reveal(id: string, quiet = false): void {
    const { atlas, open } = stage;
    const path = atlas.pathTo(id);
    if (path === null && nearby.end()) {
      draw();
      return reveal(id, quiet);
    }
    if (path === null) return fetchFor(id, quiet);
    wanted = null;
    if (path.some((scope) => !open.has(scope))) {
      for (const scope of path) open.add(scope);
      draw();
    } else mark();
    const box = drawing.box(id);
    if (box) drawing.camera.see(rectOf(box));
  }

  /** `id` is in no scope that is here: ask for the one that holds it. */
  function fetchFor(id: string, quiet: boolean): void {
    const { atlas } = stage;
    const finder = searching.finder();
    const row = finder.complete ? finder.rowOf(nodeOf(atlas.valueOf(id))) : undefined;
    const path = row === undefined ? [] : finder.pathOf(finder.homeOf(row));
    const scope = path.find((one) => !(one in atlas.scopes)) ?? atlas.missing(id);
    // The body of an equation is known from the id; which group holds a node only from the index.
    const guessed = scope === null || scope.includes("~");
    wanted = { id, path };
    if (guessed && !finder.complete && searching.hopeful) searching.want();
    else if (scope !== null && atlas.doorOf(scope) !== undefined) request(scope);
    else {
      wanted = null;
      if (!quiet && !atlas.info(id)) desk.notify("info", `${id} is not part of this drawing`);
    }
    mark();
  }

  function toggle(id: string, at: At): void {
    const { atlas, open } = stage;
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
    if (isOpen && inSight(ground) === id) picked = id;
    redraw(id, at);
    desk.say(`${item.label} ${isOpen ? "closed" : "open"}`);
  }

  function redraw(id: string | undefined, at: At): void {
    const before = id === undefined ? undefined : drawing.box(id);
    draw(id);
    const after = id === undefined ? undefined : drawing.box(id);
    if (!before || !after) return;
    const share = at ? Math.max(-0.5, Math.min(0.5, (at.x - before.x) / before.w)) : 0;
    const shift = at ? Math.min(at.y - before.y + before.h / 2, 24) : 12;
    const held = (box: Box) => ({ x: box.x + share * box.w, y: box.y - box.h / 2 + Math.min(shift, box.h - 2) });
    drawing.camera.pin(at ?? held(before), held(after));
  }

  function request(scope: string): void {
    const { open } = stage;
    const late = desk.link.kernel ? LATE : `this part was not carried; opening it ${NO_KERNEL}`;
    fetcher.ask(`scope:${scope}`, { kind: "scope", id: scope, arrangement: section.arrangement }, late, () => {
      open.delete(scope);
      wanted = null;
      mark();
    });
    mark();
  }

  function keysBack(): void {
    element.closest<HTMLElement>(".dl-root")?.focus({ preventScroll: true });
  }

  type Answered<K extends GraphAnswer["kind"]> = (answer: Extract<GraphAnswer, { kind: K }>) => void;
  const ANSWERS: { readonly [K in GraphAnswer["kind"]]: Answered<K> } = {
    scope({ scope, nodes }) {
      // Another rendering of this model may be laid out otherwise: only what was asked for here is taken.
      if (!fetcher.settle(`scope:${scope.id}`)) return;
      for (const one of new Set([whole, stage])) one.atlas.add(scope, nodes);
      if (wanted !== null) return seek(wanted.id, wanted.path);
      const door = stage.atlas.doorOf(scope.id);
      if (door !== undefined && drawing.box(door)) redraw(door, null);
      else mark();
      colouring.arrived();
    },
    arrange({ section: next }) {
      if (!fetcher.settle("arrange")) return;
      desk.say(`arrangement ${next.arrangement}`);
      take(next, true);
    },
    index({ index }) {
      fetcher.settle("index");
      searching.receive(index);
      if (wanted !== null) seek(wanted.id, wanted.path);
      if (picked !== null) reading.link(nodeOf(stage.atlas.valueOf(picked)));
    },
    texts({ texts }) {
      fetcher.settle("texts");
      reading.receive(texts);
    },
    overlay({ overlay, figures }) {
      fetcher.settle(`overlay:${overlay.id}`);
      for (const one of new Set([whole, stage])) one.atlas.learn(overlay.id, figures);
      colouring.receive(overlay);
      mark();
    },
    around: (answer) => fetcher.settle("around") && nearby.receive(answer),
  };

  /** Another drawing comes on; what is selected is selected in it, if it is there. */
  function enter(next: Stage): void {
    stage = next;
    if (picked !== null) picked = stage.atlas.itemOf(stage.atlas.item(picked) ? picked : nodeOf(picked));
  }

  /** Back from a neighbourhood to the whole. */
  function leave(): void {
    if (!nearby.end()) return;
    draw();
    if (picked !== null) reveal(picked, true);
    desk.say("the whole graph");
  }

  function arrange(name: string): void {
    if (name === section.arrangement) return;
    const why = desk.link.kernel ? "was not made: the kernel does not answer" : NO_KERNEL;
    fetcher.ask("arrange", { kind: "arrange", name }, `arrangement "${name}" ${why}`, mark, 60);
    mark();
  }

  /** Another section in the place of this one; what is open and selected stays so where it is in both. */
  function take(next: GraphSection, moved: boolean): void {
    const { open } = whole;
    nearby.end();
    const same = section.root === next.root;
    section = next;
    const atlas = new Atlas(next);
    const kept = [...open].filter((id) => id in atlas.scopes || atlas.doorOf(id) !== undefined);
    whole = { atlas, open: new Set(same ? kept : next.open) };
    enter(whole);
    for (const id of whole.open) if (!(id in atlas.scopes)) request(id);
    colouring.take(next, false);
    if (!moved) {
      searching.reset();
      reading.reset();
    }
    warn();
    draw();
    if (!moved) return;
    drawing.camera.frame();
    if (picked !== null) reveal(picked, true);
  }

  function warn(): void {
    const { failure } = section;
    banner.replaceChildren(...(failure ? [failureBanner(failure, reading.line)] : []));
    if (failure) reading.fail(failure);
  }

  function receive(message: unknown): void {
    const answer = readGraphAnswer(message);
    if (answer) ANSWERS[answer.kind](answer as never);
  }

  function follow(): void {
    const { atlas } = stage;
    const { selection } = desk.focus.get();
    const now = selection === null ? null : atlas.itemOf(nodeOf(selection));
    if (now === (picked === null ? null : atlas.itemOf(nodeOf(atlas.valueOf(picked))))) return;
    if (now === null && picked !== null && atlas.item(picked)?.kind === "scope") return;
    picked = now;
    history.visit(now);
    reading.link(now);
    if (element.isConnected && element.offsetParent !== null && now !== null) reveal(now, true);
    else stale = true;
  }

  stops.push(desk.link.hear(desk.guard(receive)), desk.focus.listen(desk.guard(follow)));
  const { selection } = desk.focus.get();
  picked = selection === null ? null : stage.atlas.itemOf(nodeOf(selection));
  history.visit(picked);
  colouring.take(section, true);
  warn();
  draw();

  return {
    element,
    help: HELP,
    key: createKeys(acts),
    refresh: (next) => take(readGraph(next, "graph"), false),
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
      fetcher.stop();
      reading.stop();
      drawing.stop();
    },
  };
}
