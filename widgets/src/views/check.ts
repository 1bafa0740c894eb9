/** The check view: the Jacobian as a grid of verdicts, and the evidence for one entry beside it. */

import type { Desk, View } from "../desk.ts";
import { button, type Child, fill, h } from "../dom.ts";
import { icon } from "../draw/icons.ts";
import { num, plural, real } from "../format.ts";
import type { KeyLine } from "../keys.ts";
import { mathml } from "../panes/mathml.ts";
import { type CheckEntry, type CheckSection, nodeOf, readCheck, type Verdict } from "../payload.ts";

const SIGNS: Record<Verdict, string> = {
  agrees: "✓",
  differs: "✗",
  undecided: "?",
  unsupported: "—",
  "not finite": "∞",
  "not differentiable here": "∠",
};
const CSS: Record<Verdict, string> = {
  agrees: "agrees",
  differs: "differs",
  undecided: "undecided",
  unsupported: "unsupported",
  "not finite": "infinite",
  "not differentiable here": "kink",
};
/** Above this many cells the grid keeps only rows and columns that have an entry. */
const WHOLE = 2500;
/** And above this many even so, entries become a list. */
const GRID = 10000;

const HELP: readonly KeyLine[] = [
  { keys: "← ↑ ↓ →", does: "choose an entry" },
  { keys: "x", does: "go to the next entry that does not agree" },
  { keys: "Home End", does: "first, last entry" },
];

