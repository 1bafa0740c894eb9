/** What is known of one entry: its numbers digit by digit, each mode, the formula, the derivation, the lost digits. */

import { button, type Child, h } from "../../dom.ts";
import { count, plural, real } from "../../format.ts";
import { mathml } from "../../panes/mathml.ts";
import type { CheckEntry, CheckSection, EntryAnswer, Source } from "../../payload.ts";
import { marked, meter, rightDigits, written } from "./digits.ts";
import { type Acts, line } from "./findings.ts";
import { chip, cssOf, signOf } from "./verdicts.ts";

/** How the question for more stands. */
export type Asked = EntryAnswer | "waits" | "silent" | null;

export function numbers(section: CheckSection, entry: CheckEntry): Child[] {
  const name = (lines: CheckSection["rows"], k: number) => lines.find(([at]) => at === k)?.[1] ?? String(k);
  return [
    h(
      "div",
      { class: "dl-pane-title" },
      h("span", { class: "dl-partial" }, `∂ ${name(section.rows, entry.i)} / ∂ ${name(section.columns, entry.j)}`),
      chip(entry.verdict),
    ),
    entry.note ? h("p", { class: "dl-note" }, entry.note) : null,
    h(
      "table",
      { class: "dl-table dl-values" },
      h("tbody", {}, truth(entry), ...(["jacfwd", "jacrev"] as const).map((mode) => value(section, entry, mode))),
    ),
    Object.keys(entry.modes).length > 0 ? h("div", { class: "dl-modes" }, ...modes(entry)) : null,
  ];
}

function truth(entry: CheckEntry): HTMLElement {
  const words = entry.truth === null ? "not known" : written(entry.truth);
  const digits = h("code", { class: "dl-digits" }, words);
  return h("tr", {}, h("th", { scope: "row" }, isKink(entry) ? "this side" : "true"), h("td", {}, digits), h("td", {}));
}

/** Where the one-sided derivatives differ there is no true value to measure by. */
function isKink(entry: CheckEntry): boolean {
  return entry.verdict === "not differentiable here";
}

function value(section: CheckSection, entry: CheckEntry, mode: "jacfwd" | "jacrev"): Child {
  const given = entry[mode];
  if (given === null) return null;
  const right = isKink(entry) ? null : rightDigits(given, entry.truth, section.full);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, mode),
    h("td", {}, marked(written(given), right, section.full)),
    h("td", { class: "dl-right" }, meter(right, section.full)),
  );
}

/** The verdict of each derivative program: the sign for the eye, the words for the ear. */
function modes(entry: CheckEntry): HTMLElement[] {
  return Object.entries(entry.modes).map(([mode, verdict]) => {
    const words = `${mode}: ${verdict}`;
    const attributes = { class: `dl-chip ${cssOf(verdict)}`, title: words, role: "img", "aria-label": words };
    return h("span", attributes, `${signOf(verdict)} ${mode}`);
  });
}

/** The part that is asked for. `ask` is null where there is no one to ask. */
export function more(asked: Asked, ask: (() => void) | null, acts: Acts): Child[] {
  if (asked === "waits")
    return [h("p", { class: "dl-hint dl-waits", role: "status" }, "working out formula and derivation …")];
  if (asked === "silent")
    return [h("p", { class: "dl-hint" }, "the kernel did not say more of this entry"), again(ask)];
  if (asked === null) {
    const none = "This page carries the formulas of the worst entries only; a kernel has them all.";
    return [
      ask
        ? button("formula and derivation", "ask the kernel (f)", ask, "dl-button dl-ask")
        : h("p", { class: "dl-hint" }, none),
    ];
  }
  return [...formula(asked), ...lost(asked, acts), ...derivation(asked, acts), ...listing(asked, acts)];
}

function again(ask: (() => void) | null): Child {
  return ask ? button("ask again", "ask the kernel again (f)", ask, "dl-button dl-ask") : null;
}

function section(title: string, ...children: Child[]): HTMLElement {
  return h("section", { class: "dl-section" }, h("h4", {}, title), ...children);
}

function formula(answer: EntryAnswer): Child[] {
  const drawn = answer.mathml === null ? null : mathml(answer.mathml);
  if (answer.formula === null) return [h("p", { class: "dl-hint dl-why" }, answer.why)];
  const text = h("pre", { class: "dl-code" }, answer.formula);
  if (!drawn) return [section("Formula", text)];
  return [
    section("Formula", h("div", { class: "dl-formula" }, drawn), h("details", {}, h("summary", {}, "as text"), text)),
  ];
}

function derivation(answer: EntryAnswer, acts: Acts): Child[] {
  const made = answer.derivation;
  if (!made || made.links.length === 0) return [];
  const rows = made.links.map((link, k) =>
    h(
      "div",
      { class: "dl-step-row" },
      h(
        "button",
        { type: "button", class: "dl-link dl-step-link", title: link.equation, onclick: () => acts.goTo(link.node) },
        h("code", {}, `∂${link.of}/∂${link.by} = `, h("b", {}, link.partial)),
        h("span", { class: "dl-chip" }, link.primitive),
      ),
      link.source && !same(link.source, made.links[k - 1]?.source) ? line(link.source, null, acts) : null,
    ),
  );
  const paths = `${plural(made.paths, "path")} through ${plural(made.links.length + made.left_out, "local partial")}`;
  return [
    section(
      `Derivation: ${paths}`,
      h("div", { class: "dl-steps" }, ...rows),
      made.left_out > 0 ? h("p", { class: "dl-hint" }, `… and ${count(made.left_out)} more`) : null,
      made.sum ? h("pre", { class: "dl-code" }, `= ${made.sum}`) : null,
    ),
  ];
}

function same(a: Source, b: Source | null | undefined): boolean {
  return a.file === b?.file && a.line === b.line;
}

function listing(answer: EntryAnswer, acts: Acts): Child[] {
  if (answer.listing.length === 0) return [];
  const rows = answer.listing.map(({ depth, text, partials, source }, k) =>
    h(
      "div",
      { class: "dl-step-row", style: `padding-left:${Math.min(depth, 8) * 14}px` },
      h("code", {}, text),
      ...partials.map((partial) => h("code", { class: "dl-muted" }, partial)),
      source && !same(source, answer.listing[k - 1]?.source) ? line(source, null, acts) : null,
    ),
  );
  return [
    h(
      "section",
      { class: "dl-section" },
      h(
        "details",
        {},
        h("summary", {}, "The program with its local partials"),
        h("div", { class: "dl-steps" }, ...rows),
      ),
    ),
  ];
}

function lost(answer: EntryAnswer, acts: Acts): Child[] {
  if (answer.losses.length === 0) return [];
  const rows = answer.losses.map((loss) =>
    h(
      "div",
      { class: "dl-step-row" },
      h("div", {}, h("span", { class: "dl-chip" }, loss.mode), ` ${loss.kind}: `, h("code", {}, loss.text)),
      h("span", { class: "dl-muted" }, `relative error ${real(loss.before, 2)} → ${real(loss.after, 2)}`),
      loss.source ? line(loss.source, null, acts) : null,
      loss.advice ? h("p", { class: "dl-hint" }, loss.advice) : null,
    ),
  );
  return [section("Where digits are lost", h("div", { class: "dl-steps" }, ...rows))];
}
