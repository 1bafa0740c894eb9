/** The bar above the drawing while only the neighbourhood of one node is shown. */

import { button, fill, h } from "../../dom.ts";
import { plural } from "../../format.ts";

export const FARTHEST = 5;

export interface AroundBar {
  readonly element: HTMLElement;
  /** `name` null: the whole is shown. */
  show(name: string | null, radius: number, boxes: number): void;
}

export function createAroundBar(calls: { radius(k: number): void; back(): void }): AroundBar {
  const element = h("div", { class: "dl-around", role: "status", hidden: true });
  const choose = h(
    "select",
    { class: "dl-select", "aria-label": "radius (+ −)" },
    ...Array.from({ length: FARTHEST }, (_, k) => h("option", { value: String(k + 1) }, plural(k + 1, "step"))),
  );
  choose.addEventListener("change", () => calls.radius(Number(choose.value)));
  const back = button("Back", "show the whole again (Esc)", calls.back);
  return {
    element,
    show(name, radius, boxes) {
      element.hidden = name === null;
      if (name === null) return;
      choose.value = String(radius);
      const words = h("span", {}, "Within ", choose, " of ", h("b", {}, name));
      fill(element, words, h("span", { class: "dl-muted" }, plural(boxes, "box", "boxes")), back);
    },
  };
}
