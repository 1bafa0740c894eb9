/** The graph of an elimination after any number of its frames. */

import type { EliminationSection } from "../payload.ts";

export interface LiveEdge {
  readonly from: string;
  readonly to: string;
  readonly structure: string;
  /** The frame that filled it in, counted from 1; 0: there from the start. */
  readonly since: number;
}

export interface EliminationState {
  readonly edges: readonly LiveEdge[];
  /** Vertex → the number of the frame that eliminated it. */
  readonly gone: ReadonlyMap<string, number>;
  /** Keys of the edges that the last frame filled in, and of those it added to. */
  readonly fresh: ReadonlySet<string>;
  readonly merged: ReadonlySet<string>;
  readonly cost: number;
  readonly scalarCost: number;
}

export const edgeKey = (from: string, to: string): string => `${from}\u0000${to}`;

/** The state after the first `k` frames. */
export function stateAfter(section: EliminationSection, k: number): EliminationState {
  const edges = new Map<string, LiveEdge>();
  for (const [from, to, structure] of section.edges) edges.set(edgeKey(from, to), { from, to, structure, since: 0 });
  const gone = new Map<string, number>();
  let fresh = new Set<string>();
  let merged = new Set<string>();
  let [cost, scalarCost] = [0, 0];
  for (const [n, frame] of section.frames.slice(0, k).entries()) {
    // An edge that was there and is added again was merged, not filled in: it keeps its age.
    const ages = new Map(frame.added.map(([from, to]) => [edgeKey(from, to), edges.get(edgeKey(from, to))?.since]));
    for (const [from, to] of frame.removed) edges.delete(edgeKey(from, to));
    merged = new Set();
    fresh = new Set();
    for (const [from, to, structure] of frame.merged) {
      const key = edgeKey(from, to);
      const edge = edges.get(key);
      if (edge && structure) edges.set(key, { ...edge, structure });
      merged.add(key);
    }
    for (const [from, to, structure] of frame.added) {
      const key = edgeKey(from, to);
      const since = ages.get(key);
      edges.set(key, { from, to, structure, since: since ?? n + 1 });
      (since === undefined ? fresh : merged).add(key);
    }
    gone.set(frame.vertex, n + 1);
    cost += frame.cost;
    scalarCost += frame.scalar_cost;
  }
  return { edges: [...edges.values()], gone, fresh, merged, cost, scalarCost };
}

/** What eliminating a vertex would do: the pairs that it joins, and what that costs with every edge counted. */
export interface WhatIf {
  readonly vertex: string;
  readonly fill: readonly (readonly [from: string, to: string])[];
  /** Keys of the edges that would be added to, and of those that would go. */
  readonly merged: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
  readonly scalarCost: number;
}

export function whatIf(state: EliminationState, vertex: string, size: (id: string) => number): WhatIf {
  const before = state.edges.filter((edge) => edge.to === vertex).map((edge) => edge.from);
  const after = state.edges.filter((edge) => edge.from === vertex).map((edge) => edge.to);
  const known = new Set(state.edges.map((edge) => edgeKey(edge.from, edge.to)));
  const pairs = before.flatMap((from) => after.map((to) => [from, to] as const));
  const sum = (ids: readonly string[]) => ids.reduce((total, id) => total + size(id), 0);
  return {
    vertex,
    fill: pairs.filter(([from, to]) => !known.has(edgeKey(from, to))),
    merged: new Set(pairs.map(([from, to]) => edgeKey(from, to)).filter((key) => known.has(key))),
    removed: new Set([...before.map((from) => edgeKey(from, vertex)), ...after.map((to) => edgeKey(vertex, to))]),
    scalarCost: size(vertex) * sum(before) * sum(after),
  };
}
