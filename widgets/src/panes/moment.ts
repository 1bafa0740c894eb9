/** One moment of an elimination under one cost model: the graph after some frames, and what each vertex would cost now. */

import type { CostModel, EliminationSection, Vertex } from "../payload.ts";
import { type EliminationState, edgeKey, type LiveEdge, stateAfter, type WhatIf, whatIf } from "./replay.ts";

export interface Moment {
  readonly section: EliminationSection;
  readonly model: CostModel;
  /** Of the frames carried. */
  readonly step: number;
  /** Whether this is the last of them, where the game goes on. */
  readonly live: boolean;
  readonly state: EliminationState;
  /** Vertices still to eliminate, drawn or not. */
  readonly left: number;
  readonly costs: { readonly cost: number; readonly scalar_cost: number };
  /** Those that are drawn and can be eliminated. */
  readonly standing: readonly Vertex[];
  readonly prices: ReadonlyMap<string, { readonly cost: number; readonly fill: number | null }>;
  readonly vertices: ReadonlyMap<string, Vertex>;
  nameOf(vertex: string): string;
  whatIf(vertex: string): WhatIf;
}

export const MODEL_NAMES: Record<CostModel, string> = { nontrivial: "nontrivial", all_edges: "all edges" };

export const priceOf = (model: CostModel, of: { readonly cost: number; readonly scalar_cost: number }): number =>
  model === "all_edges" ? of.scalar_cost : of.cost;

export function momentOf(section: EliminationSection, model: CostModel, step: number): Moment {
  const vertices = new Map(section.vertices.map((vertex) => [vertex.id, vertex]));
  const state = stateAfter(section, step);
  const sizeOf = (id: string) => vertices.get(id)?.size ?? 1;
  const inner = section.vertices.filter((v) => v.role === "intermediate");
  const standing = inner.filter((v) => !state.gone.has(v.id));
  const live = step === section.frames.length;
  return {
    section,
    model,
    step,
    live,
    state,
    left: (section.total ?? inner.length) - section.before.steps - step,
    costs: {
      cost: state.cost + section.before.cost,
      scalar_cost: state.scalarCost + section.before.scalar_cost,
    },
    standing,
    prices: pricesOf(section, model, live, state, standing, sizeOf),
    vertices,
    nameOf: (id) => vertices.get(id)?.label || id,
    whatIf: (id) => whatIf(state, id, sizeOf),
  };
}

/** The kernel prices the last moment; with every edge counted, and no group in sight, the browser can price any. */
function pricesOf(
  section: EliminationSection,
  model: CostModel,
  live: boolean,
  state: EliminationState,
  standing: readonly Vertex[],
  sizeOf: (id: string) => number,
): Moment["prices"] {
  const found = new Map<string, { cost: number; fill: number | null }>();
  const known = live || section.vertices.every((v) => v.role !== "group");
  const before = new Map<string, number>();
  const after = new Map<string, number>();
  for (const { from, to } of live ? [] : state.edges) {
    before.set(to, (before.get(to) ?? 0) + sizeOf(from));
    after.set(from, (after.get(from) ?? 0) + sizeOf(to));
  }
  for (const { id, size } of standing) {
    const price = live ? section.playable[id] : undefined;
    if (price) found.set(id, { cost: priceOf(model, price), fill: price.fill });
    else if (!live && known && model === "all_edges")
      found.set(id, { cost: size * (before.get(id) ?? 0) * (after.get(id) ?? 0), fill: null });
  }
  return found;
}

/** How an edge looks: there from the start, filled in, just now, or added to. */
export function lookOf({ state }: Moment, edge: LiveEdge): "plain" | "filled" | "fresh" | "merged" {
  const key = edgeKey(edge.from, edge.to);
  if (state.fresh.has(key)) return "fresh";
  return state.merged.has(key) ? "merged" : edge.since > 0 ? "filled" : "plain";
}
