/** What was found: each fault with its line, its hint and its witness; the remarks folded below. */

import { button, type Child, h } from "../../dom.ts";
import { icon } from "../../draw/icons.ts";
import { plural, real } from "../../format.ts";
import { type Finding, type Source, sourceText, type Witness } from "../../payload.ts";
import { differing } from "./digits.ts";

const SIGNS = { error: "✗", warning: "!", info: "i" } as const;

export interface Acts {
  /** Select an entry of the grid. */
  choose(i: number, j: number): void;
  /** Select a node of the graph. */
  goTo(node: string): void;
  copy(text: string, at: HTMLElement): void;
}

/** Faults, the first in full and the others to open; null where there are none. */
export function faults(findings: readonly Finding[], acts: Acts): HTMLElement | null {
  const wrong = findings.filter(({ severity }) => severity === "error");
  if (wrong.length === 0) return null;
  const rows = wrong.map((f, k) => fault(f, acts, k === 0));
  const title = rows.length > 1 ? h("h4", {}, `${rows.length} faults`) : null;
  return h("div", { class: "dl-faults" }, title, h("div", { role: "list", "aria-label": "faults" }, ...rows));
}

/** Warnings and notes, folded; a warning is told in the heading. */
export function remarks(findings: readonly Finding[], acts: Acts): HTMLElement | null {
  const told = findings.filter(({ severity }) => severity !== "error");
  if (told.length === 0) return null;
  const warnings = told.filter(({ severity }) => severity === "warning").length;
  const words = plural(told.length, "remark");
  return h(
    "details",
    { class: "dl-remarks" },
    h("summary", {}, warnings ? `${words}, of which ${plural(warnings, "warning")}` : words),
    ...told.map((f) => fault(f, acts, true)),
  );
}

function fault(finding: Finding, acts: Acts, open: boolean): HTMLElement {
  const { entry, node, witness: seen } = finding;
  const choose = entry ? () => acts.choose(entry[0], entry[1]) : undefined;
  const name = !finding.name
    ? null
    : choose
      ? button(finding.name, "show this entry", choose, "dl-link dl-link-name dl-where")
      : h("code", { class: "dl-where" }, finding.name);
  const head = [h("strong", {}, finding.message), name, modes(finding)];
  const body = [
    finding.hint ? h("p", { class: "dl-hint" }, finding.hint) : null,
    finding.source ? line(finding.source, node, acts) : null,
    seen ? witness(seen, acts) : null,
  ].filter((part) => part !== null);
  return h(
    "article",
    { class: `dl-fault dl-${finding.severity}`, role: "listitem" },
    h("span", { class: "dl-sign", role: "img", "aria-label": finding.severity }, SIGNS[finding.severity]),
    finding.severity === "error" && body.length > 0
      ? h(
          "details",
          { class: "dl-fault-body", open },
          h("summary", { class: "dl-fault-head", onclick: () => choose?.() }, ...head),
          h("div", { class: "dl-fault-more" }, ...body),
        )
      : h("div", { class: "dl-fault-body" }, h("div", { class: "dl-fault-head" }, ...head), ...body),
  );
}

function modes(finding: Finding): Child {
  if (!finding.mode) return null;
  return h("span", { class: "dl-muted dl-small-text" }, finding.mode + (finding.order === 2 ? ", second order" : ""));
}

/** A line of the user's code; with a node it leads to the graph. */
export function line(source: Source, node: string | null, acts: Pick<Acts, "goTo">): HTMLElement {
  const content = [
    h("span", { class: "dl-link-name" }, sourceText(source) ?? ""),
    h("code", { class: "dl-source-text", title: source.text.trim() }, source.text.trim()),
  ];
  if (!node) return h("div", { class: "dl-line" }, ...content);
  const go = () => acts.goTo(node);
  return h("button", { type: "button", class: "dl-line dl-link", title: "show in the graph", onclick: go }, ...content);
}

function witness(seen: Witness, acts: Acts): HTMLElement {
  const point = seen.point.map(({ name, value }) => `${name} = ${value}`).join(",  ");
  const copy = button(
    h("span", { class: "dl-face" }, icon("copy"), "snippet"),
    "copy code that shows this again",
    () => acts.copy(seen.snippet, copy),
    "dl-button dl-small",
  );
  const row = (name: string, ...value: Child[]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, ...value));
  return h(
    "div",
    { class: "dl-witness" },
    h(
      "table",
      {},
      h(
        "tbody",
        {},
        row("JAX", differing(seen.ad, seen.true)),
        row("true", h("code", { class: "dl-digits" }, seen.true)),
        row(
          "ratio",
          h("code", {}, real(seen.ratio, 10)),
          h("span", { class: "dl-muted dl-small-text" }, `  shown in ${seen.method}`),
        ),
        row("at", h("code", {}, point)),
      ),
    ),
    seen.snippet ? copy : null,
  );
}
