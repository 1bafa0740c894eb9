/** What a search has found, and where in the picture each hit is to be seen. */

import type { Box } from "../../draw/compose.ts";
import type { Tint } from "../../draw/paint.ts";
import { count } from "../../format.ts";
import type { Atlas } from "../../panes/atlas.ts";
import type { Finder, Hit } from "../../panes/finder.ts";

/** The item that shows a hit now: its own, or the closed one that holds it; null: not in this drawing. */
export function sight(finder: Finder, atlas: Atlas, open: ReadonlySet<string>): (hit: Hit) => string | null {
  const shutDoors = new Map<number, string | null | undefined>();
  const shut = (scope: number) => {
    if (!shutDoors.has(scope)) {
      const first = finder.pathOf(scope).find((id) => !open.has(id) || !(id in atlas.scopes));
      shutDoors.set(scope, first === undefined ? undefined : (atlas.doorOf(first) ?? null));
    }
    return shutDoors.get(scope);
  };
  return (hit) => {
    const door = shut(finder.homeOf(hit));
    if (door !== undefined) return door;
    const id = finder.idOf(hit);
    const item = hit < 0 ? atlas.doorOf(id) : atlas.itemOf(id);
    return item !== undefined && atlas.item(item) ? item : null;
  };
}

/** How many hits each item shows. */
export function tally(hits: readonly Hit[], where: (hit: Hit) => string | null): Map<string, number> {
  const found = new Map<string, number>();
  for (const hit of hits) {
    const id = where(hit);
    if (id !== null) found.set(id, (found.get(id) ?? 0) + 1);
  }
  return found;
}

/** The tints with the number of hits on boxes that hold several. */
export function withHits(
  tints: ReadonlyMap<string, Tint> | null,
  found: ReadonlyMap<string, number>,
): ReadonlyMap<string, Tint> | null {
  if (found.size === 0) return tints;
  const out = new Map(tints);
  for (const [id, n] of found) {
    if (n < 2) continue;
    const tint = out.get(id);
    const words = `${count(n)} found`;
    out.set(
      id,
      tint ? { ...tint, text: `${tint.text} · ${words}` } : { share: 0, text: words, tone: "cool", sign: "" },
    );
  }
  return out.size > 0 ? out : null;
}

/** The tints of a partial graph: the calls that were not finished say so. */
export function withCuts(
  tints: ReadonlyMap<string, Tint> | null,
  boxes: readonly Box[],
  atlas: Atlas,
): ReadonlyMap<string, Tint> | null {
  const cuts = boxes.filter(({ id }) => atlas.info(id)?.primitive === "unfinished");
  const tint: Tint = { share: 0, text: "stopped here", tone: "bad", sign: "✗" };
  return cuts.length > 0 ? new Map([...(tints ?? []), ...cuts.map(({ id }) => [id, tint] as const)]) : tints;
}
