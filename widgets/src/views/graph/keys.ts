/** The keys of the graph view, as the help lists them. */

import type { KeyLine } from "../../keys.ts";

export const HELP: readonly KeyLine[] = [
  { keys: "", does: "Go" },
  { keys: "← ↑ ↓ →", does: "go to the neighbour" },
  { keys: "Enter", does: "open or close the selected box" },
  { keys: "] [", does: "open, close one level; with Shift: all" },
  { keys: "Alt+← →", does: "back, forward through what was selected" },
  { keys: "u", does: "go to the box around the selection" },
  { keys: "", does: "Look" },
  { keys: "f", does: "fit everything" },
  { keys: "z", does: "zoom to the selection" },
  { keys: "+ −", does: "zoom in, out (or the wheel)" },
  { keys: "e", does: "only what is near the selection; + − farther, nearer; Esc back" },
  { keys: "o O", does: "next, previous overlay" },
  { keys: "m", does: "go to the largest that the overlay shows; again: to the largest in it" },
  { keys: "l", does: "next arrangement" },
  { keys: "", does: "Find" },
  { keys: "/", does: "search; ↓ ↑ Enter in the list" },
  { keys: "n N", does: "next, previous hit; without a search: change" },
  { keys: "s", does: "source and program; ↓ ↑ go from line to line" },
  { keys: "i", does: "inspector" },
];

export const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** After a choice by mouse, or by Enter, the keys are the drawing's again (`back`); the arrows go on choosing. */
export function afterChoice(element: HTMLElement, back: () => void): void {
  const chosen = (target: EventTarget | null, always: boolean) => {
    if (target instanceof HTMLSelectElement && (always || !target.matches(":focus-visible"))) back();
  };
  element.addEventListener("change", ({ target }) => chosen(target, false));
  element.addEventListener("keydown", ({ key, target }) => key === "Enter" && chosen(target, true));
}