export function checkView(first: unknown, desk: Desk): View {
  let section: CheckSection = readCheck(first, "check");
  let byPlace = new Map<string, CheckEntry>();
  let current: CheckEntry | null = null;

  const head = h("div", { class: "dl-check-head" });
  const grid = h("div", { class: "dl-grid-wrap" });
  const pane = h("aside", { class: "dl-pane dl-evidence", "aria-label": "entry" });
  const main = h("div", { class: "dl-check-main" }, grid);
  const element = h("div", { class: "dl-view dl-check" }, head, h("div", { class: "dl-body" }, main, pane));

  function draw(): void {
    byPlace = new Map(section.entries.map((entry) => [`${entry.i},${entry.j}`, entry]));
    const kept = current ? byPlace.get(`${current.i},${current.j}`) : undefined;
    current = kept ?? section.entries.find((entry) => entry.verdict !== "agrees") ?? section.entries[0] ?? null;
    const css = verdictCss(section);
    fill(
      head,
      h(
        "span",
        { class: `dl-verdict dl-v-${css}` },
        h("span", { "aria-hidden": "true" }, SIGNS[verdictOf(css)]),
        section.verdict,
      ),
      h("span", { class: "dl-summary" }, section.summary),
      section.left_out > 0
        ? h("span", { class: "dl-muted" }, `the worst ${section.entries.length} are shown, ${section.left_out} are not`)
        : null,
    );
    const { rows, columns } = shownLines();
    const small = rows.length * columns.length <= GRID;
    fill(grid, small ? table(rows, columns) : entryList(), legend());
    inspect();
    mark();
  }

  function shownLines(): { rows: number[]; columns: number[] } {
    const all = section.rows.length * section.columns.length <= WHOLE && section.left_out === 0;
    const lines = (names: readonly string[], at: (entry: CheckEntry) => number) =>
      all ? names.map((_, k) => k) : [...new Set(section.entries.map(at))].sort((a, b) => a - b);
    return { rows: lines(section.rows, (e) => e.i), columns: lines(section.columns, (e) => e.j) };
  }

  function table(rows: readonly number[], columns: readonly number[]): HTMLElement {
    const cell = (i: number, j: number) => {
      const entry = byPlace.get(`${i},${j}`);
      if (!entry) return h("td", { class: "dl-cell dl-v-none", role: "gridcell" }, "·");
      const name = `${section.rows[i]} by ${section.columns[j]}: ${entry.verdict}`;
      const attributes = {
        class: `dl-cell dl-v-${CSS[entry.verdict] ?? "undecided"}`,
        role: "gridcell",
        "data-place": `${i},${j}`,
      };
      return h(
        "td",
        { ...attributes, title: name, "aria-label": name, onclick: () => choose(entry) },
        SIGNS[entry.verdict] ?? "?",
      );
    };
    return h(
      "table",
      { class: "dl-grid", role: "grid", "aria-label": "Jacobian entries" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("td", { class: "dl-corner" }),
          ...columns.map((j) => h("th", { scope: "col" }, h("span", {}, section.columns[j] ?? String(j)))),
        ),
      ),
      h(
        "tbody",
        {},
        ...rows.map((i) =>
          h("tr", {}, h("th", { scope: "row" }, section.rows[i] ?? String(i)), ...columns.map((j) => cell(i, j))),
        ),
      ),
    );
  }

  function entryList(): HTMLElement {
    const line = (entry: CheckEntry) =>
      h(
        "button",
        {
          type: "button",
          class: `dl-entry dl-cell dl-v-${CSS[entry.verdict]}`,
          "data-place": `${entry.i},${entry.j}`,
          onclick: () => choose(entry),
        },
        `${SIGNS[entry.verdict]} ∂ ${section.rows[entry.i]} / ∂ ${section.columns[entry.j]}`,
      );
    return h("div", { class: "dl-entries" }, ...section.entries.map(line));
  }

  function legend(): HTMLElement {
    const counts = new Map<Verdict, number>();
    for (const { verdict } of section.entries) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
    const words = (Object.keys(SIGNS) as Verdict[]).filter((v) => counts.has(v));
    return h(
      "div",
      { class: "dl-legend" },
      ...words.map((v) => h("span", {}, h("i", { class: `dl-key dl-v-${CSS[v]}` }, SIGNS[v]), `${v} ${counts.get(v)}`)),
    );
  }

  function choose(entry: CheckEntry): void {
    current = entry;
    inspect();
    mark();
    desk.say(`${section.rows[entry.i]} by ${section.columns[entry.j]}: ${entry.verdict}`);
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
    fill(
      pane,
      ...(current ? evidence(current) : [h("div", { class: "dl-muted" }, "No entry was checked.")]),
      ...rest(),
    );
  }

  function evidence(entry: CheckEntry): Child[] {
    const formula = entry.mathml === null ? null : mathml(entry.mathml);
    const row = (name: string, value: string, hint: string) =>
      h("tr", { title: hint }, h("th", { scope: "row" }, name), h("td", {}, h("code", {}, value)));
    return [
      h(
        "div",
        { class: "dl-pane-title" },
        h(
          "span",
          { class: "dl-partial" },
          `∂ ${section.rows[entry.i] ?? entry.i} / ∂ ${section.columns[entry.j] ?? entry.j}`,
        ),
        h(
          "span",
          { class: `dl-chip dl-v-${CSS[entry.verdict] ?? "undecided"}` },
          `${SIGNS[entry.verdict] ?? "?"} ${entry.verdict}`,
        ),
      ),
      entry.note ? h("p", { class: "dl-note" }, entry.note) : null,
      entry.symbolic || formula
        ? h(
            "section",
            { class: "dl-section" },
            h("h4", {}, "Symbolic"),
            formula ? h("div", { class: "dl-formula" }, formula) : null,
            entry.symbolic ? h("pre", { class: "dl-code" }, entry.symbolic) : null,
          )
        : null,
      h(
        "section",
        { class: "dl-section" },
        h("h4", {}, "At the point"),
        h(
          "table",
          { class: "dl-table dl-numbers" },
          h(
            "tbody",
            {},
            row("truth", num(entry.truth, 8), "the symbolic entry, evaluated"),
            row("jacfwd", num(entry.jacfwd, 8), "jax.jacfwd"),
            row("jacrev", num(entry.jacrev, 8), "jax.jacrev"),
            row("error", entry.error === null ? "–" : real(entry.error, 3), "the larger relative deviation"),
          ),
        ),
      ),
    ];
  }

  function rest(): Child[] {
    const parts: Child[] = [];
    if (section.point.length > 0) {
      const rows = section.point.map(({ name, value }) =>
        h("div", {}, h("dt", {}, name), h("dd", {}, h("code", {}, value))),
      );
      parts.push(h("section", { class: "dl-section" }, h("h4", {}, "Point"), h("dl", { class: "dl-pairs" }, ...rows)));
    }
    if (section.unsupported.length > 0) {
      const rows = section.unsupported.map(({ primitive, node, source }) =>
        h(
          "button",
          { type: "button", class: "dl-operand dl-link", title: "show in the graph", onclick: () => goTo(node) },
          h("span", { class: "dl-link-name" }, primitive),
          h("code", { class: "dl-muted" }, source ?? node),
        ),
      );
      parts.push(
        h(
          "section",
          { class: "dl-section" },
          h("h4", {}, `No symbolic rule for ${plural(rows.length, "equation")}`),
          ...rows,
        ),
      );
    }
    for (const [title, lines] of [
      ["Notes", section.notes],
      ["Valid where", section.path],
    ] as const) {
      if (lines.length === 0) continue;
      const items = lines.map((line) => h("li", {}, line));
      parts.push(h("section", { class: "dl-section" }, h("h4", {}, title), h("ul", { class: "dl-notes" }, ...items)));
    }
    if (section.snippet) {
      const copy = button(icon("copy"), "copy", () => copyText(section.snippet, copy), "dl-button dl-copy");
      parts.push(
        h(
          "section",
          { class: "dl-section" },
          h("h4", {}, "To see it again"),
          h("div", { class: "dl-snippet" }, copy, h("pre", { class: "dl-code" }, section.snippet)),
        ),
      );
    }
    return parts;
  }

  function goTo(node: string): void {
    if (!node) return;
    desk.focus.update({ selection: nodeOf(node) });
    desk.open("graph");
  }

  function copyText(text: string, at: HTMLElement): void {
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
    const { rows, columns } = shownLines();
    if (!current) return;
    let [r, c] = [rows.indexOf(current.i) + di, columns.indexOf(current.j) + dj];
    // Empty cells are stepped over.
    while (r >= 0 && c >= 0 && r < rows.length && c < columns.length) {
      const entry = byPlace.get(`${rows[r]},${columns[c]}`);
      if (entry) {
        choose(entry);
        grid.querySelector(".dl-current")?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
        return;
      }
      r += di;
      c += dj;
    }
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
    x: () => {
      const from = current ? section.entries.indexOf(current) + 1 : 0;
      const turned = [...section.entries.slice(from), ...section.entries.slice(0, from)];
      const next = turned.find((entry) => entry.verdict !== "agrees");
      if (next) choose(next);
    },
  };

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
      draw();
    },
    shown() {},
    stop() {},
  };
}

/** The colour of the whole: that of its worst entry, unless the words of the verdict are one of the known. */
function verdictCss(section: CheckSection): string {
  const known = CSS[section.verdict as Verdict];
  if (known) return known;
  if (/refut|differ|wrong/.test(section.verdict)) return "differs";
  if (/prove|agree/.test(section.verdict)) return "agrees";
  const worst = (["differs", "not finite", "not differentiable here", "unsupported", "undecided"] as const).find((v) =>
    section.entries.some((e) => e.verdict === v),
  );
  return CSS[worst ?? "agrees"];
}

function verdictOf(css: string): Verdict {
  return (Object.keys(CSS) as Verdict[]).find((v) => CSS[v] === css) ?? "undecided";
}
