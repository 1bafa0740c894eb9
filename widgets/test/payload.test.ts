import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { number } from "../src/payload/decode.ts";
import {
  isFailed,
  nodeOf,
  readAdjoint,
  readAnswer,
  readCheck,
  readElimination,
  readFocus,
  readGraph,
  readNotice,
  readSummary,
  readViews,
} from "../src/payload.ts";
import { adjoint, check, elimination, graph } from "./states.ts";

describe("numbers", () => {
  test.each([
    [1.5, 1.5],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
  ])("%s is read", (wire, value) => expect(number(wire, "x")).toBe(value));

  test.each([["nan"], [null], [true], ["1"], [[1, 2]]])("%s is refused, with the place", (wire) => {
    expect(() => number(wire, "check.error")).toThrow(/check\.error is .*expected a number/);
  });

  test("of an entry may be missing", () => {
    const read = readCheck({ ...check, entries: [{ i: 0, j: 0, verdict: "agrees", truth: "NaN" }] }, "check");
    expect(read.entries[0]?.truth).toBeNaN();
    expect(read.entries[0]?.jacfwd).toBeNull();
  });
});

describe("summaries", () => {
  test("have eight entries", () => {
    expect(readSummary([4, "NaN", -1, 1, 0.5, 1, 2, 0], "s")).toEqual({
      size: 4,
      norm: Number.NaN,
      min: -1,
      max: 1,
      mean: 0.5,
      nan: 1,
      inf: 2,
      zero: 0,
    });
    expect(readSummary(null, "s")).toBeNull();
    expect(() => readSummary([1, 2, 3], "s")).toThrow(/8 numbers/);
  });
});

describe("sections", () => {
  test("the graph keeps every scope and node", () => {
    const read = readGraph(graph, "graph");
    expect(Object.keys(read.scopes)).toHaveLength(7);
    expect(read.nodes["5"]?.primitive).toBe("reduce_sum");
    expect(read.nodes["0.0/2"]?.source?.line).toBe(5);
  });

  test("a graph without its root is refused", () => {
    expect(() => readGraph({ ...graph, root: "nowhere" }, "graph")).toThrow(/no root scope "nowhere"/);
  });

  test("a missing coordinate is refused, with its path", () => {
    const broken = structuredClone(graph) as { scopes: Record<string, { items: Record<string, unknown>[] }> };
    delete broken.scopes[""]?.items[0]?.x;
    expect(() => readGraph(broken, "graph")).toThrow(/graph\.scopes\[""\]\.items\[0\]\.x/);
  });

  test("adjoint columns are read step by step", () => {
    const read = readAdjoint(adjoint(), "adjoint");
    expect(read.at(0)).toMatchObject({ phase: "forward", cotangent: null, source: "net.py:10" });
    expect(read.at(8)).toMatchObject({ phase: "reverse", shape: "f32[]" });
    expect(read.at(8).cotangent?.mean).toBe(1);
    expect(read.at(12)).toMatchObject({ flag: "nan" });
    expect(read.firstNan).toBe(10);
    expect(read.arguments[0]?.cotangent?.norm).toBeNaN();
  });

  test("an adjoint column of the wrong length is refused", () => {
    const broken = adjoint() as { columns: Record<string, unknown[]> };
    broken.columns.flag?.pop();
    expect(() => readAdjoint(broken, "adjoint")).toThrow(/columns\.flag must be a list of 16/);
  });

  test("the elimination is read", () => {
    const read = readElimination(elimination, "elimination");
    expect(read.vertices[0]).toMatchObject({ id: "i0", role: "input", shape: "f32[3]" });
    expect(read.playable["2"]).toEqual({ cost: 12, scalar_cost: 18, fill: 2 });
    expect(read.edges[4]).toEqual(["1", "3", "dense"]);
  });

  test("a failed section is known as such", () => {
    expect(isFailed({ failed: "no rule" })).toBe(true);
    expect(isFailed(graph)).toBe(false);
    expect(isFailed(null)).toBe(false);
  });
});

describe("small things", () => {
  test("views keep their order and lose what is unknown", () => {
    expect(readViews(["adjoint", "graph", "kalman"])).toEqual(["adjoint", "graph"]);
  });
  test("a broken focus becomes an empty one", () => {
    expect(readFocus({ view: "tree", steps: { adjoint: -1 } })).toEqual({
      view: null,
      selection: null,
      steps: { adjoint: 0, elimination: null },
    });
  });
  test("a notice without text is none", () => {
    expect(readNotice({ level: "warning", text: "" })).toBeNull();
    expect(readNotice({ level: "odd", text: "a" })).toEqual({ level: "info", text: "a" });
  });
  test("a value belongs to its node", () =>
    expect(["12#1", "12.0/5", "i0"].map(nodeOf)).toEqual(["12", "12.0/5", "i0"]));
  test("answers of unknown kind are passed over", () => {
    expect(readAnswer({ kind: "weather" })).toBeNull();
    expect(readAnswer({ kind: "error", text: "no" })).toEqual({ kind: "error", text: "no" });
  });
});

describe("the golden state of a real lab", () => {
  const state = JSON.parse(readFileSync(join(import.meta.dirname, "../../tests/golden/lab.json"), "utf8"));

  test("every section is read", () => {
    const drawn = readGraph(state.graph, "graph");
    expect(Object.keys(drawn.scopes)).toEqual(Object.keys(state.graph.scopes));
    expect(readCheck(state.check, "check").entries).toHaveLength(state.check.entries.length);
    expect(readAdjoint(state.adjoint, "adjoint").steps).toBe(2 * state.adjoint.forward);
    const played = readElimination(state.elimination, "elimination");
    expect(played.frames.map((frame) => frame.vertex)).toEqual(state.elimination.order);
  });

  test("the NaN that Python marked is a NaN here", () => {
    const step = readAdjoint(state.adjoint, "adjoint").at(state.adjoint.marks.first_nan);
    expect(step.flag).toBe("nan");
  });
});
