/** The reader of the elimination section. */

import { integer, list, number, object, optional, type Read, record, text, WireError } from "./decode.ts";
import { ends, item, maybe } from "./graph.ts";
import type { CostModel, EliminationBound, EliminationSection, StructuredEdge, Vertex } from "./types.ts";

export const readModel: Read<CostModel> = (value, where) =>
  text(value ?? "nontrivial", where) === "all_edges" ? "all_edges" : "nontrivial";

const readBound: Read<EliminationBound> = (value, where) => {
  const o = object(value, where);
  return {
    value: number(o.value, `${where}.value`),
    now: number(o.now ?? o.value, `${where}.now`),
    method: text(o.method ?? "", `${where}.method`),
    floors: record(o.floors ?? {}, `${where}.floors`, number),
  };
};

const structured: Read<StructuredEdge> = (value, where) => {
  if (!Array.isArray(value)) throw new WireError(`${where} is no edge`);
  return [text(value[0], where), text(value[1], where), text(value[2] ?? "", where)];
};

export const readElimination: Read<EliminationSection> = (value, where) => {
  const o = object(value, where);
  const counts = object(o.counts ?? {}, `${where}.counts`);
  const before = object(o.before ?? {}, `${where}.before`);
  const can = object(o.can ?? { undo: Array.isArray(o.frames) && o.frames.length > 0 }, `${where}.can`);
  const cost = (c: Record<string, unknown>, w: string) => ({
    cost: number(c.cost ?? 0, `${w}.cost`),
    scalar_cost: number(c.scalar_cost ?? 0, `${w}.scalar_cost`),
  });
  return {
    vertices: list(o.vertices, `${where}.vertices`, (v, w) => {
      const { kind: _, detail: __, scopes: ___, ...place } = item({ kind: "equation", ...object(v, w) }, w);
      const raw = object(v, w);
      return {
        ...place,
        role: text(raw.role, `${w}.role`) as Vertex["role"],
        shape: text(raw.shape ?? "", w),
        size: number(raw.size ?? 1, `${w}.size`),
      };
    }),
    edges: list(o.edges, `${where}.edges`, structured),
    width: number(o.width, `${where}.width`),
    height: number(o.height, `${where}.height`),
    frames: list(o.frames ?? [], `${where}.frames`, (v, w) => {
      const f = object(v, w);
      return {
        vertex: text(f.vertex, `${w}.vertex`),
        ...cost(f, w),
        added: list(f.added ?? [], `${w}.added`, structured),
        removed: list(f.removed ?? [], `${w}.removed`, ends),
        merged: list(f.merged ?? [], `${w}.merged`, structured),
      };
    }),
    order: list(o.order ?? [], `${where}.order`, text),
    playable: record(o.playable ?? {}, `${where}.playable`, (v, w) => {
      const p = object(v, w);
      return { ...cost(p, w), fill: number(p.fill ?? 0, `${w}.fill`) };
    }),
    counts: { ...cost(counts, `${where}.counts`), edges: number(counts.edges ?? 0, `${where}.counts.edges`) },
    baselines: list(o.baselines ?? [], `${where}.baselines`, (v, w) => {
      const b = object(v, w);
      return { name: text(b.name, `${w}.name`), ...cost(b, w), order: list(b.order ?? [], `${w}.order`, text) };
    }),
    units: text(o.units ?? "multiplications", `${where}.units`),
    truncated: maybe(o.truncated, `${where}.truncated`),
    compact: o.compact === true,
    total: optional(integer, null)(o.total, `${where}.total`),
    model: readModel(o.model, `${where}.model`),
    bound: optional(readBound, null)(o.bound, `${where}.bound`),
    locks: record(o.locks ?? {}, `${where}.locks`, (v) => (v === "last" ? "last" : "first")),
    can: { undo: can.undo === true, redo: can.redo === true },
    puzzle: optional((v, w) => {
      const p = object(v, w);
      return { name: text(p.name, w), par: number(p.par, w), names: list(p.names ?? [], w, text) };
    }, null)(o.puzzle, `${where}.puzzle`),
    group: optional((v, w) => {
      const g = object(v, w);
      return { id: text(g.id, w), label: text(g.label ?? "", w) };
    }, null)(o.group, `${where}.group`),
    before: { ...cost(before, `${where}.before`), steps: integer(before.steps ?? 0, `${where}.before.steps`) },
    matrix: optional((v, w) => {
      const m = object(v, w);
      const cells = list(m.cells, `${w}.cells`, (cell, at) => {
        const [row = 0, column = 0, original = 0, filled = 0] = list(cell, at, number);
        return { row, column, original, filled };
      });
      return { bins: integer(m.bins, `${w}.bins`), of: integer(m.of, `${w}.of`), cells };
    }, null)(o.matrix, `${where}.matrix`),
  };
};
