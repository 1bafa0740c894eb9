/** The pane beside the graph: everything known of the selected node. */

import { type Child, fill, h } from "../dom.ts";
import type { Box } from "../draw/compose.ts";
import { type Info, nodeOf, type Operand, type Scope } from "../payload.ts";

export interface InspectorCalls {
  select(id: string): void;
  toggle(id: string): void;
}

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

export function showNode(
  pane: HTMLElement,
  id: string,
  box: Box | undefined,
  info: Info | undefined,
  inner: readonly Scope[],
  nameOf: (id: string) => string,
  calls: InspectorCalls,
): void {
  const kind = box ? (KINDS[box.kind] ?? box.kind) : "node";
  const parts: Child[] = [
    h(
      "div",
      { class: "dl-pane-title" },
      info?.name || info?.primitive || box?.label || id,
      h("span", { class: "dl-chip" }, info?.primitive && info.primitive !== info.name ? info.primitive : kind),
    ),
  ];
  if (info?.text) parts.push(h("pre", { class: "dl-equation" }, info.text));
  else if (box?.item.detail) parts.push(h("div", { class: "dl-muted" }, box.item.detail));
  if (box && box.item.scopes.length > 0) {
    const open = box.bodies.length > 0;
    const act = h(
      "button",
      { type: "button", class: "dl-button", onclick: () => calls.toggle(box.id) },
      open ? "Close" : "Open",
    );
    const words = inner.map((scope) => `${scope.label || scope.kind}: ${scope.items.length} items`).join("\n");
    parts.push(h("div", { class: "dl-inside" }, act, h("span", { class: "dl-muted dl-pre" }, words)));
  }
  if (info) {
    const { source } = info;
    if (source) {
      parts.push(
        section(
          "Source",
          h(
            "div",
            { class: "dl-muted dl-break" },
            `${source.file}:${source.line}${source.function ? ` in ${source.function}` : ""}`,
          ),
          source.text ? h("pre", { class: "dl-code" }, source.text.trim()) : null,
        ),
      );
    }
    if (info.results.length > 0)
      parts.push(
        section(info.results.length > 1 ? "Results" : "Result", ...info.results.map((o) => operandRow(o, calls))),
      );
    if (info.operands.length > 0) parts.push(section("Operands", ...info.operands.map((o) => operandRow(o, calls))));
    if (info.consumers.length > 0)
      parts.push(section("Used by", ...info.consumers.map((to) => link(to, nameOf(to), calls))));
    const params = Object.entries(info.params);
    if (params.length > 0)
      parts.push(
        section(
          "Parameters",
          h("dl", { class: "dl-pairs" }, ...params.map(([name, text]) => pair(name, h("code", {}, text)))),
        ),
      );
    if (info.scope) parts.push(section("Scope", h("code", { class: "dl-break" }, info.scope)));
  }
  fill(pane, ...parts);
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
