/** The reader of the section of the adjoint. */

import { flag, integer, list, number, object, optional, pair, type Read, text, WireError } from "./decode.ts";
import { maybe } from "./graph.ts";
import type { AdjointSection, Contribution, Num, Point, Summary } from "./types.ts";

const point: Read<Point> = (value, where) => pair(value, where, number);
const num: Read<Num> = (value, where) => (Array.isArray(value) ? point(value, where) : number(value, where));

/** `[size, norm, min, max, mean, nan, inf, zero]` or null. */
export const readSummary: Read<Summary | null> = (value, where) => {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value) || value.length !== 8) throw new WireError(`${where} is no summary of 8 numbers`);
  // An entry is null where nothing is finite to take it over.
  const real = (k: number) => number(value[k] ?? Number.NaN, `${where}[${k}]`);
  const entry = (k: number) => num(value[k] ?? Number.NaN, `${where}[${k}]`);
  return {
    size: real(0),
    norm: real(1),
    min: entry(2),
    max: entry(3),
    mean: entry(4),
    nan: real(5),
    inf: real(6),
    zero: real(7),
  };
};

const contribution: Read<Contribution> = (value, where) => {
  const o = object(value, where);
  return {
    name: text(o.name ?? "", `${where}.name`),
    primal: readSummary(o.primal, `${where}.primal`),
    cotangent: readSummary(o.cotangent, `${where}.cotangent`),
  };
};

const COLUMNS = ["phase", "node", "path", "text", "source", "shape", "primal", "cotangent", "inputs", "flag"] as const;

export const readAdjoint: Read<AdjointSection> = (value, where) => {
  const o = object(value, where);
  const steps = integer(o.steps, `${where}.steps`);
  const raw = object(o.columns, `${where}.columns`);
  for (const name of COLUMNS) {
    const column = raw[name];
    if (!Array.isArray(column) || column.length !== steps)
      throw new WireError(`${where}.columns.${name} must be a list of ${steps} entries`);
  }
  const columns = raw as Record<(typeof COLUMNS)[number], unknown[]>;
  const marks = object(o.marks ?? {}, `${where}.marks`);
  return {
    steps,
    forward: integer(o.forward, `${where}.forward`),
    at(n) {
      const here = `${where}.columns[${n}]`;
      return {
        phase: columns.phase[n] === "reverse" ? "reverse" : "forward",
        node: text(columns.node[n] ?? "", here),
        path: text(columns.path[n] ?? "", here),
        text: text(columns.text[n] ?? "", here),
        source: maybe(columns.source[n], here),
        shape: text(columns.shape[n] ?? "", here),
        primal: readSummary(columns.primal[n], `${here}.primal`),
        cotangent: readSummary(columns.cotangent[n], `${here}.cotangent`),
        get inputs() {
          return list(columns.inputs[n] ?? [], `${here}.inputs`, contribution);
        },
        flag: flag(columns.flag[n]),
      };
    },
    arguments: list(o.arguments ?? [], `${where}.arguments`, contribution),
    explanation: text(o.explanation ?? "", `${where}.explanation`),
    firstNan: optional(integer, null)(marks.first_nan, `${where}.marks.first_nan`),
    truncated: maybe(o.truncated, `${where}.truncated`),
  };
};
