/** The search box: what is typed, how many hits, and the first of them as a list below. */

import { fill, h } from "../dom.ts";
import { count, plural } from "../format.ts";
import type { Found } from "./finder.ts";

const AT_MOST = 50;

export interface FindCalls {
  /** The text changed: find, and call `show`. */
  search(query: string): void;
  /** Go to hit `n`. */
  go(n: number): void;
  look(n: number): Found;
  /** The box has the focus for the first time, or again. */
  opened(): void;
  /** A hit was taken: the keys belong to the drawing again. */
  done(): void;
}

export interface Extent {
  /** The whole index is on its way. */
  readonly busy: boolean;
  /** Only what has been carried was searched. */
  readonly partial: boolean;
}

export interface FindBox {
  readonly element: HTMLElement;
  focus(): void;
  /** `total` hits, with `now` of them the current one (−1: none yet). */
  show(total: number, now: number, of: Extent): void;
  readonly query: string;
}

export function createFindBox(calls: FindCalls): FindBox {
  let total = 0;
  let now = -1;
  let extent: Extent = { busy: false, partial: true };
  /** Enter came before the index: the first hit is gone to when it is there. */
  let eager = false;
  const id = `dl-hits-${Math.random().toString(36).slice(2, 8)}`;
  const input = h("input", {
    type: "search",
    class: "dl-search",
    placeholder: "Search",
    "aria-label": "search nodes (/)",
    title: "words, or name: prim: type: param: scope: file: line:10-20",
    role: "combobox",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    "aria-controls": id,
    autocomplete: "off",
    spellcheck: "false",
  });
  const found = h("span", { class: "dl-muted dl-found-count", role: "status" });
  const list = h("div", { class: "dl-hits", id, role: "listbox", "aria-label": "hits", hidden: true });
  const element = h("div", { class: "dl-find" }, input, found, list);

  const open = (on: boolean) => {
    list.hidden = !on || input.value.trim() === "";
    input.setAttribute("aria-expanded", String(!list.hidden));
  };
  const row = (n: number) => {
    const hit = calls.look(n);
    const type = hit.type || (hit.primitive ? "" : "group");
    return h(
      "div",
      {
        class: "dl-hit-row",
        role: "option",
        id: `${id}-${n}`,
        "data-hit": String(n),
        "aria-selected": String(n === now),
      },
      h(
        "div",
        { class: "dl-hit-name" },
        h("b", {}, hit.primitive || hit.name),
        hit.primitive && hit.name !== hit.primitive ? h("span", {}, hit.name) : null,
        h("span", { class: "dl-muted" }, type),
        hit.count > 1 ? h("span", { class: "dl-muted" }, `× ${count(hit.count)}`) : null,
      ),
      h(
        "div",
        { class: "dl-hit-where dl-muted" },
        h("span", {}, hit.path.join(" › ")),
        hit.line > 0 ? h("span", { class: "dl-hit-line" }, `${hit.file.replace(/^.*[/\\]/, "")}:${hit.line}`) : null,
      ),
    );
  };
  const draw = () => {
    const shown = Math.min(total, AT_MOST);
    const words = [
      total === 0 ? (extent.busy ? "searching …" : "nothing found") : "",
      total > shown ? `first ${shown} of ${count(total)}` : "",
      extent.partial && !extent.busy ? "only what was opened so far is searched" : "",
    ];
    const end = words.filter(Boolean).join("; ");
    fill(
      list,
      ...Array.from({ length: shown }, (_, n) => row(n)),
      end ? h("div", { class: "dl-muted dl-hit-end" }, end) : null,
    );
  };
  const mark = () => {
    for (const line of list.querySelectorAll<HTMLElement>("[data-hit]")) {
      const here = Number(line.dataset.hit) === now;
      line.setAttribute("aria-selected", String(here));
      if (here) line.scrollIntoView?.({ block: "nearest" });
    }
    if (now >= 0 && now < AT_MOST) input.setAttribute("aria-activedescendant", `${id}-${now}`);
    else input.removeAttribute("aria-activedescendant");
  };
  const take = (n: number) => {
    calls.go(n);
    open(false);
    calls.done();
  };
  input.addEventListener("input", () => {
    eager = false;
    calls.search(input.value);
    open(true);
  });
  input.addEventListener("focus", () => {
    calls.opened();
    open(total > 0);
  });
  element.addEventListener("focusout", (event) => {
    if (!element.contains(event.relatedTarget as Node | null)) open(false);
  });
  // The list must not take the focus from the text.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const line = (event.target as Element).closest<HTMLElement>("[data-hit]");
    if (!line) return;
    take(Number(line.dataset.hit));
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) open(false);
    else if (total === 0) {
      eager = event.key === "Enter" && extent.busy;
      return;
    } else if (event.key === "Enter") take(Math.max(0, now));
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      open(true);
      now = (now + (event.key === "ArrowDown" ? 1 : now < 0 ? total : total - 1)) % total;
      mark();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return {
    element,
    focus: () => {
      input.focus();
      input.select();
    },
    show(next, at, of) {
      const same = next === total && at !== now && of.busy === extent.busy;
      [total, now, extent] = [next, at, of];
      const words = at >= 0 ? `${count(at + 1)}/${count(total)}` : total === 0 ? "no hit" : plural(total, "hit");
      fill(found, input.value.trim() === "" ? "" : of.busy && total === 0 ? "…" : words);
      if (!same) draw();
      mark();
      if (!eager || (of.busy && total === 0)) return;
      eager = false;
      if (total > 0) take(0);
    },
    get query() {
      return input.value;
    },
  };
}
