import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import widget, { mount } from "./all.ts";
import { FakeModel } from "./model.ts";
import { graph, scope, state } from "./states.ts";

let stops: (() => void)[] = [];
let quiet: ReturnType<typeof vi.spyOn>[] = [];

function show(change: Record<string, unknown> = {}, model = new FakeModel(state(change))) {
  const el = document.createElement("div");
  document.body.append(el);
  stops.push(widget.render({ model, el }));
  return { el, model, ...lookAt(el) };
}

function lookAt(el: HTMLElement) {
  const one = (selector: string): HTMLElement => {
    const found = el.querySelector<HTMLElement>(selector);
    if (!found) throw new Error(`nothing matches ${selector}`);
    return found;
  };
  const all = (selector: string) => [...el.querySelectorAll<HTMLElement>(selector)];
  const node = (id: string) => one(`[data-id="${id}"]`);
  const click = (target: HTMLElement, kind = "click") => target.dispatchEvent(new MouseEvent(kind, { bubbles: true }));
  const press = (key: string, more: KeyboardEventInit = {}) =>
    one(".dl-root").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  return { one, all, node, click, press };
}

const focus = (view: string, more: Record<string, unknown> = {}) => ({
  view,
  selection: null,
  steps: { adjoint: 0, elimination: 2 },
  ...more,
});

beforeEach(() => {
  vi.useFakeTimers();
  quiet = [
    vi.spyOn(console, "error").mockImplementation(() => {}),
    vi.spyOn(console, "warn").mockImplementation(() => {}),
  ];
});
afterEach(() => {
  for (const stop of stops) stop();
  stops = [];
  document.body.replaceChildren();
  for (const spy of quiet) spy.mockRestore();
  vi.useRealTimers();
});

describe("the shell", () => {
  test("has one tab a view, and none for one view", () => {
    expect(
      show()
        .all("[role=tab]")
        .map((t) => t.textContent),
    ).toEqual(["Graph", "Check", "Adjoint", "Elimination"]);
    expect(show({ views: ["check"] }).one(".dl-tabs").hidden).toBe(true);
  });

  test("keeps the notebook's shortcuts out", () => {
    const root = show().one(".dl-root");
    expect(root.dataset.lmSuppressShortcuts).toBe("true");
    expect(root.tabIndex).toBe(0);
    expect(root.getAttribute("role")).toBe("application");
  });

  test("shows a failed section in its tab and leaves the others usable", () => {
    const { one, all, model, click } = show({ check: { failed: "line one\n  line two" }, cursor: focus("check") });
    expect(one(".dl-panel-check pre").textContent).toBe("line one\n  line two");
    click(all("[role=tab]")[2] as HTMLElement);
    expect(one(".dl-panel-adjoint .dl-big").textContent).toContain("dot_general");
    expect(model.get("cursor")).toMatchObject({ view: "adjoint" });
  });

  test("hides a null section", () => {
    expect(show({ check: null }).all("[role=tab]")).toHaveLength(3);
  });

  test("catches a section that is not what it should be", () => {
    const { one, all, click } = show({ graph: { root: "", scopes: {} } });
    expect(one(".dl-panel-graph").textContent).toContain("no root scope");
    click(all("[role=tab]")[1] as HTMLElement);
    expect(one(".dl-verdict").textContent).toContain("refuted");
  });

  test("shows and dismisses the notice", () => {
    const { one, all, model, click } = show({ notice: { level: "warning", text: "a\nb" } });
    expect(one(".dl-notice pre").textContent).toBe("a\nb");
    click(one(".dl-notice button"));
    expect(all(".dl-notice")).toHaveLength(0);
    model.set("notice", { level: "error", text: "again" });
    expect(one(".dl-notice").classList.contains("dl-error")).toBe(true);
  });

  test("opens and closes help by key", () => {
    const { one, press } = show();
    press("?");
    expect(one(".dl-help").hidden).toBe(false);
    expect(one(".dl-help").textContent).toContain("fit everything");
    press("Escape");
    expect(one(".dl-help").hidden).toBe(true);
  });

  test("two renderings of one model share the focus", () => {
    const first = show();
    const second = show({}, first.model);
    first.click(first.all("[role=tab]")[2] as HTMLElement);
    expect(second.one("[aria-selected=true]").textContent).toBe("Adjoint");
    first.press("ArrowRight");
    expect(second.one(".dl-step").textContent).toContain("step 2 of 16");
  });

  test("saves the focus once after many steps", () => {
    const { model, press } = show({ cursor: focus("adjoint") });
    for (let k = 0; k < 8; k++) press("j");
    expect(model.saves).toBe(0);
    vi.advanceTimersByTime(500);
    expect(model.saves).toBe(1);
  });

  test("takes everything away when stopped", () => {
    const { el, model } = show();
    for (const stop of stops) stop();
    expect(model.listeners).toBe(0);
    expect(el.childNodes).toHaveLength(0);
  });

  test("listens to anywidget's signal", () => {
    const control = new AbortController();
    const el = document.createElement("div");
    widget.render({ model: new FakeModel(state()), el, signal: control.signal });
    control.abort();
    expect(el.childNodes).toHaveLength(0);
  });
});

