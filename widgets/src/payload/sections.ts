/** The readers of the four sections. */

import { flag, integer, list, number, object, optional, pair, type Read, record, text, WireError } from "./decode.ts";
import type {
  AdjointSection,
  CheckSection,
  Contribution,
  Edge,
  GraphSection,
  Info,
  Item,
  ItemKind,
  Num,
  Operand,
  Point,
  Scope,
  Source,
  Summary,
  Verdict,
} from "./types.ts";

const point: Read<Point> = (value, where) => pair(value, where, number);
const num: Read<Num> = (value, where) => (Array.isArray(value) ? point(value, where) : number(value, where));
export const maybe = optional(text, null);
export const ends: Read<readonly [string, string]> = (value, where) => pair(value, where, text);

export const item: Read<Item> = (value, where) => {
  const o = object(value, where);
  return {
    id: text(o.id, `${where}.id`),
    kind: text(o.kind, `${where}.kind`) as ItemKind,
    x: number(o.x, `${where}.x`),
    y: number(o.y, `${where}.y`),
    w: number(o.w, `${where}.w`),
    h: number(o.h, `${where}.h`),
    label: text(o.label ?? "", `${where}.label`),
    detail: text(o.detail ?? "", `${where}.detail`),
    scopes: list(o.scopes ?? [], `${where}.scopes`, text),
  };
};

const edge: Read<Edge> = (value, where) => {
  const o = object(value, where);
  return {
    from: text(o.from, `${where}.from`),
    to: text(o.to, `${where}.to`),
    points: list(o.points ?? [], `${where}.points`, point),
    label: text(o.label ?? "", `${where}.label`),
  };
};

export const readScope: Read<Scope> = (value, where) => {
  const o = object(value, where);
  return {
    id: text(o.id, `${where}.id`),
    label: text(o.label ?? "", `${where}.label`),
    kind: text(o.kind ?? "", `${where}.kind`),
    width: number(o.width, `${where}.width`),
    height: number(o.height, `${where}.height`),
    items: list(o.items, `${where}.items`, item),
    edges: list(o.edges ?? [], `${where}.edges`, edge),
    portals: list(o.portals ?? [], `${where}.portals`, ends),
  };
};

const operand: Read<Operand> = (value, where) => {
  const o = object(value, where);
  return {
    id: maybe(o.id, `${where}.id`),
    name: text(o.name ?? "", `${where}.name`),
    shape: text(o.shape ?? "", `${where}.shape`),
    dtype: text(o.dtype ?? "", `${where}.dtype`),
  };
};

const source: Read<Source | null> = (value, where) => {
  if (value === null || value === undefined) return null;
  const o = object(value, where);
  return {
    file: text(o.file, `${where}.file`),
    line: number(o.line ?? 0, `${where}.line`),
    function: text(o.function ?? "", `${where}.function`),
    text: text(o.text ?? "", `${where}.text`),
  };
};

export const readInfo: Read<Info> = (value, where) => {
  const o = object(value, where);
  return {
    primitive: text(o.primitive ?? "", `${where}.primitive`),
    name: text(o.name ?? "", `${where}.name`),
    text: text(o.text ?? "", `${where}.text`),
    results: list(o.results ?? [], `${where}.results`, operand),
    operands: list(o.operands ?? [], `${where}.operands`, operand),
    consumers: list(o.consumers ?? [], `${where}.consumers`, text),
    params: record(o.params ?? {}, `${where}.params`, text),
    source: source(o.source, `${where}.source`),
    scope: text(o.scope ?? "", `${where}.scope`),
  };
};

export const readGraph: Read<GraphSection> = (value, where) => {
  const o = object(value, where);
  const scopes = record(o.scopes, `${where}.scopes`, readScope);
  const root = text(o.root, `${where}.root`);
  if (!(root in scopes)) throw new WireError(`${where}.scopes has no root scope "${root}"`);
  return {
    root,
    scopes,
    open: list(o.open ?? [], `${where}.open`, text),
    counts: record(o.counts ?? {}, `${where}.counts`, number),
    nodes: record(o.nodes ?? {}, `${where}.nodes`, readInfo),
  };
};

export const readCheck: Read<CheckSection> = (value, where) => {
  const o = object(value, where);
  return {
    verdict: text(o.verdict, `${where}.verdict`),
    summary: text(o.summary ?? "", `${where}.summary`),
    point: list(o.point ?? [], `${where}.point`, (v, w) => {
      const p = object(v, w);
      return { name: text(p.name ?? "", w), value: text(p.value ?? "", w) };
    }),
    rows: list(o.rows, `${where}.rows`, text),
    columns: list(o.columns, `${where}.columns`, text),
    entries: list(o.entries, `${where}.entries`, (v, w) => {
      const e = object(v, w);
      return {
        i: integer(e.i, `${w}.i`),
        j: integer(e.j, `${w}.j`),
        verdict: text(e.verdict, `${w}.verdict`) as Verdict,
        symbolic: text(e.symbolic ?? "", `${w}.symbolic`),
        mathml: maybe(e.mathml, `${w}.mathml`),
        jacfwd: optional(num, null)(e.jacfwd, `${w}.jacfwd`),
        jacrev: optional(num, null)(e.jacrev, `${w}.jacrev`),
        truth: optional(num, null)(e.truth, `${w}.truth`),
        error: optional(number, null)(e.error, `${w}.error`),
        note: text(e.note ?? "", `${w}.note`),
      };
    }),
    left_out: number(o.left_out ?? 0, `${where}.left_out`),
    unsupported: list(o.unsupported ?? [], `${where}.unsupported`, (v, w) => {
      const u = object(v, w);
      return {
        primitive: text(u.primitive, w),
        node: text(u.node ?? "", w),
        source: typeof u.source === "string" || !u.source ? maybe(u.source, w) : sourceText(source(u.source, w)),
      };
    }),
    notes: list(o.notes ?? [], `${where}.notes`, text),
    path: list(o.path ?? [], `${where}.path`, text),
    snippet: text(o.snippet ?? "", `${where}.snippet`),
  };
};

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

export function sourceText(source: Source | null): string | null {
  return source ? `${source.file}:${source.line}` : null;
}
