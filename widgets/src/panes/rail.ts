/** A side pane with tabs: one is open, or none; the keyboard's focus survives what is drawn anew in it. */

import { type Child, fill, h } from "../dom.ts";

export interface Rail<Name extends string> {
  readonly element: HTMLElement;
  readonly open: Name | null;
  /** Put this into the open pane. */
  show(...content: Child[]): void;
  choose(name: Name | null): void;
  /** The next pane, round and round. */
  turn(): void;
}

export function createRail<Name extends string>(
  names: readonly Name[],
  label: string,
  changed: () => void,
): Rail<Name> {
  let open: Name | null = names[0] ?? null;
  const body = h("div", { class: "dl-pane-body", role: "tabpanel" });
  const tabs = names.map((name) => {
    const tab = h("button", { type: "button", role: "tab", class: "dl-tab", "data-pane": name }, name);
    tab.addEventListener("click", () => choose(name === open ? null : name));
    return tab;
  });
  const rail = h("div", { class: "dl-rail", role: "tablist", "aria-label": "panes" }, ...tabs);
  const element = h("aside", { class: "dl-pane dl-orders", "aria-label": label }, rail, body);
  const mark = () => {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab.dataset.pane === open));
      tab.title = tab.dataset.pane === open ? "close this pane" : "";
    }
    element.classList.toggle("dl-shut", open === null);
    body.hidden = open === null;
  };
  const choose = (name: Name | null) => {
    open = name;
    mark();
    changed();
  };
  mark();
  return {
    element,
    get open() {
      return open;
    },
    show: (...content) => keepFocus(body, () => fill(body, ...content)),
    choose,
    turn: () => choose(names[(open === null ? 0 : names.indexOf(open) + 1) % names.length] ?? null),
  };
}

/** Run `act`, which draws `within` anew, and put the focus on the element of the same `data-key`, or on the widget. */
export function keepFocus(within: HTMLElement, act: () => void): void {
  const { activeElement } = within.getRootNode() as Document | ShadowRoot;
  const held = activeElement instanceof HTMLElement && within.contains(activeElement) ? activeElement : null;
  const key = held?.dataset.key;
  act();
  if (!held || held.isConnected) return;
  const same = [...within.querySelectorAll<HTMLElement>("[data-key]")].find((element) => element.dataset.key === key);
  (key && same ? same : within.closest<HTMLElement>(".dl-root"))?.focus({ preventScroll: true });
}
