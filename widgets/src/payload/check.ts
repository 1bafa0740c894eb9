/** The check section: its types, its reader, and the reader of what the kernel says of one entry. */

import { integer, list, number, object, optional, type Read, record, text } from "./decode.ts";
import { maybe, source, sourceText } from "./graph.ts";
import type { Source } from "./types.ts";

export type Verdict =
  | "proved"
  | "proved with high probability"
  | "agrees"
  | "unsupported"
  | "undecided"
  | "not differentiable here"
  | "not finite"
  | "refuted";
export interface Named {
  readonly name: string;
  readonly value: string;
}
/** A row or a column: its number in the whole Jacobian, and its name. */
export type Line = readonly [number, string];
/** The rows or columns of one leaf. */
export interface Leaf {
  readonly name: string;
  readonly shape: string;
  readonly first: number;
  readonly size: number;
}
export interface CheckEntry {
  readonly i: number;
  readonly j: number;
  readonly verdict: Verdict;
  readonly jacfwd: number | null;
  readonly jacrev: number | null;
  readonly truth: number | null;
  readonly error: number | null;
  readonly digits: number | null;
  readonly note: string;
  readonly modes: Readonly<Record<string, string>>;
}
export interface Witness {
  readonly point: readonly Named[];
  readonly ad: string;
  readonly true: string;
  readonly ratio: number;
  readonly method: string;
  readonly snippet: string;
}
export interface Finding {
  readonly kind: string;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  readonly mode: string;
  readonly order: number;
  readonly entry: readonly [number, number] | null;
  readonly name: string;
  readonly rule: string;
  readonly source: Source | null;
  readonly node: string | null;
  readonly hint: string;
  readonly witness: Witness | null;
}
export interface CheckedPoint {
  readonly label: string;
  readonly branch: number;
  readonly outcome: string;
  readonly decisions: number;
  readonly values: readonly Named[];
}
export interface CheckSection {
  readonly verdict: string;
  readonly summary: string;
  readonly evidence: string;
  readonly seconds: number;
  readonly order: number;
  /** Digits that the coarsest type holds. */
  readonly full: number;
  /** Small enough that formulas are asked for unasked. */
  readonly eager: boolean;
  readonly totals: Readonly<Record<string, number>>;
  readonly size: readonly [number, number];
  readonly rows: readonly Line[];
  readonly columns: readonly Line[];
  readonly groups: { readonly rows: readonly Leaf[]; readonly columns: readonly Leaf[] };
  readonly entries: readonly CheckEntry[];
  readonly left_out: number;
  readonly findings: readonly Finding[];
  readonly point: readonly Named[];
  readonly points: readonly CheckedPoint[];
  readonly branches: number;
  /** Derivative programs that JAX lacks, and why. */
  readonly missing: Readonly<Record<string, string>>;
  readonly unsupported: readonly {
    readonly primitive: string;
    readonly node: string;
    readonly source: string | null;
  }[];
  readonly notes: readonly string[];
  readonly path: readonly string[];
  readonly snippet: string;
}

/** A local partial on the way from an input to an output. */
export interface DerivationLink {
  readonly of: string;
  readonly by: string;
  readonly partial: string;
  readonly primitive: string;
  readonly equation: string;
  readonly node: string;
  readonly source: Source | null;
}
export interface EntryAnswer {
  readonly kind: "entry";
  readonly i: number;
  readonly j: number;
  readonly formula: string | null;
  readonly mathml: string | null;
  readonly why: string;
  readonly derivation: {
    readonly paths: number;
    readonly links: readonly DerivationLink[];
    readonly left_out: number;
    readonly sum: string;
  } | null;
  readonly listing: readonly {
    readonly depth: number;
    readonly text: string;
    readonly partials: readonly string[];
    readonly source: Source | null;
  }[];
  readonly losses: readonly {
    readonly mode: string;
    readonly kind: string;
    readonly text: string;
    readonly before: number;
    readonly after: number;
    readonly source: Source | null;
    readonly advice: string;
  }[];
}

const some = optional(number, null);
const words: Read<string> = (value, where) => text(value ?? "", where);

const named: Read<Named> = (value, where) => {
  const o = object(value, where);
  return { name: words(o.name, where), value: words(o.value, where) };
};

const two: Read<readonly [number, number]> = (value, where) => {
  const [a, b] = list(value, where, integer);
  return [a ?? 0, b ?? 0];
};

const line: Read<Line> = (value, where) => {
  const both = Array.isArray(value) ? value : [];
  return [integer(both[0], where), text(both[1], where)];
};

const leaf: Read<Leaf> = (value, where) => {
  const o = object(value, where);
  const at = { name: words(o.name, where), shape: words(o.shape, where) };
  return { ...at, first: integer(o.first, where), size: integer(o.size, where) };
};

const entry: Read<CheckEntry> = (value, where) => {
  const o = object(value, where);
  return {
    i: integer(o.i, `${where}.i`),
    j: integer(o.j, `${where}.j`),
    verdict: text(o.verdict, `${where}.verdict`) as Verdict,
    jacfwd: some(o.jacfwd, `${where}.jacfwd`),
    jacrev: some(o.jacrev, `${where}.jacrev`),
    truth: some(o.truth, `${where}.truth`),
    error: some(o.error, `${where}.error`),
    digits: some(o.digits, `${where}.digits`),
    note: words(o.note, `${where}.note`),
    modes: record(o.modes ?? {}, `${where}.modes`, text),
  };
};

