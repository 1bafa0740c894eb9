/** The search as it runs in the kernel: start, stop, adopt, and its best cost and bound over time. */

import { button, type Child, fill, h } from "../dom.ts";
import { type StepLine, stepChart } from "../draw/steps.ts";
import { count, real } from "../format.ts";
import type { CostModel, Question, SearchProgress } from "../payload.ts";
import { MODEL_NAMES } from "./moment.ts";

export interface SearchPane {
  readonly element: HTMLElement;
  show(progress: SearchProgress | null, model: CostModel): void;
  /** Start, or stop what runs. */
  toggle(): void;
}

export function createSearchPane(kernel: boolean, send: (question: Question) => void): SearchPane {
  let model: CostModel = "nontrivial";
  const seconds = h("input", {
    type: "number",
    class: "dl-search dl-seconds",
    min: "0.5",
    max: "3600",
    step: "0.5",
    value: "5",
    "aria-label": "seconds to search",
  });
  const budget = () => Math.min(3600, Math.max(0.1, Number(seconds.value) || 5));
  const start = button("Search", "search for a cheaper order (s)", () =>
    send({ kind: "search", model, seconds: budget() }),
  );
  const stop = button("Stop", "stop and keep the best", () => send({ kind: "stop" }));
  const adopt = button("Adopt", "play the best order found", () => send({ kind: "adopt" }));
  const body = h("div", { class: "dl-search-body" });
  start.classList.add("dl-main");
  seconds.disabled = start.disabled = !kernel;
  let running = false;
  const show = (progress: SearchProgress | null, wanted: CostModel) => {
    model = wanted;
    running = progress?.running ?? false;
    start.hidden = running;
    stop.hidden = !running;
    adopt.disabled = !kernel || !progress || progress.events.length === 0;
    fill(body, ...(progress ? story(progress) : [hint(kernel)]));
  };
  return {
    element: h(
      "section",
      { class: "dl-section" },
      h("div", { class: "dl-search-line" }, start, stop, h("label", {}, "for ", seconds, " s"), adopt),
      body,
    ),
    show,
    toggle: () => send(running ? { kind: "stop" } : { kind: "search", model, seconds: budget() }),
  };
}

function hint(kernel: boolean): HTMLElement {
  const words = kernel
    ? "Looks for the cheapest order of what the figures above count. The view stays usable meanwhile; Adopt plays what was found."
    : "A search needs a running kernel: this is a saved page.";
  return h("p", { class: "dl-hint" }, words);
}

function story({ events, running, seconds, budget, status, model }: SearchProgress): Child[] {
  const last = events[events.length - 1];
  const until = Math.max(seconds, running ? budget : 0, 1e-3);
  const line = (css: string, of: (e: (typeof events)[number]) => number): StepLine => ({
    css,
    points: events.filter((e) => of(e) > 0).map((e) => [e.seconds, of(e)] as const),
  });
  const chart = stepChart([line("dl-sc-bound", (e) => e.bound), line("dl-sc-a", (e) => e.cost)], {
    label: `best cost and bound over ${real(seconds, 2)} seconds`,
    x: (v) => `${real(v, 2)} s`,
    to: until,
    now: seconds,
  });
  if (!last) return [h("p", { class: "dl-hint" }, status || "starting …")];
  const gap = last.cost - last.bound;
  const { method } = events.find((e) => e.cost === last.cost) ?? last;
  const words = last.bound > 0 ? ` · bound ${count(last.bound)} · ${gap <= 0 ? "optimal" : `gap ${count(gap)}`}` : "";
  return [
    h("p", { class: "dl-found", role: "status" }, h("b", {}, count(last.cost)), ` ${MODEL_NAMES[model]}${words}`),
    chart,
    h(
      "div",
      { class: "dl-legend" },
      h("span", {}, h("i", { class: "dl-line dl-line-a" }), "best found"),
      last.bound > 0 ? h("span", {}, h("i", { class: "dl-line dl-line-bound" }), "bound") : null,
    ),
    h("p", { class: "dl-hint" }, [status, method && `best by ${method}`].filter(Boolean).join(" · ")),
  ];
}
