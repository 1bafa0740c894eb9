import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { count, num, real } from "../src/format.ts";
import { debounce } from "../src/link.ts";
import { element } from "../src/panes/array.ts";
import { Atlas } from "../src/panes/atlas.ts";
import { carriedFinder } from "../src/panes/carried.ts";
import { mathml } from "../src/panes/mathml.ts";
import { edgeKey, stateAfter } from "../src/panes/replay.ts";
import { createTransport } from "../src/panes/transport.ts";
import { createVirtualList } from "../src/panes/virtual.ts";
import { readElimination, readGraph } from "../src/payload.ts";
import { elimination, graph, scope } from "./states.ts";

describe("the elimination replayed", () => {
  const section = readElimination(elimination, "elimination");
  const pairs = (k: number) =>
    stateAfter(section, k)
      .edges.map((e) => `${e.from}>${e.to}`)
      .sort();

  test("starts from the edges", () => {
    expect(pairs(0)).toEqual(section.edges.map(([a, b]) => `${a}>${b}`).sort());
    expect(stateAfter(section, 0).gone.size).toBe(0);
  });
  test("takes away and fills in, frame by frame", () => {
    expect(pairs(1)).toEqual(["1>3", "2>3", "2>5", "3>4", "3>5", "i0>1", "i0>2", "i1>1", "i1>2"]);
    expect(pairs(2)).toEqual(["2>3", "2>5", "3>4", "3>5", "i0>2", "i0>3", "i1>2", "i1>3"]);
  });
  test("knows what is new only in the last frame", () => {
    const state = stateAfter(section, 2);
    expect([...state.fresh].sort()).toEqual([edgeKey("i0", "3"), edgeKey("i1", "3")]);
    expect(state.edges.find((e) => e.from === "i0" && e.to === "2")?.since).toBe(1);
    expect(state.gone).toEqual(
      new Map([
        ["0", 1],
        ["1", 2],
      ]),
    );
  });
  test("adds the costs up", () => {
    expect([0, 1, 2].map((k) => stateAfter(section, k).cost)).toEqual([0, 12, 18]);
    expect(stateAfter(section, 2).scalarCost).toBe(42);
  });
  test("an edge that is added to keeps its age", () => {
    const merged = readElimination(
      {
        ...elimination,
        frames: [
          {
            vertex: "0",
            cost: 1,
            scalar_cost: 1,
            added: [["3", "5", "dense"]],
            removed: [["3", "5"]],
            merged: [["3", "5"]],
          },
        ],
      },
      "e",
    );
    const state = stateAfter(merged, 1);
    expect(state.fresh.size).toBe(0);
    expect(state.merged).toEqual(new Set([edgeKey("3", "5")]));
    expect(state.edges.find((e) => e.from === "3" && e.to === "5")?.since).toBe(0);
  });
});

describe("the step player", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("plays to the end and stops there", () => {
    let at = 7;
    const transport = createTransport((n) => {
      at = n;
      transport.show(n, 9, "");
    }, true);
    transport.show(at, 9, "");
    transport.play(true);
    vi.advanceTimersByTime(10_000);
    expect(at).toBe(9);
    expect(transport.playing).toBe(false);
  });
  test("starts over from the end, and stop stops", () => {
    const seen: number[] = [];
    const transport = createTransport((n) => {
      seen.push(n);
      transport.show(n, 3, "");
    }, true);
    transport.show(3, 3, "");
    transport.play(true);
    vi.advanceTimersByTime(500);
    transport.stop();
    vi.advanceTimersByTime(10_000);
    expect(seen).toEqual([0, 1]);
  });
  test("moving the slider pauses and goes there", () => {
    const go = vi.fn();
    const transport = createTransport(go, true);
    transport.show(0, 9, "");
    const slider = transport.element.querySelector("input") as HTMLInputElement;
    transport.play(true);
    slider.value = "6";
    slider.dispatchEvent(new Event("input"));
    expect(go).toHaveBeenLastCalledWith(6);
    expect(transport.playing).toBe(false);
  });
});

describe("a virtual list", () => {
  const make = () => {
    const pick = vi.fn();
    const made = vi.fn((n: number) => {
      const row = document.createElement("div");
      row.textContent = `row ${n}`;
      return row;
    });
    const list = createVirtualList(26, made, pick, "steps");
    Object.defineProperty(list.element, "clientHeight", { value: 260 });
    list.resize(30_000);
    return { list, pick, made };
  };
  const shown = (list: { element: HTMLElement }) =>
    [...list.element.querySelectorAll("[data-row]")].map((row) => Number((row as HTMLElement).dataset.row));

  test("of 30,000 rows holds a screenful", () => {
    const { list } = make();
    expect(shown(list).length).toBeLessThan(30);
    expect((list.element.firstElementChild as HTMLElement).style.height).toBe("780000px");
  });
  test("brings the selected row into sight", () => {
    const { list } = make();
    list.select(12_345);
    expect(shown(list)).toContain(12_345);
    expect(list.element.querySelector(".dl-current")?.textContent).toBe("row 12345");
    list.select(0);
    expect(list.element.scrollTop).toBe(0);
  });
  test("hands on clicks until it is stopped", () => {
    const { list, pick } = make();
    list.element.querySelector<HTMLElement>('[data-row="3"]')?.click();
    list.stop();
    list.element.querySelector<HTMLElement>('[data-row="4"]')?.click();
    expect(pick.mock.calls).toEqual([[3]]);
  });
});

