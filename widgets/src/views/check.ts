/** The check view: what is wrong, the Jacobian as a grid of verdicts, and the evidence for one entry beside it. */

import type { Desk, View } from "../desk.ts";
import { button, fill, h } from "../dom.ts";
import { count } from "../format.ts";
import type { KeyLine } from "../keys.ts";
import { type CheckEntry, type CheckSection, nodeOf, readCheck, readEntry } from "../payload.ts";
import { type Asked, more, numbers } from "./check/evidence.ts";
import { type Acts, faults, remarks } from "./check/findings.ts";
import { type Block, blockOf, blocks, heatLegend, inBlocks, linesOf, table } from "./check/grid.ts";
import { head } from "./check/head.ts";
import { rest, unsupported } from "./check/rest.ts";
import { counted, cssOf, isGood, signOf } from "./check/verdicts.ts";

/** Formulas can take their time. */
const PATIENCE = 120_000;

const HELP: readonly KeyLine[] = [
  { keys: "← ↑ ↓ →", does: "choose an entry" },
  { keys: "x", does: "go to the next entry that is not shown right" },
  { keys: "h", does: "right digits in place of the verdicts" },
  { keys: "f", does: "formula and derivation of the entry" },
  { keys: "b", does: "back to the blocks of a large Jacobian" },
  { keys: "Home End", does: "first, last entry of the list" },
];

