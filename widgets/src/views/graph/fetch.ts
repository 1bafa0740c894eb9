/** Questions under way, each asked once at a time. */

import type { Desk } from "../../desk.ts";
import type { Stop } from "../../link.ts";
import type { Question } from "../../payload.ts";

export interface Fetcher {
  /** Ask unless it is being asked; without an answer say `late` (if anything) and call `fail`. False: it could not be sent. */
  ask(key: string, question: Question, late: string, fail?: () => void, seconds?: number): boolean;
  /** The answer to `key` is here; whether it was asked. */
  settle(key: string): boolean;
  waits(key: string): boolean;
  /** The keys under way that begin with `prefix`, without it. */
  under(prefix: string): string[];
  stop: Stop;
}

export function createFetcher(desk: Desk): Fetcher {
  const open = new Map<string, Stop>();
  return {
    ask(key, question, late, fail = () => {}, seconds = 5) {
      if (open.has(key)) return true;
      let refused = false;
      const done = desk.ask(
        question,
        late,
        () => {
          refused = true;
          open.delete(key);
          fail();
        },
        seconds * 1000,
      );
      if (!refused) open.set(key, done);
      return !refused;
    },
    settle(key) {
      open.get(key)?.();
      return open.delete(key);
    },
    waits: (key) => open.has(key),
    under: (prefix) => [...open.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)),
    stop() {
      for (const done of open.values()) done();
      open.clear();
    },
  };
}
