/** The entries: a table of signs or of right digits, by leaves; of a large Jacobian first its blocks. */

import { type Child, h } from "../../dom.ts";
import { count, real } from "../../format.ts";
import type { CheckEntry, CheckSection, Leaf, Line } from "../../payload.ts";
import { cssOf, signOf, worstOf } from "./verdicts.ts";

/** A block: the numbers of its leaf of the rows and of the columns. */
export type Block = readonly [row: number, column: number];

/** Lines beside each other that still fit. */
const LINES = 26;

/** Widths of a column and of a letter, in pixels. */
const COLUMN = 37;
const CHARACTER = 7;

export interface Shown {
  readonly rows: readonly Line[];
  readonly columns: readonly Line[];
}

/** Whether the blocks are shown before their entries. */
export function inBlocks(section: CheckSection): boolean {
  const { rows, columns } = section.groups;
  const [m, n] = section.size;
  return rows.length * columns.length > 1 && (section.left_out > 0 || m > LINES || n > LINES);
}

/** The lines that have an entry, of the whole or of a block. */
export function linesOf(section: CheckSection, block: Block | null): Shown {
  const used = [new Set<number>(), new Set<number>()] as const;
  for (const { i, j } of section.entries) {
    used[0].add(i);
    used[1].add(j);
  }
  const inside = (leaf: Leaf | undefined, k: number) => !leaf || (k >= leaf.first && k < leaf.first + leaf.size);
  const [row, column] = block ?? [-1, -1];
  return {
    rows: section.rows.filter(([k]) => used[0].has(k) && inside(section.groups.rows[row], k)),
    columns: section.columns.filter(([k]) => used[1].has(k) && inside(section.groups.columns[column], k)),
  };
}

/** The block that an entry lies in. */
export function blockOf(section: CheckSection, entry: CheckEntry): Block {
  const at = (leaves: readonly Leaf[], k: number) =>
    leaves.findIndex((leaf) => k >= leaf.first && k < leaf.first + leaf.size);
  return [at(section.groups.rows, entry.i), at(section.groups.columns, entry.j)];
}

export interface Cells {
  readonly heat: boolean;
  /** Digits that the type holds. */
  readonly full: number;
  choose(entry: CheckEntry): void;
}

export function table(section: CheckSection, shown: Shown, cells: Cells): HTMLElement {
  const byPlace = new Map(section.entries.map((entry) => [`${entry.i},${entry.j}`, entry]));
  const names = { rows: new Map(section.rows), columns: new Map(section.columns) };
  const cell = (i: number, j: number) => {
    const entry = byPlace.get(`${i},${j}`);
    if (!entry) return h("td", { class: "dl-cell dl-v-none", role: "gridcell" }, "·");
    const name = `∂ ${names.rows.get(i)} / ∂ ${names.columns.get(j)}: ${entry.verdict}${errorWords(entry)}`;
    return h(
      "td",
      {
        ...(cells.heat ? heated(entry.digits, cells.full) : { class: `dl-cell ${cssOf(entry.verdict)}${zero(entry)}` }),
        role: "gridcell",
        "data-place": `${i},${j}`,
        title: name,
        "aria-label": name,
        onclick: () => cells.choose(entry),
      },
      cells.heat
        ? entry.digits === null
          ? "·"
          : String(Math.min(entry.digits, Math.floor(cells.full)))
        : signOf(entry.verdict),
    );
  };
  const ends = lastOfLeaves(section.groups.rows);
  return h(
    "table",
    { class: "dl-grid", role: "grid", "aria-label": "entries of the Jacobian" },
    h("thead", {}, ...header(section, shown.columns)),
    h(
      "tbody",
      {},
      ...shown.rows.map(([i, name]) =>
        h(
          "tr",
          { class: ends.has(i) ? "dl-leaf-end" : "" },
          h("th", { scope: "row", title: name }, h("span", {}, name)),
          ...shown.columns.map(([j]) => cell(i, j)),
        ),
      ),
    ),
  );
}

/** The names of the columns: their leaf above, where it has more than one, and the index below. */
function header(section: CheckSection, columns: readonly Line[]): HTMLElement[] {
  const groups: { leaf: Leaf | undefined; lines: Line[] }[] = [];
  for (const column of columns) {
    const leaf = section.groups.columns.find(({ first, size }) => column[0] >= first && column[0] < first + size);
    const last = groups.at(-1);
    if (last && last.leaf === leaf) last.lines.push(column);
    else groups.push({ leaf, lines: [column] });
  }
  const long = groups.some(({ leaf, lines }) => leaf && lines.length > 1);
  const corner = () => h("td", { class: "dl-corner" });
  const below = groups.flatMap(({ leaf, lines }) =>
    lines.map(([, name]) => {
      const short = leaf && long ? name.replace(leaf.name, "").trim() : name;
      return h("th", { scope: "col", title: name }, h("span", {}, short));
    }),
  );
  if (!long) return [h("tr", {}, corner(), ...below)];
  const above = groups.map(({ leaf, lines }) =>
    h(
      "th",
      { scope: "colgroup", colspan: lines.length, class: "dl-leaf", title: leaf ? `${leaf.name}: ${leaf.shape}` : "" },
      h("span", { style: `max-width:${lines.length * COLUMN - 4}px` }, fitting(leaf?.name ?? "", lines.length)),
    ),
  );
  return [h("tr", {}, corner(), ...above), h("tr", {}, corner(), ...below)];
}

