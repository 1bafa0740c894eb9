/** The pane beside the graph: everything known of the selected node. */

import { type Child, fill, h } from "../dom.ts";
import type { Box } from "../draw/compose.ts";
import { count } from "../format.ts";
import { type Info, nodeOf, type Operand, type Scope, type Source } from "../payload.ts";

export interface InspectorCalls {
  select(id: string): void;
  toggle(id: string): void;
  /** Show only what is near a node. */
  around(id: string): void;
  /** Show a line in the pane of the source. */
  line(file: string, line: number): void;
}
/** More of a kind than this are behind a button. */
const SHORT = 8;

const KINDS: Record<string, string> = {
  equation: "equation",
  input: "input",
  constant: "constant",
  output: "output",
  outer: "value from outside",
  scope: "group",
};

/** Nothing selected: what is here, and what one can do. */
export function showOverview(pane: HTMLElement, title: string, counts: Readonly<Record<string, number>>): void {
  const rows = Object.entries(counts).map(([name, n]) => pair(name, h("b", {}, n.toLocaleString("en"))));
  fill(
    pane,
    h("div", { class: "dl-pane-title" }, title || "function"),
    rows.length > 0 ? h("dl", { class: "dl-pairs" }, ...rows) : null,
    h(
      "p",
      { class: "dl-hint" },
      "Click a box to see what it is. Double click or press Enter on a box with + to open it. Press ? for all keys.",
    ),
  );
}

export interface Looked {
  readonly id: string;
  readonly box: Box | undefined;
  readonly info: Info | undefined;
  readonly inner: readonly Scope[];
  readonly figures: readonly (readonly [name: string, text: string])[];
  /** What was selected before, the latest first. */
  readonly past: readonly string[];
}

export function showNode(pane: HTMLElement, of: Looked, nameOf: (id: string) => string, calls: InspectorCalls): void {
  const { id, box, info } = of;
  const kind = box ? (KINDS[box.kind] ?? box.kind) : "node";
  const title = info?.name || info?.primitive || box?.label || id;
  const chip = info?.primitive && info.primitive !== title ? info.primitive : kind;
  const parts: Child[] = [
    h(
      "div",
      { class: "dl-pane-title" },
      title,
      h("span", { class: "dl-chip" }, chip),
      box?.item.phase ? h("span", { class: "dl-chip" }, `${box.item.phase} sweep`) : null,
    ),
  ];
  if (info?.text) parts.push(h("pre", { class: "dl-equation" }, info.text));
  else if (box?.item.detail) parts.push(h("div", { class: "dl-muted" }, box.item.detail));
  if (box) parts.push(doors(of, box, calls));
  parts.push(notes([...of.figures, ...(info?.notes ?? [])]));
  if (info) parts.push(...about(info, nameOf, calls));
  if (of.past.length > 0) parts.push(section("Before", ...of.past.map((to) => link(to, nameOf(to), calls))));
  fill(pane, ...parts);
}

/** What one can do with a box: open it, look around it. */
function doors({ inner }: Looked, box: Box, calls: InspectorCalls): HTMLElement {
  const act = (words: string, title: string, does: () => void) =>
    h("button", { type: "button", class: "dl-button", title, onclick: does }, words);
  const open = box.bodies.length > 0;
  const bodies = inner.map((scope) => `${scope.label || scope.kind}: ${scope.items.length} items`).join("\n");
  return h(
    "div",
    { class: "dl-inside" },
    box.item.scopes.length > 0 ? act(open ? "Close" : "Open", "Enter", () => calls.toggle(box.id)) : null,
    act("Around", "what is near it (e)", () => calls.around(box.id)),
    h("span", { class: "dl-muted dl-pre" }, bodies),
  );
}

function notes(lines: readonly (readonly [name: string, text: string])[]): Child {
  if (lines.length === 0) return null;
  return section(
    "Figures",
    h("dl", { class: "dl-pairs" }, ...lines.map(([name, text]) => pair(name, h("b", {}, text)))),
  );
}

function about(info: Info, nameOf: (id: string) => string, calls: InspectorCalls): Child[] {
  const { source } = info;
  const params = Object.entries(info.params);
  return [
    source ? sourceOf(source, calls) : null,
    group(info.results.length > 1 ? "Results" : "Result", info.results, (o) => operandRow(o, calls)),
    group("Operands", info.operands, (o) => operandRow(o, calls)),
    group("Used by", info.consumers, (to) => link(to, nameOf(to), calls)),
    params.length > 0
      ? section(
          "Parameters",
          h("dl", { class: "dl-pairs" }, ...params.map(([name, text]) => pair(name, h("code", {}, text)))),
        )
      : null,
    info.scope ? section("Scope", h("code", { class: "dl-break" }, info.scope)) : null,
  ];
}

function sourceOf(source: Source, calls: InspectorCalls): HTMLElement {
  const words = `${source.file.replace(/^.*[/\\]/, "")}:${source.line}${source.function ? ` in ${source.function}` : ""}`;
  const go = () => calls.line(source.file, source.line);
  return section(
    "Source",
    h(
      "button",
      { type: "button", class: "dl-operand dl-link dl-break", title: `${source.file}: show it (s)`, onclick: go },
      words,
    ),
    source.text ? h("pre", { class: "dl-code" }, source.text.trim()) : null,
  );
}

/** A titled list; a long one is cut short, with a button for the others. */
function group<T>(title: string, all: readonly T[], row: (one: T) => HTMLElement): Child {
  if (all.length === 0) return null;
  const cut = all.length > SHORT + 2;
  const rest = all.slice(SHORT);
  const more = h("button", { type: "button", class: "dl-operand dl-link dl-muted" }, `${count(rest.length)} more`);
  more.addEventListener("click", () => more.replaceWith(...rest.map(row)));
  const name = cut ? `${title} (${count(all.length)})` : title;
  return section(name, ...(cut ? [...all.slice(0, SHORT).map(row), more] : all.map(row)));
}

function section(title: string, ...content: Child[]): HTMLElement {
  return h("section", { class: "dl-section" }, h("h4", {}, title), ...content);
}

function pair(name: string, value: HTMLElement): HTMLElement {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function operandRow(operand: Operand, calls: InspectorCalls): HTMLElement {
  // `16,8` and `f32` are put together; a shape that comes as `f32[16,8]` is whole already.
  const shown = operand.shape.includes("[") ? operand.shape : `${operand.dtype}[${operand.shape}]`;
  const words = [h("span", { class: "dl-link-name" }, operand.name || "·"), h("code", { class: "dl-muted" }, shown)];
  if (operand.id === null) return h("div", { class: "dl-operand" }, ...words);
  const { id } = operand;
  return h("button", { type: "button", class: "dl-operand dl-link", onclick: () => calls.select(id) }, ...words);
}

function link(id: string, name: string, calls: InspectorCalls): HTMLElement {
  return h(
    "button",
    { type: "button", class: "dl-operand dl-link", onclick: () => calls.select(id) },
    h("span", { class: "dl-link-name" }, name),
    h("code", { class: "dl-muted" }, nodeOf(id) === name ? "" : id),
  );
}
