/** What the whole check has to say beside its entries: points, primitives without a meaning, conditions, notes, code. */

import { button, type Child, h } from "../../dom.ts";
import { icon } from "../../draw/icons.ts";
import { plural } from "../../format.ts";
import type { CheckedPoint, CheckSection, Named } from "../../payload.ts";
import type { Acts } from "./findings.ts";
import { pointWords } from "./head.ts";
import { cssOf, signOf } from "./verdicts.ts";

export function rest(section: CheckSection, acts: Acts): Child[] {
  return [points(section), lines("Notes", section.notes), path(section), code(section, acts)];
}

/** Equations that the checker cannot follow. */
export function unsupported({ unsupported: found }: CheckSection, acts: Acts): Child {
  if (found.length === 0) return null;
  const rows = found.map(({ primitive, node, source }) =>
    h(
      "button",
      { type: "button", class: "dl-operand dl-link", title: "show in the graph", onclick: () => acts.goTo(node) },
      h("span", { class: "dl-link-name" }, primitive),
      h("code", { class: "dl-muted" }, source ?? node),
    ),
  );
  const title = `No exact meaning for ${plural(rows.length, "equation")}`;
  return h("section", { class: "dl-section dl-strange" }, h("h4", {}, title), ...rows);
}

function values(named: readonly Named[]): HTMLElement {
  const text = named.map(({ name, value }) => `${name} = ${value}`).join("  ");
  return h("code", { title: text }, text);
}

function points(section: CheckSection): Child {
  if (section.points.length === 0) {
    if (section.point.length === 0) return null;
    return h("section", { class: "dl-section" }, h("h4", {}, "Point"), values(section.point));
  }
  const row = (point: CheckedPoint) =>
    h(
      "tr",
      { title: `${point.label}: ${point.outcome}` },
      h(
        "td",
        {},
        h(
          "span",
          { class: `dl-key ${cssOf(point.outcome)}`, role: "img", "aria-label": point.outcome },
          signOf(point.outcome),
        ),
      ),
      h("td", {}, point.label, values(point.values)),
      h("td", { class: "dl-muted" }, section.branches > 1 ? `branch ${point.branch + 1}` : ""),
    );
  return h(
    "details",
    { class: "dl-section dl-fold" },
    h("summary", {}, pointWords(section)),
    h("table", { class: "dl-table dl-points" }, h("tbody", {}, ...section.points.map(row))),
  );
}

function lines(title: string, texts: readonly string[]): Child {
  if (texts.length === 0) return null;
  const items = texts.map((text) => h("li", {}, text));
  return h("section", { class: "dl-section" }, h("h4", {}, title), h("ul", { class: "dl-notes" }, ...items));
}

function path({ path: texts }: CheckSection): Child {
  if (texts.length === 0) return null;
  const items = texts.map((text) => h("li", {}, h("code", {}, text)));
  return h(
    "details",
    { class: "dl-section dl-fold" },
    h("summary", {}, `Valid where ${plural(texts.length, "condition")} ${texts.length === 1 ? "holds" : "hold"}`),
    h("ul", { class: "dl-notes" }, ...items),
  );
}

function code({ snippet }: CheckSection, acts: Acts): Child {
  if (!snippet) return null;
  const copy = button(icon("copy"), "copy", () => acts.copy(snippet, copy), "dl-button dl-copy");
  return h(
    "details",
    { class: "dl-section dl-fold" },
    h("summary", {}, "In Python"),
    h("div", { class: "dl-snippet" }, copy, h("pre", { class: "dl-code" }, snippet)),
  );
}
