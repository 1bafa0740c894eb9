/** The door between a view and what it looks at: a kernel's model or a plain object in a saved page. */

import type { Question } from "./payload.ts";

export type Stop = () => void;

export interface Link {
  /** False in a saved page: there is no one to ask. */
  readonly kernel: boolean;
  get(key: string): unknown;
  /** Set a trait for every rendering of this model; the kernel hears of it soon after. */
  set(key: string, value: unknown): void;
  listen(key: string, act: () => void): Stop;
  /** False when the message could not leave. */
  send(question: Question): boolean;
  hear(act: (message: unknown, buffers: readonly DataView[]) => void): Stop;
}

/** A link to a plain state object, for pages without a kernel. */
export function localLink(state: Readonly<Record<string, unknown>>): Link {
  const values = new Map(Object.entries(state));
  const listeners = new Map<string, Set<() => void>>();
  return {
    kernel: false,
    get: (key) => values.get(key),
    set(key, value) {
      values.set(key, value);
      for (const act of [...(listeners.get(key) ?? [])]) act();
    },
    listen(key, act) {
      const acts = listeners.get(key) ?? new Set();
      listeners.set(key, acts.add(act));
      return () => acts.delete(act);
    },
    send: () => false,
    hear: () => () => {},
  };
}

/** Call `act` after `wait` ms without a further call; `flush` runs a waiting call now. */
export function debounce(act: () => void, wait: number): { call: () => void; flush: Stop } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = () => {
    clearTimeout(timer);
    timer = undefined;
    act();
  };
  return {
    call() {
      clearTimeout(timer);
      timer = setTimeout(run, wait);
    },
    flush() {
      if (timer !== undefined) run();
    },
  };
}

/** Run every stop, last started first. */
export function stopAll(stops: Stop[]): void {
  for (const stop of stops.splice(0).reverse()) stop();
}
