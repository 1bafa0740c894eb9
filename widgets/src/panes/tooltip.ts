/** One tooltip that follows the pointer inside its host. */

import { type Child, fill, h } from "../dom.ts";

export interface Tooltip {
  readonly element: HTMLElement;
  show(at: { x: number; y: number }, ...content: Child[]): void;
  hide(): void;
}

/** `at` is in client pixels; the tooltip keeps inside `host`. */
export function createTooltip(host: HTMLElement): Tooltip {
  const element = h("div", { class: "dl-tooltip", hidden: true, role: "tooltip" });
  host.append(element);
  return {
    element,
    show(at, ...content) {
      fill(element, ...content);
      element.hidden = false;
      const box = host.getBoundingClientRect();
      const [x, y] = [at.x - box.left, at.y - box.top];
      const left = Math.max(6, Math.min(x + 14, box.width - element.offsetWidth - 6));
      const below = y + 18 + element.offsetHeight < box.height;
      const top = below ? y + 18 : Math.max(6, y - element.offsetHeight - 10);
      element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    },
    hide() {
      element.hidden = true;
    },
  };
}
