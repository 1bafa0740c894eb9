/** Boxes move from their old places to the new ones when one opens or closes, so that the eye can follow. */

import type { Pose } from "./camera.ts";
import type { Box } from "./compose.ts";

const TIME = { duration: 200, easing: "ease-out" };
/** More boxes than this do not move smoothly. */
export const LIVELY = 300;

export interface Scene {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly pose: Pose;
}

export const calm = (): boolean => globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;

/** Where a box of the old scene would stand in the new one's world to be where it was on the screen. */
export function whereItWas(box: Box, old: Pose, now: Pose): { x: number; y: number } {
  return { x: (box.x * old.k + old.x - now.x) / now.k, y: (box.y * old.k + old.y - now.y) / now.k };
}

/** Let what is in both scenes glide, and what is new appear. */
export function unfold(before: Scene, now: Scene, node: (id: string) => SVGGElement | undefined, wires: Element): void {
  for (const [id, box] of now.boxes) {
    const element = node(id);
    if (!element?.animate) continue;
    const old = before.boxes.get(id);
    if (!old) {
      element.animate([{ opacity: 0 }, {}], TIME);
      continue;
    }
    const from = whereItWas(old, before.pose, now.pose);
    if (Math.hypot(from.x - box.x, from.y - box.y) > 0.5) element.animate([move(from), move(box)], TIME);
    const plate = element.querySelector(":scope > .dl-plate");
    if (plate && (old.w !== box.w || old.h !== box.h)) plate.animate([extent(old), extent(box)], TIME);
  }
  wires.animate?.([{ opacity: 0 }, { opacity: 0, offset: 0.4 }, { opacity: 1 }], TIME);
}

const move = ({ x, y }: { x: number; y: number }) => ({ transform: `translate(${x}px,${y}px)` });
const extent = ({ w, h }: Box) => ({ x: `${-w / 2}px`, y: `${-h / 2}px`, width: `${w}px`, height: `${h}px` });
