/** What colours the boxes: the choice of an overlay, and the legend that reads the colours back. */

import { type Child, fill, h } from "../dom.ts";
import { count } from "../format.ts";
import type { Overlay } from "../payload.ts";
import { amount, lookOf } from "./tints.ts";

export interface OverlayPane {
  readonly chooser: HTMLSelectElement;
  readonly legend: HTMLElement;
  /** `most`: the largest amount in sight; `next`: where a click leads; `seen`: how many boxes in sight are of each category. */
  show(
    overlays: readonly Overlay[],
    chosen: string | null,
    busy: boolean,
    most: number,
    next: string,
    seen: Seen,
  ): void;
}
/** Pixels. */
const NARROW = 520;
const STEPS = 12;

export type Seen = ReadonlyMap<string, number>;

export function createOverlayPane(choose: (id: string | null) => void, largest: () => void): OverlayPane {
  const chooser = h("select", { class: "dl-select dl-overlays", "aria-label": "overlay (o)" });
  const legend = h("details", { class: "dl-key-card", "aria-label": "legend", open: true, hidden: true });
  let listed: readonly Overlay[] | null = null;
  let shown: string | null = null;
  chooser.addEventListener("change", () => choose(chooser.value || null));
  const offer = (overlays: readonly Overlay[]) => {
    if (overlays === listed) return;
    listed = overlays;
    const lines = overlays.map(({ id, name, ready }) => h("option", { value: id }, ready ? name : `${name} …`));
    fill(chooser, h("option", { value: "" }, "no overlay"), ...lines);
    chooser.hidden = overlays.length === 0;
  };
  return {
    chooser,
    legend,
    show(overlays, chosen, busy, most, next, seen) {
      offer(overlays);
      chooser.value = chosen ?? "";
      const overlay = overlays.find(({ id }) => id === chosen);
      chooser.title = overlay?.note ?? "what colours the boxes";
      legend.hidden = !overlay;
      // On a small drawing the legend begins folded: it would hide what it explains.
      const room = legend.parentElement?.clientWidth ?? 0;
      if (chosen !== shown) legend.open = room === 0 || room > NARROW;
      // Before it is in the document nothing is known of the room.
      shown = room > 0 ? chosen : null;
      if (!overlay) return;
      const key: Child[] = busy
        ? [h("div", { class: "dl-muted dl-busy" }, "being computed …")]
        : [
            overlay.scale === "quantity" && ramp(overlay, most),
            next && way(next, largest),
            ...categories(overlay, seen),
          ];
      fill(
        legend,
        head(overlay),
        ...key,
        overlay.note ? h("div", { class: "dl-key-note dl-muted", title: overlay.note }, overlay.note) : null,
      );
    },
  };
}

function head({ name, total, unit }: Overlay): HTMLElement {
  const sum = total === null ? null : h("span", { class: "dl-muted" }, `total ${amount(total, unit)}`);
  return h("summary", { class: "dl-key-head", title: "fold, unfold the legend" }, h("b", {}, name), sum);
}

/** The boxes' own colours, from nothing to the largest. */
function ramp({ unit }: Overlay, most: number): HTMLElement {
  const steps = Array.from({ length: STEPS + 1 }, (_, k) =>
    h("i", { class: "dl-tone-heat", style: `--dl-share:${k / STEPS}` }),
  );
  const ticks = [0, most / 4, most].map((value) => h("span", {}, value === 0 ? "0" : amount(value, unit)));
  return h(
    "div",
    {},
    h("div", { class: "dl-ramp", "aria-hidden": "true" }, ...steps),
    h("div", { class: "dl-ticks" }, ...ticks.slice(0, most > 0 ? 3 : 1)),
  );
}

/** The way to the largest: pressed again and again it leads ever deeper. */
function way(next: string, largest: () => void): HTMLElement {
  const title = `${next} (m, or click again: ever deeper)`;
  return h(
    "button",
    { type: "button", class: "dl-top", title, onclick: largest },
    `▸ ${next}`,
    h("kbd", { "aria-hidden": "true" }, "m"),
  );
}

/** A row a category; of an overlay of amounts only those in sight. */
function categories({ words, scale }: Overlay, seen: Seen): HTMLElement[] {
  const names = [...new Set([...Object.keys(words), ...seen.keys()])];
  const row = (name: string) => {
    const [tone, sign] = lookOf(name);
    const meaning = words[name] ?? "";
    return h(
      "div",
      { class: "dl-key-row", title: meaning },
      h("span", { class: `dl-key-sign dl-tone-${tone}`, "aria-hidden": "true" }, sign),
      h(
        "span",
        {},
        name,
        meaning && meaning !== name ? h("span", { class: "dl-muted dl-meaning" }, ` ${meaning}`) : null,
      ),
      seen.has(name) ? h("span", { class: "dl-muted" }, count(seen.get(name) ?? 0)) : null,
    );
  };
  return names.filter((name) => scale === "category" || seen.has(name)).map(row);
}
