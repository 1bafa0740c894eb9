/** The verdicts: their order, signs and colours, and the words for how many there are. */

import { h } from "../../dom.ts";
import { count } from "../../format.ts";
import type { CheckSection, Verdict } from "../../payload.ts";

/** The worst first, as in the report. */
export const VERDICTS: readonly Verdict[] = [
  "refuted",
  "not finite",
  "not differentiable here",
  "undecided",
  "unsupported",
  "agrees",
  "proved with high probability",
  "proved",
];

const LOOKS: Record<Verdict, readonly [sign: string, css: string]> = {
  refuted: ["✗", "refuted"],
  "not finite": ["∞", "infinite"],
  "not differentiable here": ["∠", "kink"],
  undecided: ["?", "undecided"],
  unsupported: ["—", "unsupported"],
  agrees: ["≈", "agrees"],
  "proved with high probability": ["✓", "likely"],
  proved: ["≡", "proved"],
};

const MEANINGS: Record<Verdict, string> = {
  refuted: "different, with a witness",
  "not finite": "a value or a derivative is infinite or NaN here",
  "not differentiable here": "the one-sided derivatives differ",
  undecided: "neither shown right nor wrong",
  unsupported: "a primitive has no exact meaning to the checker",
  agrees: "equal at the points that were compared; only sampled",
  "proved with high probability": "equal at random points of a finite field",
  proved: "the same normal form",
};

const rank = (verdict: string) => VERDICTS.indexOf(verdict as Verdict);

export const isGood = (verdict: string) => rank(verdict) >= rank("agrees");
export const signOf = (verdict: string) => LOOKS[verdict as Verdict]?.[0] ?? "·";
export const cssOf = (verdict: string) => `dl-v-${LOOKS[verdict as Verdict]?.[1] ?? "none"}`;
export const meaningOf = (verdict: string) => MEANINGS[verdict as Verdict] ?? "";

export function worstOf(verdicts: Iterable<string>): Verdict | null {
  let worst = VERDICTS.length;
  for (const verdict of verdicts) if (rank(verdict) >= 0) worst = Math.min(worst, rank(verdict));
  return VERDICTS[worst] ?? null;
}

/** A small plate with the sign and the words. */
export function chip(verdict: string, words = verdict): HTMLElement {
  return h(
    "span",
    { class: `dl-chip ${cssOf(verdict)}`, title: meaningOf(verdict) },
    h("span", { "aria-hidden": "true" }, `${signOf(verdict)} `),
    words,
  );
}

/** How many entries have each verdict, the worst first. */
export function counted(section: CheckSection): (readonly [Verdict, number])[] {
  return VERDICTS.map((v) => [v, section.totals[v] ?? 0] as const).filter(([, n]) => n > 0);
}

export function countedWords(verdict: Verdict, n: number): string {
  const short = verdict === "proved with high probability" ? "proved w.h.p." : verdict;
  return `${count(n)} ${short}`;
}
