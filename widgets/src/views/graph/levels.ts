/** One level deeper, one level back, and the walk by arrows: what a picture has next to what. */

import type { Box, Picture } from "../../draw/compose.ts";

const isOpen = (box: Box): boolean => box.bodies.length > 0;

/** The closed boxes nearest to the outside: what the next level opens. */
export function nextLevel(boxes: readonly Box[]): Box[] {
  const closed = boxes.filter((box) => box.item.scopes.length > 0 && !isOpen(box));
  const least = closed.reduce((depth, box) => Math.min(depth, box.depth), Number.POSITIVE_INFINITY);
  return closed.filter((box) => box.depth === least);
}

/** The open boxes farthest inside: what goes when a level is closed. */
export function lastLevel(boxes: readonly Box[]): Box[] {
  const open = boxes.filter(isOpen);
  const most = open.reduce((depth, box) => Math.max(depth, box.depth), -1);
  return open.filter((box) => box.depth === most);
}

/** The nearest box in a direction, those joined by an edge first. */
export function neighbour({ boxes, lines }: Picture, from: Box | undefined, dx: number, dy: number): string | null {
  if (!from) return boxes[0]?.id ?? null;
  const joined = new Set(
    lines.flatMap((line) => (line.from === from.id ? [line.to] : line.to === from.id ? [line.from] : [])),
  );
  let best: { id: string; far: number } | null = null;
  for (const box of boxes) {
    if (box.id === from.id || (isOpen(box) && !joined.has(box.id))) continue;
    const [x, y] = [box.x - from.x, box.y - from.y];
    const along = x * dx + y * dy;
    const across = Math.abs(x * dy) + Math.abs(y * dx);
    if (along <= 4 || (across > 2 * along && !joined.has(box.id))) continue;
    const far = (along + 2 * across) * (joined.has(box.id) ? 0.2 : 1);
    if (!best || far < best.far) best = { id: box.id, far };
  }
  return best?.id ?? null;
}

/** What is within `radius` lines of a box, both ways, and what it stands in. */
export function within(picture: Picture, id: string, radius: number): Set<string> {
  const beside = new Map<string, string[]>();
  const join = (a: string, b: string) => beside.set(a, [...(beside.get(a) ?? []), b]);
  for (const [a, b] of [...picture.lines.map((line) => [line.from, line.to] as const), ...picture.portals]) {
    join(a, b);
    join(b, a);
  }
  const near = new Set([id]);
  let rim = [id];
  for (let k = 0; k < radius; k++) {
    rim = rim.flatMap((at) => beside.get(at) ?? []).filter((at) => !near.has(at));
    for (const at of rim) near.add(at);
  }
  return near;
}
