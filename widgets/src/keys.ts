/** The keyboard: what is ours, what belongs to an input, and what the notebook must never see. */

import type { Stop } from "./link.ts";

/** One line of the help overlay; without keys, the heading of those below. */
export interface KeyLine {
  readonly keys: string;
  readonly does: string;
}

const TYPED = new Set(["text", "search", "number", "email", "password", "url", "tel"]);
const RANGE = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);
const PRESS = new Set(["Enter", " "]);

/** Whether the key is for the element it was typed at (a text field, a slider, a button), not for the view. */
export function belongsToInput(event: KeyboardEvent): boolean {
  const target = event.target as Element | null;
  if (!target?.closest || event.key === "Escape") return false;
  if (target.closest("textarea, select, [contenteditable]")) return true;
  const input = target.closest("input");
  if (input) return TYPED.has(input.type) || (input.type === "range" && RANGE.has(event.key) && !event.shiftKey);
  return PRESS.has(event.key) && target.closest("button, a[href], summary") !== null;
}

/**
 * Hand keys typed inside `root` to `act`, which says whether it used them. Plain keys stop here even when unused, since
 * `d` `d` would delete the notebook's cell; keys with Ctrl or Meta go on unless they were used; Tab always does.
 */
export function listenKeys(root: HTMLElement, act: (event: KeyboardEvent) => boolean): Stop {
  const down = (event: KeyboardEvent) => {
    if (event.key === "Tab" || event.defaultPrevented) return;
    const used = !belongsToInput(event) && act(event);
    if (used) event.preventDefault();
    if (used || !(event.ctrlKey || event.metaKey || event.altKey)) event.stopPropagation();
  };
  const quiet = (event: KeyboardEvent) => {
    if (event.key !== "Tab" && !(event.ctrlKey || event.metaKey || event.altKey)) event.stopPropagation();
  };
  root.addEventListener("keydown", down);
  root.addEventListener("keypress", quiet);
  return () => {
    root.removeEventListener("keydown", down);
    root.removeEventListener("keypress", quiet);
  };
}

/** The step a key asks for, from `now` in 0 … last; null: no stepping key. */
export function stepKey(event: KeyboardEvent, now: number, last: number): number | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const far = event.shiftKey ? 10 : 1;
  switch (event.key) {
    case "ArrowLeft":
    case "k":
    case "K":
      return Math.max(0, now - far);
    case "ArrowRight":
    case "j":
    case "J":
      return Math.min(last, now + far);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}
