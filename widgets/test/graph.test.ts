import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { showGraph } from "./model.ts";
import { graph, scope } from "./states.ts";

const root = () => (graph.scopes as Record<string, { items: { id: string }[] }>)[""];
const figures = (of: Record<string, unknown>) => root()?.items.map(({ id }) => of[id] ?? null);
const overlay = (id: string, more = {}) => ({
  id,
  name: id,
  unit: "",
  scale: "quantity",
  total: null,
  note: "",
  words: {},
  ready: true,
  ...more,
});

const withFigures = (id: string, of: Record<string, unknown>, more = {}) => ({
  ...graph,
  overlays: [overlay(id, more)],
  overlay: id,
  scopes: { ...(graph.scopes as object), "": { ...root(), figures: { [id]: figures(of) } } },
});

const index = {
  strings: ["", "abs", "r", "f32[]", "tanh", "t", "f32[16,8]"],
  files: ["net.py"],
  scopes: [
    ["", -1, "loss"],
    ["~0", 0, "regulariser"],
    ["0.0", 0, "layer"],
  ],
  prefixes: ["", "0.0/"],
  rows: {
    prefix: [0, 1],
    number: [6, 2],
    scope: [1, 2],
    primitive: [1, 4],
    name: [2, 5],
    type: [3, 6],
    params: [0, 0],
    file: [0, 0],
    line: [22, 12],
    function: [0, 0],
    count: [1, 1],
  },
};
const texts = {
  listing: { text: ["def loss", "  r = abs y", "  t = tanh z", "  h = layer x"], node: [null, "6", "0.0/2", "0"] },
  files: [
    {
      name: "net.py",
      first: 11,
      lines: ["def loss(x):", "    h = layer(x)", ...Array(9).fill(""), "    return abs(y)"],
    },
  ],
};
const failed = { file: "net.py", line: 22, function: "loss", text: "    return abs(y)" };
const info = (graph.nodes as Record<string, object>)["1"] ?? {
  name: "",
  text: "",
  results: [],
  operands: [],
  consumers: [],
  params: {},
  source: null,
  scope: "",
  notes: [],
};
const regulariser = scope("~0", "regulariser", "named", [[["6", "equation", "abs", "f32[]"]]], []);
const kernel = (question: Record<string, unknown>) => {
  if (question.kind === "index") return { kind: "index", index };
  if (question.kind === "texts") return { kind: "texts", texts };
  if (question.kind === "scope" && question.id === "~0") return { kind: "scope", scope: regulariser, nodes: {} };
  return undefined;
};

let quiet: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  vi.useFakeTimers();
  quiet = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  document.body.replaceChildren();
  quiet.mockRestore();
  vi.useRealTimers();
});

