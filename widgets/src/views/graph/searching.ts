/** The search of the graph view: which index is searched, what it found, and the walk from hit to hit. */

import type { Atlas } from "../../panes/atlas.ts";
import { carriedFinder } from "../../panes/carried.ts";
import { createFindBox } from "../../panes/find.ts";
import { Finder, type Hit } from "../../panes/finder.ts";
import type { GraphIndex, SourceFile } from "../../payload.ts";
import { sight, tally } from "./hits.ts";
import type { Ground, Stage } from "./stage.ts";

export interface Searching {
  readonly element: HTMLElement;
  readonly active: boolean;
  /** Of the whole index, or of what is carried. */
  finder(): Finder;
  want(): void;
  /** False once there is no hope for an index. */
  readonly hopeful: boolean;
  receive(index: GraphIndex): void;
  read(files: readonly SourceFile[]): void;
  /** Forget the index: it was of another section. */
  reset(): void;
  /** Mark these as if they had been searched for. */
  set(hits: readonly Hit[]): void;
  /** Item → how many hits it shows. */
  found(stage: Stage): ReadonlyMap<string, number>;
  step(turn: 1 | -1): void;
  focus(): void;
}

export function createSearching(ground: Ground, failed: () => void): Searching {
  let whole: Finder | null = null;
  let carried: { finder: Finder; atlas: Atlas; scopes: number } | null = null;
  let files: readonly SourceFile[] = [];
  let hopeful = true;
  let hits: readonly Hit[] = [];
  let now = -1;

  const box = createFindBox({
    search,
    go,
    look: (n) => finder().look(hits[n] ?? 0),
    opened: want,
    done: () => box.element.closest<HTMLElement>(".dl-root")?.focus({ preventScroll: true }),
  });

  function finder(): Finder {
    if (whole) return whole;
    const { atlas } = ground.stage();
    const scopes = Object.keys(atlas.scopes).length;
    if (!carried || carried.atlas !== atlas || carried.scopes !== scopes) {
      carried = { finder: carriedFinder(atlas), atlas, scopes };
      carried.finder.read(files);
    }
    return carried.finder;
  }

  function want(): void {
    if (whole || !hopeful) return;
    ground.fetcher.ask(
      "index",
      { kind: "index" },
      "",
      () => {
        hopeful = false;
        show();
        failed();
      },
      20,
    );
  }

  function search(query: string): void {
    hits = finder().find(query);
    now = -1;
    show();
    ground.mark();
    if (query.trim() !== "") ground.desk.say(hits.length === 1 ? "1 hit" : `${hits.length} hits`);
  }

  function show(): void {
    box.show(hits.length, now, { busy: ground.fetcher.waits("index"), partial: whole === null });
  }

  function go(n: number): void {
    const hit = hits[n];
    if (hit === undefined) return;
    now = n;
    show();
    const from = finder();
    ground.seek(from.idOf(hit), from.pathOf(from.homeOf(hit)));
  }

  return {
    element: box.element,
    get active() {
      return hits.length > 0;
    },
    finder,
    want,
    get hopeful() {
      return hopeful;
    },
    receive(index) {
      whole = new Finder(index, true);
      whole.read(files);
      if (box.query.trim() !== "") search(box.query);
      else show();
    },
    read(next) {
      files = next;
      finder().read(files);
    },
    reset() {
      [whole, carried, hopeful] = [null, null, true];
      hits = [];
      if (box.query.trim() !== "") search(box.query);
    },
    set(next) {
      hits = next;
      now = 0;
    },
    found: (stage) => (hits.length === 0 ? new Map() : tally(hits, sight(finder(), stage.atlas, stage.open))),
    step: (turn) =>
      hits.length > 0 && go((now < 0 && turn < 0 ? hits.length - 1 : now + turn + hits.length) % hits.length),
    focus: box.focus,
  };
}
