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
    const ages = new Map([...edges].map(([key, edge]) => [key, edge.since]));
    for (const [from, to] of frame.removed) edges.delete(edgeKey(from, to));
    merged = new Set(frame.merged.map(([from, to]) => edgeKey(from, to)));
    fresh = new Set();
    for (const [from, to, structure] of frame.added) {
      const key = edgeKey(from, to);
      const since = ages.get(key) ?? n + 1;
      edges.set(key, { from, to, structure, since });
      if (!ages.has(key)) fresh.add(key);
      else merged.add(key);
    }
    gone.set(frame.vertex, n + 1);
    cost += frame.cost;
    scalarCost += frame.scalar_cost;
  }
  return { edges: [...edges.values()], gone, fresh, merged, cost, scalarCost };
}
