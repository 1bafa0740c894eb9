/**
 * The search over an index of all nodes. Words are joined by AND; each may stand in any text of a node, or in one of them
 * (`prim:dot line:10-20`). Every distinct text is looked at once, the rows then only by number: 69,000 rows a keystroke.
 */

import type { GraphIndex, IndexColumn, SourceFile } from "../payload.ts";

/** A row of the index, or −1 − k for scope k. */
export type Hit = number;

export interface Found {
  readonly id: string;
  readonly name: string;
  readonly primitive: string;
  readonly type: string;
  /** Labels of the scopes around it, outermost first. */
  readonly path: readonly string[];
  readonly file: string;
  readonly line: number;
  readonly count: number;
}

interface Term {
  readonly field: string;
  readonly word: string;
}

const TEXTS: readonly IndexColumn[] = ["primitive", "name", "type", "params", "function"];
const FIELDS: Readonly<Record<string, readonly IndexColumn[]>> = {
  "": TEXTS,
  name: ["name"],
  prim: ["primitive"],
  type: ["type"],
  shape: ["type"],
  param: ["params"],
  in: ["function"],
  file: [],
  line: [],
  scope: [],
};

export function parseQuery(query: string): Term[] {
  const terms: Term[] = [];
  for (const [, field, quoted, plain] of query.toLowerCase().matchAll(/(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/g)) {
    const word = quoted ?? plain ?? "";
    // A qualifier that is still being typed says nothing yet.
    if (word.endsWith(":") && word.slice(0, -1) in FIELDS) continue;
    if (field !== undefined && !(field in FIELDS)) terms.push({ field: "", word: `${field}:${word}` });
    else if (word !== "") terms.push({ field: field ?? "", word });
  }
  return terms;
}

export class Finder {
  readonly size: number;
  /** All strings in small letters, one a line, and where each begins. */
  private readonly text: string;
  private readonly starts: Uint32Array;
  private readonly labels: readonly string[];
  private rowsById: Map<string, number> | null = null;
  private rowsByLine: Map<string, number[]> | null = null;
  /** Of each file of the index the lines of its source in small letters, from line `first` on. */
  private lines: readonly ({ readonly first: number; readonly lower: readonly string[] } | undefined)[] = [];

  /** `complete`: all nodes there are, not only those carried so far. */
  constructor(
    private readonly index: GraphIndex,
    readonly complete: boolean,
  ) {
    this.size = index.rows.prefix.length;
    const lower = index.strings.map((words) => words.toLowerCase().replaceAll("\n", " "));
    let start = 0;
    this.text = lower.join("\n");
    this.starts = Uint32Array.from(lower, (words) => {
      const at = start;
      start += words.length + 1;
      return at;
    });
    this.labels = index.scopes.map(([, , label]) => label.toLowerCase());
  }

  /** From now on lines of the source are searched too. */
  read(files: readonly SourceFile[]): void {
    this.lines = this.index.files.map((name) => {
      const file = files.find((one) => one.name === name);
      return file && { first: file.first, lower: file.lines.map((line) => line.toLowerCase()) };
    });
  }

  find(query: string): Hit[] {
    const terms = parseQuery(query);
    if (terms.length === 0) return [];
    const left = new Uint8Array(this.size).fill(1);
    for (const term of terms) this.sieve(left, term);
    const hits: Hit[] = [];
    for (let row = 0; row < this.size; row++) if (left[row] === 1) hits.push(row);
    const named = terms.every(({ field }) => field === "" || field === "scope" || field === "name");
    return named ? [...this.scopesWith(terms), ...hits] : hits;
  }

  private scopesWith(terms: readonly Term[]): Hit[] {
    return this.index.scopes.flatMap(([, parent], k) =>
      parent >= 0 && terms.every(({ word }) => this.labels[k]?.includes(word)) ? [-1 - k] : [],
    );
  }

  /** Take out of `left` the rows that a term does not hold for. */
  private sieve(left: Uint8Array, { field, word }: Term): void {
    const { rows, files } = this.index;
    const keep = (test: (row: number) => boolean) => {
      for (let row = 0; row < this.size; row++) if (left[row] === 1 && !test(row)) left[row] = 0;
    };
    if (field === "line") {
      const [low, high] = /^\d+-\d+$/.test(word) ? word.split("-").map(Number) : [Number(word), Number(word)];
      return keep((row) => at(rows.line, row) >= Math.max(1, low ?? 0) && at(rows.line, row) <= (high ?? 0));
    }
    if (field === "file") {
      const named = files.map((name) => name.toLowerCase().includes(word));
      return keep((row) => named[at(rows.file, row)] === true);
    }
    if (field === "scope") {
      const inside = this.index.scopes.map((_, k) => this.chain(k).some((s) => this.labels[s]?.includes(word)));
      return keep((row) => inside[at(rows.scope, row)] === true);
    }
    const hit = new Uint8Array(this.starts.length);
    // One search through all strings at once, on from the next string after each that has the word.
    for (let at = this.text.indexOf(word), k = 0; at >= 0; at = this.text.indexOf(word, this.starts[k + 1])) {
      while ((this.starts[k + 1] ?? at + 1) <= at) k++;
      hit[k] = 1;
      if (k + 1 >= hit.length) break;
    }
    const found = new Uint8Array(this.size);
    if (hit.includes(1))
      for (const name of FIELDS[field] ?? TEXTS) {
        const column = this.index.rows[name];
        for (let row = 0; row < column.length; row++) if (hit[column[row] ?? 0] === 1) found[row] = 1;
      }
    if (field === "") this.addLines(found, word);
    for (let row = 0; row < found.length; row++) if (found[row] === 0) left[row] = 0;
  }

  /** Add the rows made at a line of the source with `word`. */
  private addLines(found: Uint8Array, word: string): void {
    const has = this.lines.map((file) => file && Uint8Array.from(file.lower, (line) => (line.includes(word) ? 1 : 0)));
    if (!has.some((lines) => lines?.includes(1))) return;
    const [files, lines] = [this.index.rows.file, this.index.rows.line];
    for (let row = 0; row < found.length; row++) {
      const file = files[row] ?? -1;
      if (has[file]?.[(lines[row] ?? 0) - (this.lines[file]?.first ?? 0)] === 1) found[row] = 1;
    }
  }

  /** Scope `k` and those around it, innermost first; the whole function, which needs no opening, is left out. */
  private chain(k: number): number[] {
    const out: number[] = [];
    for (let at = k; at >= 0 && out.length < 999; ) {
      const parent = this.index.scopes[at]?.[1] ?? -1;
      if (parent >= 0) out.push(at);
      at = parent;
    }
    return out;
  }

  /** The scope a hit stands in, as a number. */
  homeOf(hit: Hit): number {
    return hit >= 0 ? at(this.index.rows.scope, hit) : (this.index.scopes[-1 - hit]?.[1] ?? -1);
  }

  /** The ids of the scopes that must be open to see it, outermost first. */
  pathOf(scope: number): string[] {
    return this.chain(scope)
      .map((k) => this.index.scopes[k]?.[0] ?? "")
      .reverse();
  }

  /** A node's id, or a scope's. */
  idOf(hit: Hit): string {
    if (hit < 0) return this.index.scopes[-1 - hit]?.[0] ?? "";
    const { prefix, number } = this.index.rows;
    const n = at(number, hit);
    return `${this.index.prefixes[at(prefix, hit)] ?? ""}${n >= 0 ? n : `i${-1 - n}`}`;
  }

  rowOf(id: string): number | undefined {
    this.rowsById ??= new Map(Array.from({ length: this.size }, (_, row) => [this.idOf(row), row]));
    return this.rowsById.get(id);
  }

  rowsAt(file: string, line: number): readonly number[] {
    if (!this.rowsByLine) {
      this.rowsByLine = new Map();
      for (let row = 0; row < this.size; row++) {
        const key = `${at(this.index.rows.file, row)}:${at(this.index.rows.line, row)}`;
        const rows = this.rowsByLine.get(key);
        if (rows) rows.push(row);
        else this.rowsByLine.set(key, [row]);
      }
    }
    return line > 0 ? (this.rowsByLine.get(`${this.index.files.indexOf(file)}:${line}`) ?? []) : [];
  }

  look(hit: Hit): Found {
    const { rows, strings, files } = this.index;
    const path = this.chain(this.homeOf(hit)).map(
      (k) => this.index.scopes[k]?.[2] || (this.index.scopes[k]?.[0] ?? ""),
    );
    path.reverse();
    if (hit < 0) {
      const [id, , label] = this.index.scopes[-1 - hit] ?? ["", -1, ""];
      return { id, name: label || id, primitive: "", type: "", path, file: "", line: 0, count: 1 };
    }
    const word = (column: IndexColumn) => strings[at(rows[column], hit)] ?? "";
    return {
      id: this.idOf(hit),
      name: word("name"),
      primitive: word("primitive"),
      type: word("type"),
      path,
      file: files[at(rows.file, hit)] ?? "",
      line: at(rows.line, hit),
      count: at(rows.count, hit),
    };
  }
}

const at = (column: ArrayLike<number>, row: number): number => column[row] ?? 0;
