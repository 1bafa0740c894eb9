/** All that can be done in the graph view, once: its keys and its menu call the same acts. */

import type { MenuLine } from "../../panes/menu.ts";
import { ARROWS } from "./keys.ts";

export interface Acts {
  back(): void;
  forward(): void;
  walk(dx: number, dy: number): void;
  /** Open or close the selection. */
  toggle(): void;
  up(): void;
  fit(): void;
  zoomTo(): void;
  zoom(turn: 1 | -1): void;
  /** Zoom, or in a neighbourhood its radius. */
  wider(turn: 1 | -1): void;
  deeper(): void;
  shallower(): void;
  all(on: boolean): void;
  near(): void;
  /** Back to the whole drawing; false: it is shown already. */
  leave(): boolean;
  search(): void;
  step(turn: 1 | -1): void;
  source(): void;
  inspector(): void;
  overlay(turn: 1 | -1): void;
  /** Go to what the overlay shows as the largest. */
  largest(): void;
  arrange(name: string): void;
  nextArrangement(): void;
  save(): void;
  saveText(): void;
  copyEquation(): void;
  copyLine(): void;
}

/** What the menu needs to know. */
export interface State {
  readonly picked: boolean;
  readonly back: boolean;
  readonly forward: boolean;
  readonly equation: boolean;
  readonly source: boolean;
  readonly texts: boolean;
  readonly inspector: boolean;
}

export function menuOf(acts: Acts, state: State): MenuLine[] {
  return [
    { label: "Back", key: "Alt+←", act: acts.back, disabled: !state.back },
    { label: "Forward", key: "Alt+→", act: acts.forward, disabled: !state.forward },
    { label: "Only what is near", key: "e", act: acts.near, disabled: !state.picked },
    { label: "Zoom to selection", key: "z", act: acts.zoomTo, disabled: !state.picked },
    { label: "Zoom in", key: "+", act: () => acts.zoom(1) },
    { label: "Zoom out", key: "−", act: () => acts.zoom(-1) },
    { label: "Open a level", key: "]", act: acts.deeper },
    { label: "Close a level", key: "[", act: acts.shallower },
    { label: "Open all that is here", key: "Shift+]", act: () => acts.all(true) },
    { label: "Close all", key: "Shift+[", act: () => acts.all(false) },
    { label: "Source and program", key: "s", act: acts.source, on: state.texts },
    { label: "Inspector", key: "i", act: acts.inspector, on: state.inspector },
    { label: "Save as PNG", act: acts.save },
    { label: "Save as SVG", act: acts.saveText },
    { label: "Copy equation", act: acts.copyEquation, disabled: !state.equation },
    { label: "Copy source line", act: acts.copyLine, disabled: !state.source },
  ];
}

/** Do what a key asks for; false: it is none of ours. */
export function createKeys(acts: Acts): (event: KeyboardEvent) => boolean {
  const keys: Readonly<Record<string, () => void>> = {
    f: acts.fit,
    "+": () => acts.wider(1),
    "=": () => acts.wider(1),
    "-": () => acts.wider(-1),
    "]": acts.deeper,
    "[": acts.shallower,
    "}": () => acts.all(true),
    "{": () => acts.all(false),
    "/": acts.search,
    n: () => acts.step(1),
    N: () => acts.step(-1),
    s: acts.source,
    i: acts.inspector,
    o: () => acts.overlay(1),
    O: () => acts.overlay(-1),
    m: acts.largest,
    l: acts.nextArrangement,
    u: acts.up,
    e: acts.near,
    Enter: acts.toggle,
    z: acts.zoomTo,
  };
  return ({ key, altKey, ctrlKey, metaKey, shiftKey }) => {
    if (ctrlKey || metaKey) return false;
    if (altKey) {
      if (key === "ArrowLeft") acts.back();
      else if (key === "ArrowRight") acts.forward();
      else return false;
      return true;
    }
    if (key === "Escape") return acts.leave();
    const arrow = ARROWS[key];
    if (arrow) acts.walk(...arrow);
    else if (shiftKey && (key === "]" || key === "[")) acts.all(key === "]");
    else if (!(key in keys)) return false;
    else keys[key]?.();
    return true;
  };
}
