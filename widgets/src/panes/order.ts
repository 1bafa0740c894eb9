/** The order so far, to go to, drag and lock; what could go next; what other orders cost. */

import { button, type Child, h } from "../dom.ts";
import { count } from "../format.ts";
import type { Baseline, CostModel, EliminationSection, Question } from "../payload.ts";
import { MODEL_NAMES, type Moment, priceOf } from "./moment.ts";

export interface OrderCalls {
  readonly kernel: boolean;
  ask(question: Question): void;
  go(step: number): void;
  point(vertex: string | null): void;
}

const LOCKS = [null, "first", "last"] as const;

/** Rows of the panel; `key` on an element is its name when the focus is put back. */
export function orderPanel(at: Moment, calls: OrderCalls): Child[] {
  const { section, model, step, prices } = at;
  const { frames, before } = section;
  const rows = frames.map((frame, n) => {
    const css = n + 1 === step ? "dl-order dl-current" : n >= step ? "dl-order dl-later" : "dl-order";
    const row = h(
      "button",
      {
        type: "button",
        class: css,
        "data-key": `o${frame.vertex}`,
        "data-vertex": frame.vertex,
        title: calls.kernel ? "go to this step; drag it, or Alt+↑ ↓, to another place" : "go to this step",
        onclick: () => calls.go(n + 1),
      },
      h("span", { class: "dl-muted" }, String(before.steps + n + 1)),
      h("span", { class: "dl-link-name" }, at.nameOf(frame.vertex)),
      h("span", { class: "dl-number" }, `+${count(priceOf(model, frame))}`),
    );
    row.addEventListener("keydown", (event) => {
      const turn = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
      if (!event.altKey || turn === 0) return;
      event.preventDefault();
      move(n, n + turn);
    });
    return row;
  });
  const movable = calls.kernel && before.steps === 0;

  function move(from: number, to: number): void {
    const order = frames.map((frame) => frame.vertex);
    const [vertex] = order.splice(from, 1);
    if (!movable || vertex === undefined || to < 0 || to > order.length || to === from) return;
    order.splice(to, 0, vertex);
    calls.ask({ kind: "reorder", order });
  }

  const list = h("div", { class: "dl-order-list" }, ...rows);
  if (movable) dragRows(list, rows, move);
  const heading = (words: string, ...more: Child[]) => h("div", { class: "dl-head-line" }, h("h4", {}, words), ...more);
  const save = button(
    "Save",
    "keep this order to compare with",
    () => calls.ask({ kind: "save" }),
    "dl-button dl-small",
  );
  save.disabled = !calls.kernel;
  return [
    h(
      "section",
      { class: "dl-section" },
      heading("Order", frames.length > 0 && save),
      frames.length > 0 ? list : h("p", { class: "dl-hint" }, "Click a vertex in the drawing to eliminate it."),
    ),
    prices.size > 0 && at.live
      ? h("section", { class: "dl-section" }, heading("Could go next"), ...nextRows(at, calls))
      : null,
    section.baselines.length > 0
      ? h("section", { class: "dl-section" }, heading("To compare with"), parTable(section, model, calls))
      : null,
    section.truncated ? h("p", { class: "dl-hint" }, section.truncated) : null,
  ];
}

function nextRows({ section, prices, nameOf }: Moment, calls: OrderCalls): HTMLElement[] {
  return [...prices]
    .sort((a, b) => a[1].cost - b[1].cost)
    .map(([id, price]) => {
      const lock = section.locks[id] ?? null;
      const next = LOCKS[(LOCKS.indexOf(lock) + 1) % LOCKS.length] ?? null;
      const act = h(
        "button",
        {
          type: "button",
          class: "dl-order",
          "data-key": `n${id}`,
          disabled: !calls.kernel,
          title: "eliminate",
          onclick: () => calls.ask({ kind: "eliminate", vertex: id }),
          onfocus: () => calls.point(id),
          onblur: () => calls.point(null),
          onpointerenter: () => calls.point(id),
          onpointerleave: () => calls.point(null),
        },
        h("span", {}),
        h("span", { class: "dl-link-name" }, nameOf(id)),
        h("span", { class: "dl-muted" }, price.fill === null ? "" : `fill ${price.fill}`),
        h("span", { class: "dl-number" }, `+${count(price.cost)}`),
      );
      const pin = button(
        lock ?? "lock",
        `${lock ? `locked ${lock}` : "not locked"}: lock ${nameOf(id)} ${next ?? "no more"} for Finish and Search`,
        () => calls.ask({ kind: "lock", vertex: id, place: next }),
        lock ? "dl-button dl-small dl-pin dl-on" : "dl-button dl-small dl-pin",
      );
      pin.disabled = !calls.kernel;
      pin.dataset.key = `l${id}`;
      return h("div", { class: "dl-next-row" }, act, pin);
    });
}

function parTable(section: EliminationSection, model: CostModel, calls: OrderCalls): HTMLElement {
  const best = Math.min(...section.baselines.map((b) => priceOf(model, b)));
  const row = (b: Baseline) => {
    const play = h(
      "button",
      {
        type: "button",
        class: "dl-play",
        "data-key": `b${b.name}`,
        disabled: !calls.kernel,
        title: `play ${b.name}`,
        onclick: () => calls.ask({ kind: "order", name: b.name }),
      },
      b.name,
    );
    const won = priceOf(model, b) === best;
    return h(
      "tr",
      { class: won ? "dl-best" : "" },
      h("th", { scope: "row" }, play, won ? h("span", { class: "dl-chip" }, "best") : null),
      h("td", {}, count(b.cost)),
      h("td", {}, count(b.scalar_cost)),
    );
  };
  const heads = ["order", MODEL_NAMES.nontrivial, MODEL_NAMES.all_edges];
  return h(
    "table",
    { class: "dl-table dl-numbers" },
    h("thead", {}, h("tr", {}, ...heads.map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", {}, ...section.baselines.map(row)),
  );
}

/** Let rows be dragged up and down; `move` hears from where to where. */
function dragRows(list: HTMLElement, rows: readonly HTMLElement[], move: (from: number, to: number) => void): void {
  let drag: { from: number; to: number; y: number; far: boolean } | null = null;
  const place = (y: number) =>
    rows.filter((row) => row.getBoundingClientRect().bottom - row.offsetHeight / 2 < y).length;
  const clear = () => {
    for (const row of rows) row.classList.remove("dl-drag", "dl-drop", "dl-drop-end");
  };
  list.addEventListener("pointerdown", (event) => {
    const from = rows.findIndex((row) => row.contains(event.target as Node));
    if (event.button === 0 && from >= 0) drag = { from, to: from, y: event.clientY, far: false };
  });
  list.addEventListener("pointermove", (event) => {
    if (!drag || event.buttons === 0 || (!drag.far && Math.abs(event.clientY - drag.y) < 5)) return;
    if (!drag.far) list.setPointerCapture?.(event.pointerId);
    drag = { ...drag, far: true, to: place(event.clientY) };
    clear();
    rows[drag.from]?.classList.add("dl-drag");
    if (drag.to < rows.length) rows[drag.to]?.classList.add("dl-drop");
    else rows[rows.length - 1]?.classList.add("dl-drop-end");
  });
  const end = () => {
    clear();
    const { from, to, far } = drag ?? { from: 0, to: 0, far: false };
    drag = null;
    if (far) move(from, to > from ? to - 1 : to);
  };
  list.addEventListener("pointerup", end);
  list.addEventListener("pointercancel", () => {
    drag = null;
    clear();
  });
}
