/** What the wire carries (WIRE.md), as types. */

export type ViewName = "graph" | "check" | "adjoint" | "elimination";
/** A real number, or a complex one as [re, im]. */
export type Num = number | readonly [number, number];
export type Point = readonly [number, number];

export type ItemKind = "equation" | "input" | "constant" | "output" | "outer" | "scope";
export interface Item {
  readonly id: string;
  readonly kind: ItemKind;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly label: string;
  readonly detail: string;
  readonly scopes: readonly string[];
  /** The sweep of a gradient that it belongs to. */
  readonly phase: Phase;
  /** Operands drawn here, where they are used, instead of by an edge. */
  readonly chips: readonly Chip[];
}
export type Phase = "forward" | "reverse" | null;
export type Chip = readonly [value: string | null, text: string];
export type EdgeKind = "" | "residual" | "back" | "added" | "removed";
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly points: readonly Point[];
  readonly label: string;
  readonly kind: EdgeKind;
}
/** What an overlay says of an item: an amount, a category, or nothing. */
export type Figure = number | string | null;
/** Of each overlay, one figure an item. */
export type Figures = Readonly<Record<string, readonly Figure[]>>;
export interface Scope {
  readonly id: string;
  readonly label: string;
  readonly kind: string;
  readonly width: number;
  readonly height: number;
  readonly items: readonly Item[];
  readonly edges: readonly Edge[];
  readonly portals: readonly (readonly [string, string])[];
  readonly figures: Figures;
}
export interface Operand {
  readonly id: string | null;
  readonly name: string;
  readonly shape: string;
  readonly dtype: string;
}
export interface Source {
  readonly file: string;
  readonly line: number;
  readonly function: string;
  readonly text: string;
}
export interface Info {
  readonly primitive: string;
  readonly name: string;
  readonly text: string;
  readonly results: readonly Operand[];
  readonly operands: readonly Operand[];
  readonly consumers: readonly string[];
  readonly params: Readonly<Record<string, string>>;
  readonly source: Source | null;
  readonly scope: string;
  readonly notes: readonly (readonly [name: string, text: string])[];
}
export interface Overlay {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  readonly scale: "quantity" | "category";
  readonly total: number | null;
  readonly note: string;
  /** What each category means. */
  readonly words: Readonly<Record<string, string>>;
  /** False: computed when it is asked for. */
  readonly ready: boolean;
  /** Asked for, its note says more. */
  readonly more: boolean;
}
export interface Failure {
  readonly text: string;
  readonly source: Source | null;
}
export interface GraphSection {
  readonly root: string;
  readonly open: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly nodes: Readonly<Record<string, Info>>;
  readonly scopes: Readonly<Record<string, Scope>>;
  readonly arrangement: string;
  readonly arrangements: readonly string[];
  readonly overlays: readonly Overlay[];
  /** The overlay that is shown at first. */
  readonly overlay: string | null;
  /** What stopped the trace of a partial graph. */
  readonly failure: Failure | null;
}

export type IndexColumn =
  | "prefix"
  | "number"
  | "scope"
  | "primitive"
  | "name"
  | "type"
  | "params"
  | "file"
  | "line"
  | "function"
  | "count";
/** What is searched: columns of one entry a node, of all nodes of all graphs. */
export interface GraphIndex {
  readonly strings: readonly string[];
  readonly files: readonly string[];
  readonly scopes: readonly (readonly [id: string, parent: number, label: string])[];
  readonly prefixes: readonly string[];
  readonly rows: Readonly<Record<IndexColumn, ArrayLike<number>>>;
}
export interface SourceFile {
  readonly name: string;
  /** Number of the first line carried. */
  readonly first: number;
  readonly lines: readonly string[];
}
export interface Texts {
  readonly listing: { readonly text: readonly string[]; readonly node: readonly (string | null)[] };
  readonly files: readonly SourceFile[];
}

export interface Summary {
  readonly size: number;
  readonly norm: number;
  readonly min: Num;
  readonly max: Num;
  readonly mean: Num;
  readonly nan: number;
  readonly inf: number;
  readonly zero: number;
}
export interface Contribution {
  readonly name: string;
  readonly primal: Summary | null;
  readonly cotangent: Summary | null;
}
export type Flag = "nan" | "inf" | "zero" | null;
export interface Step {
  readonly phase: "forward" | "reverse";
  readonly node: string;
  readonly path: string;
  readonly text: string;
  readonly source: string | null;
  readonly shape: string;
  readonly primal: Summary | null;
  readonly cotangent: Summary | null;
  readonly inputs: readonly Contribution[];
  readonly flag: Flag;
}
export interface AdjointSection {
  readonly steps: number;
  readonly forward: number;
  /** Step `n`, read from the columns when asked for. */
  readonly at: (n: number) => Step;
  readonly arguments: readonly Contribution[];
  readonly explanation: string;
  readonly firstNan: number | null;
  readonly truncated: string | null;
}

export type StructuredEdge = readonly [from: string, to: string, structure: string];
export interface Vertex {
  readonly id: string;
  readonly label: string;
  /** `outer`: an end outside the open group; `group`: a part that opens, not one value. */
  readonly role: "input" | "intermediate" | "output" | "outer" | "group";
  readonly shape: string;
  /** Number of real entries; of a group, how many of its vertices are left. */
  readonly size: number;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}
