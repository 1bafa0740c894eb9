/** The readers of the graph section and of what is answered to its questions. What an older page leaves out has a default. */

import { integer, list, number, object, optional, pair, type Read, record, text, WireError } from "./decode.ts";
import type {
  Chip,
  Edge,
  EdgeKind,
  Failure,
  Figure,
  GraphAnswer,
  GraphIndex,
  GraphSection,
  IndexColumn,
  Info,
  Item,
  ItemKind,
  Operand,
  Overlay,
  Point,
  Scope,
  Source,
  SourceFile,
  Texts,
} from "./types.ts";

const point: Read<Point> = (value, where) => pair(value, where, number);
export const maybe = optional(text, null);
export const ends: Read<readonly [string, string]> = (value, where) => pair(value, where, text);

const chip: Read<Chip> = (value, where) => {
  if (!Array.isArray(value)) throw new WireError(`${where} is no pair of a value and its text`);
  return [maybe(value[0], where), text(value[1], where)];
};

/** `NaN` is a number, any other text a category. */
const figure: Read<Figure> = (value) => {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return null;
  return /^(NaN|-?Infinity)$/.test(value) ? Number(value) : value;
};
const figures: Read<Figure[]> = (value, where) => list(value, where, figure);

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
    phase: o.phase === "forward" || o.phase === "reverse" ? o.phase : null,
    chips: list(o.chips ?? [], `${where}.chips`, chip),
  };
};

const edge: Read<Edge> = (value, where) => {
  const o = object(value, where);
  return {
    from: text(o.from, `${where}.from`),
    to: text(o.to, `${where}.to`),
    points: list(o.points ?? [], `${where}.points`, point),
    label: text(o.label ?? "", `${where}.label`),
    kind: text(o.kind ?? "", `${where}.kind`) as EdgeKind,
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
    figures: record(o.figures ?? {}, `${where}.figures`, figures),
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

export const source: Read<Source | null> = (value, where) => {
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
    notes: list(o.notes ?? [], `${where}.notes`, ends),
  };
};

const overlay: Read<Overlay> = (value, where) => {
  const o = object(value, where);
  const id = text(o.id, `${where}.id`);
  return {
    id,
    name: text(o.name ?? id, `${where}.name`),
    unit: text(o.unit ?? "", `${where}.unit`),
    scale: o.scale === "category" ? "category" : "quantity",
    total: optional(number, null)(o.total, `${where}.total`),
    note: text(o.note ?? "", `${where}.note`),
    words: record(o.words ?? {}, `${where}.words`, text),
    ready: o.ready !== false,
    more: o.more === true,
  };
};

const failure: Read<Failure | null> = (value, where) => {
  if (value === null || value === undefined) return null;
  const o = object(value, where);
  return { text: text(o.text ?? "", `${where}.text`), source: source(o.source, `${where}.source`) };
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
    arrangement: text(o.arrangement ?? "layered", `${where}.arrangement`),
    arrangements: list(o.arrangements ?? ["layered"], `${where}.arrangements`, text),
    overlays: list(o.overlays ?? [], `${where}.overlays`, overlay),
    overlay: maybe(o.overlay, `${where}.overlay`),
    failure: failure(o.failure, `${where}.failure`),
  };
};

const COLUMNS: readonly IndexColumn[] = [
  "prefix",
  "number",
  "scope",
  "primitive",
  "name",
  "type",
  "params",
  "file",
  "line",
  "function",
  "count",
];

export const readIndex: Read<GraphIndex> = (value, where) => {
  const o = object(value, where);
  const raw = object(o.rows, `${where}.rows`);
  const length = Array.isArray(raw.prefix) ? raw.prefix.length : 0;
  const column = (name: IndexColumn): [string, Int32Array] => {
    const entries = raw[name];
    if (!Array.isArray(entries) || entries.length !== length)
      throw new WireError(`${where}.rows.${name} must be a list of ${length} whole numbers`);
    return [name, Int32Array.from(entries)];
  };
  return {
    strings: list(o.strings, `${where}.strings`, text),
    files: list(o.files ?? [], `${where}.files`, text),
    prefixes: list(o.prefixes, `${where}.prefixes`, text),
    scopes: list(o.scopes, `${where}.scopes`, (v, w) => {
      if (!Array.isArray(v)) throw new WireError(`${w} is no scope of an index`);
      return [text(v[0], w), integer(v[1], w), text(v[2] ?? "", w)] as const;
    }),
    rows: Object.fromEntries(COLUMNS.map(column)) as Record<IndexColumn, Int32Array>,
  };
};

export const readTexts: Read<Texts> = (value, where) => {
  const o = object(value, where);
  const listing = object(o.listing ?? {}, `${where}.listing`);
  return {
    listing: {
      text: list(listing.text ?? [], `${where}.listing.text`, text),
      node: list(listing.node ?? [], `${where}.listing.node`, maybe),
    },
    files: list(o.files ?? [], `${where}.files`, (v, w): SourceFile => {
      const file = object(v, w);
      return {
        name: text(file.name, `${w}.name`),
        first: integer(file.first ?? 1, `${w}.first`),
        lines: list(file.lines ?? [], `${w}.lines`, text),
      };
    }),
  };
};

/** What the kernel says to the graph view; null: it is for someone else. */
export function readGraphAnswer(value: unknown): GraphAnswer | null {
  const o = object(value, "message");
  const nodes = () => record(o.nodes ?? {}, "nodes", readInfo);
  switch (o.kind) {
    case "scope":
      return { kind: "scope", scope: readScope(o.scope, "scope"), nodes: nodes() };
    case "arrange":
      return { kind: "arrange", section: readGraph(o.section, "section") };
    case "index":
      return { kind: "index", index: readIndex(o.index, "index") };
    case "texts":
      return { kind: "texts", texts: readTexts(o.texts, "texts") };
    case "overlay":
      return {
        kind: "overlay",
        overlay: overlay(o.overlay, "overlay"),
        figures: record(o.figures ?? {}, "figures", figures),
      };
    case "around":
      return {
        kind: "around",
        id: text(o.id, "around.id"),
        radius: integer(o.radius, "around.radius"),
        scope: readScope(o.scope, "around.scope"),
        nodes: nodes(),
      };
    default:
      return null;
  }
}

export function sourceText(source: Source | null): string | null {
  return source ? `${source.file}:${source.line}` : null;
}
