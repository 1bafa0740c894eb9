/** The adjoint view: walk a program down and its derivative back up, and see every value on the way. */

import { type Desk, NO_KERNEL, type View } from "../desk.ts";
import { button, type Child, fill, h } from "../dom.ts";
import { createStrip, type StripPoint } from "../draw/strip.ts";
import { count } from "../format.ts";
import { type KeyLine, stepKey } from "../keys.ts";
import { type Stop, stopAll } from "../link.ts";
import { arrayPane, type Values } from "../panes/array.ts";
import { createTransport } from "../panes/transport.ts";
import { contributions, flagBadge, valueCard } from "../panes/value.ts";
import { createVirtualList } from "../panes/virtual.ts";
import { type AdjointSection, isFailed, readAdjoint, readAnswer, type Step } from "../payload.ts";

const ROW = 26;
const LATE = "the kernel does not answer: the values of this step could not be fetched; run the cell again";

const HELP: readonly KeyLine[] = [
  { keys: "← → or k j", does: "step back, forward" },
  { keys: "Shift", does: "ten steps at once" },
  { keys: "Home End", does: "first, last step" },
  { keys: "Space", does: "play, pause" },
  { keys: "x", does: "first NaN" },
  { keys: "g", does: "show this step in the graph" },
];

export function adjointView(first: unknown, desk: Desk): View {
  let section: AdjointSection = readAdjoint(first, "adjoint");
  let shown = -1;
  let values: Values | null = null;
  let pending: Stop = () => {};
  const stops: Stop[] = [];

  const nanButton = button("first NaN", "go to the first NaN (x)", () => goNan(), "dl-button dl-alarm");
  const transport = createTransport(desk.guard(go), true, nanButton);
  const list = createVirtualList(ROW, row, (n) => go(n), "steps");
  const strip = createStrip(desk.guard((n: number) => go(n)));
  const centre = h("div", { class: "dl-centre", role: "region", "aria-label": "step" });
  const element = h(
    "div",
    { class: "dl-view dl-adjoint" },
    transport.element,
    h("div", { class: "dl-body" }, h("div", { class: "dl-side" }, list.element), centre),
    strip.element,
  );

  const last = () => Math.max(0, section.steps - 1);
  const now = () => Math.min(last(), desk.focus.get().steps.adjoint);

  /** Move to a step: the focus carries it to every rendering, and the node with it. */
  function go(n: number): void {
    if (section.steps === 0) return;
    const step = Math.min(last(), Math.max(0, n));
    desk.focus.update({ steps: { adjoint: step }, selection: section.at(step).node || null });
  }

  function goNan(): void {
    if (section.firstNan !== null) go(section.firstNan);
  }

  function row(n: number): HTMLElement {
    const step = section.at(n);
    const reverse = step.phase === "reverse";
    return h(
      "div",
      { class: reverse ? "dl-reverse" : "dl-forward" },
      h("span", { class: "dl-arrow", "aria-label": step.phase }, reverse ? "↑" : "↓"),
      h("span", { class: "dl-row-text", title: step.text }, step.text),
      flagBadge(step.flag),
      h("span", { class: "dl-row-source" }, step.source ?? ""),
    );
  }

  function show(): void {
    const n = now();
    if (section.steps === 0) return fill(centre, h("div", { class: "dl-empty" }, "This program has no steps."));
    if (n !== shown) {
      values = null;
      pending();
    }
    const moved = n !== shown;
    shown = n;
    const step = section.at(n);
    transport.show(n, last(), `step ${count(n + 1)} of ${count(section.steps)} · ${step.phase}`);
    list.select(n);
    strip.cursor(n);
    const top = centre.scrollTop;
    fill(centre, ...describe(step));
    centre.scrollTop = top;
    if (moved && !transport.playing)
      desk.say(`step ${n + 1} of ${section.steps}, ${step.phase}: ${step.text}${step.flag ? `, ${step.flag}` : ""}`);
  }

  function describe(step: Step): Child[] {
    const reverse = step.phase === "reverse";
    // Where it went wrong, why it did comes first.
    const early = shown === section.firstNan;
    return [
      h(
        "div",
        { class: "dl-step-head" },
        h("span", { class: `dl-chip dl-phase-${step.phase}` }, reverse ? "↑ reverse" : "↓ forward"),
        step.path ? h("span", { class: "dl-chip" }, step.path) : null,
        flagBadge(step.flag),
        desk.views.includes("graph") && step.node
          ? button("show in graph", "show in graph (g)", showInGraph, "dl-button dl-small")
          : null,
      ),
      h("pre", { class: "dl-big" }, step.text),
      step.source
        ? h(
            "div",
            { class: "dl-source" },
            h("span", { class: "dl-muted" }, step.source),
            h("code", {}, sourceLine(step.node)),
          )
        : null,
      early ? explanation() : null,
      h(
        "div",
        { class: "dl-cards" },
        valueCard("primal", step.shape, step.primal, "not a number", valuesButton("primal", step)),
        valueCard(
          "cotangent",
          step.shape,
          step.cotangent,
          reverse ? "not reached" : "not known yet: the reverse sweep comes later",
          valuesButton("cotangent", step),
        ),
      ),
      values && arrayPane(values),
      h(
        "section",
        { class: "dl-section" },
        h("h4", {}, reverse ? "What this step sends to its inputs" : "Inputs"),
        contributions(
          step.inputs,
          ["input", "primal", reverse ? "contribution" : "cotangent"],
          "This equation has no inputs.",
        ),
      ),
      early ? null : explanation(),
      section.arguments.length > 0
        ? h(
            "section",
            { class: "dl-section" },
            h("h4", {}, "Arguments, and their cotangents at the end"),
            contributions(section.arguments, ["argument", "primal", "cotangent"], ""),
          )
        : null,
      section.truncated ? h("p", { class: "dl-hint" }, section.truncated) : null,
    ];
  }

  function explanation(): Child {
    if (!section.explanation) return null;
    const words = h("pre", { class: "dl-explanation" }, section.explanation);
    return h("section", { class: "dl-section" }, h("h4", {}, "Explanation"), words);
  }

  function valuesButton(which: "primal" | "cotangent", step: Step): HTMLElement | null {
    const summary = step[which];
    if (!summary || summary.size < 2) return null;
    const ask = button("values", "fetch the numbers", () => fetchValues(which), "dl-button dl-small");
    if (!desk.link.kernel) {
      ask.disabled = true;
      ask.title = NO_KERNEL;
    }
    return ask;
  }

  function fetchValues(which: "primal" | "cotangent"): void {
    pending();
    pending = desk.ask({ kind: "array", step: shown, which }, LATE);
  }

  function receive(message: unknown, buffers: readonly DataView[]): void {
    const answer = (message as { kind?: unknown })?.kind === "array" ? readAnswer(message) : null;
    const buffer = buffers[0];
    if (answer?.kind !== "array" || !buffer || answer.step !== shown) return;
    pending();
    values = { which: answer.which, shape: answer.shape, dtype: answer.dtype, bytes: buffer };
    show();
  }

  /** The text of the source line, where the graph of the same page carries it. */
  function sourceLine(node: string): string {
    const graph = desk.link.get("graph");
    if (!graph || isFailed(graph)) return "";
    const info = (graph as { nodes?: Record<string, { source?: { text?: unknown } | null }> }).nodes?.[node];
    const text = info?.source?.text;
    return typeof text === "string" ? text.trim() : "";
  }

  function showInGraph(): void {
    desk.focus.update({ selection: section.at(shown).node });
    desk.open("graph");
  }

  function draw(): void {
    shown = -1;
    nanButton.hidden = section.firstNan === null;
    list.resize(section.steps);
    strip.show(stripPoints(section), section.forward);
    show();
  }

  stops.push(desk.focus.listen(desk.guard(() => now() !== shown && show())), desk.link.hear(desk.guard(receive)));
  draw();

  return {
    element,
    help: HELP,
    key(event) {
      const next = stepKey(event, shown, last());
      if (next !== null) {
        transport.play(false);
        go(next);
        return true;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return false;
      if (event.key === "x") goNan();
      else if (event.key === " ") transport.play();
      else if (event.key === "g") showInGraph();
      else return false;
      return true;
    },
    refresh(next) {
      section = readAdjoint(next, "adjoint");
      draw();
    },
    shown() {
      list.select(now());
      strip.resize();
    },
    stop() {
      stopAll(stops);
      transport.stop();
      list.stop();
      strip.stop();
      pending();
    },
  };
}

/** log10 of each step's cotangent norm. */
export function stripPoints(section: AdjointSection): StripPoint[] {
  const points: StripPoint[] = [];
  for (let n = 0; n < section.steps; n++) {
    const { cotangent, primal, flag, phase } = section.at(n);
    const value = phase === "reverse" ? cotangent : primal;
    const bad = flag === "nan" || flag === "inf" || (value !== null && value.nan + value.inf > 0);
    const norm = phase === "reverse" ? (cotangent?.norm ?? 0) : 0;
    points.push({ level: norm > 0 && Number.isFinite(norm) ? Math.log10(norm) : null, bad });
  }
  return points;
}