/** A leaf's name, or the last part of its path where the whole is wider than its columns. */
function fitting(name: string, columns: number): string {
  return name.length * CHARACTER <= columns * COLUMN ? name : (/(\[[^[\]]*\]|\.\w+)$/.exec(name)?.[0] ?? name);
}

function lastOfLeaves(leaves: readonly Leaf[]): Set<number> {
  return new Set(leaves.slice(0, -1).map(({ first, size }) => first + size - 1));
}

/** One cell a block, with the worst of its verdicts, or the fewest of its right digits. */
export function blocks(section: CheckSection, heat: boolean, open: (block: Block) => void): HTMLElement {
  const found = new Map<string, CheckEntry[]>();
  for (const entry of section.entries) {
    const key = blockOf(section, entry).join();
    found.set(key, [...(found.get(key) ?? []), entry]);
  }
  const others = unlisted(section);
  const cell = (row: Leaf, r: number, column: Leaf, c: number) => {
    const listed = found.get(`${r},${c}`) ?? [];
    const size = row.size * column.size;
    const verdict =
      worstOf([...listed.map((e) => e.verdict), ...(listed.length < size && others ? [others] : [])]) ?? "";
    const known = listed.flatMap((e) => e.digits ?? []);
    const least = known.length > 0 ? Math.min(...known) : null;
    const bad = listed.filter((e) => e.verdict === verdict).length;
    const words = `∂ ${row.name} / ∂ ${column.name}: ${verdict}, ${row.size} × ${column.size} entries, ${listed.length} listed`;
    return h(
      "td",
      { class: "dl-block", role: "gridcell" },
      h(
        "button",
        {
          type: "button",
          ...(heat ? heated(least, section.full, "dl-block-face") : { class: `dl-block-face ${cssOf(verdict)}` }),
          "data-block": `${r},${c}`,
          title: words,
          "aria-label": words,
          disabled: listed.length === 0,
          onclick: () => open([r, c]),
        },
        h("b", {}, heat ? (least === null ? "·" : String(Math.min(least, Math.floor(section.full)))) : signOf(verdict)),
        h(
          "span",
          {},
          verdict === "refuted" ? `${count(bad)} of ${count(size)}` : `${count(row.size)} × ${count(column.size)}`,
        ),
      ),
    );
  };
  const { rows, columns } = section.groups;
  return h(
    "table",
    { class: "dl-grid dl-blocks", role: "grid", "aria-label": "blocks of the Jacobian" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("td", { class: "dl-corner" }),
        ...columns.map((c) => h("th", { scope: "col", title: `${c.name}: ${c.shape}` }, h("span", {}, c.name))),
      ),
    ),
    h(
      "tbody",
      {},
      ...rows.map((row, r) =>
        h(
          "tr",
          {},
          h("th", { scope: "row", title: `${row.name}: ${row.shape}` }, h("span", {}, row.name)),
          ...columns.map((column, c) => cell(row, r, column, c)),
        ),
      ),
    ),
  );
}

/** The worst verdict among entries that are not listed, if there are any. */
function unlisted(section: CheckSection): string | null {
  const rest = new Map(Object.entries(section.totals));
  for (const { verdict } of section.entries) rest.set(verdict, (rest.get(verdict) ?? 0) - 1);
  return worstOf([...rest].filter(([, n]) => n > 0).map(([verdict]) => verdict));
}

function zero(entry: CheckEntry): string {
  return entry.truth === 0 && entry.error === 0 ? " dl-zero" : "";
}

function heated(digits: number | null, full: number, face = "dl-cell"): Record<string, string> {
  if (digits === null) return { class: `${face} dl-heat dl-v-none` };
  const lost = Math.max(0, Math.min(1, 1 - digits / Math.floor(full)));
  return { class: `${face} dl-heat`, style: `--dl-lost:${Math.round(6 + 82 * lost)}%` };
}

function errorWords(entry: CheckEntry): string {
  if (entry.error === null || Number.isNaN(entry.error)) return "";
  return entry.error === 0 ? "; exact" : `; relative error ${real(entry.error, 2)}`;
}

/** What the colours of the right digits mean. */
export function heatLegend(full: number): Child[] {
  const all = Math.floor(full);
  return [
    h("span", {}, "right digits"),
    h(
      "span",
      {},
      h("span", {}, "0"),
      h("i", { class: "dl-heat-scale", "aria-hidden": "true" }),
      h("span", {}, String(all)),
    ),
    h("span", {}, `the type holds ${all}`),
  ];
}