describe("overlays", () => {
  test("one that is given from the start tints the boxes and has a legend with numbers", () => {
    const { node, one, press, selection } = showGraph(
      withFigures("flops", { "1": 4000, "4": 1000, "5": 0 }, { unit: "FLOP", total: 5000 }),
    );
    expect(node("1").classList.contains("dl-tone-heat")).toBe(true);
    expect(node("1").textContent).toContain("4 kFLOP");
    expect(node("5").classList.contains("dl-toned")).toBe(false);
    expect(one(".dl-key-card").textContent).toContain("total 5 kFLOP");
    expect(one(".dl-ticks").textContent).toBe("01 kFLOP4 kFLOP");
    press("m");
    expect(selection()).toBe("1");
  });
  test("the way to the largest leads inwards, also into what has to be fetched", () => {
    const inner = { ...regulariser, figures: { flops: [7] } };
    const section = withFigures("flops", { "1": 4, "~0": 9 }, { unit: "FLOP" });
    const { one, node, click, wait, said } = showGraph(section, ({ kind, id }) =>
      kind === "scope" && id === "~0" ? { kind: "scope", scope: inner, nodes: {} } : undefined,
    );
    expect(one(".dl-top").textContent).toContain("largest: regulariser");
    click(one(".dl-top"));
    expect(node("~0").classList.contains("dl-selected")).toBe(true);
    expect(one(".dl-top").textContent).toContain("largest in regulariser");
    click(one(".dl-top"));
    wait();
    expect(node("6").classList.contains("dl-selected")).toBe(true);
    expect(said()).toBe("largest: abs, 7 FLOP");
  });
  test("the legend has the boxes' own colours", () => {
    const { all } = showGraph(withFigures("flops", { "1": 4 }, { unit: "FLOP" }));
    const steps = all(".dl-ramp > .dl-tone-heat").map((step) => step.style.getPropertyValue("--dl-share"));
    expect([steps[0], steps.at(-1)]).toEqual(["0", "1"]);
  });
  test("the edges of what is added or removed are so, too", () => {
    const { all } = showGraph(withFigures("change", { "0": "removed" }, { scale: "category" }));
    const edges = all(".dl-edge-removed").map(({ dataset }) => `${dataset.from}→${dataset.to}`);
    expect(edges).toContain("0→1");
    expect(edges).not.toContain("1→2");
  });
  test("one that is not ready is asked for, and stays off when that fails", () => {
    const section = { ...graph, overlays: [overlay("time", { ready: false, unit: "ms" })] };
    const { model, one, choose, node, wait } = showGraph(section);
    choose(".dl-overlays", "time");
    expect(model.sent).toEqual([{ kind: "overlay", id: "time" }]);
    expect(one(".dl-key-card").textContent).toContain("being computed");
    model.emit("msg:custom", { kind: "error", text: "no run" }, []);
    expect(one(".dl-key-card").hidden).toBe(true);
    expect(one(".dl-notice").textContent).toContain("no run");
    choose(".dl-overlays", "time");
    const answer = {
      kind: "overlay",
      overlay: overlay("time", { unit: "ms" }),
      figures: { "": figures({ "1": 1.5 }) },
    };
    model.emit("msg:custom", answer, []);
    wait();
    expect(node("1").textContent).toContain("1.5 ms");
  });
  test("one that has more to say is asked for it, and stays on without an answer", () => {
    const { model, one, choose, node } = showGraph({
      ...withFigures("flops", { "1": 3 }, { more: true }),
      overlay: null,
    });
    choose(".dl-overlays", "flops");
    expect(model.sent).toEqual([{ kind: "overlay", id: "flops" }]);
    expect(node("1").textContent).toContain("3");
    model.emit("msg:custom", { kind: "error", text: "no count" }, []);
    expect(one(".dl-key-card").hidden).toBe(false);
    const told = overlay("flops", { note: "XLA counts 4 FLOP" });
    model.emit("msg:custom", { kind: "overlay", overlay: told, figures: {} }, []);
    expect(one(".dl-key-card").textContent).toContain("XLA counts 4 FLOP");
    expect(node("1").textContent).toContain("3");
    model.sent.length = 0;
    choose(".dl-overlays", "flops");
    expect(model.sent).toEqual([]);
  });
  test("a comparison has signs, counts, and n goes from change to change", () => {
    const words = { added: "only after", removed: "only before", same: "equal" };
    const of = { "1": "same", "2.0": null, "4": "added", "5": "removed" };
    const section = withFigures("change", of, { scale: "category", words });
    const { node, one, press, selection } = showGraph({ ...section, counts: { added: 7 } });
    expect(node("4").classList.contains("dl-tone-added")).toBe(true);
    expect(one(".dl-key-card").textContent).toContain("+added only after7");
    press("n");
    expect(selection()).toBe("4");
    press("n");
    expect(selection()).toBe("5");
    press("N");
    expect(selection()).toBe("4");
  });
  test("o goes through them and back to none", () => {
    const { press, one } = showGraph(withFigures("flops", { "1": 1 }));
    press("o");
    expect(one(".dl-key-card").hidden).toBe(true);
    press("o");
    expect(one(".dl-key-card").hidden).toBe(false);
  });
});

