/** What colours the boxes: the choice of an overlay, and the legend that reads the colours back. */

import { type Child, fill, h } from "../dom.ts";
import { count } from "../format.ts";
import type { Overlay } from "../payload.ts";
import { amount, lookOf } from "./tints.ts";

export interface OverlayPane {
  readonly chooser: HTMLSelectElement;
  readonly legend: HTMLElement;
  /** `most`: the largest amount in sight; `seen`: how many boxes in sight are of each category. */
  show(overlays: readonly Overlay[], chosen: string | null, busy: boolean, most: number, seen: Seen): void;
}
/** Pixels. */
const NARROW = 520;

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
    show(overlays, chosen, busy, most, seen) {
      offer(overlays);
      chooser.value = chosen ?? "";
      const overlay = overlays.find(({ id }) => id === chosen);
      chooser.title = overlay?.note ?? "what colours the boxes";
      legend.hidden = !overlay;
      // On a small drawing the legend begins folded: it would hide what it explains.
      if (chosen !== shown)
        legend.open = !legend.parentElement?.clientWidth || legend.parentElement.clientWidth > NARROW;
      shown = chosen;
      if (!overlay) return;
      const key: Child[] = busy
        ? [h("div", { class: "dl-muted dl-busy" }, "being computed …")]
        : [overlay.scale === "quantity" && ramp(overlay, most, largest), ...categories(overlay, seen)];
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

function ramp({ unit }: Overlay, most: number, largest: () => void): HTMLElement {
  const top = h(
    "button",
    { type: "button", class: "dl-crumb dl-top", title: "go to the largest in sight (m)", onclick: largest },
    `${amount(most, unit)} ›`,
  );
  const ticks = [h("span", {}, "0"), h("span", {}, amount(most / 4, unit)), most > 0 ? top : null];
  return h("div", {}, h("div", { class: "dl-ramp", "aria-hidden": "true" }), h("div", { class: "dl-ticks" }, ...ticks));
}

/** A row a category; of an overlay of amounts only those in sight. */
function categories({ words, scale }: Overlay, seen: Seen): HTMLElement[] {
  const names = [...new Set([...Object.keys(words), ...seen.keys()])];
  const row = (name: string) => {
    const [tone, sign] = lookOf(name);
    const meaning = words[name] ?? "";
    return h(
      "div",
      { class: "dl-key-row" },
      h("span", { class: `dl-key-sign dl-tone-${tone}`, "aria-hidden": "true" }, sign),
      h("span", {}, name, meaning && meaning !== name ? h("span", { class: "dl-muted" }, ` ${meaning}`) : null),
      seen.has(name) ? h("span", { class: "dl-muted" }, count(seen.get(name) ?? 0)) : null,
    );
  };
  return names.filter((name) => scale === "category" || seen.has(name)).map(row);
}
