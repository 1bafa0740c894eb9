/** Where one has been: back, forward, and the last few places as a list. */

export interface History<T> {
  /** Go to a new place; what lay ahead is forgotten. */
  visit(place: T): void;
  /** One step back (−1) or forward (1); undefined: there is nothing on that side. */
  move(turn: -1 | 1): T | undefined;
  can(turn: -1 | 1): boolean;
  /** The places before this one, the latest first, each once. */
  past(n: number): T[];
}

const AT_MOST = 200;

export function createHistory<T>(start: T): History<T> {
  let places: T[] = [start];
  let now = 0;
  return {
    visit(place) {
      if (places[now] === place) return;
      places = [...places.slice(0, now + 1), place].slice(-AT_MOST);
      now = places.length - 1;
    },
    move(turn) {
      const next = now + turn;
      if (next < 0 || next >= places.length) return undefined;
      now = next;
      return places[now];
    },
    can: (turn) => now + turn >= 0 && now + turn < places.length,
    past(n) {
      const here = places[now];
      const before = places.slice(0, now).reverse();
      return [...new Set(before)].filter((place) => place !== here).slice(0, n);
    },
  };
}
