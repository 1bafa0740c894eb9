/** Two orders side by side: what each has cost after as many steps. */

import { type Child, h } from "../dom.ts";
import { stepChart } from "../draw/steps.ts";
import { count, plural } from "../format.ts";
import type { Race } from "../payload.ts";
import { type Moment, priceOf } from "./moment.ts";

/** Sums of the first 0, 1, 2, … numbers. */
export function running(values: readonly number[]): number[] {
  const sums = [0];
  for (const value of values) sums.push((sums[sums.length - 1] ?? 0) + value);
  return sums;
}

export function racePanel(
  { section, model, step }: Moment,
  rival: string | null,
  race: Race | null,
  choose: ((name: string) => void) | null,
): Child[] {
  const select = h(
    "select",
    { class: "dl-select", "aria-label": "order to race against", disabled: !choose },
    h("option", { value: "" }, "choose an order …"),
    ...section.baselines.map((b) => h("option", { value: b.name, selected: b.name === rival }, b.name)),
  );
  select.addEventListener("change", () => choose?.(select.value));
  const head = h("div", { class: "dl-search-line" }, h("label", {}, "yours against ", select));
  if (!race) {
    const words = choose
      ? "Plays both orders step for step and compares what each has cost so far. Save an order of yours to race against it."
      : "A race needs a running kernel: this is a saved page.";
    return [head, h("p", { class: "dl-hint" }, words)];
  }
  const mine = running(section.frames.map((frame) => priceOf(model, frame))).map(
    (sum) => sum + priceOf(model, section.before),
  );
  const theirs = running(model === "all_edges" ? race.scalar_costs : race.costs);
  const at = section.before.steps + step;
  const [a, b] = [mine[step] ?? 0, theirs[Math.min(at, theirs.length - 1)] ?? 0];
  const chart = stepChart(
    [
      { css: "dl-sc-b", points: theirs.map((y, x) => [x, y] as const) },
      { css: "dl-sc-a", points: mine.slice(0, step + 1).map((y, x) => [x + section.before.steps, y] as const) },
    ],
    {
      label: `cost so far of your order and of ${race.name}`,
      x: (v) => (v === 0 ? "0" : plural(v, "step")),
      to: Math.max(1, theirs.length - 1),
      floor: 0,
    },
  );
  const lead = a === b ? "level" : a < b ? `${count(b - a)} ahead` : `${count(a - b)} behind`;
  return [
    head,
    h(
      "p",
      { class: "dl-found", role: "status" },
      h("b", {}, lead),
      ` after ${plural(at, "step")}: ${count(a)} to ${count(b)}`,
    ),
    chart,
    h(
      "div",
      { class: "dl-legend" },
      h("span", {}, h("i", { class: "dl-line dl-line-a" }), "yours"),
      h("span", {}, h("i", { class: "dl-line dl-line-b" }), race.name),
    ),
    h(
      "p",
      { class: "dl-hint" },
      `In the end ${race.name} costs ${count(theirs[theirs.length - 1] ?? 0)}. Equal sets of eliminated vertices leave equal graphs: only the way there differs.`,
    ),
  ];
}
