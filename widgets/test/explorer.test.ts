/** The parts of the elimination explorer: what-if, moments, matrix, regret bars, score, order, race, search. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createMatrix } from "../src/draw/matrix.ts";
import { createRegret } from "../src/draw/regret.ts";
import { stepChart } from "../src/draw/steps.ts";
import { lookOf, momentOf } from "../src/panes/moment.ts";
import { running } from "../src/panes/race.ts";
import { edgeKey } from "../src/panes/replay.ts";
import { scoreLine, scoreOf, stars } from "../src/panes/score.ts";
import { readAnswer, readElimination } from "../src/payload.ts";
import widget from "./all.ts";
import { elimination, state } from "./states.ts";

const bound = { value: 60, now: 66, method: "vertex-disjoint paths", floors: { "0": 30, "1": 6, "2": 12, "3": 12 } };
const sized = (elimination.vertices as { id: string; role: string }[]).map((v) => ({ ...v, size: 3 }));
const scored = { ...elimination, vertices: sized, model: "all_edges", bound, can: { undo: true, redo: false } };
const read = (change: Record<string, unknown> = {}) => readElimination({ ...scored, ...change }, "elimination");

describe("what eliminating a vertex would do", () => {
  test("joins what comes before with what comes after", () => {
    const what = momentOf(read(), "all_edges", 0).whatIf("0");
    expect(what.fill).toEqual([
      ["i0", "1"],
      ["i0", "2"],
      ["i1", "1"],
      ["i1", "2"],
    ]);
    expect(what.merged.size).toBe(0);
    expect(what.removed.size).toBe(4);
    expect(what.scalarCost).toBe(3 * 6 * 6);
  });
  test("adds to edges that are there", () => {
    const what = momentOf(read(), "all_edges", 2).whatIf("2");
    expect([...what.merged]).toEqual([edgeKey("i0", "3"), edgeKey("i1", "3")]);
    expect(what.fill).toHaveLength(2);
  });
});

describe("a moment", () => {
  test("is priced by the kernel at the end, and before it where every edge counts", () => {
    expect(Object.fromEntries(momentOf(read(), "nontrivial", 2).prices)).toEqual({
      "2": { cost: 12, fill: 2 },
      "3": { cost: 6, fill: 4 },
    });
    expect(momentOf(read(), "nontrivial", 1).prices.size).toBe(0);
    expect(momentOf(read(), "all_edges", 0).prices.get("0")?.cost).toBe(108);
  });
  test("knows what is left, also of what is not drawn", () => {
    expect(momentOf(read(), "all_edges", 1).left).toBe(3);
    const before = { steps: 10, cost: 5, scalar_cost: 7 };
    const late = momentOf(read({ total: 50, before }), "all_edges", 2);
    expect([late.left, late.costs]).toEqual([38, { cost: 23, scalar_cost: 49 }]);
  });
  test("tells new edges from old ones", () => {
    const at = momentOf(read(), "all_edges", 2);
    const looks = Object.fromEntries(at.state.edges.map((e) => [`${e.from}>${e.to}`, lookOf(at, e)]));
    expect([looks["i0>3"], looks["i0>2"], looks["2>3"]]).toEqual(["fresh", "filled", "plain"]);
  });
  test("merged edges take their new structure", () => {
    const frames = [{ ...read().frames[0], added: [], removed: [], merged: [["2", "5", "dense"]] }];
    const at = momentOf(read({ frames }), "all_edges", 1);
    const edge = at.state.edges.find((e) => e.to === "5" && e.from === "2");
    expect([edge?.structure, edge && lookOf(at, edge)]).toEqual(["dense", "merged"]);
  });
});

describe("the score", () => {
  test("regret is what the steps cost over their floors", () => {
    const found = scoreOf(momentOf(read(), "all_edges", 2));
    expect(found).toEqual({ cost: 42, bound: 60, regret: 6, complete: false, reach: 66 });
    const words = scoreLine(found).map((part) => (part as HTMLElement | null)?.textContent);
    expect(words).toEqual(["regret 6", "bound 60", "from here ≥ 66"]);
  });
  test("there is none without a bound", () => {
    expect(scoreLine(scoreOf(momentOf(read(), "nontrivial", 2)))).toEqual([]);
  });
  test("a complete order has a gap or is optimal", () => {
    const line = (cost: number) =>
      scoreLine({ cost, bound: 60, regret: 0, complete: true, reach: null })
        .map((part) => (part as HTMLElement | null)?.textContent)
        .filter(Boolean);
    expect(line(60)).toEqual(["bound 60", "✓ optimal"]);
    expect(line(66)).toEqual(["bound 60", "gap 6 (10 %)"]);
  });
  test("three stars for par", () => {
    expect([20, 21, 23, 24].map((cost) => stars(cost, 20))).toEqual([3, 2, 1, 0]);
  });
});

describe("the drawings", () => {
  const none = { pick: () => {}, hover: () => {} };
  test("the matrix has a row for each computed vertex and a column for each read one", () => {
    const at = momentOf(read(), "all_edges", 2);
    const matrix = createMatrix(none);
    const entries = at.state.edges.map((edge) => ({ ...edge, look: lookOf(at, edge) }));
    matrix.show({ vertices: at.section.vertices, entries, gone: at.state.gone, pivot: "2" });
    expect(matrix.element.getAttribute("aria-label")).toBe("extended Jacobian, 6 by 6, 8 entries, 4 of them filled in");
    const pivots = [...matrix.element.querySelectorAll("[data-pivot]")].map((p) => p.getAttribute("data-pivot"));
    expect(pivots).toEqual(["2", "3"]);
    expect(matrix.element.querySelectorAll(".dl-mx-band")).toHaveLength(2);
  });
  test("a large matrix is counted in cells", () => {
    const many = Array.from({ length: 400 }, (_, k) => ({ ...read().vertices[2], id: `${k}` }) as never);
    const matrix = createMatrix(none);
    matrix.show({ vertices: many, entries: [{ from: "3", to: "399", look: "plain" }], gone: new Map(), pivot: null });
    expect(matrix.element.querySelectorAll("[data-pivot]")).toHaveLength(0);
    expect(Number(matrix.element.getAttribute("height"))).toBeLessThan(300);
  });
  test("bars stand on their floors, and what is to come is pale", () => {
    const regret = createRegret({ jump: () => {}, hover: () => {} });
    const bar = (cost: number, floor: number | null) => ({ cost, floor });
    regret.show([bar(6, 4), bar(3, 3), bar(2, 1), bar(5, null)], 2, 3);
    const bars = (css: string) => (regret.element.querySelector(css)?.getAttribute("d") ?? "").split("z").length - 1;
    expect([".dl-rg-base", ".dl-rg-over", ".dl-rg-later", ".dl-rg-least"].map(bars)).toEqual([2, 1, 1, 1]);
  });
  test("step lines keep their value between two moments", () => {
    const points = [
      [0, 10],
      [5, 4],
    ] as const;
    const chart = stepChart([{ css: "dl-sc-a", points }], { label: "", x: String, to: 10, now: 10 });
    expect(chart.querySelector(".dl-sc-a")?.getAttribute("d")).toMatch(/^M[\d. ]+H[\d.]+V[\d.]+H[\d.]+$/);
  });
  test("running sums start at nothing", () => {
    expect(running([2, 3])).toEqual([0, 2, 5]);
  });
});

describe("the answers of the kernel", () => {
  test("are read", () => {
    const search = {
      running: true,
      model: "all_edges",
      budget: 5,
      seconds: 1,
      status: "",
      events: [{ seconds: 1, cost: 9 }],
    };
    expect(readAnswer({ kind: "search", search })).toEqual({
      kind: "search",
      search: { ...search, events: [{ seconds: 1, cost: 9, bound: 0, method: "" }] },
    });
    const race = { name: "reverse", order: ["1"], costs: [1], scalar_costs: [2] };
    expect(readAnswer({ kind: "race", race })).toEqual({ kind: "race", race });
    expect(readAnswer({ kind: "verdict", text: "x" })).toEqual({ kind: "verdict", text: "x", proved: false });
  });
});

describe("the explorer", () => {
  type Act = (...args: never[]) => void;
  let el: HTMLElement;
  let sent: Record<string, unknown>[];
  let stop: () => void;
  let said: (message: unknown) => void;
  let put: (key: string, value: unknown) => void;
  const one = (selector: string) => el.querySelector(selector) as HTMLElement;
  const press = (key: string, more: KeyboardEventInit = {}) =>
    one(".dl-root").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  const pane = (name: string) => one(`[data-pane=${name}]`).click();
  const button = (words: string) =>
    [...el.querySelectorAll("button")].find((b) => b.textContent === words) as HTMLButtonElement;

  function show(change: Record<string, unknown> = {}): void {
    const values: Record<string, unknown> = state({
      cursor: { view: "elimination", selection: null, steps: { adjoint: 0, elimination: 2 } },
      elimination: structuredClone({ ...scored, ...change }),
    });
    const acts = new Map<string, Set<Act>>();
    const emit = (event: string, ...args: unknown[]) => {
      for (const act of [...(acts.get(event) ?? [])]) (act as (...a: unknown[]) => void)(...args);
    };
    put = (key, value) => {
      values[key] = value;
      emit(`change:${key}`);
    };
    said = (message) => emit("msg:custom", message, []);
    const model = {
      get: (key: string) => values[key],
      set: put,
      save_changes() {},
      on: (event: string, act: Act) => acts.set(event, (acts.get(event) ?? new Set()).add(act)),
      off: (event: string, act: Act) => acts.get(event)?.delete(act),
      send: (content: unknown) => sent.push(content as Record<string, unknown>),
    };
    stop = widget.render({ model, el });
  }

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    el = document.createElement("div");
    document.body.append(el);
  });
  afterEach(() => {
    stop();
    el.remove();
    vi.useRealTimers();
  });

  test("points with the keyboard, says what it would do, and plays", () => {
    show();
    press("n");
    expect(el.querySelectorAll(".dl-ghosts .dl-ghost")).toHaveLength(2);
    expect(one(".dl-tooltip").textContent).toContain("2 new edges, 2 merged");
    expect(one(".dl-live").textContent).toContain("exp");
    expect(one(".dl-mx-ghost").getAttribute("d")).not.toBe("");
    press("l");
    press("Enter");
    expect(sent).toEqual([
      { kind: "lock", vertex: "2", place: "first" },
      { kind: "eliminate", vertex: "2" },
    ]);
  });
  test("goes on from an earlier step", () => {
    show();
    press("ArrowLeft");
    press("n");
    press("Enter");
    expect(sent).toEqual([{ kind: "eliminate", vertex: "1", at: 1 }]);
  });
  test("every key asks for its own", () => {
    show();
    for (const key of ["y", "e", "a", "v"]) press(key);
    press("Z", { ctrlKey: true, shiftKey: true });
    expect(sent.map((q) => q.kind)).toEqual(["redo", "finish", "adopt", "verify", "redo"]);
    expect(one(".dl-count").textContent).toBe("42 multiplications");
    press("c");
    expect(one(".dl-count").textContent).toBe("18 multiplications");
    expect(one(".dl-score").textContent).not.toContain("bound");
  });
  test("panes open one after the other, and shut", () => {
    show();
    const opened = () => el.querySelector(".dl-rail [aria-selected=true]")?.textContent;
    const seen = [0, 1, 2, 3].map(() => {
      press("p");
      return opened();
    });
    expect(seen).toEqual(["order", "race", "search", "matrix"]);
    pane("matrix");
    expect(opened()).toBeUndefined();
    expect(one(".dl-pane-body").hidden).toBe(true);
  });
  test("a vertex of the order is moved by Alt and an arrow", () => {
    show();
    pane("order");
    const row = one("[data-key=o1]");
    row.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", altKey: true, bubbles: true, cancelable: true }));
    row.dispatchEvent(
      new KeyboardEvent("keydown", { key: "ArrowDown", altKey: true, bubbles: true, cancelable: true }),
    );
    expect(sent).toEqual([{ kind: "reorder", order: ["1", "0"] }]);
  });
  test("the keyboard's focus survives a new section", () => {
    show();
    pane("order");
    one("[data-key=o1]").focus();
    put("elimination", structuredClone(scored));
    expect((document.activeElement as HTMLElement).dataset.key).toBe("o1");
    one("[data-key=n3]").focus();
    put("elimination", structuredClone({ ...scored, playable: {} }));
    expect(document.activeElement).toBe(one(".dl-root"));
  });
  test("races against a named order", () => {
    show();
    pane("race");
    const select = one("select[aria-label='order to race against']") as HTMLSelectElement;
    select.value = "reverse";
    select.dispatchEvent(new Event("change"));
    expect(sent).toEqual([{ kind: "race", name: "reverse" }]);
    said({ kind: "race", race: { name: "reverse", order: [], costs: [9, 9, 9, 9], scalar_costs: [30, 20, 20, 8] } });
    expect(one(".dl-found").textContent).toBe("8 ahead after 2 steps: 42 to 50");
  });
  test("searches, tells how it stands, stops and adopts", () => {
    show();
    press("s");
    expect(sent).toEqual([{ kind: "search", model: "all_edges", seconds: 5 }]);
    const search = { running: true, model: "all_edges", budget: 5, seconds: 1, status: "searching" };
    said({ kind: "search", search: { ...search, events: [{ seconds: 1, cost: 70, bound: 60, method: "anneal" }] } });
    expect(one(".dl-found").textContent).toBe("70 all edges · bound 60 · gap 10");
    press("s");
    button("Adopt").click();
    expect(sent.slice(1)).toEqual([{ kind: "stop" }, { kind: "adopt" }]);
    expect(one(".dl-elimination").classList.contains("dl-busy")).toBe(true);
    said({ kind: "error", text: "no" });
    expect(one(".dl-elimination").classList.contains("dl-busy")).toBe(false);
  });
  test("a complete order can be verified, and the verdict is shown", () => {
    show({ total: 2, playable: {}, bound: { ...bound, value: 42 } });
    expect(one(".dl-score").textContent).toContain("✓ optimal");
    button("Verify").click();
    expect(sent).toEqual([{ kind: "verify" }]);
    said({ kind: "verdict", text: "cost 42, bound 42", proved: true });
    expect(one(".dl-notice").textContent).toContain("bound 42");
  });
  test("a puzzle shows its par, its stars and the other puzzles", () => {
    show({ total: 2, playable: {}, puzzle: { name: "hole", par: 41, names: ["simple", "hole"] } });
    expect(one(".dl-puzzle").textContent).toContain("par 41");
    expect(one(".dl-stars").textContent).toBe("★★☆");
    const select = one("select[aria-label=puzzle]") as HTMLSelectElement;
    select.value = "simple";
    select.dispatchEvent(new Event("change"));
    expect(sent).toEqual([{ kind: "puzzle", name: "simple" }]);
  });
  test("a group opens by a click and closes by Backspace", () => {
    const box = { ...sized[2], id: "~0", label: "layer", role: "group", size: 40 };
    const matrix = { bins: 2, of: 900, cells: [[1, 0, 3, 0]] };
    show({ vertices: [...sized, box], total: 900, matrix });
    expect(one(".dl-matrix").getAttribute("aria-label")).toContain("2 by 2 cells");
    (one("[data-id='~0']") as unknown as SVGElement).dispatchEvent(new MouseEvent("click", { bubbles: true }));
    put("elimination", structuredClone({ ...scored, group: { id: "~0", label: "layer" }, total: 900 }));
    press("Backspace");
    expect(sent).toEqual([
      { kind: "open", group: "~0" },
      { kind: "open", group: null },
    ]);
  });
  test("many vertices are small boxes with their cost", () => {
    show({ compact: true });
    expect(one("[data-id='2']").querySelector("text")?.textContent).toBe("18");
    expect(el.querySelectorAll(".dl-badge")).toHaveLength(0);
  });
});