describe("the graph view", () => {
  test("draws open scopes as frames and closed ones with a mark", () => {
    const { node } = show();
    expect(node("0").classList.contains("dl-frame")).toBe(true);
    expect(node("0.0/2").textContent).toContain("tanh");
    expect(node("1").classList.contains("dl-opens")).toBe(true);
  });

  test("opens and closes by double click, by Enter and by the mark", () => {
    const { node, all, click, press } = show();
    click(node("1"), "dblclick");
    expect(all('[data-id="1.0/2"]')).toHaveLength(1);
    click(node("1"));
    press("Enter");
    expect(all('[data-id="1.0/2"]')).toHaveLength(0);
    click(node("1").querySelector("[data-toggle]") as HTMLElement);
    expect(all('[data-id="1.0/2"]')).toHaveLength(1);
  });

  test("selects, lights the edges and fills the inspector", () => {
    const { node, one, all, model, click } = show();
    click(node("2"));
    expect(model.get("cursor")).toMatchObject({ selection: "2" });
    expect(all(".dl-hot-in")).toHaveLength(1);
    expect(all(".dl-hot-out")).toHaveLength(1);
    expect(one(".dl-inspector").textContent).toContain("jax.lax.scan(body, y, None, length=48)");
    expect(one(".dl-live").textContent).toContain("scan[length=48]");
  });

  test("an operand in the inspector selects it", () => {
    const { node, all, model, click } = show();
    click(node("4"));
    click(all(".dl-inspector button.dl-link").find((b) => b.textContent?.startsWith("2")) as HTMLElement);
    expect(model.get("cursor")).toMatchObject({ selection: "2" });
  });

  test("a selection from elsewhere opens what hides it", () => {
    const { all } = show({ cursor: focus("graph", { selection: "3.1/0" }) });
    expect(all('[data-id="3.1/0"].dl-selected')).toHaveLength(1);
  });

  test("draws a portal whole only when one end is selected", () => {
    const { node, all, click } = show();
    expect(all(".dl-stub")).toHaveLength(2);
    expect(all(".dl-portal")).toHaveLength(0);
    click(node("5"));
    expect(all(".dl-portal")).toHaveLength(1);
  });

  test("asks for a scope that is not carried, and draws the answer", () => {
    const { node, all, one, model, click } = show();
    click(node("~0"), "dblclick");
    expect(model.sent).toEqual([{ kind: "scope", id: "~0", arrangement: "layered" }]);
    expect(all(".dl-spinner")).toHaveLength(1);
    const answer = scope("~0", "regulariser", "named", [[["6", "equation", "abs", "f32[]"]]], []);
    model.emit("msg:custom", { kind: "scope", scope: answer, nodes: {} }, []);
    expect(node("6").textContent).toContain("abs");
    expect(all(".dl-spinner")).toHaveLength(0);
    vi.advanceTimersByTime(6000);
    expect(() => one(".dl-notice")).toThrow();
  });

  test("says so when no answer comes in five seconds", () => {
    const { node, all, one, click } = show();
    click(node("~0"), "dblclick");
    vi.advanceTimersByTime(4900);
    expect(all(".dl-notice")).toHaveLength(0);
    vi.advanceTimersByTime(200);
    expect(one(".dl-notice").textContent).toContain(
      "the kernel does not answer: this part was not carried; run the cell again",
    );
    expect(all(".dl-spinner")).toHaveLength(0);
  });

  test("survives a kernel that is gone", () => {
    const { node, one, model, click, press } = show();
    model.dead = true;
    click(node("~0"), "dblclick");
    expect(one(".dl-notice").textContent).toContain("does not answer");
    click(node("1"), "dblclick");
    press("ArrowDown");
    vi.advanceTimersByTime(1000);
    expect(node("1.0/0").textContent).toContain("dot_general");
  });

  test("keeps what is open when the section changes", () => {
    const { node, model, click } = show();
    click(node("1"), "dblclick");
    model.set("graph", structuredClone(graph));
    expect(node("1.0/2").textContent).toContain("tanh");
  });

  test("walks by arrow keys and finds by search", () => {
    const { one, node, model, click, press } = show();
    click(node("1"));
    press("ArrowDown");
    expect(["2", "3"]).toContain((model.get("cursor") as { selection: string }).selection);
    const search = one(".dl-search") as HTMLInputElement;
    search.value = "log1p";
    search.dispatchEvent(new Event("input"));
    search.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(model.get("cursor")).toMatchObject({ selection: "2.0/2" });
  });

  test("holds only what is near when there are thousands of boxes", () => {
    const rows = Array.from({ length: 3000 }, (_, k) => [[`${k}`, "equation", "add", "f32[]"] as const]);
    const { all } = show({ graph: { root: "", scopes: { "": scope("", "f", "function", rows, []) } } });
    expect(all("[data-id]").length).toBeGreaterThan(3);
    expect(all("[data-id]").length).toBeLessThan(800);
  });
});