export type CostModel = "nontrivial" | "all_edges";
export interface EliminationBound {
  /** No whole order costs less, all edges counted. */
  readonly value: number;
  /** Nor does one that goes on from the last frame. */
  readonly now: number;
  readonly method: string;
  /** Vertex → what its elimination costs at least. */
  readonly floors: Readonly<Record<string, number>>;
}
export interface MatrixCell {
  readonly row: number;
  readonly column: number;
  readonly original: number;
  readonly filled: number;
}
export interface EliminationFrame {
  readonly vertex: string;
  readonly cost: number;
  readonly scalar_cost: number;
  readonly added: readonly StructuredEdge[];
  readonly removed: readonly (readonly [string, string])[];
  /** Edges added to, with their structure then; an empty text: as it was. */
  readonly merged: readonly StructuredEdge[];
}
export interface Price {
  readonly cost: number;
  readonly scalar_cost: number;
  readonly fill: number;
}
export interface Baseline {
  readonly name: string;
  readonly cost: number;
  readonly scalar_cost: number;
  readonly order: readonly string[];
}
export interface EliminationSection {
  readonly vertices: readonly Vertex[];
  readonly edges: readonly StructuredEdge[];
  readonly width: number;
  readonly height: number;
  readonly frames: readonly EliminationFrame[];
  readonly order: readonly string[];
  readonly playable: Readonly<Record<string, Price>>;
  readonly counts: { readonly cost: number; readonly scalar_cost: number; readonly edges: number };
  readonly baselines: readonly Baseline[];
  readonly units: string;
  readonly truncated: string | null;
  /** Small boxes without texts, laid out from left to right. */
  readonly compact: boolean;
  /** All vertices that can be eliminated, drawn or not; null: those that are drawn. */
  readonly total: number | null;
  /** The model that the view begins with. */
  readonly model: CostModel;
  readonly bound: EliminationBound | null;
  /** Vertex → where completions put it. */
  readonly locks: Readonly<Record<string, "first" | "last">>;
  readonly can: { readonly undo: boolean; readonly redo: boolean };
  readonly puzzle: { readonly name: string; readonly par: number; readonly names: readonly string[] } | null;
  /** The open group of a graph that is too large to draw whole. */
  readonly group: { readonly id: string; readonly label: string } | null;
  /** Frames before the first one carried: a long game shows its end. */
  readonly before: { readonly steps: number; readonly cost: number; readonly scalar_cost: number };
  /** The matrix of a large graph, counted in `bins` by `bins` cells, after the last frame. */
  readonly matrix: { readonly bins: number; readonly of: number; readonly cells: readonly MatrixCell[] } | null;
}

/** A search as it runs: `events` are its improvements, in seconds since it began. */
export interface SearchProgress {
  readonly running: boolean;
  readonly model: CostModel;
  readonly budget: number;
  readonly seconds: number;
  readonly events: readonly { seconds: number; cost: number; bound: number; method: string }[];
  readonly status: string;
}
/** What each step of a named order costs. */
export interface Race {
  readonly name: string;
  readonly order: readonly string[];
  readonly costs: readonly number[];
  readonly scalar_costs: readonly number[];
}

export interface Failed {
  readonly failed: string;
}
export interface Notice {
  readonly level: "info" | "warning" | "error";
  readonly text: string;
}
export interface Focus {
  readonly view: ViewName | null;
  readonly selection: string | null;
  /** `elimination`: frames applied; null: all of them. */
  readonly steps: { readonly adjoint: number; readonly elimination: number | null };
}

export type Question =
  | { readonly kind: "scope"; readonly id: string; readonly arrangement: string }
  | { readonly kind: "arrange"; readonly name: string }
  | { readonly kind: "index" | "texts" }
  | { readonly kind: "overlay"; readonly id: string }
  | { readonly kind: "around"; readonly id: string; readonly radius: number }
  | { readonly kind: "eliminate"; readonly vertex: string; readonly at?: number }
  | { readonly kind: "undo" | "redo" | "reset" | "save" | "stop" | "adopt" | "verify" }
  | { readonly kind: "order" | "race" | "puzzle"; readonly name: string }
  | { readonly kind: "reorder"; readonly order: readonly string[] }
  | { readonly kind: "lock"; readonly vertex: string; readonly place: "first" | "last" | null }
  | { readonly kind: "finish"; readonly model: CostModel }
  | { readonly kind: "search"; readonly model: CostModel; readonly seconds: number }
  | { readonly kind: "open"; readonly group: string | null }
  | { readonly kind: "module"; readonly view: ViewName }
  | { readonly kind: "entry"; readonly i: number; readonly j: number }
  | { readonly kind: "array"; readonly step: number; readonly which: "primal" | "cotangent" };

type Nodes = Readonly<Record<string, Info>>;
export type GraphAnswer =
  | { readonly kind: "scope"; readonly scope: Scope; readonly nodes: Nodes }
  | { readonly kind: "arrange"; readonly section: GraphSection }
  | { readonly kind: "index"; readonly index: GraphIndex }
  | { readonly kind: "texts"; readonly texts: Texts }
  | {
      readonly kind: "overlay";
      readonly overlay: Overlay;
      readonly figures: Readonly<Record<string, readonly Figure[]>>;
    }
  | {
      readonly kind: "around";
      readonly id: string;
      readonly radius: number;
      readonly scope: Scope;
      readonly nodes: Nodes;
    };

export type Answer =
  | {
      readonly kind: "array";
      readonly step: number;
      readonly which: string;
      readonly shape: number[];
      readonly dtype: string;
    }
  | { readonly kind: "search"; readonly search: SearchProgress }
  | { readonly kind: "race"; readonly race: Race }
  | { readonly kind: "verdict"; readonly text: string; readonly proved: boolean }
  | { readonly kind: "module"; readonly view: ViewName; readonly code: string }
  | { readonly kind: "error"; readonly text: string };