const witness: Read<Witness | null> = (value, where) => {
  if (value === null || value === undefined) return null;
  const o = object(value, where);
  return {
    point: list(o.point ?? [], `${where}.point`, named),
    ad: text(o.ad, `${where}.ad`),
    true: text(o.true, `${where}.true`),
    ratio: number(o.ratio ?? "NaN", `${where}.ratio`),
    method: words(o.method, `${where}.method`),
    snippet: words(o.snippet, `${where}.snippet`),
  };
};

const finding: Read<Finding> = (value, where) => {
  const o = object(value, where);
  const severity = o.severity === "error" || o.severity === "warning" ? o.severity : "info";
  return {
    kind: words(o.kind, `${where}.kind`),
    severity,
    message: text(o.message, `${where}.message`),
    mode: words(o.mode, `${where}.mode`),
    order: number(o.order ?? 1, `${where}.order`),
    entry: optional(two, null)(o.entry, `${where}.entry`),
    name: words(o.name, `${where}.name`),
    rule: words(o.rule, `${where}.rule`),
    source: source(o.source, `${where}.source`),
    node: maybe(o.node, `${where}.node`),
    hint: words(o.hint, `${where}.hint`),
    witness: witness(o.witness, `${where}.witness`),
  };
};

const checkedPoint: Read<CheckedPoint> = (value, where) => {
  const o = object(value, where);
  return {
    label: words(o.label, where),
    branch: number(o.branch ?? 0, `${where}.branch`),
    outcome: words(o.outcome, where),
    decisions: number(o.decisions ?? 0, `${where}.decisions`),
    values: list(o.values ?? [], `${where}.values`, named),
  };
};

export const readCheck: Read<CheckSection> = (value, where) => {
  const o = object(value, where);
  const rows = list(o.rows, `${where}.rows`, line);
  const columns = list(o.columns, `${where}.columns`, line);
  const groups = object(o.groups ?? {}, `${where}.groups`);
  return {
    verdict: text(o.verdict, `${where}.verdict`),
    summary: words(o.summary, `${where}.summary`),
    evidence: words(o.evidence, `${where}.evidence`),
    seconds: number(o.seconds ?? 0, `${where}.seconds`),
    order: number(o.order ?? 1, `${where}.order`),
    full: number(o.full ?? 16, `${where}.full`),
    eager: o.eager === true,
    totals: record(o.totals ?? {}, `${where}.totals`, number),
    size: o.size === undefined ? [rows.length, columns.length] : two(o.size, `${where}.size`),
    rows,
    columns,
    groups: {
      rows: list(groups.rows ?? [], `${where}.groups.rows`, leaf),
      columns: list(groups.columns ?? [], `${where}.groups.columns`, leaf),
    },
    entries: list(o.entries, `${where}.entries`, entry),
    left_out: number(o.left_out ?? 0, `${where}.left_out`),
    findings: list(o.findings ?? [], `${where}.findings`, finding),
    point: list(o.point ?? [], `${where}.point`, named),
    points: list(o.points ?? [], `${where}.points`, checkedPoint),
    branches: number(o.branches ?? 1, `${where}.branches`),
    missing: record(o.missing ?? {}, `${where}.missing`, text),
    unsupported: list(o.unsupported ?? [], `${where}.unsupported`, (v, w) => {
      const u = object(v, w);
      return {
        primitive: text(u.primitive, w),
        node: words(u.node, w),
        source: typeof u.source === "string" || !u.source ? maybe(u.source, w) : sourceText(source(u.source, w)),
      };
    }),
    notes: list(o.notes ?? [], `${where}.notes`, text),
    path: list(o.path ?? [], `${where}.path`, text),
    snippet: words(o.snippet, `${where}.snippet`),
  };
};

export function readEntry(value: unknown): EntryAnswer {
  const o = object(value, "entry");
  return {
    kind: "entry",
    i: integer(o.i, "entry.i"),
    j: integer(o.j, "entry.j"),
    formula: maybe(o.formula, "entry.formula"),
    mathml: maybe(o.mathml, "entry.mathml"),
    why: words(o.why, "entry.why"),
    derivation: optional(derivation, null)(o.derivation, "entry.derivation"),
    listing: list(o.listing ?? [], "entry.listing", (v, w) => {
      const l = object(v, w);
      return {
        depth: number(l.depth ?? 0, w),
        text: words(l.text, w),
        partials: list(l.partials ?? [], w, text),
        source: source(l.source, w),
      };
    }),
    losses: list(o.losses ?? [], "entry.losses", (v, w) => {
      const l = object(v, w);
      return {
        mode: words(l.mode, w),
        kind: words(l.kind, w),
        text: words(l.text, w),
        before: number(l.before ?? 0, w),
        after: number(l.after ?? 0, w),
        source: source(l.source, w),
        advice: words(l.advice, w),
      };
    }),
  };
}

const derivation: Read<NonNullable<EntryAnswer["derivation"]>> = (value, where) => {
  const o = object(value, where);
  return {
    paths: number(o.paths ?? 0, `${where}.paths`),
    links: list(o.links ?? [], `${where}.links`, (v, w) => {
      const l = object(v, w);
      return {
        of: words(l.of, w),
        by: words(l.by, w),
        partial: words(l.partial, w),
        primitive: words(l.primitive, w),
        equation: words(l.equation, w),
        node: words(l.node, w),
        source: source(l.source, w),
      };
    }),
    left_out: number(o.left_out ?? 0, `${where}.left_out`),
    sum: words(o.sum, `${where}.sum`),
  };
};