describe("MathML", () => {
  test("keeps formulas and their attributes", () => {
    const math = mathml(
      '<mrow><msup><mi mathvariant="bold">x</mi><mn>2</mn></msup><mspace width="1em"/><mo>+</mo></mrow>',
    );
    expect(math?.localName).toBe("math");
    expect(math?.textContent).toBe("x2+");
    expect(math?.querySelector("mi")?.getAttribute("mathvariant")).toBe("bold");
  });
  test.each([
    ["<math><script>alert(1)</script><mi>x</mi></math>"],
    ['<math><mi onclick="alert(1)">x</mi></math>'],
    ['<math><mi href="javascript:alert(1)" xlink:href="javascript:alert(1)">x</mi></math>'],
    ['<math><mtext><img src="x" onerror="alert(1)">x</mtext></math>'],
    ['<math><mi style="background:url(http://a)">x</mi></math>'],
    ["<math><semantics><mi>x</mi><annotation-xml><b>alert</b></annotation-xml></semantics></math>"],
    ["<math><mi><iframe srcdoc='alert'></iframe>x</mi></math>"],
    ['<math><mi id="alert" class="alert" name="alert">x</mi></math>'],
  ])("lets nothing else in: %s", (markup) => {
    const math = mathml(markup);
    const host = document.createElement("div");
    if (math) host.append(math);
    expect(host.innerHTML).not.toMatch(/alert|script|onclick|href|img|http|style|iframe/);
    expect(host.textContent).toContain("x");
  });
  test("of nothing is nothing", () => expect(mathml("")).toBeNull());
});

describe("the atlas", () => {
  test("knows the way to a node and what hides it", () => {
    const atlas = new Atlas(readGraph(graph, "graph"));
    expect(atlas.pathTo("2.0/1")).toEqual(["2.0", "2.0/~0"]);
    expect(atlas.visible("2.0/1", new Set(["2.0"]))).toBe("2.0/~0");
    expect(atlas.visible("2.0/1", new Set(["2.0", "2.0/~0"]))).toBe("2.0/1");
    expect(atlas.valueOf("2.0/~0@2.0/i0")).toBe("2.0/i0");
  });
  test("asks for the body, then for the groups in it", () => {
    const atlas = new Atlas(readGraph(graph, "graph"));
    expect(atlas.missing("7.0/3")).toBe("7.0");
    expect(atlas.missing("17")).toBe("~0");
  });
  test("finds values that are drawn together", () => {
    const root = scope("", "f", "function", [[["i0+14", "input", "params", "15 arrays"]]], []);
    const atlas = new Atlas(readGraph({ root: "", scopes: { "": root } }, "graph"));
    expect(atlas.itemOf("i14")).toBe("i0+14");
    expect(atlas.itemOf("i15")).toBe("i15");
    expect(atlas.valueOf("i0+14")).toBe("i0");
  });
  test("searches labels, equations and source lines", () => {
    const atlas = new Atlas(readGraph(graph, "graph"));
    const finder = carriedFinder(atlas);
    const found = (words: string) => finder.find(words).map((hit) => finder.idOf(hit));
    expect(found("log1p")).toEqual(["2.0/2"]);
    expect(found("jax.lax.scan")).toEqual(["2"]);
    expect(found("softplus")).toEqual(["2.0/~0"]);
    expect(found("line:14-15")).toEqual(["2", "4", "5"]);
    expect(found(" ")).toEqual([]);
  });
});

describe("numbers for people", () => {
  test.each([
    [0, "0"],
    [-2, "−2"],
    [0.031349, "0.03135"],
    [1e-9, "1.000e−9"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "−∞"],
  ])("%s is %s", (value, text) => expect(real(value)).toBe(text));
  test("complex, missing and large", () => {
    expect(num([1, -2])).toBe("1 − 2i");
    expect(num(null)).toBe("–");
    expect(count(17208)).toBe("17,208");
  });
});

test("array entries come from the buffer in row-major order", () => {
  const bytes = new DataView(new Float64Array([1, 2, 3, 4]).buffer);
  expect(element({ which: "primal", shape: [2, 2], dtype: "float32", bytes }, 2)).toBe(3);
  expect(element({ which: "primal", shape: [2], dtype: "complex64", bytes }, 1)).toEqual([3, 4]);
});

test("debounce calls once, and flush only what waits", () => {
  vi.useFakeTimers();
  const act = vi.fn();
  const { call, flush } = debounce(act, 100);
  flush();
  call();
  call();
  vi.advanceTimersByTime(200);
  expect(act).toHaveBeenCalledOnce();
  call();
  flush();
  expect(act).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});
