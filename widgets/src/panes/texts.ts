/** The pane beside the graph: the user's source and the program, both with the line of the selection marked. */

import { button, fill, h } from "../dom.ts";
import { icon } from "../draw/icons.ts";
import type { SourceFile, Texts } from "../payload.ts";
import { createVirtualList } from "./virtual.ts";

const ROW = 19;
type Tab = "source" | "program";

export interface TextsCalls {
  /** A line of the program was chosen. */
  pick(id: string): void;
  /** A line of the source was chosen: one of the nodes made there. */
  pickLine(file: string, line: number): void;
  /** How many nodes a line has made. */
  made(file: string, line: number): number;
  close(): void;
}

/** What is selected, as both texts know it. */
export interface Spot {
  readonly node: string | null;
  readonly file: string;
  readonly line: number;
}

export interface TextsPane {
  readonly element: HTMLElement;
  /** The texts, or why there are none. */
  show(texts: Texts | null, words: string): void;
  /** Mark the lines of the selection, and bring them into sight. */
  link(spot: Spot): void;
  /** The line that a partial graph failed at. */
  fail(file: string, line: number): void;
  tab(name: Tab): void;
  stop(): void;
}

export function createTextsPane(calls: TextsCalls): TextsPane {
  let texts: Texts | null = null;
  let tab: Tab = "source";
  let file: SourceFile | undefined;
  let spot: Spot = { node: null, file: "", line: 0 };
  let failed: { file: string; line: number } | null = null;
  let rowOf = new Map<string, number>();
  /** The line of the program that the trace stopped at: the innermost call that was not finished, or the end. */
  let cut = -1;

  const inSource = () => tab === "source";
  const length = () => (inSource() ? (file?.lines.length ?? 0) : (texts?.listing.text.length ?? 0));
  const live = (n: number) =>
    inSource()
      ? file !== undefined && calls.made(file.name, file.first + n) > 0
      : (texts?.listing.node[n] ?? null) !== null;

  function row(n: number): HTMLElement {
    const words = inSource() ? (file?.lines[n] ?? "") : (texts?.listing.text[n] ?? "");
    const line = inSource() ? (file?.first ?? 1) + n : n + 1;
    const bad = inSource() ? failed?.line === line && failed.file === file?.name : failed !== null && n === cut;
    const css = `${live(n) ? "dl-used" : "dl-idle"}${bad ? " dl-bad-line" : ""}`;
    return h(
      "div",
      { class: css, title: bad ? "the trace failed here" : words.length > 40 ? words.trim() : null },
      h("span", { class: "dl-gutter" }, bad ? "✗ " : "", String(line)),
      h("code", {}, words),
    );
  }

  function choose(n: number): void {
    const id = texts?.listing.node[n];
    if (inSource() && file && live(n)) calls.pickLine(file.name, file.first + n);
    else if (!inSource() && id) calls.pick(id);
  }

  const list = createVirtualList(ROW, row, choose, "lines");
  list.element.classList.add("dl-text-list");
  list.element.tabIndex = 0;
  const words = h("div", { class: "dl-empty" });
  const files = h("select", { class: "dl-select", "aria-label": "file" });
  const tabs = (["source", "program"] as const).map((name) => {
    const face = h("button", { type: "button", class: "dl-tab", "data-text": name }, name);
    face.addEventListener("click", () => open(name));
    return face;
  });
  const shut = button(icon("close"), "close this pane (s)", calls.close, "dl-button dl-quiet");
  const head = h("div", { class: "dl-text-head" }, h("div", { class: "dl-tabs", role: "group" }, ...tabs), files, shut);
  const element = h(
    "aside",
    { class: "dl-side dl-texts", "aria-label": "source and program" },
    head,
    words,
    list.element,
  );

  /** The row of the selection in what is open; −1: not here. */
  function current(): number {
    if (!inSource()) return spot.node === null ? -1 : (rowOf.get(spot.node) ?? -1);
    if (!file || spot.file !== file.name) return -1;
    const n = spot.line - file.first;
    return n >= 0 && n < file.lines.length ? n : -1;
  }

  function draw(): void {
    for (const face of tabs) face.setAttribute("aria-pressed", String(face.dataset.text === tab));
    files.hidden = !inSource() || (texts?.files.length ?? 0) < 2;
    list.element.hidden = length() === 0;
    words.hidden = length() > 0;
    if (texts && length() === 0)
      fill(words, inSource() ? "No source file of yours is known for this function." : "No program text.");
    list.resize(length());
    list.select(current());
  }

  function open(name: Tab): void {
    tab = name;
    list.element.scrollTop = 0;
    draw();
  }

  function openFile(name: string): void {
    const next = texts?.files.find((one) => one.name === name);
    if (!next || next === file) return;
    file = next;
    files.value = name;
    list.element.scrollTop = 0;
  }

  files.addEventListener("change", () => {
    openFile(files.value);
    draw();
  });
  list.element.addEventListener("keydown", (event) => {
    const turn = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (turn === undefined && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    const from = current();
    if (turn === undefined) return choose(from);
    for (let n = from < 0 && turn < 0 ? length() - 1 : from + turn; n >= 0 && n < length(); n += turn)
      if (live(n)) return choose(n);
  });
  return {
    element,
    show(next, why) {
      texts = next;
      fill(words, why);
      rowOf = new Map();
      next?.listing.node.forEach((id, n) => {
        if (id !== null && !rowOf.has(id)) rowOf.set(id, n);
      });
      const lines = next?.listing.text ?? [];
      const calls = lines.flatMap((line, n) => (line.endsWith(" = unfinished") ? [n] : []));
      cut = calls.pop() ?? lines.length - 1;
      fill(files, ...(next?.files ?? []).map(({ name }) => h("option", { value: name }, name.replace(/^.*[/\\]/, ""))));
      file = next?.files[0];
      if (failed) openFile(failed.file);
      if (spot.file) openFile(spot.file);
      if (next && next.files.length === 0) tab = "program";
      draw();
    },
    link(next) {
      spot = next;
      if (spot.file) openFile(spot.file);
      draw();
    },
    fail(name, line) {
      failed = { file: name, line };
      spot = { node: null, file: name, line };
      tab = "source";
    },
    tab: open,
    stop: list.stop,
  };
}
