/** The score: what was paid, what no order can go below, what is left between them, and the stars of a puzzle. */

import { type Child, h } from "../dom.ts";
import { count, plural } from "../format.ts";
import type { EliminationSection } from "../payload.ts";
import { type Moment, priceOf } from "./moment.ts";

export interface Score {
  readonly cost: number;
  /** Of the whole game; null: unknown in this model. */
  readonly bound: number | null;
  /** What the steps so far cost over their floors. */
  readonly regret: number | null;
  readonly complete: boolean;
  /** At the last frame: no way on ends below this. */
  readonly reach: number | null;
}

export function scoreOf({ section, model, step, live, left, costs }: Moment): Score {
  const bound = model === "all_edges" ? section.bound : null;
  const over = section.frames.slice(0, step).map((f) => f.scalar_cost - (bound?.floors[f.vertex] ?? 0));
  return {
    cost: priceOf(model, costs),
    bound: bound?.value ?? null,
    regret: bound && section.before.steps === 0 ? over.reduce((sum, v) => sum + v, 0) : null,
    complete: left === 0,
    reach: bound && live && left > 0 ? bound.now : null,
  };
}

export function scoreLine({ cost, bound, regret, complete, reach }: Score): Child[] {
  if (bound === null) return [];
  const gap = cost - bound;
  const share = bound > 0 ? ` (${((100 * gap) / bound).toFixed(gap * 10 < bound ? 1 : 0)} %)` : "";
  const said = (words: string, title: string) => h("span", { title }, words);
  return [
    regret !== null && regret > 0
      ? said(`regret ${count(regret)}`, "what the steps so far cost over their floors: the orange part of the bars")
      : null,
    said(`bound ${count(bound)}`, "no order of the whole graph costs less, all edges counted"),
    complete
      ? gap <= 0
        ? h(
            "span",
            { class: "dl-chip dl-v-proved", title: "the cost equals the bound: no order is cheaper" },
            "✓ optimal",
          )
        : said(`gap ${count(gap)}${share}`, "between this order and the bound")
      : reach !== null && reach > bound
        ? said(`from here ≥ ${count(reach)}`, "no way to go on from here ends below this")
        : null,
  ];
}

const STARS: readonly (readonly [stars: number, over: number])[] = [
  [3, 0],
  [2, 0.05],
  [1, 0.15],
];

/** Three stars for par, two within 5 %, one within 15 %. */
export function stars(cost: number, par: number): number {
  return STARS.find(([, over]) => cost <= par * (1 + over))?.[0] ?? 0;
}

export function puzzleLine(
  puzzle: NonNullable<EliminationSection["puzzle"]>,
  cost: number | null,
  choose: ((name: string) => void) | null,
): Child[] {
  const won = cost === null ? 0 : stars(cost, puzzle.par);
  const select = h(
    "select",
    { class: "dl-select", "aria-label": "puzzle", disabled: !choose },
    ...puzzle.names.map((name) => h("option", { value: name, selected: name === puzzle.name }, name)),
  );
  select.addEventListener("change", () => choose?.(select.value));
  const words = cost === null ? `par ${puzzle.par}` : `par ${puzzle.par}: ${plural(won, "star")}`;
  return [
    puzzle.names.length > 1 ? select : h("b", {}, puzzle.name),
    h(
      "span",
      { class: "dl-muted", title: "the least possible, proved; all edges counted" },
      `par ${count(puzzle.par)}`,
    ),
    h(
      "span",
      { class: won === 3 ? "dl-stars dl-won" : "dl-stars", role: "img", "aria-label": words, title: words },
      "★".repeat(won) + "☆".repeat(3 - won),
    ),
  ];
}