describe("the adjoint view", () => {
  test("steps by keys, and carries the node along", () => {
    const { one, model, press } = show({ cursor: focus("adjoint") });
    expect(one(".dl-step").textContent).toBe("step 1 of 16 · forward");
    press("ArrowRight", { shiftKey: true });
    expect(one(".dl-step").textContent).toBe("step 11 of 16 · reverse");
    expect(model.get("cursor")).toMatchObject({ steps: { adjoint: 10 }, selection: "4" });
    press("End");
    press("k");
    expect(one(".dl-big").textContent).toBe("a = mul z scale");
  });
  test("goes to the first NaN", () => {
    const { one, press } = show({ cursor: focus("adjoint") });
    press("x");
    expect(one(".dl-step").textContent).toBe("step 11 of 16 · reverse");
    expect(one(".dl-step-head .dl-flag").textContent).toBe("N");
    expect(one(".dl-loud").textContent).toBe("NaN3");
  });
  test("has no button for a NaN that is not there", () => {
    const { one } = show({
      cursor: focus("adjoint"),
      adjoint: { ...(state().adjoint as object), marks: { first_nan: null } },
    });
    expect(one(".dl-alarm").hidden).toBe(true);
  });
  test("plays and pauses by Space", () => {
    const { one, press } = show({ cursor: focus("adjoint") });
    press(" ");
    vi.advanceTimersByTime(1000);
    expect(one(".dl-step").textContent).toBe("step 3 of 16 · forward");
    press(" ");
    vi.advanceTimersByTime(5000);
    expect(one(".dl-step").textContent).toBe("step 3 of 16 · forward");
  });
  test("fetches the numbers of a value", () => {
    const { one, model, click } = show({ cursor: focus("adjoint") });
    click(one(".dl-value .dl-button"));
    expect(model.sent).toEqual([{ kind: "array", step: 0, which: "primal" }]);
    const bytes = new DataView(new Float64Array([1.5, Number.NaN]).buffer);
    model.emit("msg:custom", { kind: "array", step: 0, which: "primal", shape: [2], dtype: "float32" }, [bytes]);
    expect(one(".dl-array").textContent).toContain("1.500NaN");
  });
  test("keeps its step when a new trace comes", () => {
    const { one, model, press } = show({ cursor: focus("adjoint") });
    press("j");
    model.set("adjoint", structuredClone(state().adjoint));
    expect(one(".dl-step").textContent).toBe("step 2 of 16 · forward");
  });
});

