import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Box, compose, MARGIN, type Picture, TITLE } from "../src/draw/compose.ts";
import { rectOf } from "../src/draw/graph.ts";
import { meets } from "../src/draw/svg.ts";
import { readGraph, readScope, type Scope } from "../src/payload.ts";
import { graph, scope } from "./states.ts";

const GOLDEN = join(import.meta.dirname, "../../tests/golden/compose.json");
const scopes = readGraph(graph, "graph").scopes;
const all = new Set(Object.keys(scopes));

function box(picture: Picture, id: string): Box {
  const found = picture.boxes.find((b) => b.id === id);
  if (!found) throw new Error(`no box ${id}`);
  return found;
}

function overlaps(picture: Picture): string[] {
  const bad: string[] = [];
  for (const [k, a] of picture.boxes.entries()) {
    for (const b of picture.boxes.slice(k + 1)) {
      if (a.scope === b.scope && meets(rectOf(a), rectOf(b))) bad.push(`${a.id} and ${b.id}`);
    }
  }
  return bad;
}

describe("with everything closed", () => {
  test("the items stand where the kernel put them", () => {
    const picture = compose(scopes, "", new Set());
    const root = scopes[""];
    expect(picture.boxes.map(({ id, x, y, w, h }) => ({ id, x, y, w, h }))).toEqual(
      root?.items.map(({ id, x, y, w, h }) => ({ id, x, y, w, h })),
    );
    expect([picture.width, picture.height]).toEqual([root?.width, root?.height]);
  });
});

describe("opening", () => {
  test.each([[["0.0"]], [["2.0"]], [["2.0", "2.0/~0"]], [["3.0", "3.1"]], [[...all]]])(
    "%s makes no siblings overlap",
    (open) => {
      expect(overlaps(compose(scopes, "", new Set(open)))).toEqual([]);
    },
  );

  test("keeps the order of centres in both directions", () => {
    const before = compose(scopes, "", new Set()).boxes;
    const after = compose(scopes, "", all);
    for (const a of before) {
      for (const b of before) {
        if (a.x < b.x) expect(box(after, a.id).x).toBeLessThanOrEqual(box(after, b.id).x + 1e-9);
        if (a.y < b.y) expect(box(after, a.id).y).toBeLessThan(box(after, b.id).y);
      }
    }
  });

  test("holds the inner drawing, centred under the title bar", () => {
    const picture = compose(scopes, "", new Set(["0.0"]));
    const inner = scopes["0.0"] as Scope;
    const frame = box(picture, "0");
    expect(frame.w).toBeCloseTo(Math.max(inner.width + 2 * MARGIN, 0), 9);
    expect(frame.h).toBeCloseTo(inner.height + TITLE + MARGIN, 9);
    const first = inner.items[0];
    const placed = box(picture, "0.0/i0");
    expect(placed.y).toBeCloseTo(frame.y - frame.h / 2 + TITLE + (first?.y ?? 0), 9);
    expect(placed.x - (first?.x ?? 0)).toBeCloseTo(frame.x - inner.width / 2, 9);
    expect(placed.depth).toBe(1);
  });

  test("stacks several bodies and adds their heights", () => {
    const picture = compose(scopes, "", new Set(["3.0", "3.1"]));
    const heights = (scopes["3.0"]?.height ?? 0) + (scopes["3.1"]?.height ?? 0);
    const frame = box(picture, "3");
    expect(frame.h).toBeCloseTo(heights + 2 * TITLE + MARGIN, 9);
    expect(frame.bodies.map((body) => body.scope)).toEqual(["3.0", "3.1"]);
    expect(box(picture, "3.1/i0").y).toBeGreaterThan(box(picture, "3.0/0").y);
  });

  test("puts an opened item directly before what is inside it", () => {
    const ids = compose(scopes, "", new Set(["2.0", "2.0/~0"])).boxes.map((b) => b.id);
    expect(ids.slice(ids.indexOf("2"), ids.indexOf("3"))).toEqual([
      ...["2", "2.0/i0", "2.0/0", "2.0/~0"],
      ...["2.0/~0@2.0/i0", "2.0/1", "2.0/2", "2.0/4", "2.0/o0"],
    ]);
  });

  test("ends every line on the border of its boxes", () => {
    const picture = compose(scopes, "", all);
    for (const line of picture.lines) {
      const ends = [
        [line.from, line.points[0]],
        [line.to, line.points[line.points.length - 1]],
      ] as const;
      for (const [id, point] of ends) {
        const { x, y, w, h } = box(picture, id);
        expect(Math.abs(Math.abs((point?.[1] ?? 0) - y) - h / 2), `${line.from} to ${line.to}`).toBeLessThan(1e-9);
        expect(Math.abs((point?.[0] ?? 0) - x)).toBeLessThanOrEqual(w / 2);
      }
    }
  });

  test("is the same whatever the order of opening", () => {
    expect(compose(scopes, "", new Set([...all].reverse()))).toEqual(compose(scopes, "", all));
  });

  test("passes over scopes that were not carried", () => {
    expect(compose(scopes, "", new Set(["9.0"]))).toEqual(compose(scopes, "", new Set()));
  });
});

