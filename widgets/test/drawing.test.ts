/** The drawing surface: what is near, in which way it is drawn, where the parts of a box stand, how it is tinted and moved. */

import { afterEach, describe, expect, test, vi } from "vitest";
import { pinch } from "../src/draw/camera.ts";
import { imageScale } from "../src/draw/canvas.ts";
import { type Box, compose } from "../src/draw/compose.ts";
import { boxAt, levelOf, richest, widened } from "../src/draw/cull.ts";
import { createGraphDrawing, type GraphDrawing } from "../src/draw/graph.ts";
import { miniature, windowOf, worthwhile } from "../src/draw/minimap.ts";
import { boxClass, heatOf, lineClass, PLAIN, signOf, type Tint, tintWords } from "../src/draw/paint.ts";
import { chipAt, chipsOf, faceOf, repeats, stubsOf, stubText } from "../src/draw/parts.ts";
import { whereItWas } from "../src/draw/unfold.ts";
import { readScope } from "../src/payload.ts";
import { scope } from "./states.ts";

function picture(count: number, extra: Record<string, unknown> = {}) {
  const rows = Array.from({ length: count }, (_, k) => [[`${k}`, "equation", "add", "f32[]"] as const]);
  const made = scope("", "f", "function", rows, count > 1 ? [["0", "1", "f32[]"]] : [], count > 2 ? [["0", "2"]] : []);
  const items = (made.items as object[]).map((item) => ({ ...item, ...extra }));
  return compose({ "": readScope({ ...made, items }, "scope") }, "", new Set());
}
const first = (extra: Record<string, unknown> = {}): Box => picture(1, extra).boxes[0] as Box;
const tint = (tone: Tint["tone"], share = 0, text = "", sign = ""): Tint => ({ tone, share, text, sign });

describe("the level of detail", () => {
  const [few, many] = [picture(20), picture(2000)];
  const everything = { x: 0, y: 0, w: many.width, h: many.height };
  test("a small picture stays a document at any zoom", () => {
    expect(levelOf(0.05, few, everything, "svg")).toBe("svg");
  });
  test("far away and crowded views are a canvas", () => {
    expect(levelOf(0.2, many, { x: 0, y: 0, w: 600, h: 400 }, "svg")).toBe("canvas");
    expect(levelOf(1, many, everything, "svg")).toBe("canvas");
    expect(levelOf(1, many, { x: 0, y: 0, w: 600, h: 400 }, "svg")).toBe("svg");
  });
  test("does not flicker at the border", () => {
    expect(levelOf(0.36, many, { x: 0, y: 0, w: 600, h: 400 }, "svg")).toBe("svg");
    expect(levelOf(0.36, many, { x: 0, y: 0, w: 600, h: 400 }, "canvas")).toBe("canvas");
  });
});

describe("culling", () => {
  test("a wider area keeps its middle", () => {
    expect(widened({ x: 10, y: 20, w: 100, h: 50 }, 0.2)).toEqual({ x: -10, y: 10, w: 140, h: 70 });
  });
  test("the innermost box is hit", () => {
    const outer = first();
    const inner = { ...outer, id: "in", w: 10, h: 10 };
    expect(boxAt([outer, inner], outer.x, outer.y)?.id).toBe("in");
    expect(boxAt([outer, inner], outer.x + 20, outer.y)?.id).toBe("0");
    expect(boxAt([outer, inner], outer.x, outer.y + 500)).toBeUndefined();
  });
});

describe("the small map", () => {
  test("keeps within its limits and never gets too thin", () => {
    expect(miniature({ width: 1600, height: 1000 })).toEqual({ w: 160, h: 100, sx: 0.1, sy: 0.1 });
    const tall = miniature({ width: 300, height: 30000 });
    expect([tall.w, tall.h]).toEqual([36, 200]);
  });
  test("shows the view inside, however far out it is", () => {
    const small = miniature({ width: 1600, height: 1000 });
    expect(windowOf(small, { x: 400, y: 200, w: 800, h: 400 })).toEqual({ x: 40, y: 20, w: 80, h: 40 });
    expect(windowOf(small, { x: -9000, y: 9000, w: 10, h: 10 })).toEqual({ x: 0, y: 92, w: 8, h: 8 });
    expect(windowOf(small, { x: -100, y: -100, w: 5000, h: 5000 })).toEqual({ x: 0, y: 0, w: 160, h: 100 });
  });
  test("is there for pictures of more than two views, where there is room", () => {
    const view = { x: 0, y: 0, w: 800, h: 500 };
    expect(worthwhile({ width: 700, height: 900 }, view, 900)).toBe(false);
    expect(worthwhile({ width: 700, height: 1100 }, view, 900)).toBe(true);
    expect(worthwhile({ width: 700, height: 1100 }, view, 499)).toBe(false);
  });
});

