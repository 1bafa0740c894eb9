/** What the shell gives to each view, and what it wants from one. */

import type { FocusStore } from "./focus.ts";
import type { KeyLine } from "./keys.ts";
import type { Link, Stop } from "./link.ts";
import { type Notice, type Question, readAnswer, type ViewName } from "./payload.ts";

export const NO_KERNEL = "needs a running kernel: this is a saved page";
const PATIENCE = 5000;

export interface Desk {
  readonly link: Link;
  readonly focus: FocusStore;
  /** Put a line before screen readers. */
  say(text: string): void;
  notify(level: Notice["level"], text: string): void;
  /** Open another tab, if this page has it. */
  open(view: ViewName): void;
  readonly views: readonly ViewName[];
  /** Run `act` so that what it throws is shown in this view's tab. */
  guard<A extends unknown[], R>(act: (...args: A) => R): (...args: A) => R | undefined;
  /** Ask the kernel; unless the returned function is called within 5 s (or `patience`), say `late`, if anything, and call `fail`. */
  ask(question: Question, late: string, fail?: () => void, patience?: number): Stop;
}

export interface View {
  readonly element: HTMLElement;
  readonly help: readonly KeyLine[];
  /** True when the key was used. */
  key(event: KeyboardEvent): boolean;
  /** The section changed: show the new one, keep what the user has arranged. */
  refresh(section: unknown): void;
  /** The tab came to the front or changed size. */
  shown(): void;
  stop: Stop;
}

/** The asking half of a desk: sends, waits, and complains. */
export function createAsking(link: Link, notify: Desk["notify"]): { ask: Desk["ask"]; stop: Stop } {
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const fails = new Set<() => void>();
  const unhear = link.hear((message) => {
    const said = message as { kind?: unknown };
    if (said?.kind !== "error") return;
    const answer = readAnswer(message);
    if (answer?.kind === "error") notify("error", answer.text);
    for (const fail of [...fails]) fail();
  });
  return {
    ask(question, late, fail = () => {}, patience = PATIENCE) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const done = () => {
        if (timer !== undefined) timers.delete(timer);
        clearTimeout(timer);
        fails.delete(end);
      };
      const end = () => {
        done();
        fail();
      };
      const giveUp = () => {
        end();
        if (late) notify("warning", late);
      };
      fails.add(end);
      if (!link.send(question)) giveUp();
      else {
        timer = setTimeout(giveUp, patience);
        timers.add(timer);
      }
      return done;
    },
    stop() {
      unhear();
      for (const timer of timers) clearTimeout(timer);
      fails.clear();
    },
  };
}
