import { describe, expect, test } from "vitest";
import { compose } from "../src/draw/compose.ts";
import { Atlas } from "../src/panes/atlas.ts";
import { Finder, parseQuery } from "../src/panes/finder.ts";
import { amount, figuresOf, lookOf, tintsOf } from "../src/panes/tints.ts";
import { readGraph, readGraphAnswer, readIndex } from "../src/payload.ts";
import { createHistory } from "../src/views/graph/history.ts";
import { sight, tally, withHits } from "../src/views/graph/hits.ts";
import { graph, scope } from "./states.ts";

/** `n` equations in chunks of 100, of which every tenth is a dot_general. */
function large(n: number) {
  const strings = [
    "",
    "add",
    "dot_general",
    "f32[16,64]",
    "f32[]",
    "loss",
    ...Array.from({ length: n }, (_, k) => `%${k}`),
  ];
  const column = (of: (k: number) => number) => Array.from({ length: n }, (_, k) => of(k));
  const chunks = Math.ceil(n / 100);
  return {
    strings,
    files: ["app/net.py"],
    scopes: [["", -1, "f"], ...Array.from({ length: chunks }, (_, k) => [`~${k}`, 0, `layer ${k}`])],
    prefixes: [""],
    rows: {
      prefix: column(() => 0),
      number: column((k) => k),
      scope: column((k) => 1 + Math.floor(k / 100)),
      primitive: column((k) => (k % 10 === 0 ? 2 : 1)),
      name: column((k) => 6 + k),
      type: column((k) => (k % 3 === 0 ? 3 : 4)),
      params: column(() => 0),
      file: column(() => 0),
      line: column((k) => 1 + (k % 50)),
      function: column(() => 5),
      count: column(() => 1),
    },
  };
}
const finder = (n: number) => new Finder(readIndex(large(n), "index"), true);

describe("the query", () => {
  test("words, quoted words and qualifiers", () => {
    expect(parseQuery('Dot "f32[16, 8]" prim:add x:y line:')).toEqual([
      { field: "", word: "dot" },
      { field: "", word: "f32[16, 8]" },
      { field: "prim", word: "add" },
      { field: "", word: "x:y" },
    ]);
  });
});

describe("the finder", () => {
  const all = finder(1000);
  const ids = (query: string) => all.find(query).map((hit) => all.idOf(hit));
  test("joins words by AND over all texts of a node", () => {
    expect(all.find("dot_general")).toHaveLength(100);
    expect(ids("dot f32[16,64] %99")).toEqual(["990"]);
    expect(all.find("dot prim:add")).toEqual([]);
  });
  test("takes lines, files, types and scopes apart", () => {
    expect(all.find("line:3-4")).toHaveLength(40);
    expect(all.find("line:7 file:NET")).toHaveLength(20);
    expect(all.find("file:other")).toEqual([]);
    expect(ids('scope:"layer 7" shape:f32[16,64] prim:dot')).toEqual(["~7", "720", "750", "780"].slice(1));
  });
  test("puts groups first", () => {
    expect(ids("layer")).toEqual(Array.from({ length: 10 }, (_, k) => `~${k}`));
    expect(all.look(-1 - 4)).toMatchObject({ id: "~3", name: "layer 3", path: [] });
    expect(all.look(150)).toMatchObject({ id: "150", primitive: "dot_general", path: ["layer 1"], line: 1 });
  });
  test("knows the rows of ids and lines", () => {
    expect(all.rowOf("517")).toBe(517);
    expect(all.rowOf("i3")).toBeUndefined();
    expect(all.rowsAt("app/net.py", 50)).toHaveLength(20);
    expect(all.rowsAt("app/net.py", 0)).toEqual([]);
    expect(all.pathOf(all.homeOf(250))).toEqual(["~2"]);
  });
  test("reads the source once it is there", () => {
    const some = finder(100);
    expect(some.find("softmax")).toEqual([]);
    some.read([{ name: "app/net.py", first: 10, lines: ["", "y = Softmax(x)"] }]);
    expect(some.find("softmax").map((hit) => some.look(hit).line)).toEqual([11, 11]);
  });
  test("says which column of an index is wrong", () => {
    const wrong = large(3);
    wrong.rows.line.pop();
    expect(() => readIndex(wrong, "index")).toThrow("index.rows.line must be a list of 3");
  });
});