describe("search", () => {
  test("asks for the index once, lists hits, and fetches what holds one", () => {
    const { model, type, wait, all, press, selection, node } = showGraph(graph, kernel);
    type("abs");
    wait();
    expect(model.sent).toEqual([{ kind: "index" }]);
    expect(all(".dl-hit-row").map((row) => row.textContent)).toEqual(["absrf32[]regulariser" + "net.py:22"]);
    expect(node("~0").classList.contains("dl-found")).toBe(true);
    press("Enter", {}, ".dl-search");
    wait();
    expect(model.sent[1]).toEqual({ kind: "scope", id: "~0", arrangement: "layered" });
    expect(selection()).toBe("6");
    expect(node("6").classList.contains("dl-selected")).toBe(true);
  });
  test("goes on with what is carried when no index comes", () => {
    const { type, wait, all, one } = showGraph(graph);
    type("log1p");
    wait(21_000);
    expect(all(".dl-hit-row")).toHaveLength(1);
    expect(one(".dl-hits").textContent).toContain("only what was opened so far");
    expect(all(".dl-notice")).toHaveLength(0);
  });
  test("finds groups, and moves in the list by arrows", () => {
    const { type, wait, press, all, one } = showGraph(graph, kernel);
    wait();
    type("layer");
    wait();
    expect(all(".dl-hit-row")[0]?.textContent).toContain("group");
    press("ArrowDown", {}, ".dl-search");
    expect(one(".dl-hit-row[aria-selected=true]").dataset.hit).toBe("0");
  });
});

describe("the texts", () => {
  test("come when first opened, and follow the selection", () => {
    const { model, press, wait, one, node, click } = showGraph(graph, kernel);
    press("s");
    wait();
    expect(model.sent.map(({ kind }) => kind)).toEqual(["index", "texts"]);
    click(node("0"));
    expect(one(".dl-texts .dl-current code").textContent).toBe("    h = layer(x)");
    click(one("[data-text=program]"));
    expect(one(".dl-texts .dl-current code").textContent).toBe("  h = layer x");
  });
  test("a line selects its node, which is fetched", () => {
    const { press, wait, one, all, click, selection } = showGraph(graph, kernel);
    press("s");
    wait();
    click(one("[data-text=program]"));
    click(all(".dl-texts .dl-row")[1] as HTMLElement);
    wait();
    expect(selection()).toBe("6");
    press("ArrowDown", {}, ".dl-text-list");
    expect(selection()).toBe("0.0/2");
  });
  test("say why there are none", () => {
    const { press, wait, one } = showGraph(graph);
    press("s");
    wait(21_000);
    expect(one(".dl-texts .dl-empty").textContent).toContain("does not answer");
  });
});

describe("the neighbourhood", () => {
  const answer = (question: Record<string, unknown>) =>
    question.kind === "around"
      ? {
          ...question,
          scope: scope(
            "around",
            "",
            "around",
            [[["2", "equation", "scan", ""]], [["4", "equation", "pow", ""]]],
            [["2", "4"]],
          ),
          nodes: {},
        }
      : undefined;
  test("is a drawing of its own, left by Escape", () => {
    const { node, click, press, wait, all, one, model, selection } = showGraph(graph, answer);
    click(node("2"));
    press("e");
    wait();
    expect(model.sent).toEqual([{ kind: "around", id: "2", radius: 1 }]);
    expect(all('[data-id="i0"]')).toHaveLength(0);
    expect(one(".dl-around").textContent).toContain("2 boxes");
    press("+");
    wait();
    expect(model.sent[1]).toEqual({ kind: "around", id: "2", radius: 2 });
    press("Escape");
    expect(all('[data-id="i0"]').length).toBeGreaterThan(0);
    expect(one(".dl-around").hidden).toBe(true);
    expect(selection()).toBe("2");
  });
  test("dims what is far away where no answer comes", () => {
    const { node, click, press, wait } = showGraph(graph);
    click(node("4"));
    press("e");
    wait(6000);
    expect(node("i0").classList.contains("dl-dim")).toBe(true);
    expect(node("5").classList.contains("dl-dim")).toBe(false);
    press("Escape");
    expect(node("i0").classList.contains("dl-dim")).toBe(false);
  });
});

