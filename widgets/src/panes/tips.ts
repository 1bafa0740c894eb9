/** What is said beside the pointer: of a vertex, of an entry of the matrix, of a bar. */

import { h } from "../dom.ts";
import { count, plural } from "../format.ts";
import type { Vertex } from "../payload.ts";
import { MODEL_NAMES, type Moment, priceOf } from "./moment.ts";

const head = (words: string) => h("div", { class: "dl-tip-text" }, words);
const line = (words: string) => h("div", { class: "dl-muted" }, words);

export function vertexTip(at: Moment, vertex: Vertex): HTMLElement[] {
  return [head(`${vertex.label}  ${vertex.shape}`), ...fate(at, vertex).map(line)];
}

/** What is to be said of a vertex now. */
export function fate(at: Moment, vertex: Vertex): string[] {
  const { section, state, model } = at;
  const when = state.gone.get(vertex.id);
  const frame = when === undefined ? undefined : section.frames[when - 1];
  if (frame && when) return [`eliminated in step ${section.before.steps + when} for ${count(priceOf(model, frame))}`];
  if (vertex.role === "group") return ["click to open"];
  if (vertex.role === "outer") return ["outside this group"];
  if (vertex.role !== "intermediate") return [`${vertex.role}: stays`];
  const what = at.whatIf(vertex.id);
  const price = at.live ? section.playable[vertex.id] : undefined;
  const floor = section.bound?.floors[vertex.id];
  const all = `+${count(price?.scalar_cost ?? what.scalarCost)} ${MODEL_NAMES.all_edges}`;
  const lock = section.locks[vertex.id];
  return [
    `${all}${floor === undefined ? "" : ` (floor ${count(floor)})`}`,
    ...(price ? [`+${count(price.cost)} ${MODEL_NAMES.nontrivial}`] : []),
    `${plural(what.fill.length, "new edge")}, ${count(what.merged.size)} merged`,
    ...(lock ? [`locked ${lock}`] : []),
  ];
}

export function entryTip(at: Moment, from: string, to: string): HTMLElement[] | null {
  const found = at.state.edges.find((edge) => edge.from === from && edge.to === to);
  if (!found) return null;
  const since = found.since > 0 ? `filled in by step ${at.section.before.steps + found.since}` : "original";
  return [head(`∂${at.nameOf(to)}/∂${at.nameOf(from)}`), line([found.structure, since].filter(Boolean).join(", "))];
}

export function barTip({ section, model, nameOf }: Moment, n: number): HTMLElement[] | null {
  const frame = section.frames[n];
  if (!frame) return null;
  const floor = model === "all_edges" ? section.bound?.floors[frame.vertex] : undefined;
  const paid = plural(priceOf(model, frame), "multiplication");
  return [
    head(`${section.before.steps + n + 1}. ${nameOf(frame.vertex)}`),
    line(floor === undefined ? paid : `${paid}, at least ${count(floor)}`),
  ];
}
