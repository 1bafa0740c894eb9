/** A button with a small menu below it: what is needed now and then. */

import { button, type Child, fill, h } from "../dom.ts";

export interface MenuLine {
  readonly label: string;
  /** Its key, if it has one. */
  readonly key?: string;
  readonly act: () => void;
  readonly disabled?: boolean;
  /** On or off, of what is switched. */
  readonly on?: boolean;
}

/** `lines` is called each time the menu opens. */
export function createMenu(face: Child, title: string, lines: () => readonly MenuLine[]): HTMLElement {
  const list = h("div", { class: "dl-menu", role: "menu", "aria-label": title, hidden: true });
  const door = button(face, title, () => toggle(list.hidden === true));
  door.setAttribute("aria-haspopup", "menu");
  const element = h("div", { class: "dl-menu-host" }, door, list);
  const toggle = (on: boolean) => {
    list.hidden = !on;
    door.setAttribute("aria-expanded", String(on));
    if (!on) return;
    fill(list, ...lines().map(row));
    list.querySelector<HTMLElement>("button:enabled")?.focus({ preventScroll: true });
  };
  const row = ({ label, key, act, disabled, on }: MenuLine) => {
    const line = h(
      "button",
      {
        type: "button",
        class: "dl-menu-row",
        role: on === undefined ? "menuitem" : "menuitemcheckbox",
        "aria-checked": on === undefined ? null : String(on),
        onclick: () => {
          toggle(false);
          door.focus({ preventScroll: true });
          act();
        },
      },
      h("span", { class: "dl-menu-sign", "aria-hidden": "true" }, on ? "✓" : ""),
      h("span", { class: "dl-menu-label" }, label),
      key ? h("kbd", {}, key) : null,
    );
    line.disabled = disabled ?? false;
    return line;
  };
  element.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const rows = [...list.querySelectorAll<HTMLElement>("button:enabled")];
    const now = rows.indexOf(document.activeElement as HTMLElement);
    const turn = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (turn) rows[(now + turn + rows.length) % rows.length]?.focus();
    else if (event.key === "Escape") {
      toggle(false);
      door.focus({ preventScroll: true });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  element.addEventListener("focusout", (event) => {
    if (!element.contains(event.relatedTarget as Node | null)) toggle(false);
  });
  return element;
}
