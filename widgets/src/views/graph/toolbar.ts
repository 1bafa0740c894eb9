/** The line above the drawing: path, overlay, arrangement, search, and buttons; what is rarer is in a menu. */

import { button, type Child, fill, h } from "../../dom.ts";
import { icon } from "../../draw/icons.ts";
import { createMenu, type MenuLine } from "../../panes/menu.ts";
import type { Acts } from "./acts.ts";

export type Crumb = readonly [label: string, go: () => void, scope: string];

export interface Path {
  readonly parts: readonly Crumb[];
  /** What is said behind them. */
  readonly after: string;
}

export interface Toolbar {
  readonly element: HTMLElement;
  crumbs(path: Path): void;
  history(back: boolean, forward: boolean): void;
  arrangement(names: readonly string[], now: string, busy: boolean): void;
}

const WORDS: Readonly<Record<string, string>> = { layered: "layered", fold: "fold", changes: "changes only" };

export function createToolbar(
  acts: Acts,
  chooser: HTMLElement,
  search: HTMLElement,
  menu: () => readonly MenuLine[],
): Toolbar {
  const crumbs = h("nav", { class: "dl-crumbs", "aria-label": "path" });
  const back = button(icon("back"), "back (Alt+←)", acts.back, "dl-button dl-quiet");
  const forward = button(icon("next"), "forward (Alt+→)", acts.forward, "dl-button dl-quiet");
  const arrangement = h("select", {
    class: "dl-select dl-arrangements",
    "aria-label": "arrangement (l)",
    title: "how it is laid out (l)",
  });
  arrangement.addEventListener("change", () => acts.arrange(arrangement.value));
  const wide = (...children: Child[]) => h("div", { class: "dl-wide" }, ...children);
  const element = h(
    "div",
    { class: "dl-toolbar", role: "toolbar", "aria-label": "graph" },
    button(icon("text"), "source and program (s)", acts.source),
    h("div", { class: "dl-moves" }, back, forward),
    crumbs,
    h("span", { class: "dl-spacer" }),
    search,
    chooser,
    arrangement,
    wide(
      button(icon("collapse"), "close a level ([)", acts.shallower),
      button(icon("expand"), "open a level (])", acts.deeper),
      button(icon("minus"), "zoom out (−)", () => acts.zoom(-1)),
      button(icon("plus"), "zoom in (+)", () => acts.zoom(1)),
    ),
    button(icon("fit"), "fit (f)", acts.fit),
    createMenu(icon("more"), "more", menu),
  );
  let listed = "";
  let path = "";
  return {
    element,
    crumbs({ parts, after }) {
      const now = JSON.stringify([parts, after]);
      if (now === path) return;
      path = now;
      const links = parts.map(([label, go]) =>
        h("button", { type: "button", class: "dl-crumb", title: label, onclick: go }, label),
      );
      const sign = () => h("span", { "aria-hidden": "true" }, "›");
      fill(
        crumbs,
        ...links.flatMap((link, k) => (k === 0 ? [link] : [sign(), link])),
        after && h("span", { class: "dl-muted" }, after),
      );
      crumbs.scrollLeft = crumbs.scrollWidth;
    },
    history(can, ahead) {
      back.disabled = !can;
      forward.disabled = !ahead;
    },
    arrangement(names, now, busy) {
      if (names.join() !== listed) {
        listed = names.join();
        fill(arrangement, ...names.map((name) => h("option", { value: name }, WORDS[name] ?? name)));
      }
      arrangement.hidden = names.length < 2;
      arrangement.value = now;
      arrangement.disabled = busy;
    },
  };
}
