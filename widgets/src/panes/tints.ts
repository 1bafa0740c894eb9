/** From the figures of an overlay to the tints of the boxes in sight, and to its legend. */

import type { Box } from "../draw/compose.ts";
import type { Tint, Tone } from "../draw/paint.ts";
import { real } from "../format.ts";
import type { Figure, Overlay, Scope } from "../payload.ts";

/** Categories that are known, by how they look; any other is shown by its word alone. */
const LOOKS: Readonly<Record<string, readonly [tone: Tone, sign: string]>> = {
  added: ["added", "+"],
  removed: ["removed", "−"],
  changed: ["changed", "~"],
  same: ["same", "="],
  nan: ["bad", "✗"],
  inf: ["bad", "∞"],
  zero: ["warn", "0"],
};

/** The states of a comparison. */
const STATES: ReadonlySet<string> = new Set(["added", "removed", "changed", "same"]);

export function lookOf(category: string): readonly [tone: Tone, sign: string] {
  // An arrow is a cast that loses bits, f32→bf16.
  return LOOKS[category.toLowerCase()] ?? (category.includes("→") ? ["warn", "↓"] : ["cool", "•"]);
}

const BIG = ["", "k", "M", "G", "T", "P", "E"] as const;
const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;
const TIMES: readonly (readonly [number, string])[] = [
  [1000, "s"],
  [1, "ms"],
  [1e-3, "µs"],
  [1e-6, "ns"],
];

/** Three digits, with the prefix of its unit: 12.3 k, 4 KiB, 1.5 ms. */
export function amount(value: number, unit: string): string {
  if (!Number.isFinite(value)) return real(value);
  if (unit === "norm") return real(value, 3);
  if (unit === "ms" && value !== 0) {
    const [size, name] = TIMES.find(([least]) => Math.abs(value) >= least) ?? [1e-6, "ns"];
    return `${digits(value / size)} ${name}`;
  }
  const bytes = /^(B|bytes?)$/i.test(unit);
  const step = bytes ? 1024 : 1000;
  const names = bytes ? BYTES : BIG;
  const size = Math.abs(value);
  if (size < 1 && !bytes) return `${real(value, 3)}${unit ? ` ${unit}` : ""}`;
  let [k, rest] = [0, value];
  // 999.6 would be shown as 1000: it takes the next prefix.
  while (Math.abs(rest) >= step - 0.5 && k < names.length - 1) [k, rest] = [k + 1, rest / step];
  return `${digits(rest)} ${bytes ? names[k] : `${names[k]}${unit}`}`.trimEnd();
}

const digits = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));

/** The figure of each box under one overlay; boxes without one are left out. */
export function figuresOf(
  boxes: readonly Box[],
  scopes: Readonly<Record<string, Scope>>,
  overlay: string,
): Map<string, Exclude<Figure, null>> {
  const out = new Map<string, Exclude<Figure, null>>();
  const places = new Map<string, Map<string, number>>();
  for (const box of boxes) {
    const scope = scopes[box.scope];
    const column = scope?.figures[overlay];
    if (!scope || !column) continue;
    let rows = places.get(scope.id);
    if (!rows) {
      rows = new Map(scope.items.map((item, k) => [item.id, k]));
      places.set(scope.id, rows);
    }
    const figure = column[rows.get(box.id) ?? -1];
    if (figure !== null && figure !== undefined) out.set(box.id, figure);
  }
  return out;
}

/** The box with the largest amount of those that `may` be it; null: none has any. */
export function largestOf(
  boxes: readonly Box[],
  figures: ReadonlyMap<string, Figure>,
  may: (box: Box) => boolean,
): Box | null {
  let [most, top]: [number, Box | null] = [0, null];
  for (const box of boxes) {
    const figure = figures.get(box.id);
    if (typeof figure === "number" && Math.abs(figure) > most && Number.isFinite(figure) && may(box))
      [most, top] = [Math.abs(figure), box];
  }
  return top;
}

/** Tints of the boxes; of the closed ones the largest amount, which has it, and how many are of each category. */
export function tintsOf(
  boxes: readonly Box[],
  scopes: Readonly<Record<string, Scope>>,
  overlay: Overlay,
): { tints: Map<string, Tint>; most: number; seen: Map<string, number>; figures: ReadonlyMap<string, Figure> } {
  const figures = figuresOf(boxes, scopes, overlay.id);
  let most = 0;
  const seen = new Map<string, number>();
  const open = new Set(boxes.filter((box) => box.bodies.length > 0).map((box) => box.id));
  for (const [id, figure] of figures) {
    if (open.has(id)) continue;
    if (typeof figure === "number" && Number.isFinite(figure)) most = Math.max(most, Math.abs(figure));
    else seen.set(String(figure), (seen.get(String(figure)) ?? 0) + 1);
  }
  const tints = new Map<string, Tint>();
  for (const [id, figure] of figures) {
    // A box that costs nothing is left alone.
    if (figure === 0) continue;
    const tint = tintOf(figure, overlay, most);
    // What is inside an open box shows its own: the box itself says its sum, and no colour.
    tints.set(id, open.has(id) && tint.tone === "heat" ? { ...tint, share: 0 } : tint);
  }
  return { tints, most, seen, figures };
}

function tintOf(figure: number | string, overlay: Overlay, most: number): Tint {
  if (typeof figure === "string") {
    const [tone, sign] = lookOf(figure);
    // What a sign says at once needs no word on every box; what is the same is left alone.
    return { share: 0, text: STATES.has(figure) ? "" : figure, tone, sign: tone === "same" ? "" : sign };
  }
  if (!Number.isFinite(figure)) return { share: 0, text: real(figure), tone: "bad", sign: "✗" };
  // The square root keeps small amounts apart from nothing.
  const share = most > 0 ? Math.sqrt(Math.abs(figure) / most) : 0;
  return { share, text: amount(figure, overlay.unit), tone: "heat", sign: "" };
}
