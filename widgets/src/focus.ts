/** The focus that every view and every rendering of one model shares: open tab, selection, steps. */

import type { Link, Stop } from "./link.ts";
import { type Focus, readFocus } from "./payload.ts";

export interface FocusStore {
  get(): Focus;
  update(change: Omit<Partial<Focus>, "steps"> & { steps?: Partial<Focus["steps"]> }): void;
  /** Call `act` on every change, here or elsewhere. */
  listen(act: (now: Focus) => void): Stop;
}

export function createFocus(link: Link): FocusStore {
  const get = () => readFocus(link.get("cursor"));
  return {
    get,
    update(change) {
      const now = get();
      const next: Focus = { ...now, ...change, steps: { ...now.steps, ...change.steps } };
      if (!same(now, next)) link.set("cursor", next);
    },
    listen: (act) => link.listen("cursor", () => act(get())),
  };
}

export function same(a: Focus, b: Focus): boolean {
  return (
    a.view === b.view &&
    a.selection === b.selection &&
    a.steps.adjoint === b.steps.adjoint &&
    a.steps.elimination === b.steps.elimination
  );
}
