/** The views' own ES modules: those at hand, and those that come from the kernel when their tab is first opened. */

import { type Desk, NO_KERNEL, type View } from "./desk.ts";
import type { Link, Stop } from "./link.ts";
import { readAnswer, type ViewName } from "./payload.ts";
import type { Sheets } from "./style/index.ts";

export interface ViewModule {
  readonly name: ViewName;
  readonly make: (section: unknown, desk: Desk) => View;
  readonly sheets: Sheets;
}

/** Turns the text of a module into the module. */
export type Importer = (code: string) => Promise<unknown>;

export async function importText(code: string): Promise<unknown> {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

export interface Modules {
  get(name: ViewName): ViewModule | undefined;
  /** Ask for a view's module that is wanted now; `arrived` of createModules hears of it. */
  fetch(name: ViewName): void;
  /** Ask for those that may be wanted later, while there is a kernel. */
  prefetch(names: readonly ViewName[]): void;
  stop: Stop;
}

export function createModules(
  own: readonly ViewModule[],
  link: Link,
  ask: Desk["ask"],
  run: Importer,
  arrived: (module: ViewModule) => void,
  failed: (name: ViewName, words: string) => void,
): Modules {
  const known = new Map<ViewName, ViewModule>(own.map((module) => [module.name, module]));
  const waiting = new Map<ViewName, Stop>();
  const stop = link.hear((message) => {
    if ((message as { kind?: unknown })?.kind !== "module") return;
    const answer = readAnswer(message);
    if (answer?.kind !== "module" || known.has(answer.view)) return;
    const { view, code } = answer;
    waiting.get(view)?.();
    run(code).then(
      (loaded) => {
        waiting.delete(view);
        const module = (loaded as { view?: ViewModule }).view;
        if (module?.name !== view) return failed(view, "the module that came is not this view's: reinstall difflab");
        known.set(view, module);
        arrived(module);
      },
      (fault) => {
        waiting.delete(view);
        failed(view, `this view's code could not be loaded: ${fault}`);
      },
    );
  });
  return {
    get: (name) => known.get(name),
    fetch(name) {
      if (waiting.has(name)) return;
      const late = link.kernel ? "the kernel does not answer: run the cell again" : `this view ${NO_KERNEL}`;
      let refused = false;
      const done = ask({ kind: "module", view: name }, late, () => {
        refused = true;
        waiting.delete(name);
        failed(name, late);
      });
      if (!refused) waiting.set(name, done);
    },
    prefetch(names) {
      if (!link.kernel) return;
      for (const view of names) if (!known.has(view) && !waiting.has(view)) link.send({ kind: "module", view });
    },
    stop,
  };
}
