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

/** What a saved page can answer without a kernel: a question as canonical JSON, and the JSON of its answer. */
export type Archive = ReadonlyMap<string, string>;

/** Read an archive from its text: lines that are a question and its answer in turns. */
export function readArchive(text: string): Archive {
  const lines = text.split("\n");
  const found = new Map<string, string>();
  for (let k = 0; k + 1 < lines.length; k += 2) found.set(lines[k] ?? "", lines[k + 1] ?? "");
  return found;
}

/** JSON with sorted keys and no spaces: one text for each question, however it was put together. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** A link to a plain state object, for pages without a kernel; what is in the archive is answered from there. */
export function localLink(state: Readonly<Record<string, unknown>>, archive: Archive = new Map()): Link {
  const values = new Map(Object.entries(state));
  const listeners = new Map<string, Set<() => void>>();
  const ears = new Set<(message: unknown, buffers: readonly DataView[]) => void>();
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
    send(question) {
      const answer = archive.get(canonical(question));
      if (answer === undefined) return false;
      // Answers come later, as a kernel's do: whoever asks is not yet ready to hear.
      queueMicrotask(() => {
        for (const act of [...ears]) act(JSON.parse(answer), []);
      });
      return true;
    },
    hear(act) {
      ears.add(act);
      return () => ears.delete(act);
    },
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
