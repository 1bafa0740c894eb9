/** A list of any length that holds only the rows in sight. */

import { h } from "../dom.ts";
import type { Stop } from "../link.ts";

export interface VirtualList {
  readonly element: HTMLElement;
  /** Draw the rows in sight anew. */
  refresh(): void;
  resize(length: number): void;
  /** Make `n` the current row and bring it into sight. */
  select(n: number): void;
  stop: Stop;
}

const EXTRA = 6;

export function createVirtualList(
  rowHeight: number,
  row: (n: number) => HTMLElement,
  pick: (n: number) => void,
  name: string,
): VirtualList {
  const rows = h("div", { class: "dl-rows" });
  const element = h("div", { class: "dl-list", role: "listbox", "aria-label": name }, rows);
  let length = 0;
  let current = -1;
  let range: readonly [number, number] = [0, 0];

  const draw = (always: boolean) => {
    const height = element.clientHeight || 400;
    const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - EXTRA);
    const end = Math.min(length, Math.ceil((element.scrollTop + height) / rowHeight) + EXTRA);
    if (!always && range[0] === first && range[1] === end) return;
    range = [first, end];
    const made: HTMLElement[] = [];
    for (let n = first; n < end; n++) {
      const line = row(n);
      line.classList.add("dl-row");
      line.classList.toggle("dl-current", n === current);
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", String(n === current));
      line.setAttribute("aria-posinset", String(n + 1));
      line.setAttribute("aria-setsize", String(length));
      line.dataset.row = String(n);
      line.style.top = `${n * rowHeight}px`;
      line.style.height = `${rowHeight}px`;
      made.push(line);
    }
    rows.replaceChildren(...made);
  };
  const onScroll = () => draw(false);
  const onClick = (event: Event) => {
    const line = (event.target as Element).closest<HTMLElement>("[data-row]");
    if (line) pick(Number(line.dataset.row));
  };
  element.addEventListener("scroll", onScroll, { passive: true });
  element.addEventListener("click", onClick);
  return {
    element,
    refresh: () => draw(true),
    resize(next) {
      length = next;
      rows.style.height = `${length * rowHeight}px`;
      draw(true);
    },
    select(n) {
      current = n;
      const height = element.clientHeight || 400;
      const top = n * rowHeight;
      // Keep two rows of context before and after the current one.
      if (top < element.scrollTop + 2 * rowHeight) element.scrollTop = Math.max(0, top - 2 * rowHeight);
      else if (top + 3 * rowHeight > element.scrollTop + height) element.scrollTop = top + 3 * rowHeight - height;
      draw(true);
    },
    stop() {
      element.removeEventListener("scroll", onScroll);
      element.removeEventListener("click", onClick);
    },
  };
}