describe("two fingers", () => {
  const at = (x: number, y: number) => ({ x, y });
  test("that move together pan", () => {
    const pose = pinch({ x: 5, y: 6, k: 1 }, [at(0, 0), at(100, 0)], [at(30, 40), at(130, 40)]);
    expect(pose).toEqual({ x: 35, y: 46, k: 1 });
  });
  test("that spread zoom around what is between them", () => {
    const pose = pinch({ x: 0, y: 0, k: 1 }, [at(50, 100), at(150, 100)], [at(0, 100), at(200, 100)]);
    expect(pose).toEqual({ x: -100, y: -100, k: 2 });
  });
  test("zoom within the limits", () => {
    expect(pinch({ x: 0, y: 0, k: 1 }, [at(0, 0), at(1, 0)], [at(0, 0), at(900, 0)]).k).toBe(2.5);
    expect(pinch({ x: 0, y: 0, k: 1 }, [at(0, 0), at(0, 0)], [at(0, 0), at(0, 0)]).k).toBe(1);
  });
});

describe("tints", () => {
  test.each([
    ["added", "+"],
    ["removed", "−"],
    ["changed", "~"],
    ["bad", "!"],
  ] as const)("%s has a sign of its own", (tone, sign) => {
    expect(signOf(tint(tone))).toBe(sign);
    expect(signOf(tint(tone, 0, "", "∞"))).toBe("∞");
  });
  test("heat comes in steps, and what is no number is cold", () => {
    expect([0.333, -1, 7, Number.NaN].map((share) => heatOf(tint("heat", share)))).toEqual([0.35, 0, 1, 0]);
  });
  test("are classes and words", () => {
    const box = first({ phase: "reverse" });
    const look = {
      ...PLAIN,
      tints: new Map([["0", tint("removed", 0, "3 kB")]]),
      only: new Set<string>(),
      selected: "0",
    };
    expect(boxClass(box, look).split(" ")).toEqual(
      expect.arrayContaining(["dl-tone-removed", "dl-phase-reverse", "dl-selected", "dl-dim"]),
    );
    expect(tintWords(look.tints.get("0"))).toBe("removed 3 kB");
  });
  test("edges have their kind, and are dim unless both ends are wanted", () => {
    const line = { from: "a", to: "b", points: [], label: "", kind: "residual", scope: "" } as const;
    expect(lineClass(line, { ...PLAIN, only: new Set(["a"]) })).toBe("dl-edge dl-edge-residual dl-dim");
    expect(lineClass(line, { ...PLAIN, only: new Set(["a", "b"]), selected: "b" })).toBe(
      "dl-edge dl-edge-residual dl-hot-in",
    );
  });
  /** Contrast after WCAG 2.2, of the text colour on the hottest, coldest and middle fills; mixed in sRGB, as a bound near enough. */
  test.each([
    ["light", "#1f2328", "#ffffff"],
    ["dark", "#e6e9ec", "#16191d"],
    ["Lab dark", "#ffffff", "#111111"],
  ])("leave texts readable: %s", (_, fg, bg) => {
    const rgb = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
    const light = (c: number[]) => {
      const [r = 0, g = 0, b = 0] = c.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const mix = (a: string, share: number) => rgb(a).map((v, n) => share * v + (1 - share) * (rgb(bg)[n] ?? 0));
    const contrast = (fill: number[]) => {
      const [low = 0, high = 0] = [light(fill), light(rgb(fg))].sort((a, b) => a - b);
      return (high + 0.05) / (low + 0.05);
    };
    const fills = [mix("#b5a300", 0.1), mix("#009b72", 0.35), mix("#2a6fb8", 0.6)];
    const tones = ["#009e73", "#d55e00", "#e69f00", "#56b4e9"].map((tone) => mix(tone, 0.24));
    for (const fill of [...fills, ...tones]) expect(contrast(fill)).toBeGreaterThan(4.5);
  });
});

describe("chips", () => {
  const wide = first({
    w: 140,
    h: 56,
    chips: [
      ["c0", "w"],
      ["12#1", "mask"],
      [null, "0.5"],
    ],
  });
  test("stand side by side in the top line and are hit there", () => {
    const row = chipsOf(wide);
    expect(row.map((chip) => chip.text)).toEqual(["w", "mask", "0.5"]);
    for (const [k, chip] of row.entries()) {
      expect(chipAt(wide, chip.x + chip.w / 2, chip.y + 6)).toEqual(chip);
      if (k > 0) expect(chip.x).toBeGreaterThan((row[k - 1]?.x ?? 0) + (row[k - 1]?.w ?? 0));
    }
    expect(chipAt(wide, 0, 20)).toBeUndefined();
  });
  test("make room for themselves", () => {
    expect(faceOf(wide).label.y).toBe(faceOf({ ...wide, item: { ...wide.item, chips: [] } }).label.y + 8);
  });
  test("that do not fit are counted", () => {
    const chips = Array.from({ length: 9 }, (_, k) => [null, `operand ${k}`]);
    const row = chipsOf(first({ w: 120, chips }));
    const last = row[row.length - 1];
    expect(row.length - 1 + Number(last?.text.slice(1))).toBe(9);
    expect(last?.full).toContain("operand 8");
    for (const chip of row) expect(Math.max(-chip.x, chip.x + chip.w)).toBeLessThanOrEqual(56.1);
  });
  test("one alone is shortened to fit", () => {
    const row = chipsOf(first({ w: 60, chips: [[null, "a very long operand"]] }));
    expect(row).toHaveLength(1);
    expect(row[0]?.w).toBeLessThanOrEqual(52);
  });
});

test("what stands for many is a stack", () => {
  expect(repeats(first({ scopes: ["~1"], detail: "× 48" }))).toBe(true);
  expect(repeats(first({ scopes: ["~1"], detail: "f32[3]" }))).toBe(false);
  expect(repeats(first({ detail: "× 48" }))).toBe(false);
});

test("the portals of a box are one stub a side, counted", () => {
  const boxes = new Map(picture(4).boxes.map((box) => [box.id, box]));
  const stubs = stubsOf(
    [
      ["0", "2"],
      ["0", "3"],
      ["0", "2"],
      ["1", "3"],
      ["x", "1"],
    ],
    boxes,
  );
  const texts = [...stubs.values()].map((stub) => [stub.key, stubText(stub, (id) => `n${id}`)]);
  expect(texts).toEqual([
    ["v0", "×2"],
    ["^2", "n0"],
    ["^3", "×2"],
    ["v1", "n3"],
    ["^1", "nx"],
  ]);
});

test("a saved picture is at most 8,000 pixels long", () => {
  expect(imageScale(100, 100, 2)).toBe(2);
  expect((12000 + 32) * imageScale(300, 12000, 2)).toBeCloseTo(8000);
});

test("a gliding box starts where it was on the screen", () => {
  const box = { ...first(), x: 100, y: 50 };
  expect(whereItWas(box, { x: 0, y: 0, k: 1 }, { x: 0, y: 0, k: 1 })).toEqual({ x: 100, y: 50 });
  expect(whereItWas(box, { x: 10, y: 0, k: 1 }, { x: 30, y: 20, k: 1 })).toEqual({ x: 80, y: 30 });
});

describe("the drawing", () => {
  let drawing: GraphDrawing;
  const calls = { pick: vi.fn(), toggle: vi.fn(), follow: vi.fn(), hover: vi.fn() };
  const all = (selector: string) => [...drawing.element.querySelectorAll<SVGGElement>(selector)];
  const make = (count: number, extra = {}) => {
    drawing = createGraphDrawing(calls);
    document.body.append(drawing.element);
    drawing.show(picture(count, extra));
  };
  const click = (node: Element | undefined) => node?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  afterEach(() => {
    drawing.stop();
    drawing.element.remove();
    vi.clearAllMocks();
  });

  test("has buttons with words in the document", () => {
    make(3, { phase: "forward" });
    drawing.paint(new Map([["1", tint("bad", 0, "3 NaN")]]));
    expect(all('[data-id="1"]')[0]?.getAttribute("aria-label")).toBe("add, f32[], forward sweep, bad 3 NaN");
    expect(all(".dl-figure")[0]?.textContent).toBe("3 NaN");
    drawing.paint(null);
    expect(all(".dl-figure")).toHaveLength(0);
  });
  test("a wide picture is first seen where most is computed", () => {
    const at = (id: string, x: number, kind: string) => ({ ...first({ id, kind, w: 80 }), x, y: 50, bodies: [] });
    const inputs = [100, 200, 300].map((x) => at(`i${x}`, x, "input"));
    const sums = [2000, 2100].map((x) => at(String(x), x, "equation"));
    const picture = { boxes: [...inputs, ...sums], lines: [], portals: [], width: 2200, height: 100 };
    expect(richest(picture as never, 800, 400)).toBe(2050);
  });
  test("follows chips and portals", () => {
    make(3, { chips: [["c0", "w"]] });
    click(all(".dl-chip")[0]);
    click(all(".dl-stub")[0]);
    expect(calls.follow.mock.calls).toEqual([["c0"], ["2"]]);
    expect(calls.pick).not.toHaveBeenCalled();
  });
  test("dims what is not wanted", () => {
    make(3);
    drawing.only(new Set(["1"]));
    expect(all(".dl-node.dl-dim").map((node) => node.dataset.id)).toEqual(["0", "2"]);
    drawing.only(null);
    expect(all(".dl-dim")).toHaveLength(0);
  });
  test("hits boxes on the canvas, which the selected one speaks for", () => {
    make(2000);
    drawing.camera.fit();
    drawing.mark({ ...PLAIN, selected: "7" });
    drawing.show(drawing.picture);
    expect(all("[data-id]")).toHaveLength(0);
    expect(drawing.element.querySelector(".dl-proxy")?.getAttribute("aria-label")).toBe("add, f32[]");
    const box = drawing.box("900") as Box;
    const { x, y, k } = drawing.camera.pose;
    const at = { clientX: box.x * k + x, clientY: box.y * k + y, bubbles: true };
    drawing.element.dispatchEvent(new MouseEvent("click", at));
    expect(calls.pick).toHaveBeenCalledWith("900");
  });
  test("stays silent once stopped", () => {
    make(2);
    drawing.stop();
    click(all('[data-id="1"]')[0]);
    expect(calls.pick).not.toHaveBeenCalled();
  });
});