test("a lone wide body pushes its neighbours aside by exactly its growth", () => {
  const read = (s: unknown) => readScope(s, "scope");
  const outer = read(
    scope(
      "",
      "f",
      "function",
      [
        [
          ["0", "equation", "f", "", ["0.0"]],
          ["1", "equation", "g", ""],
        ],
      ],
      [],
    ),
  );
  const inner = read(scope("0.0", "f", "jit", [[["0.0/0", "equation", "a name that is rather long", ""]]], []));
  const closed = compose({ "": outer }, "", new Set());
  const open = compose({ "": outer, "0.0": inner }, "", new Set(["0.0"]));
  const growth = box(open, "0").w - box(closed, "0").w;
  expect(growth).toBeGreaterThan(0);
  expect(box(open, "1").x - box(closed, "1").x).toBeCloseTo(growth, 9);
  expect(open.width - closed.width).toBeCloseTo(growth, 9);
});

interface Case {
  readonly scopes: unknown;
  readonly root: string;
  readonly open: string[];
  readonly boxes: Record<string, unknown>[];
  readonly lines: { from: string; to: string; points: [number, number][] }[];
  readonly width: number;
  readonly height: number;
}

describe("the golden cases of tests/golden/compose.json", () => {
  const cases: Case[] = JSON.parse(readFileSync(GOLDEN, "utf8")).cases;
  test("are there", () => expect(cases.length).toBeGreaterThan(0));
  test.each(cases.map((c, k) => [k, c] as const))("case %i is drawn as in Python", (_, golden) => {
    const read = readGraph({ root: golden.root, scopes: golden.scopes }, "golden").scopes;
    const picture = compose(read, golden.root, new Set(golden.open));
    expect(picture.width).toBeCloseTo(golden.width, 6);
    expect(picture.height).toBeCloseTo(golden.height, 6);
    expect(picture.boxes.length).toBe(golden.boxes.length);
    for (const [k, wanted] of golden.boxes.entries()) {
      const made = picture.boxes[k];
      for (const key of ["id", "depth", "kind", "label"] as const) expect(made?.[key]).toBe(wanted[key]);
      for (const key of ["x", "y", "w", "h"] as const) expect(made?.[key]).toBeCloseTo(wanted[key] as number, 6);
    }
    expect(picture.lines.map(({ from, to }) => [from, to])).toEqual(golden.lines.map(({ from, to }) => [from, to]));
    for (const [k, { points }] of golden.lines.entries()) {
      const made = picture.lines[k]?.points ?? [];
      expect(made.length).toBe(points.length);
      for (const [j, point] of points.entries()) {
        expect(made[j]?.[0]).toBeCloseTo(point[0], 6);
        expect(made[j]?.[1]).toBeCloseTo(point[1], 6);
      }
    }
  });
});
