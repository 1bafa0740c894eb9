/** The source and the program beside the graph: asked for when first opened, and linked both ways with the selection. */

import { NO_KERNEL } from "../../desk.ts";
import { createTextsPane, type TextsPane } from "../../panes/texts.ts";
import type { Failure, Texts } from "../../payload.ts";
import type { Searching } from "./searching.ts";
import type { Ground } from "./stage.ts";

export interface Reading {
  readonly element: HTMLElement;
  readonly on: boolean;
  toggle(on?: boolean): void;
  /** Show the source at a line. */
  line(file: string, line: number): void;
  /** The selection is now `node`. */
  link(node: string | null): void;
  fail(failure: Failure): void;
  receive(texts: Texts): void;
  reset(): void;
  stop(): void;
}

export function createReading(ground: Ground, searching: Searching, changed: () => void): Reading {
  let texts: Texts | null = null;
  let linked: string | null = null;
  let cycle = { key: "", n: 0 };

  const pane: TextsPane = createTextsPane({
    pick: (id) => go(id),
    pickLine,
    made: (file, line) => searching.finder().rowsAt(file, line).length,
    close: () => toggle(false),
  });
  pane.element.hidden = true;

  function go(id: string): void {
    const finder = searching.finder();
    const row = finder.rowOf(id);
    ground.seek(id, row === undefined ? [] : finder.pathOf(finder.homeOf(row)));
  }

  /** The first node of a line; clicked again, the next one; the others are marked as found. */
  function pickLine(file: string, line: number): void {
    const rows = searching.finder().rowsAt(file, line);
    const key = `${file}:${line}`;
    cycle = { key, n: cycle.key === key ? (cycle.n + 1) % rows.length : 0 };
    const row = rows[cycle.n];
    if (row === undefined) return;
    searching.set(rows.slice(cycle.n).concat(rows.slice(0, cycle.n)));
    go(searching.finder().idOf(row));
    if (rows.length > 1) ground.desk.say(`${cycle.n + 1} of ${rows.length} nodes of line ${line}`);
  }

  function toggle(on = pane.element.hidden): void {
    pane.element.hidden = !on;
    changed();
    if (!on || texts) return;
    const without = ground.desk.link.kernel ? "The kernel does not answer." : `The source ${NO_KERNEL}.`;
    pane.show(null, "asking for the texts …");
    searching.want();
    ground.fetcher.ask("texts", { kind: "texts" }, "", () => pane.show(null, without), 20);
  }

  function link(node: string | null): void {
    linked = node;
    if (pane.element.hidden) return;
    const source = node === null ? null : ground.stage().atlas.info(node)?.source;
    const finder = searching.finder();
    const row = node === null ? undefined : finder.rowOf(node);
    const found = row === undefined ? null : finder.look(row);
    pane.link({ node, file: source?.file ?? found?.file ?? "", line: source?.line ?? found?.line ?? 0 });
  }

  return {
    element: pane.element,
    get on() {
      return !pane.element.hidden;
    },
    toggle(on) {
      toggle(on);
      link(linked);
    },
    line(file, line) {
      toggle(true);
      pane.tab("source");
      pane.link({ node: linked, file, line });
    },
    link,
    fail: ({ source }) => source && pane.fail(source.file, source.line),
    receive(next) {
      texts = next;
      searching.read(next.files);
      pane.show(next, "");
      if (linked !== null) link(linked);
    },
    reset() {
      texts = null;
      if (!pane.element.hidden) toggle(true);
    },
    stop: pane.stop,
  };
}