describe("where hits are seen", () => {
  const root = scope(
    "",
    "f",
    "function",
    [
      [
        ["~0", "scope", "layer 0", "", ["~0"]],
        ["~1", "scope", "layer 1", "", ["~1"]],
      ],
    ],
    [],
  );
  const inner = scope(
    "~0",
    "layer 0",
    "chunk",
    [[["0", "equation", "dot_general", ""]], [["10", "equation", "dot_general", ""]]],
    [],
  );
  const atlas = new Atlas(readGraph({ root: "", scopes: { "": root, "~0": inner } }, "graph"));
  const all = finder(200);
  test("the node itself in open scopes, the closed box elsewhere", () => {
    const found = tally(all.find("dot_general"), sight(all, atlas, new Set(["~0"])));
    expect([...found].sort()).toEqual([
      ["0", 1],
      ["10", 1],
      ["~1", 10],
    ]);
    expect(withHits(null, found)?.get("~1")).toMatchObject({ text: "10 found" });
    expect(withHits(null, found)?.has("0")).toBe(false);
  });
});

describe("figures", () => {
  test("have three digits and the prefix of their unit", () => {
    expect([0, 7, 999.9, 12_345, 3.2e9].map((v) => amount(v, "FLOP"))).toEqual([
      "0 FLOP",
      "7 FLOP",
      "1 kFLOP",
      "12.3 kFLOP",
      "3.2 GFLOP",
    ]);
    expect([512, 4096, 1.5 * 2 ** 30].map((v) => amount(v, "B"))).toEqual(["512 B", "4 KiB", "1.5 GiB"]);
    expect([0.0005, 2.5, 12_000].map((v) => amount(v, "ms"))).toEqual(["500 ns", "2.5 ms", "12 s"]);
    expect([Number.NaN, 0.031].map((v) => amount(v, "norm"))).toEqual(["NaN", "0.0310"]);
  });
  test("signs for what is known, a dot for what is not", () => {
    expect([lookOf("NaN"), lookOf("removed"), lookOf("f32→bf16"), lookOf("int")]).toEqual([
      ["bad", "✗"],
      ["removed", "−"],
      ["warn", "↓"],
      ["cool", "•"],
    ]);
  });
  test("shares grow with the root of the amount; open boxes have none", () => {
    const items = (of: Record<string, unknown>) =>
      ((graph.scopes as Record<string, { items: { id: string }[] }>)[""]?.items ?? []).map(({ id }) => of[id] ?? null);
    const section = structuredClone(graph) as { scopes: Record<string, Record<string, unknown>> };
    (section.scopes[""] as Record<string, unknown>).figures = {
      kept: items({ "0": 900, "1": 400, "4": 100, "5": "NaN" }),
    };
    const { scopes } = readGraph(section, "graph");
    const { boxes } = compose(scopes, "", new Set(["0.0"]));
    const overlay = {
      id: "kept",
      name: "",
      unit: "B",
      scale: "quantity",
      total: null,
      note: "",
      words: {},
      ready: true,
      more: false,
    } as const;
    const { tints, most, seen } = tintsOf(boxes, scopes, overlay);
    expect(most).toBe(400);
    expect([tints.get("0")?.share, tints.get("1")?.share, tints.get("4")?.share]).toEqual([0, 1, 0.5]);
    expect(tints.get("5")).toMatchObject({ tone: "bad", sign: "✗", text: "NaN" });
    expect(seen).toEqual(new Map([["NaN", 1]]));
    expect(figuresOf(boxes, scopes, "flops").size).toBe(0);
  });
});

describe("the history", () => {
  test("goes back and forward, and forgets what lay ahead", () => {
    const history = createHistory<string | null>(null);
    for (const place of ["a", "a", "b", "c"]) history.visit(place);
    expect([history.move(-1), history.move(-1)]).toEqual(["b", "a"]);
    expect(history.move(1)).toBe("b");
    history.visit("d");
    expect([history.can(1), history.move(1), history.past(5)]).toEqual([false, undefined, ["b", "a", null]]);
  });
});

describe("the wire", () => {
  test("an older section has no overlays and one arrangement", () => {
    const section = readGraph(graph, "graph");
    expect(section).toMatchObject({
      arrangement: "layered",
      arrangements: ["layered"],
      overlays: [],
      overlay: null,
      failure: null,
    });
    expect(section.scopes[""]?.items[0]).toMatchObject({ phase: null, chips: [] });
    expect(section.nodes["0"]?.notes).toEqual([]);
  });
  test("what is not for the graph is left alone", () => {
    expect(readGraphAnswer({ kind: "race" })).toBeNull();
    expect(() => readGraphAnswer({ kind: "scope" })).toThrow("scope");
  });
});
