/** One moment as the marks of its drawing. */

import type { EdgeMark, VertexMark } from "../draw/elimination.ts";
import { lookOf, type Moment, priceOf } from "./moment.ts";

export function vertexMarks(at: Moment, selection: string | null): VertexMark[] {
  const { section, model, prices, state } = at;
  const next = section.frames[at.step];
  const most = [...prices.values()].reduce((high, price) => Math.max(high, price.cost), 1);
  return section.vertices.map((vertex): VertexMark => {
    const price = prices.get(vertex.id);
    const isNext = next?.vertex === vertex.id;
    return {
      vertex,
      gone: state.gone.has(vertex.id) || (vertex.role === "group" && vertex.size === 0),
      cost: price?.cost ?? (isNext && next ? priceOf(model, next) : null),
      depth: price ? 0.08 + 0.5 * Math.sqrt(price.cost / most) : 0,
      next: isNext,
      selected: vertex.id === selection,
      lock: section.locks[vertex.id],
    };
  });
}

export function edgeMarks(at: Moment): EdgeMark[] {
  return at.state.edges.map((edge) => ({ ...edge, look: lookOf(at, edge) }));
}