describe("the elimination view", () => {
  test("draws the state after the frames, with ghosts and prices", () => {
    const { node, all } = show({ cursor: focus("elimination") });
    expect(node("0").classList.contains("dl-gone")).toBe(true);
    expect(node("2").textContent).toContain("+12");
    expect(all(".dl-fresh")).toHaveLength(2);
    expect(all(".dl-filled")).toHaveLength(2);
  });
  test("asks to eliminate what is clicked, if it may be", () => {
    const { node, model, click } = show({ cursor: focus("elimination") });
    for (const id of ["i0", "0", "4"]) click(node(id));
    expect(model.sent).toEqual([]);
    click(node("3"));
    expect(model.sent).toEqual([{ kind: "eliminate", vertex: "3" }]);
  });
  test("undoes by u and by Ctrl+Z, resets and plays a baseline", () => {
    const { all, model, press, click } = show({ cursor: focus("elimination") });
    press("u");
    press("z", { ctrlKey: true });
    click(all(".dl-group button").find((b) => b.textContent === "markowitz") as HTMLElement);
    click(all(".dl-group button").find((b) => b.textContent === "Reset") as HTMLElement);
    expect(model.sent).toEqual([
      { kind: "undo" },
      { kind: "undo" },
      { kind: "order", name: "markowitz" },
      { kind: "reset" },
    ]);
  });
  test("steps back through the frames", () => {
    const { one, press, node } = show({ cursor: focus("elimination") });
    press("ArrowLeft");
    expect(one(".dl-count").textContent).toBe("12 multiplications");
    expect(node("1").classList.contains("dl-next")).toBe(true);
    press("Home");
    expect(one(".dl-count").textContent).toBe("0 multiplications");
  });
  test("a new section is the answer", () => {
    const { one, model, press } = show({ cursor: focus("elimination") });
    press("u");
    expect(one(".dl-elimination").classList.contains("dl-busy")).toBe(true);
    const section = state().elimination as { frames: unknown[]; order: string[] };
    model.set("elimination", { ...section, frames: section.frames.slice(0, 1), order: ["0"] });
    expect(one(".dl-elimination").classList.contains("dl-busy")).toBe(false);
    expect(one(".dl-count").textContent).toBe("12 multiplications");
    vi.advanceTimersByTime(6000);
    expect(() => one(".dl-notice")).toThrow();
  });
});

describe("a saved page", () => {
  test("works by itself, and says what needs a kernel", () => {
    const el = document.createElement("div");
    document.body.append(el);
    stops.push(mount(el, state({ cursor: focus("elimination") })));
    const { all, press, one, node, click } = lookAt(el);
    const reset = all(".dl-group button").find((b) => b.textContent === "Reset") as HTMLButtonElement;
    expect(reset.disabled).toBe(true);
    expect(reset.title).toContain("running kernel");
    press("ArrowLeft");
    expect(one(".dl-count").textContent).toBe("12 multiplications");
    press("1");
    click(node("~0"), "dblclick");
    expect(one(".dl-notice").textContent).toContain("saved page");
    expect(all(".dl-spinner")).toHaveLength(0);
  });
});
