/** What is known of a value: a card of its summary, and one line of it for tables. */

import { type Child, h } from "../dom.ts";
import { count, num, real } from "../format.ts";
import type { Contribution, Flag, Summary } from "../payload.ts";

export const FLAG_SIGN: Record<Exclude<Flag, null>, string> = { nan: "N", inf: "∞", zero: "0" };
const FLAG_WORD: Record<Exclude<Flag, null>, string> = { nan: "NaN", inf: "infinite", zero: "all zero" };

/** The worst thing to be said of a value. */
export function flagOf(summary: Summary | null): Flag {
  if (!summary) return null;
  if (summary.nan > 0) return "nan";
  if (summary.inf > 0) return "inf";
  return summary.size > 0 && summary.zero === summary.size ? "zero" : null;
}

/** A coloured sign with its letter: colour is never alone. */
export function flagBadge(flag: Flag): HTMLElement | null {
  if (!flag) return null;
  return h(
    "span",
    { class: `dl-flag dl-flag-${flag}`, title: FLAG_WORD[flag], "aria-label": FLAG_WORD[flag] },
    FLAG_SIGN[flag],
  );
}

/** A card with shape, norm, range and counts; one number where the value is one. */
export function valueCard(
  name: string,
  shape: string,
  summary: Summary | null,
  absent: string,
  ...more: Child[]
): HTMLElement {
  const head = h(
    "div",
    { class: "dl-value-head" },
    h("span", { class: "dl-value-name" }, name),
    h("code", { class: "dl-muted" }, summary ? shape : ""),
    flagBadge(flagOf(summary)),
    ...more,
  );
  if (!summary)
    return h("section", { class: "dl-value", "aria-label": name }, head, h("div", { class: "dl-muted" }, absent));
  if (summary.size === 1) {
    const text = summary.nan ? "NaN" : summary.inf ? "±∞" : num(summary.mean, 6);
    return h("section", { class: "dl-value", "aria-label": name }, head, h("div", { class: "dl-value-one" }, text));
  }
  const finite = summary.nan + summary.inf < summary.size;
  const cell = (label: string, text: string, loud = false) =>
    h("div", { class: loud ? "dl-stat dl-loud" : "dl-stat" }, h("span", {}, label), h("b", {}, text));
  const stats = h(
    "div",
    { class: "dl-stats" },
    cell("norm", real(summary.norm)),
    cell("min", finite ? num(summary.min) : "–"),
    cell("max", finite ? num(summary.max) : "–"),
    cell("mean", finite ? num(summary.mean) : "–"),
    cell("NaN", count(summary.nan), summary.nan > 0),
    cell("Inf", count(summary.inf), summary.inf > 0),
    cell("zeros", count(summary.zero), summary.zero === summary.size),
    cell("size", count(summary.size)),
  );
  return h("section", { class: "dl-value", "aria-label": name }, head, stats);
}

/** A value in a few letters: the number itself, or its norm and range. */
export function brief(summary: Summary | null): HTMLElement {
  if (!summary) return h("span", { class: "dl-muted" }, "–");
  const flag = flagBadge(flagOf(summary));
  if (summary.size === 1) return h("span", { class: "dl-brief" }, summary.nan ? "NaN" : num(summary.mean, 5), flag);
  return h("span", { class: "dl-brief" }, `‖·‖ ${real(summary.norm)}`, flag);
}

/** A table of named values: an equation's operands, or the function's arguments. */
export function contributions(
  rows: readonly Contribution[],
  heads: readonly [string, string, string],
  empty: string,
): HTMLElement {
  if (rows.length === 0) return h("div", { class: "dl-muted" }, empty);
  const line = (row: Contribution) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, h("code", {}, row.name)),
      h("td", {}, brief(row.primal)),
      h("td", {}, brief(row.cotangent)),
    );
  return h(
    "table",
    { class: "dl-table" },
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.map(line)),
  );
}
