/** What an overlay or a comparison puts on a box: never colour alone, always a text or a sign with it. */

import type { Box, Line } from "./compose.ts";

export type Tone = "heat" | "added" | "removed" | "changed" | "same" | "bad" | "warn" | "cool";
export interface Tint {
  /** 0 … 1, for "heat". */
  readonly share: number;
  readonly text: string;
  readonly tone: Tone;
  /** One character, or "" for the tone's own. */
  readonly sign: string;
}

const SIGNS: Readonly<Record<Tone, string>> = {
  heat: "",
  added: "+",
  removed: "−",
  changed: "~",
  same: "",
  bad: "!",
  warn: "?",
  cool: "",
};
const WORDS: Partial<Record<Tone, string>> = { added: "added", removed: "removed", changed: "changed", bad: "bad" };
/** Heat has this many steps, so that boxes of one step can be painted together. */
const STEPS = 20;

export interface Marks {
  readonly selected: string | null;
  readonly waiting: ReadonlySet<string>;
  readonly found: ReadonlySet<string>;
}

/** All that decides how a box or a line looks, apart from what it is. */
export interface Look extends Marks {
  readonly tints: ReadonlyMap<string, Tint> | null;
  readonly only: ReadonlySet<string> | null;
}

export const PLAIN: Look = { selected: null, waiting: new Set(), found: new Set(), tints: null, only: null };

export const signOf = (tint: Tint): string => tint.sign || SIGNS[tint.tone];

/** What a screen reader hears of it. */
export const tintWords = (tint: Tint | undefined): string =>
  tint ? [WORDS[tint.tone], tint.text].filter(Boolean).join(" ") : "";

/** The boxes that are tinted otherwise than before. */
export function repainted(before: Look["tints"], now: Look["tints"]): Set<string> {
  const same = (a: Tint | undefined, b: Tint | undefined) =>
    a === b || (a && b && a.tone === b.tone && a.text === b.text && a.sign === b.sign && heatOf(a) === heatOf(b));
  const ids = new Set([...(before?.keys() ?? []), ...(now?.keys() ?? [])]);
  return new Set([...ids].filter((id) => !same(before?.get(id), now?.get(id))));
}

/** The share as the style sheet takes it: 0 … 1 in steps; anything that is no number is 0. */
export function heatOf(tint: Tint): number {
  const share = Number.isNaN(tint.share) ? 0 : Math.min(1, Math.max(0, tint.share));
  return Math.round(share * STEPS) / STEPS;
}

/** Whether the box can show fill: open boxes show theirs in the title only. */
export const isOpen = (box: Box): boolean => box.bodies.length > 0;

/** The classes of a box; the canvas reads its colours from the same ones. */
export function boxClass(box: Box, look: Look): string {
  const tint = look.tints?.get(box.id);
  return [
    "dl-node",
    isOpen(box) ? `dl-frame dl-depth-${box.depth % 2}` : `dl-kind-${box.kind}`,
    !isOpen(box) && box.item.scopes.length > 0 && "dl-opens",
    box.item.phase && `dl-phase-${box.item.phase}`,
    tint && `dl-toned dl-tone-${tint.tone}`,
    look.found.has(box.id) && "dl-found",
    look.selected === box.id && "dl-selected",
    look.only && !look.only.has(box.id) && "dl-dim",
  ]
    .filter(Boolean)
    .join(" ");
}

/** The kind of an edge; in a comparison it goes, or is new, with what it joins. */
function kindOf({ kind, from, to }: Line, { tints }: Look): string {
  if (kind || !tints) return kind;
  const [a, b] = [tints.get(from)?.tone, tints.get(to)?.tone];
  return (["removed", "added"] as const).find((tone) => a === tone || b === tone) ?? "";
}

export function lineClass(line: Line, look: Look): string {
  const { selected, only } = look;
  const kind = kindOf(line, look);
  return [
    "dl-edge",
    kind && `dl-edge-${kind}`,
    selected !== null && line.from === selected && "dl-hot-out",
    selected !== null && line.to === selected && "dl-hot-in",
    only && !(only.has(line.from) && only.has(line.to)) && "dl-dim",
  ]
    .filter(Boolean)
    .join(" ");
}
