/** The first line of the check: the verdict, what it rests on, and what is missing. */

import { type Child, h } from "../../dom.ts";
import { count, plural } from "../../format.ts";
import type { CheckSection } from "../../payload.ts";
import { chip, counted, countedWords, cssOf, meaningOf, signOf } from "./verdicts.ts";

export function head(section: CheckSection): Child[] {
  const { verdict } = section;
  const budget = section.findings.find(({ kind }) => kind === "budget");
  return [
    h(
      "span",
      { class: `dl-verdict ${cssOf(verdict)}`, title: meaningOf(verdict) },
      h("span", { "aria-hidden": "true" }, signOf(verdict)),
      verdict,
    ),
    h("span", { class: "dl-summary" }, ...tally(section)),
    section.evidence ? h("span", { class: "dl-muted dl-basis" }, basis(section)) : null,
    ...Object.entries(section.missing).map(([mode, why]) => lack(`no ${mode}`, why)),
    budget ? lack("time was spent", budget.message) : null,
  ];
}

/** "all 36 entries", or how many have each verdict. */
function tally(section: CheckSection): Child[] {
  const counts = counted(section);
  const only = counts.length === 1 ? counts[0] : undefined;
  if (counts.length === 0) return [section.summary];
  if (only) return [only[1] === 1 ? "the one entry" : `all ${count(only[1])} entries`];
  return counts.map(([verdict, n]) => chip(verdict, countedWords(verdict, n)));
}

/** What the verdict rests on, with thin dots between its parts and the power of two set high. */
function basis(section: CheckSection): HTMLElement {
  const parts = section.evidence.replace("; ", ", ").split(", ");
  const words = parts.filter((part) => !part.startsWith("seed ")).map((part) => part.replace("-", "−"));
  const nodes: Child[] = [];
  for (const [k, part] of words.entries()) {
    const [before = "", power] = part.split("2^");
    if (k > 0) nodes.push(" · ");
    nodes.push(power === undefined ? part : h("span", {}, `${before}2`, h("sup", {}, power)));
  }
  if (section.seconds > 0)
    nodes.push(` · ${section.seconds < 10 ? section.seconds.toFixed(1) : count(section.seconds)} s`);
  return h("span", { title: section.evidence }, ...nodes);
}

function lack(words: string, why: string): HTMLElement {
  return h("span", { class: "dl-chip dl-lack", title: why }, h("span", { "aria-hidden": "true" }, "! "), words);
}

export function pointWords(section: CheckSection): string {
  return `${plural(section.points.length, "point")} in ${plural(section.branches, "branch", "branches")}`;
}
