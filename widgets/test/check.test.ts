/** The check view: signs, digits, blocks, keys, and what is asked of the kernel. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { differing, marked, rightDigits, written } from "../src/views/check/digits.ts";
import widget from "./all.ts";
import { FakeModel } from "./model.ts";
import { check, entryAnswer, state } from "./states.ts";

let stop = () => {};

function show(section: Record<string, unknown> = {}, answer: FakeModel["answer"] = () => undefined) {
  const views = ["check", "graph"];
  const model = new FakeModel(state({ views, check: { ...check, ...section }, cursor: null }));
  model.answer = answer;
  const el = document.createElement("div");
  document.body.append(el);
  stop = widget.render({ model, el });
  const all = (selector: string) => [...el.querySelectorAll<HTMLElement>(selector)];
  const one = (selector: string): HTMLElement => {
    const found = all(selector)[0];
    if (!found) throw new Error(`nothing matches ${selector}`);
    return found;
  };
  const press = (key: string) => one(".dl-root").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  return { el, model, one, all, press, wait: (ms = 20) => vi.advanceTimersByTime(ms) };
}

const asked = (model: FakeModel) => model.sent.filter(({ kind }) => kind === "entry");

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  stop();
  document.body.replaceChildren();
  vi.useRealTimers();
});

describe("the check view", () => {
  test("marks every verdict by a sign and not by colour alone", () => {
    const { all, one } = show();
    const signs = all("[data-place]").map((cell) => cell.textContent);
    expect(signs.join("")).toBe("✓✓✓✓✗✓?✓✓∞✓✓✓—✓✓✓✓");
    expect(one(".dl-verdict").textContent).toBe("✗refuted");
    expect(one(".dl-summary").textContent).toContain("1 refuted");
  });

  test("says what the verdict rests on and what is missing", () => {
    const { one } = show();
    expect(one(".dl-basis").textContent).toContain("wrong with probability ≤ 2−112 · 7 points · 3 branches");
    expect(one(".dl-basis sup").textContent).toBe("−112");
    expect(one(".dl-lack").textContent).toContain("no linearize");
  });

  test("puts faults first, each with its line, hint and witness; remarks are folded", () => {
    const { one, all } = show();
    const fault = one(".dl-fault.dl-error");
    for (const words of ["a constant is slightly off", "net.py:12", "1.000001 where 1 belongs", "balls", "1.025841"])
      expect(fault.textContent).toContain(words);
    expect(fault.querySelector("mark")?.textContent).toBe("2122100419");
    expect(one(".dl-remarks").hasAttribute("open")).toBe(false);
    expect(all(".dl-remarks .dl-fault")).toHaveLength(1);
  });

  test("starts at the first entry that is not right, and moves by keys", () => {
    const { one, press } = show();
    expect(one(".dl-evidence").textContent).toContain("∂ out[0] / ∂ scale[0]");
    press("ArrowDown");
    press("ArrowLeft");
    expect(one(".dl-grid .dl-current").dataset.place).toBe("1,3");
    expect(one(".dl-values").textContent).toContain("∞");
    press("x");
    expect(one(".dl-grid .dl-current").dataset.place).toBe("2,1");
  });

  test("shows right digits in place of verdicts", () => {
    const { all, one, press } = show();
    press("h");
    expect(all("[data-place]")[4]?.textContent).toBe("1");
    expect(all("[data-place]")[0]?.textContent).toBe("7");
    expect(one(".dl-legend").textContent).toContain("right digits");
    press("h");
    expect(all("[data-place]")[4]?.textContent).toBe("✗");
  });

  test("groups the columns by their leaves", () => {
    const { all } = show();
    expect(all(".dl-leaf").map((leaf) => leaf.textContent)).toEqual(["x", "y", "scale"]);
    expect(all(".dl-leaf").map((leaf) => leaf.getAttribute("colspan"))).toEqual(["3", "1", "2"]);
  });

  test("marks the wrong digits of JAX's value", () => {
    const { one } = show();
    expect(one(".dl-values mark").textContent).toContain("2");
    expect(one(".dl-meter").textContent).toBe("1 of 7");
  });

  test("asks for formula and derivation when it is told to, and then for every entry", () => {
    const { model, one, press, wait } = show({}, ({ kind, i, j }) =>
      kind === "entry" ? { ...entryAnswer, i, j } : undefined,
    );
    expect(asked(model)).toHaveLength(0);
    press("f");
    expect(asked(model)).toEqual([{ kind: "entry", i: 0, j: 4 }]);
    expect(one(".dl-waits").textContent).toContain("working out");
    wait();
    expect(one(".dl-formula math mfrac").textContent).toContain("e");
    expect(one(".dl-steps").textContent).toContain("∂t1/∂scale[0] = x0");
    press("ArrowLeft");
    press("ArrowRight");
    expect(asked(model)).toHaveLength(2);
  });

  test("asks at once where the function is small", () => {
    expect(asked(show({ eager: true }).model)).toHaveLength(1);
  });

  test("shows the listing where there is no formula, and why", () => {
    const listing = [{ depth: 0, text: "h = tanh(u)", partials: ["∂h/∂u = 1 - h**2"], source: null }];
    const { one, press, wait } = show({}, () => ({
      ...entryAnswer, formula: null, mathml: null, derivation: null, listing, why: "no formula: a formula has grown past 5000 symbols",
    })); // biome-ignore format: one line a field
    press("f");
    wait();
    expect(one(".dl-why").textContent).toContain("grown past");
    expect(one(".dl-more").textContent).toContain("∂h/∂u = 1 - h**2");
  });

  test("stays usable when the kernel fails, and asks again", () => {
    const { model, one, press, wait } = show({}, () => ({ kind: "error", text: "ValueError: no" }));
    press("f");
    wait();
    expect(one(".dl-notice").textContent).toContain("ValueError: no");
    expect(one(".dl-more").textContent).toContain("did not say more");
    one(".dl-ask").click();
    expect(asked(model)).toHaveLength(2);
  });

  test("links lead to entries and to the graph", () => {
    const { one, model } = show();
    one(".dl-where").click();
    expect(one(".dl-grid .dl-current").dataset.place).toBe("0,4");
    one(".dl-line.dl-link").click();
    expect(model.get("cursor")).toMatchObject({ view: "graph", selection: "3" });
    one(".dl-strange button").click();
    expect(model.get("cursor")).toMatchObject({ view: "graph", selection: "4" });
  });

  test("of a large Jacobian shows blocks, which open", () => {
    const { one, all, press } = show({ left_out: 1000 });
    expect(all("[data-block]").map((b) => b.querySelector("b")?.textContent)).toEqual(["?", "∞", "✗"]);
    press("h");
    expect(all("[data-block]").map((b) => b.querySelector("b")?.textContent)).toEqual(["7", "7", "1"]);
    press("h");
    one("[data-block='0,2']").click();
    expect(all("[data-place]")).toHaveLength(6);
    expect(one(".dl-current").dataset.place).toBe("0,4");
    press("b");
    expect(all("[data-block]")).toHaveLength(3);
    press("x");
    expect(all("[data-place]").length).toBeGreaterThan(0);
  });

  test("has something to show where nothing was compared", () => {
    const { one } = show({ entries: [], totals: {}, rows: [], columns: [], findings: [], size: [0, 0] });
    expect(one(".dl-evidence").textContent).toContain("No entry was compared");
  });
});

describe("digits", () => {
  test.each([
    [26.100000381469727, "26.1000004"],
    [-8.333333173589808e-5, "−8.333333173589808e−5"],
    [0.029897016000030883, "0.029897016000030883"],
    [12, "12"],
    [0, "0"],
    [1e20, "1e20"],
    [1.5e6, "1500000"],
    [Number.NaN, "NaN"],
  ])("%s is written %s", (value, text) => {
    expect(written(value)).toBe(text);
  });

  test("are counted up to what the type holds", () => {
    expect(rightDigits(2, 2, 7.2)).toBe(7.2);
    expect(rightDigits(1.0001, 1, 7.2)).toBeCloseTo(4);
    expect(rightDigits(1, -1, 7.2)).toBe(0);
    expect(rightDigits(1, null, 7.2)).toBeNull();
  });

  test("are marked from the first wrong one on", () => {
    expect(marked("1.000125", 4, 7.2).querySelector("mark")?.textContent).toBe("125");
    expect(marked("−2.5", 0, 7.2).querySelector("mark")?.textContent).toBe("−2.5");
    expect(marked("0.0012345678", 7.2, 7.2).querySelector("mark")).toBeNull();
    expect(differing("1.25", "1.3").querySelector("mark")?.textContent).toBe("25");
  });
});