export function checkView(first: unknown, desk: Desk): View {
  let section: CheckSection = readCheck(first, "check");
  let current: CheckEntry | null = null;
  let heat = false;
  let block: Block | null = null;
  /** Whether each chosen entry is asked about at once. */
  let curious = section.eager || !desk.link.kernel;
  let answers = new Map<string, Asked>();
  const waits = new Map<string, () => void>();

  const top = h("div", { class: "dl-check-head" });
  const found = h("div", { class: "dl-found-list" });
  const tools = h("div", { class: "dl-grid-tools" });
  const grid = h("div", { class: "dl-grid-wrap" });
  const told = h("div", { class: "dl-told" });
  const extra = h("div", { class: "dl-more" });
  const below = h("div", { class: "dl-below" });
  const pane = h("aside", { class: "dl-pane dl-evidence", "aria-label": "entry" }, told, extra);
  const main = h("div", { class: "dl-check-main" }, found, tools, grid);
  const element = h("div", { class: "dl-view dl-check" }, top, h("div", { class: "dl-body" }, main, pane));

  const acts: Acts = { choose: chooseAt, goTo, copy };

  function draw(): void {
    const before = current;
    current =
      section.entries.find((e) => before && e.i === before.i && e.j === before.j) ??
      section.entries.find((e) => !isGood(e.verdict)) ??
      section.entries[0] ??
      null;
    fill(top, ...head(section));
    fill(found, faults(section.findings, acts), unsupported(section, acts), remarks(section.findings, acts));
    fill(below, ...rest(section, acts));
    drawGrid();
    inspect();
  }

  function drawGrid(): void {
    const overview = inBlocks(section) && block === null;
    const shown = linesOf(section, block);
    const cells = { heat, full: section.full, choose };
    if (section.entries.length === 0) return fill(grid, below);
    fill(grid, overview ? blocks(section, heat, openBlock) : table(section, shown, cells), legend(overview), below);
    fill(tools, where(overview), h("span", { class: "dl-spacer" }), toggle());
    tools.hidden = section.entries.length === 0;
    mark();
  }

  function where(overview: boolean): HTMLElement {
    const [m, n] = section.size;
    const all = `${count(m)} × ${count(n)}`;
    if (overview) return h("span", { class: "dl-muted" }, `${all} entries in blocks; open one`);
    const partial =
      section.left_out > 0 ? `${count(section.entries.length)} of ${count(m * n)} entries are listed` : all;
    const list = h("span", { class: "dl-muted", title: leftOut() }, partial);
    if (block === null) return list;
    const [row, column] = [section.groups.rows[block[0]], section.groups.columns[block[1]]];
    const back = button("all blocks", "back to the blocks (b)", () => openBlock(null), "dl-button dl-small");
    return h("span", { class: "dl-crumb-line" }, back, h("code", {}, ` ∂ ${row?.name} / ∂ ${column?.name}`), " ", list);
  }

  function leftOut(): string {
    return section.left_out > 0 ? "the wrong ones, and others evenly spread; all are covered by the verdict" : "";
  }

  function toggle(): HTMLElement {
    const face = (name: string, on: boolean) =>
      h(
        "button",
        {
          type: "button",
          class: "dl-button dl-small",
          "aria-pressed": String(heat === on),
          title: `${name} (h)`,
          onclick: () => setHeat(on),
        },
        name,
      );
    return h("span", { class: "dl-switch", role: "group" }, face("verdicts", false), face("right digits", true));
  }

  function setHeat(on: boolean): void {
    heat = on;
    drawGrid();
    desk.say(on ? "right digits" : "verdicts");
  }

  function legend(overview: boolean): HTMLElement {
    if (heat) return h("div", { class: "dl-legend" }, ...heatLegend(section.full));
    const words = counted(section).map(([verdict, n]) =>
      h("span", {}, h("i", { class: `dl-key ${cssOf(verdict)}` }, signOf(verdict)), `${verdict} ${count(n)}`),
    );
    const zeros = !overview && section.entries.some((e) => e.truth === 0 && e.error === 0);
    const faint = h("span", {}, h("i", { class: "dl-key dl-v-likely dl-zero" }, "✓"), "faint: the entry is 0");
    return h("div", { class: "dl-legend" }, ...words, zeros ? faint : null);
  }

  function openBlock(next: Block | null): void {
    block = next;
    if (next) {
      const inside = section.entries.filter((e) => blockOf(section, e).join() === next.join());
      const chosen = inside.find((e) => e === current) ?? inside.find((e) => !isGood(e.verdict)) ?? inside[0];
      if (chosen) current = chosen;
    }
    drawGrid();
    inspect();
  }

  function chooseAt(i: number, j: number): void {
    const entry = section.entries.find((e) => e.i === i && e.j === j);
    if (entry) choose(entry);
    else desk.notify("info", "this entry is not listed: pass a larger max_entries to see it");
  }

  function choose(entry: CheckEntry): void {
    current = entry;
    if (inBlocks(section) && blockOf(section, entry).join() !== block?.join()) {
      block = blockOf(section, entry);
      drawGrid();
    }
    inspect();
    mark();
    grid.querySelector(".dl-current")?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
    desk.say(`${nameOf(section.rows, entry.i)} by ${nameOf(section.columns, entry.j)}: ${entry.verdict}`);
  }

  function mark(): void {
    const place = current ? `${current.i},${current.j}` : "";
    for (const cell of grid.querySelectorAll<HTMLElement>("[data-place]")) {
      const on = cell.dataset.place === place;
      cell.classList.toggle("dl-current", on);
      if (on) cell.setAttribute("aria-selected", "true");
      else cell.removeAttribute("aria-selected");
    }
  }

  function inspect(): void {
    if (current) fill(told, ...numbers(section, current));
    else fill(told, h("div", { class: "dl-muted" }, "No entry was compared."));
    if (current && curious && !answers.has(keyOf(current))) ask();
    else drawMore();
  }

  function drawMore(): void {
    const asked = current ? (answers.get(keyOf(current)) ?? null) : null;
    fill(extra, ...(current ? more(asked, desk.link.kernel ? ask : null, acts) : []));
  }

  function ask(): void {
    if (!current) return;
    const { i, j } = current;
    const key = keyOf(current);
    curious = true;
    if (waits.has(key)) return;
    answers.set(key, "waits");
    let refused = false;
    const fail = () => {
      refused = true;
      waits.delete(key);
      answers.set(key, desk.link.kernel ? "silent" : null);
      drawMore();
    };
    const done = desk.ask({ kind: "entry", i, j }, "", fail, PATIENCE);
    if (!refused) waits.set(key, done);
    drawMore();
  }

  function receive(message: unknown): void {
    if ((message as { kind?: unknown })?.kind !== "entry") return;
    const answer = readEntry(message);
    const key = keyOf(answer);
    waits.get(key)?.();
    waits.delete(key);
    answers.set(key, answer);
    if (current && key === keyOf(current)) drawMore();
  }

  function goTo(node: string): void {
    if (!node) return;
    desk.focus.update({ selection: nodeOf(node) });
    if (desk.views.includes("graph")) desk.open("graph");
    else desk.say("selected in the graphs of this function");
  }

  function copy(text: string, at: HTMLElement): void {
    const done = () => {
      desk.say("copied");
      at.classList.add("dl-done");
      setTimeout(() => at.classList.remove("dl-done"), 1200);
    };
    const refused = () => desk.notify("info", "the browser does not allow copying here: select the text and copy it");
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, refused);
    else refused();
  }

  function move(di: number, dj: number): void {
    if (!current) return;
    if (inBlocks(section) && block === null) return openBlock(blockOf(section, current));
    const shown = linesOf(section, block);
    const at = (lines: CheckSection["rows"], k: number) => lines.findIndex(([number]) => number === k);
    let [r, c] = [at(shown.rows, current.i) + di, at(shown.columns, current.j) + dj];
    // Empty cells are stepped over.
    while (r >= 0 && c >= 0 && r < shown.rows.length && c < shown.columns.length) {
      const entry = section.entries.find((e) => e.i === shown.rows[r]?.[0] && e.j === shown.columns[c]?.[0]);
      if (entry) return choose(entry);
      r += di;
      c += dj;
    }
  }

  function nextFault(): void {
    const from = current ? section.entries.indexOf(current) + 1 : 0;
    const turned = [...section.entries.slice(from), ...section.entries.slice(0, from)];
    const next = turned.find((entry) => !isGood(entry.verdict));
    if (next) choose(next);
    else desk.say("no entry is wrong");
  }

  const KEYS: Record<string, () => void> = {
    ArrowLeft: () => move(0, -1),
    ArrowRight: () => move(0, 1),
    ArrowUp: () => move(-1, 0),
    ArrowDown: () => move(1, 0),
    Home: () => section.entries[0] && choose(section.entries[0]),
    End: () => {
      const last = section.entries[section.entries.length - 1];
      if (last) choose(last);
    },
    x: nextFault,
    h: () => setHeat(!heat),
    f: () => desk.link.kernel && ask(),
    b: () => inBlocks(section) && openBlock(null),
  };

  const unhear = desk.link.hear(desk.guard(receive));
  draw();
  return {
    element,
    help: HELP,
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return false;
      const act = KEYS[event.key];
      act?.();
      return act !== undefined;
    },
    refresh(next) {
      section = readCheck(next, "check");
      answers = new Map();
      block = null;
      draw();
    },
    shown() {},
    stop() {
      unhear();
      for (const done of waits.values()) done();
      waits.clear();
    },
  };
}

function nameOf(lines: CheckSection["rows"], k: number): string {
  return lines.find(([number]) => number === k)?.[1] ?? String(k);
}

function keyOf({ i, j }: { readonly i: number; readonly j: number }): string {
  return `${i},${j}`;
}