describe("arrangements and levels", () => {
  test("another arrangement keeps what is open and selected", () => {
    const section = { ...graph, arrangements: ["layered", "fold"] };
    const { node, click, press, choose, model, wait, all } = showGraph(section, (question) =>
      question.kind === "arrange"
        ? { kind: "arrange", section: { ...section, arrangement: "fold", open: [] } }
        : undefined,
    );
    click(node("1"), "dblclick");
    click(node("1.0/2"));
    choose(".dl-arrangements", "fold");
    wait();
    expect(model.sent).toEqual([{ kind: "arrange", name: "fold" }]);
    expect(node("1.0/2").classList.contains("dl-selected")).toBe(true);
    click(node("~0"), "dblclick");
    expect(model.sent[1]).toEqual({ kind: "scope", id: "~0", arrangement: "fold" });
    press("[", { shiftKey: true });
    expect(all('[data-id="1.0/2"]')).toHaveLength(0);
  });
  test("a level at a time, the deepest first back", () => {
    const { press, all } = showGraph({ ...graph, open: [] }, kernel);
    const there = (id: string) => all(`[data-id="${id}"]`).length > 0;
    press("]");
    expect([there("0.0/2"), there("2.0/1")]).toEqual([true, false]);
    // The scope that was asked for has not come: the next level does not wait for it.
    press("]");
    expect(there("2.0/1")).toBe(true);
    press("[");
    expect([there("0.0/2"), there("2.0/1")]).toEqual([true, false]);
    press("[");
    expect(there("0.0/2")).toBe(false);
  });
});

describe("moving about", () => {
  test("back and forward through the selections", () => {
    const { node, click, press, selection, button } = showGraph(graph);
    click(node("1"));
    click(node("2"));
    press("ArrowLeft", { altKey: true });
    expect(selection()).toBe("1");
    press("ArrowRight", { altKey: true });
    expect(selection()).toBe("2");
    click(button("back"));
    expect(selection()).toBe("1");
  });
  test("the path leads to the boxes around the selection", () => {
    const { node, click, all, one } = showGraph(graph);
    click(node("2.0/1"));
    expect(all(".dl-crumb").map((crumb) => crumb.textContent)).toEqual(["loss(x, w1, w2)", "body", "softplus"]);
    click(all(".dl-crumb")[1] as HTMLElement);
    expect(one(".dl-frame.dl-selected").dataset.id).toBe("2");
  });
  test("the menu opens, is walked by arrows and closes by Escape", () => {
    const { click, button, one, press } = showGraph(graph);
    click(button("more"));
    expect(one(".dl-menu").hidden).toBe(false);
    press("ArrowDown", {}, ".dl-menu");
    expect(document.activeElement?.textContent).toContain("Zoom out");
    press("Escape", {}, ".dl-menu");
    expect(one(".dl-menu").hidden).toBe(true);
  });
  test("a partial graph says why, and shows the line", () => {
    const source = { file: "net.py", line: 22, function: "loss", text: "    return abs(y)" };
    const { one, click, wait } = showGraph({ ...graph, failure: { text: "shapes differ", source } }, kernel);
    expect(one(".dl-partial").textContent).toContain("shapes differ");
    click(one(".dl-partial button"));
    wait();
    expect(one(".dl-bad-line").textContent).toContain("return abs(y)");
    click(one("[data-text=program]"));
    expect(one(".dl-bad-line").textContent).toContain("h = layer x");
  });
  test("a call that was not finished is marked in the drawing and in the program", () => {
    const nodes = { ...(graph.nodes as Record<string, object>), "1": { ...info, primitive: "unfinished" } };
    const listing = { text: ["f", "  () = unfinished", "    g", "  return"], node: [null, "1", null, null] };
    const answer = ({ kind }: Record<string, unknown>) =>
      kind === "texts" ? { kind, texts: { listing, files: [] } } : undefined;
    const { node, one, press, wait } = showGraph({ ...graph, nodes, failure: { text: "no", source: failed } }, answer);
    expect(node("1").textContent).toContain("stopped here");
    press("s");
    wait();
    expect(one(".dl-bad-line").textContent).toContain("unfinished");
  });
  test("a mouse's choice gives the keys back to the drawing", () => {
    const { el, one, choose } = showGraph(withFigures("flops", { "1": 1 }));
    one(".dl-overlays").focus();
    choose(".dl-overlays", "");
    one(".dl-overlays").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(document.activeElement).toBe(el.querySelector(".dl-root"));
  });
  test("every key of the help does something", () => {
    const { press, one } = showGraph(graph);
    press("?");
    expect([...one(".dl-help").querySelectorAll("h4")].map((h4) => h4.textContent)).toEqual(["Go", "Look", "Find"]);
    press("Escape");
    press("i");
    expect(one(".dl-inspector").hidden).toBe(true);
  });
});
